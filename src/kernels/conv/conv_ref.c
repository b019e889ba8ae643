/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution: sums in double, one task per output plane, a chunk of a row at a time. */
#include "kernels/conv/window.h"
#include "kernels/reference.h"

typedef struct conv_job {
    const sld_conv_params *p;
    const sld_tensor *x, *w, *bias, *residual, *y;
    sld_window g;
} conv_job;

/* One output row piece: y[first .. first + count) of row (oz, oy). */
typedef struct piece {
    int64_t oz, oy, first, count;
    int64_t x_base, w_base;
} piece;

static bool inside(const sld_window *g, int axis, int64_t out, int64_t tap, int64_t *in)
{
    *in = out * g->stride[axis] - g->pad[axis] + tap * g->dilation[axis];
    return *in >= 0 && *in < g->in[axis];
}

/* Adds one row of taps: weights at w_base, input row at x_base. */
static void add_taps(const conv_job *j, const piece *at, int64_t x_base, int64_t w_base,
                     double *sum)
{
    const sld_window *g = &j->g;
    double row[SLD_REF_CHUNK];
    for (int64_t kx = 0; kx < g->extent[2]; kx++) {
        int64_t shift = kx * g->dilation[2] - g->pad[2]; /* ix = ox * stride + shift */
        int64_t low = sld_ceil_div(-shift, g->stride[2]);
        int64_t high = sld_floor_div(g->in[2] - 1 - shift, g->stride[2]) + 1;
        low = low > at->first ? low : at->first;
        high = high < at->first + at->count ? high : at->first + at->count;
        if (low < high) {
            double weight = sld_at_f64(j->w, w_base + kx * g->w_step[2]);
            sld_ref_load_row(j->x, x_base + (low * g->stride[2] + shift) * g->x_step[2],
                             g->stride[2] * g->x_step[2], high - low, row);
            sld_ref_add_row(sum + (low - at->first), weight, row, high - low);
        }
    }
}

static void sum_piece(const conv_job *j, const piece *at, double *sum)
{
    const sld_window *g = &j->g;
    memset(sum, 0, (size_t)at->count * sizeof *sum);
    for (int64_t c = 0; c < j->w->dim[1]; c++) {
        int64_t x_channel = at->x_base + c * j->x->stride[1];
        int64_t w_channel = at->w_base + c * j->w->stride[1];
        for (int64_t kz = 0; kz < g->extent[0]; kz++) {
            for (int64_t ky = 0; ky < g->extent[1]; ky++) {
                int64_t iz;
                int64_t iy;
                if (inside(g, 0, at->oz, kz, &iz) && inside(g, 1, at->oy, ky, &iy)) {
                    add_taps(j, at, x_channel + iz * g->x_step[0] + iy * g->x_step[1],
                             w_channel + kz * g->w_step[0] + ky * g->w_step[1], sum);
                }
            }
        }
    }
}

static void store_piece(const conv_job *j, const piece *at, int64_t n, int64_t k, const double *sum)
{
    double bias = j->bias != NULL ? sld_at_f64(j->bias, k * j->bias->stride[0]) : 0;
    int64_t index[5] = {n, k};
    const int64_t position[3] = {at->oz, at->oy, at->first};
    int spatial = j->y->rank - 2;
    for (int i = 0; i < spatial; i++) {
        index[2 + i] = position[SLD_MAX_SPATIAL - spatial + i];
    }
    for (int64_t i = 0; i < at->count; i++) {
        int64_t r = j->residual != NULL ? sld_tensor_offset(j->residual, index) : 0;
        sld_put_f64(j->y, sld_tensor_offset(j->y, index),
                    sld_ref_epilogue(&j->p->epilogue, j->residual, r, sum[i] + bias));
        index[1 + spatial]++;
    }
}

static void conv_plane(void *user, size_t plane, int thread)
{
    (void)thread;
    const conv_job *j = user;
    int64_t n = (int64_t)plane / j->y->dim[1];
    int64_t k = (int64_t)plane % j->y->dim[1];
    int64_t group = k / (j->w->dim[0] / j->p->groups);
    piece at = {.x_base = n * j->x->stride[0] + group * j->w->dim[1] * j->x->stride[1],
                .w_base = k * j->w->stride[0]};
    double sum[SLD_REF_CHUNK];
    for (at.oz = 0; at.oz < j->g.out[0]; at.oz++) {
        for (at.oy = 0; at.oy < j->g.out[1]; at.oy++) {
            for (at.first = 0; at.first < j->g.out[2]; at.first += SLD_REF_CHUNK) {
                int64_t left = j->g.out[2] - at.first;
                at.count = left < SLD_REF_CHUNK ? left : SLD_REF_CHUNK;
                sum_piece(j, &at, sum);
                store_piece(j, &at, n, k, sum);
            }
        }
    }
}

static solder_status conv_run(const sld_run *run)
{
    const sld_conv_params *p = run->params;
    conv_job j = {.p = p,
                  .x = &run->in[0],
                  .w = &run->in[1],
                  .bias = sld_ref_input(run, 2),
                  .y = &run->out[0]};
    j.residual = p->epilogue.residual ? sld_ref_input(run, 3) : NULL;
    /* Open dimensions that inference could not compare. */
    if (j.w->dim[0] % p->groups != 0 || j.x->dim[1] != j.w->dim[1] * p->groups) {
        return SOLDER_ERROR_DATA;
    }
    int spatial = j.y->rank - 2;
    sld_window_init(&j.g, spatial, j.x, j.y, j.w);
    for (int i = 0; i < spatial; i++) {
        int to = SLD_MAX_SPATIAL - spatial + i;
        j.g.stride[to] = p->stride[i];
        j.g.dilation[to] = p->dilation[i];
        j.g.pad[to] = sld_conv_pad_begin(p, i, j.x->dim[2 + i], j.y->dim[2 + i], j.w->dim[2 + i]);
    }
    sld_pool_for(run->pool, (size_t)(j.y->dim[0] * j.y->dim[1]), conv_plane, &j);
    return SOLDER_OK;
}

const sld_kernel sld_conv_ref = {.name = "conv_ref", .family = "conv", .run = conv_run};
