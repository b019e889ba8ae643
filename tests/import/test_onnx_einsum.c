/* SPDX-License-Identifier: Apache-2.0 */
/* Einsum as ONNX writes it; what the equations mean is tested in test_einsum. */
#include "import/onnx_check.h"

static const float a[4] = {1, 2, 3, 4}, b[4] = {0, 1, 1, 0}, v[2] = {10, 1};

static void open_einsum(onnx_bench *n, const char *equation)
{
    bench_open(n, 12);
    onnx_input(&n->f, "a", ONNX_FLOAT, 2, D(2, 2), NULL);
    onnx_initializer(&n->f, "b", ONNX_FLOAT, 2, D(2, 2), b, sizeof b);
    onnx_initializer(&n->f, "v", ONNX_FLOAT, 1, D(2), v, sizeof v);
    if (equation != NULL) {
        onnx_string(&n->f, "equation", equation);
    }
    onnx_node(&n->f, "Einsum", "sum", "a b v", "y");
    onnx_output(&n->f, "y", ONNX_FLOAT);
}

static void three_operands(void **state)
{
    (void)state;
    onnx_bench n;
    open_einsum(&n, "ij,jk,k->i");
    bench_import(&n);
    bench_run(&n, (sld_tensor[]){floats(a, 2, D(2, 2))});
    bench_check(&n, 0, 1, D(2), (const double[]){21, 43}); /* b v = [1, 10] */
    bench_close(&n);
    open_einsum(&n, "ij,ji,j"); /* -> nothing left */
    bench_import(&n);
    bench_run(&n, (sld_tensor[]){floats(a, 2, D(2, 2))});
    bench_check(&n, 0, 0, NULL, (const double[]){32}); /* 3 * 10 + 2 * 1 */
    bench_close(&n);
}

static void refused(void **state)
{
    (void)state;
    onnx_bench n;
    open_einsum(&n, "ij,jk->ik");
    bench_expect(&n, SOLDER_ERROR_DATA,
                 "onnx: node 'sum' (Einsum): its equation is not for 3 inputs");
    open_einsum(&n, NULL);
    bench_expect(&n, SOLDER_ERROR_DATA,
                 "onnx: node 'sum' (Einsum): equation is missing or no string");
    open_einsum(&n, "ij,klmnopqr,s->ij");
    bench_expect(&n, SOLDER_ERROR_DATA,
                 "onnx: node 'sum' (Einsum): its equation does not fit an input of rank 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(three_operands), cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
