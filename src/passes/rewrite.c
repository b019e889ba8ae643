/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/rewrite.h"

bool sld_same_shape(const sld_value *a, const sld_value *b)
{
    if (a->dtype != b->dtype || a->shape.rank != b->shape.rank) {
        return false;
    }
    for (int i = 0; i < a->shape.rank; i++) {
        if (a->shape.d[i] != b->shape.d[i]) {
            return false;
        }
    }
    return true;
}

sld_epilogue *sld_node_epilogue(const sld_node *node)
{
    switch (node->op) {
    case SLD_OP_CONVOLUTION:
        return &((sld_conv_params *)node->params)->epilogue;
    case SLD_OP_DECONVOLUTION:
        return &((sld_deconv_params *)node->params)->epilogue;
    case SLD_OP_MATMUL:
        return &((sld_matmul_params *)node->params)->epilogue;
    case SLD_OP_SCALE:
        return &((sld_scale_params *)node->params)->epilogue;
    case SLD_OP_ELEMENTWISE:
        return &((sld_elementwise_params *)node->params)->epilogue;
    default:
        return NULL;
    }
}

bool sld_node_plain(const sld_node *node)
{
    const sld_epilogue *epilogue = sld_node_epilogue(node);
    return epilogue == NULL || (epilogue->act == SLD_ACT_NONE && epilogue->residual == 0);
}

size_t sld_constant_count(const sld_value *value)
{
    return value->data_size / solder_dtype_size(value->dtype);
}

bool sld_constant_uniform(const sld_value *value, double *number)
{
    if (!sld_value_is_constant(value) || !sld_dtype_is_float(value->dtype)) {
        return false;
    }
    size_t size = solder_dtype_size(value->dtype);
    if (value->data_size < size ||
        memcmp(value->data, (const char *)value->data + size, value->data_size - size) != 0) {
        return false;
    }
    *number = sld_constant_at(value, 0);
    return true;
}

solder_status sld_add_vector(sld_graph *graph, const char *name, solder_dtype dtype,
                             const double *numbers, size_t count, sld_value **value)
{
    size_t size = solder_dtype_size(dtype);
    char *data = sld_arena_array(&graph->arena, count, size);
    if (data == NULL) {
        return sld_fail_memory(graph->diag, count * size);
    }
    for (size_t i = 0; i < count; i++) {
        sld_store_f64(dtype, data + i * size, numbers[i]);
    }
    int64_t dims = (int64_t)count;
    return sld_graph_add_constant(graph, name, dtype, 1, &dims, data, false, value);
}

solder_status sld_take_over(sld_graph *graph, sld_value *old, sld_value *fresh)
{
    /* An output's name moves with its place among the outputs. */
    bool swap = !old->is_output && !fresh->is_output && fresh->kind == SLD_VALUE_NODE;
    SLD_TRY(sld_graph_replace(graph, old, fresh));
    return swap ? sld_graph_swap_names(graph, old, fresh) : SOLDER_OK;
}

solder_status sld_join_source(sld_graph *graph, sld_node *into, const sld_node *from)
{
    const char *joined = sld_arena_printf(&graph->arena, "%s + %s", into->source, from->source);
    if (joined == NULL) {
        return sld_fail_memory(graph->diag, strlen(into->source) + strlen(from->source) + 4);
    }
    into->source = joined;
    return SOLDER_OK;
}

/* Attributes for a Reshape from one shape to another; false if there are none. */
static bool reshape_params(const sld_graph *graph, const sld_shape *from, const sld_shape *to,
                           sld_reshape_params *params)
{
    bool inferred = false;
    *params = (sld_reshape_params){.rank = to->rank};
    for (int i = 0; i < to->rank; i++) {
        int64_t dim;
        if (sld_expr_is_const(&graph->exprs, to->d[i], &dim)) {
            params->dims[i] = dim;
            /* A true 0 must not read as "copy", which it may stay where it is one. */
            if (dim == 0 && (i >= from->rank || from->d[i] != to->d[i])) {
                return false;
            }
        } else if (i < from->rank && from->d[i] == to->d[i]) {
            params->dims[i] = 0;
        } else if (!inferred) {
            params->dims[i] = -1;
            inferred = true;
        } else {
            return false;
        }
    }
    return true;
}

