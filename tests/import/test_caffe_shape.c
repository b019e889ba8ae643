/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layers that move without computing, and the mean image, against Caffe's definition written out by
 * hand or as the plainest loop. Cases marked "TensorRT" are those its Caffe importer got wrong
 * without a word.
 */
#include "caffe_layer_check.h"

/* ---- shapes ---- */

/* The values of x in their order, under another shape. */
static void check_same_values(const layer_case *k, int rank, const int64_t *dims)
{
    static float y[4096];
    (void)fill(0, k->rank, k->dims, y);
    check_layer(k, rank, dims, y);
}

/* TensorRT: Flatten ignored. */
static void test_flatten(void **state)
{
    (void)state;
    layer_case k = {"Flatten", "", .rank = 4, .z_rank = -1, .dims = {2, 3, 4, 5}};
    check_same_values(&k, 2, DIMS(2, 60));
    k.fields = "flatten_param { axis: 2 }";
    check_same_values(&k, 3, DIMS(2, 3, 20));
    k.fields = "flatten_param { axis: 1 end_axis: 2 }";
    check_same_values(&k, 3, DIMS(2, 12, 5));
    k.fields = "flatten_param { axis: 0 end_axis: -3 }";
    check_same_values(&k, 3, DIMS(6, 4, 5));
    k.fields = "flatten_param { axis: 3 }";
    check_same_values(&k, 4, k.dims);
    k.fields = "flatten_param { axis: 2 end_axis: 1 }";
    check_layer_error(&k, "caffe: layer 'l' (Flatten): end_axis 1 lies before axis 2");
}

static void test_reshape(void **state)
{
    (void)state;
    layer_case k = {"Reshape", "", .rank = 3, .z_rank = -1, .dims = {2, 3, 8}};
    static const struct {
        const char *param;
        int rank;
        int64_t dims[5];
    } cases[] = {{"shape { dim: 6 dim: 8 }", 2, {6, 8}},
                 {"shape { dim: 0 dim: -1 }", 2, {2, 24}},
                 {"shape { dim: 0 dim: 0 dim: 2 dim: -1 }", 4, {2, 3, 2, 4}},
                 {"shape { dim: 4 dim: -1 } axis: 1", 3, {2, 4, 6}},
                 {"shape { dim: 4 dim: 2 } axis: -2", 4, {2, 3, 4, 2}},
                 {"shape { dim: 1 } num_axes: 0", 4, {1, 2, 3, 8}},
                 {"shape { dim: 1 } axis: 1 num_axes: 0", 4, {2, 1, 3, 8}},
                 {"shape { dim: 1 } axis: -1 num_axes: 0", 4, {2, 3, 8, 1}},
                 {"shape { dim: 3 dim: 2 } num_axes: 2", 3, {3, 2, 8}},
                 {"shape { dim: -1 }", 1, {48}}};
    char fields[256];
    k.fields = fields;
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(cases); i++) {
        (void)snprintf(fields, sizeof fields, "reshape_param { %s }", cases[i].param);
        check_same_values(&k, cases[i].rank, cases[i].dims);
    }
    k.fields = "reshape_param { shape { dim: -1 dim: 7 } }";
    check_layer_error(&k, "caffe: layer 'l' (Reshape): 48 elements cannot be reshaped to multiples "
                          "of 7");
    k.fields = "reshape_param { shape { dim: -1 dim: -1 } }";
    check_layer_error(&k, "caffe: layer 'l' (Reshape): dim -1 at place 1 of its shape");
    k.fields = "";
    check_layer_error(&k, "caffe: layer 'l' (Reshape): has no shape");
}

