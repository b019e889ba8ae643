/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resize as ONNX defines it: each axis maps an output coordinate to an input position and weighs
 * the taps around it; the axes' weights multiply. Positions outside are clamped to the edge.
 */
#include <math.h>

#include "kernels/resize/resize_geometry.h"

typedef struct resize_job {
    const sld_resize_params *p;
    const sld_tensor *x, *y;
    sld_resize_axis axes[SOLDER_MAX_RANK];
} resize_job;

/* Interpolates over axes axis.. of the element's position; recursion depth is the rank. */
static double interpolate(const resize_job *j, const int64_t *index, int axis, int64_t offset)
{
    if (axis == j->x->rank) {
        return sld_at_f64(j->x, offset);
    }
    const sld_resize_axis *a = &j->axes[axis];
    int64_t stride = j->x->stride[axis];
    if (!a->resized) {
        return interpolate(j, index, axis + 1, offset + index[axis] * stride);
    }
    sld_resize_taps t = sld_resize_find_taps(j->p, a, index[axis]);
    double sum = 0;
    for (int64_t i = t.first; i <= t.last; i++) {
        double w = sld_resize_weight(j->p, a, &t, i);
        if (w != 0) {
            sum += w * interpolate(j, index, axis + 1, offset + sld_resize_clamp(a, i) * stride);
        }
    }
    return sum;
}

static bool extrapolates(const resize_job *j, const int64_t *index)
{
    bool outside = false;
    for (int i = 0; i < j->x->rank; i++) {
        if (j->axes[i].resized) {
            (void)sld_resize_position(j->p, &j->axes[i], index[i], &outside);
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
            const sld_resize_axis *a = &j->axes[i];
            int64_t source = a->resized ? sld_resize_nearest(j->p, a, index[i]) : index[i];
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

static solder_status resize_run(const sld_run *run)
{
    resize_job j = {.p = run->params, .x = &run->in[0], .y = &run->out[0]};
    if (sld_tensor_count(j.y) == 0) {
        return SOLDER_OK;
    }
    SLD_TRY(sld_resize_prepare(run, j.axes));
    sld_pool_for(run->pool, (size_t)j.y->dim[0], resize_slice, &j);
    return SOLDER_OK;
}

const sld_kernel sld_resize_ref = {.name = "resize_ref", .family = "resize", .run = resize_run};
