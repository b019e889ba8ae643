/* SPDX-License-Identifier: Apache-2.0 */
/* ONNX networks: names, inputs, outputs, constants, functions. */
#include "import/onnx_check.h"

#include "kernels/params.h"

static void conv_and_relu(void **state)
{
    (void)state;
    const float x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    onnx_bench b;
    bench_open(&b, 13);
    onnx_input(&b.f, "x", ONNX_FLOAT, 4, D(-1, 1, 3, 3), "batch");
    onnx_initializer(&b.f, "w", ONNX_FLOAT, 4, D(1, 1, 2, 2), F(1, 0, 0, -1), 16);
    onnx_initializer(&b.f, "bias", ONNX_FLOAT, 1, D(1), F(5), 4);
    onnx_node(&b.f, "Conv", "conv", "x w bias", "c");
    onnx_node(&b.f, "Relu", "relu", "c", "y");
    onnx_output(&b.f, "y", ONNX_FLOAT);
    bench_import(&b);
    const sld_node *conv = b.graph->first;
    assert_string_equal(conv->name, "conv");
    assert_string_equal(conv->source, "Conv 'conv'");
    assert_string_equal(conv->out[0]->name, "c");
    assert_int_equal(sld_expr_find_symbol(&b.graph->exprs, "batch"), 0);
    bench_run(&b, (sld_tensor[]){floats(x, 4, D(1, 1, 3, 3))});
    bench_check(&b, 0, 4, D(1, 1, 2, 2), V(1, 1, 1, 1));
    bench_close(&b);
}

/* Before IR version 4 initialisers were inputs too. */
static void initializer_listed_as_input(void **state)
{
    (void)state;
    onnx_bench b;
    bench_open(&b, 9);
    b.f.ir = 3;
    onnx_input(&b.f, "x", ONNX_FLOAT, 1, D(2), NULL);
    onnx_input(&b.f, "w", ONNX_FLOAT, 1, D(2), NULL);
    onnx_initializer(&b.f, "w", ONNX_FLOAT, 1, D(2), F(10, 20), 8);
    onnx_node(&b.f, "Add", "add", "x w", "y");
    onnx_output(&b.f, "y", ONNX_FLOAT);
    bench_import(&b);
    assert_int_equal(b.graph->input_count, 1);
    bench_run(&b, (sld_tensor[]){floats(F(1, 2), 1, D(2))});
    bench_check(&b, 0, 1, D(2), V(11, 22));
    bench_close(&b);
}

typedef struct typed_case {
    int elem;
    unsigned field;
    int64_t ints[2]; /* of the varint fields */
    double values[2];
} typed_case;

/* Every typed data field; float16 and bfloat16 hold bits in int32_data. */
static void typed_data(void **state)
{
    (void)state;
    static const typed_case cases[] = {{ONNX_INT32, 5, {-3, 4}, {-3, 4}},
                                       {ONNX_INT8, 5, {-3, 4}, {-3, 4}},
                                       {ONNX_UINT8, 5, {200, 4}, {200, 4}},
                                       {ONNX_UINT16, 5, {65535, 4}, {65535, 4}},
                                       {ONNX_BOOL, 5, {1, 0}, {1, 0}},
                                       {ONNX_FLOAT16, 5, {0x3c00, 0xc000}, {1, -2}},
                                       {ONNX_BFLOAT16, 5, {0x3f80, 0xc000}, {1, -2}},
                                       {ONNX_INT64, 7, {-5, 6}, {-5, 6}},
                                       {ONNX_UINT64, 11, {5, 6}, {5, 6}}};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(cases) * 2; i++) {
        const typed_case *c = &cases[i / 2];
        bool packed = i % 2 != 0;
        wire_buffer tensor = {0}, list = {0};
        onnx_bench b;
        bench_open(&b, 13);
        onnx_dims(&tensor, c->elem, 1, D(2));
        wire_text(&tensor, 8, "w");
        for (int k = 0; k < 2; k++) {
            if (packed) {
                wire_varint(&list, (uint64_t)c->ints[k]);
            } else {
                wire_int(&tensor, c->field, c->ints[k]);
            }
        }
        if (packed) {
            wire_message(&tensor, c->field, &list);
        }
        wire_message(&b.f.graph, 5, &tensor);
        onnx_node(&b.f, "Identity", "id", "w", "y");
        onnx_output(&b.f, "y", c->elem);
        bench_import(&b);
        bench_run(&b, NULL);
        bench_check(&b, 0, 1, D(2), c->values);
        bench_close(&b);
    }
}

