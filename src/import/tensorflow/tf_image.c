/* SPDX-License-Identifier: Apache-2.0 */
/* Resizing, and moving blocks between space, depth and batch. */
#include "import/tensorflow/tf_ops.h"

void sld_tf_resize(sld_tf_node *node, int mode)
{
    sld_value *x = sld_tf_first(node, sld_tf_in(node, 0));
    sld_value *size = sld_tf_input(node, 1);
    size_t count = 0;
    bool corners = sld_tf_bool(node, "align_corners", false);
    bool half = sld_tf_bool(node, "half_pixel_centers", false);
    sld_resize_params params = {.mode = mode, .use_sizes = 1, .axes_count = 2, .axes = {2, 3}};
    if (sld_tf_ok(node) &&
        (!sld_tf_known_count(node, size, &count) || count != 2 || x->shape.rank != 4)) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "%zu sizes for an input of rank %d", count,
                    x->shape.rank);
    }
    bool known = true;
    for (size_t i = 0; i < 2 && sld_tf_ok(node); i++) {
        known = known && sld_tf_known_at(node, size, i, &params.sizes[i]);
    }
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
    sld_value *in[4] = {x, NULL, NULL, known ? NULL : sld_tf_cast(node, SOLDER_I64, size)};
    sld_tf_set_first(node, 0, sld_tf_emit(node, SLD_OP_RESIZE, &params, in, known ? 1 : 4));
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
        if (!sld_expr_is_const(&node->tf->graph->exprs, (*x)->shape.d[i], &d[i]) ||
            d[i] > INT32_MAX) {
            sld_tf_unsupported(node, "open or huge dimensions");
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

/* Blocks along the spatial axes of a sequence, an image or a volume. */
typedef struct batch_blocks {
    int count;
    int64_t size[SLD_MAX_SPATIAL];
    int64_t begin[SLD_MAX_SPATIAL], end[SLD_MAX_SPATIAL]; /* paddings or crops */
    int64_t dims[SLD_MAX_SPATIAL + 2];                    /* of the first form */
} batch_blocks;

static bool read_pairs(sld_tf_node *node, batch_blocks *b)
{
    const sld_value *list = sld_tf_input(node, 2);
    if (!sld_tf_ok(node)) {
        return false;
    }
    if (!sld_value_is_constant(list)) {
        sld_tf_unsupported(node, "paddings or crops that are not constant");
        return false;
    }
    size_t size = solder_dtype_size(list->dtype);
    bool good = list->data_size == 2 * (size_t)b->count * size;
    for (int i = 0; good && i < b->count; i++) {
        const char *pair = (const char *)list->data + 2 * (size_t)i * size;
        b->begin[i] = sld_load_i64(list->dtype, pair);
        b->end[i] = sld_load_i64(list->dtype, pair + size);
        good = b->begin[i] >= 0 && b->begin[i] <= 1 << 20 && b->end[i] >= 0 &&
               b->end[i] <= 1 << 20 && b->size[i] >= 1 && b->size[i] <= 1 << 15;
    }
    if (!good) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "its blocks are not possible");
    }
    return good;
}

/* The first form of the input, NULL if this is not for us. */
static sld_value *read_batch_blocks(sld_tf_node *node, batch_blocks *b)
{
    sld_tf_tensor *t = sld_tf_in(node, 0);
    b->count = (int)sld_tf_constant_ints(node, 1, "block_shape", b->size, SLD_MAX_SPATIAL);
    if (!read_pairs(node, b)) {
        return NULL;
    }
    if (b->count < 1 || sld_tf_rank(t) != b->count + 2) {
        sld_tf_unsupported(node, "%d blocks for an input of rank %d", b->count, sld_tf_rank(t));
    }
    sld_value *x = sld_tf_first(node, t);
    for (int i = 1; i < b->count + 2 && sld_tf_ok(node); i++) {
        if (!sld_expr_is_const(&node->tf->graph->exprs, x->shape.d[i], &b->dims[i]) ||
            b->dims[i] > INT32_MAX) {
            sld_tf_unsupported(node, "open or huge dimensions");
        }
    }
    return sld_tf_ok(node) ? x : NULL;
}

