/* SPDX-License-Identifier: Apache-2.0 */
/* The text form: exact round trips, and hostile text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "graph/graph.h"

static sld_diag diag;

static sld_graph *read_text(const char *text)
{
    sld_graph *graph = NULL;
    solder_status status = sld_graph_read(NULL, &diag, text, strlen(text), &graph);
    if (status != SOLDER_OK) {
        print_error("%s\n", diag.message);
    }
    assert_int_equal(status, SOLDER_OK);
    return graph;
}

static void round_trip(const char *text)
{
    sld_graph *graph = read_text(text);
    sld_text printed = {0};
    assert_int_equal(sld_graph_print(graph, true, &printed), SOLDER_OK);
    assert_string_equal(printed.data, text);
    sld_text_free(&printed);
    sld_graph_destroy(graph);
}

static void expect_error(const char *text, const char *message)
{
    sld_graph *graph = NULL;
    assert_int_not_equal(sld_graph_read(NULL, &diag, text, strlen(text), &graph), SOLDER_OK);
    assert_null(graph);
    assert_string_equal(diag.message, message);
}

static void test_sources(void **state)
{
    (void)state;
    round_trip("network \"tiny \\\"net\\\"\\x0a\"\n"
               "symbol N 1..4..8\n"
               "symbol \"a b\" 0..0..7\n"
               "input %data f32[N,3,8,8] nhwc\n"
               "input %\"data 0\" i64[(N*2),\"a b\",((N+1)/2),(64-(N*8)),(N+-1)]\n"
               "constant %a f32[2,2] values [1, -0, 0.100000001, inf]\n"
               "constant %b i8[3] values [-128, 0, 127]\n"
               "constant %c u64[1] values [18446744073709551615]\n"
               "constant %d f64[] values [0.10000000000000001]\n"
               "constant %e f16[2,40] fill 0.5\n"
               "constant %f f32[2] hex 0000c07f0000803f\n"
               "constant %g bool[2] values [0, 1]\n"
               "constant %h f32[0,3] values []\n"
               "output %\"data 0\"\n");
}

static void test_nodes(void **state)
{
    (void)state;
    round_trip("network \"\"\n"
               "symbol N 1..1..8\n"
               "input %data f32[N,3,8,8]\n"
               "constant %w f32[16,3,3,3] fill 1\n"
               "%conv1 = Convolution(%data, %w) {stride=[2,1], pad_begin=[1,1], pad_end=[1,1], "
               "epilogue.act=relu} from \"conv1 + relu1\"\n"
               "%values, %indices = TopK(%conv1) {axis=1, k=5} as top\n"
               "%odd:1, %odd = TopK(%conv1) {axis=1, k=2} as odd\n"
               "%mean = Reduce(%values) {kind=mean, axes=[2,3]} elided\n"
               "output %mean\n"
               "output %indices nhwc\n"
               "place %conv1 4096\n"
               "view %values = %conv1 [0,2,0,0] step [1,2,1,1]\n"
               "view %indices = %values reshape\n"
               "arena 65536\n");
}

/* Hand-written text need not look like printed text. */
static void test_free_form(void **state)
{
    (void)state;
    sld_graph *graph =
        read_text("# a comment\n\n"
                  "input %x f32[ (2 + M*3) max 4 , 1, 64-M-1 ]   # M is declared here\r\n"
                  "constant %r f32[2,3] random 7\n"
                  "constant %i i32[4] random -1\n"
                  "constant %v i32[4] values [1,\n  2, # two\n 3,4]\n"
                  "output %x");
    const sld_value *r = sld_graph_find_value(graph, "r");
    const sld_value *i = sld_graph_find_value(graph, "i");
    const sld_value *v = sld_graph_find_value(graph, "v");
    for (int k = 0; k < 6; k++) {
        assert_true(((const float *)r->data)[k] >= -1.0F && ((const float *)r->data)[k] < 1.0F);
    }
    /* The first output of splitmix64 from seed 7 is 0x63cbe1e459320dd7. */
    assert_true(((const float *)r->data)[0] == (float)(0x63cbe1 * 0x1p-23 - 1.0));
    for (int k = 0; k < 4; k++) {
        assert_in_range(((const int32_t *)i->data)[k], 0, 7);
        assert_int_equal(((const int32_t *)v->data)[k], k + 1);
    }
    assert_int_equal(graph->output_count, 1);
    sld_graph_destroy(graph);
}

