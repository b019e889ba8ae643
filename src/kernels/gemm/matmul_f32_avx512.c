/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/gemm/matmul_simd.h"

const sld_matmul_isa sld_matmul_isa_avx512 = {&sld_gemm_tile_avx512, pack_block, single_row};

static const sld_packing *matmul_packing(const sld_run *run, uint32_t index)
{
    (void)run;
    return index == 1 ? &sld_packing_matmul_columns32 : NULL;
}

static size_t matmul_workspace(const sld_run *run, int threads)
{
    return sld_matmul_gemm_workspace(run, threads, &sld_matmul_isa_avx512);
}

static solder_status matmul_run(const sld_run *run)
{
    return sld_matmul_gemm_run(run, &sld_matmul_isa_avx512);
}

const sld_kernel sld_matmul_f32_avx512_14x32 = {.name = "matmul_f32_avx512_14x32",
                                                .family = "matmul",
                                                .isa = SLD_ISA_AVX512,
                                                .supports = sld_matmul_gemm_supports,
                                                .workspace = matmul_workspace,
                                                .packing = matmul_packing,
                                                .run = matmul_run};
