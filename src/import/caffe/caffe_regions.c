/* SPDX-License-Identifier: Apache-2.0 */
/* Layers that look at regions of a feature map and are operators. */
#include "import/caffe/caffe.h"

static solder_status columns(sld_caffe *c, sld_caffe_layer *l, sld_value *x, int64_t start,
                             int64_t end, sld_value **out)
{
    const sld_slice_params params = {
        .count = 1, .axes = {1}, .start = {start}, .end = {end}, .step = {1}};
    return sld_caffe_add(c, l, SLD_OP_SLICE, &params, &x, 1, out);
}

/* Regions are rows of item, x1, y1, x2, y2, as ROIPooling takes them. */
solder_status sld_caffe_roi_align(sld_caffe *c, sld_caffe_layer *l)
{
    const Caffe__ROIAlignParameter *p = l->param;
    sld_value *regions = sld_caffe_in(l, 1), *item, *in[3] = {sld_caffe_in(l, 0)}, *y;
    sld_roi_align_params params = {.spatial_scale = p->spatial_scale};
    const sld_reshape_params flat = {.rank = 1, .dims = {-1}};
    const sld_cast_params whole = {.to = SOLDER_I64};
    int64_t values;
    SLD_TRY(sld_caffe_dim(c, l, regions, 1, &values));
    if (regions->shape.rank != 2 || values != 5) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "regions must be [R, 5]");
    }
    SLD_TRY(sld_caffe_i32(c, l, "pooled_h", p->pooled_h, 1, &params.height));
    SLD_TRY(sld_caffe_i32(c, l, "pooled_w", p->pooled_w, 1, &params.width));
    SLD_TRY(sld_caffe_i32(c, l, "sampling_ratio", p->sampling_ratio, 0, &params.sampling_ratio));
    SLD_TRY(columns(c, l, regions, 0, 1, &item));
    SLD_TRY(columns(c, l, regions, 1, 5, &in[1]));
    SLD_TRY(sld_caffe_add(c, l, SLD_OP_CAST, &whole, &item, 1, &item));
    SLD_TRY(sld_caffe_add(c, l, SLD_OP_RESHAPE, &flat, &item, 1, &in[2]));
    SLD_TRY(sld_caffe_add(c, l, SLD_OP_ROI_ALIGN, &params, in, 3, &y));
    sld_caffe_out(l, 0, y);
    return SOLDER_OK;
}
