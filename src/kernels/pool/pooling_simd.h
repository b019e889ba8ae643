/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Max and average pooling: the rows of a window are merged into one row in scratch, padded with
 * neutral elements, whose columns are then merged; included once per instruction set. Max keeps
 * NaN, as the reference does.
 */
#include <float.h>

#include "kernels/conv/window.h"
#include "kernels/pool/pool.h"
#include "kernels/simd.h"

/* Larger ones have no use; rows hold a vector of outputs more than the input. */
#define MAX_STRIDE 256

/* One axis of the window; end: padding at the end. */
typedef struct pool_axis {
    int64_t in, out, window, stride, dilation, begin, end;
} pool_axis;

typedef struct pooling_job {
    const sld_run *run;
    const sld_pooling_params *p;
    pool_axis y, x;
    int64_t channels, in_plane, out_plane;
    const float *taps; /* window columns that count, per output column */
    float *rows;       /* one row of row_floats per thread */
    size_t row_floats;
    int64_t left; /* neutral elements before the input in a row */
} pooling_job;

static SLD_ALWAYS_INLINE vf merge(vf a, vf b, const bool max)
{
    return max ? vf_select(vf_nan(a), a, vf_max(a, b)) : vf_add(a, b);
}

/* Whole steps of the dilation in a distance; most often it is 1, and a division would be felt. */
static SLD_ALWAYS_INLINE int64_t dilated(const pool_axis *a, int64_t distance)
{
    return a->dilation == 1 ? distance : distance / a->dilation;
}

/* The taps from the first at position 0 or later to the last before end; first: of tap 0. */
static SLD_ALWAYS_INLINE int64_t taps_from(const pool_axis *a, int64_t first)
{
    return first >= 0 ? 0 : dilated(a, a->dilation - 1 - first);
}

static SLD_ALWAYS_INLINE int64_t taps_before(const pool_axis *a, int64_t first, int64_t end)
{
    int64_t taps = first >= end ? 0 : dilated(a, end - 1 - first) + 1;
    return taps < a->window ? taps : a->window;
}

/* Window positions of output index at that lie inside the input, or inside input + padding. */
static int64_t taps_of(const pool_axis *a, int64_t at, bool padded)
{
    int64_t first = at * a->stride - a->begin;
    int64_t from = padded ? 0 : taps_from(a, first);
    int64_t to = taps_before(a, first, padded ? a->in + a->end : a->in);
    return to > from ? to - from : 0;
}

/* The rows of the window at output row y, merged into row; false if there are none. */
static SLD_ALWAYS_INLINE bool merge_rows(const pooling_job *j, const float *in, int64_t y,
                                         float *row, const bool max)
{
    int64_t top = y * j->y.stride - j->y.begin;
    int64_t first = top + taps_from(&j->y, top) * j->y.dilation;
    int64_t end = top + (j->y.window - 1) * j->y.dilation + 1;
    end = end < j->y.in ? end : j->y.in;
    for (int64_t x = 0; x < j->x.in && first < end; x += VF) {
        vm live = vm_first(j->x.in - x);
        vf v = vf_load_m(in + first * j->x.in + x, live);
        for (int64_t r = first + j->y.dilation; r < end; r += j->y.dilation) {
            v = merge(v, vf_load_m(in + r * j->x.in + x, live), max);
        }
        vf_store_m(row + x, v, live);
    }
    return first < end;
}

/* Columns of the merged row from p on, step apart. */
static SLD_ALWAYS_INLINE vf load_step(const float *p, const int64_t step)
{
    if (step == 1) {
        return vf_load(p);
    }
    if (step == 2) {
        return vf_even(vf_load(p), vf_load(p + VF));
    }
    return vf_gather(p, vi_mul(vi_lanes(), vi_set1((int32_t)step)), vm_first(VF));
}

