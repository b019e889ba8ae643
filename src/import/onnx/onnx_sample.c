/* SPDX-License-Identifier: Apache-2.0 */
/* Sampling images at points and in regions, and selecting and reversing along an axis. */
#include "import/onnx/onnx_ops.h"

void sld_onnx_grid_sample(sld_onnx_node *node, int told)
{
    (void)told;
    static const char *const names[] = {"linear", "nearest", "cubic"};
    static const char *const old_names[] = {"bilinear", "nearest", "bicubic"};
    static const char *const paddings[] = {"zeros", "border", "reflection"};
    sld_value *in[2] = {sld_onnx_required(node, 0), sld_onnx_required(node, 1)};
    const sld_grid_sample_params params = {
        .mode = sld_onnx_choice(node, "mode", node->version >= 20 ? names : old_names, 3, 0),
        .padding = sld_onnx_choice(node, "padding_mode", paddings, 3, 0),
        .align_corners = sld_onnx_bool(node, "align_corners", false)};
    node->out[0] = sld_onnx_emit(node, SLD_OP_GRID_SAMPLE, &params, in, 2);
}

void sld_onnx_roi_align(sld_onnx_node *node, int told)
{
    (void)told;
    static const char *const modes[] = {"avg", "max"};
    static const char *const transforms[] = {"output_half_pixel", "half_pixel"};
    sld_value *in[3];
    for (uint32_t i = 0; i < 3; i++) {
        in[i] = sld_onnx_required(node, i);
    }
    const sld_roi_align_params params = {
        .height = sld_onnx_int_in(node, "output_height", 1, 1, INT32_MAX),
        .width = sld_onnx_int_in(node, "output_width", 1, 1, INT32_MAX),
        .sampling_ratio = sld_onnx_int_in(node, "sampling_ratio", 0, 0, 65536),
        .spatial_scale = sld_onnx_float(node, "spatial_scale", 1),
        .max = sld_onnx_choice(node, "mode", modes, 2, 0),
        .half_pixel = node->version >= 16 ? sld_onnx_choice(node, "coordinate_transformation_mode",
                                                            transforms, 2, 1)
                                          : 0};
    node->out[0] = sld_onnx_emit(node, SLD_OP_ROI_ALIGN, &params, in, 3);
}

/* TensorRT's plugin: the same with numbers for names. */
void sld_onnx_roi_align_trt(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *in[3];
    for (uint32_t i = 0; i < 3; i++) {
        in[i] = sld_onnx_required(node, i);
    }
    const sld_roi_align_params params = {
        .height = sld_onnx_int_in(node, "output_height", 1, 1, INT32_MAX),
        .width = sld_onnx_int_in(node, "output_width", 1, 1, INT32_MAX),
        .sampling_ratio = sld_onnx_int_in(node, "sampling_ratio", 0, 0, 65536),
        .spatial_scale = sld_onnx_float(node, "spatial_scale", 1),
        .max = sld_onnx_int_in(node, "mode", 1, 0, 1) == 0,
        .half_pixel = sld_onnx_int_in(node, "coordinate_transformation_mode", 1, 0, 1)};
    node->out[0] = sld_onnx_emit(node, SLD_OP_ROI_ALIGN, &params, in, 3);
}

enum { MAX_REGIONS = 1 << 16 };

/* Which item each region is of: as many of each. */
static sld_value *items_of_regions(sld_onnx_node *node, int64_t items, int64_t each)
{
    int64_t count = items * each;
    int64_t *numbers = sld_arena_array(&node->onnx->arena, (size_t)count, sizeof *numbers);
    if (numbers == NULL) {
        node->status = sld_fail_memory(node->onnx->diag, (size_t)count * sizeof *numbers);
        return NULL;
    }
    for (int64_t i = 0; i < count; i++) {
        numbers[i] = i / each;
    }
    return sld_onnx_constant(node, SOLDER_I64, 1, &count, numbers);
}

/* TensorRT's plugin: regions [N, R, 4, 1] of the map [N, C, H, W] give [N, R, C, h, w]. */
void sld_onnx_crop_and_resize_trt(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *map = sld_onnx_required(node, 0), *regions = sld_onnx_required(node, 1);
    const sld_crop_resize_params params = {
        .height = sld_onnx_int_in(node, "crop_height", 1, 1, INT32_MAX),
        .width = sld_onnx_int_in(node, "crop_width", 1, 1, INT32_MAX)};
    int64_t items, each, channels;
    if (!sld_onnx_ok(node)) {
        return;
    }
    if (regions->shape.rank < 3 || map->shape.rank != 4) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "needs [N, C, H, W] and regions [N, R, 4, 1]");
        return;
    }
    if (!sld_onnx_dim(node, regions, 0, &items) || !sld_onnx_dim(node, regions, 1, &each) ||
        !sld_onnx_dim(node, map, 1, &channels) || items > MAX_REGIONS || each > MAX_REGIONS ||
        items * each > MAX_REGIONS) {
        sld_onnx_unsupported(node, "an open or large number of regions or channels");
        return;
    }
    sld_value *in[3] = {
        map,
        sld_onnx_reshape(node, regions,
                         (sld_onnx_dim_rule[]){sld_onnx_fixed(items * each), sld_onnx_fixed(4)}, 2),
        items_of_regions(node, items, each)};
    sld_value *y = sld_onnx_emit(node, SLD_OP_CROP_RESIZE, &params, in, 3);
    const sld_onnx_dim_rule shape[] = {sld_onnx_fixed(items), sld_onnx_fixed(each),
                                       sld_onnx_fixed(channels), sld_onnx_fixed(params.height),
                                       sld_onnx_fixed(params.width)};
    node->out[0] = sld_onnx_reshape(node, y, shape, 5);
}

