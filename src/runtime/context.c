/* SPDX-License-Identifier: Apache-2.0 */
/* A context: one block with the shapes, the activations and the workspace of one run at a time. */
#include <stdio.h>

#include "runtime/runtime_internal.h"

static solder_status check_engine(solder_runtime *runtime, const solder_engine *engine,
                                  solder_context **context)
{
    if (runtime == NULL) {
        return SOLDER_ERROR_ARGUMENT;
    }
    if (engine == NULL || context == NULL) {
        return sld_fail(&runtime->diag, SOLDER_ERROR_ARGUMENT,
                        "solder_context_create: NULL argument");
    }
    if (engine->runtime != runtime) {
        return sld_fail(&runtime->diag, SOLDER_ERROR_ARGUMENT,
                        "the engine of '%s' belongs to another runtime", engine->name);
    }
    return SOLDER_OK;
}

/* Symbols that have one value only need no caller to set them. */
static bool set_fixed_symbols(solder_context *c)
{
    const sld_plan *p = &c->engine->plan;
    bool all = true;
    for (size_t i = 0; i < p->count[SLD_PLAN_SYMBOLS]; i++) {
        const sld_symbol *s = &p->symbols[i];
        bool fixed = !s->data_dependent && s->min == s->max;
        c->layout.symbols[i] = fixed ? s->min : SLD_EXPR_UNKNOWN;
        all = all && (fixed || s->data_dependent);
    }
    return all;
}

/* Where an input or output lies unless it is bound; NULL: nowhere before a run. */
static void *own_memory(const solder_context *c, size_t io)
{
    const sld_plan_tensor *p = &c->engine->plan.tensors[c->engine->plan.io[io].tensor];
    return p->size == SLD_PLAN_OPEN ? NULL : c->arena + p->offset;
}

static solder_status place(solder_runtime *runtime, const solder_engine *engine, void *memory,
                           sld_heap *heap, solder_context **context)
{
    const sld_context_map *m = &engine->map;
    char *block = memory;
    solder_context *c = memory;
    memset(block, 0, m->arena); /* all but activations and workspace */
    c->engine = engine;
    sld_diag_init(&c->diag, &runtime->diag.logger);
    c->layout = (sld_layout){.symbols = (int64_t *)(void *)(block + m->symbols),
                             .values = (int64_t *)(void *)(block + m->values),
                             .bounds = (int64_t *)(void *)(block + m->bounds),
                             .tensors = (sld_tensor *)(void *)(block + m->tensors),
                             .known = (uint8_t *)(block + m->known)};
    c->io = (sld_io_state *)(void *)(block + m->io);
    c->io_memory = (void **)(void *)(block + m->io_memory);
    c->blocks = (void **)(void *)(block + m->blocks);
    c->bodies = (solder_context **)(void *)(block + m->bodies);
    c->own_heap.allocator = &engine->runtime->allocator;
    c->heap = heap != NULL ? heap : &c->own_heap;
    c->operands = (sld_tensor *)(void *)(block + m->operands);
    c->arena = block + m->arena;
    c->workspace = block + m->workspace;
    for (size_t i = 0; i < engine->io_count; i++) {
        c->io_memory[i] = own_memory(c, i);
    }
    block += m->first_body;
    for (size_t i = 0; i < engine->body_count; i++) {
        SLD_TRY(place(runtime, engine->bodies[i], block, c->heap, &c->bodies[i]));
        block += engine->bodies[i]->map.total;
    }
    if (set_fixed_symbols(c)) {
        solder_status status = sld_context_layout(c);
        if (status != SOLDER_OK) {
            return sld_fail(&runtime->diag, status, "%s", c->diag.message);
        }
    }
    *context = c;
    return SOLDER_OK;
}

solder_status solder_context_create_in(solder_runtime *runtime, const solder_engine *engine,
                                       void *memory, size_t size, solder_context **context)
{
    SLD_TRY(check_engine(runtime, engine, context));
    if (memory == NULL || (uintptr_t)memory % SLD_CACHE_LINE != 0 || size < engine->map.total) {
        return sld_fail(&runtime->diag, SOLDER_ERROR_ARGUMENT,
                        "a context of '%s' needs %zu bytes, 64-byte aligned; %zu given",
                        engine->name, engine->map.total, size);
    }
    return place(runtime, engine, memory, NULL, context);
}

solder_status solder_context_create(solder_runtime *runtime, const solder_engine *engine,
                                    solder_context **context)
{
    SLD_TRY(check_engine(runtime, engine, context));
    void *memory = sld_alloc(&runtime->allocator, engine->map.total);
    if (memory == NULL) {
        return sld_fail_memory(&runtime->diag, engine->map.total);
    }
    solder_context *c;
    solder_status status = place(runtime, engine, memory, NULL, &c);
    if (status != SOLDER_OK) {
        sld_release(&runtime->allocator, memory, engine->map.total);
        return status;
    }
    c->allocator = &runtime->allocator;
    *context = c;
    return SOLDER_OK;
}

