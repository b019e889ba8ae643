/* SPDX-License-Identifier: Apache-2.0 */
/* RoiAlign: regions of an image, averaged into cells. */
#include "kernels/detection/detection.h"
#include "ops/nn.h"

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
    if (p->height < 1 || p->width < 1 || p->sampling_ratio < 0) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "%d x %d cells, sampling_ratio %d",
                              (int)p->height, (int)p->width, (int)p->sampling_ratio);
    }
    return sld_infer_regions(infer, "region", "regions", p->height, p->width);
}

const sld_op_part sld_op_roi_align = {attrs, SLD_ARRAY_LENGTH(attrs), infer_roi_align};
