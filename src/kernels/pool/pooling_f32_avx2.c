/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/pool/pooling_simd.h"

const sld_kernel sld_pooling_f32_avx2 = {.name = "pooling_f32_avx2",
                                         .family = "pooling",
                                         .isa = SLD_ISA_AVX2,
                                         .supports = pooling_supports,
                                         .workspace = pooling_workspace,
                                         .run = pooling_run};
