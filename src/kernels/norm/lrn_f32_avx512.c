/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/norm/lrn_simd.h"

const sld_kernel sld_lrn_f32_avx512 = {.name = "lrn_f32_avx512",
                                       .family = "lrn",
                                       .isa = SLD_ISA_AVX512,
                                       .supports = lrn_supports,
                                       .workspace = lrn_workspace,
                                       .run = lrn_run};
