/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin library for the Python tests: test::Times, y = x * factor. */
#include "solder/plugin.h"

typedef struct times_attributes {
    float factor;
} times_attributes;

static const solder_plugin_attribute table[] = {
    SOLDER_ATTRIBUTE(times_attributes, factor, "factor", SOLDER_ATTRIBUTE_F32, 2),
};

static solder_status infer(const solder_plugin_infer *i)
{
    i->outputs[0].shape = i->inputs[0].shape;
    return SOLDER_OK;
}

static solder_status run(const solder_plugin_call *c)
{
    const times_attributes *a = c->attributes;
    const float *x = c->inputs[0].data;
    float *y = c->outputs[0].data;
    int64_t count = 1;
    for (int i = 0; i < c->inputs[0].rank; i++) {
        count *= c->inputs[0].dim[i];
    }
    for (int64_t i = 0; i < count; i++) {
        y[i] = x[i] * a->factor;
    }
    return SOLDER_OK;
}

static const solder_plugin times = {.abi_version = SOLDER_PLUGIN_ABI,
                                    .struct_size = sizeof(solder_plugin),
                                    .name = "Times",
                                    .name_space = "test",
                                    .attributes = table,
                                    .attribute_count = 1,
                                    .attributes_size = sizeof(times_attributes),
                                    .infer = infer,
                                    .run = run};

const solder_plugin *const *solder_plugins(size_t *count)
{
    static const solder_plugin *const list[] = {&times};
    *count = 1;
    return list;
}
