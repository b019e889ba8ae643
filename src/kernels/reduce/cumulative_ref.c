/* SPDX-License-Identifier: Apache-2.0 */
/* Cumulative sums and products along one axis: each lane on its own, floats in double. */
#include "kernels/reduce/reduce.h"

/* Elements worth a task. */
#define TASK_ELEMENTS 16384

typedef struct job {
    const sld_run *run;
    int64_t lanes, per_task;
} job;

static void lane_f64(const sld_run *run, int64_t from, int64_t to)
{
    const sld_cumulative_params *p = run->params;
    const sld_tensor *x = &run->in[0];
    const sld_tensor *y = &run->out[0];
    int64_t count = x->dim[p->axis], first = p->reverse != 0 ? count - 1 : 0;
    int64_t step = p->reverse != 0 ? -1 : 1;
    double total = p->product != 0 ? 1 : 0;
    for (int64_t i = 0, k = first; i < count; i++, k += step) {
        double value = sld_at_f64(x, from + k * x->stride[p->axis]);
        double next = p->product != 0 ? total * value : total + value;
        sld_put_f64(y, to + k * y->stride[p->axis], p->exclusive != 0 ? total : next);
        total = next;
    }
}

/* Wraps as the type does. */
static void lane_i64(const sld_run *run, int64_t from, int64_t to)
{
    const sld_cumulative_params *p = run->params;
    const sld_tensor *x = &run->in[0];
    const sld_tensor *y = &run->out[0];
    int64_t count = x->dim[p->axis], first = p->reverse != 0 ? count - 1 : 0;
    int64_t step = p->reverse != 0 ? -1 : 1;
    uint64_t total = p->product != 0 ? 1 : 0;
    for (int64_t i = 0, k = first; i < count; i++, k += step) {
        uint64_t value = (uint64_t)sld_at_i64(x, from + k * x->stride[p->axis]);
        uint64_t next = p->product != 0 ? total * value : total + value;
        sld_put_i64(y, to + k * y->stride[p->axis], (int64_t)(p->exclusive != 0 ? total : next));
        total = next;
    }
}

static void run_lanes(void *user, size_t task, int thread)
{
    (void)thread;
    const job *j = user;
    const sld_cumulative_params *p = j->run->params;
    const sld_tensor *x = &j->run->in[0];
    const sld_tensor *y = &j->run->out[0];
    int64_t first = (int64_t)task * j->per_task;
    int64_t end = first + j->per_task < j->lanes ? first + j->per_task : j->lanes;
    for (int64_t lane = first; lane < end; lane++) {
        int64_t from = 0, to = 0, n = lane;
        for (int i = x->rank - 1; i >= 0; i--) {
            if (i != p->axis) {
                from += n % x->dim[i] * x->stride[i];
                to += n % x->dim[i] * y->stride[i];
                n /= x->dim[i];
            }
        }
        if (sld_dtype_is_float(x->dtype)) {
            lane_f64(j->run, from, to);
        } else {
            lane_i64(j->run, from, to);
        }
    }
}

static solder_status run_cumulative(const sld_run *run)
{
    const sld_cumulative_params *p = run->params;
    const sld_tensor *x = &run->in[0];
    int64_t count = sld_tensor_count(x);
    if (count == 0) {
        return SOLDER_OK;
    }
    int64_t length = x->dim[p->axis];
    job j = {.run = run, .lanes = count / length};
    j.per_task = length >= TASK_ELEMENTS ? 1 : TASK_ELEMENTS / length;
    size_t tasks = (size_t)((j.lanes + j.per_task - 1) / j.per_task);
    sld_pool_for(tasks > 1 ? run->pool : NULL, tasks, run_lanes, &j);
    return SOLDER_OK;
}

const sld_kernel sld_cumulative_ref = {
    .name = "cumulative_ref", .family = "cumulative", .run = run_cumulative};
