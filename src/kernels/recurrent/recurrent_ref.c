/* SPDX-License-Identifier: Apache-2.0 */
/* LSTM, GRU and RNN: the definitions. One task per direction and sequence. */
#include "kernels/recurrent/recurrent.h"
#include "kernels/reference.h"

/* What one task works on: views of sequence n in direction d, and its state. */
typedef struct sequence {
    const sld_run *run;
    const sld_recurrent_params *p;
    int64_t d, n;
    double *x;      /* [I] of this step */
    double *h, *c;  /* [P] (without a projection [H]), [H] */
    double *from_x; /* [G H]: w x + bias */
    double *from_h; /* [G H]: r h + bias */
    double *scaled; /* [H]: GRU's reset h, or h before the projection */
} sequence;

typedef struct recurrence {
    const sld_run *run;
    int64_t gates;
    void (*step)(sequence *s);
    int64_t doubles; /* of workspace per thread */
} recurrence;

int64_t sld_recurrent_length(const sld_run *run, int64_t n)
{
    const sld_tensor *lengths = sld_ref_input(run, SLD_RECURRENT_LENGTHS);
    int64_t steps = run->in[0].dim[0];
    if (lengths == NULL) {
        return steps;
    }
    int64_t length = sld_at_i64(lengths, n * lengths->stride[0]);
    return length < 0 || length > steps ? -1 : length;
}

static double activate(const sequence *s, const int32_t *kind, const float *alpha,
                       const float *beta, double x)
{
    double clip = (double)s->p->clip;
    if (clip > 0) {
        x = x < -clip ? -clip : x > clip ? clip : x;
    }
    return sld_activate_f64(kind[s->d], (double)alpha[s->d], (double)beta[s->d], x);
}

static double gate(const sequence *s, double x)
{
    return activate(s, s->p->f, s->p->f_alpha, s->p->f_beta, x);
}

static double content(const sequence *s, double x)
{
    return activate(s, s->p->g, s->p->g_alpha, s->p->g_beta, x);
}

/* Never clipped. */
static double squash(const sequence *s, double c)
{
    return sld_activate_f64(s->p->h[s->d], (double)s->p->h_alpha[s->d], (double)s->p->h_beta[s->d],
                            c);
}

/* rows [first, last) of out = m in + bias; w and r have one, that half of the bias input. */
static void product(const sequence *s, uint32_t slot, const double *in, int64_t first, int64_t last,
                    double *out)
{
    const sld_tensor *m = &s->run->in[slot];
    const sld_tensor *bias =
        slot == SLD_RECURRENT_PROJECTION ? NULL : sld_ref_input(s->run, SLD_RECURRENT_BIAS);
    int64_t half = slot == SLD_RECURRENT_R ? m->dim[1] : 0;
    double row[SLD_REF_CHUNK];
    for (int64_t i = first; i < last; i++) {
        double sum = 0;
        int64_t at = s->d * m->stride[0] + i * m->stride[1];
        for (int64_t k = 0; k < m->dim[2]; k += SLD_REF_CHUNK) {
            int64_t count = m->dim[2] - k < SLD_REF_CHUNK ? m->dim[2] - k : SLD_REF_CHUNK;
            sld_ref_load_row(m, at + k * m->stride[2], m->stride[2], count, row);
            for (int64_t j = 0; j < count; j++) {
                sum += row[j] * in[k + j];
            }
        }
        if (bias != NULL) {
            sum += sld_at_f64(bias, s->d * bias->stride[0] + (half + i) * bias->stride[1]);
        }
        out[i] = sum;
    }
}

static double peephole(const sequence *s, int64_t which, int64_t j, double c)
{
    const sld_tensor *p = sld_ref_input(s->run, SLD_RECURRENT_PEEPHOLES);
    return p == NULL
               ? 0
               : c * sld_at_f64(p, s->d * p->stride[0] + (which * s->p->hidden + j) * p->stride[1]);
}

