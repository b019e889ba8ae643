/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

static void test_fuses(void **state)
{
    (void)state;
    check_pass("fuse_activation",
               "symbol N 1..1..8\n"
               "input %x f32[N,3,8,8]\n"
               "constant %w f32[4,3,3,3] random 1\n"
               "constant %s f32[4] random 2\n"
               "%conv1 = Convolution(%x, %w) {stride=[1,1]}\n"
               "%relu1 = Activation(%conv1)\n"
               "%a = Scale(%relu1, %s)\n"
               "%b = Activation(%a) {kind=leaky_relu, alpha=0.25}\n"
               "%c = ElementWise(%b, %relu1)\n"
               "%d = Activation(%c) {kind=clip, alpha=-1, beta=1}\n"
               "output %d\n",
               "symbol N 1..1..8\n"
               "input %x f32[N,3,8,8]\n"
               "constant %w f32[4,3,3,3] random 1\n"
               "constant %s f32[4] random 2\n"
               "%relu1 = Convolution(%x, %w) {stride=[1,1], epilogue.act=relu} "
               "from \"conv1 + relu1\"\n"
               "%b = Scale(%relu1, %s) {epilogue.act=leaky_relu, epilogue.alpha=0.25} "
               "from \"a + b\"\n"
               "%d = ElementWise(%b, %relu1) {epilogue.act=clip, epilogue.alpha=-1, "
               "epilogue.beta=1} from \"c + d\"\n"
               "output %d\n");
}

/* Used elsewhere, an output itself, activated already, no epilogue there. */
static void test_stays(void **state)
{
    (void)state;
    check_untouched("fuse_activation", "input %x f32[2,3]\n"
                                       "%a = ElementWise(%x, %x)\n"
                                       "%b = Activation(%a)\n"
                                       "%c = ElementWise(%b, %a) {epilogue.act=tanh}\n"
                                       "%d = Activation(%c)\n"
                                       "%e = ElementWise(%x, %d)\n"
                                       "%f = Activation(%e)\n"
                                       "%g = Unary(%f) {kind=abs}\n"
                                       "%h = Activation(%g)\n"
                                       "output %e\noutput %h\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fuses), cmocka_unit_test(test_stays)};
    return cmocka_run_group_tests_name("fuse_activation", tests, NULL, NULL);
}
