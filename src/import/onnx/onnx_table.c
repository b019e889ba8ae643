/* SPDX-License-Identifier: Apache-2.0 */
/* From an operator's name to its conversion. */
#include "import/onnx/onnx_ops.h"

static const sld_onnx_op standard[] = {
#define SLD_ONNX_OP(Name, convert, kind, since) {#Name, convert, (int)(kind), (since)},
#include "import/onnx/onnx_ops.def"
#undef SLD_ONNX_OP
};

static const sld_onnx_op contrib[] = {
#define SLD_ONNX_OP(Name, convert, kind, as) {#Name, convert, (int)(kind), (as)},
#include "import/onnx/onnx_contrib.def"
#undef SLD_ONNX_OP
};

static const sld_onnx_op *find(const sld_onnx_op *table, size_t count, const char *op)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(table[i].name, op) == 0) {
            return &table[i];
        }
    }
    return NULL;
}

const sld_onnx_op *sld_onnx_find(const char *domain, const char *op)
{
    if (strcmp(domain, SLD_ONNX_CONTRIB_DOMAIN) == 0) {
        return find(contrib, SLD_ARRAY_LENGTH(contrib), op);
    }
    return domain[0] == '\0' ? find(standard, SLD_ARRAY_LENGTH(standard), op) : NULL;
}
