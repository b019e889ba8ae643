/* SPDX-License-Identifier: Apache-2.0 */
/* The conversions of onnx_ops.def and onnx_contrib.def. */
#ifndef SLD_IMPORT_ONNX_ONNX_OPS_H
#define SLD_IMPORT_ONNX_ONNX_OPS_H

#include "import/onnx/onnx.h"

#define SLD_ONNX_OP(Name, convert, kind, since) void convert(sld_onnx_node *node, int told);
#include "import/onnx/onnx_contrib.def"
#include "import/onnx/onnx_ops.def"
#undef SLD_ONNX_OP

#endif
