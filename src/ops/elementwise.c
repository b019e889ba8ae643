/* SPDX-License-Identifier: Apache-2.0 */
/* ElementWise: two inputs of one dtype with numpy broadcast. */
#include "kernels/elementwise/elementwise.h"
#include "ops/content.h"
#include "ops/epilogue.h"

static const char *const kinds[SLD_BINARY_COUNT] = {
    "sum",           "sub",       "prod",       "div",         "max",
    "min",           "pow",       "floor_div",  "mod",         "fmod",
    "equal",         "not_equal", "less",       "less_equal",  "greater",
    "greater_equal", "and",       "or",         "xor",         "bit_and",
    "bit_or",        "bit_xor",   "shift_left", "shift_right", "squared_difference",
    "atan2",
};

static const sld_attr attrs[] = {
    SLD_ATTR_NAMED(sld_elementwise_params, kind, "kind", kinds, 0),
    SLD_ATTR_EPILOGUE(sld_elementwise_params),
};

static bool equality(int kind)
{
    return kind == SLD_BINARY_EQUAL || kind == SLD_BINARY_NOT_EQUAL;
}

static bool comparison(int kind)
{
    return kind >= SLD_BINARY_EQUAL && kind <= SLD_BINARY_GREATER_EQUAL;
}

static bool logic(int kind)
{
    return kind >= SLD_BINARY_AND && kind <= SLD_BINARY_XOR;
}

static solder_status check_types(const sld_infer *infer, const sld_elementwise_params *p)
{
    if (p->kind == SLD_BINARY_POW) {
        SLD_TRY(sld_infer_type(infer, 0, sld_type_number, "a number"));
        return sld_infer_type(infer, 1, sld_type_number, "a number");
    }
    SLD_TRY(sld_infer_same_type(infer, 0, 1));
    if (equality(p->kind)) {
        return sld_infer_type(infer, 0, sld_type_any, "any");
    }
    if (logic(p->kind)) {
        return sld_infer_type(infer, 0, sld_type_bool, "bool");
    }
    if (p->kind >= SLD_BINARY_BIT_AND && p->kind <= SLD_BINARY_SHIFT_RIGHT) {
        return sld_infer_type(infer, 0, sld_dtype_is_integer, "an integer");
    }
    if (p->kind == SLD_BINARY_ATAN2) {
        return sld_infer_type(infer, 0, sld_dtype_is_float, "a float");
    }
    return sld_infer_type(infer, 0, sld_type_number, "a number");
}

/* Truncating division: what the kernel does; an expression rounds down. */
static sld_dim divide(sld_expr_table *t, sld_dim a, sld_dim b)
{
    int64_t x;
    int64_t y;
    if (sld_expr_is_const(t, a, &x) && sld_expr_is_const(t, b, &y)) {
        return y == 0 ? SLD_DIM_NONE : y == -1 ? sld_expr_const(t, -x) : sld_expr_const(t, x / y);
    }
    if (sld_dim_lower(t, a) >= 0 && sld_dim_lower(t, b) >= 1) {
        return sld_expr_div(t, a, b);
    }
    /* (T - 1) / 2, as exporters compute sizes: a little below 0 is still 0. */
    bool close = a >= 0 && sld_expr_is_const(t, b, &y) && y >= 1 && sld_dim_lower(t, a) > -y;
    return close ? sld_dim_max(t, sld_expr_div(t, a, b), sld_expr_const(t, 0)) : SLD_DIM_NONE;
}

/* The kernel's remainder by 0 is 0, and so is that by 1. */
static sld_dim remainder_of(sld_expr_table *t, sld_dim a, sld_dim b)
{
    int64_t low = sld_dim_lower(t, b);
    b = low == 0 ? sld_dim_max(t, b, sld_expr_const(t, 1)) : b;
    return low >= 0 && b >= 0 ? sld_expr_make(t, SLD_EXPR_MOD, a, b) : SLD_DIM_NONE;
}

