/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Normalize, as SSD has it in Caffe: x divided by its L2 norm over the channels of each position
 * (or over a whole item, across_spatial), then multiplied by a scale per channel (or one,
 * channel_shared). Inputs: x [N, C, ...] and the scale, C elements or 1. Normalize_TRT has the
 * attribute names of TensorRT's plugin, and the scale in one of them.
 */
#include <math.h>

#include "plugins/plugins.h"

enum { MAX_WEIGHTS = 8192 };

typedef struct normalize_attributes {
    int32_t across_spatial, channel_shared;
    float eps;
    int32_t weight_count, weights_said; /* Normalize_TRT */
    float weights[MAX_WEIGHTS];
} normalize_attributes;

static const solder_plugin_attribute attributes[] = {
    SOLDER_ATTRIBUTE(normalize_attributes, across_spatial, "across_spatial", SOLDER_ATTRIBUTE_BOOL,
                     1),
    SOLDER_ATTRIBUTE(normalize_attributes, channel_shared, "channel_shared", SOLDER_ATTRIBUTE_BOOL,
                     1),
    SOLDER_ATTRIBUTE(normalize_attributes, eps, "eps", SOLDER_ATTRIBUTE_F32, 1e-10f),
    SOLDER_ATTRIBUTE_DROP("scale_filler"), /* how training began */
};

static const solder_plugin_attribute trt_attributes[] = {
    SOLDER_ATTRIBUTE(normalize_attributes, across_spatial, "acrossSpatial", SOLDER_ATTRIBUTE_BOOL,
                     0),
    SOLDER_ATTRIBUTE(normalize_attributes, channel_shared, "channelShared", SOLDER_ATTRIBUTE_BOOL,
                     0),
    SOLDER_ATTRIBUTE(normalize_attributes, eps, "eps", SOLDER_ATTRIBUTE_F32, 1e-10f),
    SOLDER_ATTRIBUTE(normalize_attributes, weights_said, "nbWeights", SOLDER_ATTRIBUTE_I32, 0),
    SOLDER_ATTRIBUTE_LIST(normalize_attributes, weights, weight_count, "weights",
                          SOLDER_ATTRIBUTE_F32, 0),
    SOLDER_ATTRIBUTE_DROP("plugin_version"),
    SOLDER_ATTRIBUTE_DROP("plugin_namespace"),
};

static const solder_plugin_operand inputs[] = {
    {"x", SOLDER_TYPE(SOLDER_F32), 0},
    {"scale", SOLDER_TYPE(SOLDER_F32), 0},
};

static solder_status infer(const solder_plugin_infer *i)
{
    const normalize_attributes *a = i->attributes;
    const solder_shape *x = &i->inputs[0].shape;
    const solder_shape *scale = &i->inputs[1].shape;
    const bool in_attributes = i->plugin->attributes == trt_attributes;
    int64_t channels;
    int64_t elements = 1;
    if (x->rank < 2) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA, "x has rank %d, needs at least 2",
                                 (int)x->rank);
    }
    if (in_attributes) {
        elements = a->weight_count;
    }
    for (int j = 0; !in_attributes && j < scale->rank; j++) {
        int64_t dim;
        if (!solder_expr_known(i, scale->d[j], &dim)) {
            return solder_infer_fail(i, SOLDER_ERROR_UNSUPPORTED, "the scale has open dims");
        }
        elements *= dim;
    }
    if (a->channel_shared ? elements != 1
                          : solder_expr_known(i, x->d[1], &channels) && elements != channels) {
        return solder_infer_fail(
            i, SOLDER_ERROR_DATA, "the scale has %lld elements, which is not %s",
            (long long)elements, a->channel_shared ? "1" : "the number of channels");
    }
    i->outputs[0].shape = *x;
    return SOLDER_OK;
}

static solder_status weight(const solder_plugin_infer *i, uint32_t input)
{
    const normalize_attributes *a = i->attributes;
    (void)input; /* there is one */
    i->outputs[0].shape.rank = 1;
    i->outputs[0].shape.d[0] = a->channel_shared || i->inputs[0].shape.rank < 2
                                   ? solder_expr_constant(i, 1)
                                   : i->inputs[0].shape.d[1];
    return SOLDER_OK;
}