void solder_context_destroy(solder_context *context)
{
    if (context == NULL) {
        return;
    }
    sld_context_drop_blocks(context);
    sld_heap_trim(&context->own_heap);
    if (context->allocator != NULL) {
        sld_release(context->allocator, context, context->engine->map.total);
    }
}

void sld_context_drop_blocks(solder_context *c)
{
    const solder_engine *e = c->engine;
    for (size_t i = 0; e->any_late && i < e->plan.count[SLD_PLAN_TENSORS]; i++) {
        if (c->blocks[i] != NULL) {
            sld_heap_give(c->heap, c->blocks[i]);
            c->blocks[i] = NULL;
            if (e->io_of[i] != SLD_PLAN_NONE && c->io[e->io_of[i]].bound == NULL) {
                c->io_memory[e->io_of[i]] = NULL;
            }
        }
    }
    for (size_t i = 0; i < e->body_count; i++) {
        sld_context_drop_blocks(c->bodies[i]);
    }
}

const char *solder_context_message(const solder_context *context)
{
    return context != NULL ? context->diag.message : "";
}

void solder_context_set_profiler(solder_context *context, solder_profiler profiler, void *user)
{
    if (context != NULL) {
        context->profiler = profiler;
        context->profiler_user = user;
    }
}

void solder_context_set_observer(solder_context *context, solder_observer observer, void *user)
{
    if (context != NULL) {
        context->observer = observer;
        context->observer_user = user;
    }
}

/* ---- shapes ---- */

sld_places sld_context_places(const solder_context *context)
{
    return (sld_places){.arena = context->arena,
                        .io = context->io_memory,
                        .blocks = context->blocks,
                        .weights = context->engine->plan.weights};
}

solder_status sld_context_layout(solder_context *c)
{
    const solder_engine *e = c->engine;
    const sld_places places = sld_context_places(c);
    c->shaped = false;
    sld_layout_reset(e, &c->layout);
    SLD_TRY(sld_layout_all(e, &c->diag, &places, &c->layout));
    for (size_t i = 0; i < e->step_count; i++) {
        if (!e->steps[i].late) {
            sld_run run = sld_layout_run(&e->steps[i], &c->layout, c->operands);
            SLD_TRY(sld_step_check(e, &c->diag, &e->steps[i], &c->layout, &run));
        }
    }
    c->shaped = true;
    c->moved = false;
    return SOLDER_OK;
}

static solder_status find_io(solder_context *c, const char *name, size_t *index)
{
    for (size_t i = 0; i < c->engine->io_count; i++) {
        if (strcmp(c->engine->io[i].name, name) == 0) {
            *index = i;
            return SOLDER_OK;
        }
    }
    char names[512];
    size_t used = 0;
    names[0] = '\0';
    for (size_t i = 0; i < c->engine->io_count && used < sizeof names; i++) {
        int n = snprintf(names + used, sizeof names - used, "%s'%s'", i > 0 ? ", " : "",
                         c->engine->io[i].name);
        used += n > 0 ? (size_t)n : 0;
    }
    return sld_fail(&c->diag, SOLDER_ERROR_NOT_FOUND,
                    "plan '%s' has no input or output '%s'; it has %s", c->engine->name, name,
                    names);
}

static solder_status check_dim(solder_context *c, const solder_io *io, int axis, int64_t dim)
{
    if (dim >= io->min.d[axis] && dim <= io->max.d[axis]) {
        return SOLDER_OK;
    }
    return io->min.d[axis] == io->max.d[axis]
               ? sld_fail(&c->diag, SOLDER_ERROR_ARGUMENT,
                          "input '%s': dimension %d is %lld, must be %lld", io->name, axis,
                          (long long)dim, (long long)io->max.d[axis])
               : sld_fail(&c->diag, SOLDER_ERROR_ARGUMENT,
                          "input '%s': dimension %d is %lld, the profile allows %lld..%lld",
                          io->name, axis, (long long)dim, (long long)io->min.d[axis],
                          (long long)io->max.d[axis]);
}

/* All symbols that callers set have values. */
static bool symbols_set(const solder_context *c)
{
    const sld_plan *p = &c->engine->plan;
    for (size_t i = 0; i < p->count[SLD_PLAN_SYMBOLS]; i++) {
        if (!p->symbols[i].data_dependent && c->layout.symbols[i] == SLD_EXPR_UNKNOWN) {
            return false;
        }
    }
    return true;
}

