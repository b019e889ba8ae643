/* SPDX-License-Identifier: Apache-2.0 */
/* Slice: numpy slicing along listed axes, with open dims and computed bounds. */
#include <stdio.h>

#include "kernels/slice/slice.h"
#include "ops/content.h"

static const sld_attr attrs[] = {
    SLD_ATTR_LIST(sld_slice_params, axes, "axes", SLD_ATTR_I32, SOLDER_MAX_RANK, count, 0),
    SLD_ATTR_LIST(sld_slice_params, start, "start", SLD_ATTR_I64, SOLDER_MAX_RANK, count, 0),
    SLD_ATTR_LIST(sld_slice_params, end, "end", SLD_ATTR_I64, SOLDER_MAX_RANK, count, 0),
    SLD_ATTR_LIST(sld_slice_params, step, "step", SLD_ATTR_I64, SOLDER_MAX_RANK, count, 1),
};

typedef struct bounds {
    sld_list start, end;
    int count;
    int32_t axis[SOLDER_MAX_RANK];
    int64_t step[SOLDER_MAX_RANK];
} bounds;

static solder_status same_count(const sld_infer *infer, const char *what, int count, int expected)
{
    if (count != expected) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "%s has %d values, starts has %d", what,
                              count, expected);
    }
    return SOLDER_OK;
}

static solder_status read_inputs(const sld_infer *infer, bounds *b)
{
    if (!sld_infer_has(infer, 2)) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "starts without ends");
    }
    SLD_TRY(sld_list_read(infer, 1, SOLDER_MAX_RANK, "starts", &b->start));
    SLD_TRY(sld_list_read(infer, 2, SOLDER_MAX_RANK, "ends", &b->end));
    b->count = b->start.count;
    SLD_TRY(same_count(infer, "ends", b->end.count, b->count));
    sld_list list;
    for (int i = 0; i < b->count; i++) {
        b->axis[i] = i;
        b->step[i] = 1;
    }
    if (sld_infer_has(infer, 3)) {
        SLD_TRY(sld_list_read(infer, 3, SOLDER_MAX_RANK, "axes", &list));
        SLD_TRY(same_count(infer, "axes", list.count, b->count));
        SLD_TRY(sld_list_constant(infer, &list, "axes"));
        for (int i = 0; i < b->count; i++) {
            bool fits = list.value[i] >= -SOLDER_MAX_RANK && list.value[i] <= SOLDER_MAX_RANK;
            b->axis[i] = fits ? (int32_t)list.value[i] : INT32_MAX;
        }
    }
    if (sld_infer_has(infer, 4)) {
        SLD_TRY(sld_list_read(infer, 4, SOLDER_MAX_RANK, "steps", &list));
        SLD_TRY(same_count(infer, "steps", list.count, b->count));
        SLD_TRY(sld_list_constant(infer, &list, "steps"));
        memcpy(b->step, list.value, (size_t)b->count * sizeof *b->step);
    }
    return SOLDER_OK;
}

static void read_attributes(const sld_infer *infer, bounds *b)
{
    const sld_slice_params *p = infer->params;
    b->count = p->count;
    sld_list_set(infer, &b->start, p->count, p->start);
    sld_list_set(infer, &b->end, p->count, p->end);
    memcpy(b->axis, p->axes, sizeof b->axis);
    memcpy(b->step, p->step, sizeof b->step);
}

/*
 * Bound i of a list as an expression that is not negative where the original counts from the
 * end, then clamped to [low, high]. Values beyond any dimension stand for the ends.
 */
static sld_dim clamp(sld_expr_table *t, const sld_list *list, int i, sld_dim dim, sld_dim low,
                     sld_dim high)
{
    const int64_t far = INT32_MAX;
    sld_dim e = list->expr[i];
    if (list->constant[i]) {
        if (list->value[i] >= far) {
            return high;
        }
        if (list->value[i] <= -far) {
            return low;
        }
        if (list->value[i] < 0) {
            return sld_dim_max(t, sld_expr_add_const(t, dim, list->value[i]), low);
        }
    } else if (sld_dim_lower(t, e) < 0) { /* adds dim if e < 0: min(1, -e) is then 1, else <= 0 */
        sld_dim zero = sld_expr_const(t, 0);
        sld_dim negative =
            sld_dim_max(t, sld_dim_min(t, sld_expr_sub(t, zero, e), sld_expr_const(t, 1)), zero);
        e = sld_dim_max(t, sld_expr_add(t, e, sld_expr_mul(t, dim, negative)), low);
    }
    return sld_dim_min(t, e, high);
}