static SLD_ALWAYS_INLINE vf merge_columns(const pooling_job *j, const float *p, int64_t from,
                                          int64_t to, const bool max, const int64_t step)
{
    vf v = load_step(p + from * j->x.dilation, step);
    for (int64_t q = from + 1; q < to; q++) {
        v = merge(v, load_step(p + q * j->x.dilation, step), max);
    }
    return v;
}

static SLD_ALWAYS_INLINE void pool_plane(const pooling_job *j, const float *in, float *out,
                                         float *row, const bool max, const int64_t step)
{
    const vf neutral = max ? vf_set1(-INFINITY) : vf_zero();
    const int64_t reach = (j->x.window - 1) * j->x.dilation;
    for (size_t i = 0; i < j->row_floats; i += VF) {
        vf_store(row + i, neutral);
    }
    for (int64_t y = 0; y < j->y.out; y++) {
        bool any = merge_rows(j, in, y, row + j->left, max);
        float rows = (float)taps_of(&j->y, y, j->p->kind == SLD_POOL_AVERAGE_PADDED);
        for (int64_t x = 0; x < j->x.out; x += VF) {
            vm live = vm_first(j->x.out - x);
            int64_t first = x * step - j->x.begin; /* of the first lane's window */
            const float *p = row + j->left + first;
            vf v;
            if (first >= 0 && first + reach < j->x.in) {
                v = merge_columns(j, p, 0, j->x.window, max, step);
            } else {
                int64_t from = taps_from(&j->x, first + (VF - 1) * step);
                int64_t to = taps_before(&j->x, first, j->x.in);
                v = from < to ? merge_columns(j, p, from, to, max, step) : neutral;
            }
            vf taps = vf_mul(vf_load_m(j->taps + x, live), vf_set1(any || !max ? rows : 0.0f));
            vf empty = max ? vf_set1(-FLT_MAX) : vf_zero();
            v = max ? v : vf_div(any ? v : vf_zero(), taps);
            vf_store_m(out + y * j->x.out + x, vf_select(vf_gt(taps, vf_zero()), v, empty), live);
        }
    }
}

static void pool_windows(const pooling_job *j, const float *in, float *out, float *row)
{
    bool max = j->p->kind == SLD_POOL_MAX;
    int64_t step = j->x.stride;
    if (max && step == 1) {
        pool_plane(j, in, out, row, true, 1);
    } else if (max && step == 2) {
        pool_plane(j, in, out, row, true, 2);
    } else if (max) {
        pool_plane(j, in, out, row, true, step);
    } else if (step == 1) {
        pool_plane(j, in, out, row, false, 1);
    } else if (step == 2) {
        pool_plane(j, in, out, row, false, 2);
    } else {
        pool_plane(j, in, out, row, false, step);
    }
}

/* The whole plane is one window. */
static float pool_global(const pooling_job *j, const float *in)
{
    const bool max = j->p->kind == SLD_POOL_MAX;
    const vf start = max ? vf_set1(-INFINITY) : vf_zero();
    vf result = start;
    if (j->in_plane == 0) {
        return max ? -FLT_MAX : 0.0f;
    }
    for (int64_t i = 0; i < j->in_plane; i += VF) {
        vm live = vm_first(j->in_plane - i);
        result = merge(result, vf_select(live, vf_load_m(in + i, live), start), max);
    }
    if (!max) {
        return vf_sum(result) / (float)j->in_plane;
    }
    float lanes[VF];
    vf_store(lanes, result);
    float best = lanes[0];
    for (int i = 1; i < VF && !isnan(best); i++) {
        best = lanes[i] > best || isnan(lanes[i]) ? lanes[i] : best;
    }
    return best;
}

static void pooling_task(void *user, size_t index, int thread)
{
    const pooling_job *j = user;
    const sld_tensor *x = &j->run->in[0];
    const sld_tensor *y = &j->run->out[0];
    int64_t image = (int64_t)index / j->channels;
    int64_t channel = (int64_t)index % j->channels;
    const float *in = (const float *)x->data + image * x->stride[0] + channel * j->in_plane;
    float *out = (float *)y->data + image * y->stride[0] + channel * j->out_plane;
    if (j->p->global != 0) {
        *out = pool_global(j, in);
    } else {
        pool_windows(j, in, out, j->rows + (size_t)thread * j->row_floats);
    }
}