static void test_permute(void **state)
{
    (void)state;
    layer_case k = {"Permute", "permute_param { order: [0, 2, 3, 1] }", .rank = 4, .z_rank = -1,
                    .dims = {2, 3, 2, 2}};
    float y[24];
    for (size_t i = 0; i < 24; i++) {
        y[i] = element(0, i / 12 * 12 + i % 3 * 4 + i / 3 % 4);
    }
    check_layer(&k, 4, DIMS(2, 2, 2, 3), y);
    k.fields = "permute_param { order: 1 }"; /* the others follow */
    for (size_t i = 0; i < 24; i++) {
        y[i] = element(0, i / 4 % 2 * 12 + i / 8 * 4 + i % 4);
    }
    check_layer(&k, 4, DIMS(3, 2, 2, 2), y);
    k.fields = "permute_param { order: [0, 0] }";
    check_layer_error(&k, "caffe: layer 'l' (Permute): order 0 is out of range or repeated");
}

static void test_concat(void **state)
{
    (void)state;
    layer_case k = {"Concat", "", .rank = 3, .z_rank = 3, .dims = {2, 3, 2}, .z_dims = {2, 1, 2}};
    float y[24];
    for (size_t i = 0; i < 16; i++) {
        y[i] = i % 8 < 6 ? element(0, i / 8 * 6 + i % 8) : element(1, i / 8 * 2 + i % 8 - 6);
    }
    check_layer(&k, 3, DIMS(2, 4, 2), y);
    k.fields = "concat_param { concat_dim: 1 }";
    check_layer(&k, 3, DIMS(2, 4, 2), y);
    k.fields = "concat_param { axis: -2 }";
    check_layer(&k, 3, DIMS(2, 4, 2), y);
    k.fields = "concat_param { axis: 1 concat_dim: 1 }";
    check_layer_error(&k, "caffe: layer 'l' (Concat): gives both axis and concat_dim");
}

/* More bottoms than a node has inputs. */
static void test_wide_concat(void **state)
{
    (void)state;
    static char text[8192];
    strcpy(text, "input: 'x' input_shape { dim: 1 dim: 2 } layer { name: 'l' type: 'Concat' top: "
                 "'y'");
    for (int i = 0; i < 150; i++) {
        strcat(text, " bottom: 'x'");
    }
    strcat(text, " }");
    bench b;
    bench_open(&b);
    (void)bench_import(&b, text, strlen(text), NULL, 0);
    bench_expect_ok(&b);
    sld_tensor input = sld_tensor_make(VALUES(1, 2), SOLDER_F32, 2, DIMS(1, 2));
    bench_run(&b, &input);
    static float y[300];
    for (int i = 0; i < 300; i++) {
        y[i] = (float)(1 + i % 2);
    }
    expect_values(&b, 2, DIMS(1, 300), y);
    bench_close(&b);
}

static void test_slice(void **state)
{
    (void)state;
    static const struct {
        const char *param;
        int64_t from, size;
    } cases[] = {{"", 2, 2},
                 {"slice_param { slice_point: [1, 4] }", 1, 3},
                 {"slice_param { slice_dim: 1 slice_point: 3 slice_point: 5 }", 3, 2},
                 {"slice_param { axis: -2 slice_point: 3 slice_point: 5 }", 3, 2}};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(cases); i++) {
        char fields[256]; /* y is the middle of three */
        (void)snprintf(fields, sizeof fields, "top: 'c' %s", cases[i].param);
        layer_case k = {"Slice", fields, .rank = 3, .z_rank = -1, .dims = {2, 6, 2}};
        char text[1024];
        write_net(&k, text, sizeof text);
        char *y_top = strstr(text, "top: 'y'"); /* "top: 'y' top: 'c'": put one before */
        char net[1024];
        (void)snprintf(net, sizeof net, "%.*s top: 'a' %s", (int)(y_top - text), text, y_top);
        bench b;
        bench_open(&b);
        bench_output(&b, "y");
        (void)bench_import(&b, net, strlen(net), NULL, 0);
        bench_expect_ok(&b);
        float x[24], y[24];
        (void)fill(0, 3, k.dims, x);
        sld_tensor input = sld_tensor_make(x, SOLDER_F32, 3, k.dims);
        bench_run(&b, &input);
        for (int64_t e = 0; e < 4 * cases[i].size; e++) {
            y[e] = x[e / (2 * cases[i].size) * 12 + cases[i].from * 2 + e % (2 * cases[i].size)];
        }
        expect_values(&b, 3, DIMS(2, cases[i].size, 2), y);
        bench_close(&b);
    }
    layer_case k = {"Slice", "top: 'b' top: 'c' top: 'd'", .rank = 3, .z_rank = -1,
                    .dims = {2, 6, 2}};
    check_layer_error(&k, "caffe: layer 'l' (Slice): 4 tops do not divide 6 evenly");
    k.fields = "top: 'b' slice_param { slice_point: 6 }";
    check_layer_error(&k, "caffe: layer 'l' (Slice): slice_point 6 of 6");
}

