/* SPDX-License-Identifier: Apache-2.0 */
/* com.microsoft: Attention, MultiHeadAttention, GroupQueryAttention. */
#include <math.h>

#include "import/onnx/onnx_attention.h"
#include "import/onnx/onnx_ops.h"

static bool wanted(const sld_onnx_node *node, uint32_t out)
{
    return out < node->out_count && node->wanted[out];
}

static float scale_of(sld_onnx_node *node, const sld_value *q)
{
    int64_t size = 1;
    float given = sld_onnx_float(node, "scale", 0);
    if (given != 0 || !sld_onnx_ok(node)) {
        return given;
    }
    if (!sld_onnx_dim(node, q, 3, &size) || size == 0) {
        sld_onnx_unsupported(node, "heads of an open size");
        return 1;
    }
    return (float)(1 / sqrt((double)size));
}

/* ---- masks ---- */

static sld_value *as_rows(sld_onnx_node *node, sld_value *x, int64_t first, int64_t last)
{
    x = first != 0 || last != 0 ? sld_onnx_slice_axis(node, x, 0, first, last) : x;
    return sld_onnx_reshape(node, sld_onnx_cast(node, SOLDER_I64, x),
                            (sld_onnx_dim_rule[]){sld_onnx_keep(0), sld_onnx_fixed(1),
                                                  sld_onnx_fixed(1), sld_onnx_fixed(1)},
                            4);
}

/* Lengths [B], or ends and then starts [2 B]: whether a column lies within, [B, 1, 1, T]. */
static sld_value *within_lengths(sld_onnx_node *node, const sld_onnx_attention *a, sld_value *mask)
{
    int64_t batch = 0, count = 0;
    bool known = sld_onnx_dim(node, a->q, 0, &batch) && sld_onnx_dim(node, mask, 0, &count);
    bool both = known && batch > 0 && count == 2 * batch;
    if (known && count != batch && !both) {
        sld_onnx_unsupported(node, "a mask of %lld values for a batch of %lld", (long long)count,
                             (long long)batch);
    }
    sld_value *column = sld_onnx_column_places(node, a->k);
    sld_value *end = both ? as_rows(node, mask, 0, batch) : as_rows(node, mask, 0, 0);
    sld_value *inside = sld_onnx_binary(node, SLD_BINARY_LESS, column, end);
    if (both) {
        sld_value *start = as_rows(node, mask, batch, 2 * batch);
        inside = sld_onnx_binary(node, SLD_BINARY_AND, inside,
                                 sld_onnx_binary(node, SLD_BINARY_GREATER_EQUAL, column, start));
    }
    return inside;
}

/* [B, T] or [B, S, T], not 0 where allowed, against the scores. */
static sld_value *raw_mask(sld_onnx_node *node, sld_value *mask)
{
    const sld_onnx_dim_rule row[] = {sld_onnx_keep(0), sld_onnx_fixed(1), sld_onnx_fixed(1),
                                     sld_onnx_keep(1)};
    const sld_onnx_dim_rule square[] = {sld_onnx_keep(0), sld_onnx_fixed(1), sld_onnx_keep(1),
                                        sld_onnx_keep(2)};
    int rank = sld_onnx_rank(mask);
    mask = sld_onnx_reshape(node, mask, rank == 2 ? row : square, 4);
    if (mask == NULL || mask->dtype == SOLDER_BOOL) {
        return mask;
    }
    return sld_onnx_binary(node, SLD_BINARY_GREATER, mask, sld_onnx_scalar(node, mask->dtype, 0));
}

/* The mask adds mask_filter_value to what it hides; what comes later is hidden altogether. */
static void read_bias(sld_onnx_node *node, sld_onnx_attention *a, uint32_t mask_input,
                      uint32_t bias_input)
{
    sld_value *mask = sld_onnx_input(node, mask_input);
    a->bias = sld_onnx_input(node, bias_input);
    double hidden = (double)sld_onnx_float(node, "mask_filter_value", -10000.0f);
    bool causal = sld_onnx_bool(node, "unidirectional", false);
    if (!sld_onnx_ok(node)) {
        return;
    }
    solder_dtype dtype = a->q->dtype;
    if (mask != NULL && sld_onnx_rank(mask) > 3) {
        sld_onnx_unsupported(node, "a mask of rank %d", sld_onnx_rank(mask));
    }
    if (mask != NULL && sld_onnx_ok(node)) {
        sld_value *allowed =
            sld_onnx_rank(mask) == 1 ? within_lengths(node, a, mask) : raw_mask(node, mask);
        a->bias = sld_onnx_plus(node, a->bias, sld_onnx_mask_bias(node, dtype, allowed, hidden));
    }
    if (causal) {
        sld_value *offset = sld_onnx_binary(node, SLD_BINARY_SUB, sld_onnx_shape(node, 2, 3, a->k),
                                            sld_onnx_shape(node, 2, 3, a->q));
        sld_value *allowed =
            sld_onnx_within(node, sld_onnx_distance(node, a->q, a->k, offset), INT64_MIN, 0);
        a->bias = sld_onnx_plus(node, a->bias,
                                sld_onnx_mask_bias(node, dtype, allowed, (double)-INFINITY));
    }
}

