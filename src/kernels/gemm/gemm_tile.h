/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The register tile that convolution and matrix product share: sum[i][j] += a[k][i] * b[k][j] over
 * k, i along broadcast rows, j along vector lanes. The loops around it are portable C.
 */
#ifndef SLD_KERNELS_GEMM_GEMM_TILE_H
#define SLD_KERNELS_GEMM_GEMM_TILE_H

#include "kernels/activation/activation.h"

/* Where a finished tile goes: y = act(alpha * sum + beta * bias + residual). */
typedef struct sld_tile_store {
    float *out;
    int64_t out_stride;
    const float *residual; /* NULL: none */
    int64_t residual_stride;
    const float *bias;                         /* NULL: none */
    int64_t bias_row_stride, bias_lane_stride; /* lane stride is 0 or 1 */
    float alpha, beta;
    const sld_epilogue *epilogue;
} sld_tile_store;

typedef struct sld_gemm_tile {
    int rows;  /* of a full tile: floats of a per k */
    int lanes; /* floats of b per k */
    /*
     * sum is rows x lanes, row-major. The first r rows and the vectors that hold the first n lanes
     * are computed; start sets them, else they are added to. k >= 0.
     */
    void (*multiply)(int r, int n, int64_t k, const float *a, const float *b, float *sum,
                     bool start);
    /* As multiply, then store; a whole tile never leaves the registers. sum is read unless start.
     */
    void (*finish)(int r, int n, int64_t k, const float *a, const float *b, float *sum, bool start,
                   const sld_tile_store *to);
    /* out[i * out_stride + j] from sum[i][j], i < r, j < n. */
    void (*store)(const float *sum, int r, int n, const sld_tile_store *to);
    /* out[j * out_stride + i]; bias and residual transposed too, bias along lanes only. */
    void (*store_transposed)(const float *sum, int r, int n, const sld_tile_store *to);
} sld_gemm_tile;

#if defined(__x86_64__)
extern const sld_gemm_tile sld_gemm_tile_avx2;
extern const sld_gemm_tile sld_gemm_tile_avx512;
#endif

#endif
