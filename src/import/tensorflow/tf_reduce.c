/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions, ArgMax, TopK and cumulative operators. */
#include "import/tensorflow/tf_ops.h"

/* Reduced axes as a mask over the TensorFlow axes. */
static uint32_t read_axes(sld_tf_node *node, int rank)
{
    int64_t axes[SOLDER_MAX_RANK];
    size_t count = sld_tf_constant_ints(node, 1, "axes", axes, SOLDER_MAX_RANK);
    uint32_t mask = 0;
    for (size_t i = 0; i < count && sld_tf_ok(node); i++) {
        mask |= (uint32_t)1 << sld_tf_axis(node, axes[i], rank);
    }
    return mask;
}

static uint32_t first_mask(uint32_t mask, int rank)
{
    uint32_t moved = 0;
    for (int i = 0; i < rank; i++) {
        if (mask >> i & 1) {
            moved |= (uint32_t)1 << sld_tf_first_axis(i, rank);
        }
    }
    return moved;
}

void sld_tf_reductions(sld_tf_node *node, int kind)
{
    sld_tf_tensor *t = sld_tf_in(node, 0);
    int rank = sld_tf_rank(t);
    uint32_t mask = read_axes(node, rank);
    bool keep = sld_tf_bool(node, "keep_dims", false);
    sld_reduce_params params = {.kind = kind, .axes = mask, .keep_dims = keep, .scale = 1};
    if (!sld_tf_ok(node)) {
        return;
    }
    if (mask == 0) {
        node->out[0] = node->in[0];
        return;
    }
    /* Without channels, or without all of the space, what is left stands in one order only. */
    uint32_t space = rank >= 3 ? ((uint32_t)1 << (rank - 1)) - 2 : 0;
    bool ordered = keep || (mask >> (rank - 1) & 1) != 0 || (mask & space) == space;
    bool first = t->first != NULL && ordered;
    sld_value *x = first ? sld_tf_first(node, t) : sld_tf_plain(node, t);
    params.axes = first ? first_mask(mask, rank) : mask;
    sld_tf_set_form(node, 0, sld_tf_emit(node, SLD_OP_REDUCE, &params, &x, 1), first && keep);
}

void sld_tf_argmax(sld_tf_node *node, int minimum)
{
    sld_tf_tensor *t = sld_tf_in(node, 0);
    int rank = sld_tf_rank(t);
    int64_t given = node->in_count > 1 ? sld_tf_constant_int(node, 1, "dimension") : 0;
    solder_dtype to = sld_tf_type(node, "output_type", SOLDER_I64);
    if (!sld_tf_ok(node)) {
        return;
    }
    sld_argmax_params params = {.axis = sld_tf_axis(node, given, rank), .minimum = minimum};
    bool first = t->first != NULL && params.axis == rank - 1;
    sld_value *x = first ? sld_tf_first(node, t) : sld_tf_plain(node, t);
    params.axis = first ? 1 : params.axis;
    sld_value *y = sld_tf_emit(node, SLD_OP_ARGMAX, &params, &x, 1);
    sld_tf_set(node, 0, sld_tf_cast(node, to, y));
}

void sld_tf_topk(sld_tf_node *node, int told)
{
    (void)told;
    sld_value *in[2] = {sld_tf_input(node, 0), NULL}, *out[2];
    sld_topk_params params = {.largest = 1, .sorted = sld_tf_bool(node, "sorted", true)};
    if (node->in_count > 1) {
        sld_value *k = sld_tf_input(node, 1);
        if (sld_tf_ok(node) && !sld_tf_known_at(node, k, 0, &params.k)) {
            in[1] = sld_tf_cast(node, SOLDER_I64, k);
        }
    } else {
        params.k = sld_tf_int(node, "k", 1);
    }
    if (!sld_tf_ok(node)) {
        return;
    }
    params.axis = in[0]->shape.rank - 1;
    solder_dtype to = sld_tf_type(node, "index_type", SOLDER_I32);
    sld_tf_emit_many(node, SLD_OP_TOPK, &params, in, in[1] != NULL ? 2 : 1, out, 2);
    sld_tf_set(node, 0, out[0]);
    sld_tf_set(node, 1, sld_tf_cast(node, to, out[1]));
}

