/* SPDX-License-Identifier: Apache-2.0 */
/* What operators meant in older operator sets: ONNX's own tests only have the newest. */
#include "import/onnx_check.h"

static void softmax_before_13_flattens(void **state)
{
    (void)state;
    const float x[] = {1, 2, 3, 4};
    for (int opset = 7; opset <= 13; opset += 6) {
        onnx_bench b;
        bench_open(&b, opset);
        onnx_input(&b.f, "x", ONNX_FLOAT, 3, D(1, 2, 2), NULL);
        onnx_int(&b.f, "axis", 1);
        onnx_node(&b.f, "Softmax", "s", "x", "y");
        onnx_output(&b.f, "y", ONNX_FLOAT);
        bench_import(&b);
        bench_run(&b, (sld_tensor[]){floats(x, 3, D(1, 2, 2))});
        if (opset < 13) { /* over all four */
            bench_check(&b, 0, 3, D(1, 2, 2),
                        V(0.0320586033, 0.0871443187, 0.2368828181, 0.6439142599));
        } else { /* down the columns */
            bench_check(&b, 0, 3, D(1, 2, 2),
                        V(0.1192029220, 0.1192029220, 0.8807970780, 0.8807970780));
        }
        bench_close(&b);
    }
}

static void hardmax_before_13_flattens(void **state)
{
    (void)state;
    const float x[] = {1, 5, 3, 4};
    onnx_bench b;
    bench_open(&b, 11);
    onnx_input(&b.f, "x", ONNX_FLOAT, 3, D(1, 2, 2), NULL);
    onnx_node(&b.f, "Hardmax", "h", "x", "y");
    onnx_output(&b.f, "y", ONNX_FLOAT);
    bench_import(&b);
    bench_run(&b, (sld_tensor[]){floats(x, 3, D(1, 2, 2))});
    bench_check(&b, 0, 3, D(1, 2, 2), V(0, 1, 0, 0));
    bench_close(&b);
}

/* The same squeeze and unsqueeze, axes as attribute and as input; open batch. */
static void squeeze_axes_moved(void **state)
{
    (void)state;
    const float x[] = {1, 2, 3};
    for (int opset = 11; opset <= 13; opset += 2) {
        onnx_bench b;
        bench_open(&b, opset);
        onnx_input(&b.f, "x", ONNX_FLOAT, 3, D(-1, 1, 3), "N");
        onnx_list(&b.f, "one", 1, D(1));
        onnx_list(&b.f, "ends", 2, D(0, -1));
        if (opset < 13) {
            onnx_ints(&b.f, "axes", 1, D(1));
        }
        onnx_node(&b.f, "Squeeze", "sq", opset < 13 ? "x" : "x one", "s");
        if (opset < 13) {
            onnx_ints(&b.f, "axes", 2, D(0, -1));
        }
        onnx_node(&b.f, "Unsqueeze", "un", opset < 13 ? "s" : "s ends", "y");
        onnx_output(&b.f, "y", ONNX_FLOAT);
        bench_import(&b);
        bench_run(&b, (sld_tensor[]){floats(x, 3, D(1, 1, 3))});
        bench_check(&b, 0, 4, D(1, 1, 3, 1), V(1, 2, 3));
        bench_close(&b);
    }
}

static void squeeze_takes_two_open_dims_along(void **state)
{
    (void)state;
    const float x[] = {1, 2, 3, 4, 5, 6};
    onnx_bench b;
    bench_open(&b, 11);
    onnx_input(&b.f, "x", ONNX_FLOAT, 3, D(-1, 1, -1), NULL);
    onnx_ints(&b.f, "axes", 1, D(1));
    onnx_node(&b.f, "Squeeze", "sq", "x", "y");
    onnx_output(&b.f, "y", ONNX_FLOAT);
    bench_import(&b);
    bench_run(&b, (sld_tensor[]){floats(x, 3, D(2, 1, 3))});
    bench_check(&b, 0, 2, D(2, 3), V(1, 2, 3, 4, 5, 6));
    bench_close(&b);
}

