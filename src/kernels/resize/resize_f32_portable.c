/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resize of float32 along the two last axes, from tables of indices and weights. Interpolation
 * runs along rows first; the rows that an output row mixes stay at hand for the next one. (An
 * infinity beside a weight of 0 gives NaN here, the reference leaves it out.)
 */
#include "kernels/resize/resize_geometry.h"

#define MAX_TAPS      4
#define TASK_ELEMENTS 16384

typedef struct resize_job {
    const sld_resize_params *p;
    const sld_tensor *x, *y;
    sld_resize_axis axes[SOLDER_MAX_RANK];
    int64_t planes, image_planes; /* all, and of an index of dimension 0 */
    int64_t in_height, in_width, height, width;
    int64_t in_row, row;   /* strides */
    int64_t chunks, chunk; /* rows of a plane done together */
    int64_t units, per_task;
    int taps;                /* 1 to copy */
    bool doubles;            /* copies every element of a row twice */
    int32_t *columns, *rows; /* source of tap k of output i: [k * extent + i] */
    float *column_weights, *row_weights;
    float *lines; /* MAX_TAPS rows for each thread */
    int64_t line; /* floats of one */
} resize_job;

/* One plane of both tensors, and the lines that hold resized input rows. */
typedef struct resize_plane {
    const float *x;
    float *y, *lines;
    int64_t held[MAX_TAPS]; /* input row in each line, -1: none */
} resize_plane;

/* ---- tables ---- */

static void fill_table(const resize_job *j, int axis, int32_t *source, float *weights)
{
    const sld_resize_axis *a = &j->axes[axis];
    int64_t extent = j->y->dim[axis];
    for (int64_t o = 0; o < extent; o++) {
        if (!a->resized) {
            for (int k = 0; k < j->taps; k++) {
                source[k * extent + o] = (int32_t)o;
                weights[k * extent + o] = k == 0 ? 1.0f : 0.0f;
            }
        } else if (j->taps == 1) {
            source[o] = (int32_t)sld_resize_nearest(j->p, a, o);
        } else {
            sld_resize_taps t = sld_resize_find_taps(j->p, a, o);
            for (int k = 0; k < j->taps; k++) {
                bool counts = t.first + k <= t.last;
                int64_t i = counts ? t.first + k : t.last;
                source[k * extent + o] = (int32_t)sld_resize_clamp(a, i);
                weights[k * extent + o] = counts ? (float)sld_resize_weight(j->p, a, &t, i) : 0.0f;
            }
        }
    }
}

static void fill_tables(resize_job *j)
{
    int last = j->x->rank - 1;
    fill_table(j, last - 1, j->rows, j->row_weights);
    fill_table(j, last, j->columns, j->column_weights);
    j->doubles = j->taps == 1 && j->width % 2 == 0;
    for (int64_t o = 0; o < j->width && j->doubles; o++) {
        j->doubles = j->columns[o] == o / 2;
    }
}

/* ---- copying ---- */

static void copy_row(const resize_job *j, const float *x, float *y)
{
    if (!j->axes[j->x->rank - 1].resized) {
        memcpy(y, x, (size_t)j->width * sizeof *y);
    } else if (j->doubles) {
        for (int64_t i = 0; i < j->width / 2; i++) {
            y[2 * i] = x[i];
            y[2 * i + 1] = x[i];
        }
    } else {
        const int32_t *source = j->columns;
        for (int64_t i = 0; i < j->width; i++) {
            y[i] = x[source[i]];
        }
    }
}

static void copy_rows(const resize_job *j, const resize_plane *plane, int64_t first, int64_t end)
{
    for (int64_t o = first; o < end; o++) {
        float *y = plane->y + o * j->row;
        if (o > first && j->rows[o] == j->rows[o - 1]) {
            memcpy(y, y - j->row, (size_t)j->width * sizeof *y);
        } else {
            copy_row(j, plane->x + j->rows[o] * j->in_row, y);
        }
    }
}

/* ---- interpolating ---- */

