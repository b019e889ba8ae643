/* SPDX-License-Identifier: Apache-2.0 */
/* Protobuf's text form: every spelling of a value, and exact messages for what is wrong. */
#include "check.h"

#include <math.h>
#include <stdio.h>

#include "caffe.pb-c.h"
#include "import/wire/prototxt.h"

typedef struct reading {
    sld_arena arena;
    sld_diag diag;
    sld_prototxt reader;
    Caffe__NetParameter *net;
} reading;

static solder_status read_size(reading *r, const char *text, size_t size, bool collect)
{
    sld_arena_init(&r->arena, NULL, (size_t)16 << 20);
    sld_diag_init(&r->diag, NULL);
    r->reader = (sld_prototxt){
        .arena = &r->arena, .diag = &r->diag, .name = "t", .collect_unknown = collect};
    r->net = NULL;
    ProtobufCMessage *message = NULL;
    solder_status status =
        sld_prototxt_read(&r->reader, &caffe__net_parameter__descriptor, text, size, &message);
    r->net = (Caffe__NetParameter *)message;
    return status;
}

static Caffe__LayerParameter *read_layer(reading *r, const char *fields)
{
    char text[2048];
    (void)snprintf(text, sizeof text, "layer { %s }", fields);
    solder_status status = read_size(r, text, strlen(text), false);
    assert_string_equal(r->diag.message, "");
    assert_int_equal(status, SOLDER_OK);
    assert_int_equal(r->net->n_layer, 1);
    return r->net->layer[0];
}

static void check_error(const char *text, const char *message)
{
    reading r;
    assert_int_equal(read_size(&r, text, strlen(text), false), SOLDER_ERROR_DATA);
    assert_string_equal(r.diag.message, message);
    sld_arena_free(&r.arena);
}

static void test_messages(void **state)
{
    (void)state;
    const char *text = "# a comment\nname: \"net\" # another\n"
                       "layer { name: 'a' bottom: \"x\" bottom: 'y' };\n"
                       "layer < name: 'b'; type: 'ReLU', relu_param: { negative_slope: .5 } >,\n"
                       "layer: { bottom: ['p', 'q'] top: [] }\n"
                       "layer: [ { name: 'd' }, < name: 'e' > ]";
    reading r;
    assert_int_equal(read_size(&r, text, strlen(text), false), SOLDER_OK);
    assert_string_equal(r.net->name, "net");
    assert_int_equal(r.net->n_layer, 5);
    assert_int_equal(r.net->layer[0]->n_bottom, 2);
    assert_string_equal(r.net->layer[0]->bottom[1], "y");
    assert_string_equal(r.net->layer[1]->type, "ReLU");
    assert_true(r.net->layer[1]->relu_param->negative_slope == 0.5F);
    assert_string_equal(r.net->layer[2]->bottom[1], "q");
    assert_int_equal(r.net->layer[2]->n_top, 0);
    assert_string_equal(r.net->layer[4]->name, "e");
    sld_arena_free(&r.arena);
}

static void test_defaults(void **state)
{
    (void)state;
    reading r;
    Caffe__LayerParameter *l = read_layer(&r, "lrn_param {} pooling_param { pool: AVE }");
    assert_int_equal(l->lrn_param->local_size, 5);
    assert_true(l->lrn_param->beta == 0.75F);
    assert_false(l->lrn_param->has_beta);
    assert_int_equal(l->pooling_param->pool, CAFFE__POOLING_PARAMETER__POOL_METHOD__AVE);
    assert_true(l->pooling_param->has_pool);
    assert_null(l->relu_param);
    sld_arena_free(&r.arena);
}

static void test_reals(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        float value;
    } cases[] = {{"1", 1},
                 {"-1.5", -1.5F},
                 {"1e-3", 1e-3F},
                 {"1E+2", 100},
                 {".25", 0.25F},
                 {"3.", 3},
                 {"0.1", 0.1F},
                 {"2.5f", 2.5F},
                 {"- 4", -4},
                 {"inf", INFINITY},
                 {"-inf", -INFINITY},
                 {"1e39", INFINITY},
                 {"1e-60", 0},
                 {"0x10", 16},
                 {"0.0", 0},
                 {"1e999999999", INFINITY},
                 {"0.00000000000000000000000123456789", 1.23456789e-24F},
                 {"3.14159265358979323846264338327950288", 3.14159265F},
                 {"16777217.0000000000000000001", 16777216},
                 {"340282346638528859811704183484516925440", 3.402823466e38F}};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(cases); i++) {
        char text[128];
        (void)snprintf(text, sizeof text, "elu_param { alpha: %s }", cases[i].text);
        reading r;
        float value = read_layer(&r, text)->elu_param->alpha;
        if (value != cases[i].value) {
            fail_msg("%s gives %.9g", cases[i].text, (double)value);
        }
        sld_arena_free(&r.arena);
    }
    reading r;
    assert_true(isnan(read_layer(&r, "elu_param { alpha: nan }")->elu_param->alpha));
    sld_arena_free(&r.arena);
}

