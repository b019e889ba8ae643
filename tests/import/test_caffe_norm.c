/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Normalisation, scaling and reductions, against Caffe's definition written out by hand or as the
 * plainest loop. Cases marked "TensorRT" are those its Caffe importer got wrong without a
 * word.
 */
#include "caffe_layer_check.h"

/* ---- normalisation ---- */

/* TensorRT: beta 5 when absent, WITHIN_CHANNEL taken for across. */
static void test_lrn(void **state)
{
    (void)state;
    layer_case k = {"LRN", "lrn_param { local_size: 3 alpha: 2 k: 1.5 }", .rank = 4, .z_rank = -1,
                    .dims = {1, 4, 3, 3}};
    float y[36];
    for (int64_t i = 0; i < 36; i++) {
        double sum = 0;
        for (int64_t c = i / 9 - 1; c <= i / 9 + 1; c++) {
            double x = c < 0 || c > 3 ? 0 : (double)element(0, (size_t)(c * 9 + i % 9));
            sum += x * x;
        }
        y[i] = (float)((double)element(0, (size_t)i) / pow(1.5 + 2.0 / 3 * sum, 0.75));
    }
    check_layer(&k, 4, k.dims, y);
    k.fields = "lrn_param { local_size: 3 alpha: 2 beta: 0.5 norm_region: WITHIN_CHANNEL k: 9 }";
    for (int64_t i = 0; i < 36; i++) {
        double sum = 0;
        for (int64_t e = 0; e < 9; e++) {
            int64_t h = i / 3 % 3 + e / 3 - 1, w = i % 3 + e % 3 - 1;
            bool in = h >= 0 && w >= 0 && h < 3 && w < 3;
            double x = in ? (double)element(0, (size_t)(i / 9 * 9 + h * 3 + w)) : 0;
            sum += x * x;
        }
        y[i] = (float)((double)element(0, (size_t)i) / pow(1 + 2.0 / 9 * sum, 0.5));
    }
    check_layer(&k, 4, k.dims, y);
    k.fields = "lrn_param { local_size: 4 }";
    check_layer_error(&k, "caffe: layer 'l' (LRN): local_size 4 is even");
}

/* mean, variance, factor; and NVCaffe's two more. Values must be sane, so the blobs are given. */
static void check_batchnorm(const char *fields, size_t blobs, float factor, const float y[6])
{
    char text[512];
    (void)snprintf(text, sizeof text,
                   "input: 'x' input_shape { dim: 2 dim: 3 } layer { name: 'l' "
                   "type: 'BatchNorm' bottom: 'x' top: 'y' %s }",
                   fields);
    static caffemodel m;
    m.net.size = 0;
    model_layer(&m, "l");
    model_blob(&m, 1, DIMS(3), VALUES(2, -1, 0.5F));
    model_blob(&m, 1, DIMS(3), VALUES(4, 1, 9));
    model_blob(&m, 1, DIMS(1), &factor);
    for (size_t i = 3; i < blobs; i++) {
        model_blob(&m, 1, DIMS(3), VALUES(1 + (float)i, 2, 3));
    }
    model_end(&m);
    bench b;
    bench_open(&b);
    (void)bench_import(&b, text, strlen(text), m.net.data, m.net.size);
    bench_expect_ok(&b);
    float x[] = {1, 2, 3, 4, 5, 6};
    sld_tensor input = sld_tensor_make(x, SOLDER_F32, 2, DIMS(2, 3));
    bench_run(&b, &input);
    expect_values(&b, 2, DIMS(2, 3), y);
    bench_close(&b);
}