/* Every block position becomes a batch of its own, slow in the batch. */
void sld_tf_space_to_batch(sld_tf_node *node, int told)
{
    (void)told;
    batch_blocks b = {.count = 0};
    sld_value *x = read_batch_blocks(node, &b);
    sld_pad_params pad = {.kind = SLD_PADDING_CONSTANT};
    int64_t cut[SOLDER_MAX_RANK] = {0, b.dims[1]};
    int64_t joined[SLD_MAX_SPATIAL + 2] = {-1, b.dims[1]};
    int32_t perm[SOLDER_MAX_RANK] = {0};
    int m = b.count;
    perm[m] = 0;
    perm[m + 1] = 1;
    for (int i = 0; i < m && x != NULL; i++) {
        int64_t extent = b.dims[i + 2] + b.begin[i] + b.end[i];
        if (extent % b.size[i] != 0) {
            sld_tf_fail(node, SOLDER_ERROR_DATA, "the blocks do not divide the padded input");
            return;
        }
        pad.begin[i + 2] = b.begin[i];
        pad.end[i + 2] = b.end[i];
        cut[2 + 2 * i] = joined[i + 2] = extent / b.size[i];
        cut[3 + 2 * i] = b.size[i];
        perm[i] = 3 + 2 * i;
        perm[m + 2 + i] = 2 + 2 * i;
    }
    sld_value *source = x;
    x = sld_tf_emit(node, SLD_OP_PAD, &pad, &x, 1);
    x = sld_tf_reshape(node, cut, 2 + 2 * m, x);
    sld_tf_blocked blocked = {.x = source, .spatial = m};
    for (int i = 0; i < m; i++) {
        blocked.block[i] = b.size[i];
        blocked.pad_begin[i] = b.begin[i];
        blocked.pad_end[i] = b.end[i];
    }
    x = sld_tf_transpose(node, perm, x);
    sld_tf_set_first(node, 0, sld_tf_reshape(node, joined, m + 2, x));
    sld_tf_remember_blocked(node, &blocked);
}

void sld_tf_batch_to_space(sld_tf_node *node, int told)
{
    (void)told;
    batch_blocks b = {.count = 0};
    sld_value *x = read_batch_blocks(node, &b);
    int m = b.count;
    int64_t cut[SOLDER_MAX_RANK] = {0}, joined[SLD_MAX_SPATIAL + 2] = {0, b.dims[1]};
    int32_t perm[SOLDER_MAX_RANK] = {m, m + 1};
    sld_value *dilated = sld_tf_unblocked(node, sld_tf_in(node, 0), m, b.size, b.begin, b.end);
    if (dilated != NULL) {
        sld_tf_set_first(node, 0, dilated);
        return;
    }
    cut[m] = -1;
    cut[m + 1] = b.dims[1];
    for (int i = 0; i < m && x != NULL; i++) {
        cut[i] = b.size[i];
        cut[m + 2 + i] = b.dims[i + 2];
        perm[2 + 2 * i] = m + 2 + i;
        perm[3 + 2 * i] = i;
        joined[i + 2] = b.dims[i + 2] * b.size[i];
    }
    x = sld_tf_reshape(node, cut, 2 + 2 * m, x);
    x = sld_tf_transpose(node, perm, x);
    x = sld_tf_reshape(node, joined, m + 2, x);
    for (int i = 0; i < m && sld_tf_ok(node); i++) {
        if (b.begin[i] + b.end[i] > joined[i + 2]) {
            sld_tf_fail(node, SOLDER_ERROR_DATA, "the crops are larger than the image");
            return;
        }
        x = sld_tf_slice(node, x, i + 2, b.begin[i], joined[i + 2] - b.end[i]);
    }
    sld_tf_set_first(node, 0, x);
}
