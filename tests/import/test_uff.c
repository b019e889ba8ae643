/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UFF files: those of tests/import/uff, written as NVIDIA's converter wrote them, against what
 * TensorFlow computed; inputs as registerInput took them; and what is refused.
 */
#include <stdio.h>

#include "base/file.h"
#include "import/import.h"
#include "import/uff_writer.h"
#include "npy_check.h"
#include "passes/pass.h"

#define FILES SOURCE_DIR "/tests/import/uff"

typedef struct uff_bench {
    uff_writer f;
    solder_import_options options;
    solder_input_spec specs[2];
    const char *outputs[2];
    const solder_allocator *allocator;
    sld_diag diag;
    sld_import import;
    sld_graph *graph;
    sld_arena arena;
    sld_tensor results[16];
    uint8_t *copy;
} uff_bench;

static void open_bench(uff_bench *b)
{
    memset(b, 0, sizeof *b);
    b->options.struct_size = sizeof b->options;
    b->options.inputs = b->specs;
    b->options.outputs = b->outputs;
}

static solder_status import_bytes(uff_bench *b, const void *data, size_t size)
{
    sld_diag_init(&b->diag, NULL);
    sld_arena_init(&b->arena, NULL, 0);
    b->copy = test_malloc(size + (size == 0));
    if (size != 0) {
        memcpy(b->copy, data, size);
    }
    b->import = (sld_import){.model_path = "net.uff",
                             .model = {b->copy, size},
                             .options = &b->options,
                             .diag = &b->diag,
                             .allocator = b->allocator};
    solder_status status = sld_graph_create(b->allocator, &b->diag, &b->graph);
    if (status == SOLDER_OK) {
        b->import.graph = b->graph;
        status = sld_importer_uff.import(&b->import);
    }
    return status;
}

static void reset(uff_bench *b)
{
    sld_arena_free(&b->arena);
    sld_graph_destroy(b->graph);
    test_free(b->copy);
    b->graph = NULL;
}

static void close_bench(uff_bench *b)
{
    reset(b);
    wire_free(&b->f.file);
}

static void import_file(uff_bench *b)
{
    if (import_bytes(b, b->f.file.data, b->f.file.size) != SOLDER_OK ||
        sld_graph_verify(b->graph) != SOLDER_OK) {
        fail_msg("%s", b->diag.message);
    }
}

static void expect(uff_bench *b, solder_status status, const char *message)
{
    assert_int_equal(import_bytes(b, b->f.file.data, b->f.file.size), status);
    assert_string_equal(b->diag.message, message);
    close_bench(b);
}

static void run(uff_bench *b, const sld_tensor *x)
{
    if (sld_graph_evaluate(b->graph, &b->diag, NULL, x, &b->arena, b->results, NULL, NULL) !=
        SOLDER_OK) {
        fail_msg("%s", b->diag.message);
    }
}

#define D(...)                                                                                     \
    (int64_t[])                                                                                    \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define F(...)                                                                                     \
    (float[])                                                                                      \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

/* ---- files as the converter wrote them ---- */

static void file_is(const char *name, const char *file_name, int outputs, bool optimized)
{
    uff_bench b;
    char path[512];
    sld_file file;
    sld_tensor x, y;
    open_bench(&b);
    (void)snprintf(path, sizeof path, FILES "/%s", file_name);
    assert_int_equal(sld_file_map(NULL, path, &file), SOLDER_OK);
    assert_true(sld_importer_uff.recognise(file.data, file.size));
    assert_false(sld_importer_tensorflow.recognise(file.data, file.size));
    if (import_bytes(&b, file.data, file.size) != SOLDER_OK) {
        fail_msg("%s: %s", file_name, b.diag.message);
    }
    sld_file_unmap(&file);
    if (optimized) {
        const sld_pass_options options = {.alignment = 64};
        assert_int_equal(sld_passes_run(b.graph, &options), SOLDER_OK);
    }
    (void)snprintf(path, sizeof path, FILES "/%s.x.npy", name);
    assert_true(npy_read(path, &x));
    run(&b, &x);
    assert_int_equal(b.graph->output_count, outputs);
    for (int i = 0; i < outputs; i++) {
        (void)snprintf(path, sizeof path, FILES "/%s.y%d.npy", name, i);
        assert_true(npy_read(path, &y));
        const sld_tensor *got = &b.results[i];
        assert_int_equal(got->rank, y.rank);
        for (int k = 0; k < y.rank; k++) {
            assert_int_equal(got->dim[k], y.dim[k]);
        }
        for (int64_t k = 0; k < sld_tensor_count(&y); k++) {
            double a = sld_at_f64(got, k), e = sld_at_f64(&y, k);
            if (!(fabs(a - e) <= 1e-5 + 1e-4 * fabs(e))) {
                fail_msg("%s, output %d, element %lld: %.9g, expected %.9g", file_name, i,
                         (long long)k, a, e);
            }
        }
        free(y.data);
    }
    free(x.data);
    close_bench(&b);
}

