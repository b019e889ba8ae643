/* SPDX-License-Identifier: Apache-2.0 */
#include "nn_check.h"

static const solder_dtype floats[] = {SOLDER_F32, SOLDER_F64, SOLDER_F16, SOLDER_BF16};

static sld_tensor run1(const char *kernel, const void *params, sld_tensor *in, uint32_t count)
{
    sld_tensor y = blank(in[0].dtype, in[0].dim, in[0].rank);
    sld_tensor s = scattered(&y);
    for (uint32_t i = 0; i < count; i++) {
        if (sld_tensor_present(&in[i])) {
            in[i] = scattered(&in[i]);
        }
    }
    assert_int_equal(run_kernel(kernel, params, in, count, &s, 1), SOLDER_OK);
    return s;
}

/* alpha = size and beta = 1 make y = x / (k + sum of squares in the window). */
static void lrn(void **state)
{
    (void)state;
    sld_tensor x = tensor(SOLDER_F64, DIMS(1, 4, 1), VALUES(1, 2, 3, 4));
    sld_lrn_params p = {.size = 3, .alpha = 3, .beta = 1, .k = 2};
    sld_tensor y = run1("lrn_ref", &p, &x, 1);
    expect_values(&y, VALUES(1.0 / 7, 2.0 / 16, 3.0 / 31, 4.0 / 27), 1e-15);
    /* even size: floor((n-1)/2) before, ceil((n-1)/2) after */
    p = (sld_lrn_params){.size = 2, .alpha = 2, .beta = 1, .k = 0};
    y = run1("lrn_ref", &p, &x, 1);
    expect_values(&y, VALUES(1.0 / 5, 2.0 / 13, 3.0 / 25, 4.0 / 16), 1e-15);
    /* within: 3x3 window of squares, zero outside, always divided by 9 */
    x = tensor(SOLDER_F64, DIMS(1, 1, 2, 3), VALUES(1, 2, 3, 4, 5, 6));
    p = (sld_lrn_params){.size = 3, .within = 1, .alpha = 9, .beta = 0.5, .k = 1};
    y = run1("lrn_ref", &p, &x, 1);
    const double left = sqrt(1 + 1 + 4 + 16 + 25);
    const double all = sqrt(1 + 91);
    const double right = sqrt(1 + 4 + 9 + 25 + 36);
    expect_values(&y, VALUES(1 / left, 2 / all, 3 / right, 4 / left, 5 / all, 6 / right), 1e-15);
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(floats); i++) {
        x = tensor(floats[i], DIMS(1, 1), VALUES(2));
        p = (sld_lrn_params){.size = 1, .alpha = 1, .beta = 1, .k = 0};
        y = run1("lrn_ref", &p, &x, 1);
        expect_values(&y, VALUES(0.5), 0);
    }
}

static void scale(void **state)
{
    (void)state;
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(floats); i++) {
        sld_tensor in[3] = {tensor(floats[i], DIMS(1, 2, 2), VALUES(1, 2, 3, 4)),
                            tensor(floats[i], DIMS(2), VALUES(2, -1)),
                            tensor(floats[i], DIMS(2), VALUES(0.5, 1))};
        sld_scale_params p = {.axis = 1, .epilogue = {.act = SLD_ACT_RELU}};
        sld_tensor y = run1("scale_ref", &p, in, 3);
        expect_values(&y, VALUES(2.5, 4.5, 0, 0), 0);
        p = (sld_scale_params){.axis = 2};
        in[1] = ABSENT;
        y = run1("scale_ref", &p, in, 3);
        expect_values(&y, VALUES(1.5, 3, 3.5, 5), 0);
    }
    /* two axes at once, and a scalar */
    sld_tensor in[3] = {tensor(SOLDER_F32, DIMS(2, 1, 2), VALUES(1, 2, 3, 4)),
                        tensor(SOLDER_F32, DIMS(2, 1), VALUES(2, 3)), ABSENT};
    in[2] = blank(SOLDER_F32, NULL, 0);
    sld_put_f64(&in[2], 0, 7);
    sld_scale_params p = {.axis = 0};
    sld_tensor y = run1("scale_ref", &p, in, 3);
    expect_values(&y, VALUES(9, 11, 16, 19), 0);
}

static void batchnorm(void **state)
{
    (void)state;
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(floats); i++) {
        sld_tensor in[5] = {tensor(floats[i], DIMS(1, 2, 2), VALUES(1, 3, 10, 20)),
                            tensor(SOLDER_F32, DIMS(2), VALUES(2, 1)),
                            tensor(SOLDER_F32, DIMS(2), VALUES(0.5, -1)),
                            tensor(SOLDER_F32, DIMS(2), VALUES(1, 10)),
                            tensor(SOLDER_F32, DIMS(2), VALUES(3.75, 24.75))};
        sld_batchnorm_params p = {.epsilon = 0.25f}; /* roots 2 and 5 */
        sld_tensor y = run1("batchnorm_ref", &p, in, 5);
        expect_values(&y, VALUES(0.5, 2.5, -1, 1), 0);
    }
}