static void float_and_double_data(void **state)
{
    (void)state;
    const double d[] = {1.5, -2.5};
    const float f[] = {1.5f, -2.5f};
    for (int i = 0; i < 4; i++) {
        wire_buffer tensor = {0};
        onnx_bench b;
        bool is_double = i >= 2;
        bench_open(&b, 13);
        onnx_dims(&tensor, is_double ? ONNX_DOUBLE : ONNX_FLOAT, 1, D(2));
        wire_text(&tensor, 8, "w");
        if (i % 2 == 0) {
            wire_bytes(&tensor, is_double ? 10 : 4, is_double ? (const void *)d : f,
                       is_double ? sizeof d : sizeof f);
        } else {
            for (int k = 0; k < 2; k++) {
                wire_varint(&tensor, is_double ? 10 << 3 | 1 : 4 << 3 | 5);
                wire_raw(&tensor, is_double ? (const void *)&d[k] : &f[k], is_double ? 8 : 4);
            }
        }
        wire_message(&b.f.graph, 5, &tensor);
        onnx_node(&b.f, "Identity", "id", "w", "y");
        onnx_output(&b.f, "y", is_double ? ONNX_DOUBLE : ONNX_FLOAT);
        bench_import(&b);
        bench_run(&b, NULL);
        bench_check(&b, 0, 1, D(2), d);
        bench_close(&b);
    }
}

static void constant_forms(void **state)
{
    (void)state;
    onnx_bench b;
    wire_buffer tensor = onnx_raw_tensor("", ONNX_FLOAT, 1, D(1), F(1), 4);
    bench_open(&b, 13);
    onnx_tensor(&b.f, "value", &tensor);
    onnx_node(&b.f, "Constant", "", "", "a");
    onnx_float(&b.f, "value_float", 2);
    onnx_node(&b.f, "Constant", "", "", "b");
    onnx_floats(&b.f, "value_floats", 2, F(3, 4));
    onnx_node(&b.f, "Constant", "", "", "c");
    onnx_int(&b.f, "value_int", 5);
    onnx_node(&b.f, "Constant", "", "", "d");
    onnx_ints(&b.f, "value_ints", 2, D(6, 7));
    onnx_node(&b.f, "Constant", "", "", "e");
    for (int i = 0; i < 5; i++) {
        onnx_output(&b.f, (char[]){(char)('a' + i), 0}, i < 3 ? ONNX_FLOAT : ONNX_INT64);
    }
    bench_import(&b);
    bench_run(&b, NULL);
    bench_check(&b, 0, 1, D(1), V(1));
    bench_check(&b, 1, 0, NULL, V(2));
    bench_check(&b, 2, 1, D(2), V(3, 4));
    bench_check(&b, 3, 0, NULL, V(5));
    bench_check(&b, 4, 1, D(2), V(6, 7));
    bench_close(&b);
}

static void sparse_initializer(void **state)
{
    (void)state;
    for (int linear = 0; linear < 2; linear++) {
        onnx_bench b;
        wire_buffer sparse = {0};
        wire_buffer values = onnx_raw_tensor("w", ONNX_FLOAT, 1, D(2), F(5, 7), 8);
        wire_buffer indices = linear
                                  ? onnx_raw_tensor("", ONNX_INT64, 1, D(2), D(1, 5), 16)
                                  : onnx_raw_tensor("", ONNX_INT64, 2, D(2, 2), D(0, 1, 1, 2), 32);
        bench_open(&b, 13);
        wire_message(&sparse, 1, &values);
        wire_message(&sparse, 2, &indices);
        wire_int(&sparse, 3, 2);
        wire_int(&sparse, 3, 3);
        wire_message(&b.f.graph, 15, &sparse);
        onnx_node(&b.f, "Identity", "id", "w", "y");
        onnx_output(&b.f, "y", ONNX_FLOAT);
        bench_import(&b);
        bench_run(&b, NULL);
        bench_check(&b, 0, 2, D(2, 3), V(0, 5, 0, 0, 0, 7));
        bench_close(&b);
    }
}