static const struct {
    const char *name;
    int outputs;
} files[] = {{"lenet", 1},  {"mobile", 2},    {"deconv", 2},  {"nchw", 2},  {"orders", 3},
             {"pooled", 5}, {"functions", 1}, {"shapes", 14}, {"custom", 2}};

static void converter_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(files); i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "%s.uff", files[i].name);
        file_is(files[i].name, name, files[i].outputs, false);
        file_is(files[i].name, name, files[i].outputs, true);
    }
}

static void text_form(void **state)
{
    (void)state;
    file_is("lenet", "lenet.pbtxt", 1, false);
}

static void text_errors(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"nodes { id: 'a' }\n", "uff: line 3, column 1: no such field here (at 'nodes')"},
        {"graphs { id: main }", "uff: line 3, column 14: a string is expected (at 'main')"},
        {"graphs { id: 'a'", "uff: line 3, column 17: a field is expected (at the end)"},
        {"graphs: [", "uff: line 3, column 9: '{' is expected (at '[')"},
        {"graphs { nodes { fields { value { i: 1.5 } } } }",
         "uff: line 3, column 38: a number is expected (at '1.5')"},
    };
    (void)state;
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(cases); i++) {
        uff_bench b;
        open_bench(&b);
        wire_raw(&b.f.file, "version: 1\ndescriptor_core_version: 1\n", 38);
        wire_raw(&b.f.file, cases[i].text, strlen(cases[i].text));
        expect(&b, SOLDER_ERROR_DATA, cases[i].message);
    }
}

/* ---- inputs ---- */

static const int64_t nhwc[] = {0, 2, INT32_MAX, 1}, hwio[] = {2, INT32_MAX, 1, 0};

/* y = x[..., 0] + 10 x[..., 1] of an image [-1, 1, 2, 2]. */
static void write_pointwise(uff_bench *b)
{
    open_bench(b);
    uff_input(&b->f, "x", 4, D(-1, 1, 2, 2));
    uff_const(&b->f, "w", UFF_FLOAT, 4, D(1, 1, 2, 1), F(1, 10), 8);
    uff_orders(&b->f, "orders_N+C_+CK", 4, nhwc, hwio);
    uff_reference(&b->f, "inputs_orders", "orders_N+C_+CK");
    uff_shape(&b->f, "strides", 2, D(1, 1));
    uff_node(&b->f, "Conv", "y", "x w");
    uff_node(&b->f, "MarkOutput", "MarkOutput_0", "y");
    uff_close(&b->f);
}

static void input_is(uff_bench *b, int rank, const int64_t *dims, const float *data)
{
    import_file(b);
    const sld_value *x = b->graph->inputs[0];
    assert_int_equal(x->shape.rank, rank);
    sld_tensor t = sld_tensor_make((void *)(uintptr_t)data, SOLDER_F32, rank, dims);
    run(b, &t);
    assert_float_equal(sld_at_f64(&b->results[0], 0), 21, 0);
    assert_float_equal(sld_at_f64(&b->results[0], 1), 43, 0);
    close_bench(b);
}

