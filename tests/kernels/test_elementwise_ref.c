/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/ref_check.h"

static void binary(int kind, solder_dtype in, solder_dtype out, const double *a, const double *b,
                   int64_t count, const double *expected)
{
    sld_elementwise_params p = {.kind = kind};
    ref_begin();
    ref_in(in, 1, &count, a, false);
    ref_in(in, 1, &count, b, true);
    ref_out(out, 1, &count, true);
    assert_int_equal(ref_run("elementwise", &p), SOLDER_OK);
    ref_expect(0, expected);
}

static void test_floats(void **state)
{
    (void)state;
    const double n = NAN;
    static const solder_dtype types[] = {SOLDER_F32, SOLDER_F16, SOLDER_BF16, SOLDER_F64};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(types); i++) {
        solder_dtype t = types[i];
        const double *a = VALUES(6, -7, 0.5, 3);
        const double *b = VALUES(2, 3, -2, n);
        binary(SLD_BINARY_SUM, t, t, a, b, 4, VALUES(8, -4, -1.5, n));
        binary(SLD_BINARY_SUB, t, t, a, b, 4, VALUES(4, -10, 2.5, n));
        binary(SLD_BINARY_PROD, t, t, a, b, 4, VALUES(12, -21, -1, n));
        binary(SLD_BINARY_DIV, t, t, a, VALUES(2, 2, -2, 0), 4, VALUES(3, -3.5, -0.25, INFINITY));
        binary(SLD_BINARY_MAX, t, t, a, b, 4, VALUES(6, 3, 0.5, n));
        binary(SLD_BINARY_MAX, t, t, b, a, 4, VALUES(6, 3, 0.5, n));
        binary(SLD_BINARY_MIN, t, t, a, b, 4, VALUES(2, -7, -2, n));
        binary(SLD_BINARY_MIN, t, t, b, a, 4, VALUES(2, -7, -2, n));
        binary(SLD_BINARY_POW, t, t, a, VALUES(2, 2, -2, 0), 4, VALUES(36, 49, 4, 1));
        binary(SLD_BINARY_FLOOR_DIV, t, t, a, VALUES(4, 2, -2, 3), 4, VALUES(1, -4, -1, 1));
        binary(SLD_BINARY_MOD, t, t, a, VALUES(4, 3, -2, 3), 4, VALUES(2, 2, -1.5, 0));
        binary(SLD_BINARY_FMOD, t, t, a, VALUES(4, 3, -2, 3), 4, VALUES(2, -1, 0.5, 0));
        binary(SLD_BINARY_SQUARED_DIFFERENCE, t, t, a, b, 4, VALUES(16, 100, 6.25, n));
        binary(SLD_BINARY_ATAN2, t, t, VALUES(0, 0), VALUES(1, 2), 2, VALUES(0, 0));
        binary(SLD_BINARY_EQUAL, t, SOLDER_BOOL, b, VALUES(2, 4, -2, n), 4, VALUES(1, 0, 1, 0));
        binary(SLD_BINARY_NOT_EQUAL, t, SOLDER_BOOL, b, VALUES(2, 4, -2, n), 4, VALUES(0, 1, 0, 1));
        binary(SLD_BINARY_LESS, t, SOLDER_BOOL, b, VALUES(2, 4, -3, 0), 4, VALUES(0, 1, 0, 0));
        binary(SLD_BINARY_LESS_EQUAL, t, SOLDER_BOOL, b, VALUES(2, 4, -3, 0), 4,
               VALUES(1, 1, 0, 0));
        binary(SLD_BINARY_GREATER, t, SOLDER_BOOL, b, VALUES(2, 4, -3, 0), 4, VALUES(0, 0, 1, 0));
        binary(SLD_BINARY_GREATER_EQUAL, t, SOLDER_BOOL, b, VALUES(2, 4, -3, 0), 4,
               VALUES(1, 0, 1, 0));
    }
}

