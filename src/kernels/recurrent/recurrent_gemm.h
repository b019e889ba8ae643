/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LSTM, GRU and RNN on the matrix product: w x + bias of all steps at once, then step by step
 * r h and the cells' arithmetic. Both products read weights packed gate by gate.
 */
#ifndef SLD_KERNELS_RECURRENT_RECURRENT_GEMM_H
#define SLD_KERNELS_RECURRENT_RECURRENT_GEMM_H

#include "kernels/gemm/matmul_gemm.h"
#include "kernels/recurrent/recurrent.h"

/* Columns [0, count) of one step of one sequence. Gates lie hidden floats apart. */
typedef struct sld_recurrent_cell {
    const sld_recurrent_params *params;
    sld_epilogue f, g, h;
    int64_t count, hidden;
    const float *from_x;    /* w x + bias */
    float *from_h;          /* r h; GRU's first half leaves its gates there */
    const float *r_bias;    /* GRU, linear before reset: of the hidden gate; NULL: 0 */
    const float *peephole;  /* NULL: none */
    float *state, *content; /* h and c, replaced by the new ones */
    float *scaled;          /* GRU: reset times h */
    float *y;
} sld_recurrent_cell;

typedef struct sld_recurrent_isa {
    const sld_matmul_isa *matmul;
    const sld_packing *packing;
    void (*lstm)(const sld_recurrent_cell *cell);
    void (*gru_gates)(const sld_recurrent_cell *cell); /* update, reset */
    void (*gru)(const sld_recurrent_cell *cell);
    void (*rnn)(const sld_recurrent_cell *cell);
} sld_recurrent_isa;

bool sld_recurrent_gemm_supports(const sld_run *run);
size_t sld_recurrent_gemm_workspace(const sld_run *run, int threads, int64_t gates,
                                    const sld_recurrent_isa *isa);
solder_status sld_recurrent_gemm_run(const sld_run *run, int64_t gates,
                                     const sld_recurrent_isa *isa);

extern const sld_packing sld_packing_recurrent_gates16;
extern const sld_packing sld_packing_recurrent_gates32;

#endif
