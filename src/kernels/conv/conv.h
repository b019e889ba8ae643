/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Convolution and Deconvolution parameters.
 *
 * conv:   in x [N, C, spatial], w [K, C/groups, window], bias [K] (may be absent), residual
 *         (only if epilogue.residual; dims of out); out [N, K, spatial].
 * deconv: in x [N, C, spatial], w [C, K/groups, window], bias [K] (may be absent).
 * Input slots are fixed: x 0, w 1, bias 2, residual 3.
 */
#ifndef SLD_KERNELS_CONV_H
#define SLD_KERNELS_CONV_H

#include "kernels/activation/activation.h"

#define SLD_MAX_SPATIAL 3

typedef enum sld_pad_mode {
    SLD_PAD_EXPLICIT = 0,
    SLD_PAD_SAME_UPPER, /* out = ceil(in / stride); odd padding at the end */
    SLD_PAD_SAME_LOWER, /* ... at the beginning */
    SLD_PAD_VALID
} sld_pad_mode;

typedef struct sld_conv_params {
    int32_t spatial; /* 1..3 */
    int32_t groups;
    int32_t stride[SLD_MAX_SPATIAL];
    int32_t dilation[SLD_MAX_SPATIAL];
    int32_t pad_begin[SLD_MAX_SPATIAL]; /* may be negative (crop) */
    int32_t pad_end[SLD_MAX_SPATIAL];
    int32_t pad_mode; /* sld_pad_mode: begin and end are computed from dims unless EXPLICIT */
    sld_epilogue epilogue;
} sld_conv_params;

typedef struct sld_deconv_params {
    int32_t spatial;
    int32_t groups;
    int32_t stride[SLD_MAX_SPATIAL];
    int32_t dilation[SLD_MAX_SPATIAL];
    int32_t pad_begin[SLD_MAX_SPATIAL];
    int32_t pad_end[SLD_MAX_SPATIAL];
    int32_t output_padding[SLD_MAX_SPATIAL];
    int32_t output_shape[SLD_MAX_SPATIAL]; /* 0: computed; else pads follow from it (ONNX) */
    int32_t pad_mode;
    sld_epilogue epilogue;
} sld_deconv_params;

/* Padding at the beginning of axis i for an input and output extent; window = kernel extent. */
int64_t sld_conv_pad_begin(const sld_conv_params *p, int axis, int64_t in, int64_t out,
                           int64_t window);
int64_t sld_deconv_pad_begin(const sld_deconv_params *p, int axis, int64_t in, int64_t out,
                             int64_t window);

#endif
