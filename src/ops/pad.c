/* SPDX-License-Identifier: Apache-2.0 */
/* Pad: grows or (negative pads) crops every axis. */
#include "kernels/slice/slice.h"
#include "ops/content.h"

static const char *const kinds[] = {"constant", "reflect", "edge", "wrap", "symmetric"};

static const sld_attr attrs[] = {
    SLD_ATTR_NAMED(sld_pad_params, kind, "kind", kinds, 0),
    SLD_ATTR(sld_pad_params, value, "value", SLD_ATTR_F64, 0),
    SLD_ATTR_ARRAY(sld_pad_params, begin, "begin", SLD_ATTR_I64, SOLDER_MAX_RANK, 0),
    SLD_ATTR_ARRAY(sld_pad_params, end, "end", SLD_ATTR_I64, SOLDER_MAX_RANK, 0),
};

typedef struct pad_list {
    sld_dim begin[SOLDER_MAX_RANK], end[SOLDER_MAX_RANK];
} pad_list;

static solder_status read_pads(const sld_infer *infer, int rank, pad_list *out)
{
    sld_list list;
    SLD_TRY(sld_list_read(infer, 1, 2 * SOLDER_MAX_RANK, "pads", &list));
    int32_t axis[SOLDER_MAX_RANK];
    int count = rank;
    for (int i = 0; i < rank; i++) {
        axis[i] = i;
    }
    if (sld_infer_has(infer, 3)) {
        sld_list axes;
        SLD_TRY(sld_list_read(infer, 3, SOLDER_MAX_RANK, "axes", &axes));
        SLD_TRY(sld_list_constant(infer, &axes, "axes"));
        count = axes.count;
        for (int i = 0; i < count; i++) {
            bool fits = axes.value[i] >= -SOLDER_MAX_RANK && axes.value[i] <= SOLDER_MAX_RANK;
            axis[i] = fits ? (int32_t)axes.value[i] : INT32_MAX;
            SLD_TRY(sld_infer_axis(infer, &axis[i], rank));
        }
    }
    if (list.count != 2 * count) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "pads has %d values, expected %d",
                              list.count, 2 * count);
    }
    for (int i = 0; i < 2 * count; i++) {
        *(i < count ? &out->begin[axis[i]] : &out->end[axis[i - count]]) = list.expr[i];
    }
    return SOLDER_OK;
}

static solder_status pad_axis(const sld_infer *infer, const pad_list *pads, int kind, int axis,
                              sld_dim *d)
{
    sld_expr_table *t = infer->exprs;
    sld_dim in = *d;
    if (pads->begin[axis] == SLD_DIM_NONE || pads->end[axis] == SLD_DIM_NONE) {
        *d = sld_infer_open_dim(infer, axis);
        return SOLDER_OK;
    }
    *d = sld_expr_add(t, sld_expr_add(t, in, pads->begin[axis]), pads->end[axis]);
    int64_t have;
    int64_t result;
    if (*d == SLD_DIM_NONE) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "pads of axis %d are out of range", axis);
    }
    if (sld_expr_is_const(t, *d, &result) && result < 0) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "axis %d: pads leave %lld elements", axis,
                              (long long)result);
    }
    if (kind != SLD_PADDING_CONSTANT && *d != in && sld_expr_is_const(t, in, &have) && have == 0 &&
        !(sld_expr_is_const(t, *d, &result) && result == 0)) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA,
                              "axis %d has no elements to pad with, only kind constant may", axis);
    }
    return SOLDER_OK;
}

static solder_status infer_pad(sld_infer *infer)
{
    const sld_pad_params *p = infer->params;
    SLD_TRY(sld_infer_type(infer, 0, sld_type_any, "any"));
    SLD_TRY(sld_infer_rank(infer, 0, 0, SOLDER_MAX_RANK));
    sld_shape shape = infer->in[0].shape;
    pad_list pads;
    for (int i = 0; i < SOLDER_MAX_RANK; i++) {
        bool given = !sld_infer_has(infer, 1);
        pads.begin[i] = sld_expr_const(infer->exprs, given ? p->begin[i] : 0);
        pads.end[i] = sld_expr_const(infer->exprs, given ? p->end[i] : 0);
    }
    if (sld_infer_has(infer, 1)) {
        SLD_TRY(read_pads(infer, shape.rank, &pads));
    }
    if (sld_infer_has(infer, 2)) {
        SLD_TRY(sld_infer_same_type(infer, 0, 2));
    }
    for (int i = 0; i < shape.rank; i++) {
        SLD_TRY(pad_axis(infer, &pads, p->kind, i, &shape.d[i]));
    }
    sld_infer_set(infer, 0, infer->in[0].dtype, &shape);
    return SOLDER_OK;
}

const sld_op_part sld_op_pad = {attrs, SLD_ARRAY_LENGTH(attrs), infer_pad};