/* One value under several output names, a constant and an input as outputs. */
static void outputs_keep_their_names(void **state)
{
    (void)state;
    onnx_bench b;
    bench_open(&b, 13);
    onnx_input(&b.f, "x", ONNX_FLOAT, 1, D(2), NULL);
    onnx_initializer(&b.f, "w", ONNX_FLOAT, 1, D(1), F(3), 4);
    onnx_node(&b.f, "Abs", "abs", "x", "a");
    onnx_node(&b.f, "Identity", "i1", "a", "b");
    onnx_node(&b.f, "Identity", "i2", "x", "c");
    onnx_output(&b.f, "a", ONNX_FLOAT);
    onnx_output(&b.f, "b", ONNX_FLOAT);
    onnx_output(&b.f, "c", ONNX_FLOAT);
    onnx_output(&b.f, "w", ONNX_FLOAT);
    bench_import(&b);
    static const char *const names[] = {"a", "b", "c", "w"};
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(b.graph->outputs[i]->name, names[i]);
    }
    bench_run(&b, (sld_tensor[]){floats(F(-1, 2), 1, D(2))});
    bench_check(&b, 0, 1, D(2), V(1, 2));
    bench_check(&b, 1, 1, D(2), V(1, 2));
    bench_check(&b, 2, 1, D(2), V(-1, 2));
    bench_check(&b, 3, 1, D(1), V(3));
    bench_close(&b);
}

/* A node's name may be another value's name. */
static void node_names_step_aside(void **state)
{
    (void)state;
    onnx_bench b;
    bench_open(&b, 13);
    onnx_input(&b.f, "x", ONNX_FLOAT, 1, D(2), NULL);
    onnx_list(&b.f, "axes", 1, D(0));
    onnx_node(&b.f, "MatMul", "y", "x x", "a"); /* several operators, all made under the name y */
    onnx_node(&b.f, "Neg", "a", "a", "y");
    onnx_output(&b.f, "y", ONNX_FLOAT);
    bench_import(&b);
    assert_string_equal(b.graph->outputs[0]->name, "y");
    bench_run(&b, (sld_tensor[]){floats(F(1, 2), 1, D(2))});
    bench_check(&b, 0, 0, NULL, V(-5));
    bench_close(&b);
}

static void outputs_by_option(void **state)
{
    (void)state;
    onnx_bench b;
    bench_open(&b, 13);
    onnx_input(&b.f, "x", ONNX_FLOAT, 1, D(2), NULL);
    onnx_node(&b.f, "Abs", "abs", "x", "middle");
    onnx_node(&b.f, "Frobnicate", "odd", "middle", "y"); /* not needed, so not in the way */
    onnx_output(&b.f, "y", ONNX_FLOAT);
    b.outputs[0] = "middle";
    b.options.output_count = 1;
    bench_import(&b);
    assert_int_equal(b.graph->output_count, 1);
    assert_string_equal(b.graph->outputs[0]->name, "middle");
    bench_close(&b);
}

/* A size given for one input holds for the other that has the same symbol. */
static void symbols_are_shared(void **state)
{
    (void)state;
    onnx_bench b;
    bench_open(&b, 13);
    onnx_input(&b.f, "x", ONNX_FLOAT, 2, D(-1, 3), "N");
    onnx_input(&b.f, "z", ONNX_FLOAT, 2, D(-1, 3), "N");
    onnx_node(&b.f, "Add", "add", "x z", "y");
    onnx_output(&b.f, "y", ONNX_FLOAT);
    b.specs[0] = (solder_input_spec){.name = "x", .dims = {2, {4, 3}}};
    b.options.input_count = 1;
    bench_import(&b);
    int64_t dim;
    assert_true(sld_expr_is_const(&b.graph->exprs, b.graph->inputs[1]->shape.d[0], &dim));
    assert_int_equal(dim, 4);
    bench_close(&b);
}

