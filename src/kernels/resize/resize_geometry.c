/* SPDX-License-Identifier: Apache-2.0 */
/* Where the elements of a resized axis come from. */
#include "kernels/resize/resize_geometry.h"

#include <math.h>

#include "kernels/reference.h"

bool sld_resize_ratio(float scale, int64_t *num, int64_t *den)
{
    double s = (double)scale;
    if (!(s > 0x1p-30 && s < 0x1p30)) {
        return false;
    }
    for (int64_t q = 1; q <= 1024; q++) {
        double p = nearbyint(s * (double)q);
        if (p >= 1 && (float)(p / (double)q) == scale) {
            *num = (int64_t)p;
            *den = q;
            return true;
        }
    }
    int exponent;
    double mantissa = frexp(s, &exponent); /* s = mantissa 2^exponent, 24 significant bits */
    int64_t bits = (int64_t)ldexp(mantissa, 24);
    int shift = 24 - exponent;
    *num = shift >= 0 ? bits : bits << -shift;
    *den = shift >= 0 ? INT64_C(1) << shift : 1;
    return true;
}

double sld_resize_position(const sld_resize_params *p, const sld_resize_axis *a, int64_t o,
                           bool *outside)
{
    double x = (double)o;
    double in = (double)a->in;
    double half = (x + 0.5) * a->den / a->num;
    double at;
    switch ((sld_resize_coordinate)p->coordinate) {
    case SLD_COORD_HALF_PIXEL_SYMMETRIC:
        return in / 2 * (1 - (double)a->out / a->length) + half - 0.5;
    case SLD_COORD_PYTORCH_HALF_PIXEL:
        return a->out > 1 ? half - 0.5 : 0;
    case SLD_COORD_ALIGN_CORNERS:
        return a->length == 1 ? 0 : x * (in - 1) / (a->length - 1);
    case SLD_COORD_ASYMMETRIC:
        return x * a->den / a->num;
    case SLD_COORD_TF_CROP_AND_RESIZE:
        at = a->length == 1 ? (a->roi_end - a->roi_start) * (in - 1) / 2
                            : x * (a->roi_end - a->roi_start) * (in - 1) / (a->length - 1);
        at += a->roi_start * (in - 1);
        *outside = *outside || at < 0 || at > in - 1;
        return at;
    case SLD_COORD_TF_HALF_PIXEL_FOR_NN:
        return half;
    case SLD_COORD_HALF_PIXEL:
        break;
    }
    return half - 0.5;
}

int64_t sld_resize_clamp(const sld_resize_axis *a, int64_t i)
{
    return i < 0 ? 0 : i >= a->in ? a->in - 1 : i;
}

static double bound(double v, double limit)
{
    return v > -limit ? (v < limit ? v : limit) : -limit; /* so does NaN, out of a strange roi */
}

static int64_t nearest(int32_t rounding, double x)
{
    double floor_x = floor(x);
    switch ((sld_resize_round)rounding) {
    case SLD_NEAREST_PREFER_FLOOR:
        return (int64_t)(x - floor_x <= 0.5 ? floor_x : floor_x + 1);
    case SLD_NEAREST_PREFER_CEIL:
        return (int64_t)(x - floor_x < 0.5 ? floor_x : floor_x + 1);
    case SLD_NEAREST_CEIL:
        return (int64_t)ceil(x);
    case SLD_NEAREST_FLOOR:
        break;
    }
    return (int64_t)floor_x;
}

/* Interpolation weight at distance t from a tap. */
static double weight(const sld_resize_params *p, double t)
{
    t = fabs(t);
    if (p->mode == SLD_RESIZE_LINEAR) {
        return t < 1 ? 1 - t : 0;
    }
    double a = (double)p->cubic_a;
    if (t <= 1) {
        return ((a + 2) * t - (a + 3)) * t * t + 1;
    }
    return t < 2 ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a : 0;
}

static bool counts(const sld_resize_params *p, const sld_resize_axis *a, int64_t i)
{
    return !p->exclude_outside || (i >= 0 && i < a->in);
}

