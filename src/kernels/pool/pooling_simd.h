/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Max and average pooling, a vector of one output row at a time; included once per instruction
 * set. Max keeps NaN, as the reference does.
 */
#include <float.h>

#include "kernels/conv/column_simd.h"
#include "kernels/conv/window.h"
#include "kernels/pool/pool.h"

#define MAX_WINDOW 16

typedef struct pooling_job {
    const sld_run *run;
    const sld_pooling_params *p;
    sld_conv_shape s;
    int64_t channels, end_bottom, end_right; /* padding at the end */
} pooling_job;

static SLD_ALWAYS_INLINE vf take_max(vf best, vf v)
{
    return vf_select(vf_nan(best), best, vf_max(best, v));
}

/* Output columns x..x + VF: their window columns, and how many of those count. */
typedef struct column_block {
    column columns[MAX_WINDOW];
    vf inside, padded; /* columns inside the input; inside input + padding */
    vm live;
    int64_t x;
} column_block;

static void make_block(const pooling_job *j, int64_t x, column_block *b)
{
    const sld_conv_shape *s = &j->s;
    int64_t count = s->out_width - x < VF ? s->out_width - x : VF;
    int64_t left = x * s->stride_x - s->pad_left;
    float inside[VF] = {0};
    float padded[VF] = {0};
    b->x = x;
    b->live = vm_first(count);
    for (int64_t q = 0; q < s->window_width; q++) {
        int64_t at = left + q * s->dilation_x;
        b->columns[q] = column_of(s, at, 0, count);
        for (int64_t i = 0; i < count; i++, at += s->stride_x) {
            inside[i] += at >= 0 && at < s->in_width ? 1.0f : 0.0f;
            padded[i] += at < s->in_width + j->end_right ? 1.0f : 0.0f;
        }
    }
    b->inside = vf_load(inside);
    b->padded = vf_load(padded);
}

/* The divisor of an average; rows of the window that count likewise. */
static SLD_ALWAYS_INLINE vf average_of(const pooling_job *j, const column_block *b, vf sum,
                                       int64_t top, int64_t rows)
{
    const sld_conv_shape *s = &j->s;
    vf columns = b->inside;
    if (j->p->kind == SLD_POOL_AVERAGE_PADDED) {
        columns = b->padded;
        rows = 0;
        for (int64_t r = 0; r < s->window_height; r++) {
            rows += top + r * s->dilation_y < s->in_height + j->end_bottom;
        }
    }
    vf taps = vf_mul(columns, vf_set1((float)rows));
    return vf_select(vf_gt(taps, vf_zero()), vf_div(sum, taps), vf_zero());
}

static SLD_ALWAYS_INLINE void pool_rows(const pooling_job *j, const float *in, float *out,
                                        const column_block *b, const bool max, const int64_t step)
{
    const sld_conv_shape *s = &j->s;
    const vf lowest = vf_set1(-INFINITY);
    for (int64_t y = 0; y < s->out_height; y++) {
        int64_t top = y * s->stride_y - s->pad_top;
        int64_t rows = 0;
        vf result = max ? lowest : vf_zero();
        for (int64_t r = 0; r < s->window_height; r++) {
            int64_t row = top + r * s->dilation_y;
            if (row < 0 || row >= s->in_height) {
                continue;
            }
            rows++;
            for (int64_t q = 0; q < s->window_width; q++) {
                vf v = load_column(in + row * s->in_width, &b->columns[q], step);
                result = max ? take_max(result, vf_select(b->columns[q].lanes, v, lowest))
                             : vf_add(result, v);
            }
        }
        if (max) { /* a window without a tap */
            vm none = rows > 0 ? vf_lt(b->inside, vf_set1(0.5f)) : vm_first(VF);
            result = vf_select(none, vf_set1(-FLT_MAX), result);
        } else {
            result = average_of(j, b, result, top, rows);
        }
        vf_store_m(out + y * s->out_width + b->x, result, b->live);
    }
}

static SLD_ALWAYS_INLINE void pool_kind(const pooling_job *j, const float *in, float *out,
                                        const column_block *b, const bool max)
{
    if (j->s.stride_x == 1) {
        pool_rows(j, in, out, b, max, 1);
    } else if (j->s.stride_x == 2) {
        pool_rows(j, in, out, b, max, 2);
    } else {
        pool_rows(j, in, out, b, max, j->s.stride_x);
    }
}