/* ---- Attention ---- */

/* Sizes of q, k and v in the merged weight. */
static void projection_sizes(sld_onnx_node *node, const sld_value *weight, int64_t sizes[3])
{
    size_t count;
    int64_t all = 0;
    const int64_t *given = sld_onnx_ints(node, "qkv_hidden_sizes", &count);
    if (!sld_onnx_ok(node)) {
        return;
    }
    if (sld_onnx_rank(weight) != 2 || !sld_onnx_dim(node, weight, 1, &all)) {
        sld_onnx_unsupported(node, "weights of rank %d or an open size", sld_onnx_rank(weight));
        return;
    }
    for (int i = 0; i < 3; i++) {
        sizes[i] = count == 3 ? given[i] : all / 3;
    }
    bool positive = sizes[0] > 0 && sizes[1] == sizes[0] && sizes[2] > 0;
    if ((count != 0 && count != 3) || !positive || sizes[0] > all || sizes[2] > all ||
        2 * sizes[0] + sizes[2] != all) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA,
                      "the %lld columns of the weights are not those of "
                      "q, k and v",
                      (long long)all);
    }
}

/* One of q, k and v: a product with its columns of the weights, cut into heads. */
static sld_value *project(sld_onnx_node *node, sld_value *x, sld_value *weight, sld_value *bias,
                          int64_t first, int64_t size, int64_t heads)
{
    sld_value *part = sld_onnx_slice_axis(node, weight, 1, first, first + size);
    sld_value *in[3] = {x, part, NULL};
    if (bias != NULL) {
        in[2] = sld_onnx_slice_axis(node, bias, 0, first, first + size);
    }
    const sld_matmul_params params = {.alpha = 1, .beta = 1};
    sld_value *y = sld_onnx_emit(node, SLD_OP_MATMUL, &params, in, 3);
    return sld_onnx_split_heads(node, y, heads);
}

/* Element i of past [2, B, H, P, D]. */
static sld_value *past_part(sld_onnx_node *node, sld_value *past, int64_t i)
{
    if (past == NULL) {
        return NULL;
    }
    sld_value *index = sld_onnx_constant(node, SOLDER_I64, 0, NULL, &i);
    return sld_onnx_take(node, past, index);
}

static sld_value *stack(sld_onnx_node *node, sld_value *k, sld_value *v)
{
    const sld_onnx_dim_rule rules[] = {sld_onnx_fixed(1), sld_onnx_keep(0), sld_onnx_keep(1),
                                       sld_onnx_keep(2), sld_onnx_keep(3)};
    k = sld_onnx_reshape(node, k, rules, 5);
    v = sld_onnx_reshape(node, v, rules, 5);
    return sld_onnx_join(node, 0, (sld_value *[]){k, v}, 2);
}

void sld_onnx_contrib_attention(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0), *weight = sld_onnx_required(node, 1);
    sld_value *bias = sld_onnx_input(node, 2), *past = sld_onnx_input(node, 4);
    int64_t sizes[3] = {0}, heads = sld_onnx_int_in(node, "num_heads", 0, 1, INT32_MAX);
    projection_sizes(node, weight, sizes);
    if (sld_onnx_bool(node, "do_rotary", false) ||
        sld_onnx_bool(node, "past_present_share_buffer", false)) {
        sld_onnx_unsupported(node, "do_rotary or past_present_share_buffer 1");
    }
    if (!sld_onnx_ok(node)) {
        return;
    }
    (void)sld_onnx_attribute(node, "rotary_embedding_dim"); /* of do_rotary */
    sld_onnx_attention a = {.heads = heads, .kv_heads = heads};
    a.q = project(node, x, weight, bias, 0, sizes[0], heads);
    a.k = project(node, x, weight, bias, sizes[0], sizes[1], heads);
    a.v = project(node, x, weight, bias, sizes[0] + sizes[1], sizes[2], heads);
    a.k = sld_onnx_append(node, past_part(node, past, 0), a.k);
    a.v = sld_onnx_append(node, past_part(node, past, 1), a.v);
    a.scale = scale_of(node, a.q);
    read_bias(node, &a, 3, 5);
    node->out[0] = sld_onnx_merge_heads(node, sld_onnx_attend(node, &a));
    if (wanted(node, 1)) {
        node->out[1] = stack(node, a.k, a.v);
    }
}

