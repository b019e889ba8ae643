/* SPDX-License-Identifier: Apache-2.0 */
/* The conversions of tf_ops.def. */
#ifndef SLD_IMPORT_TENSORFLOW_TF_OPS_H
#define SLD_IMPORT_TENSORFLOW_TF_OPS_H

#include "import/tensorflow/tf.h"

#define SLD_TF_OP(Name, convert, kind) void convert(sld_tf_node *node, int told);
#include "import/tensorflow/tf_ops.def"
#undef SLD_TF_OP

#endif
