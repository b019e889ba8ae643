/* SPDX-License-Identifier: Apache-2.0 */
/* A run: a flat loop over the steps. No allocation, no lock but the pool's. */
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
        size_t bytes = sld_context_io_bytes(c, i);
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

static solder_status prepare(solder_context *c)
{
    SLD_TRY(check_shaped(c));
    SLD_TRY(sld_engine_trust(c->engine, &c->diag));
    if (c->moved) {
        SLD_TRY(sld_context_layout(c));
    } else if (c->engine->any_late) {
        const sld_places places = sld_context_places(c);
        sld_layout_reset(c->engine, &c->layout);
        SLD_TRY(sld_layout_late(c->engine, &c->diag, &places, &c->layout));
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

/* Steps with data-dependent dims are checked here, when these are known. */
static solder_status check_late(solder_context *c, const sld_engine_step *step, const sld_run *run)
{
    for (uint32_t i = 0; i < step->plan->in_count + step->plan->out_count; i++) {
        uint32_t tensor = step->operands[i];
        bool defines = i >= step->plan->in_count && step->plan->define_count > 0;
        if (tensor == SLD_PLAN_NONE || c->layout.known[tensor]) {
            continue;
        }
        bool bounded = defines && c->operands[i].data != NULL;
        for (int j = 0; j < c->operands[i].rank; j++) {
            bounded = bounded && c->operands[i].dim[j] >= 0;
        }
        if (!bounded) {
            return sld_fail(
                &c->diag, SOLDER_ERROR_DATA, "step '%s': the dims of '%s' are not known",
                step_name(c, step),
                sld_plan_string(&c->engine->plan, sld_engine_plan_tensor(c->engine, tensor)->name));
        }
    }
    return sld_step_check(c->engine, &c->diag, step, &c->layout, run);
}

/* Takes the dims a kernel found out and lays out what waited for them. */
static solder_status adopt_dims(solder_context *c, const sld_engine_step *step, const sld_run *run)
{
    const solder_engine *e = c->engine;
    for (uint32_t i = 0; i < step->plan->define_count; i++) {
        const sld_plan_define *d = &e->plan.defines[step->plan->first_define + i];
        int64_t dim = run->out[d->output].dim[d->axis];
        int64_t bound = c->layout.bounds[e->plan.symbols[d->symbol].bound];
        if (dim < 0 || dim > bound) {
            return sld_fail(
                &c->diag, SOLDER_ERROR_INTERNAL,
                "step '%s': kernel '%s' made dimension %u %lld, at most %lld is planned",
                step_name(c, step), step->kernel->name, d->axis, (long long)dim, (long long)bound);
        }
        c->layout.symbols[d->symbol] = dim;
    }
    const sld_places places = sld_context_places(c);
    return sld_layout_late(e, &c->diag, &places, &c->layout);
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

static solder_status run_step(solder_context *c, size_t index)
{
    const sld_engine_step *step = &c->engine->steps[index];
    sld_run run = sld_layout_run(step, &c->layout, c->operands);
    run.workspace = c->workspace;
    run.workspace_size = c->engine->workspace;
    run.diag = &c->diag;
    run.pool = c->engine->runtime->pool;
    if (step->late) {
        SLD_TRY(check_late(c, step, &run));
    }
    double before = c->profiler != NULL ? microseconds() : 0.0;
    solder_status status = step->kernel->run(&run);
    if (c->profiler != NULL) {
        c->profiler(c->profiler_user, index, microseconds() - before);
    }
    if (status != SOLDER_OK && step->plugin != NULL) { /* the text is there already */
        return sld_fail_within(&c->diag, status, "step '%s'", step_name(c, step));
    }
    if (status != SOLDER_OK) {
        return sld_fail(&c->diag, status, "step '%s' (%s): %s", step_name(c, step),
                        sld_plan_string(&c->engine->plan, step->plan->op),
                        status == SOLDER_ERROR_DATA ? "a value in its input is out of range"
                                                    : solder_status_name(status));
    }
    if (step->plan->define_count > 0) {
        SLD_TRY(adopt_dims(c, step, &run));
        SLD_TRY(check_agreed(c, step, &run));
    }
    if (c->observer != NULL) {
        observe(c, index);
    }
    return SOLDER_OK;
}

solder_status solder_context_run(solder_context *context)
{
    if (context == NULL) {
        return SOLDER_ERROR_ARGUMENT;
    }
    SLD_TRY(prepare(context));
    for (size_t i = 0; i < context->engine->step_count; i++) {
        SLD_TRY(run_step(context, i));
    }
    copy_staged(context, false);
    return SOLDER_OK;
}
