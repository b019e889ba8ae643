/* SPDX-License-Identifier: Apache-2.0 */
/* Reduce: sum, mean, maximum, ... over a set of axes. */
#include "kernels/reduce/reduce.h"
#include "ops/content.h"

static const char *const kinds[SLD_REDUCE_KIND_COUNT] = {
    "sum",     "prod",        "max",        "min",     "mean", "l1", "l2",
    "log_sum", "log_sum_exp", "sum_square", "abs_sum", "and",  "or",
};

static const sld_attr attrs[] = {
    SLD_ATTR_NAMED(sld_reduce_params, kind, "kind", kinds, 0),
    SLD_ATTR(sld_reduce_params, axes, "axes", SLD_ATTR_MASK, 0),
    SLD_ATTR(sld_reduce_params, keep_dims, "keep_dims", SLD_ATTR_BOOL, 1),
    SLD_ATTR(sld_reduce_params, scale, "scale", SLD_ATTR_F32, 1),
};

static solder_status check_type(const sld_infer *infer, int kind)
{
    switch (kind) {
    case SLD_REDUCE_AND:
    case SLD_REDUCE_OR:
        return sld_infer_type(infer, 0, sld_type_bool, "bool");
    case SLD_REDUCE_MAX:
    case SLD_REDUCE_MIN:
        return sld_infer_type(infer, 0, sld_type_any, "any");
    default:
        return sld_infer_type(infer, 0, sld_type_number, "a number");
    }
}

static sld_dim fold(sld_expr_table *t, int kind, sld_dim a, sld_dim b)
{
    switch (kind) {
    case SLD_REDUCE_SUM:
        return sld_expr_add(t, a, b);
    case SLD_REDUCE_PROD:
        return sld_expr_mul(t, a, b);
    case SLD_REDUCE_MAX:
        return a < 0 || b < 0 ? SLD_DIM_NONE : sld_dim_max(t, a, b);
    case SLD_REDUCE_MIN:
        return a < 0 || b < 0 ? SLD_DIM_NONE : sld_dim_min(t, a, b);
    default:
        return SLD_DIM_NONE;
    }
}

/* The content of a list reduced to one element. */
static solder_status propagate(sld_infer *infer, const sld_reduce_params *p)
{
    int count;
    const sld_dim *in = sld_infer_content(infer, 0, &count);
    if (in == NULL || p->scale != 1 || p->kind > SLD_REDUCE_MIN) {
        return SOLDER_OK;
    }
    if (p->axes == 0) {
        sld_content_copy(infer, 0, 0);
        return SOLDER_OK;
    }
    if (count == 0 && p->kind > SLD_REDUCE_PROD) {
        return SOLDER_OK;
    }
    sld_dim *content;
    SLD_TRY(sld_content_make(infer, 0, &content));
    if (content == NULL) {
        return SOLDER_OK;
    }
    content[0] = count == 0 ? sld_expr_const(infer->exprs, p->kind == SLD_REDUCE_PROD) : in[0];
    for (int i = 1; i < count; i++) {
        content[0] = fold(infer->exprs, p->kind, content[0], in[i]);
    }
    return SOLDER_OK;
}

static solder_status infer_reduce(sld_infer *infer)
{
    const sld_reduce_params *p = infer->params;
    SLD_TRY(check_type(infer, p->kind));
    SLD_TRY(sld_infer_rank(infer, 0, 0, SOLDER_MAX_RANK));
    const sld_shape *in = &infer->in[0].shape;
    if ((p->axes >> in->rank) != 0) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "an axis lies beyond rank %d",
                              (int)in->rank);
    }
    sld_shape shape = {.rank = 0};
    for (int i = 0; i < in->rank; i++) {
        if ((p->axes & (1u << i)) == 0) {
            shape.d[shape.rank++] = in->d[i];
        } else if (p->keep_dims != 0) {
            shape.d[shape.rank++] = sld_expr_const(infer->exprs, 1);
        }
    }
    sld_infer_set(infer, 0, infer->in[0].dtype, &shape);
    return in->rank == 1 ? propagate(infer, p) : SOLDER_OK;
}

const sld_op_part sld_op_reduce = {attrs, SLD_ARRAY_LENGTH(attrs), infer_reduce};
