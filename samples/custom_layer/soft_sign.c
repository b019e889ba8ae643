/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A custom layer: y = slope[channel] * x / (bend + |x|). It shows an attribute, a weight, an open
 * batch, threads, two ways to do the work for the builder to time, and errors in its own words.
 * Registered by main.c; built alone it is a library for `solder --plugin`.
 */
#include <math.h>

#include "soft_sign.h"

typedef struct soft_sign_attributes {
    float bend;
} soft_sign_attributes;

static const solder_plugin_attribute attributes[] = {
    SOLDER_ATTRIBUTE(soft_sign_attributes, bend, "bend", SOLDER_ATTRIBUTE_F32, 1),
};

static const solder_plugin_operand inputs[] = {
    {"x", SOLDER_TYPE(SOLDER_F32), 0},
    {"slope", SOLDER_TYPE(SOLDER_F32), SOLDER_OPERAND_CONSTANT},
};

/* Dims are expressions: the batch may be open, channels must be known. */
static solder_status infer(const solder_plugin_infer *i)
{
    const soft_sign_attributes *a = i->attributes;
    const solder_shape *x = &i->inputs[0].shape;
    const solder_shape *slope = &i->inputs[1].shape;
    int64_t channels;
    int64_t slopes;
    if (a->bend <= 0) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA, "bend is %g, must be positive",
                                 (double)a->bend);
    }
    if (x->rank < 2 || slope->rank != 1 || !solder_expr_known(i, x->d[1], &channels) ||
        !solder_expr_known(i, slope->d[0], &slopes) || channels != slopes) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA, "needs one slope for each channel");
    }
    i->outputs[0].shape = *x;
    return SOLDER_OK;
}

typedef struct job {
    const float *x;
    float *y;
    const float *slope;
    float bend;
    int64_t channels, positions;
} job;

/* One channel of one item. */
static void channel(void *user, size_t index, int thread)
{
    const job *j = user;
    const float *x = j->x + (int64_t)index * j->positions;
    float *y = j->y + (int64_t)index * j->positions;
    float slope = j->slope[(int64_t)index % j->channels];
    (void)thread;
    for (int64_t i = 0; i < j->positions; i++) {
        y[i] = slope * x[i] / (j->bend + fabsf(x[i]));
    }
}

static uint32_t tactics(const solder_plugin_call *c)
{
    (void)c;
    return 2; /* 0: this thread alone, 1: all threads */
}

static solder_status run(const solder_plugin_call *c)
{
    const solder_plugin_tensor *x = &c->inputs[0];
    job j = {.x = x->data,
             .y = c->outputs[0].data,
             .slope = c->inputs[1].data,
             .bend = ((const soft_sign_attributes *)c->attributes)->bend,
             .channels = x->dim[1],
             .positions = 1};
    for (int i = 2; i < x->rank; i++) {
        j.positions *= x->dim[i];
    }
    size_t count = (size_t)(x->dim[0] * x->dim[1]);
    if (c->tactic == 1) {
        solder_plugin_parallel_for(c, count, channel, &j);
        return SOLDER_OK;
    }
    for (size_t i = 0; i < count; i++) {
        channel(&j, i, 0);
    }
    return SOLDER_OK;
}

const solder_plugin soft_sign = {
    .abi_version = SOLDER_PLUGIN_ABI,
    .struct_size = sizeof(solder_plugin),
    .name = "SoftSign",
    .name_space = "sample",
    .version = 1,
    .inputs = inputs,
    .input_count = sizeof inputs / sizeof inputs[0],
    .attributes = attributes,
    .attribute_count = sizeof attributes / sizeof attributes[0],
    .attributes_size = sizeof(soft_sign_attributes),
    .infer = infer,
    .tactics = tactics,
    .run = run,
};

/* What `solder --plugin` and solder_load_plugin look for. */
const solder_plugin *const *solder_plugins(size_t *count)
{
    static const solder_plugin *const list[] = {&soft_sign};
    *count = 1;
    return list;
}