static void test_integers(void **state)
{
    (void)state;
    static const solder_dtype types[] = {SOLDER_I8,  SOLDER_U8,  SOLDER_I16, SOLDER_U16,
                                         SOLDER_I32, SOLDER_U32, SOLDER_I64, SOLDER_U64};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(types); i++) {
        solder_dtype t = types[i];
        const double *a = VALUES(7, 12, 3);
        const double *b = VALUES(2, 5, 0);
        binary(SLD_BINARY_SUM, t, t, a, b, 3, VALUES(9, 17, 3));
        binary(SLD_BINARY_SUB, t, t, a, b, 3, VALUES(5, 7, 3));
        binary(SLD_BINARY_PROD, t, t, a, b, 3, VALUES(14, 60, 0));
        binary(SLD_BINARY_DIV, t, t, a, b, 3, VALUES(3, 2, 0));
        binary(SLD_BINARY_FLOOR_DIV, t, t, a, b, 3, VALUES(3, 2, 0));
        binary(SLD_BINARY_MOD, t, t, a, b, 3, VALUES(1, 2, 0));
        binary(SLD_BINARY_FMOD, t, t, a, b, 3, VALUES(1, 2, 0));
        binary(SLD_BINARY_MAX, t, t, a, VALUES(9, 5, 3), 3, VALUES(9, 12, 3));
        binary(SLD_BINARY_MIN, t, t, a, VALUES(9, 5, 3), 3, VALUES(7, 5, 3));
        binary(SLD_BINARY_POW, t, t, a, VALUES(2, 1, 4), 3, VALUES(49, 12, 81));
        binary(SLD_BINARY_BIT_AND, t, t, a, b, 3, VALUES(2, 4, 0));
        binary(SLD_BINARY_BIT_OR, t, t, a, b, 3, VALUES(7, 13, 3));
        binary(SLD_BINARY_BIT_XOR, t, t, a, b, 3, VALUES(5, 9, 3));
        binary(SLD_BINARY_SHIFT_LEFT, t, t, a, VALUES(2, 1, 70), 3, VALUES(28, 24, 0));
        binary(SLD_BINARY_SHIFT_RIGHT, t, t, a, VALUES(1, 2, 70), 3, VALUES(3, 3, 0));
        binary(SLD_BINARY_EQUAL, t, SOLDER_BOOL, a, VALUES(7, 5, 0), 3, VALUES(1, 0, 0));
        binary(SLD_BINARY_LESS, t, SOLDER_BOOL, a, VALUES(7, 5, 9), 3, VALUES(0, 0, 1));
        binary(SLD_BINARY_LESS_EQUAL, t, SOLDER_BOOL, a, VALUES(7, 5, 9), 3, VALUES(1, 0, 1));
        binary(SLD_BINARY_GREATER, t, SOLDER_BOOL, a, VALUES(7, 5, 9), 3, VALUES(0, 1, 0));
        binary(SLD_BINARY_GREATER_EQUAL, t, SOLDER_BOOL, a, VALUES(7, 5, 9), 3, VALUES(1, 1, 0));
    }
}

static void test_negative_integers(void **state)
{
    (void)state;
    static const solder_dtype types[] = {SOLDER_I8, SOLDER_I16, SOLDER_I32, SOLDER_I64};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(types); i++) {
        solder_dtype t = types[i];
        const double *a = VALUES(-7, 7, -7);
        const double *b = VALUES(2, -2, -2);
        binary(SLD_BINARY_DIV, t, t, a, b, 3, VALUES(-3, -3, 3));
        binary(SLD_BINARY_FLOOR_DIV, t, t, a, b, 3, VALUES(-4, -4, 3));
        binary(SLD_BINARY_MOD, t, t, a, b, 3, VALUES(1, -1, -1));
        binary(SLD_BINARY_FMOD, t, t, a, b, 3, VALUES(-1, 1, -1));
        binary(SLD_BINARY_POW, t, t, VALUES(-1, 2, 1), VALUES(-3, -1, -5), 3, VALUES(-1, 0, 1));
        binary(SLD_BINARY_SHIFT_RIGHT, t, t, a, VALUES(1, 1, 64), 3, VALUES(-4, 3, -1));
    }
    binary(SLD_BINARY_SUM, SOLDER_I8, SOLDER_I8, VALUES(127), VALUES(1), 1, VALUES(-128));
    binary(SLD_BINARY_DIV, SOLDER_I64, SOLDER_I64, VALUES(-0x1p63), VALUES(-1), 1, VALUES(-0x1p63));
    binary(SLD_BINARY_SUM, SOLDER_U8, SOLDER_U8, VALUES(250), VALUES(10), 1, VALUES(4));
}

