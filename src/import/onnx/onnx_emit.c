/* SPDX-License-Identifier: Apache-2.0 */
/* What conversions build networks with. */
#include "graph/fold.h"
#include "import/onnx/onnx.h"

/* Takes "node 'name' (Operator): " off the message of the network: the importer says it its way. */
static void drop_node_prefix(sld_diag *diag, const char *name)
{
    static const char start[] = "node '";
    size_t length = strlen(name);
    char *text = diag->message;
    if (strncmp(text, start, sizeof start - 1) != 0 ||
        strncmp(text + sizeof start - 1, name, length) != 0) {
        return;
    }
    const char *end = strstr(text + sizeof start - 1 + length, "): ");
    if (end != NULL) {
        memmove(text, end + 3, strlen(end + 3) + 1);
    }
}

void sld_onnx_keep_failure(sld_onnx_node *node, solder_status status)
{
    sld_diag *diag = node->onnx->diag;
    node->status = status;
    node->onnx->misfit = status == SOLDER_ERROR_DATA;
    if (status == SOLDER_OK || status == SOLDER_ERROR_MEMORY) {
        return;
    }
    drop_node_prefix(diag, node->name);
    if (status == SOLDER_ERROR_UNSUPPORTED) {
        sld_unsupported_add(&node->onnx->unsupported, node->name, "%s: %s", node->op,
                            diag->message);
    } else {
        sld_fail_within(diag, status, "onnx: node '%s' (%s)", node->name, node->op);
    }
}

void sld_onnx_emit_many(sld_onnx_node *node, sld_op op, const void *params, sld_value *const *in,
                        uint32_t in_count, sld_value **out, uint32_t out_count)
{
    for (uint32_t i = 0; i < out_count; i++) {
        out[i] = NULL;
    }
    if (node->status != SOLDER_OK) {
        return;
    }
    sld_graph *graph = node->onnx->graph;
    sld_node *made;
    solder_status status =
        sld_graph_add_node(graph, NULL, op, node->name, params, in, in_count, out_count, &made);
    if (status != SOLDER_OK) {
        sld_onnx_keep_failure(node, status);
        return;
    }
    const char *source = sld_arena_printf(&graph->arena, "%s '%s'", node->op, node->name);
    if (source == NULL) {
        node->status = sld_fail_memory(node->onnx->diag, strlen(node->name));
        return;
    }
    made->source = source;
    for (uint32_t i = 0; i < out_count; i++) {
        out[i] = made->out[i];
    }
    status = sld_graph_fold(graph, &node->onnx->arena, node->name, made, out);
    if (status != SOLDER_OK) {
        sld_onnx_keep_failure(node, status);
    }
}

sld_value *sld_onnx_emit(sld_onnx_node *node, sld_op op, const void *params, sld_value *const *in,
                         uint32_t in_count)
{
    sld_value *out;
    sld_onnx_emit_many(node, op, params, in, in_count, &out, 1);
    return out;
}

static sld_value *add_constant(sld_onnx_node *node, solder_dtype dtype, int rank,
                               const int64_t *dims, const void *data, bool copy)
{
    sld_value *value = NULL;
    if (node->status == SOLDER_OK) {
        solder_status status = sld_graph_add_constant(node->onnx->graph, node->name, dtype, rank,
                                                      dims, data, copy, &value);
        if (status != SOLDER_OK) {
            sld_onnx_keep_failure(node, status);
            value = NULL;
        }
    }
    return value;
}

sld_value *sld_onnx_constant(sld_onnx_node *node, solder_dtype dtype, int rank, const int64_t *dims,
                             const void *data)
{
    return add_constant(node, dtype, rank, dims, data, true);
}

sld_value *sld_onnx_vector(sld_onnx_node *node, const int64_t *values, size_t count)
{
    return sld_onnx_constant(node, SOLDER_I64, 1, &(int64_t){(int64_t)count}, values);
}

/* A few hundred bytes of a file must not make gigabytes. */
#define MADE_EACH ((int64_t)128 << 20)
#define MADE_ALL  ((size_t)256 << 20)

void *sld_onnx_made_room(sld_onnx_node *node, solder_dtype dtype, int rank, const int64_t *dims)
{
    sld_onnx *onnx = node->onnx;
    int64_t size = (int64_t)solder_dtype_size(dtype);
    for (int i = 0; i < rank; i++) {
        if (!sld_i64_mul(size, dims[i], &size) || size > MADE_EACH) {
            sld_onnx_unsupported(node, "its constants would take more than %lld bytes",
                                 (long long)MADE_EACH);
            return NULL;
        }
    }
    size_t bytes = (size_t)size;
    if (bytes > MADE_ALL - onnx->made_bytes) {
        sld_onnx_unsupported(node, "with its constants the model makes more than %zu bytes of them",
                             MADE_ALL);
    }
    if (!sld_onnx_ok(node)) {
        return NULL;
    }
    void *room = sld_arena_alloc(&onnx->graph->arena, bytes);
    if (room == NULL) {
        node->status = sld_fail_memory(onnx->diag, bytes);
        return NULL;
    }
    onnx->made_bytes += bytes;
    return room;
}