/* An input that is given as a number is none any more, even if nothing is left of it. */
static void inputs_become_constants(void **state)
{
    (void)state;
    onnx_bench b;
    const double two = 2, half = 0.5;
    for (int used = 0; used < 2; used++) {
        bench_open(&b, 13);
        onnx_input(&b.f, "x", ONNX_FLOAT, 2, D(-1, 3), "N");
        onnx_input(&b.f, "k", ONNX_INT64, 1, D(-1), "?");
        onnx_int(&b.f, "to", ONNX_FLOAT);
        onnx_node(&b.f, "Cast", "cast", "k", "kf");
        onnx_node(&b.f, "Mul", "mul", used ? "x kf" : "x x", "y");
        onnx_output(&b.f, "y", ONNX_FLOAT);
        b.specs[0] = (solder_input_spec){.name = "k", .dims = {1, {3}}, .value = &two};
        b.specs[1] = (solder_input_spec){.name = "x", .dims = {2, {2, SOLDER_DIM_AS_MODEL}}};
        b.options.input_count = 2;
        bench_import(&b);
        assert_int_equal(b.graph->input_count, 1);
        bench_run(&b, (sld_tensor[]){floats(F(1, 2, 3, 4, 5, 6), 2, D(2, 3))});
        bench_check(&b, 0, 2, D(2, 3), used ? V(2, 4, 6, 8, 10, 12) : V(1, 4, 9, 16, 25, 36));
        bench_close(&b);
    }
    static const struct {
        const char *name;
        solder_input_spec spec;
        solder_status status;
        const char *message;
    } wrong[] = {
        {"open",
         {.name = "k"},
         SOLDER_ERROR_ARGUMENT,
         "onnx: input 'k': dimension 0 is open: a constant needs all its dimensions"},
        {"fraction",
         {.name = "k", .dims = {1, {3}}},
         SOLDER_ERROR_ARGUMENT,
         "onnx: input 'k': 0.5 is no i64"},
        {"bool",
         {.name = "k", .dtype = SOLDER_BOOL, .dims = {1, {3}}},
         SOLDER_ERROR_ARGUMENT,
         "onnx: input 'k': 0.5 is no bool"},
        {"nhwc",
         {.name = "k", .dims = {3, {1, 2, 3}}, .nhwc = true},
         SOLDER_ERROR_ARGUMENT,
         "onnx: input 'k': 3 dimensions given, the model has 1"},
        {"large",
         {.name = "k", .dims = {1, {100000000}}},
         SOLDER_ERROR_ARGUMENT,
         "onnx: input 'k': 0.5 is no i64"},
        {"unnamed",
         {.dims = {1, {3}}},
         SOLDER_ERROR_ARGUMENT,
         "an input with a value needs a name"},
        {"unknown",
         {.name = "kk", .dims = {1, {3}}},
         SOLDER_ERROR_NOT_FOUND,
         "the model has no input 'kk'; it has 'k'"},
    };
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(wrong); i++) {
        bench_open(&b, 13);
        onnx_input(&b.f, "k", ONNX_INT64, 1, D(-1), "N");
        onnx_node(&b.f, "Neg", "neg", "k", "y");
        onnx_output(&b.f, "y", ONNX_INT64);
        b.specs[0] = wrong[i].spec;
        b.specs[0].value = &half;
        b.options.input_count = 1;
        bench_expect(&b, wrong[i].status, wrong[i].message);
    }
}

