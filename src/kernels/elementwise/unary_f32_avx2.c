/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/elementwise/unary_simd.h"

const sld_kernel sld_unary_f32_avx2 = {.name = "unary_f32_avx2",
                                       .family = "unary",
                                       .isa = SLD_ISA_AVX2,
                                       .supports = unary_supports,
                                       .run = unary_run};
