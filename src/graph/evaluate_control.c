/* SPDX-License-Identifier: Apache-2.0 */
/* The evaluator's If and Loop: what control flow means. */
#include "graph/control.h"

/* A scan while it grows. */
typedef struct scan {
    sld_tensor shape; /* of the result so far; strides and data unset */
    void *data;
    size_t size, capacity;
} scan;

typedef struct loop {
    const sld_control_call *call;
    const sld_loop_params *params;
    const sld_graph *body;
    int64_t limit;      /* iterations at most */
    sld_arena state[2]; /* results of the last iteration and of this one */
    scan scans[SLD_MAX_OUTPUTS];
    sld_tensor in[SLD_MAX_INPUTS + 1], out[SLD_MAX_OUTPUTS + 1];
} loop;

static solder_status fail_node(const sld_control_call *call, solder_status code, const char *what)
{
    return sld_fail(call->diag, code, "node '%s' (%s): %s", call->node->name,
                    sld_op_name(call->node->op), what);
}

static solder_status run_body(const sld_control_call *call, const sld_graph *body,
                              const sld_tensor *in, sld_arena *arena, sld_tensor *out)
{
    solder_status status =
        sld_graph_evaluate(body, call->diag, call->pool, in, arena, out, NULL, NULL);
    return status == SOLDER_OK || status == SOLDER_ERROR_MEMORY
               ? status
               : sld_fail_within(call->diag, status, "node '%s'", call->node->name);
}

static bool is_true(const sld_tensor *t)
{
    return sld_tensor_count(t) > 0 && sld_at_i64(t, 0) != 0;
}

/* ---- scans ---- */

static solder_status append(loop *l, uint32_t index, const sld_tensor *piece)
{
    scan *s = &l->scans[index];
    bool stacks = l->params->scan_mode[index] == SLD_SCAN_STACK;
    int lead = stacks ? 0 : 1; /* axes of the piece that need not agree */
    int64_t rows = stacks ? 1 : piece->dim[0];
    bool first = s->shape.rank == 0;
    if (first) {
        s->shape = (sld_tensor){.dtype = piece->dtype, .rank = piece->rank + (stacks ? 1 : 0)};
        memcpy(&s->shape.dim[1], &piece->dim[lead],
               (size_t)(piece->rank - lead) * sizeof *piece->dim);
    }
    if (memcmp(&s->shape.dim[1], &piece->dim[lead],
               (size_t)(piece->rank - lead) * sizeof *piece->dim) != 0) {
        return fail_node(l->call, SOLDER_ERROR_DATA,
                         "iterations give pieces of different dims to collect");
    }
    size_t bytes = (size_t)sld_tensor_count(piece) * solder_dtype_size(piece->dtype);
    size_t needed;
    if (!sld_size_add(s->size, bytes, &needed)) {
        return sld_fail_memory(l->call->diag, bytes);
    }
    SLD_TRY(sld_array_grow(l->call->allocator, l->call->diag, &s->data, &s->capacity, needed, 1));
    sld_tensor to = *piece;
    to.data = (char *)s->data + s->size;
    sld_tensor_set_strides(&to);
    sld_tensor_copy(piece, &to);
    s->size = needed;
    s->shape.dim[0] += rows;
    return SOLDER_OK;
}

/* No iteration: what dims inference knows, 0 for the others. */
static void empty_scan(const loop *l, const sld_value *value, sld_tensor *t)
{
    *t = (sld_tensor){.dtype = value->dtype, .rank = value->shape.rank};
    for (int i = 1; i < t->rank; i++) {
        int64_t dim = l->call->values[value->shape.d[i]];
        t->dim[i] = dim >= 0 ? dim : 0;
    }
}

static solder_status finish_scan(loop *l, uint32_t index, sld_tensor *out)
{
    const scan *s = &l->scans[index];
    const sld_node *node = l->call->node;
    *out = s->shape;
    if (out->rank == 0) {
        empty_scan(l, node->out[(uint32_t)l->params->carried_count + index], out);
    }
    out->data = sld_arena_alloc(l->call->arena, s->size);
    if (out->data == NULL) {
        return sld_fail_memory(l->call->diag, s->size);
    }
    if (s->size > 0) {
        memcpy(out->data, s->data, s->size);
    }
    sld_tensor_set_strides(out);
    return SOLDER_OK;
}

/* ---- iterations ---- */

static sld_tensor slice_of(const sld_tensor *t, int64_t index)
{
    sld_tensor slice = *t;
    slice.rank = t->rank - 1;
    memmove(&slice.dim[0], &t->dim[1], (size_t)slice.rank * sizeof *t->dim);
    memmove(&slice.stride[0], &t->stride[1], (size_t)slice.rank * sizeof *t->stride);
    slice.data = (char *)t->data + index * t->stride[0] * (int64_t)solder_dtype_size(t->dtype);
    return slice;
}