/* The caller has NHWC bytes; the model wants NCHW floats. */
static void nhwc_bytes(void **state)
{
    (void)state;
    uint8_t pixels[] = {1, 2, 3, 4, 5, 6}; /* 1 x 3 pixels of two channels */
    onnx_bench b;
    bench_open(&b, 13);
    onnx_input(&b.f, "x", ONNX_FLOAT, 4, D(1, 2, 1, 3), NULL);
    onnx_node(&b.f, "Neg", "neg", "x", "y");
    onnx_output(&b.f, "y", ONNX_FLOAT);
    b.specs[0] = (solder_input_spec){.dtype = SOLDER_U8, .nhwc = true};
    b.options.input_count = 1;
    bench_import(&b);
    assert_true(b.graph->inputs[0]->is_nhwc);
    bench_run(&b, (sld_tensor[]){sld_tensor_make(pixels, SOLDER_U8, 4, D(1, 1, 3, 2))});
    bench_check(&b, 0, 4, D(1, 2, 1, 3), V(-1, -3, -5, -2, -4, -6));
    bench_close(&b);
}

/* Shape, gather, arithmetic in floats, cast, concat: known when dims are. */
static void shape_arithmetic_folds(void **state)
{
    (void)state;
    onnx_bench b;
    bench_open(&b, 13);
    onnx_input(&b.f, "x", ONNX_FLOAT, 2, D(4, 6), NULL);
    onnx_list(&b.f, "one", 1, D(1));
    onnx_list(&b.f, "rest", 1, D(-1));
    onnx_initializer(&b.f, "half", ONNX_FLOAT, 0, NULL, F(0.5f), 4);
    onnx_node(&b.f, "Shape", "", "x", "shape");
    onnx_node(&b.f, "Gather", "", "shape one", "width");
    onnx_int(&b.f, "to", ONNX_FLOAT);
    onnx_node(&b.f, "Cast", "", "width", "widthf");
    onnx_node(&b.f, "Mul", "", "widthf half", "halved");
    onnx_int(&b.f, "to", ONNX_INT64);
    onnx_node(&b.f, "Cast", "", "halved", "size");
    onnx_int(&b.f, "axis", 0);
    onnx_node(&b.f, "Concat", "", "size rest", "to");
    onnx_node(&b.f, "Reshape", "reshape", "x to", "y");
    onnx_output(&b.f, "y", ONNX_FLOAT);
    bench_import(&b);
    int64_t dims[SOLDER_MAX_RANK];
    assert_int_equal(b.graph->node_count, 1);
    assert_true(sld_value_static_dims(b.graph, b.graph->outputs[0], dims));
    assert_int_equal(dims[0], 3);
    assert_int_equal(dims[1], 8);
    bench_close(&b);
}

/* scale(x, by = 3) = abs(x) leaky with slope by; called with and without the attribute. */
static void functions_unfold(void **state)
{
    (void)state;
    onnx_bench b;
    wire_buffer body, standard = {0};
    bench_open(&b, 13);
    onnx_function_begin(&b.f, &body, "steep", "in extra", "out");
    wire_text(&standard, 1, "slope");
    wire_float(&standard, 2, 3);
    wire_int(&standard, 20, 1);
    wire_message(&body, 11, &standard);
    onnx_reference(&b.f, "alpha", 1, "slope");
    onnx_node(&b.f, "LeakyRelu", "leaky", "in", "leaked");
    onnx_node(&b.f, "Neg", "neg", "leaked", "out");
    onnx_function_end(&b.f, &body);
    onnx_input(&b.f, "x", ONNX_FLOAT, 1, D(2), NULL);
    onnx_node_of(&b.f, "local", "steep", "call1", "x", "a");
    onnx_float(&b.f, "slope", 10);
    onnx_node_of(&b.f, "local", "steep", "call2", "a", "y");
    onnx_output(&b.f, "a", ONNX_FLOAT);
    onnx_output(&b.f, "y", ONNX_FLOAT);
    bench_import(&b);
    assert_string_equal(b.graph->first->name, "call1/leaky");
    bench_run(&b, (sld_tensor[]){floats(F(-1, 2), 1, D(2))});
    bench_check(&b, 0, 1, D(2), V(3, -2));
    bench_check(&b, 1, 1, D(2), V(-3, 20));
    bench_close(&b);
}

