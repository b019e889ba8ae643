/* SPDX-License-Identifier: Apache-2.0 */
/* RoiAlign: samples on a regular grid in every cell of a region, interpolated, averaged. */
#include <math.h>

#include "kernels/detection/detection.h"

/* One axis of a region: where cells begin, and how many samples each takes. */
typedef struct cells {
    float begin, size;
    int64_t samples;
} cells;

/* The pixels around a sample. */
typedef struct sample {
    int64_t low, high;
    float part; /* of high; below 0: outside */
} sample;

static cells divide(const sld_roi_align_params *p, float begin, float end, int32_t count)
{
    float offset = p->half_pixel != 0 ? 0.5f : 0.0f;
    begin = begin * p->spatial_scale - offset;
    end = end * p->spatial_scale - offset;
    float extent = end - begin;
    if (p->half_pixel == 0 && !(extent >= 1)) {
        extent = 1;
    }
    cells c = {.begin = begin, .size = extent / (float)count, .samples = p->sampling_ratio};
    if (p->sampling_ratio <= 0) {
        float wanted = ceilf(c.size);
        c.samples = wanted >= 1 ? (wanted < 65536 ? (int64_t)wanted : 65536) : 0;
    }
    return c;
}

static sample sample_at(const cells *c, int32_t cell, int64_t i, int64_t extent)
{
    float at = c->begin + (float)cell * c->size + ((float)i + 0.5f) * c->size / (float)c->samples;
    if (!(at >= -1 && at <= (float)extent)) {
        return (sample){0, 0, -1};
    }
    at = at < 0 ? 0 : at;
    int64_t low = (int64_t)at;
    if (low >= extent - 1) {
        return (sample){extent - 1, extent - 1, 0};
    }
    return (sample){low, low + 1, at - (float)low};
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

/* The largest weighted pixel or the sum of them: what one sample adds. */
static double take(const sld_tensor *x, int64_t plane, const sample *v, const sample *h, bool max)
{
    if (v->part < 0 || h->part < 0) {
        return 0;
    }
    const int64_t rows[2] = {plane + v->low * x->stride[2], plane + v->high * x->stride[2]};
    double dv = (double)v->part, dh = (double)h->part;
    double a = (1 - dv) * (1 - dh) * sld_at_f64(x, rows[0] + h->low * x->stride[3]);
    double b = (1 - dv) * dh * sld_at_f64(x, rows[0] + h->high * x->stride[3]);
    double c = dv * (1 - dh) * sld_at_f64(x, rows[1] + h->low * x->stride[3]);
    double d = dv * dh * sld_at_f64(x, rows[1] + h->high * x->stride[3]);
    return max ? larger(larger(a, b), larger(c, d)) : a + b + c + d;
}

static double cell_value(const sld_run *run, int64_t plane, const cells axis[2], int32_t row,
                         int32_t column)
{
    const sld_roi_align_params *p = run->params;
    const sld_tensor *x = &run->in[0];
    double result = 0;
    bool first = true;
    for (int64_t i = 0; i < axis[0].samples; i++) {
        sample v = sample_at(&axis[0], row, i, x->dim[2]);
        for (int64_t k = 0; k < axis[1].samples; k++) {
            sample h = sample_at(&axis[1], column, k, x->dim[3]);
            double value = take(x, plane, &v, &h, p->max != 0);
            result = p->max == 0 ? result + value : first ? value : larger(result, value);
            first = false;
        }
    }
    int64_t count = axis[0].samples * axis[1].samples;
    return p->max != 0 || count == 0 ? result : result / (double)count;
}

static void align(void *user, size_t task, int thread)
{
    (void)thread;
    const sld_run *run = user;
    const sld_roi_align_params *p = run->params;
    const sld_tensor *x = &run->in[0];
    const sld_tensor *rois = &run->in[1];
    const sld_tensor *y = &run->out[0];
    int64_t roi = (int64_t)task;
    float v[4]; /* x1, y1, x2, y2 */
    for (int i = 0; i < 4; i++) {
        v[i] = (float)sld_at_f64(rois, roi * rois->stride[0] + i * rois->stride[1]);
    }
    const cells axis[2] = {divide(p, v[1], v[3], p->height), divide(p, v[0], v[2], p->width)};
    int64_t image = sld_at_i64(&run->in[2], roi * run->in[2].stride[0]);
    for (int64_t c = 0; c < x->dim[1]; c++) {
        int64_t plane = image * x->stride[0] + c * x->stride[1];
        int64_t to = roi * y->stride[0] + c * y->stride[1];
        for (int32_t row = 0; row < p->height; row++) {
            for (int32_t column = 0; column < p->width; column++) {
                sld_put_f64(y, to + row * y->stride[2] + column * y->stride[3],
                            cell_value(run, plane, axis, row, column));
            }
        }
    }
}

static solder_status run_roi_align(const sld_run *run)
{
    const sld_tensor *images = &run->in[2];
    for (int64_t i = 0; i < images->dim[0]; i++) {
        int64_t image = sld_at_i64(images, i * images->stride[0]);
        if (image < 0 || image >= run->in[0].dim[0]) {
            return SOLDER_ERROR_DATA;
        }
    }
    if (sld_tensor_count(&run->in[0]) > 0) {
        sld_pool_for(run->pool, (size_t)images->dim[0], align, (void *)(uintptr_t)run);
    }
    return SOLDER_OK;
}

const sld_kernel sld_roi_align_ref = {
    .name = "roi_align_ref", .family = "roi_align", .run = run_roi_align};
