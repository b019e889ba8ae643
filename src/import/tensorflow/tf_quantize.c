/* SPDX-License-Identifier: Apache-2.0 */
/* Quantisation written into a float graph, as the float function it stands for. */
#include <math.h>

#include "import/tensorflow/tf_ops.h"

typedef struct nudged {
    float low, high, scale;
} nudged;

/* The range moved so that zero is a step. */
static nudged nudge(sld_tf_node *node, float low, float high)
{
    int64_t bits = sld_tf_int(node, "num_bits", 8);
    float qmin = sld_tf_bool(node, "narrow_range", false) ? 1 : 0;
    float qmax = (float)((1 << (bits >= 2 && bits <= 16 ? bits : 8)) - 1);
    if (bits < 2 || bits > 16) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "num_bits is %lld", (long long)bits);
    }
    float scale = (high - low) / (qmax - qmin);
    if (!(scale > 0)) {
        sld_tf_unsupported(node, "an empty range");
        return (nudged){0, 0, 1};
    }
    float zero = qmin - low / scale;
    zero = zero < qmin ? qmin : zero > qmax ? qmax : roundf(zero);
    return (nudged){(qmin - zero) * scale, (qmax - zero) * scale, scale};
}

/* floor((clip(x) - low) / scale + 0.5) * scale + low; n[0..count) along the last axis. */
static void fake_quant(sld_tf_node *node, const nudged *n, int64_t count, bool scalar)
{
    sld_tf_tensor *t = sld_tf_in(node, 0);
    bool first = t->first != NULL;
    int rank = sld_tf_rank(t);
    sld_value *x = first ? sld_tf_first(node, t) : sld_tf_plain(node, t), *v[4];
    float *data = sld_arena_array(&node->tf->arena, (size_t)count + 1, sizeof *data);
    if (data == NULL) {
        node->status = sld_fail_memory(node->tf->diag, (size_t)count);
        return;
    }
    for (int k = 0; k < 4; k++) {
        for (int64_t i = 0; i < count; i++) {
            data[i] = k == 0 ? n[i].low : k == 1 ? n[i].high : k == 2 ? 1 / n[i].scale : n[i].scale;
        }
        v[k] = sld_tf_constant(node, SOLDER_F32, scalar ? 0 : 1, &count, data);
        v[k] = first && !scalar ? sld_tf_unsqueeze(node, v[k], 1, rank - 2) : v[k];
    }
    x = sld_tf_binary(node, SLD_BINARY_MIN, sld_tf_binary(node, SLD_BINARY_MAX, x, v[0]), v[1]);
    x = sld_tf_binary(node, SLD_BINARY_SUB, x, v[0]);
    x = sld_tf_binary(node, SLD_BINARY_PROD, x, v[2]);
    x = sld_tf_binary(node, SLD_BINARY_SUM, x, sld_tf_scalar(node, SOLDER_F32, 0.5));
    x = sld_tf_unary(node, SLD_UNARY_FLOOR, x);
    x = sld_tf_binary(node, SLD_BINARY_PROD, x, v[3]);
    sld_tf_set_form(node, 0, sld_tf_binary(node, SLD_BINARY_SUM, x, v[0]), first);
}

void sld_tf_fake_quant(sld_tf_node *node, int by_input)
{
    float low, high;
    if (by_input) {
        low = (float)sld_tf_constant_real(node, 1, "min");
        high = (float)sld_tf_constant_real(node, 2, "max");
    } else {
        low = sld_tf_float(node, "min", -6);
        high = sld_tf_float(node, "max", 6);
    }
    const nudged n = nudge(node, low, high);
    fake_quant(node, &n, 1, true);
}

