/* SPDX-License-Identifier: Apache-2.0 */
/* The network as a whole: older formats, phases, blobs, outputs, weights, and what is wrong. */
#include "caffe_check.h"

static solder_status import_text(bench *b, const char *text)
{
    return bench_import(b, text, strlen(text), NULL, 0);
}

static void check_error(solder_status status, const char *text, const char *message)
{
    bench b;
    bench_open(&b);
    b.options.random_weights = true;
    (void)import_text(&b, text);
    bench_expect_error(&b, status, message);
    bench_close(&b);
}

/* Names of the outputs, joined by commas. */
static void check_outputs(const bench *b, const char *expected)
{
    char text[256] = "";
    for (size_t i = 0; i < b->graph->output_count; i++) {
        size_t used = strlen(text);
        (void)snprintf(text + used, sizeof text - used, "%s%s", i == 0 ? "" : ",",
                       b->graph->outputs[i]->name);
    }
    assert_string_equal(text, expected);
}

/* Imports with random weights and compares the outputs' names. */
static void check_net(const char *text, const char *outputs)
{
    bench b;
    bench_open(&b);
    b.options.random_weights = true;
    (void)import_text(&b, text);
    bench_expect_ok(&b);
    check_outputs(&b, outputs);
    bench_close(&b);
}

/* Runs a network of one input "x" of two elements. */
static void check_values(const char *text, const char *outputs, const float *expected)
{
    bench b;
    bench_open(&b);
    (void)import_text(&b, text);
    bench_expect_ok(&b);
    check_outputs(&b, outputs);
    float x[] = {-3, 2};
    sld_tensor input = sld_tensor_make(x, SOLDER_F32, 2, (int64_t[]){1, 2});
    bench_run(&b, &input);
    for (size_t i = 0; i < b.graph->output_count; i++) {
        const float *y = b.results[i].data;
        assert_float_equal(y[0], expected[2 * i], 1e-6);
        assert_float_equal(y[1], expected[2 * i + 1], 1e-6);
    }
    bench_close(&b);
}

#define INPUT "input: 'x' input_shape { dim: 1 dim: 2 } "
#define POWER(name, from, to, shift)                                                               \
    "layer { name: '" name "' type: 'Power' bottom: '" from "' top: '" to "' "                     \
    "power_param { shift: " shift " } } "

/* ---- inputs ---- */

static void test_input_spellings(void **state)
{
    (void)state;
    static const char *const nets[] = {
        "input: 'x' input_dim: 2 input_dim: 3 input_dim: 4 input_dim: 5 ",
        "input: 'x' input_shape { dim: [2, 3, 4, 5] } ",
        "layer { name: 'i' type: 'Input' top: 'x' input_param { shape { dim: 2 dim: 3 dim: 4 "
        "dim: 5 } } } ",
        "layer { name: 'i' type: 'DummyData' top: 'x' dummy_data_param { num: 2 channels: 3 "
        "height: 4 width: 5 } } ",
        "layer { name: 'i' type: 'DummyData' top: 'x' dummy_data_param { shape { dim: 2 dim: 3 "
        "dim: 4 dim: 5 } } } ",
        "layer { name: 'i' type: 'MemoryData' top: 'x' top: 'label' memory_data_param { "
        "batch_size: 2 channels: 3 height: 4 width: 5 } } "};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(nets); i++) {
        char text[512];
        (void)snprintf(text, sizeof text,
                       "%s layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'y' }", nets[i]);
        bench b;
        bench_open(&b);
        (void)import_text(&b, text);
        bench_expect_ok(&b);
        assert_int_equal(b.graph->input_count, 1);
        assert_string_equal(b.graph->inputs[0]->name, "x");
        int64_t dims[SOLDER_MAX_RANK];
        assert_true(sld_value_static_dims(b.graph, b.graph->outputs[0], dims));
        assert_memory_equal(dims, ((int64_t[]){2, 3, 4, 5}), 4 * sizeof *dims);
        bench_close(&b);
    }
    check_error(SOLDER_ERROR_DATA, "input: 'x' input_dim: 1 layer { name: 'r' }",
                "caffe: the prototxt has 1 input and 1 input_dim: four each are needed");
    check_error(SOLDER_ERROR_DATA,
                "input: 'x' input: 'y' input_shape { dim: 1 } layer { name: 'r' }",
                "caffe: the prototxt has 2 input and 1 input_shape");
    check_error(SOLDER_ERROR_DATA,
                "input: 'x' input_shape { dim: 1 dim: 0 } layer { name: 'r' type: 'ReLU' "
                "bottom: 'x' top: 'y' }",
                "caffe: layer 'x' (Input): dimension 1 of its shape is 0");
    check_error(SOLDER_ERROR_DATA,
                "input: 'x' input_shape { dim: 9000000000000000000 dim: 9000000000000000000 } "
                "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'y' }",
                "caffe: input 'x': its dimensions are too large");
}

