/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

static sld_graph *planned(const char *text)
{
    sld_graph *graph = read_text(text);
    run_pass("memory_plan", graph, NULL);
    return graph;
}

static int64_t offset_of(const sld_graph *graph, const char *name)
{
    return sld_graph_find_value(graph, name)->arena_offset;
}

/* a, c and e take turns, as do b and d; each is as large as the profile allows. */
static void test_chain(void **state)
{
    (void)state;
    sld_graph *graph = planned("symbol N 1..2..4\n"
                               "input %x f32[N,16]\n"
                               "%a = Transpose(%x)\n"
                               "%b = Transpose(%a)\n"
                               "%c = Transpose(%b)\n"
                               "%d = Transpose(%c)\n"
                               "%e = Transpose(%d)\n"
                               "output %e\n");
    assert_int_equal(graph->arena_bytes, 2 * 4 * 16 * 4);
    assert_int_equal(offset_of(graph, "x"), -1);
    assert_int_equal(offset_of(graph, "a"), offset_of(graph, "c"));
    assert_int_equal(offset_of(graph, "a"), offset_of(graph, "e"));
    assert_int_equal(offset_of(graph, "b"), offset_of(graph, "d"));
    sld_graph_destroy(graph);
}

static void test_in_place(void **state)
{
    (void)state;
    sld_graph *graph = planned("input %x f32[1,64]\n"
                               "%a = Transpose(%x) {perm=[0,1]}\n"
                               "%b = Activation(%a)\n"
                               "%c = ElementWise(%x, %b)\n"
                               "%d = Unary(%c) {kind=neg}\n"
                               "%e = ElementWise(%c, %d)\n" /* c lives on: d is beside it */
                               "output %e\n");
    assert_int_equal(graph->arena_bytes, 512);
    assert_int_equal(offset_of(graph, "a"), offset_of(graph, "b"));
    assert_int_equal(offset_of(graph, "a"), offset_of(graph, "c"));
    assert_int_not_equal(offset_of(graph, "c"), offset_of(graph, "d"));
    sld_graph_destroy(graph);
}

/* A convolution writes over what it adds, unless it reads that as its input too. */
static void test_residual(void **state)
{
    (void)state;
    sld_graph *graph = planned("input %x f32[1,2,4,4]\n"
                               "constant %w f32[2,2,1,1] random 1\n"
                               "%a = Unary(%x) {kind=neg}\n"
                               "%b = Unary(%x) {kind=exp}\n"
                               "%c = Convolution(%a, %w, _, %b) {epilogue.residual=true}\n"
                               "%d = Convolution(%c, %w, _, %c) {epilogue.residual=true}\n"
                               "output %d\n");
    assert_int_equal(offset_of(graph, "b"), offset_of(graph, "c"));
    assert_int_not_equal(offset_of(graph, "a"), offset_of(graph, "c"));
    assert_int_not_equal(offset_of(graph, "c"), offset_of(graph, "d"));
    sld_graph_destroy(graph);
}

/* Nothing is overwritten that an output, a view or another slot still needs. */
static void test_keeps(void **state)
{
    (void)state;
    sld_graph *graph = planned("input %x f32[1,64]\n"
                               "%a = Unary(%x) {kind=neg}\n"
                               "%b = Activation(%a)\n"
                               "%h = Slice(%b) {axes=[1], start=[0], end=[1]} elided\n"
                               "%c = ElementWise(%b, %h)\n"
                               "%d = Transpose(%c)\n"
                               "output %a\noutput %d\n"
                               "view %h = %b [0,0]\n");
    assert_int_not_equal(offset_of(graph, "a"), offset_of(graph, "b"));
    assert_int_not_equal(offset_of(graph, "b"), offset_of(graph, "c"));
    assert_int_equal(offset_of(graph, "h"), -1);
    for (const char *const *name = (const char *const[]){"b", "c", "d", NULL}; *name; name++) {
        assert_int_not_equal(offset_of(graph, "a"), offset_of(graph, *name));
    }
    sld_graph_destroy(graph);
}

/* A part of a Concat makes the whole live from the first part on. */
static void test_views(void **state)
{
    (void)state;
    sld_graph *graph = planned("input %x f32[1,2,64]\n"
                               "%a = Unary(%x) {kind=neg}\n"
                               "%t = Transpose(%x) {perm=[0,2,1]}\n"
                               "%b = Transpose(%t) {perm=[0,2,1]}\n"
                               "%y = Concat(%a, %b) {axis=1} elided\n"
                               "%z = Transpose(%y)\n"
                               "output %z\n"
                               "view %a = %y [0,0,0]\n"
                               "view %b = %y [0,2,0]\n");
    int64_t y = offset_of(graph, "y");
    int64_t t = offset_of(graph, "t");
    assert_true(t + 512 <= y || y + 1024 <= t);
    assert_int_equal(offset_of(graph, "a"), -1);
    assert_int_equal(graph->arena_bytes, 2048);
    sld_graph_destroy(graph);
}

/* Sizes that only a step knows count with their bound; ones that shrink as the batch grows too. */
static void test_bounds(void **state)
{
    (void)state;
    sld_graph *graph = planned("input %boxes f32[1,9,4]\n"
                               "input %scores f32[1,2,9]\n"
                               "constant %k i64[1] values [5]\n"
                               "%a = NonMaxSuppression(%boxes, %scores, %k)\n"
                               "output %a\n");
    assert_int_equal(graph->arena_bytes, 256); /* 2 classes * 5 boxes * 3 numbers * 8 bytes */
    sld_graph_destroy(graph);
    graph = planned("symbol N 1..8..8\n"
                    "input %x f32[64]\n"
                    "input %n f32[(64-N*8)]\n"
                    "%a = Transpose(%n)\n"
                    "output %a\n");
    assert_int_equal(graph->arena_bytes, 256);
    sld_graph_destroy(graph);
}

static void test_too_large(void **state)
{
    (void)state;
    sld_graph *graph = read_text("symbol N 1..1..4611686018427387904\n"
                                 "input %x f32[N]\n"
                                 "%a = Unary(%x) {kind=neg}\n"
                                 "output %a\n");
    assert_int_equal(sld_pass_run(sld_pass_find("memory_plan"), graph, &options, NULL),
                     SOLDER_ERROR_ARGUMENT);
    assert_string_equal(diag.message, "pass memory_plan: value 'a' has no possible size in some "
                                      "corner of the profile");
    sld_graph_destroy(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain),    cmocka_unit_test(test_in_place),
        cmocka_unit_test(test_residual), cmocka_unit_test(test_keeps),
        cmocka_unit_test(test_views),    cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_too_large)};
    return cmocka_run_group_tests_name("memory_plan", tests, NULL, NULL);
}
