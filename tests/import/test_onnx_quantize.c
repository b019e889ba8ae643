/* SPDX-License-Identifier: Apache-2.0 */
/* Quantised operators, against values worked out by hand. */
#include "import/onnx_check.h"

static void scale(onnx_bench *n, const char *name, float value)
{
    onnx_initializer(&n->f, name, ONNX_FLOAT, 0, NULL, &value, sizeof value);
}

static void zero_point(onnx_bench *n, const char *name, int elem, uint8_t value)
{
    onnx_initializer(&n->f, name, elem, 0, NULL, &value, sizeof value);
}

static sld_tensor bytes(const void *data, solder_dtype dtype, int rank, const int64_t *dims)
{
    return sld_tensor_make((void *)(uintptr_t)data, dtype, rank, dims);
}

/* Halves go to the even step, before the zero point is added; what passes the range stays in it. */
static void quantize(void **state)
{
    (void)state;
    onnx_bench n;
    bench_open(&n, 13);
    onnx_input(&n.f, "x", ONNX_FLOAT, 1, D(6), NULL);
    scale(&n, "s", 2);
    zero_point(&n, "z", ONNX_INT8, 3);
    onnx_node(&n.f, "QuantizeLinear", "q", "x s z", "y");
    onnx_output(&n.f, "y", ONNX_INT8);
    bench_import(&n);
    bench_run(&n, (sld_tensor[]){floats(F(1, 3, -1, 5, 1000, -1000), 1, D(6))});
    bench_check(&n, 0, 1, D(6), V(3, 5, 3, 5, 127, -128)); /* 0.5 1.5 -0.5 2.5 -> 0 2 0 2 */
    bench_close(&n);

    bench_open(&n, 13);
    onnx_input(&n.f, "x", ONNX_FLOAT, 1, D(3), NULL);
    scale(&n, "s", 0.5F);
    onnx_node(&n.f, "QuantizeLinear", "q", "x s", "y");
    onnx_output(&n.f, "y", ONNX_UINT8);
    bench_import(&n);
    bench_run(&n, (sld_tensor[]){floats(F(-1, 100, 200), 1, D(3))});
    assert_int_equal(n.results[0].dtype, SOLDER_U8);
    bench_check(&n, 0, 1, D(3), V(0, 200, 255));
    bench_close(&n);
}

/* A scale and a zero point for each row. */
static void dequantize(void **state)
{
    (void)state;
    static const uint8_t x[4] = {10, 20, 30, 40}, zeros[2] = {10, 0};
    static const float scales[2] = {2, 0.5F};
    onnx_bench n;
    bench_open(&n, 13);
    onnx_input(&n.f, "x", ONNX_UINT8, 2, D(2, 2), NULL);
    onnx_initializer(&n.f, "s", ONNX_FLOAT, 1, D(2), scales, sizeof scales);
    onnx_initializer(&n.f, "z", ONNX_UINT8, 1, D(2), zeros, sizeof zeros);
    onnx_int(&n.f, "axis", 0);
    onnx_node(&n.f, "DequantizeLinear", "d", "x s z", "y");
    onnx_output(&n.f, "y", ONNX_FLOAT);
    bench_import(&n);
    bench_run(&n, (sld_tensor[]){bytes(x, SOLDER_U8, 2, D(2, 2))});
    bench_check(&n, 0, 2, D(2, 2), V(0, 20, 15, 20));
    bench_close(&n);
}

/* Blocks of two, the last of which is short. */
static void dequantize_blocks(void **state)
{
    (void)state;
    static const int8_t x[3] = {1, -2, 3};
    static const float scales[2] = {10, 100};
    onnx_bench n;
    bench_open(&n, 21);
    onnx_input(&n.f, "x", ONNX_INT8, 2, D(1, 3), NULL);
    onnx_initializer(&n.f, "s", ONNX_FLOAT, 2, D(1, 2), scales, sizeof scales);
    onnx_int(&n.f, "block_size", 2);
    onnx_node(&n.f, "DequantizeLinear", "d", "x s", "y");
    onnx_output(&n.f, "y", ONNX_FLOAT);
    bench_import(&n);
    bench_run(&n, (sld_tensor[]){bytes(x, SOLDER_I8, 2, D(1, 3))});
    bench_check(&n, 0, 2, D(1, 3), V(10, -20, 300));
    bench_close(&n);
}

