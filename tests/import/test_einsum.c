/* SPDX-License-Identifier: Apache-2.0 */
/* Einsum in matrix products, against the sum over all values of all labels. */
#include "check.h"

#include <math.h>

#include "import/lower/einsum.h"
#include "kernels/kernel.h"

enum { OPERANDS = 4, ELEMENTS = 256 };

typedef struct einsum_case {
    const char *equation, *spelled; /* without ellipsis, with "->" */
    int64_t dims[OPERANDS][4];      /* 0 ends them */
} einsum_case;

static const einsum_case cases[] = {
    {"ij,jk->ik", "ij,jk->ik", {{2, 3}, {3, 4}}},
    {"ij,jk,kl->il", "ij,jk,kl->il", {{2, 3}, {3, 4}, {4, 5}}},
    {"ij,kl,mn->mik", "ij,kl,mn->mik", {{2, 3}, {3, 4}, {4, 2}}},
    {"bi,bj,bk,ijk->b", "bi,bj,bk,ijk->b", {{3, 2}, {3, 3}, {3, 4}, {2, 3, 4}}},
    {"a,b,c->cab", "a,b,c->cab", {{2}, {3}, {4}}},
    {"ij,ij,ij->ij", "ij,ij,ij->ij", {{2, 3}, {2, 3}, {2, 3}}},
    {"ii->i", "ii->i", {{4, 4}}},
    {"ii", "ii->", {{4, 4}}},
    {"iji->ji", "iji->ji", {{3, 4, 3}}},
    {"iiii->i", "iiii->i", {{3, 3, 3, 3}}},
    {"ijij->", "ijij->", {{2, 3, 2, 3}}},
    {"iij,jk->ik", "iij,jk->ik", {{3, 3, 4}, {4, 2}}},
    {"...ij,...jk->...ik", "xyij,xyjk->xyik", {{1, 2, 2, 3}, {4, 1, 3, 2}}},
    {"i...,...i->...", "iab,abi->ab", {{3, 2, 4}, {2, 4, 3}}},
    {"...ii->...i", "xyii->xyi", {{2, 3, 4, 4}}},
    {"...,...k,k... -> ...k", "x,xk,kx->xk", {{2}, {2, 3}, {3, 2}}},
    {"ba", "ba->ab", {{2, 3}}},
    {"ij,jk", "ij,jk->ik", {{2, 3}, {3, 4}}},
    {"bA,Ac", "bA,Ac->bc", {{2, 3}, {3, 4}}},
    {"...b,b", "xyb,b->xy", {{2, 3, 4}, {4}}},
    {" i j , j ->  i ", "ij,j->i", {{2, 3}, {3}}},
    {",ij->ji", ",ij->ji", {{0}, {2, 3}}},
};

typedef struct net {
    sld_diag diag;
    sld_graph *graph;
    float data[OPERANDS][ELEMENTS];
    sld_tensor in[OPERANDS];
    sld_value *values[OPERANDS];
    uint32_t count;
} net;

static sld_value *emit(void *user, sld_op op, const void *params, sld_value *const *in,
                       uint32_t in_count)
{
    net *n = user;
    sld_value *value;
    assert_int_equal(sld_graph_add(n->graph, NULL, op, NULL, params, in, in_count, &value),
                     SOLDER_OK);
    return value;
}

static void open_net(net *n, const einsum_case *c)
{
    memset(n, 0, sizeof *n);
    sld_diag_init(&n->diag, NULL);
    assert_int_equal(sld_graph_create(NULL, &n->diag, &n->graph), SOLDER_OK);
    n->count = 1;
    for (const char *p = c->spelled; *p != '\0'; p++) {
        n->count += *p == ',';
    }
    for (uint32_t i = 0; i < n->count; i++) {
        sld_shape shape = {.rank = 0};
        while (shape.rank < 4 && c->dims[i][shape.rank] != 0) {
            shape.d[shape.rank] = sld_graph_dim(n->graph, c->dims[i][shape.rank]);
            shape.rank++;
        }
        n->in[i] = sld_tensor_make(n->data[i], SOLDER_F32, shape.rank, c->dims[i]);
        assert_int_equal(sld_graph_add_input(n->graph, NULL, SOLDER_F32, &shape, &n->values[i]),
                         SOLDER_OK);
        for (int k = 0; k < ELEMENTS; k++) {
            n->data[i][k] = sinf((float)(7 * k + 3) * (float)(i + 1));
        }
    }
}

/* The element of an operand, or of the result, at the labels' values; dims of 1 are stretched. */
static int64_t element(const char **labels, const int64_t *dims, const int64_t *value)
{
    int64_t at = 0;
    for (int axis = 0; **labels >= 'A'; axis++, (*labels)++) {
        at = at * dims[axis] + (dims[axis] == 1 ? 0 : value[(int)**labels]);
    }
    return at;
}