/* The whole plane is one window. */
static float pool_global(const pooling_job *j, const float *in)
{
    bool max = j->p->kind == SLD_POOL_MAX;
    const vf start = max ? vf_set1(-INFINITY) : vf_zero();
    int64_t count = j->s.in_plane;
    vf result = start;
    if (count == 0) {
        return max ? -FLT_MAX : 0.0f;
    }
    for (int64_t i = 0; i < count; i += VF) {
        vm live = vm_first(count - i);
        vf v = vf_load_m(in + i, live);
        result = max ? take_max(result, vf_select(live, v, start)) : vf_add(result, v);
    }
    if (!max) {
        return vf_sum(result) / (float)count;
    }
    float lanes[VF];
    float best = -INFINITY;
    vf_store(lanes, result);
    for (int i = 0; i < VF; i++) {
        best = lanes[i] > best || isnan(lanes[i]) ? lanes[i] : best;
        if (isnan(best)) {
            break;
        }
    }
    return best;
}

static void pooling_task(void *user, size_t index, int thread)
{
    (void)thread;
    const pooling_job *j = user;
    const sld_tensor *x = &j->run->in[0];
    const sld_tensor *y = &j->run->out[0];
    int64_t image = (int64_t)index / j->channels;
    int64_t channel = (int64_t)index % j->channels;
    const float *in = (const float *)x->data + image * x->stride[0] + channel * j->s.in_plane;
    float *out = (float *)y->data + image * y->stride[0] + channel * j->s.pixels;
    if (j->p->global != 0) {
        *out = pool_global(j, in);
        return;
    }
    for (int64_t at = 0; at < j->s.out_width; at += VF) {
        column_block b;
        make_block(j, at, &b);
        if (j->p->kind == SLD_POOL_MAX) {
            pool_kind(j, in, out, &b, true);
        } else {
            pool_kind(j, in, out, &b, false);
        }
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
    return sld_tensor_inner_contiguous(x) && sld_tensor_inner_contiguous(&run->out[0]) &&
           (p->global != 0 || p->window[x->rank - 3] <= MAX_WINDOW);
}

/* Padding of one axis at both ends. */
static void pads_of(const sld_pooling_params *p, int axis, int64_t in, int64_t out, int64_t *begin,
                    int64_t *end)
{
    *begin = p->pad_mode == SLD_PAD_EXPLICIT ? p->pad_begin[axis] : 0;
    *end = p->pad_mode == SLD_PAD_EXPLICIT ? p->pad_end[axis] : 0;
    if (p->pad_mode == SLD_PAD_SAME_UPPER || p->pad_mode == SLD_PAD_SAME_LOWER) {
        int64_t covered =
            (out - 1) * p->stride[axis] + (p->window[axis] - 1) * p->dilation[axis] + 1;
        int64_t total = covered > in ? covered - in : 0;
        *begin = sld_same_pad_begin(p->pad_mode, total);
        *end = total - *begin;
    }
}

static solder_status pooling_run(const sld_run *run)
{
    const sld_tensor *x = &run->in[0];
    const sld_tensor *y = &run->out[0];
    pooling_job j = {.run = run, .p = run->params, .channels = y->dim[1]};
    sld_conv_shape *s = &j.s;
    int last = x->rank - 3;
    s->in_height = s->out_height = s->window_height = s->stride_y = s->dilation_y = 1;
    s->in_width = x->dim[2 + last];
    s->out_width = y->dim[2 + last];
    s->window_width = j.p->window[last];
    s->stride_x = j.p->stride[last];
    s->dilation_x = j.p->dilation[last];
    pads_of(j.p, last, s->in_width, s->out_width, &s->pad_left, &j.end_right);
    if (last == 1) {
        s->in_height = x->dim[2];
        s->out_height = y->dim[2];
        s->window_height = j.p->window[0];
        s->stride_y = j.p->stride[0];
        s->dilation_y = j.p->dilation[0];
        pads_of(j.p, 0, s->in_height, s->out_height, &s->pad_top, &j.end_bottom);
    }
    s->in_plane = s->in_height * s->in_width;
    s->pixels = s->out_height * s->out_width;
    if (s->pixels > 0) {
        sld_pool_for(run->pool, (size_t)(y->dim[0] * j.channels), pooling_task, &j);
    }
    return SOLDER_OK;
}
