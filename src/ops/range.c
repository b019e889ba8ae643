/* SPDX-License-Identifier: Apache-2.0 */
/* Range: start, start + delta, ... below limit. */
#include "kernels/fill/fill.h"
#include "ops/content.h"

/* Element count of a float range: the kernel's formula. */
static solder_status float_length(const sld_infer *infer, sld_dim *length)
{
    double v[3];
    for (uint32_t i = 0; i < 3; i++) {
        if (!sld_infer_constant_f64(infer, i, 0, &v[i])) {
            *length = sld_infer_open_dim(infer, 0);
            return SOLDER_OK;
        }
    }
    double count = sld_range_count(v[0], v[1], v[2]);
    if (!(count <= (double)INT32_MAX)) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "range from %g to %g by %g is too long",
                              v[0], v[1], v[2]);
    }
    *length = sld_expr_const(infer->exprs, (int64_t)count);
    return SOLDER_OK;
}

static solder_status integer_length(const sld_infer *infer, const sld_dim v[3], sld_dim *length)
{
    sld_expr_table *t = infer->exprs;
    int64_t delta;
    if (!sld_expr_is_const(t, v[2], &delta) || v[0] == SLD_DIM_NONE || v[1] == SLD_DIM_NONE) {
        *length = sld_infer_open_dim(infer, 0);
        return SOLDER_OK;
    }
    if (delta == 0) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "delta is 0");
    }
    sld_dim span = delta > 0 ? sld_expr_sub(t, v[1], v[0]) : sld_expr_sub(t, v[0], v[1]);
    span = sld_dim_max(t, span, sld_expr_const(t, 0));
    *length = sld_expr_make(t, SLD_EXPR_CEIL, span, sld_expr_const(t, delta > 0 ? delta : -delta));
    if (*length == SLD_DIM_NONE) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "the range is too long");
    }
    return SOLDER_OK;
}

static solder_status infer_range(sld_infer *infer)
{
    SLD_TRY(sld_infer_type(infer, 0, sld_type_number, "a number"));
    sld_dim v[3] = {SLD_DIM_NONE, SLD_DIM_NONE, SLD_DIM_NONE};
    for (uint32_t i = 0; i < 3; i++) {
        SLD_TRY(sld_infer_same_type(infer, 0, i));
        SLD_TRY(sld_infer_rank(infer, i, 0, 1));
        int count;
        const sld_dim *content = sld_infer_content(infer, i, &count);
        v[i] = content != NULL && count > 0 ? content[0] : SLD_DIM_NONE;
    }
    solder_dtype dtype = infer->in[0].dtype;
    sld_shape shape = {.rank = 1};
    if (sld_dtype_is_float(dtype)) {
        SLD_TRY(float_length(infer, &shape.d[0]));
    } else {
        SLD_TRY(integer_length(infer, v, &shape.d[0]));
    }
    sld_infer_set(infer, 0, dtype, &shape);
    sld_dim *content;
    SLD_TRY(sld_content_make(infer, 0, &content));
    int count = content == NULL ? 0 : sld_content_count(infer, &shape);
    for (int i = 0; i < count; i++) {
        content[i] = sld_expr_add(infer->exprs, v[0], sld_expr_mul_const(infer->exprs, v[2], i));
    }
    return SOLDER_OK;
}

const sld_op_part sld_op_range = {NULL, 0, infer_range};