static void test_batchnorm(void **state)
{
    (void)state;
    const double mean[] = {2, -1, 0.5}, variance[] = {4, 1, 9};
    float y[6];
    for (size_t i = 0; i < 6; i++) {
        y[i] = (float)(((double)i + 1 - mean[i % 3] / 2) / sqrt(variance[i % 3] / 2 + 1e-5));
    }
    check_batchnorm("", 3, 2, y);
    for (size_t i = 0; i < 6; i++) {
        y[i] = (float)(((double)i + 1) / sqrt(0.25));
    }
    check_batchnorm("batch_norm_param { eps: 0.25 use_global_stats: true }", 3, 0, y);
    const double scale[] = {4, 2, 3}, bias[] = {5, 2, 3};
    for (size_t i = 0; i < 6; i++) {
        y[i] = (float)(((double)i + 1 - mean[i % 3]) / sqrt(variance[i % 3] + 1e-5) * scale[i % 3] +
                       bias[i % 3]);
    }
    check_batchnorm("", 5, 7, y);
    /* statistics of the batch, here of two values */
    layer_case k = {"BatchNorm",
                    "batch_norm_param { use_global_stats: false }",
                    .rank = 2,
                    .z_rank = -1,
                    .dims = {2, 3},
                    .blobs = 3,
                    .blob_rank = {1, 1, 1},
                    .blob_dims = {{3}, {3}, {1}}};
    bench b;
    run_layer(&b, &k);
    const float *r = b.results[0].data;
    for (size_t i = 0; i < 3; i++) {
        float a = element(0, i), c = element(0, i + 3), half = (a - c) / 2;
        float expected = half / sqrtf(half * half + 1e-5F);
        assert_float_equal(r[i], expected, 1e-5F);
        assert_float_equal(r[i + 3], -expected, 1e-5F);
    }
    bench_close(&b);
}

/* TensorRT: one bottom, axis 1, num_axes ignored. */
static void test_scale(void **state)
{
    (void)state;
    static const struct {
        const char *param;
        int rank;
        int64_t dims[3];
        size_t inner; /* elements per element of the scale */
    } cases[] = {{"", 1, {3}, 4},
                 {"axis: 0", 1, {2}, 12},
                 {"axis: 0 num_axes: 2", 2, {2, 3}, 4},
                 {"axis: -1", 1, {4}, 1},
                 {"num_axes: -1", 2, {3, 4}, 1},
                 {"axis: 0 num_axes: -1", 3, {2, 3, 4}, 1},
                 {"num_axes: 0", 0, {0}, 24}};
    for (size_t i = 0; i < 2 * SLD_ARRAY_LENGTH(cases); i++) {
        bool bias = i % 2 != 0;
        size_t n = i / 2, count = 1;
        char fields[256];
        (void)snprintf(fields, sizeof fields, "scale_param { %s bias_term: %s }", cases[n].param,
                       bias ? "true" : "false");
        layer_case k = {"Scale",
                        fields,
                        .rank = 3,
                        .z_rank = -1,
                        .dims = {2, 3, 4},
                        .blobs = bias ? 2 : 1,
                        .blob_rank = {cases[n].rank, cases[n].rank}};
        for (int d = 0; d < cases[n].rank; d++) {
            k.blob_dims[0][d] = k.blob_dims[1][d] = cases[n].dims[d];
            count *= (size_t)cases[n].dims[d];
        }
        float y[24];
        for (size_t e = 0; e < 24; e++) {
            size_t at = e / cases[n].inner % count;
            y[e] = element(0, e) * element(2, at) + (bias ? element(3, at) : 0);
        }
        check_layer(&k, 3, k.dims, y);
    }
    layer_case k = {"Scale", "scale_param { axis: 2 num_axes: 2 }", .rank = 3, .z_rank = -1,
                    .dims = {2, 3, 4}};
    check_layer_error(&k, "caffe: layer 'l' (Scale): num_axes 2 from axis 2 on exceeds 3 axes");
    k.fields = "scale_param { axis: 3 }";
    check_layer_error(&k, "caffe: layer 'l' (Scale): axis 3 is outside a blob of 3 axes");
}