solder_status sld_add_reshape(sld_graph *graph, sld_node *before, const char *name, sld_value *x,
                              const sld_shape *like, sld_value **value)
{
    sld_reshape_params params;
    sld_node *node;
    *value = NULL;
    if (!reshape_params(graph, &x->shape, like, &params)) {
        return SOLDER_OK;
    }
    solder_status status =
        sld_graph_add_node(graph, before, SLD_OP_RESHAPE, name, &params, &x, 1, 1, &node);
    if (status != SOLDER_OK) {
        /* Inference could not divide the dims: no error, only no better Reshape. */
        return status == SOLDER_ERROR_MEMORY ? status : SOLDER_OK;
    }
    const sld_value wanted = {.dtype = x->dtype, .shape = *like};
    if (sld_same_shape(node->out[0], &wanted)) {
        *value = node->out[0];
    } else {
        sld_graph_remove_node(graph, node);
    }
    return SOLDER_OK;
}

solder_status sld_add_copy(sld_graph *graph, sld_node *before, const char *name, sld_value *x,
                           sld_value **value)
{
    sld_unary_params params;
    sld_op_defaults(SLD_OP_UNARY, &params);
    params.kind = SLD_UNARY_IDENTITY;
    return sld_graph_add(graph, before, SLD_OP_UNARY, name, &params, &x, 1, value);
}

/* ---- slices ---- */

/* Element i of an input that holds whole numbers known now. */
static bool known_i64(const sld_graph *graph, const sld_value *value, int64_t i, int64_t *number)
{
    if (sld_value_is_constant(value)) {
        *number = sld_load_i64(value->dtype, (const char *)value->data +
                                                 (size_t)i * solder_dtype_size(value->dtype));
        return true;
    }
    return value->content != NULL && sld_expr_is_const(&graph->exprs, value->content[i], number);
}

typedef struct slice_axis {
    int64_t axis, start, step;
} slice_axis;

static bool read_slice_axis(const sld_graph *graph, const sld_node *node, int64_t i, slice_axis *a)
{
    const sld_slice_params *p = node->params;
    const sld_value *axes = sld_node_in(node, 3);
    const sld_value *steps = sld_node_in(node, 4);
    if (sld_node_in(node, 1) == NULL) {
        *a = (slice_axis){p->axes[i], p->start[i], p->step[i]};
        return true;
    }
    *a = (slice_axis){i, 0, 1};
    return known_i64(graph, sld_node_in(node, 1), i, &a->start) &&
           (axes == NULL || known_i64(graph, axes, i, &a->axis)) &&
           (steps == NULL || known_i64(graph, steps, i, &a->step));
}

/* numpy's rule for the first element of an axis. */
static sld_dim slice_start(sld_graph *graph, sld_dim dim, int64_t start, int64_t step)
{
    sld_expr_table *t = &graph->exprs;
    sld_dim last = step > 0 ? dim : sld_expr_add_const(t, dim, -1);
    if (start >= 0) {
        return start == 0 ? sld_expr_const(t, 0)
                          : sld_expr_make(t, SLD_EXPR_MIN, last, sld_expr_const(t, start));
    }
    return sld_expr_make(t, SLD_EXPR_MAX, sld_expr_add_const(t, dim, start),
                         sld_expr_const(t, step > 0 ? 0 : -1));
}

bool sld_slice_region(sld_graph *graph, const sld_node *node, sld_dim *start, int64_t *step)
{
    const sld_slice_params *p = node->params;
    const sld_shape *shape = &node->in[0].value->shape;
    int64_t count = p->count;
    for (int i = 0; i < shape->rank; i++) {
        start[i] = sld_expr_const(&graph->exprs, 0);
        step[i] = 1;
    }
    const sld_value *starts = sld_node_in(node, 1);
    if (starts != NULL && (starts->shape.rank != 1 ||
                           !sld_expr_is_const(&graph->exprs, starts->shape.d[0], &count))) {
        return false;
    }
    for (int64_t i = 0; i < count; i++) {
        slice_axis a;
        if (!read_slice_axis(graph, node, i, &a)) {
            return false;
        }
        a.axis += a.axis < 0 ? shape->rank : 0;
        if (a.axis < 0 || a.axis >= shape->rank || a.start == INT64_MIN) {
            return false;
        }
        start[a.axis] = slice_start(graph, shape->d[a.axis], a.start, a.step);
        step[a.axis] = a.step;
        if (start[a.axis] == SLD_DIM_NONE) {
            return false;
        }
    }
    return true;
}
