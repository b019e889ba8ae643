/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run: a flat loop over the steps. No lock but the pool's, and no allocation but for open tensors
 * of a size that no run before had.
 */
#include <time.h>

#include "runtime/runtime_internal.h"

/* ---- before the steps ---- */

static solder_status check_shaped(solder_context *c)
{
    const solder_engine *e = c->engine;
    for (size_t i = 0; !c->shaped && i < e->input_count; i++) {
        const sld_plan_tensor *p = &e->plan.tensors[e->plan.io[i].tensor];
        for (int j = 0; j < p->rank; j++) {
            const sld_expr *x = &e->plan.exprs[p->dim[j]];
            if (x->op == SLD_EXPR_SYMBOL && c->layout.symbols[x->value] == SLD_EXPR_UNKNOWN) {
                return sld_fail(&c->diag, SOLDER_ERROR_STATE,
                                "input '%s': dims are not set; the profile allows %lld..%lld for "
                                "dimension %d",
                                e->io[i].name, (long long)e->io[i].min.d[j],
                                (long long)e->io[i].max.d[j], j);
            }
        }
    }
    return c->shaped
               ? SOLDER_OK
               : sld_fail(&c->diag, SOLDER_ERROR_STATE, "'%s': input dims are not set", e->name);
}

/* Two inputs may share a symbol: the dims given for one must still hold after the other's. */
static solder_status check_given(solder_context *c, size_t index)
{
    const solder_engine *e = c->engine;
    const sld_plan_tensor *p = &e->plan.tensors[e->plan.io[index].tensor];
    for (int i = 0; c->io[index].given && i < p->rank; i++) {
        int64_t is = c->layout.values[p->dim[i]];
        if (is != c->io[index].dims[i]) {
            return sld_fail(&c->diag, SOLDER_ERROR_STATE,
                            "input '%s': dimension %d was set to %lld, but another input made it "
                            "%lld",
                            e->io[index].name, i, (long long)c->io[index].dims[i], (long long)is);
        }
    }
    return SOLDER_OK;
}

static solder_status check_io(solder_context *c)
{
    for (size_t i = 0; i < c->engine->io_count; i++) {
        const solder_io *io = &c->engine->io[i];
        const sld_io_state *state = &c->io[i];
        if (io->is_input) {
            SLD_TRY(check_given(c, i));
            if (state->bound == NULL && !state->filled) {
                return sld_fail(&c->diag, SOLDER_ERROR_STATE,
                                "input '%s' is neither bound nor filled", io->name);
            }
        }
        bool open = c->engine->open[c->engine->plan.io[i].tensor] != 0; /* told by the run */
        size_t bytes = open ? 0 : sld_context_io_bytes(c, i);
        if (state->bound != NULL && state->bound_size < bytes) {
            return sld_fail(&c->diag, SOLDER_ERROR_STATE,
                            "%s '%s': memory of %zu bytes is bound, its dims need %zu",
                            io->is_input ? "input" : "output", io->name, state->bound_size, bytes);
        }
    }
    return SOLDER_OK;
}

/* Memory that is not aligned to its elements is not fit for kernels: its contents move. */
static void copy_staged(solder_context *c, bool inputs)
{
    for (size_t i = 0; i < c->engine->io_count; i++) {
        const sld_io_state *state = &c->io[i];
        if (state->bound != NULL && state->staged && c->engine->io[i].is_input == inputs) {
            memcpy(inputs ? c->io_memory[i] : state->bound, inputs ? state->bound : c->io_memory[i],
                   sld_context_io_bytes(c, i));
        }
    }
}

static solder_status lay(solder_context *c, uint32_t tensor)
{
    const sld_places places = sld_context_places(c);
    return sld_layout_tensor(c->engine, &c->diag, &places, &c->layout, tensor);
}

void sld_context_forget_run(solder_context *c)
{
    if (c->engine->any_late) {
        sld_layout_reset(c->engine, &c->layout);
        sld_layout_evaluate(c->engine, &c->layout);
    }
}