static void test_tile(void **state)
{
    (void)state;
    layer_case k = {"Tile", "tile_param { tiles: 2 }", .rank = 2, .z_rank = -1, .dims = {2, 3}};
    float y[12];
    for (size_t i = 0; i < 12; i++) {
        y[i] = element(0, i / 6 * 3 + i % 3);
    }
    check_layer(&k, 2, DIMS(2, 6), y);
    k.fields = "tile_param { tiles: 2 axis: 0 }";
    for (size_t i = 0; i < 12; i++) {
        y[i] = element(0, i % 6);
    }
    check_layer(&k, 2, DIMS(4, 3), y);
}

static void crop(const int64_t from[3], const int64_t out[4], float *y)
{
    for (int64_t i = 0; i < out[0] * out[1] * out[2] * out[3]; i++) {
        int64_t w = i % out[3] + from[2], h = i / out[3] % out[2] + from[1];
        int64_t c = i / (out[3] * out[2]) % out[1] + from[0];
        y[i] = element(0, (size_t)((i / (out[3] * out[2] * out[1]) * 3 + c) * 25 + h * 5 + w));
    }
}

static void test_crop(void **state)
{
    (void)state;
    static float y[150];
    layer_case k = {
        "Crop", "", .rank = 4, .z_rank = 4, .dims = {2, 3, 5, 5}, .z_dims = {1, 1, 3, 2}};
    crop(DIMS(0, 0, 0), DIMS(2, 3, 3, 2), y);
    check_layer(&k, 4, DIMS(2, 3, 3, 2), y);
    k.fields = "crop_param { offset: 2 }";
    crop(DIMS(0, 2, 2), DIMS(2, 3, 3, 2), y);
    check_layer(&k, 4, DIMS(2, 3, 3, 2), y);
    k.fields = "crop_param { axis: 1 offset: [2, 1, 3] }";
    crop(DIMS(2, 1, 3), DIMS(2, 1, 3, 2), y);
    check_layer(&k, 4, DIMS(2, 1, 3, 2), y);
    k.fields = "crop_param { offset: 4 }";
    check_layer_error(&k, "caffe: layer 'l' (Crop): axis 2: 3 from offset 4 on exceeds 5");
    k.fields = "crop_param { offset: [1, 2, 3] }";
    check_layer_error(&k, "caffe: layer 'l' (Crop): 3 offset for 2 cropped axes");
}

/* The reference's size is known only when the network runs. */
static void test_crop_open(void **state)
{
    (void)state;
    const char *text = "input: 'x' input_dim: [2, 3, 5, 5] input: 'z' input_dim: [1, 1, 3, 2] "
                       "layer { name: 'l' type: 'Crop' bottom: 'x' bottom: 'z' top: 'y' "
                       "crop_param { offset: [1, 2] } }";
    bench b;
    bench_open(&b);
    bench_input(&b, "z", 4, DIMS(1, 1, -1, -1));
    (void)bench_import(&b, text, strlen(text), NULL, 0);
    bench_expect_ok(&b);
    static float x[150], y[150];
    (void)fill(0, 4, DIMS(2, 3, 5, 5), x);
    sld_tensor inputs[] = {sld_tensor_make(x, SOLDER_F32, 4, DIMS(2, 3, 5, 5)),
                           sld_tensor_make(x, SOLDER_F32, 4, DIMS(1, 1, 3, 2))};
    bench_run(&b, inputs);
    crop(DIMS(0, 1, 2), DIMS(2, 3, 3, 2), y);
    expect_values(&b, 4, DIMS(2, 3, 3, 2), y);
    bench_close(&b);
}

