/* SPDX-License-Identifier: Apache-2.0 */
/*
 * com.microsoft: GroupQueryAttention. The new keys and values of sequence b go to the places from
 * start = seqlens_k[b] + 1 - S on of a buffer that is as long as the past, or as
 * total_sequence_length if that is more; a query sees what lies at its own place or before.
 */
#include <math.h>

#include "import/onnx/onnx_attention.h"
#include "import/onnx/onnx_ops.h"

typedef struct cached {
    sld_value *start;  /* i64 [B, 1, 1, 1] */
    sld_value *places; /* i64 [B, S, 1, 1] of the new keys */
    sld_value *total;  /* scalar */
    int64_t heads, kv_heads;
} cached;

/* [B, S, (H + 2 G) D], or three inputs; each as [B, S, heads, D]. */
static void read_qkv(sld_onnx_node *node, const cached *c, sld_value *qkv[3])
{
    const int64_t heads[3] = {c->heads, c->kv_heads, c->kv_heads};
    sld_value *q = sld_onnx_required(node, 0), *k = sld_onnx_input(node, 1);
    sld_value *v = sld_onnx_input(node, 2);
    int64_t size = 0, all = c->heads + 2 * c->kv_heads, at = 0;
    sld_value *parts[3] = {q, k, v};
    if (!sld_onnx_ok(node)) {
        return;
    }
    if ((k == NULL) != (v == NULL) || sld_onnx_rank(q) != 3 || !sld_onnx_dim(node, q, 2, &size)) {
        sld_onnx_unsupported(node, "a query that is not [B, S, a number]");
    }
    size /= k == NULL ? all : c->heads;
    for (int i = 0; i < 3; i++) {
        sld_value *x = parts[i];
        if (k == NULL) {
            x = sld_onnx_slice_axis(node, q, 2, at, at + heads[i] * size);
            at += heads[i] * size;
        }
        qkv[i] =
            sld_onnx_reshape(node, x,
                             (sld_onnx_dim_rule[]){sld_onnx_keep(0), sld_onnx_keep(1),
                                                   sld_onnx_fixed(heads[i]), sld_onnx_fixed(size)},
                             4);
    }
}

static void read_places(sld_onnx_node *node, cached *c, sld_value *q)
{
    static const sld_onnx_dim_rule per_batch[] = {
        {0, 1, 1, 1}, {0, 0, 1, 1}, {0, 0, 1, 1}, {0, 0, 1, 1}};
    static const sld_onnx_dim_rule per_token[] = {
        {0, 0, 1, 1}, {0, 1, 1, 1}, {0, 0, 1, 1}, {0, 0, 1, 1}};
    sld_value *lengths = sld_onnx_cast(node, SOLDER_I64, sld_onnx_required(node, 5));
    c->total = sld_onnx_required(node, 6);
    if (!sld_onnx_ok(node)) {
        return;
    }
    c->total = sld_onnx_cast(node, SOLDER_I64, sld_onnx_as_scalar(node, c->total));
    /* seqlens_k may be [B] or [B, 1] */
    const sld_onnx_dim_rule flat = {0, sld_onnx_rank(lengths), 1, 1};
    lengths = sld_onnx_reshape(node, lengths, &flat, 1);
    sld_value *start =
        sld_onnx_binary(node, SLD_BINARY_SUM, lengths, sld_onnx_scalar(node, SOLDER_I64, 1));
    start = sld_onnx_binary(node, SLD_BINARY_SUB, start, sld_onnx_shape(node, 1, 2, q));
    start = sld_onnx_binary(node, SLD_BINARY_MAX, start, sld_onnx_scalar(node, SOLDER_I64, 0));
    c->start = sld_onnx_reshape(node, start, per_batch, 4);
    sld_value *token = sld_onnx_count_along(node, q, 1);
    const sld_onnx_dim_rule all = {0, sld_onnx_rank(token), 1, 1};
    token = sld_onnx_reshape(node, sld_onnx_reshape(node, token, &all, 1), per_token, 4);
    c->places = sld_onnx_binary(node, SLD_BINARY_SUM, c->start, token);
}

