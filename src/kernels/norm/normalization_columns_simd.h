/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Normalization whose statistics run over axes with others behind them (layer norm over the
 * channels of NCHW, instance norm of NHWC): x seen as [outer, length, inner], two vectors of
 * neighbouring columns at a time; included once per instruction set.
 */
#include <math.h>

#include "kernels/norm/norm.h"
#include "kernels/simd.h"

#define COLUMNS_TASK_ELEMENTS 16384
#define COLUMNS_BLOCK         64 /* rows added up before they join the total */
#define COLUMNS               (2 * VF)

/* Scale or bias: a value per row, or per column, or (both 0) one for all. */
typedef struct columns_factor {
    const float *data; /* NULL: absent */
    int64_t row_step, column_step;
} columns_factor;

typedef struct columns_job {
    const sld_normalization_params *p;
    const sld_tensor *x, *y;
    int64_t outer, image_outer; /* all, and of an index of dimension 0 */
    int64_t length, inner, blocks, per_task;
    columns_factor factor[2];
} columns_job;

/* The columns of one block, at most COLUMNS. */
typedef struct columns_block {
    const float *x;
    float *y;
    int64_t column;
    vm live[2];
} columns_block;

/* Per column the sum of x - from, or of its square. */
static SLD_ALWAYS_INLINE void columns_sum(const columns_job *j, const columns_block *b,
                                          const vf from[2], const bool square, const bool whole,
                                          vf total[2])
{
    total[0] = vf_zero();
    total[1] = vf_zero();
    for (int64_t start = 0; start < j->length; start += COLUMNS_BLOCK) {
        int64_t left = j->length - start;
        int64_t rows = left < COLUMNS_BLOCK ? left : COLUMNS_BLOCK;
        const float *x = b->x + start * j->inner;
        vf sum[2] = {vf_zero(), vf_zero()};
        for (int64_t r = 0; r < rows; r++, x += j->inner) {
            SLD_UNROLL
            for (int k = 0; k < 2; k++) {
                vf v = vf_sub(vf_load_part(x + k * VF, b->live[k], whole), from[k]);
                sum[k] = square ? vf_fma(v, v, sum[k]) : vf_add(v, sum[k]);
            }
        }
        total[0] = vf_add(total[0], sum[0]);
        total[1] = vf_add(total[1], sum[1]);
    }
}

static SLD_ALWAYS_INLINE void columns_statistics(const columns_job *j, const columns_block *b,
                                                 const bool whole, vf mean[2], vf inverse[2])
{
    const vf count = vf_set1((float)j->length);
    const vf epsilon = vf_set1(j->p->epsilon);
    vf sum[2];
    for (int k = 0; k < 2; k++) {
        inverse[k] = vf_set1(1.0f);
        mean[k] = j->p->subtract_mean ? vf_load_part(b->x + k * VF, b->live[k], whole) : vf_zero();
    }
    if (j->p->subtract_mean) { /* around the first row: little is lost far from 0 */
        columns_sum(j, b, mean, false, whole, sum);
        mean[0] = vf_add(mean[0], vf_div(sum[0], count));
        mean[1] = vf_add(mean[1], vf_div(sum[1], count));
    }
    if (j->p->normalize_variance) {
        columns_sum(j, b, mean, true, whole, sum);
        for (int k = 0; k < 2; k++) {
            vf square = vf_div(sum[k], count);
            vf divisor = j->p->epsilon_outside ? vf_add(vf_sqrt(square), epsilon)
                                               : vf_sqrt(vf_add(square, epsilon));
            inverse[k] = vf_div(vf_set1(1.0f), divisor);
        }
    }
}

static SLD_ALWAYS_INLINE vf columns_value(const columns_factor *f, const columns_block *b,
                                          int64_t row, int k, const bool whole)
{
    const float *at = f->data + row * f->row_step;
    return f->column_step != 0 ? vf_load_part(at + b->column + k * VF, b->live[k], whole)
                               : vf_set1(*at);
}

static SLD_ALWAYS_INLINE void columns_run_block(const columns_job *j, const columns_block *b,
                                                const bool whole)
{
    vf mean[2];
    vf inverse[2];
    columns_statistics(j, b, whole, mean, inverse);
    const float *x = b->x;
    float *y = b->y;
    for (int64_t r = 0; r < j->length; r++, x += j->inner, y += j->inner) {
        SLD_UNROLL
        for (int k = 0; k < 2; k++) {
            vf v = vf_sub(vf_load_part(x + k * VF, b->live[k], whole), mean[k]);
            v = vf_mul(v, inverse[k]);
            if (j->factor[0].data != NULL) {
                v = vf_mul(v, columns_value(&j->factor[0], b, r, k, whole));
            }
            if (j->factor[1].data != NULL) {
                v = vf_add(v, columns_value(&j->factor[1], b, r, k, whole));
            }
            vf_store_part(y + k * VF, v, b->live[k], whole);
        }
    }
}

