/* SPDX-License-Identifier: Apache-2.0 */
/* LRN: y = x / (k + alpha/n sum x^2)^beta over neighbouring channels or within one. */
#include "kernels/norm/norm.h"
#include "ops/nn.h"

static const sld_attr attrs[] = {
    SLD_ATTR(sld_lrn_params, size, "size", SLD_ATTR_I32, 5),
    SLD_ATTR(sld_lrn_params, within, "within", SLD_ATTR_BOOL, 0),
    SLD_ATTR(sld_lrn_params, alpha, "alpha", SLD_ATTR_F32, 1e-4),
    SLD_ATTR(sld_lrn_params, beta, "beta", SLD_ATTR_F32, 0.75),
    SLD_ATTR(sld_lrn_params, k, "k", SLD_ATTR_F32, 1),
};

static solder_status infer(sld_infer *infer)
{
    const sld_lrn_params *p = infer->params;
    SLD_TRY(sld_infer_rank(infer, 0, p->within ? 4 : 2, p->within ? 4 : SOLDER_MAX_RANK));
    SLD_TRY(sld_nn_float(infer, 0));
    SLD_TRY(sld_nn_at_least(infer, "size", &p->size, 1, 1));
    if (p->within && p->size % 2 == 0) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA,
                              "size is %d, a window within the channel needs an odd one",
                              (int)p->size);
    }
    sld_infer_set(infer, 0, infer->in[0].dtype, &infer->in[0].shape);
    return SOLDER_OK;
}

const sld_op_part sld_op_lrn = {attrs, SLD_ARRAY_LENGTH(attrs), infer};