sld_value *sld_onnx_made(sld_onnx_node *node, solder_dtype dtype, int rank, const int64_t *dims,
                         const void *data)
{
    return add_constant(node, dtype, rank, dims, data, false);
}

sld_value *sld_onnx_scalar(sld_onnx_node *node, solder_dtype dtype, double value)
{
    uint8_t bytes[8] = {0};
    sld_store_f64(dtype, bytes, value);
    return sld_onnx_constant(node, dtype, 0, NULL, bytes);
}

sld_value *sld_onnx_unary(sld_onnx_node *node, sld_unary kind, sld_value *x)
{
    const sld_unary_params params = {.kind = (int32_t)kind};
    return sld_onnx_emit(node, SLD_OP_UNARY, &params, &x, 1);
}

sld_value *sld_onnx_binary(sld_onnx_node *node, sld_binary kind, sld_value *a, sld_value *b)
{
    const sld_elementwise_params params = {.kind = (int32_t)kind};
    return sld_onnx_emit(node, SLD_OP_ELEMENTWISE, &params, (sld_value *[]){a, b}, 2);
}

sld_value *sld_onnx_activation(sld_onnx_node *node, sld_act kind, float alpha, float beta,
                               sld_value *x)
{
    const sld_activation_params params = {.kind = (int32_t)kind, .alpha = alpha, .beta = beta};
    return sld_onnx_emit(node, SLD_OP_ACTIVATION, &params, &x, 1);
}

sld_value *sld_onnx_cast(sld_onnx_node *node, solder_dtype to, sld_value *x)
{
    if (x != NULL && x->dtype == to) {
        return x;
    }
    const sld_cast_params params = {.to = (int32_t)to, .saturate = 1};
    return sld_onnx_emit(node, SLD_OP_CAST, &params, &x, 1);
}

sld_value *sld_onnx_reduce(sld_onnx_node *node, sld_reduce_kind kind, uint32_t axes, bool keep_dims,
                           sld_value *x)
{
    const sld_reduce_params params = {
        .kind = (int32_t)kind, .axes = axes, .keep_dims = keep_dims, .scale = 1};
    return sld_onnx_emit(node, SLD_OP_REDUCE, &params, &x, 1);
}

sld_value *sld_onnx_transpose(sld_onnx_node *node, const int32_t *perm, sld_value *x)
{
    sld_transpose_params params = {{0}};
    for (int i = 0; i < sld_onnx_rank(x); i++) {
        params.perm[i] = perm[i];
    }
    return sld_onnx_emit(node, SLD_OP_TRANSPOSE, &params, &x, 1);
}

sld_value *sld_onnx_shape(sld_onnx_node *node, int start, int end, sld_value *x)
{
    const sld_shape_params params = {.start = start, .end = end};
    return sld_onnx_emit(node, SLD_OP_SHAPE, &params, &x, 1);
}

sld_value *sld_onnx_slice_axis(sld_onnx_node *node, sld_value *x, int axis, int64_t start,
                               int64_t end)
{
    const sld_slice_params params = {
        .count = 1, .axes = {axis}, .start = {start}, .end = {end}, .step = {1}};
    return sld_onnx_emit(node, SLD_OP_SLICE, &params, &x, 1);
}

sld_value *sld_onnx_join(sld_onnx_node *node, int axis, sld_value *const *in, uint32_t count)
{
    const sld_concat_params params = {.axis = axis};
    return sld_onnx_emit(node, SLD_OP_CONCAT, &params, in, count);
}

sld_value *sld_onnx_take(sld_onnx_node *node, sld_value *data, sld_value *indices)
{
    const sld_gather_params params = {.kind = SLD_GATHER_AXIS};
    return sld_onnx_emit(node, SLD_OP_GATHER, &params, (sld_value *[]){data, indices}, 2);
}

sld_value *sld_onnx_select(sld_onnx_node *node, sld_value *condition, sld_value *a, sld_value *b)
{
    return sld_onnx_emit(node, SLD_OP_SELECT, NULL, (sld_value *[]){condition, a, b}, 3);
}

/* ---- reshape ---- */

/* The dimension if it is known now. */
static bool fixed_dim(const sld_onnx_node *node, const sld_value *x, const sld_onnx_dim_rule *rule,
                      int64_t *dim)
{
    int64_t product = rule->factor;
    for (int i = rule->first; i < rule->last; i++) {
        int64_t size;
        if (!sld_onnx_dim(node, x, i, &size) || !sld_i64_mul(product, size, &product)) {
            return false;
        }
    }
    *dim = product / rule->divisor;
    return true;
}

