/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/recurrent/recurrent_simd.h"

static const sld_recurrent_isa isa = {&sld_matmul_isa_avx512,
                                      &sld_packing_recurrent_gates32,
                                      lstm_cell,
                                      gru_gates,
                                      gru_cell,
                                      rnn_cell};

RECURRENT_KERNELS(avx512, AVX512)
