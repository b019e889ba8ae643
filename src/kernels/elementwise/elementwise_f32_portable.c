/* SPDX-License-Identifier: Apache-2.0 */
/*
 * float32 arithmetic on rows the compiler can vectorise: equal shapes, a scalar, or one value per
 * channel against whole rows. The result equals the reference's: one operation, one rounding.
 */
#include "kernels/elementwise/elementwise.h"

#define TASK_ELEMENTS 16384

/* Rows of contiguous output; a step of 0 repeats one element of that input along the row. */
typedef struct row_job {
    const sld_run *run;
    int kind;
    int rank; /* of the outer dimensions */
    int64_t dim[SOLDER_MAX_RANK], stride[3][SOLDER_MAX_RANK];
    int64_t length, step[2];
    int64_t rows, per_task;
    int64_t pieces, piece; /* a lone long row is cut */
} row_job;

static bool supported_kind(int kind)
{
    return kind == SLD_BINARY_SUM || kind == SLD_BINARY_SUB || kind == SLD_BINARY_PROD ||
           kind == SLD_BINARY_DIV || kind == SLD_BINARY_MAX || kind == SLD_BINARY_MIN;
}

/* Joins trailing dimensions while all three tensors step through them evenly. */
static void plan(const sld_run *run, row_job *job)
{
    const sld_tensor *out = &run->out[0];
    int64_t stride[3][SOLDER_MAX_RANK];
    sld_broadcast_strides(&run->in[0], out, stride[0]);
    sld_broadcast_strides(&run->in[1], out, stride[1]);
    memcpy(stride[2], out->stride, sizeof stride[2]);
    int last = out->rank - 1;
    job->length = 1;
    bool started = false;
    for (; last >= 0; last--) {
        if (out->dim[last] == 1) {
            continue;
        }
        bool joins = stride[2][last] == job->length;
        for (int i = 0; i < 2; i++) {
            int64_t step = started ? job->step[i] : stride[i][last];
            joins = joins && (step == 0 || step == 1) && stride[i][last] == step * job->length;
        }
        if (!joins) {
            break;
        }
        job->step[0] = started ? job->step[0] : stride[0][last];
        job->step[1] = started ? job->step[1] : stride[1][last];
        job->length *= out->dim[last];
        started = true;
    }
    job->rank = last + 1;
    job->rows = 1;
    for (int i = 0; i < job->rank; i++) {
        job->dim[i] = out->dim[i];
        job->rows *= out->dim[i];
        for (int k = 0; k < 3; k++) {
            job->stride[k][i] = stride[k][i];
        }
    }
}

static bool supports(const sld_run *run)
{
    const sld_elementwise_params *p = run->params;
    const sld_tensor *out = &run->out[0];
    if (!supported_kind(p->kind) ||
        (p->epilogue.act != SLD_ACT_NONE && p->epilogue.act != SLD_ACT_RELU) ||
        run->in[0].dtype != SOLDER_F32 || run->in[1].dtype != SOLDER_F32) {
        return false;
    }
    return out->rank == 0 || out->dim[out->rank - 1] == 1 || out->stride[out->rank - 1] == 1;
}

#define ROW(expression)                                                                            \
    for (int64_t i = 0; i < n; i++) {                                                              \
        const float x = a[i * sa];                                                                 \
        const float y = b[i * sb];                                                                 \
        to[i] = (expression);                                                                      \
    }                                                                                              \
    break

static SLD_ALWAYS_INLINE void row(int kind, const float *a, int64_t sa, const float *b, int64_t sb,
                                  float *to, int64_t n)
{
    switch (kind) {
    case SLD_BINARY_SUM:
        ROW(x + y);
    case SLD_BINARY_SUB:
        ROW(x - y);
    case SLD_BINARY_PROD:
        ROW(x * y);
    case SLD_BINARY_DIV:
        ROW(x / y);
    case SLD_BINARY_MAX:
        ROW(x != x || x > y ? x : y);
    default:
        ROW(x != x || x < y ? x : y);
    }
}

static void run_row(const row_job *job, const float *a, const float *b, float *to, int64_t n)
{
    const sld_elementwise_params *p = job->run->params;
    if (job->step[0] == 1 && job->step[1] == 1) {
        row(job->kind, a, 1, b, 1, to, n);
    } else if (job->step[0] == 1 && job->step[1] == 0) {
        const float y = *b; /* a copy that to cannot overlap */
        row(job->kind, a, 1, &y, 0, to, n);
    } else {
        row(job->kind, a, job->step[0], b, job->step[1], to, n);
    }
    for (int64_t i = 0; p->epilogue.act == SLD_ACT_RELU && i < n; i++) {
        to[i] = to[i] < 0 ? 0 : to[i];
    }
}

static void run_task(void *user, size_t index, int thread)
{
    (void)thread;
    const row_job *job = user;
    int64_t end = ((int64_t)index + 1) * job->per_task;
    end = end < job->rows * job->pieces ? end : job->rows * job->pieces;
    for (int64_t unit = (int64_t)index * job->per_task; unit < end; unit++) {
        int64_t start = unit % job->pieces * job->piece;
        int64_t n = job->length - start < job->piece ? job->length - start : job->piece;
        int64_t rest = unit / job->pieces;
        int64_t offset[3] = {start * job->step[0], start * job->step[1], start};
        for (int i = job->rank - 1; i >= 0; i--) {
            for (int k = 0; k < 3; k++) {
                offset[k] += rest % job->dim[i] * job->stride[k][i];
            }
            rest /= job->dim[i];
        }
        run_row(job, (const float *)job->run->in[0].data + offset[0],
                (const float *)job->run->in[1].data + offset[1],
                (float *)job->run->out[0].data + offset[2], n);
    }
}

static solder_status run_rows(const sld_run *run)
{
    const sld_elementwise_params *p = run->params;
    row_job job = {.run = run, .kind = p->kind};
    if (sld_tensor_count(&run->out[0]) == 0) {
        return SOLDER_OK;
    }
    plan(run, &job);
    job.piece = job.length < TASK_ELEMENTS ? job.length : TASK_ELEMENTS;
    job.pieces = (job.length + job.piece - 1) / job.piece;
    job.per_task = TASK_ELEMENTS / job.piece;
    size_t tasks = (size_t)((job.rows * job.pieces + job.per_task - 1) / job.per_task);
    sld_pool_for(tasks > 1 ? run->pool : NULL, tasks, run_task, &job);
    return SOLDER_OK;
}

const sld_kernel sld_elementwise_f32_portable = {.name = "elementwise_f32_portable",
                                                 .family = "elementwise",
                                                 .supports = supports,
                                                 .run = run_rows};
