/* SPDX-License-Identifier: Apache-2.0 */
/* Attention as matrix products and a softmax; rotary embedding. */
#include <math.h>

#include "import/onnx/onnx_attention.h"
#include "import/onnx/onnx_ops.h"

sld_value *sld_onnx_plus(sld_onnx_node *node, sld_value *a, sld_value *b)
{
    if (a == NULL || b == NULL) {
        return a != NULL ? a : b;
    }
    return sld_onnx_binary(node, SLD_BINARY_SUM, a, b);
}

/* ---- heads ---- */

static sld_value *swap_middle(sld_onnx_node *node, sld_value *x)
{
    return sld_onnx_transpose(node, (int32_t[]){0, 2, 1, 3}, x);
}

sld_value *sld_onnx_split_heads(sld_onnx_node *node, sld_value *x, int64_t heads)
{
    int64_t size;
    if (!sld_onnx_ok(node) || x == NULL) {
        return NULL;
    }
    if (sld_onnx_rank(x) != 3 || !sld_onnx_dim(node, x, 2, &size) || size % heads != 0) {
        sld_onnx_unsupported(node, "%lld heads of an input that is not [B, S, a multiple of them]",
                             (long long)heads);
        return NULL;
    }
    x = sld_onnx_reshape(node, x,
                         (sld_onnx_dim_rule[]){sld_onnx_keep(0), sld_onnx_keep(1),
                                               sld_onnx_fixed(heads), sld_onnx_fixed(size / heads)},
                         4);
    return swap_middle(node, x);
}

sld_value *sld_onnx_merge_heads(sld_onnx_node *node, sld_value *x)
{
    x = swap_middle(node, x);
    return sld_onnx_reshape(
        node, x, (sld_onnx_dim_rule[]){sld_onnx_keep(0), sld_onnx_keep(1), {2, 4, 1, 1}}, 3);
}

sld_value *sld_onnx_append(sld_onnx_node *node, sld_value *past, sld_value *x)
{
    return past != NULL ? sld_onnx_join(node, 2, (sld_value *[]){past, x}, 2) : x;
}

/* ---- masks ---- */

sld_value *sld_onnx_column_places(sld_onnx_node *node, sld_value *k)
{
    sld_value *column = sld_onnx_count_along(node, k, 2);
    return sld_onnx_reshape(node, column, (sld_onnx_dim_rule[]){sld_onnx_keep(0)}, 1);
}

sld_value *sld_onnx_distance(sld_onnx_node *node, sld_value *q, sld_value *k, sld_value *offset)
{
    sld_value *row = sld_onnx_plus(node, sld_onnx_count_along(node, q, 2), offset);
    return sld_onnx_binary(node, SLD_BINARY_SUB, sld_onnx_column_places(node, k), row);
}

static sld_value *compared(sld_onnx_node *node, sld_binary kind, sld_value *x, int64_t bound)
{
    return sld_onnx_binary(node, kind, x, sld_onnx_constant(node, SOLDER_I64, 0, NULL, &bound));
}

sld_value *sld_onnx_within(sld_onnx_node *node, sld_value *x, int64_t low, int64_t high)
{
    sld_value *above = low != INT64_MIN ? compared(node, SLD_BINARY_GREATER_EQUAL, x, low) : NULL;
    sld_value *below = high != INT64_MAX ? compared(node, SLD_BINARY_LESS_EQUAL, x, high) : NULL;
    if (above == NULL || below == NULL) {
        return above != NULL ? above : below;
    }
    return sld_onnx_binary(node, SLD_BINARY_AND, above, below);
}

sld_value *sld_onnx_mask_bias(sld_onnx_node *node, solder_dtype dtype, sld_value *allowed,
                              double hidden)
{
    return sld_onnx_select(node, allowed, sld_onnx_scalar(node, dtype, 0),
                           sld_onnx_scalar(node, dtype, hidden));
}

/* ---- attention ---- */

