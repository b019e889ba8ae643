/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/pool/pooling_simd.h"

const sld_kernel sld_pooling_f32_avx512 = {.name = "pooling_f32_avx512",
                                           .family = "pooling",
                                           .isa = SLD_ISA_AVX512,
                                           .supports = pooling_supports,
                                           .workspace = pooling_workspace,
                                           .run = pooling_run};