/* In the file's order; without the batch as registerInput had it; and both declared NHWC. */
static void registered_inputs(void **state)
{
    (void)state;
    uff_bench b;
    write_pointwise(&b);
    input_is(&b, 4, D(1, 1, 2, 2), F(1, 2, 3, 4));
    write_pointwise(&b);
    b.specs[0] = (solder_input_spec){.name = "x", .dims = {.rank = 4, .d = {1, 1, 2, 2}}};
    b.options.input_count = 1;
    input_is(&b, 4, D(1, 1, 2, 2), F(1, 2, 3, 4));
    write_pointwise(&b);
    b.specs[0] = (solder_input_spec){.name = "x", .dims = {.rank = 3, .d = {2, 1, 2}}};
    b.options.input_count = 1;
    input_is(&b, 4, D(1, 2, 1, 2), F(1, 3, 2, 4));
    write_pointwise(&b);
    b.specs[0] = (solder_input_spec){.dims = {.rank = 3, .d = {1, 2, 2}}, .nhwc = true};
    b.options.input_count = 1;
    input_is(&b, 4, D(1, 1, 2, 2), F(1, 2, 3, 4));
}

static void outputs_chosen(void **state)
{
    (void)state;
    uff_bench b;
    write_pointwise(&b);
    b.outputs[0] = "w";
    b.options.output_count = 1;
    import_file(&b);
    assert_string_equal(b.graph->outputs[0]->name, "w");
    close_bench(&b);
    write_pointwise(&b);
    b.outputs[0] = "why";
    b.options.output_count = 1;
    assert_int_equal(import_bytes(&b, b.f.file.data, b.f.file.size), SOLDER_ERROR_NOT_FOUND);
    assert_non_null(strstr(b.diag.message, "uff: there is no output 'why'"));
    close_bench(&b);
}

/* ---- refused ---- */

static void wrong_version(void **state)
{
    (void)state;
    uff_bench b;
    open_bench(&b);
    uff_input(&b.f, "x", 1, D(2));
    uff_close_version(&b.f, 2);
    expect(&b, SOLDER_ERROR_VERSION,
           "uff: the file has version 2 with core operators 1; this reads 1 with 1, which all "
           "converters up to 0.6.9 write");
}

static void everything_unsupported_at_once(void **state)
{
    (void)state;
    uff_bench b;
    open_bench(&b);
    uff_input(&b.f, "x", 2, D(1, 2));
    uff_node(&b.f, "_Frobnicate", "nms", "x");
    uff_text(&b.f, "func", "swish");
    uff_node(&b.f, "Activation", "act", "x");
    uff_text(&b.f, "func", "pow");
    uff_node(&b.f, "Unary", "pow", "x");
    uff_text(&b.f, "func", "neg");
    uff_int(&b.f, "mode", 3);
    uff_node(&b.f, "Unary", "neg", "x");
    uff_close(&b.f);
    expect(&b, SOLDER_ERROR_UNSUPPORTED,
           "uff: 4 nodes are not supported: 'nms' (_Frobnicate), 'act' (Activation: func 'swish'), "
           "'pow' (Unary: pow without an exponent: the converter lost it), 'neg' (Unary: "
           "attribute 'mode' is not known)");
}

static void refuse_node(const char *op, const char *in, const char *message)
{
    uff_bench b;
    open_bench(&b);
    uff_input(&b.f, "x", 2, D(1, 2));
    uff_node(&b.f, op, "y", in);
    uff_node(&b.f, "MarkOutput", "MarkOutput_0", "y");
    uff_close(&b.f);
    expect(&b, SOLDER_ERROR_DATA, message);
}

static void malformed_nodes(void **state)
{
    (void)state;
    refuse_node("Unary", "x", "uff: node 'y' (Unary): field 'func' is missing");
    refuse_node("Identity", "x x", "uff: node 'y' (Identity): it has 2 inputs, not 1");
    refuse_node("Identity", "z", "uff: node 'y' (Identity) reads 'z', which is defined nowhere");
    refuse_node("Identity", "y", "uff: node 'y' (Identity) reads 'y': the graph has a cycle");
    refuse_node("Const", "", "uff: node 'y' (Const): field 'values' is missing");
    refuse_node("Stack", "x", "uff: node 'y' (Stack): field 'axis' is missing");
    refuse_node("Conv", "x x", "uff: node 'y' (Conv): the input has rank 2");
}

