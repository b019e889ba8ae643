/* SPDX-License-Identifier: Apache-2.0 */
/* GraphDefs in text form: what is written how, what is left out, and where the errors are. */
#include "import/graphdef/graphdef.h"
#include "import/tf_check.h"
#include "import/wire/wire.h"

static void expect_text(const char *text, solder_status status, const char *message)
{
    tf_bench b;
    open_bench(&b);
    b.path = "net.pbtxt";
    assert_int_equal(import_bytes(&b, text, strlen(text)), status);
    assert_string_equal(b.diag.message, message);
    close_bench(&b);
}

#define CONST(type, rest)                                                                          \
    "node { name: 'c' op: 'Const' attr { key: 'value' value { tensor { dtype: " type " " rest      \
    " } } } }\n"
#define VECTOR(n) "tensor_shape { dim { size: " #n " } }"

/* The elements of a constant that an Identity hands on. */
static void constant_is(const char *constant, int count, const double *values)
{
    tf_bench b;
    char text[2048];
    (void)snprintf(text, sizeof text, "%snode { name: 'y' op: 'Identity' input: 'c' }\n", constant);
    open_bench(&b);
    b.path = "anything";
    assert_true(sld_importer_tensorflow.recognise((const uint8_t *)text, strlen(text)));
    if (import_bytes(&b, text, strlen(text)) != SOLDER_OK) {
        fail_msg("%s", b.diag.message);
    }
    run(&b, NULL, 0, NULL);
    assert_int_equal(sld_tensor_count(&b.results[0]), count);
    for (int i = 0; i < count; i++) {
        double got = sld_at_f64(&b.results[0], i);
        if (got != values[i] && (got == got || values[i] == values[i])) {
            fail_msg("element %d is %.17g, not %.17g", i, got, values[i]);
        }
    }
    close_bench(&b);
}

#define V(...)                                                                                     \
    (double[])                                                                                     \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static void values(void **state)
{
    (void)state;
    const double inf = (double)INFINITY;
    constant_is(CONST("DT_FLOAT", VECTOR(4) " float_val: 1.5 float_val: -.25 float_val: 1e-05 "
                                            "float_val: 16777217"),
                4, V(1.5, -0.25, (double)1e-05f, 16777216));
    constant_is(CONST("DT_FLOAT", VECTOR(4) " float_val: [inf, -inf, nan, -0x10]"), 4,
                V(inf, -inf, (double)NAN, -16));
    constant_is(CONST("DT_DOUBLE", VECTOR(2) " double_val: 0.1 double_val: -3"), 2, V(0.1, -3));
    constant_is(CONST("DT_INT32", VECTOR(3) " int_val: -1 int_val: 0x7f"), 3, V(-1, 127, 127));
    constant_is(CONST("DT_INT64", VECTOR(2) " int64_val: -9223372036854775808 int64_val: 07"), 2,
                V(-9223372036854775808.0, 7));
    constant_is(CONST("DT_BOOL", VECTOR(3) " bool_val: true bool_val: false bool_val: 1"), 3,
                V(1, 0, 1));
    constant_is(CONST("DT_HALF", VECTOR(3) " half_val: 15872 half_val: 46285 half_val: 1"), 3,
                V(1.5, -0.300048828125, 5.9604644775390625e-08));
    constant_is(CONST("DT_UINT32", VECTOR(1) " uint32_val: 4294967295"), 1, V(4294967295.0));
    constant_is(CONST("4", VECTOR(2) " int_val: 255 int_val: 3"), 2, V(255, 3)); /* DT_UINT8 */
}

static void escapes(void **state)
{
    (void)state;
    /* 1.0f, 2.0f; strings that stand together are one */
    constant_is(CONST("DT_FLOAT", VECTOR(2) " tensor_content: \"\\000\\000\\200?\" '\\x00\\0\\0@'"),
                2, V(1, 2));
    constant_is(CONST("DT_UINT8", VECTOR(8) " tensor_content: \"\\n\\r\\t\\\"\\'\\\\\\177\\377\""),
                8, V(10, 13, 9, 34, 39, 92, 127, 255));
    constant_is(CONST("DT_UINT8", VECTOR(3) " tensor_content: '\\u00e9a'"), 3, V(0xc3, 0xa9, 'a'));
    expect_text(CONST("DT_UINT8", VECTOR(1) " tensor_content: '\\q'"), SOLDER_ERROR_DATA,
                "tensorflow: line 1, column 132: a bad escape (at ''\\q'')");
    expect_text(
        CONST("DT_FLOAT",
              VECTOR(2) " tensor_content: '\\000'") "node { name: 'y' op: 'Neg' input: 'c' }",
        SOLDER_ERROR_DATA,
        "tensorflow: node 'c' (Const): it has 1 bytes of data, its shape needs 8");
}

