/* SPDX-License-Identifier: Apache-2.0 */
/* Layers of well-known forks of Caffe. */
#include <math.h>

#include "import/caffe_layer_check.h"
#include "solder/builder.h"

static void test_axpy(void **state)
{
    (void)state;
    layer_case k = {"Axpy",      "bottom: 'z'",  .rank = 2,
                    .z_rank = 4, .dims = {1, 2}, .z_dims = {1, 2, 1, 3}};
    float y[6];
    for (size_t i = 0; i < 6; i++) {
        y[i] = element(0, i / 3) * element(1, i) + element(1, i);
    }
    check_layer(&k, 4, DIMS(1, 2, 1, 3), y);
    k.rank = 4;
    k.dims[2] = k.dims[3] = 1;
    check_layer(&k, 4, DIMS(1, 2, 1, 3), y);
    k.dims[1] = 1;
    check_layer_error(&k, "caffe: layer 'l' (Axpy): 1 factors for 2 channels");
    k.dims[1] = k.dims[2] = 2;
    check_layer_error(&k, "caffe: layer 'l' (Axpy): its bottoms must be [N, C] or [N, C, 1, 1], "
                          "and two of one shape");
}

static void test_bn(void **state)
{
    (void)state;
    layer_case k = {"BN",
                    "bn_param { frozen: true eps: 3 slope_filler { value: 1 } }",
                    .rank = 4,
                    .z_rank = -1,
                    .dims = {1, 2, 1, 2},
                    .blobs = 4,
                    .blob_rank = {4, 4, 4, 4},
                    .blob_dims = {{1, 2, 1, 1}, {1, 2, 1, 1}, {1, 2, 1, 1}, {1, 2, 1, 1}}};
    float y[4];
    for (size_t i = 0; i < 4; i++) {
        size_t c = i / 2;
        y[i] = (element(0, i) - element(4, c)) / sqrtf(element(5, c) + 3) * element(2, c) +
               element(3, c);
    }
    check_layer(&k, 4, k.dims, y);
    k.fields = "bn_param { bn_mode: INFERENCE }";
    k.blobs = 2;
    for (size_t i = 0; i < 4; i++) {
        y[i] = element(0, i) * element(2, i / 2) + element(3, i / 2);
    }
    check_layer(&k, 4, k.dims, y);
}

static void test_transpose(void **state)
{
    (void)state;
    layer_case k = {"Transpose", "transpose_param { dim: 2 dim: 0 dim: 1 }", .rank = 3,
                    .z_rank = -1, .dims = {2, 3, 2}};
    float y[12];
    for (size_t i = 0; i < 12; i++) {
        y[i] = element(0, i % 6 * 2 + i / 6);
    }
    check_layer(&k, 3, DIMS(2, 2, 3), y);
}

static void test_hole(void **state)
{
    (void)state;
    bench b;
    static const char text[] =
        "input: 'x' input_shape { dim: 1 dim: 1 dim: 7 dim: 8 } layer { name: 'l' type: "
        "'Convolution' bottom: 'x' top: 'y' convolution_param { num_output: 1 kernel_size: 3 "
        "hole: 2 %s } }";
    char given[512];
    for (int both = 0; both < 2; both++) {
        (void)snprintf(given, sizeof given, text, both ? "dilation: 1" : "");
        bench_open(&b);
        b.options.random_weights = true;
        (void)bench_import(&b, given, strlen(given), NULL, 0);
        if (both) {
            assert_non_null(strstr(b.diag.message, "has both dilation and hole"));
        } else {
            int64_t dims[SOLDER_MAX_RANK];
            bench_expect_ok(&b);
            assert_true(sld_value_static_dims(b.graph, b.graph->outputs[0], dims));
            assert_int_equal(dims[2], 3);
            assert_int_equal(dims[3], 4);
        }
        bench_close(&b);
    }
}

/* ---- the proposal layer that is written in Python ---- */

typedef struct rois {
    float values[2][64 * 5];
    size_t count[2];
} rois;

