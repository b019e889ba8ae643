/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise convolution (one input channel per group) straight from the input: some vectors of one
 * output row at a time, or, where columns near the border load under a mask, of several rows.
 * Included once per instruction set.
 */
#include "kernels/activation/activate_simd.h"
#include "kernels/conv/column_simd.h"

/* Vectors at a time: sums enough to hide the latency of a multiply-add, and weights loaded once. */
#define UNITS 4
/* Widest window that has columns with masks of their own. */
#define MOST_COLUMNS 128

typedef struct plane {
    const sld_conv_shape *s;
    const float *in, *weights, *residual; /* residual may be NULL */
    float *out;
    float bias, low, high; /* the activation, as a clamp */
} plane;

/* Vectors that are computed together; the next one is in_next and out_next further on. */
typedef struct block {
    int64_t y, x; /* of the first */
    int64_t in_next, out_next;
    const column *columns; /* NULL: all lanes and all columns of the window are inside */
    int64_t count;         /* of lanes */
} block;

static SLD_ALWAYS_INLINE vf load_whole(const float *p, const int64_t step)
{
    return step == 1 ? vf_load(p) : vf_even(vf_load(p), vf_load(p + VF));
}

/* One weight against all units; in: of the first at this row of the window. */
static SLD_ALWAYS_INLINE void add_tap(vf sum[UNITS], float weight, const float *in, int64_t left,
                                      const column *c, int64_t in_next, const int64_t step,
                                      const int units)
{
    vf w = vf_set1(weight);
    SLD_UNROLL
    for (int u = 0; u < units; u++) {
        const float *at = in + u * in_next;
        sum[u] =
            vf_fma(w, c == NULL ? load_whole(at + left, step) : load_column(at, c, step), sum[u]);
    }
}

/* three: the window is 3 wide; whole: no columns. Both are constants, as units is. */
static SLD_ALWAYS_INLINE void run_block(const plane *p, const block *b, const bool three,
                                        const int64_t step, const int units, const bool whole)
{
    const sld_conv_shape *s = p->s;
    int64_t top = b->y * s->stride_y - s->pad_top;
    int64_t left = b->x * s->stride_x - s->pad_left;
    vf sum[UNITS];
    SLD_UNROLL
    for (int u = 0; u < units; u++) {
        sum[u] = vf_set1(p->bias);
    }
    const float *w = p->weights;
    for (int64_t r = 0; r < s->window_height; r++, w += s->window_width) {
        int64_t row = top + r * s->dilation_y;
        if (row < 0 || row >= s->in_height) {
            continue;
        }
        const float *in = p->in + row * s->in_width;
        const int64_t next = s->dilation_x;
        const column *c = whole ? NULL : b->columns;
        if (three) {
            add_tap(sum, w[0], in, left, whole ? NULL : &c[0], b->in_next, step, units);
            add_tap(sum, w[1], in, left + next, whole ? NULL : &c[1], b->in_next, step, units);
            add_tap(sum, w[2], in, left + 2 * next, whole ? NULL : &c[2], b->in_next, step, units);
            continue;
        }
        for (int64_t q = 0; q < s->window_width; q++) {
            add_tap(sum, w[q], in, left + q * next, whole ? NULL : &c[q], b->in_next, step, units);
        }
    }
    int64_t to = b->y * s->out_width + b->x;
    SLD_UNROLL
    for (int u = 0; u < units; u++, to += b->out_next) {
        vf y = sum[u];
        if (p->residual != NULL) {
            const float *r = p->residual + to;
            y = vf_add(y, whole ? vf_load(r) : vf_load_m(r, vm_first(b->count)));
        }
        y = vf_clamp(y, vf_set1(p->low), vf_set1(p->high));
        if (whole) {
            vf_store(p->out + to, y);
        } else {
            vf_store_first(p->out + to, y, b->count);
        }
    }
}

/* All rows of the vector at column x, whose window may reach outside. */
static SLD_ALWAYS_INLINE void run_border(const plane *p, int64_t x, const bool three,
                                         const int64_t step)
{
    const sld_conv_shape *s = p->s;
    int64_t count = s->out_width - x < VF ? s->out_width - x : VF;
    column columns[MOST_COLUMNS];
    for (int64_t q = 0; q < s->window_width; q++) {
        columns[q] = column_of(s, x * s->stride_x - s->pad_left + q * s->dilation_x, 0, count);
    }
    block b = {
        .x = x,
        .in_next = s->stride_y * s->in_width,
        .out_next = s->out_width,
        .columns = columns,
        .count = count,
    };
    int64_t reach = (s->window_height - 1) * s->dilation_y;
    while (b.y < s->out_height) {
        int64_t top = b.y * s->stride_y - s->pad_top;
        int64_t last = top + (UNITS - 1) * s->stride_y + reach;
        if (top >= 0 && b.y + UNITS <= s->out_height && last < s->in_height) {
            run_block(p, &b, three, step, UNITS, false);
            b.y += UNITS;
        } else {
            run_block(p, &b, three, step, 1, false);
            b.y++;
        }
    }
}

