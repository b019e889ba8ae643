/* SPDX-License-Identifier: Apache-2.0 */
#include "nn_check.h"

static sld_conv_params conv_params(int spatial)
{
    sld_conv_params p = {.spatial = spatial, .groups = 1};
    for (int i = 0; i < SLD_MAX_SPATIAL; i++) {
        p.stride[i] = p.dilation[i] = 1;
    }
    return p;
}

static sld_tensor conv(const sld_conv_params *p, sld_tensor x, sld_tensor w, const int64_t *dims,
                       int rank)
{
    sld_tensor in[] = {x, w};
    sld_tensor y = blank(x.dtype, dims, rank);
    assert_int_equal(run_kernel("conv_ref", p, in, 2, &y, 1), SOLDER_OK);
    return y;
}

/* The 5x5 ramp and 3x3 ones of the ONNX operator documentation for Conv. */
static const double ramp[25] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12,
                                13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24};
static const double ones[27] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

static void documented(void **state)
{
    (void)state;
    const solder_dtype dtypes[] = {SOLDER_F32, SOLDER_F64, SOLDER_F16, SOLDER_BF16};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(dtypes); i++) {
        sld_conv_params p = conv_params(2);
        sld_tensor x = tensor(dtypes[i], DIMS(1, 1, 5, 5), ramp);
        sld_tensor w = tensor(dtypes[i], DIMS(1, 1, 3, 3), ones);
        sld_tensor y = conv(&p, x, w, DIMS(1, 1, 3, 3));
        expect_values(&y, VALUES(54, 63, 72, 99, 108, 117, 144, 153, 162),
                      dtypes[i] == SOLDER_BF16 ? 1.0 / 256 : 0);
        p.pad_begin[0] = p.pad_begin[1] = p.pad_end[0] = p.pad_end[1] = 1;
        p.stride[0] = p.stride[1] = 2;
        y = conv(&p, x, w, DIMS(1, 1, 3, 3));
        expect_values(&y, VALUES(12, 27, 24, 63, 108, 81, 72, 117, 84), 0);
        p.pad_mode = SLD_PAD_SAME_LOWER;
        p.pad_begin[0] = 77; /* ignored */
        y = conv(&p, x, w, DIMS(1, 1, 3, 3));
        expect_values(&y, VALUES(12, 27, 24, 63, 108, 81, 72, 117, 84), 0);
    }
}

static void same_modes(void **state)
{
    (void)state;
    /* in 4, window 2, stride 1: one column of padding, at the end or at the beginning. */
    sld_conv_params p = conv_params(1);
    sld_tensor x = tensor(SOLDER_F32, DIMS(1, 1, 4), VALUES(1, 2, 3, 4));
    sld_tensor w = tensor(SOLDER_F32, DIMS(1, 1, 2), VALUES(1, 10));
    p.pad_mode = SLD_PAD_SAME_UPPER;
    sld_tensor y = conv(&p, x, w, DIMS(1, 1, 4));
    expect_values(&y, VALUES(21, 32, 43, 4), 0);
    p.pad_mode = SLD_PAD_SAME_LOWER;
    y = conv(&p, x, w, DIMS(1, 1, 4));
    expect_values(&y, VALUES(10, 21, 32, 43), 0);
    p.pad_mode = SLD_PAD_EXPLICIT;
    p.pad_begin[0] = -1; /* crops the first element */
    y = conv(&p, x, w, DIMS(1, 1, 2));
    expect_values(&y, VALUES(32, 43), 0);
}

static void three_dimensions(void **state)
{
    (void)state;
    sld_conv_params p = conv_params(3);
    sld_tensor x = tensor(SOLDER_F32, DIMS(1, 1, 2, 2, 2), ones);
    sld_tensor w = tensor(SOLDER_F32, DIMS(1, 1, 2, 2, 2), ramp);
    sld_tensor y = conv(&p, x, w, DIMS(1, 1, 1, 1, 1));
    expect_values(&y, VALUES(28), 0);
    p.pad_begin[0] = 1;
    y = conv(&p, x, w, DIMS(1, 1, 2, 1, 1));
    expect_values(&y, VALUES(4 + 5 + 6 + 7, 28), 0);
}