typedef struct job {
    const normalize_attributes *a;
    const float *x, *scale;
    float *y;
    int64_t channels, positions;
} job;

static float scale_of(const job *j, int64_t channel)
{
    return j->scale[j->a->channel_shared ? 0 : channel];
}

/* One norm for the item. */
static void normalize_item(void *user, size_t item, int thread)
{
    const job *j = user;
    const float *x = j->x + (int64_t)item * j->channels * j->positions;
    float *y = j->y + (int64_t)item * j->channels * j->positions;
    double sum = 0;
    (void)thread;
    for (int64_t i = 0; i < j->channels * j->positions; i++) {
        sum += (double)x[i] * x[i];
    }
    double factor = 1.0 / sqrt(sum + j->a->eps);
    for (int64_t c = 0; c < j->channels; c++) {
        for (int64_t p = 0; p < j->positions; p++) {
            y[c * j->positions + p] = (float)(x[c * j->positions + p] * factor) * scale_of(j, c);
        }
    }
}

enum { BLOCK = 64 }; /* positions done together: the sums stay on the stack */

/* A norm for each position: one block of positions. */
static void normalize_block(void *user, size_t index, int thread)
{
    const job *j = user;
    int64_t blocks = (j->positions + BLOCK - 1) / BLOCK;
    int64_t first = (int64_t)index % blocks * BLOCK;
    int64_t count = j->positions - first < BLOCK ? j->positions - first : BLOCK;
    int64_t offset = (int64_t)index / blocks * j->channels * j->positions + first;
    double sums[BLOCK] = {0};
    (void)thread;
    for (int64_t c = 0; c < j->channels; c++) {
        const float *x = j->x + offset + c * j->positions;
        for (int64_t p = 0; p < count; p++) {
            sums[p] += (double)x[p] * x[p];
        }
    }
    for (int64_t p = 0; p < count; p++) {
        sums[p] = 1.0 / sqrt(sums[p] + j->a->eps);
    }
    for (int64_t c = 0; c < j->channels; c++) {
        const float *x = j->x + offset + c * j->positions;
        float *y = j->y + offset + c * j->positions;
        for (int64_t p = 0; p < count; p++) {
            y[p] = (float)(x[p] * sums[p]) * scale_of(j, c);
        }
    }
}

static solder_status run(const solder_plugin_call *c)
{
    const solder_plugin_tensor *x = &c->inputs[0];
    job j = {.a = c->attributes,
             .x = x->data,
             .scale = c->plugin->attributes == trt_attributes
                          ? ((const normalize_attributes *)c->attributes)->weights
                          : c->inputs[1].data,
             .y = c->outputs[0].data,
             .channels = x->dim[1],
             .positions = 1};
    for (int i = 2; i < x->rank; i++) {
        j.positions *= x->dim[i];
    }
    if (x->dim[0] == 0 || j.channels == 0 || j.positions == 0) {
        return SOLDER_OK;
    }
    if (j.a->across_spatial) {
        solder_plugin_parallel_for(c, (size_t)x->dim[0], normalize_item, &j);
    } else {
        int64_t blocks = (j.positions + BLOCK - 1) / BLOCK;
        solder_plugin_parallel_for(c, (size_t)(x->dim[0] * blocks), normalize_block, &j);
    }
    return SOLDER_OK;
}

const solder_plugin sld_plugin_normalize = {
    .abi_version = SOLDER_PLUGIN_ABI,
    .struct_size = sizeof(solder_plugin),
    .name = "Normalize",
    .version = 1,
    .inputs = inputs,
    .input_count = sizeof inputs / sizeof inputs[0],
    .attributes = attributes,
    .attribute_count = sizeof attributes / sizeof attributes[0],
    .attributes_size = offsetof(normalize_attributes, weight_count),
    .infer = infer,
    .run = run,
    .weight = weight,
};

const solder_plugin sld_plugin_normalize_trt = {
    .abi_version = SOLDER_PLUGIN_ABI,
    .struct_size = sizeof(solder_plugin),
    .name = "Normalize_TRT",
    .version = 1,
    .inputs = inputs,
    .input_count = 1,
    .attributes = trt_attributes,
    .attribute_count = sizeof trt_attributes / sizeof trt_attributes[0],
    .attributes_size = sizeof(normalize_attributes),
    .infer = infer,
    .run = run,
};
