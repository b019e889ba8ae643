/* SPDX-License-Identifier: Apache-2.0 */
/* ArgMax and ArgMin. */
#include "kernels/reduce/reduce.h"
#include "ops/content.h"

static const sld_attr attrs[] = {
    SLD_ATTR(sld_argmax_params, axis, "axis", SLD_ATTR_I32, 0),
    SLD_ATTR(sld_argmax_params, minimum, "minimum", SLD_ATTR_BOOL, 0),
    SLD_ATTR(sld_argmax_params, keep_dims, "keep_dims", SLD_ATTR_BOOL, 1),
    SLD_ATTR(sld_argmax_params, last, "last", SLD_ATTR_BOOL, 0),
};

static solder_status infer_argmax(sld_infer *infer)
{
    sld_argmax_params *p = infer->params;
    SLD_TRY(sld_infer_type(infer, 0, sld_type_number, "a number"));
    SLD_TRY(sld_infer_rank(infer, 0, 1, SOLDER_MAX_RANK));
    const sld_shape *in = &infer->in[0].shape;
    SLD_TRY(sld_infer_axis(infer, &p->axis, in->rank));
    int64_t extent;
    if (sld_infer_dim(infer, 0, p->axis, &extent) && extent == 0) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "axis %d has no elements", (int)p->axis);
    }
    sld_shape shape = {.rank = 0};
    for (int i = 0; i < in->rank; i++) {
        if (i != p->axis) {
            shape.d[shape.rank++] = in->d[i];
        } else if (p->keep_dims != 0) {
            shape.d[shape.rank++] = sld_expr_const(infer->exprs, 1);
        }
    }
    sld_infer_set(infer, 0, SOLDER_I64, &shape);
    return SOLDER_OK;
}

const sld_op_part sld_op_argmax = {attrs, SLD_ARRAY_LENGTH(attrs), infer_argmax};
