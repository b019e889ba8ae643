/* SPDX-License-Identifier: Apache-2.0 */
/* Activation: y = f(x). Integers know none, relu and clip. */
#include "ops/epilogue.h"

static const sld_attr attrs[] = {
    SLD_ATTR_NAMED(sld_activation_params, kind, "kind", sld_act_names, SLD_ACT_RELU),
    SLD_ATTR(sld_activation_params, alpha, "alpha", SLD_ATTR_F32, 0),
    SLD_ATTR(sld_activation_params, beta, "beta", SLD_ATTR_F32, 0),
};

static solder_status infer(sld_infer *infer)
{
    const sld_activation_params *p = infer->params;
    SLD_TRY(sld_infer_rank(infer, 0, 0, SOLDER_MAX_RANK));
    if (p->kind < 0 || p->kind >= SLD_ACT_COUNT) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "kind %d is unknown", (int)p->kind);
    }
    solder_dtype dtype = infer->in[0].dtype;
    bool plain = p->kind == SLD_ACT_NONE || p->kind == SLD_ACT_RELU || p->kind == SLD_ACT_CLIP;
    if (!sld_dtype_is_float(dtype) && !(plain && sld_dtype_is_integer(dtype))) {
        return sld_infer_fail(infer, SOLDER_ERROR_UNSUPPORTED, "%s does not take %s",
                              sld_act_names[p->kind], solder_dtype_name(dtype));
    }
    sld_infer_set(infer, 0, dtype, &infer->in[0].shape);
    return SOLDER_OK;
}

const sld_op_part sld_op_activation = {attrs, SLD_ARRAY_LENGTH(attrs), infer};
