/* SPDX-License-Identifier: Apache-2.0 */
/* Gather, Scatter and NonZero: elements named by indices (negative counts from the end). */
#ifndef SLD_KERNELS_GATHER_H
#define SLD_KERNELS_GATHER_H

#include "kernels/kernel.h"

typedef enum sld_gather_kind {
    SLD_GATHER_AXIS = 0, /* numpy.take along axis */
    SLD_GATHER_ELEMENTS, /* numpy.take_along_axis */
    SLD_GATHER_ND        /* ONNX GatherND with batch_dims */
} sld_gather_kind;

/* inputs data, indices (i32 or i64) */
typedef struct sld_gather_params {
    int32_t kind;
    int32_t axis;
    int32_t batch_dims;
    int32_t reserved;
} sld_gather_params;

typedef enum sld_scatter_kind {
    SLD_SCATTER_ELEMENTS = 0, /* out[.. index ..] of the update's own position along axis */
    SLD_SCATTER_ND            /* index tuples in the last dimension of indices */
} sld_scatter_kind;

typedef enum sld_scatter_reduction {
    SLD_SCATTER_SET = 0, /* of several updates of one element the last stays */
    SLD_SCATTER_ADD,
    SLD_SCATTER_SUB,
    SLD_SCATTER_MUL,
    SLD_SCATTER_MIN,
    SLD_SCATTER_MAX,
    SLD_SCATTER_REDUCTION_COUNT
} sld_scatter_reduction;

/*
 * inputs data, indices (i32 or i64), updates of data's type; out is data with the updates
 * combined into it one after the other, in row-major order.
 */
typedef struct sld_scatter_params {
    int32_t kind;
    int32_t axis; /* elements */
    int32_t reduction;
    int32_t reserved;
} sld_scatter_params;

/*
 * in any tensor; out i64 [found, rank] of the indices of elements that are not 0 (NaN is not), in
 * row-major order: dim 0 is data dependent, the kernel sets out[0].dim[0].
 */
typedef struct sld_nonzero_params {
    int32_t reserved;
} sld_nonzero_params;

#endif
