/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of LSTM, GRU and RNN. */
#include "kernels/check.h"

extern const check_family check_lstm, check_gru, check_rnn;

typedef struct extent {
    int64_t steps, batch, input, hidden;
} extent;

static void finish(const char *what, int64_t gates, const extent *e, check_case *c)
{
    const sld_recurrent_params *p = &c->params.recurrent;
    int64_t d = p->direction == SLD_DIRECTION_BIDIRECTIONAL ? 2 : 1;
    int64_t rows = gates * e->hidden;
    bool lstm = gates == SLD_LSTM_GATES;
    bool projects = sld_tensor_present(&c->in[8]);
    int64_t outputs = projects ? c->in[8].dim[1] : e->hidden;
    int64_t state[] = {d, e->batch, outputs}, cell[] = {d, e->batch, e->hidden};
    check_tensor(&c->in[0], SOLDER_F32, 3, (int64_t[]){e->steps, e->batch, e->input});
    check_tensor(&c->in[1], SOLDER_F32, 3, (int64_t[]){d, rows, e->input});
    check_tensor(&c->in[2], SOLDER_F32, 3, (int64_t[]){d, rows, outputs});
    c->in[1].flags = c->in[2].flags = SLD_TENSOR_CONSTANT;
    c->in_count = projects ? 9 : lstm ? 8 : 6;
    c->out_count = lstm ? 3 : 2;
    check_tensor(&c->out[0], SOLDER_F32, 4, (int64_t[]){e->steps, d, e->batch, outputs});
    check_tensor(&c->out[1], SOLDER_F32, 3, state);
    check_tensor(&c->out[2], SOLDER_F32, 3, cell);
    /* Weights that neither blow the state up nor saturate the gates. */
    double reach = 1.0 / sqrt((double)(e->hidden > 4 ? e->hidden : 4));
    c->fill[1] = c->fill[2] = c->fill[8] = (check_fill){-reach, reach};
    c->bound = CHECK_CLOSE;
    c->absolute = 5e-6;
    c->relative = 5e-6;
    c->flops = 2.0 * (double)(d * rows * e->steps * e->batch) * (double)(e->input + e->hidden);
    (void)snprintf(c->text, sizeof c->text,
                   "%s T %d N %d I %d H %d, direction %d, inputs %d%d%d%d%d, f %d %d, g %d %d, "
                   "h %d %d, clip %g %g, %d %d, P %d",
                   what, (int)e->steps, (int)e->batch, (int)e->input, (int)e->hidden, p->direction,
                   sld_tensor_present(&c->in[3]), sld_tensor_present(&c->in[4]),
                   sld_tensor_present(&c->in[5]), sld_tensor_present(&c->in[6]),
                   sld_tensor_present(&c->in[7]), p->f[0], p->f[1], p->g[0], p->g[1], p->h[0],
                   p->h[1], (double)p->clip, (double)p->cell_clip, p->input_forget,
                   p->linear_before_reset, (int)outputs);
}

/*
 * Functions without jumps that do not grow faster than their argument. A gate that leaves [0, 1]
 * makes the cell grow from step to step, and rounding with it: gates are of those that do not.
 */
static void random_activation(check_random *r, bool gate, int32_t usual, int32_t *kind,
                              float *alpha, float *beta)
{
    static const int32_t others[] = {SLD_ACT_SIGMOID,  SLD_ACT_HARD_SIGMOID, SLD_ACT_TANH,
                                     SLD_ACT_SOFTSIGN, SLD_ACT_SCALED_TANH,  SLD_ACT_RELU,
                                     SLD_ACT_SOFTPLUS, SLD_ACT_LEAKY_RELU,   SLD_ACT_AFFINE,
                                     SLD_ACT_ELU};
    int64_t last = gate ? 1 : (int64_t)SLD_ARRAY_LENGTH(others) - 1;
    for (int i = 0; i < 2; i++) {
        int32_t other = others[check_int(r, 0, last)];
        kind[i] = check_chance(r, 0.7) ? usual : other;
        alpha[i] = (float)check_real(r, 0.1, 0.5);
        beta[i] = (float)check_real(r, 0.1, 0.5);
    }
}

