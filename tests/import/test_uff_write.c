/* SPDX-License-Identifier: Apache-2.0 */
/* From a TensorFlow graph to a UFF file and back: the same bits; what cannot be written is named.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "check.h"
#include "import/graphdef/graphdef.h"
#include "import/import.h"
#include "import/tf_writer.h"
#include "import/uff/uff_write.h"

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

static sld_diag diag;
static const char *const *outputs;
static size_t output_count;
static const solder_allocator *allocator;

static solder_status write_uff(const sld_file *model, const char *path)
{
    const solder_import_options options = {
        .struct_size = sizeof options, .outputs = outputs, .output_count = output_count};
    sld_import import = {.model_path = "net.pb",
                         .model = *model,
                         .options = &options,
                         .diag = &diag,
                         .allocator = allocator};
    sld_diag_init(&diag, NULL);
    SLD_TRY(sld_graph_create(allocator, &diag, &import.graph));
    solder_status status = sld_uff_write(&import, sld_graphdef_read, path);
    sld_graph_destroy(import.graph);
    return status;
}

typedef struct evaluated {
    sld_graph *graph;
    sld_arena arena;
    sld_tensor results[16];
} evaluated;

static void evaluate(evaluated *e, const sld_importer *importer, const sld_file *file,
                     const sld_tensor *x)
{
    const solder_import_options options = {
        .struct_size = sizeof options, .outputs = outputs, .output_count = output_count};
    sld_arena_init(&e->arena, NULL, 0);
    assert_int_equal(sld_graph_create(NULL, &diag, &e->graph), SOLDER_OK);
    sld_import import = {
        .model_path = "net", .model = *file, .options = &options, .diag = &diag, .graph = e->graph};
    assert_true(importer->recognise(file->data, file->size));
    if (importer->import(&import) != SOLDER_OK ||
        sld_graph_evaluate(e->graph, &diag, NULL, x, &e->arena, e->results, NULL, NULL) !=
            SOLDER_OK) {
        fail_msg("%s", diag.message);
    }
}

static void release(evaluated *e)
{
    sld_arena_free(&e->arena);
    sld_graph_destroy(e->graph);
}

/* In both forms; returns how many operators stayed TensorFlow's. */
static int same_bits(tf_writer *f, const sld_tensor *x)
{
    static const char *const names[] = {BINARY_DIR "/write.uff", BINARY_DIR "/write.pbtxt"};
    const sld_file model = {f->file.data, f->file.size};
    int custom = 0;
    evaluated want, got;
    evaluate(&want, &sld_importer_tensorflow, &model, x);
    for (int form = 0; form < 2; form++) {
        sld_file file;
        if (write_uff(&model, names[form]) != SOLDER_OK) {
            fail_msg("%s", diag.message);
        }
        assert_int_equal(sld_file_map(NULL, names[form], &file), SOLDER_OK);
        evaluate(&got, &sld_importer_uff, &file, x);
        assert_int_equal(got.graph->output_count, want.graph->output_count);
        for (size_t i = 0; i < want.graph->output_count; i++) {
            const sld_tensor *a = &want.results[i], *b = &got.results[i];
            assert_string_equal(want.graph->outputs[i]->name, got.graph->outputs[i]->name);
            assert_int_equal(a->dtype, b->dtype);
            assert_int_equal(sld_tensor_count(a), sld_tensor_count(b));
            assert_memory_equal(a->data, b->data,
                                (size_t)sld_tensor_count(a) * solder_dtype_size(a->dtype));
        }
        for (size_t i = 0; form == 0 && i + 2 < file.size; i++) { /* field 3 of a node: "_Name" */
            custom += file.data[i] == 0x1a && file.data[i + 1] < 40 && file.data[i + 2] == '_';
        }
        release(&got);
        sld_file_unmap(&file);
        (void)unlink(names[form]);
    }
    release(&want);
    wire_free(&f->file);
    return custom;
}

static sld_tensor tensor(const float *data, int rank, const int64_t *dims)
{
    return sld_tensor_make((void *)(uintptr_t)data, SOLDER_F32, rank, dims);
}

static void window(tf_writer *f, const char *padding, const char *format)
{
    tf_text(f, "padding", padding);
    tf_text(f, "data_format", format);
    tf_list(f, "strides", 4, D(1, 1, 1, 1));
    tf_type(f, "T", TF_FLOAT);
}

static const float image[] = {1, -2, 3, 4, -5, 6, 7, 8, -9, 10, 11, -12, 13, 14, 15, -16, 17, 18};