/* The second bottom is the scale (or bias) itself. */
static void test_scale_two_bottoms(void **state)
{
    (void)state;
    layer_case k = {"Scale",
                    "scale_param { axis: 0 bias_term: true }",
                    .rank = 3,
                    .z_rank = 2,
                    .dims = {2, 3, 4},
                    .z_dims = {2, 3},
                    .blobs = 1,
                    .blob_rank = {2},
                    .blob_dims = {{2, 3}}};
    float y[24];
    for (size_t e = 0; e < 24; e++) {
        y[e] = element(0, e) * element(1, e / 4) + element(2, e / 4);
    }
    check_layer(&k, 3, k.dims, y);
    k.blobs = 0;
    k.type = "Bias";
    k.fields = "bias_param { axis: 0 }";
    for (size_t e = 0; e < 24; e++) {
        y[e] = element(0, e) + element(1, e / 4);
    }
    check_layer(&k, 3, k.dims, y);
    k.fields = "";
    check_layer_error(&k,
                      "caffe: layer 'l' (Bias): its bottom 'z' does not fit 'x' from axis 1 on");
    layer_case one = {"Bias",
                      "bias_param { axis: -2 num_axes: 2 }",
                      .rank = 3,
                      .z_rank = -1,
                      .dims = {2, 3, 4},
                      .blobs = 1,
                      .blob_rank = {2},
                      .blob_dims = {{3, 4}}};
    for (size_t e = 0; e < 24; e++) {
        y[e] = element(0, e) + element(2, e % 12);
    }
    check_layer(&one, 3, one.dims, y);
}

static void test_mvn(void **state)
{
    (void)state;
    static const struct {
        const char *param;
        size_t size;
        bool variance;
    } cases[] = {{"", 4, true},
                 {"mvn_param { across_channels: true eps: 0.5 }", 12, true},
                 {"mvn_param { normalize_variance: false }", 4, false}};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(cases); i++) {
        layer_case k = {"MVN", cases[i].param, .rank = 4, .z_rank = -1, .dims = {2, 3, 2, 2}};
        double eps = i == 1 ? 0.5 : 1e-9;
        float y[24];
        for (size_t start = 0; start < 24; start += cases[i].size) {
            double mean = 0, square = 0, n = (double)cases[i].size;
            for (size_t e = start; e < start + cases[i].size; e++) {
                mean += (double)element(0, e) / n;
            }
            for (size_t e = start; e < start + cases[i].size; e++) {
                double d = (double)element(0, e) - mean;
                square += d * d / n;
            }
            for (size_t e = start; e < start + cases[i].size; e++) {
                double d = (double)element(0, e) - mean;
                y[e] = (float)(cases[i].variance ? d / (sqrt(square) + eps) : d);
            }
        }
        check_layer(&k, 4, k.dims, y);
    }
}

static void test_softmax(void **state)
{
    (void)state;
    static const char *const params[] = {"", "softmax_param { axis: -1 }",
                                         "softmax_param { axis: 0 engine: CAFFE }"};
    static const size_t size[] = {3, 4, 2}, inner[] = {4, 1, 12};
    for (size_t i = 0; i < 3; i++) {
        layer_case k = {"Softmax", params[i], .rank = 3, .z_rank = -1, .dims = {2, 3, 4}};
        float y[24];
        for (size_t e = 0; e < 24; e++) {
            size_t start = e / (size[i] * inner[i]) * size[i] * inner[i] + e % inner[i];
            double sum = 0;
            for (size_t s = 0; s < size[i]; s++) {
                sum += exp((double)element(0, start + s * inner[i]));
            }
            y[e] = (float)(exp((double)element(0, e)) / sum);
        }
        check_layer(&k, 3, k.dims, y);
    }
}