static void resize_row(const resize_job *j, const float *x, float *y)
{
    const int64_t n = j->width;
    const int32_t *s = j->columns;
    const float *w = j->column_weights;
    if (!j->axes[j->x->rank - 1].resized) {
        memcpy(y, x, (size_t)n * sizeof *y);
    } else if (j->taps == 2) {
        for (int64_t i = 0; i < n; i++) {
            y[i] = w[i] * x[s[i]] + w[n + i] * x[s[n + i]];
        }
    } else {
        for (int64_t i = 0; i < n; i++) {
            y[i] = w[i] * x[s[i]] + w[n + i] * x[s[n + i]] + w[2 * n + i] * x[s[2 * n + i]] +
                   w[3 * n + i] * x[s[3 * n + i]];
        }
    }
}

/* Input row number row, resized. Rows that are mixed differ in their number modulo the taps. */
static const float *resized_row(const resize_job *j, resize_plane *plane, int64_t row)
{
    int64_t slot = row % j->taps;
    float *line = plane->lines + slot * j->line;
    if (plane->held[slot] != row) {
        resize_row(j, plane->x + row * j->in_row, line);
        plane->held[slot] = row;
    }
    return line;
}

static void mix_rows(const resize_job *j, const float *const *from, const float *w, float *y)
{
    const float *a = from[0];
    const float *b = from[1];
    if (j->taps == 2) {
        for (int64_t i = 0; i < j->width; i++) {
            y[i] = w[0] * a[i] + w[1] * b[i];
        }
        return;
    }
    const float *c = from[2];
    const float *d = from[3];
    for (int64_t i = 0; i < j->width; i++) {
        y[i] = w[0] * a[i] + w[1] * b[i] + w[2] * c[i] + w[3] * d[i];
    }
}

static void interpolate_rows(const resize_job *j, resize_plane *plane, int64_t first, int64_t end)
{
    for (int64_t o = first; o < end; o++) {
        float *y = plane->y + o * j->row;
        const float *from[MAX_TAPS] = {NULL};
        float weights[MAX_TAPS] = {0};
        for (int k = 0; k < j->taps; k++) {
            from[k] = resized_row(j, plane, j->rows[k * j->height + o]);
            weights[k] = j->row_weights[k * j->height + o];
        }
        if (!j->axes[j->x->rank - 2].resized) {
            memcpy(y, from[0], (size_t)j->width * sizeof *y);
        } else {
            mix_rows(j, from, weights, y);
        }
    }
}

/* ---- running ---- */

static void resize_task(void *user, size_t index, int thread)
{
    const resize_job *j = user;
    int64_t end = ((int64_t)index + 1) * j->per_task;
    end = end < j->units ? end : j->units;
    for (int64_t unit = (int64_t)index * j->per_task; unit < end; unit++) {
        int64_t number = unit / j->chunks;
        int64_t first = unit % j->chunks * j->chunk;
        int64_t last = first + j->chunk < j->height ? first + j->chunk : j->height;
        int64_t image = number / j->image_planes;
        int64_t rest = number % j->image_planes;
        resize_plane plane = {
            .x = (const float *)j->x->data + image * j->x->stride[0] +
                 rest * j->in_height * j->in_width,
            .y = (float *)j->y->data + image * j->y->stride[0] + rest * j->height * j->width,
            .lines = j->lines + thread * MAX_TAPS * j->line,
            .held = {-1, -1, -1, -1},
        };
        if (j->taps == 1) {
            copy_rows(j, &plane, first, last);
        } else {
            interpolate_rows(j, &plane, first, last);
        }
    }
}

/* Whether an axis surely keeps its extent and its coordinates. */
static bool stays(const sld_run *run, int axis)
{
    const sld_resize_params *p = run->params;
    bool listed = p->axes_count == 0;
    int place = axis;
    for (int i = 0; i < p->axes_count; i++) {
        if (p->axes[i] == axis) {
            listed = true;
            place = i;
        }
    }
    if (!listed) {
        return true;
    }
    if ((run->in_count > 2 && sld_tensor_present(&run->in[2])) || run->in[0].dim[axis] < 1) {
        return false;
    }
    bool sized = p->use_sizes || (run->in_count > 3 && sld_tensor_present(&run->in[3]));
    return run->in[0].dim[axis] == run->out[0].dim[axis] &&
           (sized ? p->policy == SLD_RESIZE_STRETCH : p->scales[place] == 1.0f);
}

