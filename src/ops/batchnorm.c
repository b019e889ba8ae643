/* SPDX-License-Identifier: Apache-2.0 */
/* BatchNorm with given statistics: (x - mean) / sqrt(variance + epsilon) * scale + bias. */
#include "kernels/norm/norm.h"
#include "ops/nn.h"

static const sld_attr attrs[] = {
    SLD_ATTR(sld_batchnorm_params, epsilon, "epsilon", SLD_ATTR_F32, 1e-5),
};

static solder_status infer(sld_infer *infer)
{
    static const char *const what[] = {"x", "scale", "bias", "mean", "variance"};
    const sld_batchnorm_params *p = infer->params;
    SLD_TRY(sld_infer_rank(infer, 0, 1, SOLDER_MAX_RANK));
    const sld_shape *x = &infer->in[0].shape;
    if (!(p->epsilon >= 0)) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "epsilon is %g, must not be negative",
                              (double)p->epsilon);
    }
    for (uint32_t i = 0; i < 5; i++) {
        SLD_TRY(sld_nn_float(infer, i));
        if (i > 0) {
            SLD_TRY(sld_nn_vector(infer, i, what[i], x->d[x->rank > 1 ? 1 : 0]));
        }
    }
    sld_infer_set(infer, 0, infer->in[0].dtype, x);
    return SOLDER_OK;
}

const sld_op_part sld_op_batchnorm = {attrs, SLD_ARRAY_LENGTH(attrs), infer};