/* TensorRT: reduced axes kept as axes of size 1. */
static void test_reduction(void **state)
{
    (void)state;
    static const struct {
        const char *param;
        int kind, rank; /* axis = rank of the result */
        double coeff;
    } cases[] = {{"", 0, 0, 1},
                 {"axis: 1", 0, 1, 1},
                 {"axis: -1 operation: ASUM coeff: 2", 1, 2, 2},
                 {"axis: 1 operation: SUMSQ", 2, 1, 1},
                 {"axis: 2 operation: MEAN coeff: -0.5", 3, 2, -0.5}};
    static const int64_t dims[] = {2, 3, 4};
    static const size_t sizes[] = {24, 12, 4};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(cases); i++) {
        char fields[256];
        (void)snprintf(fields, sizeof fields, "reduction_param { %s }", cases[i].param);
        layer_case k = {"Reduction", fields, .rank = 3, .z_rank = -1, .dims = {2, 3, 4}};
        size_t size = sizes[cases[i].rank];
        float y[24];
        for (size_t e = 0; e < 24 / size; e++) {
            double sum = 0;
            for (size_t s = e * size; s < (e + 1) * size; s++) {
                double x = (double)element(0, s);
                sum += cases[i].kind == 1 ? fabs(x) : cases[i].kind == 2 ? x * x : x;
            }
            y[e] = (float)(sum * cases[i].coeff / (cases[i].kind == 3 ? (double)size : 1));
        }
        check_layer(&k, cases[i].rank, dims, y);
    }
}

/* x = -2.5 1 -1 2.5 0.5 -1.5 2 0 and -2 1.5 -0.5 -2.5 1 -1 2.5 0.5 */
static void test_argmax(void **state)
{
    (void)state;
    layer_case k = {"ArgMax", "", .rank = 2, .z_rank = -1, .dims = {2, 8}};
    check_layer(&k, 3, DIMS(2, 1, 1), VALUES(3, 6));
    k.fields = "argmax_param { top_k: 2 }";
    check_layer(&k, 3, DIMS(2, 1, 2), VALUES(3, 6, 6, 1));
    k.fields = "argmax_param { top_k: 2 out_max_val: true }";
    check_layer(&k, 3, DIMS(2, 2, 2), VALUES(3, 6, 2.5F, 2, 6, 1, 2.5F, 1.5F));
    k.fields = "argmax_param { axis: 0 }";
    check_layer(&k, 2, DIMS(1, 8), VALUES(1, 1, 1, 0, 1, 1, 1, 1));
    k.fields = "argmax_param { axis: -1 top_k: 3 out_max_val: true }";
    check_layer(&k, 2, DIMS(2, 3), VALUES(2.5F, 2, 1, 2.5F, 1.5F, 1));
    /* of equal values Caffe prefers the last: all of this row are 0 after the ReLU */
    const char *text = "input: 'x' input_shape { dim: 1 dim: 4 } layer { name: 'r' type: 'ReLU' "
                       "bottom: 'x' top: 'r' } layer { name: 'l' type: 'ArgMax' bottom: 'r' top: "
                       "'y' argmax_param { top_k: 2 } }";
    bench b;
    bench_open(&b);
    (void)bench_import(&b, text, strlen(text), NULL, 0);
    bench_expect_ok(&b);
    sld_tensor input = sld_tensor_make(VALUES(-1, -2, -3, -4), SOLDER_F32, 2, DIMS(1, 4));
    bench_run(&b, &input);
    expect_values(&b, 3, DIMS(1, 1, 2), VALUES(3, 2));
    bench_close(&b);
    k.fields = "argmax_param { top_k: 9 }";
    check_layer_error(&k, "caffe: layer 'l' (ArgMax): top_k is 9 of 8 values");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lrn),       cmocka_unit_test(test_batchnorm),
        cmocka_unit_test(test_scale),     cmocka_unit_test(test_scale_two_bottoms),
        cmocka_unit_test(test_mvn),       cmocka_unit_test(test_softmax),
        cmocka_unit_test(test_reduction), cmocka_unit_test(test_argmax),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