static void random_optional(check_random *r, int64_t gates, const extent *e, check_case *c)
{
    int64_t d = c->params.recurrent.direction == SLD_DIRECTION_BIDIRECTIONAL ? 2 : 1;
    int64_t outputs = e->hidden;
    if (gates == SLD_LSTM_GATES && check_chance(r, 0.3)) {
        outputs = check_chance(r, 0.2) ? e->hidden : check_int(r, 1, e->hidden);
        check_tensor(&c->in[8], SOLDER_F32, 3, (int64_t[]){d, outputs, e->hidden});
        c->in[8].flags = SLD_TENSOR_CONSTANT;
    }
    int64_t state[] = {d, e->batch, outputs}, cell[] = {d, e->batch, e->hidden};
    if (check_chance(r, 0.7)) {
        check_tensor(&c->in[3], SOLDER_F32, 2, (int64_t[]){d, 2 * gates * e->hidden});
    }
    if (check_chance(r, 0.5)) {
        check_tensor(&c->in[4], SOLDER_I32, 1, &e->batch);
        c->fill[4] = (check_fill){0.0, (double)e->steps + 0.999};
    }
    if (check_chance(r, 0.5)) {
        check_tensor(&c->in[5], SOLDER_F32, 3, state);
    }
    if (gates == SLD_LSTM_GATES && check_chance(r, 0.5)) {
        check_tensor(&c->in[6], SOLDER_F32, 3, cell);
    }
    if (gates == SLD_LSTM_GATES && check_chance(r, 0.5)) {
        check_tensor(&c->in[7], SOLDER_F32, 2, (int64_t[]){d, 3 * e->hidden});
    }
}

static void random_case(check_random *r, const char *what, int64_t gates, check_case *c)
{
    sld_recurrent_params *p = &c->params.recurrent;
    extent e = {check_int(r, 1, 6), check_chance(r, 0.4) ? 1 : check_int(r, 2, 9),
                check_int(r, 1, 40), check_int(r, 1, check_chance(r, 0.1) ? 300 : 70)};
    if (check_chance(r, 0.01)) { /* more than a kernel keeps of w x at a time */
        e = (extent){30 * SLD_LSTM_GATES / gates, 9, 4, 250};
    }
    p->hidden = (int32_t)e.hidden;
    p->direction = (int32_t)check_int(r, 0, SLD_DIRECTION_COUNT - 1);
    random_activation(r, gates != SLD_RNN_GATES,
                      gates == SLD_RNN_GATES ? SLD_ACT_TANH : SLD_ACT_SIGMOID, p->f, p->f_alpha,
                      p->f_beta);
    random_activation(r, false, SLD_ACT_TANH, p->g, p->g_alpha, p->g_beta);
    random_activation(r, false, SLD_ACT_TANH, p->h, p->h_alpha, p->h_beta);
    p->clip = check_chance(r, 0.3) ? (float)check_real(r, 0.2, 1.0) : 0.0f;
    p->cell_clip =
        gates == SLD_LSTM_GATES && check_chance(r, 0.3) ? (float)check_real(r, 0.1, 0.6) : 0.0f;
    p->input_forget = gates == SLD_LSTM_GATES && check_chance(r, 0.2);
    p->linear_before_reset = gates == SLD_GRU_GATES && check_chance(r, 0.5);
    random_optional(r, gates, &e, c);
    finish(what, gates, &e, c);
}

/* "T N I H" */
static bool shape_case(const char *line, bool small, const char *what, int64_t gates, check_case *c)
{
    long long t, n, i, h;
    memset(c, 0, sizeof *c);
    if (sscanf(line, "%lld %lld %lld %lld", &t, &n, &i, &h) != 4) {
        return false;
    }
    extent e = {small && t > 3 ? 3 : t, n, small && i > 40 ? 40 : i, small && h > 288 ? 288 : h};
    sld_recurrent_params *p = &c->params.recurrent;
    p->hidden = (int32_t)e.hidden;
    for (int d = 0; d < 2; d++) {
        p->f[d] = gates == SLD_RNN_GATES ? SLD_ACT_TANH : SLD_ACT_SIGMOID;
        p->g[d] = p->h[d] = SLD_ACT_TANH;
    }
    check_tensor(&c->in[3], SOLDER_F32, 2, (int64_t[]){1, 2 * gates * e.hidden});
    finish(what, gates, &e, c);
    return true;
}

static void lstm_case(check_random *r, check_case *c)
{
    random_case(r, "lstm", SLD_LSTM_GATES, c);
}

static bool lstm_shape(const char *line, bool small, check_case *c)
{
    return shape_case(line, small, "lstm", SLD_LSTM_GATES, c);
}

static void gru_case(check_random *r, check_case *c)
{
    random_case(r, "gru", SLD_GRU_GATES, c);
}

static bool gru_shape(const char *line, bool small, check_case *c)
{
    return shape_case(line, small, "gru", SLD_GRU_GATES, c);
}

static void rnn_case(check_random *r, check_case *c)
{
    random_case(r, "rnn", SLD_RNN_GATES, c);
}

static bool rnn_shape(const char *line, bool small, check_case *c)
{
    return shape_case(line, small, "rnn", SLD_RNN_GATES, c);
}

const check_family check_lstm = {"lstm", lstm_case, lstm_shape};
const check_family check_gru = {"gru", gru_case, gru_shape};
const check_family check_rnn = {"rnn", rnn_case, rnn_shape};
