/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

static void test_concat(void **state)
{
    (void)state;
    check_pass("views",
               "symbol N 1..1..8\n"
               "input %x f32[N,2,4,4]\n"
               "%a = Unary(%x) {kind=neg}\n"
               "%b = Unary(%x) {kind=abs}\n"
               "%y = Concat(%a, %b) {axis=1}\n"
               "output %y\n",
               "symbol N 1..1..8\n"
               "input %x f32[N,2,4,4]\n"
               "%a = Unary(%x) {kind=neg}\n"
               "%b = Unary(%x) {kind=abs}\n"
               "%y = Concat(%a, %b) {axis=1} elided\n"
               "output %y\n"
               "view %a = %y [0,0,0,0]\n"
               "view %b = %y [0,2,0,0]\n");
}

/* An input, an output, a part given twice, a part of two: one place each, the others are copied. */
static void test_copies(void **state)
{
    (void)state;
    check_pass("views",
               "input %x f32[1,2,4]\n"
               "%a = Unary(%x) {kind=neg}\n"
               "%b = Unary(%x) {kind=abs}\n"
               "%y = Concat(%x, %a, %a, %b) {axis=1}\n"
               "%z = Concat(%a, %b) {axis=1}\n"
               "output %y\noutput %b\noutput %z\n",
               "input %x f32[1,2,4]\n"
               "%a = Unary(%x) {kind=neg}\n"
               "%b = Unary(%x) {kind=abs}\n"
               "%c = Unary(%x) {kind=identity}\n"
               "%d = Unary(%a) {kind=identity}\n"
               "%e = Unary(%b) {kind=identity}\n"
               "%y = Concat(%c, %a, %d, %e) {axis=1} elided\n"
               "%z = Concat(%a, %b) {axis=1}\n"
               "output %y\noutput %b\noutput %z\n"
               "view %a = %y [0,2,0]\n"
               "view %c = %y [0,0,0]\n"
               "view %d = %y [0,4,0]\n"
               "view %e = %y [0,6,0]\n");
}

/* Chains: a Concat in a Concat, and the flattened head of a detector. */
static void test_chains(void **state)
{
    (void)state;
    check_pass("views",
               "input %x f32[1,2,4,3]\n"
               "%a = Unary(%x) {kind=neg}\n"
               "%b = Unary(%x) {kind=abs}\n"
               "%y = Concat(%a, %b) {axis=1}\n"
               "%c = Unary(%y) {kind=neg}\n"
               "%z = Concat(%y, %c) {axis=1}\n"
               "%t = Transpose(%z) {perm=[0,2,3,1]}\n"
               "%f = Reshape(%t) {dims=[1,96]}\n"
               "%g = Reshape(%x) {dims=[1,24]}\n"
               "%h = Unary(%g) {kind=neg}\n"
               "%o = Concat(%f, %h) {axis=1}\n"
               "output %o\n",
               "input %x f32[1,2,4,3]\n"
               "%a = Unary(%x) {kind=neg}\n"
               "%b = Unary(%x) {kind=abs}\n"
               "%y = Concat(%a, %b) {axis=1} elided\n"
               "%c = Unary(%y) {kind=neg}\n"
               "%z = Concat(%y, %c) {axis=1} elided\n"
               "%t = Transpose(%z) {perm=[0,2,3,1]}\n"
               "%f = Reshape(%t) {dims=[1,96]} elided\n"
               "%g = Reshape(%x) {dims=[1,24]} elided\n"
               "%h = Unary(%g) {kind=neg}\n"
               "%o = Concat(%f, %h) {axis=1} elided\n"
               "output %o\n"
               "view %a = %y [0,0,0,0]\n"
               "view %b = %y [0,2,0,0]\n"
               "view %y = %z [0,0,0,0]\n"
               "view %c = %z [0,4,0,0]\n"
               "view %t = %f reshape\n"
               "view %f = %o [0,0]\n"
               "view %g = %x reshape\n"
               "view %h = %o [0,96]\n");
}

static void test_slices(void **state)
{
    (void)state;
    check_pass("views",
               "symbol N 1..1..8\n"
               "input %x f32[N,4,3]\n"
               "%a = Slice(%x) {axes=[1], start=[1], end=[3]}\n"
               "%b = Slice(%a) {axes=[0], start=[0], end=[1], step=[2]}\n"
               "%n = Unary(%b) {kind=neg}\n"
               "output %n\n",
               "symbol N 1..1..8\n"
               "input %x f32[N,4,3]\n"
               "%a = Slice(%x) {axes=[1], start=[1], end=[3]} elided\n"
               "%b = Slice(%a) {axes=[0], start=[0], end=[1], step=[2]} elided\n"
               "%n = Unary(%b) {kind=neg}\n"
               "output %n\n"
               "view %a = %x [0,1,0]\n"
               "view %b = %a [0,0,0] step [2,1,1]\n");
}

