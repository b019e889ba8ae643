/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of ArgMax. */
#include "kernels/check.h"

extern const check_family check_argmax;

static void finish(check_case *c)
{
    sld_argmax_params *p = &c->params.argmax;
    const sld_tensor *x = &c->in[0];
    int64_t dims[4];
    int rank = 0;
    for (int i = 0; i < x->rank; i++) {
        if (i != p->axis || p->keep_dims) {
            dims[rank++] = i == p->axis ? 1 : x->dim[i];
        }
    }
    char text[96];
    check_dims_text(x, text, sizeof text);
    (void)snprintf(c->text, sizeof c->text, "argmax axis %d minimum %d last %d: %s", p->axis,
                   p->minimum, p->last, text);
    check_tensor(&c->out[0], SOLDER_I64, rank, dims);
    c->in_count = c->out_count = 1;
    c->bound = CHECK_CLOSE;
    c->flops = (double)sld_tensor_count(x);
}

static void random_case(check_random *r, check_case *c)
{
    sld_argmax_params *p = &c->params.argmax;
    int64_t dims[4];
    int rank = (int)check_int(r, 1, 4);
    for (int i = 0; i < rank; i++) {
        dims[i] = check_int(r, 1, i == rank - 1 ? 150 : 8);
    }
    p->axis = (int32_t)check_int(r, 0, rank - 1);
    p->minimum = check_chance(r, 0.5);
    p->keep_dims = check_chance(r, 0.5);
    p->last = check_chance(r, 0.5);
    check_tensor(&c->in[0], SOLDER_F32, rank, dims);
    c->dense = check_chance(r, 0.7);
    if (check_chance(r, 0.3)) {
        c->fill[0] = (check_fill){1.0, 1.0 + 0x1p-22}; /* many equal ones */
    }
    finish(c);
}

/* "1x21x65x65 AXIS" */
static bool shape(const char *line, bool small, check_case *c)
{
    (void)small;
    long long d[4];
    memset(c, 0, sizeof *c);
    int read =
        sscanf(line, "%lldx%lldx%lldx%lld %d", &d[0], &d[1], &d[2], &d[3], &c->params.argmax.axis);
    int64_t dims[4] = {d[0], d[1], d[2], d[3]};
    check_tensor(&c->in[0], SOLDER_F32, 4, dims);
    c->params.argmax.keep_dims = 1;
    finish(c);
    return read == 5;
}

const check_family check_argmax = {"argmax", random_case, shape};
