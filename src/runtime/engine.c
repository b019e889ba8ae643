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
    e->open = engine_array(e, tensors + operands, sizeof *e->open);
    e->open_exprs = engine_array(e, e->plan.count[SLD_PLAN_EXPRS], sizeof *e->open_exprs);
    e->lives = engine_array(e, 2 * tensors, sizeof *e->lives);
    e->bodies = engine_array(e, e->plan.count[SLD_PLAN_BODIES], sizeof(solder_engine *));
    e->io = engine_array(e, e->io_count, sizeof *e->io);
    e->trusted = engine_array(e, 1, sizeof *e->trusted);
    if (e->steps == NULL || e->operands == NULL || e->repacked == NULL ||
        e->first_repacked == NULL || e->io_of == NULL || e->late == NULL || e->open == NULL ||
        e->open_exprs == NULL || e->lives == NULL || e->bodies == NULL || e->io == NULL ||
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

static bool has_open_dim(const solder_engine *e, uint32_t tensor)
{
    const sld_plan_tensor *t = &e->plan.tensors[tensor];
    for (int i = 0; i < t->rank; i++) {
        if (e->open_exprs[t->dim[i]]) {
            return true;
        }
    }
    return false;
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
    sld_expr_find_open(e->plan.exprs, exprs, e->plan.symbols, e->open_exprs);
    for (size_t i = 0; i < e->plan.count[SLD_PLAN_TENSORS]; i++) {
        const sld_plan_tensor *t = &e->plan.tensors[i];
        bool is_late = t->parent != SLD_PLAN_NONE && e->late[t->parent];
        e->open[i] = t->parent != SLD_PLAN_NONE
                         ? e->open[t->parent]
                         : t->size == SLD_PLAN_OPEN && t->kind != SLD_PLAN_INPUT;
        for (int j = 0; j < t->rank; j++) {
            is_late =
                is_late || late[t->dim[j]] || (t->kind == SLD_PLAN_REGION && late[t->start[j]]);
        }
        e->late[i] = is_late || e->open[i];
        e->any_late = e->any_late || e->late[i] || t->size == SLD_PLAN_OPEN;
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
            if (tensor != SLD_PLAN_NONE) {
                e->steps[i].late = e->steps[i].late || e->late[tensor];
                e->steps[i].open = e->steps[i].open || has_open_dim(e, tensor);
            }
        }
    }
    return SOLDER_OK;
}

/* ---- when open tensors need memory ---- */

static uint32_t root_of(const solder_engine *e, uint32_t tensor)
{
    while (e->plan.tensors[tensor].parent != SLD_PLAN_NONE) {
        tensor = e->plan.tensors[tensor].parent;
    }
    return tensor;
}

/* first[i], last[i]: steps that use the open tensor i or what lies in it. */
static void find_lives(solder_engine *e, uint32_t *first, uint32_t *last)
{
    for (size_t i = 0; i < e->step_count; i++) {
        const sld_plan_step *p = e->steps[i].plan;
        for (uint32_t j = 0; j < p->in_count + p->out_count; j++) {
            uint32_t tensor = e->plan.operands[p->first_operand + j];
            if (tensor != SLD_PLAN_NONE && e->open[tensor]) {
                tensor = root_of(e, tensor);
                first[tensor] = first[tensor] == SLD_PLAN_NONE ? (uint32_t)i : first[tensor];
                last[tensor] = (uint32_t)i;
            }
        }
    }
}

