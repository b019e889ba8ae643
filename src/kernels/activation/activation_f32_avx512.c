/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/activation/activation_simd.h"

const sld_kernel sld_activation_f32_avx512 = {.name = "activation_f32_avx512",
                                              .family = "activation",
                                              .isa = SLD_ISA_AVX512,
                                              .supports = activation_supports,
                                              .run = activation_run};

const sld_kernel sld_prelu_f32_avx512 = {.name = "prelu_f32_avx512",
                                         .family = "prelu",
                                         .isa = SLD_ISA_AVX512,
                                         .supports = prelu_supports,
                                         .run = prelu_run};