static void malformed_files(void **state)
{
    (void)state;
    uff_bench b;
    open_bench(&b);
    uff_input(&b.f, "x", 1, D(2));
    uff_input(&b.f, "x", 1, D(2));
    uff_close(&b.f);
    expect(&b, SOLDER_ERROR_DATA, "uff: node 1 ('x') is there twice");
    open_bench(&b);
    uff_reference(&b.f, "values", "weights_w");
    uff_node(&b.f, "Const", "w", "");
    uff_close(&b.f);
    expect(&b, SOLDER_ERROR_DATA,
           "node 'w': uff: field 'values' refers to 'weights_w', which the file does not have");
    open_bench(&b);
    uff_const(&b.f, "w", UFF_FLOAT, 1, D(2), F(1), 4);
    uff_node(&b.f, "Identity", "y", "w");
    uff_close(&b.f);
    expect(&b, SOLDER_ERROR_DATA,
           "uff: node 'w' (Const): it has 4 bytes of data, its shape needs 8");
    open_bench(&b);
    uff_const(&b.f, "w", UFF_FLOAT, 1, D(9), "(...36 bytes skipped...)", 24);
    uff_node(&b.f, "Identity", "y", "w");
    uff_close(&b.f);
    expect(&b, SOLDER_ERROR_DATA,
           "uff: node 'w' (Const): this text form leaves its values out: give the binary .uff");
    open_bench(&b);
    uff_const(&b.f, "w", UFF_FLOAT, 2, D((int64_t)1 << 32, (int64_t)1 << 32), F(1), 4);
    uff_node(&b.f, "Identity", "y", "w");
    uff_close(&b.f);
    expect(&b, SOLDER_ERROR_DATA, "uff: node 'w' (Const): its shape is open or too large");
    open_bench(&b);
    wire_int(&b.f.file, 1, 1);
    wire_int(&b.f.file, 2, 1);
    expect(&b, SOLDER_ERROR_DATA, "uff: the file holds no graph");
}

/* A list many nodes refer to is not copied for each. */
static void referred_list(void **state)
{
    (void)state;
    uff_bench b;
    static int64_t values[2000];
    open_bench(&b);
    wire_buffer data = {0}, list = uff_list(2000, values);
    wire_message(&data, 8, &list);
    uff_entry(&b.f.references, 5, "long", &data);
    uff_input(&b.f, "x", 1, D(2));
    uff_reference(&b.f, "axes", "long");
    uff_node(&b.f, "Squeeze", "y", "x");
    uff_close(&b.f);
    assert_int_equal(import_bytes(&b, b.f.file.data, b.f.file.size), SOLDER_ERROR_DATA);
    assert_non_null(strstr(b.diag.message, "refers to a list of"));
    close_bench(&b);
}

/* Nor are weights read once for each of many constants. */
static void referred_weights(void **state)
{
    (void)state;
    uff_bench b;
    static uint8_t bytes[1 << 18];
    open_bench(&b);
    uff_const(&b.f, "w", UFF_INT8, 1, D(sizeof bytes), bytes, sizeof bytes);
    for (int i = 0; i < 64; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "w%d", i);
        uff_shape(&b.f, "shape", 1, D(sizeof bytes));
        uff_type(&b.f, "dtype", UFF_INT8);
        uff_reference(&b.f, "values", "weights_w");
        uff_node(&b.f, "Const", name, "");
    }
    uff_close(&b.f);
    expect(&b, SOLDER_ERROR_DATA,
           "node 'w19': uff: field 'values' refers to data that is referred to too often");
}

