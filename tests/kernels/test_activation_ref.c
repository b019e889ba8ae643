/* SPDX-License-Identifier: Apache-2.0 */
#include "nn_check.h"

/* Python's math module on the formulas of activation.h, x = -2, -0.5, 0, 0.5, 2. */
static void definitions(void **state)
{
    (void)state;
    const double x[5] = {-2, -0.5, 0, 0.5, 2};
    const struct {
        int32_t kind;
        double a, b, y[5];
    } rows[] = {
        {SLD_ACT_NONE, 0, 0, {-2, -0.5, 0, 0.5, 2}},
        {SLD_ACT_RELU, 0, 0, {0, 0, 0, 0.5, 2}},
        {SLD_ACT_LEAKY_RELU, 0.25, 0, {-0.5, -0.125, 0, 0.5, 2}},
        {SLD_ACT_SIGMOID,
         0,
         0,
         {0.11920292202211755, 0.3775406687981454, 0.5, 0.6224593312018546, 0.8807970779778823}},
        {SLD_ACT_TANH,
         0,
         0,
         {-0.9640275800758169, -0.46211715726000973, 0, 0.46211715726000973, 0.9640275800758169}},
        {SLD_ACT_ELU, 2, 0, {-1.7293294335267746, -0.7869386805747332, 0, 0.5, 2}},
        {SLD_ACT_SELU, 2, 3, {-5.187988300580324, -2.3608160417241996, 0, 1.5, 6}},
        {SLD_ACT_CELU, 2, 0, {-1.2642411176571153, -0.44239843385719024, 0, 0.5, 2}},
        {SLD_ACT_SOFTPLUS,
         0,
         0,
         {0.1269280110429726, 0.4740769841801067, 0.6931471805599453, 0.9740769841801067,
          2.1269280110429727}},
        {SLD_ACT_SOFTSIGN, 0, 0, {-2.0 / 3, -1.0 / 3, 0, 1.0 / 3, 2.0 / 3}},
        {SLD_ACT_CLIP, -1, 1, {-1, -0.5, 0, 0.5, 1}},
        {SLD_ACT_HARD_SIGMOID, 0.5, 0.25, {0, 0, 0.25, 0.5, 1}},
        {SLD_ACT_HARD_SWISH, 0.25, 0.5, {0, -0.1875, 0, 0.3125, 2}},
        {SLD_ACT_SWISH,
         1,
         0,
         {-0.2384058440442351, -0.1887703343990727, 0, 0.3112296656009273, 1.7615941559557646}},
        {SLD_ACT_GELU,
         0,
         0,
         {-0.04550026389635842, -0.15426876936299344, 0, 0.34573123063700656, 1.9544997361036416}},
        {SLD_ACT_GELU_TANH,
         0,
         0,
         {-0.04540230591222494, -0.15428599017485415, 0, 0.34571400982514585, 1.954597694087775}},
        {SLD_ACT_MISH,
         0,
         0,
         {-0.2525014826957089, -0.22074377465173, 0, 0.3752452113048951, 1.9439589595339946}},
        {SLD_ACT_THRESHOLDED_RELU, 0.5, 0, {0, 0, 0, 0, 2}},
        {SLD_ACT_SCALED_TANH,
         2,
         0.5,
         {-1.5231883119115297, -0.4898373248074161, 0, 0.4898373248074161, 1.5231883119115297}},
        {SLD_ACT_THRESHOLD, 0.25, 0, {0, 0, 0, 1, 1}},
        {SLD_ACT_AFFINE, 0.5, -0.25, {-1.25, -0.5, -0.25, 0, 0.75}},
    };
    assert_int_equal(SLD_ARRAY_LENGTH(rows), SLD_ACT_COUNT);
    for (size_t r = 0; r < SLD_ARRAY_LENGTH(rows); r++) {
        assert_int_equal(rows[r].kind, r);
        for (int i = 0; i < 5; i++) {
            double y = sld_activate_f64(rows[r].kind, rows[r].a, rows[r].b, x[i]);
            if (fabs(y - rows[r].y[i]) > 1e-14) {
                fail_msg("kind %d at %g: %.17g, expected %.17g", (int)r, x[i], y, rows[r].y[i]);
            }
        }
        assert_true(isnan(sld_activate_f64(rows[r].kind, rows[r].a, rows[r].b, NAN)));
    }
}

