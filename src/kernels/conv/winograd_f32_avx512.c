/* SPDX-License-Identifier: Apache-2.0 */
#define TILE_ROWS 14
#include "kernels/conv/winograd_simd.h"

static const sld_winograd_isa isa = {&sld_gemm_tile_avx512, winograd_input, winograd_weights,
                                     winograd_output, winograd_finish};

static const sld_packing *weight_packing(const sld_run *run, uint32_t index)
{
    (void)run;
    return index == 1 ? &sld_packing_conv_rows14 : NULL;
}

static size_t workspace(const sld_run *run, int threads)
{
    return sld_winograd_workspace(run, threads, &isa);
}

static solder_status run_all(const sld_run *run)
{
    return sld_winograd_run(run, &isa);
}

const sld_kernel sld_conv_f32_avx512_winograd = {"conv_f32_avx512_winograd",
                                                 "conv",
                                                 SLD_ISA_AVX512,
                                                 sld_winograd_supports,
                                                 workspace,
                                                 weight_packing,
                                                 run_all};
