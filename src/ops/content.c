/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/content.h"

/* Shared subexpressions make an expression a DAG: what a proof may visit is bounded. */
#define VISITS_MAX 256

int sld_content_count(const sld_infer *infer, const sld_shape *shape)
{
    int64_t count = 1;
    if (shape->rank < 0 || shape->rank > 1 ||
        (shape->rank == 1 && !sld_expr_is_const(infer->exprs, shape->d[0], &count)) || count < 0 ||
        count > SLD_CONTENT_MAX) {
        return -1;
    }
    return (int)count;
}

solder_status sld_content_make(sld_infer *infer, uint32_t index, sld_dim **content)
{
    sld_fact *out = &infer->out[index];
    *content = NULL;
    int count = sld_content_count(infer, &out->shape);
    if (count < 0 || (!sld_dtype_is_integer(out->dtype) && out->dtype != SOLDER_BOOL)) {
        return SOLDER_OK;
    }
    sld_dim *fresh = sld_arena_array(infer->arena, (size_t)count, sizeof *fresh);
    if (fresh == NULL) {
        return sld_fail_memory(infer->diag, (size_t)count * sizeof *fresh);
    }
    for (int i = 0; i < count; i++) {
        fresh[i] = SLD_DIM_NONE;
    }
    out->content = *content = fresh;
    return SOLDER_OK;
}

void sld_content_copy(sld_infer *infer, uint32_t index, uint32_t from)
{
    sld_fact *out = &infer->out[index];
    int count;
    const sld_dim *content = sld_infer_content(infer, from, &count);
    if (content != NULL && count == sld_content_count(infer, &out->shape)) {
        out->content = content;
    }
}

solder_status sld_list_read(const sld_infer *infer, uint32_t index, int max, const char *what,
                            sld_list *list)
{
    const sld_fact *in = &infer->in[index];
    if (!sld_type_index(in->dtype)) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "%s has type %s, expected i32 or i64", what,
                              solder_dtype_name(in->dtype));
    }
    if (in->shape.rank > 1) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "%s has rank %d, expected 1", what,
                              (int)in->shape.rank);
    }
    int count = sld_content_count(infer, &in->shape);
    if (count < 0) {
        return sld_infer_fail(infer, SOLDER_ERROR_UNSUPPORTED,
                              "the number of values in %s is not known or over %d", what,
                              SLD_CONTENT_MAX);
    }
    if (count > max) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "%s has %d values, at most %d allowed",
                              what, count, max);
    }
    int known = 0;
    const sld_dim *content = sld_infer_content(infer, index, &known);
    list->count = count;
    for (int i = 0; i < count; i++) {
        list->expr[i] = content != NULL && i < known ? content[i] : SLD_DIM_NONE;
        list->constant[i] = sld_infer_constant_i64(infer, index, i, &list->value[i]) ||
                            sld_expr_is_const(infer->exprs, list->expr[i], &list->value[i]);
    }
    return SOLDER_OK;
}

void sld_list_set(const sld_infer *infer, sld_list *list, int count, const int64_t *values)
{
    list->count = count;
    for (int i = 0; i < count; i++) {
        list->constant[i] = true;
        list->value[i] = values[i];
        list->expr[i] = sld_expr_const(infer->exprs, values[i]);
    }
}

solder_status sld_list_constant(const sld_infer *infer, const sld_list *list, const char *what)
{
    for (int i = 0; i < list->count; i++) {
        if (!list->constant[i]) {
            return sld_infer_fail(infer, SOLDER_ERROR_UNSUPPORTED,
                                  "%s must be known when the network is built", what);
        }
    }
    return SOLDER_OK;
}

/* ---- order between expressions ---- */

