/* SPDX-License-Identifier: Apache-2.0 */
/* Rearrangement: Transpose, Reshape, Expand, Tile, Concat, Shape. */
#ifndef SLD_KERNELS_SHUFFLE_H
#define SLD_KERNELS_SHUFFLE_H

#include "kernels/kernel.h"

/* out.dim[i] = in.dim[perm[i]] */
typedef struct sld_transpose_params {
    int32_t perm[SOLDER_MAX_RANK];
} sld_transpose_params;

/*
 * in x, optional i64 shape; out the same elements in row-major order. The kernel only copies:
 * output dims come from inference. dims (if there is no shape input): 0 copies the input's
 * dimension unless allow_zero, -1 is inferred.
 */
typedef struct sld_reshape_params {
    int32_t rank;
    int32_t allow_zero;
    int64_t dims[SOLDER_MAX_RANK];
} sld_reshape_params;

/* in x, optional i64 shape (else dims); out = x broadcast to the common shape (ONNX Expand). */
typedef struct sld_expand_params {
    int32_t rank;
    int32_t reserved;
    int64_t dims[SOLDER_MAX_RANK];
} sld_expand_params;

/* in x, optional i64 repeats (else repeats). */
typedef struct sld_tile_params {
    int64_t repeats[SOLDER_MAX_RANK];
} sld_tile_params;

/* 1..SLD_MAX_INPUTS inputs of one dtype along axis. */
typedef struct sld_concat_params {
    int32_t axis;
    int32_t reserved;
} sld_concat_params;

/* out i64 [end - start]: dims of the input from start to end (0 <= start <= end <= rank). */
typedef struct sld_shape_params {
    int32_t start, end;
} sld_shape_params;

#endif
