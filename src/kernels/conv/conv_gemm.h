/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Convolution as an implicit matrix product: weights [K, C/g * taps] times patches
 * [C/g * taps, pixels], patches packed block by block into scratch that stays in cache.
 *
 * Two ways to lay it on the register tile: "lanes" puts output channels along vector lanes and
 * pixels along broadcast rows (narrow maps waste nothing), "pixels" the other way round (few
 * output channels waste nothing).
 */
#ifndef SLD_KERNELS_CONV_CONV_GEMM_H
#define SLD_KERNELS_CONV_CONV_GEMM_H

#include "kernels/conv/conv.h"
#include "kernels/gemm/gemm_tile.h"

/* A convolution in numbers: axes z, y, x; those that a 1-d or 2-d one lacks have extent 1. */
typedef struct sld_conv_shape {
    int64_t batch, groups;
    int64_t in_channels, out_channels; /* of one group */
    int64_t in_depth, in_height, in_width, out_depth, out_height, out_width;
    int64_t window_depth, window_height, window_width;
    int64_t stride_z, stride_y, stride_x, dilation_z, dilation_y, dilation_x;
    int64_t pad_front, pad_top, pad_left;
    int64_t taps, pixels;
    int64_t in_plane, in_slice, in_row, in_step; /* element strides of channels, z, y, x */
} sld_conv_shape;

/* Patches are stored by whole vectors, past the end of the last row of pixels. */
#define SLD_CONV_SPILL 16

/* One block of patches: channels [channel, channel + channels), pixels from pixel on. */
typedef struct sld_conv_patches {
    const sld_conv_shape *shape;
    const float *in; /* channel 0 of the group */
    int64_t channel, channels;
    int64_t pixel, pixels;
    int width;  /* pixels per tile; lanes past the last pixel are zeroed */
    float *out; /* [tile][channel][tap][width], then room for SLD_CONV_SPILL floats */
} sld_conv_patches;

typedef struct sld_conv_isa {
    const sld_gemm_tile *tile;
    void (*pack)(const sld_conv_patches *block);
} sld_conv_isa;

sld_conv_shape sld_conv_shape_of(const sld_run *run);
/* float32, no empty channel dimension, all dense but for the input. */
bool sld_conv_plain_f32(const sld_run *run);

bool sld_conv_gemm_supports(const sld_run *run);
size_t sld_conv_gemm_workspace(const sld_run *run, int threads, const sld_conv_isa *isa,
                               bool channel_lanes);
solder_status sld_conv_gemm_run(const sld_run *run, const sld_conv_isa *isa, bool channel_lanes);

/* Weights [g][ceil(K / rows)][C/g * taps][rows], zero filled. */
extern const sld_packing sld_packing_conv_rows6;
extern const sld_packing sld_packing_conv_rows14;
extern const sld_packing sld_packing_conv_rows16;
extern const sld_packing sld_packing_conv_rows32;
const sld_packing *sld_conv_rows_packing(int rows);

#endif
