/* SPDX-License-Identifier: Apache-2.0 */
#include "nn_check.h"

/*
 * Expected values come from the interpolation functions of onnx.reference (onnx 1.23, numpy,
 * float64) on the input below, cubic coefficient -0.75, roi [0.1, -0.2, 0.8, 1.1],
 * extrapolation 10.
 */
typedef struct resize_case {
    int32_t mode, coordinate, nearest, antialias, exclude_outside;
    int64_t sizes[2]; /* 0: scales */
    float scales[2];
    int64_t out[2];
    double values[48];
} resize_case;

static const double input[20] = {1, 2, 4, 8, 3, 5, -6, 7, 0, 2, 9, 1, -3, 2, 6, 4, 4, 5, -7, 8};

/* clang-format off */
static const resize_case cases[] = {
    {1, 0, 0, 0, 0, {3, 7}, {0.0f, 0.0f}, {3, 7},
     {1.66666667, 1.0952381, 1.76190476, 4.5, 6.04761905, 5.02380952, 2.83333333, 7,
      1.57142857, -1.21428571, 2, 1.28571429, 2.28571429, 4, 4.83333333, 4.07142857,
      3.54761905, 3.66666667, -2.88095238, 0.142857143, 7.66666667}},
    {1, 1, 0, 0, 0, {3, 7}, {0.0f, 0.0f}, {3, 7},
     {1.66666667, 1.0952381, 1.76190476, 4.5, 6.04761905, 5.02380952, 2.83333333, 7,
      1.57142857, -1.21428571, 2, 1.28571429, 2.28571429, 4, 4.83333333, 4.07142857,
      3.54761905, 3.66666667, -2.88095238, 0.142857143, 7.66666667}},
    {1, 2, 0, 0, 0, {3, 7}, {0.0f, 0.0f}, {3, 7},
     {1.66666667, 1.0952381, 1.76190476, 4.5, 6.04761905, 5.02380952, 2.83333333, 7,
      1.57142857, -1.21428571, 2, 1.28571429, 2.28571429, 4, 4.83333333, 4.07142857,
      3.54761905, 3.66666667, -2.88095238, 0.142857143, 7.66666667}},
    {1, 3, 0, 0, 0, {3, 7}, {0.0f, 0.0f}, {3, 7},
     {1, 1.66666667, 2.66666667, 4, 6.66666667, 6.33333333, 3, 7, 0.666666667, -1, 2,
      1.33333333, 2, 4, 4, 4, 4.33333333, 5, -3, -2, 8}},
    {1, 4, 0, 0, 0, {3, 7}, {0.0f, 0.0f}, {3, 7},
     {1, 1.71428571, 2.85714286, 4.57142857, 7.42857143, 5.14285714, 3, 6.33333333,
      -0.80952381, -0.523809524, 3.23809524, 1.0952381, 2.19047619, 3.33333333, 5.66666667,
      3.76190476, 2.71428571, 1.42857143, -3.0952381, 2.47619048, 7.33333333}},
    {1, 5, 0, 0, 0, {3, 7}, {0.0f, 0.0f}, {3, 7},
     {10, 2.02666667, -0.226666667, 3.84, 5.36666667, 4.05333333, 10, 10, 5.73666667,
      -2.88666667, 2.09, 1.63333333, 2.14, 10, 10, 6.68, 2.52, 0.6, -1, 2.88, 10}},
    {2, 0, 0, 0, 0, {6, 3}, {0.0f, 0.0f}, {6, 3},
     {1.23746142, 3.73958333, 5.12744342, 0.457175926, 6.4375, 2.51041667, 1.67412551,
      5.68634259, 1.2715192, 6.09130658, -2.20717593, 4.58187586, 5.87615741, 0.0625,
      4.19328704, 3.70492541, 5.69444444, 2.40213477}},
    {2, 1, 0, 0, 0, {6, 3}, {0.0f, 0.0f}, {6, 3},
     {1.23746142, 3.73958333, 5.12744342, 0.457175926, 6.4375, 2.51041667, 1.67412551,
      5.68634259, 1.2715192, 6.09130658, -2.20717593, 4.58187586, 5.87615741, 0.0625,
      4.19328704, 3.70492541, 5.69444444, 2.40213477}},
    {2, 2, 0, 0, 0, {6, 3}, {0.0f, 0.0f}, {6, 3},
     {1.23746142, 3.73958333, 5.12744342, 0.457175926, 6.4375, 2.51041667, 1.67412551,
      5.68634259, 1.2715192, 6.09130658, -2.20717593, 4.58187586, 5.87615741, 0.0625,
      4.19328704, 3.70492541, 5.69444444, 2.40213477}},
    {2, 3, 0, 0, 0, {6, 3}, {0.0f, 0.0f}, {6, 3},
     {1, 4, 3, 3.016, 6.916, 1.956, 6.208, 5.336, 2.56, 8.872, -1.936, 5.08, 7.492, -0.976,
      7.208, 4, 5, 8}},
    {2, 4, 0, 0, 0, {6, 3}, {0.0f, 0.0f}, {6, 3},
     {1, 2.98148148, 6.87037037, 3.2962963, 3.69101509, 1.62105624, 6.98148148, 0.767146776,
      0.732167353, 9, -2.74074074, 3.81481481, 5.7962963, 2.93792867, -1.05315501,
      3.44444444, 6.99176955, -4.43621399}},
    {2, 5, 0, 0, 0, {6, 3}, {0.0f, 0.0f}, {6, 3},
     {10, 4.181286, 10, 10, 5.52815846, 10, 10, 4.19216254, 10, 10, -0.245699584, 10, 10,
      -2.97259461, 10, 10, -0.371232, 10}},
    {1, 0, 0, 0, 0, {0, 0}, {0.6f, 1.5f}, {2, 7},
     {2.33333333, 0.833333333, 0.277777778, 4.05555556, 5.16666667, 4.88888889, 3.11111111,
      9, 5, 0.333333333, -2.33333333, -0.5, 2.66666667, 5.33333333}},
    {1, 1, 0, 0, 0, {0, 0}, {0.6f, 1.5f}, {2, 7},
     {3.66666667, -1, -0.222222222, 6, 3.77777778, 2.55555556, 2.33333333, 7.33333333,
      3.77777778, 1.22222222, -0.333333333, -0.777777778, 1.55555556, 6.66666667}},
    {1, 3, 0, 0, 0, {0, 0}, {0.6f, 1.5f}, {2, 7},
     {1, 1.61538462, 2.46153846, 3.69230769, 5.84615385, 7.61538462, 4.53846154, 8.28571429,
      4.06593407, 0.67032967, -1.35164835, -0.67032967, 1.14285714, 4.57142857}},
    {1, 4, 0, 0, 0, {0, 0}, {0.6f, 1.5f}, {2, 7},
     {1, 1.66666667, 2.66666667, 4, 6.66666667, 6.33333333, 3, 7.66666667, 1.66666667,
      -0.777777778, 0.333333333, 1, 2.44444444, 4.66666667}},
    {0, 0, 0, 0, 0, {6, 8}, {0.0f, 0.0f}, {6, 8},
     {1, 1, 2, 4, 4, 8, 3, 3, 1, 1, 2, 4, 4, 8, 3, 3, 5, 5, -6, 7, 7, 0, 2, 2, 9, 9, 1, -3,
      -3, 2, 6, 6, 9, 9, 1, -3, -3, 2, 6, 6, 4, 4, 4, 5, 5, -7, 8, 8}},
    {0, 0, 1, 0, 0, {6, 8}, {0.0f, 0.0f}, {6, 8},
     {1, 1, 2, 4, 4, 8, 3, 3, 5, 5, -6, 7, 7, 0, 2, 2, 5, 5, -6, 7, 7, 0, 2, 2, 9, 9, 1, -3,
      -3, 2, 6, 6, 4, 4, 4, 5, 5, -7, 8, 8, 4, 4, 4, 5, 5, -7, 8, 8}},
    {0, 0, 2, 0, 0, {6, 8}, {0.0f, 0.0f}, {6, 8},
     {1, 1, 2, 2, 4, 4, 8, 3, 1, 1, 2, 2, 4, 4, 8, 3, 5, 5, -6, -6, 7, 7, 0, 2, 5, 5, -6,
      -6, 7, 7, 0, 2, 9, 9, 1, 1, -3, -3, 2, 6, 4, 4, 4, 4, 5, 5, -7, 8}},
    {0, 0, 3, 0, 0, {6, 8}, {0.0f, 0.0f}, {6, 8},
     {1, 2, 4, 4, 8, 8, 3, 3, 5, -6, 7, 7, 0, 0, 2, 2, 9, 1, -3, -3, 2, 2, 6, 6, 9, 1, -3,
      -3, 2, 2, 6, 6, 4, 4, 5, 5, -7, -7, 8, 8, 4, 4, 5, 5, -7, -7, 8, 8}},
    {0, 4, 2, 0, 0, {7, 3}, {0.0f, 0.0f}, {7, 3},
     {1, 2, 8, 1, 2, 8, 5, -6, 0, 5, -6, 0, 9, 1, 2, 9, 1, 2, 4, 4, -7}},
    {0, 3, 0, 0, 0, {7, 3}, {0.0f, 0.0f}, {7, 3},
     {1, 4, 3, 1, 4, 3, 5, 7, 2, 5, 7, 2, 9, -3, 6, 9, -3, 6, 4, 5, 8}},
    {0, 5, 0, 0, 0, {4, 4}, {0.0f, 0.0f}, {4, 4},
     {10, 2, 8, 10, 10, -6, 0, 10, 10, 1, 2, 10, 10, 1, 2, 10}},
    {1, 0, 0, 1, 0, {2, 3}, {0.0f, 0.0f}, {2, 3},
     {1.765625, 3.05555556, 3.46875, 4.359375, 1, 3.03125}},
    {2, 0, 0, 1, 0, {2, 3}, {0.0f, 0.0f}, {2, 3},
     {1.20956325, 2.94840495, 3.72546122, 4.78108057, -0.320800781, 2.63046875}},
    {1, 3, 0, 1, 0, {2, 3}, {0.0f, 0.0f}, {2, 3},
     {1.55555556, 3.97222222, 3.47222222, 4.80555556, 1.33333333, 4.77777778}},
    {2, 4, 0, 1, 1, {0, 0}, {0.5f, 0.5f}, {2, 2},
     {0.725260417, 3.55863095, 4.39910714, 0.57122449}},
    {2, 0, 0, 0, 1, {8, 4}, {0.0f, 0.0f}, {8, 4},
     {0.706792297, 3.1981756, 7.79612038, 3.7695175, 1.49512303, 1.60499255, 6.52008682,
      3.0346982, 2.66035157, -0.934087559, 4.56460422, 1.7906477, 5.24998042, -2.69638443,
      2.03103638, 2.41068657, 7.79487294, -2.62345505, 0.57774353, 4.62625107, 7.63318348,
      0.111702167, -1.82710606, 6.25063137, 5.00680474, 3.77058891, -3.60520132, 6.39066945,
      3.40844895, 6.07881303, -4.76957564, 6.52708635}},
    {1, 0, 0, 0, 1, {8, 4}, {0.0f, 0.0f}, {8, 4},
     {1.125, 2.75, 6.5, 3.625, 1.75, 1.78125, 5.53125, 3.15625, 3, -0.15625, 3.59375,
      2.21875, 4.71875, -0.96875, 2, 2.6875, 6.90625, -0.65625, 0.75, 4.5625, 7, 0.71875,
      -0.53125, 5.65625, 5, 3.15625, -1.84375, 5.96875, 4, 4.375, -2.5, 6.125}},
    {1, 3, 0, 0, 0, {1, 1}, {0.0f, 0.0f}, {1, 1},
     {1}},
};
/* clang-format on */