static void test_digest(void **state)
{
    (void)state;
    sld_graph *graph = read_text("constant %a u8[17] random 1\nconstant %b u8[16] random 1\n");
    sld_text text = {0};
    assert_int_equal(sld_graph_print(graph, false, &text), SOLDER_OK);
    assert_non_null(strstr(text.data, "constant %a u8[17] digest "));
    assert_non_null(strstr(text.data, "constant %b u8[16] values ["));
    sld_text_free(&text);
    sld_graph_destroy(graph);
}

static void test_errors(void **state)
{
    (void)state;
    expect_error("\n\nfoo", "text: line 3: expected a statement before 'f'");
    expect_error("input data f32[1]", "text: line 1: expected '%' before 'd'");
    expect_error("input %x q9[1]", "text: line 1: 'q9' is no element type");
    expect_error("input %x f32[1", "text: line 1: expected ',' at the end of the line");
    expect_error("input %x f32[1,1,1,1,1,1,1,1,1]", "text: line 1: more than 8 dimensions");
    expect_error("input %x f32[1] 3", "text: line 1: expected the end of the line before '3'");
    expect_error("input %x f32[]\ninput %x f32[]", "text: line 2: %x is defined twice");
    expect_error("output %x", "text: line 1: %x is not defined above");
    expect_error("input %x f32[]\noutput %x\noutput %x", "text: line 3: %x is an output already");
    expect_error("input %\"x f32[]", "text: line 1: expected '\"' at the end of the line");
    expect_error("input %\"\\q\" f32[]", "text: line 1: a quoted name is broken");
    expect_error("symbol N 3..2..4", "text: line 1: the profile is not 0 <= min <= opt <= max");
    expect_error("symbol 5 1..2..4", "text: line 1: a number is no symbol");
    expect_error("symbol N 1..2..99999999999999999999",
                 "text: line 1: '99999999999999999999' is no whole number");
    expect_error("input %x f32[9223372036854775807*2]",
                 "text: line 1: a dimension cannot be represented");
    expect_error("constant %x f32[N] fill 1",
                 "text: line 1: the dims of constant %x are not numbers");
    expect_error("constant %x f32[-1] fill 1",
                 "text: line 1: the dims of constant %x are impossible");
    expect_error("constant %x f32[9223372036854775807] fill 1",
                 "text: line 1: the dims of constant %x are impossible");
    expect_error("constant %x f32[1000000,1000000] fill 1",
                 "text: line 1: constants of more than 1073741824 bytes");
    expect_error("constant %x f32[2] values [1]", "text: line 1: 1 values where the shape has 2");
    expect_error("constant %x f32[2] values [1,2,3]",
                 "text: line 1: more values than the shape's 2");
    expect_error("constant %x u8[1] values [256]", "text: line 1: '256' is no u8");
    expect_error("constant %x i32[1] values [1.5]", "text: line 1: '1.5' is no i32");
    expect_error("constant %x f32[1] hex 0011", "text: line 1: 2 hex bytes where the shape has 4");
    expect_error("constant %x f32[1] hex 0011223344",
                 "text: line 1: more hex bytes than the shape's 4");
    expect_error("constant %x bool[1] hex 02", "text: line 1: a bool is 0 or 1");
    expect_error("constant %x f32[1] digest 00",
                 "text: line 1: a digest holds no values: print the network in full");
    expect_error("constant %x f32[1]",
                 "text: line 1: expected values, fill, random or hex at the end of the line");
}

static void test_node_errors(void **state)
{
    (void)state;
    expect_error("%y = Foo(%x)", "text: line 1: 'Foo' is no operator");
    expect_error("%y = TopK(%x)", "text: line 1: %x is not defined above");
    expect_error("%y, %y = TopK(%x)", "text: line 1: %y is defined twice");
    expect_error("input %x f32[2]\n%y, %z = TopK(%x) {foo=1}",
                 "text: line 2: TopK has no attribute 'foo'");
    expect_error("input %x f32[2]\n%y, %z = TopK(%x) {k=a}", "text: line 2: 'a' is no value of k");
    expect_error("input %x f32[2]\n%y, %z = TopK(%x, %x, %x)",
                 "text: line 2: node 'y' (TopK): has 3 inputs, takes 1 to 2");
    expect_error("input %x f32[2]\ninput %y f32[2]\nview %x = %y reshape\nview %y = %x reshape",
                 "text: line 4: %y is a view of itself");
    expect_error("input %x f32[2]\nview %x = %x reshape", "text: line 2: %x is a view of itself");
    expect_error("input %x f32[2,3]\ninput %y f32[3,2]\nview %x = %y transpose [1,1]",
                 "text: line 3: %x: not a permutation of its axes");
    expect_error("input %x f32[2,3]\ninput %y f32[3]\nview %x = %y transpose [1,0]",
                 "text: line 3: %x: not a permutation of its axes");
    expect_error("input %x f32[2]\ninput %y f32[2]\nview %x = %y [0,0]",
                 "text: line 3: a region has another rank than its parent");
    expect_error("input %x f32[2]\ninput %y f32[2]\nview %x = %y [0] step [0]",
                 "text: line 3: a step is not positive");
    expect_error("constant %x f32[2] fill 1\nplace %x 0", "text: line 2: %x is a constant");
    expect_error("input %b f32[1,9,4]\ninput %s f32[1,1,9]\n%n = NonMaxSuppression(%b, %s)\n"
                 "input %c f32[n]",
                 "text: line 4: symbol n belongs to a node");
    expect_error("input %x f32[2]\nplace %x -1", "text: line 2: an offset is negative");
}