static solder_status prepare(solder_context *c)
{
    SLD_TRY(check_shaped(c));
    SLD_TRY(sld_engine_trust(c->engine, &c->diag));
    sld_context_drop_blocks(c);
    if (c->moved) {
        SLD_TRY(sld_context_layout(c));
    }
    sld_context_forget_run(c);
    for (size_t i = 0; c->engine->any_late && i < c->engine->io_count; i++) {
        SLD_TRY(lay(c, c->engine->plan.io[i].tensor));
    }
    SLD_TRY(check_io(c));
    copy_staged(c, true);
    return SOLDER_OK;
}

/* ---- steps ---- */

static const char *step_name(const solder_context *c, const sld_engine_step *step)
{
    return sld_plan_string(&c->engine->plan, step->plan->name);
}

/* ---- steps with dims or places that only the run tells ---- */

static solder_status fail_unknown(solder_context *c, const sld_engine_step *step, uint32_t tensor)
{
    return sld_fail(
        &c->diag, SOLDER_ERROR_DATA, "step '%s': the dims of '%s' are not known",
        step_name(c, step),
        sld_plan_string(&c->engine->plan, sld_engine_plan_tensor(c->engine, tensor)->name));
}

/* For an open tensor whose dims, or their bounds, are known by now. */
static solder_status find_memory(solder_context *c, uint32_t root)
{
    sld_tensor *t = &c->layout.tensors[root];
    uint32_t io = c->engine->io_of[root];
    size_t bytes;
    if (!sld_dims_bytes(t->dim, t->rank, t->dtype, &bytes)) {
        return sld_fail_memory(&c->diag, SIZE_MAX);
    }
    if (io != SLD_PLAN_NONE && c->io[io].bound != NULL) {
        if (bytes > c->io[io].bound_size) {
            return sld_fail(&c->diag, SOLDER_ERROR_STATE,
                            "output '%s': memory of %zu bytes is bound, its dims need %zu",
                            c->engine->io[io].name, c->io[io].bound_size, bytes);
        }
        if (!c->io[io].staged) {
            return SOLDER_OK;
        }
    }
    t->data = c->blocks[root] = sld_heap_take(c->heap, bytes);
    if (t->data == NULL) {
        return sld_fail_memory(&c->diag, bytes);
    }
    if (io != SLD_PLAN_NONE) {
        c->io_memory[io] = t->data;
    }
    return SOLDER_OK;
}

static uint32_t root_of(const solder_engine *e, uint32_t tensor)
{
    while (sld_engine_plan_tensor(e, tensor)->parent != SLD_PLAN_NONE) {
        tensor = sld_engine_plan_tensor(e, tensor)->parent;
    }
    return tensor;
}

/* The tensor laid out, with memory as soon as its root's dims are known or bounded. */
static solder_status lay_with_memory(solder_context *c, uint32_t tensor)
{
    const solder_engine *e = c->engine;
    SLD_TRY(lay(c, tensor));
    if (!e->open[tensor]) {
        return SOLDER_OK;
    }
    uint32_t root = root_of(e, tensor);
    const sld_tensor *t = &c->layout.tensors[root];
    if (t->data != NULL || !sld_has_dims(t)) {
        return SOLDER_OK;
    }
    SLD_TRY(find_memory(c, root));
    for (uint32_t i = tensor; i != root; i = sld_engine_plan_tensor(e, i)->parent) {
        c->layout.known[i] = 0;
    }
    return lay(c, tensor);
}

/* Symbols that are dims of output `index`, which has those of made. */
static solder_status define(solder_context *c, const sld_engine_step *step, uint32_t index,
                            const sld_tensor *made)
{
    const solder_engine *e = c->engine;
    uint32_t tensor = step->operands[step->plan->in_count + index];
    bool changed = false;
    for (uint32_t i = 0; i < step->plan->define_count; i++) {
        const sld_plan_define *d = &e->plan.defines[step->plan->first_define + i];
        if (d->output != index) {
            continue;
        }
        int64_t dim = made->dim[d->axis];
        sld_dim bound = e->plan.symbols[d->symbol].bound;
        if (dim < 0 || (bound >= 0 && dim > c->layout.bounds[bound])) {
            return sld_fail(&c->diag, SOLDER_ERROR_INTERNAL,
                            "step '%s': dimension %u became %lld, at most %lld is planned",
                            step_name(c, step), d->axis, (long long)dim,
                            bound >= 0 ? (long long)c->layout.bounds[bound] : -1);
        }
        changed = changed || c->layout.symbols[d->symbol] != dim;
        c->layout.symbols[d->symbol] = dim;
    }
    if (changed) {
        sld_layout_evaluate(e, &c->layout);
        c->layout.known[tensor] = 0;
    }
    return SOLDER_OK;
}

