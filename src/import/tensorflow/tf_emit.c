/* SPDX-License-Identifier: Apache-2.0 */
/* What conversions build networks with. */
#include "graph/fold.h"
#include "import/tensorflow/tf.h"

void sld_tf_keep(sld_tf_node *node, solder_status status)
{
    if (status == SOLDER_OK) {
        return;
    }
    if (status == SOLDER_ERROR_UNSUPPORTED) {
        sld_unsupported_add(&node->tf->unsupported, node->name, "%s: %s", node->op,
                            node->tf->diag->message);
        node->status = status;
    } else if (status == SOLDER_ERROR_MEMORY) {
        node->status = status;
    } else {
        node->status = sld_fail_within(node->tf->diag, status, "%s: node '%s' (%s)",
                                       node->tf->format->name, node->name, node->op);
    }
}

void sld_tf_emit_many(sld_tf_node *node, sld_op op, const void *params, sld_value *const *in,
                      uint32_t in_count, sld_value **out, uint32_t out_count)
{
    for (uint32_t i = 0; i < out_count; i++) {
        out[i] = NULL;
    }
    if (!sld_tf_ok(node)) {
        return;
    }
    sld_graph *graph = node->tf->graph;
    sld_node *made;
    solder_status status =
        sld_graph_add_node(graph, NULL, op, node->name, params, in, in_count, out_count, &made);
    if (status != SOLDER_OK) {
        sld_tf_keep(node, status);
        return;
    }
    const char *source = sld_arena_printf(&graph->arena, "%s '%s'", node->op, node->name);
    if (source == NULL) {
        node->status = sld_fail_memory(node->tf->diag, strlen(node->name));
        return;
    }
    made->source = source;
    for (uint32_t i = 0; i < out_count; i++) {
        out[i] = made->out[i];
    }
    status = sld_graph_fold(graph, &node->tf->arena, node->name, made, out);
    if (status != SOLDER_OK) {
        sld_tf_keep(node, status);
    }
}

sld_value *sld_tf_emit(sld_tf_node *node, sld_op op, const void *params, sld_value *const *in,
                       uint32_t in_count)
{
    sld_value *out;
    sld_tf_emit_many(node, op, params, in, in_count, &out, 1);
    return sld_tf_ok(node) ? out : NULL;
}

sld_value *sld_tf_constant(sld_tf_node *node, solder_dtype dtype, int rank, const int64_t *dims,
                           const void *data)
{
    sld_value *value = NULL;
    if (sld_tf_ok(node)) {
        solder_status status = sld_graph_add_constant(node->tf->graph, node->name, dtype, rank,
                                                      dims, data, true, &value);
        if (status != SOLDER_OK) {
            sld_tf_keep(node, status);
            value = NULL;
        }
    }
    return value;
}

sld_value *sld_tf_vector(sld_tf_node *node, const int64_t *values, size_t count)
{
    return sld_tf_constant(node, SOLDER_I64, 1, &(int64_t){(int64_t)count}, values);
}

sld_value *sld_tf_scalar(sld_tf_node *node, solder_dtype dtype, double value)
{
    uint8_t bytes[8] = {0};
    if (!sld_tf_ok(node)) {
        return NULL;
    }
    sld_store_f64(dtype, bytes, value);
    return sld_tf_constant(node, dtype, 0, NULL, bytes);
}

sld_value *sld_tf_unary(sld_tf_node *node, int kind, sld_value *x)
{
    const sld_unary_params params = {.kind = kind};
    return sld_tf_emit(node, SLD_OP_UNARY, &params, &x, 1);
}

sld_value *sld_tf_binary(sld_tf_node *node, int kind, sld_value *a, sld_value *b)
{
    const sld_elementwise_params params = {.kind = kind};
    return sld_tf_emit(node, SLD_OP_ELEMENTWISE, &params, (sld_value *[]){a, b}, 2);
}

sld_value *sld_tf_select(sld_tf_node *node, sld_value *condition, sld_value *a, sld_value *b)
{
    return sld_tf_emit(node, SLD_OP_SELECT, NULL, (sld_value *[]){condition, a, b}, 3);
}