static solder_status iterate(loop *l, int64_t index, bool *again)
{
    const sld_loop_params *p = l->params;
    const sld_tensor *given = l->call->in + SLD_LOOP_FIRST;
    l->in[0] = sld_tensor_make(&index, SOLDER_I64, 0, NULL);
    for (int i = 0; i < p->scanned_count; i++) {
        l->in[1 + p->carried_count + i] = slice_of(&given[p->carried_count + i], index);
    }
    sld_arena *fresh = &l->state[index % 2];
    sld_arena_free(fresh);
    SLD_TRY(run_body(l->call, l->body, l->in, fresh, l->out));
    for (int i = 0; i < p->carried_count; i++) {
        l->in[1 + i] = l->out[1 + i];
    }
    for (int i = 0; i < p->scan_count; i++) {
        SLD_TRY(append(l, (uint32_t)i, &l->out[1 + p->carried_count + i]));
    }
    *again = is_true(&l->out[0]);
    return SOLDER_OK;
}

static solder_status start(loop *l, bool *enter)
{
    const sld_control_call *call = l->call;
    const sld_node *node = call->node;
    const sld_loop_params *p = l->params;
    l->limit = INT64_MAX;
    *enter = true;
    if (sld_node_in(node, SLD_LOOP_TRIP) != NULL) {
        if (sld_tensor_count(&call->in[SLD_LOOP_TRIP]) == 0) {
            return fail_node(call, SOLDER_ERROR_DATA, "the trip count is empty");
        }
        l->limit = sld_at_i64(&call->in[SLD_LOOP_TRIP], 0);
    }
    if (sld_node_in(node, SLD_LOOP_CONDITION) != NULL) {
        *enter = is_true(&call->in[SLD_LOOP_CONDITION]);
    }
    for (int i = 0; i < p->scanned_count; i++) {
        int64_t length = call->in[SLD_LOOP_FIRST + p->carried_count + i].dim[0];
        if (i > 0 && length != call->in[SLD_LOOP_FIRST + p->carried_count].dim[0]) {
            return fail_node(call, SOLDER_ERROR_DATA, "scanned inputs differ in length");
        }
        l->limit = length < l->limit ? length : l->limit;
    }
    for (uint32_t i = SLD_LOOP_FIRST; i < node->in_count; i++) {
        l->in[1 + i - SLD_LOOP_FIRST] = call->in[i];
    }
    return SOLDER_OK;
}

static solder_status run_loop(loop *l)
{
    bool again;
    SLD_TRY(start(l, &again));
    for (int64_t i = 0; again && i < l->limit; i++) {
        if (i >= SLD_LOOP_MAX) {
            return fail_node(l->call, SOLDER_ERROR_DATA, "more iterations than are allowed");
        }
        SLD_TRY(iterate(l, i, &again));
    }
    for (int i = 0; i < l->params->carried_count; i++) { /* they live in state or in the inputs */
        const sld_tensor *last = &l->in[1 + i];
        size_t bytes = (size_t)sld_tensor_count(last) * solder_dtype_size(last->dtype);
        l->call->out[i] = *last;
        l->call->out[i].data = sld_arena_alloc(l->call->arena, bytes);
        if (l->call->out[i].data == NULL) {
            return sld_fail_memory(l->call->diag, bytes);
        }
        sld_tensor_set_strides(&l->call->out[i]);
        sld_tensor_copy(last, &l->call->out[i]);
    }
    for (int i = 0; i < l->params->scan_count; i++) {
        SLD_TRY(finish_scan(l, (uint32_t)i, &l->call->out[l->params->carried_count + i]));
    }
    return SOLDER_OK;
}

static solder_status evaluate_loop(const sld_control_call *call)
{
    loop *l = sld_arena_alloc(call->arena, sizeof *l);
    if (l == NULL) {
        return sld_fail_memory(call->diag, sizeof *l);
    }
    l->call = call;
    l->params = call->node->params;
    l->body = call->node->bodies[0];
    sld_arena_init(&l->state[0], call->allocator, 0);
    sld_arena_init(&l->state[1], call->allocator, 0);
    solder_status status = run_loop(l);
    for (int i = 0; i < SLD_MAX_OUTPUTS; i++) {
        sld_release(call->allocator, l->scans[i].data, l->scans[i].capacity);
    }
    sld_arena_free(&l->state[0]);
    sld_arena_free(&l->state[1]);
    return status;
}

solder_status sld_control_evaluate(const sld_control_call *call)
{
    if (call->node->op == SLD_OP_LOOP) {
        return evaluate_loop(call);
    }
    uint32_t taken = is_true(&call->in[0]) ? 0 : 1;
    if (sld_if_refuses(call->node->params, taken)) {
        return fail_node(call, SOLDER_ERROR_DATA, SLD_IF_REFUSAL(taken));
    }
    return run_body(call, call->node->bodies[taken], call->in + 1, call->arena, call->out);
}
