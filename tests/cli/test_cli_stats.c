/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "stats.h"

static void test_latency(void **state)
{
    (void)state;
    double samples[101];
    for (int i = 0; i <= 100; i++) {
        samples[i] = 100 - i;
    }
    cli_latency l;
    cli_latency_of(samples, 101, &l);
    assert_true(l.min == 0 && l.max == 100 && l.mean == 50 && l.median == 50);
    assert_true(fabs(l.p90 - 90) < 1e-9 && fabs(l.p95 - 95) < 1e-9 && fabs(l.p99 - 99) < 1e-9);
    double two[2] = {3, 1};
    cli_latency_of(two, 2, &l);
    assert_true(l.median == 2 && fabs(l.p90 - 2.8) < 1e-12);
    double one = 7;
    cli_latency_of(&one, 1, &l);
    assert_true(l.min == 7 && l.p99 == 7);
}

static cli_tensor wrap(float *values, int64_t count)
{
    return (cli_tensor){SOLDER_F32, {1, {count}}, values, (size_t)count * 4};
}

static void test_difference(void **state)
{
    (void)state;
    float a[4] = {1, 2, 3.5f, NAN};
    float b[4] = {1, 2.0001f, 3, NAN};
    cli_tensor x = wrap(a, 4);
    cli_tensor y = wrap(b, 4);
    cli_difference d;
    cli_difference_of(&x, &y, 1e-5, 1e-4, &d);
    assert_int_equal(d.beyond, 1);
    assert_int_equal(d.where, 2);
    assert_true(d.max_abs == 0.5 && d.got == 3.5 && d.wanted == 3);
    b[3] = 0;
    cli_difference_of(&x, &y, 1e-5, 1e-4, &d);
    assert_int_equal(d.beyond, 2);
    assert_int_equal(d.where, 3);
    assert_true(isinf(d.max_abs));
    a[3] = INFINITY;
    b[3] = INFINITY;
    a[2] = 3;
    cli_difference_of(&x, &y, 1e-5, 1e-4, &d);
    assert_int_equal(d.beyond, 0);
}

static void test_rms(void **state)
{
    (void)state;
    float a[5] = {3, -4, 0, 5, INFINITY};
    cli_tensor x = wrap(a, 5);
    assert_true(fabs(cli_rms_of(&x) - sqrt(10)) < 1e-12);
    x.size = 0;
    assert_true(cli_rms_of(&x) == 0);
}

static void test_top(void **state)
{
    (void)state;
    float values[6] = {0.1f, NAN, 0.5f, 0.3f, 0.5f, -1};
    cli_tensor t = wrap(values, 6);
    size_t best[6];
    cli_top(&t, 0, 6, 3, best);
    assert_int_equal(best[0], 2);
    assert_int_equal(best[1], 4);
    assert_int_equal(best[2], 3);
    cli_top(&t, 0, 6, 6, best);
    assert_int_equal(best[4], 5);
    assert_int_equal(best[5], 1);
    cli_top(&t, 3, 3, 1, best);
    assert_int_equal(best[0], 1);
}

static void test_summary(void **state)
{
    (void)state;
    float values[3] = {-2, NAN, 4};
    cli_tensor t = wrap(values, 3);
    cli_summary s;
    cli_summary_of(&t, &s);
    assert_true(s.min == -2 && s.max == 4 && s.mean == 1);
    assert_int_equal(s.nans, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_latency), cmocka_unit_test(test_difference),
        cmocka_unit_test(test_rms),     cmocka_unit_test(test_top),
        cmocka_unit_test(test_summary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