/* If(c): x * w where "fit" shapes allow it, else x * v. */
static void write_choice(onnx_bench *b, int64_t w_rows, int64_t v_rows, const char *other)
{
    static const float weights[8] = {1, 0, 0, 1, 1, 1, 2, 2};
    bench_open(b, 13);
    onnx_input(&b->f, "c", ONNX_BOOL, 0, NULL, NULL);
    onnx_input(&b->f, "x", ONNX_FLOAT, 2, D(1, 3), NULL);
    onnx_initializer(&b->f, "w", ONNX_FLOAT, 2, D(w_rows, 2), weights, (size_t)w_rows * 8);
    onnx_initializer(&b->f, "v", ONNX_FLOAT, 2, D(v_rows, 2), weights, (size_t)v_rows * 8);
    for (int i = 0; i < 2; i++) {
        onnx_writer branch;
        onnx_open(&branch, 13);
        onnx_node(&branch, "MatMul", i == 0 ? "mul_w" : "mul_v", i == 0 ? "x w" : other, "made");
        onnx_output(&branch, "made", ONNX_FLOAT);
        onnx_graph(&b->f, i == 0 ? "then_branch" : "else_branch", &branch);
    }
    onnx_node(&b->f, "If", "choice", "c", "y");
    onnx_output(&b->f, "y", ONNX_FLOAT);
}

/* A branch that its shapes make impossible is an error when it is taken, not before. */
static void impossible_branches(void **state)
{
    (void)state;
    for (uint8_t good = 0; good < 2; good++) {
        onnx_bench b;
        write_choice(&b, good ? 3 : 4, good ? 4 : 3, "x v");
        bench_import(&b);
        assert_string_equal(
            b.log, good ? "onnx: node 'choice' (If): a branch cannot run with these shapes: onnx: "
                          "node 'mul_v' (MatMul): inner dimensions differ: 3 against 4\n"
                        : "onnx: node 'choice' (If): a branch cannot run with these shapes: onnx: "
                          "node 'mul_w' (MatMul): inner dimensions differ: 3 against 4\n");
        uint8_t taken = good;
        const sld_tensor in[] = {sld_tensor_make(&taken, SOLDER_BOOL, 0, NULL),
                                 floats(F(1, 2, 3), 2, D(1, 3))};
        bench_run(&b, in);
        bench_check(&b, 0, 2, D(1, 2), V(4, 5));
        taken = !good;
        assert_int_equal(
            sld_graph_evaluate(b.graph, &b.diag, NULL, in, &b.arena, b.results, NULL, NULL),
            SOLDER_ERROR_DATA);
        bench_close(&b);
    }
    onnx_bench b;
    write_choice(&b, 4, 4, "x v");
    bench_expect(&b, SOLDER_ERROR_DATA,
                 "onnx: node 'mul_v' (MatMul): inner dimensions differ: 3 against 4");
    write_choice(&b, 3, 3, "x nowhere"); /* damaged, whatever the shapes */
    bench_expect(&b, SOLDER_ERROR_DATA,
                 "onnx: node 'mul_v' (MatMul) reads 'nowhere', which is defined nowhere");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conv_and_relu),
        cmocka_unit_test(initializer_listed_as_input),
        cmocka_unit_test(typed_data),
        cmocka_unit_test(float_and_double_data),
        cmocka_unit_test(constant_forms),
        cmocka_unit_test(sparse_initializer),
        cmocka_unit_test(outputs_keep_their_names),
        cmocka_unit_test(node_names_step_aside),
        cmocka_unit_test(outputs_by_option),
        cmocka_unit_test(symbols_are_shared),
        cmocka_unit_test(inputs_become_constants),
        cmocka_unit_test(impossible_branches),
        cmocka_unit_test(nhwc_bytes),
        cmocka_unit_test(shape_arithmetic_folds),
        cmocka_unit_test(functions_unfold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
