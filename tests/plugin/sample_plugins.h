/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plugins that use every part of the interface, and a network of them.
 *
 * test::Affine 2   y = x * weight[channel] + shift; packs the weight, saves a table, opens a state,
 *                  has three tactics, uses workspace and threads
 * test::Keep       the positive elements of a vector: a data-dependent dim
 */
#ifndef TESTS_PLUGIN_SAMPLE_PLUGINS_H
#define TESTS_PLUGIN_SAMPLE_PLUGINS_H

#include <stdatomic.h>
#include <stdlib.h>

#include "check.h"
#include "solder/builder.h"
#include "solder/plugin.h"
#include "solder/runtime.h"

typedef struct affine_attributes {
    float shift;
    int32_t tactics, unsupported; /* how many; first of those this machine cannot run */
    int32_t mode, list_length;
    int32_t list[4];
    char label[12];
    int32_t pad;
    int64_t big;
    double ratio;
    int32_t flag, type;
} affine_attributes;

static const char *const affine_modes[] = {"plain", "doubled", NULL};

static const solder_plugin_attribute affine_table[] = {
    SOLDER_ATTRIBUTE(affine_attributes, shift, "shift", SOLDER_ATTRIBUTE_F32, 0.5),
    SOLDER_ATTRIBUTE(affine_attributes, tactics, "tactics", SOLDER_ATTRIBUTE_I32, 3),
    SOLDER_ATTRIBUTE(affine_attributes, unsupported, "unsupported", SOLDER_ATTRIBUTE_I32, 2),
    SOLDER_ATTRIBUTE_NAMED(affine_attributes, mode, "mode", affine_modes, 0),
    SOLDER_ATTRIBUTE_LIST(affine_attributes, list, list_length, "list", SOLDER_ATTRIBUTE_I32, 0),
    SOLDER_ATTRIBUTE_STRING(affine_attributes, label, "label"),
    SOLDER_ATTRIBUTE(affine_attributes, big, "sub.big", SOLDER_ATTRIBUTE_I64, -1),
    SOLDER_ATTRIBUTE(affine_attributes, ratio, "ratio", SOLDER_ATTRIBUTE_F64, 1),
    SOLDER_ATTRIBUTE(affine_attributes, flag, "flag", SOLDER_ATTRIBUTE_BOOL, 1),
    SOLDER_ATTRIBUTE(affine_attributes, type, "type", SOLDER_ATTRIBUTE_DTYPE, SOLDER_F32),
    SOLDER_ATTRIBUTE_DROP("debug"),
};

static const solder_plugin_operand affine_inputs[] = {
    {"x", SOLDER_TYPE(SOLDER_F32), 0},
    {"weight", SOLDER_TYPE(SOLDER_F32), SOLDER_OPERAND_CONSTANT},
};

static atomic_int affine_open_states;

static solder_status affine_infer(const solder_plugin_infer *i)
{
    const solder_shape *x = &i->inputs[0].shape;
    int64_t channels;
    int64_t weights;
    if (x->rank != 3 || i->inputs[1].shape.rank != 1 || !solder_expr_known(i, x->d[1], &channels) ||
        !solder_expr_known(i, i->inputs[1].shape.d[0], &weights) || channels != weights) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA, "x and weight do not belong together");
    }
    i->outputs[0].shape = *x;
    return SOLDER_OK;
}

static uint32_t affine_tactics(const solder_plugin_call *c)
{
    return (uint32_t)((const affine_attributes *)c->attributes)->tactics;
}

static bool affine_supports(const solder_plugin_call *c)
{
    return c->tactic < (uint32_t)((const affine_attributes *)c->attributes)->unsupported;
}

/* Room for one channel. */
static size_t affine_workspace(const solder_plugin_call *c)
{
    return (size_t)c->inputs[0].dim[1] * sizeof(float);
}

/* The weights backwards behind a mark. */
static size_t affine_packed_size(const solder_plugin_call *c, uint32_t input)
{
    return input == 1 ? (size_t)(c->inputs[1].dim[0] + 1) * sizeof(float) : 0;
}

