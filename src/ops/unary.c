/* SPDX-License-Identifier: Apache-2.0 */
/* Unary: y = f(x) elementwise. */
#include "kernels/elementwise/elementwise.h"
#include "ops/content.h"

static const char *const kinds[SLD_UNARY_COUNT] = {
    "exp",    "log",      "sqrt",  "recip", "abs",   "neg",     "sin",    "cos",    "tan",
    "sinh",   "cosh",     "asin",  "acos",  "atan",  "asinh",   "acosh",  "atanh",  "ceil",
    "floor",  "round",    "erf",   "sign",  "not",   "bit_not", "is_nan", "is_inf", "rsqrt",
    "square", "identity", "log1p", "expm1", "trunc", "shrink",
};

static const sld_attr attrs[] = {
    SLD_ATTR_NAMED(sld_unary_params, kind, "kind", kinds, 0),
    SLD_ATTR(sld_unary_params, flags, "flags", SLD_ATTR_I32, 3),
    SLD_ATTR(sld_unary_params, alpha, "alpha", SLD_ATTR_F32, 0),
    SLD_ATTR(sld_unary_params, beta, "beta", SLD_ATTR_F32, 0),
};

static solder_status check_type(const sld_infer *infer, int kind)
{
    switch (kind) {
    case SLD_UNARY_NOT:
        return sld_infer_type(infer, 0, sld_type_bool, "bool");
    case SLD_UNARY_BIT_NOT:
        return sld_infer_type(infer, 0, sld_dtype_is_integer, "an integer");
    case SLD_UNARY_IDENTITY:
        return sld_infer_type(infer, 0, sld_type_any, "any");
    case SLD_UNARY_ABS:
    case SLD_UNARY_NEG:
    case SLD_UNARY_SIGN:
    case SLD_UNARY_SQUARE:
    case SLD_UNARY_CEIL:
    case SLD_UNARY_FLOOR:
    case SLD_UNARY_ROUND:
    case SLD_UNARY_TRUNC:
    case SLD_UNARY_SHRINK:
        return sld_infer_type(infer, 0, sld_type_number, "a number");
    default:
        return sld_infer_type(infer, 0, sld_dtype_is_float, "a float");
    }
}

static sld_dim apply(sld_expr_table *t, int kind, sld_dim x)
{
    int64_t c;
    switch (kind) {
    case SLD_UNARY_NEG:
        return sld_expr_sub(t, sld_expr_const(t, 0), x);
    case SLD_UNARY_ABS:
        return sld_expr_is_const(t, x, &c)          ? sld_expr_const(t, c < 0 ? -c : c)
               : x >= 0 && sld_dim_lower(t, x) >= 0 ? x
                                                    : SLD_DIM_NONE;
    case SLD_UNARY_NOT:
        return sld_expr_is_const(t, x, &c) ? sld_expr_const(t, c == 0) : SLD_DIM_NONE;
    case SLD_UNARY_SQUARE:
        return sld_expr_mul(t, x, x);
    default:
        return SLD_DIM_NONE;
    }
}

static solder_status infer_unary(sld_infer *infer)
{
    const sld_unary_params *p = infer->params;
    SLD_TRY(check_type(infer, p->kind));
    SLD_TRY(sld_infer_rank(infer, 0, 0, SOLDER_MAX_RANK));
    if (p->kind == SLD_UNARY_IS_INF && (p->flags < 0 || p->flags > 3)) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "flags is %d, expected 0 to 3",
                              (int)p->flags);
    }
    bool test = p->kind == SLD_UNARY_IS_NAN || p->kind == SLD_UNARY_IS_INF;
    sld_infer_set(infer, 0, test ? SOLDER_BOOL : infer->in[0].dtype, &infer->in[0].shape);
    int count;
    const sld_dim *in = test ? NULL : sld_infer_content(infer, 0, &count);
    if (in == NULL) {
        return SOLDER_OK;
    }
    if (p->kind == SLD_UNARY_IDENTITY ||
        (p->kind >= SLD_UNARY_CEIL && p->kind <= SLD_UNARY_ROUND) || p->kind == SLD_UNARY_TRUNC) {
        sld_content_copy(infer, 0, 0);
        return SOLDER_OK;
    }
    sld_dim *content;
    SLD_TRY(sld_content_make(infer, 0, &content));
    for (int i = 0; content != NULL && i < count; i++) {
        content[i] = apply(infer->exprs, p->kind, in[i]);
    }
    return SOLDER_OK;
}

const sld_op_part sld_op_unary = {attrs, SLD_ARRAY_LENGTH(attrs), infer_unary};
