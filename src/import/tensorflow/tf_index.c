/* SPDX-License-Identifier: Apache-2.0 */
/* Elements named by indices: finding, reading and writing them; counting by value. */
#include "import/tensorflow/tf_ops.h"

void sld_tf_where(sld_tf_node *node, int told)
{
    (void)told;
    sld_value *x = sld_tf_input(node, 0);
    sld_tf_set(node, 0, sld_tf_emit(node, SLD_OP_NONZERO, NULL, &x, 1));
}

static sld_value *scatter(sld_tf_node *node, int reduction, sld_value *data, sld_value *indices,
                          sld_value *updates)
{
    const sld_scatter_params params = {.kind = SLD_SCATTER_ND, .reduction = reduction};
    sld_value *in[3] = {data, sld_tf_cast(node, SOLDER_I64, indices), updates};
    (void)sld_tf_attribute(node, "bad_indices_policy", SLD_TF_STRING);
    return sld_tf_emit(node, SLD_OP_SCATTER, &params, in, 3);
}

/* Updates of one element add up, on zeros. */
void sld_tf_scatter_nd(sld_tf_node *node, int told)
{
    (void)told;
    sld_value *indices = sld_tf_input(node, 0), *updates = sld_tf_input(node, 1);
    sld_value *shape = sld_tf_cast(node, SOLDER_I64, sld_tf_input(node, 2));
    if (!sld_tf_ok(node)) {
        return;
    }
    bool is_bool = updates->dtype == SOLDER_BOOL;
    const sld_fill_params zeros = {.dtype = (int32_t)updates->dtype};
    sld_value *data = sld_tf_emit(node, SLD_OP_FILL, &zeros, &shape, 1);
    sld_tf_set(node, 0,
               scatter(node, is_bool ? SLD_SCATTER_SET : SLD_SCATTER_ADD, data, indices, updates));
}

/* told is an sld_scatter_reduction. */
void sld_tf_tensor_scatter(sld_tf_node *node, int reduction)
{
    sld_value *data = sld_tf_input(node, 0), *indices = sld_tf_input(node, 1);
    sld_value *updates = sld_tf_input(node, 2);
    sld_tf_set(node, 0, scatter(node, reduction, data, indices, updates));
}

/* ---- gathers that share leading axes ---- */

/* data [B.., n, ..], indices [B.., I..] -> [B.., I.., ..] */
static sld_value *gather_batches(sld_tf_node *node, sld_value *data, sld_value *indices,
                                 int batches)
{
    const sld_gather_params params = {.kind = SLD_GATHER_ND, .batch_dims = batches};
    if (!sld_tf_ok(node)) {
        return NULL;
    }
    sld_value *tuples = sld_tf_unsqueeze(node, indices, indices->shape.rank, 1);
    return sld_tf_emit(node, SLD_OP_GATHER, &params, (sld_value *[]){data, tuples}, 2);
}

/* x with axis `from` moved to `to`. */
static sld_value *move_axis(sld_tf_node *node, sld_value *x, int from, int to)
{
    int32_t perm[SOLDER_MAX_RANK];
    if (!sld_tf_ok(node) || from == to) {
        return x;
    }
    for (int i = 0, other = 0; i < x->shape.rank; i++) {
        other += other == from;
        perm[i] = i == to ? from : other++;
    }
    return sld_tf_transpose(node, perm, x);
}

void sld_tf_gathers(sld_tf_node *node, int told)
{
    (void)told;
    sld_value *x = sld_tf_input(node, 0), *indices = sld_tf_input(node, 1);
    int64_t given = node->in_count > 2 ? sld_tf_constant_int(node, 2, "axis") : 0;
    int64_t batches = sld_tf_int(node, "batch_dims", 0);
    if (!sld_tf_ok(node)) {
        return;
    }
    int axis = sld_tf_axis(node, given, x->shape.rank);
    batches += batches < 0 ? indices->shape.rank : 0;
    if (batches < 0 || batches > indices->shape.rank || batches > axis) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "batch_dims is %lld, axis %d", (long long)batches,
                    axis);
        return;
    }
    int b = (int)batches;
    if (b == 0) {
        sld_tf_set(node, 0, sld_tf_gather(node, x, indices, axis));
        return;
    }
    sld_value *y = gather_batches(node, move_axis(node, x, axis, b), indices, b);
    for (int i = b; i < indices->shape.rank; i++) { /* behind the axes it was taken from before */
        y = move_axis(node, y, b, indices->shape.rank - 1 + axis - b);
    }
    sld_tf_set(node, 0, y);
}

/* ---- reversed ---- */

