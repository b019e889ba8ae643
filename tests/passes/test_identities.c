/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

static void test_handed_on(void **state)
{
    (void)state;
    check_pass("identities",
               "symbol N 1..2..4\n"
               "input %x f32[N,3,4]\n"
               "%a = Unary(%x) {kind=identity}\n"
               "%b = Cast(%a) {to=f32}\n"
               "%c = Slice(%b) {axes=[1], start=[0], end=[100]}\n"
               "%d = Concat(%c) {axis=1}\n"
               "%e = Pad(%d)\n"
               "%f = Tile(%e)\n"
               "%g = Transpose(%f) {perm=[0,1,2]}\n"
               "%h = Reshape(%g) {dims=[0,3,4]}\n"
               "%y = Unary(%h) {kind=neg}\n"
               "output %y\n",
               "symbol N 1..2..4\n"
               "input %x f32[N,3,4]\n"
               "%y = Unary(%x) {kind=neg}\n"
               "output %y\n");
}

static void test_near_misses(void **state)
{
    (void)state;
    check_untouched("identities", "input %x f32[3,4]\n"
                                  "%c = Slice(%x) {axes=[1], start=[-1], end=[-9], step=[-1]}\n"
                                  "%e = Pad(%c) {begin=[1], end=[-1]}\n"
                                  "%k = Cast(%e) {to=f16}\n"
                                  "%s = Slice(%k) {axes=[1], start=[0], end=[3], step=[1]}\n"
                                  "%t = Transpose(%s) {perm=[1,0]}\n"
                                  "output %t\n");
}

/* An output of the network keeps its name and a producer. */
static void test_outputs(void **state)
{
    (void)state;
    check_untouched("identities", "input %x f32[3]\n%y = Unary(%x) {kind=identity}\noutput %y\n");
    check_pass("identities",
               "input %x f32[3]\n"
               "%n = Unary(%x) {kind=neg}\n"
               "%y = Unary(%n) {kind=identity}\n"
               "%z = Unary(%n) {kind=identity}\n"
               "output %y\n"
               "output %z\n",
               "input %x f32[3]\n"
               "%y = Unary(%x) {kind=neg}\n"
               "%z = Unary(%y) {kind=identity}\n"
               "output %y\n"
               "output %z\n");
}

static void test_transposes(void **state)
{
    (void)state;
    check_pass("identities",
               "input %x f32[2,3,4,5]\n"
               "%a = Transpose(%x) {perm=[0,2,3,1]}\n"
               "%b = Transpose(%a) {perm=[0,3,1,2]}\n"
               "%c = Unary(%b) {kind=neg}\n"
               "%d = Transpose(%c) {perm=[0,2,3,1]}\n"
               "%e = Transpose(%d) {perm=[1,0,2,3]}\n"
               "output %e\n",
               "input %x f32[2,3,4,5]\n"
               "%c = Unary(%x) {kind=neg}\n"
               "%e = Transpose(%c) {perm=[2,0,3,1]} from \"e + d\"\n"
               "output %e\n");
}

/* No element moves, so it is only another shape. */
static void test_transpose_of_ones(void **state)
{
    (void)state;
    check_pass("identities",
               "symbol N 1..2..4\n"
               "input %x f32[N,5,1,1]\n"
               "%a = Transpose(%x) {perm=[0,2,3,1]}\n"
               "output %a\n",
               "symbol N 1..2..4\n"
               "input %x f32[N,5,1,1]\n"
               "%a = Reshape(%x) {dims=[0,1,1,5]}\n"
               "output %a\n");
}

static void test_reshapes(void **state)
{
    (void)state;
    check_pass("identities",
               "symbol N 1..2..4\n"
               "input %x f32[N,6,4]\n"
               "%a = Reshape(%x) {dims=[0,2,-1]}\n"
               "%n = Shape(%x) {end=1}\n"
               "constant %m i64[1] values [-1]\n"
               "%s = Concat(%n, %m)\n"
               "%b = Reshape(%a, %s)\n"
               "output %b\n",
               "symbol N 1..2..4\n"
               "input %x f32[N,6,4]\n"
               "%b = Reshape(%x) {dims=[0,24]}\n"
               "output %b\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_handed_on), cmocka_unit_test(test_near_misses),
        cmocka_unit_test(test_outputs),   cmocka_unit_test(test_transposes),
        cmocka_unit_test(test_reshapes),  cmocka_unit_test(test_transpose_of_ones)};
    return cmocka_run_group_tests_name("identities", tests, NULL, NULL);
}