/* The largest dim any operand has for the label; 1 if none has it. */
static int64_t size_of(const einsum_case *c, int label)
{
    int64_t size = 1;
    int operand = 0, axis = 0;
    for (const char *p = c->spelled; *p != '-'; p++) {
        if (*p == ',') {
            operand++;
            axis = 0;
        } else if (c->dims[operand][axis++] > size && *p == label) {
            size = c->dims[operand][axis - 1];
        }
    }
    return size;
}

/* Adds up the products into want; returns the number of elements. */
static int64_t sum_all(const einsum_case *c, const net *n, double *want)
{
    int64_t size[128], value[128] = {0}, out_dims[8], count = 1;
    const char *out = strstr(c->spelled, "->") + 2;
    for (int label = 'A'; label <= 'z'; label++) {
        size[label] = size_of(c, label);
    }
    for (int i = 0; out[i] != '\0'; i++) {
        out_dims[i] = size[(int)out[i]];
        count *= out_dims[i];
    }
    for (int label = 0; label <= 'z';) { /* an odometer of all labels */
        double product = 1;
        const char *p = c->spelled;
        for (uint32_t i = 0; i < n->count; i++, p++) {
            product *= (double)n->data[i][element(&p, c->dims[i], value)];
        }
        const char *to = out;
        want[element(&to, out_dims, value)] += product;
        for (label = 'A'; label <= 'z' && ++value[label] == size[label]; label++) {
            value[label] = 0;
        }
    }
    return count;
}

static void products(void **state)
{
    (void)state;
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(cases); i++) {
        net n;
        sld_einsum e = {.emit = emit, .user = &n};
        sld_arena arena;
        sld_tensor result;
        double want[ELEMENTS] = {0};
        open_net(&n, &cases[i]);
        sld_arena_init(&arena, NULL, 0);
        sld_value *y =
            sld_einsum_lower(&e, cases[i].equation, strlen(cases[i].equation), n.values, n.count);
        if (y == NULL) {
            fail_msg("%s: %s", cases[i].equation, e.problem);
        }
        if (y->kind != SLD_VALUE_NODE) { /* nothing was to be done */
            y = emit(&n, SLD_OP_UNARY, NULL, &y, 1);
        }
        assert_int_equal(sld_graph_mark_output(n.graph, y), SOLDER_OK);
        assert_int_equal(
            sld_graph_evaluate(n.graph, &n.diag, NULL, n.in, &arena, &result, NULL, NULL),
            SOLDER_OK);
        assert_int_equal(sld_tensor_count(&result), sum_all(&cases[i], &n, want));
        for (int64_t k = 0; k < sld_tensor_count(&result); k++) {
            double got = sld_at_f64(&result, k);
            if (!(fabs(got - want[k]) <= 1e-5 + 1e-4 * fabs(want[k]))) {
                fail_msg("%s[%lld] is %g, expected %g", cases[i].equation, (long long)k, got,
                         want[k]);
            }
        }
        sld_arena_free(&arena);
        sld_graph_destroy(n.graph);
    }
}

static void refused(void **state)
{
    (void)state;
    static const struct {
        const char *equation, *problem;
        bool unsupported;
    } bad[] = {
        {"ij->ij", "its equation is not for 2 inputs", false},
        {"ij,jk,kl->il", "its equation is not for 2 inputs", false},
        {"ijk,jk->ik", "its equation does not fit an input of rank 2", false},
        {"i...jk,jk->ik", "its equation does not fit an input of rank 2", false},
        {"ij,j..k->ik", "its equation does not fit an input of rank 2", false},
        {"ij,j1k->ik", "its equation has a '1'", false},
        {"ij,jk->ii", "a label of its result stands there twice", false},
        {"ij,jk->ix", "a label of its result stands in no input", false},
        {"ij,jk->i*", "its equation has a '*'", false},
        {"ij,ik->ijklmnopq", "more than 8 dimensions", true},
        {"ii,jk->ik", "a diagonal of 2 x 3", false},
        {"", "its equation is not for 2 inputs", false},
    };
    static const einsum_case two = {"", "ij,jk->ik", {{2, 3}, {3, 4}}};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(bad); i++) {
        net n;
        sld_einsum e = {.emit = emit, .user = &n};
        open_net(&n, &two);
        assert_null(sld_einsum_lower(&e, bad[i].equation, strlen(bad[i].equation), n.values, 2));
        assert_string_equal(e.problem, bad[i].problem);
        assert_int_equal(e.unsupported, bad[i].unsupported);
        sld_graph_destroy(n.graph);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(products), cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
