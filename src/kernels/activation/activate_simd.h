/* SPDX-License-Identifier: Apache-2.0 */
/* Activations on float vectors, for epilogues and the activation kernels. NaN stays NaN. */
#ifndef SLD_KERNELS_ACTIVATION_ACTIVATE_SIMD_H
#define SLD_KERNELS_ACTIVATION_ACTIVATE_SIMD_H

#include "kernels/activation/activation.h"
#include "kernels/simd_math.h"

static SLD_ALWAYS_INLINE vf vf_clamp(vf x, vf low, vf high)
{
    return vf_min(high, vf_max(low, x));
}

/* Some activations are a clamp, none at all one between infinities. Else false, and no bounds. */
static SLD_ALWAYS_INLINE bool sld_act_clamp(const sld_epilogue *e, float *low, float *high)
{
    *low = e->act == SLD_ACT_RELU ? 0.0f : e->act == SLD_ACT_CLIP ? e->alpha : -INFINITY;
    *high = e->act == SLD_ACT_CLIP ? e->beta : INFINITY;
    return e->act == SLD_ACT_NONE || e->act == SLD_ACT_RELU || e->act == SLD_ACT_CLIP;
}

/* x / (1 + e^-t) */
static SLD_ALWAYS_INLINE vf vf_gate(vf x, vf t)
{
    return vf_div(x, vf_add(vf_set1(1.0f), vf_exp(vf_sub(vf_zero(), t))));
}

/* x < 0 ? f : x */
static SLD_ALWAYS_INLINE vf vf_below_zero(vf x, vf f)
{
    return vf_select(vf_lt(x, vf_zero()), f, x);
}

static SLD_ALWAYS_INLINE vf vf_softplus(vf x)
{
    vf u = vf_exp(vf_sub(vf_zero(), vf_abs(x)));
    return vf_add(vf_max(vf_zero(), x), vf_log1p_unit(u));
}

static SLD_ALWAYS_INLINE vf vf_gelu_tanh(vf x)
{
    vf cube = vf_mul(vf_mul(x, x), x);
    vf t = vf_mul(vf_set1(0.79788456080286535588f), vf_fma(cube, vf_set1(0.044715f), x));
    vf half = vf_mul(x, vf_set1(0.5f));
    /* Where the tanh is near -1 the sum 1 + tanh(t) has few digits left; 2 / (1 + e^-2t) has all.
     */
    return vf_mul(half, vf_gate(vf_set1(2.0f), vf_add(t, t)));
}

static SLD_ALWAYS_INLINE vf vf_mish(vf x)
{
    vf e = vf_exp(vf_min(vf_set1(20.0f), x));
    vf n = vf_mul(e, vf_add(e, vf_set1(2.0f))); /* tanh(log(1 + e)) = n / (n + 2) */
    return vf_mul(x, vf_div(n, vf_add(n, vf_set1(2.0f))));
}

/* Every kind but the cheap ones; not inlined, the callers are many. */
static SLD_NOINLINE vf vf_activate_curve(int32_t kind, float alpha, float beta, vf x)
{
    const vf a = vf_set1(alpha);
    const vf b = vf_set1(beta);
    const vf one = vf_set1(1.0f);
    switch ((sld_act)kind) {
    case SLD_ACT_SIGMOID:
        return vf_gate(one, x);
    case SLD_ACT_TANH:
        return vf_tanh(x);
    case SLD_ACT_ELU:
        return vf_below_zero(x, vf_mul(a, vf_expm1(x)));
    case SLD_ACT_SELU:
        return vf_mul(b, vf_below_zero(x, vf_mul(a, vf_expm1(x))));
    case SLD_ACT_CELU:
        return vf_below_zero(x, vf_mul(a, vf_expm1(vf_div(x, a))));
    case SLD_ACT_SOFTPLUS:
        return vf_softplus(x);
    case SLD_ACT_SOFTSIGN:
        return vf_div(x, vf_add(one, vf_abs(x)));
    case SLD_ACT_HARD_SIGMOID:
        return vf_clamp(vf_fma(a, x, b), vf_zero(), one);
    case SLD_ACT_HARD_SWISH:
        return vf_mul(x, vf_clamp(vf_fma(a, x, b), vf_zero(), one));
    case SLD_ACT_SWISH:
        return vf_gate(x, vf_mul(a, x));
    case SLD_ACT_GELU:
        return vf_mul(vf_mul(x, vf_set1(0.5f)),
                      vf_add(one, vf_erf(vf_mul(x, vf_set1(0.70710678118654752440f)))));
    case SLD_ACT_GELU_TANH:
        return vf_gelu_tanh(x);
    case SLD_ACT_MISH:
        return vf_mish(x);
    case SLD_ACT_THRESHOLDED_RELU:
        return vf_select(vf_gt(x, a), x, vf_select(vf_nan(x), x, vf_zero()));
    case SLD_ACT_SCALED_TANH:
        return vf_mul(a, vf_tanh(vf_mul(b, x)));
    case SLD_ACT_THRESHOLD:
        return vf_select(vf_gt(x, a), one, vf_select(vf_nan(x), x, vf_zero()));
    case SLD_ACT_AFFINE:
        return vf_fma(a, x, b);
    case SLD_ACT_NONE:
    case SLD_ACT_RELU:
    case SLD_ACT_LEAKY_RELU:
    case SLD_ACT_CLIP:
    case SLD_ACT_COUNT:
        break;
    }
    return x;
}

static SLD_ALWAYS_INLINE vf vf_activate(const sld_epilogue *e, vf x)
{
    switch (e->act) {
    case SLD_ACT_NONE:
        return x;
    case SLD_ACT_RELU:
        return vf_max(vf_zero(), x);
    case SLD_ACT_LEAKY_RELU:
        return vf_below_zero(x, vf_mul(x, vf_set1(e->alpha)));
    case SLD_ACT_CLIP:
        return vf_clamp(x, vf_set1(e->alpha), vf_set1(e->beta));
    default:
        return vf_activate_curve(e->act, e->alpha, e->beta, x);
    }
}

#endif