static sld_resize_params params_of(const resize_case *c)
{
    sld_resize_params p = {.mode = c->mode,
                           .coordinate = c->coordinate,
                           .nearest = c->nearest,
                           .antialias = c->antialias,
                           .exclude_outside = c->exclude_outside,
                           .axes_count = 2,
                           .axes = {0, 1},
                           .cubic_a = -0.75f,
                           .extrapolation = 10};
    p.use_sizes = c->sizes[0] != 0;
    for (int i = 0; i < 2; i++) {
        p.sizes[i] = c->sizes[i];
        p.scales[i] = c->scales[i];
    }
    return p;
}

static void against_onnx(void **state)
{
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(cases); i++) {
        const resize_case *c = &cases[i];
        (void)heap_reset(state);
        sld_resize_params p = params_of(c);
        sld_tensor x = tensor(SOLDER_F64, DIMS(4, 5), input);
        sld_tensor in[2] = {scattered(&x),
                            tensor(SOLDER_F64, DIMS(4), VALUES(0.1, -0.2, 0.8, 1.1))};
        sld_tensor y = blank(SOLDER_F64, c->out, 2);
        y = scattered(&y);
        assert_int_equal(run_kernel("resize_ref", &p, in, 2, &y, 1), SOLDER_OK);
        expect_values(&y, c->values, 1e-6);
    }
}

