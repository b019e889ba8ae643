/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of Unary. */
#include "kernels/check.h"

extern const check_family check_unary;

/* Where the function is defined, from tiny to large, and how exact it has to be. */
static void set_range(check_random *r, check_case *c)
{
    double reach = check_chance(r, 0.3) ? 1e-3 : check_chance(r, 0.5) ? 3.0 : 80.0;
    c->fill[0] = (check_fill){-reach, reach};
    c->relative = 3e-7;
    switch ((sld_unary)c->params.unary.kind) {
    case SLD_UNARY_LOG:
    case SLD_UNARY_SQRT:
    case SLD_UNARY_RSQRT:
        reach = check_chance(r, 0.2) ? 1e-39 : check_chance(r, 0.2) ? 1e38 : reach;
        c->fill[0] = (check_fill){check_chance(r, 0.2) ? -reach : 0.0, reach};
        c->absolute = c->params.unary.kind == SLD_UNARY_LOG ? 1e-7 : 0.0;
        break;
    case SLD_UNARY_LOG1P:
        c->fill[0] = (check_fill){check_chance(r, 0.2) ? -1.1 : -0.9, reach};
        break;
    case SLD_UNARY_EXPM1:
        c->relative = 4e-7;
        break;
    case SLD_UNARY_TAN:
        c->fill[0] = (check_fill){-1.0, 1.0};
        break;
    default:
        break;
    }
}

static void finish(check_case *c)
{
    char text[96];
    c->out[0] = c->in[0];
    c->in_count = c->out_count = 1;
    c->bound = CHECK_CLOSE;
    c->flops = (double)sld_tensor_count(&c->in[0]);
    check_dims_text(&c->in[0], text, sizeof text);
    (void)snprintf(c->text, sizeof c->text, "unary %d: %s", c->params.unary.kind, text);
}

static void random_case(check_random *r, check_case *c)
{
    sld_unary_params *p = &c->params.unary;
    int64_t dims[3];
    int rank = (int)check_int(r, 0, 3);
    for (int i = 0; i < rank; i++) {
        dims[i] = check_int(r, 1, i == rank - 1 ? 100 : 6);
    }
    do {
        p->kind = (int32_t)check_int(r, 0, SLD_UNARY_COUNT - 1);
    } while (p->kind >= SLD_UNARY_NOT && p->kind <= SLD_UNARY_IS_INF);
    p->alpha = 0.5f;
    p->beta = 0.25f;
    check_tensor(&c->in[0], SOLDER_F32, rank, dims);
    set_range(r, c);
    finish(c);
}

/* "1x64x56x56 KIND" */
static bool shape(const char *line, bool small, check_case *c)
{
    (void)small;
    long long d[4];
    memset(c, 0, sizeof *c);
    int read =
        sscanf(line, "%lldx%lldx%lldx%lld %d", &d[0], &d[1], &d[2], &d[3], &c->params.unary.kind);
    int64_t dims[4] = {d[0], d[1], d[2], d[3]};
    check_tensor(&c->in[0], SOLDER_F32, 4, dims);
    c->fill[0] = (check_fill){0.1, 2.0};
    c->relative = 4e-7;
    c->absolute = 1e-7;
    finish(c);
    return read == 5;
}

const check_family check_unary = {"unary", random_case, shape};
