/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/activation/activation_simd.h"

const sld_kernel sld_activation_f32_avx2 = {.name = "activation_f32_avx2",
                                            .family = "activation",
                                            .isa = SLD_ISA_AVX2,
                                            .supports = activation_supports,
                                            .run = activation_run};

const sld_kernel sld_prelu_f32_avx2 = {.name = "prelu_f32_avx2",
                                       .family = "prelu",
                                       .isa = SLD_ISA_AVX2,
                                       .supports = prelu_supports,
                                       .run = prelu_run};