/* Dims without a bound follow from the values of the inputs: the family can tell. */
static solder_status tell_dims(solder_context *c, const sld_engine_step *step)
{
    const uint32_t *outputs = step->operands + step->plan->in_count;
    bool unknown = false;
    for (uint32_t i = 0; i < step->plan->out_count; i++) {
        unknown = unknown || (outputs[i] != SLD_PLAN_NONE && !c->layout.known[outputs[i]] &&
                              !sld_has_dims(&c->layout.tensors[outputs[i]]));
    }
    if (!unknown) {
        return SOLDER_OK;
    }
    for (uint32_t i = 0; i < step->plan->in_count; i++) {
        uint32_t tensor = step->operands[i];
        if (tensor != SLD_PLAN_NONE &&
            (!c->layout.known[tensor] || c->layout.tensors[tensor].data == NULL)) {
            return fail_unknown(c, step, tensor);
        }
    }
    sld_dims_hook hook = sld_family_dims(sld_plan_string(&c->engine->plan, step->plan->family));
    sld_run run = sld_layout_run(step, &c->layout, c->operands);
    const char *wrong = hook != NULL ? hook(&run) : "its dims cannot be told before it runs";
    if (wrong != NULL) {
        return sld_fail(&c->diag, SOLDER_ERROR_DATA, "step '%s' (%s): %s", step_name(c, step),
                        sld_plan_string(&c->engine->plan, step->plan->op), wrong);
    }
    for (uint32_t i = 0; i < step->plan->out_count; i++) {
        if (outputs[i] != SLD_PLAN_NONE) {
            SLD_TRY(define(c, step, i, &run.out[i]));
            SLD_TRY(lay_with_memory(c, outputs[i]));
        }
    }
    return SOLDER_OK;
}

/* Lays the operands out, tells dims and finds memory. */
static solder_status prepare_late(solder_context *c, const sld_engine_step *step)
{
    const sld_plan_step *p = step->plan;
    for (uint32_t i = 0; i < p->in_count + p->out_count; i++) {
        if (step->operands[i] != SLD_PLAN_NONE) {
            SLD_TRY(i < p->in_count ? lay(c, step->operands[i])
                                    : lay_with_memory(c, step->operands[i]));
        }
    }
    for (uint32_t i = 0; i < step->begun_count; i++) {
        SLD_TRY(lay_with_memory(c, c->engine->lives[step->first_begun + i]));
    }
    return step->body_count == 0 ? tell_dims(c, step) : SOLDER_OK;
}

/* Steps with data-dependent dims are checked here, when these are known. */
static solder_status check_late(solder_context *c, const sld_engine_step *step, const sld_run *run)
{
    for (uint32_t i = 0; i < step->plan->in_count + step->plan->out_count; i++) {
        uint32_t tensor = step->operands[i];
        bool output = i >= step->plan->in_count;
        if (tensor == SLD_PLAN_NONE || (output && step->body_count > 0)) {
            continue;
        }
        const sld_tensor *t = &c->operands[i];
        bool defines = output && step->plan->define_count > 0 && t->data != NULL && sld_has_dims(t);
        if (!c->layout.known[tensor] && !defines) {
            return fail_unknown(c, step, tensor);
        }
        if (t->data == NULL && (sld_tensor_count(t) > 0 || output)) {
            return fail_unknown(c, step, tensor);
        }
    }
    if (!step->open) {
        return sld_step_check(c->engine, &c->diag, step, &c->layout, run);
    }
    const char *wrong = sld_step_unsound(c->engine, step, &c->layout, run);
    return wrong == NULL
               ? SOLDER_OK
               : sld_fail(&c->diag, SOLDER_ERROR_DATA, "step '%s' (%s): %s", step_name(c, step),
                          sld_plan_string(&c->engine->plan, step->plan->op), wrong);
}

