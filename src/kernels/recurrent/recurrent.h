/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LSTM, GRU and RNN with the meaning of ONNX's operators, T steps of N sequences.
 * Inputs: x 0 [T, N, I], w 1 [D, G H, I], r 2 [D, G H, H]; each of the following may be absent:
 * bias 3 [D, 2 G H] (of w, then of r), lengths 4 [N] (integers 0..T), initial h 5 [D, N, H], and
 * of the LSTM initial c 6 [D, N, H], peepholes 7 [D, 3 H] (input, output, forget), projection 8
 * [D, P, H]: h is projection times what it would be, and r's columns, initial and last h and y have
 * P for H.
 * Outputs: y 0 [T, D, N, H], 0 behind a sequence's end; last h 1 [D, N, H]; LSTM: last c 2.
 * D is 2 if bidirectional, else 1. Gates lie in w, r and bias as LSTM: input, output, forget,
 * cell (G = 4); GRU: update, reset, hidden (G = 3); RNN: G = 1.
 */
#ifndef SLD_KERNELS_RECURRENT_H
#define SLD_KERNELS_RECURRENT_H

#include "kernels/activation/activation.h"

/* Stored in plans: append only. */
typedef enum sld_direction {
    SLD_DIRECTION_FORWARD = 0,
    SLD_DIRECTION_REVERSE,
    SLD_DIRECTION_BIDIRECTIONAL,
    SLD_DIRECTION_COUNT
} sld_direction;

typedef struct sld_recurrent_params {
    int32_t hidden; /* H */
    int32_t direction;
    int32_t f[2], g[2], h[2]; /* sld_act of the gates, of the new content, of the cell; by d */
    float f_alpha[2], f_beta[2], g_alpha[2], g_beta[2], h_alpha[2], h_beta[2];
    float clip;                  /* what f and g are given is clamped to [-clip, clip]; 0: not */
    int32_t input_forget;        /* LSTM: the forget gate is 1 - the input gate */
    int32_t linear_before_reset; /* GRU: the reset gate scales r h + bias, not h */
    float cell_clip;             /* LSTM: each c is clamped to [-cell_clip, cell_clip]; 0: not */
} sld_recurrent_params;

enum { SLD_LSTM_GATES = 4, SLD_GRU_GATES = 3, SLD_RNN_GATES = 1 };

enum {
    SLD_RECURRENT_X = 0,
    SLD_RECURRENT_W,
    SLD_RECURRENT_R,
    SLD_RECURRENT_BIAS,
    SLD_RECURRENT_LENGTHS,
    SLD_RECURRENT_H,
    SLD_RECURRENT_C,
    SLD_RECURRENT_PEEPHOLES,
    SLD_RECURRENT_PROJECTION
};

static inline bool sld_recurrent_reversed(const sld_recurrent_params *p, int64_t d)
{
    return d == 1 || p->direction == SLD_DIRECTION_REVERSE;
}

/* Steps of sequence n, or -1 if the lengths say nonsense. (recurrent_ref.c) */
int64_t sld_recurrent_length(const sld_run *run, int64_t n);

#endif