/* {1, 3} has mean 2, variance 1; {2, 10} mean 6, variance 16. */
static void normalization(void **state)
{
    (void)state;
    sld_normalization_params p = {
        .axes = 4, .groups = 1, .normalize_variance = 1, .subtract_mean = 1};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(floats); i++) {
        sld_tensor in[3] = {tensor(floats[i], DIMS(1, 2, 2), VALUES(1, 3, 2, 10)),
                            tensor(floats[i], DIMS(2), VALUES(2, 4)),
                            tensor(floats[i], DIMS(2), VALUES(0, 1))};
        p.channel_affine = 1; /* instance norm */
        sld_tensor y = run1("normalization_ref", &p, in, 3);
        expect_values(&y, VALUES(-2, 2, -3, 5), 0);
        p.channel_affine = 0; /* layer norm over the last axis */
        y = run1("normalization_ref", &p, in, 3);
        expect_values(&y, VALUES(-2, 5, -2, 5), 0);
    }
    sld_tensor x = tensor(SOLDER_F64, DIMS(1, 2, 2), VALUES(1, 3, 2, 10));
    p.normalize_variance = 0; /* mean only */
    sld_tensor y = run1("normalization_ref", &p, &x, 1);
    expect_values(&y, VALUES(-1, 1, -4, 4), 0);
    p.normalize_variance = p.epsilon_outside = 1;
    p.epsilon = 1; /* divisors 1 + 1 and 4 + 1 */
    y = run1("normalization_ref", &p, &x, 1);
    expect_values(&y, VALUES(-0.5, 0.5, -0.8, 0.8), 1e-15);
    p = (sld_normalization_params){.axes = 4, .groups = 1, .normalize_variance = 1};
    x = tensor(SOLDER_F64, DIMS(1, 1, 2), VALUES(1, 7)); /* mean square 25 */
    y = run1("normalization_ref", &p, &x, 1);
    expect_values(&y, VALUES(0.2, 1.4), 1e-15);
}

/* Group norm equals layer norm of x reshaped to [N, G, C/G * spatial]. */
static void groups(void **state)
{
    (void)state;
    sld_tensor x = noise(SOLDER_F64, DIMS(2, 6, 2, 5), 5);
    sld_normalization_params p = {
        .axes = 4 | 8, .groups = 3, .normalize_variance = 1, .subtract_mean = 1, .epsilon = 1e-3f};
    sld_tensor in = x;
    sld_tensor a = run1("normalization_ref", &p, &in, 1);
    sld_tensor flat = sld_tensor_make(x.data, SOLDER_F64, 3, (const int64_t[]){2, 3, 20});
    p.groups = 1;
    p.axes = 4;
    sld_tensor b = blank(SOLDER_F64, DIMS(2, 3, 20));
    assert_int_equal(run_kernel("normalization_ref", &p, &flat, 1, &b, 1), SOLDER_OK);
    sld_tensor wide = sld_tensor_make(b.data, SOLDER_F64, 4, (const int64_t[]){2, 6, 2, 5});
    expect_same(&a, &wide, 1e-15);
    /* rank 8 with groups uses every axis the kernel has */
    sld_tensor big = noise(SOLDER_F32, DIMS(1, 4, 1, 1, 2, 1, 1, 2), 6);
    p = (sld_normalization_params){.axes = 0xfc, .groups = 2, .subtract_mean = 1};
    sld_tensor y = run1("normalization_ref", &p, &big, 1);
    int64_t index[SOLDER_MAX_RANK] = {0};
    double sum = 0;
    do {
        sum += index[1] < 2 ? sld_at_f64(&y, sld_tensor_offset(&y, index)) : 0;
    } while (sld_index_next(index, y.dim, 8));
    assert_true(fabs(sum) < 1e-6);
}

static void lpnorm(void **state)
{
    (void)state;
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(floats); i++) {
        sld_tensor x = tensor(floats[i], DIMS(2, 3), VALUES(3, 0, -1, 4, 0, 3));
        sld_lpnorm_params p = {.axis = 0, .p = 1};
        sld_tensor y = run1("lpnorm_ref", &p, &x, 1);
        expect_values(&y, VALUES(3.0 / 7, 0, -0.25, 4.0 / 7, 0, 0.75), 1e-2);
        p.p = 2;
        y = run1("lpnorm_ref", &p, &x, 1);
        expect_values(&y, VALUES(0.6, 0, -0.31622776601683794, 0.8, 0, 0.9486832980505138), 4e-3);
    }
    sld_tensor x = tensor(SOLDER_F64, DIMS(2), VALUES(3, 4));
    sld_lpnorm_params p = {.axis = 0, .p = 2, .epsilon = 10};
    sld_tensor y = run1("lpnorm_ref", &p, &x, 1);
    expect_values(&y, VALUES(0.3, 0.4), 1e-15);
}

/* numpy: exp(x) / exp(x).sum() of 0, 1, 2. */
static void softmax(void **state)
{
    (void)state;
    const double p0 = 0.09003057317038046;
    const double p1 = 0.24472847105479764;
    const double p2 = 0.6652409557748219;
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(floats); i++) {
        sld_tensor x = tensor(floats[i], DIMS(3, 2), VALUES(0, 102, 1, 101, 2, 100));
        sld_softmax_params p = {.axis = 0};
        sld_tensor y = run1("softmax_ref", &p, &x, 1);
        expect_values(&y, VALUES(p0, p2, p1, p1, p2, p0), floats[i] == SOLDER_F64 ? 1e-15 : 4e-3);
        p.log = 1;
        y = run1("softmax_ref", &p, &x, 1);
        expect_values(&y,
                      VALUES(-2.4076059644443806, -0.4076059644443803, -1.4076059644443804,
                             -1.4076059644443804, -0.4076059644443803, -2.4076059644443806),
                      floats[i] == SOLDER_F64 ? 1e-15 : 4e-3);
    }
    sld_tensor x = tensor(SOLDER_F32, DIMS(1, 2), VALUES(-INFINITY, 1000));
    sld_softmax_params p = {.axis = 1};
    sld_tensor y = run1("softmax_ref", &p, &x, 1);
    expect_values(&y, VALUES(0, 1), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, heap_reset)
    const struct CMUnitTest tests[] = {
        TEST(lrn),    TEST(scale),  TEST(batchnorm), TEST(normalization),
        TEST(groups), TEST(lpnorm), TEST(softmax),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
