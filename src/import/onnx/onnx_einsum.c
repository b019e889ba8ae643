/* SPDX-License-Identifier: Apache-2.0 */
/* Einsum, for which import/lower/einsum.c finds the products. */
#include "import/lower/einsum.h"
#include "import/onnx/onnx_ops.h"

static sld_value *emit(void *user, sld_op op, const void *params, sld_value *const *in,
                       uint32_t in_count)
{
    return sld_onnx_emit(user, op, params, in, in_count);
}

void sld_onnx_einsum(sld_onnx_node *node, int told)
{
    (void)told;
    const sld_onnx_attr *equation = sld_onnx_attribute(node, "equation");
    sld_value *in[SLD_EINSUM_OPERANDS];
    sld_einsum e = {.emit = emit, .user = node};
    if (equation == NULL || equation->type != SLD_ONNX_STRING) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "equation is missing or no string");
        return;
    }
    if (node->in_count > SLD_EINSUM_OPERANDS) {
        sld_onnx_unsupported(node, "%u operands", (unsigned)node->in_count);
        return;
    }
    for (uint32_t i = 0; i < node->in_count; i++) {
        in[i] = sld_onnx_required(node, i);
    }
    node->out[0] = sld_einsum_lower(&e, (const char *)equation->bytes.data, equation->bytes.size,
                                    in, node->in_count);
    if (node->out[0] != NULL || !sld_onnx_ok(node)) {
        return;
    }
    if (e.unsupported) {
        sld_onnx_unsupported(node, "%s", e.problem);
    } else {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "%s", e.problem);
    }
}
