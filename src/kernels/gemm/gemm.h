/* SPDX-License-Identifier: Apache-2.0 */
/*
 * matmul: out = act(alpha * op(A) op(B) + beta * bias + residual).
 * A [..., M, K] ([..., K, M] if trans_a), B [..., K, N] ([..., N, K] if trans_b), leading
 * dimensions broadcast (numpy rule). bias broadcasts to out. Rank-1 operands are promoted by
 * importers. Input slots: A 0, B 1, bias 2 (may be absent), residual 3 (only if epilogue says so).
 */
#ifndef SLD_KERNELS_GEMM_H
#define SLD_KERNELS_GEMM_H

#include "kernels/activation/activation.h"

typedef struct sld_matmul_params {
    int32_t trans_a, trans_b;
    float alpha, beta;
    sld_epilogue epilogue;
} sld_matmul_params;

#endif
