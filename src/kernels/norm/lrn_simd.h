/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LRN on float vectors; included once per instruction set. Across channels a task walks the
 * channels of one stripe of pixels, so that the rows of a window stay in L1; within a channel it
 * takes whole planes. Windows are summed anew for each output: a running sum would carry the
 * rounding of large squares into small ones.
 */
#include <float.h>

#include "kernels/norm/norm.h"
#include "kernels/simd_math.h"

#define LRN_STRIPE        (16 * VF)
#define LRN_TASK_ELEMENTS 16384

typedef struct lrn_job {
    const sld_run *run;
    int64_t channels, height, width, plane; /* height and width within a channel only */
    int64_t stripes, stripe;                /* across: of a plane */
    int64_t planes, per_task;               /* within */
    int64_t row_floats;                     /* within: workspace of one thread */
    float step;                             /* alpha / n */
} lrn_job;

static bool lrn_by_roots(const sld_lrn_params *p)
{
    return p->beta == 0.75f || p->beta == 0.5f || p->beta == 1.0f;
}

/* x / (k + step sum)^beta */
static SLD_ALWAYS_INLINE vf lrn_value(const lrn_job *j, vf x, vf sum)
{
    const sld_lrn_params *p = j->run->params;
    vf base = vf_fma(sum, vf_set1(j->step), vf_set1(p->k));
    if (lrn_by_roots(p)) {
        vf power = base;
        if (p->beta != 1.0f) {
            power = vf_sqrt(base);
            power = p->beta == 0.75f ? vf_mul(power, vf_sqrt(power)) : power;
        }
        return vf_div(x, power);
    }
    vf power = vf_exp(vf_mul(vf_set1(p->beta), vf_log(base)));
    power = vf_select(vf_lt(base, vf_set1(INFINITY)), power, base); /* NaN stays NaN */
    return vf_div(x, power);
}

static SLD_ALWAYS_INLINE void lrn_store(const lrn_job *j, vf x, vf sum, float *y, vm live,
                                        const bool whole)
{
    vf_store_part(y, lrn_value(j, x, sum), live, whole);
}

/* The window is rows window[0]..window[1] of x, its output row window[2]. */
static SLD_ALWAYS_INLINE void lrn_vector(const lrn_job *j, const float *x, const int64_t window[3],
                                         float *y, vm live, const bool whole)
{
    vf sum = vf_zero();
    for (int64_t c = window[0]; c <= window[1]; c++) {
        vf v = vf_load_part(x + c * j->plane, live, whole);
        sum = vf_fma(v, v, sum);
    }
    vf v = vf_load_part(x + window[2] * j->plane, live, whole);
    lrn_store(j, v, sum, y + window[2] * j->plane, live, whole);
}

static void lrn_row(const lrn_job *j, const float *x, const int64_t window[3], float *y,
                    int64_t count)
{
    int64_t i = 0;
    for (; i + VF <= count; i += VF) {
        lrn_vector(j, x + i, window, y + i, vm_first(VF), true);
    }
    if (i < count) {
        lrn_vector(j, x + i, window, y + i, vm_first(count - i), false);
    }
}

static void lrn_across_task(void *user, size_t index, int thread)
{
    (void)thread;
    const lrn_job *j = user;
    const sld_lrn_params *p = j->run->params;
    const sld_tensor *in = &j->run->in[0];
    const sld_tensor *out = &j->run->out[0];
    int64_t image = (int64_t)index / j->stripes;
    int64_t start = (int64_t)index % j->stripes * j->stripe;
    int64_t count = j->plane - start < j->stripe ? j->plane - start : j->stripe;
    const float *x = (const float *)in->data + image * in->stride[0] + start;
    float *y = (float *)out->data + image * out->stride[0] + start;
    for (int64_t part = 0; part < count; part += LRN_STRIPE) {
        int64_t length = count - part < LRN_STRIPE ? count - part : LRN_STRIPE;
        for (int64_t c = 0; c < j->channels; c++) {
            int64_t first = c - (p->size - 1) / 2;
            int64_t last = c + p->size / 2;
            int64_t window[3] = {first > 0 ? first : 0, last < j->channels ? last : j->channels - 1,
                                 c};
            lrn_row(j, x + part, window, y + part, length);
        }
    }
}

/* sums[reach + i]: squares of column i over the rows of a window; zeros on both sides. */
static void lrn_columns(const lrn_job *j, const float *x, int64_t row, int64_t reach, float *sums)
{
    int64_t first = row - reach > 0 ? row - reach : 0;
    int64_t end = row + reach + 1 < j->height ? row + reach + 1 : j->height;
    for (int64_t i = 0; i < j->width; i += VF) {
        vm live = vm_first(j->width - i);
        vf sum = vf_zero();
        for (int64_t r = first; r < end; r++) {
            vf v = vf_load_m(x + r * j->width + i, live);
            sum = vf_fma(v, v, sum);
        }
        vf_store_m(sums + reach + i, sum, live);
    }
}

