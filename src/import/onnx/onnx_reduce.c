/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions, ArgMax and TopK. */
#include "import/onnx/onnx_ops.h"

/* Axes became an input in operator set 13 for ReduceSum, in 18 for the others. */
void sld_onnx_reductions(sld_onnx_node *node, int kind)
{
    sld_value *x = sld_onnx_required(node, 0);
    bool as_input = node->version >= (kind == SLD_REDUCE_SUM ? 13 : 18);
    const int64_t *axes;
    size_t count;
    bool given = sld_onnx_axes(node, as_input, 1, &axes, &count);
    bool nothing = as_input && sld_onnx_bool(node, "noop_with_empty_axes", false);
    bool keep = sld_onnx_bool(node, "keepdims", true);
    int rank = sld_onnx_rank(x);
    uint32_t mask = 0;
    if (given && count != 0) {
        for (size_t i = 0; i < count && sld_onnx_ok(node); i++) {
            mask |= (uint32_t)1 << sld_onnx_axis(node, axes[i], rank);
        }
    } else if (!nothing) {
        mask = ((uint32_t)1 << rank) - 1;
    }
    node->out[0] = sld_onnx_reduce(node, (sld_reduce_kind)kind, mask, keep, x);
}

void sld_onnx_argmax(sld_onnx_node *node, int minimum)
{
    sld_value *x = sld_onnx_required(node, 0);
    int64_t axis = sld_onnx_int(node, "axis", 0);
    sld_argmax_params params = {.minimum = minimum,
                                .keep_dims = sld_onnx_bool(node, "keepdims", true)};
    if (node->version >= 12) {
        params.last = sld_onnx_bool(node, "select_last_index", false);
    }
    if (sld_onnx_ok(node)) {
        params.axis = sld_onnx_axis(node, axis, sld_onnx_rank(x));
    }
    node->out[0] = sld_onnx_emit(node, SLD_OP_ARGMAX, &params, &x, 1);
}

void sld_onnx_topk(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *in[2] = {sld_onnx_required(node, 0), NULL};
    sld_topk_params params = {.largest = 1, .sorted = 1};
    int64_t axis = sld_onnx_int(node, "axis", -1);
    if (node->version < 10) {
        params.k = sld_onnx_int_in(node, "k", 0, 1, INT32_MAX);
    } else {
        const int64_t *k;
        size_t count;
        in[1] = sld_onnx_required(node, 1);
        if (sld_onnx_known_ints(node, in[1], &k, &count) && count == 1) {
            params.k = k[0];
            in[1] = NULL;
        }
    }
    if (node->version >= 11) {
        params.largest = sld_onnx_bool(node, "largest", true);
        params.sorted = sld_onnx_bool(node, "sorted", true);
    }
    if (sld_onnx_ok(node)) {
        params.axis = sld_onnx_axis(node, axis, sld_onnx_rank(in[0]));
    }
    sld_value *out[2];
    sld_onnx_emit_many(node, SLD_OP_TOPK, &params, in, 2, out, 2);
    for (uint32_t i = 0; i < node->out_count && i < 2; i++) {
        node->out[i] = out[i];
    }
}

void sld_onnx_cumulative(sld_onnx_node *node, int product)
{
    sld_value *x = sld_onnx_required(node, 0);
    const int64_t *axes;
    size_t count;
    if (!sld_onnx_axes(node, true, 1, &axes, &count)) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "the axis is missing");
    }
    if (sld_onnx_ok(node) && count != 1) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "%zu axes", count);
    }
    sld_cumulative_params params = {.product = product,
                                    .exclusive = sld_onnx_bool(node, "exclusive", false),
                                    .reverse = sld_onnx_bool(node, "reverse", false)};
    if (sld_onnx_ok(node)) {
        params.axis = sld_onnx_axis(node, axes[0], sld_onnx_rank(x));
    }
    node->out[0] = sld_onnx_emit(node, SLD_OP_CUMULATIVE, &params, &x, 1);
}
