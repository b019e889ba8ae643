/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

static void test_arithmetic(void **state)
{
    (void)state;
    check_pass("constant_folding",
               "input %x f32[2]\n"
               "constant %a f32[2] values [1, 2]\n"
               "constant %b f32[2] values [10, 20]\n"
               "%c = ElementWise(%a, %b)\n"
               "%d = ElementWise(%c, %b) {kind=prod}\n"
               "%y = ElementWise(%x, %d)\n"
               "output %y\n",
               "input %x f32[2]\n"
               "constant %d.1 f32[2] values [110, 440]\n"
               "%y = ElementWise(%x, %d.1)\n"
               "output %y\n");
}

/* The shape of open dims stays computed, of fixed dims it is a constant. */
static void test_shape(void **state)
{
    (void)state;
    check_pass("constant_folding",
               "symbol N 1..2..4\n"
               "input %x f32[N,6,4]\n"
               "%all = Shape(%x) {end=3}\n"
               "%tail = Shape(%x) {start=1, end=3}\n"
               "constant %minus i64[1] values [-1]\n"
               "%dims = Concat(%minus, %tail)\n"
               "%y = Reshape(%x, %dims)\n"
               "output %y\n"
               "output %all\n",
               "symbol N 1..2..4\n"
               "input %x f32[N,6,4]\n"
               "constant %c i64[3] values [-1, 6, 4]\n"
               "%all = Shape(%x) {end=3}\n"
               "%y = Reshape(%x, %c)\n"
               "output %y\n"
               "output %all\n");
}

/* A plugin that looks at dims alone is computed where these are numbers. */
static void test_dims_alone(void **state)
{
    (void)state;
    check_pass("constant_folding",
               "input %x f32[1,3,8,8]\n"
               "input %z f32[1,2,4]\n"
               "%f = Unary(%x) {kind=neg}\n"
               "%g = Slice(%f) {axes=[2, 3], start=[0, 0], end=[1, 1], step=[1, 1]}\n"
               "%p = Plugin \"PriorBox 1\"(%g, %x) {min_size=[4], variance=[2]}\n"
               "%y = ElementWise(%z, %p)\n"
               "output %y\n"
               "output %g\n",
               "input %x f32[1,3,8,8]\n"
               "input %z f32[1,2,4]\n"
               "constant %p.1 f32[1,2,4] values [0.25, 0.25, 0.75, 0.75, 2, 2, 2, 2]\n"
               "%f = Unary(%x) {kind=neg}\n"
               "%g = Slice(%f) {axes=[2, 3], start=[0, 0], end=[1, 1], step=[1, 1]}\n"
               "%y = ElementWise(%z, %p.1)\n"
               "output %y\n"
               "output %g\n");
    static const char open[] = "symbol N 1..2..4\n"
                               "input %x f32[1,3,N,8]\n"
                               "%p = Plugin \"PriorBox 1\"(%x, %x) {min_size=[4]}\n"
                               "output %p\n";
    check_untouched("constant_folding", open);
}

/* An output keeps a step that produces it. */
static void test_output(void **state)
{
    (void)state;
    check_pass("constant_folding",
               "constant %a f32[2] values [1, 2]\n"
               "%c = Unary(%a) {kind=neg}\n"
               "%d = Unary(%c) {kind=neg}\n"
               "output %c\n"
               "output %d\n",
               "constant %a f32[2] values [-1, -2]\n"
               "constant %b f32[2] values [1, 2]\n"
               "%c = Unary(%a) {kind=identity}\n"
               "%d = Unary(%b) {kind=identity}\n"
               "output %c\n"
               "output %d\n");
}

/* 80 MB: stays a step, unless it is a weight. */
static void test_large(void **state)
{
    (void)state;
    check_untouched("constant_folding", "input %x f32[1]\n"
                                        "%f = Fill() {dtype=f32, dims=[20000000], value=2}\n"
                                        "%y = ElementWise(%x, %f)\n"
                                        "output %y\n");
    sld_graph *graph = read_text("input %x f32[1,20000]\n"
                                 "%f = Fill() {dtype=f32, dims=[1000,20000], value=2}\n"
                                 "%t = Transpose(%f)\n"
                                 "%y = MatMul(%x, %t)\n"
                                 "output %y\n");
    bool changed = false;
    run_pass("constant_folding", graph, &changed);
    assert_int_equal(graph->node_count, 1);
    assert_true(sld_value_is_constant(graph->first->in[1].value));
    sld_graph_destroy(graph);
}

/* Another shape of a weight is no second copy of it, nor is a bias folded into its step. */
static void test_shared_bytes(void **state)
{
    (void)state;
    sld_graph *graph = read_text("input %x f32[1,6]\n"
                                 "constant %w f32[2,3,4] random 1\n"
                                 "constant %b f32[4] random 2\n"
                                 "%r = Reshape(%w) {dims=[6,4]}\n"
                                 "%m = MatMul(%x, %r)\n"
                                 "%y = Scale(%m, _, %b) {axis=1}\n"
                                 "output %y\n");
    const void *bytes = sld_graph_find_value(graph, "w")->data;
    bool changed = false;
    run_pass("constant_folding", graph, &changed);
    run_pass("fold_scale", graph, &changed);
    assert_int_equal(graph->node_count, 1);
    assert_true(sld_value_is_constant(graph->first->in[1].value));
    assert_ptr_equal(graph->first->in[1].value->data, bytes);
    sld_graph_destroy(graph);
}

/* A step that cannot be computed is left to fail when it runs. */
static void test_out_of_range(void **state)
{
    (void)state;
    check_untouched("constant_folding", "constant %a f32[2] values [1, 2]\n"
                                        "constant %i i64[1] values [5]\n"
                                        "%y = Gather(%a, %i)\n"
                                        "output %y\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arithmetic),  cmocka_unit_test(test_shape),
        cmocka_unit_test(test_output),      cmocka_unit_test(test_large),
        cmocka_unit_test(test_dims_alone),  cmocka_unit_test(test_shared_bytes),
        cmocka_unit_test(test_out_of_range)};
    return cmocka_run_group_tests_name("constant_folding", tests, NULL, NULL);
}
