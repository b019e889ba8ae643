/* SPDX-License-Identifier: Apache-2.0 */
/* Resize: extents from scales (floor(in * scale)) or sizes, on any axes. */
#include "kernels/resize/resize.h"
#include "ops/nn.h"

static const char *const modes[] = {"nearest", "linear", "cubic"};
static const char *const coordinates[] = {
    "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel",  "align_corners",
    "asymmetric", "tf_crop_and_resize",   "tf_half_pixel_for_nn"};
static const char *const roundings[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
static const char *const policies[] = {"stretch", "not_larger", "not_smaller"};

/* Entry of axes nobody has set: scales or sizes alone then stand for all axes in order. */
#define AXIS_UNSET (-1000)

static const sld_attr attrs[] = {
    SLD_ATTR_NAMED(sld_resize_params, mode, "mode", modes, 0),
    SLD_ATTR_NAMED(sld_resize_params, coordinate, "coordinate", coordinates, 0),
    SLD_ATTR_NAMED(sld_resize_params, nearest, "nearest", roundings, 0),
    SLD_ATTR_NAMED(sld_resize_params, policy, "policy", policies, 0),
    SLD_ATTR(sld_resize_params, antialias, "antialias", SLD_ATTR_BOOL, 0),
    SLD_ATTR(sld_resize_params, exclude_outside, "exclude_outside", SLD_ATTR_BOOL, 0),
    SLD_ATTR(sld_resize_params, use_sizes, "use_sizes", SLD_ATTR_BOOL, 0),
    SLD_ATTR(sld_resize_params, cubic_a, "cubic_a", SLD_ATTR_F32, -0.75),
    SLD_ATTR(sld_resize_params, extrapolation, "extrapolation", SLD_ATTR_F32, 0),
    SLD_ATTR_LIST(sld_resize_params, axes, "axes", SLD_ATTR_I32, SOLDER_MAX_RANK, axes_count,
                  AXIS_UNSET),
    SLD_ATTR_LIST(sld_resize_params, scales, "scales", SLD_ATTR_F32, SOLDER_MAX_RANK, axes_count,
                  1),
    SLD_ATTR_LIST(sld_resize_params, sizes, "sizes", SLD_ATTR_I64, SOLDER_MAX_RANK, axes_count, 0),
};

static solder_status check_enums(const sld_infer *infer, const sld_resize_params *p)
{
    if (p->mode < 0 || p->mode > SLD_RESIZE_CUBIC || p->coordinate < 0 ||
        p->coordinate > SLD_COORD_TF_HALF_PIXEL_FOR_NN || p->nearest < 0 ||
        p->nearest > SLD_NEAREST_CEIL || p->policy < 0 || p->policy > SLD_RESIZE_NOT_SMALLER) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA,
                              "mode %d, coordinate %d, nearest %d or policy %d is unknown",
                              (int)p->mode, (int)p->coordinate, (int)p->nearest, (int)p->policy);
    }
    if (p->antialias && p->mode == SLD_RESIZE_NEAREST) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "mode nearest has no antialias");
    }
    if (infer->in[0].dtype == SOLDER_BOOL && p->mode != SLD_RESIZE_NEAREST) {
        return sld_infer_fail(infer, SOLDER_ERROR_UNSUPPORTED, "mode %s does not take bool",
                              modes[p->mode]);
    }
    if (p->coordinate == SLD_COORD_TF_CROP_AND_RESIZE && !sld_infer_has(infer, 1)) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA,
                              "coordinate tf_crop_and_resize needs a roi");
    }
    return SOLDER_OK;
}

/* Writes the axes in full: all of them in order if none is listed. */
static solder_status normalise_axes(const sld_infer *infer, sld_resize_params *p, int rank)
{
    bool unset = true;
    for (int i = 0; i < p->axes_count && i < SOLDER_MAX_RANK; i++) {
        unset = unset && p->axes[i] == AXIS_UNSET;
    }
    if (p->axes_count == 0) {
        p->axes_count = rank;
    }
    if (p->axes_count < 0 || p->axes_count > rank || (unset && p->axes_count != rank)) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "%d axes are resized, input 0 has rank %d",
                              (int)p->axes_count, rank);
    }
    unsigned seen = 0;
    for (int i = 0; i < p->axes_count; i++) {
        p->axes[i] = unset ? i : p->axes[i];
        SLD_TRY(sld_infer_axis(infer, &p->axes[i], rank));
        if ((seen >> p->axes[i] & 1u) != 0) {
            return sld_infer_fail(infer, SOLDER_ERROR_DATA, "axis %d is listed twice",
                                  (int)p->axes[i]);
        }
        seen |= 1u << p->axes[i];
    }
    return SOLDER_OK;
}

/* An input list with one value (roi: two) for each resized axis. */
static solder_status check_list(const sld_infer *infer, uint32_t slot, const char *what,
                                int64_t length)
{
    SLD_TRY(sld_nn_vector(infer, slot, what, sld_expr_const(infer->exprs, length)));
    bool is_float = sld_infer_has(infer, slot) && sld_dtype_is_float(infer->in[slot].dtype);
    if (sld_infer_has(infer, slot) && is_float != (slot != 3)) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "%s are %s, need %s", what,
                              solder_dtype_name(infer->in[slot].dtype),
                              slot == 3 ? "integers" : "floats");
    }
    return SOLDER_OK;
}

