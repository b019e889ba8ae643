/* SPDX-License-Identifier: Apache-2.0 */
/* Concat: inputs side by side along one axis. */
#include "kernels/shuffle/shuffle.h"
#include "ops/content.h"

static const sld_attr attrs[] = {
    SLD_ATTR(sld_concat_params, axis, "axis", SLD_ATTR_I32, 0),
};

/* Adds the shape of input i to the sum in shape. */
static solder_status append(const sld_infer *infer, uint32_t i, int axis, sld_shape *shape)
{
    const sld_shape *in = &infer->in[i].shape;
    SLD_TRY(sld_infer_rank(infer, i, 1, SOLDER_MAX_RANK));
    SLD_TRY(sld_infer_same_type(infer, 0, i));
    if (in->rank != shape->rank) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "input %u has rank %d, input 0 has rank %d",
                              (unsigned)i, (int)in->rank, (int)shape->rank);
    }
    for (int d = 0; d < in->rank; d++) {
        int64_t have;
        int64_t other;
        if (d == axis) {
            shape->d[d] = sld_expr_add(infer->exprs, shape->d[d], in->d[d]);
            continue;
        }
        bool known = sld_expr_is_const(infer->exprs, shape->d[d], &have);
        if (sld_expr_is_const(infer->exprs, in->d[d], &other)) {
            if (known && have != other) {
                return sld_infer_fail(infer, SOLDER_ERROR_DATA,
                                      "dimension %d is %lld in input %u but %lld before it", d,
                                      (long long)other, (unsigned)i, (long long)have);
            }
            shape->d[d] = in->d[d];
        }
    }
    return SOLDER_OK;
}

static solder_status propagate(sld_infer *infer)
{
    sld_dim *content;
    SLD_TRY(sld_content_make(infer, 0, &content));
    int at = 0;
    bool any = false;
    for (uint32_t i = 0; content != NULL && i < infer->in_count; i++) {
        int known;
        int count = sld_content_count(infer, &infer->in[i].shape);
        const sld_dim *in = sld_infer_content(infer, i, &known);
        for (int k = 0; k < count; k++) {
            content[at++] = in == NULL ? SLD_DIM_NONE : in[k];
        }
        any = any || in != NULL;
    }
    if (!any) {
        infer->out[0].content = NULL;
    }
    return SOLDER_OK;
}

static solder_status infer_concat(sld_infer *infer)
{
    sld_concat_params *p = infer->params;
    SLD_TRY(sld_infer_type(infer, 0, sld_type_any, "any"));
    SLD_TRY(sld_infer_rank(infer, 0, 1, SOLDER_MAX_RANK));
    sld_shape shape = infer->in[0].shape;
    SLD_TRY(sld_infer_axis(infer, &p->axis, shape.rank));
    for (uint32_t i = 1; i < infer->in_count; i++) {
        if (!sld_infer_has(infer, i)) {
            return sld_infer_fail(infer, SOLDER_ERROR_DATA, "input %u is absent", (unsigned)i);
        }
        SLD_TRY(append(infer, i, p->axis, &shape));
    }
    sld_infer_set(infer, 0, infer->in[0].dtype, &shape);
    return shape.rank == 1 ? propagate(infer) : SOLDER_OK;
}

const sld_op_part sld_op_concat = {attrs, SLD_ARRAY_LENGTH(attrs), infer_concat};
