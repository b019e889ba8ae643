/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are wrong, hostile or beyond us: each ends in its own message. */
#include "import/onnx_check.h"

static void empty_file(void **state)
{
    (void)state;
    onnx_bench b;
    bench_open(&b, 13);
    (void)bench_import_bytes(&b, NULL, 0);
    assert_string_equal(b.diag.message, "onnx: the file is empty");
    assert_int_equal(b.status, SOLDER_ERROR_DATA);
    wire_free(&b.f.graph);
    bench_close(&b);
}

/* A net with most things in it. */
static void write_rich(onnx_bench *b)
{
    wire_buffer body;
    wire_buffer value = onnx_raw_tensor("", ONNX_FLOAT, 1, D(1), F(2), 4);
    bench_open(b, 13);
    onnx_function_begin(&b->f, &body, "twice", "in", "out");
    onnx_node(&b->f, "Add", "sum", "in in", "out");
    onnx_function_end(&b->f, &body);
    onnx_input(&b->f, "x", ONNX_FLOAT, 4, D(-1, 1, 4, 4), "N");
    onnx_initializer(&b->f, "w", ONNX_FLOAT, 4, D(2, 1, 3, 3),
                     (float[18]){1, 2, 3, 4, 5, 6, 7, 8, 9}, 72);
    onnx_list(&b->f, "axes", 1, D(1));
    onnx_ints(&b->f, "pads", 4, D(1, 1, 1, 1));
    onnx_string(&b->f, "auto_pad", "NOTSET");
    onnx_node(&b->f, "Conv", "conv", "x w", "c");
    onnx_node_of(&b->f, "local", "twice", "call", "c", "d");
    onnx_tensor(&b->f, "value", &value);
    onnx_node(&b->f, "Constant", "const", "", "k");
    onnx_node(&b->f, "Mul", "mul", "d k", "e");
    onnx_node(&b->f, "ReduceSum", "sum", "e axes", "y");
    onnx_output(&b->f, "y", ONNX_FLOAT);
    onnx_close(&b->f);
}

static void truncated_at_every_length(void **state)
{
    (void)state;
    onnx_bench b;
    write_rich(&b);
    for (size_t size = 0; size <= b.f.file.size; size++) {
        solder_status status = bench_import_bytes(&b, b.f.file.data, size);
        if (status == SOLDER_OK) {
            assert_int_equal(sld_graph_verify(b.graph), SOLDER_OK);
            assert_int_equal(size, b.f.file.size);
        } else {
            assert_true(strncmp(b.diag.message, "onnx: ", 6) == 0);
        }
        bench_reset(&b);
    }
    bench_close(&b);
}

/* Every bit flipped: a result or an error, and what is accepted is sound. */
static void every_bit_flipped(void **state)
{
    (void)state;
    onnx_bench b;
    write_rich(&b);
    for (size_t i = 0; i < b.f.file.size * 8; i++) {
        b.f.file.data[i / 8] ^= (uint8_t)(1u << (i % 8));
        if (bench_import_bytes(&b, b.f.file.data, b.f.file.size) == SOLDER_OK) {
            assert_int_equal(sld_graph_verify(b.graph), SOLDER_OK);
        }
        bench_reset(&b);
        b.f.file.data[i / 8] ^= (uint8_t)(1u << (i % 8));
    }
    bench_close(&b);
}

typedef struct failing {
    size_t left;
} failing;

static void *failing_alloc(void *user, size_t size, size_t align)
{
    failing *f = user;
    if (f->left == 0) {
        return NULL;
    }
    f->left--;
    return sld_libc_allocator.alloc(NULL, size, align);
}

static void failing_release(void *user, void *pointer, size_t size)
{
    (void)user;
    sld_libc_allocator.release(NULL, pointer, size);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    onnx_bench b;
    failing f;
    const solder_allocator allocator = {&f, failing_alloc, failing_release};
    write_rich(&b);
    b.allocator = &allocator;
    for (size_t n = 0;; n++) {
        f.left = n;
        solder_status status = bench_import_bytes(&b, b.f.file.data, b.f.file.size);
        if (status == SOLDER_OK) {
            assert_true(n > 3);
            break;
        }
        assert_int_equal(status, SOLDER_ERROR_MEMORY);
        bench_reset(&b);
    }
    bench_close(&b);
}

