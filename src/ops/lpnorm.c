/* SPDX-License-Identifier: Apache-2.0 */
/* LpNorm: x divided by its p-norm along one axis. */
#include "kernels/norm/norm.h"
#include "ops/nn.h"

static const sld_attr attrs[] = {
    SLD_ATTR(sld_lpnorm_params, axis, "axis", SLD_ATTR_I32, -1),
    SLD_ATTR(sld_lpnorm_params, p, "p", SLD_ATTR_I32, 2),
    SLD_ATTR(sld_lpnorm_params, epsilon, "epsilon", SLD_ATTR_F32, 0),
};

static solder_status infer(sld_infer *infer)
{
    sld_lpnorm_params *p = infer->params;
    SLD_TRY(sld_infer_rank(infer, 0, 1, SOLDER_MAX_RANK));
    SLD_TRY(sld_nn_float(infer, 0));
    SLD_TRY(sld_infer_axis(infer, &p->axis, infer->in[0].shape.rank));
    if (p->p != 1 && p->p != 2) {
        return sld_infer_fail(infer, SOLDER_ERROR_UNSUPPORTED, "p is %d, must be 1 or 2",
                              (int)p->p);
    }
    sld_infer_set(infer, 0, infer->in[0].dtype, &infer->in[0].shape);
    return SOLDER_OK;
}

const sld_op_part sld_op_lpnorm = {attrs, SLD_ARRAY_LENGTH(attrs), infer};
