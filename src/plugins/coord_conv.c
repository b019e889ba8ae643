/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CoordConvAC: [N, C, h, w] with two channels behind it that say where a pixel is, its row and its
 * column, both from -1 to 1 (a single one is at -1).
 */
#include <string.h>

#include "plugins/plugins.h"

static const solder_plugin_attribute attributes[] = {
    SOLDER_ATTRIBUTE_DROP("plugin_version"),
    SOLDER_ATTRIBUTE_DROP("plugin_namespace"),
};

static const solder_plugin_operand inputs[] = {{"x", 0, 0}};

static solder_status infer(const solder_plugin_infer *i)
{
    const solder_shape *x = &i->inputs[0].shape;
    if (x->rank != 4) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA, "x has rank %d, needs 4", (int)x->rank);
    }
    i->outputs[0].shape = *x;
    i->outputs[0].shape.d[1] = solder_expr_add(i, x->d[1], solder_expr_constant(i, 2));
    return SOLDER_OK;
}

static float place(int64_t at, int64_t count)
{
    return count > 1 ? (float)at / (float)(count - 1) * 2 - 1 : -1;
}

static solder_status run(const solder_plugin_call *c)
{
    const solder_plugin_tensor *x = &c->inputs[0];
    const int64_t plane = x->dim[2] * x->dim[3];
    const int64_t numbers = x->dim[1] * plane;
    float *to = c->outputs[0].data;
    for (int64_t item = 0; plane > 0 && item < x->dim[0]; item++) {
        if (numbers > 0) {
            memcpy(to, (const float *)x->data + item * numbers, (size_t)numbers * sizeof *to);
        }
        to += numbers;
        for (int64_t i = 0; i < plane; i++) {
            to[i] = place(i / x->dim[3], x->dim[2]);
            to[plane + i] = place(i % x->dim[3], x->dim[3]);
        }
        to += 2 * plane;
    }
    return SOLDER_OK;
}

const solder_plugin sld_plugin_coord_conv = {
    .abi_version = SOLDER_PLUGIN_ABI,
    .struct_size = sizeof(solder_plugin),
    .name = "CoordConvAC",
    .version = 1,
    .inputs = inputs,
    .input_count = sizeof inputs / sizeof inputs[0],
    .attributes = attributes,
    .attribute_count = sizeof attributes / sizeof attributes[0],
    .infer = infer,
    .run = run,
};