/* Elements from start to end; step is constant. */
static sld_dim length(sld_expr_table *t, const bounds *b, int i, sld_dim dim)
{
    int64_t step = b->step[i];
    sld_dim zero = sld_expr_const(t, 0);
    sld_dim low = step > 0 ? zero : sld_expr_const(t, -1);
    sld_dim high = step > 0 ? dim : sld_expr_add_const(t, dim, -1);
    sld_dim start = clamp(t, &b->start, i, dim, low, high);
    sld_dim end = clamp(t, &b->end, i, dim, low, high);
    bool tail = step > 0 && end == dim && b->start.constant[i];
    if (tail && b->start.value[i] < 0 && b->start.value[i] > -INT32_MAX) {
        sld_dim last = sld_expr_const(t, -b->start.value[i]); /* the last n, or all of fewer */
        sld_dim count = sld_dim_min(t, dim, last);
        return sld_expr_make(t, SLD_EXPR_CEIL, count, sld_expr_const(t, step));
    }
    if (tail && b->start.value[i] >= 0 && b->start.value[i] < INT32_MAX) {
        start = sld_expr_const(t, b->start.value[i]); /* the maximum below clamps */
    }
    sld_dim from = step > 0 ? start : end;
    sld_dim to = step > 0 ? end : start;
    sld_dim span = sld_expr_sub(t, to, from);
    span = sld_dim_le(t, from, to) ? span : sld_dim_max(t, span, zero);
    return sld_expr_make(t, SLD_EXPR_CEIL, span, sld_expr_const(t, step > 0 ? step : -step));
}

static solder_status slice_axis(const sld_infer *infer, const bounds *b, int i, sld_shape *shape)
{
    sld_dim *d = &shape->d[b->axis[i]];
    if (b->step[i] == 0 || b->step[i] == INT64_MIN) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "step of axis %d is %lld", (int)b->axis[i],
                              (long long)b->step[i]);
    }
    bool start = b->start.constant[i] || b->start.expr[i] != SLD_DIM_NONE;
    bool end = b->end.constant[i] || b->end.expr[i] != SLD_DIM_NONE;
    if (start && end) {
        *d = length(infer->exprs, b, i, *d);
    } else { /* the kernel knows */
        char symbol[64];
        (void)snprintf(symbol, sizeof symbol, "%s.%d", infer->name, (int)b->axis[i]);
        *d = sld_expr_data_symbol(infer->exprs, symbol, *d);
    }
    if (*d == SLD_DIM_NONE) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "axis %d: the extent cannot be computed",
                              (int)b->axis[i]);
    }
    return SOLDER_OK;
}

/* Content of a sliced list; axis 0 only, bounds constant. */
static solder_status propagate(sld_infer *infer, const bounds *b)
{
    int count;
    const sld_dim *in = sld_infer_content(infer, 0, &count);
    if (in == NULL || b->count != 1 || !b->start.constant[0] || !b->end.constant[0]) {
        if (b->count == 0) {
            sld_content_copy(infer, 0, 0);
        }
        return SOLDER_OK;
    }
    sld_dim *content;
    SLD_TRY(sld_content_make(infer, 0, &content));
    int64_t at = b->start.value[0] < 0 ? b->start.value[0] + count : b->start.value[0];
    int64_t last = b->step[0] > 0 ? count : count - 1;
    at = at < 0 ? 0 : at > last ? last : at;
    int wanted = content == NULL ? 0 : sld_content_count(infer, &infer->out[0].shape);
    for (int i = 0; i < wanted; i++) {
        content[i] = in[at];
        at += i + 1 < wanted ? b->step[0] : 0;
    }
    return SOLDER_OK;
}

static solder_status infer_slice(sld_infer *infer)
{
    SLD_TRY(sld_infer_type(infer, 0, sld_type_any, "any"));
    SLD_TRY(sld_infer_rank(infer, 0, 0, SOLDER_MAX_RANK));
    bounds b;
    if (sld_infer_has(infer, 1)) {
        SLD_TRY(read_inputs(infer, &b));
    } else {
        read_attributes(infer, &b);
    }
    sld_shape shape = infer->in[0].shape;
    uint32_t seen = 0;
    for (int i = 0; i < b.count; i++) {
        SLD_TRY(sld_infer_axis(infer, &b.axis[i], shape.rank));
        if ((seen & (1u << b.axis[i])) != 0) {
            return sld_infer_fail(infer, SOLDER_ERROR_DATA, "axis %d is listed twice",
                                  (int)b.axis[i]);
        }
        seen |= 1u << b.axis[i];
        SLD_TRY(slice_axis(infer, &b, i, &shape));
    }
    if (!sld_infer_has(infer, 1)) {
        memcpy(((sld_slice_params *)infer->params)->axes, b.axis, sizeof b.axis);
    }
    sld_infer_set(infer, 0, infer->in[0].dtype, &shape);
    return shape.rank == 1 ? propagate(infer, &b) : SOLDER_OK;
}

const sld_op_part sld_op_slice = {attrs, SLD_ARRAY_LENGTH(attrs), infer_slice};