static void test_integers(void **state)
{
    (void)state;
    reading r;
    Caffe__LayerParameter *l = read_layer(
        &r, "convolution_param { pad: [0x1F, 010, 7] kernel_size: 4294967295 axis: -2147483648 }"
            "input_param { shape { dim: -9223372036854775808 dim: 9223372036854775807 } }");
    assert_int_equal(l->convolution_param->n_pad, 3);
    assert_int_equal(l->convolution_param->pad[0], 31);
    assert_int_equal(l->convolution_param->pad[1], 8);
    assert_int_equal(l->convolution_param->kernel_size[0], UINT32_MAX);
    assert_int_equal(l->convolution_param->axis, INT32_MIN);
    assert_true(l->input_param->shape[0]->dim[0] == INT64_MIN);
    assert_true(l->input_param->shape[0]->dim[1] == INT64_MAX);
    sld_arena_free(&r.arena);
    check_error("layer { convolution_param { group: -1 } }",
                "t:1:36: the number does not fit its field");
    check_error("layer { convolution_param { group: 4294967296 } }",
                "t:1:36: the number does not fit its field");
    check_error("layer { convolution_param { group: 3.0 } }",
                "t:1:36: an integer expected, not '3.0'");
    check_error("layer { convolution_param { group: 99999999999999999999 } }",
                "t:1:36: an integer expected, not '99999999999999999999'");
    check_error("layer { convolution_param { group: 0x } }",
                "t:1:36: an integer expected, not '0x'");
}

static void test_booleans_and_enums(void **state)
{
    (void)state;
    reading r;
    Caffe__LayerParameter *l =
        read_layer(&r, "pooling_param { pool: 2 global_pooling: 1 ceil_mode: False }");
    assert_int_equal(l->pooling_param->pool, CAFFE__POOLING_PARAMETER__POOL_METHOD__STOCHASTIC);
    assert_true(l->pooling_param->global_pooling);
    assert_false(l->pooling_param->ceil_mode);
    assert_true(l->pooling_param->has_ceil_mode);
    sld_arena_free(&r.arena);
    check_error("layer { pooling_param { pool: MAXIMUM } }",
                "t:1:31: 'MAXIMUM' is no value of pool");
    check_error("layer { pooling_param { pool: 9 } }", "t:1:31: 9 is no value of pool");
    check_error("layer { pooling_param { global_pooling: yes } }",
                "t:1:41: true or false expected, not 'yes'");
}

static void test_strings(void **state)
{
    (void)state;
    static const struct {
        const char *text, *value;
    } cases[] = {
        {"\"a\" 'b'\n# c\n\"d\"", "abd"},
        {"'it\\'s'", "it's"},
        {"\"\\n\\t\\\\\\\"\\x41\\101\\u00e9\\U0001F600\"", "\n\t\\\"AA\xc3\xa9\xf0\x9f\x98\x80"},
        {"'#no comment'", "#no comment"},
        {"\"\"", ""}};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(cases); i++) {
        char text[256];
        (void)snprintf(text, sizeof text, "name: %s type: \"T\"", cases[i].text);
        reading r;
        Caffe__LayerParameter *l = read_layer(&r, text);
        assert_string_equal(l->name, cases[i].value);
        assert_string_equal(l->type, "T");
        sld_arena_free(&r.arena);
    }
    check_error("name: \"abc", "t:1:7: the string has no end");
    check_error("name: \"ab\nc\"", "t:1:7: the string has no end");
    check_error("name: \"\\q\"", "t:1:7: the string has a bad escape sequence");
    check_error("name: \"\\u12\"", "t:1:7: the string has a bad escape sequence");
    check_error("name: \"a\\0b\"", "t:1:7: the string contains a zero byte");
    check_error("name: abc", "t:1:7: a quoted string expected, not 'abc'");
}

static void test_syntax_errors(void **state)
{
    (void)state;
    check_error("layer {\n  name: 'x'\n", "t:3:1: a field name or '}' expected, the file ends");
    check_error("layer {\n  name 'x' }", "t:2:8: ':' expected, not ''x''");
    check_error("layer 3", "t:1:7: '{' expected, not '3'");
    check_error("name:", "t:1:6: a quoted string expected, the file ends");
    check_error("}", "t:1:1: a field name expected, not '}'");
    check_error("layer < name: 'x' }", "t:1:19: a field name or '>' expected, not '}'");
    check_error("layer { bottom: ['a' 'b', 3] }", "t:1:27: a quoted string expected, not '3'");
    check_error("layer { bottom: ['a' }", "t:1:22: ',' or ']' expected, not '}'");
    check_error("name: 'a' name: 'b'", "t:1:11: 'name' is given twice");
    check_error("layer { relu_param {} relu_param {} }", "t:1:23: 'relu_param' is given twice");
    check_error("[ext.name]: 3", "t:1:1: a field name expected, not '['");
}

