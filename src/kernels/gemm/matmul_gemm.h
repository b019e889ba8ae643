/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Matrix product on the register tile: rows of A broadcast, columns of B along vector lanes.
 * A is packed block by block into scratch; B is packed in the plan if it is constant, else like A.
 */
#ifndef SLD_KERNELS_GEMM_MATMUL_GEMM_H
#define SLD_KERNELS_GEMM_MATMUL_GEMM_H

#include "kernels/gemm/gemm.h"
#include "kernels/gemm/gemm_tile.h"

/* A block of a matrix to be interleaved: out[k * width + i] for i < width, 0 from live on. */
typedef struct sld_matmul_block {
    const float *from;
    int64_t stride; /* of i if along_k, else of k; the other one is contiguous */
    bool along_k;
    int64_t depth; /* k */
    int live, width;
    float *out;
} sld_matmul_block;

typedef struct sld_matmul_isa {
    const sld_gemm_tile *tile;
    void (*pack)(const sld_matmul_block *block);
    /* sum[j] = sum over k of a[k] b[k * b_stride + j] for j < n <= lanes. */
    void (*row)(int n, int64_t depth, const float *a, const float *b, int64_t b_stride, float *sum);
} sld_matmul_isa;

#if defined(__x86_64__)
extern const sld_matmul_isa sld_matmul_isa_avx2;
extern const sld_matmul_isa sld_matmul_isa_avx512;
#endif

bool sld_matmul_gemm_supports(const sld_run *run);
size_t sld_matmul_gemm_workspace(const sld_run *run, int threads, const sld_matmul_isa *isa);
solder_status sld_matmul_gemm_run(const sld_run *run, const sld_matmul_isa *isa);

/* op(B) as [batch][ceil(N / columns)][K][columns], zero filled. */
extern const sld_packing sld_packing_matmul_columns16;
extern const sld_packing sld_packing_matmul_columns32;

#endif