/* out[i] lies at i (in - 1) / (out - 1), corners on corners. */
static void interp(const int64_t in[2], const int64_t out[2], float *y)
{
    for (int64_t i = 0; i < 2 * out[0] * out[1]; i++) {
        double at[2] = {0, 0};
        int64_t index[2] = {i / out[1] % out[0], i % out[1]}, low[2], high[2];
        for (int d = 0; d < 2; d++) {
            at[d] = out[d] > 1 ? (double)(index[d] * (in[d] - 1)) / (double)(out[d] - 1) : 0;
            low[d] = (int64_t)at[d];
            high[d] = low[d] + 1 < in[d] ? low[d] + 1 : low[d];
            at[d] -= (double)low[d];
        }
        int64_t plane = i / (out[0] * out[1]) * in[0] * in[1];
        double sum = 0;
        for (int e = 0; e < 4; e++) {
            int64_t h = e / 2 ? high[0] : low[0], w = e % 2 ? high[1] : low[1];
            sum += (double)element(0, (size_t)(plane + h * in[1] + w)) *
                   (e / 2 ? at[0] : 1 - at[0]) * (e % 2 ? at[1] : 1 - at[1]);
        }
        y[i] = (float)sum;
    }
}

static void test_interp(void **state)
{
    (void)state;
    static float y[512];
    layer_case k = {"Interp", "interp_param { height: 7 width: 4 }", .rank = 4, .z_rank = -1,
                    .dims = {1, 2, 3, 5}};
    interp(DIMS(3, 5), DIMS(7, 4), y);
    check_layer(&k, 4, DIMS(1, 2, 7, 4), y);
    k.fields = "interp_param { zoom_factor: 3 }";
    interp(DIMS(3, 5), DIMS(7, 13), y);
    check_layer(&k, 4, DIMS(1, 2, 7, 13), y);
    k.fields = "interp_param { shrink_factor: 2 }";
    interp(DIMS(3, 5), DIMS(2, 3), y);
    check_layer(&k, 4, DIMS(1, 2, 2, 3), y);
    k.fields = "interp_param { zoom_factor: 2 shrink_factor: 2 }";
    interp(DIMS(3, 5), DIMS(3, 5), y);
    check_layer(&k, 4, DIMS(1, 2, 3, 5), y);
    k.fields = "interp_param { height: 1 width: 3 pad_beg: -1 pad_end: -1 }";
    for (size_t i = 0; i < 6; i++) { /* the inner row, as it is */
        y[i] = element(0, i / 3 * 15 + 5 + 1 + i % 3);
    }
    check_layer(&k, 4, DIMS(1, 2, 1, 3), y);
    layer_case two = {
        "Interp", "", .rank = 4, .z_rank = 4, .dims = {1, 2, 3, 5}, .z_dims = {1, 1, 7, 4}};
    interp(DIMS(3, 5), DIMS(7, 4), y);
    check_layer(&two, 4, DIMS(1, 2, 7, 4), y);
    k.fields = "interp_param { zoom_factor: 2 pad_beg: 0 pad_end: -3 }";
    check_layer_error(&k,
                      "caffe: layer 'l' (Interp): pad_beg 0 and pad_end -3 must crop, and leave "
                      "something");
    k.fields = "";
    check_layer_error(&k, "caffe: layer 'l' (Interp): its top has a size of 0");
}

static void test_upsample(void **state)
{
    (void)state;
    layer_case k = {"Upsample", "upsample_param { scale: 2 }", .rank = 4, .z_rank = -1,
                    .dims = {1, 2, 2, 3}};
    float y[48];
    for (size_t i = 0; i < 48; i++) {
        y[i] = element(0, i / 24 * 6 + i / 12 % 2 * 3 + i % 6 / 2);
    }
    check_layer(&k, 4, DIMS(1, 2, 4, 6), y);
    k.fields = "bottom: 'x'";
    check_layer_error(&k, "caffe: 1 node is not supported: 'l' (Upsample: unpooling with a mask)");
}