/* Values above INT64_MAX: 2^64 - 2 and 3. */
static void test_u64(void **state)
{
    (void)state;
    sld_elementwise_params p = {.kind = SLD_BINARY_MAX};
    uint64_t a = UINT64_MAX - 1;
    uint64_t b = 3;
    uint64_t y = 0;
    uint8_t less = 9;
    sld_tensor in[2] = {sld_tensor_make(&a, SOLDER_U64, 0, NULL),
                        sld_tensor_make(&b, SOLDER_U64, 0, NULL)};
    sld_tensor out = sld_tensor_make(&y, SOLDER_U64, 0, NULL);
    sld_run run = {.params = &p, .in = in, .out = &out, .in_count = 2, .out_count = 1};
    assert_int_equal(sld_kernel_reference("elementwise")->run(&run), SOLDER_OK);
    assert_true(y == UINT64_MAX - 1);
    p.kind = SLD_BINARY_DIV;
    assert_int_equal(sld_kernel_reference("elementwise")->run(&run), SOLDER_OK);
    assert_true(y == UINT64_C(6148914691236517204)); /* (2^64 - 2) / 3 */
    p.kind = SLD_BINARY_LESS;
    out = sld_tensor_make(&less, SOLDER_BOOL, 0, NULL);
    assert_int_equal(sld_kernel_reference("elementwise")->run(&run), SOLDER_OK);
    assert_int_equal(less, 0);
}

static void test_bool(void **state)
{
    (void)state;
    const double *a = VALUES(0, 0, 1, 1);
    const double *b = VALUES(0, 1, 0, 1);
    binary(SLD_BINARY_AND, SOLDER_BOOL, SOLDER_BOOL, a, b, 4, VALUES(0, 0, 0, 1));
    binary(SLD_BINARY_OR, SOLDER_BOOL, SOLDER_BOOL, a, b, 4, VALUES(0, 1, 1, 1));
    binary(SLD_BINARY_XOR, SOLDER_BOOL, SOLDER_BOOL, a, b, 4, VALUES(0, 1, 1, 0));
    binary(SLD_BINARY_EQUAL, SOLDER_BOOL, SOLDER_BOOL, a, b, 4, VALUES(1, 0, 0, 1));
}