/* "length_resized > 1 ? ... : 0" of the ONNX specification. */
static void pytorch_single(void **state)
{
    (void)state;
    sld_resize_params p = {.mode = SLD_RESIZE_CUBIC,
                           .coordinate = SLD_COORD_PYTORCH_HALF_PIXEL,
                           .axes_count = 1,
                           .use_sizes = 1,
                           .sizes = {1},
                           .cubic_a = -0.75f};
    sld_tensor x = tensor(SOLDER_F32, DIMS(3), VALUES(3, 5, 9));
    sld_tensor y = blank(SOLDER_F32, DIMS(1));
    assert_int_equal(run_kernel("resize_ref", &p, &x, 1, &y, 1), SOLDER_OK);
    expect_values(&y, VALUES(3), 0);
}

/* ONNX documentation: resize_upsample_scales_nearest. */
static void nearest_any_type(void **state)
{
    (void)state;
    for (int dtype = SOLDER_F32; dtype <= SOLDER_BOOL; dtype++) {
        sld_resize_params p = {.axes_count = 4, .axes = {0, 1, 2, 3}, .scales = {1, 1, 2, 3}};
        sld_tensor x = tensor((solder_dtype)dtype, DIMS(1, 1, 2, 2), VALUES(1, 0, 1, 1));
        sld_tensor y = blank((solder_dtype)dtype, DIMS(1, 1, 4, 6));
        assert_int_equal(run_kernel("resize_ref", &p, &x, 1, &y, 1), SOLDER_OK);
        expect_values(
            &y, VALUES(1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), 0);
    }
}

