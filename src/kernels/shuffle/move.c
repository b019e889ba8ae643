/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/shuffle/move.h"

/* Bytes that make a task worth handing to another thread. */
#define TASK_BYTES    131072
#define TILE          32
#define REGISTER_TILE 8

/* One unit: the innermost dimensions below a position of the outer ones. */
typedef struct move_job move_job;
typedef void (*unit_function)(const move_job *job, const char *from, char *to, int64_t block);

struct move_job {
    sld_move m;     /* simplified */
    int outer;      /* leading dimensions that units walk over */
    int64_t blocks; /* units per outer position: pieces of dimension `outer` */
    int64_t units;  /* blocks times the outer positions */
    int64_t per_task;
    unit_function unit;
};

/* Drops dimensions of size 1 and joins neighbours that are one run in both. False if empty. */
static bool simplify(const sld_move *in, sld_move *out)
{
    *out = (sld_move){.from = in->from, .to = in->to, .size = in->size};
    for (int i = 0; i < in->rank; i++) {
        if (in->dim[i] <= 0) {
            return false;
        }
        if (in->dim[i] == 1) {
            continue;
        }
        int last = out->rank - 1;
        if (last >= 0 && out->from_stride[last] == in->from_stride[i] * in->dim[i] &&
            out->to_stride[last] == in->to_stride[i] * in->dim[i]) {
            out->dim[last] *= in->dim[i];
        } else {
            last = out->rank++;
            out->dim[last] = in->dim[i];
        }
        out->from_stride[last] = in->from_stride[i];
        out->to_stride[last] = in->to_stride[i];
    }
    return true;
}

/* Makes a short innermost run one element: pairs of floats move as words of 8 bytes. */
static void widen(sld_move *m)
{
    const int last = m->rank - 1;
    if (last < 1 || m->from_stride[last] != 1 || m->to_stride[last] != 1 ||
        m->dim[last] > 8 / (int64_t)m->size) {
        return;
    }
    const int64_t run = m->dim[last];
    if (run * (int64_t)m->size != 2 && run * (int64_t)m->size != 4 && run * (int64_t)m->size != 8) {
        return;
    }
    for (int i = 0; i < last; i++) {
        if (m->from_stride[i] % run != 0 || m->to_stride[i] % run != 0) {
            return;
        }
    }
    for (int i = 0; i < last; i++) {
        m->from_stride[i] /= run;
        m->to_stride[i] /= run;
    }
    m->size *= (size_t)run;
    m->rank = last;
}

static void swap_dims(sld_move *m, int a, int b)
{
    int64_t *const rows[] = {m->dim, m->from_stride, m->to_stride};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(rows); i++) {
        int64_t kept = rows[i][a];
        rows[i][a] = rows[i][b];
        rows[i][b] = kept;
    }
}

/* ---- units ---- */

static void unit_element(const move_job *job, const char *from, char *to, int64_t block)
{
    (void)block;
    memcpy(to, from, job->m.size);
}

/* A contiguous run, cut into blocks of TASK_BYTES. */
static void unit_run(const move_job *job, const char *from, char *to, int64_t block)
{
    int64_t total = job->m.dim[job->outer] * (int64_t)job->m.size;
    int64_t start = block * TASK_BYTES;
    int64_t bytes = job->blocks == 1 || start + TASK_BYTES > total ? total - start : TASK_BYTES;
    memcpy(to + start, from + start, (size_t)bytes);
}

static SLD_ALWAYS_INLINE void strided_row(const move_job *job, const char *from, char *to,
                                          size_t size)
{
    int64_t count = job->m.dim[job->outer];
    int64_t from_step = job->m.from_stride[job->outer] * (int64_t)size;
    int64_t to_step = job->m.to_stride[job->outer] * (int64_t)size;
    for (int64_t i = 0; i < count; i++) {
        memcpy(to + i * to_step, from + i * from_step, size);
    }
}

static void unit_row(const move_job *job, const char *from, char *to, int64_t block)
{
    (void)block;
    switch (job->m.size) {
    case 1:
        strided_row(job, from, to, 1);
        break;
    case 2:
        strided_row(job, from, to, 2);
        break;
    case 4:
        strided_row(job, from, to, 4);
        break;
    default:
        strided_row(job, from, to, 8);
        break;
    }
}

/* 8 x 8 through registers: rows of from are columns of to. */
static SLD_ALWAYS_INLINE void small_tile(const char *from, int64_t from_row, char *to,
                                         int64_t to_row, size_t size)
{
    char in[REGISTER_TILE * REGISTER_TILE * 8];
    char out[REGISTER_TILE * REGISTER_TILE * 8];
    for (int r = 0; r < REGISTER_TILE; r++) {
        memcpy(in + (size_t)r * REGISTER_TILE * size, from + r * from_row, REGISTER_TILE * size);
    }
    for (size_t c = 0; c < REGISTER_TILE; c++) {
        for (size_t r = 0; r < REGISTER_TILE; r++) {
            memcpy(out + (c * REGISTER_TILE + r) * size, in + (r * REGISTER_TILE + c) * size, size);
        }
    }
    for (int c = 0; c < REGISTER_TILE; c++) {
        memcpy(to + c * to_row, out + (size_t)c * REGISTER_TILE * size, REGISTER_TILE * size);
    }
}

/*
 * Dimension outer is contiguous in from, outer + 1 in to. One block is TILE entries of dimension
 * outer by all of the other.
 */