static void columns_task(void *user, size_t index, int thread)
{
    (void)thread;
    const columns_job *j = user;
    int64_t end = ((int64_t)index + 1) * j->per_task;
    end = end < j->outer * j->blocks ? end : j->outer * j->blocks;
    for (int64_t unit = (int64_t)index * j->per_task; unit < end; unit++) {
        int64_t outer = unit / j->blocks;
        int64_t column = unit % j->blocks * COLUMNS;
        int64_t count = j->inner - column;
        int64_t image = outer / j->image_outer;
        int64_t offset = outer % j->image_outer * j->length * j->inner + column;
        columns_block b = {.x = (const float *)j->x->data + image * j->x->stride[0] + offset,
                           .y = (float *)j->y->data + image * j->y->stride[0] + offset,
                           .column = column,
                           .live = {vm_first(count), vm_first(count - VF)}};
        if (count >= COLUMNS) {
            columns_run_block(j, &b, true);
        } else {
            columns_run_block(j, &b, false);
        }
    }
}

/* Steps of a dense factor through axes [first, end): 0 throughout, or contiguous. */
static bool columns_step(const sld_tensor *x, const int64_t *strides, int first, int end,
                         int64_t *step)
{
    int64_t values = 1;
    bool repeats = true;
    bool dense = true;
    for (int i = end - 1; i >= first; i--) {
        repeats = repeats && (x->dim[i] == 1 || strides[i] == 0);
        dense = dense && (x->dim[i] == 1 || strides[i] == values);
        values *= x->dim[i];
    }
    *step = repeats ? 0 : 1;
    return repeats || dense;
}

static bool columns_factor_of(columns_job *j, const sld_run *run, uint32_t input, int first,
                              int end)
{
    columns_factor *f = &j->factor[input - 1];
    if (input >= run->in_count || !sld_tensor_present(&run->in[input])) {
        return true;
    }
    const sld_tensor *t = &run->in[input];
    int64_t strides[SOLDER_MAX_RANK] = {0};
    int64_t before;
    if (j->p->channel_affine) {
        strides[1] = t->stride[0];
    } else {
        sld_broadcast_strides(t, j->y, strides);
    }
    f->data = t->data;
    return t->dtype == SOLDER_F32 && columns_step(j->x, strides, 0, first, &before) &&
           before == 0 && columns_step(j->x, strides, first, end, &f->row_step) &&
           columns_step(j->x, strides, end, j->x->rank, &f->column_step) &&
           (f->row_step == 0 || f->column_step == 0);
}

/* False if this is not for columns. */
static bool columns_plan(columns_job *j, const sld_run *run)
{
    const sld_normalization_params *p = run->params;
    const sld_tensor *x = &run->in[0];
    int first = 0;
    *j = (columns_job){.p = p, .x = x, .y = &run->out[0], .outer = 1, .length = 1, .inner = 1};
    while (first < x->rank && (p->axes >> first & 1u) == 0) {
        first++;
    }
    int end = first;
    while (end < x->rank && (p->axes >> end & 1u) != 0) {
        end++;
    }
    if (p->groups > 1 || end == first || end == x->rank || p->axes >> end != 0 ||
        x->dtype != SOLDER_F32 || j->y->dtype != SOLDER_F32) {
        return false;
    }
    for (int i = 0; i < 2; i++) {
        const sld_tensor *t = i == 0 ? x : j->y;
        if (!(first == 0 ? sld_tensor_contiguous(t) : sld_tensor_inner_contiguous(t))) {
            return false;
        }
    }
    for (int i = 0; i < x->rank; i++) {
        *(i < first ? &j->outer : i < end ? &j->length : &j->inner) *= x->dim[i];
    }
    j->image_outer = first == 0 || x->dim[0] == 0 ? 1 : j->outer / x->dim[0];
    return columns_factor_of(j, run, 1, first, end) && columns_factor_of(j, run, 2, first, end);
}

static bool columns_supports(const sld_run *run)
{
    columns_job j;
    return columns_plan(&j, run);
}

static solder_status columns_run(const sld_run *run)
{
    columns_job j;
    if (!columns_plan(&j, run) || j.outer * j.length * j.inner == 0) {
        return SOLDER_OK;
    }
    j.blocks = (j.inner + COLUMNS - 1) / COLUMNS;
    j.per_task = COLUMNS_TASK_ELEMENTS / (j.length * COLUMNS) + 1;
    size_t tasks = (size_t)((j.outer * j.blocks + j.per_task - 1) / j.per_task);
    sld_pool_for(tasks > 1 ? run->pool : NULL, tasks, columns_task, &j);
    return SOLDER_OK;
}