static int64_t lower_at(const sld_expr_table *t, sld_dim e, int *visits)
{
    if (e < 0 || ++*visits > VISITS_MAX) {
        return INT64_MIN;
    }
    const sld_expr *n = &t->exprs[e];
    if (n->op == SLD_EXPR_CONST) {
        return n->value;
    }
    if (n->op == SLD_EXPR_SYMBOL) {
        return 0;
    }
    int64_t a = lower_at(t, n->a, visits);
    int64_t b = lower_at(t, n->b, visits);
    int64_t result;
    int64_t divisor;
    switch (n->op) {
    case SLD_EXPR_ADD:
        return a != INT64_MIN && b != INT64_MIN && sld_i64_add(a, b, &result) ? result : INT64_MIN;
    case SLD_EXPR_MUL:
        return a >= 0 && b >= 0 && sld_i64_mul(a, b, &result) ? result : INT64_MIN;
    case SLD_EXPR_DIV:
    case SLD_EXPR_CEIL:
        if (a == INT64_MIN || b <= 0) {
            return INT64_MIN;
        }
        if (!sld_expr_is_const(t, n->b, &divisor)) {
            return a >= 0 ? 0 : a;
        }
        return a >= 0 ? a / divisor : -((-a + divisor - 1) / divisor);
    case SLD_EXPR_MOD:
        return b > 0 ? 0 : INT64_MIN;
    case SLD_EXPR_MIN:
        return a < b ? a : b;
    case SLD_EXPR_MAX:
        return a > b ? a : b;
    default:
        return INT64_MIN;
    }
}

int64_t sld_dim_lower(const sld_expr_table *exprs, sld_dim e)
{
    int visits = 0;
    return lower_at(exprs, e, &visits);
}

bool sld_dim_le(sld_expr_table *t, sld_dim a, sld_dim b)
{
    if (a < 0 || b < 0) {
        return false;
    }
    int64_t ca;
    int64_t cb;
    if (a == b) {
        return true;
    }
    if (sld_expr_is_const(t, a, &ca)) {
        return ca <= (sld_expr_is_const(t, b, &cb) ? cb : sld_dim_lower(t, b));
    }
    const sld_expr n = t->exprs[a];
    if ((n.op == SLD_EXPR_DIV || n.op == SLD_EXPR_CEIL) && sld_dim_lower(t, n.b) >= 1 &&
        sld_dim_lower(t, n.a) >= 0 && n.a == b) {
        return true;
    }
    if (n.op == SLD_EXPR_MIN && (n.a == b || n.b == b)) {
        return true;
    }
    const sld_expr m = t->exprs[b];
    if (m.op == SLD_EXPR_MAX && (m.a == a || m.b == a)) {
        return true;
    }
    sld_dim difference = sld_expr_sub(t, b, a);
    return difference >= 0 && sld_dim_lower(t, difference) >= 0;
}

sld_dim sld_dim_min(sld_expr_table *t, sld_dim a, sld_dim b)
{
    if (sld_dim_le(t, a, b)) {
        return a;
    }
    return sld_dim_le(t, b, a) ? b : sld_expr_make(t, SLD_EXPR_MIN, a, b);
}

sld_dim sld_dim_max(sld_expr_table *t, sld_dim a, sld_dim b)
{
    if (sld_dim_le(t, a, b)) {
        return b;
    }
    return sld_dim_le(t, b, a) ? a : sld_expr_make(t, SLD_EXPR_MAX, a, b);
}

/* ---- element types ---- */

bool sld_type_any(solder_dtype dtype)
{
    return sld_dtype_valid((uint32_t)dtype);
}

bool sld_type_bool(solder_dtype dtype)
{
    return dtype == SOLDER_BOOL;
}

bool sld_type_number(solder_dtype dtype)
{
    return sld_dtype_is_float(dtype) || sld_dtype_is_integer(dtype);
}

bool sld_type_index(solder_dtype dtype)
{
    return dtype == SOLDER_I32 || dtype == SOLDER_I64;
}

solder_status sld_infer_type(const sld_infer *infer, uint32_t index, bool (*accept)(solder_dtype),
                             const char *expected)
{
    solder_dtype dtype = infer->in[index].dtype;
    if (!accept(dtype)) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "input %u has type %s, expected %s",
                              (unsigned)index, solder_dtype_name(dtype), expected);
    }
    return SOLDER_OK;
}

solder_status sld_infer_same_type(const sld_infer *infer, uint32_t a, uint32_t b)
{
    solder_dtype x = infer->in[a].dtype;
    solder_dtype y = infer->in[b].dtype;
    if (x != y) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA,
                              "inputs %u and %u have different types, %s and %s", (unsigned)a,
                              (unsigned)b, solder_dtype_name(x), solder_dtype_name(y));
    }
    return SOLDER_OK;
}
