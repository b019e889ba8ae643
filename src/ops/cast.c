/* SPDX-License-Identifier: Apache-2.0 */
/* Cast: the same elements in another type. */
#include "kernels/elementwise/elementwise.h"
#include "ops/content.h"

static const sld_attr attrs[] = {
    SLD_ATTR(sld_cast_params, to, "to", SLD_ATTR_DTYPE, SOLDER_F32),
    SLD_ATTR(sld_cast_params, saturate, "saturate", SLD_ATTR_BOOL, 1),
};

/* Integers wide enough that dimensions fit. */
static bool holds_dims(solder_dtype dtype)
{
    return sld_type_index(dtype) || dtype == SOLDER_U32 || dtype == SOLDER_U64;
}

static solder_status infer_cast(sld_infer *infer)
{
    const sld_cast_params *p = infer->params;
    if (!sld_dtype_valid((uint32_t)p->to)) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "to is %d, not an element type",
                              (int)p->to);
    }
    SLD_TRY(sld_infer_type(infer, 0, sld_type_any, "any"));
    SLD_TRY(sld_infer_rank(infer, 0, 0, SOLDER_MAX_RANK));
    sld_infer_set(infer, 0, (solder_dtype)p->to, &infer->in[0].shape);
    if (infer->in[0].dtype == (solder_dtype)p->to ||
        (holds_dims((solder_dtype)p->to) &&
         (holds_dims(infer->in[0].dtype) || infer->in[0].dtype == SOLDER_BOOL))) {
        sld_content_copy(infer, 0, 0);
    }
    return SOLDER_OK;
}

const sld_op_part sld_op_cast = {attrs, SLD_ARRAY_LENGTH(attrs), infer_cast};
