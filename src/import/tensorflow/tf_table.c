/* SPDX-License-Identifier: Apache-2.0 */
/* From an operator's name to its conversion. */
#include "import/tensorflow/tf_ops.h"

static const sld_tf_op table[] = {
#define SLD_TF_OP(Name, convert, kind) {#Name, convert, (int)(kind)},
#include "import/tensorflow/tf_ops.def"
#undef SLD_TF_OP
};

const sld_tf_op *sld_tf_find(const char *op)
{
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(table); i++) {
        if (strcmp(table[i].name, op) == 0) {
            return &table[i];
        }
    }
    return NULL;
}