/* Step t of a sequence comes from length - 1 - t, beyond its length from t. */
void sld_tf_reverse_sequence(sld_tf_node *node, int told)
{
    (void)told;
    sld_value *x = sld_tf_input(node, 0);
    sld_value *lengths = sld_tf_cast(node, SOLDER_I64, sld_tf_input(node, 1));
    int64_t sequence = sld_tf_int(node, "seq_dim", 0), batch = sld_tf_int(node, "batch_dim", 0);
    if (!sld_tf_ok(node)) {
        return;
    }
    int seq = sld_tf_axis(node, sequence, x->shape.rank);
    int bat = sld_tf_axis(node, batch, x->shape.rank);
    if (sld_tf_ok(node) && seq == bat) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "seq_dim and batch_dim are both %d", seq);
    }
    int moved = seq < bat ? seq + 1 : seq; /* where seq is once bat has gone to the front */
    x = move_axis(node, move_axis(node, x, bat, 0), moved, 1);
    sld_value *step = sld_tf_unsqueeze(node, sld_tf_count_along(node, x, 1), 0, 1);
    lengths = sld_tf_unsqueeze(node, lengths, 1, 1);
    sld_value *back = sld_tf_binary(node, SLD_BINARY_SUB, lengths, step);
    back = sld_tf_binary(node, SLD_BINARY_SUB, back, sld_tf_scalar(node, SOLDER_I64, 1));
    sld_value *inside = sld_tf_binary(node, SLD_BINARY_LESS, step, lengths);
    sld_value *y = gather_batches(node, x, sld_tf_select(node, inside, back, step), 1);
    sld_tf_set(node, 0, move_axis(node, move_axis(node, y, 1, moved), 0, bat));
}

void sld_tf_roll(sld_tf_node *node, int told)
{
    (void)told;
    sld_value *x = sld_tf_input(node, 0);
    int64_t shifts[SOLDER_MAX_RANK], axes[SOLDER_MAX_RANK], dim;
    size_t count = sld_tf_constant_ints(node, 1, "shift", shifts, SOLDER_MAX_RANK);
    size_t axis_count = sld_tf_constant_ints(node, 2, "axis", axes, SOLDER_MAX_RANK);
    if (sld_tf_ok(node) && count != axis_count) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "%zu shifts for %zu axes", count, axis_count);
    }
    for (size_t i = 0; i < count && sld_tf_ok(node); i++) {
        int axis = sld_tf_axis(node, axes[i], x->shape.rank);
        if (!sld_expr_is_const(&node->tf->graph->exprs, x->shape.d[axis], &dim)) {
            sld_tf_unsupported(node, "an open dimension");
            return;
        }
        int64_t shift = dim > 0 ? ((shifts[i] % dim) + dim) % dim : 0;
        if (shift != 0) {
            sld_value *parts[2] = {sld_tf_slice(node, x, axis, dim - shift, dim),
                                   sld_tf_slice(node, x, axis, 0, dim - shift)};
            x = sld_tf_concat(node, parts, 2, axis);
        }
    }
    sld_tf_set(node, 0, x);
}

/* ---- counting by value ---- */

#define MAX_BOUNDARIES 1024

/* How many boundaries are not above the element. */
void sld_tf_bucketize(sld_tf_node *node, int told)
{
    (void)told;
    float boundaries[MAX_BOUNDARIES];
    sld_value *x = sld_tf_input(node, 0);
    size_t count = sld_tf_floats(node, "boundaries", boundaries, MAX_BOUNDARIES);
    if (!sld_tf_ok(node)) {
        return;
    }
    solder_dtype dtype = x->dtype == SOLDER_F64 ? SOLDER_F64 : SOLDER_F32;
    sld_value *limits =
        sld_tf_constant(node, SOLDER_F32, 1, &(int64_t){(int64_t)count}, boundaries);
    int rank = x->shape.rank;
    x = sld_tf_unsqueeze(node, sld_tf_cast(node, dtype, x), rank, 1);
    sld_value *above =
        sld_tf_binary(node, SLD_BINARY_GREATER_EQUAL, x, sld_tf_cast(node, dtype, limits));
    above = sld_tf_cast(node, SOLDER_I32, above);
    sld_tf_set(node, 0, sld_tf_reduce(node, SLD_REDUCE_SUM, (uint32_t)1 << rank, above));
}