/* A data layer that stays is an input, if the caller says what shape it has. */
static void test_data_layers(void **state)
{
    (void)state;
    const char *text =
        "layer { name: 'train' type: 'Data' top: 'data' top: 'label' include { phase: TRAIN } "
        "  data_param { source: 'a' backend: LMDB } transform_param { mirror: true } }"
        "layer { name: 'test' type: 'Data' top: 'data' top: 'label' include { phase: TEST } }"
        "layer { name: 'ip' type: 'InnerProduct' bottom: 'data' top: 'ip' "
        "  inner_product_param { num_output: 3 weight_filler { type: 'xavier' } } }"
        "layer { name: 'acc' type: 'Accuracy' bottom: 'ip' bottom: 'label' top: 'acc' }"
        "layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'ip' bottom: 'label' top: 'loss' }";
    check_error(SOLDER_ERROR_DATA, text,
                "caffe: layer 'test' (Data): the model does not say what shape its top 'data' has: "
                "give it, as with --input data=1x3x224x224");
    bench b;
    bench_open(&b);
    b.options.random_weights = true;
    bench_input(&b, "data", 2, (int64_t[]){1, 2});
    (void)import_text(&b, text);
    bench_expect_ok(&b);
    check_outputs(&b, "loss");
    float x[] = {1, 2};
    sld_tensor input = sld_tensor_make(x, SOLDER_F32, 2, (int64_t[]){1, 2});
    bench_run(&b, &input);
    const float *p = b.results[0].data;
    assert_float_equal(p[0] + p[1] + p[2], 1, 1e-6);
    bench_close(&b);
}

/* Losses that have no inference value vanish, and what they read becomes the output. */
static void test_losses_vanish(void **state)
{
    (void)state;
    check_net(INPUT "input: 'label' input_shape { dim: 1 } "
                    "layer { name: 'p' type: 'Power' bottom: 'x' top: 'y' } "
                    "layer { name: 'l' type: 'EuclideanLoss' bottom: 'y' bottom: 'label' "
                    "        top: 'l' loss_weight: 1 }",
              "y");
    check_net(INPUT "layer { name: 's' type: 'Split' bottom: 'x' top: 'a' top: 'b' } "
                    "layer { name: 'q' type: 'Silence' bottom: 'b' } " POWER("p", "a", "y", "1"),
              "y");
    check_net(INPUT "layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'x' bottom: 'label' }",
              "loss");
}

/* ---- phases ---- */

