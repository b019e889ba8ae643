/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin library as a user writes it, on the public header alone: y = x * factor + offset. */
#include "solder/plugin.h"

typedef struct attributes {
    float factor;
    float offset;
    int32_t mode;
    int32_t steps[4], step_count;
    char note[16];
} attributes;

static const char *const modes[] = {"PLAIN", "NEGATED", NULL};

static const solder_plugin_attribute table[] = {
    SOLDER_ATTRIBUTE(attributes, factor, "factor", SOLDER_ATTRIBUTE_F32, 1),
    SOLDER_ATTRIBUTE(attributes, offset, "inner.offset", SOLDER_ATTRIBUTE_F32, 0),
    SOLDER_ATTRIBUTE_NAMED(attributes, mode, "mode", modes, 0),
    SOLDER_ATTRIBUTE_LIST(attributes, steps, step_count, "steps", SOLDER_ATTRIBUTE_I32, 0),
    SOLDER_ATTRIBUTE_STRING(attributes, note, "note"),
    SOLDER_ATTRIBUTE_DROP("debug"),
};

static const solder_plugin_operand inputs[] = {
    {"x", SOLDER_TYPE(SOLDER_F32), 0},
    {"weight", SOLDER_TYPE(SOLDER_F32), SOLDER_OPERAND_OPTIONAL | SOLDER_OPERAND_CONSTANT},
};

static const char *const types[] = {"FrobnicateV0", NULL};

static solder_status infer(const solder_plugin_infer *i)
{
    i->outputs[0].shape = i->inputs[0].shape;
    return SOLDER_OK;
}

static solder_status run(const solder_plugin_call *c)
{
    const attributes *a = c->attributes;
    const float *x = c->inputs[0].data;
    float *y = c->outputs[0].data;
    float factor = a->mode == 1 ? -a->factor : a->factor;
    int64_t count = 1;
    for (int i = 0; i < c->inputs[0].rank; i++) {
        count *= c->inputs[0].dim[i];
    }
    for (int32_t i = 0; i < a->step_count; i++) {
        factor *= (float)a->steps[i];
    }
    if (c->input_count > 1) {
        factor *= ((const float *)c->inputs[1].data)[0];
    }
    for (int64_t i = 0; i < count; i++) {
        y[i] = x[i] * factor + a->offset;
    }
    return SOLDER_OK;
}

static const solder_plugin frobnicate = {
    .abi_version = SOLDER_PLUGIN_ABI,
    .struct_size = sizeof(solder_plugin),
    .name = "Frobnicate",
    .name_space = "my.company",
    .version = 3,
    .types = types,
    .inputs = inputs,
    .input_count = sizeof inputs / sizeof inputs[0],
    .attributes = table,
    .attribute_count = sizeof table / sizeof table[0],
    .attributes_size = sizeof(attributes),
    .infer = infer,
    .run = run,
};

const solder_plugin *const *solder_plugins(size_t *count)
{
    static const solder_plugin *const list[] = {&frobnicate};
    *count = sizeof list / sizeof list[0];
    return list;
}