/* From -1 to 4: steps of 5 / 255, 51 of them below zero; nothing but zeros has steps of 1. */
static void dynamic(void **state)
{
    (void)state;
    onnx_bench n;
    bench_open(&n, 11);
    onnx_input(&n.f, "x", ONNX_FLOAT, 1, D(3), NULL);
    onnx_node(&n.f, "DynamicQuantizeLinear", "q", "x", "y s z");
    onnx_output(&n.f, "y", ONNX_UINT8);
    onnx_output(&n.f, "s", ONNX_FLOAT);
    onnx_output(&n.f, "z", ONNX_UINT8);
    bench_import(&n);
    bench_run(&n, (sld_tensor[]){floats(F(-1, 4, 0.1F), 1, D(3))});
    bench_check(&n, 0, 1, D(3), V(0, 255, 56));
    bench_check(&n, 1, 0, NULL, V(5.0 / 255));
    bench_check(&n, 2, 0, NULL, V(51));
    bench_run(&n, (sld_tensor[]){floats(F(0, 0, 0), 1, D(3))});
    bench_check(&n, 0, 1, D(3), V(0, 0, 0));
    bench_check(&n, 1, 0, NULL, V(1));
    bench_close(&n);
}

/* [1 2] - 1 by [3 4; 5 6] - [0 6] = [0 1] by [3 -2; 5 0] */
static void matmul_integer(void **state)
{
    (void)state;
    static const uint8_t a[2] = {1, 2};
    static const int8_t b[4] = {3, 4, 5, 6}, zeros[2] = {0, 6};
    onnx_bench n;
    bench_open(&n, 10);
    onnx_input(&n.f, "a", ONNX_UINT8, 2, D(1, 2), NULL);
    onnx_initializer(&n.f, "b", ONNX_INT8, 2, D(2, 2), b, sizeof b);
    zero_point(&n, "za", ONNX_UINT8, 1);
    onnx_initializer(&n.f, "zb", ONNX_INT8, 1, D(2), zeros, sizeof zeros);
    onnx_node(&n.f, "MatMulInteger", "m", "a b za zb", "y");
    onnx_output(&n.f, "y", ONNX_INT32);
    bench_import(&n);
    bench_run(&n, (sld_tensor[]){bytes(a, SOLDER_U8, 2, D(1, 2))});
    assert_int_equal(n.results[0].dtype, SOLDER_I32);
    bench_check(&n, 0, 2, D(1, 2), V(5, 0));
    bench_close(&n);
}

/* Sums that a float cannot hold: count - 1 times 255 * 255, and 254 * 255, or all that negative. */
static void long_sums(void **state)
{
    (void)state;
    static uint8_t a[16400], b[16400];
    static const int64_t counts[] = {300, 4200, 8300, 16400};
    onnx_bench n;
    for (size_t i = 0; i < 2 * SLD_ARRAY_LENGTH(counts); i++) {
        int64_t count = counts[i / 2];
        bool negative = i % 2 != 0;
        memset(a, negative ? 0 : 255, sizeof a);
        memset(b, 255, sizeof b);
        a[1] = negative ? 1 : 254;
        bench_open(&n, 10);
        onnx_input(&n.f, "a", ONNX_UINT8, 1, &count, NULL);
        onnx_initializer(&n.f, "b", ONNX_UINT8, 1, &count, b, (size_t)count);
        zero_point(&n, "z", ONNX_UINT8, negative ? 255 : 0);
        onnx_node(&n.f, "MatMulInteger", "m", "a b z", "y");
        onnx_output(&n.f, "y", ONNX_INT32);
        bench_import(&n);
        bench_run(&n, (sld_tensor[]){bytes(a, SOLDER_U8, 1, &count)});
        int64_t want = (count - 1) * 255 * 255 + 254 * 255;
        assert_int_equal(*(const int32_t *)n.results[0].data, negative ? -want : want);
        bench_close(&n);
    }
}

/* The padding holds the zero point. */
static void conv_integer(void **state)
{
    (void)state;
    static const uint8_t x[3] = {11, 12, 13};
    static const int8_t w[3] = {1, 2, 3};
    onnx_bench n;
    bench_open(&n, 10);
    onnx_input(&n.f, "x", ONNX_UINT8, 3, D(1, 1, 3), NULL);
    onnx_initializer(&n.f, "w", ONNX_INT8, 3, D(1, 1, 3), w, sizeof w);
    zero_point(&n, "z", ONNX_UINT8, 10);
    onnx_ints(&n.f, "pads", 2, D(1, 1));
    onnx_node(&n.f, "ConvInteger", "c", "x w z", "y");
    onnx_output(&n.f, "y", ONNX_INT32);
    bench_import(&n);
    bench_run(&n, (sld_tensor[]){bytes(x, SOLDER_U8, 3, D(1, 1, 3))});
    bench_check(&n, 0, 3, D(1, 1, 3), V(8, 14, 8));
    bench_close(&n);
}