/* [B, n, ..] to [B, G, n / G, ..]: a dimension of the heads that share one of k and v. */
static sld_value *grouped(sld_onnx_node *node, sld_value *x, int64_t kv_heads)
{
    sld_onnx_dim_rule rules[] = {sld_onnx_keep(0),
                                 sld_onnx_fixed(kv_heads),
                                 {1, 2, 1, kv_heads},
                                 sld_onnx_keep(2),
                                 sld_onnx_keep(3)};
    return sld_onnx_reshape(node, x, rules, 5);
}

/* The bias against scores of rank 5; one that is the same for all heads needs one dimension more.
 */
static sld_value *grouped_bias(sld_onnx_node *node, sld_value *bias, int64_t kv_heads)
{
    int64_t heads = 1;
    int rank = sld_onnx_rank(bias);
    if (bias == NULL || rank < 3 || !sld_onnx_ok(node)) {
        return bias;
    }
    if (!sld_onnx_dim(node, bias, rank - 3, &heads)) {
        sld_onnx_unsupported(node, "a mask of an open number of heads");
    }
    const sld_onnx_dim_rule three[] = {sld_onnx_fixed(heads == 1 ? 1 : kv_heads),
                                       {0, 1, 1, heads == 1 ? 1 : kv_heads},
                                       sld_onnx_keep(1),
                                       sld_onnx_keep(2)};
    const sld_onnx_dim_rule four[] = {sld_onnx_keep(0),
                                      sld_onnx_fixed(heads == 1 ? 1 : kv_heads),
                                      {1, 2, 1, heads == 1 ? 1 : kv_heads},
                                      sld_onnx_keep(2),
                                      sld_onnx_keep(3)};
    return sld_onnx_reshape(node, bias, rank == 3 ? three : four, rank + 1);
}

static sld_value *ungrouped(sld_onnx_node *node, sld_value *x)
{
    return sld_onnx_reshape(
        node, x,
        (sld_onnx_dim_rule[]){sld_onnx_keep(0), {1, 3, 1, 1}, sld_onnx_keep(3), sld_onnx_keep(4)},
        4);
}

/* Rows whose bias is -infinity throughout give 0, not NaN. */
static sld_value *without_dead_rows(sld_onnx_node *node, sld_value *y, sld_value *bias)
{
    int rank = sld_onnx_rank(bias);
    if (!sld_onnx_ok(node) || bias == NULL || rank == 0) {
        return y;
    }
    sld_value *best = sld_onnx_reduce(node, SLD_REDUCE_MAX, (uint32_t)1 << (rank - 1), true, bias);
    sld_value *dead = sld_onnx_binary(node, SLD_BINARY_EQUAL, best,
                                      sld_onnx_scalar(node, bias->dtype, (double)-INFINITY));
    return sld_onnx_select(node, dead, sld_onnx_scalar(node, bias->dtype, 0), y);
}

static void keep_scores(sld_onnx_node *node, const sld_onnx_attention *a, int stage,
                        sld_value *scores)
{
    if (a->score_output != 0 && a->score_stage == stage && sld_onnx_ok(node)) {
        scores = sld_onnx_rank(scores) == 5 ? ungrouped(node, scores) : scores;
        node->out[a->score_output] = sld_onnx_cast(node, a->q->dtype, scores);
    }
}

/* Half floats are computed in float32. */
static sld_value *widened(sld_onnx_node *node, sld_value *x)
{
    bool narrow = x != NULL && (x->dtype == SOLDER_F16 || x->dtype == SOLDER_BF16);
    return narrow ? sld_onnx_cast(node, SOLDER_F32, x) : x;
}

