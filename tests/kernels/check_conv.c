/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/check.h"

extern const check_family check_conv;

static int64_t out_extent(int64_t in, int64_t window, const sld_conv_params *p, int axis)
{
    int64_t reach = p->dilation[axis] * (window - 1) + 1;
    if (p->pad_mode == SLD_PAD_SAME_UPPER || p->pad_mode == SLD_PAD_SAME_LOWER) {
        return (in + p->stride[axis] - 1) / p->stride[axis];
    }
    int64_t padded =
        in + (p->pad_mode == SLD_PAD_VALID ? 0 : p->pad_begin[axis] + p->pad_end[axis]);
    return padded < reach ? 0 : (padded - reach) / p->stride[axis] + 1;
}

typedef struct layer {
    int64_t batch, in_channels, out_channels; /* of all groups */
    int64_t in[SLD_MAX_SPATIAL], window[SLD_MAX_SPATIAL];
    bool bias;
} layer;

/* Tensors, bound and text from params.conv and l; false if the output is empty. */
static bool finish(check_case *c, const layer *l)
{
    sld_conv_params *p = &c->params.conv;
    int64_t x[5] = {l->batch, l->in_channels};
    int64_t w[5] = {l->out_channels, l->in_channels / p->groups};
    int64_t y[5] = {l->batch, l->out_channels};
    double taps = 1.0;
    for (int i = 0; i < p->spatial; i++) {
        x[2 + i] = l->in[i];
        w[2 + i] = l->window[i];
        y[2 + i] = out_extent(l->in[i], l->window[i], p, i);
        taps *= (double)l->window[i];
        if (y[2 + i] < 1) {
            return false;
        }
    }
    check_tensor(&c->in[0], SOLDER_F32, 2 + p->spatial, x);
    check_tensor(&c->in[1], SOLDER_F32, 2 + p->spatial, w);
    check_tensor(&c->out[0], SOLDER_F32, 2 + p->spatial, y);
    c->in[1].flags = SLD_TENSOR_CONSTANT;
    c->in_count = 2;
    c->out_count = 1;
    if (l->bias) {
        check_tensor(&c->in[2], SOLDER_F32, 1, &l->out_channels);
        c->in[2].flags = SLD_TENSOR_CONSTANT;
        c->in_count = 3;
    }
    if (p->epilogue.residual != 0) {
        check_tensor(&c->in[3], SOLDER_F32, 2 + p->spatial, y);
        c->in_count = 4;
    }
    c->epilogue = &p->epilogue;
    c->bound = CHECK_DOT;
    c->terms = (double)w[1] * taps + 2.0;
    c->flops = 2.0 * (double)sld_tensor_count(&c->out[0]) * (double)w[1] * taps;
    char in[96];
    char window[96];
    check_dims_text(&c->in[0], in, sizeof in);
    check_dims_text(&c->in[1], window, sizeof window);
    (void)snprintf(c->text, sizeof c->text,
                   "x %s w %s groups %d stride %d,%d dilation %d,%d pad %d,%d..%d,%d mode %d act %d"
                   " residual %d",
                   in, window, p->groups, p->stride[0], p->stride[1], p->dilation[0],
                   p->dilation[1], p->pad_begin[0], p->pad_begin[1], p->pad_end[0], p->pad_end[1],
                   p->pad_mode, p->epilogue.act, p->epilogue.residual);
    return true;
}

/* Channel counts of all groups; a third of the cases is depthwise. */
static void random_channels(check_random *r, sld_conv_params *p, layer *l)
{
    int64_t out = check_chance(r, 0.5) ? check_int(r, 1, 20) : check_int(r, 1, 70);
    int64_t in = check_chance(r, 0.5) ? check_int(r, 1, 8) : check_int(r, 1, 300);
    p->groups = check_chance(r, 0.25) ? (int32_t)check_int(r, 2, 4) : 1;
    if (check_chance(r, 0.33)) {
        p->groups = (int32_t)check_int(r, 1, 40);
        in = 1;
        out = check_chance(r, 0.8) ? 1 : check_int(r, 2, 3);
    }
    l->in_channels = in * p->groups;
    l->out_channels = out * p->groups;
}

/* 3x3, stride 1, many channels: what Winograd's kernels take. */
static void make_winograd(check_random *r, sld_conv_params *p, layer *l)
{
    p->spatial = 2;
    p->groups = check_chance(r, 0.8) ? 1 : 2;
    l->in_channels = check_int(r, 8, check_chance(r, 0.2) ? 300 : 40) * p->groups;
    l->out_channels = check_int(r, 8, 70) * p->groups;
    for (int i = 0; i < 2; i++) {
        p->stride[i] = p->dilation[i] = 1;
        l->window[i] = 3;
    }
}

