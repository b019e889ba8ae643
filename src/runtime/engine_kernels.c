/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which kernel runs each step here: the planned one where this processor has it, else the best it
 * does have; and constants in the storage order that kernel wants.
 */
#include "runtime/runtime_internal.h"

/* The profile's corners: a kernel must take the shapes of all of them. */
enum { CORNER_MIN, CORNER_OPT, CORNER_MAX, CORNERS };

typedef struct resolver {
    solder_engine *engine;
    sld_diag *diag;
    sld_arena scratch;
    sld_layout corner[CORNERS];
    int first; /* CORNER_MAX when nothing is open */
    sld_tensor *operands;
    size_t moved; /* steps on other kernels than planned */
} resolver;

static solder_status lay_corner(resolver *r, int which)
{
    const solder_engine *e = r->engine;
    sld_layout *l = &r->corner[which];
    size_t exprs = e->plan.count[SLD_PLAN_EXPRS];
    size_t symbols = e->plan.count[SLD_PLAN_SYMBOLS];
    l->symbols = sld_arena_array(&r->scratch, symbols, sizeof *l->symbols);
    l->values = sld_arena_array(&r->scratch, exprs, sizeof *l->values);
    l->bounds = sld_arena_array(&r->scratch, exprs, sizeof *l->bounds);
    l->tensors = sld_arena_array(&r->scratch, e->tensor_count, sizeof *l->tensors);
    l->known = sld_arena_alloc(&r->scratch, e->tensor_count);
    if (l->symbols == NULL || l->values == NULL || l->bounds == NULL || l->tensors == NULL ||
        l->known == NULL) {
        return sld_fail_memory(r->diag, e->tensor_count * sizeof *l->tensors);
    }
    for (size_t i = 0; i < symbols; i++) {
        const sld_symbol *s = &e->plan.symbols[i];
        bool open = s->data_dependent ? s->bound < 0 : s->max == SLD_SYMBOL_OPEN;
        l->symbols[i] = open                  ? s->opt
                        : s->data_dependent   ? SLD_EXPR_UNKNOWN
                        : which == CORNER_MIN ? s->min
                        : which == CORNER_OPT ? s->opt
                                              : s->max;
    }
    l->guessed = true;
    static const sld_places nowhere;
    return sld_layout_all(e, r->diag, &nowhere, l);
}

static bool usable(const resolver *r, const sld_engine_step *step, const sld_kernel *kernel)
{
    const char *family = sld_plan_string(&r->engine->plan, step->plan->family);
    if (strcmp(kernel->family, family) != 0 ||
        (r->engine->runtime->isas & (1u << kernel->isa)) == 0) {
        return false;
    }
    for (int which = r->first; kernel->supports != NULL && which < CORNERS; which++) {
        sld_run run = sld_layout_run(step, &r->corner[which], r->operands);
        if (!kernel->supports(&run)) {
            return false;
        }
    }
    return true;
}

bool sld_kernel_fits(const solder_engine *engine, const sld_kernel *kernel, const char *family,
                     const sld_run *run)
{
    if (strcmp(kernel->family, family) != 0 || (engine->runtime->isas & (1u << kernel->isa)) == 0 ||
        (kernel->supports != NULL && !kernel->supports(run))) {
        return false;
    }
    for (uint32_t i = 0; i < run->in_count; i++) {
        const sld_tensor *t = &run->in[i];
        const sld_packing *want = kernel->packing != NULL && (t->flags & SLD_TENSOR_CONSTANT) != 0
                                      ? kernel->packing(run, i)
                                      : NULL;
        if (t->packing != want) {
            return false;
        }
    }
    return true;
}

/*
 * What dims without a bound are taken to be need not belong together; then the kernel is chosen
 * each time the step runs.
 */
static bool postponed(const resolver *r, const sld_engine_step *step)
{
    for (int which = r->first; step->plugin == NULL && step->open && which < CORNERS; which++) {
        sld_run run = sld_layout_run(step, &r->corner[which], r->operands);
        if (sld_step_unsound(r->engine, step, &r->corner[which], &run) != NULL) {
            return true;
        }
    }
    return false;
}