static void nested_messages(void **state)
{
    (void)state;
    onnx_bench b;
    wire_buffer inner = {0};
    bench_open(&b, 13);
    wire_free(&b.f.graph);
    for (int i = 0; i < 10001; i++) { /* from inside: attribute, node, graph, attribute ... */
        static const unsigned fields[] = {5, 1, 6};
        wire_buffer outer = {0};
        wire_message(&outer, fields[i % 3], &inner);
        inner = outer;
    }
    wire_message(&b.f.file, 7, &inner);
    (void)bench_import_bytes(&b, b.f.file.data, b.f.file.size);
    if (strstr(b.diag.message, "onnx: messages nested more than 64 deep (offset ") == NULL) {
        fail_msg("%s", b.diag.message);
    }
    assert_int_equal(b.status, SOLDER_ERROR_DATA);
    bench_close(&b);
}

static void cycles_and_order(void **state)
{
    (void)state;
    onnx_bench b;
    bench_open(&b, 13);
    onnx_input(&b.f, "x", ONNX_FLOAT, 1, D(2), NULL);
    onnx_node(&b.f, "Add", "first", "x b", "a");
    onnx_node(&b.f, "Neg", "second", "a", "b");
    onnx_output(&b.f, "b", ONNX_FLOAT);
    bench_expect(&b, SOLDER_ERROR_DATA,
                 "onnx: node 'first' (Add) reads 'b', which only node 'second' (Neg) further down "
                 "computes: the graph has a cycle or is not in order");
    bench_open(&b, 13);
    onnx_node(&b.f, "Neg", "own", "a", "a");
    onnx_output(&b.f, "a", ONNX_FLOAT);
    bench_expect(&b, SOLDER_ERROR_DATA,
                 "onnx: node 'own' (Neg) reads 'a', which only node 'own' (Neg) further down "
                 "computes: the graph has a cycle or is not in order");
    bench_open(&b, 13);
    onnx_node(&b.f, "Neg", "lost", "nothing", "a");
    onnx_output(&b.f, "a", ONNX_FLOAT);
    bench_expect(&b, SOLDER_ERROR_DATA,
                 "onnx: node 'lost' (Neg) reads 'nothing', which is defined nowhere");
}

/* Unknown operators, unknown attributes and unread inputs are all found in one go. */
static void everything_unsupported_at_once(void **state)
{
    (void)state;
    onnx_bench b;
    bench_open(&b, 13);
    onnx_input(&b.f, "x", ONNX_FLOAT, 1, D(2), NULL);
    onnx_input(&b.f, "s", ONNX_STRING, 1, D(2), NULL);
    onnx_node(&b.f, "Frobnicate", "one", "x", "a");
    onnx_node(&b.f, "Neg", "fine", "a", "b");
    onnx_node_of(&b.f, "com.example", "Transmogrify", "two", "b", "c");
    onnx_float(&b.f, "alpha", 1);
    onnx_node(&b.f, "Relu", "three", "x", "d");
    onnx_node(&b.f, "Abs", "four", "x x", "e");
    onnx_int(&b.f, "to", 17);
    onnx_node(&b.f, "Cast", "five", "x", "f");
    onnx_node(&b.f, "Abs", "six", "x", "g h");
    onnx_output(&b.f, "c", ONNX_FLOAT);
    bench_expect(&b, SOLDER_ERROR_UNSUPPORTED,
                 "onnx: 7 nodes are not supported: 's' (input: string), 'one' (Frobnicate), "
                 "'two' (com.example.Transmogrify), "
                 "'three' (Relu: attribute 'alpha' is not known in operator set 13), "
                 "'four' (Abs: input 1 is not known in operator set 13), "
                 "'five' (Cast: to float8e4m3fn (17)), 'six' (Abs: output 1)");
}