solder_status solder_context_set_dims(solder_context *context, const char *input,
                                      const solder_dims *dims)
{
    if (context == NULL) {
        return SOLDER_ERROR_ARGUMENT;
    }
    if (input == NULL || dims == NULL) {
        return sld_fail(&context->diag, SOLDER_ERROR_ARGUMENT,
                        "solder_context_set_dims: NULL argument");
    }
    solder_context *c = context;
    const solder_engine *e = c->engine;
    size_t index = 0;
    SLD_TRY(find_io(c, input, &index));
    const solder_io *io = &e->io[index];
    if (!io->is_input || dims->rank != io->max.rank) {
        return sld_fail(&c->diag, SOLDER_ERROR_ARGUMENT,
                        io->is_input ? "input '%s' has rank %d, %d dims given"
                                     : "'%s' is an output of rank %d, its dims cannot be set to %d",
                        io->name, (int)io->max.rank, (int)dims->rank);
    }
    for (int i = 0; i < dims->rank; i++) {
        SLD_TRY(check_dim(c, io, i, dims->d[i]));
    }
    const sld_plan_tensor *p = &e->plan.tensors[e->plan.io[index].tensor];
    for (int i = 0; i < dims->rank; i++) {
        const sld_expr *x = &e->plan.exprs[p->dim[i]];
        if (x->op == SLD_EXPR_SYMBOL) {
            c->layout.symbols[x->value] = dims->d[i];
        }
        c->io[index].dims[i] = dims->d[i];
    }
    c->io[index].given = true;
    if (symbols_set(c)) {
        SLD_TRY(sld_context_layout(c));
        for (int i = 0; i < dims->rank; i++) {
            int64_t is = c->layout.values[p->dim[i]];
            if (is != dims->d[i]) {
                c->io[index].given = false;
                return sld_fail(&c->diag, SOLDER_ERROR_ARGUMENT,
                                "input '%s': dimension %d is %lld, the others make it %lld",
                                io->name, i, (long long)dims->d[i], (long long)is);
            }
        }
    }
    return SOLDER_OK;
}

size_t sld_context_io_bytes(const solder_context *context, size_t io)
{
    size_t bytes = 0;
    const sld_tensor *t = &context->layout.tensors[context->engine->plan.io[io].tensor];
    (void)sld_dims_bytes(t->dim, t->rank, t->dtype, &bytes);
    return bytes;
}

/* ---- memory ---- */

solder_status solder_context_bind(solder_context *context, const char *name, void *data,
                                  size_t size)
{
    if (context == NULL) {
        return SOLDER_ERROR_ARGUMENT;
    }
    if (name == NULL) {
        return sld_fail(&context->diag, SOLDER_ERROR_ARGUMENT, "solder_context_bind: NULL name");
    }
    solder_context *c = context;
    size_t index = 0;
    SLD_TRY(find_io(c, name, &index));
    const solder_io *io = &c->engine->io[index];
    /* After a run a data-dependent output has its dims of that run; binding wants its largest. */
    bool late = c->engine->late[c->engine->plan.io[index].tensor] != 0;
    if (data != NULL && c->shaped && !late && size < sld_context_io_bytes(c, index)) {
        return sld_fail(&c->diag, SOLDER_ERROR_ARGUMENT, "%s '%s': %zu bytes given, %zu needed",
                        io->is_input ? "input" : "output", name, size,
                        sld_context_io_bytes(c, index));
    }
    sld_io_state *state = &c->io[index];
    state->bound = data;
    state->bound_size = data != NULL ? size : 0;
    state->staged = (uintptr_t)data % solder_dtype_size(io->dtype) != 0;
    c->io_memory[index] = data != NULL && !state->staged ? data : own_memory(c, index);
    c->moved = true;
    return SOLDER_OK;
}

solder_status solder_context_tensor(solder_context *context, const char *name, void **data,
                                    solder_dims *dims)
{
    if (context == NULL) {
        return SOLDER_ERROR_ARGUMENT;
    }
    if (name == NULL) {
        return sld_fail(&context->diag, SOLDER_ERROR_ARGUMENT, "solder_context_tensor: NULL name");
    }
    solder_context *c = context;
    size_t index = 0;
    SLD_TRY(find_io(c, name, &index));
    sld_io_state *state = &c->io[index];
    if (data != NULL) {
        *data = state->bound != NULL ? state->bound : c->io_memory[index];
        state->filled = true;
    }
    if (dims != NULL) {
        uint32_t tensor = c->engine->plan.io[index].tensor;
        const sld_tensor *t = &c->layout.tensors[tensor];
        bool known = c->shaped && c->layout.known[tensor];
        *dims = (solder_dims){.rank = c->engine->io[index].max.rank};
        for (int i = 0; i < dims->rank; i++) {
            bool fixed = c->engine->io[index].min.d[i] == c->engine->io[index].max.d[i];
            dims->d[i] = known ? t->dim[i] : fixed ? c->engine->io[index].max.d[i] : -1;
        }
    }
    return SOLDER_OK;
}
