/* SPDX-License-Identifier: Apache-2.0 */
/* Gather: inputs data, indices (i32 or i64; negative counts from the end). */
#ifndef SLD_KERNELS_GATHER_H
#define SLD_KERNELS_GATHER_H

#include "kernels/kernel.h"

typedef enum sld_gather_kind {
    SLD_GATHER_AXIS = 0, /* numpy.take along axis */
    SLD_GATHER_ELEMENTS, /* numpy.take_along_axis */
    SLD_GATHER_ND        /* ONNX GatherND with batch_dims */
} sld_gather_kind;

typedef struct sld_gather_params {
    int32_t kind;
    int32_t axis;
    int32_t batch_dims;
    int32_t reserved;
} sld_gather_params;

#endif