static solder_status choose_kernel(resolver *r, sld_engine_step *step)
{
    const sld_plan *plan = &r->engine->plan;
    if (postponed(r, step)) {
        return SOLDER_OK;
    }
    for (int which = r->first; which < CORNERS; which++) {
        sld_run run = sld_layout_run(step, &r->corner[which], r->operands);
        if (step->plugin != NULL) {
            sld_engine_show_constants(r->engine, step, &run);
        }
        SLD_TRY(sld_step_check(r->engine, r->diag, step, &r->corner[which], &run));
    }
    if (step->body_count > 0) {
        return SOLDER_OK;
    }
    if (step->plugin != NULL && step->open) {
        return sld_fail(r->diag, SOLDER_ERROR_UNSUPPORTED,
                        "plan '%s': step '%s': a plugin cannot run on dims without an upper bound",
                        r->engine->name, sld_plan_string(plan, step->plan->name));
    }
    if (step->plugin != NULL) {
        return sld_engine_choose_tactic(r->engine, step, &r->corner[CORNER_MAX], r->operands);
    }
    const sld_kernel *planned = sld_kernel_find(sld_plan_string(plan, step->plan->kernel));
    if (planned != NULL && usable(r, step, planned)) {
        step->kernel = planned;
        return SOLDER_OK;
    }
    size_t count;
    const sld_kernel *const *kernels = sld_kernels(&count);
    for (size_t i = 0; i < count; i++) {
        if (usable(r, step, kernels[i])) {
            step->kernel = kernels[i];
            r->moved++;
            return SOLDER_OK;
        }
    }
    return sld_fail(r->diag, SOLDER_ERROR_UNSUPPORTED,
                    "plan '%s': step '%s': this library has no kernel of family '%s' that takes it",
                    r->engine->name, sld_plan_string(plan, step->plan->name),
                    sld_plan_string(plan, step->plan->family));
}

static void size_workspace(resolver *r, sld_engine_step *step)
{
    if (step->kernel != NULL && step->kernel->workspace != NULL) {
        sld_run run = sld_layout_run(step, &r->corner[CORNER_MAX], r->operands);
        step->workspace = step->kernel->workspace(&run, r->engine->threads);
    }
    if (step->workspace > r->engine->workspace) {
        r->engine->workspace = step->workspace;
    }
}

/* ---- constants ---- */

static size_t plain_bytes(const sld_tensor *t)
{
    return (size_t)sld_tensor_count(t) * solder_dtype_size(t->dtype);
}

/* From have to want (NULL: plain) into fresh memory. */
static solder_status repack(resolver *r, const sld_engine_step *step, const sld_tensor *stored,
                            const sld_packing *have, sld_repacked *out)
{
    const solder_allocator *allocator = &r->engine->runtime->allocator;
    sld_tensor plain = *stored;
    plain.packing = NULL;
    size_t bytes = plain_bytes(&plain);
    out->size = out->packing != NULL ? out->packing->size(step->params, &plain) : bytes;
    out->data = sld_calloc(allocator, out->size);
    if (out->data == NULL) {
        return sld_fail_memory(r->diag, out->size);
    }
    if (out->packing == NULL) {
        plain.data = out->data;
        have->unpack(step->params, stored->data, &plain);
        return SOLDER_OK;
    }
    if (have != NULL) {
        plain.data = sld_alloc(allocator, bytes);
        if (plain.data == NULL) {
            return sld_fail_memory(r->diag, bytes);
        }
        have->unpack(step->params, stored->data, &plain);
    }
    sld_pack(out->packing, step->params, &plain, out->data);
    if (have != NULL) {
        sld_release(allocator, plain.data, bytes);
    }
    return SOLDER_OK;
}

