/* SPDX-License-Identifier: Apache-2.0 */
/* Small files that claim to be large: an answer from every importer within a few MiB of memory. */
#include "check.h"

#include "import/import.h"
#include "import/onnx_writer.h"

#define PEAK_MAX ((size_t)2 << 20)

typedef struct counted {
    size_t used, peak;
} counted;

static void *count_alloc(void *user, size_t size, size_t align)
{
    counted *c = user;
    if (size > PEAK_MAX) { /* so that the test itself needs no gibibyte to fail */
        c->peak = size;
        return NULL;
    }
    c->used += size;
    c->peak = c->used > c->peak ? c->used : c->peak;
    return sld_libc_allocator.alloc(NULL, size, align);
}

static void count_release(void *user, void *pointer, size_t size)
{
    counted *c = user;
    c->used -= pointer != NULL ? size : 0;
    sld_libc_allocator.release(NULL, pointer, size);
}

/* message NULL: the file is imported. */
static void imports(const sld_importer *importer, const char *path, const void *data, size_t size,
                    const char *message)
{
    counted memory = {0};
    const solder_allocator allocator = {&memory, count_alloc, count_release};
    const solder_import_options options = {.struct_size = sizeof options};
    static sld_diag diag;
    sld_diag_init(&diag, NULL);
    sld_import import = {.model_path = path,
                         .model = {data, size},
                         .options = &options,
                         .diag = &diag,
                         .allocator = &allocator};
    assert_int_equal(sld_graph_create(&allocator, &diag, &import.graph), SOLDER_OK);
    solder_status status = importer->import(&import);
    sld_graph_destroy(import.graph);
    if (message == NULL && status != SOLDER_OK) {
        fail_msg("%s", diag.message);
    } else if (message != NULL) {
        assert_int_not_equal(status, SOLDER_OK);
        assert_string_equal(diag.message, message);
    }
    if (memory.peak > PEAK_MAX) {
        fail_msg("%zu bytes were asked for (%s)", memory.peak, diag.message);
    }
    assert_int_equal(memory.used, 0);
}

/* ---- GraphDef ---- */

static void graph_bytes(const char *data, size_t size, const char *message)
{
    imports(&sld_importer_tensorflow, "net.pb", data, size, message);
}

static void graph_text(const char *text, const char *message)
{
    imports(&sld_importer_tensorflow, "net.pbtxt", text, strlen(text), message);
}

#define GI       "1073741824"
#define TWO_TO40 "1099511627776"
#define CONST(name, type, tensor)                                                                  \
    "node { name: '" name "' op: 'Const' attr { key: 'value' value { tensor { dtype: " type        \
    " " tensor " } } } } "
#define SHAPE(dims) "tensor_shape { " dims " } "
#define DIM(n)      "dim { size: " n " } "
#define NEG         "node { name: 'y' op: 'Neg' input: 'c' } "
#define X                                                                                          \
    "node { name: 'x' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } attr { "    \
    "key: 'shape' value { shape { dim { size: 1 } dim { size: 4 } } } } } "

