/* SPDX-License-Identifier: Apache-2.0 */
/* Fill (ConstantOfShape) and Range. */
#ifndef SLD_KERNELS_FILL_H
#define SLD_KERNELS_FILL_H

#include "kernels/kernel.h"

/* in optional i64 shape (else dims); out filled with value (i64 for integers, f64 for floats). */
typedef struct sld_fill_params {
    int32_t dtype; /* solder_dtype of the output */
    int32_t rank;
    double value;
    int64_t integer;
    int64_t dims[SOLDER_MAX_RANK];
} sld_fill_params;

/* inputs start, limit, delta: scalars of one dtype. out.dim[0] = max(ceil((limit-start)/delta), 0).
 */
typedef struct sld_range_params {
    int32_t reserved;
} sld_range_params;

/* max(ceil((limit - start) / delta), 0); NaN if delta is 0. */
double sld_range_count(double start, double limit, double delta);

#endif
