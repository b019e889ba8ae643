/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes of TensorRT's SSD as converters of TensorFlow graphs leave them: anchors of two maps from a
 * node without inputs, put behind each other and given to each item of a batch.
 */
#include <math.h>
#include <stdio.h>

#include "check.h"
#include "solder/builder.h"

#include "import/tf_writer.h"
#include "import/uff_writer.h"

static const int64_t shapes[] = {2, 1};
static const int64_t ratios[] = {1, 4, 9};
static const int64_t variance[] = {1, 2, 3, 4};
static const int64_t image[] = {3, 4};

static void write_file(const char *path, const wire_buffer *bytes)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes->data, 1, bytes->size, file), bytes->size);
    assert_int_equal(fclose(file), 0);
}

/* 3 items of 2 * (2 * 2 * 3 + 4) * 4 numbers. */
static solder_status visit(void *user, const solder_tensor *value, const char *node, bool is_output)
{
    (void)node;
    if (is_output) {
        const float *f = value->data;
        assert_int_equal(value->dims.rank, 4);
        assert_int_equal(value->dims.d[0], 3);
        assert_int_equal(value->dims.d[1], 128);
        for (int item = 0; item < 3; item++, f += 128) {
            assert_true(fabsf(f[0] - .2f) < 1e-6f);    /* 1/4 - 0.1/2 */
            assert_true(fabsf(f[4] - .05f) < 1e-6f);   /* 1/4 - 0.2 * 2 / 2 */
            assert_true(f[48] == 1 && f[95] == 4);     /* variances of the first */
            assert_true(fabsf(f[96] - .025f) < 1e-6f); /* 1/2 - 0.95/2 */
        }
        ++*(int *)user;
    }
    return SOLDER_OK;
}

static void gives_anchors(const char *model)
{
    solder_builder *b;
    solder_network *n;
    int outputs = 0;
    float x[12] = {0};
    solder_tensor input = {"x", SOLDER_F32, {2, {3, 4}}, x};
    assert_int_equal(solder_builder_create(NULL, &b), SOLDER_OK);
    solder_status status = solder_import(b, model, NULL, NULL, &n);
    status = status ? status : solder_evaluate(b, n, &input, 1, visit, &outputs);
    if (status != SOLDER_OK) {
        fail_msg("%s", solder_builder_message(b));
    }
    assert_int_equal(outputs, 1);
    solder_builder_destroy(b);
    (void)remove(model);
}

static void tensorflow(void **unused)
{
    (void)unused;
    tf_writer f = {.nodes = NULL};
    tf_placeholder(&f, "x", 2, image);
    tf_int(&f, "numLayers", 2);
    tf_float(&f, "minSize", .2f);
    tf_float(&f, "maxSize", .95f);
    tf_list(&f, "featureMapShapes", 2, shapes);
    tf_list(&f, "aspectRatios", 3, ratios);
    tf_list(&f, "variance", 4, variance);
    tf_node(&f, "GridAnchor_TRT", "grid", "");
    tf_int(&f, "axis", 1);
    tf_bool(&f, "ignoreBatch", true);
    tf_node(&f, "FlattenConcat_TRT", "flat", "grid grid:1");
    tf_node(&f, "BatchTilePlugin_TRT", "all", "x flat");
    write_file("ssd-test.pb", &f.file);
    wire_free(&f.file);
    gives_anchors("ssd-test.pb");
}

static void uff(void **unused)
{
    (void)unused;
    uff_writer f = {.file = {0}};
    uff_input(&f, "x", 2, image);
    uff_int(&f, "numLayers", 2);
    uff_shape(&f, "featureMapShapes", 2, shapes);
    uff_shape(&f, "aspectRatios", 3, ratios);
    uff_shape(&f, "variance", 4, variance);
    uff_node(&f, "_GridAnchor_TRT", "grid", "");
    uff_int(&f, "axis", 1);
    uff_node(&f, "_FlattenConcat_TRT", "flat", "grid grid:1");
    uff_node(&f, "_BatchTilePlugin_TRT", "all", "x flat");
    uff_node(&f, "MarkOutput", "out", "all");
    uff_close(&f);
    write_file("ssd-test.uff", &f.file);
    wire_free(&f.file);
    gives_anchors("ssd-test.uff");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensorflow),
        cmocka_unit_test(uff),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
