/* SPDX-License-Identifier: Apache-2.0 */
/* Quantised operators of ONNX Runtime, spelled out in floats. */
#include "import/onnx/onnx_ops.h"
#include "import/onnx/onnx_quantize.h"

/* Inputs first, first + 1 and first + 2 as reals: a tensor, its scale and its zero point. */
static sld_value *reals(sld_onnx_node *node, uint32_t first)
{
    sld_value *x = sld_onnx_required(node, first), *scale = sld_onnx_required(node, first + 1);
    x = sld_onnx_centred(node, x, sld_onnx_input(node, first + 2), 0);
    return sld_onnx_binary(node, SLD_BINARY_PROD, x,
                           sld_onnx_along(node, scale, 0, sld_onnx_rank(x)));
}

/* In the steps of inputs first and first + 1, of the type of the zero point, else of input 0. */
static void set_steps(sld_onnx_node *node, sld_value *x, uint32_t first, solder_dtype absent)
{
    sld_value *scale = sld_onnx_required(node, first), *zero = sld_onnx_input(node, first + 1);
    if (!sld_onnx_ok(node)) {
        return;
    }
    solder_dtype dtype = zero != NULL ? zero->dtype : absent;
    if (dtype != SOLDER_U8 && dtype != SOLDER_I8) {
        sld_onnx_unsupported(node, "steps of type %s", solder_dtype_name(dtype));
        return;
    }
    scale = sld_onnx_along(node, scale, 0, sld_onnx_rank(x));
    x = sld_onnx_binary(node, SLD_BINARY_DIV, x, scale);
    node->out[0] = sld_onnx_rounded(node, x, zero, dtype, 0);
}

static solder_dtype type_of(const sld_onnx_node *node, uint32_t index)
{
    return index < node->in_count && node->in[index] != NULL ? node->in[index]->dtype : SOLDER_NONE;
}

void sld_onnx_qlinear_binary(sld_onnx_node *node, int kind)
{
    sld_value *a = reals(node, 0), *b = reals(node, 3);
    set_steps(node, sld_onnx_binary(node, (sld_binary)kind, a, b), 6, type_of(node, 0));
}

void sld_onnx_qlinear_act(sld_onnx_node *node, int kind)
{
    float alpha = kind == SLD_ACT_LEAKY_RELU ? sld_onnx_float(node, "alpha", 0.01f) : 0;
    sld_value *x = sld_onnx_activation(node, (sld_act)kind, alpha, 0, reals(node, 0));
    set_steps(node, x, 3, type_of(node, 0));
}

void sld_onnx_qlinear_global_pool(sld_onnx_node *node, int told)
{
    (void)told;
    bool last = sld_onnx_bool(node, "channels_last", false);
    sld_value *x = reals(node, 0);
    int rank = sld_onnx_rank(x);
    if (sld_onnx_ok(node) && rank < 3) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "the input has rank %d, at least 3 are needed",
                      rank);
    }
    if (!sld_onnx_ok(node)) {
        return;
    }
    uint32_t axes = last ? sld_onnx_axes_from(1, rank - 1) : sld_onnx_axes_from(2, rank);
    set_steps(node, sld_onnx_reduce(node, SLD_REDUCE_MEAN, axes, true, x), 3, type_of(node, 0));
}

/* The steps of the result, then three inputs for each part. */
void sld_onnx_qlinear_concat(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *parts[SLD_MAX_INPUTS];
    uint32_t count = node->in_count < 5 ? 0 : (node->in_count - 2) / 3;
    int64_t axis = sld_onnx_int(node, "axis", 0);
    if (count == 0 || count > SLD_MAX_INPUTS || node->in_count != 2 + 3 * count) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "%u inputs", (unsigned)node->in_count);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        parts[i] = reals(node, 2 + 3 * i);
    }
    int at = sld_onnx_ok(node) ? sld_onnx_axis(node, axis, sld_onnx_rank(parts[0])) : 0;
    set_steps(node, sld_onnx_join(node, at, parts, count), 0, type_of(node, 2));
}