static void test_unknown_fields(void **state)
{
    (void)state;
    check_error("name: 'x'\nlayer {\n  lrn_param { blub: 3 } }",
                "t:3:15: LRNParameter has no field 'blub'");
    const char *text = "foo: 1 layer { name: 'a' } layer { name: 'b' bar { x: [1, { y: -2 }] }\n"
                       "lrn_param { baz: 'a' 'b' k: 2 } }";
    reading r;
    assert_int_equal(read_size(&r, text, strlen(text), true), SOLDER_OK);
    const sld_prototxt_unknown *u = r.reader.unknown;
    assert_string_equal(u->field, "foo");
    assert_null(u->owner);
    u = u->next;
    assert_string_equal(u->field, "bar");
    assert_string_equal(u->within, "LayerParameter");
    assert_ptr_equal(u->owner, r.net->layer[1]);
    u = u->next;
    assert_string_equal(u->field, "baz");
    assert_int_equal(u->line, 2);
    assert_int_equal(u->column, 13);
    assert_ptr_equal(u->owner, r.net->layer[1]);
    assert_null(u->next);
    assert_true(r.net->layer[1]->lrn_param->k == 2.0F);
    sld_arena_free(&r.arena);
}

/* Fields without meaning for inference may hold anything that is well-formed. */
static void test_opaque(void **state)
{
    (void)state;
    reading r;
    Caffe__LayerParameter *l = read_layer(
        &r, "transform_param { mirror: true mean_value: 1 mean_value: 2 x { y < z: 'a' 'b' > } }"
            "loss_weight: 1 loss_weight: [1, -2.5] convolution_param { engine: CUDNN }");
    assert_non_null(l->transform_param);
    assert_non_null(l->convolution_param->engine);
    sld_arena_free(&r.arena);
    check_error("layer { transform_param { a: } }", "t:1:30: a value expected, not '}'");
}

/* 64 levels, the text itself the first, are read; more are refused. */
static void test_depth(void **state)
{
    (void)state;
    enum { LEVELS = 100000 };
    char *text = test_malloc(LEVELS * 3 + 1);
    for (int i = 0; i < LEVELS; i++) {
        memcpy(text + (size_t)i * 3, "a {", 3);
    }
    reading r;
    assert_int_equal(read_size(&r, text, LEVELS * 3, true), SOLDER_ERROR_DATA);
    assert_string_equal(r.diag.message, "t:1:192: nested more than 64 deep");
    sld_arena_free(&r.arena);
    memset(text, '[', LEVELS * 3);
    memcpy(text, "a: ", 3);
    assert_int_equal(read_size(&r, text, LEVELS * 3, true), SOLDER_ERROR_DATA);
    assert_string_equal(r.diag.message, "t:1:67: nested more than 64 deep");
    sld_arena_free(&r.arena);
    test_free(text);
}

/* Every prefix of a text ends in a result or a message. */
static void test_truncation(void **state)
{
    (void)state;
    const char *text =
        "name: 'n' 'm' layer { name: \"a\\x41\" pooling_param { pool: AVE pad: 0x1 } "
        "input_param { shape { dim: [1, -2] } } loss_weight: 1e-3 other < a: 1 > }";
    for (size_t size = 0; size <= strlen(text); size++) {
        reading r;
        char *copy = test_malloc(size + 1); /* exact size: a sanitizer sees reads past it */
        memcpy(copy, text, size);
        solder_status status = read_size(&r, copy, size, true);
        assert_true(status == SOLDER_OK || status == SOLDER_ERROR_DATA);
        assert_true((status == SOLDER_OK) == (r.diag.message[0] == '\0'));
        sld_arena_free(&r.arena);
        test_free(copy);
    }
}

/* A small text cannot take much memory. */
static void test_budget(void **state)
{
    (void)state;
    size_t size = 70000;
    char *text = test_malloc(size);
    for (size_t i = 0; i + 7 <= size; i += 7) {
        memcpy(text + i, "layer{}", 7);
    }
    reading r;
    assert_int_equal(read_size(&r, text, size / 7 * 7, true), SOLDER_OK);
    sld_arena_free(&r.arena);
    sld_arena_init(&r.arena, NULL, 1 << 20);
    ProtobufCMessage *message;
    assert_int_equal(sld_prototxt_read(&r.reader, &caffe__net_parameter__descriptor, text,
                                       size / 7 * 7, &message),
                     SOLDER_ERROR_MEMORY);
    assert_string_equal(r.diag.message, "t: reading it takes more than 1048576 bytes");
    sld_arena_free(&r.arena);
    test_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_reals),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_booleans_and_enums),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_syntax_errors),
        cmocka_unit_test(test_unknown_fields),
        cmocka_unit_test(test_opaque),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_truncation),
        cmocka_unit_test(test_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
