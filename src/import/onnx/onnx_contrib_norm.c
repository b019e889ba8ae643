/* SPDX-License-Identifier: Apache-2.0 */
/* com.microsoft: normalisations fused with what stands before them. */
#include "import/onnx/onnx_ops.h"

static bool wanted(const sld_onnx_node *node, uint32_t out)
{
    return out < node->out_count && node->wanted[out];
}

static sld_value *plus(sld_onnx_node *node, sld_value *x, sld_value *b)
{
    return b != NULL ? sld_onnx_binary(node, SLD_BINARY_SUM, x, b) : x;
}

/* Layer norm, or root mean square norm, over the last dimension. */
static sld_value *normalize_last(sld_onnx_node *node, bool simplified, sld_value *x,
                                 sld_value *gamma, sld_value *beta)
{
    int rank = sld_onnx_rank(x);
    const sld_normalization_params params = {.axes =
                                                 rank > 0 ? sld_onnx_axes_from(rank - 1, rank) : 0,
                                             .groups = 1,
                                             .normalize_variance = 1,
                                             .subtract_mean = !simplified,
                                             .epsilon = sld_onnx_float(node, "epsilon", 1e-12f)};
    return sld_onnx_emit(node, SLD_OP_NORMALIZATION, &params, (sld_value *[]){x, gamma, beta}, 3);
}

/* Inputs x, skip, gamma, beta (not if simplified), bias; outputs y, two that only training has,
 * and the sum. */
void sld_onnx_skip_norm(sld_onnx_node *node, int simplified)
{
    sld_value *x = sld_onnx_required(node, 0), *skip = sld_onnx_required(node, 1);
    sld_value *gamma = sld_onnx_required(node, 2);
    sld_value *beta = simplified ? NULL : sld_onnx_input(node, 3);
    /* The bias first: a product before it takes both, as its bias and as what it adds. */
    sld_value *sum = plus(node, plus(node, x, sld_onnx_input(node, simplified ? 3 : 4)), skip);
    node->out[0] = normalize_last(node, simplified, sum, gamma, beta);
    if (wanted(node, 3)) {
        node->out[3] = sum;
    }
}

/* How many words of a row the mask [B, S] leaves, as i32 [B]; without a mask 0. */
static sld_value *mask_index(sld_onnx_node *node, sld_value *ids, sld_value *mask)
{
    if (mask == NULL) {
        const sld_fill_params zeros = {.dtype = SOLDER_I32};
        sld_value *batch = sld_onnx_shape(node, 0, 1, ids);
        return sld_onnx_emit(node, SLD_OP_FILL, &zeros, &batch, 1);
    }
    sld_value *hit =
        sld_onnx_binary(node, SLD_BINARY_EQUAL, mask, sld_onnx_scalar(node, mask->dtype, 1));
    return sld_onnx_reduce(node, SLD_REDUCE_SUM, 2, false, sld_onnx_cast(node, SOLDER_I32, hit));
}

void sld_onnx_embed_layer_norm(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *ids = sld_onnx_required(node, 0), *segments = sld_onnx_input(node, 1);
    sld_value *words = sld_onnx_required(node, 2), *places = sld_onnx_required(node, 3);
    sld_value *segment_table = sld_onnx_input(node, 4);
    sld_value *gamma = sld_onnx_required(node, 5), *beta = sld_onnx_required(node, 6);
    sld_value *mask = sld_onnx_input(node, 7), *positions = sld_onnx_input(node, 8);
    (void)sld_onnx_int(node, "mask_index_type", 0);
    if (sld_onnx_ok(node) && sld_onnx_rank(ids) != 2) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "input_ids has rank %d, expected 2",
                      sld_onnx_rank(ids));
    }
    if ((segments == NULL) != (segment_table == NULL)) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "segment_ids and segment_embedding go together");
    }
    if (!sld_onnx_ok(node)) {
        return;
    }
    positions = positions != NULL ? positions : sld_onnx_count_along(node, ids, 1);
    sld_value *sum =
        plus(node, sld_onnx_take(node, words, ids), sld_onnx_take(node, places, positions));
    if (segments != NULL) {
        sum = plus(node, sum, sld_onnx_take(node, segment_table, segments));
    }
    node->out[0] = normalize_last(node, false, sum, gamma, beta);
    if (wanted(node, 1)) {
        node->out[1] = mask_index(node, ids, mask);
    }
    if (wanted(node, 2)) {
        node->out[2] = sum;
    }
}

/* [N, C] or [N, 1, 1, C] (channels last) against [N, C, H, W]; what has x's shape stays. */
static sld_value *skip_of(sld_onnx_node *node, sld_value *skip, bool channels_last)
{
    if (sld_onnx_rank(skip) == 2) {
        return sld_onnx_reshape(node, skip,
                                (sld_onnx_dim_rule[]){sld_onnx_keep(0), sld_onnx_keep(1),
                                                      sld_onnx_fixed(1), sld_onnx_fixed(1)},
                                4);
    }
    return channels_last ? sld_onnx_transpose(node, (int32_t[]){0, 3, 1, 2}, skip) : skip;
}

static sld_value *per_channel(sld_onnx_node *node, sld_value *v)
{
    return sld_onnx_reshape(
        node, v, (sld_onnx_dim_rule[]){sld_onnx_keep(0), sld_onnx_fixed(1), sld_onnx_fixed(1)}, 3);
}

/* Group norm of images, NHWC by default, then maybe SiLU; with skip: of their sum with skip and
 * bias. */
void sld_onnx_contrib_group_norm(sld_onnx_node *node, int with_skip)
{
    sld_value *x = sld_onnx_required(node, 0), *gamma = sld_onnx_required(node, 1);
    sld_value *beta = sld_onnx_required(node, 2);
    bool last = sld_onnx_bool(node, "channels_last", true);
    bool silu = sld_onnx_bool(node, "activation", false);
    const sld_normalization_params params = {.axes = sld_onnx_axes_from(2, 4),
                                             .groups =
                                                 sld_onnx_int_in(node, "groups", 0, 1, INT32_MAX),
                                             .channel_affine = 1,
                                             .normalize_variance = 1,
                                             .subtract_mean = 1,
                                             .epsilon = sld_onnx_float(node, "epsilon", 1e-5f)};
    if (sld_onnx_ok(node) && sld_onnx_rank(x) != 4) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "the input has rank %d, expected 4",
                      sld_onnx_rank(x));
    }
    if (!sld_onnx_ok(node)) {
        return;
    }
    static const int32_t to_last[] = {0, 2, 3, 1};
    x = last ? sld_onnx_transpose(node, (int32_t[]){0, 3, 1, 2}, x) : x;
    if (with_skip) {
        sld_value *skip = sld_onnx_required(node, 3), *bias = sld_onnx_input(node, 4);
        x = plus(node, x, skip_of(node, skip, last));
        x = plus(node, x, bias != NULL ? per_channel(node, bias) : NULL);
    }
    gamma = sld_onnx_cast(node, x != NULL ? x->dtype : SOLDER_F32, gamma);
    beta = sld_onnx_cast(node, x != NULL ? x->dtype : SOLDER_F32, beta);
    sld_value *y =
        sld_onnx_emit(node, SLD_OP_NORMALIZATION, &params, (sld_value *[]){x, gamma, beta}, 3);
    y = silu ? sld_onnx_activation(node, SLD_ACT_SWISH, 1, 0, y) : y;
    node->out[0] = last ? sld_onnx_transpose(node, to_last, y) : y;
    if (with_skip && wanted(node, 1)) {
        node->out[1] = last ? sld_onnx_transpose(node, to_last, x) : x;
    }
}