static void test_shuffle_channel(void **state)
{
    (void)state;
    layer_case k = {"ShuffleChannel", "shuffle_channel_param { group: 2 }", .rank = 4, .z_rank = -1,
                    .dims = {1, 6, 1, 2}};
    static const size_t order[] = {0, 3, 1, 4, 2, 5};
    float y[12];
    for (size_t i = 0; i < 12; i++) {
        y[i] = element(0, order[i / 2] * 2 + i % 2);
    }
    check_layer(&k, 4, k.dims, y);
    k.fields = "shuffle_channel_param { group: 4 }";
    check_layer_error(&k, "caffe: layer 'l' (ShuffleChannel): group 4 does not divide 6 channels");
}

static void test_parameter(void **state)
{
    (void)state;
    const char *text = "input: 'x' input_shape { dim: 1 dim: 2 } layer { name: 'p' type: "
                       "'Parameter' top: 'p' parameter_param { shape { dim: 1 dim: 2 } } } layer { "
                       "name: 'l' type: 'Eltwise' bottom: 'x' bottom: 'p' top: 'y' }";
    static caffemodel m;
    m.net.size = 0;
    model_layer(&m, "p");
    model_blob(&m, 2, DIMS(1, 2), VALUES(10, 20));
    model_end(&m);
    bench b;
    bench_open(&b);
    (void)bench_import(&b, text, strlen(text), m.net.data, m.net.size);
    bench_expect_ok(&b);
    sld_tensor input = sld_tensor_make(VALUES(1, 2), SOLDER_F32, 2, DIMS(1, 2));
    bench_run(&b, &input);
    expect_values(&b, 2, DIMS(1, 2), VALUES(11, 22));
    bench_close(&b);
}

/* ---- mean image ---- */

static void test_mean(void **state)
{
    (void)state;
    wire_text blob = {.size = 0};
    float values[12];
    (void)fill(0, 1, DIMS(12), values);
    const uint32_t dims[] = {1, 3, 2, 2};
    for (uint32_t i = 0; i < 4; i++) {
        put_number(&blob, i + 1, dims[i]);
    }
    put_bytes(&blob, 5, values, sizeof values);
    const char *path = BINARY_DIR "/test_caffe_mean.binaryproto";
    for (int cut = 0; cut < 2; cut++) {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(blob.data, 1, blob.size - (size_t)cut, file),
                         blob.size - (size_t)cut);
        (void)fclose(file);
        sld_arena arena;
        sld_diag diag;
        sld_diag_init(&diag, NULL);
        sld_arena_init(&arena, NULL, 0);
        sld_caffe_mean mean;
        solder_status status = sld_caffe_read_mean(&arena, &diag, path, &mean);
        assert_int_equal(status, cut == 0 ? SOLDER_OK : SOLDER_ERROR_DATA);
        if (cut == 0) {
            assert_memory_equal(mean.dims, DIMS(3, 2, 2), sizeof mean.dims);
            assert_memory_equal(mean.data, values, sizeof values);
        } else {
            assert_non_null(strstr(diag.message, "is truncated (offset 8)"));
        }
        sld_arena_free(&arena);
    }
    (void)remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flatten),     cmocka_unit_test(test_reshape),
        cmocka_unit_test(test_permute),     cmocka_unit_test(test_concat),
        cmocka_unit_test(test_wide_concat), cmocka_unit_test(test_slice),
        cmocka_unit_test(test_tile),        cmocka_unit_test(test_crop),
        cmocka_unit_test(test_crop_open),   cmocka_unit_test(test_interp),
        cmocka_unit_test(test_upsample),    cmocka_unit_test(test_shuffle_channel),
        cmocka_unit_test(test_parameter),   cmocka_unit_test(test_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