sld_value *sld_onnx_attend(sld_onnx_node *node, const sld_onnx_attention *a)
{
    sld_value *q = widened(node, a->q), *k = widened(node, a->k), *v = widened(node, a->v);
    sld_value *bias = widened(node, a->bias);
    bool shared = a->heads != a->kv_heads;
    if (shared) {
        q = grouped(node, q, a->kv_heads);
        k = grouped(node, k, a->kv_heads);
        v = grouped(node, v, a->kv_heads);
        bias = grouped_bias(node, bias, a->kv_heads);
    }
    const sld_matmul_params scaled = {.trans_b = 1, .alpha = a->scale, .beta = 1};
    bool plain = a->softcap == 0 && (a->score_output == 0 || a->score_stage >= 2);
    sld_value *scores = sld_onnx_emit(node, SLD_OP_MATMUL, &scaled, (sld_value *[]){q, k, bias},
                                      plain && bias != NULL ? 3 : 2);
    if (!plain) {
        keep_scores(node, a, 0, scores);
        if (a->softcap != 0) {
            scores =
                sld_onnx_activation(node, SLD_ACT_SCALED_TANH, a->softcap, 1 / a->softcap, scores);
        }
        keep_scores(node, a, 1, scores);
        scores = sld_onnx_plus(node, scores, bias);
    }
    keep_scores(node, a, 2, scores);
    const sld_softmax_params last = {.axis = shared ? 4 : 3};
    sld_value *p = sld_onnx_emit(node, SLD_OP_SOFTMAX, &last, &scores, 1);
    keep_scores(node, a, 3,
                a->dead_rows && a->score_output != 0 ? without_dead_rows(node, p, bias) : p);
    const sld_matmul_params params = {.alpha = 1, .beta = 1};
    sld_value *y = sld_onnx_emit(node, SLD_OP_MATMUL, &params, (sld_value *[]){p, v}, 2);
    y = a->dead_rows ? without_dead_rows(node, y, bias) : y;
    y = shared ? ungrouped(node, y) : y;
    return a->q != NULL ? sld_onnx_cast(node, a->q->dtype, y) : NULL;
}

/* ---- the standard operator ---- */

static float scale_of(sld_onnx_node *node, const sld_value *q)
{
    int64_t size = 1;
    if (!sld_onnx_ok(node)) {
        return 1;
    }
    if (sld_onnx_attribute(node, "scale") != NULL) {
        return sld_onnx_float(node, "scale", 1);
    }
    if (!sld_onnx_dim(node, q, sld_onnx_rank(q) - 1, &size) || size == 0) {
        sld_onnx_unsupported(node, "heads of an open size");
        return 1;
    }
    return (float)(1 / sqrt((double)size));
}

/* q, k or v: [B, S, H D] with the number of heads as attribute, or [B, H, S, D]. */
static sld_value *heads_of(sld_onnx_node *node, uint32_t input, const char *attribute,
                           int64_t *heads)
{
    sld_value *x = sld_onnx_required(node, input);
    *heads = 1;
    if (!sld_onnx_ok(node)) {
        return NULL;
    }
    if (sld_onnx_rank(x) == 4) {
        (void)sld_onnx_attribute(node, attribute);
        if (!sld_onnx_dim(node, x, 1, heads) || *heads < 1) {
            sld_onnx_unsupported(node, "an open number of heads");
            *heads = 1;
        }
        return x;
    }
    *heads = sld_onnx_int_in(node, attribute, 0, 1, INT32_MAX);
    return sld_onnx_split_heads(node, x, *heads);
}

/* attn_mask as something to add; one with fewer columns than there are keys hides the rest. */
static sld_value *mask_input(sld_onnx_node *node, const sld_onnx_attention *a)
{
    sld_value *mask = sld_onnx_input(node, 3);
    if (mask == NULL || !sld_onnx_ok(node)) {
        return NULL;
    }
    if (mask->dtype == SOLDER_BOOL) {
        mask = sld_onnx_mask_bias(node, a->q->dtype, mask, (double)-INFINITY);
    }
    int rank = sld_onnx_rank(mask);
    int64_t have, need;
    if (!sld_onnx_ok(node) || rank == 0 || !sld_onnx_dim(node, mask, rank - 1, &have) ||
        !sld_onnx_dim(node, a->k, 2, &need) || have >= need || have == 1) {
        return mask;
    }
    sld_pad_params pad = {.kind = SLD_PADDING_CONSTANT, .value = (double)-INFINITY};
    pad.end[rank - 1] = need - have;
    return sld_onnx_emit(node, SLD_OP_PAD, &pad, &mask, 1);
}