static SLD_ALWAYS_INLINE void lrn_across_columns(const lrn_job *j, const float *x,
                                                 const float *sums, float *y, vm live,
                                                 const bool whole)
{
    const sld_lrn_params *p = j->run->params;
    vf sum = vf_zero();
    for (int64_t k = 0; k < p->size; k++) {
        sum = vf_add(sum, vf_load_part(sums + k, live, whole));
    }
    lrn_store(j, vf_load_part(x, live, whole), sum, y, live, whole);
}

static void lrn_within_plane(const lrn_job *j, const float *x, float *y, float *sums)
{
    const sld_lrn_params *p = j->run->params;
    int64_t reach = p->size / 2;
    memset(sums, 0, (size_t)(j->width + 2 * reach) * sizeof *sums);
    for (int64_t row = 0; row < j->height; row++) {
        const float *from = x + row * j->width;
        float *to = y + row * j->width;
        lrn_columns(j, x, row, reach, sums);
        int64_t i = 0;
        for (; i + VF <= j->width; i += VF) {
            lrn_across_columns(j, from + i, sums + i, to + i, vm_first(VF), true);
        }
        if (i < j->width) {
            lrn_across_columns(j, from + i, sums + i, to + i, vm_first(j->width - i), false);
        }
    }
}

static void lrn_within_task(void *user, size_t index, int thread)
{
    const lrn_job *j = user;
    const sld_tensor *in = &j->run->in[0];
    const sld_tensor *out = &j->run->out[0];
    float *sums = (float *)j->run->workspace + thread * j->row_floats;
    int64_t end = ((int64_t)index + 1) * j->per_task;
    end = end < j->planes ? end : j->planes;
    for (int64_t plane = (int64_t)index * j->per_task; plane < end; plane++) {
        int64_t image = plane / j->channels;
        int64_t offset = plane % j->channels * j->plane;
        lrn_within_plane(j, (const float *)in->data + image * in->stride[0] + offset,
                         (float *)out->data + image * out->stride[0] + offset, sums);
    }
}

/* Any other power needs a logarithm: of something that is positive and not denormal. */
static bool lrn_supports(const sld_run *run)
{
    const sld_lrn_params *p = run->params;
    const sld_tensor *x = &run->in[0];
    const sld_tensor *y = &run->out[0];
    return x->dtype == SOLDER_F32 && y->dtype == SOLDER_F32 && x->rank >= (p->within ? 4 : 2) &&
           x->rank <= (p->within ? 4 : SOLDER_MAX_RANK) && sld_tensor_inner_contiguous(x) &&
           sld_tensor_inner_contiguous(y) &&
           (lrn_by_roots(p) || (p->k >= FLT_MIN && p->alpha >= 0.0f));
}

/* The sums of one row, in whole cache lines. */
static int64_t lrn_row_floats(const sld_run *run)
{
    const sld_lrn_params *p = run->params;
    const int64_t line = SLD_CACHE_LINE / (int64_t)sizeof(float);
    return (run->in[0].dim[3] + p->size + line - 1) / line * line;
}

static size_t lrn_workspace(const sld_run *run, int threads)
{
    const sld_lrn_params *p = run->params;
    return p->within ? (size_t)lrn_row_floats(run) * sizeof(float) * (size_t)threads : 0;
}

static solder_status lrn_run(const sld_run *run)
{
    const sld_lrn_params *p = run->params;
    const sld_tensor *x = &run->in[0];
    if (sld_tensor_count(x) == 0) {
        return SOLDER_OK;
    }
    lrn_job j = {.run = run, .channels = x->dim[1], .plane = 1};
    for (int i = 2; i < x->rank; i++) {
        j.plane *= x->dim[i];
    }
    if (p->within) {
        j.step = (float)((double)p->alpha / ((double)p->size * p->size));
        j.height = x->dim[2];
        j.width = x->dim[3];
        j.row_floats = lrn_row_floats(run);
        j.planes = x->dim[0] * j.channels;
        j.per_task = LRN_TASK_ELEMENTS / j.plane + 1;
        sld_pool_for(run->pool, (size_t)((j.planes + j.per_task - 1) / j.per_task), lrn_within_task,
                     &j);
        return SOLDER_OK;
    }
    j.step = (float)((double)p->alpha / (double)p->size);
    j.stripe = (LRN_TASK_ELEMENTS / j.channels + LRN_STRIPE) / LRN_STRIPE * LRN_STRIPE;
    j.stripes = (j.plane + j.stripe - 1) / j.stripe;
    sld_pool_for(run->pool, (size_t)(x->dim[0] * j.stripes), lrn_across_task, &j);
    return SOLDER_OK;
}
