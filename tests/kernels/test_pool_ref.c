/* SPDX-License-Identifier: Apache-2.0 */
#include <float.h>

#include "nn_check.h"

static sld_pooling_params params(int kind, int spatial, int window, int stride)
{
    sld_pooling_params p = {.kind = kind, .spatial = spatial, .p = 2};
    for (int i = 0; i < SLD_MAX_SPATIAL; i++) {
        p.window[i] = window;
        p.stride[i] = stride;
        p.dilation[i] = 1;
    }
    return p;
}

static sld_tensor pool(const sld_pooling_params *p, sld_tensor x, const int64_t *dims, int rank)
{
    sld_tensor y = blank(x.dtype, dims, rank);
    assert_int_equal(run_kernel("pooling_ref", p, &x, 1, &y, 1), SOLDER_OK);
    return y;
}

static const double ramp25[25] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13,
                                  14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25};
static const double ramp16[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

/* Values of the ONNX operator documentation for MaxPool and AveragePool. */
static void documented(void **state)
{
    (void)state;
    sld_tensor x = tensor(SOLDER_F32, DIMS(1, 1, 5, 5), ramp25);
    sld_pooling_params p = params(SLD_POOL_MAX, 2, 5, 1);
    p.pad_begin[0] = p.pad_begin[1] = p.pad_end[0] = p.pad_end[1] = 2;
    sld_tensor y = pool(&p, x, DIMS(1, 1, 5, 5));
    expect_values(&y,
                  VALUES(13, 14, 15, 15, 15, 18, 19, 20, 20, 20, 23, 24, 25, 25, 25, 23, 24, 25, 25,
                         25, 23, 24, 25, 25, 25),
                  0);
    p.kind = SLD_POOL_AVERAGE;
    y = pool(&p, x, DIMS(1, 1, 5, 5));
    expect_values(&y,
                  VALUES(7, 7.5, 8, 8.5, 9, 9.5, 10, 10.5, 11, 11.5, 12, 12.5, 13, 13.5, 14, 14.5,
                         15, 15.5, 16, 16.5, 17, 17.5, 18, 18.5, 19),
                  1e-6);
    p.kind = SLD_POOL_AVERAGE_PADDED;
    y = pool(&p, x, DIMS(1, 1, 5, 5));
    expect_values(&y,
                  VALUES(2.52, 3.6, 4.8, 4.08, 3.24, 4.56, 6.4, 8.4, 7.04, 5.52, 7.2, 10, 13, 10.8,
                         8.4, 6.96, 9.6, 12.4, 10.24, 7.92, 6.12, 8.4, 10.8, 8.88, 6.84),
                  1e-6);
}

static void ceil_rounding(void **state)
{
    (void)state;
    sld_tensor x = tensor(SOLDER_F32, DIMS(1, 1, 4, 4), ramp16);
    sld_pooling_params p = params(SLD_POOL_MAX, 2, 3, 2);
    p.round = SLD_ROUND_CEIL;
    sld_tensor y = pool(&p, x, DIMS(1, 1, 2, 2));
    expect_values(&y, VALUES(11, 12, 15, 16), 0);
    p.kind = SLD_POOL_AVERAGE;
    y = pool(&p, x, DIMS(1, 1, 2, 2));
    expect_values(&y, VALUES(6, 7.5, 12, 13.5), 0);
    /* Taps beyond input + padding never count: the last window has 2 x 2 taps. */
    p.kind = SLD_POOL_AVERAGE_PADDED;
    y = pool(&p, x, DIMS(1, 1, 2, 2));
    expect_values(&y, VALUES(6, 7.5, 12, 13.5), 0);
    /* Caffe: pad 1, window 3, stride 2 on 1 2 3 4: windows {0 1 2} {2 3 4} {4 0}, the last of 2. */
    p = params(SLD_POOL_AVERAGE_PADDED, 1, 3, 2);
    p.pad_begin[0] = p.pad_end[0] = 1;
    p.round = SLD_ROUND_CAFFE;
    y = pool(&p, tensor(SOLDER_F32, DIMS(1, 1, 4), ramp16), DIMS(1, 1, 3));
    expect_values(&y, VALUES(1, 3, 2), 0);
    p.kind = SLD_POOL_AVERAGE;
    y = pool(&p, tensor(SOLDER_F32, DIMS(1, 1, 4), ramp16), DIMS(1, 1, 3));
    expect_values(&y, VALUES(1.5, 3, 4), 0);
}

static void dilated_and_same(void **state)
{
    (void)state;
    sld_pooling_params p = params(SLD_POOL_MAX, 2, 2, 1);
    p.dilation[0] = p.dilation[1] = 2;
    sld_tensor y = pool(&p, tensor(SOLDER_F32, DIMS(1, 1, 4, 4), ramp16), DIMS(1, 1, 2, 2));
    expect_values(&y, VALUES(11, 12, 15, 16), 0);
    p = params(SLD_POOL_MAX, 2, 3, 2);
    p.pad_mode = SLD_PAD_SAME_UPPER;
    y = pool(&p, tensor(SOLDER_F32, DIMS(1, 1, 5, 5), ramp25), DIMS(1, 1, 3, 3));
    expect_values(&y, VALUES(7, 9, 10, 17, 19, 20, 22, 24, 25), 0);
    p = params(SLD_POOL_AVERAGE, 1, 2, 1);
    p.pad_mode = SLD_PAD_SAME_LOWER;
    y = pool(&p, tensor(SOLDER_F32, DIMS(1, 1, 4), ramp16), DIMS(1, 1, 4));
    expect_values(&y, VALUES(1, 1.5, 2.5, 3.5), 0);
    p.pad_mode = SLD_PAD_SAME_UPPER;
    y = pool(&p, tensor(SOLDER_F32, DIMS(1, 1, 4), ramp16), DIMS(1, 1, 4));
    expect_values(&y, VALUES(1.5, 2.5, 3.5, 4), 0);
}

static void indices(void **state)
{
    (void)state;
    sld_pooling_params p = params(SLD_POOL_MAX, 2, 2, 2);
    sld_tensor x = tensor(SOLDER_F32, DIMS(2, 1, 2, 4),
                          VALUES(9, 1, 2, 3, 4, 5, 6, 7, 1, 1, 0, 0, 1, 1, 8, 0));
    sld_tensor out[2] = {blank(SOLDER_F32, DIMS(2, 1, 1, 2)), blank(SOLDER_I64, DIMS(2, 1, 1, 2))};
    assert_int_equal(run_kernel("pooling_ref", &p, &x, 1, out, 2), SOLDER_OK);
    expect_values(&out[0], VALUES(9, 7, 1, 8), 0);
    expect_values(&out[1], VALUES(0, 7, 8, 14), 0);
    p.column_major = 1; /* h + w H within the plane */
    assert_int_equal(run_kernel("pooling_ref", &p, &x, 1, out, 2), SOLDER_OK);
    expect_values(&out[1], VALUES(0, 7, 8, 13), 0);
}

static void dtypes(void **state)
{
    (void)state;
    const solder_dtype types[] = {SOLDER_F32, SOLDER_F64, SOLDER_F16, SOLDER_BF16, SOLDER_I8,
                                  SOLDER_U8,  SOLDER_I16, SOLDER_U16, SOLDER_I32,  SOLDER_I64};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(types); i++) {
        sld_pooling_params p = params(SLD_POOL_MAX, 2, 2, 2);
        sld_tensor x = tensor(types[i], DIMS(1, 1, 4, 4), ramp16);
        sld_tensor s = scattered(&x);
        sld_tensor y = pool(&p, x, DIMS(1, 1, 2, 2));
        expect_values(&y, VALUES(6, 8, 14, 16), 0);
        sld_tensor z = pool(&p, s, DIMS(1, 1, 2, 2));
        expect_same(&y, &z, 0);
        if (sld_dtype_is_float(types[i])) {
            p.kind = SLD_POOL_AVERAGE;
            y = pool(&p, s, DIMS(1, 1, 2, 2));
            expect_values(&y, VALUES(3.5, 5.5, 11.5, 13.5), 0);
        }
    }
}

