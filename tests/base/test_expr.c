/* SPDX-License-Identifier: Apache-2.0 */
/* Dimension expressions: simplification, interning, evaluation, limits. */
#include "base/expr.h"

#include "check.h"

static sld_expr_table t;

static int setup(void **state)
{
    (void)state;
    sld_expr_table_init(&t, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sld_expr_table_free(&t);
    return 0;
}

static void test_constants_fold(void **state)
{
    (void)state;
    sld_dim six = sld_expr_mul(&t, sld_expr_const(&t, 2), sld_expr_const(&t, 3));
    int64_t value;
    assert_true(sld_expr_is_const(&t, six, &value));
    assert_int_equal(value, 6);
    assert_int_equal(six, sld_expr_const(&t, 6));
    assert_int_equal(sld_expr_make(&t, SLD_EXPR_DIV, sld_expr_const(&t, -7), sld_expr_const(&t, 2)),
                     sld_expr_const(&t, -4));
    assert_int_equal(sld_expr_make(&t, SLD_EXPR_CEIL, sld_expr_const(&t, 7), sld_expr_const(&t, 2)),
                     sld_expr_const(&t, 4));
}

static void test_equal_expressions_are_one(void **state)
{
    (void)state;
    sld_dim n = sld_expr_symbol(&t, "N");
    sld_dim h = sld_expr_symbol(&t, "H");
    assert_int_equal(sld_expr_mul(&t, n, h), sld_expr_mul(&t, h, n));
    sld_dim a = sld_expr_mul(&t, sld_expr_mul_const(&t, n, 4), h);
    sld_dim b = sld_expr_mul_const(&t, sld_expr_mul(&t, h, n), 4);
    assert_int_equal(a, b);
    assert_int_equal(sld_expr_add_const(&t, sld_expr_add_const(&t, n, 3), -3), n);
    assert_int_equal(sld_expr_sub(&t, sld_expr_add(&t, n, h), h), n);
    sld_dim missing = sld_expr_sub(&t, sld_expr_const(&t, 8), h); /* padding h up to 8 */
    assert_int_equal(sld_expr_add(&t, h, missing), sld_expr_const(&t, 8));
    assert_int_equal(sld_expr_add(&t, missing, h), sld_expr_const(&t, 8));
    assert_int_equal(sld_expr_add(&t, sld_expr_add(&t, n, h), missing),
                     sld_expr_add_const(&t, n, 8));
    assert_int_equal(sld_expr_add(&t, sld_expr_add_const(&t, h, 3), missing),
                     sld_expr_const(&t, 11));
}

static void test_division_cancels(void **state)
{
    (void)state;
    sld_dim n = sld_expr_symbol(&t, "N");
    sld_dim h = sld_expr_symbol(&t, "H");
    sld_dim total = sld_expr_mul_const(&t, sld_expr_mul(&t, n, h), 12);
    assert_int_equal(sld_expr_div(&t, total, n), sld_expr_mul_const(&t, h, 12));
    assert_int_equal(sld_expr_div_const(&t, total, 3),
                     sld_expr_mul_const(&t, sld_expr_mul(&t, n, h), 4));
    assert_int_equal(sld_expr_div(&t, total, sld_expr_mul_const(&t, n, 12)), h);
    assert_int_equal(sld_expr_div(&t, n, n), sld_expr_const(&t, 1));
}

static void test_overflow_and_zero_division_are_unknown(void **state)
{
    (void)state;
    sld_dim big = sld_expr_const(&t, INT64_MAX);
    assert_int_equal(sld_expr_mul_const(&t, big, 2), SLD_DIM_NONE);
    assert_int_equal(sld_expr_add_const(&t, big, 1), SLD_DIM_NONE);
    assert_int_equal(sld_expr_div_const(&t, big, 0), SLD_DIM_NONE);
    assert_int_equal(sld_expr_add(&t, SLD_DIM_NONE, big), SLD_DIM_NONE);
    sld_dim n = sld_expr_symbol(&t, "N");
    sld_dim e = sld_expr_div(&t, sld_expr_const(&t, 8), sld_expr_add_const(&t, n, -1));
    int64_t values[16];
    sld_expr_evaluate(t.exprs, t.count, (int64_t[]){1}, values);
    assert_int_equal(values[e], SLD_EXPR_UNKNOWN);
    sld_expr_evaluate(t.exprs, t.count, (int64_t[]){5}, values);
    assert_int_equal(values[e], 2);
}

/* Every simplification must agree with plain arithmetic on random values. */
static void test_random_expressions_mean_the_same(void **state)
{
    (void)state;
    uint64_t seed = 42;
    for (int round = 0; round < 300; round++) {
        sld_expr_table_free(&t);
        sld_expr_table_init(&t, NULL);
        sld_dim dims[40];
        int64_t plain[40];
        int64_t symbols[3] = {(int64_t)(check_random(&seed) % 9) + 1,
                              (int64_t)(check_random(&seed) % 50) + 1,
                              (int64_t)(check_random(&seed) % 7)};
        for (int i = 0; i < 3; i++) {
            dims[i] = sld_expr_symbol(&t, (const char *[]){"A", "B", "C"}[i]);
            plain[i] = symbols[i];
        }
        for (int i = 3; i < 40; i++) {
            if (check_random(&seed) % 3 == 0) {
                plain[i] = (int64_t)(check_random(&seed) % 9) - 2;
                dims[i] = sld_expr_const(&t, plain[i]);
                continue;
            }
            int op = SLD_EXPR_ADD + (int)(check_random(&seed) % 8);
            size_t a = check_random(&seed) % (size_t)i;
            size_t b = check_random(&seed) % (size_t)i;
            int64_t x = plain[a];
            int64_t y = plain[b];
            if ((op == SLD_EXPR_DIV || op == SLD_EXPR_CEIL || op == SLD_EXPR_MOD) && y <= 0) {
                op = SLD_EXPR_SUB; /* symbols may be zero: division is tested for y > 0 */
            }
            int64_t q = y > 0 ? (x - (((x % y) + y) % y)) / y : 0;
            plain[i] = op == SLD_EXPR_ADD    ? x + y
                       : op == SLD_EXPR_SUB  ? x - y
                       : op == SLD_EXPR_MUL  ? x * y
                       : op == SLD_EXPR_DIV  ? q
                       : op == SLD_EXPR_CEIL ? q + (x != q * y)
                       : op == SLD_EXPR_MOD  ? x - q * y
                       : op == SLD_EXPR_MIN  ? (x < y ? x : y)
                                             : (x > y ? x : y);
            if (plain[i] > 1000000 || plain[i] < -1000000) {
                plain[i] = 1;
                dims[i] = sld_expr_const(&t, 1);
                continue;
            }
            dims[i] = sld_expr_make(&t, (sld_expr_op)op, dims[a], dims[b]);
        }
        int64_t values[512];
        assert_true(t.count < 512);
        sld_expr_evaluate(t.exprs, t.count, symbols, values);
        for (int i = 0; i < 40; i++) {
            assert_int_equal(values[dims[i]], plain[i]);
        }
    }
}

static void test_long_symbol_names_stay_apart(void **state)
{
    (void)state;
    char a[128];
    char b[128];
    memset(a, 'x', 127);
    memset(b, 'x', 127);
    a[127] = b[127] = '\0';
    b[126] = 'y';
    assert_int_not_equal(sld_expr_symbol(&t, a), sld_expr_symbol(&t, b));
    assert_int_equal(sld_expr_symbol(&t, a), sld_expr_symbol(&t, a));
}

static void test_data_symbols_keep_their_identity(void **state)
{
    (void)state;
    sld_dim bound = sld_expr_const(&t, 10);
    sld_dim s = sld_expr_data_symbol(&t, "nms", bound);
    assert_int_equal(sld_expr_data_symbol(&t, "nms", bound), s);
    assert_int_not_equal(sld_expr_symbol(&t, "other"), s);
    sld_dim plain = sld_expr_symbol(&t, "batch");
    assert_int_not_equal(sld_expr_data_symbol(&t, "batch", bound), plain);
}

/* Sums of constants that cannot be merged grow like Fibonacci's numbers; the table must not. */
static void test_constants_that_overflow(void **state)
{
    (void)state;
    int64_t huge = INT64_MAX / 2 + 1;
    sld_dim a = sld_expr_add_const(&t, sld_expr_symbol(&t, "N"), huge);
    sld_dim b = sld_expr_add_const(&t, sld_expr_symbol(&t, "K"), huge);
    for (int i = 0; i < 40; i++) {
        sld_dim c = sld_expr_add(&t, a, b);
        assert_true(c >= 0);
        a = b;
        b = c;
    }
    assert_true(t.count < 1000);
}

/* What is left of a bounded value only a run tells is largest where that value is least. */
static void test_open(void **state)
{
    (void)state;
    uint8_t open[64];
    sld_dim n = sld_expr_symbol(&t, "N");
    sld_dim all = sld_expr_const(&t, 8);
    sld_dim found = sld_expr_symbol(&t, "found");
    t.symbols[t.exprs[n].value].max = 4;
    t.symbols[t.exprs[found].value].data_dependent = 1;
    t.symbols[t.exprs[found].value].bound = all;
    sld_dim left = sld_expr_sub(&t, all, found), share = sld_expr_div(&t, all, found);
    sld_dim more = sld_expr_add(&t, found, n), most = sld_expr_sub(&t, all, n);
    sld_dim half = sld_expr_div_const(&t, found, 2);
    assert_true(t.count <= 64);
    sld_expr_find_open(t.exprs, t.count, t.symbols, open);
    assert_true(open[left] == 1 && open[share] == 1);
    assert_true(open[found] == 0 && open[more] == 0 && open[most] == 0 && open[half] == 0);
}

static void test_print(void **state)
{
    (void)state;
    char text[64];
    sld_dim n = sld_expr_symbol(&t, "N");
    sld_expr_print(&t, sld_expr_add_const(&t, sld_expr_mul_const(&t, n, 2), 1), text, sizeof text);
    assert_string_equal(text, "((N*2)+1)");
    sld_expr_print(&t, n, text, 1);
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_constants_fold, setup, teardown),
        cmocka_unit_test_setup_teardown(test_equal_expressions_are_one, setup, teardown),
        cmocka_unit_test_setup_teardown(test_division_cancels, setup, teardown),
        cmocka_unit_test_setup_teardown(test_open, setup, teardown),
        cmocka_unit_test_setup_teardown(test_overflow_and_zero_division_are_unknown, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_random_expressions_mean_the_same, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_symbol_names_stay_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_data_symbols_keep_their_identity, setup, teardown),
        cmocka_unit_test_setup_teardown(test_constants_that_overflow, setup, teardown),
        cmocka_unit_test_setup_teardown(test_print, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