static void minus_one_is_an_open_dim(void **state)
{
    (void)state;
    const float x[] = {1, 2, 3, 4, 5, 6};
    onnx_bench b;
    bench_open(&b, 11);
    onnx_input(&b.f, "x", ONNX_FLOAT, 2, D(ONNX_WRITTEN_OPEN, 3), NULL);
    onnx_node(&b.f, "Neg", "neg", "x", "y");
    onnx_output(&b.f, "y", ONNX_FLOAT);
    bench_import(&b);
    bench_run(&b, (sld_tensor[]){floats(x, 2, D(2, 3))});
    bench_check(&b, 0, 2, D(2, 3), V(-1, -2, -3, -4, -5, -6));
    bench_close(&b);
}

static void reduce_axes_moved(void **state)
{
    (void)state;
    const float x[] = {1, 2, 3, 4};
    static const struct {
        const char *op;
        int opset;
        bool input;
        double expected[2];
    } cases[] = {{"ReduceSum", 11, false, {3, 7}},      {"ReduceSum", 13, true, {3, 7}},
                 {"ReduceMean", 13, false, {1.5, 3.5}}, {"ReduceMean", 18, true, {1.5, 3.5}},
                 {"ReduceMax", 7, false, {2, 4}},       {"ReduceMax", 18, true, {2, 4}}};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(cases); i++) {
        onnx_bench b;
        bench_open(&b, cases[i].opset);
        onnx_input(&b.f, "x", ONNX_FLOAT, 2, D(2, 2), NULL);
        onnx_list(&b.f, "axes", 1, D(1));
        if (!cases[i].input) {
            onnx_ints(&b.f, "axes", 1, D(1));
        }
        onnx_int(&b.f, "keepdims", 0);
        onnx_node(&b.f, cases[i].op, "r", cases[i].input ? "x axes" : "x", "y");
        onnx_output(&b.f, "y", ONNX_FLOAT);
        bench_import(&b);
        bench_run(&b, (sld_tensor[]){floats(x, 2, D(2, 2))});
        bench_check(&b, 0, 1, D(2), cases[i].expected);
        bench_close(&b);
    }
}

static void clip_bounds_moved(void **state)
{
    (void)state;
    const float x[] = {-2, 0.5f, 3};
    for (int opset = 7; opset <= 13; opset += 6) {
        onnx_bench b;
        bench_open(&b, opset);
        onnx_input(&b.f, "x", ONNX_FLOAT, 1, D(3), NULL);
        onnx_initializer(&b.f, "high", ONNX_FLOAT, 0, NULL, F(1), 4);
        if (opset < 11) {
            onnx_float(&b.f, "max", 1);
        }
        onnx_node(&b.f, "Clip", "c", opset < 11 ? "x" : "x - high", "y");
        onnx_output(&b.f, "y", ONNX_FLOAT);
        bench_import(&b);
        bench_run(&b, (sld_tensor[]){floats(x, 1, D(3))});
        bench_check(&b, 0, 1, D(3), V(-2, 0.5, 1));
        bench_close(&b);
    }
}

static void pad_moved(void **state)
{
    (void)state;
    const float x[] = {1, 2};
    for (int opset = 7; opset <= 18; opset += 11) {
        onnx_bench b;
        bench_open(&b, opset);
        onnx_input(&b.f, "x", ONNX_FLOAT, 2, D(1, 2), NULL);
        onnx_list(&b.f, "pads", 2, D(1, 2));
        onnx_list(&b.f, "axes", 1, D(-1));
        onnx_initializer(&b.f, "value", ONNX_FLOAT, 0, NULL, F(9), 4);
        if (opset < 11) {
            onnx_ints(&b.f, "pads", 4, D(0, 1, 0, 2));
            onnx_float(&b.f, "value", 9);
        }
        onnx_node(&b.f, "Pad", "p", opset < 11 ? "x" : "x pads value axes", "y");
        onnx_output(&b.f, "y", ONNX_FLOAT);
        bench_import(&b);
        bench_run(&b, (sld_tensor[]){floats(x, 2, D(1, 2))});
        bench_check(&b, 0, 2, D(1, 5), V(9, 1, 2, 9, 9));
        bench_close(&b);
    }
}

