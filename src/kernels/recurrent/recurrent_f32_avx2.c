/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/recurrent/recurrent_simd.h"

static const sld_recurrent_isa isa = {
    &sld_matmul_isa_avx2, &sld_packing_recurrent_gates16, lstm_cell, gru_gates, gru_cell, rnn_cell};

static const sld_packing *weight_packing(const sld_run *run, uint32_t index)
{
    (void)run;
    bool weights =
        index == SLD_RECURRENT_W || index == SLD_RECURRENT_R || index == SLD_RECURRENT_PROJECTION;
    return weights ? isa.packing : NULL;
}

static size_t lstm_workspace(const sld_run *run, int threads)
{
    return sld_recurrent_gemm_workspace(run, threads, SLD_LSTM_GATES, &isa);
}

static solder_status lstm_run(const sld_run *run)
{
    return sld_recurrent_gemm_run(run, SLD_LSTM_GATES, &isa);
}

const sld_kernel sld_lstm_f32_avx2 = {.name = "lstm_f32_avx2",
                                      .family = "lstm",
                                      .isa = SLD_ISA_AVX2,
                                      .supports = sld_recurrent_gemm_supports,
                                      .workspace = lstm_workspace,
                                      .packing = weight_packing,
                                      .run = lstm_run};

static size_t gru_workspace(const sld_run *run, int threads)
{
    return sld_recurrent_gemm_workspace(run, threads, SLD_GRU_GATES, &isa);
}

static solder_status gru_run(const sld_run *run)
{
    return sld_recurrent_gemm_run(run, SLD_GRU_GATES, &isa);
}

const sld_kernel sld_gru_f32_avx2 = {.name = "gru_f32_avx2",
                                     .family = "gru",
                                     .isa = SLD_ISA_AVX2,
                                     .supports = sld_recurrent_gemm_supports,
                                     .workspace = gru_workspace,
                                     .packing = weight_packing,
                                     .run = gru_run};

static size_t rnn_workspace(const sld_run *run, int threads)
{
    return sld_recurrent_gemm_workspace(run, threads, SLD_RNN_GATES, &isa);
}

static solder_status rnn_run(const sld_run *run)
{
    return sld_recurrent_gemm_run(run, SLD_RNN_GATES, &isa);
}

const sld_kernel sld_rnn_f32_avx2 = {.name = "rnn_f32_avx2",
                                     .family = "rnn",
                                     .isa = SLD_ISA_AVX2,
                                     .supports = sld_recurrent_gemm_supports,
                                     .workspace = rnn_workspace,
                                     .packing = weight_packing,
                                     .run = rnn_run};
