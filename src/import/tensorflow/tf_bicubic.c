/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ResizeBicubic and ResizeArea as two matrix products, rows then columns. TensorFlow takes the
 * weights of the cubic from a table of 1024 steps, which no formula of Resize gives.
 */
#include <math.h>

#include "import/tensorflow/tf_ops.h"

#define STEPS       1024
#define MAX_WEIGHTS ((int64_t)1 << 22)

/* The cubic at a distance of step / STEPS (near) or one more (far). */
static float near_weight(float a, long step)
{
    float x = (float)step / STEPS;
    return ((a + 2) * x - (a + 3)) * x * x + 1;
}

static float far_weight(float a, long step)
{
    float x = (float)step / STEPS + 1;
    return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
}

/* One row of weights over `in` pixels. */
static void fill_row(float *row, int64_t in, float at, bool half)
{
    float a = half ? -0.5f : -0.75f, sum = 0;
    int64_t base = (int64_t)floorf(at);
    long step = lrintf((at - (float)base) * STEPS);
    const float weights[4] = {far_weight(a, step), near_weight(a, step),
                              near_weight(a, STEPS - step), far_weight(a, STEPS - step)};
    float kept[4];
    for (int i = 0; i < 4; i++) {
        int64_t pixel = base - 1 + i;
        bool outside = pixel < 0 || pixel >= in;
        kept[i] = half && outside ? 0 : weights[i];
        sum += kept[i];
    }
    for (int i = 0; i < 4; i++) {
        int64_t pixel = base - 1 + i;
        pixel = pixel < 0 ? 0 : pixel >= in ? in - 1 : pixel;
        row[pixel] += half ? kept[i] / sum : kept[i];
    }
}

/* As much of every pixel as lies between from and to. */
static void fill_area(float *row, int64_t in, float from, float to)
{
    for (int64_t i = (int64_t)floorf(from); i < (int64_t)ceilf(to); i++) {
        float low = from > (float)i ? from : (float)i;
        float high = to < (float)(i + 1) ? to : (float)(i + 1);
        row[i < in ? i : in - 1] += (high - low) / (to - from);
    }
}

/* [out, in] */
static sld_value *weights(sld_tf_node *node, int64_t in, int64_t out, bool area, bool corners,
                          bool half)
{
    if (!sld_tf_ok(node)) {
        return NULL;
    }
    if (in < 1 || out < 1 || in > MAX_WEIGHTS || out > MAX_WEIGHTS / in) {
        sld_tf_unsupported(node, "from %lld to %lld pixels", (long long)in, (long long)out);
        return NULL;
    }
    if (area && corners && in == 1 && out > 1) {
        sld_tf_unsupported(node, "align_corners of one pixel");
        return NULL;
    }
    float *table = sld_arena_array(&node->tf->arena, (size_t)(in * out), sizeof *table);
    if (table == NULL) {
        node->status = sld_fail_memory(node->tf->diag, (size_t)(in * out));
        return NULL;
    }
    float scale = corners && out > 1 ? (float)(in - 1) / (float)(out - 1) : (float)in / (float)out;
    for (int64_t i = 0; i < out; i++) {
        float at = half ? ((float)i + 0.5f) * scale - 0.5f : (float)i * scale;
        if (area) {
            fill_area(table + i * in, in, at, (float)(i + 1) * scale);
        } else {
            fill_row(table + i * in, in, at, half);
        }
    }
    return sld_tf_constant(node, SOLDER_F32, 2, (int64_t[]){out, in}, table);
}

void sld_tf_resize_by_matrix(sld_tf_node *node, int area)
{
    sld_tf_tensor *t = sld_tf_in(node, 0);
    sld_value *x = sld_tf_cast(node, SOLDER_F32, sld_tf_first(node, t));
    int64_t sizes[2] = {0}, in[2] = {0};
    size_t count = sld_tf_constant_ints(node, 1, "size", sizes, 2);
    bool corners = sld_tf_bool(node, "align_corners", false);
    bool half = !area && sld_tf_bool(node, "half_pixel_centers", false);
    if (sld_tf_ok(node) && (count != 2 || x->shape.rank != 4)) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "%zu sizes for an input of rank %d", count,
                    x->shape.rank);
    }
    for (int i = 0; i < 2 && sld_tf_ok(node); i++) {
        if (!sld_tf_dim(node, t, i + 1, &in[i])) {
            sld_tf_unsupported(node, "an open height or width");
        }
    }
    const sld_matmul_params rows = {.alpha = 1, .beta = 1};
    const sld_matmul_params columns = {.trans_b = 1, .alpha = 1, .beta = 1};
    sld_value *high = weights(node, in[0], sizes[0], area, corners, half);
    sld_value *wide = weights(node, in[1], sizes[1], area, corners, half);
    x = sld_tf_emit(node, SLD_OP_MATMUL, &columns, (sld_value *[]){x, wide}, 2);
    x = sld_tf_emit(node, SLD_OP_MATMUL, &rows, (sld_value *[]){high, x}, 2);
    sld_tf_set_first(node, 0, x);
}