/* Queries and keys [B, S, heads, D] turned by the angles of their places, or of position_ids. */
static void turn(sld_onnx_node *node, const cached *c, sld_value *qkv[3])
{
    sld_value *cosine = sld_onnx_input(node, 7), *sine = sld_onnx_input(node, 8);
    sld_value *given = sld_onnx_input(node, 9);
    bool interleaved = sld_onnx_bool(node, "rotary_interleaved", false);
    int64_t half = 0;
    if (!sld_onnx_bool(node, "do_rotary", false) || !sld_onnx_ok(node)) {
        return;
    }
    if (cosine == NULL || sine == NULL || !sld_onnx_dim(node, cosine, 1, &half)) {
        sld_onnx_unsupported(node, "do_rotary without caches of a known size");
        return;
    }
    const sld_onnx_dim_rule rows[] = {sld_onnx_keep(0), sld_onnx_keep(1)};
    const sld_onnx_dim_rule spread[] = {sld_onnx_keep(0), sld_onnx_keep(1), sld_onnx_fixed(1),
                                        sld_onnx_keep(2)};
    sld_value *places = given != NULL ? given : sld_onnx_reshape(node, c->places, rows, 2);
    cosine = sld_onnx_reshape(node, sld_onnx_take(node, cosine, places), spread, 4);
    sine = sld_onnx_reshape(node, sld_onnx_take(node, sine, places), spread, 4);
    for (int i = 0; i < 2; i++) {
        qkv[i] = sld_onnx_rotate(node, qkv[i], cosine, sine, 2 * half, interleaved);
    }
}

/* The past [B, G, P, D], made longer where total asks for it. */
static sld_value *buffer_of(sld_onnx_node *node, const cached *c, sld_value *past)
{
    static const int64_t none[] = {0, 0, 0, 0, 0, 0};
    const sld_pad_params params = {.kind = SLD_PADDING_CONSTANT};
    sld_value *more =
        sld_onnx_binary(node, SLD_BINARY_SUB, c->total, sld_onnx_shape(node, 2, 3, past));
    more = sld_onnx_binary(node, SLD_BINARY_MAX, more, sld_onnx_scalar(node, SOLDER_I64, 0));
    sld_value *pads[3] = {sld_onnx_vector(node, none, 6), more, sld_onnx_vector(node, none, 1)};
    sld_value *all = sld_onnx_join(node, 0, pads, 3);
    return sld_onnx_emit(node, SLD_OP_PAD, &params, (sld_value *[]){past, all}, 2);
}

/* Keys or values [B, S, G, D] in their places of the buffer; without a past they are the buffer. */
static sld_value *remember(sld_onnx_node *node, const cached *c, sld_value *past, sld_value *x)
{
    x = sld_onnx_transpose(node, (int32_t[]){0, 2, 1, 3}, x);
    if (past == NULL || !sld_onnx_ok(node)) {
        return x;
    }
    const sld_scatter_params params = {.kind = SLD_SCATTER_ELEMENTS, .axis = 2};
    sld_value *places = sld_onnx_transpose(node, (int32_t[]){0, 2, 1, 3}, c->places);
    sld_value *like = sld_onnx_shape(node, 0, 4, x);
    places = sld_onnx_emit(node, SLD_OP_EXPAND, NULL, (sld_value *[]){places, like}, 2);
    return sld_onnx_emit(node, SLD_OP_SCATTER, &params,
                         (sld_value *[]){buffer_of(node, c, past), places, x}, 3);
}

