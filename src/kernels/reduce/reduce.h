/* SPDX-License-Identifier: Apache-2.0 */
/* Reduce, ArgMax/ArgMin, TopK, Cumulative. */
#ifndef SLD_KERNELS_REDUCE_H
#define SLD_KERNELS_REDUCE_H

#include "kernels/kernel.h"

typedef enum sld_reduce_kind {
    SLD_REDUCE_SUM = 0,
    SLD_REDUCE_PROD,
    SLD_REDUCE_MAX,
    SLD_REDUCE_MIN,
    SLD_REDUCE_MEAN,
    SLD_REDUCE_L1,
    SLD_REDUCE_L2,
    SLD_REDUCE_LOG_SUM,
    SLD_REDUCE_LOG_SUM_EXP,
    SLD_REDUCE_SUM_SQUARE,
    SLD_REDUCE_ABS_SUM, /* same as L1, Caffe's ASUM */
    SLD_REDUCE_AND,
    SLD_REDUCE_OR,
    SLD_REDUCE_KIND_COUNT
} sld_reduce_kind;

typedef struct sld_reduce_params {
    int32_t kind;
    uint32_t axes; /* bit i: axis i is reduced */
    int32_t keep_dims;
    float scale; /* the result is multiplied by it (Caffe coeff); 1 */
} sld_reduce_params;

/* out i64: index of the largest (smallest) along axis. */
typedef struct sld_argmax_params {
    int32_t axis;
    int32_t minimum; /* 1: ArgMin */
    int32_t keep_dims;
    int32_t last; /* 1: of equal values the last */
} sld_argmax_params;

/* in x, optional i64 scalar k; out values, i64 indices. Ties: the lower index first. */
typedef struct sld_topk_params {
    int32_t axis;
    int32_t largest;
    int32_t sorted;
    int32_t reserved;
    int64_t k; /* ignored when the input is there */
} sld_topk_params;

/* out like in: each element and all before it along axis, combined. */
typedef struct sld_cumulative_params {
    int32_t axis;
    int32_t product;   /* 0: sum */
    int32_t exclusive; /* without the element itself */
    int32_t reverse;   /* from the end */
} sld_cumulative_params;

#endif
