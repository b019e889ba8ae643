/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/norm/affine_simd.h"

const sld_kernel sld_scale_f32_avx2 = {.name = "scale_f32_avx2",
                                       .family = "scale",
                                       .isa = SLD_ISA_AVX2,
                                       .supports = scale_supports,
                                       .run = scale_run};

const sld_kernel sld_batchnorm_f32_avx2 = {.name = "batchnorm_f32_avx2",
                                           .family = "batchnorm",
                                           .isa = SLD_ISA_AVX2,
                                           .supports = batchnorm_supports,
                                           .run = batchnorm_run};