static void global(void **state)
{
    (void)state;
    sld_pooling_params p = {.kind = SLD_POOL_AVERAGE, .global = 1, .p = 1};
    sld_tensor x = tensor(SOLDER_F32, DIMS(1, 2, 2, 2, 2), ramp16);
    sld_tensor y = pool(&p, x, DIMS(1, 2, 1, 1, 1));
    expect_values(&y, VALUES(4.5, 12.5), 0);
    p.kind = SLD_POOL_MAX;
    y = pool(&p, x, DIMS(1, 2, 1, 1, 1));
    expect_values(&y, VALUES(8, 16), 0);
    p.kind = SLD_POOL_LP;
    y = pool(&p, x, DIMS(1, 2, 1, 1, 1));
    expect_values(&y, VALUES(36, 100), 0);
    p.kind = SLD_POOL_AVERAGE;
    x = tensor(SOLDER_F32, DIMS(1, 1, 1, 2, 2, 2, 2), ramp16); /* five spatial axes */
    y = pool(&p, x, DIMS(1, 1, 1, 1, 1, 1, 1));
    expect_values(&y, VALUES(8.5), 0);
    x = blank(SOLDER_F32, DIMS(1, 1, 0));
    y = pool(&p, x, DIMS(1, 1, 1));
    expect_values(&y, VALUES(0), 0);
}

static void special_values(void **state)
{
    (void)state;
    sld_pooling_params p = params(SLD_POOL_MAX, 1, 2, 2);
    sld_tensor y =
        pool(&p, tensor(SOLDER_F32, DIMS(1, 1, 6), VALUES(1, NAN, -INFINITY, -INFINITY, NAN, 2)),
             DIMS(1, 1, 3));
    expect_values(&y, VALUES(NAN, -INFINITY, NAN), 0);
    p = params(SLD_POOL_LP, 1, 2, 2);
    y = pool(&p, tensor(SOLDER_F32, DIMS(1, 1, 4), VALUES(3, -4, -5, 12)), DIMS(1, 1, 2));
    expect_values(&y, VALUES(5, 13), 1e-7);
    /* window 2, dilation 2, padding 1 around one element: taps at -1 and 1, none inside */
    p = params(SLD_POOL_MAX, 1, 2, 1);
    p.dilation[0] = 2;
    p.pad_begin[0] = p.pad_end[0] = 1;
    y = pool(&p, tensor(SOLDER_F32, DIMS(1, 1, 1), VALUES(3)), DIMS(1, 1, 1));
    expect_values(&y, VALUES(-(double)FLT_MAX), 0);
    y = pool(&p, tensor(SOLDER_I8, DIMS(1, 1, 1), VALUES(3)), DIMS(1, 1, 1));
    expect_values(&y, VALUES(-128), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, heap_reset)
    const struct CMUnitTest tests[] = {
        TEST(documented), TEST(ceil_rounding), TEST(dilated_and_same), TEST(indices),
        TEST(dtypes),     TEST(global),        TEST(special_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