/* The input of a Reshape lives in the output of the network. */
static void test_output_reshape(void **state)
{
    (void)state;
    check_pass("views",
               "symbol N 1..1..8\n"
               "input %x f32[N,4,3]\n"
               "%a = Unary(%x) {kind=neg}\n"
               "%y = Reshape(%a) {dims=[0,12]}\n"
               "output %y\n",
               "symbol N 1..1..8\n"
               "input %x f32[N,4,3]\n"
               "%a = Unary(%x) {kind=neg}\n"
               "%y = Reshape(%a) {dims=[0,12]} elided\n"
               "output %y\n"
               "view %a = %y reshape\n");
}

/*
 * Inner axes, steps inside, a flatten of a slice over an open batch, two outputs, constants, and
 * extents that a running step decides.
 */
static void test_stays(void **state)
{
    (void)state;
    check_untouched("views", "symbol N 1..1..8\n"
                             "input %x f32[N,4,6]\n"
                             "constant %k f32[1,4,6] random 1\n"
                             "%a = Slice(%x) {axes=[2], start=[1], end=[3]}\n"
                             "%b = Slice(%x) {axes=[1], start=[0], end=[4], step=[2]}\n"
                             "%c = Unary(%x) {kind=neg}\n"
                             "%d = Concat(%c, %x) {axis=2}\n"
                             "%e = Concat(%k, %k) {axis=1}\n"
                             "%f = Reshape(%x) {dims=[0,24]}\n"
                             "%g = Reshape(%k) {dims=[24]}\n"
                             "output %a\noutput %b\noutput %d\noutput %e\noutput %f\noutput %g\n");
    check_untouched("views", "input %boxes f32[1,9,4]\n"
                             "input %scores f32[1,1,9]\n"
                             "constant %k i64[1] values [9]\n"
                             "%a = NonMaxSuppression(%boxes, %scores, %k)\n"
                             "%b = Unary(%a) {kind=neg}\n"
                             "%c = Unary(%a) {kind=abs}\n"
                             "%d = Concat(%b, %c)\n"
                             "output %d\n");
    check_untouched("views", "input %x f32[6,3]\n"
                             "%a = NonZero(%x)\n"
                             "%b = Reshape(%a) {dims=[-1]}\n"
                             "output %b\n");
}

/* The flatten of a part of the channels: contiguous for one image only. */
static void test_flattened_slice(void **state)
{
    (void)state;
    sld_graph *graph = read_text("symbol N 1..1..8\n"
                                 "input %x f32[N,4,6]\n"
                                 "%n = Unary(%x) {kind=neg}\n"
                                 "%a = Slice(%n) {axes=[1], start=[1], end=[3]}\n"
                                 "%f = Reshape(%a) {dims=[0,12]}\n"
                                 "%y = Unary(%f) {kind=neg}\n"
                                 "output %y\n");
    run_pass("views", graph, NULL);
    const sld_value *a = sld_graph_find_value(graph, "a");
    const sld_value *f = sld_graph_find_value(graph, "f");
    assert_true(a->producer->elided != f->producer->elided);
    sld_graph_destroy(graph);
}

/* A convolution reads channels-last values where they lie; other steps and groups do not. */
static void test_transpose(void **state)
{
    (void)state;
    check_pass("views",
               "symbol N 1..1..8\n"
               "input %x f32[N,8,9,3] nhwc\n"
               "constant %w f32[4,3,3,3] random 1\n"
               "%t = Transpose(%x) {perm=[0,3,1,2]}\n"
               "%y = Convolution(%t, %w)\n"
               "%z = Convolution(%t, %w)\n"
               "output %y\noutput %z\n",
               "symbol N 1..1..8\n"
               "input %x f32[N,8,9,3] nhwc\n"
               "constant %w f32[4,3,3,3] random 1\n"
               "%t = Transpose(%x) {perm=[0,3,1,2]} elided\n"
               "%y = Convolution(%t, %w)\n"
               "%z = Convolution(%t, %w)\n"
               "output %y\noutput %z\n"
               "view %t = %x transpose [0,3,1,2]\n");
    check_untouched("views", "input %x f32[1,8,9,4]\n"
                             "input %v f32[1,8,9,17]\n"
                             "constant %w f32[4,4,3,3] random 1\n"
                             "constant %g f32[4,2,3,3] random 1\n"
                             "constant %u f32[4,17,3,3] random 1\n"
                             "%a = Transpose(%x) {perm=[0,3,1,2]}\n"
                             "%b = Convolution(%a, %w)\n"
                             "%c = Pooling(%a) {window=[2,2]}\n"
                             "%d = Transpose(%x) {perm=[0,3,1,2]}\n"
                             "%e = Convolution(%d, %g) {groups=2}\n"
                             "%f = Transpose(%v) {perm=[0,3,1,2]}\n"
                             "%h = Convolution(%f, %u)\n"
                             "%i = Transpose(%x) {perm=[0,3,2,1]}\n"
                             "%j = Convolution(%i, %w)\n"
                             "output %b\noutput %c\noutput %e\noutput %h\noutput %j\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_concat),          cmocka_unit_test(test_copies),
        cmocka_unit_test(test_chains),          cmocka_unit_test(test_slices),
        cmocka_unit_test(test_output_reshape),  cmocka_unit_test(test_stays),
        cmocka_unit_test(test_flattened_slice), cmocka_unit_test(test_transpose)};
    return cmocka_run_group_tests_name("views", tests, NULL, NULL);
}
