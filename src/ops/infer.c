/* SPDX-License-Identifier: Apache-2.0 */
/* What inference functions of many operators need. */
#include <stdarg.h>
#include <stdio.h>

#include "ops/op.h"

solder_status sld_infer_fail(const sld_infer *infer, solder_status code, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return sld_fail(infer->diag, code, "node '%s' (%s): %s", infer->name, infer->op_name, text);
}

solder_status sld_infer_axis(const sld_infer *infer, int32_t *axis, int rank)
{
    if (*axis < -rank || *axis >= rank) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "axis %d is outside a tensor of rank %d",
                              (int)*axis, rank);
    }
    if (*axis < 0) {
        *axis += rank;
    }
    return SOLDER_OK;
}

bool sld_infer_has(const sld_infer *infer, uint32_t index)
{
    return index < infer->in_count && infer->in[index].dtype != SOLDER_NONE;
}

solder_status sld_infer_rank(const sld_infer *infer, uint32_t index, int min, int max)
{
    if (!sld_infer_has(infer, index)) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "input %u is missing", (unsigned)index);
    }
    int rank = infer->in[index].shape.rank;
    if (rank < 0) {
        return sld_infer_fail(infer, SOLDER_ERROR_UNSUPPORTED, "rank of input %u is not known",
                              (unsigned)index);
    }
    if (rank < min || rank > max) {
        return min == max
                   ? sld_infer_fail(infer, SOLDER_ERROR_DATA, "input %u has rank %d, needs %d",
                                    (unsigned)index, rank, min)
                   : sld_infer_fail(infer, SOLDER_ERROR_DATA,
                                    "input %u has rank %d, needs %d to %d", (unsigned)index, rank,
                                    min, max);
    }
    return SOLDER_OK;
}

bool sld_infer_dim(const sld_infer *infer, uint32_t index, int axis, int64_t *value)
{
    const sld_shape *shape = &infer->in[index].shape;
    return axis >= 0 && axis < shape->rank &&
           sld_expr_is_const(infer->exprs, shape->d[axis], value);
}

static solder_status broadcast_dim(const sld_infer *infer, sld_dim a, sld_dim b, int axis,
                                   sld_dim *out)
{
    int64_t ca = -1;
    int64_t cb = -1;
    bool const_a = sld_expr_is_const(infer->exprs, a, &ca);
    bool const_b = sld_expr_is_const(infer->exprs, b, &cb);
    if (a == b || (const_b && cb == 1)) {
        *out = a;
    } else if (const_a && ca == 1) {
        *out = b;
    } else if (const_a && const_b) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA,
                              "dimension %d does not broadcast: %lld against %lld", axis,
                              (long long)ca, (long long)cb);
    } else {
        *out = const_b ? b : a; /* a constant other than 1 must be the result */
    }
    return SOLDER_OK;
}

solder_status sld_infer_broadcast(const sld_infer *infer, const sld_shape *a, const sld_shape *b,
                                  sld_shape *out)
{
    sld_shape result = {.rank = a->rank > b->rank ? a->rank : b->rank};
    for (int i = 0; i < result.rank; i++) {
        int ia = i - (result.rank - a->rank);
        int ib = i - (result.rank - b->rank);
        if (ia < 0 || ib < 0) {
            result.d[i] = ia < 0 ? b->d[ib] : a->d[ia];
        } else {
            SLD_TRY(broadcast_dim(infer, a->d[ia], b->d[ib], i, &result.d[i]));
        }
    }
    *out = result;
    return SOLDER_OK;
}

sld_dim sld_infer_product(const sld_infer *infer, const sld_shape *shape, int from, int to)
{
    sld_dim product = sld_expr_const(infer->exprs, 1);
    for (int i = from; i < to; i++) {
        product = sld_expr_mul(infer->exprs, product, shape->d[i]);
    }
    return product;
}

/* Elements of a rank 0 or 1 fact, or -1. */
static int64_t small_count(const sld_infer *infer, const sld_fact *fact)
{
    int64_t count = 1;
    if (fact->shape.rank < 0 || fact->shape.rank > 1 ||
        (fact->shape.rank == 1 && !sld_expr_is_const(infer->exprs, fact->shape.d[0], &count)) ||
        count > SLD_CONTENT_MAX) {
        return -1;
    }
    return count;
}

const sld_dim *sld_infer_content(const sld_infer *infer, uint32_t index, int *count)
{
    if (!sld_infer_has(infer, index)) {
        return NULL;
    }
    const sld_fact *fact = &infer->in[index];
    int64_t n = small_count(infer, fact);
    if (n < 0 || sld_dtype_is_float(fact->dtype)) {
        return NULL;
    }
    *count = (int)n;
    if (fact->content != NULL || fact->data == NULL) {
        return fact->content;
    }
    sld_dim *content = sld_arena_array(infer->arena, (size_t)n + 1, sizeof *content);
    for (int i = 0; content != NULL && i < n; i++) {
        const char *p = (const char *)fact->data + (size_t)i * solder_dtype_size(fact->dtype);
        content[i] = sld_expr_const(infer->exprs, sld_load_i64(fact->dtype, p));
    }
    return content;
}

static const void *constant_element(const sld_infer *infer, uint32_t index, int64_t element)
{
    if (!sld_infer_has(infer, index) || infer->in[index].data == NULL) {
        return NULL;
    }
    const sld_fact *fact = &infer->in[index];
    int64_t count = 1;
    for (int i = 0; i < fact->shape.rank; i++) {
        int64_t dim = 0;
        (void)sld_expr_is_const(infer->exprs, fact->shape.d[i], &dim);
        count *= dim;
    }
    if (element < 0 || element >= count) {
        return NULL;
    }
    return (const char *)fact->data + (size_t)element * solder_dtype_size(fact->dtype);
}

bool sld_infer_constant_i64(const sld_infer *infer, uint32_t index, int64_t element, int64_t *value)
{
    const void *p = constant_element(infer, index, element);
    if (p != NULL) {
        *value = sld_load_i64(infer->in[index].dtype, p);
        return true;
    }
    if (sld_infer_has(infer, index) && infer->in[index].content != NULL && element >= 0 &&
        element < small_count(infer, &infer->in[index])) {
        return sld_expr_is_const(infer->exprs, infer->in[index].content[element], value);
    }
    return false;
}

bool sld_infer_constant_f64(const sld_infer *infer, uint32_t index, int64_t element, double *value)
{
    const void *p = constant_element(infer, index, element);
    if (p != NULL) {
        *value = sld_load_f64(infer->in[index].dtype, p);
    }
    return p != NULL;
}

sld_dim sld_infer_open_dim(const sld_infer *infer, int axis)
{
    char symbol[480];
    (void)snprintf(symbol, sizeof symbol, "%.400s.%d", infer->name, axis);
    return sld_expr_data_symbol(infer->exprs, symbol, SLD_DIM_NONE);
}

void sld_infer_set(sld_infer *infer, uint32_t index, solder_dtype dtype, const sld_shape *shape)
{
    if (index < infer->out_count) {
        infer->out[index].dtype = dtype;
        infer->out[index].shape = *shape;
    }
}

sld_shape sld_shape_scalar(void)
{
    return (sld_shape){.rank = 0};
}

sld_shape sld_shape_vector(sld_expr_table *exprs, int64_t length)
{
    return (sld_shape){.rank = 1, .d = {sld_expr_const(exprs, length)}};
}
