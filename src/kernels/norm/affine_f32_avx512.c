/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/norm/affine_simd.h"

const sld_kernel sld_scale_f32_avx512 = {.name = "scale_f32_avx512",
                                         .family = "scale",
                                         .isa = SLD_ISA_AVX512,
                                         .supports = scale_supports,
                                         .run = scale_run};

const sld_kernel sld_batchnorm_f32_avx512 = {.name = "batchnorm_f32_avx512",
                                             .family = "batchnorm",
                                             .isa = SLD_ISA_AVX512,
                                             .supports = batchnorm_supports,
                                             .run = batchnorm_run};
