/* SPDX-License-Identifier: Apache-2.0 */
/* BatchTilePlugin_TRT: x [N, ...] and one item [1, ...] give that item N times. */
#include <string.h>

#include "plugins/plugins.h"

static const solder_plugin_attribute attributes[] = {
    SOLDER_ATTRIBUTE_DROP("plugin_version"),
    SOLDER_ATTRIBUTE_DROP("plugin_namespace"),
};

static const solder_plugin_operand inputs[] = {
    {"x", 0, SOLDER_OPERAND_STRIDED | SOLDER_OPERAND_DIMS},
    {"item", 0, 0},
};

static solder_status infer(const solder_plugin_infer *i)
{
    const solder_shape *x = &i->inputs[0].shape;
    const solder_shape *item = &i->inputs[1].shape;
    int64_t count;
    if (x->rank < 1 || item->rank < 1 || !solder_expr_known(i, item->d[0], &count) || count != 1) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA, "needs x [N, ...] and one item [1, ...]");
    }
    i->outputs[0].shape = *item;
    i->outputs[0].shape.d[0] = x->d[0];
    return SOLDER_OK;
}

static solder_status run(const solder_plugin_call *c)
{
    const solder_plugin_tensor *item = &c->inputs[1];
    char *to = c->outputs[0].data;
    size_t bytes = sizeof(float);
    for (int i = 0; i < item->rank; i++) {
        bytes *= (size_t)item->dim[i];
    }
    for (int64_t i = 0; bytes > 0 && i < c->outputs[0].dim[0]; i++) {
        memcpy(to + (size_t)i * bytes, item->data, bytes);
    }
    return SOLDER_OK;
}

const solder_plugin sld_plugin_batch_tile = {
    .abi_version = SOLDER_PLUGIN_ABI,
    .struct_size = sizeof(solder_plugin),
    .name = "BatchTilePlugin_TRT",
    .version = 1,
    .inputs = inputs,
    .input_count = sizeof inputs / sizeof inputs[0],
    .attributes = attributes,
    .attribute_count = sizeof attributes / sizeof attributes[0],
    .infer = infer,
    .run = run,
};