/* The engine's tensor for a constant in another packing, shared by steps with equal parameters. */
static solder_status add_repacked(resolver *r, const sld_engine_step *step, uint32_t base,
                                  const sld_packing *want, uint32_t *tensor)
{
    solder_engine *e = r->engine;
    const size_t plan_tensors = e->plan.count[SLD_PLAN_TENSORS];
    for (uint32_t i = e->first_repacked[base]; i != SLD_PLAN_NONE; i = e->repacked[i].next) {
        const sld_repacked *known = &e->repacked[i];
        if (known->packing == want &&
            (want == NULL || memcmp(known->params, step->params, step->plan->params_size) == 0)) {
            *tensor = (uint32_t)plan_tensors + i;
            return SOLDER_OK;
        }
    }
    SLD_TRY(sld_engine_trust(e, r->diag)); /* a copy would hide the damage */
    sld_tensor stored = r->corner[CORNER_MAX].tensors[base];
    stored.data = (void *)(uintptr_t)(e->plan.weights + e->plan.tensors[base].offset);
    sld_repacked *fresh = &e->repacked[e->repacked_count];
    *fresh = (sld_repacked){
        .base = base, .next = e->first_repacked[base], .packing = want, .params = step->params};
    solder_status status = repack(r, step, &stored, stored.packing, fresh);
    e->repacked_count += fresh->data != NULL; /* counted even if half done: destroy releases it */
    SLD_TRY(status);
    e->first_repacked[base] = e->repacked_count - 1;
    e->repacked_bytes += fresh->size;
    *tensor = (uint32_t)e->tensor_count++;
    return SOLDER_OK;
}

/* LSTM, GRU and RNN share parameters and packings. */
static const char *packing_owner(const char *family)
{
    static const char *const recurrent[] = {"lstm", "gru", "rnn"};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(recurrent); i++) {
        if (strcmp(family, recurrent[i]) == 0) {
            return "recurrent";
        }
    }
    return family;
}

/* Packings read their own family's parameters; what they order is matrices of float32. */
static bool packing_fits(const sld_plan *plan, const sld_engine_step *step, const sld_tensor *t)
{
    const char *family = packing_owner(sld_plan_string(plan, step->plan->family));
    size_t length = strlen(family);
    return strncmp(t->packing->name, family, length) == 0 && t->packing->name[length] == '_' &&
           t->dtype == SOLDER_F32 && t->rank >= 2;
}

static solder_status check_stored(const resolver *r, const sld_engine_step *step,
                                  const sld_plan_tensor *p, const sld_tensor *t)
{
    sld_tensor plain = *t;
    plain.packing = NULL;
    const sld_plan *plan = &r->engine->plan;
    if (t->packing == NULL) {
        return sld_fail(r->diag, SOLDER_ERROR_UNSUPPORTED,
                        "plan '%s': constant '%s' is stored in packing '%s', which this library "
                        "(solder %s) does not know",
                        r->engine->name, sld_plan_string(plan, p->name),
                        sld_plan_string(plan, p->packing), solder_version());
    }
    if (!packing_fits(plan, step, t)) {
        return sld_fail(r->diag, SOLDER_ERROR_DATA,
                        "plan '%s': step '%s' (%s): constant '%s' cannot be in packing '%s'",
                        r->engine->name, sld_plan_string(plan, step->plan->name),
                        sld_plan_string(plan, step->plan->op), sld_plan_string(plan, p->name),
                        t->packing->name);
    }
    return t->packing->size(step->params, &plain) == p->size
               ? SOLDER_OK
               : sld_fail(r->diag, SOLDER_ERROR_DATA,
                          "plan '%s': constant '%s' has %llu bytes, which is not what packing '%s' "
                          "of its dims takes",
                          r->engine->name, sld_plan_string(plan, p->name),
                          (unsigned long long)p->size, t->packing->name);
}

static solder_status settle_constants(resolver *r, sld_engine_step *step)
{
    solder_engine *e = r->engine;
    sld_run run = sld_layout_run(step, &r->corner[CORNER_MAX], r->operands);
    for (uint32_t i = 0; i < step->plan->in_count; i++) {
        uint32_t *operand = &e->operands[step->plan->first_operand + i];
        if (*operand == SLD_PLAN_NONE || e->plan.tensors[*operand].kind != SLD_PLAN_CONSTANT) {
            continue;
        }
        const sld_plan_tensor *p = &e->plan.tensors[*operand];
        const sld_tensor *t = &r->corner[CORNER_MAX].tensors[*operand];
        if (p->packing != SLD_PLAN_NONE && step->kernel == NULL) {
            return sld_fail(r->diag, SOLDER_ERROR_DATA,
                            "plan '%s': step '%s' (%s): constant '%s' cannot be packed", e->name,
                            sld_plan_string(&e->plan, step->plan->name),
                            sld_plan_string(&e->plan, step->plan->op),
                            sld_plan_string(&e->plan, p->name));
        }
        if (p->packing != SLD_PLAN_NONE) {
            SLD_TRY(check_stored(r, step, p, t));
        }
        const sld_packing *want = step->kernel != NULL && step->kernel->packing != NULL
                                      ? step->kernel->packing(&run, i)
                                      : NULL;
        if (want != t->packing) {
            SLD_TRY(add_repacked(r, step, *operand, want, operand));
        }
    }
    return SOLDER_OK;
}

