/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

/* A bottleneck: the shortcut's convolution comes last in the list, yet either may take the sum. */
static void test_convolutions(void **state)
{
    (void)state;
    check_pass("fuse_residual",
               "input %x f32[1,3,4,4]\n"
               "constant %w f32[3,3,1,1] random 1\n"
               "%a = Convolution(%x, %w) {stride=[1,1]}\n"
               "%b = Convolution(%x, %w) {stride=[1,1]}\n"
               "%y = ElementWise(%a, %b) {epilogue.act=relu}\n"
               "output %y\n",
               "input %x f32[1,3,4,4]\n"
               "constant %w f32[3,3,1,1] random 1\n"
               "%a = Convolution(%x, %w) {stride=[1,1]}\n"
               "%y = Convolution(%x, %w, _, %a) {stride=[1,1], epilogue.act=relu, "
               "epilogue.residual=true} from \"b + y\"\n"
               "output %y\n");
}

/* The other value is computed after the convolution: the convolution moves behind it. */
static void test_moves(void **state)
{
    (void)state;
    check_pass("fuse_residual",
               "input %x f32[2,4,4]\n"
               "constant %w f32[4,4] random 1\n"
               "%a = MatMul(%x, %w)\n"
               "%b = Unary(%x) {kind=exp}\n"
               "%c = Unary(%b) {kind=neg}\n"
               "%y = ElementWise(%c, %a)\n"
               "output %y\n",
               "input %x f32[2,4,4]\n"
               "constant %w f32[4,4] random 1\n"
               "%b = Unary(%x) {kind=exp}\n"
               "%c = Unary(%b) {kind=neg}\n"
               "%y = MatMul(%x, %w, _, %c) {epilogue.residual=true} from \"a + y\"\n"
               "output %y\n");
}

/* Broadcast, used twice, x + x, activated before, a product. */
static void test_stays(void **state)
{
    (void)state;
    check_untouched("fuse_residual", "input %x f32[1,3,4,4]\n"
                                     "input %z f32[1,3,1,1]\n"
                                     "constant %w f32[3,3,1,1] random 1\n"
                                     "%a = Convolution(%x, %w) {stride=[1,1]}\n"
                                     "%b = ElementWise(%a, %z)\n"
                                     "%c = Convolution(%x, %w) {stride=[1,1]}\n"
                                     "%d = ElementWise(%c, %c)\n"
                                     "%e = Convolution(%x, %w) {epilogue.act=relu}\n"
                                     "%f = ElementWise(%e, %x)\n"
                                     "%g = Convolution(%x, %w) {stride=[1,1]}\n"
                                     "%h = ElementWise(%g, %x) {kind=prod}\n"
                                     "%i = Convolution(%x, %w) {stride=[1,1]}\n"
                                     "%j = ElementWise(%i, %x)\n"
                                     "output %b\noutput %d\noutput %f\noutput %h\n"
                                     "output %i\noutput %j\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_convolutions),
                                       cmocka_unit_test(test_moves), cmocka_unit_test(test_stays)};
    return cmocka_run_group_tests_name("fuse_residual", tests, NULL, NULL);
}