static void test_rules(void **state)
{
    (void)state;
    static const struct {
        const char *rule, *state;
        bool kept;
    } cases[] = {
        {"include { phase: TEST }", "", true},
        {"include { phase: TRAIN }", "", false},
        {"exclude { phase: TEST }", "", false},
        {"exclude { phase: TRAIN }", "", true},
        {"include { phase: TRAIN } include { phase: TEST }", "", true},
        {"include { phase: TEST min_level: 1 }", "", false},
        {"include { min_level: 1 max_level: 3 }", "state { level: 2 }", true},
        {"include { max_level: 1 }", "state { level: 2 }", false},
        {"include { stage: 'a' stage: 'b' }", "state { stage: 'a' stage: 'b' }", true},
        {"include { stage: 'a' stage: 'b' }", "state { stage: 'a' }", false},
        {"include { not_stage: 'a' }", "state { stage: 'a' }", false},
        {"exclude { stage: 'a' }", "state { stage: 'a' }", false},
        {"exclude { stage: 'a' not_stage: 'b' }", "state { stage: 'a' stage: 'b' }", true},
        {"include { not_stage: 'deploy' }", "", true},
        {"phase: TEST", "", true},
    };
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(cases); i++) {
        char text[512];
        (void)snprintf(text, sizeof text,
                       INPUT "%s layer { name: 'a' type: 'Power' bottom: 'x' top: 'x' %s "
                             "power_param { shift: 1 } }" POWER("b", "x", "y", "10"),
                       cases[i].state, cases[i].rule);
        float shift = cases[i].kept ? 11 : 10;
        check_values(text, "y", (float[]){-3 + shift, 2 + shift});
    }
    check_error(SOLDER_ERROR_DATA, INPUT "layer { name: 'a' include {} exclude {} }",
                "caffe: layer 'a' (): has both include and exclude rules");
    check_error(SOLDER_ERROR_UNSUPPORTED,
                INPUT "layer { name: 'd' type: 'Dropout' bottom: 'x' top: 'y' phase: TRAIN }",
                "caffe: 1 node is not supported: 'd' (Dropout: phase: TRAIN)");
}

/* ---- blobs ---- */

/* In place, and one name for several blobs: a reader gets what was written last before it. */
static void test_shadowing(void **state)
{
    (void)state;
    check_values(INPUT POWER("a", "x", "y", "1") POWER("b", "y", "y", "2") POWER("c", "y", "z", "4")
                     POWER("d", "x", "y", "8"),
                 "z,y", (float[]){4, 9, 5, 10});
    check_values(INPUT POWER("a", "x", "x", "1") POWER("b", "x", "x", "2")
                     POWER("c", "x", "y", "0"),
                 "y", (float[]){0, 5});
}

/* The result carries the blob's name, although a layer of that name stands elsewhere. */
static void test_names(void **state)
{
    (void)state;
    bench b;
    bench_open(&b);
    (void)import_text(&b, INPUT POWER("y", "x", "z", "1") POWER("z", "z", "y", "1")
                              POWER("out", "y", "y", "1"));
    bench_expect_ok(&b);
    check_outputs(&b, "y");
    const sld_value *z = sld_graph_find_value(b.graph, "z");
    assert_non_null(z);
    assert_string_equal(z->producer->name, "y");
    assert_string_equal(z->producer->source, "Power 'y'");
    bench_close(&b);
}

static void test_chosen_outputs(void **state)
{
    (void)state;
    bench b;
    bench_open(&b);
    bench_output(&b, "c");
    bench_output(&b, "x");
    bench_output(&b, "b");
    bench_output(&b, "c");
    (void)import_text(
        &b, INPUT POWER("a", "x", "a",
                        "1") "layer { name: 'd' type: 'Dropout' bottom: 'a' top: 'b' } "
                             "layer { name: 's' type: 'Split' bottom: 'b' top: 'c' top: 'e' } "
                             "layer { name: 'u' type: 'Nonsense' bottom: 'e' top: 'f' }");
    bench_expect_ok(&b);
    assert_int_equal(b.graph->output_count, 3);
    assert_string_equal(b.graph->outputs[0]->name, "c");
    assert_string_equal(b.graph->outputs[2]->name, "b");
    /* an input asked for as output: a copy, whose name must differ */
    assert_memory_equal(b.graph->outputs[1]->name, "x.", 2);
    assert_ptr_equal(b.graph->outputs[1]->producer->in[0].value, b.graph->inputs[0]);
    bench_close(&b);
}

