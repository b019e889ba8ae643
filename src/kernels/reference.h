/* SPDX-License-Identifier: Apache-2.0 */
/* What reference kernels with inner products share: rows as doubles, and the fused epilogue. */
#ifndef SLD_KERNELS_REFERENCE_H
#define SLD_KERNELS_REFERENCE_H

#include "kernels/activation/activation.h"

/* Results computed together: enough to make the loads of the other operand cheap. */
#define SLD_REF_CHUNK 64

/* count elements of t from an element offset on, stride elements apart. */
void sld_ref_load_row(const sld_tensor *t, int64_t offset, int64_t stride, int64_t count,
                      double *row);

/* sum[i] += weight * row[i] */
static inline void sld_ref_add_row(double *sum, double weight, const double *row, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        sum[i] += weight * row[i];
    }
}

/* Input index of the run, or NULL if it is absent. */
const sld_tensor *sld_ref_input(const sld_run *run, uint32_t index);

/* act(y + residual); residual NULL if there is none. */
double sld_ref_epilogue(const sld_epilogue *epilogue, const sld_tensor *residual, int64_t offset,
                        double y);

#endif
