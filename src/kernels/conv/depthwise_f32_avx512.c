/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/conv/depthwise_simd.h"

const sld_kernel sld_conv_f32_avx512_depthwise = {.name = "conv_f32_avx512_depthwise",
                                                  .family = "conv",
                                                  .isa = SLD_ISA_AVX512,
                                                  .supports = depthwise_supports,
                                                  .run = depthwise_run};