static void random_case(check_random *r, check_case *c)
{
    for (;;) {
        memset(c, 0, sizeof *c);
        sld_conv_params *p = &c->params.conv;
        layer l = {.batch = check_chance(r, 0.7) ? 1 : check_int(r, 2, 3),
                   .bias = check_chance(r, 0.7)};
        random_channels(r, p, &l);
        p->spatial = check_chance(r, 0.2) ? 3 : check_chance(r, 0.2) ? 1 : 2;
        p->pad_mode = check_chance(r, 0.8) ? SLD_PAD_EXPLICIT : (int32_t)check_int(r, 1, 3);
        bool plain = check_chance(r, 0.4);
        bool point = check_chance(r, 0.25);
        for (int i = 0; i < SLD_MAX_SPATIAL; i++) {
            p->stride[i] = plain ? 1 : (int32_t)check_int(r, 1, check_chance(r, 0.2) ? 4 : 2);
            p->dilation[i] = plain || check_chance(r, 0.7) ? 1 : (int32_t)check_int(r, 1, 3);
            l.window[i] = point ? 1 : plain ? 3 : check_int(r, 1, check_chance(r, 0.1) ? 9 : 5);
            l.in[i] = check_int(r, 1, check_chance(r, 0.3) ? 40 : 16);
            if (i < p->spatial && p->pad_mode == SLD_PAD_EXPLICIT) {
                p->pad_begin[i] = (int32_t)check_int(r, check_chance(r, 0.1) ? -2 : 0, 3);
                p->pad_end[i] = (int32_t)check_int(r, check_chance(r, 0.1) ? -2 : 0, 3);
            }
            if (point && plain) {
                p->pad_begin[i] = p->pad_end[i] = 0;
            }
        }
        if (check_chance(r, 0.3)) { /* most of them are too large, below */
            make_winograd(r, p, &l);
        }
        check_random_epilogue(r, &p->epilogue);
        p->epilogue.residual = check_chance(r, 0.3);
        if (finish(c, &l) && c->flops < 3e6) {
            c->channels_last = check_chance(r, 0.2);
            return;
        }
    }
}

/* "8x56x56": up to that many numbers; how many there are. */
static int read_dims(const char **line, long long *d, int most)
{
    int count = 0;
    for (int used; count < most && sscanf(*line, "%lld%n", &d[count], &used) == 1;) {
        *line += used;
        count++;
        if (**line != 'x') {
            break;
        }
        ++*line;
    }
    return count;
}

/* "1x64x56x56 64 3x3 s1 p1 [g1] [a1] [nhwc]": input, output channels, window, stride, padding,
 * groups, activation, channels last in memory; one to three spatial axes. */
static bool shape_case(const char *line, bool small, check_case *c)
{
    layer l = {.bias = true};
    long long x[5], k[1], w[3];
    int spatial = read_dims(&line, x, 5) - 2;
    if (spatial < 1 || read_dims(&line, k, 1) != 1 || read_dims(&line, w, 3) != spatial) {
        return false;
    }
    int stride = 1;
    int pad = 0;
    int groups = 1;
    int act = SLD_ACT_RELU;
    for (const char *p = strchr(line, ' '); p != NULL; p = strchr(p + 1, ' ')) {
        (void)sscanf(p, " s%d", &stride);
        (void)sscanf(p, " p%d", &pad);
        (void)sscanf(p, " g%d", &groups);
        (void)sscanf(p, " a%d", &act);
    }
    memset(c, 0, sizeof *c);
    sld_conv_params *p = &c->params.conv;
    p->spatial = spatial;
    p->groups = groups;
    p->epilogue.act = act;
    for (int i = 0; i < spatial; i++) {
        p->stride[i] = stride;
        p->dilation[i] = 1;
        p->pad_begin[i] = p->pad_end[i] = pad;
        l.in[i] = x[2 + i];
        l.window[i] = w[i];
    }
    l.batch = x[0];
    l.in_channels = x[1];
    l.out_channels = k[0];
    bool made = finish(c, &l);
    while (made && small && c->flops > 4e6) {
        if (groups > 1 && groups == l.in_channels) {
            l.out_channels /= 2;
            l.in_channels /= 2;
            groups = p->groups = (int32_t)l.in_channels;
        } else if (l.out_channels > 35) {
            l.out_channels = 35 * groups;
        } else if (l.in_channels > 3 * groups) {
            l.in_channels = (l.in_channels / groups + 1) / 2 * groups;
        } else {
            int64_t *largest = &l.in[0];
            for (int i = 1; i < spatial; i++) {
                largest = l.in[i] > *largest ? &l.in[i] : largest;
            }
            *largest = (*largest + 1) / 2;
        }
        made = finish(c, &l);
    }
    c->channels_last = strstr(line, " nhwc") != NULL;
    return made;
}

const check_family check_conv = {"conv", random_case, shape_case};