static void test_bad_graphs(void **state)
{
    (void)state;
    check_error(SOLDER_ERROR_DATA, INPUT POWER("a", "b", "a", "1") POWER("b", "a", "b", "1"),
                "caffe: layer 'a' (Power): its bottom 'b' is written only later, by layer 'b': the "
                "layers form a cycle or stand in the wrong order");
    check_error(SOLDER_ERROR_DATA, INPUT POWER("a", "nope", "a", "1"),
                "caffe: layer 'a' (Power): no layer writes its bottom 'nope'");
    check_error(SOLDER_ERROR_DATA, INPUT "layer { name: 'q' type: 'Silence' bottom: 'x' }",
                "caffe: the prototxt has no output: every blob is read by another layer");
    check_error(SOLDER_ERROR_DATA,
                INPUT "layer { name: 'r' type: 'ReLU' bottom: 'x' bottom: 'x' top: 'y' }",
                "caffe: layer 'r' (ReLU): has 2 bottoms");
    bench b;
    bench_open(&b);
    bench_output(&b, "zz");
    (void)import_text(&b, INPUT POWER("a", "x", "y", "1"));
    bench_expect_error(&b, SOLDER_ERROR_NOT_FOUND,
                       "caffe: the prototxt has no blob 'zz'; the nearest names are 'x', 'y'");
    bench_close(&b);
}

/* ---- unsupported and unknown ---- */

static void test_unsupported(void **state)
{
    (void)state;
    check_error(SOLDER_ERROR_UNSUPPORTED,
                INPUT "layer { name: 'p' type: 'Python' bottom: 'x' top: 'a' python_param { "
                      "module: 'm' } }"
                      "layer { name: 'q' type: 'Pooling' bottom: 'a' top: 'b' pooling_param { "
                      "pool: STOCHASTIC } }"
                      "layer { name: 'r' type: 'MyLayer' bottom: 'b' top: 'c' my_param { a: 1 } }"
                      "layer { name: 's' type: 'Filter' bottom: 'c' top: 'd' }",
                "caffe: 4 nodes are not supported: 'p' (Python: of Python layers only "
                "ProposalLayer is known), 'q' (Pooling: stochastic "
                "pooling), 'r' (MyLayer), 's' (Filter)");
}

static void test_unknown_fields(void **state)
{
    (void)state;
    check_error(SOLDER_ERROR_UNSUPPORTED,
                INPUT "layer { name: 'p' type: 'Power' bottom: 'x' top: 'a' power_param { powr: 2 "
                      "} }\nlayer { name: 'q' type: 'ReLU' bottom: 'a' top: 'b' fast: true }"
                      "layer { name: 'd' type: 'Data' include { phase: TRAIN } bogus: 1 }",
                "caffe: the prototxt has 2 unknown fields: 'powr' in PowerParameter, line 1:109 "
                "(layer 'p'); 'fast' in LayerParameter, line 2:53 (layer 'q')");
    check_error(SOLDER_ERROR_UNSUPPORTED, INPUT "wibble: 1 " POWER("a", "x", "y", "1"),
                "caffe: the prototxt has 1 unknown field: 'wibble' in NetParameter, line 1:42");
}

/* ---- first and second generation ---- */

static void test_v1(void **state)
{
    (void)state;
    bench b;
    bench_open(&b);
    b.options.random_weights = true;
    (void)import_text(
        &b, "input: 'x' input_dim: 1 input_dim: 2 input_dim: 6 input_dim: 6 "
            "layers { name: 'c' type: CONVOLUTION bottom: 'x' top: 'c' blobs_lr: 1 blobs_lr: 2 "
            "  weight_decay: 1 convolution_param { num_output: 4 kernel_size: 3 } }"
            "layers { name: 'r' type: RELU bottom: 'c' top: 'c' }"
            "layers { name: 'p' type: POOLING bottom: 'c' top: 'p' pooling_param { pool: AVE "
            "  kernel_size: 3 stride: 2 } }"
            "layers { name: 'f' type: FLATTEN bottom: 'p' top: 'f' }"
            "layers { name: 'i' type: INNER_PRODUCT bottom: 'f' top: 'i' "
            "  inner_product_param { num_output: 5 } }"
            "layers { name: 'a' type: ACCURACY bottom: 'i' bottom: 'l' top: 'a' include: { phase: "
            "  TRAIN } }"
            "layers { name: 's' type: SOFTMAX bottom: 'i' top: 's' }");
    bench_expect_ok(&b);
    check_outputs(&b, "s");
    int64_t dims[SOLDER_MAX_RANK];
    assert_true(sld_value_static_dims(b.graph, b.graph->outputs[0], dims));
    assert_int_equal(dims[1], 5);
    assert_true(sld_value_static_dims(b.graph, sld_graph_find_value(b.graph, "p"), dims));
    assert_memory_equal(dims, ((int64_t[]){1, 4, 2, 2}), 4 * sizeof *dims);
    bench_close(&b);
    check_error(SOLDER_ERROR_DATA, INPUT "layer { name: 'a' } layers { name: 'b' }",
                "caffe: the prototxt mixes 'layer' and 'layers': it must use one of them");
}

