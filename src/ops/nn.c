/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/nn.h"

#include "ops/content.h"

const char *const sld_pad_mode_names[SLD_PAD_VALID + 1] = {"explicit", "same_upper", "same_lower",
                                                           "valid"};

solder_status sld_nn_float(const sld_infer *infer, uint32_t index)
{
    if (!sld_infer_has(infer, index)) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "input %u is missing", (unsigned)index);
    }
    if (!sld_dtype_is_float(infer->in[index].dtype)) {
        return sld_infer_fail(infer, SOLDER_ERROR_UNSUPPORTED, "input %u is %s, needs a float type",
                              (unsigned)index, solder_dtype_name(infer->in[index].dtype));
    }
    return SOLDER_OK;
}

solder_status sld_nn_same_dtype(const sld_infer *infer, uint32_t index)
{
    if (sld_infer_has(infer, index) && infer->in[index].dtype != infer->in[0].dtype) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "input %u is %s, input 0 is %s",
                              (unsigned)index, solder_dtype_name(infer->in[index].dtype),
                              solder_dtype_name(infer->in[0].dtype));
    }
    return SOLDER_OK;
}

bool sld_nn_dims_agree(const sld_infer *infer, sld_dim a, sld_dim b)
{
    int64_t ca;
    int64_t cb;
    return !sld_expr_is_const(infer->exprs, a, &ca) || !sld_expr_is_const(infer->exprs, b, &cb) ||
           ca == cb;
}

solder_status sld_nn_vector(const sld_infer *infer, uint32_t index, const char *what,
                            sld_dim length)
{
    if (!sld_infer_has(infer, index)) {
        return SOLDER_OK;
    }
    SLD_TRY(sld_infer_rank(infer, index, 1, 1));
    if (!sld_nn_dims_agree(infer, infer->in[index].shape.d[0], length)) {
        char have[64];
        char need[64];
        sld_expr_print(infer->exprs, infer->in[index].shape.d[0], have, sizeof have);
        sld_expr_print(infer->exprs, length, need, sizeof need);
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "%s has %s values, needs %s", what, have,
                              need);
    }
    return SOLDER_OK;
}

static solder_status check_residual(const sld_infer *infer, uint32_t slot, const sld_shape *out)
{
    SLD_TRY(sld_infer_rank(infer, slot, out->rank, out->rank));
    SLD_TRY(sld_nn_same_dtype(infer, slot));
    for (int i = 0; i < out->rank; i++) {
        if (!sld_nn_dims_agree(infer, infer->in[slot].shape.d[i], out->d[i])) {
            char have[64];
            char need[64];
            sld_expr_print(infer->exprs, infer->in[slot].shape.d[i], have, sizeof have);
            sld_expr_print(infer->exprs, out->d[i], need, sizeof need);
            return sld_infer_fail(infer, SOLDER_ERROR_DATA,
                                  "residual has %s in dimension %d, the result %s", have, i, need);
        }
    }
    return SOLDER_OK;
}

solder_status sld_nn_epilogue(const sld_infer *infer, const sld_epilogue *epilogue,
                              uint32_t residual_slot, const sld_shape *out)
{
    if (epilogue->act < 0 || epilogue->act >= SLD_ACT_COUNT) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "epilogue.act %d is unknown",
                              (int)epilogue->act);
    }
    if (epilogue->residual) {
        return check_residual(infer, residual_slot, out);
    }
    if (sld_infer_has(infer, residual_slot)) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA,
                              "input %u is given but epilogue.residual is not set",
                              (unsigned)residual_slot);
    }
    return SOLDER_OK;
}

solder_status sld_nn_spatial(const sld_infer *infer, int32_t *spatial, int rank)
{
    if (*spatial == 0) {
        *spatial = rank - 2;
    }
    if (*spatial != rank - 2) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA,
                              "attributes have %d spatial values, input 0 has %d spatial axes",
                              (int)*spatial, rank - 2);
    }
    return SOLDER_OK;
}

solder_status sld_nn_at_least(const sld_infer *infer, const char *what, const int32_t *values,
                              int count, int32_t min)
{
    for (int i = 0; i < count; i++) {
        if (values[i] < min) {
            return sld_infer_fail(infer, SOLDER_ERROR_DATA, "%s[%d] is %d, must be at least %d",
                                  what, i, (int)values[i], (int)min);
        }
    }
    return SOLDER_OK;
}