static void test_broadcast_and_pow(void **state)
{
    (void)state;
    sld_elementwise_params p = {.kind = SLD_BINARY_SUM};
    ref_begin();
    ref_in(SOLDER_F32, 2, DIMS(2, 1), VALUES(10, 20), true);
    ref_in(SOLDER_F32, 1, DIMS(3), VALUES(1, 2, 3), false);
    ref_out(SOLDER_F32, 2, DIMS(2, 3), true);
    assert_int_equal(ref_run("elementwise", &p), SOLDER_OK);
    ref_expect(0, VALUES(11, 12, 13, 21, 22, 23));
    p.epilogue.act = SLD_ACT_RELU;
    ref_begin();
    ref_in(SOLDER_F32, 1, DIMS(2), VALUES(-10, 20), false);
    ref_in(SOLDER_F32, 0, NULL, VALUES(1), false);
    ref_out(SOLDER_F32, 1, DIMS(2), false);
    assert_int_equal(ref_run("elementwise", &p), SOLDER_OK);
    ref_expect(0, VALUES(0, 21));
    p = (sld_elementwise_params){.kind = SLD_BINARY_POW};
    ref_begin(); /* the result has the base's type: 2^0.5 truncated, 9^0.5 */
    ref_in(SOLDER_I32, 1, DIMS(2), VALUES(2, 9), false);
    ref_in(SOLDER_F32, 0, NULL, VALUES(0.5), false);
    ref_out(SOLDER_I32, 1, DIMS(2), false);
    assert_int_equal(ref_run("elementwise", &p), SOLDER_OK);
    ref_expect(0, VALUES(1, 3));
    ref_begin();
    ref_in(SOLDER_F32, 2, DIMS(0, 2), NULL, false);
    ref_in(SOLDER_F32, 0, NULL, VALUES(0.5), false);
    ref_out(SOLDER_F32, 2, DIMS(0, 2), false);
    assert_int_equal(ref_run("elementwise", &p), SOLDER_OK);
}

static void unary(int kind, solder_dtype in, solder_dtype out, const double *x, int64_t count,
                  const double *expected, double tolerance)
{
    sld_unary_params p = {.kind = kind, .flags = 1, .alpha = 1.5f, .beta = 0.5f};
    ref_begin();
    ref_in(in, 1, &count, x, true);
    ref_out(out, 1, &count, true);
    assert_int_equal(ref_run("unary", &p), SOLDER_OK);
    ref_expect_near(0, expected, tolerance);
}

