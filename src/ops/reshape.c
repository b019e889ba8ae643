/* SPDX-License-Identifier: Apache-2.0 */
/* Reshape: the same elements under other dims. */
#include "kernels/shuffle/shuffle.h"
#include "ops/content.h"

static const sld_attr attrs[] = {
    SLD_ATTR_LIST(sld_reshape_params, dims, "dims", SLD_ATTR_I64, SOLDER_MAX_RANK, rank, 0),
    SLD_ATTR(sld_reshape_params, allow_zero, "allow_zero", SLD_ATTR_BOOL, 0),
};

/* total / divisor, factor by factor so that symbols cancel. Exact division is assumed. */
static sld_dim divide(sld_expr_table *t, sld_dim total, sld_dim divisor, int depth)
{
    if (divisor >= 0 && depth < 16) {
        const sld_expr n = t->exprs[divisor];
        if (n.op == SLD_EXPR_MUL) {
            return divide(t, divide(t, total, n.a, depth + 1), n.b, depth + 1);
        }
    }
    return sld_expr_div(t, total, divisor);
}

/*
 * The dimension at `open` that keeps the number of elements. used: input dims already copied to
 * the output; they cancel, and with them zeros.
 */
static sld_dim remaining(const sld_infer *infer, const sld_shape *out, int open, uint32_t used)
{
    const sld_shape *in = &infer->in[0].shape;
    sld_expr_table *t = infer->exprs;
    bool done[SOLDER_MAX_RANK] = {false};
    for (int i = 0; i < in->rank; i++) {
        done[i] = (used & (1u << i)) != 0 && i < out->rank;
    }
    bool cancelled[SOLDER_MAX_RANK];
    memcpy(cancelled, done, sizeof cancelled);
    for (int o = 0; o < out->rank; o++) {
        for (int i = 0; i < in->rank && o != open && !done[o]; i++) {
            if (!cancelled[i] && in->d[i] == out->d[o] && !sld_expr_is_const(t, in->d[i], NULL)) {
                cancelled[i] = done[o] = true;
            }
        }
    }
    sld_dim total = sld_expr_const(t, 1);
    for (int i = 0; i < in->rank; i++) {
        total = cancelled[i] ? total : sld_expr_mul(t, total, in->d[i]);
    }
    for (int o = 0; o < out->rank; o++) {
        if (o != open && !done[o]) {
            total = divide(t, total, out->d[o], 0);
        }
    }
    return total;
}

/*
 * Turns the wanted dims into the output's; the index of the dimension to compute, or -1. Values
 * that are not known give open dims, unless it is one that follows from the others.
 */
static solder_status read_dims(const sld_infer *infer, const sld_list *list, bool allow_zero,
                               sld_shape *out, int *open, uint32_t *used)
{
    const sld_shape *in = &infer->in[0].shape;
    int unknown = -1;
    int unknowns = 0;
    *open = -1;
    *used = 0;
    out->rank = list->count;
    for (int i = 0; i < list->count; i++) {
        out->d[i] = list->expr[i];
        if (!list->constant[i]) {
            unknowns += list->expr[i] == SLD_DIM_NONE ? 1 : 0;
            unknown = list->expr[i] == SLD_DIM_NONE ? i : unknown;
        } else if (list->value[i] == 0 && !allow_zero) {
            if (i >= in->rank) {
                return sld_infer_fail(infer, SOLDER_ERROR_DATA,
                                      "dimension %d is 0 (copy), but the input has rank %d", i,
                                      (int)in->rank);
            }
            out->d[i] = in->d[i];
            *used |= 1u << i;
        } else if (list->value[i] == -1 && *open < 0) {
            *open = i;
        } else if (list->value[i] < 0) {
            return sld_infer_fail(infer, SOLDER_ERROR_DATA, "dimension %d is %lld%s", i,
                                  (long long)list->value[i],
                                  list->value[i] == -1 ? ", the second -1" : "");
        }
    }
    if (unknowns > 1 || (unknowns > 0 && *open >= 0)) {
        for (int i = 0; i < list->count; i++) {
            bool told = i == *open || list->expr[i] == SLD_DIM_NONE;
            out->d[i] = told ? sld_infer_open_dim(infer, i) : out->d[i];
        }
        *open = unknown = -1;
    }
    *open = unknown >= 0 ? unknown : *open;
    return SOLDER_OK;
}

/* Where both element counts are constants they must agree. */
static solder_status check_count(const sld_infer *infer, const sld_shape *out)
{
    const sld_shape *in = &infer->in[0].shape;
    int64_t have;
    int64_t want;
    if (sld_expr_is_const(infer->exprs, sld_infer_product(infer, in, 0, in->rank), &have) &&
        sld_expr_is_const(infer->exprs, sld_infer_product(infer, out, 0, out->rank), &want) &&
        have != want) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA,
                              "%lld elements do not fit a shape of %lld elements", (long long)have,
                              (long long)want);
    }
    return SOLDER_OK;
}

static solder_status infer_reshape(sld_infer *infer)
{
    const sld_reshape_params *p = infer->params;
    SLD_TRY(sld_infer_type(infer, 0, sld_type_any, "any"));
    SLD_TRY(sld_infer_rank(infer, 0, 0, SOLDER_MAX_RANK));
    sld_list list;
    if (sld_infer_has(infer, 1)) {
        SLD_TRY(sld_list_read(infer, 1, SOLDER_MAX_RANK, "the new shape", &list));
    } else {
        sld_list_set(infer, &list, p->rank, p->dims);
    }
    sld_shape shape;
    int open;
    uint32_t used;
    SLD_TRY(read_dims(infer, &list, p->allow_zero != 0, &shape, &open, &used));
    if (open >= 0) {
        shape.d[open] = sld_expr_const(infer->exprs, 1);
        sld_dim others = sld_infer_product(infer, &shape, 0, shape.rank);
        int64_t zero;
        if (sld_expr_is_const(infer->exprs, others, &zero) && zero == 0 && used == 0) {
            return sld_infer_fail(infer, SOLDER_ERROR_DATA,
                                  "dimension %d cannot follow from others of 0", open);
        }
        shape.d[open] = remaining(infer, &shape, open, used);
        if (shape.d[open] == SLD_DIM_NONE) {
            return sld_infer_fail(infer, SOLDER_ERROR_DATA, "dimension %d cannot be computed",
                                  open);
        }
    }
    SLD_TRY(check_count(infer, &shape));
    sld_infer_set(infer, 0, infer->in[0].dtype, &shape);
    sld_content_copy(infer, 0, 0);
    return SOLDER_OK;
}

const sld_op_part sld_op_reshape = {attrs, SLD_ARRAY_LENGTH(attrs), infer_reshape};
