/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/call_check.h"

static bool has_dims(const sld_tensor *t, int rank, const int64_t *dims)
{
    return t->rank == rank && memcmp(t->dim, dims, (size_t)rank * sizeof *dims) == 0;
}

/* An optional input: absent, or with these dims. */
static bool fits(const sld_run *run, uint32_t index, int rank, const int64_t *dims)
{
    return !sld_check_has(run, index) || has_dims(&run->in[index], rank, dims);
}

static const char *check_activations(const int32_t *kinds)
{
    for (int i = 0; i < 2; i++) {
        SLD_CHECK(kinds[i] >= 0 && kinds[i] < SLD_ACT_COUNT, "unknown activation");
    }
    return NULL;
}

static const char *check_params(const sld_recurrent_params *p)
{
    SLD_CHECK(p->hidden >= 1 && p->hidden <= SLD_CHECK_LIMIT, "hidden is out of range");
    SLD_CHECK(p->direction >= 0 && p->direction < SLD_DIRECTION_COUNT, "unknown direction");
    SLD_CHECK_TRY(check_activations(p->f));
    SLD_CHECK_TRY(check_activations(p->g));
    SLD_CHECK_TRY(check_activations(p->h));
    SLD_CHECK(p->clip >= 0.0f && p->cell_clip >= 0.0f, "clip is negative");
    return NULL;
}

static const char *check_types(const sld_run *run)
{
    solder_dtype dtype = run->in[0].dtype;
    SLD_CHECK(sld_dtype_is_float(dtype), "the type is not a float");
    for (uint32_t i = 1; i < run->in_count; i++) {
        if (sld_check_has(run, i)) {
            SLD_CHECK(i == SLD_RECURRENT_LENGTHS ? sld_dtype_is_integer(run->in[i].dtype)
                                                 : run->in[i].dtype == dtype,
                      "an input has another type");
        }
    }
    for (uint32_t i = 0; i < run->out_count; i++) {
        SLD_CHECK(!sld_tensor_present(&run->out[i]) || run->out[i].dtype == dtype,
                  "an output has another type");
    }
    return NULL;
}

/* P in *outputs: elements of h. */
static const char *check_projection(const sld_run *run, int64_t d, int64_t hidden, int64_t *outputs)
{
    *outputs = hidden;
    if (sld_check_has(run, SLD_RECURRENT_PROJECTION)) {
        const sld_tensor *t = &run->in[SLD_RECURRENT_PROJECTION];
        SLD_CHECK(t->rank == 3 && t->dim[1] >= 1, "ranks do not fit");
        *outputs = t->dim[1];
        SLD_CHECK(has_dims(t, 3, (int64_t[]){d, *outputs, hidden}), "weights do not fit");
    }
    return NULL;
}

static const char *check(const sld_run *run, int64_t gates, uint32_t max_in, uint32_t max_out)
{
    const sld_recurrent_params *p = run->params;
    SLD_CHECK_TRY(sld_check_arity(run, 3, max_in, max_out));
    SLD_CHECK_TRY(check_params(p));
    SLD_CHECK_TRY(check_types(run));
    SLD_CHECK(run->in[0].rank == 3, "ranks do not fit");
    const int64_t *x = run->in[0].dim;
    int64_t d = p->direction == SLD_DIRECTION_BIDIRECTIONAL ? 2 : 1;
    int64_t rows = gates * p->hidden, outputs;
    SLD_CHECK_TRY(check_projection(run, d, p->hidden, &outputs));
    const int64_t state[] = {d, x[1], outputs}, cell[] = {d, x[1], p->hidden};
    SLD_CHECK(has_dims(&run->in[1], 3, (int64_t[]){d, rows, x[2]}) &&
                  has_dims(&run->in[2], 3, (int64_t[]){d, rows, outputs}),
              "weights do not fit");
    SLD_CHECK(fits(run, SLD_RECURRENT_BIAS, 2, (int64_t[]){d, 2 * rows}), "bias does not fit");
    SLD_CHECK(fits(run, SLD_RECURRENT_LENGTHS, 1, (int64_t[]){x[1]}), "lengths do not fit");
    SLD_CHECK(fits(run, SLD_RECURRENT_H, 3, state) && fits(run, SLD_RECURRENT_C, 3, cell),
              "an initial state does not fit");
    SLD_CHECK(fits(run, SLD_RECURRENT_PEEPHOLES, 2, (int64_t[]){d, 3 * (int64_t)p->hidden}),
              "peepholes do not fit");
    SLD_CHECK(has_dims(&run->out[0], 4, (int64_t[]){x[0], d, x[1], outputs}),
              "output dims do not follow from the input's");
    for (uint32_t i = 1; i < run->out_count; i++) {
        SLD_CHECK(!sld_tensor_present(&run->out[i]) ||
                      has_dims(&run->out[i], 3, i == 1 ? state : cell),
                  "a last state does not fit");
    }
    return NULL;
}

const char *sld_check_lstm(const sld_run *run)
{
    return check(run, SLD_LSTM_GATES, 9, 3);
}

const char *sld_check_gru(const sld_run *run)
{
    return check(run, SLD_GRU_GATES, 6, 2);
}

const char *sld_check_rnn(const sld_run *run)
{
    return check(run, SLD_RNN_GATES, 6, 2);
}