static solder_status affine_pack(const solder_plugin_call *c, uint32_t input, void *packed)
{
    const float *weight = c->inputs[input].data;
    float *to = packed;
    int64_t count = c->inputs[input].dim[0];
    to[0] = 4711.0f;
    for (int64_t i = 0; i < count; i++) {
        to[count - i] = weight[i];
    }
    return SOLDER_OK;
}

static size_t affine_saved_size(const solder_plugin_call *c)
{
    (void)c;
    return sizeof(double);
}

/* The sum of the weights: only when building are they at hand as the model has them. */
static solder_status affine_save(const solder_plugin_call *c, void *saved)
{
    const float *weight = c->inputs[1].data;
    double sum = 0;
    for (int64_t i = 0; i < c->inputs[1].dim[0]; i++) {
        sum += weight[i];
    }
    memcpy(saved, &sum, sizeof sum);
    return SOLDER_OK;
}

static solder_status affine_open(const solder_plugin_call *c, void **state)
{
    double *sum = malloc(sizeof *sum);
    if (sum == NULL || c->saved_size != sizeof *sum) {
        free(sum);
        return SOLDER_ERROR_MEMORY;
    }
    memcpy(sum, c->saved, sizeof *sum);
    affine_open_states++;
    *state = sum;
    return SOLDER_OK;
}

static void affine_close(const solder_plugin *plugin, void *state)
{
    (void)plugin;
    affine_open_states--;
    free(state);
}

typedef struct affine_job {
    const solder_plugin_call *c;
    const float *weight;
} affine_job;

static void affine_item(void *user, size_t item, int thread)
{
    const affine_job *j = user;
    const affine_attributes *a = j->c->attributes;
    const int64_t *dim = j->c->inputs[0].dim;
    const float *x = (const float *)j->c->inputs[0].data + (int64_t)item * dim[1] * dim[2];
    float *y = (float *)j->c->outputs[0].data + (int64_t)item * dim[1] * dim[2];
    (void)thread;
    for (int64_t i = 0; i < dim[1] * dim[2]; i++) {
        float value = x[i] * j->weight[i / dim[2]] + a->shift;
        y[i] = a->mode == 1 ? value * 2 : value;
    }
}

static solder_status affine_run(const solder_plugin_call *c)
{
    const solder_plugin_tensor *w = &c->inputs[1];
    const float *packed = w->data;
    float *weight = c->workspace;
    int64_t count = w->dim[0];
    if ((w->flags & SOLDER_TENSOR_PACKED) == 0 || packed[0] != 4711.0f ||
        w->bytes != (size_t)(count + 1) * sizeof(float) ||
        c->workspace_size != (size_t)count * sizeof(float) || c->state == NULL) {
        return solder_plugin_fail(c, SOLDER_ERROR_INTERNAL, "was not prepared as it should be");
    }
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        weight[i] = packed[count - i];
        sum += weight[i];
    }
    if (sum != *(double *)c->state) {
        return solder_plugin_fail(c, SOLDER_ERROR_INTERNAL, "the sum is not the saved one");
    }
    affine_job job = {c, weight};
    if (c->tactic == 0) {
        for (int64_t i = 0; i < c->inputs[0].dim[0]; i++) {
            affine_item(&job, (size_t)i, 0);
        }
    } else {
        solder_plugin_parallel_for(c, (size_t)c->inputs[0].dim[0], affine_item, &job);
    }
    return SOLDER_OK;
}

static const solder_plugin affine = {
    .abi_version = SOLDER_PLUGIN_ABI,
    .struct_size = sizeof(solder_plugin),
    .name = "Affine",
    .name_space = "test",
    .version = 2,
    .inputs = affine_inputs,
    .input_count = 2,
    .attributes = affine_table,
    .attribute_count = sizeof affine_table / sizeof affine_table[0],
    .attributes_size = sizeof(affine_attributes),
    .infer = affine_infer,
    .supports = affine_supports,
    .tactics = affine_tactics,
    .workspace = affine_workspace,
    .packed_size = affine_packed_size,
    .pack = affine_pack,
    .saved_size = affine_saved_size,
    .save = affine_save,
    .open = affine_open,
    .close = affine_close,
    .run = affine_run,
};

