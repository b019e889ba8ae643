/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sums, largest and smallest of float32 over neighbouring axes: x seen as [outer, length, inner].
 * With inner above 1, CHUNK results are made side by side; else a row is its own LANES columns,
 * folded at the end. Sums are kept in double.
 */
#include <math.h>

#include "kernels/reduce/reduce.h"

#define CHUNK         64
#define LANES         16
#define TASK_ELEMENTS 32768

typedef struct axes_job {
    const sld_run *run;
    int kind;
    int64_t outer, image_outer; /* all, and of an index of dimension 0 */
    int64_t length, inner;
    int64_t chunks, per_task;
} axes_job;

/* The axes of the mask that are not all there is lie side by side: first and end. */
static bool neighbours(uint32_t axes, int rank, int *first, int *end)
{
    *first = 0;
    while (*first < rank && (axes >> *first & 1u) == 0) {
        (*first)++;
    }
    *end = *first;
    while (*end < rank && (axes >> *end & 1u) != 0) {
        (*end)++;
    }
    return *end > *first && axes >> *end == 0;
}

static bool supported_kind(int kind)
{
    switch (kind) {
    case SLD_REDUCE_SUM:
    case SLD_REDUCE_MEAN:
    case SLD_REDUCE_MAX:
    case SLD_REDUCE_MIN:
    case SLD_REDUCE_L1:
    case SLD_REDUCE_ABS_SUM:
    case SLD_REDUCE_L2:
    case SLD_REDUCE_SUM_SQUARE:
        return true;
    default:
        return false;
    }
}

static bool supports(const sld_run *run)
{
    const sld_reduce_params *p = run->params;
    const sld_tensor *x = &run->in[0];
    int first;
    int end;
    return supported_kind(p->kind) && x->dtype == SOLDER_F32 &&
           neighbours(p->axes, x->rank, &first, &end) && sld_tensor_contiguous(&run->out[0]) &&
           (first == 0 ? sld_tensor_contiguous(x) : sld_tensor_inner_contiguous(x));
}

/* ---- columns ---- */

static SLD_ALWAYS_INLINE double term(const int kind, float x)
{
    double v = (double)x;
    return kind == SLD_REDUCE_SUM ? v : kind == SLD_REDUCE_L1 ? fabs(v) : v * v;
}

/* sum[i] += the terms of column i of length rows, stride apart. */
static SLD_ALWAYS_INLINE void add_columns(const int kind, const float *x, int64_t stride,
                                          int64_t length, const int64_t n, double *sum)
{
    int64_t r = 0;
    for (; r + 4 <= length; r += 4, x += 4 * stride) {
        for (int64_t i = 0; i < n; i++) {
            sum[i] += (term(kind, x[i]) + term(kind, x[stride + i])) +
                      (term(kind, x[2 * stride + i]) + term(kind, x[3 * stride + i]));
        }
    }
    for (; r < length; r++, x += stride) {
        for (int64_t i = 0; i < n; i++) {
            sum[i] += term(kind, x[i]);
        }
    }
}

/* NaN once met stays. */
static SLD_ALWAYS_INLINE float chosen(const int kind, float a, float b)
{
    return a != a || (kind == SLD_REDUCE_MAX ? a > b : a < b) ? a : b;
}

static SLD_ALWAYS_INLINE void choose_columns(const int kind, const float *x, int64_t stride,
                                             int64_t length, const int64_t n, float *best)
{
    for (int64_t r = 0; r < length; r++, x += stride) {
        for (int64_t i = 0; i < n; i++) {
            best[i] = chosen(kind, best[i], x[i]);
        }
    }
}

/* ---- results ---- */

static float finished(const axes_job *j, double sum)
{
    const sld_reduce_params *p = j->run->params;
    sum = p->kind == SLD_REDUCE_MEAN ? sum / (double)j->length : sum;
    sum = p->kind == SLD_REDUCE_L2 ? sqrt(sum) : sum;
    return (float)(sum * (double)p->scale);
}

/* n columns, or one row of length elements if n is 0. */
static SLD_ALWAYS_INLINE void sums(const axes_job *j, const int kind, const float *x, float *y,
                                   int64_t n)
{
    double sum[CHUNK] = {0};
    if (n == CHUNK) {
        add_columns(kind, x, j->inner, j->length, CHUNK, sum);
    } else if (n > 0) {
        add_columns(kind, x, j->inner, j->length, n, sum);
    } else {
        int64_t rows = j->length / LANES;
        add_columns(kind, x, LANES, rows, LANES, sum);
        add_columns(kind, x + rows * LANES, 0, 1, j->length - rows * LANES, sum);
        for (int i = 1; i < LANES; i++) {
            sum[0] += sum[i];
        }
        n = 1;
    }
    for (int64_t i = 0; i < n; i++) {
        y[i] = finished(j, sum[i]);
    }
}