/* Dilation d equals a kernel with d - 1 zeros stuffed between its taps. */
static void dilation(void **state)
{
    (void)state;
    sld_conv_params p = conv_params(2);
    p.dilation[0] = 2;
    p.dilation[1] = 3;
    p.pad_begin[0] = p.pad_begin[1] = p.pad_end[1] = 2;
    p.stride[1] = 2;
    sld_tensor x = noise(SOLDER_F32, DIMS(2, 3, 9, 11), 1);
    sld_tensor w = noise(SOLDER_F32, DIMS(4, 3, 3, 2), 2);
    sld_tensor a = conv(&p, x, w, DIMS(2, 4, 7, 6));
    sld_tensor stuffed = blank(SOLDER_F32, DIMS(4, 3, 5, 4));
    memset(stuffed.data, 0, 4 * 3 * 5 * 4 * sizeof(float));
    sld_tensor taps = stuffed;
    taps.dim[2] = 3;
    taps.dim[3] = 2;
    taps.stride[2] *= 2;
    taps.stride[3] *= 3;
    sld_tensor_copy(&w, &taps);
    p.dilation[0] = p.dilation[1] = 1;
    sld_tensor b = conv(&p, x, stuffed, DIMS(2, 4, 7, 6));
    expect_same(&a, &b, 0);
}

/* Groups equal separate convolutions on slices of the channels; slices are strided views. */
static void groups(void **state)
{
    (void)state;
    sld_conv_params p = conv_params(2);
    p.groups = 2;
    sld_tensor x = noise(SOLDER_F64, DIMS(2, 6, 5, 70), 3);
    sld_tensor w = noise(SOLDER_F64, DIMS(4, 3, 2, 2), 4);
    sld_tensor all = conv(&p, x, w, DIMS(2, 4, 4, 69));
    p.groups = 1;
    for (int g = 0; g < 2; g++) {
        sld_tensor xs = x;
        sld_tensor ws = w;
        sld_tensor part = all;
        xs.dim[1] = 3;
        ws.dim[0] = part.dim[1] = 2;
        xs.data = (double *)x.data + g * 3 * x.stride[1];
        ws.data = (double *)w.data + g * 2 * w.stride[0];
        part.data = (double *)all.data + g * 2 * all.stride[1];
        sld_tensor y = conv(&p, xs, ws, DIMS(2, 2, 4, 69));
        expect_same(&y, &part, 0);
    }
}

static void strides(void **state)
{
    (void)state;
    sld_conv_params p = conv_params(2);
    p.stride[0] = 2;
    p.pad_end[1] = 1;
    p.epilogue = (sld_epilogue){.act = SLD_ACT_CLIP, .alpha = -0.5f, .beta = 1, .residual = 1};
    sld_tensor in[4] = {noise(SOLDER_F32, DIMS(2, 3, 6, 6), 5),
                        noise(SOLDER_F32, DIMS(4, 3, 3, 2), 6), noise(SOLDER_F32, DIMS(4), 7),
                        noise(SOLDER_F32, DIMS(2, 4, 2, 6), 8)};
    sld_tensor y = blank(SOLDER_F32, DIMS(2, 4, 2, 6));
    assert_int_equal(run_kernel("conv_ref", &p, in, 4, &y, 1), SOLDER_OK);
    sld_tensor out = scattered(&y);
    for (int i = 0; i < 4; i++) {
        in[i] = scattered(&in[i]);
    }
    assert_int_equal(run_kernel("conv_ref", &p, in, 4, &out, 1), SOLDER_OK);
    expect_same(&y, &out, 0);
}