static void test_nesting(void **state)
{
    (void)state;
    static char text[200000];
    memcpy(text, "input %x f32[", 13);
    memset(text + 13, '(', sizeof text - 14);
    expect_error(text, "text: line 1: parentheses are nested too deeply");
}

/* Dims are written the same whichever of their parts was made first. */
static void test_operand_order(void **state)
{
    (void)state;
    const char *text = "network \"\"\n"
                       "symbol N 1..1..8\n"
                       "symbol M 1..1..8\n"
                       "input %a f32[((M*3)+(N*2))]\n";
    const char *other = "network \"\"\n"
                        "symbol N 1..1..8\n"
                        "symbol M 1..1..8\n"
                        "input %a f32[((N*2)+(M*3))]\n";
    sld_graph *graph = read_text(text);
    sld_text printed = {0};
    assert_int_equal(sld_graph_print(graph, true, &printed), SOLDER_OK);
    assert_string_equal(printed.data, other);
    sld_text_free(&printed);
    sld_graph_destroy(graph);
    round_trip(other);
}

/* A chain of sums nobody can write with brackets: refused in full, abridged for people. */
static void test_long_dimension(void **state)
{
    (void)state;
    char text[2048] = "input %a f32[N";
    for (int i = 0; i < 100; i++) {
        strcat(text, i % 2 == 0 ? "/M" : "-N");
    }
    strcat(text, "]");
    sld_graph *graph = read_text(text);
    sld_text printed = {0};
    assert_int_equal(sld_graph_print(graph, true, &printed), SOLDER_ERROR_UNSUPPORTED);
    assert_int_equal(sld_graph_print(graph, false, &printed), SOLDER_OK);
    assert_non_null(strchr(printed.data, '?'));
    sld_text_free(&printed);
    sld_graph_destroy(graph);
}

/* Every prefix and every changed byte gives a network or an error. */
static void test_mutations(void **state)
{
    (void)state;
    const char *text = "network \"t\"\nsymbol N 1..1..8\ninput %a f32[N,(N*2)] nhwc\n"
                       "constant %\"b c\" f32[2] values [1, 2]\nconstant %h u8[2] hex 00ff\n"
                       "%y = Convolution(%a, %\"b c\", _) {stride=[1,2]} as q from \"z\" elided\n"
                       "output %a\nview %a = %h [0,1] step [1,2]\nplace %a 64\narena 128\n";
    size_t size = strlen(text);
    static const char bytes[] = "\0\n\"%[]{}()=,#_ 0-9.a\xff";
    for (size_t i = 0; i < size; i++) {
        for (size_t b = 0; b <= sizeof bytes; b++) {
            char changed[512];
            memcpy(changed, text, size);
            changed[i] = b < sizeof bytes ? bytes[b] : changed[i];
            sld_graph *graph = NULL;
            solder_status status =
                sld_graph_read(NULL, &diag, changed, b < sizeof bytes ? size : i, &graph);
            assert_true((status == SOLDER_OK) == (graph != NULL));
            sld_graph_destroy(graph);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sources),        cmocka_unit_test(test_nodes),
        cmocka_unit_test(test_free_form),      cmocka_unit_test(test_digest),
        cmocka_unit_test(test_errors),         cmocka_unit_test(test_node_errors),
        cmocka_unit_test(test_nesting),        cmocka_unit_test(test_operand_order),
        cmocka_unit_test(test_long_dimension), cmocka_unit_test(test_mutations),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