/* ---- what inputs and outputs look like ---- */

static void fill_io(const resolver *r)
{
    solder_engine *e = r->engine;
    for (size_t i = 0; i < e->io_count; i++) {
        const sld_plan_tensor *p = &e->plan.tensors[e->plan.io[i].tensor];
        solder_io *io = &e->io[i];
        *io = (solder_io){.name = sld_plan_string(&e->plan, p->name),
                          .dtype = (solder_dtype)p->dtype,
                          .is_input = p->kind == SLD_PLAN_INPUT,
                          .nhwc = (e->plan.io[i].flags & SLD_PLAN_IO_NHWC) != 0};
        solder_dims *dims[CORNERS] = {&io->min, &io->opt, &io->max};
        for (int which = 0; which < CORNERS; which++) {
            const sld_layout *l = &r->corner[which < r->first ? r->first : which];
            dims[which]->rank = p->rank;
            for (int j = 0; j < p->rank; j++) {
                int64_t value = l->values[p->dim[j]];
                bool unknown = value == SLD_EXPR_UNKNOWN;
                bool open = e->open_exprs[p->dim[j]] != 0;
                dims[which]->d[j] = open && which == CORNER_MAX   ? INT64_MAX
                                    : open && which == CORNER_MIN ? 0
                                    : !unknown                    ? value
                                    : which == CORNER_MIN         ? 0
                                                                  : l->bounds[p->dim[j]];
            }
        }
    }
}

static void report(const resolver *r)
{
    if (r->moved == 0) {
        return;
    }
    const char *planned = solder_engine_property(r->engine, "level");
    sld_log(r->diag, SOLDER_LOG_NOTICE,
            "engine: %zu of %zu steps run on other kernels than planned (%s here, planned for %s)",
            r->moved, r->engine->step_count, sld_cpu_level_name(r->engine->runtime->isas),
            planned != NULL ? planned : "an unknown processor");
}

static solder_status resolve(resolver *r)
{
    solder_engine *e = r->engine;
    r->first = CORNER_MAX;
    for (size_t i = 0; i < e->plan.count[SLD_PLAN_SYMBOLS]; i++) {
        const sld_symbol *s = &e->plan.symbols[i];
        if (!s->data_dependent && s->min != s->max) {
            r->first = CORNER_MIN;
        }
    }
    r->operands = sld_arena_array(&r->scratch, e->operand_max, sizeof *r->operands);
    if (r->operands == NULL) {
        return sld_fail_memory(r->diag, e->operand_max * sizeof *r->operands);
    }
    for (int which = r->first; which < CORNERS; which++) {
        SLD_TRY(lay_corner(r, which));
    }
    for (size_t i = 0; i < e->step_count; i++) {
        SLD_TRY(choose_kernel(r, &e->steps[i]));
        size_workspace(r, &e->steps[i]);
    }
    for (size_t i = 0; i < e->step_count; i++) {
        SLD_TRY(settle_constants(r, &e->steps[i]));
    }
    for (size_t i = 0; i < e->step_count; i++) {
        if (e->steps[i].plugin != NULL) {
            sld_run run = sld_layout_run(&e->steps[i], &r->corner[CORNER_MAX], r->operands);
            SLD_TRY(sld_engine_open_plugin(e, &e->steps[i], &run));
        }
    }
    fill_io(r);
    report(r);
    return SOLDER_OK;
}

solder_status sld_engine_resolve(solder_engine *engine)
{
    resolver r = {.engine = engine, .diag = &engine->runtime->diag};
    sld_arena_init(&r.scratch, &engine->runtime->allocator, 0);
    solder_status status = resolve(&r);
    sld_arena_free(&r.scratch);
    return status;
}