static double clipped(double c, double clip)
{
    return clip <= 0 ? c : c < -clip ? -clip : c > clip ? clip : c;
}

static void lstm_step(sequence *s)
{
    int64_t hidden = s->p->hidden;
    const sld_tensor *projection = sld_ref_input(s->run, SLD_RECURRENT_PROJECTION);
    double *h = projection != NULL ? s->scaled : s->h;
    product(s, SLD_RECURRENT_R, s->h, 0, 4 * hidden, s->from_h);
    for (int64_t j = 0; j < hidden; j++) {
        double sum[4];
        for (int64_t k = 0; k < 4; k++) {
            sum[k] = s->from_x[k * hidden + j] + s->from_h[k * hidden + j];
        }
        double c = s->c[j];
        double input = gate(s, sum[0] + peephole(s, 0, j, c));
        double forget = s->p->input_forget ? 1 - input : gate(s, sum[2] + peephole(s, 2, j, c));
        c = clipped(forget * c + input * content(s, sum[3]), (double)s->p->cell_clip);
        double output = gate(s, sum[1] + peephole(s, 1, j, c));
        s->c[j] = c;
        h[j] = output * squash(s, c);
    }
    if (projection != NULL) {
        product(s, SLD_RECURRENT_PROJECTION, h, 0, projection->dim[1], s->h);
    }
}

static void gru_step(sequence *s)
{
    int64_t hidden = s->p->hidden;
    bool linear = s->p->linear_before_reset != 0;
    double *update = s->from_x;
    double *reset = s->from_x + hidden;
    product(s, SLD_RECURRENT_R, s->h, 0, 2 * hidden, s->from_h);
    for (int64_t j = 0; j < hidden; j++) {
        update[j] = gate(s, update[j] + s->from_h[j]);
        reset[j] = gate(s, reset[j] + s->from_h[hidden + j]);
        s->scaled[j] = linear ? s->h[j] : reset[j] * s->h[j];
    }
    product(s, SLD_RECURRENT_R, s->scaled, 2 * hidden, 3 * hidden, s->from_h);
    for (int64_t j = 0; j < hidden; j++) {
        double inner = (linear ? reset[j] : 1) * s->from_h[2 * hidden + j];
        double fresh = content(s, s->from_x[2 * hidden + j] + inner);
        s->h[j] = (1 - update[j]) * fresh + update[j] * s->h[j];
    }
}

static void rnn_step(sequence *s)
{
    product(s, SLD_RECURRENT_R, s->h, 0, s->p->hidden, s->from_h);
    for (int64_t j = 0; j < s->p->hidden; j++) {
        s->h[j] = gate(s, s->from_x[j] + s->from_h[j]);
    }
}

/* P: elements of h. */
static int64_t outputs_of(const sld_run *run)
{
    return run->in[SLD_RECURRENT_R].dim[2];
}

static void load_state(const sequence *s, uint32_t slot, int64_t count, double *state)
{
    const sld_tensor *t = sld_ref_input(s->run, slot);
    for (int64_t j = 0; j < count; j++) {
        state[j] =
            t == NULL ? 0
                      : sld_at_f64(t, s->d * t->stride[0] + s->n * t->stride[1] + j * t->stride[2]);
    }
}

static void store_state(const sequence *s, uint32_t slot, const double *state)
{
    if (slot >= s->run->out_count || !sld_tensor_present(&s->run->out[slot])) {
        return;
    }
    const sld_tensor *t = &s->run->out[slot];
    for (int64_t j = 0; j < t->dim[2]; j++) {
        sld_put_f64(t, s->d * t->stride[0] + s->n * t->stride[1] + j * t->stride[2], state[j]);
    }
}

/* state NULL: zeros. */
static void store_step(const sequence *s, int64_t t, const double *state)
{
    const sld_tensor *y = &s->run->out[0];
    for (int64_t j = 0; j < y->dim[3]; j++) {
        sld_put_f64(y,
                    t * y->stride[0] + s->d * y->stride[1] + s->n * y->stride[2] + j * y->stride[3],
                    state == NULL ? 0 : state[j]);
    }
}