/* Groups of two channels, which a filter of two could also take for a depthwise one. */
static void grouped_convolution(void **state)
{
    (void)state;
    uff_bench b;
    open_bench(&b);
    uff_input(&b.f, "x", 4, D(1, 1, 1, 4));
    uff_const(&b.f, "w", UFF_FLOAT, 4, D(1, 1, 2, 2), F(1, 10, 100, 1000), 16);
    uff_orders(&b.f, "orders_N+C_+CK", 4, nhwc, hwio);
    uff_reference(&b.f, "inputs_orders", "orders_N+C_+CK");
    uff_int(&b.f, "number_groups", 2);
    uff_node(&b.f, "Conv", "y", "x w");
    uff_node(&b.f, "MarkOutput", "MarkOutput_0", "y");
    uff_close(&b.f);
    import_file(&b);
    const sld_tensor x = sld_tensor_make(F(1, 2, 3, 4), SOLDER_F32, 4, D(1, 1, 1, 4));
    run(&b, &x);
    assert_int_equal(sld_tensor_count(&b.results[0]), 2);
    assert_float_equal(sld_at_f64(&b.results[0], 0), 201, 0);
    assert_float_equal(sld_at_f64(&b.results[0], 1), 4030, 0);
    close_bench(&b);
}

static void claimed_sizes(void **state)
{
    (void)state;
    uff_bench b;
    open_bench(&b);
    wire_int(&b.f.file, 1, 1);
    wire_int(&b.f.file, 2, 1);
    wire_varint(&b.f.file, 4 << 3 | 2);
    wire_varint(&b.f.file, 1u << 30);
    wire_raw(&b.f.file, "abc", 3);
    expect(&b, SOLDER_ERROR_DATA, "uff: the file is truncated at byte 4");
}

static void damaged(void **state)
{
    (void)state;
    uff_bench b;
    write_pointwise(&b);
    for (size_t i = 0; i < b.f.file.size * 8; i++) {
        b.f.file.data[i / 8] ^= (uint8_t)(1u << (i % 8));
        if (import_bytes(&b, b.f.file.data, b.f.file.size) == SOLDER_OK) {
            assert_int_equal(sld_graph_verify(b.graph), SOLDER_OK);
        }
        reset(&b);
        b.f.file.data[i / 8] ^= (uint8_t)(1u << (i % 8));
    }
    for (size_t size = 0; size < b.f.file.size; size++) {
        if (import_bytes(&b, b.f.file.data, size) != SOLDER_OK) {
            assert_non_null(strstr(b.diag.message, "uff: "));
        }
        reset(&b);
    }
    import_file(&b);
    close_bench(&b);
}

static void *failing_alloc(void *user, size_t size, size_t align)
{
    size_t *left = user;
    if (*left == 0) {
        return NULL;
    }
    --*left;
    return sld_libc_allocator.alloc(NULL, size, align);
}

static void failing_release(void *user, void *pointer, size_t size)
{
    (void)user;
    sld_libc_allocator.release(NULL, pointer, size);
}

static void out_of_memory(void **state)
{
    (void)state;
    uff_bench b;
    size_t left;
    const solder_allocator allocator = {&left, failing_alloc, failing_release};
    write_pointwise(&b);
    b.allocator = &allocator;
    solder_status status = SOLDER_ERROR_MEMORY;
    for (size_t n = 0; status != SOLDER_OK; n++) {
        left = n;
        status = import_bytes(&b, b.f.file.data, b.f.file.size);
        assert_true(status == SOLDER_OK || status == SOLDER_ERROR_MEMORY);
        if (status != SOLDER_OK) {
            reset(&b);
        }
    }
    close_bench(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(converter_files),
        cmocka_unit_test(text_form),
        cmocka_unit_test(text_errors),
        cmocka_unit_test(registered_inputs),
        cmocka_unit_test(outputs_chosen),
        cmocka_unit_test(wrong_version),
        cmocka_unit_test(everything_unsupported_at_once),
        cmocka_unit_test(malformed_nodes),
        cmocka_unit_test(malformed_files),
        cmocka_unit_test(referred_list),
        cmocka_unit_test(referred_weights),
        cmocka_unit_test(grouped_convolution),
        cmocka_unit_test(claimed_sizes),
        cmocka_unit_test(damaged),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