/* in + pads - effective window, not yet divided by the stride. */
static sld_dim travel(const sld_infer *infer, const sld_nn_axis *a, int64_t pads)
{
    sld_expr_table *t = infer->exprs;
    sld_dim reach = sld_expr_mul_const(t, sld_expr_add_const(t, a->window, -1), a->dilation);
    sld_dim covered = sld_expr_add_const(t, reach, 1);
    return sld_expr_sub(t, sld_expr_add_const(t, a->in, pads), covered);
}

static sld_dim window_out(const sld_infer *infer, const sld_nn_axis *a)
{
    sld_expr_table *t = infer->exprs;
    sld_dim stride = sld_expr_const(t, a->stride);
    if (a->pad_mode == SLD_PAD_SAME_UPPER || a->pad_mode == SLD_PAD_SAME_LOWER) {
        return sld_expr_make(t, SLD_EXPR_CEIL, a->in, stride);
    }
    bool explicit_pads = a->pad_mode == SLD_PAD_EXPLICIT;
    int64_t begin = explicit_pads ? a->pad_begin : 0;
    int64_t end = explicit_pads ? a->pad_end : 0;
    bool floor = a->round == SLD_ROUND_FLOOR || !explicit_pads; /* VALID has no part windows */
    sld_dim steps = sld_expr_make(t, floor ? SLD_EXPR_DIV : SLD_EXPR_CEIL,
                                  travel(infer, a, begin + end), stride);
    sld_dim out = sld_expr_add_const(t, steps, 1);
    if (floor || (a->round == SLD_ROUND_CAFFE && !a->clip)) {
        return out;
    }
    /* Windows must start inside input + begin padding: (out - 1) stride < in + begin. */
    sld_dim starts = sld_expr_make(t, SLD_EXPR_CEIL, sld_expr_add_const(t, a->in, begin), stride);
    return sld_expr_make(t, SLD_EXPR_MIN, out, starts);
}

solder_status sld_nn_window_out(const sld_infer *infer, const sld_nn_axis *a, sld_dim *out)
{
    int64_t window = 1;
    int64_t in = 0;
    int64_t extent = 0;
    bool known = sld_expr_is_const(infer->exprs, a->window, &window);
    if (window < 1) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "window[%d] is %lld, must be at least 1",
                              a->axis, (long long)window);
    }
    *out = window_out(infer, a);
    known = known && sld_expr_is_const(infer->exprs, a->in, &in);
    if (!known) {
        return SOLDER_OK;
    }
    if (!sld_expr_is_const(infer->exprs, *out, &extent)) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "extent of spatial axis %d is too large",
                              a->axis);
    }
    bool same = a->pad_mode == SLD_PAD_SAME_UPPER || a->pad_mode == SLD_PAD_SAME_LOWER;
    if (extent < 0 || (extent == 0 && !same)) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA,
                              "spatial axis %d: window %lld (dilation %d) does not fit input %lld "
                              "with padding %d + %d",
                              a->axis, (long long)window, (int)a->dilation, (long long)in,
                              (int)a->pad_begin, (int)a->pad_end);
    }
    return SOLDER_OK;
}

/* ---- regions of images ---- */

solder_status sld_infer_regions(sld_infer *infer, const char *one, const char *many, int32_t height,
                                int32_t width)
{
    SLD_TRY(sld_infer_type(infer, 0, sld_dtype_is_float, "a float"));
    SLD_TRY(sld_infer_type(infer, 1, sld_dtype_is_float, "a float"));
    SLD_TRY(sld_infer_type(infer, 2, sld_type_index, "i32 or i64"));
    SLD_TRY(sld_infer_rank(infer, 0, 4, 4));
    SLD_TRY(sld_infer_rank(infer, 1, 2, 2));
    SLD_TRY(sld_infer_rank(infer, 2, 1, 1));
    int64_t corners;
    int64_t regions;
    int64_t images;
    if (sld_infer_dim(infer, 1, 1, &corners) && corners != 4) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "a %s has %lld values, expected 4", one,
                              (long long)corners);
    }
    if (sld_infer_dim(infer, 1, 0, &regions) && sld_infer_dim(infer, 2, 0, &images) &&
        regions != images) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "%lld %s, but %lld numbers of images",
                              (long long)regions, many, (long long)images);
    }
    sld_shape shape = {.rank = 4,
                       .d = {infer->in[1].shape.d[0], infer->in[0].shape.d[1],
                             sld_expr_const(infer->exprs, height),
                             sld_expr_const(infer->exprs, width)}};
    sld_infer_set(infer, 0, infer->in[0].dtype, &shape);
    return SOLDER_OK;
}
