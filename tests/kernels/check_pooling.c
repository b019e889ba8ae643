/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/check.h"

extern const check_family check_pooling;

static void finish(check_case *c, const int64_t *x)
{
    sld_pooling_params *p = &c->params.pooling;
    int64_t y[5] = {x[0], x[1]};
    double taps = 1.0;
    for (int i = 0; i < p->spatial; i++) {
        int64_t window = p->global ? x[2 + i] : p->window[i];
        int64_t reach = (window - 1) * p->dilation[i] + 1;
        int64_t room = x[2 + i] + p->pad_begin[i] + p->pad_end[i] - reach;
        y[2 + i] = p->global ? 1 : room < 0 ? 0 : room / p->stride[i] + 1;
        if (!p->global && p->round != SLD_ROUND_FLOOR && room >= 0 && room % p->stride[i] != 0 &&
            y[2 + i] * p->stride[i] < x[2 + i] + p->pad_begin[i]) {
            y[2 + i]++; /* a last window that starts inside */
        }
        taps *= (double)window;
    }
    check_tensor(&c->in[0], SOLDER_F32, 2 + p->spatial, x);
    check_tensor(&c->out[0], SOLDER_F32, 2 + p->spatial, y);
    c->in_count = 1;
    c->out_count = 1;
    c->bound = CHECK_CLOSE;
    c->absolute = p->kind == SLD_POOL_MAX ? 0.0 : 1e-6;
    c->relative = p->kind == SLD_POOL_MAX ? 0.0 : 1e-6;
    c->flops = taps * (double)sld_tensor_count(&c->out[0]);
    char text[96];
    check_dims_text(&c->in[0], text, sizeof text);
    (void)snprintf(
        c->text, sizeof c->text,
        "x %s kind %d global %d window %d,%d stride %d,%d dilation %d,%d pad %d,%d..%d,%d", text,
        p->kind, p->global, p->window[0], p->window[1], p->stride[0], p->stride[1], p->dilation[0],
        p->dilation[1], p->pad_begin[0], p->pad_begin[1], p->pad_end[0], p->pad_end[1]);
}

static void random_case(check_random *r, check_case *c)
{
    sld_pooling_params *p = &c->params.pooling;
    int64_t x[5] = {check_int(r, 1, 2), check_int(r, 1, 6)};
    p->kind = (int32_t)check_int(r, 0, check_chance(r, 0.1) ? SLD_POOL_LP : 2);
    p->p = 2;
    p->spatial = check_chance(r, 0.8) ? 2 : (int32_t)check_int(r, 1, 3);
    p->global = check_chance(r, 0.2);
    p->round = (int32_t)check_int(r, 0, 2);
    bool square = check_chance(r, 0.6);
    for (int i = 0; i < p->spatial; i++) {
        p->window[i] = square ? (p->window[0] ? p->window[0] : (int32_t)check_int(r, 2, 3))
                              : (int32_t)check_int(r, 1, 5);
        p->stride[i] = square ? (p->stride[0] ? p->stride[0] : (int32_t)check_int(r, 1, 2))
                              : (int32_t)check_int(r, 1, 4);
        p->dilation[i] = square ? 1 : (int32_t)check_int(r, 1, 2);
        p->pad_begin[i] = (int32_t)check_int(r, 0, p->window[i] - 1);
        p->pad_end[i] = (int32_t)check_int(r, 0, p->window[i] - 1);
        x[2 + i] = check_int(r, p->window[i] * p->dilation[i], 45);
    }
    for (int i = 0; i < p->spatial && p->spatial < 3; i++) {
        if (check_chance(r, 0.05)) { /* far more window than input */
            x[2 + i] = check_int(r, 1, 12);
            p->window[i] = (int32_t)check_int(r, 50, 1000);
            p->pad_begin[i] = (int32_t)check_int(r, 0, p->window[i] - 1);
            p->pad_end[i] = p->window[i] - 1 - p->pad_begin[i];
            p->dilation[i] = 1;
        }
    }
    finish(c, x);
}

/* "1x64x112x112 max|avg 3 s2 p1 [ceil]" or "1x1024x7x7 global" */
static bool shape_case(const char *line, bool small, check_case *c)
{
    sld_pooling_params *p = &c->params.pooling;
    long long d[4];
    char kind[16];
    int window = 1;
    int stride = 1;
    int pad = 0;
    memset(c, 0, sizeof *c);
    int got = sscanf(line, "%lldx%lldx%lldx%lld %15s %d s%d p%d", &d[0], &d[1], &d[2], &d[3], kind,
                     &window, &stride, &pad);
    if (got < 5) {
        return false;
    }
    p->global = strcmp(kind, "global") == 0;
    p->kind = strcmp(kind, "max") == 0 ? SLD_POOL_MAX : SLD_POOL_AVERAGE;
    p->spatial = 2;
    p->round = strstr(line, "ceil") != NULL ? SLD_ROUND_CEIL : SLD_ROUND_FLOOR;
    for (int i = 0; i < 2; i++) {
        p->window[i] = window;
        p->stride[i] = stride;
        p->dilation[i] = 1;
        p->pad_begin[i] = p->pad_end[i] = pad;
    }
    int64_t x[4] = {d[0], small ? 2 : d[1], d[2], d[3]};
    finish(c, x);
    return true;
}

const check_family check_pooling = {"pooling", random_case, shape_case};
