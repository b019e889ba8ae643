/* SPDX-License-Identifier: Apache-2.0 */
/* Cumulative: sums or products of what comes before along an axis. */
#include "kernels/reduce/reduce.h"
#include "ops/content.h"

static const sld_attr attrs[] = {
    SLD_ATTR(sld_cumulative_params, axis, "axis", SLD_ATTR_I32, 0),
    SLD_ATTR(sld_cumulative_params, product, "product", SLD_ATTR_BOOL, 0),
    SLD_ATTR(sld_cumulative_params, exclusive, "exclusive", SLD_ATTR_BOOL, 0),
    SLD_ATTR(sld_cumulative_params, reverse, "reverse", SLD_ATTR_BOOL, 0),
};

static solder_status infer_cumulative(sld_infer *infer)
{
    sld_cumulative_params *p = infer->params;
    SLD_TRY(sld_infer_type(infer, 0, sld_type_number, "a number"));
    SLD_TRY(sld_infer_rank(infer, 0, 1, SOLDER_MAX_RANK));
    SLD_TRY(sld_infer_axis(infer, &p->axis, infer->in[0].shape.rank));
    sld_infer_set(infer, 0, infer->in[0].dtype, &infer->in[0].shape);
    return SOLDER_OK;
}

const sld_op_part sld_op_cumulative = {attrs, SLD_ARRAY_LENGTH(attrs), infer_cumulative};