/* The vectors [x, end) of all rows, whose columns are all inside. */
static SLD_ALWAYS_INLINE void run_inside(const plane *p, int64_t x, int64_t end, const bool three,
                                         const int64_t step)
{
    block b = {.in_next = VF * p->s->stride_x, .out_next = VF, .count = VF};
    for (b.y = 0; b.y < p->s->out_height; b.y++) {
        for (b.x = x; b.x + UNITS * VF <= end; b.x += UNITS * VF) {
            run_block(p, &b, three, step, UNITS, true);
        }
        for (; b.x < end; b.x += VF) {
            run_block(p, &b, three, step, 1, true);
        }
    }
}

/* step: the horizontal stride if it is 1 or 2, else 0. */
static SLD_ALWAYS_INLINE void run_window(const plane *p, const bool three, const int64_t step)
{
    const sld_conv_shape *s = p->s;
    int64_t x = 0;
    if (step != 0) {
        /* A stride of 2 reads one more than it needs. */
        int64_t reach = (s->window_width - 1) * s->dilation_x + (VF - 1) * step + (step - 1);
        int64_t first = (s->pad_left + step - 1) / step;
        first = (first + VF - 1) / VF * VF;
        int64_t end = first;
        while (end + VF <= s->out_width && end * step - s->pad_left + reach < s->in_width) {
            end += VF;
        }
        if (end > first) {
            run_inside(p, first, end, three, step);
            for (; x < first; x += VF) {
                run_border(p, x, three, step);
            }
            x = end;
        }
    }
    for (; x < s->out_width; x += VF) {
        run_border(p, x, three, step);
    }
}

static void run_plane(const plane *p)
{
    const sld_conv_shape *s = p->s;
    bool three = s->window_width == 3;
    if (three && s->stride_x == 1) {
        run_window(p, true, 1);
    } else if (three && s->stride_x == 2) {
        run_window(p, true, 2);
    } else if (s->stride_x == 1) {
        run_window(p, false, 1);
    } else if (s->stride_x == 2) {
        run_window(p, false, 2);
    } else {
        run_window(p, false, 0);
    }
}

/* The activations that are no clamp, in place. */
static void activate_plane(const sld_epilogue *e, float *out, int64_t count)
{
    for (int64_t i = 0; i < count; i += VF) {
        vf x = vf_load_m(out + i, vm_first(count - i));
        vf_store_first(out + i, vf_activate(e, x), count - i);
    }
}

typedef struct depthwise {
    const sld_run *run;
    sld_conv_shape s;
} depthwise;

static void depthwise_task(void *user, size_t index, int thread)
{
    (void)thread;
    const depthwise *d = user;
    const sld_conv_shape *s = &d->s;
    const sld_conv_params *params = d->run->params;
    const sld_tensor *in = d->run->in;
    const sld_tensor *out = &d->run->out[0];
    int64_t channels = s->groups * s->out_channels;
    int64_t image = (int64_t)index / channels;
    int64_t channel = (int64_t)index % channels;
    plane p = {
        .s = s,
        .in = (const float *)in[0].data + image * in[0].stride[0] +
              channel / s->out_channels * s->in_plane,
        .weights = (const float *)in[1].data + channel * s->taps,
        .out = (float *)out->data + image * out->stride[0] + channel * s->pixels,
    };
    bool clamp = sld_act_clamp(&params->epilogue, &p.low, &p.high);
    if (d->run->in_count > 2 && sld_tensor_present(&in[2])) {
        p.bias = ((const float *)in[2].data)[channel];
    }
    if (params->epilogue.residual != 0) {
        p.residual = (const float *)in[3].data + image * in[3].stride[0] + channel * s->pixels;
    }
    run_plane(&p);
    if (!clamp) {
        activate_plane(&params->epilogue, p.out, s->pixels);
    }
}

static bool depthwise_supports(const sld_run *run)
{
    const sld_conv_params *p = run->params;
    return sld_conv_plain_f32(run) && p->spatial <= 2 && sld_tensor_inner_contiguous(&run->in[0]) &&
           run->in[1].dim[1] == 1 && run->in[1].dim[run->in[1].rank - 1] <= MOST_COLUMNS;
}

static solder_status depthwise_run(const sld_run *run)
{
    depthwise d = {run, sld_conv_shape_of(run)};
    if (d.s.pixels > 0) {
        sld_pool_for(run->pool, (size_t)(d.s.batch * d.s.groups * d.s.out_channels), depthwise_task,
                     &d);
    }
    return SOLDER_OK;
}