/* nonpad_kv_seqlen [B] as i64 [B, 1, 1, 1]. */
static sld_value *valid_lengths(sld_onnx_node *node)
{
    sld_value *lengths = node->version >= 24 ? sld_onnx_input(node, 6) : NULL;
    if (lengths == NULL) {
        return NULL;
    }
    lengths = sld_onnx_cast(node, SOLDER_I64, lengths);
    return sld_onnx_reshape(node, lengths,
                            (sld_onnx_dim_rule[]){sld_onnx_keep(0), sld_onnx_fixed(1),
                                                  sld_onnx_fixed(1), sld_onnx_fixed(1)},
                            4);
}

/* How many keys stand before the first query. */
static sld_value *causal_offset(sld_onnx_node *node, const sld_onnx_attention *a, sld_value *past,
                                sld_value *lengths)
{
    if (past != NULL) {
        return sld_onnx_shape(node, 2, 3, past);
    }
    return lengths != NULL
               ? sld_onnx_binary(node, SLD_BINARY_SUB, lengths, sld_onnx_shape(node, 2, 3, a->q))
               : NULL;
}

/* How far from its own position a query sees. */
static void read_window(sld_onnx_node *node, int64_t *low, int64_t *high)
{
    int64_t left = node->version >= 25 ? sld_onnx_int(node, "left_window_size", -1) : -1;
    int64_t right = node->version >= 25 ? sld_onnx_int(node, "right_window_size", -1) : -1;
    *low = left >= 0 ? -left : INT64_MIN;
    *high = sld_onnx_bool(node, "is_causal", false) ? 0 : right >= 0 ? right : INT64_MAX;
    if (left < -1 || right < -1) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "a window of %lld to %lld", (long long)left,
                      (long long)right);
    }
}

static void read_bias(sld_onnx_node *node, sld_onnx_attention *a, sld_value *past)
{
    int64_t low, high;
    sld_value *lengths = valid_lengths(node);
    a->bias = mask_input(node, a);
    read_window(node, &low, &high);
    a->dead_rows = a->bias != NULL || lengths != NULL || low != INT64_MIN;
    if (low != INT64_MIN || high != INT64_MAX) {
        sld_value *far = sld_onnx_distance(node, a->q, a->k, causal_offset(node, a, past, lengths));
        sld_value *allowed = sld_onnx_within(node, far, low, high);
        allowed = sld_onnx_mask_bias(node, a->q != NULL ? a->q->dtype : SOLDER_F32, allowed,
                                     (double)-INFINITY);
        a->bias = sld_onnx_plus(node, a->bias, allowed);
    }
    if (lengths != NULL) {
        sld_value *inside =
            sld_onnx_binary(node, SLD_BINARY_LESS, sld_onnx_column_places(node, a->k), lengths);
        inside = sld_onnx_mask_bias(node, a->q != NULL ? a->q->dtype : SOLDER_F32, inside,
                                    (double)-INFINITY);
        a->bias = sld_onnx_plus(node, a->bias, inside);
    }
}

void sld_onnx_attentions(sld_onnx_node *node, int told)
{
    (void)told;
    sld_onnx_attention a = {0};
    int64_t v_heads;
    bool flat = sld_onnx_rank(node->in_count > 0 ? node->in[0] : NULL) == 3;
    a.q = heads_of(node, 0, "q_num_heads", &a.heads);
    a.k = heads_of(node, 1, "kv_num_heads", &a.kv_heads);
    a.v = heads_of(node, 2, "kv_num_heads", &v_heads);
    sld_value *past_k = sld_onnx_input(node, 4), *past_v = sld_onnx_input(node, 5);
    if ((past_k == NULL) != (past_v == NULL) || v_heads != a.kv_heads ||
        a.heads % a.kv_heads != 0) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA,
                      "%lld heads of q, %lld of k, %lld of v; past_key "
                      "and past_value go together",
                      (long long)a.heads, (long long)a.kv_heads, (long long)v_heads);
    }
    a.k = sld_onnx_append(node, past_k, a.k);
    a.v = sld_onnx_append(node, past_v, a.v);
    a.scale = scale_of(node, a.q);
    a.softcap = sld_onnx_float(node, "softcap", 0);
    (void)sld_onnx_int(node, "softmax_precision", 0); /* never less than float32 */
    a.score_stage = sld_onnx_int_in(node, "qk_matmul_output_mode", 0, 0, 3);
    a.score_output = node->out_count > 3 && node->wanted[3] ? 3 : 0;
    if (!sld_onnx_ok(node)) {
        return;
    }
    read_bias(node, &a, past_k);
    sld_value *y = sld_onnx_attend(node, &a);
    node->out[0] = flat ? sld_onnx_merge_heads(node, y) : y;
    for (uint32_t i = 1; i < 3 && i < node->out_count; i++) {
        node->out[i] = node->wanted[i] ? (i == 1 ? a.k : a.v) : NULL;
    }
}