static void slice_moved(void **state)
{
    (void)state;
    const float x[] = {0, 1, 2, 3, 4};
    for (int opset = 7; opset <= 10; opset += 3) {
        onnx_bench b;
        bench_open(&b, opset);
        onnx_input(&b.f, "x", ONNX_FLOAT, 1, D(5), NULL);
        onnx_list(&b.f, "starts", 1, D(-4));
        onnx_list(&b.f, "ends", 1, D(INT64_MAX));
        if (opset < 10) {
            onnx_ints(&b.f, "starts", 1, D(-4));
            onnx_ints(&b.f, "ends", 1, D(INT64_MAX));
        }
        onnx_node(&b.f, "Slice", "s", opset < 10 ? "x" : "x starts ends", "y");
        onnx_output(&b.f, "y", ONNX_FLOAT);
        bench_import(&b);
        bench_run(&b, (sld_tensor[]){floats(x, 1, D(5))});
        bench_check(&b, 0, 1, D(4), V(1, 2, 3, 4));
        bench_close(&b);
    }
}

static void split_moved(void **state)
{
    (void)state;
    const float x[] = {0, 1, 2, 3, 4};
    for (int opset = 11; opset <= 18; opset++) {
        onnx_bench b;
        bench_open(&b, opset);
        onnx_input(&b.f, "x", ONNX_FLOAT, 1, D(5), NULL);
        onnx_list(&b.f, "sizes", 2, D(3, 2));
        if (opset < 13) {
            onnx_ints(&b.f, "split", 2, D(3, 2));
        } else if (opset == 18) {
            onnx_int(&b.f, "num_outputs", 2); /* the last part may be smaller */
        }
        onnx_node(&b.f, "Split", "s", opset < 13 || opset == 18 ? "x" : "x sizes", "a b");
        onnx_output(&b.f, "a", ONNX_FLOAT);
        onnx_output(&b.f, "b", ONNX_FLOAT);
        bench_import(&b);
        bench_run(&b, (sld_tensor[]){floats(x, 1, D(5))});
        bench_check(&b, 0, 1, D(3), V(0, 1, 2));
        bench_check(&b, 1, 1, D(2), V(3, 4));
        bench_close(&b);
    }
}

static void topk_moved(void **state)
{
    (void)state;
    const float x[] = {3, 9, 4, 9};
    for (int opset = 7; opset <= 11; opset++) {
        if (opset == 8 || opset == 9) {
            continue;
        }
        onnx_bench b;
        bench_open(&b, opset);
        onnx_input(&b.f, "x", ONNX_FLOAT, 1, D(4), NULL);
        onnx_list(&b.f, "k", 1, D(2));
        if (opset < 10) {
            onnx_int(&b.f, "k", 2);
        }
        onnx_node(&b.f, "TopK", "t", opset < 10 ? "x" : "x k", "v i");
        onnx_output(&b.f, "v", ONNX_FLOAT);
        onnx_output(&b.f, "i", ONNX_INT64);
        bench_import(&b);
        bench_run(&b, (sld_tensor[]){floats(x, 1, D(4))});
        bench_check(&b, 0, 1, D(2), V(9, 9));
        bench_check(&b, 1, 1, D(2), V(1, 3));
        bench_close(&b);
    }
}

