/* SPDX-License-Identifier: Apache-2.0 */
/* What the attention operators of the standard domain and of com.microsoft share. */
#ifndef SLD_IMPORT_ONNX_ONNX_ATTENTION_H
#define SLD_IMPORT_ONNX_ONNX_ATTENTION_H

#include "import/onnx/onnx.h"

/*
 * softmax(cap(scale q k^T) + bias) v. Heads of k and v may be fewer than those of q: each then
 * serves several in a row.
 */
typedef struct sld_onnx_attention {
    sld_value *q, *k, *v;          /* [B, H, S, D], [B, G, T, D], [B, G, T, E] */
    int64_t heads, kv_heads;       /* H, a multiple of G */
    sld_value *bias;               /* broadcasts to [B, H, S, T]; NULL: none */
    float scale, softcap;          /* softcap 0: none */
    bool dead_rows;                /* the bias may hide a row of scores whole: its result is 0 */
    int score_output, score_stage; /* output for the scores (0: none), as they are after the
                                      product 0, the cap 1, the bias 2, the softmax 3 */
} sld_onnx_attention;

/* [B, H, S, E] */
sld_value *sld_onnx_attend(sld_onnx_node *node, const sld_onnx_attention *a);

/* [B, S, H D] to [B, H, S, D] and back. */
sld_value *sld_onnx_split_heads(sld_onnx_node *node, sld_value *x, int64_t heads);
sld_value *sld_onnx_merge_heads(sld_onnx_node *node, sld_value *x);
/* past and x joined along T; x if there is no past. */
sld_value *sld_onnx_append(sld_onnx_node *node, sld_value *past, sld_value *x);

/* Positions of columns [T] of k [B, G, T, D], as i64. */
sld_value *sld_onnx_column_places(sld_onnx_node *node, sld_value *k);
/* Columns of k less rows of q less offset (NULL: 0; broadcasts against [S, T]), as i64. */
sld_value *sld_onnx_distance(sld_onnx_node *node, sld_value *q, sld_value *k, sld_value *offset);
/* Whether low <= x <= high; INT64_MIN and INT64_MAX: no such bound, one is there. */
sld_value *sld_onnx_within(sld_onnx_node *node, sld_value *x, int64_t low, int64_t high);
/* 0 where allowed, else hidden. */
sld_value *sld_onnx_mask_bias(sld_onnx_node *node, solder_dtype dtype, sld_value *allowed,
                              double hidden);
/* a + b, either may be NULL. */
sld_value *sld_onnx_plus(sld_onnx_node *node, sld_value *a, sld_value *b);

/*
 * Rotates the first `dim` values along the last axis: pairs (i, i + dim / 2), or (2 i, 2 i + 1) if
 * interleaved. cosine and sine [.., dim / 2] broadcast.
 */
sld_value *sld_onnx_rotate(sld_onnx_node *node, sld_value *x, sld_value *cosine, sld_value *sine,
                           int64_t dim, bool interleaved);

#endif
