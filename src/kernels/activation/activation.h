/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Activation: y = f(x) elementwise. Also the scalar every fused epilogue applies, so that a fused
 * and an unfused network mean the same.
 */
#ifndef SLD_KERNELS_ACTIVATION_H
#define SLD_KERNELS_ACTIVATION_H

#include <math.h>

#include "kernels/kernel.h"

/* Stored in plans: append only. a = alpha, b = beta. */
typedef enum sld_act {
    SLD_ACT_NONE = 0,
    SLD_ACT_RELU,       /* max(x, 0) */
    SLD_ACT_LEAKY_RELU, /* x < 0 ? a x : x */
    SLD_ACT_SIGMOID,    /* 1 / (1 + e^-x) */
    SLD_ACT_TANH,
    SLD_ACT_ELU,              /* x < 0 ? a (e^x - 1) : x */
    SLD_ACT_SELU,             /* b (x < 0 ? a (e^x - 1) : x); a = alpha, b = gamma */
    SLD_ACT_CELU,             /* x < 0 ? a (e^(x/a) - 1) : x */
    SLD_ACT_SOFTPLUS,         /* log(1 + e^x) */
    SLD_ACT_SOFTSIGN,         /* x / (1 + |x|) */
    SLD_ACT_CLIP,             /* min(max(x, a), b) */
    SLD_ACT_HARD_SIGMOID,     /* min(max(a x + b, 0), 1) */
    SLD_ACT_HARD_SWISH,       /* x min(max(a x + b, 0), 1); a = 1/6, b = 1/2 */
    SLD_ACT_SWISH,            /* x / (1 + e^(-a x)) */
    SLD_ACT_GELU,             /* x/2 (1 + erf(x / sqrt 2)) */
    SLD_ACT_GELU_TANH,        /* x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) */
    SLD_ACT_MISH,             /* x tanh(log(1 + e^x)) */
    SLD_ACT_THRESHOLDED_RELU, /* x > a ? x : 0 */
    SLD_ACT_SCALED_TANH,      /* a tanh(b x) */
    SLD_ACT_THRESHOLD,        /* x > a ? 1 : 0 (Caffe) */
    SLD_ACT_AFFINE,           /* a x + b */
    SLD_ACT_COUNT
} sld_act;

typedef struct sld_activation_params {
    int32_t kind; /* sld_act */
    float alpha, beta;
    int32_t reserved;
} sld_activation_params;

/* PReLU: inputs x, slope; slope broadcasts along x (right-aligned, ONNX rule). */
typedef struct sld_prelu_params {
    int32_t reserved;
} sld_prelu_params;

/* What a producer applies to its result before storing it: y = act(y + residual). */
typedef struct sld_epilogue {
    int32_t act; /* sld_act */
    float alpha, beta;
    int32_t residual; /* 1: the step's last input is added before the activation, dims as out */
} sld_epilogue;

/* double in, double out: the definition. (activation_ref.c) */
double sld_activate_f64(int32_t kind, double a, double b, double x);

#endif