void sld_tf_cumulative(sld_tf_node *node, int product)
{
    sld_tf_tensor *t = sld_tf_in(node, 0);
    int rank = sld_tf_rank(t);
    int axis = sld_tf_axis(node, sld_tf_constant_int(node, 1, "axis"), rank);
    bool first = t->first != NULL;
    sld_value *x = first ? sld_tf_first(node, t) : sld_tf_plain(node, t);
    const sld_cumulative_params params = {.axis = first ? sld_tf_first_axis(axis, rank) : axis,
                                          .product = product,
                                          .exclusive = sld_tf_bool(node, "exclusive", false),
                                          .reverse = sld_tf_bool(node, "reverse", false)};
    sld_tf_set_form(node, 0, sld_tf_emit(node, SLD_OP_CUMULATIVE, &params, &x, 1), first);
}

/* sum(x^2) / 2 */
void sld_tf_l2_loss(sld_tf_node *node, int told)
{
    (void)told;
    sld_value *x = sld_tf_input(node, 0);
    if (!sld_tf_ok(node)) {
        return;
    }
    const sld_reduce_params params = {
        .kind = SLD_REDUCE_SUM_SQUARE, .axes = ((uint32_t)1 << x->shape.rank) - 1, .scale = 0.5f};
    sld_tf_set(node, 0, sld_tf_emit(node, SLD_OP_REDUCE, &params, &x, 1));
}

/* Is the score of a row's target among its k largest, and is every score of the row finite? */
void sld_tf_in_top_k(sld_tf_node *node, int k_last)
{
    sld_value *x = sld_tf_input(node, 0);
    sld_value *target = sld_tf_cast(node, SOLDER_I64, sld_tf_input(node, 1)), *k;
    if (k_last) {
        k = sld_tf_cast(node, SOLDER_I64, sld_tf_as_scalar(node, sld_tf_input(node, 2)));
    } else {
        k = sld_tf_scalar(node, SOLDER_I64, (double)sld_tf_int(node, "k", 1));
    }
    if (sld_tf_ok(node) && (x->shape.rank != 2 || target->shape.rank != 1)) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "the inputs have rank %d and %d", x->shape.rank,
                    target->shape.rank);
    }
    const sld_shape_params width = {.start = 1, .end = 2};
    const sld_gather_params nd = {.kind = SLD_GATHER_ND};
    sld_value *zero = sld_tf_scalar(node, SOLDER_I64, 0);
    sld_value *classes = sld_tf_emit(node, SLD_OP_SHAPE, &width, &x, 1);
    sld_value *safe = sld_tf_binary(node, SLD_BINARY_MAX, target, zero);
    sld_value *last =
        sld_tf_binary(node, SLD_BINARY_SUB, classes, sld_tf_scalar(node, SOLDER_I64, 1));
    safe = sld_tf_binary(node, SLD_BINARY_MIN, safe, last);
    sld_value *in = sld_tf_binary(node, SLD_BINARY_EQUAL, safe, target);
    sld_value *at[2] = {sld_tf_unsqueeze(node, sld_tf_count_along(node, x, 0), 1, 1),
                        sld_tf_unsqueeze(node, safe, 1, 1)};
    sld_value *pair[2] = {x, sld_tf_concat(node, at, 2, 1)};
    sld_value *score = sld_tf_unsqueeze(node, sld_tf_emit(node, SLD_OP_GATHER, &nd, pair, 2), 1, 1);
    sld_value *above = sld_tf_binary(node, SLD_BINARY_GREATER, x, score);
    above = sld_tf_reduce(node, SLD_REDUCE_SUM, 2, sld_tf_cast(node, SOLDER_I64, above));
    sld_value *nothing = sld_tf_binary(node, SLD_BINARY_SUB, x, x); /* NaN where not finite */
    sld_value *finite = sld_tf_binary(node, SLD_BINARY_EQUAL, nothing, nothing);
    finite = sld_tf_reduce(node, SLD_REDUCE_AND, 2, finite);
    in = sld_tf_binary(node, SLD_BINARY_AND, in, sld_tf_binary(node, SLD_BINARY_LESS, above, k));
    sld_tf_set(node, 0, sld_tf_binary(node, SLD_BINARY_AND, in, finite));
}
