/* SPDX-License-Identifier: Apache-2.0 */
/* Shape: the dims of its input as i64. */
#include "kernels/shuffle/shuffle.h"
#include "ops/content.h"

static const sld_attr attrs[] = {
    SLD_ATTR(sld_shape_params, start, "start", SLD_ATTR_I32, 0),
    SLD_ATTR(sld_shape_params, end, "end", SLD_ATTR_I32, SOLDER_MAX_RANK),
};

static int32_t clamp(int32_t value, int32_t rank)
{
    value = value < 0 ? value + rank : value;
    return value < 0 ? 0 : value > rank ? rank : value;
}

static solder_status infer_shape(sld_infer *infer)
{
    sld_shape_params *p = infer->params;
    SLD_TRY(sld_infer_rank(infer, 0, 0, SOLDER_MAX_RANK));
    const sld_shape *in = &infer->in[0].shape;
    p->start = clamp(p->start, in->rank);
    p->end = clamp(p->end, in->rank);
    p->end = p->end < p->start ? p->start : p->end;
    sld_shape shape = sld_shape_vector(infer->exprs, p->end - p->start);
    sld_infer_set(infer, 0, SOLDER_I64, &shape);
    sld_dim *content;
    SLD_TRY(sld_content_make(infer, 0, &content));
    for (int i = p->start; content != NULL && i < p->end; i++) {
        content[i - p->start] = in->d[i];
    }
    return SOLDER_OK;
}

const sld_op_part sld_op_shape = {attrs, SLD_ARRAY_LENGTH(attrs), infer_shape};
