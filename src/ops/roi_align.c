/* SPDX-License-Identifier: Apache-2.0 */
/* RoiAlign: regions of an image, averaged into cells. */
#include "kernels/detection/detection.h"
#include "ops/content.h"

static const sld_attr attrs[] = {
    SLD_ATTR(sld_roi_align_params, height, "height", SLD_ATTR_I32, 1),
    SLD_ATTR(sld_roi_align_params, width, "width", SLD_ATTR_I32, 1),
    SLD_ATTR(sld_roi_align_params, sampling_ratio, "sampling_ratio", SLD_ATTR_I32, 0),
    SLD_ATTR(sld_roi_align_params, spatial_scale, "spatial_scale", SLD_ATTR_F32, 1),
    SLD_ATTR(sld_roi_align_params, max, "max", SLD_ATTR_BOOL, 0),
    SLD_ATTR(sld_roi_align_params, half_pixel, "half_pixel", SLD_ATTR_BOOL, 0),
};

static solder_status infer_roi_align(sld_infer *infer)
{
    const sld_roi_align_params *p = infer->params;
    SLD_TRY(sld_infer_type(infer, 0, sld_dtype_is_float, "a float"));
    SLD_TRY(sld_infer_type(infer, 1, sld_dtype_is_float, "a float"));
    SLD_TRY(sld_infer_type(infer, 2, sld_type_index, "i32 or i64"));
    SLD_TRY(sld_infer_rank(infer, 0, 4, 4));
    SLD_TRY(sld_infer_rank(infer, 1, 2, 2));
    SLD_TRY(sld_infer_rank(infer, 2, 1, 1));
    if (p->height < 1 || p->width < 1 || p->sampling_ratio < 0) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "%d x %d cells, sampling_ratio %d",
                              (int)p->height, (int)p->width, (int)p->sampling_ratio);
    }
    int64_t corners;
    int64_t rois;
    int64_t images;
    if (sld_infer_dim(infer, 1, 1, &corners) && corners != 4) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "a region has %lld values, expected 4",
                              (long long)corners);
    }
    if (sld_infer_dim(infer, 1, 0, &rois) && sld_infer_dim(infer, 2, 0, &images) &&
        rois != images) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "%lld regions, but %lld numbers of images",
                              (long long)rois, (long long)images);
    }
    sld_shape shape = {.rank = 4,
                       .d = {infer->in[1].shape.d[0], infer->in[0].shape.d[1],
                             sld_expr_const(infer->exprs, p->height),
                             sld_expr_const(infer->exprs, p->width)}};
    sld_infer_set(infer, 0, infer->in[0].dtype, &shape);
    return SOLDER_OK;
}

const sld_op_part sld_op_roi_align = {attrs, SLD_ARRAY_LENGTH(attrs), infer_roi_align};