static void test_v0(void **state)
{
    (void)state;
    check_error(SOLDER_ERROR_VERSION,
                "name: 'old' input: 'x' input_dim: 1 input_dim: 1 input_dim: 8 input_dim: 8 "
                "layers { layer { name: 'c' type: 'conv' num_output: 3 kernelsize: 3 } "
                "bottom: 'x' top: 'c' }",
                "caffe: the prototxt is of Caffe's first format (layers { layer { ... } }), which "
                "is not read: convert it with Caffe's upgrade_net_proto_text");
    bench b;
    bench_open(&b);
    wire_text inner = {.size = 0}, layer = {.size = 0}, net = {.size = 0};
    put_bytes(&inner, 1, "c", 1);
    put_bytes(&layer, 1, inner.data, inner.size);
    put_bytes(&net, 2, layer.data, layer.size);
    const char *text = INPUT POWER("a", "x", "y", "1");
    (void)bench_import(&b, text, strlen(text), net.data, net.size);
    bench_expect_error(&b, SOLDER_ERROR_VERSION,
                       "caffe: 'm.caffemodel' is of Caffe's first format, which is not read: "
                       "convert it with Caffe's upgrade_net_proto_binary");
    bench_close(&b);
}

/* ---- weights ---- */

#define IP_NET                                                                                     \
    INPUT "layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 'y' "                          \
          "inner_product_param { num_output: 2 } }"
static const float ip_weight[] = {1, 2, 3, 4}, ip_bias[] = {10, 20};

static void ip_model(caffemodel *m)
{
    m->net.size = 0;
    put_bytes(&m->net, 1, "net", 3);
    model_layer(m, "other");
    model_end(m);
    model_layer(m, "ip");
    model_blob(m, 2, (int64_t[]){2, 2}, ip_weight);
    model_blob(m, 1, (int64_t[]){2}, ip_bias);
    model_end(m);
}

static void check_ip(const wire_text *net)
{
    bench b;
    bench_open(&b);
    (void)bench_import(&b, IP_NET, strlen(IP_NET), net->data, net->size);
    bench_expect_ok(&b);
    assert_string_equal(b.log, "");
    float x[] = {5, 7};
    sld_tensor input = sld_tensor_make(x, SOLDER_F32, 2, (int64_t[]){1, 2});
    bench_run(&b, &input);
    const float *y = b.results[0].data;
    assert_true(y[0] == 29 && y[1] == 63);
    bench_close(&b);
}

static void check_weights_error(const wire_text *net, solder_status status, const char *message)
{
    bench b;
    bench_open(&b);
    (void)bench_import(&b, IP_NET, strlen(IP_NET), net->data, net->size);
    bench_expect_error(&b, status, message);
    bench_close(&b);
}

static void put_float_blob(wire_text *layer, const wire_text *blob)
{
    put_bytes(layer, 7, blob->data, blob->size);
}

static uint64_t bits(double value)
{
    uint64_t u;
    memcpy(&u, &value, 8);
    return u;
}

