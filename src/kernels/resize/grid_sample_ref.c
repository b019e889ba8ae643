/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GridSample: the taps of an output point, up to four along every axis, are found once and then
 * summed for every channel.
 */
#include <math.h>

#include "kernels/resize/resize.h"

#define MAX_TAPS    64
#define TASK_POINTS 64
/* Beyond this a coordinate is as far outside as any. */
#define FAR 1073741824.0

typedef struct taps {
    int count;
    int64_t offset[MAX_TAPS];
    double weight[MAX_TAPS];
} taps;

typedef struct job {
    const sld_run *run;
    int spatial;
    int64_t points; /* of one image */
} job;

/* A pixel's index with the padding applied; -1: it is zero. */
static int64_t pixel(const sld_grid_sample_params *p, int64_t i, int64_t extent)
{
    if (i >= 0 && i < extent) {
        return i;
    }
    if (p->padding == SLD_GRID_ZEROS) {
        return -1;
    }
    if (p->padding == SLD_GRID_BORDER || extent == 1) {
        return i < 0 ? 0 : extent - 1;
    }
    int64_t period = p->align_corners != 0 ? 2 * (extent - 1) : 2 * extent;
    int64_t m = (i % period + period) % period;
    return m < extent ? m : period - m - (p->align_corners != 0 ? 0 : 1);
}

/* Keys' cubic at distance x. */
static double cubic(double x)
{
    const double a = -0.75;
    x = fabs(x);
    return x < 1   ? ((a + 2) * x - (a + 3)) * x * x + 1
           : x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
                   : 0;
}

/* Every tap so far times those along one more axis. */
static void add_axis(const sld_grid_sample_params *p, taps *t, double at, int64_t extent,
                     int64_t stride)
{
    taps before = *t;
    at = p->align_corners != 0 ? (at + 1) / 2 * (double)(extent - 1)
                               : ((at + 1) * (double)extent - 1) / 2;
    at = at > -FAR ? (at < FAR ? at : FAR) : -FAR; /* NaN too */
    int64_t base = (int64_t)(p->mode == SLD_GRID_NEAREST ? rint(at) : floor(at));
    int first = p->mode == SLD_GRID_CUBIC ? -1 : 0;
    int last = p->mode == SLD_GRID_CUBIC ? 2 : p->mode == SLD_GRID_LINEAR ? 1 : 0;
    t->count = 0;
    for (int k = first; k <= last; k++) {
        double distance = fabs(at - (double)(base + k));
        double weight = p->mode == SLD_GRID_CUBIC    ? cubic(distance)
                        : p->mode == SLD_GRID_LINEAR ? 1 - distance
                                                     : 1;
        int64_t index = pixel(p, base + k, extent);
        for (int i = 0; index >= 0 && i < before.count; i++) {
            t->offset[t->count] = before.offset[i] + index * stride;
            t->weight[t->count++] = before.weight[i] * weight;
        }
    }
}

static void sample_point(const job *j, int64_t image, int64_t point)
{
    const sld_tensor *x = &j->run->in[0];
    const sld_tensor *grid = &j->run->in[1];
    const sld_tensor *y = &j->run->out[0];
    taps t = {.count = 1, .weight = {1}};
    int64_t to = image * y->stride[0], from = image * grid->stride[0];
    for (int i = j->spatial - 1; i >= 0; i--) {
        int64_t at = point % y->dim[i + 2];
        point /= y->dim[i + 2];
        to += at * y->stride[i + 2];
        from += at * grid->stride[i + 1];
    }
    for (int i = 0; i < j->spatial; i++) { /* the grid names the last axis first */
        int axis = 1 + j->spatial - i;
        double at = sld_at_f64(grid, from + i * grid->stride[j->spatial + 1]);
        add_axis(j->run->params, &t, at, x->dim[axis], x->stride[axis]);
    }
    for (int64_t c = 0; c < x->dim[1]; c++) {
        int64_t base = image * x->stride[0] + c * x->stride[1];
        double sum = 0;
        for (int i = 0; i < t.count; i++) {
            sum += t.weight[i] * sld_at_f64(x, base + t.offset[i]);
        }
        sld_put_f64(y, to + c * y->stride[1], sum);
    }
}

static void run_points(void *user, size_t task, int thread)
{
    (void)thread;
    const job *j = user;
    int64_t total = j->points * j->run->out[0].dim[0];
    int64_t first = (int64_t)task * TASK_POINTS;
    int64_t end = first + TASK_POINTS < total ? first + TASK_POINTS : total;
    for (int64_t i = first; i < end; i++) {
        sample_point(j, i / j->points, i % j->points);
    }
}

static solder_status run_grid_sample(const sld_run *run)
{
    const sld_tensor *y = &run->out[0];
    job j = {.run = run, .spatial = y->rank - 2, .points = 1};
    for (int i = 2; i < y->rank; i++) {
        j.points *= y->dim[i];
    }
    int64_t total = j.points * y->dim[0];
    sld_pool_for(run->pool, (size_t)((total + TASK_POINTS - 1) / TASK_POINTS), run_points, &j);
    return SOLDER_OK;
}

const sld_kernel sld_grid_sample_ref = {
    .name = "grid_sample_ref", .family = "grid_sample", .run = run_grid_sample};
