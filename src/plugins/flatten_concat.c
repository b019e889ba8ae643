/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FlattenConcat_TRT: every input [N, ...] flattened, the results behind each other: [N, sum, 1, 1],
 * or along another axis where that is the same: [N, 1, sum, 1], [N, 1, 1, sum].
 */
#include <string.h>

#include "plugins/plugins.h"

typedef struct concat_attributes {
    int32_t axis, ignore_batch;
} concat_attributes;

static const solder_plugin_attribute attributes[] = {
    SOLDER_ATTRIBUTE(concat_attributes, axis, "axis", SOLDER_ATTRIBUTE_I32, 1),
    SOLDER_ATTRIBUTE(concat_attributes, ignore_batch, "ignoreBatch", SOLDER_ATTRIBUTE_BOOL, 0),
    SOLDER_ATTRIBUTE_DROP("plugin_version"),
    SOLDER_ATTRIBUTE_DROP("plugin_namespace"),
};

static const solder_plugin_operand inputs[] = {{"input", 0, SOLDER_OPERAND_REPEATED}};

/* Along a later axis an input is flat already: what lies before it is 1. */
static bool fits(const solder_plugin_infer *i, const solder_shape *s)
{
    const concat_attributes *a = i->attributes;
    for (int j = 1; j < a->axis; j++) {
        if (j >= s->rank || !solder_expr_is(i, s->d[j], 1)) {
            return false;
        }
    }
    return s->rank >= 2 && (!a->ignore_batch || solder_expr_is(i, s->d[0], 1));
}

static solder_status infer(const solder_plugin_infer *i)
{
    const concat_attributes *a = i->attributes;
    solder_expr one = solder_expr_constant(i, 1);
    solder_expr sum = solder_expr_constant(i, 0);
    if (a->axis < 1 || a->axis > 3) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA, "axis is %d, must be 1, 2 or 3",
                                 (int)a->axis);
    }
    for (uint32_t k = 0; k < i->input_count; k++) {
        const solder_shape *s = &i->inputs[k].shape;
        int64_t first, other;
        solder_expr elements = one;
        if (!fits(i, s) || (solder_expr_known(i, i->inputs[0].shape.d[0], &first) &&
                            solder_expr_known(i, s->d[0], &other) && first != other)) {
            return solder_infer_fail(i, SOLDER_ERROR_DATA,
                                     "input %u does not fit: the same number of items in all, 1 "
                                     "with ignoreBatch, and dims of 1 before axis %d",
                                     (unsigned)k, (int)a->axis);
        }
        for (int j = 1; j < s->rank; j++) {
            elements = solder_expr_mul(i, elements, s->d[j]);
        }
        sum = solder_expr_add(i, sum, elements);
    }
    i->outputs[0].shape = (solder_shape){4, {i->inputs[0].shape.d[0], one, one, one}};
    i->outputs[0].shape.d[a->axis] = sum;
    return SOLDER_OK;
}

static solder_status run(const solder_plugin_call *c)
{
    float *to = c->outputs[0].data;
    for (int64_t item = 0; item < c->outputs[0].dim[0]; item++) {
        for (uint32_t k = 0; k < c->input_count; k++) {
            size_t count = 1;
            for (int j = 1; j < c->inputs[k].rank; j++) {
                count *= (size_t)c->inputs[k].dim[j];
            }
            const float *from = (const float *)c->inputs[k].data + (size_t)item * count;
            if (count > 0) {
                memcpy(to, from, count * sizeof *to);
            }
            to += count;
        }
    }
    return SOLDER_OK;
}

const solder_plugin sld_plugin_flatten_concat = {
    .abi_version = SOLDER_PLUGIN_ABI,
    .struct_size = sizeof(solder_plugin),
    .name = "FlattenConcat_TRT",
    .version = 1,
    .inputs = inputs,
    .input_count = sizeof inputs / sizeof inputs[0],
    .attributes = attributes,
    .attribute_count = sizeof attributes / sizeof attributes[0],
    .attributes_size = sizeof(concat_attributes),
    .infer = infer,
    .run = run,
};
