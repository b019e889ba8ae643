/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/reference.h"

void sld_ref_load_row(const sld_tensor *t, int64_t offset, int64_t stride, int64_t count,
                      double *row)
{
    if (t->dtype == SOLDER_F32) {
        const float *x = (const float *)t->data + offset;
        for (int64_t i = 0; i < count; i++) {
            row[i] = (double)x[i * stride];
        }
        return;
    }
    for (int64_t i = 0; i < count; i++) {
        row[i] = sld_at_f64(t, offset + i * stride);
    }
}

const sld_tensor *sld_ref_input(const sld_run *run, uint32_t index)
{
    return index < run->in_count && sld_tensor_present(&run->in[index]) ? &run->in[index] : NULL;
}

double sld_ref_epilogue(const sld_epilogue *epilogue, const sld_tensor *residual, int64_t offset,
                        double y)
{
    if (residual != NULL) {
        y += sld_at_f64(residual, offset);
    }
    return sld_activate_f64(epilogue->act, (double)epilogue->alpha, (double)epilogue->beta, y);
}