/* Every way a file may hold an array: packed, in pieces, one by one, as doubles, as halves. */
static void test_blob_encodings(void **state)
{
    (void)state;
    static caffemodel m;
    static wire_text blob;
    ip_model(&m);
    check_ip(&m.net);
    for (int way = 0; way < 4; way++) {
        m.net.size = blob.size = 0;
        model_layer(&m, "ip");
        for (uint32_t i = 1; i <= 4; i++) { /* legacy dimensions 1 1 2 2 */
            put_number(&blob, i, i <= 2 ? 1 : 2);
        }
        if (way == 0) { /* two packed pieces */
            put_bytes(&blob, 5, ip_weight, 12);
            put_bytes(&blob, 5, ip_weight + 3, 4);
        } else if (way == 1) { /* element by element */
            for (int i = 0; i < 4; i++) {
                put_varint(&blob, 5 << 3 | 5);
                memcpy(blob.data + blob.size, ip_weight + i, 4);
                blob.size += 4;
            }
        } else if (way == 2) {
            uint64_t doubles[] = {bits(1), bits(2), bits(3), bits(4)};
            put_bytes(&blob, 8, doubles, sizeof doubles);
        } else { /* NVCaffe: half precision */
            put_number(&blob, 10, 2);
            put_bytes(&blob, 12, (uint16_t[]){0x3c00, 0x4000, 0x4200, 0x4400}, 8);
        }
        put_float_blob(&m.layer, &blob);
        model_blob(&m, 4, (int64_t[]){1, 1, 1, 2}, ip_bias);
        model_end(&m);
        check_ip(&m.net);
    }
}

/* A caffemodel whose layers are of the second generation serves any prototxt. */
static void test_v1_weights(void **state)
{
    (void)state;
    static wire_text net, layer;
    net.size = layer.size = 0;
    put_bytes(&layer, 4, "ip", 2);
    put_number(&layer, 5, 14);
    put_blob(&layer, 6, 2, (int64_t[]){2, 2}, ip_weight);
    put_blob(&layer, 6, 1, (int64_t[]){2}, ip_bias);
    put_bytes(&net, 2, layer.data, layer.size);
    check_ip(&net);
}

static void test_weights_mismatch(void **state)
{
    (void)state;
    static caffemodel m;
    m.net.size = 0;
    model_layer(&m, "ip2");
    model_blob(&m, 2, (int64_t[]){2, 2}, ip_weight);
    model_end(&m);
    check_weights_error(&m.net, SOLDER_ERROR_DATA,
                        "caffe: layer 'ip' (InnerProduct): 'm.caffemodel' has no weights for this "
                        "layer");
    m.net.size = 0;
    model_layer(&m, "ip");
    model_blob(&m, 2, (int64_t[]){1, 4}, ip_weight);
    model_end(&m);
    check_weights_error(&m.net, SOLDER_ERROR_DATA,
                        "caffe: layer 'ip' (InnerProduct): its weight is [1, 4] in "
                        "'m.caffemodel', the layer needs [2, 2]");
    m.net.size = 0;
    model_layer(&m, "ip");
    model_blob(&m, 2, (int64_t[]){2, 2}, ip_weight);
    model_end(&m);
    check_weights_error(&m.net, SOLDER_ERROR_DATA,
                        "caffe: layer 'ip' (InnerProduct): 'm.caffemodel' has 1 blobs for it, its "
                        "bias is missing");
    m.net.size = 0;
    model_layer(&m, "ip");
    model_blob(&m, 2, (int64_t[]){2, 2}, ip_weight);
    model_blob(&m, 1, (int64_t[]){2}, ip_bias);
    model_blob(&m, 1, (int64_t[]){2}, ip_bias);
    model_end(&m);
    check_weights_error(&m.net, SOLDER_ERROR_DATA,
                        "caffe: layer 'ip' (InnerProduct): 'm.caffemodel' has 3 blobs for it, the "
                        "layer has 2");
}

/* A blob that claims a shape of a gibibyte and holds four values. */
static void test_claims(void **state)
{
    (void)state;
    static caffemodel m;
    static wire_text blob, shape, packed;
    m.net.size = blob.size = shape.size = packed.size = 0;
    model_layer(&m, "ip");
    put_varint(&packed, 2);
    put_varint(&packed, 1 << 27);
    put_bytes(&shape, 1, packed.data, packed.size);
    put_bytes(&blob, 7, shape.data, shape.size);
    put_bytes(&blob, 5, ip_weight, sizeof ip_weight);
    put_float_blob(&m.layer, &blob);
    model_end(&m);
    const char *text = "input: 'x' input_shape { dim: 1 dim: 134217728 } layer { name: 'ip' type: "
                       "'InnerProduct' bottom: 'x' top: 'y' inner_product_param { num_output: 2 "
                       "bias_term: false } }";
    bench b;
    bench_open(&b);
    (void)bench_import(&b, text, strlen(text), m.net.data, m.net.size);
    bench_expect_error(&b, SOLDER_ERROR_DATA,
                       "caffe: layer 'ip' (InnerProduct): its weight holds 4 values in "
                       "'m.caffemodel', its shape [2, 134217728] has 268435456");
    bench_close(&b);
    check_error(SOLDER_ERROR_DATA,
                "input: 'x' input_shape { dim: 1 dim: 2147483647 } layer { name: 'ip' type: "
                "'InnerProduct' bottom: 'x' top: 'y' inner_product_param { num_output: 2147483647 "
                "} }",
                "caffe: layer 'ip' (InnerProduct): its weight is too large: at most 1 GiB of "
                "weights is made up");
}

