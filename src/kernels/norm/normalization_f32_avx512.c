/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/norm/normalization_columns_simd.h"
#include "kernels/norm/normalization_simd.h"
#include "kernels/norm/lpnorm_simd.h"

const sld_kernel sld_normalization_f32_avx512 = {.name = "normalization_f32_avx512",
                                                 .family = "normalization",
                                                 .isa = SLD_ISA_AVX512,
                                                 .supports = norm_supports,
                                                 .run = norm_run};

const sld_kernel sld_lpnorm_f32_avx512 = {.name = "lpnorm_f32_avx512",
                                          .family = "lpnorm",
                                          .isa = SLD_ISA_AVX512,
                                          .supports = lp_supports,
                                          .run = lp_run};

const sld_kernel sld_normalization_f32_avx512_columns = {.name = "normalization_f32_avx512_columns",
                                                         .family = "normalization",
                                                         .isa = SLD_ISA_AVX512,
                                                         .supports = columns_supports,
                                                         .run = columns_run};