sld_value *sld_tf_activation(sld_tf_node *node, int kind, float alpha, float beta, sld_value *x)
{
    const sld_activation_params params = {.kind = kind, .alpha = alpha, .beta = beta};
    return sld_tf_emit(node, SLD_OP_ACTIVATION, &params, &x, 1);
}

sld_value *sld_tf_cast(sld_tf_node *node, solder_dtype to, sld_value *x)
{
    if (x != NULL && x->dtype == to) {
        return x;
    }
    const sld_cast_params params = {.to = (int32_t)to, .saturate = 1};
    return sld_tf_emit(node, SLD_OP_CAST, &params, &x, 1);
}

sld_value *sld_tf_transpose(sld_tf_node *node, const int32_t *perm, sld_value *x)
{
    sld_transpose_params params = {{0}};
    for (int i = 0; x != NULL && i < x->shape.rank; i++) {
        params.perm[i] = perm[i];
    }
    return sld_tf_emit(node, SLD_OP_TRANSPOSE, &params, &x, 1);
}

sld_value *sld_tf_reshape(sld_tf_node *node, const int64_t *dims, int rank, sld_value *x)
{
    sld_reshape_params params = {.rank = rank};
    if (rank > SOLDER_MAX_RANK) {
        sld_tf_unsupported(node, "%d dimensions", rank);
        return NULL;
    }
    memcpy(params.dims, dims, (size_t)rank * sizeof dims[0]);
    return sld_tf_emit(node, SLD_OP_RESHAPE, &params, &x, 1);
}

/* The dims of x as i64, of which some are open, with changes: known[i] >= 0, or from x's axis. */
static sld_value *reshape_open(sld_tf_node *node, const int64_t *known, const int *from, int rank,
                               sld_value *x)
{
    sld_value *dims[SOLDER_MAX_RANK];
    for (int i = 0; i < rank; i++) {
        if (known[i] >= 0) {
            dims[i] = sld_tf_vector(node, &known[i], 1);
        } else {
            const sld_shape_params one = {.start = from[i], .end = from[i] + 1};
            dims[i] = sld_tf_emit(node, SLD_OP_SHAPE, &one, &x, 1);
        }
    }
    sld_value *shape = sld_tf_concat(node, dims, (uint32_t)rank, 0);
    const sld_reshape_params params = {.allow_zero = 1};
    return sld_tf_emit(node, SLD_OP_RESHAPE, &params, (sld_value *[]){x, shape}, 2);
}

sld_value *sld_tf_rearrange(sld_tf_node *node, sld_value *x, const int *from, int rank)
{
    int64_t known[SOLDER_MAX_RANK];
    int open = 0;
    bool empty = false;
    if (!sld_tf_ok(node)) {
        return NULL;
    }
    for (int i = 0; i < rank; i++) {
        known[i] = 1;
        if (from[i] >= 0 &&
            !sld_expr_is_const(&node->tf->graph->exprs, x->shape.d[from[i]], &known[i])) {
            known[i] = -1;
            open++;
        }
        empty = empty || known[i] == 0;
    }
    if (open > 1 || (open == 1 && empty)) {
        return reshape_open(node, known, from, rank, x);
    }
    sld_reshape_params params = {.rank = rank, .allow_zero = 1};
    memcpy(params.dims, known, (size_t)rank * sizeof known[0]);
    return sld_tf_emit(node, SLD_OP_RESHAPE, &params, &x, 1);
}

sld_value *sld_tf_unsqueeze(sld_tf_node *node, sld_value *x, int axis, int count)
{
    int from[SOLDER_MAX_RANK];
    if (!sld_tf_ok(node) || count == 0) {
        return x;
    }
    int rank = x->shape.rank + count;
    if (rank > SOLDER_MAX_RANK) {
        sld_tf_unsupported(node, "%d dimensions", rank);
        return NULL;
    }
    for (int i = 0; i < rank; i++) {
        from[i] = i < axis ? i : i < axis + count ? -1 : i - count;
    }
    return sld_tf_rearrange(node, x, from, rank);
}

sld_value *sld_tf_gather(sld_tf_node *node, sld_value *x, sld_value *indices, int axis)
{
    const sld_gather_params params = {.kind = SLD_GATHER_AXIS, .axis = axis};
    return sld_tf_emit(node, SLD_OP_GATHER, &params, (sld_value *[]){x, indices}, 2);
}