static bool pooling_supports(const sld_run *run)
{
    const sld_pooling_params *p = run->params;
    const sld_tensor *x = &run->in[0];
    if (p->kind == SLD_POOL_LP || (x->rank != 3 && x->rank != 4) || x->dtype != SOLDER_F32 ||
        (run->out_count > 1 && sld_tensor_present(&run->out[1]))) {
        return false;
    }
    for (int i = 0; i < x->rank - 2 && p->global == 0; i++) {
        if ((p->pad_mode == SLD_PAD_EXPLICIT && p->pad_begin[i] < 0) || p->stride[i] > MAX_STRIDE) {
            return false;
        }
    }
    return sld_tensor_inner_contiguous(x) && sld_tensor_inner_contiguous(&run->out[0]);
}

static pool_axis axis_of(const sld_run *run, int axis)
{
    const sld_pooling_params *p = run->params;
    pool_axis a = {.in = run->in[0].dim[2 + axis], .out = run->out[0].dim[2 + axis]};
    if (p->global != 0) {
        a.window = a.stride = a.dilation = 1;
        return a;
    }
    a.window = p->window[axis];
    a.stride = p->stride[axis];
    a.dilation = p->dilation[axis];
    if (p->pad_mode == SLD_PAD_EXPLICIT) {
        a.begin = p->pad_begin[axis];
        a.end = p->pad_end[axis];
    } else if (p->pad_mode != SLD_PAD_VALID) {
        int64_t covered = (a.out - 1) * a.stride + (a.window - 1) * a.dilation + 1;
        int64_t total = covered > a.in ? covered - a.in : 0;
        a.begin = sld_same_pad_begin(p->pad_mode, total);
        a.end = total - a.begin;
    }
    return a;
}

/* The last lane's window reaches the input: the first one's begins at most so far before it. */
static int64_t left_of(const pool_axis *x)
{
    int64_t reach = (VF - 1) * x->stride;
    return x->begin < reach ? x->begin : reach;
}

/* Whole vectors are read from each position of the input on; what lies behind is neutral. */
static size_t row_floats_of(const pool_axis *x)
{
    return (size_t)((left_of(x) + x->in + VF * x->stride + 2 * VF + 15) / 16 * 16);
}

static size_t taps_floats_of(const pool_axis *x)
{
    return (size_t)((x->out + 15) / 16 * 16);
}

static size_t pooling_workspace(const sld_run *run, int threads)
{
    pool_axis x = axis_of(run, run->in[0].rank - 3);
    return (taps_floats_of(&x) + (size_t)threads * row_floats_of(&x)) * sizeof(float);
}

static solder_status pooling_run(const sld_run *run)
{
    const sld_tensor *x = &run->in[0];
    const sld_tensor *y = &run->out[0];
    int last = x->rank - 3;
    pooling_job j = {.run = run,
                     .p = run->params,
                     .y = {.in = 1, .out = 1, .window = 1, .stride = 1, .dilation = 1},
                     .x = axis_of(run, last),
                     .channels = y->dim[1]};
    if (last == 1) {
        j.y = axis_of(run, 0);
    }
    j.in_plane = j.y.in * j.x.in;
    j.out_plane = j.y.out * j.x.out;
    j.row_floats = row_floats_of(&j.x);
    j.left = left_of(&j.x);
    float *taps = run->workspace;
    j.taps = taps;
    j.rows = taps + taps_floats_of(&j.x);
    for (int64_t i = 0; i < j.x.out; i++) {
        taps[i] = (float)taps_of(&j.x, i, j.p->kind == SLD_POOL_AVERAGE_PADDED);
    }
    if (j.out_plane > 0) {
        sld_pool_for(run->pool, (size_t)(y->dim[0] * j.channels), pooling_task, &j);
    }
    return SOLDER_OK;
}