static void test_unary_floats(void **state)
{
    (void)state;
    static const struct {
        solder_dtype type;
        double tolerance;
    } types[] = {{SOLDER_F64, 1e-15}, {SOLDER_F32, 1e-7}, {SOLDER_F16, 1e-3}, {SOLDER_BF16, 8e-3}};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(types); i++) {
        solder_dtype t = types[i].type;
        double e = types[i].tolerance;
        unary(SLD_UNARY_EXP, t, t, VALUES(0, 1), 2, VALUES(1, 2.718281828459045), e);
        unary(SLD_UNARY_LOG, t, t, VALUES(1, 2, 0), 3, VALUES(0, 0.6931471805599453, -INFINITY), e);
        unary(SLD_UNARY_SQRT, t, t, VALUES(4, 2), 2, VALUES(2, 1.4142135623730951), e);
        unary(SLD_UNARY_RSQRT, t, t, VALUES(4, 2), 2, VALUES(0.5, 0.7071067811865476), e);
        unary(SLD_UNARY_RECIP, t, t, VALUES(4, -2), 2, VALUES(0.25, -0.5), 0);
        unary(SLD_UNARY_ABS, t, t, VALUES(4, -2), 2, VALUES(4, 2), 0);
        unary(SLD_UNARY_NEG, t, t, VALUES(4, -2), 2, VALUES(-4, 2), 0);
        unary(SLD_UNARY_SQUARE, t, t, VALUES(4, -3), 2, VALUES(16, 9), 0);
        unary(SLD_UNARY_SIN, t, t, VALUES(0, 1), 2, VALUES(0, 0.8414709848078965), e);
        unary(SLD_UNARY_COS, t, t, VALUES(0, 1), 2, VALUES(1, 0.5403023058681398), e);
        unary(SLD_UNARY_TAN, t, t, VALUES(0, 1), 2, VALUES(0, 1.5574077246549023), e);
        unary(SLD_UNARY_SINH, t, t, VALUES(0, 1), 2, VALUES(0, 1.1752011936438014), e);
        unary(SLD_UNARY_COSH, t, t, VALUES(0, 1), 2, VALUES(1, 1.5430806348152437), e);
        unary(SLD_UNARY_ASIN, t, t, VALUES(0, 1), 2, VALUES(0, 1.5707963267948966), e);
        unary(SLD_UNARY_ACOS, t, t, VALUES(1, 0), 2, VALUES(0, 1.5707963267948966), e);
        unary(SLD_UNARY_ATAN, t, t, VALUES(0, 1), 2, VALUES(0, 0.7853981633974483), e);
        unary(SLD_UNARY_ASINH, t, t, VALUES(0, 1), 2, VALUES(0, 0.881373587019543), e);
        unary(SLD_UNARY_ACOSH, t, t, VALUES(1, 2), 2, VALUES(0, 1.3169578969248166), e);
        unary(SLD_UNARY_ATANH, t, t, VALUES(0, 0.5), 2, VALUES(0, 0.5493061443340549), e);
        unary(SLD_UNARY_CEIL, t, t, VALUES(1.5, -1.5), 2, VALUES(2, -1), 0);
        unary(SLD_UNARY_FLOOR, t, t, VALUES(1.5, -1.5), 2, VALUES(1, -2), 0);
        unary(SLD_UNARY_TRUNC, t, t, VALUES(1.5, -1.5), 2, VALUES(1, -1), 0);
        unary(SLD_UNARY_ROUND, t, t, VALUES(0.5, 1.5, 2.5, -2.5), 4, VALUES(0, 2, 2, -2), 0);
        unary(SLD_UNARY_ERF, t, t, VALUES(0, 1), 2, VALUES(0, 0.8427007929497149), e);
        unary(SLD_UNARY_SIGN, t, t, VALUES(3, -2, 0, NAN), 4, VALUES(1, -1, 0, NAN), 0);
        unary(SLD_UNARY_LOG1P, t, t, VALUES(0, 1), 2, VALUES(0, 0.6931471805599453), e);
        unary(SLD_UNARY_EXPM1, t, t, VALUES(0, 1), 2, VALUES(0, 1.718281828459045), e);
        /* lambda 1.5, bias 0.5 */
        unary(SLD_UNARY_SHRINK, t, t, VALUES(-2, -1, 0, 1, 2), 5, VALUES(-1.5, 0, 0, 0, 1.5), 0);
        unary(SLD_UNARY_IDENTITY, t, t, VALUES(1, NAN), 2, VALUES(1, NAN), 0);
        unary(SLD_UNARY_IS_NAN, t, SOLDER_BOOL, VALUES(1, NAN), 2, VALUES(0, 1), 0);
        unary(SLD_UNARY_IS_INF, t, SOLDER_BOOL, VALUES(INFINITY, -INFINITY, NAN), 3,
              VALUES(1, 0, 0), 0);
    }
}

static void test_unary_integers(void **state)
{
    (void)state;
    unary(SLD_UNARY_ABS, SOLDER_I8, SOLDER_I8, VALUES(-3, 4, -128), 3, VALUES(3, 4, -128), 0);
    unary(SLD_UNARY_ABS, SOLDER_U8, SOLDER_U8, VALUES(200), 1, VALUES(200), 0);
    unary(SLD_UNARY_NEG, SOLDER_I16, SOLDER_I16, VALUES(-3, 4), 2, VALUES(3, -4), 0);
    unary(SLD_UNARY_NEG, SOLDER_I64, SOLDER_I64, VALUES(-3, 4), 2, VALUES(3, -4), 0);
    unary(SLD_UNARY_SIGN, SOLDER_I32, SOLDER_I32, VALUES(-3, 0, 9), 3, VALUES(-1, 0, 1), 0);
    unary(SLD_UNARY_SIGN, SOLDER_U64, SOLDER_U64, VALUES(0, 9), 2, VALUES(0, 1), 0);
    unary(SLD_UNARY_SQUARE, SOLDER_U16, SOLDER_U16, VALUES(9), 1, VALUES(81), 0);
    unary(SLD_UNARY_BIT_NOT, SOLDER_U8, SOLDER_U8, VALUES(1, 0), 2, VALUES(254, 255), 0);
    unary(SLD_UNARY_BIT_NOT, SOLDER_I32, SOLDER_I32, VALUES(1), 1, VALUES(-2), 0);
    unary(SLD_UNARY_FLOOR, SOLDER_U32, SOLDER_U32, VALUES(5), 1, VALUES(5), 0);
    unary(SLD_UNARY_SHRINK, SOLDER_I32, SOLDER_I32, VALUES(-4, 1), 2, VALUES(-3, 0), 0);
    unary(SLD_UNARY_NOT, SOLDER_BOOL, SOLDER_BOOL, VALUES(0, 1), 2, VALUES(1, 0), 0);
}

