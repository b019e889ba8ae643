/* SPDX-License-Identifier: Apache-2.0 */
/* Windows of an image side by side (ExtractImagePatches), and its contrast. */
#include "import/tensorflow/tf_ops.h"

#define MAX_PLACES ((int64_t)1 << 22)

/* One of the two axes of the image. */
typedef struct sweep {
    int64_t size, stride, rate; /* of the window */
    int64_t extent, steps, before, behind;
} sweep;

static void read_pair(sld_tf_node *node, const char *name, int64_t pair[2])
{
    int64_t values[4] = {0};
    size_t count = sld_tf_ints(node, name, values, 4);
    if (!sld_tf_ok(node)) {
        return;
    }
    if (count != 4 || values[0] != 1 || values[3] != 1 || values[1] < 1 || values[2] < 1 ||
        values[1] > MAX_PLACES || values[2] > MAX_PLACES) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "%s are wrong", name);
        return;
    }
    pair[0] = values[1];
    pair[1] = values[2];
}

static void place(sld_tf_node *node, bool same, sweep *s)
{
    int64_t reach = (s->size - 1) * s->rate + 1, all = 0;
    if (s->extent > INT32_MAX || s->extent < (same ? 1 : reach)) {
        sld_tf_unsupported(node, "windows of %lld in %lld pixels", (long long)reach,
                           (long long)s->extent);
        return;
    }
    if (same) {
        s->steps = (s->extent + s->stride - 1) / s->stride;
        all = (s->steps - 1) * s->stride + reach - s->extent;
    } else {
        s->steps = (s->extent - reach) / s->stride + 1;
    }
    s->before = all > 0 ? all / 2 : 0;
    s->behind = all > 0 ? all - all / 2 : 0;
    if (s->steps > MAX_PLACES / s->size) {
        sld_tf_unsupported(node, "%lld places of %lld pixels", (long long)s->steps,
                           (long long)s->size);
    }
}

/* The pixels of all windows along an axis, one window behind the other. */
static sld_value *pixels(sld_tf_node *node, const sweep *s)
{
    int64_t count = s->steps * s->size;
    if (!sld_tf_ok(node)) {
        return NULL;
    }
    int64_t *list = sld_arena_array(&node->tf->arena, (size_t)count + 1, sizeof *list);
    if (list == NULL) {
        node->status = sld_fail_memory(node->tf->diag, (size_t)count);
        return NULL;
    }
    for (int64_t i = 0; i < count; i++) {
        list[i] = i / s->size * s->stride + i % s->size * s->rate;
    }
    return sld_tf_vector(node, list, (size_t)count);
}

void sld_tf_extract_patches(sld_tf_node *node, int told)
{
    static const char *const paddings[] = {"SAME", "VALID"};
    (void)told;
    sld_tf_tensor *t = sld_tf_in(node, 0);
    int64_t size[2] = {1, 1}, stride[2] = {1, 1}, rate[2] = {1, 1}, channels = 0;
    read_pair(node, "ksizes", size);
    read_pair(node, "strides", stride);
    read_pair(node, "rates", rate);
    bool same = sld_tf_choice(node, "padding", paddings, 2, 1) == 0;
    sweep s[2] = {{.size = 1}, {.size = 1}};
    if (sld_tf_ok(node) && sld_tf_rank(t) != 4) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "an input of rank %d", sld_tf_rank(t));
    }
    for (int i = 0; i < 2 && sld_tf_ok(node); i++) {
        s[i] = (sweep){.size = size[i], .stride = stride[i], .rate = rate[i]};
        if (!sld_tf_dim(node, t, i + 1, &s[i].extent) || !sld_tf_dim(node, t, 3, &channels)) {
            sld_tf_unsupported(node, "open height, width or channels");
            return;
        }
        place(node, same, &s[i]);
    }
    sld_value *x = sld_tf_plain(node, t);
    const sld_pad_params pad = {.begin = {0, s[0].before, s[1].before},
                                .end = {0, s[0].behind, s[1].behind}};
    if (s[0].behind > 0 || s[1].behind > 0) {
        x = sld_tf_emit(node, SLD_OP_PAD, &pad, &x, 1);
    }
    x = sld_tf_gather(node, x, pixels(node, &s[0]), 1);
    x = sld_tf_gather(node, x, pixels(node, &s[1]), 2);
    const int64_t cut[6] = {0, s[0].steps, size[0], s[1].steps, size[1], channels};
    int64_t area = 0, depth = 0;
    if (!sld_i64_mul(size[0], size[1], &area) || !sld_i64_mul(area, channels, &depth) ||
        depth < 1) {
        sld_tf_unsupported(node, "patches of that size");
    }
    x = sld_tf_reshape(node, cut, 6, x);
    x = sld_tf_transpose(node, (const int32_t[]){0, 1, 3, 2, 4, 5}, x);
    const int64_t dims[4] = {0, s[0].steps, s[1].steps, depth};
    sld_tf_set(node, 0, sld_tf_reshape(node, dims, 4, x));
}

/* Away from the mean of each channel. */
void sld_tf_adjust_contrast(sld_tf_node *node, int told)
{
    (void)told;
    sld_value *x = sld_tf_input(node, 0), *factor = sld_tf_input(node, 1);
    if (sld_tf_ok(node) && x->shape.rank < 3) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "an input of rank %d", x->shape.rank);
    }
    if (!sld_tf_ok(node)) {
        return;
    }
    const sld_reduce_params params = {
        .kind = SLD_REDUCE_MEAN, .axes = 3u << (x->shape.rank - 3), .keep_dims = 1, .scale = 1};
    factor = sld_tf_cast(node, x->dtype, sld_tf_as_scalar(node, factor));
    sld_value *mean = sld_tf_emit(node, SLD_OP_REDUCE, &params, &x, 1);
    x = sld_tf_binary(node, SLD_BINARY_SUB, x, mean);
    x = sld_tf_binary(node, SLD_BINARY_PROD, x, factor);
    sld_tf_set(node, 0, sld_tf_binary(node, SLD_BINARY_SUM, x, mean));
}