/* Core operators, identities left out, an unused branch left out, an output behind an identity. */
static void core_operators(void **state)
{
    (void)state;
    tf_writer f = {0};
    tf_placeholder(&f, "x", 4, D(-1, 3, 3, 2));
    tf_floats(&f, "w", 4, D(1, 2, 2, 2), F(1, 0, 0, 1, 0.5f, 0, 0, -3), 8);
    tf_node(&f, "Identity", "w/read", "w");
    window(&f, "SAME", "NHWC");
    tf_node(&f, "Conv2D", "conv", "x w/read");
    tf_floats(&f, "b", 1, D(2), F(0.25f, -1), 2);
    tf_text(&f, "data_format", "NHWC");
    tf_node(&f, "BiasAdd", "bias", "conv b");
    tf_node(&f, "Relu", "relu", "bias");
    tf_list(&f, "ksize", 4, D(1, 2, 2, 1));
    window(&f, "VALID", "NHWC");
    tf_node(&f, "AvgPool", "pool", "relu");
    tf_ints(&f, "axes", 2, (int32_t[]){1, 2});
    tf_bool(&f, "keep_dims", false);
    tf_node(&f, "Mean", "mean", "pool axes");
    tf_node(&f, "Softmax", "soft", "mean");
    tf_node(&f, "Identity", "prob", "soft");
    tf_int(&f, "answer", 42);
    tf_node(&f, "DecodeWav", "elsewhere", "x");
    static const char *const prob[] = {"prob"};
    outputs = prob;
    output_count = 1;
    sld_tensor x = tensor(image, 4, D(1, 3, 3, 2));
    assert_int_equal(same_bits(&f, &x), 0);
    outputs = NULL;
    output_count = 0;
}

/* NCHW, whose bias is laid along the channels; padding that is not symmetric; outputs by number;
 * types UFF does not have; constants by value, repeated and spelled out. */
static void custom_operators(void **state)
{
    (void)state;
    tf_writer f = {0};
    tf_placeholder(&f, "x", 4, D(1, 2, 3, 3));
    tf_floats(&f, "w", 4, D(1, 1, 2, 2), F(1, 2, 3, 4), 4);
    window(&f, "VALID", "NCHW");
    tf_node(&f, "Conv2D", "conv", "x w");
    tf_floats(&f, "b", 1, D(2), F(0.25f, -1), 2);
    tf_text(&f, "data_format", "NCHW");
    tf_node(&f, "BiasAdd", "bias", "conv b");
    tf_list(&f, "explicit_paddings", 8, D(0, 0, 0, 0, 1, 0, 0, 2));
    window(&f, "EXPLICIT", "NCHW");
    tf_node(&f, "Conv2D", "lopsided", "bias w");
    tf_list(&f, "explicit_paddings", 8, D(0, 0, 0, 0, 1, 1, 2, 2));
    window(&f, "EXPLICIT", "NCHW");
    tf_node(&f, "Conv2D", "even", "bias w");
    tf_ints(&f, "axis", 1, (int32_t[]){1});
    tf_int(&f, "num_split", 2);
    tf_node(&f, "Split", "split", "axis x");
    tf_const(&f, "five", TF_FLOAT, 4, D(1, 1, 3, 3), 5, F(5), 4);
    tf_node(&f, "Mul", "product", "split:1 five");
    tf_const(&f, "yes", TF_BOOL, 4, D(1, 1, 1, 3), 11, (uint8_t[]){1, 0, 1}, 3);
    tf_node(&f, "SelectV2", "chosen", "yes product split");
    tf_type(&f, "DstT", TF_HALF);
    tf_type(&f, "SrcT", TF_FLOAT);
    tf_node(&f, "Cast", "half", "chosen");
    tf_const(&f, "large", TF_FLOAT, 1, D(70000), 5, F(2), 4);
    tf_ints(&f, "zero", 1, (int32_t[]){0});
    tf_node(&f, "Sum", "total", "large zero");
    tf_node(&f, "Mul", "scaled", "even total");
    sld_tensor x = tensor(image, 4, D(1, 2, 3, 3));
    assert_int_equal(same_bits(&f, &x), 4); /* Conv2D, Split, SelectV2, Cast */
}

/* Functions are unfolded. */
static void functions(void **state)
{
    (void)state;
    tf_writer f = {0};
    wire_buffer function = {0}, signature = {0}, arg = {0}, ret = {0}, map = {0}, library = {0};
    wire_buffer call = {0}, value = {0};
    tf_placeholder(&f, "x", 1, D(2));
    wire_text(&call, 1, "twice");
    wire_message(&value, 10, &call);
    tf_attribute(&f, "f", &value);
    tf_node(&f, "PartitionedCall", "call", "x");
    wire_text(&signature, 1, "twice");
    wire_text(&arg, 1, "in");
    wire_message(&signature, 2, &arg);
    wire_text(&ret, 1, "out");
    wire_message(&signature, 3, &ret);
    wire_message(&function, 1, &signature);
    f.nodes = &function;
    tf_node(&f, "AddV2", "sum", "in in");
    tf_node(&f, "Neg", "minus", "sum:z:0");
    wire_text(&map, 1, "out");
    wire_text(&map, 2, "minus:y:0");
    wire_message(&function, 4, &map);
    wire_message(&library, 1, &function);
    wire_message(&f.file, 2, &library);
    sld_tensor x = tensor(image, 1, D(2));
    assert_int_equal(same_bits(&f, &x), 0);
}