static solder_status keep(void *user, const solder_tensor *value, const char *node, bool is_output)
{
    rois *r = user;
    (void)node;
    if (is_output) {
        int which = strcmp(value->name, "b") == 0;
        r->count[which] = (size_t)value->dims.d[0] * 5;
        assert_true(r->count[which] <= 64 * 5);
        memcpy(r->values[which], value->data, r->count[which] * sizeof(float));
    }
    return SOLDER_OK;
}

static solder_status run_python(const char *settings, rois *r, char *message, size_t size)
{
    static float scores[2 * 6 * 4], deltas[4 * 6 * 4];
    float info[3] = {60, 50, 1};
    char text[2048];
    solder_builder *b;
    solder_network *n;
    (void)snprintf(
        text, sizeof text,
        "input: 's' input_shape { dim: 1 dim: 12 dim: 2 dim: 2 }\n"
        "input: 'd' input_shape { dim: 1 dim: 24 dim: 2 dim: 2 }\n"
        "input: 'i' input_shape { dim: 1 dim: 3 }\n"
        "layer { name: 'a' type: 'Python' bottom: 's' bottom: 'd' bottom: 'i' top: 'a'\n"
        "  python_param { module: 'rpn.proposal_layer' layer: 'ProposalLayer' param_str: %s } }\n"
        "layer { name: 'b' type: 'Proposal' bottom: 's' bottom: 'd' bottom: 'i' top: 'b'\n"
        "  proposal_param { feat_stride: 8 scale: [1, 2] ratio: [0.5, 1, 2] min_size: 16\n"
        "  base_size: 16 pre_nms_topn: 6000 post_nms_topn: 300 nms_thresh: 0.7 } }\n",
        settings);
    for (size_t i = 0; i < 96; i++) {
        deltas[i] = element(1, i) * 0.1F;
        scores[i % 48] = (float)(i * 13 % 48);
    }
    solder_tensor in[3] = {{"s", SOLDER_F32, {4, {1, 12, 2, 2}}, scores},
                           {"d", SOLDER_F32, {4, {1, 24, 2, 2}}, deltas},
                           {"i", SOLDER_F32, {2, {1, 3}}, info}};
    FILE *file = fopen("forks-test.prototxt", "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
    assert_int_equal(solder_builder_create(NULL, &b), SOLDER_OK);
    solder_status status = solder_import(b, "forks-test.prototxt", NULL, NULL, &n);
    status = status ? status : solder_evaluate(b, n, in, 3, keep, r);
    (void)snprintf(message, size, "%s", solder_builder_message(b));
    solder_builder_destroy(b);
    (void)remove("forks-test.prototxt");
    return status;
}

static void test_python(void **state)
{
    (void)state;
    static const char *const same[] = {"\"'feat_stride': 8\\n'scales': [1, 2]\"",
                                       "\"{'scales': (1, 2), 'feat_stride': 8}\""};
    static const char *const wrong[] = {"\"'feat_stride': 8.5\"", "\"feat_stride\"",
                                        "\"'scales': [8\"", "\"'feat_stride': -8\"",
                                        "\"'ratios': [1]\""};
    char message[1024];
    rois r;
    for (size_t i = 0; i < 2; i++) {
        if (run_python(same[i], &r, message, sizeof message) != SOLDER_OK) {
            fail_msg("%s", message);
        }
        assert_true(r.count[0] == r.count[1] && r.count[0] > 5);
        assert_memory_equal(r.values[0], r.values[1], r.count[0] * sizeof(float));
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(run_python(wrong[i], &r, message, sizeof message),
                         SOLDER_ERROR_UNSUPPORTED);
        assert_non_null(strstr(message, "its param_str"));
    }
    layer_case k = {"Python",       "bottom: 'x' python_param { layer: 'Other' }",
                    .rank = 2,      .z_rank = 2,
                    .dims = {1, 2}, .z_dims = {1, 2}};
    check_layer_error(&k, "caffe: 1 node is not supported: 'l' (Python: of Python layers only "
                          "ProposalLayer is known)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_axpy),      cmocka_unit_test(test_bn),
        cmocka_unit_test(test_transpose), cmocka_unit_test(test_hole),
        cmocka_unit_test(test_python),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