/* What TensorFlow writes and nobody here needs; comments, separators and both brackets. */
static void left_out(void **state)
{
    (void)state;
    static const char text[] =
        "# a graph\n"
        "node: < name: 'x'; op: 'Placeholder', device: '/gpu:0'\n"
        "  attr { key: 'dtype' value { type: DT_FLOAT } }\n"
        "  attr { key: 'shape' value { shape { dim { size: 2 name: 'batch' } } } }\n"
        "  experimental_debug_info { original_node_names: ['a', 'b'] } >\n"
        "node { name: 'y' op: 'twice' input: 'x' input: '^x'\n"
        "  attr { key: '_class' value { list { s: 'loc:@x' s: '' } } } }\n"
        "library { function { signature { name: 'twice'\n"
        "      input_arg { name: 'a' type: DT_FLOAT description: 'said' 'twice' }\n"
        "      output_arg { name: 'b' type_attr: 'T' } is_stateful: true }\n"
        "    node_def { name: 'sum' op: 'AddV2' input: 'a' input: 'a' }\n"
        "    ret { key: 'b' value: 'sum:z:0' } attr { key: '_x' value { i: -1 } }\n"
        "    arg_attr { key: 0 value { attr { key: 'k' value { s: '}' } } } } }\n"
        "  gradient { function_name: 'twice' gradient_func: 'g' } }\n"
        "versions { producer: 27 bad_consumers: [1, 2] } version: 3\n";
    tf_bench b;
    open_bench(&b);
    b.path = "net.pb"; /* contents count */
    if (import_bytes(&b, text, sizeof text - 1) != SOLDER_OK) {
        fail_msg("%s", b.diag.message);
    }
    run(&b, F(1.5f, -3), 1, D(2));
    result_is(&b, 0, 1, D(2), F(3, -6));
    close_bench(&b);
}

static void errors(void **state)
{
    (void)state;
    expect_text("node { name: 'x' kind: 'Add' }", SOLDER_ERROR_DATA,
                "tensorflow: line 1, column 18: no such field here (at 'kind')");
    expect_text("node { name: 'x'\n  op 'Add' }", SOLDER_ERROR_DATA,
                "tensorflow: line 2, column 6: ':' is expected (at ''Add'')");
    expect_text("node { name: 'x' op: Add }", SOLDER_ERROR_DATA,
                "tensorflow: line 1, column 22: a string is expected (at 'Add')");
    expect_text("node { name: 'x' op: 'Add'", SOLDER_ERROR_DATA,
                "tensorflow: line 1, column 27: a field is expected (at the end)");
    expect_text("node { name: 'x' op: 'Add' >", SOLDER_ERROR_DATA,
                "tensorflow: line 1, column 28: a field is expected (at '>')");
    expect_text("node { attr { key: 'T' value { type: DT_FLOTE } } }", SOLDER_ERROR_DATA,
                "tensorflow: line 1, column 38: no such type (at 'DT_FLOTE')");
    expect_text("node { attr { key: 'N' value { i: -9223372036854775809 } } }", SOLDER_ERROR_DATA,
                "tensorflow: line 1, column 36: a number is expected (at '9223372036854775809')");
    expect_text("node { attr { key: 'N' value { f: big } } }", SOLDER_ERROR_DATA,
                "tensorflow: line 1, column 35: a number is expected (at 'big')");
    expect_text("versions { producer: [1, }", SOLDER_ERROR_DATA,
                "tensorflow: line 1, column 27: a value is expected (at the end)");
    expect_text("versions }", SOLDER_ERROR_DATA,
                "tensorflow: line 1, column 10: a value is expected (at '}')");
    expect_text("node { name: \"x", SOLDER_ERROR_DATA,
                "tensorflow: line 1, column 14: a string is expected (at '\"')");
    expect_text("versions { producer: 1 }", SOLDER_ERROR_DATA,
                "tensorflow: the graph computes nothing");
    expect_text("meta_info_def { tags: 'train' }\ngraph_def { }", SOLDER_ERROR_UNSUPPORTED,
                "tensorflow: this is a MetaGraph, which keeps its weights in a checkpoint: restore "
                "it in a session and freeze its graph with "
                "tf.compat.v1.graph_util.convert_variables_to_constants");
}

/* What is left out may nest as it likes. */
static void deep(void **state)
{
    (void)state;
    enum { DEPTH = 100000 };
    static char text[32 + DEPTH];
    const size_t length = (size_t)snprintf(text, sizeof text, "versions ");
    memset(text + length, '{', DEPTH);
    expect_text(text, SOLDER_ERROR_DATA,
                "tensorflow: line 1, column 100010: a value is expected (at the end)");
}

/* What other formats begin with is none. */
static void recognised(void **state)
{
    (void)state;
    static const char *const others[] = {"version: 1\ndescriptor_core_version: 1\n",
                                         "name: 'net'\nlayer { name: 'a' }",
                                         "node",
                                         "node { layer",
                                         "node 'x'",
                                         "nodes { name: 'x' }",
                                         "",
                                         "\xff\xfe"};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(others); i++) {
        assert_false(sld_graphdef_looks_like_text((const uint8_t *)others[i], strlen(others[i])));
    }
    assert_true(sld_graphdef_looks_like_text((const uint8_t *)"library{function{", 17));
}

static void hostile(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    b.path = "net.pbtxt";
    static const char text[] = CONST(
        "DT_FLOAT", VECTOR(2) " float_val: [1, 2]") "node { name: 'y' op: 'Neg' input: 'c' attr { "
                                                    "key: 'T' value { type: DT_FLOAT } } }";
    wire_raw(&b.f.file, text, sizeof text - 1);
    damage(&b);
    every_allocation_fails(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),  cmocka_unit_test(escapes), cmocka_unit_test(left_out),
        cmocka_unit_test(errors),  cmocka_unit_test(deep),    cmocka_unit_test(recognised),
        cmocka_unit_test(hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
