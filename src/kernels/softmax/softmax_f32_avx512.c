/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/softmax/softmax_simd.h"

const sld_kernel sld_softmax_f32_avx512 = {.name = "softmax_f32_avx512",
                                           .family = "softmax",
                                           .isa = SLD_ISA_AVX512,
                                           .supports = softmax_supports,
                                           .run = softmax_run};
