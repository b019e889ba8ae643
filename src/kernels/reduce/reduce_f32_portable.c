/* SPDX-License-Identifier: Apache-2.0 */
/* Sum and mean of float32 over the last axes: one contiguous row per output, in double lanes. */
#include "kernels/reduce/reduce.h"

#define LANES         8
#define TASK_ELEMENTS 32768

typedef struct row_job {
    const sld_run *run;
    int64_t rows, length, per_task;
    double factor;
} row_job;

/* The reduced axes are the last ones. */
static bool trailing(uint32_t axes, int rank, int *first)
{
    *first = rank;
    while (*first > 0 && (axes & (1u << (*first - 1))) != 0) {
        (*first)--;
    }
    return axes != 0 && (axes & ((1u << *first) - 1)) == 0;
}

static bool supports(const sld_run *run)
{
    const sld_reduce_params *p = run->params;
    int first;
    return (p->kind == SLD_REDUCE_SUM || p->kind == SLD_REDUCE_MEAN) &&
           run->in[0].dtype == SOLDER_F32 && trailing(p->axes, run->in[0].rank, &first) &&
           sld_tensor_contiguous(&run->in[0]) && sld_tensor_contiguous(&run->out[0]);
}

static double sum_row(const float *x, int64_t length)
{
    double lane[LANES] = {0};
    double sum = 0;
    int64_t i = 0;
    for (; i + LANES <= length; i += LANES) {
        for (int k = 0; k < LANES; k++) {
            lane[k] += (double)x[i + k];
        }
    }
    for (; i < length; i++) {
        sum += (double)x[i];
    }
    for (int k = 0; k < LANES; k++) {
        sum += lane[k];
    }
    return sum;
}

static void run_task(void *user, size_t index, int thread)
{
    (void)thread;
    const row_job *job = user;
    const float *x = job->run->in[0].data;
    float *y = job->run->out[0].data;
    int64_t end = ((int64_t)index + 1) * job->per_task;
    end = end < job->rows ? end : job->rows;
    for (int64_t row = (int64_t)index * job->per_task; row < end; row++) {
        y[row] = (float)(sum_row(x + row * job->length, job->length) * job->factor);
    }
}

static solder_status run_rows(const sld_run *run)
{
    const sld_reduce_params *p = run->params;
    const sld_tensor *in = &run->in[0];
    int first;
    (void)trailing(p->axes, in->rank, &first);
    row_job job = {.run = run, .rows = 1, .length = 1, .factor = (double)p->scale};
    for (int i = 0; i < in->rank; i++) {
        *(i < first ? &job.rows : &job.length) *= in->dim[i];
    }
    if (job.rows == 0) {
        return SOLDER_OK;
    }
    if (p->kind == SLD_REDUCE_MEAN) {
        job.factor /= (double)job.length; /* of none: 0 times infinity is NaN */
    }
    job.per_task = job.length < TASK_ELEMENTS ? TASK_ELEMENTS / (job.length + 1) + 1 : 1;
    size_t tasks = (size_t)((job.rows + job.per_task - 1) / job.per_task);
    sld_pool_for(tasks > 1 ? run->pool : NULL, tasks, run_task, &job);
    return SOLDER_OK;
}

const sld_kernel sld_reduce_f32_portable = {
    .name = "reduce_f32_portable", .family = "reduce", .supports = supports, .run = run_rows};
