/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling: in x [N, C, spatial]; out y, and for max an optional i64 tensor of flat indices. */
#ifndef SLD_KERNELS_POOL_H
#define SLD_KERNELS_POOL_H

#include "kernels/conv/conv.h"

typedef enum sld_pool_kind {
    SLD_POOL_MAX = 0,
    SLD_POOL_AVERAGE,        /* divides by the taps inside the input */
    SLD_POOL_AVERAGE_PADDED, /* divides by the taps inside input + padding (Caffe,
                                count_include_pad) */
    SLD_POOL_LP,             /* (sum |x|^p)^(1/p) */
    SLD_POOL_KIND_COUNT
} sld_pool_kind;

typedef enum sld_pool_round {
    SLD_ROUND_FLOOR = 0,
    SLD_ROUND_CEIL, /* ONNX ceil_mode: a window that starts in the end padding is dropped */
    SLD_ROUND_CAFFE /* ceil, last window must start inside input + begin padding, only if padded */
} sld_pool_round;

typedef struct sld_pooling_params {
    int32_t kind; /* sld_pool_kind */
    int32_t spatial;
    int32_t global; /* window = whole input; the other fields are ignored */
    int32_t window[SLD_MAX_SPATIAL];
    int32_t stride[SLD_MAX_SPATIAL];
    int32_t dilation[SLD_MAX_SPATIAL];
    int32_t pad_begin[SLD_MAX_SPATIAL];
    int32_t pad_end[SLD_MAX_SPATIAL];
    int32_t pad_mode;     /* sld_pad_mode */
    int32_t round;        /* sld_pool_round */
    int32_t p;            /* SLD_POOL_LP */
    int32_t column_major; /* max indices: ONNX storage_order = 1 */
} sld_pooling_params;

#endif
