/* SPDX-License-Identifier: Apache-2.0 */
/* From an operator's name to its conversion: UFF's own, or behind "_" TensorFlow's. */
#include "import/uff/uff.h"

static const sld_tf_op table[] = {
#define SLD_UFF_OP(Name, convert, kind) {#Name, convert, (int)(kind)},
#include "import/uff/uff_ops.def"
#undef SLD_UFF_OP
};

const sld_tf_op *sld_uff_find(const char *op)
{
    if (op[0] == '_') {
        return sld_tf_find(op + 1);
    }
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(table); i++) {
        if (strcmp(table[i].name, op) == 0) {
            return &table[i];
        }
    }
    return NULL;
}
