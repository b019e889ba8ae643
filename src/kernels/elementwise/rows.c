/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/elementwise/rows.h"

#define TASK_ELEMENTS 16384

typedef struct row_job {
    const sld_run *run;
    sld_row row;
    int rank; /* of the outer dimensions */
    int64_t dim[SOLDER_MAX_RANK], stride[3][SOLDER_MAX_RANK];
    int64_t length, step[2];
    int64_t rows, per_task;
    int64_t pieces, piece;     /* a lone long row is cut */
    int64_t in_size, out_size; /* bytes of an element */
} row_job;

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
        const sld_run *run = job->run;
        job->row(run, (const char *)run->in[0].data + offset[0] * job->in_size, job->step[0],
                 (const char *)run->in[1].data + offset[1] * job->in_size, job->step[1],
                 (char *)run->out[0].data + offset[2] * job->out_size, n);
    }
}

bool sld_rows_suit(const sld_run *run)
{
    const sld_tensor *out = &run->out[0];
    return out->rank == 0 || out->dim[out->rank - 1] == 1 || out->stride[out->rank - 1] == 1;
}

solder_status sld_rows_run(const sld_run *run, sld_row row)
{
    row_job job = {.run = run,
                   .row = row,
                   .in_size = (int64_t)solder_dtype_size(run->in[0].dtype),
                   .out_size = (int64_t)solder_dtype_size(run->out[0].dtype)};
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
