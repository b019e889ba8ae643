/* SPDX-License-Identifier: Apache-2.0 */
/* Loading: map, check, lay out at the profile's corners, resolve kernels, size the contexts. */
#include "runtime/runtime_internal.h"

static void *engine_array(solder_engine *e, size_t count, size_t size)
{
    void *array = sld_arena_array(&e->arena, count, size);
    if (array == NULL) {
        (void)sld_fail_memory(&e->runtime->diag, count * size);
    }
    return array;
}

static solder_status make_tables(solder_engine *e)
{
    size_t tensors = e->plan.count[SLD_PLAN_TENSORS];
    size_t operands = e->plan.count[SLD_PLAN_OPERANDS];
    e->step_count = e->plan.count[SLD_PLAN_STEPS];
    e->io_count = e->plan.count[SLD_PLAN_IO];
    e->tensor_count = tensors;
    e->steps = engine_array(e, e->step_count, sizeof *e->steps);
    e->operands = engine_array(e, operands, sizeof *e->operands);
    e->repacked = engine_array(e, operands, sizeof *e->repacked);
    e->first_repacked = engine_array(e, tensors, sizeof *e->first_repacked);
    /* One entry more than the plan's tensors for every operand that may be repacked. */
    e->io_of = engine_array(e, tensors + operands, sizeof *e->io_of);
    e->late = engine_array(e, tensors + operands, sizeof *e->late);
    e->io = engine_array(e, e->io_count, sizeof *e->io);
    e->trusted = engine_array(e, 1, sizeof *e->trusted);
    if (e->steps == NULL || e->operands == NULL || e->repacked == NULL ||
        e->first_repacked == NULL || e->io_of == NULL || e->late == NULL || e->io == NULL ||
        e->trusted == NULL) {
        return SOLDER_ERROR_MEMORY;
    }
    memset(e->first_repacked, 0xff, tensors * sizeof *e->first_repacked);
    memset(e->io_of, 0xff, (tensors + operands) * sizeof *e->io_of);
    for (size_t i = 0; i < operands; i++) {
        e->operands[i] = e->plan.operands[i];
    }
    for (size_t i = 0; i < e->step_count; i++) {
        const sld_plan_step *p = &e->plan.steps[i];
        e->steps[i] =
            (sld_engine_step){.plan = p,
                              .check = sld_family_check(sld_plan_string(&e->plan, p->family)),
                              .operands = e->operands + p->first_operand,
                              .params = e->plan.params + p->params};
        uint32_t count = p->in_count + p->out_count;
        e->operand_max = count > e->operand_max ? count : e->operand_max;
    }
    for (size_t i = 0; i < e->io_count; i++) {
        e->io_of[e->plan.io[i].tensor] = (uint32_t)i;
        e->input_count += e->plan.tensors[e->plan.io[i].tensor].kind == SLD_PLAN_INPUT;
    }
    return SOLDER_OK;
}

/* Tensors with a dim (or, for views, a place) that only a running step can know. */
static solder_status find_late(solder_engine *e, sld_arena *scratch)
{
    size_t exprs = e->plan.count[SLD_PLAN_EXPRS];
    uint8_t *late = sld_arena_alloc(scratch, exprs);
    if (late == NULL) {
        return sld_fail_memory(&e->runtime->diag, exprs);
    }
    for (size_t i = 0; i < exprs; i++) {
        const sld_expr *x = &e->plan.exprs[i];
        late[i] = x->op == SLD_EXPR_CONST    ? 0
                  : x->op == SLD_EXPR_SYMBOL ? e->plan.symbols[x->value].data_dependent != 0
                                             : late[x->a] || late[x->b];
    }
    for (size_t i = 0; i < e->plan.count[SLD_PLAN_TENSORS]; i++) {
        const sld_plan_tensor *t = &e->plan.tensors[i];
        bool is_late = t->parent != SLD_PLAN_NONE && e->late[t->parent];
        for (int j = 0; j < t->rank; j++) {
            is_late =
                is_late || late[t->dim[j]] || (t->kind == SLD_PLAN_REGION && late[t->start[j]]);
        }
        e->late[i] = is_late;
        e->any_late = e->any_late || is_late;
        if (is_late && t->kind == SLD_PLAN_INPUT) {
            return sld_fail(&e->runtime->diag, SOLDER_ERROR_DATA,
                            "plan '%s': input '%s' has a data-dependent dimension", e->name,
                            sld_plan_string(&e->plan, t->name));
        }
    }
    for (size_t i = 0; i < e->step_count; i++) {
        const sld_plan_step *p = e->steps[i].plan;
        for (uint32_t j = 0; j < p->in_count + p->out_count; j++) {
            uint32_t tensor = e->steps[i].operands[j];
            e->steps[i].late = e->steps[i].late || (tensor != SLD_PLAN_NONE && e->late[tensor]);
        }
    }
    return SOLDER_OK;
}

/* ---- the block of a context ---- */

static bool carve(size_t *total, size_t count, size_t size, size_t *offset)
{
    size_t bytes;
    *offset = *total;
    return sld_size_mul(count, size, &bytes) && sld_size_align(bytes, SLD_CACHE_LINE, &bytes) &&
           sld_size_add(*total, bytes, total);
}