/* Takes the dims a kernel found out. */
static solder_status adopt_dims(solder_context *c, const sld_engine_step *step, const sld_run *run)
{
    for (uint32_t i = 0; i < step->plan->out_count; i++) {
        uint32_t tensor = step->operands[step->plan->in_count + i];
        if (tensor == SLD_PLAN_NONE) {
            continue;
        }
        for (int j = 0; j < run->out[i].rank; j++) {
            if (run->out[i].dim[j] > c->layout.tensors[tensor].dim[j]) {
                return sld_fail(&c->diag, SOLDER_ERROR_INTERNAL,
                                "step '%s': a kernel made more than it was given room for",
                                step_name(c, step));
            }
        }
        SLD_TRY(define(c, step, i, &run->out[i]));
        SLD_TRY(lay(c, tensor));
    }
    return SOLDER_OK;
}

/* Outputs of a plugin that share a data-dependent dim must agree on it. */
static solder_status check_agreed(solder_context *c, const sld_engine_step *step,
                                  const sld_run *run)
{
    for (uint32_t i = 0; step->plugin != NULL && i < run->out_count; i++) {
        uint32_t tensor = step->operands[run->in_count + i];
        if (tensor != SLD_PLAN_NONE && c->layout.known[tensor] &&
            !sld_check_same_dims(&c->layout.tensors[tensor], &run->out[i])) {
            char name[SLD_PLUGIN_MAX_TEXT];
            sld_plugin_print(step->plugin->plugin, false, name);
            return sld_fail(&c->diag, SOLDER_ERROR_INTERNAL,
                            "step '%s': plugin '%s': output %u has another data-dependent dim than "
                            "an output before it",
                            step_name(c, step), name, (unsigned)i);
        }
    }
    return SOLDER_OK;
}

solder_status sld_context_deliver(solder_context *c, const sld_engine_step *step, uint32_t index,
                                  const sld_tensor *made, void *block)
{
    const solder_engine *e = c->engine;
    uint32_t tensor = step->operands[step->plan->in_count + index];
    uint32_t io = e->io_of[tensor];
    solder_status status = define(c, step, index, made);
    bool bound = io != SLD_PLAN_NONE && c->io[io].bound != NULL;
    if (status == SOLDER_OK && block != NULL && !bound && c->blocks[tensor] == NULL &&
        sld_engine_plan_tensor(e, tensor)->size == SLD_PLAN_OPEN) {
        c->blocks[tensor] = block;
        block = NULL;
        c->layout.known[tensor] = 0;
        if (io != SLD_PLAN_NONE) {
            c->io_memory[io] = c->blocks[tensor];
        }
    }
    if (status == SOLDER_OK) {
        status = lay_with_memory(c, tensor);
    }
    const sld_tensor *t = &c->layout.tensors[tensor];
    if (status == SOLDER_OK && (!c->layout.known[tensor] || !sld_check_same_dims(made, t))) {
        status = sld_fail(
            &c->diag, SOLDER_ERROR_DATA, "step '%s' (%s): output %u has other dims than planned",
            step_name(c, step), sld_plan_string(&e->plan, step->plan->op), (unsigned)index);
    }
    if (status == SOLDER_OK && made->data != t->data) {
        sld_tensor_copy(made, t);
    }
    sld_heap_give(c->heap, block);
    return status;
}

/* The planned kernel if it takes the dims the run has brought, else the best that does. */
static solder_status choose_kernel(solder_context *c, const sld_engine_step *step,
                                   const sld_run *run, const sld_kernel **kernel)
{
    const char *family = sld_plan_string(&c->engine->plan, step->plan->family);
    *kernel = step->kernel;
    if (!step->open || (*kernel != NULL && sld_kernel_fits(c->engine, *kernel, family, run))) {
        return SOLDER_OK;
    }
    size_t count;
    const sld_kernel *const *kernels = sld_kernels(&count);
    for (size_t i = 0; i < count; i++) {
        if (sld_kernel_fits(c->engine, kernels[i], family, run)) {
            *kernel = kernels[i];
            return SOLDER_OK;
        }
    }
    return sld_fail(&c->diag, SOLDER_ERROR_UNSUPPORTED,
                    "step '%s': no kernel of family '%s' takes its dims", step_name(c, step),
                    family);
}