/* The dimension as an i64 [1] tensor computed from x's shape. */
static sld_value *open_dim(sld_onnx_node *node, sld_value *x, const sld_onnx_dim_rule *rule)
{
    sld_value *dim = NULL;
    for (int i = rule->first; i < rule->last; i++) {
        sld_value *part = sld_onnx_shape(node, i, i + 1, x);
        dim = dim == NULL ? part : sld_onnx_binary(node, SLD_BINARY_PROD, dim, part);
    }
    if (rule->factor != 1 || dim == NULL) {
        sld_value *factor = sld_onnx_vector(node, &rule->factor, 1);
        dim = dim == NULL ? factor : sld_onnx_binary(node, SLD_BINARY_PROD, dim, factor);
    }
    if (rule->divisor != 1) {
        dim = sld_onnx_binary(node, SLD_BINARY_DIV, dim, sld_onnx_vector(node, &rule->divisor, 1));
    }
    return dim;
}

sld_value *sld_onnx_reshape(sld_onnx_node *node, sld_value *x, const sld_onnx_dim_rule *rules,
                            int rank)
{
    sld_reshape_params params = {.rank = rank, .allow_zero = 1};
    if (rank > SOLDER_MAX_RANK) {
        sld_onnx_unsupported(node, "%d dimensions", rank);
    }
    if (!sld_onnx_ok(node) || x == NULL) {
        return NULL;
    }
    int open = 0, empty = 0;
    for (int i = 0; i < rank; i++) {
        if (!fixed_dim(node, x, &rules[i], &params.dims[i])) {
            params.dims[i] = -1;
            open++;
        }
        empty += params.dims[i] == 0;
    }
    if (open == 0 || (open == 1 && empty == 0)) {
        return sld_onnx_emit(node, SLD_OP_RESHAPE, &params, &x, 1);
    }
    sld_value *dims[SOLDER_MAX_RANK];
    for (int i = 0; i < rank; i++) {
        dims[i] = open_dim(node, x, &rules[i]);
    }
    sld_value *shape = sld_onnx_emit(node, SLD_OP_CONCAT, NULL, dims, (uint32_t)rank);
    const sld_reshape_params by_input = {.allow_zero = 1};
    return sld_onnx_emit(node, SLD_OP_RESHAPE, &by_input, (sld_value *[]){x, shape}, 2);
}

sld_value *sld_onnx_reshape_like(sld_onnx_node *node, sld_value *x, sld_value *like)
{
    int64_t dims[SOLDER_MAX_RANK];
    if (!sld_onnx_ok(node)) {
        return NULL;
    }
    int rank = sld_onnx_rank(like);
    if (sld_value_static_dims(node->onnx->graph, like, dims)) {
        sld_reshape_params params = {.rank = rank, .allow_zero = 1};
        memcpy(params.dims, dims, (size_t)rank * sizeof dims[0]);
        return sld_onnx_emit(node, SLD_OP_RESHAPE, &params, &x, 1);
    }
    const sld_reshape_params by_input = {.allow_zero = 1};
    sld_value *shape = sld_onnx_shape(node, 0, rank, like);
    return sld_onnx_emit(node, SLD_OP_RESHAPE, &by_input, (sld_value *[]){x, shape}, 2);
}

sld_value *sld_onnx_as_scalar(sld_onnx_node *node, sld_value *x)
{
    return sld_onnx_rank(x) == 0 ? x : sld_onnx_reshape(node, x, NULL, 0);
}

sld_value *sld_onnx_count_along(sld_onnx_node *node, sld_value *x, int axis)
{
    int64_t dim;
    if (!sld_onnx_ok(node)) {
        return NULL;
    }
    sld_value *in[3] = {sld_onnx_scalar(node, SOLDER_I64, 0), NULL,
                        sld_onnx_scalar(node, SOLDER_I64, 1)};
    in[1] = sld_onnx_dim(node, x, axis, &dim)
                ? sld_onnx_constant(node, SOLDER_I64, 0, NULL, &dim)
                : sld_onnx_as_scalar(node, sld_onnx_shape(node, axis, axis + 1, x));
    sld_value *counted = sld_onnx_emit(node, SLD_OP_RANGE, NULL, in, 3);
    sld_onnx_dim_rule rules[SOLDER_MAX_RANK];
    int rank = sld_onnx_rank(x) - axis;
    for (int i = 0; i < rank; i++) {
        rules[i] = i == 0 ? sld_onnx_keep(0) : sld_onnx_fixed(1);
    }
    return sld_onnx_reshape(node, counted, rules, rank);
}
