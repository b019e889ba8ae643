/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

static void test_slices(void **state)
{
    (void)state;
    check_pass("merge_siblings",
               "symbol N 1..1..8\n"
               "input %x f32[N,2,3,3]\n"
               "constant %wa f32[1,2,1,1] values [1, 2]\n"
               "constant %wb f32[2,2,1,1] values [3, 4, 5, 6]\n"
               "constant %k f32[2] values [7, 8]\n"
               "%a = Convolution(%x, %wa) {stride=[1,1], epilogue.act=relu}\n"
               "%b = Convolution(%x, %wb, %k) {stride=[1,1], epilogue.act=relu}\n"
               "%c = Pooling(%a) {kind=max, global=true}\n"
               "%d = Pooling(%b) {kind=max, global=true}\n"
               "output %c\noutput %d\n",
               "symbol N 1..1..8\n"
               "input %x f32[N,2,3,3]\n"
               "constant %w f32[3,2,1,1] values [1, 2, 3, 4, 5, 6]\n"
               "constant %k f32[3] values [0, 7, 8]\n"
               "%m = Convolution(%x, %w, %k) {stride=[1,1], epilogue.act=relu} from \"a + b\"\n"
               "%a = Slice(%m) {axes=[1], start=[0], end=[1], step=[1]}\n"
               "%b = Slice(%m) {axes=[1], start=[1], end=[3], step=[1]}\n"
               "%c = Pooling(%a) {kind=max, global=true}\n"
               "%d = Pooling(%b) {kind=max, global=true}\n"
               "output %c\noutput %d\n");
}

/* Side by side in one Concat, in its order and not the network's: no slices. */
static void test_concat(void **state)
{
    (void)state;
    check_pass("merge_siblings",
               "input %x f32[1,2,3,3]\n"
               "constant %wa f32[1,2,1,1] values [1, 2]\n"
               "constant %wb f32[2,2,1,1] values [3, 4, 5, 6]\n"
               "%a = Convolution(%x, %wa) {stride=[1,1]}\n"
               "%b = Convolution(%x, %wb) {stride=[1,1]}\n"
               "%y = Concat(%x, %b, %a, %x) {axis=1}\n"
               "output %y\n",
               "input %x f32[1,2,3,3]\n"
               "constant %w f32[3,2,1,1] values [3, 4, 5, 6, 1, 2]\n"
               "%m = Convolution(%x, %w) {stride=[1,1]} from \"b + a\"\n"
               "%y = Concat(%x, %m, %x) {axis=1}\n"
               "output %y\n");
}

/* Other geometry, other activation, groups, outputs, parts of different Concats, a Reshape. */
static void test_stays(void **state)
{
    (void)state;
    check_untouched("merge_siblings", "input %x f32[1,2,4,4]\n"
                                      "constant %w f32[2,2,1,1] random 1\n"
                                      "constant %wg f32[2,1,1,1] random 1\n"
                                      "%a = Convolution(%x, %w) {stride=[1,1]}\n"
                                      "%b = Convolution(%x, %w) {stride=[2,2]}\n"
                                      "%c = Convolution(%x, %w) {epilogue.act=relu}\n"
                                      "%d = Convolution(%x, %wg) {groups=2}\n"
                                      "%e = Convolution(%x, %wg) {groups=2}\n"
                                      "%f = Convolution(%x, %w) {stride=[1,1]}\n"
                                      "%g = Convolution(%x, %w) {stride=[1,1]}\n"
                                      "%h = Convolution(%x, %w) {stride=[1,1]}\n"
                                      "%n = Unary(%a) {kind=neg}\n"
                                      "%p = Concat(%n, %g, %e, %d) {axis=1}\n"
                                      "%r = Reshape(%h) {dims=[0,-1]}\n"
                                      "output %b\noutput %c\noutput %f\noutput %p\noutput %r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_slices), cmocka_unit_test(test_concat),
                                       cmocka_unit_test(test_stays)};
    return cmocka_run_group_tests_name("merge_siblings", tests, NULL, NULL);
}