/* ONNX Runtime's own domains: what of them cannot be taken, and why. */
static void contrib_unsupported(void **state)
{
    (void)state;
    onnx_bench b;
    bench_open(&b, 13);
    onnx_input(&b.f, "x", ONNX_FLOAT, 4, D(1, 8, 4, 4), NULL);
    onnx_input(&b.f, "q", ONNX_UINT8, 3, D(4, 1, 8), NULL);
    onnx_input(&b.f, "s", ONNX_FLOAT, 2, D(4, 1), NULL);
    onnx_node_of(&b.f, "com.microsoft.nchwc", "ReorderInput", "one", "x", "a");
    onnx_node_of(&b.f, "com.microsoft", "QuantumGelu", "two", "x", "b");
    onnx_float(&b.f, "beta", 1);
    onnx_node_of(&b.f, "com.microsoft", "QuickGelu", "three", "x", "c");
    onnx_int(&b.f, "N", 4);
    onnx_int(&b.f, "K", 16);
    onnx_int(&b.f, "block_size", 16);
    onnx_node_of(&b.f, "com.microsoft", "MatMulNBits", "four", "x q s", "d");
    onnx_int(&b.f, "transB", 1);
    onnx_string(&b.f, "activation", "LeakyRelu");
    onnx_node_of(&b.f, "com.microsoft", "FusedGemm", "five", "s s", "e");
    onnx_output(&b.f, "c", ONNX_FLOAT);
    bench_expect(&b, SOLDER_ERROR_UNSUPPORTED,
                 "onnx: 5 nodes are not supported: 'one' (com.microsoft.nchwc.ReorderInput, laid "
                 "out for one machine: save the model with ONNX Runtime's optimisation level "
                 "'extended' or below), 'two' (com.microsoft.QuantumGelu), "
                 "'three' (QuickGelu: attribute 'beta' is not known), "
                 "'four' (MatMulNBits: weights, scales or zero points that are not constants of "
                 "the size that N, K and block_size ask for), "
                 "'five' (FusedGemm: an activation without its activation_alpha or _beta)");
}

/* What the operator says of itself stands once, without the node's name again. */
static void unknown_shape(void **state)
{
    (void)state;
    onnx_bench b;
    bench_open(&b, 13);
    onnx_input(&b.f, "x", ONNX_FLOAT, 2, D(2, 6), NULL);
    onnx_input(&b.f, "s", ONNX_INT64, 1, D(70), NULL);
    onnx_node(&b.f, "Reshape", "r", "x s", "y");
    onnx_output(&b.f, "y", ONNX_FLOAT);
    bench_expect(&b, SOLDER_ERROR_UNSUPPORTED,
                 "onnx: 1 node is not supported: 'r' (Reshape: the number of values in the new "
                 "shape is not known or over 64)");
}

static void wrong_attributes(void **state)
{
    (void)state;
    onnx_bench b;
    bench_open(&b, 13);
    onnx_input(&b.f, "x", ONNX_FLOAT, 2, D(2, 2), NULL);
    onnx_float(&b.f, "axis", 1);
    onnx_node(&b.f, "Softmax", "s", "x", "y");
    onnx_output(&b.f, "y", ONNX_FLOAT);
    bench_expect(&b, SOLDER_ERROR_DATA,
                 "onnx: node 's' (Softmax): attribute 'axis' has type 1, expected 2");
    bench_open(&b, 13);
    onnx_input(&b.f, "x", ONNX_FLOAT, 2, D(2, 2), NULL);
    onnx_int(&b.f, "axis", 2);
    onnx_node(&b.f, "Softmax", "s", "x", "y");
    onnx_output(&b.f, "y", ONNX_FLOAT);
    bench_expect(&b, SOLDER_ERROR_DATA,
                 "onnx: node 's' (Softmax): axis 2 does not exist, the rank is 2");
    bench_open(&b, 13);
    onnx_input(&b.f, "x", ONNX_FLOAT, 4, D(1, 1, 4, 4), NULL);
    onnx_initializer(&b.f, "w", ONNX_FLOAT, 4, D(1, 1, 1, 1), F(1), 4);
    onnx_ints(&b.f, "kernel_shape", 3, D(1, 1, 1));
    onnx_node(&b.f, "Conv", "conv1", "x w", "y");
    onnx_output(&b.f, "y", ONNX_FLOAT);
    bench_expect(&b, SOLDER_ERROR_DATA,
                 "onnx: node 'conv1' (Conv): kernel_shape has 3 values, weight has rank 4");
    bench_open(&b, 13);
    onnx_input(&b.f, "x", ONNX_FLOAT, 4, D(1, 1, 4, 4), NULL);
    onnx_initializer(&b.f, "w", ONNX_FLOAT, 4, D(1, 1, 1, 1), F(1), 4);
    onnx_string(&b.f, "auto_pad", "SAME");
    onnx_node(&b.f, "Conv", "conv1", "x w", "y");
    onnx_output(&b.f, "y", ONNX_FLOAT);
    bench_expect(&b, SOLDER_ERROR_DATA, "onnx: node 'conv1' (Conv): auto_pad is 'SAME'");
    bench_open(&b, 13);
    onnx_input(&b.f, "x", ONNX_FLOAT, 1, D(2), NULL);
    onnx_float(&b.f, "alpha", 1);
    onnx_float(&b.f, "alpha", 2);
    onnx_node(&b.f, "LeakyRelu", "l", "x", "y");
    onnx_output(&b.f, "y", ONNX_FLOAT);
    bench_expect(&b, SOLDER_ERROR_DATA,
                 "onnx: node 'l' (LeakyRelu): attribute 'alpha' is given twice");
}