static SLD_ALWAYS_INLINE void tiles(const move_job *job, const char *from, char *to, int64_t block,
                                    size_t size)
{
    const int64_t width = (int64_t)size;
    int64_t from_row = job->m.from_stride[job->outer + 1] * width;
    int64_t to_row = job->m.to_stride[job->outer] * width;
    int64_t rows = job->m.dim[job->outer + 1];
    int64_t first = block * TILE;
    int64_t last = first + TILE < job->m.dim[job->outer] ? first + TILE : job->m.dim[job->outer];
    int64_t r = 0;
    for (; r + REGISTER_TILE <= rows; r += REGISTER_TILE) {
        int64_t c = first;
        for (; c + REGISTER_TILE <= last; c += REGISTER_TILE) {
            small_tile(from + r * from_row + c * width, from_row, to + c * to_row + r * width,
                       to_row, size);
        }
        for (; c < last; c++) {
            for (int64_t k = r; k < r + REGISTER_TILE; k++) {
                memcpy(to + c * to_row + k * width, from + k * from_row + c * width, size);
            }
        }
    }
    for (; r < rows; r++) {
        for (int64_t c = first; c < last; c++) {
            memcpy(to + c * to_row + r * width, from + r * from_row + c * width, size);
        }
    }
}

static void unit_tiles(const move_job *job, const char *from, char *to, int64_t block)
{
    switch (job->m.size) {
    case 1:
        tiles(job, from, to, block, 1);
        break;
    case 2:
        tiles(job, from, to, block, 2);
        break;
    case 4:
        tiles(job, from, to, block, 4);
        break;
    default:
        tiles(job, from, to, block, 8);
        break;
    }
}

/* ---- planning and running ---- */

/* Chooses the unit and how many there are. */
static void plan(move_job *job)
{
    sld_move *m = &job->m;
    int last = m->rank - 1;
    job->blocks = 1;
    job->outer = last;
    if (m->rank == 0) {
        job->outer = 0;
        job->unit = unit_element;
        return;
    }
    if (m->from_stride[last] == 1 && m->to_stride[last] == 1) {
        job->unit = unit_run;
        if (m->rank == 1) {
            job->blocks = (m->dim[0] * (int64_t)m->size + TASK_BYTES - 1) / TASK_BYTES;
        }
        return;
    }
    job->unit = unit_row;
    for (int i = 0; i < last && m->to_stride[last] == 1; i++) {
        if (m->from_stride[i] == 1) {
            for (int j = i; j < last - 1; j++) { /* to the place before the last */
                swap_dims(m, j, j + 1);
            }
            job->outer = last - 1;
            job->blocks = (m->dim[job->outer] + TILE - 1) / TILE;
            job->unit = unit_tiles;
            return;
        }
    }
}

static void run_task(void *user, size_t index, int thread)
{
    (void)thread;
    const move_job *job = user;
    const sld_move *m = &job->m;
    int64_t first = (int64_t)index * job->per_task;
    int64_t end = first + job->per_task < job->units ? first + job->per_task : job->units;
    int64_t block = first % job->blocks;
    int64_t position[SLD_MOVE_MAX_RANK];
    int64_t rest = first / job->blocks;
    int64_t from = 0;
    int64_t to = 0;
    for (int i = job->outer - 1; i >= 0; i--) {
        position[i] = rest % m->dim[i];
        rest /= m->dim[i];
        from += position[i] * m->from_stride[i];
        to += position[i] * m->to_stride[i];
    }
    for (int64_t unit = first; unit < end; unit++) {
        job->unit(job, m->from + from * (int64_t)m->size, m->to + to * (int64_t)m->size, block);
        if (++block < job->blocks) {
            continue;
        }
        block = 0;
        for (int i = job->outer - 1; i >= 0; i--) {
            from += m->from_stride[i];
            to += m->to_stride[i];
            if (++position[i] < m->dim[i]) {
                break;
            }
            position[i] = 0;
            from -= m->dim[i] * m->from_stride[i];
            to -= m->dim[i] * m->to_stride[i];
        }
    }
}

void sld_move_run(const sld_move *move, sld_pool *pool)
{
    move_job job;
    if (!simplify(move, &job.m)) {
        return;
    }
    widen(&job.m);
    plan(&job);
    job.units = job.blocks;
    int64_t bytes = (int64_t)job.m.size;
    for (int i = 0; i < job.m.rank; i++) {
        bytes *= job.m.dim[i];
        job.units *= i < job.outer ? job.m.dim[i] : 1;
    }
    int64_t tasks = bytes / TASK_BYTES + 1;
    tasks = tasks < job.units ? tasks : job.units;
    job.per_task = (job.units + tasks - 1) / tasks;
    tasks = (job.units + job.per_task - 1) / job.per_task;
    sld_pool_for(tasks > 1 ? pool : NULL, (size_t)tasks, run_task, &job);
}

sld_move sld_move_make(const sld_tensor *from, const sld_tensor *to)
{
    sld_move m = {.from = from->data,
                  .to = to->data,
                  .size = solder_dtype_size(from->dtype),
                  .rank = from->rank};
    for (int i = 0; i < from->rank; i++) {
        m.dim[i] = from->dim[i];
        m.from_stride[i] = from->stride[i];
        m.to_stride[i] = to->stride[i];
    }
    return m;
}