static void epilogue(void **state)
{
    (void)state;
    sld_conv_params p = conv_params(1);
    p.epilogue = (sld_epilogue){.act = SLD_ACT_RELU, .residual = 1};
    sld_tensor in[4] = {tensor(SOLDER_F32, DIMS(1, 1, 3), VALUES(1, 2, 3)),
                        tensor(SOLDER_F32, DIMS(2, 1, 1), VALUES(1, -1)),
                        tensor(SOLDER_F32, DIMS(2), VALUES(0.5, 2)),
                        tensor(SOLDER_F32, DIMS(1, 2, 3), VALUES(-2, 0, 1, -2, 0.25, 7))};
    sld_tensor y = blank(SOLDER_F32, DIMS(1, 2, 3));
    assert_int_equal(run_kernel("conv_ref", &p, in, 4, &y, 1), SOLDER_OK);
    expect_values(&y, VALUES(0, 2.5, 4.5, 0, 0.25, 6), 0);
}

static void open_channels(void **state)
{
    (void)state;
    sld_conv_params p = conv_params(1);
    sld_deconv_params q = {.spatial = 1, .groups = 1, .stride = {1}, .dilation = {1}};
    sld_matmul_params m = {.alpha = 1};
    sld_tensor in[] = {noise(SOLDER_F32, DIMS(1, 2, 3), 1), noise(SOLDER_F32, DIMS(4, 4, 1), 2)};
    sld_tensor y = blank(SOLDER_F32, DIMS(1, 4, 3));
    assert_int_equal(run_kernel("conv_ref", &p, in, 2, &y, 1), SOLDER_ERROR_DATA);
    assert_int_equal(run_kernel("deconv_ref", &q, in, 2, &y, 1), SOLDER_ERROR_DATA);
    assert_int_equal(run_kernel("matmul_ref", &m, in, 2, &y, 1), SOLDER_ERROR_DATA);
}

static sld_deconv_params deconv_params(int spatial)
{
    sld_deconv_params p = {.spatial = spatial, .groups = 1};
    for (int i = 0; i < SLD_MAX_SPATIAL; i++) {
        p.stride[i] = p.dilation[i] = 1;
    }
    return p;
}

/* Example of the ONNX documentation: 3x3 ramp, two filters of ones. */
static void deconv_documented(void **state)
{
    (void)state;
    const solder_dtype dtypes[] = {SOLDER_F32, SOLDER_F64, SOLDER_F16, SOLDER_BF16};
    const double plane[25] = {0,  1,  3, 3,  2,  3,  8,  15, 12, 7,  9,  21, 36,
                              27, 15, 9, 20, 33, 24, 13, 6,  13, 21, 15, 8};
    double both[50];
    memcpy(both, plane, sizeof plane);
    memcpy(both + 25, plane, sizeof plane);
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(dtypes); i++) {
        sld_deconv_params p = deconv_params(2);
        sld_tensor in[] = {tensor(dtypes[i], DIMS(1, 1, 3, 3), ramp),
                           tensor(dtypes[i], DIMS(1, 2, 3, 3), ones)};
        sld_tensor y = blank(dtypes[i], DIMS(1, 2, 5, 5));
        assert_int_equal(run_kernel("deconv_ref", &p, in, 2, &y, 1), SOLDER_OK);
        expect_values(&y, both, 0);
    }
}

/* y[o] of a one-dimensional case by hand: stride 2, window 1 10 100, x 1 2 3. */
static void deconv_padding(void **state)
{
    (void)state;
    sld_deconv_params p = deconv_params(1);
    p.stride[0] = 2;
    sld_tensor in[] = {tensor(SOLDER_F32, DIMS(1, 1, 3), VALUES(1, 2, 3)),
                       tensor(SOLDER_F32, DIMS(1, 1, 3), VALUES(1, 10, 100))};
    sld_tensor y = blank(SOLDER_F32, DIMS(1, 1, 7));
    assert_int_equal(run_kernel("deconv_ref", &p, in, 2, &y, 1), SOLDER_OK);
    expect_values(&y, VALUES(1, 10, 102, 20, 203, 30, 300), 0);
    p.pad_begin[0] = p.pad_end[0] = 1;
    p.output_padding[0] = 1;
    y = blank(SOLDER_F32, DIMS(1, 1, 6));
    assert_int_equal(run_kernel("deconv_ref", &p, in, 2, &y, 1), SOLDER_OK);
    expect_values(&y, VALUES(10, 102, 20, 203, 30, 300), 0);
    /* output_shape 6 means one element of padding: at the beginning, or by SAME_UPPER at the end.
     */
    p = deconv_params(1);
    p.stride[0] = 2;
    p.output_shape[0] = 6;
    assert_int_equal(run_kernel("deconv_ref", &p, in, 2, &y, 1), SOLDER_OK);
    expect_values(&y, VALUES(10, 102, 20, 203, 30, 300), 0);
    p.pad_mode = SLD_PAD_SAME_UPPER;
    assert_int_equal(run_kernel("deconv_ref", &p, in, 2, &y, 1), SOLDER_OK);
    expect_values(&y, VALUES(1, 10, 102, 20, 203, 30), 0);
    p = deconv_params(1);
    p.dilation[0] = 2;
    y = blank(SOLDER_F32, DIMS(1, 1, 7));
    assert_int_equal(run_kernel("deconv_ref", &p, in, 2, &y, 1), SOLDER_OK);
    expect_values(&y, VALUES(1, 2, 13, 20, 130, 200, 300), 0);
}