static void names_defined_twice(void **state)
{
    (void)state;
    onnx_bench b;
    bench_open(&b, 13);
    onnx_input(&b.f, "x", ONNX_FLOAT, 1, D(2), NULL);
    onnx_node(&b.f, "Neg", "n", "x", "y");
    onnx_node(&b.f, "Abs", "m", "x", "y");
    onnx_output(&b.f, "y", ONNX_FLOAT);
    bench_expect(&b, SOLDER_ERROR_DATA, "onnx: value 'y' is defined twice");
    bench_open(&b, 13);
    onnx_list(&b.f, "w", 1, D(1));
    onnx_list(&b.f, "w", 1, D(2));
    onnx_output(&b.f, "w", ONNX_INT64);
    bench_expect(&b, SOLDER_ERROR_DATA, "onnx: value 'w' is defined twice");
    bench_open(&b, 13);
    onnx_input(&b.f, "x", ONNX_FLOAT, 1, D(2), NULL);
    onnx_node(&b.f, "Neg", "n", "x", "y");
    onnx_output(&b.f, "y", ONNX_FLOAT);
    onnx_output(&b.f, "y", ONNX_FLOAT);
    bench_expect(&b, SOLDER_ERROR_DATA, "onnx: 'y' is an output twice");
}

static void dims_of_tensors(void **state)
{
    (void)state;
    static const struct {
        int64_t dims[2];
        const char *message;
    } cases[] = {
        {{2, -3}, "onnx: tensor 'w': dimension 1 is -3"},
        {{INT64_MAX / 2, 8}, "onnx: tensor 'w': its dimensions are too large"},
        {{1 << 20, 1 << 20}, "onnx: tensor 'w' has 4 bytes of data, its shape needs 4398046511104"},
        {{1, 2}, "onnx: tensor 'w' has 4 bytes of data, its shape needs 8"}};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(cases); i++) {
        onnx_bench b;
        bench_open(&b, 13);
        onnx_initializer(&b.f, "w", ONNX_FLOAT, 2, cases[i].dims, F(1), 4);
        onnx_node(&b.f, "Neg", "n", "w", "y");
        onnx_output(&b.f, "y", ONNX_FLOAT);
        bench_expect(&b, SOLDER_ERROR_DATA, cases[i].message);
    }
}

static void typed_data_too_short(void **state)
{
    (void)state;
    onnx_bench b;
    wire_buffer tensor = {0};
    bench_open(&b, 13);
    onnx_dims(&tensor, ONNX_INT32, 1, D(1000000000000));
    wire_text(&tensor, 8, "w");
    wire_int(&tensor, 5, 1);
    wire_message(&b.f.graph, 5, &tensor);
    onnx_output(&b.f, "w", ONNX_INT32);
    bench_expect(&b, SOLDER_ERROR_DATA,
                 "onnx: tensor 'w' has 1 values, its shape needs 1000000000000");
}

static void sparse_of_terabytes(void **state)
{
    (void)state;
    onnx_bench b;
    wire_buffer sparse = {0};
    wire_buffer values = onnx_raw_tensor("w", ONNX_FLOAT, 1, D(1), F(5), 4);
    wire_buffer indices = onnx_raw_tensor("", ONNX_INT64, 1, D(1), D(7), 8);
    bench_open(&b, 13);
    wire_message(&sparse, 1, &values);
    wire_message(&sparse, 2, &indices);
    wire_int(&sparse, 3, (int64_t)1 << 40);
    wire_message(&b.f.graph, 15, &sparse);
    onnx_output(&b.f, "w", ONNX_FLOAT);
    bench_expect(&b, SOLDER_ERROR_DATA, "onnx: sparse tensor 'w': its dimensions are too large");
}

