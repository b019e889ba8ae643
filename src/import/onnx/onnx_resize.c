/* SPDX-License-Identifier: Apache-2.0 */
/* Resize and Upsample, which changed with every other operator set. */
#include <math.h>

#include "import/onnx/onnx_ops.h"

static const char *const modes[] = {"nearest", "linear", "cubic"};
static const char *const coordinates[] = {
    "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel",  "align_corners",
    "asymmetric", "tf_crop_and_resize",   "tf_half_pixel_for_nn"};
static const char *const roundings[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
static const char *const policies[] = {"stretch", "not_larger", "not_smaller"};

/* An optional input; one without elements counts as absent. */
static sld_value *optional(sld_onnx_node *node, uint32_t index)
{
    sld_value *value = sld_onnx_input(node, index);
    int64_t dim;
    bool empty = value != NULL && sld_onnx_rank(value) == 1 && sld_onnx_dim(node, value, 0, &dim) &&
                 dim == 0;
    return empty ? NULL : value;
}

/* Number of axes the lists speak of. */
static size_t listed_axes(const sld_resize_params *params, const sld_value *x)
{
    return params->axes_count != 0 ? (size_t)params->axes_count : (size_t)sld_onnx_rank(x);
}

/* Takes constant scales into the parameters; true if it could. */
static bool take_scales(sld_onnx_node *node, const sld_value *scales, size_t expected,
                        sld_resize_params *params)
{
    if (!sld_value_is_constant(scales) || scales->dtype != SOLDER_F32) {
        return false;
    }
    if (scales->data_size != expected * sizeof(float)) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "scales has %zu values, expected %zu",
                      scales->data_size / sizeof(float), expected);
        return true;
    }
    for (size_t i = 0; i < expected; i++) {
        float scale;
        memcpy(&scale, (const char *)scales->data + i * sizeof scale, sizeof scale);
        if (!(scale > 0) || isinf(scale)) {
            sld_onnx_fail(node, SOLDER_ERROR_DATA, "scales[%zu] is %g", i, (double)scale);
        }
        params->scales[i] = scale;
    }
    return true;
}

static bool take_sizes(sld_onnx_node *node, const sld_value *sizes, size_t expected,
                       sld_resize_params *params)
{
    const int64_t *dims;
    size_t count;
    if (!sld_onnx_known_ints(node, sizes, &dims, &count)) {
        return false;
    }
    if (count != expected) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "sizes has %zu values, expected %zu", count,
                      expected);
        return true;
    }
    memcpy(params->sizes, dims, count * sizeof dims[0]);
    params->use_sizes = 1;
    return true;
}

static void emit_resize(sld_onnx_node *node, sld_value *const *in, sld_resize_params *params)
{
    if (!sld_onnx_ok(node)) {
        return;
    }
    sld_value *slots[4] = {in[0], in[1], in[2], in[3]};
    size_t expected = listed_axes(params, in[0]);
    if ((in[2] == NULL) == (in[3] == NULL)) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "exactly one of scales and sizes must be given");
        return;
    }
    if (in[2] != NULL && take_scales(node, in[2], expected, params)) {
        slots[2] = NULL;
    }
    if (in[3] != NULL) {
        if (take_sizes(node, in[3], expected, params)) {
            slots[3] = NULL;
        } else {
            slots[3] = sld_onnx_cast(node, SOLDER_I64, in[3]);
        }
    }
    if (params->coordinate != SLD_COORD_TF_CROP_AND_RESIZE) {
        slots[1] = NULL; /* the format says: ignored */
    } else if (slots[1] != NULL) {
        slots[1] = sld_onnx_cast(node, SOLDER_F32, slots[1]);
    }
    node->out[0] = sld_onnx_emit(node, SLD_OP_RESIZE, params, slots, 4);
}

static void read_axes(sld_onnx_node *node, const sld_value *x, sld_resize_params *params)
{
    size_t count;
    const int64_t *axes = sld_onnx_ints(node, "axes", &count);
    if (count > (size_t)sld_onnx_rank(x)) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "axes has %zu values, the input has rank %d", count,
                      sld_onnx_rank(x));
        return;
    }
    for (size_t i = 0; i < count && sld_onnx_ok(node); i++) {
        params->axes[i] = sld_onnx_axis(node, axes[i], sld_onnx_rank(x));
    }
    params->axes_count = (int32_t)count;
}

/* Operator set 10 and Upsample: output pixel i comes from i / scale, rounded down. */
static sld_resize_params plain_params(sld_onnx_node *node)
{
    return (sld_resize_params){.mode = sld_onnx_choice(node, "mode", modes, 2, 0),
                               .coordinate = SLD_COORD_ASYMMETRIC,
                               .nearest = SLD_NEAREST_FLOOR,
                               .cubic_a = -0.75f};
}

void sld_onnx_resize(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0);
    if (node->version < 11) {
        sld_resize_params plain = plain_params(node);
        emit_resize(node, (sld_value *[]){x, NULL, sld_onnx_required(node, 1), NULL}, &plain);
        return;
    }
    sld_resize_params params = {.mode = sld_onnx_choice(node, "mode", modes, 3, 0),
                                .coordinate =
                                    sld_onnx_choice(node, "coordinate_transformation_mode",
                                                    coordinates, SLD_ARRAY_LENGTH(coordinates), 0),
                                .nearest = sld_onnx_choice(node, "nearest_mode", roundings, 4, 0),
                                .exclude_outside = sld_onnx_bool(node, "exclude_outside", false),
                                .cubic_a = sld_onnx_float(node, "cubic_coeff_a", -0.75f),
                                .extrapolation = sld_onnx_float(node, "extrapolation_value", 0)};
    if (node->version >= 18) {
        params.antialias = sld_onnx_bool(node, "antialias", false);
        params.policy = sld_onnx_choice(node, "keep_aspect_ratio_policy", policies, 3, 0);
        read_axes(node, x, &params);
    }
    emit_resize(node, (sld_value *[]){x, optional(node, 1), optional(node, 2), optional(node, 3)},
                &params);
}

void sld_onnx_upsample(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0), *scales = NULL;
    if (node->version >= 11) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "operator set %lld does not have it any more",
                      (long long)node->version);
        return;
    }
    sld_resize_params params = plain_params(node);
    if (node->version >= 9) {
        scales = sld_onnx_required(node, 1);
    } else {
        size_t count;
        const float *given = sld_onnx_floats(node, "scales", &count);
        scales = sld_onnx_constant(node, SOLDER_F32, 1, &(int64_t){(int64_t)count}, given);
    }
    emit_resize(node, (sld_value *[]){x, NULL, scales, NULL}, &params);
}
