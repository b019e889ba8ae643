/* SPDX-License-Identifier: Apache-2.0 */
/* Scale and BatchNorm: one factor and one offset per element, from a few axes. */
#include "kernels/norm/norm.h"
#include "kernels/reference.h"

static solder_status scale_run(const sld_run *run)
{
    const sld_scale_params *p = run->params;
    const sld_tensor *x = &run->in[0];
    const sld_tensor *y = &run->out[0];
    const sld_tensor *factor[2] = {sld_ref_input(run, 1), sld_ref_input(run, 2)};
    int64_t index[SOLDER_MAX_RANK] = {0};
    if (sld_tensor_count(x) == 0) {
        return SOLDER_OK;
    }
    do {
        double value[2] = {1, 0};
        for (int f = 0; f < 2; f++) {
            if (factor[f] != NULL) {
                value[f] = sld_at_f64(factor[f], sld_tensor_offset(factor[f], index + p->axis));
            }
        }
        double v = sld_at_f64(x, sld_tensor_offset(x, index)) * value[0] + value[1];
        sld_put_f64(y, sld_tensor_offset(y, index), sld_ref_epilogue(&p->epilogue, NULL, 0, v));
    } while (sld_index_next(index, x->dim, x->rank));
    return SOLDER_OK;
}

static solder_status batchnorm_run(const sld_run *run)
{
    const sld_batchnorm_params *p = run->params;
    const sld_tensor *x = &run->in[0];
    const sld_tensor *y = &run->out[0];
    int axis = x->rank > 1 ? 1 : 0;
    int64_t index[SOLDER_MAX_RANK] = {0};
    if (sld_tensor_count(x) == 0) {
        return SOLDER_OK;
    }
    do {
        double v[5]; /* x, scale, bias, mean, variance */
        v[0] = sld_at_f64(x, sld_tensor_offset(x, index));
        for (int i = 1; i < 5; i++) {
            v[i] = sld_at_f64(&run->in[i], index[axis] * run->in[i].stride[0]);
        }
        sld_put_f64(y, sld_tensor_offset(y, index),
                    (v[0] - v[3]) / sqrt(v[4] + (double)p->epsilon) * v[1] + v[2]);
    } while (sld_index_next(index, x->dim, x->rank));
    return SOLDER_OK;
}

const sld_kernel sld_scale_ref = {.name = "scale_ref", .family = "scale", .run = scale_run};
const sld_kernel sld_batchnorm_ref = {
    .name = "batchnorm_ref", .family = "batchnorm", .run = batchnorm_run};
