/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise convolution (one input channel per group) straight from the input, a vector of one
 * output row at a time; included once per instruction set. Columns near the border load under a
 * mask, rows outside the input are skipped.
 */
#include "kernels/activation/activate_simd.h"
#include "kernels/conv/column_simd.h"

typedef struct plane {
    const sld_conv_shape *s;
    const float *in, *weights, *residual; /* residual may be NULL */
    float *out;
    float bias;
    const sld_epilogue *epilogue;
} plane;

static SLD_ALWAYS_INLINE void store_sum(const plane *p, int64_t y, int64_t x, vm live, vf sum)
{
    int64_t at = y * p->s->out_width + x;
    if (p->residual != NULL) {
        sum = vf_add(sum, vf_load_m(p->residual + at, live));
    }
    vf_store_m(p->out + at, vf_activate(p->epilogue, sum), live);
}

/* A square window of constant size; step is the horizontal stride, 1 or 2. */
static SLD_ALWAYS_INLINE void run_window(const plane *p, const int size, const int64_t step)
{
    const sld_conv_shape *s = p->s;
    for (int64_t x = 0; x < s->out_width; x += VF) {
        int64_t count = s->out_width - x < VF ? s->out_width - x : VF;
        vm live = vm_first(count);
        column columns[5];
        SLD_UNROLL
        for (int q = 0; q < size; q++) {
            columns[q] = column_of(s, x * s->stride_x - s->pad_left + q * s->dilation_x, 0, count);
        }
        for (int64_t y = 0; y < s->out_height; y++) {
            int64_t top = y * s->stride_y - s->pad_top;
            vf sum = vf_set1(p->bias);
            SLD_UNROLL
            for (int r = 0; r < size; r++) {
                int64_t row = top + r * s->dilation_y;
                if (row < 0 || row >= s->in_height) {
                    continue;
                }
                SLD_UNROLL
                for (int q = 0; q < size; q++) {
                    vf in = load_column(p->in + row * s->in_width, &columns[q], step);
                    sum = vf_fma(vf_set1(p->weights[r * size + q]), in, sum);
                }
            }
            store_sum(p, y, x, live, sum);
        }
    }
}

static void run_any_window(const plane *p)
{
    const sld_conv_shape *s = p->s;
    for (int64_t y = 0; y < s->out_height; y++) {
        int64_t top = y * s->stride_y - s->pad_top;
        for (int64_t x = 0; x < s->out_width; x += VF) {
            int64_t count = s->out_width - x < VF ? s->out_width - x : VF;
            int64_t left = x * s->stride_x - s->pad_left;
            vf sum = vf_set1(p->bias);
            for (int64_t r = 0; r < s->window_height; r++) {
                int64_t row = top + r * s->dilation_y;
                if (row < 0 || row >= s->in_height) {
                    continue;
                }
                for (int64_t q = 0; q < s->window_width; q++) {
                    column c = column_of(s, left + q * s->dilation_x, 0, count);
                    vf in = load_column(p->in + row * s->in_width, &c,
                                        s->stride_x <= 2 ? s->stride_x : 0);
                    sum = vf_fma(vf_set1(p->weights[r * s->window_width + q]), in, sum);
                }
            }
            store_sum(p, y, x, vm_first(count), sum);
        }
    }
}

static void run_plane(const plane *p)
{
    const sld_conv_shape *s = p->s;
    int64_t size = s->window_height == s->window_width ? s->window_height : 0;
    if (size == 3 && s->stride_x == 1) {
        run_window(p, 3, 1);
    } else if (size == 3 && s->stride_x == 2) {
        run_window(p, 3, 2);
    } else if (size == 5 && s->stride_x == 1) {
        run_window(p, 5, 1);
    } else if (size == 5 && s->stride_x == 2) {
        run_window(p, 5, 2);
    } else {
        run_any_window(p);
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
        .epilogue = &params->epilogue,
    };
    if (d->run->in_count > 2 && sld_tensor_present(&in[2])) {
        p.bias = ((const float *)in[2].data)[channel];
    }
    if (params->epilogue.residual != 0) {
        p.residual = (const float *)in[3].data + image * in[3].stride[0] + channel * s->pixels;
    }
    run_plane(&p);
}

static bool depthwise_supports(const sld_run *run)
{
    const sld_conv_params *p = run->params;
    return sld_conv_plain_f32(run) && p->spatial <= 2 && sld_tensor_inner_contiguous(&run->in[0]) &&
           run->in[1].dim[1] == 1;
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