/* ---- running out of memory ---- */

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

/* ---- networks of other formats ---- */

static solder_status write_network(sld_graph *graph, const char *path)
{
    const solder_import_options options = {.struct_size = sizeof options};
    sld_import import = {
        .options = &options, .diag = &diag, .graph = graph, .allocator = allocator};
    sld_diag_init(&diag, NULL);
    return sld_uff_write_network(&import, path);
}

static sld_graph *read_network(const char *text)
{
    sld_graph *graph;
    if (sld_graph_read(NULL, &diag, text, strlen(text), &graph) != SOLDER_OK) {
        fail_msg("%s", diag.message);
    }
    return graph;
}

/* Every core operator a network is written in, with the geometry Caffe and ONNX give it. */
static void networks(void **state)
{
    static const char text[] =
        "network \"n\"\n"
        "input %data f32[1,4,7,7]\n"
        "constant %w f32[6,2,3,3] random 7\n"
        "constant %b f32[6] random 8\n"
        "constant %v f32[6] fill 0.75\n"
        "constant %square f32[6,6,1,1] random 9\n"
        "constant %m f32[5,6] random 10\n"
        "constant %n f32[5] random 11\n"
        "%conv = Convolution(%data, %w, %b) {groups=2, stride=[2,1], pad_begin=[1,0], "
        "pad_end=[2,3]}\n"
        "%leaky = Activation(%conv) {kind=leaky_relu, alpha=0.25}\n"
        "%even = Convolution(%leaky, %square) {pad_begin=[1,1], pad_end=[1,1]}\n"
        "%max = Pooling(%even) {kind=max, window=[3,3], stride=[2,2], pad_begin=[1,1], "
        "pad_end=[1,1], round=ceil}\n"
        "%average = Pooling(%max) {kind=average_padded, window=[3,3], pad_begin=[1,1], "
        "pad_end=[1,1]}\n"
        "%scale = Scale(%average, %v, %b) {axis=1}\n"
        "%norm = BatchNorm(%scale, %v, %b, %b, %v)\n"
        "%lrn = LRN(%norm) {size=3, alpha=0.3, beta=0.5, k=1.5}\n"
        "%sum = ElementWise(%lrn, %scale) {kind=sum}\n"
        "%both = Concat(%sum, %norm) {axis=2}\n"
        "%soft = SoftMax(%both) {axis=1}\n"
        "%global = Pooling(%soft) {kind=average, global=true}\n"
        "%flat = Reshape(%global) {dims=[1,6]}\n"
        "%dense = MatMul(%flat, %m, %n) {trans_b=true}\n"
        "%tanh = Activation(%dense) {kind=tanh}\n"
        "%exp = Unary(%tanh) {kind=exp}\n"
        "output %sum\n"
        "output %exp\n";
    static const char path[] = BINARY_DIR "/network.uff";
    (void)state;
    float data[4 * 7 * 7];
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(data); i++) {
        data[i] = (float)((int)(i * 37 % 23) - 11) / 4;
    }
    sld_tensor x = tensor(data, 4, D(1, 4, 7, 7)), want[2];
    sld_arena arena;
    sld_arena_init(&arena, NULL, 0);
    sld_graph *graph = read_network(text);
    if (sld_graph_evaluate(graph, &diag, NULL, &x, &arena, want, NULL, NULL) != SOLDER_OK ||
        write_network(graph, path) != SOLDER_OK) {
        fail_msg("%s", diag.message);
    }
    sld_file file;
    evaluated got;
    assert_int_equal(sld_file_map(NULL, path, &file), SOLDER_OK);
    evaluate(&got, &sld_importer_uff, &file, &x);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(got.graph->outputs[i]->name, graph->outputs[i]->name);
        assert_int_equal(sld_tensor_count(&got.results[i]), sld_tensor_count(&want[i]));
        for (int64_t k = 0; k < sld_tensor_count(&want[i]); k++) {
            assert_float_equal(sld_at_f64(&got.results[i], k), sld_at_f64(&want[i], k), 1e-5);
        }
    }
    release(&got);
    sld_file_unmap(&file);
    size_t left;
    const solder_allocator failing = {&left, failing_alloc, failing_release};
    allocator = &failing;
    solder_status status = SOLDER_ERROR_MEMORY;
    for (size_t n = 0; status != SOLDER_OK; n++) {
        left = n;
        status = write_network(graph, path);
        assert_true(status == SOLDER_OK || status == SOLDER_ERROR_MEMORY);
    }
    allocator = NULL;
    (void)unlink(path);
    sld_arena_free(&arena);
    sld_graph_destroy(graph);
}

