/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/conv/conv_simd.h"
#include "kernels/conv/deconv_gemm.h"

static const sld_conv_isa isa = {&sld_gemm_tile_avx512, pack_patches};

static const sld_packing *deconv_packing(const sld_run *run, uint32_t index)
{
    (void)run;
    return index == 1 ? &sld_packing_deconv_rows32 : NULL;
}

static size_t deconv_workspace(const sld_run *run, int threads)
{
    return sld_deconv_gemm_workspace(run, threads, &isa);
}

static solder_status deconv_run(const sld_run *run)
{
    return sld_deconv_gemm_run(run, &isa);
}

const sld_kernel sld_deconv_f32_avx512_lanes32 = {.name = "deconv_f32_avx512_lanes32",
                                                  .family = "deconv",
                                                  .isa = SLD_ISA_AVX512,
                                                  .supports = sld_deconv_gemm_supports,
                                                  .workspace = deconv_workspace,
                                                  .packing = deconv_packing,
                                                  .run = deconv_run};
