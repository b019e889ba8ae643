/* SPDX-License-Identifier: Apache-2.0 */
/* What quantised operators are spelled out with. */
#ifndef SLD_IMPORT_ONNX_ONNX_QUANTIZE_H
#define SLD_IMPORT_ONNX_ONNX_QUANTIZE_H

#include "import/onnx/onnx.h"

/* A scale or zero point: one number, or one per element of an axis of a tensor of that rank. */
sld_value *sld_onnx_along(sld_onnx_node *node, sld_value *v, int axis, int rank);
/* x - zero in floats; zero NULL: 0. */
sld_value *sld_onnx_centred(sld_onnx_node *node, sld_value *x, sld_value *zero, int axis);
/* round(x) + zero, saturated to 8 or 16 bits */
sld_value *sld_onnx_rounded(sld_onnx_node *node, sld_value *x, sld_value *zero, solder_dtype dtype,
                            int axis);

typedef struct sld_onnx_operands {
    sld_value *a, *a_zero, *b, *b_zero;
    bool trans_a, trans_b;
} sld_onnx_operands;

/* The product of two matrices of 8 bits as i32, exactly. */
sld_value *sld_onnx_quantised_matmul(sld_onnx_node *node, const sld_onnx_operands *o);

typedef struct sld_onnx_steps {
    sld_value *y, *scale, *zero;
} sld_onnx_steps;

/* What DynamicQuantizeLinear gives. */
sld_onnx_steps sld_onnx_find_steps(sld_onnx_node *node, sld_value *x);

#endif