static solder_status from_scale(const sld_infer *infer, int axis, double scale, sld_dim *dim)
{
    int64_t num;
    int64_t den;
    if (!(scale > 0) || !sld_resize_ratio((float)scale, &num, &den)) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "scale of axis %d is %g", axis, scale);
    }
    *dim = sld_expr_div_const(infer->exprs, sld_expr_mul_const(infer->exprs, *dim, num), den);
    return SOLDER_OK;
}

static solder_status dims_from_scales(sld_infer *infer, const sld_resize_params *p, sld_shape *out)
{
    for (int i = 0; i < p->axes_count; i++) {
        int axis = p->axes[i];
        double scale = (double)p->scales[i];
        if (sld_infer_has(infer, 2) && !sld_infer_constant_f64(infer, 2, i, &scale)) {
            out->d[axis] = sld_infer_open_dim(infer, axis);
            continue;
        }
        SLD_TRY(from_scale(infer, axis, scale, &out->d[axis]));
    }
    return SOLDER_OK;
}

/* round(in_i size_j / in_j), halves up: what axis i becomes when axis j sets the scale. */
static sld_dim follow(sld_expr_table *t, sld_dim in_i, sld_dim in_j, sld_dim size_j)
{
    sld_dim twice = sld_expr_mul_const(t, sld_expr_mul(t, in_i, size_j), 2);
    return sld_expr_div(t, sld_expr_add(t, twice, in_j), sld_expr_mul_const(t, in_j, 2));
}

static solder_status dims_from_sizes(sld_infer *infer, const sld_resize_params *p,
                                     const sld_dim *sizes, sld_shape *out)
{
    const sld_shape *x = &infer->in[0].shape;
    for (int i = 0; i < p->axes_count; i++) {
        int64_t size;
        int64_t in;
        if (sld_expr_is_const(infer->exprs, sizes[i], &size) &&
            (size < 0 || (sld_infer_dim(infer, 0, p->axes[i], &in) && size > 0 && in == 0) ||
             (size == 0 && p->policy != SLD_RESIZE_STRETCH))) {
            return sld_infer_fail(infer, SOLDER_ERROR_DATA, "size of axis %d is %lld",
                                  (int)p->axes[i], (long long)size);
        }
    }
    for (int i = 0; i < p->axes_count; i++) {
        sld_dim *dim = &out->d[p->axes[i]];
        *dim = sizes[i];
        if (p->policy == SLD_RESIZE_STRETCH) {
            continue;
        }
        for (int j = 0; j < p->axes_count; j++) {
            sld_dim other = follow(infer->exprs, x->d[p->axes[i]], x->d[p->axes[j]], sizes[j]);
            *dim = sld_expr_make(infer->exprs,
                                 p->policy == SLD_RESIZE_NOT_LARGER ? SLD_EXPR_MIN : SLD_EXPR_MAX,
                                 *dim, other);
        }
    }
    return SOLDER_OK;
}

static solder_status out_dims(sld_infer *infer, const sld_resize_params *p, sld_shape *out)
{
    sld_dim sizes[SOLDER_MAX_RANK];
    if (sld_infer_has(infer, 3)) {
        int count = 0;
        const sld_dim *content = sld_infer_content(infer, 3, &count);
        bool all = content != NULL && count == p->axes_count;
        for (int i = 0; all && i < count; i++) {
            all = content[i] != SLD_DIM_NONE;
        }
        if (all) {
            return dims_from_sizes(infer, p, content, out);
        }
        for (int i = 0; i < p->axes_count; i++) {
            bool known = content != NULL && i < count && content[i] != SLD_DIM_NONE &&
                         p->policy == SLD_RESIZE_STRETCH;
            out->d[p->axes[i]] = known ? content[i] : sld_infer_open_dim(infer, p->axes[i]);
        }
        return SOLDER_OK;
    }
    if (!p->use_sizes || sld_infer_has(infer, 2)) {
        return dims_from_scales(infer, p, out);
    }
    for (int i = 0; i < p->axes_count; i++) {
        sizes[i] = sld_expr_const(infer->exprs, p->sizes[i]);
    }
    return dims_from_sizes(infer, p, sizes, out);
}

static solder_status infer(sld_infer *infer)
{
    sld_resize_params *p = infer->params;
    SLD_TRY(sld_infer_rank(infer, 0, 1, SOLDER_MAX_RANK));
    sld_shape out = infer->in[0].shape;
    SLD_TRY(check_enums(infer, p));
    SLD_TRY(normalise_axes(infer, p, out.rank));
    SLD_TRY(check_list(infer, 1, "roi", 2 * (int64_t)p->axes_count));
    SLD_TRY(check_list(infer, 2, "scales", p->axes_count));
    SLD_TRY(check_list(infer, 3, "sizes", p->axes_count));
    SLD_TRY(out_dims(infer, p, &out));
    sld_infer_set(infer, 0, infer->in[0].dtype, &out);
    return SOLDER_OK;
}

const sld_op_part sld_op_resize = {attrs, SLD_ARRAY_LENGTH(attrs), infer};