static solder_status map_context(solder_engine *e)
{
    sld_context_map *m = &e->map;
    size_t ignored;
    m->total = 0;
    bool ok = carve(&m->total, 1, sizeof(solder_context), &ignored) &&
              carve(&m->total, e->plan.count[SLD_PLAN_SYMBOLS], sizeof(int64_t), &m->symbols) &&
              carve(&m->total, e->plan.count[SLD_PLAN_EXPRS], sizeof(int64_t), &m->values) &&
              carve(&m->total, e->plan.count[SLD_PLAN_EXPRS], sizeof(int64_t), &m->bounds) &&
              carve(&m->total, e->tensor_count, sizeof(sld_tensor), &m->tensors) &&
              carve(&m->total, e->tensor_count, 1, &m->known) &&
              carve(&m->total, e->io_count, sizeof(sld_io_state), &m->io) &&
              carve(&m->total, e->io_count, sizeof(void *), &m->io_memory) &&
              carve(&m->total, e->operand_max, sizeof(sld_tensor), &m->operands) &&
              carve(&m->total, 1, (size_t)e->plan.header->arena_bytes, &m->arena) &&
              carve(&m->total, 1, e->workspace, &m->workspace);
    return ok ? SOLDER_OK
              : sld_fail(&e->runtime->diag, SOLDER_ERROR_DATA,
                         "plan '%s': a context would not fit the address space", e->name);
}

/* ---- weights ---- */

solder_status sld_engine_trust(const solder_engine *engine, sld_diag *diag)
{
    if (atomic_load_explicit(engine->trusted, memory_order_acquire)) {
        return SOLDER_OK;
    }
    SLD_TRY(sld_plan_check_weights(&engine->plan, diag, engine->name, engine->runtime->pool));
    atomic_store_explicit(engine->trusted, true, memory_order_release);
    return SOLDER_OK;
}

solder_status solder_engine_verify(solder_runtime *runtime, const solder_engine *engine)
{
    if (runtime == NULL) {
        return SOLDER_ERROR_ARGUMENT;
    }
    if (engine == NULL || engine->runtime != runtime) {
        return sld_fail(&runtime->diag, SOLDER_ERROR_ARGUMENT,
                        "solder_engine_verify: no engine of this runtime");
    }
    return sld_engine_trust(engine, &runtime->diag);
}

/* ---- opening ---- */

static solder_status prepare(solder_engine *e, const void *data)
{
    sld_diag *diag = &e->runtime->diag;
    SLD_TRY(sld_plan_read(&e->runtime->allocator, diag, e->name, data, e->size, &e->plan));
    SLD_TRY(make_tables(e));
    SLD_TRY(sld_engine_bind_plugins(e));
    sld_arena scratch;
    sld_arena_init(&scratch, &e->runtime->allocator, 0);
    solder_status status = find_late(e, &scratch);
    sld_arena_free(&scratch);
    SLD_TRY(status);
    SLD_TRY(sld_engine_resolve(e));
    return map_context(e);
}

static solder_status create(solder_runtime *runtime, const char *name, solder_engine **engine)
{
    solder_engine *e = sld_calloc(&runtime->allocator, sizeof *e);
    if (e == NULL) {
        return sld_fail_memory(&runtime->diag, sizeof *e);
    }
    e->runtime = runtime;
    e->threads = sld_pool_threads(runtime->pool);
    sld_arena_init(&e->arena, &runtime->allocator, 0);
    e->name = sld_arena_strdup(&e->arena, name);
    if (e->name == NULL) {
        solder_engine_destroy(e);
        return sld_fail_memory(&runtime->diag, strlen(name) + 1);
    }
    *engine = e;
    return SOLDER_OK;
}

static solder_status finish(solder_engine *e, solder_status status, solder_engine **engine)
{
    if (status != SOLDER_OK) {
        solder_engine_destroy(e);
        return status;
    }
    *engine = e;
    return SOLDER_OK;
}

solder_status solder_engine_open(solder_runtime *runtime, const char *path, solder_engine **engine)
{
    if (runtime == NULL) {
        return SOLDER_ERROR_ARGUMENT;
    }
    if (path == NULL || engine == NULL) {
        return sld_fail(&runtime->diag, SOLDER_ERROR_ARGUMENT, "solder_engine_open: NULL argument");
    }
    solder_engine *e;
    SLD_TRY(create(runtime, path, &e));
    solder_status status = sld_file_map(&runtime->diag, path, &e->file);
    if (status == SOLDER_OK) {
        e->size = e->file.size;
        status = prepare(e, e->file.data);
    }
    return finish(e, status, engine);
}

solder_status solder_engine_load(solder_runtime *runtime, const void *plan, size_t size,
                                 solder_engine **engine)
{
    if (runtime == NULL) {
        return SOLDER_ERROR_ARGUMENT;
    }
    if ((plan == NULL && size != 0) || engine == NULL) {
        return sld_fail(&runtime->diag, SOLDER_ERROR_ARGUMENT, "solder_engine_load: NULL argument");
    }
    solder_engine *e;
    SLD_TRY(create(runtime, "memory", &e));
    e->size = size;
    if ((uintptr_t)plan % SLD_PLAN_ALIGN != 0) {
        e->copy = sld_alloc(&runtime->allocator, size);
        if (e->copy == NULL) {
            solder_engine_destroy(e);
            return sld_fail_memory(&runtime->diag, size);
        }
        memcpy(e->copy, plan, size);
        plan = e->copy;
    }
    return finish(e, prepare(e, plan), engine);
}

void solder_engine_destroy(solder_engine *engine)
{
    if (engine == NULL) {
        return;
    }
    const solder_allocator *allocator = &engine->runtime->allocator;
    sld_engine_close_plugins(engine);
    for (uint32_t i = 0; i < engine->repacked_count; i++) {
        sld_release(allocator, engine->repacked[i].data, engine->repacked[i].size);
    }
    sld_arena_free(&engine->arena);
    sld_release(allocator, engine->copy, engine->size);
    sld_file_unmap(&engine->file);
    sld_release(allocator, engine, sizeof *engine);
}
