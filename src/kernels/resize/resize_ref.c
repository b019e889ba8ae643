/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resize as ONNX defines it: each axis maps an output coordinate to an input position and weighs
 * the taps around it; the axes' weights multiply. Positions outside are clamped to the edge.
 */
#include "kernels/reference.h"
#include "kernels/resize/resize.h"

typedef struct resize_axis {
    bool resized; /* false: the coordinate is copied */
    int64_t in, out;
    double num, den; /* scale = num / den */
    double length;   /* in * scale, not rounded: what align_corners and crop count with */
    double roi_start, roi_end;
} resize_axis;

typedef struct resize_job {
    const sld_resize_params *p;
    const sld_tensor *x, *y;
    resize_axis axes[SOLDER_MAX_RANK];
} resize_job;

static double position(const resize_job *j, const resize_axis *a, int64_t o, bool *outside)
{
    double x = (double)o;
    double in = (double)a->in;
    double half = (x + 0.5) * a->den / a->num;
    double p;
    switch ((sld_resize_coordinate)j->p->coordinate) {
    case SLD_COORD_HALF_PIXEL_SYMMETRIC:
        return in / 2 * (1 - (double)a->out / a->length) + half - 0.5;
    case SLD_COORD_PYTORCH_HALF_PIXEL:
        return a->out > 1 ? half - 0.5 : 0;
    case SLD_COORD_ALIGN_CORNERS:
        return a->length == 1 ? 0 : x * (in - 1) / (a->length - 1);
    case SLD_COORD_ASYMMETRIC:
        return x * a->den / a->num;
    case SLD_COORD_TF_CROP_AND_RESIZE:
        p = a->length == 1 ? (a->roi_end - a->roi_start) * (in - 1) / 2
                           : x * (a->roi_end - a->roi_start) * (in - 1) / (a->length - 1);
        p += a->roi_start * (in - 1);
        *outside = *outside || p < 0 || p > in - 1;
        return p;
    case SLD_COORD_TF_HALF_PIXEL_FOR_NN:
        return half;
    case SLD_COORD_HALF_PIXEL:
        break;
    }
    return half - 0.5;
}

static int64_t clamp(int64_t i, int64_t count)
{
    return i < 0 ? 0 : i >= count ? count - 1 : i;
}