/* ---- MultiHeadAttention ---- */

/* Part `index` of [B, S, H, n, D], as [B, H, S, D]. */
static sld_value *packed_part(sld_onnx_node *node, sld_value *packed, int64_t index)
{
    sld_value *part = sld_onnx_slice_axis(node, packed, 3, index, index + 1);
    part = sld_onnx_reshape(node, part,
                            (sld_onnx_dim_rule[]){sld_onnx_keep(0), sld_onnx_keep(1),
                                                  sld_onnx_keep(2), sld_onnx_keep(4)},
                            4);
    return sld_onnx_transpose(node, (int32_t[]){0, 2, 1, 3}, part);
}

/* x [B, S, n] plus the next n values of the bias, cut into heads. [B, H, S, D] is taken as it is.
 */
static sld_value *with_bias(sld_onnx_node *node, sld_value *x, sld_value *bias, int64_t *at,
                            int64_t heads)
{
    int64_t size = 0;
    if (!sld_onnx_ok(node) || x == NULL || sld_onnx_rank(x) == 4) {
        return x;
    }
    if (bias != NULL) {
        if (sld_onnx_rank(x) != 3 || !sld_onnx_dim(node, x, 2, &size)) {
            sld_onnx_unsupported(node, "a bias for an input of rank %d", sld_onnx_rank(x));
        }
        x = sld_onnx_plus(node, x, sld_onnx_slice_axis(node, bias, 0, *at, *at + size));
        *at += size;
    }
    return sld_onnx_split_heads(node, x, heads);
}

/* q, k and v from three inputs, or from two or one that are packed; of them past k and v. */
static void read_qkv(sld_onnx_node *node, sld_onnx_attention *a, uint32_t bias_input)
{
    sld_value *q = sld_onnx_required(node, 0), *k = sld_onnx_input(node, 1);
    sld_value *v = sld_onnx_input(node, 2), *bias = sld_onnx_input(node, bias_input);
    int64_t at = 0;
    bool packed = sld_onnx_rank(q) == 5, packed_kv = !packed && sld_onnx_rank(k) == 5;
    if (!sld_onnx_ok(node)) {
        return;
    }
    if (packed ? k != NULL || v != NULL : k == NULL || (v != NULL) == packed_kv) {
        sld_onnx_unsupported(node, "key or value missing beside a query of rank %d",
                             sld_onnx_rank(q));
    }
    if (bias != NULL && (packed || packed_kv)) {
        sld_onnx_unsupported(node, "a bias for packed inputs");
    }
    if (bias != NULL && sld_onnx_rank(k) == 4) {
        sld_onnx_unsupported(node, "a bias for keys of earlier steps");
    }
    a->q = packed ? packed_part(node, q, 0) : with_bias(node, q, bias, &at, a->heads);
    a->k = packed      ? packed_part(node, q, 1)
           : packed_kv ? packed_part(node, k, 0)
                       : with_bias(node, k, bias, &at, a->heads);
    a->v = packed      ? packed_part(node, q, 2)
           : packed_kv ? packed_part(node, k, 1)
                       : with_bias(node, v, bias, &at, a->heads);
}

void sld_onnx_multi_head_attention(sld_onnx_node *node, int told)
{
    (void)told;
    int64_t heads = sld_onnx_int_in(node, "num_heads", 0, 1, INT32_MAX);
    sld_onnx_attention a = {.heads = heads, .kv_heads = heads};
    sld_value *past_k = sld_onnx_input(node, 6), *past_v = sld_onnx_input(node, 7);
    read_qkv(node, &a, 3);
    if ((past_k == NULL) != (past_v == NULL)) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "past_key and past_value go together");
    }
    a.k = sld_onnx_append(node, past_k, a.k);
    a.v = sld_onnx_append(node, past_v, a.v);
    if (!sld_onnx_ok(node)) {
        return;
    }
    a.scale = scale_of(node, a.q);
    a.score_output = wanted(node, 3) ? 3 : 0;
    a.score_stage = 3;
    read_bias(node, &a, 4, 5);
    node->out[0] = sld_onnx_merge_heads(node, sld_onnx_attend(node, &a));
    for (uint32_t i = 1; i < 3; i++) {
        if (wanted(node, i)) {
            node->out[i] = i == 1 ? a.k : a.v;
        }
    }
}