static void dims_of_inputs(void **state)
{
    (void)state;
    onnx_bench b;
    bench_open(&b, 13);
    onnx_input(&b.f, "x", ONNX_FLOAT, 2, D(2, -7), NULL);
    onnx_output(&b.f, "x", ONNX_FLOAT);
    bench_expect(&b, SOLDER_ERROR_DATA, "onnx: 'x': dimension 1 is -7");
    bench_open(&b, 13);
    onnx_input(&b.f, "x", ONNX_FLOAT, 2, D(INT64_MAX, 2), NULL);
    onnx_output(&b.f, "x", ONNX_FLOAT);
    bench_expect(&b, SOLDER_ERROR_DATA, "onnx: input 'x': its dimensions are too large");
    bench_open(&b, 13);
    onnx_input(&b.f, "x", ONNX_FLOAT, -1, NULL, NULL);
    onnx_output(&b.f, "x", ONNX_FLOAT);
    bench_expect(&b, SOLDER_ERROR_ARGUMENT,
                 "onnx: input 'x': the model does not give its rank: give its dimensions");
}

static void specs_that_fit_nothing(void **state)
{
    (void)state;
    onnx_bench b;
    bench_open(&b, 13);
    onnx_input(&b.f, "x", ONNX_FLOAT, 1, D(2), NULL);
    onnx_node(&b.f, "Neg", "n", "x", "y");
    onnx_output(&b.f, "y", ONNX_FLOAT);
    b.specs[0] = (solder_input_spec){.name = "data", .dims = {1, {2}}};
    b.options.input_count = 1;
    bench_expect(&b, SOLDER_ERROR_NOT_FOUND, "the model has no input 'data'; it has 'x'");
    bench_open(&b, 13);
    onnx_input(&b.f, "x", ONNX_FLOAT, 1, D(2), NULL);
    onnx_node(&b.f, "Neg", "n", "x", "y");
    onnx_output(&b.f, "y", ONNX_FLOAT);
    b.specs[0] = (solder_input_spec){.name = "x", .dims = {2, {2, 2}}};
    b.options.input_count = 1;
    bench_expect(&b, SOLDER_ERROR_ARGUMENT, "onnx: input 'x': 2 dimensions given, the model has 1");
    bench_open(&b, 13);
    onnx_input(&b.f, "x", ONNX_FLOAT, 1, D(2), NULL);
    onnx_node(&b.f, "Neg", "n", "x", "y");
    onnx_output(&b.f, "y", ONNX_FLOAT);
    b.outputs[0] = "z";
    b.options.output_count = 1;
    bench_expect(&b, SOLDER_ERROR_NOT_FOUND,
                 "onnx: output 'z' is not computed by any node; the nearest name is 'y'");
}

static void versions(void **state)
{
    (void)state;
    onnx_bench b;
    bench_open(&b, 29);
    onnx_output(&b.f, "y", ONNX_FLOAT);
    bench_expect(&b, SOLDER_ERROR_VERSION,
                 "onnx: operator set 29 is newer than 28, the newest known");
    bench_open(&b, 6); /* broadcasting was another then */
    onnx_input(&b.f, "x", ONNX_FLOAT, 1, D(2), NULL);
    onnx_node(&b.f, "Add", "add", "x x", "y");
    onnx_output(&b.f, "y", ONNX_FLOAT);
    bench_expect(&b, SOLDER_ERROR_UNSUPPORTED,
                 "onnx: 1 node is not supported: 'add' (Add: operator set 6)");
}

static void fields_the_format_does_not_have(void **state)
{
    (void)state;
    onnx_bench b;
    bench_open(&b, 13);
    wire_int(&b.f.graph, 77, 1);
    onnx_output(&b.f, "y", ONNX_FLOAT);
    onnx_close(&b.f);
    (void)bench_import_bytes(&b, b.f.file.data, b.f.file.size);
    assert_non_null(strstr(b.diag.message, "onnx: field 77 of GraphProto is not known (offset "));
    bench_close(&b);
}