/* Every element adds its weight to the bin of its value; values beyond go to one more, cut off. */
static sld_value *count_bins(sld_tf_node *node, sld_value *x, int64_t size, sld_value *weights,
                             bool binary)
{
    if (!sld_tf_ok(node)) {
        return NULL;
    }
    int axis = x->shape.rank - 1;
    int64_t bins = size + 1, weight_count = 0;
    sld_value *last = sld_tf_scalar(node, SOLDER_I64, (double)size);
    sld_value *low = sld_tf_scalar(node, SOLDER_I64, 0);
    x = sld_tf_cast(node, SOLDER_I64, x);
    x = sld_tf_select(node, sld_tf_binary(node, SLD_BINARY_LESS, x, low), last,
                      sld_tf_binary(node, SLD_BINARY_MIN, x, last));
    const sld_shape_params outer = {.start = 0, .end = axis}, all = {.start = 0, .end = axis + 1};
    sld_value *dims = sld_tf_vector(node, &bins, 1);
    if (axis > 0) {
        sld_value *lead = sld_tf_emit(node, SLD_OP_SHAPE, &outer, &x, 1);
        dims = sld_tf_concat(node, (sld_value *[]){lead, dims}, 2, 0);
    }
    const sld_fill_params zeros = {.dtype = (int32_t)weights->dtype};
    const sld_fill_params ones = {.dtype = (int32_t)weights->dtype, .value = 1, .integer = 1};
    sld_value *data = sld_tf_emit(node, SLD_OP_FILL, &zeros, &dims, 1);
    bool weighted =
        !sld_expr_is_const(&node->tf->graph->exprs, weights->shape.d[0], &weight_count) ||
        weight_count != 0;
    if (!weighted || binary) {
        sld_value *shape = sld_tf_emit(node, SLD_OP_SHAPE, &all, &x, 1);
        weights = sld_tf_emit(node, SLD_OP_FILL, &ones, &shape, 1);
    }
    const sld_scatter_params params = {.kind = SLD_SCATTER_ELEMENTS,
                                       .axis = axis,
                                       .reduction = binary ? SLD_SCATTER_SET : SLD_SCATTER_ADD};
    x = sld_tf_emit(node, SLD_OP_SCATTER, &params, (sld_value *[]){data, x, weights}, 3);
    return sld_tf_slice(node, x, axis, 0, size);
}

/* Minimum and Maximum in one another, at most. */
#define LIMITS_MAX 8

/* What Minimum(5, Maximum(5, x)) is, whatever x: the numbers value may be, as far as limits say. */
static void find_limits(sld_tf_node *node, const sld_value *value, int64_t *low, int64_t *high,
                        int depth)
{
    int64_t number;
    *low = INT64_MIN;
    *high = INT64_MAX;
    if (sld_tf_known_at(node, value, 0, &number)) {
        *low = *high = number;
        return;
    }
    const sld_node *n = value->producer;
    if (n == NULL || n->op != SLD_OP_ELEMENTWISE || depth == LIMITS_MAX) {
        return;
    }
    int32_t kind = ((const sld_elementwise_params *)n->params)->kind;
    int64_t a[2], b[2];
    if (kind == SLD_BINARY_MIN || kind == SLD_BINARY_MAX) {
        find_limits(node, n->in[0].value, &a[0], &a[1], depth + 1);
        find_limits(node, n->in[1].value, &b[0], &b[1], depth + 1);
        bool min = kind == SLD_BINARY_MIN;
        *low = (a[0] < b[0]) == min ? a[0] : b[0];
        *high = (a[1] < b[1]) == min ? a[1] : b[1];
    }
}

static int64_t read_size(sld_tf_node *node)
{
    const sld_value *value = sld_tf_input(node, 1);
    int64_t low, high;
    if (!sld_tf_ok(node)) {
        return 0;
    }
    find_limits(node, value, &low, &high, 0);
    return low == high ? low : sld_tf_constant_int(node, 1, "size");
}

/* The first of the two forms takes any rank and counts all together. */
void sld_tf_bincount(sld_tf_node *node, int dense)
{
    sld_value *x = sld_tf_input(node, 0), *weights = sld_tf_input(node, 2);
    int64_t size = read_size(node);
    bool binary = dense && sld_tf_bool(node, "binary_output", false);
    if (!sld_tf_ok(node)) {
        return;
    }
    if (size < 0 || size > INT32_MAX || weights->shape.rank < 1) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "size is %lld, the weights have rank %d",
                    (long long)size, weights->shape.rank);
        return;
    }
    if (!dense || x->shape.rank == 0) {
        x = sld_tf_reshape(node, (int64_t[]){-1}, 1, x);
        weights = sld_tf_reshape(node, (int64_t[]){-1}, 1, weights);
    }
    sld_tf_set(node, 0, count_bins(node, x, size, weights, binary));
}

void sld_tf_invert_permutation(sld_tf_node *node, int told)
{
    (void)told;
    sld_value *x = sld_tf_input(node, 0);
    if (!sld_tf_ok(node)) {
        return;
    }
    sld_value *order = sld_tf_cast(node, x->dtype, sld_tf_count_along(node, x, 0));
    sld_tf_set(node, 0, scatter(node, SLD_SCATTER_SET, x, sld_tf_unsqueeze(node, x, 1, 1), order));
}
