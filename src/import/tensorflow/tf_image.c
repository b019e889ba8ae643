/* SPDX-License-Identifier: Apache-2.0 */
/* Resizing, and moving blocks between space, depth and batch. */
#include "import/tensorflow/tf_ops.h"

void sld_tf_resize(sld_tf_node *node, int mode)
{
    sld_value *x = sld_tf_first(node, sld_tf_in(node, 0));
    int64_t sizes[2] = {0};
    size_t count = sld_tf_constant_ints(node, 1, "size", sizes, 2);
    bool corners = sld_tf_bool(node, "align_corners", false);
    bool half = sld_tf_bool(node, "half_pixel_centers", false);
    sld_resize_params params = {.mode = mode, .use_sizes = 1, .axes_count = 2, .axes = {2, 3}};
    if (sld_tf_ok(node) && (count != 2 || x->shape.rank != 4)) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "%zu sizes for an input of rank %d", count,
                    x->shape.rank);
    }
    params.sizes[0] = sizes[0];
    params.sizes[1] = sizes[1];
    params.coordinate = corners ? SLD_COORD_ALIGN_CORNERS
                        : half  ? SLD_COORD_HALF_PIXEL
                                : SLD_COORD_ASYMMETRIC;
    if (mode == SLD_RESIZE_NEAREST) {
        params.nearest = corners ? SLD_NEAREST_PREFER_CEIL : SLD_NEAREST_FLOOR;
        params.coordinate = half && !corners ? SLD_COORD_TF_HALF_PIXEL_FOR_NN : params.coordinate;
    }
    if (sld_tf_ok(node) && x->dtype != SOLDER_F32 && mode != SLD_RESIZE_NEAREST) {
        x = sld_tf_cast(node, SOLDER_F32, x);
    }
    sld_tf_set_first(node, 0, sld_tf_emit(node, SLD_OP_RESIZE, &params, &x, 1));
}

static const char *const formats[] = {"NHWC", "NCHW", "NCHW_VECT_C"};

/* The image as NCHW with its dims; false if one of C, H, W is open. */
static bool open_image(sld_tf_node *node, int format, sld_value **x, int64_t d[4])
{
    sld_tf_tensor *t = sld_tf_in(node, 0);
    if (sld_tf_ok(node) && (sld_tf_rank(t) != 4 || format == 2)) {
        sld_tf_unsupported(node, "an input of rank %d", sld_tf_rank(t));
    }
    *x = format == 1 ? sld_tf_plain(node, t) : sld_tf_first(node, t);
    for (int i = 1; i < 4 && sld_tf_ok(node); i++) {
        if (!sld_expr_is_const(&node->tf->graph->exprs, (*x)->shape.d[i], &d[i])) {
            sld_tf_unsupported(node, "open dimensions");
        }
    }
    return sld_tf_ok(node);
}

void sld_tf_blocks(sld_tf_node *node, int to_depth)
{
    int format = sld_tf_choice(node, "data_format", formats, 3, 0);
    int64_t b = sld_tf_int(node, "block_size", 2), d[4];
    sld_value *x;
    if (!open_image(node, format, &x, d)) {
        return;
    }
    bool fits =
        b >= 1 && b < 1 << 15 && (to_depth ? d[2] % b == 0 && d[3] % b == 0 : d[1] % (b * b) == 0);
    if (!fits) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "block_size %lld does not divide the input",
                    (long long)b);
        return;
    }
    if (to_depth) { /* the block's row and column become the slow part of the channels */
        x = sld_tf_reshape(node, (int64_t[]){0, d[1], d[2] / b, b, d[3] / b, b}, 6, x);
        x = sld_tf_transpose(node, (int32_t[]){0, 3, 5, 1, 2, 4}, x);
        x = sld_tf_reshape(node, (int64_t[]){0, d[1] * b * b, d[2] / b, d[3] / b}, 4, x);
    } else {
        x = sld_tf_reshape(node, (int64_t[]){0, b, b, d[1] / (b * b), d[2], d[3]}, 6, x);
        x = sld_tf_transpose(node, (int32_t[]){0, 3, 4, 1, 5, 2}, x);
        x = sld_tf_reshape(node, (int64_t[]){0, d[1] / (b * b), d[2] * b, d[3] * b}, 4, x);
    }
    sld_tf_set_form(node, 0, x, format != 1);
}

/* Block shape and the pairs of paddings or crops, for images. */
static bool read_batch_blocks(sld_tf_node *node, int64_t block[2], int64_t pairs[4])
{
    size_t count = sld_tf_constant_ints(node, 1, "block_shape", block, 2);
    const sld_value *list = sld_tf_input(node, 2);
    if (sld_tf_ok(node) && (count != 2 || !sld_value_is_constant(list))) {
        sld_tf_unsupported(node, "blocks of other than two axes, or that are not constant");
    }
    if (!sld_tf_ok(node)) {
        return false;
    }
    size_t size = solder_dtype_size(list->dtype);
    bool good = list->data_size == 4 * size;
    for (size_t i = 0; good && i < 4; i++) {
        pairs[i] = sld_load_i64(list->dtype, (const char *)list->data + i * size);
        good = pairs[i] >= 0 && pairs[i] <= 1 << 20 && block[i / 2] >= 1 && block[i / 2] <= 1 << 15;
    }
    if (!good) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "its blocks are not possible");
    }
    return good;
}

/* Every block position becomes a batch of its own, slow in the batch. */
void sld_tf_space_to_batch(sld_tf_node *node, int told)
{
    (void)told;
    int64_t b[2], p[4], d[4];
    sld_value *x;
    if (!read_batch_blocks(node, b, p) || !open_image(node, 0, &x, d)) {
        return;
    }
    const sld_pad_params pad = {.begin = {0, 0, p[0], p[2]}, .end = {0, 0, p[1], p[3]}};
    int64_t h = d[2] + p[0] + p[1], w = d[3] + p[2] + p[3];
    if (h % b[0] != 0 || w % b[1] != 0) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "the blocks do not divide the padded input");
        return;
    }
    x = sld_tf_emit(node, SLD_OP_PAD, &pad, &x, 1);
    x = sld_tf_reshape(node, (int64_t[]){0, d[1], h / b[0], b[0], w / b[1], b[1]}, 6, x);
    x = sld_tf_transpose(node, (int32_t[]){3, 5, 0, 1, 2, 4}, x);
    x = sld_tf_reshape(node, (int64_t[]){-1, d[1], h / b[0], w / b[1]}, 4, x);
    sld_tf_set_first(node, 0, x);
}

void sld_tf_batch_to_space(sld_tf_node *node, int told)
{
    (void)told;
    int64_t b[2], p[4], d[4];
    sld_value *x;
    if (!read_batch_blocks(node, b, p) || !open_image(node, 0, &x, d)) {
        return;
    }
    int64_t h = d[2] * b[0], w = d[3] * b[1];
    x = sld_tf_reshape(node, (int64_t[]){b[0], b[1], -1, d[1], d[2], d[3]}, 6, x);
    x = sld_tf_transpose(node, (int32_t[]){2, 3, 4, 0, 5, 1}, x);
    x = sld_tf_reshape(node, (int64_t[]){0, d[1], h, w}, 4, x);
    if (p[0] + p[1] > h || p[2] + p[3] > w) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "the crops are larger than the image");
        return;
    }
    x = sld_tf_slice(node, x, 2, p[0], h - p[1]);
    x = sld_tf_slice(node, x, 3, p[2], w - p[3]);
    sld_tf_set_first(node, 0, x);
}
