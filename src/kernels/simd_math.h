/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Elementary functions on float vectors, within a few units of the last place. NaN stays NaN.
 * Polynomials of exp, log, tanh and erf below 1: S. L. Moshier's Cephes, single precision.
 */
#ifndef SLD_KERNELS_SIMD_MATH_H
#define SLD_KERNELS_SIMD_MATH_H

#include "kernels/simd.h"

static SLD_ALWAYS_INLINE vf vf_step(vf sum, vf x, float c) /* one step of Horner's rule */
{
    return vf_fma(sum, x, vf_set1(c));
}

/* e^r - 1 for |r| <= log(2) / 2. */
static SLD_ALWAYS_INLINE vf vf_expm1_small(vf r)
{
    vf p = vf_set1(1.9875691500e-4f);
    p = vf_step(p, r, 1.3981999507e-3f);
    p = vf_step(p, r, 8.3334519073e-3f);
    p = vf_step(p, r, 4.1665795894e-2f);
    p = vf_step(p, r, 1.6666665459e-1f);
    p = vf_step(p, r, 5.0000001201e-1f);
    return vf_fma(p, vf_mul(r, r), r);
}

static SLD_ALWAYS_INLINE vf vf_exp(vf x)
{
    x = vf_min(vf_set1(89.0f), vf_max(vf_set1(-104.0f), x));
    vf n = vf_round(vf_mul(x, vf_set1(1.44269504088896341f)));
    vf r = vf_fnma(n, vf_set1(0.693359375f), x);
    r = vf_fnma(n, vf_set1(-2.12194440e-4f), r);
    vf y = vf_add(vf_expm1_small(r), vf_set1(1.0f));
    /* 2^n in two factors: n may lie beyond the exponents of normal numbers. */
    vi i = vf_to_int(n);
    vi half = vi_shift_right(i, 1);
    vi rest = vi_sub(i, half);
    y = vf_mul(y, vf_from_bits(vi_shift_left(vi_add(half, vi_set1(127)), 23)));
    return vf_mul(y, vf_from_bits(vi_shift_left(vi_add(rest, vi_set1(127)), 23)));
}

static SLD_ALWAYS_INLINE vf vf_expm1(vf x)
{
    vf large = vf_sub(vf_exp(x), vf_set1(1.0f));
    return vf_select(vf_lt(vf_abs(x), vf_set1(0.34f)), vf_expm1_small(x), large);
}

/* x > 0 and normal. */
static SLD_ALWAYS_INLINE vf vf_log(vf x)
{
    const vi root = vi_set1(0x3f3504f3); /* sqrt(1/2) */
    vi e = vi_shift_right(vi_sub(vf_bits(x), root), 23);
    vf m = vf_sub(vf_from_bits(vi_sub(vf_bits(x), vi_shift_left(e, 23))), vf_set1(1.0f));
    vf n = vf_from_int(e);
    vf z = vf_mul(m, m);
    vf p = vf_set1(7.0376836292e-2f);
    p = vf_step(p, m, -1.1514610310e-1f);
    p = vf_step(p, m, 1.1676998740e-1f);
    p = vf_step(p, m, -1.2420140846e-1f);
    p = vf_step(p, m, 1.4249322787e-1f);
    p = vf_step(p, m, -1.6668057665e-1f);
    p = vf_step(p, m, 2.0000714765e-1f);
    p = vf_step(p, m, -2.4999993993e-1f);
    p = vf_step(p, m, 3.3333331174e-1f);
    vf y = vf_mul(vf_mul(p, m), z);
    y = vf_fma(n, vf_set1(-2.12194440e-4f), y);
    y = vf_fnma(z, vf_set1(0.5f), y);
    return vf_fma(n, vf_set1(0.693359375f), vf_add(m, y));
}

/* log(1 + u) for 0 <= u <= 1. */
static SLD_ALWAYS_INLINE vf vf_log1p_unit(vf u)
{
    vf w = vf_add(u, vf_set1(1.0f));
    vf lost = vf_sub(u, vf_sub(w, vf_set1(1.0f)));
    return vf_add(vf_log(w), vf_div(lost, w));
}

static SLD_ALWAYS_INLINE vf vf_tanh(vf x)
{
    vf z = vf_mul(x, x);
    vf p = vf_set1(-5.70498872745e-3f);
    p = vf_step(p, z, 2.06390887954e-2f);
    p = vf_step(p, z, -5.37397155531e-2f);
    p = vf_step(p, z, 1.33314422036e-1f);
    p = vf_step(p, z, -3.33332819422e-1f);
    vf small = vf_fma(vf_mul(p, z), x, x);
    vf a = vf_abs(x);
    vf e = vf_exp(vf_add(a, a));
    vf large = vf_sub(vf_set1(1.0f), vf_div(vf_set1(2.0f), vf_add(e, vf_set1(1.0f))));
    large = vf_or(large, vf_and(x, vf_set1(-0.0f)));
    return vf_select(vf_lt(a, vf_set1(0.625f)), small, large);
}

/* From 1 on: Abramowitz and Stegun 7.1.26, absolute error 1.5e-7. */
static SLD_ALWAYS_INLINE vf vf_erf(vf x)
{
    vf z = vf_mul(x, x);
    vf p = vf_set1(7.853861353153693e-5f);
    p = vf_step(p, z, -8.010193625184903e-4f);
    p = vf_step(p, z, 5.188327685732524e-3f);
    p = vf_step(p, z, -2.685381193529856e-2f);
    p = vf_step(p, z, 1.128358514861418e-1f);
    p = vf_step(p, z, -3.761262582423300e-1f);
    p = vf_step(p, z, 1.128379165726710f);
    vf a = vf_abs(x);
    vf t = vf_div(vf_set1(1.0f), vf_fma(a, vf_set1(0.3275911f), vf_set1(1.0f)));
    vf q = vf_set1(1.061405429f);
    q = vf_step(q, t, -1.453152027f);
    q = vf_step(q, t, 1.421413741f);
    q = vf_step(q, t, -0.284496736f);
    q = vf_step(q, t, 0.254829592f);
    vf large = vf_fnma(vf_mul(q, t), vf_exp(vf_sub(vf_zero(), z)), vf_set1(1.0f));
    large = vf_or(large, vf_and(x, vf_set1(-0.0f)));
    return vf_select(vf_lt(a, vf_set1(1.0f)), vf_mul(p, x), large);
}

#endif