/* Elements of data [B, n, ..] along axis 1 in the order of indices [B, n]. */
static sld_value *reorder(sld_onnx_node *node, sld_value *data, sld_value *indices)
{
    const sld_gather_params params = {.kind = SLD_GATHER_ND, .batch_dims = 1};
    sld_value *tuples = sld_onnx_reshape(
        node, indices, (sld_onnx_dim_rule[]){sld_onnx_keep(0), sld_onnx_keep(1), sld_onnx_fixed(1)},
        3);
    return sld_onnx_emit(node, SLD_OP_GATHER, &params, (sld_value *[]){data, tuples}, 2);
}

static sld_value *swap_first_axes(sld_onnx_node *node, sld_value *x)
{
    int32_t perm[SOLDER_MAX_RANK] = {1, 0};
    for (int i = 2; i < SOLDER_MAX_RANK; i++) {
        perm[i] = i;
    }
    return sld_onnx_transpose(node, perm, x);
}

/* Step t of a sequence comes from length - 1 - t, beyond its length from t. */
void sld_onnx_reverse_sequence(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0);
    sld_value *lengths = sld_onnx_cast(node, SOLDER_I64, sld_onnx_required(node, 1));
    int32_t batch = sld_onnx_int_in(node, "batch_axis", 1, 0, 1);
    int32_t time = sld_onnx_int_in(node, "time_axis", 0, 0, 1);
    if (sld_onnx_ok(node) && (batch == time || sld_onnx_rank(x) < 2)) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "batch_axis %d, time_axis %d, rank %d", (int)batch,
                      (int)time, sld_onnx_rank(x));
    }
    if (!sld_onnx_ok(node)) {
        return;
    }
    x = batch == 1 ? swap_first_axes(node, x) : x;
    const sld_shape_params one = {.start = 1, .end = 2};
    sld_value *count = sld_onnx_emit(node, SLD_OP_SHAPE, &one, &x, 1);
    sld_value *step = sld_onnx_emit(node, SLD_OP_RANGE, NULL,
                                    (sld_value *[]){sld_onnx_scalar(node, SOLDER_I64, 0),
                                                    sld_onnx_as_scalar(node, count),
                                                    sld_onnx_scalar(node, SOLDER_I64, 1)},
                                    3);
    step =
        sld_onnx_reshape(node, step, (sld_onnx_dim_rule[]){sld_onnx_fixed(1), sld_onnx_keep(0)}, 2);
    lengths = sld_onnx_reshape(node, lengths,
                               (sld_onnx_dim_rule[]){sld_onnx_keep(0), sld_onnx_fixed(1)}, 2);
    sld_value *back = sld_onnx_binary(node, SLD_BINARY_SUB, lengths, step);
    back = sld_onnx_binary(node, SLD_BINARY_SUB, back, sld_onnx_scalar(node, SOLDER_I64, 1));
    sld_value *inside = sld_onnx_binary(node, SLD_BINARY_LESS, step, lengths);
    sld_value *order =
        sld_onnx_emit(node, SLD_OP_SELECT, NULL, (sld_value *[]){inside, back, step}, 3);
    sld_value *y = reorder(node, x, order);
    node->out[0] = batch == 1 ? swap_first_axes(node, y) : y;
}

/* Slices where the condition is true; without an axis, elements in order. */
void sld_onnx_compress(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0), *condition = sld_onnx_required(node, 1);
    bool flat = sld_onnx_attribute(node, "axis") == NULL;
    int64_t given = flat ? 0 : sld_onnx_int(node, "axis", 0);
    if (!sld_onnx_ok(node)) {
        return;
    }
    sld_gather_params params = {.kind = SLD_GATHER_AXIS};
    if (flat) {
        const sld_onnx_dim_rule all = {0, sld_onnx_rank(x), 1, 1};
        x = sld_onnx_reshape(node, x, &all, 1);
    } else {
        params.axis = sld_onnx_axis(node, given, sld_onnx_rank(x));
    }
    sld_value *found = sld_onnx_emit(node, SLD_OP_NONZERO, NULL, &condition, 1);
    found = sld_onnx_reshape(node, found, (sld_onnx_dim_rule[]){sld_onnx_keep(0)}, 1);
    node->out[0] = sld_onnx_emit(node, SLD_OP_GATHER, &params, (sld_value *[]){x, found}, 2);
}
