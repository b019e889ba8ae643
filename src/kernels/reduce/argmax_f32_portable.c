/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ArgMax and ArgMin of float32: x seen as [outer, length, inner]. With inner above 1, CHUNK
 * results are found side by side; a row is its own LANES columns. As in the reference a NaN is
 * what both searches find.
 */
#include <math.h>

#include "kernels/reduce/reduce.h"

#define CHUNK         64
#define LANES         16
#define TASK_ELEMENTS 32768

typedef struct argmax_job {
    const sld_argmax_params *p;
    const sld_tensor *x, *y;
    int64_t outer, image_outer; /* all, and of an index of dimension 0 */
    int64_t length, inner;
    int64_t chunks, per_task;
} argmax_job;

static bool supports(const sld_run *run)
{
    const sld_argmax_params *p = run->params;
    const sld_tensor *x = &run->in[0];
    return x->dtype == SOLDER_F32 && run->out[0].dtype == SOLDER_I64 &&
           x->dim[p->axis] <= INT32_MAX && sld_tensor_contiguous(&run->out[0]) &&
           (p->axis == 0 ? sld_tensor_contiguous(x) : sld_tensor_inner_contiguous(x));
}

/* Whether x takes the place of best, which came before it. */
static SLD_ALWAYS_INLINE bool better(const bool minimum, const bool last, float x, float best)
{
    bool larger = minimum ? x < best : x > best;
    bool equal = x == best;
    bool x_nan = x != x;
    bool best_nan = best != best;
    return (larger | (x_nan & !best_nan)) | (last & (equal | (x_nan & best_nan)));
}

/* Columns of length rows, stride apart: best[i] at row[i]. */
static SLD_ALWAYS_INLINE void find_columns(const bool minimum, const bool last, const float *x,
                                           int64_t stride, int64_t length, const int64_t n,
                                           float *best, int32_t *row)
{
    for (int64_t i = 0; i < n; i++) {
        best[i] = x[i];
        row[i] = 0;
    }
    for (int64_t r = 1; r < length; r++) {
        const float *from = x + r * stride;
        const int32_t number = (int32_t)r;
        for (int64_t i = 0; i < n; i++) {
            const float old = best[i];
            const float new = from[i];
            const int32_t takes = -(int32_t)better(minimum, last, new, old); /* all bits */
            row[i] = (row[i] & ~takes) | (number & takes);
            best[i] = takes != 0 ? new : old;
        }
    }
}

/* Of two places of one value the first, or the last. */
static SLD_ALWAYS_INLINE bool beats(const bool minimum, const bool last, float x, int64_t at,
                                    float best, int64_t best_at)
{
    return at > best_at ? better(minimum, last, x, best) : !better(minimum, last, best, x);
}

static SLD_ALWAYS_INLINE int64_t find_in_row(const bool minimum, const bool last, const float *x,
                                             int64_t length)
{
    float best[LANES];
    int32_t row[LANES];
    int64_t rows = length / LANES;
    int64_t at = 0;
    if (rows > 0) {
        find_columns(minimum, last, x, LANES, rows, LANES, best, row);
        at = (int64_t)row[0] * LANES;
        for (int i = 1; i < LANES; i++) {
            int64_t place = (int64_t)row[i] * LANES + i;
            at = beats(minimum, last, best[i], place, x[at], at) ? place : at;
        }
    }
    for (int64_t i = rows * LANES; i < length; i++) {
        at = better(minimum, last, x[i], x[at]) ? i : at;
    }
    return at;
}

static SLD_ALWAYS_INLINE void find(const argmax_job *j, const bool minimum, const bool last,
                                   const float *x, int64_t *y, int64_t n)
{
    float best[CHUNK];
    int32_t row[CHUNK];
    if (j->inner == 1) {
        y[0] = find_in_row(minimum, last, x, j->length);
        return;
    }
    if (n == CHUNK) {
        find_columns(minimum, last, x, j->inner, j->length, CHUNK, best, row);
    } else {
        find_columns(minimum, last, x, j->inner, j->length, n, best, row);
    }
    for (int64_t i = 0; i < n; i++) {
        y[i] = row[i];
    }
}

static void run_unit(const argmax_job *j, const float *x, int64_t *y, int64_t n)
{
    if (j->p->minimum != 0) {
        if (j->p->last != 0) {
            find(j, true, true, x, y, n);
        } else {
            find(j, true, false, x, y, n);
        }
    } else if (j->p->last != 0) {
        find(j, false, true, x, y, n);
    } else {
        find(j, false, false, x, y, n);
    }
}

static void run_task(void *user, size_t index, int thread)
{
    (void)thread;
    const argmax_job *j = user;
    int64_t end = ((int64_t)index + 1) * j->per_task;
    end = end < j->outer * j->chunks ? end : j->outer * j->chunks;
    for (int64_t unit = (int64_t)index * j->per_task; unit < end; unit++) {
        int64_t outer = unit / j->chunks;
        int64_t first = unit % j->chunks * CHUNK;
        int64_t n = j->inner - first < CHUNK ? j->inner - first : CHUNK;
        const float *x = (const float *)j->x->data + outer / j->image_outer * j->x->stride[0] +
                         outer % j->image_outer * j->length * j->inner + first;
        run_unit(j, x, (int64_t *)j->y->data + outer * j->inner + first, n);
    }
}

static solder_status run_argmax(const sld_run *run)
{
    const sld_argmax_params *p = run->params;
    const sld_tensor *x = &run->in[0];
    argmax_job j = {.p = p, .x = x, .y = &run->out[0], .outer = 1, .inner = 1};
    for (int i = 0; i < x->rank; i++) {
        *(i < p->axis ? &j.outer : &j.inner) *= i == p->axis ? 1 : x->dim[i];
    }
    j.length = x->dim[p->axis];
    if (j.outer * j.inner == 0) {
        return SOLDER_OK;
    }
    if (j.length == 0) {
        return SOLDER_ERROR_DATA;
    }
    j.image_outer = p->axis == 0 ? 1 : j.outer / x->dim[0];
    j.chunks = (j.inner + CHUNK - 1) / CHUNK;
    j.per_task = TASK_ELEMENTS / (j.length * (j.inner < CHUNK ? j.inner : CHUNK)) + 1;
    size_t tasks = (size_t)((j.outer * j.chunks + j.per_task - 1) / j.per_task);
    sld_pool_for(tasks > 1 ? run->pool : NULL, tasks, run_task, &j);
    return SOLDER_OK;
}

const sld_kernel sld_argmax_f32_portable = {
    .name = "argmax_f32_portable", .family = "argmax", .supports = supports, .run = run_argmax};