static void linear_types(void **state)
{
    (void)state;
    const solder_dtype floats[] = {SOLDER_F32, SOLDER_F64, SOLDER_F16, SOLDER_BF16};
    sld_resize_params p = {.mode = SLD_RESIZE_LINEAR, .axes_count = 1, .axes = {1}, .scales = {2}};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(floats); i++) {
        sld_tensor x = tensor(floats[i], DIMS(2, 2), VALUES(0, 4, 8, 16));
        sld_tensor y = blank(floats[i], DIMS(2, 4));
        assert_int_equal(run_kernel("resize_ref", &p, &x, 1, &y, 1), SOLDER_OK);
        expect_values(&y, VALUES(0, 1, 3, 4, 8, 10, 14, 16), 0);
    }
    /* Integers truncate; a cubic overshoot saturates. */
    sld_tensor x = tensor(SOLDER_U8, DIMS(1, 4), VALUES(0, 0, 255, 255));
    sld_tensor y = blank(SOLDER_U8, DIMS(1, 8));
    p.mode = SLD_RESIZE_CUBIC;
    p.cubic_a = -0.75f;
    assert_int_equal(run_kernel("resize_ref", &p, &x, 1, &y, 1), SOLDER_OK);
    /* Position 0.75 gives 255 (w(1.25) + 0) < 0, position 2.25 more than 255. */
    assert_int_equal((int)sld_at_i64(&y, 2), 0);
    assert_int_equal((int)sld_at_i64(&y, 5), 255);
}

static void ratios(void **state)
{
    (void)state;
    const struct {
        float scale;
        int64_t num, den;
    } rows[] = {{2, 2, 1},     {0.6f, 3, 5},       {1.0f / 3, 1, 3},
                {0.7f, 7, 10}, {1e6f, 1000000, 1}, {0x1.000002p0f, 0x800001, 0x800000}};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(rows); i++) {
        int64_t num;
        int64_t den;
        assert_true(sld_resize_ratio(rows[i].scale, &num, &den));
        assert_int_equal(num, rows[i].num);
        assert_int_equal(den, rows[i].den);
    }
    int64_t n;
    assert_false(sld_resize_ratio(0, &n, &n));
    assert_false(sld_resize_ratio(-1, &n, &n));
    assert_false(sld_resize_ratio(NAN, &n, &n));
    assert_false(sld_resize_ratio(INFINITY, &n, &n));
}

/* An output that the scales input made when the plan ran: nothing to read from is an error. */
static void bad_data(void **state)
{
    (void)state;
    sld_resize_params p = {.axes_count = 1, .axes = {0}, .use_sizes = 1, .sizes = {2}};
    sld_tensor x = blank(SOLDER_F32, DIMS(0));
    sld_tensor y = blank(SOLDER_F32, DIMS(2));
    assert_int_equal(run_kernel("resize_ref", &p, &x, 1, &y, 1), SOLDER_ERROR_DATA);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, heap_reset)
    const struct CMUnitTest tests[] = {
        TEST(against_onnx), TEST(pytorch_single), TEST(nearest_any_type),
        TEST(linear_types), TEST(ratios),         TEST(bad_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
