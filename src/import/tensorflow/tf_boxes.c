/* SPDX-License-Identifier: Apache-2.0 */
/* Choosing boxes and cutting images at them. */
#include "import/tensorflow/tf_ops.h"

/* told is the version; V4 and V5 give the number of boxes too. */
void sld_tf_nms(sld_tf_node *node, int told)
{
    sld_value *boxes = sld_tf_input(node, 0), *scores = sld_tf_input(node, 1);
    sld_value *in[5] = {sld_tf_unsqueeze(node, boxes, 0, 1), sld_tf_unsqueeze(node, scores, 0, 2)};
    in[2] = sld_tf_as_scalar(node, sld_tf_cast(node, SOLDER_I64, sld_tf_input(node, 2)));
    in[3] = told == 1
                ? sld_tf_scalar(node, SOLDER_F32, (double)sld_tf_float(node, "iou_threshold", 0.5f))
                : sld_tf_as_scalar(node, sld_tf_input(node, 3));
    in[4] = told >= 3 ? sld_tf_as_scalar(node, sld_tf_input(node, 4)) : NULL;
    if (told >= 4 && sld_tf_bool(node, "pad_to_max_output_size", false)) {
        sld_tf_unsupported(node, "pad_to_max_output_size");
    }
    if (told == 5 && sld_tf_constant_real(node, 5, "soft_nms_sigma") != 0) {
        sld_tf_unsupported(node, "soft_nms_sigma");
    }
    sld_value *chosen = sld_tf_emit(node, SLD_OP_NMS, NULL, in, told >= 3 ? 5 : 4);
    int64_t column = 2;
    sld_value *index =
        sld_tf_gather(node, chosen, sld_tf_constant(node, SOLDER_I64, 0, NULL, &column), 1);
    index = sld_tf_cast(node, SOLDER_I32, index);
    sld_tf_set(node, 0, index);
    if (told == 5) {
        sld_tf_set(node, 1, sld_tf_gather(node, scores, index, 0));
    }
    if (told >= 4) {
        const sld_shape_params all = {.start = 0, .end = 1};
        sld_value *count = sld_tf_emit(node, SLD_OP_SHAPE, &all, &index, 1);
        count = sld_tf_cast(node, SOLDER_I32, sld_tf_as_scalar(node, count));
        sld_tf_set(node, told == 5 ? 2 : 1, count);
    }
}

void sld_tf_crop_and_resize(sld_tf_node *node, int told)
{
    (void)told;
    static const char *const methods[] = {"bilinear", "nearest"};
    sld_value *in[3] = {sld_tf_first(node, sld_tf_in(node, 0)), sld_tf_input(node, 1),
                        sld_tf_input(node, 2)};
    int64_t size[2] = {0};
    size_t count = sld_tf_constant_ints(node, 3, "crop_size", size, 2);
    bool sensible =
        count == 2 && size[0] > 0 && size[0] <= INT32_MAX && size[1] > 0 && size[1] <= INT32_MAX;
    if (sld_tf_ok(node) && !sensible) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "crop_size has %zu values, %lld x %lld", count,
                    (long long)size[0], (long long)size[1]);
    }
    const sld_crop_resize_params params = {.height = (int32_t)size[0],
                                           .width = (int32_t)size[1],
                                           .nearest = sld_tf_choice(node, "method", methods, 2, 0),
                                           .extrapolation =
                                               sld_tf_float(node, "extrapolation_value", 0)};
    in[0] = sld_tf_cast(node, SOLDER_F32, in[0]);
    sld_tf_set_first(node, 0, sld_tf_emit(node, SLD_OP_CROP_RESIZE, &params, in, 3));
}
