/* SPDX-License-Identifier: Apache-2.0 */
/* From an operator's name to its conversion. */
#include "import/onnx/onnx_ops.h"

static const sld_onnx_op table[] = {
#define SLD_ONNX_OP(Name, convert, kind, since) {#Name, convert, (int)(kind), (since)},
#include "import/onnx/onnx_ops.def"
#undef SLD_ONNX_OP
};

const sld_onnx_op *sld_onnx_find(const char *op)
{
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(table); i++) {
        if (strcmp(table[i].name, op) == 0) {
            return &table[i];
        }
    }
    return NULL;
}
