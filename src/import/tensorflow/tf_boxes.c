/* SPDX-License-Identifier: Apache-2.0 */
/* Choosing boxes and cutting images at them. */
#include "import/tensorflow/tf_ops.h"

/* Zeros behind x, and no more than max of it. */
static sld_value *padded(sld_tf_node *node, sld_value *x, int64_t max)
{
    if (!sld_tf_ok(node)) {
        return NULL;
    }
    const sld_fill_params zeros = {.dtype = (int32_t)x->dtype, .rank = 1, .dims = {max}};
    sld_value *fill = sld_tf_emit(node, SLD_OP_FILL, &zeros, NULL, 0);
    x = sld_tf_concat(node, (sld_value *[]){x, fill}, 2, 0);
    return sld_tf_slice(node, x, 0, 0, max);
}

static sld_value *count_of(sld_tf_node *node, sld_value *x)
{
    const sld_shape_params all = {.start = 0, .end = 1};
    sld_value *count = sld_tf_emit(node, SLD_OP_SHAPE, &all, &x, 1);
    return sld_tf_cast(node, SOLDER_I32, sld_tf_as_scalar(node, count));
}

/* told is the version; V4 and V5 give the number of boxes too, V5 their scores. */
void sld_tf_nms(sld_tf_node *node, int told)
{
    sld_value *boxes = sld_tf_input(node, 0), *scores = sld_tf_input(node, 1), *chosen[2];
    sld_value *in[5] = {sld_tf_unsqueeze(node, boxes, 0, 1), sld_tf_unsqueeze(node, scores, 0, 2)};
    sld_nms_params params = {.has_score_threshold = told >= 3};
    in[2] = sld_tf_as_scalar(node, sld_tf_cast(node, SOLDER_I64, sld_tf_input(node, 2)));
    in[3] = told == 1
                ? sld_tf_scalar(node, SOLDER_F32, (double)sld_tf_float(node, "iou_threshold", 0.5f))
                : sld_tf_as_scalar(node, sld_tf_input(node, 3));
    in[4] = told >= 3 ? sld_tf_as_scalar(node, sld_tf_input(node, 4)) : NULL;
    bool pad = told >= 4 && sld_tf_bool(node, "pad_to_max_output_size", false);
    int64_t max = pad ? sld_tf_constant_int(node, 2, "max_output_size") : 0;
    params.soft_sigma =
        told == 5 ? (float)sld_tf_constant_real(node, 5, "soft_nms_sigma") : params.soft_sigma;
    sld_tf_emit_many(node, SLD_OP_NMS, &params, in, told >= 3 ? 5 : 4, chosen, 2);
    int64_t column = 2;
    sld_value *index =
        sld_tf_gather(node, chosen[0], sld_tf_constant(node, SOLDER_I64, 0, NULL, &column), 1);
    index = sld_tf_cast(node, SOLDER_I32, index);
    sld_tf_set(node, 0, pad ? padded(node, index, max) : index);
    if (told == 5) {
        sld_tf_set(node, 1, pad ? padded(node, chosen[1], max) : chosen[1]);
    }
    if (told >= 4) {
        sld_tf_set(node, told == 5 ? 2 : 1, count_of(node, index));
    }
}

static int32_t limit(sld_tf_node *node, uint32_t index, const char *what)
{
    int64_t value = sld_tf_constant_int(node, index, what);
    if (sld_tf_ok(node) && (value < 1 || value > INT32_MAX)) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "%s is %lld", what, (long long)value);
    }
    return (int32_t)value;
}

void sld_tf_combined_nms(sld_tf_node *node, int told)
{
    (void)told;
    sld_value *in[2] = {sld_tf_input(node, 0), sld_tf_input(node, 1)}, *out[4];
    const sld_combined_nms_params params = {
        .max_per_class = limit(node, 2, "max_output_size_per_class"),
        .max_total = limit(node, 3, "max_total_size"),
        .iou_threshold = (float)sld_tf_constant_real(node, 4, "iou_threshold"),
        .score_threshold = (float)sld_tf_constant_real(node, 5, "score_threshold"),
        .pad_per_class = sld_tf_bool(node, "pad_per_class", false),
        .clip_boxes = sld_tf_bool(node, "clip_boxes", true)};
    sld_tf_emit_many(node, SLD_OP_COMBINED_NMS, &params, in, 2, out, 4);
    for (uint32_t i = 0; i < 4; i++) {
        sld_tf_set(node, i, out[i]);
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