static void graphdef(void **state)
{
    (void)state;
    /* A node, and a name in a node, of 1 GiB; an attribute's packed list */
    graph_bytes("\x0a\x80\x80\x80\x80\x04", 6, "tensorflow: the file is truncated at byte 0");
    graph_bytes("\x0a\x08\x0a\x80\x80\x80\x80\x04xy", 10,
                "tensorflow: the file is truncated at byte 2");
    graph_bytes("\x0a\x0f\x2a\x0d\x12\x0b\x0a\x09\x1a\x80\x80\x80\x80\x04\x01\x02\x03", 17,
                "tensorflow: the file is truncated at byte 8");
    graph_text(CONST("c", "DT_FLOAT", SHAPE(DIM(GI)) "float_val: 1") NEG, NULL);
    graph_text(CONST("c", "DT_FLOAT", SHAPE(DIM(GI))) NEG, NULL);
    graph_text(CONST("c", "DT_FLOAT", SHAPE(DIM(GI)) "float_val: [1, 2]") NEG,
               "tensorflow: node 'c' (Const): it has 2 values for 1073741824 elements");
    graph_text(CONST("c", "DT_FLOAT", SHAPE(DIM(GI)) "tensor_content: '\\000\\000\\000\\000'") NEG,
               "tensorflow: node 'c' (Const): it has 4 bytes of data, its shape needs 4294967296");
    graph_text(CONST("c", "DT_FLOAT", SHAPE(DIM(TWO_TO40) DIM(TWO_TO40)) "float_val: 1") NEG,
               "tensorflow: node 'c' (Const): its shape is open or too large");
    graph_text(CONST("c", "DT_FLOAT", SHAPE(DIM("-7")) "float_val: 1") NEG,
               "tensorflow: node 'c' (Const): its shape is not possible");
    graph_text("node { name: 'c' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } "
               "attr { key: 'shape' value { shape { dim { size: 1099511627776 } "
               "dim { size: 1099511627776 } } } } } " NEG,
               "tensorflow: input 'c': its dimensions are too large");
    graph_text(X "node { name: 'y' op: 'Split' input: 'axis' input: 'x' attr { key: 'num_split' "
                 "value { i: 1073741824 } } } " CONST("axis", "DT_INT32", "int_val: 1"),
               "tensorflow: 1 node is not supported: 'y' (Split: 1073741824 outputs)");
    graph_text(X "node { name: 'y' op: 'Tile' input: 'x' input: 'n' } " CONST(
                   "n", "DT_INT32", SHAPE(DIM("2")) "int_val: [32768, 32768]"),
               NULL);
    graph_text("node { name: 'y' op: 'Fill' input: 'n' input: 'v' } " CONST(
                   "n", "DT_INT32", SHAPE(DIM("2")) "int_val: [32768, 32768]")
                   CONST("v", "DT_FLOAT", "float_val: 1"),
               NULL);
    graph_text(
        X "node { name: 'y' op: 'Reshape' input: 'x' input: 'n' } " CONST(
            "n", "DT_INT32", SHAPE(DIM(GI)) "int_val: 1"),
        "tensorflow: 1 node is not supported: 'y' (Reshape: node 'y.5' (Reshape): the number "
        "of values in the new shape is not known or over 64)");
}

/* ---- UFF ---- */

static void uff_bytes(const char *data, size_t size, const char *message)
{
    imports(&sld_importer_uff, "net.uff", data, size, message);
}

#define UFF(nodes)                                                                                 \
    "version: 1 descriptor_core_version: 1 graphs { " nodes                                        \
    " nodes { id: 'out' inputs: 'y' operation: 'MarkOutput' } }"
#define FIELD(name, value) "fields { key: '" name "' value { " value " } } "
#define UFF_CONST(dims, values)                                                                    \
    "nodes { id: 'y' operation: 'Const' " FIELD("dtype", "dtype: DT_FLOAT32")                      \
        FIELD("shape", "i_list { val: [" dims "] }") FIELD("values", values) "}"

static void uff_text(const char *text, const char *message)
{
    uff_bytes(text, strlen(text), message);
}

static void uff(void **state)
{
    (void)state;
    /* The graph; a node's list of numbers; referenced data, of 1 GiB */
    uff_bytes("\x08\x01\x10\x01\x22\x80\x80\x80\x80\x04", 10,
              "uff: the file is truncated at byte 4");
    uff_bytes("\x08\x01\x10\x01\x22\x10\x12\x0e\x22\x0c\x12\x0a\x42\x08\x0a\x80\x80\x80\x80\x04\x01"
              "\x02",
              22, "uff: the file is truncated at byte 14");
    uff_bytes("\x08\x01\x10\x01\x2a\x80\x80\x80\x80\x04", 10,
              "uff: the file is truncated at byte 4");
    uff_text(UFF(UFF_CONST(GI, "blob: 'four'")),
             "uff: node 'y' (Const): it has 4 bytes of data, its shape needs 4294967296");
    uff_text(UFF(UFF_CONST(TWO_TO40 ", " TWO_TO40, "blob: 'four'")),
             "uff: node 'y' (Const): its shape is open or too large");
    uff_text(UFF(UFF_CONST(GI, "ref: 'w'")) "referenced_data { key: 'w' value { blob: 'four' } }",
             "uff: node 'y' (Const): it has 4 bytes of data, its shape needs 4294967296");
    uff_text(UFF(UFF_CONST("1, 1, 1, 1, 1, 1, 1, 1, 1", "blob: 'four'")),
             "uff: node 'y' (Const): shape has 9 values, at most 8 are possible");
    uff_text(UFF("nodes { id: 'y' operation: 'Input' " FIELD("shape", "i_list { val: [" TWO_TO40
                                                                      ", " TWO_TO40 "] }") "}"),
             "uff: input 'y': its dimensions are too large");
}

