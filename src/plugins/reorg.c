/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reorg of YOLO v2: [N, C, h, w] becomes [N, C * s * s, h / s, w / s], in the order of Darknet. It
 * takes its input's bytes for a map of C / (s * s) channels s times as high and wide, and puts the
 * pixels of each s x s square into channels; what comes out is read with the new dims.
 */
#include "plugins/plugins.h"

typedef struct reorg_attributes {
    int32_t stride, reverse;
} reorg_attributes;

static const solder_plugin_attribute attributes[] = {
    SOLDER_ATTRIBUTE(reorg_attributes, stride, "stride", SOLDER_ATTRIBUTE_I32, 2),
    SOLDER_ATTRIBUTE(reorg_attributes, reverse, "reverse", SOLDER_ATTRIBUTE_BOOL, 0),
    SOLDER_ATTRIBUTE_DROP("plugin_version"),
    SOLDER_ATTRIBUTE_DROP("plugin_namespace"),
};

static const solder_plugin_operand inputs[] = {{"x", 0, 0}};

static bool divisible(const solder_plugin_infer *i, solder_expr e, int64_t by)
{
    int64_t value;
    return !solder_expr_known(i, e, &value) || value % by == 0;
}

static solder_status infer(const solder_plugin_infer *i)
{
    const reorg_attributes *a = i->attributes;
    const solder_shape *x = &i->inputs[0].shape;
    const int64_t s = a->stride;
    if (s < 1 || s > 1 << 10) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA, "stride is %d, must be 1 to 1024", (int)s);
    }
    if (a->reverse) {
        return solder_infer_fail(i, SOLDER_ERROR_UNSUPPORTED, "reverse is not supported");
    }
    if (x->rank != 4 || !divisible(i, x->d[1], s * s) || !divisible(i, x->d[2], s) ||
        !divisible(i, x->d[3], s)) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA,
                                 "x must be [N, C, h, w], C a multiple of %d, h and w of %d",
                                 (int)(s * s), (int)s);
    }
    solder_expr by = solder_expr_constant(i, s);
    i->outputs[0].shape =
        (solder_shape){4,
                       {x->d[0], solder_expr_mul(i, x->d[1], solder_expr_constant(i, s * s)),
                        solder_expr_make(i, SOLDER_EXPR_FLOOR_DIV, x->d[2], by),
                        solder_expr_make(i, SOLDER_EXPR_FLOOR_DIV, x->d[3], by)}};
    return SOLDER_OK;
}

typedef struct job {
    const float *x;
    float *y;
    int64_t channels, h, w, stride;
} job;

/* One plane of what is taken for h x w planes: of item index / channels. */
static void take_plane(void *user, size_t index, int thread)
{
    const job *j = user;
    const int64_t s = j->stride;
    const int64_t planes = j->channels / (s * s);
    const int64_t item = (int64_t)index / j->channels;
    const int64_t k = (int64_t)index % j->channels;
    const int64_t place = k / planes;
    const float *from = j->x + item * j->channels * j->h * j->w +
                        (k % planes * j->h * s + place / s) * j->w * s + place % s;
    float *to = j->y + (int64_t)index * j->h * j->w;
    (void)thread;
    for (int64_t row = 0; row < j->h; row++, from += j->w * s * s) {
        for (int64_t column = 0; column < j->w; column++) {
            *to++ = from[column * s];
        }
    }
}

static solder_status run(const solder_plugin_call *c)
{
    const reorg_attributes *a = c->attributes;
    const solder_plugin_tensor *x = &c->inputs[0];
    const job j = {.x = x->data,
                   .y = c->outputs[0].data,
                   .channels = x->dim[1],
                   .h = x->dim[2],
                   .w = x->dim[3],
                   .stride = a->stride};
    solder_plugin_parallel_for(c, (size_t)(x->dim[0] * x->dim[1]), take_plane,
                               (void *)(uintptr_t)&j);
    return SOLDER_OK;
}

static const char *const names[] = {"Reorg_TRT", NULL};

const solder_plugin sld_plugin_reorg = {
    .abi_version = SOLDER_PLUGIN_ABI,
    .struct_size = sizeof(solder_plugin),
    .name = "Reorg",
    .version = 1,
    .types = names,
    .inputs = inputs,
    .input_count = sizeof inputs / sizeof inputs[0],
    .attributes = attributes,
    .attribute_count = sizeof attributes / sizeof attributes[0],
    .attributes_size = sizeof(reorg_attributes),
    .infer = infer,
    .run = run,
};