sld_resize_taps sld_resize_find_taps(const sld_resize_params *p, const sld_resize_axis *a,
                                     int64_t o)
{
    bool outside = false;
    double scale = a->num / a->den;
    sld_resize_taps t = {.at = bound(sld_resize_position(p, a, o, &outside), 0x1p52), .sum = 1};
    t.shrink = p->antialias && scale < 1 ? scale : 1;
    double reach = (p->mode == SLD_RESIZE_LINEAR ? 1 : 2) / t.shrink;
    t.first = (int64_t)floor(t.at - reach) + 1;
    t.last = (int64_t)ceil(t.at + reach) - 1;
    if (p->antialias || p->exclude_outside) {
        t.sum = 0;
        for (int64_t i = t.first; i <= t.last; i++) {
            t.sum += counts(p, a, i) ? weight(p, ((double)i - t.at) * t.shrink) : 0;
        }
    }
    return t;
}

double sld_resize_weight(const sld_resize_params *p, const sld_resize_axis *a,
                         const sld_resize_taps *t, int64_t i)
{
    double w = counts(p, a, i) ? weight(p, ((double)i - t->at) * t->shrink) : 0;
    return w != 0 ? w / t->sum : 0;
}

int64_t sld_resize_nearest(const sld_resize_params *p, const sld_resize_axis *a, int64_t o)
{
    bool ignored = false;
    double at = bound(sld_resize_position(p, a, o, &ignored), 0x1p52);
    return sld_resize_clamp(a, nearest(p->nearest, at));
}

/* The fraction num / den by which axis i of the list grows. */
static solder_status scale_of(const sld_run *run, int i, sld_resize_axis *a)
{
    const sld_resize_params *p = run->params;
    const sld_tensor *scales = sld_ref_input(run, 2);
    const sld_tensor *sizes = sld_ref_input(run, 3);
    a->num = (double)a->out;
    a->den = (double)a->in;
    a->length = (double)a->out;
    if (sizes == NULL && !(p->use_sizes && scales == NULL)) {
        int64_t num;
        int64_t den;
        float scale =
            scales == NULL ? p->scales[i] : (float)sld_at_f64(scales, i * scales->stride[0]);
        if (!sld_resize_ratio(scale, &num, &den)) {
            return SOLDER_ERROR_DATA;
        }
        a->num = (double)num;
        a->den = (double)den;
        a->length = (double)a->in * a->num / a->den;
    } else if (p->policy != SLD_RESIZE_STRETCH) {
        /* one scale for all: the smallest or largest of size / in */
        for (int k = 0; k < p->axes_count; k++) {
            double in = (double)run->in[0].dim[p->axes[k]];
            double size =
                (double)(sizes != NULL ? sld_at_i64(sizes, k * sizes->stride[0]) : p->sizes[k]);
            bool smaller = size * a->den < a->num * in;
            bool larger = size * a->den > a->num * in;
            if (k == 0 || (p->policy == SLD_RESIZE_NOT_LARGER ? smaller : larger)) {
                a->num = size;
                a->den = in;
            }
        }
        a->length = (double)a->in * a->num / a->den;
    }
    return SOLDER_OK;
}

solder_status sld_resize_prepare(const sld_run *run, sld_resize_axis axes[SOLDER_MAX_RANK])
{
    const sld_resize_params *p = run->params;
    const sld_tensor *x = &run->in[0];
    const sld_tensor *roi = sld_ref_input(run, 1);
    int count = p->axes_count > 0 ? p->axes_count : x->rank;
    for (int i = 0; i < count; i++) {
        int axis = p->axes_count > 0 ? p->axes[i] : i;
        sld_resize_axis *a = &axes[axis];
        a->in = x->dim[axis];
        a->out = run->out[0].dim[axis];
        a->roi_end = 1;
        SLD_TRY(scale_of(run, i, a));
        if (a->in == 0 && a->out > 0) {
            return SOLDER_ERROR_DATA;
        }
        if (roi != NULL) {
            a->roi_start = sld_at_f64(roi, i * roi->stride[0]);
            a->roi_end = sld_at_f64(roi, (i + count) * roi->stride[0]);
        }
        bool crops = p->coordinate == SLD_COORD_TF_CROP_AND_RESIZE;
        a->resized = crops || a->in != a->out || a->num != a->den;
    }
    return SOLDER_OK;
}
