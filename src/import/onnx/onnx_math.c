/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise operators and activations. */
#include <float.h>

#include "import/onnx/onnx_ops.h"

void sld_onnx_unaries(sld_onnx_node *node, int kind)
{
    node->out[0] = sld_onnx_unary(node, (sld_unary)kind, sld_onnx_required(node, 0));
}

void sld_onnx_is_inf(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0);
    int32_t positive = sld_onnx_bool(node, "detect_positive", true) ? 1 : 0;
    int32_t negative = sld_onnx_bool(node, "detect_negative", true) ? 2 : 0;
    const sld_unary_params params = {.kind = SLD_UNARY_IS_INF, .flags = positive | negative};
    node->out[0] = sld_onnx_emit(node, SLD_OP_UNARY, &params, &x, 1);
}

void sld_onnx_shrink(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0);
    const sld_unary_params params = {.kind = SLD_UNARY_SHRINK,
                                     .alpha = sld_onnx_float(node, "lambd", 0.5f),
                                     .beta = sld_onnx_float(node, "bias", 0)};
    node->out[0] = sld_onnx_emit(node, SLD_OP_UNARY, &params, &x, 1);
}

void sld_onnx_binaries(sld_onnx_node *node, int kind)
{
    sld_value *a = sld_onnx_required(node, 0), *b = sld_onnx_required(node, 1);
    node->out[0] = sld_onnx_binary(node, (sld_binary)kind, a, b);
}

void sld_onnx_bit_shift(sld_onnx_node *node, int told)
{
    (void)told;
    static const char *const directions[] = {"LEFT", "RIGHT"};
    int direction = sld_onnx_choice(node, "direction", directions, 2, -1);
    if (direction < 0) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "direction is missing");
    }
    sld_onnx_binaries(node, direction == 0 ? SLD_BINARY_SHIFT_LEFT : SLD_BINARY_SHIFT_RIGHT);
}

void sld_onnx_mod(sld_onnx_node *node, int told)
{
    (void)told;
    sld_onnx_binaries(node, sld_onnx_bool(node, "fmod", false) ? SLD_BINARY_FMOD : SLD_BINARY_MOD);
}

void sld_onnx_variadic(sld_onnx_node *node, int kind)
{
    sld_value *result = sld_onnx_required(node, 0);
    for (uint32_t i = 1; i < node->in_count; i++) {
        result = sld_onnx_binary(node, (sld_binary)kind, result, sld_onnx_required(node, i));
    }
    node->out[0] = result;
}

void sld_onnx_mean(sld_onnx_node *node, int told)
{
    (void)told;
    sld_onnx_variadic(node, SLD_BINARY_SUM);
    if (sld_onnx_ok(node) && node->in_count > 1) {
        sld_value *sum = node->out[0];
        node->out[0] = sld_onnx_binary(node, SLD_BINARY_DIV, sum,
                                       sld_onnx_scalar(node, sum->dtype, node->in_count));
    }
}

void sld_onnx_activations(sld_onnx_node *node, int kind)
{
    float alpha = 0, beta = 0;
    sld_value *x = sld_onnx_required(node, 0);
    switch (kind) {
    case SLD_ACT_LEAKY_RELU:
        alpha = sld_onnx_float(node, "alpha", 0.01f);
        break;
    case SLD_ACT_ELU:
    case SLD_ACT_CELU:
    case SLD_ACT_THRESHOLDED_RELU:
    case SLD_ACT_SWISH:
        alpha = sld_onnx_float(node, "alpha", 1);
        break;
    case SLD_ACT_SELU:
        alpha = sld_onnx_float(node, "alpha", 1.67326319217681884765625f);
        beta = sld_onnx_float(node, "gamma", 1.05070102214813232421875f);
        break;
    case SLD_ACT_HARD_SIGMOID:
        alpha = sld_onnx_float(node, "alpha", 0.2f);
        beta = sld_onnx_float(node, "beta", 0.5f);
        break;
    case SLD_ACT_HARD_SWISH:
        alpha = 1.0f / 6;
        beta = 0.5f;
        break;
    default:
        break;
    }
    if (kind == SLD_ACT_RELU && x != NULL && sld_dtype_is_integer(x->dtype)) {
        node->out[0] = sld_onnx_binary(node, SLD_BINARY_MAX, x, sld_onnx_scalar(node, x->dtype, 0));
        return;
    }
    node->out[0] = sld_onnx_activation(node, (sld_act)kind, alpha, beta, x);
}

void sld_onnx_gelu(sld_onnx_node *node, int told)
{
    (void)told;
    static const char *const approximations[] = {"none", "tanh"};
    int approximation = sld_onnx_choice(node, "approximate", approximations, 2, 0);
    node->out[0] = sld_onnx_activation(node, approximation == 0 ? SLD_ACT_GELU : SLD_ACT_GELU_TANH,
                                       0, 0, sld_onnx_required(node, 0));
}

void sld_onnx_prelu(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0), *slope = sld_onnx_required(node, 1);
    node->out[0] = sld_onnx_emit(node, SLD_OP_PRELU, NULL, (sld_value *[]){x, slope}, 2);
}

/* One activation where the bounds are known floats, else a maximum and a minimum. */
static void clip_by_inputs(sld_onnx_node *node, sld_value *x)
{
    sld_value *low = sld_onnx_input(node, 1), *high = sld_onnx_input(node, 2);
    double a = -FLT_MAX, b = FLT_MAX;
    bool known = (low == NULL || sld_onnx_known_real(low, &a)) &&
                 (high == NULL || sld_onnx_known_real(high, &b));
    bool narrow = x->dtype == SOLDER_F32 || x->dtype == SOLDER_F16 || x->dtype == SOLDER_BF16;
    if (known && narrow && low != NULL && high != NULL) {
        node->out[0] = sld_onnx_activation(node, SLD_ACT_CLIP, (float)a, (float)b, x);
        return;
    }
    if (low != NULL) {
        x = sld_onnx_binary(node, SLD_BINARY_MAX, x, low);
    }
    if (high != NULL) {
        x = sld_onnx_binary(node, SLD_BINARY_MIN, x, high);
    }
    node->out[0] = x;
}

void sld_onnx_clip(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0);
    if (!sld_onnx_ok(node)) {
        return;
    }
    if (node->version >= 11) {
        clip_by_inputs(node, x);
        return;
    }
    float low = sld_onnx_float(node, "min", -FLT_MAX), high = sld_onnx_float(node, "max", FLT_MAX);
    node->out[0] = sld_onnx_activation(node, SLD_ACT_CLIP, low, high, x);
}