static void test_nan(void **state)
{
    (void)state;
    static caffemodel m;
    m.net.size = 0;
    model_layer(&m, "ip");
    model_blob(&m, 2, (int64_t[]){2, 2}, (float[]){1, NAN, 3, NAN});
    model_blob(&m, 1, (int64_t[]){2}, ip_bias);
    model_end(&m);
    bench b;
    bench_open(&b);
    (void)bench_import(&b, IP_NET, strlen(IP_NET), m.net.data, m.net.size);
    bench_expect_ok(&b);
    assert_string_equal(b.log,
                        "caffe: layer 'ip' (InnerProduct): 2 of 4 values of its weight are NaN\n");
    bench_close(&b);
}

/* Cut at every length, a caffemodel gives an error, never a crash and never a network. */
static void test_truncated_weights(void **state)
{
    (void)state;
    static caffemodel m;
    ip_model(&m);
    for (size_t size = 0; size < m.net.size; size++) {
        bench b;
        bench_open(&b);
        solder_status status = bench_import(&b, IP_NET, strlen(IP_NET), m.net.data, size);
        assert_int_equal(status, SOLDER_ERROR_DATA);
        assert_true(b.diag.message[0] != '\0');
        if (size == 0) {
            assert_string_equal(b.diag.message, "caffe: 'm.caffemodel' is empty");
        } else if (size == m.net.size - 1) {
            assert_string_equal(b.diag.message, "caffe: 'm.caffemodel' is truncated (offset 15)");
        }
        bench_close(&b);
    }
}

/* Every byte changed to a few others: a result or an error. */
static void test_damaged_weights(void **state)
{
    (void)state;
    static caffemodel m;
    ip_model(&m);
    static const uint8_t flips[] = {0x01, 0x80, 0xff, 0x07};
    for (size_t i = 0; i < m.net.size; i++) {
        for (size_t f = 0; f < SLD_ARRAY_LENGTH(flips); f++) {
            bench b;
            bench_open(&b);
            m.net.data[i] ^= flips[f];
            (void)bench_import(&b, IP_NET, strlen(IP_NET), m.net.data, m.net.size);
            m.net.data[i] ^= flips[f];
            assert_true((b.status == SOLDER_OK) == (b.diag.message[0] == '\0'));
            bench_close(&b);
        }
    }
}

static void test_files(void **state)
{
    (void)state;
    check_error(SOLDER_ERROR_DATA, "", "caffe: the prototxt is empty");
    check_error(SOLDER_ERROR_DATA, "name: 'x'", "caffe: the prototxt holds no layers");
    check_error(SOLDER_ERROR_DATA, "layer {",
                "caffe: prototxt:1:8: a field name or '}' expected, the file ends");
    wire_text hdf = {.size = 8};
    memcpy(hdf.data, "\x89HDF\r\n\x1a\n", 8);
    check_weights_error(&hdf, SOLDER_ERROR_UNSUPPORTED,
                        "caffe: 'm.caffemodel' is an HDF5 file: only binary caffemodels are read");
    wire_text text = {.size = 20};
    memcpy(text.data, "layer { name: 'ip' }", 20);
    check_weights_error(&text, SOLDER_ERROR_DATA, "caffe: 'm.caffemodel' is malformed (offset 0)");
}

