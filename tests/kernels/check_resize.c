/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of Resize. */
#include "kernels/check.h"

extern const check_family check_resize;

static void finish(check_case *c, const int64_t *dims, int rank)
{
    sld_resize_params *p = &c->params.resize;
    char text[2][96];
    check_tensor(&c->out[0], SOLDER_F32, rank, dims);
    check_dims_text(&c->in[0], text[0], sizeof text[0]);
    check_dims_text(&c->out[0], text[1], sizeof text[1]);
    (void)snprintf(c->text, sizeof c->text, "resize mode %d coordinate %d: %s to %s", p->mode,
                   p->coordinate, text[0], text[1]);
    c->in_count = c->out_count = 1;
    c->bound = CHECK_CLOSE;
    c->absolute = p->mode == SLD_RESIZE_NEAREST ? 0.0 : 1e-6;
    c->flops = (double)sld_tensor_count(&c->out[0]);
}

static void random_case(check_random *r, check_case *c)
{
    sld_resize_params *p = &c->params.resize;
    int64_t in[4];
    int64_t out[4];
    int rank = (int)check_int(r, 2, 4);
    int first = check_chance(r, 0.9) ? rank - 2 : (int)check_int(r, 0, rank - 1);
    p->mode = (int32_t)check_int(r, SLD_RESIZE_NEAREST, SLD_RESIZE_CUBIC);
    p->coordinate = check_chance(r, 0.1) ? SLD_COORD_TF_HALF_PIXEL_FOR_NN
                                         : (int32_t)check_int(r, 0, SLD_COORD_ASYMMETRIC);
    p->nearest = (int32_t)check_int(r, 0, SLD_NEAREST_CEIL);
    p->exclude_outside = check_chance(r, 0.2);
    p->use_sizes = check_chance(r, 0.5);
    p->cubic_a = -0.75f;
    for (int i = 0; i < rank; i++) {
        bool resized = i >= first && check_chance(r, 0.9);
        in[i] = check_int(r, 1, i < rank - 2 ? 4 : 24);
        p->scales[i] = 1.0f;
        if (resized) {
            p->scales[i] = check_chance(r, 0.4) ? 2.0f : (float)check_int(r, 1, 30) / 8.0f;
            while ((float)in[i] * p->scales[i] < 1.0f) {
                in[i]++;
            }
        }
        out[i] = (int64_t)((float)in[i] * p->scales[i]);
        p->sizes[i] = out[i];
    }
    check_tensor(&c->in[0], SOLDER_F32, rank, in);
    finish(c, out, rank);
}

/* "1x256x32x32 SCALE MODE COORDINATE" */
static bool shape(const char *line, bool small, check_case *c)
{
    long long d[4];
    float scale;
    memset(c, 0, sizeof *c);
    sld_resize_params *p = &c->params.resize;
    int read = sscanf(line, "%lldx%lldx%lldx%lld %f %d %d", &d[0], &d[1], &d[2], &d[3], &scale,
                      &p->mode, &p->coordinate);
    int64_t dims[4] = {d[0], small ? 2 : d[1], d[2], d[3]};
    p->cubic_a = -0.75f;
    for (int i = 0; i < 4; i++) {
        p->scales[i] = i < 2 ? 1.0f : scale;
    }
    check_tensor(&c->in[0], SOLDER_F32, 4, dims);
    dims[2] = (int64_t)((float)d[2] * scale);
    dims[3] = (int64_t)((float)d[3] * scale);
    finish(c, dims, 4);
    return read == 7;
}

const check_family check_resize = {"resize", random_case, shape};