/* Sorted by step, with the place of each step's part. Outputs never end. */
static solder_status list_lives(solder_engine *e, sld_arena *scratch)
{
    size_t tensors = e->plan.count[SLD_PLAN_TENSORS];
    uint32_t *first = sld_arena_array(scratch, tensors, sizeof *first);
    uint32_t *last = sld_arena_array(scratch, tensors, sizeof *last);
    if (first == NULL || last == NULL) {
        return sld_fail_memory(&e->runtime->diag, tensors * sizeof *first);
    }
    memset(first, 0xff, tensors * sizeof *first);
    find_lives(e, first, last);
    for (size_t i = 0; i < tensors; i++) {
        if (first[i] != SLD_PLAN_NONE) {
            e->steps[first[i]].begun_count++;
            e->steps[last[i]].ended_count += e->io_of[i] == SLD_PLAN_NONE;
        }
    }
    uint32_t at = 0;
    for (size_t i = 0; i < e->step_count; i++) {
        sld_engine_step *s = &e->steps[i];
        s->first_begun = at;
        s->first_ended = at + s->begun_count;
        at += s->begun_count + s->ended_count;
        s->begun_count = s->ended_count = 0;
    }
    for (uint32_t i = 0; i < tensors; i++) {
        if (first[i] != SLD_PLAN_NONE) {
            sld_engine_step *s = &e->steps[first[i]];
            e->lives[s->first_begun + s->begun_count++] = i;
            s = &e->steps[last[i]];
            if (e->io_of[i] == SLD_PLAN_NONE) {
                e->lives[s->first_ended + s->ended_count++] = i;
            }
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
              carve(&m->total, e->tensor_count, sizeof(void *), &m->blocks) &&
              carve(&m->total, e->body_count, sizeof(solder_context *), &m->bodies) &&
              carve(&m->total, e->io_count, sizeof(sld_io_state), &m->io) &&
              carve(&m->total, e->io_count, sizeof(void *), &m->io_memory) &&
              carve(&m->total, e->operand_max, sizeof(sld_tensor), &m->operands) &&
              carve(&m->total, 1, (size_t)e->plan.header->arena_bytes, &m->arena) &&
              carve(&m->total, 1, e->workspace, &m->workspace);
    m->first_body = m->total;
    for (size_t i = 0; ok && i < e->body_count; i++) {
        ok = carve(&m->total, 1, e->bodies[i]->map.total, &ignored);
    }
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

static solder_status prepare(solder_engine *e, const void *data);
static solder_status create(solder_runtime *runtime, const char *name, solder_engine **engine);

/* Bodies are plans inside the plan: nothing of theirs is trusted either. */
static solder_status load_bodies(solder_engine *e)
{
    if (e->depth >= SLD_BODY_DEPTH_MAX && e->plan.count[SLD_PLAN_BODIES] > 0) {
        return sld_fail(&e->runtime->diag, SOLDER_ERROR_DATA,
                        "plan '%s': bodies lie deeper in each other than %d", e->name,
                        SLD_BODY_DEPTH_MAX);
    }
    for (size_t i = 0; i < e->plan.count[SLD_PLAN_BODIES]; i++) {
        const sld_plan_body *p = &e->plan.bodies[i];
        sld_engine_step *step = &e->steps[p->step];
        char *name = sld_arena_printf(&e->arena, "%s: %s", e->name,
                                      sld_plan_string(&e->plan, e->plan.steps[p->step].name));
        if (name == NULL) {
            return sld_fail_memory(&e->runtime->diag, strlen(e->name));
        }
        SLD_TRY(create(e->runtime, name, &e->bodies[i]));
        e->body_count++;
        e->bodies[i]->depth = e->depth + 1;
        e->bodies[i]->size = (size_t)p->size;
        SLD_TRY(prepare(e->bodies[i], e->plan.body_bytes + p->offset));
        atomic_store(e->bodies[i]->trusted, true); /* its weights lie in a section checked here */
        step->bodies = step->body_count == 0 ? &e->bodies[i] : step->bodies;
        step->first_body = step->body_count == 0 ? (uint32_t)i : step->first_body;
        step->body_count++;
    }
    for (size_t i = 0; i < e->step_count; i++) {
        if (e->steps[i].body_count > 0) {
            SLD_TRY(sld_control_check(e, &e->steps[i]));
        }
    }
    return SOLDER_OK;
}

static solder_status prepare(solder_engine *e, const void *data)
{
    sld_diag *diag = &e->runtime->diag;
    SLD_TRY(sld_plan_read(&e->runtime->allocator, diag, e->name, data, e->size, &e->plan));
    SLD_TRY(make_tables(e));
    SLD_TRY(sld_engine_bind_plugins(e));
    sld_arena scratch;
    sld_arena_init(&scratch, &e->runtime->allocator, 0);
    solder_status status = find_late(e, &scratch);
    if (status == SOLDER_OK) {
        status = list_lives(e, &scratch);
    }
    sld_arena_free(&scratch);
    SLD_TRY(status);
    SLD_TRY(load_bodies(e));
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
    for (size_t i = 0; i < engine->body_count; i++) {
        solder_engine_destroy(engine->bodies[i]);
    }
    for (uint32_t i = 0; i < engine->repacked_count; i++) {
        sld_release(allocator, engine->repacked[i].data, engine->repacked[i].size);
    }
    sld_arena_free(&engine->arena);
    sld_release(allocator, engine->copy, engine->size);
    sld_file_unmap(&engine->file);
    sld_release(allocator, engine, sizeof *engine);
}
