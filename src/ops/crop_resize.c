/* SPDX-License-Identifier: Apache-2.0 */
/* CropAndResize: one crop of an image per box. */
#include "kernels/detection/detection.h"
#include "ops/nn.h"

static const sld_attr attrs[] = {
    SLD_ATTR(sld_crop_resize_params, height, "height", SLD_ATTR_I32, 1),
    SLD_ATTR(sld_crop_resize_params, width, "width", SLD_ATTR_I32, 1),
    SLD_ATTR(sld_crop_resize_params, nearest, "nearest", SLD_ATTR_BOOL, 0),
    SLD_ATTR(sld_crop_resize_params, extrapolation, "extrapolation", SLD_ATTR_F32, 0),
};

static solder_status infer_crop_resize(sld_infer *infer)
{
    const sld_crop_resize_params *p = infer->params;
    if (p->height < 1 || p->width < 1) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "crops of %d x %d", (int)p->height,
                              (int)p->width);
    }
    return sld_infer_regions(infer, "box", "boxes", p->height, p->width);
}

const sld_op_part sld_op_crop_resize = {attrs, SLD_ARRAY_LENGTH(attrs), infer_crop_resize};
