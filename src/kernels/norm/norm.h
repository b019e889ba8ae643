/* SPDX-License-Identifier: Apache-2.0 */
/* LRN, Scale, BatchNorm, Normalization (instance, layer, group, MVN) and LpNorm. */
#ifndef SLD_KERNELS_NORM_H
#define SLD_KERNELS_NORM_H

#include "kernels/activation/activation.h"

/* y = x / (k + alpha/n * sum x^2)^beta; n = size across channels, size^2 within (Caffe). */
typedef struct sld_lrn_params {
    int32_t size;
    int32_t within; /* 0: across channels (axis 1), 1: a size x size window within the channel */
    float alpha, beta, k;
    int32_t reserved;
} sld_lrn_params;

/* y = act(x * scale + shift): inputs x, scale, shift (either absent); both lie on axes
 * [axis, axis + their rank) of x. Power is an ElementWise. */
typedef struct sld_scale_params {
    int32_t axis;
    int32_t reserved;
    sld_epilogue epilogue; /* residual unused */
} sld_scale_params;

/* inputs x, scale, bias, mean, variance [C]: y = (x - mean) / sqrt(variance + eps) * scale + bias,
 * C on axis 1 (axis 0 if x has rank 1). */
typedef struct sld_batchnorm_params {
    float epsilon;
    int32_t reserved;
} sld_batchnorm_params;

/*
 * y = (x - mean) / sqrt(var + eps) * scale + bias, statistics over the axes in the mask.
 * inputs x, scale, bias (absent allowed). With groups > 1 axis 1 is cut into groups first and the
 * statistics run over a group's channels too (axes mask then excludes axis 1).
 * scale and bias broadcast to x right-aligned; if channel_affine they lie on axis 1 instead.
 */
typedef struct sld_normalization_params {
    uint32_t axes; /* bit i: axis i */
    int32_t groups;
    int32_t channel_affine;
    int32_t normalize_variance; /* 0: only the mean is taken away (MVN) */
    int32_t subtract_mean;      /* 0: root mean square norm */
    int32_t epsilon_outside;    /* 1: divide by (sqrt(var) + eps), as Caffe's and ONNX's MVN */
    float epsilon;
    int32_t reserved;
} sld_normalization_params;

/* y = x / max(||x||_p over axis, eps); p 1 or 2; a norm of 0 gives 0. */
typedef struct sld_lpnorm_params {
    int32_t axis;
    int32_t p;
    float epsilon;
    int32_t reserved;
} sld_lpnorm_params;

#endif
