/* SPDX-License-Identifier: Apache-2.0 */
/* Scale: act(x * scale + shift), both along consecutive axes of x. */
#include "kernels/norm/norm.h"
#include "ops/epilogue.h"
#include "ops/nn.h"

static const sld_attr attrs[] = {
    SLD_ATTR(sld_scale_params, axis, "axis", SLD_ATTR_I32, 1),
    SLD_ATTR_EPILOGUE(sld_scale_params),
};

static solder_status check_factor(const sld_infer *infer, uint32_t slot, int axis)
{
    if (!sld_infer_has(infer, slot)) {
        return SOLDER_OK;
    }
    const sld_shape *x = &infer->in[0].shape;
    const sld_shape *f = &infer->in[slot].shape;
    SLD_TRY(sld_nn_same_dtype(infer, slot));
    SLD_TRY(sld_infer_rank(infer, slot, 0, x->rank - axis));
    for (int i = 0; i < f->rank; i++) {
        int64_t have = 0;
        int64_t need = 0;
        if (sld_infer_dim(infer, slot, i, &have) && sld_infer_dim(infer, 0, axis + i, &need) &&
            have != need) {
            return sld_infer_fail(
                infer, SOLDER_ERROR_DATA, "%s has %lld values along axis %d, the input %lld",
                slot == 1 ? "scale" : "shift", (long long)have, axis + i, (long long)need);
        }
    }
    return SOLDER_OK;
}

static solder_status infer(sld_infer *infer)
{
    sld_scale_params *p = infer->params;
    SLD_TRY(sld_infer_rank(infer, 0, 1, SOLDER_MAX_RANK));
    SLD_TRY(sld_nn_float(infer, 0));
    const sld_shape *x = &infer->in[0].shape;
    SLD_TRY(sld_infer_axis(infer, &p->axis, x->rank));
    SLD_TRY(check_factor(infer, 1, p->axis));
    SLD_TRY(check_factor(infer, 2, p->axis));
    if (p->epilogue.residual) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "epilogue.residual is not possible here");
    }
    SLD_TRY(sld_nn_epilogue(infer, &p->epilogue, 3, x));
    sld_infer_set(infer, 0, infer->in[0].dtype, x);
    return SOLDER_OK;
}

const sld_op_part sld_op_scale = {attrs, SLD_ARRAY_LENGTH(attrs), infer};
