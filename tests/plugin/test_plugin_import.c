/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unknown operators of Caffe, ONNX, TensorFlow and UFF become nodes of a plugin from a library: all
 * their attributes, their weights, their inputs. y = x * factor * steps... * weight + offset.
 */
#include <math.h>
#include <stdio.h>

#include "check.h"
#include "solder/builder.h"
#include "solder/plugin.h"

#include "import/tf_writer.h"
#include "import/uff_writer.h"

#define LIBRARY BINARY_DIR "/tests/plugin_frobnicate.so"

static void write_file(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static solder_status check_four(void *user, const solder_tensor *value, const char *node,
                                bool is_output)
{
    (void)node;
    if (is_output) {
        memcpy(user, value->data, 4 * sizeof(float));
    }
    return SOLDER_OK;
}

/* x = 1 2 3 4 through the model gives scale * x + offset. */
static void gives(const char *model, const char *weights, float scale, float offset)
{
    solder_builder *b;
    solder_network *n;
    float x[4] = {1, 2, 3, 4};
    float y[4] = {0};
    solder_tensor input = {"x", SOLDER_F32, {2, {1, 4}}, x};
    assert_int_equal(solder_builder_create(NULL, &b), SOLDER_OK);
    solder_status status = solder_load_plugin(b, LIBRARY);
    status = status ? status : solder_import(b, model, weights, NULL, &n);
    status = status ? status : solder_evaluate(b, n, &input, 1, check_four, y);
    if (status != SOLDER_OK) {
        fail_msg("%s", solder_builder_message(b));
    }
    for (int i = 0; i < 4; i++) {
        if (fabsf(y[i] - (x[i] * scale + offset)) > 1e-5f) {
            fail_msg("%s: element %d is %g", model, i, (double)y[i]);
        }
    }
    solder_builder_destroy(b);
    (void)remove(model);
}

static void refuses(const char *model, bool load, solder_status status, const char *text)
{
    solder_builder *b;
    solder_network *n;
    assert_int_equal(solder_builder_create(NULL, &b), SOLDER_OK);
    if (load) {
        assert_int_equal(solder_load_plugin(b, LIBRARY), SOLDER_OK);
    }
    solder_status is = solder_import(b, model, NULL, NULL, &n);
    if (is != status || strstr(solder_builder_message(b), text) == NULL) {
        fail_msg("%s: '%s' lacks '%s'", solder_status_name(is), solder_builder_message(b), text);
    }
    solder_builder_destroy(b);
}

/* ---- Caffe ---- */

static const char caffe_head[] = "layer { name: 'x' type: 'Input' top: 'x' "
                                 "input_param { shape { dim: 1 dim: 4 } } }\n"
                                 "layer { name: 'f' type: 'Frobnicate' bottom: 'x' top: 'y' ";

static void caffe_net(const char *fields)
{
    char text[1024];
    int n = snprintf(text, sizeof text, "%s%s }\n", caffe_head, fields);
    write_file("plugin-test.prototxt", text, (size_t)n);
}

static void caffe(void **unused)
{
    (void)unused;
    const char *net = "plugin-test.prototxt";
    caffe_net("frob_param { factor: 2 inner < offset: .5 > mode: NEGATED steps: [3, 1] }");
    gives(net, NULL, -6, 0.5f);
    caffe_net(
        "frob_param { steps: 2 steps: 5; steps: -1 note: 'it ' \"is\" debug { a { b: 1 } } }");
    gives(net, NULL, -10, 0);
    caffe_net("param { lr_mult: 1 } include { phase: TEST } frob_param: { mode: 1, factor: 1e1 }");
    gives(net, NULL, -10, 0);
    caffe_net("");
    gives(net, NULL, 1, 0);
}

/* Each layer has its own text, whatever stands between. */
static void caffe_chain(void **unused)
{
    (void)unused;
    static const char text[] =
        "input: 'x' input_shape { dim: 1 dim: 4 }\n"
        "layer { name: 'a' type: 'Frobnicate' bottom: 'x' top: 'a' frob_param { factor: 2 } }\n"
        "layer { name: 'dead' type: 'Frobnicate' bottom: 'a' top: 'd' frob_param { factor: 9 } }\n"
        "layer { name: 'lost' type: 'Silence' bottom: 'd' }\n"
        "layer { name: 'p' type: 'Power' bottom: 'a' top: 'p' power_param { scale: 10 } }\n"
        "layer { name: 'b' type: 'Frobnicate' bottom: 'p' top: 'p' frob_param { factor: 3 } }\n"
        "layer { name: 'c' type: 'Frobnicate' bottom: 'p' top: 'y' x_param { steps: 5 } }\n";
    write_file("plugin-test.prototxt", text, sizeof text - 1);
    gives("plugin-test.prototxt", NULL, 300, 0);
}

static void caffe_weights(void **unused)
{
    (void)unused;
    wire_buffer file = {0};
    wire_buffer layer = {0};
    wire_buffer blob = {0};
    wire_buffer shape = {0};
    const float weight = 7;
    wire_bytes(&shape, 1, "\x01", 1);
    wire_bytes(&blob, 5, &weight, sizeof weight);
    wire_message(&blob, 7, &shape);
    wire_text(&layer, 1, "f");
    wire_message(&layer, 7, &blob);
    wire_message(&file, 100, &layer);
    write_file("plugin-test.caffemodel", file.data, file.size);
    wire_free(&file);
    caffe_net("frob_param { factor: 0.5 }");
    gives("plugin-test.prototxt", "plugin-test.caffemodel", 3.5f, 0);
    (void)remove("plugin-test.caffemodel");
}

static void caffe_errors(void **unused)
{
    (void)unused;
    static const struct {
        const char *fields, *text;
    } cases[] = {
        {"frob_param { tractor: 1 }", "has no attribute 'frob_param.tractor'; it has factor"},
        {"frob_param { inner { x: 1 } }", "has no attribute 'frob_param.inner.x'"},
        {"strange: 1", "has no attribute 'strange'"},
        {"frob_param { factor: 'a' }", "'frob_param.factor' takes numbers, not a text"},
        {"frob_param { factor: 1 factor: 2 }", "'frob_param.factor' has too many values"},
        {"frob_param { steps: [1, 2, 3, 4, 5] }", "'frob_param.steps' has too many values"},
        {"frob_param { steps: 1.5 }", "'frob_param.steps' has a value out of range"},
        {"frob_param { mode: UPSIDE }", "'frob_param.mode' has no such name"},
        {"frob_param { note: 'much too long a note' }", "'frob_param.note' is too long"},
        {"frob_param { note: 'a' note: 'b' }", "gives 'frob_param.note' twice"},
        {"frob_param { note: 5 }", "takes a text, not numbers"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        caffe_net(cases[i].fields);
        refuses("plugin-test.prototxt", true,
                strstr(cases[i].text, "twice") != NULL ? SOLDER_ERROR_UNSUPPORTED
                                                       : SOLDER_ERROR_DATA,
                cases[i].text);
    }
    caffe_net("frob_param { factor: 1 }");
    refuses("plugin-test.prototxt", false, SOLDER_ERROR_UNSUPPORTED, "'f' (Frobnicate)");
    (void)remove("plugin-test.prototxt");
}

/* ---- ONNX ---- */

static void onnx_begin(onnx_writer *f)
{
    onnx_open(f, 13);
    onnx_input(f, "x", ONNX_FLOAT, 2, (const int64_t[]){1, 4}, NULL);
}

static void onnx_end(onnx_writer *f, const char *domain, const char *op)
{
    onnx_node_of(f, domain, op, "frob", "x", "y");
    onnx_output(f, "y", ONNX_FLOAT);
    onnx_close(f);
    write_file("plugin-test.onnx", f->file.data, f->file.size);
    wire_free(&f->file);
}

static void onnx(void **unused)
{
    (void)unused;
    onnx_writer f;
    const int64_t steps[] = {2, 3};
    onnx_begin(&f);
    onnx_float(&f, "factor", 0.5f);
    onnx_ints(&f, "steps", 2, steps);
    onnx_string(&f, "mode", "NEGATED");
    onnx_string(&f, "note", "hello");
    onnx_float(&f, "inner.offset", 0.25f);
    onnx_end(&f, "my.company", "Frobnicate");
    gives("plugin-test.onnx", NULL, -3, 0.25f);
    /* Another name of it, and the standard domain. */
    onnx_begin(&f);
    onnx_int(&f, "factor", 3);
    onnx_end(&f, "", "FrobnicateV0");
    gives("plugin-test.onnx", NULL, 3, 0);
    onnx_begin(&f);
    wire_buffer tensor = onnx_raw_tensor("t", ONNX_INT64, 1, (const int64_t[]){2}, steps, 16);
    onnx_tensor(&f, "steps", &tensor);
    onnx_end(&f, "my.company", "Frobnicate");
    gives("plugin-test.onnx", NULL, 6, 0);
}

static void onnx_errors(void **unused)
{
    (void)unused;
    onnx_writer f;
    onnx_begin(&f);
    onnx_end(&f, "other.company", "Frobnicate");
    refuses("plugin-test.onnx", true, SOLDER_ERROR_UNSUPPORTED, "other.company.Frobnicate");
    onnx_begin(&f);
    onnx_int(&f, "tractor", 3);
    onnx_end(&f, "my.company", "Frobnicate");
    refuses("plugin-test.onnx", true, SOLDER_ERROR_DATA, "has no attribute 'tractor'");
    refuses("plugin-test.onnx", false, SOLDER_ERROR_UNSUPPORTED, "my.company.Frobnicate");
    (void)remove("plugin-test.onnx");
}

/* ---- TensorFlow ---- */

static void tensorflow(void **unused)
{
    (void)unused;
    tf_writer f = {.nodes = NULL};
    const int64_t steps[] = {-1, 4};
    tf_placeholder(&f, "x", 2, (const int64_t[]){1, 4});
    tf_type(&f, "T", TF_FLOAT); /* says nothing new */
    tf_text(&f, "_class", "loc:@x");
    tf_float(&f, "factor", 0.5f);
    tf_list(&f, "steps", 2, steps);
    tf_text(&f, "mode", "NEGATED");
    tf_node(&f, "Frobnicate", "frob", "x");
    write_file("plugin-test.pb", f.file.data, f.file.size);
    wire_free(&f.file);
    gives("plugin-test.pb", NULL, 2, 0);
    f = (tf_writer){.nodes = NULL};
    tf_placeholder(&f, "x", 2, (const int64_t[]){1, 4});
    tf_int(&f, "tractor", 2);
    tf_node(&f, "Frobnicate", "frob", "x");
    write_file("plugin-test.pb", f.file.data, f.file.size);
    wire_free(&f.file);
    refuses("plugin-test.pb", true, SOLDER_ERROR_DATA, "has no attribute 'tractor'");
    refuses("plugin-test.pb", false, SOLDER_ERROR_UNSUPPORTED, "'frob' (Frobnicate)");
    (void)remove("plugin-test.pb");
}

/* ---- UFF ---- */

static void uff(void **unused)
{
    (void)unused;
    static const char *const spellings[] = {"_Frobnicate", "Frobnicate"};
    for (int i = 0; i < 2; i++) {
        uff_writer f = {.file = {0}};
        uff_input(&f, "x", 2, (const int64_t[]){-1, 4});
        uff_shape(&f, "steps", 2, (const int64_t[]){2, 3});
        uff_int(&f, "factor", 5);
        uff_text(&f, "mode", "NEGATED");
        uff_node(&f, spellings[i], "frob", "x");
        uff_node(&f, "MarkOutput", "out", "frob");
        uff_close(&f);
        write_file("plugin-test.uff", f.file.data, f.file.size);
        wire_free(&f.file);
        gives("plugin-test.uff", NULL, -30, 0);
    }
    uff_writer f = {.file = {0}};
    uff_input(&f, "x", 2, (const int64_t[]){-1, 4});
    uff_int(&f, "tractor", 5);
    uff_node(&f, "_Frobnicate", "frob", "x");
    uff_node(&f, "MarkOutput", "out", "frob");
    uff_close(&f);
    write_file("plugin-test.uff", f.file.data, f.file.size);
    wire_free(&f.file);
    refuses("plugin-test.uff", true, SOLDER_ERROR_DATA, "has no attribute 'tractor'");
    refuses("plugin-test.uff", false, SOLDER_ERROR_UNSUPPORTED, "'frob' (_Frobnicate)");
    (void)remove("plugin-test.uff");
}

/* ---- out of memory ---- */

typedef struct failing {
    long calls, fail_at, live;
} failing;

static void *failing_alloc(void *user, size_t size, size_t align)
{
    failing *f = user;
    if (size == (size_t)64 * 1024 || f->calls++ == f->fail_at) {
        return NULL; /* blocks of arenas never: so that every allocation comes here */
    }
    void *pointer = aligned_alloc(align, (size + align - 1) / align * align);
    f->live += pointer != NULL;
    return pointer;
}

static void failing_release(void *user, void *pointer, size_t size)
{
    failing *f = user;
    (void)size;
    f->live -= pointer != NULL;
    free(pointer);
}

static solder_status import_with(failing *f, const char *model)
{
    solder_builder_options options = {.struct_size = sizeof options,
                                      .allocator = {f, failing_alloc, failing_release}};
    solder_builder *b;
    solder_network *n;
    solder_status status = solder_builder_create(&options, &b);
    if (status != SOLDER_OK) {
        return status;
    }
    status = solder_load_plugin(b, LIBRARY);
    status = status ? status : solder_import(b, model, NULL, NULL, &n);
    if (status != SOLDER_OK && status != SOLDER_ERROR_MEMORY) {
        print_error("%ld: %s\n", f->fail_at, solder_builder_message(b));
    }
    solder_builder_destroy(b);
    return status;
}

static void sweep(const char *model)
{
    failing count = {.fail_at = -1};
    assert_int_equal(import_with(&count, model), SOLDER_OK);
    assert_int_equal(count.live, 0);
    for (long i = 0; i < count.calls; i++) {
        failing f = {.fail_at = i};
        assert_int_equal(import_with(&f, model), SOLDER_ERROR_MEMORY);
        assert_int_equal(f.live, 0);
    }
    (void)remove(model);
}

static void lack_of_memory(void **unused)
{
    (void)unused;
    onnx_writer f;
    tf_writer t = {.nodes = NULL};
    const int64_t steps[] = {2, 3};
    caffe_net("frob_param { steps: 2 steps: 5 note: 'it is' inner { offset: 1.5 } }");
    sweep("plugin-test.prototxt");
    onnx_begin(&f);
    onnx_float(&f, "factor", 0.5f);
    onnx_ints(&f, "steps", 2, steps);
    onnx_string(&f, "note", "hello");
    onnx_end(&f, "my.company", "Frobnicate");
    sweep("plugin-test.onnx");
    tf_placeholder(&t, "x", 2, (const int64_t[]){1, 4});
    tf_float(&t, "factor", 0.5f);
    tf_list(&t, "steps", 2, steps);
    tf_text(&t, "note", "hello");
    tf_node(&t, "Frobnicate", "frob", "x");
    write_file("plugin-test.pb", t.file.data, t.file.size);
    wire_free(&t.file);
    sweep("plugin-test.pb");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(caffe),          cmocka_unit_test(caffe_chain),
        cmocka_unit_test(caffe_weights),  cmocka_unit_test(caffe_errors),
        cmocka_unit_test(onnx),           cmocka_unit_test(onnx_errors),
        cmocka_unit_test(tensorflow),     cmocka_unit_test(uff),
        cmocka_unit_test(lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