/* What hides places: order, a window, and with causal 0 the end of the sequence. */
static void read_bias(sld_onnx_node *node, const cached *c, sld_onnx_attention *a)
{
    int64_t window = sld_onnx_int(node, "local_window_size", -1);
    bool causal = sld_onnx_bool(node, "causal", true);
    a->bias = sld_onnx_input(node, 10);
    if (!sld_onnx_ok(node)) {
        return;
    }
    if (window < -1 || window == 0 || (window > 0 && !causal)) {
        sld_onnx_unsupported(node, "local_window_size %lld", (long long)window);
    }
    sld_value *far = sld_onnx_distance(node, a->q, a->k, c->start);
    sld_value *allowed;
    if (causal) {
        allowed = sld_onnx_within(node, far, window > 0 ? 1 - window : INT64_MIN, 0);
    } else {
        sld_value *end =
            sld_onnx_binary(node, SLD_BINARY_SUM, c->start, sld_onnx_shape(node, 2, 3, a->q));
        allowed = sld_onnx_binary(node, SLD_BINARY_LESS, sld_onnx_column_places(node, a->k), end);
    }
    allowed = sld_onnx_mask_bias(node, a->q != NULL ? a->q->dtype : SOLDER_F32, allowed,
                                 (double)-INFINITY);
    a->bias = sld_onnx_plus(node, a->bias, allowed);
}

/* Attributes of quantised and windowed caches must ask for none. */
static void check_plain(sld_onnx_node *node)
{
    static const char *const none[] = {"NONE"};
    (void)sld_onnx_choice(node, "k_quant_type", none, 1, 0);
    (void)sld_onnx_choice(node, "v_quant_type", none, 1, 0);
    (void)sld_onnx_attribute(node, "kv_cache_bit_width"); /* of quantised ones */
    if (sld_onnx_bool(node, "sliding_window_cache", false) ||
        sld_onnx_int(node, "smooth_softmax", 0) > 0 || sld_onnx_int(node, "qk_output", 0) != 0) {
        sld_onnx_unsupported(node, "sliding_window_cache, smooth_softmax or qk_output");
    }
}

static void set_scale(sld_onnx_node *node, sld_onnx_attention *a)
{
    int64_t size;
    a->scale = sld_onnx_float(node, "scale", 0);
    if (a->scale == 0 && sld_onnx_ok(node) && sld_onnx_dim(node, a->q, 3, &size)) {
        a->scale = (float)(1 / sqrt((double)size));
    }
}

void sld_onnx_group_query_attention(sld_onnx_node *node, int told)
{
    (void)told;
    cached c = {.heads = sld_onnx_int_in(node, "num_heads", 0, 1, INT32_MAX),
                .kv_heads = sld_onnx_int_in(node, "kv_num_heads", 0, 1, INT32_MAX)};
    sld_value *qkv[3] = {NULL}, *past_k = sld_onnx_input(node, 3);
    sld_value *past_v = sld_onnx_input(node, 4);
    check_plain(node);
    if ((past_k == NULL) != (past_v == NULL) || c.heads % c.kv_heads != 0) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA,
                      "%lld heads for %lld; past_key and past_value go "
                      "together",
                      (long long)c.heads, (long long)c.kv_heads);
    }
    read_qkv(node, &c, qkv);
    read_places(node, &c, qkv[0]);
    turn(node, &c, qkv);
    if (!sld_onnx_ok(node)) {
        return;
    }
    sld_onnx_attention a = {.heads = c.heads,
                            .kv_heads = c.kv_heads,
                            .softcap = sld_onnx_float(node, "softcap", 0),
                            .q = sld_onnx_transpose(node, (int32_t[]){0, 2, 1, 3}, qkv[0]),
                            .k = remember(node, &c, past_k, qkv[1]),
                            .v = remember(node, &c, past_v, qkv[2])};
    set_scale(node, &a);
    read_bias(node, &c, &a);
    node->out[0] = sld_onnx_merge_heads(node, sld_onnx_attend(node, &a));
    for (uint32_t i = 1; i < 3 && i < node->out_count; i++) {
        node->out[i] = node->wanted[i] ? (i == 1 ? a.k : a.v) : NULL;
    }
}