static void cast(solder_dtype from, solder_dtype to, const double *x, int64_t count,
                 const double *expected)
{
    sld_cast_params p = {.to = to};
    ref_begin();
    ref_in(from, 1, &count, x, true);
    ref_out(to, 1, &count, true);
    assert_int_equal(ref_run("cast", &p), SOLDER_OK);
    ref_expect(0, expected);
}

static void test_cast(void **state)
{
    (void)state;
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(ref_all_types); i++) {
        for (size_t k = 0; k < SLD_ARRAY_LENGTH(ref_all_types); k++) {
            cast(ref_all_types[i], ref_all_types[k], VALUES(0, 1), 2, VALUES(0, 1));
        }
    }
    cast(SOLDER_F32, SOLDER_BOOL, VALUES(0, 0.25, -2, NAN), 4, VALUES(0, 1, 1, 1));
    cast(SOLDER_I32, SOLDER_BOOL, VALUES(0, 256, -1), 3, VALUES(0, 1, 1));
    cast(SOLDER_F32, SOLDER_I32, VALUES(1.9, -1.9), 2, VALUES(1, -1));
    cast(SOLDER_I32, SOLDER_U8, VALUES(258, -1), 2, VALUES(2, 255));
    /* 1 + 2^-11 lies between two halves: to even; 65520 is the first to overflow */
    cast(SOLDER_F32, SOLDER_F16, VALUES(1 + 0x1p-11, 65519, 65520), 3, VALUES(1, 65504, INFINITY));
    cast(SOLDER_F64, SOLDER_F16, VALUES(1 + 0x1p-11 + 0x1p-40), 1, VALUES(1 + 0x1p-10));
    /* 2^53 + 2^29 + 1 is just above the middle of two floats; over double it would tie to even */
    sld_cast_params p = {.to = SOLDER_F32};
    int64_t x = (INT64_C(1) << 54) + (INT64_C(1) << 30) + 1;
    float y = 0;
    sld_tensor in = sld_tensor_make(&x, SOLDER_I64, 0, NULL);
    sld_tensor out = sld_tensor_make(&y, SOLDER_F32, 0, NULL);
    sld_run run = {.params = &p, .in = &in, .out = &out, .in_count = 1, .out_count = 1};
    assert_int_equal(sld_kernel_reference("cast")->run(&run), SOLDER_OK);
    assert_true(y == 0x1p54f + 0x1p31f);
}

static void test_select(void **state)
{
    (void)state;
    sld_select_params p = {0};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(ref_all_types); i++) {
        ref_begin();
        ref_in(SOLDER_BOOL, 2, DIMS(2, 1), VALUES(1, 0), true);
        ref_in(ref_all_types[i], 1, DIMS(3), VALUES(1, 0, 1), true);
        ref_in(ref_all_types[i], 0, NULL, VALUES(0), false);
        ref_out(ref_all_types[i], 2, DIMS(2, 3), true);
        assert_int_equal(ref_run("select", &p), SOLDER_OK);
        ref_expect(0, VALUES(1, 0, 1, 0, 0, 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_floats),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_negative_integers),
        cmocka_unit_test(test_u64),
        cmocka_unit_test(test_bool),
        cmocka_unit_test(test_broadcast_and_pow),
        cmocka_unit_test(test_unary_floats),
        cmocka_unit_test(test_unary_integers),
        cmocka_unit_test(test_cast),
        cmocka_unit_test(test_select),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