static SLD_ALWAYS_INLINE void choices(const axes_job *j, const int kind, const float *x, float *y,
                                      int64_t n)
{
    float best[CHUNK];
    for (int i = 0; i < CHUNK; i++) {
        best[i] = kind == SLD_REDUCE_MAX ? -INFINITY : INFINITY;
    }
    if (n == CHUNK) {
        choose_columns(kind, x, j->inner, j->length, CHUNK, best);
    } else if (n > 0) {
        choose_columns(kind, x, j->inner, j->length, n, best);
    } else {
        int64_t rows = j->length / LANES;
        choose_columns(kind, x, LANES, rows, LANES, best);
        choose_columns(kind, x + rows * LANES, 0, 1, j->length - rows * LANES, best);
        for (int i = 1; i < LANES; i++) {
            best[0] = chosen(kind, best[0], best[i]);
        }
        n = 1;
    }
    for (int64_t i = 0; i < n; i++) {
        y[i] = finished(j, (double)best[i]);
    }
}

static void run_unit(const axes_job *j, const float *x, float *y, int64_t n)
{
    switch (j->kind) {
    case SLD_REDUCE_MAX:
        choices(j, SLD_REDUCE_MAX, x, y, n);
        break;
    case SLD_REDUCE_MIN:
        choices(j, SLD_REDUCE_MIN, x, y, n);
        break;
    case SLD_REDUCE_L1:
    case SLD_REDUCE_ABS_SUM:
        sums(j, SLD_REDUCE_L1, x, y, n);
        break;
    case SLD_REDUCE_L2:
    case SLD_REDUCE_SUM_SQUARE:
        sums(j, SLD_REDUCE_SUM_SQUARE, x, y, n);
        break;
    default:
        sums(j, SLD_REDUCE_SUM, x, y, n);
        break;
    }
}

static void run_task(void *user, size_t index, int thread)
{
    (void)thread;
    const axes_job *j = user;
    const sld_tensor *x = &j->run->in[0];
    float *y = j->run->out[0].data;
    int64_t end = ((int64_t)index + 1) * j->per_task;
    end = end < j->outer * j->chunks ? end : j->outer * j->chunks;
    for (int64_t unit = (int64_t)index * j->per_task; unit < end; unit++) {
        int64_t outer = unit / j->chunks;
        int64_t first = unit % j->chunks * CHUNK;
        int64_t n = j->inner - first < CHUNK ? j->inner - first : CHUNK;
        const float *from = (const float *)x->data + outer / j->image_outer * x->stride[0] +
                            outer % j->image_outer * j->length * j->inner + first;
        run_unit(j, from, y + outer * j->inner + first, j->inner == 1 ? 0 : n);
    }
}

static solder_status run_axes(const sld_run *run)
{
    const sld_reduce_params *p = run->params;
    const sld_tensor *x = &run->in[0];
    int first;
    int end;
    (void)neighbours(p->axes, x->rank, &first, &end);
    axes_job j = {.run = run, .kind = p->kind, .outer = 1, .length = 1, .inner = 1};
    for (int i = 0; i < x->rank; i++) {
        *(i < first ? &j.outer : i < end ? &j.length : &j.inner) *= x->dim[i];
    }
    if (j.outer * j.inner == 0) {
        return SOLDER_OK;
    }
    j.image_outer = first == 0 ? 1 : j.outer / x->dim[0];
    j.chunks = (j.inner + CHUNK - 1) / CHUNK;
    int64_t unit = j.length * (j.inner < CHUNK ? j.inner : CHUNK);
    j.per_task = TASK_ELEMENTS / (unit + 1) + 1;
    size_t tasks = (size_t)((j.outer * j.chunks + j.per_task - 1) / j.per_task);
    sld_pool_for(tasks > 1 ? run->pool : NULL, tasks, run_task, &j);
    return SOLDER_OK;
}

const sld_kernel sld_reduce_f32_axes_portable = {
    .name = "reduce_f32_axes_portable", .family = "reduce", .supports = supports, .run = run_axes};