/* ---- rotary embedding ---- */

static sld_value *product(sld_onnx_node *node, sld_value *a, sld_value *b)
{
    return sld_onnx_binary(node, SLD_BINARY_PROD, a, b);
}

/* Every second value from `first` on, or half of the first `dim`. */
static sld_value *half(sld_onnx_node *node, sld_value *x, int axis, int64_t dim, int first,
                       bool interleaved)
{
    sld_slice_params params = {.count = 1, .axes = {axis}, .end = {dim}, .step = {2}};
    params.start[0] = first;
    if (!interleaved) {
        return sld_onnx_slice_axis(node, x, axis, first * dim / 2, (first + 1) * dim / 2);
    }
    return sld_onnx_emit(node, SLD_OP_SLICE, &params, &x, 1);
}

/* [.., n] and [.., n] to [.., 2 n], one from each in turn. */
static sld_value *interleave(sld_onnx_node *node, sld_value *a, sld_value *b)
{
    int rank = sld_onnx_rank(a);
    sld_onnx_dim_rule wide[SOLDER_MAX_RANK + 1], flat[SOLDER_MAX_RANK + 1];
    for (int i = 0; i < rank; i++) {
        wide[i] = flat[i] = sld_onnx_keep(i);
    }
    wide[rank] = sld_onnx_fixed(1);
    a = sld_onnx_reshape(node, a, wide, rank + 1);
    b = sld_onnx_reshape(node, b, wide, rank + 1);
    flat[rank - 1] = (sld_onnx_dim_rule){rank - 1, rank + 1, 1, 1};
    return sld_onnx_reshape(node, sld_onnx_join(node, rank, (sld_value *[]){a, b}, 2), flat, rank);
}

sld_value *sld_onnx_rotate(sld_onnx_node *node, sld_value *x, sld_value *cosine, sld_value *sine,
                           int64_t dim, bool interleaved)
{
    int axis = sld_onnx_rank(x) - 1;
    int64_t size = 0;
    if (!sld_onnx_ok(node) || axis < 1) {
        return NULL;
    }
    if (!sld_onnx_dim(node, x, axis, &size) || dim > size || dim % 2 != 0) {
        sld_onnx_unsupported(node, "%lld rotated values of heads of another or an open size",
                             (long long)dim);
        return NULL;
    }
    sld_value *a = half(node, x, axis, dim, 0, interleaved);
    sld_value *b = half(node, x, axis, dim, 1, interleaved);
    sld_value *real =
        sld_onnx_binary(node, SLD_BINARY_SUB, product(node, a, cosine), product(node, b, sine));
    sld_value *imaginary =
        sld_onnx_binary(node, SLD_BINARY_SUM, product(node, a, sine), product(node, b, cosine));
    sld_value *parts[3] = {real, imaginary, NULL};
    uint32_t count = 2;
    if (interleaved) {
        parts[0] = interleave(node, real, imaginary);
        count = 1;
    }
    if (dim < size) {
        parts[count++] = sld_onnx_slice_axis(node, x, axis, dim, size);
    }
    return count == 1 ? parts[0] : sld_onnx_join(node, axis, parts, count);
}

/* [B, S, n] with a dimension for the heads: [B, S, 1, n], or [B, 1, S, n] if they come first. */
static sld_value *for_heads(sld_onnx_node *node, sld_value *x, bool heads_first)
{
    const sld_onnx_dim_rule first[] = {sld_onnx_keep(0), sld_onnx_fixed(1), sld_onnx_keep(1),
                                       sld_onnx_keep(2)};
    const sld_onnx_dim_rule last[] = {sld_onnx_keep(0), sld_onnx_keep(1), sld_onnx_fixed(1),
                                      sld_onnx_keep(2)};
    return sld_onnx_reshape(node, x, heads_first ? first : last, 4);
}