/* ---- products ---- */

static sld_value *to_float(sld_onnx_node *node, sld_value *x)
{
    return sld_onnx_cast(node, SOLDER_F32, x);
}

/* (sum * scale of a) * scale of b, which is one per column at most */
static sld_value *scaled(sld_onnx_node *node, sld_value *sum, sld_value *a_scale,
                         sld_value *b_scale)
{
    int rank = sld_onnx_rank(sum);
    sld_value *scale =
        sld_onnx_binary(node, SLD_BINARY_PROD, sld_onnx_along(node, a_scale, 0, rank),
                        sld_onnx_along(node, b_scale, -1, rank));
    return sld_onnx_binary(node, SLD_BINARY_PROD, to_float(node, sum), scale);
}

static void set_biased(sld_onnx_node *node, sld_value *y, sld_value *bias)
{
    node->out[0] = bias != NULL ? sld_onnx_binary(node, SLD_BINARY_SUM, y, bias) : y;
}

void sld_onnx_matmul_to_float(sld_onnx_node *node, int told)
{
    (void)told;
    sld_onnx_operands o = {.a = sld_onnx_required(node, 0), .b = sld_onnx_required(node, 1)};
    sld_value *a_scale = sld_onnx_required(node, 2), *b_scale = sld_onnx_required(node, 3);
    o.a_zero = sld_onnx_input(node, 4);
    o.b_zero = sld_onnx_input(node, 5);
    sld_value *sum = sld_onnx_quantised_matmul(node, &o);
    set_biased(node, scaled(node, sum, a_scale, b_scale), sld_onnx_input(node, 6));
}

void sld_onnx_dynamic_matmul(sld_onnx_node *node, int told)
{
    (void)told;
    const sld_onnx_steps a = sld_onnx_find_steps(node, sld_onnx_required(node, 0));
    sld_value *b = sld_onnx_required(node, 1), *b_scale = sld_onnx_required(node, 2);
    const sld_onnx_operands o = {
        .a = a.y, .a_zero = a.zero, .b = b, .b_zero = sld_onnx_input(node, 3)};
    sld_value *sum = sld_onnx_quantised_matmul(node, &o);
    set_biased(node, scaled(node, sum, a.scale, b_scale), sld_onnx_input(node, 4));
}

/* Without a scale of the result that is real. */
void sld_onnx_qgemm(sld_onnx_node *node, int told)
{
    (void)told;
    sld_onnx_operands o = {.a = sld_onnx_required(node, 0), .b = sld_onnx_required(node, 3)};
    sld_value *a_scale = sld_onnx_required(node, 1), *b_scale = sld_onnx_required(node, 4);
    sld_value *bias = sld_onnx_input(node, 6), *alpha = NULL;
    o.a_zero = sld_onnx_input(node, 2);
    o.b_zero = sld_onnx_input(node, 5);
    o.trans_a = sld_onnx_bool(node, "transA", false);
    o.trans_b = sld_onnx_bool(node, "transB", false);
    alpha = sld_onnx_scalar(node, SOLDER_F32, (double)sld_onnx_float(node, "alpha", 1));
    if (sld_onnx_ok(node) && (sld_onnx_rank(o.a) != 2 || sld_onnx_rank(o.b) != 2)) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "A has rank %d and B rank %d, both must have 2",
                      sld_onnx_rank(o.a), sld_onnx_rank(o.b));
    }
    sld_value *sum = sld_onnx_ok(node) ? sld_onnx_quantised_matmul(node, &o) : NULL;
    sum = bias != NULL ? sld_onnx_binary(node, SLD_BINARY_SUM, sum, bias) : sum;
    sld_value *y =
        scaled(node, sum, sld_onnx_binary(node, SLD_BINARY_PROD, a_scale, alpha), b_scale);
    if (sld_onnx_input(node, 7) != NULL) {
        set_steps(node, y, 7, type_of(node, 0));
    } else {
        node->out[0] = y;
    }
}
