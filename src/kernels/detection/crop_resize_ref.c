/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CropAndResize. Coordinates are floats, in the order TensorFlow computes them, because whether a
 * sample on the border still lies inside depends on the last bit.
 */
#include <math.h>

#include "kernels/detection/detection.h"
#include "kernels/shuffle/move.h"

/* Where one row or column of a crop is sampled. */
typedef struct sample {
    int64_t low, high; /* -1: outside */
    float part;        /* of high */
} sample;

static sample sample_at(float begin, float end, int64_t extent, int32_t count, int32_t i,
                        bool nearest)
{
    float last = (float)(extent - 1);
    float at = 0.5f * (begin + end) * last;
    if (count > 1) {
        float scale = (end - begin) * last / (float)(count - 1);
        at = begin * last + (float)i * scale;
    }
    if (!(at >= 0 && at <= last)) {
        return (sample){-1, -1, 0};
    }
    if (nearest) {
        int64_t low = (int64_t)roundf(at);
        return (sample){low, low, 0};
    }
    float low = floorf(at);
    return (sample){(int64_t)low, (int64_t)ceilf(at), at - low};
}

static double mix(const sld_tensor *x, int64_t row, const sample *s)
{
    double a = sld_at_f64(x, row + s->low * x->stride[3]);
    double b = sld_at_f64(x, row + s->high * x->stride[3]);
    return a + (b - a) * (double)s->part;
}

static double blend(const sld_tensor *x, int64_t plane, const sample *v, const sample *h)
{
    double a = mix(x, plane + v->low * x->stride[2], h);
    double b = v->high == v->low ? a : mix(x, plane + v->high * x->stride[2], h);
    return a + (b - a) * (double)v->part;
}

/* The plain floats of a row whose columns lie side by side. */
static void blend_row(const float *top, const float *bottom, float part, const sample *columns,
                      int32_t width, float extrapolation, float *y)
{
    for (int32_t i = 0; i < width; i++) {
        const sample *s = &columns[i];
        if (s->low < 0) {
            y[i] = extrapolation;
            continue;
        }
        double a = (double)top[s->low], b = (double)bottom[s->low];
        a += ((double)top[s->high] - a) * (double)s->part;
        b += ((double)bottom[s->high] - b) * (double)s->part;
        y[i] = (float)(a + (b - a) * (double)part);
    }
}

static void fill_row(const sld_tensor *y, int64_t to, int32_t width, double value)
{
    for (int32_t i = 0; i < width; i++) {
        sld_put_f64(y, to + i * y->stride[3], value);
    }
}

static void crop_row(const sld_run *run, int64_t plane, int64_t to, const sample *v,
                     const sample *columns)
{
    const sld_crop_resize_params *p = run->params;
    const sld_tensor *x = &run->in[0];
    const sld_tensor *y = &run->out[0];
    if (v->low < 0) {
        fill_row(y, to, p->width, (double)p->extrapolation);
        return;
    }
    if (x->dtype == SOLDER_F32 && x->stride[3] == 1 && y->stride[3] == 1) {
        const float *image = (const float *)x->data + plane;
        blend_row(image + v->low * x->stride[2], image + v->high * x->stride[2], v->part, columns,
                  p->width, p->extrapolation, (float *)y->data + to);
        return;
    }
    for (int32_t i = 0; i < p->width; i++) {
        double value =
            columns[i].low < 0 ? (double)p->extrapolation : blend(x, plane, v, &columns[i]);
        sld_put_f64(y, to + i * y->stride[3], value);
    }
}

static void crop(void *user, size_t task, int thread)
{
    const sld_run *run = user;
    const sld_crop_resize_params *p = run->params;
    const sld_tensor *x = &run->in[0];
    const sld_tensor *boxes = &run->in[1];
    const sld_tensor *y = &run->out[0];
    sample *columns = (sample *)run->workspace + (size_t)thread * (size_t)p->width;
    float box[4];
    for (int i = 0; i < 4; i++) {
        int64_t at = (int64_t)task * boxes->stride[0] + i * boxes->stride[1];
        box[i] = (float)sld_at_f64(boxes, at);
    }
    for (int32_t i = 0; i < p->width; i++) {
        columns[i] = sample_at(box[1], box[3], x->dim[3], p->width, i, p->nearest != 0);
    }
    int64_t image = sld_at_i64(&run->in[2], (int64_t)task * run->in[2].stride[0]);
    for (int32_t row = 0; row < p->height; row++) {
        sample v = sample_at(box[0], box[2], x->dim[2], p->height, row, p->nearest != 0);
        for (int64_t c = 0; c < x->dim[1]; c++) {
            int64_t to = (int64_t)task * y->stride[0] + c * y->stride[1] + row * y->stride[2];
            crop_row(run, image * x->stride[0] + c * x->stride[1], to, &v, columns);
        }
    }
}

static size_t crop_workspace(const sld_run *run, int threads)
{
    const sld_crop_resize_params *p = run->params;
    return (size_t)threads * (size_t)p->width * sizeof(sample);
}

static solder_status run_crop_resize(const sld_run *run)
{
    const sld_tensor *images = &run->in[2];
    for (int64_t i = 0; i < images->dim[0]; i++) {
        int64_t image = sld_at_i64(images, i * images->stride[0]);
        if (image < 0 || image >= run->in[0].dim[0]) {
            return SOLDER_ERROR_DATA;
        }
    }
    if (sld_tensor_count(&run->out[0]) > 0) {
        sld_pool_for(run->pool, (size_t)images->dim[0], crop, (void *)(uintptr_t)run);
    }
    return SOLDER_OK;
}

const sld_kernel sld_crop_resize_ref = {.name = "crop_resize_ref",
                                        .family = "crop_resize",
                                        .workspace = crop_workspace,
                                        .run = run_crop_resize};