static void networks_without_words(void **state)
{
    (void)state;
    sld_graph *graph =
        read_network("network \"n\"\n"
                     "input %data f32[1,4,7,7]\n"
                     "%a = Pooling(%data) {kind=average, window=[3,3], pad_begin=[1,1]}\n"
                     "%s = SoftMax(%a) {axis=0}\n"
                     "%g = Activation(%s) {kind=gelu}\n"
                     "output %g\n");
    assert_int_equal(write_network(graph, BINARY_DIR "/none.uff"), SOLDER_ERROR_UNSUPPORTED);
    assert_string_equal(
        diag.message,
        "uff: 3 nodes are not supported: 'a' (Pooling: windows over the edge, which a Pool counts "
        "in another way), 's' (SoftMax: what a Softmax does not have), 'g' (Activation: a function "
        "the format has no name for)");
    assert_int_not_equal(access(BINARY_DIR "/none.uff", F_OK), 0);
    sld_graph_destroy(graph);
}

/* ---- refused ---- */

static void refused(tf_writer *f, solder_status status, const char *message)
{
    static const char path[] = BINARY_DIR "/refused.uff";
    const sld_file model = {f->file.data, f->file.size};
    assert_int_equal(write_uff(&model, path), status);
    assert_string_equal(diag.message, message);
    assert_int_not_equal(access(path, F_OK), 0);
    wire_free(&f->file);
}

static void what_has_no_form(void **state)
{
    (void)state;
    tf_writer f = {0};
    wire_buffer value = {0};
    tf_node(&f, "VarHandleOp", "v", "");
    tf_node(&f, "ReadVariableOp", "read", "v");
    refused(&f, SOLDER_ERROR_UNSUPPORTED,
            "tensorflow: the graph is not frozen: it reads 1 variable: 'v' (VarHandleOp)"
            "; freeze it first (tf.compat.v1.graph_util."
            "convert_variables_to_constants, or convert_variables_to_constants_v2 in TensorFlow "
            "2)");
    tf_placeholder(&f, "x", 1, D(2));
    wire_text(&value, 10, "");
    tf_attribute(&f, "body", &value);
    tf_node(&f, "While", "loop", "x");
    refused(&f, SOLDER_ERROR_DATA,
            "tensorflow: node 'loop' (While): function '' is not in the file");
    tf_placeholder(&f, "x", 1, D(2));
    wire_text(&value, 10, "");
    tf_attribute(&f, "f", &value);
    tf_node(&f, "MapDefun", "map", "x");
    refused(&f, SOLDER_ERROR_UNSUPPORTED,
            "tensorflow: 1 node is not supported: 'map' (MapDefun: attribute 'f' has no form in "
            "UFF)");
    tf_const(&f, "huge", TF_FLOAT, 1, D((int64_t)1 << 40), 5, F(5), 4);
    tf_node(&f, "Neg", "y", "huge");
    refused(&f, SOLDER_ERROR_UNSUPPORTED,
            "tensorflow: 1 node is not supported: 'huge' (Const: one value repeated over "
            "4398046511104 bytes)");
}

static void out_of_memory(void **state)
{
    (void)state;
    size_t left;
    const solder_allocator failing = {&left, failing_alloc, failing_release};
    tf_writer f = {0};
    tf_placeholder(&f, "x", 2, D(-1, 2));
    tf_floats(&f, "w", 2, D(2, 2), F(1, 2, 3, 4), 4);
    tf_node(&f, "MatMul", "product", "x w");
    tf_node(&f, "AddN", "y", "product product");
    const sld_file model = {f.file.data, f.file.size};
    allocator = &failing;
    solder_status status = SOLDER_ERROR_MEMORY;
    for (size_t n = 0; status != SOLDER_OK; n++) {
        left = n;
        status = write_uff(&model, BINARY_DIR "/memory.uff");
        assert_true(status == SOLDER_OK || status == SOLDER_ERROR_MEMORY);
        assert_int_equal(access(BINARY_DIR "/memory.uff", F_OK) == 0, status == SOLDER_OK);
    }
    allocator = NULL;
    (void)unlink(BINARY_DIR "/memory.uff");
    wire_free(&f.file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(core_operators), cmocka_unit_test(custom_operators),
        cmocka_unit_test(networks),       cmocka_unit_test(networks_without_words),
        cmocka_unit_test(functions),      cmocka_unit_test(what_has_no_form),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