sld_value *sld_tf_shape_of(sld_tf_node *node, sld_tf_tensor *t)
{
    if (!sld_tf_ok(node)) {
        return NULL;
    }
    int rank = sld_tf_rank(t);
    const sld_shape_params all = {.start = 0, .end = rank};
    if (t->plain != NULL || t->first == NULL) {
        sld_value *x = sld_tf_plain(node, t);
        return sld_tf_emit(node, SLD_OP_SHAPE, &all, &x, 1);
    }
    int64_t order[SOLDER_MAX_RANK];
    for (int i = 0; i < rank; i++) {
        order[i] = sld_tf_first_axis(i, rank);
    }
    sld_value *dims = sld_tf_emit(node, SLD_OP_SHAPE, &all, &t->first, 1);
    return sld_tf_gather(node, dims, sld_tf_vector(node, order, (size_t)rank), 0);
}

sld_value *sld_tf_slice(sld_tf_node *node, sld_value *x, int axis, int64_t start, int64_t end)
{
    const sld_slice_params params = {
        .count = 1, .axes = {axis}, .start = {start}, .end = {end}, .step = {1}};
    return sld_tf_emit(node, SLD_OP_SLICE, &params, &x, 1);
}

/* More inputs than a step may have are joined in rounds. */
sld_value *sld_tf_concat(sld_tf_node *node, sld_value *const *in, uint32_t count, int axis)
{
    const sld_concat_params params = {.axis = axis};
    sld_value *joined = NULL;
    uint32_t at = 0;
    while (at < count && sld_tf_ok(node)) {
        sld_value *part[SLD_MAX_INPUTS];
        uint32_t n = 0;
        if (joined != NULL) {
            part[n++] = joined;
        }
        while (n < SLD_MAX_INPUTS && at < count) {
            part[n++] = in[at++];
        }
        joined = sld_tf_emit(node, SLD_OP_CONCAT, &params, part, n);
    }
    return joined;
}

sld_value *sld_tf_as_scalar(sld_tf_node *node, sld_value *x)
{
    return x == NULL || x->shape.rank == 0 ? x : sld_tf_reshape(node, (int64_t[1]){0}, 0, x);
}

sld_value *sld_tf_count_along(sld_tf_node *node, sld_value *x, int axis)
{
    const sld_shape_params one = {.start = axis, .end = axis + 1};
    sld_value *extent = sld_tf_as_scalar(node, sld_tf_emit(node, SLD_OP_SHAPE, &one, &x, 1));
    sld_value *in[3] = {sld_tf_scalar(node, SOLDER_I64, 0), extent,
                        sld_tf_scalar(node, SOLDER_I64, 1)};
    return sld_tf_emit(node, SLD_OP_RANGE, NULL, in, 3);
}

sld_value *sld_tf_reduce(sld_tf_node *node, int kind, uint32_t axes, sld_value *x)
{
    const sld_reduce_params params = {.kind = kind, .axes = axes, .scale = 1};
    return sld_tf_emit(node, SLD_OP_REDUCE, &params, &x, 1);
}

/* Where nothing but what is done with them says that two open dims are equal, the result has that
 * of like. */
sld_value *sld_tf_column(sld_tf_node *node, sld_value *x, sld_value *like, int axis, int rank)
{
    if (!sld_tf_ok(node) || x->shape.d[0] == like->shape.d[axis]) {
        return sld_tf_unsqueeze(node, x, 1, rank - 1);
    }
    const sld_shape_params one = {.start = axis, .end = axis + 1};
    const sld_reshape_params params = {.allow_zero = 1};
    const int64_t ones[SOLDER_MAX_RANK] = {1, 1, 1, 1, 1, 1, 1, 1};
    sld_value *dims[2] = {sld_tf_emit(node, SLD_OP_SHAPE, &one, &like, 1),
                          sld_tf_vector(node, ones, (size_t)rank - 1)};
    sld_value *in[2] = {x, sld_tf_concat(node, dims, rank > 1 ? 2 : 1, 0)};
    return sld_tf_emit(node, SLD_OP_RESHAPE, &params, in, 2);
}
