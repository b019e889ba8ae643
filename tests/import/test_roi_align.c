/* SPDX-License-Identifier: Apache-2.0 */
/* ROIAlign as Caffe's layer and as TensorRT's plugin, CropAndResize as the latter: operators. */
#include <math.h>
#include <stdio.h>

#include "check.h"
#include "solder/builder.h"

#include "import/onnx_writer.h"

static void write_file(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static solder_status visit(void *user, const solder_tensor *value, const char *node, bool is_output)
{
    (void)node;
    if (is_output) {
        assert_int_equal(value->dims.d[0], 2);
        memcpy(user, value->data, 2 * sizeof(float));
    }
    return SOLDER_OK;
}

/* A map of 0 to 15 and, of it, regions (0, 0, 3, 3) and (1, 0, 3, 2), each one sample. */
static void gives(const char *model, const solder_tensor *regions, size_t count, float a, float b)
{
    solder_builder *builder;
    solder_network *n;
    float map[16], y[2];
    for (int i = 0; i < 16; i++) {
        map[i] = (float)i;
    }
    solder_tensor in[3] = {{"x", SOLDER_F32, {4, {1, 1, 4, 4}}, map}};
    memcpy(in + 1, regions, count * sizeof *in);
    assert_int_equal(solder_builder_create(NULL, &builder), SOLDER_OK);
    solder_status status = solder_import(builder, model, NULL, NULL, &n);
    status = status ? status : solder_evaluate(builder, n, in, 1 + count, visit, y);
    if (status != SOLDER_OK) {
        fail_msg("%s", solder_builder_message(builder));
    }
    assert_true(fabsf(y[0] - a) < 1e-5f && fabsf(y[1] - b) < 1e-5f);
    solder_builder_destroy(builder);
    (void)remove(model);
}

/* The middle of a region: (1.5, 1.5) and (2, 1). */
static void caffe(void **unused)
{
    (void)unused;
    static const char text[] =
        "input: 'x' input_shape { dim: 1 dim: 1 dim: 4 dim: 4 }\n"
        "input: 'r' input_shape { dim: 2 dim: 5 }\n"
        "layer { name: 'y' type: 'ROIAlign' bottom: 'x' bottom: 'r' top: 'y'\n"
        "  roi_align_param { pooled_h: 1 pooled_w: 1 spatial_scale: 0.5 sampling_ratio: 1 } }\n";
    float regions[10] = {0, 0, 0, 6, 6, 0, 2, 0, 6, 4};
    const solder_tensor r = {"r", SOLDER_F32, {2, {2, 5}}, regions};
    write_file("roi-align-test.prototxt", text, sizeof text - 1);
    gives("roi-align-test.prototxt", &r, 1, 7.5f, 6);
}

static void caffe_errors(void **unused)
{
    (void)unused;
    static const char text[] =
        "input: 'x' input_shape { dim: 1 dim: 1 dim: 4 dim: 4 }\n"
        "input: 'r' input_shape { dim: 2 dim: 4 }\n"
        "layer { name: 'y' type: 'ROIAlign' bottom: 'x' bottom: 'r' top: 'y' }\n";
    solder_builder *b;
    solder_network *n;
    write_file("roi-align-test.prototxt", text, sizeof text - 1);
    assert_int_equal(solder_builder_create(NULL, &b), SOLDER_OK);
    assert_int_equal(solder_import(b, "roi-align-test.prototxt", NULL, NULL, &n),
                     SOLDER_ERROR_DATA);
    assert_non_null(strstr(solder_builder_message(b), "'y' (ROIAlign): regions must be [R, 5]"));
    solder_builder_destroy(b);
    (void)remove("roi-align-test.prototxt");
}

static void write_onnx(int mode, int half_pixel)
{
    onnx_writer f;
    onnx_open(&f, 13);
    onnx_input(&f, "x", ONNX_FLOAT, 4, (const int64_t[]){1, 1, 4, 4}, NULL);
    onnx_input(&f, "r", ONNX_FLOAT, 2, (const int64_t[]){2, 4}, NULL);
    onnx_input(&f, "i", ONNX_INT64, 1, (const int64_t[]){2}, NULL);
    onnx_int(&f, "mode", mode);
    onnx_int(&f, "coordinate_transformation_mode", half_pixel);
    onnx_int(&f, "sampling_ratio", 1);
    onnx_node(&f, "ROIAlign_TRT", "align", "x r i", "y");
    onnx_output(&f, "y", ONNX_FLOAT);
    onnx_close(&f);
    write_file("roi-align-test.onnx", f.file.data, f.file.size);
    wire_free(&f.file);
}

static void tensorrt(void **unused)
{
    (void)unused;
    float regions[8] = {0, 0, 3, 3, 1, 0, 3, 2};
    int64_t images[2] = {0, 0};
    const solder_tensor in[2] = {{"r", SOLDER_F32, {2, {2, 4}}, regions},
                                 {"i", SOLDER_I64, {1, {2}}, images}};
    write_onnx(1, 0);
    gives("roi-align-test.onnx", in, 2, 7.5f, 6);
    write_onnx(1, 1); /* half a pixel up and left: (1, 1) and (1.5, 0.5) */
    gives("roi-align-test.onnx", in, 2, 5, 3.5f);
    write_onnx(0, 0); /* the largest of the weighted pixels */
    gives("roi-align-test.onnx", in, 2, 10.f / 4, 6);
}

/* One sample is the middle of a region, here of y1, x1, y2, x2 in shares: (1.5, 1.5) and (0, 3). */
static void crop_and_resize(void **unused)
{
    (void)unused;
    onnx_writer f;
    float regions[8] = {0, 0, 1, 1, 0, 1, 0, 1};
    const solder_tensor r = {"r", SOLDER_F32, {4, {1, 2, 4, 1}}, regions};
    onnx_open(&f, 11);
    onnx_input(&f, "x", ONNX_FLOAT, 4, (const int64_t[]){1, 1, 4, 4}, NULL);
    onnx_input(&f, "r", ONNX_FLOAT, 4, (const int64_t[]){1, 2, 4, 1}, NULL);
    onnx_int(&f, "crop_width", 1);
    onnx_int(&f, "crop_height", 1);
    onnx_node(&f, "CropAndResize", "crop", "x r", "c");
    onnx_ints(&f, "axes", 1, (const int64_t[]){0});
    onnx_node(&f, "Squeeze", "squeeze", "c", "y");
    onnx_output(&f, "y", ONNX_FLOAT);
    onnx_close(&f);
    write_file("roi-align-test.onnx", f.file.data, f.file.size);
    wire_free(&f.file);
    gives("roi-align-test.onnx", &r, 1, 7.5f, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(caffe),
        cmocka_unit_test(caffe_errors),
        cmocka_unit_test(tensorrt),
        cmocka_unit_test(crop_and_resize),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
