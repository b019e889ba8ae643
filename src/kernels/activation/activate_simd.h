/* SPDX-License-Identifier: Apache-2.0 */
/* Activations on float vectors, for epilogues and the activation kernels. */
#ifndef SLD_KERNELS_ACTIVATION_ACTIVATE_SIMD_H
#define SLD_KERNELS_ACTIVATION_ACTIVATE_SIMD_H

#include "kernels/activation/activation.h"
#include "kernels/simd.h"

/* Kinds without a vector form: one lane after the other, by the definition. */
static SLD_NOINLINE vf vf_activate_scalar(int32_t kind, float alpha, float beta, vf x)
{
    float lanes[VF];
    vf_store(lanes, x);
    for (int i = 0; i < VF; i++) {
        lanes[i] = (float)sld_activate_f64(kind, (double)alpha, (double)beta, (double)lanes[i]);
    }
    return vf_load(lanes);
}

static SLD_ALWAYS_INLINE vf vf_activate(const sld_epilogue *e, vf x)
{
    switch (e->act) {
    case SLD_ACT_NONE:
        return x;
    case SLD_ACT_RELU:
        return vf_max(vf_zero(), x);
    case SLD_ACT_LEAKY_RELU:
        return vf_select(vf_lt(x, vf_zero()), vf_mul(x, vf_set1(e->alpha)), x);
    case SLD_ACT_CLIP:
        return vf_min(vf_set1(e->beta), vf_max(vf_set1(e->alpha), x));
    default:
        return vf_activate_scalar(e->act, e->alpha, e->beta, x);
    }
}

#endif
