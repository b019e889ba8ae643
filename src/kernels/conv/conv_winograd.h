/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 3x3 convolution of stride 1 by Winograd's F(2x2, 3x3) (Lavin and Gray, "Fast Algorithms for
 * Convolutional Neural Networks", 2015): a tile of 4x4 inputs gives 2x2 outputs by 16 products
 * instead of 36, each of them one entry of a matrix product over channels.
 *
 * Weights are stored as the implicit matrix product stores them, and transformed at run time, a few
 * channels at a time: the plan stays small, and every other kernel can take the weights over.
 *
 * Input rows are parted into even and odd ones of a common pitch, so that the tiles of a whole
 * block of rows lie two elements apart; one tile of every row is computed for nothing.
 */
#ifndef SLD_KERNELS_CONV_CONV_WINOGRAD_H
#define SLD_KERNELS_CONV_CONV_WINOGRAD_H

#include "kernels/conv/conv_gemm.h"

#define SLD_WINOGRAD_POINTS 16

typedef struct sld_winograd_isa {
    const sld_gemm_tile *tile;
    /*
     * Input of `panels` panels of tiles, one panel `lanes` of the tile wide: point i of panel p
     * goes to to[p * panel_stride + i * point_stride]. even and odd are read 2 elements per tile,
     * pitch from a tile's first row to its third.
     */
    void (*input)(const float *even, const float *odd, int64_t pitch, int64_t panels, float *to,
                  int64_t panel_stride, int64_t point_stride);
    /* One panel of weights [channels][9][rows] to [16][point_stride], each [channels][rows]. */
    void (*weights)(const float *packed, int64_t channels, float *to, int64_t point_stride);
    /* One output channel: sums [panels][panel_stride], points point_stride apart, to rows. */
    void (*output)(const float *sums, int64_t panels, int64_t panel_stride, int64_t point_stride,
                   float *even, float *odd);
    /* count elements of a row: out = act(in + bias + residual); residual may be NULL. */
    void (*finish)(const float *in, int64_t count, float bias, const float *residual,
                   const sld_epilogue *epilogue, float *out);
} sld_winograd_isa;

bool sld_winograd_supports(const sld_run *run);
size_t sld_winograd_workspace(const sld_run *run, int threads, const sld_winograd_isa *isa);
solder_status sld_winograd_run(const sld_run *run, const sld_winograd_isa *isa);

#endif
