/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/check.h"

extern const check_family check_matmul;

typedef struct product {
    int64_t m, n, k;
    int64_t batch[2]; /* leading dimensions of the result */
    int rank;         /* of the result */
    bool constant_b, bias;
} product;

/* Leading dimensions of an operand: those of the result, some of them 1 or missing. */
static int leading(check_random *r, const product *g, int64_t dims[4])
{
    int rank = r == NULL ? g->rank : (int)check_int(r, 2, g->rank);
    for (int i = 0; i < rank - 2; i++) {
        int64_t full = g->batch[g->rank - rank + i];
        dims[i] = r != NULL && check_chance(r, 0.3) ? 1 : full;
    }
    return rank;
}

static void finish(check_random *r, const product *g, check_case *c)
{
    sld_matmul_params *p = &c->params.matmul;
    int64_t a[4];
    int64_t b[4];
    int64_t y[4] = {g->batch[0], g->batch[1]};
    /* One operand has the full leading dimensions, so that the result has them. */
    bool broadcast_b = r != NULL && check_chance(r, 0.5);
    int a_rank = leading(broadcast_b ? NULL : r, g, a);
    int b_rank = leading(broadcast_b ? r : NULL, g, b);
    y[g->rank - 2] = g->m;
    y[g->rank - 1] = g->n;
    a[a_rank - 2] = p->trans_a ? g->k : g->m;
    a[a_rank - 1] = p->trans_a ? g->m : g->k;
    b[b_rank - 2] = p->trans_b ? g->n : g->k;
    b[b_rank - 1] = p->trans_b ? g->k : g->n;
    check_tensor(&c->in[0], SOLDER_F32, a_rank, a);
    check_tensor(&c->in[1], SOLDER_F32, b_rank, b);
    check_tensor(&c->out[0], SOLDER_F32, g->rank, y);
    c->in[1].flags = g->constant_b ? SLD_TENSOR_CONSTANT : 0;
    c->in_count = 2;
    c->out_count = 1;
    if (g->bias) {
        int64_t dims[2] = {r != NULL && check_chance(r, 0.2) ? g->m : 1,
                           r != NULL && check_chance(r, 0.2) ? 1 : g->n};
        int rank = r != NULL && (dims[0] > 1 || check_chance(r, 0.3)) ? 2 : 1;
        check_tensor(&c->in[2], SOLDER_F32, rank, dims + 2 - rank);
        c->in_count = 3;
    }
    if (p->epilogue.residual != 0) {
        check_tensor(&c->in[3], SOLDER_F32, g->rank, y);
        c->in_count = 4;
    }
    c->epilogue = &p->epilogue;
    c->factors[0] = &p->alpha;
    c->factors[1] = &p->beta;
    c->bound = CHECK_DOT;
    c->terms = (double)g->k + 3.0;
    c->flops = 2.0 * (double)g->k * (double)sld_tensor_count(&c->out[0]);
    char left[64];
    char right[64];
    check_dims_text(&c->in[0], left, sizeof left);
    check_dims_text(&c->in[1], right, sizeof right);
    (void)snprintf(c->text, sizeof c->text,
                   "%s x %s trans %d %d constant %d bias %d alpha %g beta %g act %d residual %d",
                   left, right, p->trans_a, p->trans_b, g->constant_b, g->bias, (double)p->alpha,
                   (double)p->beta, p->epilogue.act, p->epilogue.residual);
}

static void random_case(check_random *r, check_case *c)
{
    memset(c, 0, sizeof *c);
    sld_matmul_params *p = &c->params.matmul;
    product g = {
        .m = check_chance(r, 0.3) ? 1 : check_int(r, 1, check_chance(r, 0.2) ? 180 : 30),
        .n = check_int(r, 1, check_chance(r, 0.2) ? 300 : 70),
        .k = check_int(r, 1, check_chance(r, 0.3) ? 600 : 40),
        .batch = {check_int(r, 1, 3), check_int(r, 1, 3)},
        .rank = check_chance(r, 0.5) ? 2 : (int)check_int(r, 3, 4),
        .constant_b = check_chance(r, 0.5),
        .bias = check_chance(r, 0.6),
    };
    p->trans_a = check_chance(r, 0.3);
    p->trans_b = check_chance(r, 0.5);
    p->alpha = check_chance(r, 0.6) ? 1.0f : (float)check_real(r, -2.0, 2.0);
    p->beta = check_chance(r, 0.6) ? 1.0f : (float)check_real(r, -2.0, 2.0);
    check_random_epilogue(r, &p->epilogue);
    p->epilogue.residual = check_chance(r, 0.3);
    finish(r, &g, c);
}

/* "MxNxK [tb] [runtime]" */
static bool shape_case(const char *line, bool small, check_case *c)
{
    long long d[3];
    if (sscanf(line, "%lldx%lldx%lld", &d[0], &d[1], &d[2]) != 3) {
        return false;
    }
    product g = {.m = d[0],
                 .n = d[1],
                 .k = d[2],
                 .rank = 2,
                 .bias = true,
                 .constant_b = strstr(line, "runtime") == NULL};
    while (small && g.m * g.n * g.k > 2000000) {
        if (g.n > 70) {
            g.n = g.n / 3 + 1;
        } else if (g.k > 300) {
            g.k = g.k / 3 + 1;
        } else {
            g.m = (g.m + 1) / 2;
        }
    }
    memset(c, 0, sizeof *c);
    c->params.matmul = (sld_matmul_params){.alpha = 1.0f, .beta = 1.0f};
    c->params.matmul.trans_b = strstr(line, "tb") != NULL;
    finish(NULL, &g, c);
    return true;
}

const check_family check_matmul = {"matmul", random_case, shape_case};
