/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/norm/lrn_simd.h"

const sld_kernel sld_lrn_f32_avx2 = {.name = "lrn_f32_avx2",
                                     .family = "lrn",
                                     .isa = SLD_ISA_AVX2,
                                     .supports = lrn_supports,
                                     .workspace = lrn_workspace,
                                     .run = lrn_run};