void sld_tf_fake_quant_channels(sld_tf_node *node, int told)
{
    (void)told;
    const sld_value *low = sld_tf_input(node, 1), *high = sld_tf_input(node, 2);
    int64_t count = 0, other = 0;
    if (!sld_tf_ok(node)) {
        return;
    }
    if (!sld_value_is_constant(low) || !sld_value_is_constant(high)) {
        sld_tf_unsupported(node, "min or max that is not constant");
        return;
    }
    if (low->dtype != SOLDER_F32 || high->dtype != SOLDER_F32 || low->shape.rank != 1 ||
        high->shape.rank != 1 || !sld_value_static_dims(node->tf->graph, low, &count) ||
        !sld_value_static_dims(node->tf->graph, high, &other) || count != other) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "min and max do not fit each other");
        return;
    }
    nudged *n = sld_arena_array(&node->tf->arena, (size_t)count + 1, sizeof *n);
    if (n == NULL) {
        node->status = sld_fail_memory(node->tf->diag, (size_t)count);
        return;
    }
    for (int64_t i = 0; i < count; i++) {
        n[i] = nudge(node, ((const float *)low->data)[i], ((const float *)high->data)[i]);
    }
    fake_quant(node, n, count, false);
}

/* The quantised range of QuantizeAndDequantize around a given range of reals. */
static nudged scale_range(float low, float high, int64_t bits, bool is_signed, bool narrow)
{
    float qmin = is_signed ? (float)(-((int64_t)1 << (bits - 1)) + (narrow ? 1 : 0)) : 0;
    float qmax = (float)(((int64_t)1 << (is_signed ? bits - 1 : bits)) - 1);
    float from_low = qmin * low > 0 ? qmin / low : INFINITY;
    float from_high = qmax * high > 0 ? qmax / high : INFINITY;
    if (from_low < from_high) {
        float step = low / qmin;
        return (nudged){low, qmax * step, step};
    }
    float step = high / qmax;
    return (nudged){qmin * step, high, step};
}

/* told: the number of bits is input 3. */
void sld_tf_quantize_and_dequantize(sld_tf_node *node, int bits_by_input)
{
    static const char *const modes[] = {"HALF_TO_EVEN", "HALF_UP"};
    sld_tf_tensor *t = sld_tf_in(node, 0);
    bool first = t->first != NULL;
    sld_value *x = first ? sld_tf_first(node, t) : sld_tf_plain(node, t);
    float low = (float)sld_tf_constant_real(node, 1, "input_min");
    float high = (float)sld_tf_constant_real(node, 2, "input_max");
    int64_t bits =
        bits_by_input ? sld_tf_constant_int(node, 3, "num_bits") : sld_tf_int(node, "num_bits", 8);
    bool is_signed = sld_tf_bool(node, "signed_input", true);
    bool narrow = sld_tf_bool(node, "narrow_range", false);
    bool up = sld_tf_choice(node, "round_mode", modes, 2, 0) == 1;
    if (!sld_tf_bool(node, "range_given", bits_by_input != 0)) {
        sld_tf_unsupported(node, "a range that is not given");
    }
    if (sld_tf_int(node, "axis", -1) != -1) {
        sld_tf_unsupported(node, "a range for every channel");
    }
    if (sld_tf_ok(node) && (bits < 2 || bits > 30)) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "num_bits is %lld", (long long)bits);
    }
    if (!sld_tf_ok(node)) {
        return;
    }
    const nudged n = scale_range(low, high, bits, is_signed, narrow);
    if (!(n.scale > 0) || !isfinite(n.scale)) {
        sld_tf_unsupported(node, "an empty range");
        return;
    }
    x = sld_tf_activation(node, SLD_ACT_CLIP, n.low, n.high, x);
    x = sld_tf_binary(node, SLD_BINARY_PROD, x,
                      sld_tf_scalar(node, SOLDER_F32, (double)(1 / n.scale)));
    if (up) {
        x = sld_tf_binary(node, SLD_BINARY_SUM, x, sld_tf_scalar(node, SOLDER_F32, 0.5));
    }
    x = sld_tf_unary(node, up ? SLD_UNARY_FLOOR : SLD_UNARY_ROUND, x);
    x = sld_tf_binary(node, SLD_BINARY_PROD, x, sld_tf_scalar(node, SOLDER_F32, (double)n.scale));
    sld_tf_set_form(node, 0, x, first);
}
