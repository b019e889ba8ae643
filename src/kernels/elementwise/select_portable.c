/* SPDX-License-Identifier: Apache-2.0 */
/* Select by rows of contiguous output; each input steps along a row or repeats one element. */
#include "kernels/elementwise/elementwise.h"
#include "kernels/elementwise/rows.h"

#define TASK_ELEMENTS 16384

/* Order of the tensors everywhere: condition, a, b, out. */
typedef struct select_job {
    const sld_run *run;
    int rank; /* of the outer dimensions */
    int64_t dim[SOLDER_MAX_RANK], stride[4][SOLDER_MAX_RANK];
    int64_t length, step[4];
    int64_t rows, pieces, piece, per_task;
} select_job;

/* Whether dimension axis joins the row in all tensors: a step of 0 or 1, held throughout. */
static bool joins(const select_job *j, int64_t strides[4][SOLDER_MAX_RANK], int axis, bool started)
{
    for (int k = 0; k < 4; k++) {
        int64_t step = started ? j->step[k] : strides[k][axis];
        if ((step != 0 && step != 1) || strides[k][axis] != step * j->length) {
            return false;
        }
    }
    return true;
}

static void plan(const sld_run *run, select_job *j)
{
    const sld_tensor *out = &run->out[0];
    int64_t strides[4][SOLDER_MAX_RANK];
    for (int k = 0; k < 3; k++) {
        sld_broadcast_strides(&run->in[k], out, strides[k]);
    }
    memcpy(strides[3], out->stride, sizeof strides[3]);
    *j = (select_job){.run = run, .length = 1, .rows = 1, .step = {0, 0, 0, 1}};
    bool started = false;
    int last = out->rank - 1;
    for (; last >= 0 && (out->dim[last] == 1 || joins(j, strides, last, started)); last--) {
        for (int k = 0; out->dim[last] > 1 && !started && k < 4; k++) {
            j->step[k] = strides[k][last];
        }
        started = started || out->dim[last] > 1;
        j->length *= out->dim[last];
    }
    j->rank = last + 1;
    for (int i = 0; i < j->rank; i++) {
        j->dim[i] = out->dim[i];
        j->rows *= out->dim[i];
        for (int k = 0; k < 4; k++) {
            j->stride[k][i] = strides[k][i];
        }
    }
}

#define ROW(type)                                                                                  \
    {                                                                                              \
        const type *a = in[1];                                                                     \
        const type *b = in[2];                                                                     \
        type *to = out;                                                                            \
        for (int64_t i = 0; i < n; i++) {                                                          \
            const type x = a[i * sa];                                                              \
            const type y = b[i * sb];                                                              \
            to[i] = c[i * sc] != 0 ? x : y;                                                        \
        }                                                                                          \
        break;                                                                                     \
    }

static SLD_ALWAYS_INLINE void row(size_t size, const void *const in[3], int64_t sc, int64_t sa,
                                  int64_t sb, void *out, int64_t n)
{
    const uint8_t *c = in[0];
    switch (size) {
    case 1:
        ROW(uint8_t)
    case 2:
        ROW(uint16_t)
    case 4:
        ROW(uint32_t)
    default:
        ROW(uint64_t)
    }
}

static void run_row(const select_job *j, const void *const in[3], void *out, int64_t n)
{
    size_t size = solder_dtype_size(j->run->out[0].dtype);
    if (j->step[0] == 0) {
        const uint8_t *c = in[0];
        int side = *c != 0 ? 1 : 2;
        const void *const chosen[3] = {c, in[side], in[side]};
        row(size, chosen, 0, j->step[side], j->step[side], out, n);
    } else if (j->step[1] == 1 && j->step[2] == 1) {
        row(size, in, 1, 1, 1, out, n);
    } else if (j->step[1] == 1) {
        row(size, in, 1, 1, 0, out, n);
    } else if (j->step[2] == 1) {
        row(size, in, 1, 0, 1, out, n);
    } else {
        row(size, in, 1, 0, 0, out, n);
    }
}

static void run_task(void *user, size_t index, int thread)
{
    (void)thread;
    const select_job *j = user;
    const sld_run *run = j->run;
    const int64_t size = (int64_t)solder_dtype_size(run->out[0].dtype);
    int64_t end = ((int64_t)index + 1) * j->per_task;
    end = end < j->rows * j->pieces ? end : j->rows * j->pieces;
    for (int64_t unit = (int64_t)index * j->per_task; unit < end; unit++) {
        int64_t start = unit % j->pieces * j->piece;
        int64_t n = j->length - start < j->piece ? j->length - start : j->piece;
        int64_t rest = unit / j->pieces;
        int64_t offset[4];
        for (int k = 0; k < 4; k++) {
            offset[k] = start * j->step[k];
        }
        for (int i = j->rank - 1; i >= 0; i--) {
            for (int k = 0; k < 4; k++) {
                offset[k] += rest % j->dim[i] * j->stride[k][i];
            }
            rest /= j->dim[i];
        }
        const void *const in[3] = {(const char *)run->in[0].data + offset[0],
                                   (const char *)run->in[1].data + offset[1] * size,
                                   (const char *)run->in[2].data + offset[2] * size};
        run_row(j, in, (char *)run->out[0].data + offset[3] * size, n);
    }
}

static bool supports(const sld_run *run)
{
    size_t size = solder_dtype_size(run->out[0].dtype);
    return (size == 1 || size == 2 || size == 4 || size == 8) && sld_rows_suit(run);
}

static solder_status run_select(const sld_run *run)
{
    select_job j;
    if (sld_tensor_count(&run->out[0]) == 0) {
        return SOLDER_OK;
    }
    plan(run, &j);
    j.piece = j.length < TASK_ELEMENTS ? j.length : TASK_ELEMENTS;
    j.pieces = (j.length + j.piece - 1) / j.piece;
    j.per_task = TASK_ELEMENTS / j.piece;
    size_t tasks = (size_t)((j.rows * j.pieces + j.per_task - 1) / j.per_task);
    sld_pool_for(tasks > 1 ? run->pool : NULL, tasks, run_task, &j);
    return SOLDER_OK;
}

const sld_kernel sld_select_portable = {
    .name = "select_portable", .family = "select", .supports = supports, .run = run_select};
