/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/check.h"

extern const check_family check_deconv;

/* x [N, C, in], w [C, K / groups, window] from params.deconv; false if the output is empty. */
static bool finish(check_case *c, const int64_t *x, const int64_t *w, bool bias)
{
    sld_deconv_params *p = &c->params.deconv;
    int64_t y[5] = {x[0], w[1] * p->groups};
    double taps = 1.0;
    for (int i = 0; i < p->spatial; i++) {
        bool same = p->pad_mode == SLD_PAD_SAME_UPPER || p->pad_mode == SLD_PAD_SAME_LOWER;
        int64_t pads = p->pad_mode == SLD_PAD_EXPLICIT ? p->pad_begin[i] + p->pad_end[i] : 0;
        int64_t reach = p->dilation[i] * (w[2 + i] - 1) + 1;
        y[2 + i] = same ? x[2 + i] * p->stride[i]
                        : (x[2 + i] - 1) * p->stride[i] + reach + p->output_padding[i] - pads;
        taps *= (double)w[2 + i];
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
    if (bias) {
        check_tensor(&c->in[2], SOLDER_F32, 1, &y[1]);
        c->in_count = 3;
    }
    if (p->epilogue.residual != 0) {
        check_tensor(&c->in[3], SOLDER_F32, 2 + p->spatial, y);
        c->in_count = 4;
    }
    c->epilogue = &p->epilogue;
    c->bound = CHECK_DOT;
    c->terms = (double)(x[1] / p->groups) * taps + 2.0;
    c->flops = 2.0 * (double)sld_tensor_count(&c->in[0]) * (double)w[1] * taps;
    char in[96];
    char window[96];
    check_dims_text(&c->in[0], in, sizeof in);
    check_dims_text(&c->in[1], window, sizeof window);
    (void)snprintf(
        c->text, sizeof c->text,
        "x %s w %s groups %d stride %d,%d dilation %d,%d pad %d,%d..%d,%d out %d,%d mode %d"
        " act %d residual %d",
        in, window, p->groups, p->stride[0], p->stride[1], p->dilation[0], p->dilation[1],
        p->pad_begin[0], p->pad_begin[1], p->pad_end[0], p->pad_end[1], p->output_padding[0],
        p->output_padding[1], p->pad_mode, p->epilogue.act, p->epilogue.residual);
    return true;
}

static void random_case(check_random *r, check_case *c)
{
    for (;;) {
        memset(c, 0, sizeof *c);
        sld_deconv_params *p = &c->params.deconv;
        p->groups = check_chance(r, 0.3) ? (int32_t)check_int(r, 2, 4) : 1;
        p->spatial = check_chance(r, 0.1) ? 3 : check_chance(r, 0.2) ? 1 : 2;
        p->pad_mode = check_chance(r, 0.7) ? SLD_PAD_EXPLICIT : (int32_t)check_int(r, 1, 3);
        int64_t x[5] = {check_int(r, 1, 2), check_int(r, 1, 30) * p->groups};
        int64_t w[5] = {x[1], check_chance(r, 0.5) ? check_int(r, 1, 8) : check_int(r, 1, 70)};
        for (int i = 0; i < SLD_MAX_SPATIAL; i++) {
            p->stride[i] = (int32_t)check_int(r, 1, 3);
            p->dilation[i] = check_chance(r, 0.8) ? 1 : 2;
            w[2 + i] = check_int(r, 1, 5);
            x[2 + i] = check_int(r, 1, 12);
            if (i < p->spatial && p->pad_mode == SLD_PAD_EXPLICIT) {
                p->pad_begin[i] = (int32_t)check_int(r, check_chance(r, 0.1) ? -1 : 0, 3);
                p->pad_end[i] = (int32_t)check_int(r, 0, 3);
                p->output_padding[i] = (int32_t)check_int(r, 0, p->stride[i] - 1);
            }
        }
        check_random_epilogue(r, &p->epilogue);
        p->epilogue.residual = check_chance(r, 0.1);
        if (finish(c, x, w, check_chance(r, 0.7)) && c->flops < 3e6) {
            return;
        }
    }
}

/* "1x64x56x56 32 4x4 s2 p1": input, output channels, window, stride, padding. */
static bool shape_case(const char *line, bool small, check_case *c)
{
    long long d[7];
    int stride = 1;
    int pad = 0;
    if (sscanf(line, "%lldx%lldx%lldx%lld %lld %lldx%lld s%d p%d", &d[0], &d[1], &d[2], &d[3],
               &d[4], &d[5], &d[6], &stride, &pad) < 7) {
        return false;
    }
    memset(c, 0, sizeof *c);
    sld_deconv_params *p = &c->params.deconv;
    p->groups = 1;
    p->spatial = 2;
    for (int i = 0; i < 2; i++) {
        p->stride[i] = stride;
        p->dilation[i] = 1;
        p->pad_begin[i] = p->pad_end[i] = pad;
    }
    int64_t x[4] = {d[0], small ? 8 : d[1], small ? 9 : d[2], small ? 9 : d[3]};
    int64_t w[4] = {x[1], small ? 33 : d[4], d[5], d[6]};
    return finish(c, x, w, true);
}

const check_family check_deconv = {"deconv", random_case, shape_case};
