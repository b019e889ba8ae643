/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

static void test_batchnorm(void **state)
{
    (void)state;
    check_pass("fold_scale",
               "input %x f32[1,2,3,3]\n"
               "constant %w f32[2,2,1,1] values [1, 2, 3, 4]\n"
               "constant %b f32[2] values [10, 20]\n"
               "constant %gamma f32[2] values [4, 6]\n"
               "constant %beta f32[2] values [1, 2]\n"
               "constant %mean f32[2] values [5, 7]\n"
               "constant %var f32[2] values [4, 9]\n"
               "%conv1 = Convolution(%x, %w, %b) {stride=[1,1]}\n"
               "%bn1 = BatchNorm(%conv1, %gamma, %beta, %mean, %var) {epsilon=0}\n"
               "output %bn1\n",
               "input %x f32[1,2,3,3]\n"
               "constant %w f32[2,2,1,1] values [2, 4, 6, 8]\n"
               "constant %b f32[2] values [11, 28]\n"
               "%bn1 = Convolution(%x, %w, %b) {stride=[1,1]} from \"conv1 + bn1\"\n"
               "output %bn1\n");
    check_untouched("fold_scale", "input %x f32[1,2,3,3]\n"
                                  "constant %c f32[2] fill 0\n"
                                  "%bn1 = BatchNorm(%x, %c, %c, %c, %c) {epsilon=0}\n" /* 0 / 0 */
                                  "output %bn1\n");
}

/* Groups, deconvolution, a Scale with an activation after it. */
static void test_deconvolution(void **state)
{
    (void)state;
    check_pass("fold_scale",
               "input %x f32[1,2,3,3]\n"
               "constant %w f32[2,2,1,1] values [1, 1, 1, 1]\n"
               "constant %s f32[4] values [1, 2, 3, 4]\n"
               "constant %t f32[4] values [0, 1, 0, 1]\n"
               "%d = Deconvolution(%x, %w) {stride=[1,1], groups=2}\n"
               "%y = Scale(%d, %s, %t) {epilogue.act=relu}\n"
               "output %y\n",
               "input %x f32[1,2,3,3]\n"
               "constant %w f32[2,2,1,1] values [1, 2, 3, 4]\n"
               "constant %b f32[4] values [0, 1, 0, 1]\n"
               "%y = Deconvolution(%x, %w, %b) {stride=[1,1], groups=2, epilogue.act=relu} "
               "from \"d + y\"\n"
               "output %y\n");
}

static void test_matmul(void **state)
{
    (void)state;
    check_pass("fold_scale",
               "symbol N 1..2..4\n"
               "input %x f32[N,3]\n"
               "constant %w f32[2,3] values [1, 1, 1, 2, 2, 2]\n"
               "constant %b f32[2] values [1, 2]\n"
               "constant %s f32[2] values [10, 100]\n"
               "%m = MatMul(%x, %w, %b) {trans_b=true, beta=3}\n"
               "%y = Scale(%m, %s) {axis=1}\n"
               "output %y\n",
               "symbol N 1..2..4\n"
               "input %x f32[N,3]\n"
               "constant %w f32[2,3] values [10, 10, 10, 200, 200, 200]\n"
               "constant %b f32[2] values [30, 600]\n"
               "%y = MatMul(%x, %w, %b) {trans_b=true} from \"m + y\"\n"
               "output %y\n");
}

/* Before a convolution: a shift passes only where no padding would miss it. */
static void test_before(void **state)
{
    (void)state;
    check_pass("fold_scale",
               "input %x f32[1,2,3,3]\n"
               "constant %w f32[1,2,1,1] values [1, 2]\n"
               "constant %s f32[2] values [10, 100]\n"
               "constant %t f32[2] values [3, 4]\n"
               "%a = Scale(%x, %s, %t)\n"
               "%y = Convolution(%a, %w) {stride=[1,1]}\n"
               "output %y\n",
               "input %x f32[1,2,3,3]\n"
               "constant %w f32[1,2,1,1] values [10, 200]\n"
               "constant %b f32[1] values [11]\n"
               "%y = Convolution(%x, %w, %b) {stride=[1,1]} from \"a + y\"\n"
               "output %y\n");
    check_pass("fold_scale",
               "input %x f32[1,2,3,3]\n"
               "constant %w f32[2,1,1,1] values [1, 2]\n"
               "constant %s f32[2] values [10, 100]\n"
               "%a = Scale(%x, %s)\n"
               "%y = Convolution(%a, %w) {pad_begin=[1,1], groups=2}\n"
               "output %y\n",
               "input %x f32[1,2,3,3]\n"
               "constant %w f32[2,1,1,1] values [10, 200]\n"
               "constant %b f32[2] fill 0\n"
               "%y = Convolution(%x, %w, %b) {pad_begin=[1,1], groups=2} from \"a + y\"\n"
               "output %y\n");
    check_untouched("fold_scale", "input %x f32[1,2,3,3]\n"
                                  "constant %w f32[1,2,1,1] values [1, 2]\n"
                                  "constant %t f32[2] values [3, 4]\n"
                                  "%a = Scale(%x, _, %t)\n"
                                  "%y = Convolution(%a, %w) {pad_begin=[1,1]}\n"
                                  "output %y\n");
}

static void test_scales(void **state)
{
    (void)state;
    check_pass("fold_scale",
               "input %x f32[1,2,3]\n"
               "constant %s f32[2] values [2, 3]\n"
               "constant %t f32[2] values [1, 1]\n"
               "%a = Scale(%x, %s, %t)\n"
               "%y = Scale(%a, %s) {epilogue.act=relu}\n"
               "output %y\n",
               "input %x f32[1,2,3]\n"
               "constant %s f32[2] values [4, 9]\n"
               "constant %t f32[2] values [2, 3]\n"
               "%y = Scale(%x, %s, %t) {epilogue.act=relu} from \"a + y\"\n"
               "output %y\n");
}

/* Used twice, already activated, weights that are computed, wrong axis, f16. */
static void test_stays(void **state)
{
    (void)state;
    check_untouched("fold_scale", "input %x f32[1,2,2,2]\n"
                                  "input %u f32[2,2,1,1]\n"
                                  "constant %w f32[2,2,1,1] random 1\n"
                                  "constant %s f32[2] values [2, 3]\n"
                                  "%a = Convolution(%x, %w) {stride=[1,1]}\n"
                                  "%b = Scale(%a, %s)\n"
                                  "%c = Convolution(%a, %w) {epilogue.act=relu}\n"
                                  "%d = Scale(%c, %s)\n"
                                  "%e = Convolution(%d, %u) {stride=[1,1]}\n"
                                  "%f = Scale(%e, %s)\n"
                                  "%g = Convolution(%x, %w) {stride=[1,1]}\n"
                                  "%h = Scale(%g, %s) {axis=2}\n"
                                  "output %b\noutput %f\noutput %h\n");
    check_untouched("fold_scale", "input %x f16[1,2,2,2]\n"
                                  "constant %w f16[2,2,1,1] random 1\n"
                                  "constant %s f16[2] values [2, 3]\n"
                                  "%a = Convolution(%x, %w) {stride=[1,1]}\n"
                                  "%b = Scale(%a, %s)\n"
                                  "output %b\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batchnorm), cmocka_unit_test(test_deconvolution),
        cmocka_unit_test(test_matmul),    cmocka_unit_test(test_before),
        cmocka_unit_test(test_scales),    cmocka_unit_test(test_stays)};
    return cmocka_run_group_tests_name("fold_scale", tests, NULL, NULL);
}
