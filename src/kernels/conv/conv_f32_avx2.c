/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/conv/conv_simd.h"

static const sld_conv_isa isa = {&sld_gemm_tile_avx2, pack_patches};

static const sld_packing *lanes_packing(const sld_run *run, uint32_t index)
{
    (void)run;
    return index == 1 ? &sld_packing_conv_rows16 : NULL;
}

static size_t lanes_workspace(const sld_run *run, int threads)
{
    return sld_conv_gemm_workspace(run, threads, &isa, true);
}

static solder_status lanes_run(const sld_run *run)
{
    return sld_conv_gemm_run(run, &isa, true);
}

const sld_kernel sld_conv_f32_avx2_lanes16 = {
    "conv_f32_avx2_lanes16", "conv",        SLD_ISA_AVX2, sld_conv_gemm_supports,
    lanes_workspace,         lanes_packing, lanes_run};

static const sld_packing *pixels_packing(const sld_run *run, uint32_t index)
{
    (void)run;
    return index == 1 ? &sld_packing_conv_rows6 : NULL;
}

static size_t pixels_workspace(const sld_run *run, int threads)
{
    return sld_conv_gemm_workspace(run, threads, &isa, false);
}

static solder_status pixels_run(const sld_run *run)
{
    return sld_conv_gemm_run(run, &isa, false);
}

const sld_kernel sld_conv_f32_avx2_pixels16 = {
    "conv_f32_avx2_pixels16", "conv",         SLD_ISA_AVX2, sld_conv_gemm_supports,
    pixels_workspace,         pixels_packing, pixels_run};
