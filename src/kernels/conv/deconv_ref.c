/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deconvolution: y[o] = sum of x[i] w[t] over all i, t with i * stride + t * dilation - pad = o.
 * Gathered per output, so that tasks share nothing.
 */
#include "kernels/conv/window.h"
#include "kernels/reference.h"

typedef struct deconv_job {
    const sld_deconv_params *p;
    const sld_tensor *x, *w, *bias, *residual, *y;
    sld_window g;
} deconv_job;

typedef struct piece {
    int64_t oz, oy, first, count;
    int64_t x_base, w_base;
} piece;

/* The input position that tap sends to out, if there is one. */
static bool source(const sld_window *g, int axis, int64_t out, int64_t tap, int64_t *in)
{
    int64_t t = out + g->pad[axis] - tap * g->dilation[axis];
    *in = t / g->stride[axis];
    return t >= 0 && t % g->stride[axis] == 0 && *in < g->in[axis];
}

static void add_taps(const deconv_job *j, const piece *at, int64_t x_base, int64_t w_base,
                     double *sum)
{
    const sld_window *g = &j->g;
    double row[SLD_REF_CHUNK];
    for (int64_t kx = 0; kx < g->extent[2]; kx++) {
        int64_t shift = kx * g->dilation[2] - g->pad[2]; /* ox = ix * stride + shift */
        int64_t low = sld_ceil_div(at->first - shift, g->stride[2]);
        int64_t high = sld_floor_div(at->first + at->count - 1 - shift, g->stride[2]) + 1;
        low = low > 0 ? low : 0;
        high = high < g->in[2] ? high : g->in[2];
        if (low < high) {
            double weight = sld_at_f64(j->w, w_base + kx * g->w_step[2]);
            sld_ref_load_row(j->x, x_base + low * g->x_step[2], g->x_step[2], high - low, row);
            for (int64_t i = low; i < high; i++) {
                sum[i * g->stride[2] + shift - at->first] += weight * row[i - low];
            }
        }
    }
}

static void sum_piece(const deconv_job *j, const piece *at, double *sum)
{
    const sld_window *g = &j->g;
    memset(sum, 0, (size_t)at->count * sizeof *sum);
    for (int64_t c = 0; c < j->x->dim[1] / j->p->groups; c++) {
        int64_t x_channel = at->x_base + c * j->x->stride[1];
        int64_t w_channel = at->w_base + c * j->w->stride[0];
        for (int64_t kz = 0; kz < g->extent[0]; kz++) {
            for (int64_t ky = 0; ky < g->extent[1]; ky++) {
                int64_t iz;
                int64_t iy;
                if (source(g, 0, at->oz, kz, &iz) && source(g, 1, at->oy, ky, &iy)) {
                    add_taps(j, at, x_channel + iz * g->x_step[0] + iy * g->x_step[1],
                             w_channel + kz * g->w_step[0] + ky * g->w_step[1], sum);
                }
            }
        }
    }
}

static void store_piece(const deconv_job *j, const piece *at, int64_t n, int64_t k,
                        const double *sum)
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

static void deconv_plane(void *user, size_t plane, int thread)
{
    (void)thread;
    const deconv_job *j = user;
    int64_t n = (int64_t)plane / j->y->dim[1];
    int64_t k = (int64_t)plane % j->y->dim[1];
    int64_t group = k / j->w->dim[1];
    int64_t first_channel = group * (j->x->dim[1] / j->p->groups);
    piece at = {.x_base = n * j->x->stride[0] + first_channel * j->x->stride[1],
                .w_base = first_channel * j->w->stride[0] + k % j->w->dim[1] * j->w->stride[1]};
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

static solder_status deconv_run(const sld_run *run)
{
    const sld_deconv_params *p = run->params;
    deconv_job j = {.p = p,
                    .x = &run->in[0],
                    .w = &run->in[1],
                    .bias = sld_ref_input(run, 2),
                    .y = &run->out[0]};
    j.residual = p->epilogue.residual ? sld_ref_input(run, 3) : NULL;
    /* Open dimensions that inference could not compare. */
    if (j.x->dim[1] % p->groups != 0 || j.x->dim[1] != j.w->dim[0]) {
        return SOLDER_ERROR_DATA;
    }
    int spatial = j.y->rank - 2;
    sld_window_init(&j.g, spatial, j.x, j.y, j.w);
    for (int i = 0; i < spatial; i++) {
        int to = SLD_MAX_SPATIAL - spatial + i;
        j.g.stride[to] = p->stride[i];
        j.g.dilation[to] = p->dilation[i];
        j.g.pad[to] = sld_deconv_pad_begin(p, i, j.x->dim[2 + i], j.y->dim[2 + i], j.w->dim[2 + i]);
    }
    sld_pool_for(run->pool, (size_t)(j.y->dim[0] * j.y->dim[1]), deconv_plane, &j);
    return SOLDER_OK;
}

const sld_kernel sld_deconv_ref = {.name = "deconv_ref", .family = "deconv", .run = deconv_run};