/* [B, S, H D] to [B, S, H, D]; the head size from whichever is known. */
static sld_value *flat_heads(sld_onnx_node *node, sld_value *x, int64_t heads, int64_t head_size)
{
    int64_t size = 0;
    if (!sld_onnx_ok(node)) {
        return NULL;
    }
    bool known = sld_onnx_dim(node, x, 2, &size);
    heads = heads == 0 && known && head_size > 0 ? size / head_size : heads;
    if (!known || heads <= 0 || size % heads != 0) {
        sld_onnx_unsupported(node, "%lld heads of an open or another size", (long long)heads);
        return NULL;
    }
    return sld_onnx_reshape(node, x,
                            (sld_onnx_dim_rule[]){sld_onnx_keep(0), sld_onnx_keep(1),
                                                  sld_onnx_fixed(heads),
                                                  sld_onnx_fixed(size / heads)},
                            4);
}

/* com.microsoft: positions before the caches; one number is the first place of every sequence. */
static sld_value *contrib_positions(sld_onnx_node *node, sld_value *x, sld_value *given)
{
    int time = sld_onnx_rank(x) == 4 ? 2 : 1;
    if (!sld_onnx_ok(node) || sld_onnx_rank(given) == 2) {
        return given;
    }
    sld_value *place = sld_onnx_count_along(node, x, time);
    place = sld_onnx_reshape(node, place,
                             (sld_onnx_dim_rule[]){sld_onnx_fixed(1), sld_onnx_keep(0)}, 2);
    return sld_onnx_binary(node, SLD_BINARY_SUM, place, sld_onnx_cast(node, SOLDER_I64, given));
}

/* Inputs x, cosines, sines, positions (optional); of com.microsoft: x, positions, cosines, sines.
 */
void sld_onnx_rotary(sld_onnx_node *node, int contrib)
{
    sld_value *x = sld_onnx_required(node, 0), *places = NULL;
    sld_value *cosine = sld_onnx_required(node, contrib ? 2 : 1);
    sld_value *sine = sld_onnx_required(node, contrib ? 3 : 2);
    bool interleaved = sld_onnx_bool(node, "interleaved", false);
    int64_t heads = sld_onnx_int_in(node, "num_heads", 0, 0, INT32_MAX);
    int64_t dim = sld_onnx_int_in(node, "rotary_embedding_dim", 0, 0, INT32_MAX), half_dim = 0;
    bool heads_first = sld_onnx_rank(x) == 4;
    if (contrib) {
        places = contrib_positions(node, x, sld_onnx_required(node, 1));
        if (sld_onnx_bool(node, "is_packed_batching", false) ||
            sld_onnx_float(node, "scale", 1) != 1) {
            sld_onnx_unsupported(node, "is_packed_batching 1, or a scale other than 1");
        }
    } else {
        places = sld_onnx_input(node, 3);
    }
    if (!sld_onnx_ok(node)) {
        return;
    }
    if (sld_onnx_rank(cosine) < 2 ||
        !sld_onnx_dim(node, cosine, sld_onnx_rank(cosine) - 1, &half_dim)) {
        sld_onnx_unsupported(node, "a cos_cache of an open size");
    }
    if (dim == 0) {
        dim = 2 * half_dim;
    }
    cosine = places != NULL ? sld_onnx_take(node, cosine, places) : cosine;
    sine = places != NULL ? sld_onnx_take(node, sine, places) : sine;
    cosine = for_heads(node, cosine, heads_first);
    sine = for_heads(node, sine, heads_first);
    sld_value *split = heads_first ? x : flat_heads(node, x, heads, 2 * half_dim);
    sld_value *y = sld_onnx_rotate(node, split, cosine, sine, dim, interleaved);
    node->out[0] = heads_first ? y : sld_onnx_reshape_like(node, y, x);
}