/* Upsample 7 and 9 and Resize 10 repeat pixels; from 11 on the pixel's centre decides. */
static void upsample_became_resize(void **state)
{
    (void)state;
    const float x[] = {1, 2, 3}, scales[] = {1, 1, 1, 1.25f};
    static const struct {
        const char *op;
        int opset;
        double expected[3];
    } cases[] = {{"Upsample", 7, {1, 1, 2}},
                 {"Upsample", 9, {1, 1, 2}},
                 {"Resize", 10, {1, 1, 2}},
                 {"Resize", 11, {1, 2, 2}}};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(cases); i++) {
        onnx_bench b;
        bench_open(&b, cases[i].opset);
        onnx_input(&b.f, "x", ONNX_FLOAT, 4, D(1, 1, 1, 3), NULL);
        onnx_initializer(&b.f, "scales", ONNX_FLOAT, 1, D(4), scales, sizeof scales);
        onnx_initializer(&b.f, "none", ONNX_FLOAT, 1, D(0), NULL, 0);
        if (cases[i].opset == 7) {
            onnx_floats(&b.f, "scales", 4, scales);
        }
        onnx_string(&b.f, "mode", "nearest");
        onnx_node(&b.f, cases[i].op, "u",
                  cases[i].opset == 7    ? "x"
                  : cases[i].opset == 11 ? "x none scales"
                                         : "x scales",
                  "y");
        onnx_output(&b.f, "y", ONNX_FLOAT);
        bench_import(&b);
        bench_run(&b, (sld_tensor[]){floats(x, 4, D(1, 1, 1, 3))});
        bench_check(&b, 0, 4, D(1, 1, 1, 3), cases[i].expected);
        bench_close(&b);
    }
}

/* Scale and bias had one value per group, and later one per channel. */
static void group_norm_affine_changed(void **state)
{
    (void)state;
    const float x[] = {-1, 1, 3, 5};
    for (int opset = 18; opset <= 21; opset += 3) {
        onnx_bench b;
        bench_open(&b, opset);
        onnx_input(&b.f, "x", ONNX_FLOAT, 3, D(1, 4, 1), NULL);
        if (opset < 21) {
            onnx_initializer(&b.f, "s", ONNX_FLOAT, 1, D(2), F(1, 10), 8);
            onnx_initializer(&b.f, "o", ONNX_FLOAT, 1, D(2), F(0, 100), 8);
        } else {
            onnx_initializer(&b.f, "s", ONNX_FLOAT, 1, D(4), F(1, 1, 10, 10), 16);
            onnx_initializer(&b.f, "o", ONNX_FLOAT, 1, D(4), F(0, 0, 100, 100), 16);
        }
        onnx_int(&b.f, "num_groups", 2);
        onnx_float(&b.f, "epsilon", 0);
        onnx_node(&b.f, "GroupNormalization", "g", "x s o", "y");
        onnx_output(&b.f, "y", ONNX_FLOAT);
        bench_import(&b);
        bench_run(&b, (sld_tensor[]){floats(x, 3, D(1, 4, 1))});
        bench_check(&b, 0, 3, D(1, 4, 1), V(-1, 1, 90, 110));
        bench_close(&b);
    }
}

static void dropout_passes_on(void **state)
{
    (void)state;
    const float x[] = {1, 2};
    for (int opset = 7; opset <= 13; opset += 6) {
        onnx_bench b;
        bench_open(&b, opset);
        onnx_input(&b.f, "x", ONNX_FLOAT, 1, D(2), NULL);
        onnx_initializer(&b.f, "ratio", ONNX_FLOAT, 0, NULL, F(0.3f), 4);
        if (opset < 12) {
            onnx_float(&b.f, "ratio", 0.3f);
        }
        onnx_node(&b.f, "Dropout", "d", opset < 12 ? "x" : "x ratio", "y mask");
        onnx_output(&b.f, "y", ONNX_FLOAT);
        onnx_output(&b.f, "mask", opset < 10 ? ONNX_FLOAT : ONNX_BOOL);
        bench_import(&b);
        bench_run(&b, (sld_tensor[]){floats(x, 1, D(2))});
        bench_check(&b, 0, 1, D(2), V(1, 2));
        bench_check(&b, 1, 1, D(2), V(1, 1));
        bench_close(&b);
    }
}