static void declared_type_differs(void **state)
{
    (void)state;
    onnx_bench b;
    bench_open(&b, 13);
    onnx_input(&b.f, "x", ONNX_FLOAT, 1, D(2), NULL);
    onnx_node(&b.f, "Neg", "n", "x", "y");
    onnx_output(&b.f, "y", ONNX_FLOAT16);
    bench_expect(&b, SOLDER_ERROR_DATA,
                 "onnx: output 'y' is declared float16, the graph gives f32");
}

static void functions_that_never_end(void **state)
{
    (void)state;
    onnx_bench b;
    wire_buffer body;
    bench_open(&b, 13);
    onnx_function_begin(&b.f, &body, "even", "x", "y");
    onnx_node_of(&b.f, "local", "odd", "o", "x", "y");
    onnx_function_end(&b.f, &body);
    onnx_function_begin(&b.f, &body, "odd", "x", "y");
    onnx_node_of(&b.f, "local", "even", "e", "x", "y");
    onnx_function_end(&b.f, &body);
    onnx_input(&b.f, "x", ONNX_FLOAT, 1, D(2), NULL);
    onnx_node_of(&b.f, "local", "even", "call", "x", "y");
    onnx_output(&b.f, "y", ONNX_FLOAT);
    bench_expect(&b, SOLDER_ERROR_DATA, "onnx: function 'even' calls itself");
}

/* Each function calls the next twice: 2^30 nodes from 62. */
static void functions_that_explode(void **state)
{
    (void)state;
    onnx_bench b;
    bench_open(&b, 13);
    for (int i = 0; i < 30; i++) {
        wire_buffer body;
        char name[8], next[8];
        (void)snprintf(name, sizeof name, "f%d", i);
        (void)snprintf(next, sizeof next, "f%d", i + 1);
        onnx_function_begin(&b.f, &body, name, "x", "y");
        onnx_node_of(&b.f, "local", next, "a", "x", "t");
        onnx_node_of(&b.f, "local", next, "b", "t", "y");
        onnx_function_end(&b.f, &body);
    }
    wire_buffer body;
    onnx_function_begin(&b.f, &body, "f30", "x", "y");
    onnx_node(&b.f, "Identity", "i", "x", "y");
    onnx_function_end(&b.f, &body);
    onnx_input(&b.f, "x", ONNX_FLOAT, 1, D(2), NULL);
    onnx_node_of(&b.f, "local", "f0", "call", "x", "y");
    onnx_output(&b.f, "y", ONNX_FLOAT);
    bench_expect(&b, SOLDER_ERROR_DATA, "onnx: functions unfold to more than 66528 nodes");
}

static void nan_in_weights(void **state)
{
    (void)state;
    onnx_bench b;
    bench_open(&b, 13);
    onnx_input(&b.f, "x", ONNX_FLOAT, 1, D(2), NULL);
    onnx_initializer(&b.f, "w", ONNX_FLOAT, 1, D(2), F(1, NAN), 8);
    onnx_node(&b.f, "Add", "add", "x w", "y");
    onnx_output(&b.f, "y", ONNX_FLOAT);
    bench_import(&b);
    assert_string_equal(b.log, "onnx: tensor 'w' contains NaN\n");
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_file),
        cmocka_unit_test(truncated_at_every_length),
        cmocka_unit_test(every_bit_flipped),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(nested_messages),
        cmocka_unit_test(cycles_and_order),
        cmocka_unit_test(everything_unsupported_at_once),
        cmocka_unit_test(contrib_unsupported),
        cmocka_unit_test(unknown_shape),
        cmocka_unit_test(wrong_attributes),
        cmocka_unit_test(names_defined_twice),
        cmocka_unit_test(dims_of_tensors),
        cmocka_unit_test(typed_data_too_short),
        cmocka_unit_test(sparse_of_terabytes),
        cmocka_unit_test(dims_of_inputs),
        cmocka_unit_test(specs_that_fit_nothing),
        cmocka_unit_test(versions),
        cmocka_unit_test(fields_the_format_does_not_have),
        cmocka_unit_test(declared_type_differs),
        cmocka_unit_test(functions_that_never_end),
        cmocka_unit_test(functions_that_explode),
        cmocka_unit_test(nan_in_weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
