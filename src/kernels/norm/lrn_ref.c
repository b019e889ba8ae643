/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LRN. Across channels the window of c is [c - floor((size-1)/2), c + ceil((size-1)/2)], clipped;
 * within a channel a size x size window around the pixel, zero outside. One task per plane (n, c).
 */
#include "kernels/norm/norm.h"

static double square_at(const sld_tensor *x, int64_t offset)
{
    double v = sld_at_f64(x, offset);
    return v * v;
}

static double across_sum(const sld_run *run, const int64_t *index, int64_t offset)
{
    const sld_lrn_params *p = run->params;
    const sld_tensor *x = &run->in[0];
    int64_t first = index[1] - (p->size - 1) / 2;
    int64_t last = index[1] + p->size / 2;
    double sum = 0;
    for (int64_t c = first < 0 ? 0 : first; c <= last && c < x->dim[1]; c++) {
        sum += square_at(x, offset + (c - index[1]) * x->stride[1]);
    }
    return sum;
}

static double within_sum(const sld_run *run, const int64_t *index, int64_t offset)
{
    const sld_lrn_params *p = run->params;
    const sld_tensor *x = &run->in[0];
    int64_t reach = p->size / 2;
    int64_t top = index[2] > reach ? index[2] - reach : 0;
    int64_t left = index[3] > reach ? index[3] - reach : 0;
    double sum = 0;
    for (int64_t iy = top; iy <= index[2] + reach && iy < x->dim[2]; iy++) {
        for (int64_t ix = left; ix <= index[3] + reach && ix < x->dim[3]; ix++) {
            sum += square_at(x, offset + (iy - index[2]) * x->stride[2] +
                                    (ix - index[3]) * x->stride[3]);
        }
    }
    return sum;
}

static void lrn_plane(void *user, size_t plane, int thread)
{
    (void)thread;
    const sld_run *run = user;
    const sld_lrn_params *p = run->params;
    const sld_tensor *x = &run->in[0];
    const sld_tensor *y = &run->out[0];
    double n = p->within ? (double)p->size * p->size : (double)p->size;
    int64_t index[SOLDER_MAX_RANK] = {(int64_t)plane / x->dim[1], (int64_t)plane % x->dim[1]};
    do {
        int64_t at = sld_tensor_offset(x, index);
        double sum = p->within ? within_sum(run, index, at) : across_sum(run, index, at);
        double base = (double)p->k + (double)p->alpha / n * sum;
        sld_put_f64(y, sld_tensor_offset(y, index), sld_at_f64(x, at) / pow(base, (double)p->beta));
    } while (sld_index_next(index + 2, x->dim + 2, x->rank - 2));
}

static solder_status lrn_run(const sld_run *run)
{
    const sld_tensor *x = &run->in[0];
    if (sld_tensor_count(x) > 0) {
        sld_pool_for(run->pool, (size_t)(x->dim[0] * x->dim[1]), lrn_plane, (void *)(uintptr_t)run);
    }
    return SOLDER_OK;
}

const sld_kernel sld_lrn_ref = {.name = "lrn_ref", .family = "lrn", .run = lrn_run};