/* <conv(x), y> = <x, deconv(y)> for every geometry both share: one is the other's transpose. */
static void adjoint(void **state)
{
    (void)state;
    sld_conv_params p = conv_params(2);
    sld_deconv_params q = deconv_params(2);
    p.groups = q.groups = 2;
    p.stride[0] = q.stride[0] = 2;
    p.dilation[1] = q.dilation[1] = 2;
    p.pad_begin[0] = q.pad_begin[0] = 1;
    p.pad_end[1] = q.pad_end[1] = 2;
    sld_tensor x = noise(SOLDER_F64, DIMS(2, 4, 8, 70), 9);
    sld_tensor w = noise(SOLDER_F64, DIMS(6, 2, 3, 3), 10);
    sld_tensor cx = conv(&p, x, w, DIMS(2, 6, 4, 68));
    sld_tensor y = noise(SOLDER_F64, DIMS(2, 6, 4, 68), 11);
    sld_tensor in[] = {scattered(&y), scattered(&w)};
    sld_tensor dy = blank(SOLDER_F64, DIMS(2, 4, 8, 70));
    assert_int_equal(run_kernel("deconv_ref", &q, in, 2, &dy, 1), SOLDER_OK);
    double left = 0;
    double right = 0;
    for (int64_t i = 0; i < sld_tensor_count(&y); i++) {
        left += sld_at_f64(&cx, i) * sld_at_f64(&y, i);
    }
    for (int64_t i = 0; i < sld_tensor_count(&x); i++) {
        right += sld_at_f64(&x, i) * sld_at_f64(&dy, i);
    }
    assert_true(fabs(left) > 1); /* the inner products are not trivially 0 */
    assert_true(fabs(left - right) < 1e-9);
}

static void deconv_epilogue(void **state)
{
    (void)state;
    sld_deconv_params p = deconv_params(1);
    p.epilogue = (sld_epilogue){.act = SLD_ACT_LEAKY_RELU, .alpha = 0.5f, .residual = 1};
    sld_tensor in[4] = {tensor(SOLDER_F32, DIMS(1, 1, 2), VALUES(1, -2)),
                        tensor(SOLDER_F32, DIMS(1, 1, 1), VALUES(3)),
                        tensor(SOLDER_F32, DIMS(1), VALUES(1)),
                        tensor(SOLDER_F32, DIMS(1, 1, 2), VALUES(10, 1))};
    sld_tensor y = blank(SOLDER_F32, DIMS(1, 1, 2));
    assert_int_equal(run_kernel("deconv_ref", &p, in, 4, &y, 1), SOLDER_OK);
    expect_values(&y, VALUES(14, -2), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, heap_reset)
    const struct CMUnitTest tests[] = {
        TEST(documented),     TEST(same_modes),    TEST(three_dimensions),
        TEST(dilation),       TEST(groups),        TEST(strides),
        TEST(epilogue),       TEST(open_channels), TEST(deconv_documented),
        TEST(deconv_padding), TEST(adjoint),       TEST(deconv_epilogue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
