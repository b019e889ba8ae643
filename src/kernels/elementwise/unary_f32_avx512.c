/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/elementwise/unary_simd.h"

const sld_kernel sld_unary_f32_avx512 = {.name = "unary_f32_avx512",
                                         .family = "unary",
                                         .isa = SLD_ISA_AVX512,
                                         .supports = unary_supports,
                                         .run = unary_run};
