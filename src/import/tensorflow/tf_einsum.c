/* SPDX-License-Identifier: Apache-2.0 */
/* Einsum, for which import/lower/einsum.c finds the products. */
#include "import/lower/einsum.h"
#include "import/tensorflow/tf_ops.h"

static sld_value *emit(void *user, sld_op op, const void *params, sld_value *const *in,
                       uint32_t in_count)
{
    return sld_tf_emit(user, op, params, in, in_count);
}

void sld_tf_einsum(sld_tf_node *node, int told)
{
    (void)told;
    const sld_tf_attr *attr = sld_tf_attribute(node, "equation", SLD_TF_STRING);
    sld_value *in[SLD_EINSUM_OPERANDS];
    sld_einsum e = {.emit = emit, .user = node};
    if (attr == NULL || node->in_count > SLD_EINSUM_OPERANDS) {
        sld_tf_unsupported(node, "%u operands", (unsigned)node->in_count);
        return;
    }
    for (uint32_t i = 0; i < node->in_count; i++) {
        in[i] = sld_tf_input(node, i);
    }
    sld_value *y =
        sld_einsum_lower(&e, (const char *)attr->bytes.data, attr->bytes.size, in, node->in_count);
    if (y != NULL) {
        sld_tf_set(node, 0, y);
    } else if (sld_tf_ok(node) && e.unsupported) {
        sld_tf_unsupported(node, "%s", e.problem);
    } else if (sld_tf_ok(node)) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "%s", e.problem);
    }
}