/* 0 copies a dimension, but with allowzero it is a dimension of no elements. */
static void reshape_zero(void **state)
{
    (void)state;
    const float x[] = {1, 2, 3, 4, 5, 6};
    onnx_bench b;
    bench_open(&b, 14);
    onnx_input(&b.f, "x", ONNX_FLOAT, 2, D(2, 3), NULL);
    onnx_input(&b.f, "e", ONNX_FLOAT, 2, D(0, 3), NULL);
    onnx_list(&b.f, "shape", 3, D(0, 1, -1));
    onnx_list(&b.f, "empty", 2, D(3, 0));
    onnx_node(&b.f, "Reshape", "r", "x shape", "y");
    onnx_int(&b.f, "allowzero", 1);
    onnx_node(&b.f, "Reshape", "z", "e empty", "z");
    onnx_output(&b.f, "y", ONNX_FLOAT);
    onnx_output(&b.f, "z", ONNX_FLOAT);
    bench_import(&b);
    bench_run(&b, (sld_tensor[]){floats(x, 2, D(2, 3)), floats(x, 2, D(0, 3))});
    bench_check(&b, 0, 3, D(2, 1, 3), V(1, 2, 3, 4, 5, 6));
    bench_check(&b, 1, 2, D(3, 0), NULL);
    bench_close(&b);
}

static void mod_signs(void **state)
{
    (void)state;
    const float x[] = {-7, 7}, m[] = {3, -3};
    for (int fmod = 0; fmod < 2; fmod++) {
        onnx_bench b;
        bench_open(&b, 13);
        onnx_input(&b.f, "x", ONNX_FLOAT, 1, D(2), NULL);
        onnx_input(&b.f, "m", ONNX_FLOAT, 1, D(2), NULL);
        onnx_int(&b.f, "fmod", fmod);
        onnx_node(&b.f, "Mod", "m", "x m", "y");
        onnx_output(&b.f, "y", ONNX_FLOAT);
        bench_import(&b);
        bench_run(&b, (sld_tensor[]){floats(x, 1, D(2)), floats(m, 1, D(2))});
        bench_check(&b, 0, 1, D(2), fmod ? V(-1, 1) : V(2, -2));
        bench_close(&b);
    }
}

/* C of Gemm broadcasts from a scalar, a row or a column. */
static void gemm_broadcasts(void **state)
{
    (void)state;
    const float a[] = {1, 2, 3, 4};
    static const struct {
        int rank;
        int64_t dims[2];
        float c[2];
        double expected[4]; /* A transposed is 1 3, 2 4 */
    } cases[] = {{0, {0}, {10}, {21, 23, 22, 24}},
                 {1, {2}, {10, 20}, {21, 43, 22, 44}},
                 {2, {2, 1}, {10, 20}, {21, 23, 42, 44}}};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(cases); i++) {
        onnx_bench b;
        bench_open(&b, 11);
        onnx_input(&b.f, "a", ONNX_FLOAT, 2, D(2, 2), NULL);
        onnx_initializer(&b.f, "b", ONNX_FLOAT, 2, D(2, 2), F(1, 0, 0, 1), 16);
        onnx_initializer(&b.f, "c", ONNX_FLOAT, cases[i].rank, cases[i].dims, cases[i].c,
                         cases[i].rank == 0 ? 4 : 8);
        onnx_float(&b.f, "beta", 2);
        onnx_int(&b.f, "transA", 1);
        onnx_node(&b.f, "Gemm", "g", "a b c", "y");
        onnx_output(&b.f, "y", ONNX_FLOAT);
        bench_import(&b);
        bench_run(&b, (sld_tensor[]){floats(a, 2, D(2, 2))});
        bench_check(&b, 0, 2, D(2, 2), cases[i].expected);
        bench_close(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(softmax_before_13_flattens),
        cmocka_unit_test(hardmax_before_13_flattens),
        cmocka_unit_test(squeeze_axes_moved),
        cmocka_unit_test(squeeze_takes_two_open_dims_along),
        cmocka_unit_test(minus_one_is_an_open_dim),
        cmocka_unit_test(reduce_axes_moved),
        cmocka_unit_test(clip_bounds_moved),
        cmocka_unit_test(pad_moved),
        cmocka_unit_test(slice_moved),
        cmocka_unit_test(split_moved),
        cmocka_unit_test(topk_moved),
        cmocka_unit_test(upsample_became_resize),
        cmocka_unit_test(group_norm_affine_changed),
        cmocka_unit_test(dropout_passes_on),
        cmocka_unit_test(reshape_zero),
        cmocka_unit_test(mod_signs),
        cmocka_unit_test(gemm_broadcasts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