static void end_lives(solder_context *c, const sld_engine_step *step)
{
    for (uint32_t i = 0; i < step->ended_count; i++) {
        uint32_t tensor = c->engine->lives[step->first_ended + i];
        sld_heap_give(c->heap, c->blocks[tensor]);
        c->blocks[tensor] = NULL;
    }
}

/* ---- all steps ---- */

static void observe(solder_context *c, size_t index)
{
    const sld_engine_step *step = &c->engine->steps[index];
    for (uint32_t i = 0; i < step->plan->out_count; i++) {
        uint32_t tensor = step->operands[step->plan->in_count + i];
        if (tensor == SLD_PLAN_NONE) {
            continue;
        }
        const sld_tensor *t = &c->layout.tensors[tensor];
        solder_dims dims = {.rank = t->rank};
        memcpy(dims.d, t->dim, sizeof dims.d);
        c->observer(
            c->observer_user, index,
            sld_plan_string(&c->engine->plan, sld_engine_plan_tensor(c->engine, tensor)->name),
            t->dtype, &dims, t->stride, t->data);
    }
}

static double microseconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec * 1e-3;
}

static solder_status run_kernel(solder_context *c, const sld_engine_step *step, sld_run *run)
{
    const sld_kernel *kernel;
    void *block = NULL;
    SLD_TRY(choose_kernel(c, step, run, &kernel));
    run->workspace = c->workspace;
    run->workspace_size = c->engine->workspace;
    size_t workspace =
        step->open && kernel->workspace != NULL ? kernel->workspace(run, c->engine->threads) : 0;
    if (workspace > c->engine->workspace) {
        run->workspace_size = workspace;
        run->workspace = block = sld_heap_take(c->heap, workspace);
        if (block == NULL) {
            return sld_fail_memory(&c->diag, workspace);
        }
    }
    solder_status status = kernel->run(run);
    sld_heap_give(c->heap, block);
    if (status != SOLDER_OK && step->plugin != NULL) { /* the text is there already */
        return sld_fail_within(&c->diag, status, "step '%s'", step_name(c, step));
    }
    return status == SOLDER_OK
               ? SOLDER_OK
               : sld_fail(&c->diag, status, "step '%s' (%s): %s", step_name(c, step),
                          sld_plan_string(&c->engine->plan, step->plan->op),
                          status == SOLDER_ERROR_DATA ? "a value in its input is out of range"
                                                      : solder_status_name(status));
}

static solder_status run_step(solder_context *c, size_t index)
{
    const sld_engine_step *step = &c->engine->steps[index];
    if (step->late) {
        SLD_TRY(prepare_late(c, step));
    }
    sld_run run = sld_layout_run(step, &c->layout, c->operands);
    run.diag = &c->diag;
    run.pool = c->engine->runtime->pool;
    if (step->late) {
        SLD_TRY(check_late(c, step, &run));
    }
    double before = c->profiler != NULL ? microseconds() : 0.0;
    SLD_TRY(step->body_count > 0 ? sld_control_run(c, step, &run) : run_kernel(c, step, &run));
    if (c->profiler != NULL) {
        c->profiler(c->profiler_user, index, microseconds() - before);
    }
    if (step->plan->define_count > 0 && step->body_count == 0) {
        SLD_TRY(adopt_dims(c, step, &run));
        SLD_TRY(check_agreed(c, step, &run));
    }
    if (c->observer != NULL) {
        observe(c, index);
    }
    end_lives(c, step);
    return SOLDER_OK;
}

solder_status sld_context_run_steps(solder_context *c)
{
    for (size_t i = 0; i < c->engine->step_count; i++) {
        SLD_TRY(run_step(c, i));
    }
    return SOLDER_OK;
}

solder_status solder_context_run(solder_context *context)
{
    if (context == NULL) {
        return SOLDER_ERROR_ARGUMENT;
    }
    solder_status status = prepare(context);
    if (status == SOLDER_OK) {
        status = sld_context_run_steps(context);
    }
    if (status != SOLDER_OK) {
        sld_context_drop_blocks(context);
        return status;
    }
    copy_staged(context, false);
    return SOLDER_OK;
}
