/* SPDX-License-Identifier: Apache-2.0 */
/* SoftMax along one axis, or its logarithm. */
#include "kernels/softmax/softmax.h"
#include "ops/nn.h"

static const sld_attr attrs[] = {
    SLD_ATTR(sld_softmax_params, axis, "axis", SLD_ATTR_I32, -1),
    SLD_ATTR(sld_softmax_params, log, "log", SLD_ATTR_BOOL, 0),
};

static solder_status infer(sld_infer *infer)
{
    sld_softmax_params *p = infer->params;
    SLD_TRY(sld_infer_rank(infer, 0, 1, SOLDER_MAX_RANK));
    SLD_TRY(sld_nn_float(infer, 0));
    SLD_TRY(sld_infer_axis(infer, &p->axis, infer->in[0].shape.rank));
    sld_infer_set(infer, 0, infer->in[0].dtype, &infer->in[0].shape);
    return SOLDER_OK;
}

const sld_op_part sld_op_softmax = {attrs, SLD_ARRAY_LENGTH(attrs), infer};