static void extremes(void **state)
{
    (void)state;
    assert_true(sld_activate_f64(SLD_ACT_SOFTPLUS, 0, 0, 1e4) == 1e4);
    assert_true(sld_activate_f64(SLD_ACT_SOFTPLUS, 0, 0, -1e4) == 0);
    assert_true(sld_activate_f64(SLD_ACT_SIGMOID, 0, 0, -1e4) == 0);
    assert_true(sld_activate_f64(SLD_ACT_SWISH, 1, 0, -1e4) == 0);
    assert_true(sld_activate_f64(SLD_ACT_MISH, 0, 0, 1e4) == 1e4);
    assert_true(sld_activate_f64(SLD_ACT_CLIP, 3, 1, 2) == 1); /* min after max */
}

static void dtypes(void **state)
{
    (void)state;
    for (int dtype = SOLDER_F32; dtype < SOLDER_BOOL; dtype++) {
        bool is_signed = !sld_dtype_is_unsigned((solder_dtype)dtype);
        sld_activation_params p = {.kind = SLD_ACT_RELU};
        sld_tensor x = tensor((solder_dtype)dtype, DIMS(2, 2), VALUES(is_signed ? -3 : 0, 1, 2, 9));
        sld_tensor in = scattered(&x);
        sld_tensor y = blank((solder_dtype)dtype, DIMS(2, 2));
        assert_int_equal(run_kernel("activation_ref", &p, &in, 1, &y, 1), SOLDER_OK);
        expect_values(&y, VALUES(0, 1, 2, 9), 0);
        p = (sld_activation_params){.kind = SLD_ACT_CLIP, .alpha = 1, .beta = 6};
        assert_int_equal(run_kernel("activation_ref", &p, &in, 1, &y, 1), SOLDER_OK);
        expect_values(&y, VALUES(1, 1, 2, 6), 0);
        if (is_signed) { /* slope along the last axis, by broadcast */
            in = scattered(&in);
            sld_tensor two[2] = {in, tensor((solder_dtype)dtype, DIMS(2), VALUES(2, 5))};
            assert_int_equal(run_kernel("prelu_ref", NULL, two, 2, &y, 1), SOLDER_OK);
            expect_values(&y, VALUES(-6, 1, 2, 9), 0);
        }
    }
    /* The largest u64 is not negative. */
    sld_tensor x = blank(SOLDER_U64, DIMS(1));
    sld_put_i64(&x, 0, -1);
    sld_tensor y = blank(SOLDER_U64, DIMS(1));
    sld_activation_params p = {.kind = SLD_ACT_RELU};
    assert_int_equal(run_kernel("activation_ref", &p, &x, 1, &y, 1), SOLDER_OK);
    assert_int_equal(sld_at_i64(&y, 0), -1);
}

static void prelu_channels(void **state)
{
    (void)state;
    sld_tensor in[2] = {tensor(SOLDER_F32, DIMS(1, 2, 2), VALUES(-1, 2, -3, -4)),
                        tensor(SOLDER_F32, DIMS(2, 1), VALUES(0.5, 2))};
    sld_tensor y = blank(SOLDER_F32, DIMS(1, 2, 2));
    assert_int_equal(run_kernel("prelu_ref", NULL, in, 2, &y, 1), SOLDER_OK);
    expect_values(&y, VALUES(-0.5, 2, -6, -8), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, heap_reset)
    const struct CMUnitTest tests[] = {
        TEST(definitions),
        TEST(extremes),
        TEST(dtypes),
        TEST(prelu_channels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