/* ---- Keep ---- */

static const solder_plugin_operand keep_outputs[] = {
    {"values", SOLDER_TYPE(SOLDER_F32), 0},
    {"indices", SOLDER_TYPE(SOLDER_I64), SOLDER_OPERAND_OPTIONAL},
};

static inline solder_status keep_infer(const solder_plugin_infer *i)
{
    solder_expr count = solder_expr_constant(i, 1);
    for (int j = 0; j < i->inputs[0].shape.rank; j++) {
        count = solder_expr_mul(i, count, i->inputs[0].shape.d[j]);
    }
    count = solder_expr_data_dependent(i, count);
    for (uint32_t o = 0; o < i->output_count; o++) {
        i->outputs[o].shape.rank = 1;
        i->outputs[o].shape.d[0] = count;
    }
    return SOLDER_OK;
}

static inline solder_status keep_run(const solder_plugin_call *c)
{
    const solder_plugin_tensor *x = &c->inputs[0];
    float *values = c->outputs[0].data;
    int64_t *indices = c->output_count > 1 ? c->outputs[1].data : NULL;
    int64_t total = 1;
    int64_t kept = 0;
    for (int i = 0; i < x->rank; i++) {
        total *= x->dim[i];
    }
    for (int64_t i = 0; i < total; i++) {
        float value = ((const float *)x->data)[i];
        if (value > 0) {
            if (indices != NULL) {
                indices[kept] = i;
            }
            values[kept++] = value;
        }
    }
    for (uint32_t o = 0; o < c->output_count; o++) {
        c->outputs[o].dim[0] = kept;
    }
    return SOLDER_OK;
}

#define KEEP_PLUGIN                                                                                \
    {                                                                                              \
        .abi_version = SOLDER_PLUGIN_ABI, .struct_size = sizeof(solder_plugin), .name = "Keep",    \
        .name_space = "test", .outputs = keep_outputs, .output_count = 2, .infer = keep_infer,     \
        .run = keep_run                                                                            \
    }

/* ---- a network: x [N, 3, 4] -> Affine -> Keep ---- */

static inline solder_status sample_network(solder_builder *builder, solder_network **out)
{
    static const float weight[3] = {1, -2, 3};
    solder_network *n;
    solder_value *x;
    solder_value *w;
    solder_value *y[1];
    solder_value *kept[2];
    const solder_dims dims = {3, {-1, 3, 4}};
    const solder_dims channels = {1, {3}};
    const int64_t list[] = {7, 8};
    const int64_t big = INT64_C(1) << 40;
    const solder_attribute a[] = {
        {.name = "shift", .count = 1, .reals = (const double[]){0.25}},
        {.name = "mode", .text = "doubled"},
        {.name = "list", .count = 2, .ints = list},
        {.name = "label", .text = "a \"b\""},
        {.name = "anything_param.sub.big", .count = 1, .ints = &big},
        {.name = "debug.path", .text = "dropped"},
    };
    solder_status status = solder_network_create(builder, "sample", &n);
    status = status ? status : solder_network_add_input(n, "x", SOLDER_F32, &dims, &x);
    status =
        status ? status : solder_network_add_constant(n, "w", SOLDER_F32, &channels, weight, &w);
    status = status ? status
                    : solder_network_add_plugin(n, "test::Affine", "affine",
                                                (solder_value *[]){x, w}, 2, a, 6, 1, y);
    status = status ? status : solder_network_add_plugin(n, "Keep", "keep", y, 1, NULL, 0, 2, kept);
    status = status ? status : solder_network_mark_output(n, y[0], "y");
    status = status ? status : solder_network_mark_output(n, kept[0], "kept");
    status = status ? status : solder_network_mark_output(n, kept[1], "where");
    if (status == SOLDER_OK) {
        *out = n;
    }
    return status;
}

static inline float sample_result(float x, int channel)
{
    static const float weight[3] = {1, -2, 3};
    return (x * weight[channel] + 0.25f) * 2;
}

#endif