/* Two filters of one tap, 2 and -4 steps of 0.5 and 0.25: x of 6 is 3, so 3 and -3, with the bias
 * (in steps of 0.25 and 0.125) 4 and -2.5; in steps of 0.5 from 100: 108 and 95. */
static void qlinear_conv(void **state)
{
    (void)state;
    static const uint8_t x[1] = {16};
    static const int8_t w[2] = {2, -4};
    static const float scales[2] = {0.5F, 0.25F};
    static const int8_t zeros[2] = {0, 0};
    static const int32_t bias[2] = {4, 4};
    onnx_bench n;
    bench_open(&n, 10);
    onnx_input(&n.f, "x", ONNX_UINT8, 3, D(1, 1, 1), NULL);
    onnx_initializer(&n.f, "w", ONNX_INT8, 3, D(2, 1, 1), w, sizeof w);
    onnx_initializer(&n.f, "ws", ONNX_FLOAT, 1, D(2), scales, sizeof scales);
    onnx_initializer(&n.f, "wz", ONNX_INT8, 1, D(2), zeros, sizeof zeros);
    onnx_initializer(&n.f, "b", ONNX_INT32, 1, D(2), bias, sizeof bias);
    scale(&n, "s", 0.5F);
    zero_point(&n, "xz", ONNX_UINT8, 10);
    zero_point(&n, "yz", ONNX_UINT8, 100);
    onnx_node(&n.f, "QLinearConv", "c", "x s xz w ws wz s yz b", "y");
    onnx_output(&n.f, "y", ONNX_UINT8);
    bench_import(&n);
    bench_run(&n, (sld_tensor[]){bytes(x, SOLDER_U8, 3, D(1, 1, 1))});
    bench_check(&n, 0, 3, D(1, 2, 1), V(108, 95));
    bench_close(&n);
}

static void refused(void **state)
{
    (void)state;
    onnx_bench n;
    bench_open(&n, 10);
    onnx_input(&n.f, "a", ONNX_UINT8, 2, D(1, 20000), NULL);
    onnx_input(&n.f, "b", ONNX_UINT8, 2, D(20000, 1), NULL);
    onnx_node(&n.f, "MatMulInteger", "m", "a b", "y");
    onnx_output(&n.f, "y", ONNX_INT32);
    bench_expect(&n, SOLDER_ERROR_UNSUPPORTED,
                 "onnx: 1 node is not supported: 'm' (MatMulInteger: sums of 20000 products)");
    bench_open(&n, 10);
    onnx_input(&n.f, "a", ONNX_FLOAT, 2, D(1, 2), NULL);
    onnx_input(&n.f, "b", ONNX_UINT8, 2, D(2, 1), NULL);
    onnx_node(&n.f, "MatMulInteger", "m", "a b", "y");
    onnx_output(&n.f, "y", ONNX_INT32);
    bench_expect(&n, SOLDER_ERROR_DATA,
                 "onnx: node 'm' (MatMulInteger): an input is f32, needs int8 or uint8");
    bench_open(&n, 21);
    onnx_input(&n.f, "x", ONNX_INT8, 2, D(1, 3), NULL);
    onnx_initializer(&n.f, "s", ONNX_FLOAT, 2, D(1, 2), F(1, 2), 8);
    onnx_int(&n.f, "block_size", 3);
    onnx_node(&n.f, "DequantizeLinear", "d", "x s", "y");
    onnx_output(&n.f, "y", ONNX_FLOAT);
    bench_expect(&n, SOLDER_ERROR_DATA,
                 "onnx: node 'd' (DequantizeLinear): 2 blocks of 3 for a dimension of 3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(quantize),
                                       cmocka_unit_test(dequantize),
                                       cmocka_unit_test(dequantize_blocks),
                                       cmocka_unit_test(dynamic),
                                       cmocka_unit_test(matmul_integer),
                                       cmocka_unit_test(long_sums),
                                       cmocka_unit_test(conv_integer),
                                       cmocka_unit_test(qlinear_conv),
                                       cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