static void test_recognised(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool yes;
    } cases[] = {{"# x\nname: 'a'\nlayer {\n", true},
                 {"input: 'x'", true},
                 {"\n\n  layers{", true},
                 {"\x0a\x01n\xa2\x06\x03\x0a\x01l", true}, /* a caffemodel: its layers are 100 */
                 {"\x0a\x01n\x12\x03\x22\x01l", true},     /* of version 1: they are 2 */
                 {"\x0a\x01n\xa2\x06\x05\x0a\x01l", false},
                 {"player {", false},
                 {"layer = 3", false},
                 {"\x08\x07\x12\x04", false},
                 {"", false}};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(cases); i++) {
        assert_int_equal(
            sld_importer_caffe.recognise((const uint8_t *)cases[i].text, strlen(cases[i].text)),
            cases[i].yes);
    }
}

/* ---- memory ---- */

typedef struct failing {
    size_t left, live;
} failing;

static void *failing_alloc(void *user, size_t size, size_t align)
{
    failing *f = user;
    if (f->left == 0) {
        return NULL;
    }
    f->left--;
    f->live++;
    return sld_libc_allocator.alloc(NULL, size, align);
}

static void failing_release(void *user, void *pointer, size_t size)
{
    failing *f = user;
    f->live--;
    sld_libc_allocator.release(NULL, pointer, size);
}

static void sweep(const char *text, const wire_text *weights)
{
    for (size_t n = 0;; n++) {
        failing f = {.left = n};
        solder_allocator allocator = {&f, failing_alloc, failing_release};
        bench b;
        bench_open(&b);
        b.allocator = &allocator;
        b.options.random_weights = weights == NULL;
        solder_status status =
            bench_import(&b, text, strlen(text), weights != NULL ? weights->data : NULL,
                         weights != NULL ? weights->size : 0);
        bench_close(&b);
        assert_int_equal(f.live, 0);
        if (status == SOLDER_OK) {
            assert_true(n > 3);
            return;
        }
        assert_int_equal(status, SOLDER_ERROR_MEMORY);
    }
}

/* Every allocation fails once: SOLDER_ERROR_MEMORY each time, and nothing stays behind. */
static void test_out_of_memory(void **state)
{
    (void)state;
    static caffemodel m;
    ip_model(&m);
    sweep(IP_NET, &m.net);
    sweep("input: 'x' input_dim: [1, 4, 64, 64] "
          "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'c' convolution_param { "
          "num_output: 64 kernel_size: 9 pad: 4 } } "
          "layer { name: 'b' type: 'BatchNorm' bottom: 'c' top: 'c' } "
          "layer { name: 's' type: 'Scale' bottom: 'c' top: 'c' scale_param { bias_term: true } } "
          "layer { name: 'r' type: 'PReLU' bottom: 'c' top: 'c' } "
          "layer { name: 'p' type: 'Pooling' bottom: 'c' top: 'p' pooling_param { kernel_size: 2 "
          "stride: 2 } } "
          "layer { name: 'h' type: 'ShuffleChannel' bottom: 'p' top: 'h' shuffle_channel_param { "
          "group: 4 } } "
          "layer { name: 'i' type: 'InnerProduct' bottom: 'h' top: 'i' inner_product_param { "
          "num_output: 10 } } "
          "layer { name: 'a' type: 'ArgMax' bottom: 'i' top: 'a' argmax_param { top_k: 3 } }",
          NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_input_spellings),
        cmocka_unit_test(test_data_layers),
        cmocka_unit_test(test_losses_vanish),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_shadowing),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_chosen_outputs),
        cmocka_unit_test(test_bad_graphs),
        cmocka_unit_test(test_unsupported),
        cmocka_unit_test(test_unknown_fields),
        cmocka_unit_test(test_v1),
        cmocka_unit_test(test_v0),
        cmocka_unit_test(test_blob_encodings),
        cmocka_unit_test(test_v1_weights),
        cmocka_unit_test(test_weights_mismatch),
        cmocka_unit_test(test_claims),
        cmocka_unit_test(test_nan),
        cmocka_unit_test(test_truncated_weights),
        cmocka_unit_test(test_damaged_weights),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_recognised),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