static double bound(double v, double limit)
{
    return v < -limit ? -limit : v > limit ? limit : v;
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

/* The taps of one coordinate: indices first..last, distance scale, and the sum to divide by. */
typedef struct taps {
    double at, shrink, sum;
    int64_t first, last;
} taps;

static bool counts(const resize_job *j, const resize_axis *a, int64_t i)
{
    return !j->p->exclude_outside || (i >= 0 && i < a->in);
}

static taps find_taps(const resize_job *j, const resize_axis *a, int64_t o)
{
    bool outside = false;
    double scale = a->num / a->den;
    taps t = {.at = bound(position(j, a, o, &outside), 0x1p52), .sum = 1};
    t.shrink = j->p->antialias && scale < 1 ? scale : 1;
    double reach = (j->p->mode == SLD_RESIZE_LINEAR ? 1 : 2) / t.shrink;
    t.first = (int64_t)floor(t.at - reach) + 1;
    t.last = (int64_t)ceil(t.at + reach) - 1;
    if (j->p->antialias || j->p->exclude_outside) {
        t.sum = 0;
        for (int64_t i = t.first; i <= t.last; i++) {
            t.sum += counts(j, a, i) ? weight(j->p, ((double)i - t.at) * t.shrink) : 0;
        }
    }
    return t;
}

/* Interpolates over axes axis.. of the element's position; recursion depth is the rank. */
static double interpolate(const resize_job *j, const int64_t *index, int axis, int64_t offset)
{
    if (axis == j->x->rank) {
        return sld_at_f64(j->x, offset);
    }
    const resize_axis *a = &j->axes[axis];
    int64_t stride = j->x->stride[axis];
    if (!a->resized) {
        return interpolate(j, index, axis + 1, offset + index[axis] * stride);
    }
    taps t = find_taps(j, a, index[axis]);
    double sum = 0;
    for (int64_t i = t.first; i <= t.last; i++) {
        double w = counts(j, a, i) ? weight(j->p, ((double)i - t.at) * t.shrink) : 0;
        if (w != 0) {
            sum += w / t.sum * interpolate(j, index, axis + 1, offset + clamp(i, a->in) * stride);
        }
    }
    return sum;
}

static bool extrapolates(const resize_job *j, const int64_t *index)
{
    bool outside = false;
    for (int i = 0; i < j->x->rank; i++) {
        if (j->axes[i].resized) {
            (void)position(j, &j->axes[i], index[i], &outside);
        }
    }
    return outside;
}

/* Integers saturate at their type's range, then truncate. */
static void store(const sld_tensor *y, int64_t to, double v)
{
    int bits = 8 * (int)solder_dtype_size(y->dtype);
    if (sld_dtype_is_integer(y->dtype) && bits < 64) {
        bool is_unsigned = sld_dtype_is_unsigned(y->dtype);
        double high = ldexp(1, is_unsigned ? bits : bits - 1) - 1;
        double low = is_unsigned ? 0 : -high - 1;
        v = v < low ? low : v > high ? high : v;
    }
    sld_put_f64(y, to, v);
}

static void resize_element(const resize_job *j, const int64_t *index)
{
    int64_t to = sld_tensor_offset(j->y, index);
    if (extrapolates(j, index)) {
        store(j->y, to, (double)j->p->extrapolation);
    } else if (j->p->mode != SLD_RESIZE_NEAREST) {
        store(j->y, to, interpolate(j, index, 0, 0));
    } else {
        int64_t from = 0;
        for (int i = 0; i < j->x->rank; i++) {
            const resize_axis *a = &j->axes[i];
            bool ignored = false;
            double at = a->resized ? bound(position(j, a, index[i], &ignored), 0x1p52) : 0;
            int64_t source = a->resized ? clamp(nearest(j->p->nearest, at), a->in) : index[i];
            from += source * j->x->stride[i];
        }
        size_t size = solder_dtype_size(j->x->dtype);
        memcpy((char *)j->y->data + to * (int64_t)size,
               (const char *)j->x->data + from * (int64_t)size, size);
    }
}

/* One task is one slice of the outermost dimension. */
static void resize_slice(void *user, size_t slice, int thread)
{
    (void)thread;
    const resize_job *j = user;
    int64_t index[SOLDER_MAX_RANK] = {(int64_t)slice};
    do {
        resize_element(j, index);
    } while (sld_index_next(index + 1, j->y->dim + 1, j->y->rank - 1));
}

/* The fraction num / den by which axis i of the list grows. */
static solder_status scale_of(const resize_job *j, const sld_run *run, int i, resize_axis *a)
{
    const sld_resize_params *p = j->p;
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
            double in = (double)j->x->dim[p->axes[k]];
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

static solder_status prepare(resize_job *j, const sld_run *run)
{
    const sld_resize_params *p = j->p;
    const sld_tensor *roi = sld_ref_input(run, 1);
    int count = p->axes_count > 0 ? p->axes_count : j->x->rank;
    for (int i = 0; i < count; i++) {
        int axis = p->axes_count > 0 ? p->axes[i] : i;
        resize_axis *a = &j->axes[axis];
        a->in = j->x->dim[axis];
        a->out = j->y->dim[axis];
        a->roi_end = 1;
        SLD_TRY(scale_of(j, run, i, a));
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

static solder_status resize_run(const sld_run *run)
{
    resize_job j = {.p = run->params, .x = &run->in[0], .y = &run->out[0]};
    if (sld_tensor_count(j.y) == 0) {
        return SOLDER_OK;
    }
    SLD_TRY(prepare(&j, run));
    sld_pool_for(run->pool, (size_t)j.y->dim[0], resize_slice, &j);
    return SOLDER_OK;
}

const sld_kernel sld_resize_ref = {.name = "resize_ref", .family = "resize", .run = resize_run};
