/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/check.h"

extern const check_family check_reduce;

static void random_case(check_random *r, check_case *c)
{
    sld_reduce_params *p = &c->params.reduce;
    int64_t dims[4];
    int64_t kept[4];
    int rank = (int)check_int(r, 1, 4);
    int kept_rank = 0;
    for (int i = 0; i < rank; i++) {
        dims[i] = check_int(r, 1, i == rank - 1 ? 60 : 8);
    }
    p->kind = check_chance(r, 0.6) ? (check_chance(r, 0.5) ? SLD_REDUCE_SUM : SLD_REDUCE_MEAN)
                                   : (int32_t)check_int(r, 0, SLD_REDUCE_LOG_SUM - 1);
    p->axes = check_chance(r, 0.5) ? (uint32_t)check_int(r, 1, (1 << rank) - 1)
                                   : 3u << rank >> check_int(r, 1, 2) & ((1u << rank) - 1);
    p->keep_dims = check_chance(r, 0.5);
    p->scale = check_chance(r, 0.7) ? 1.0f : 0.5f;
    p->axes = p->axes != 0 ? p->axes : 1u;
    for (int i = 0; i < rank; i++) {
        if ((p->axes & (1u << i)) == 0 || p->keep_dims) {
            kept[kept_rank++] = (p->axes & (1u << i)) != 0 ? 1 : dims[i];
        }
    }
    check_tensor(&c->in[0], SOLDER_F32, rank, dims);
    check_tensor(&c->out[0], SOLDER_F32, kept_rank, kept);
    c->dense = check_chance(r, 0.7);
    c->in_count = c->out_count = 1;
    c->bound = CHECK_CLOSE;
    c->absolute = 1e-4; /* sums of up to 30000 terms in float */
    c->relative = 1e-5;
    char text[96];
    check_dims_text(&c->in[0], text, sizeof text);
    (void)snprintf(c->text, sizeof c->text, "reduce %d axes %x of %s", p->kind, p->axes, text);
}

/* "1x256x56x56 KIND AXES" */
static bool shape(const char *line, bool small, check_case *c)
{
    long long d[4];
    memset(c, 0, sizeof *c);
    sld_reduce_params *p = &c->params.reduce;
    *p = (sld_reduce_params){.keep_dims = 1, .scale = 1.0f};
    int read =
        sscanf(line, "%lldx%lldx%lldx%lld %d %u", &d[0], &d[1], &d[2], &d[3], &p->kind, &p->axes);
    int64_t dims[4] = {d[0], small ? 4 : d[1], d[2], d[3]};
    check_tensor(&c->in[0], SOLDER_F32, 4, dims);
    for (int i = 0; i < 4; i++) {
        dims[i] = (p->axes & (1u << i)) != 0 ? 1 : dims[i];
    }
    check_tensor(&c->out[0], SOLDER_F32, 4, dims);
    c->in_count = c->out_count = 1;
    c->bound = CHECK_CLOSE;
    c->absolute = 1e-4;
    c->relative = 1e-5;
    c->flops = (double)sld_tensor_count(&c->in[0]);
    return read == 6;
}

const check_family check_reduce = {"reduce", random_case, shape};