static bool supports(const sld_run *run)
{
    const sld_resize_params *p = run->params;
    const sld_tensor *x = &run->in[0];
    const sld_tensor *y = &run->out[0];
    if (p->coordinate == SLD_COORD_TF_CROP_AND_RESIZE || p->antialias || x->rank < 2 ||
        x->dtype != SOLDER_F32 || y->dtype != SOLDER_F32 || !sld_tensor_inner_contiguous(x) ||
        !sld_tensor_inner_contiguous(y)) {
        return false;
    }
    for (int i = 0; i < x->rank - 2; i++) {
        if (!stays(run, i)) {
            return false;
        }
    }
    for (int i = x->rank - 2; i < x->rank; i++) {
        if (x->dim[i] > INT32_MAX || y->dim[i] > INT32_MAX) {
            return false;
        }
    }
    return true;
}

/* A whole number of cache lines. */
static int64_t rounded(int64_t floats)
{
    const int64_t line = SLD_CACHE_LINE / (int64_t)sizeof(float);
    return (floats + line - 1) / line * line;
}

static size_t workspace(const sld_run *run, int threads)
{
    const sld_tensor *y = &run->out[0];
    int64_t row = rounded(MAX_TAPS * y->dim[y->rank - 1]);
    int64_t column = rounded(MAX_TAPS * y->dim[y->rank - 2]);
    int64_t line = rounded(y->dim[y->rank - 1]);
    return (size_t)(2 * (row + column) + threads * MAX_TAPS * line) * sizeof(float);
}

static void place_tables(resize_job *j, void *memory)
{
    int64_t row = rounded(MAX_TAPS * j->width);
    int64_t column = rounded(MAX_TAPS * j->height);
    j->column_weights = memory;
    j->row_weights = j->column_weights + row;
    j->columns = (int32_t *)(void *)(j->row_weights + column);
    j->rows = j->columns + row;
    j->lines = (float *)(void *)(j->rows + column);
    j->line = rounded(j->width);
}

static solder_status resize_run(const sld_run *run)
{
    resize_job j = {.p = run->params, .x = &run->in[0], .y = &run->out[0]};
    int last = j.x->rank - 1;
    if (sld_tensor_count(j.y) == 0) {
        return SOLDER_OK;
    }
    SLD_TRY(sld_resize_prepare(run, j.axes));
    j.taps = j.p->mode == SLD_RESIZE_NEAREST ? 1 : j.p->mode == SLD_RESIZE_LINEAR ? 2 : 4;
    j.in_height = j.x->dim[last - 1];
    j.in_width = j.x->dim[last];
    j.height = j.y->dim[last - 1];
    j.width = j.y->dim[last];
    j.in_row = last > 1 || j.in_height == 1 ? j.in_width : j.x->stride[0];
    j.row = last > 1 || j.height == 1 ? j.width : j.y->stride[0];
    j.planes = sld_tensor_count(j.y) / (j.height * j.width);
    j.image_planes = last > 1 ? j.planes / j.y->dim[0] : 1;
    place_tables(&j, run->workspace);
    fill_tables(&j);
    j.chunk = TASK_ELEMENTS / j.width + 2 * MAX_TAPS;
    j.chunks = (j.height + j.chunk - 1) / j.chunk;
    j.units = j.planes * j.chunks;
    j.per_task = TASK_ELEMENTS / (j.height * j.width) + 1;
    size_t tasks = (size_t)((j.units + j.per_task - 1) / j.per_task);
    sld_pool_for(tasks > 1 ? run->pool : NULL, tasks, resize_task, &j);
    return SOLDER_OK;
}

const sld_kernel sld_resize_f32_portable = {.name = "resize_f32_portable",
                                            .family = "resize",
                                            .supports = supports,
                                            .workspace = workspace,
                                            .run = resize_run};