static void run_sequence(void *user, size_t task, int thread)
{
    const recurrence *all = user;
    const sld_run *run = all->run;
    const sld_tensor *x = &run->in[0];
    sequence s = {.run = run, .p = run->params};
    int64_t hidden = s.p->hidden;
    s.d = (int64_t)task / x->dim[1];
    s.n = (int64_t)task % x->dim[1];
    s.h = (double *)run->workspace + all->doubles * thread;
    s.c = s.h + outputs_of(run);
    s.scaled = s.c + hidden;
    s.from_x = s.scaled + hidden;
    s.from_h = s.from_x + all->gates * hidden;
    s.x = s.from_h + all->gates * hidden;
    load_state(&s, SLD_RECURRENT_H, outputs_of(run), s.h);
    load_state(&s, SLD_RECURRENT_C, hidden, s.c);
    int64_t length = sld_recurrent_length(run, s.n);
    for (int64_t i = 0; i < length; i++) {
        int64_t t = sld_recurrent_reversed(s.p, s.d) ? length - 1 - i : i;
        sld_ref_load_row(x, t * x->stride[0] + s.n * x->stride[1], x->stride[2], x->dim[2], s.x);
        product(&s, SLD_RECURRENT_W, s.x, 0, all->gates * hidden, s.from_x);
        all->step(&s);
        store_step(&s, t, s.h);
    }
    for (int64_t t = length; t < x->dim[0]; t++) {
        store_step(&s, t, NULL);
    }
    store_state(&s, 1, s.h);
    store_state(&s, 2, s.c);
}

static int64_t thread_doubles(const sld_run *run, int64_t gates)
{
    const sld_recurrent_params *p = run->params;
    return (2 + 2 * gates) * p->hidden + outputs_of(run) + run->in[0].dim[2];
}

static solder_status run_all(const sld_run *run, int64_t gates, void (*step)(sequence *s))
{
    const sld_tensor *x = &run->in[0];
    recurrence all = {run, gates, step, thread_doubles(run, gates)};
    for (int64_t n = 0; n < x->dim[1]; n++) {
        if (sld_recurrent_length(run, n) < 0) {
            return SOLDER_ERROR_DATA;
        }
    }
    sld_pool_for(run->pool, (size_t)(run->in[1].dim[0] * x->dim[1]), run_sequence, &all);
    return SOLDER_OK;
}

static size_t lstm_workspace(const sld_run *run, int threads)
{
    return (size_t)(thread_doubles(run, SLD_LSTM_GATES) * threads) * sizeof(double);
}

static solder_status lstm_run(const sld_run *run)
{
    return run_all(run, SLD_LSTM_GATES, lstm_step);
}

static size_t gru_workspace(const sld_run *run, int threads)
{
    return (size_t)(thread_doubles(run, SLD_GRU_GATES) * threads) * sizeof(double);
}

static solder_status gru_run(const sld_run *run)
{
    return run_all(run, SLD_GRU_GATES, gru_step);
}

static size_t rnn_workspace(const sld_run *run, int threads)
{
    return (size_t)(thread_doubles(run, SLD_RNN_GATES) * threads) * sizeof(double);
}

static solder_status rnn_run(const sld_run *run)
{
    return run_all(run, SLD_RNN_GATES, rnn_step);
}

const sld_kernel sld_lstm_ref = {
    .name = "lstm_ref", .family = "lstm", .workspace = lstm_workspace, .run = lstm_run};
const sld_kernel sld_gru_ref = {
    .name = "gru_ref", .family = "gru", .workspace = gru_workspace, .run = gru_run};
const sld_kernel sld_rnn_ref = {
    .name = "rnn_ref", .family = "rnn", .workspace = rnn_workspace, .run = rnn_run};