/* ---- ONNX ---- */

static void onnx_bytes(const void *data, size_t size, const char *message)
{
    imports(&sld_importer_onnx, "net.onnx", data, size, message);
}

/* x + w, where w has such dims and four bytes of data, or none. */
static void onnx_constant(int rank, const int64_t *dims, bool raw, const char *message)
{
    wire_buffer tensor = {0}, graph = {0}, node = {0}, opset = {0}, model = {0}, y = {0};
    for (int i = 0; i < rank; i++) {
        wire_int(&tensor, 1, dims[i]);
    }
    wire_int(&tensor, 2, ONNX_FLOAT);
    wire_text(&tensor, 8, "w");
    if (raw) {
        wire_bytes(&tensor, 9, "four", 4);
    }
    wire_text(&node, 1, "w");
    wire_text(&node, 2, "y");
    wire_text(&node, 4, "Neg");
    wire_text(&y, 1, "y");
    wire_message(&graph, 1, &node);
    wire_message(&graph, 5, &tensor);
    wire_message(&graph, 12, &y);
    wire_int(&opset, 2, 13);
    wire_int(&model, 1, 8);
    wire_message(&model, 7, &graph);
    wire_message(&model, 8, &opset);
    onnx_bytes(model.data, model.size, message);
    wire_free(&model);
}

static void onnx(void **state)
{
    (void)state;
    const int64_t gi = (int64_t)1 << 30, more = (int64_t)1 << 40;
    onnx_bytes("\x08\x08\x3a\x80\x80\x80\x80\x04", 8, "onnx: the file is truncated (offset 2)");
    onnx_bytes("\x08\x08\x3a\x08\x2a\x06\x22\x80\x80\x80\x80\x04", 12,
               "onnx: the file is truncated (offset 6)");
    onnx_constant(1, &gi, false, "onnx: tensor 'w' has 0 values, its shape needs 1073741824");
    onnx_constant(1, &gi, true, "onnx: tensor 'w' has 4 bytes of data, its shape needs 4294967296");
    onnx_constant(2, (int64_t[]){more, more}, true,
                  "onnx: tensor 'w': its dimensions are too large");
}

/* ---- Caffe ---- */

static void caffe_text(const char *text, const char *message)
{
    imports(&sld_importer_caffe, "net.prototxt", text, strlen(text), message);
}

#define INPUT(dims) "layer { name: 'i' type: 'Input' top: 'x' input_param { shape { " dims " } } } "

static void caffe(void **state)
{
    (void)state;
    caffe_text(INPUT("dim: " GI " dim: " GI " dim: 4096") "layer { name: 'y' type: 'ReLU' bottom: "
                                                          "'x' top: 'y' }",
               "caffe: input 'x': its dimensions are too large");
    caffe_text(INPUT("dim: 1 dim: 8") "layer { name: 'y' type: 'Tile' bottom: 'x' top: 'y' "
                                      "tile_param { axis: 1 tiles: " GI " } }",
               NULL);
    caffe_text("layer { name: 'd' type: 'DummyData' top: 'x' dummy_data_param { shape { dim: " GI
               " } } } layer { name: 'y' type: 'ReLU' bottom: 'x' top: 'y' }",
               NULL);
    caffe_text(INPUT("dim: 1 dim: 8") "layer { name: 'y' type: 'InnerProduct' bottom: 'x' top: 'y' "
                                      "inner_product_param { num_output: " GI " } }",
               "caffe: layer 'y' (InnerProduct): has no weights: give the caffemodel, or "
               "--random-weights to make them up");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(graphdef), cmocka_unit_test(uff),
                                       cmocka_unit_test(onnx), cmocka_unit_test(caffe)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