/* a == b as 0 or 1 where that is certain. */
static sld_dim equal(sld_expr_table *t, sld_dim a, sld_dim b)
{
    int64_t c;
    if (a < 0 || b < 0) {
        return SLD_DIM_NONE;
    }
    if (a == b) {
        return sld_expr_const(t, 1);
    }
    sld_dim difference = sld_expr_sub(t, a, b);
    sld_dim opposite = sld_expr_sub(t, b, a);
    if ((difference >= 0 && sld_dim_lower(t, difference) > 0) ||
        (opposite >= 0 && sld_dim_lower(t, opposite) > 0) ||
        (sld_expr_is_const(t, difference, &c) && c != 0)) {
        return sld_expr_const(t, 0);
    }
    return SLD_DIM_NONE;
}

static sld_dim combine(sld_expr_table *t, int kind, sld_dim a, sld_dim b)
{
    int64_t c;
    switch (kind) {
    case SLD_BINARY_SUM:
        return sld_expr_add(t, a, b);
    case SLD_BINARY_SUB:
        return sld_expr_sub(t, a, b);
    case SLD_BINARY_PROD:
        return sld_expr_mul(t, a, b);
    case SLD_BINARY_DIV:
        return divide(t, a, b);
    case SLD_BINARY_FLOOR_DIV:
        return sld_dim_lower(t, b) >= 1 ? sld_expr_div(t, a, b) : SLD_DIM_NONE;
    case SLD_BINARY_MOD:
        return remainder_of(t, a, b);
    case SLD_BINARY_MAX:
        return a < 0 || b < 0 ? SLD_DIM_NONE : sld_dim_max(t, a, b);
    case SLD_BINARY_MIN:
        return a < 0 || b < 0 ? SLD_DIM_NONE : sld_dim_min(t, a, b);
    case SLD_BINARY_EQUAL:
        return equal(t, a, b);
    case SLD_BINARY_NOT_EQUAL:
        return sld_expr_is_const(t, equal(t, a, b), &c) ? sld_expr_const(t, !c) : SLD_DIM_NONE;
    default:
        return SLD_DIM_NONE;
    }
}

static solder_status propagate(sld_infer *infer, int kind)
{
    int na;
    int nb;
    sld_dim *content;
    const sld_dim *a = sld_infer_content(infer, 0, &na);
    const sld_dim *b = sld_infer_content(infer, 1, &nb);
    if (a == NULL || b == NULL) {
        return SOLDER_OK;
    }
    SLD_TRY(sld_content_make(infer, 0, &content));
    int count = sld_content_count(infer, &infer->out[0].shape);
    for (int i = 0; content != NULL && i < count; i++) {
        content[i] = combine(infer->exprs, kind, a[na == 1 ? 0 : i], b[nb == 1 ? 0 : i]);
    }
    return SOLDER_OK;
}

static solder_status infer_elementwise(sld_infer *infer)
{
    const sld_elementwise_params *p = infer->params;
    SLD_TRY(check_types(infer, p));
    solder_dtype dtype = comparison(p->kind) || logic(p->kind) ? SOLDER_BOOL : infer->in[0].dtype;
    if (p->epilogue.act != SLD_ACT_NONE && !sld_dtype_is_float(dtype)) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA,
                              "an activation needs a float result, this one is %s",
                              solder_dtype_name(dtype));
    }
    if (p->epilogue.residual != 0) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "epilogue.residual is not used here");
    }
    SLD_TRY(sld_infer_rank(infer, 0, 0, SOLDER_MAX_RANK));
    SLD_TRY(sld_infer_rank(infer, 1, 0, SOLDER_MAX_RANK));
    sld_shape shape;
    SLD_TRY(sld_infer_broadcast(infer, &infer->in[0].shape, &infer->in[1].shape, &shape));
    sld_infer_set(infer, 0, dtype, &shape);
    return propagate(infer, p->kind);
}

const sld_op_part sld_op_elementwise = {attrs, SLD_ARRAY_LENGTH(attrs), infer_elementwise};
