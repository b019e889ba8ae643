/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#define X "input %x f32[2,3,4,5]\n"

static void becomes(const char *from, const char *to)
{
    char before[4096];
    char after[4096];
    (void)snprintf(before, sizeof before, "%s%soutput %%y\n", X, from);
    (void)snprintf(after, sizeof after, "%s%soutput %%y\n", X, to);
    check_pass("recognise_patterns", before, after);
}

static void test_swish(void **state)
{
    (void)state;
    becomes("%s = Activation(%x) {kind=sigmoid}\n"
            "%y = ElementWise(%x, %s) {kind=prod}\n",
            "%y = Activation(%x) {kind=swish, alpha=1}\n");
    becomes("constant %k f32[] values [1.5]\n"
            "%a = ElementWise(%k, %x) {kind=prod}\n"
            "%s = Activation(%a) {kind=sigmoid}\n"
            "%y = ElementWise(%s, %x) {kind=prod}\n",
            "%y = Activation(%x) {kind=swish, alpha=1.5}\n");
}

static void test_sigmoid(void **state)
{
    (void)state;
    becomes("constant %one f32[] values [1]\n"
            "%n = Unary(%x) {kind=neg}\n"
            "%e = Unary(%n) {kind=exp}\n"
            "%d = ElementWise(%one, %e)\n"
            "%y = ElementWise(%one, %d) {kind=div}\n",
            "%y = Activation(%x) {kind=sigmoid}\n");
}

static void test_hard(void **state)
{
    (void)state;
    const char *constants = "constant %three f32[1] values [3]\nconstant %six f32[] values [6]\n";
    char text[1024];
    (void)snprintf(text, sizeof text,
                   "%s%%a = ElementWise(%%x, %%three)\n"
                   "%%c = Activation(%%a) {kind=clip, beta=6}\n"
                   "%%y = ElementWise(%%c, %%six) {kind=div}\n",
                   constants);
    becomes(text, "%y = Activation(%x) {kind=hard_sigmoid, alpha=0.166666672, beta=0.5}\n");
    (void)snprintf(text, sizeof text,
                   "%s%%a = ElementWise(%%x, %%three)\n"
                   "%%c = Activation(%%a) {kind=clip, beta=6}\n"
                   "%%p = ElementWise(%%x, %%c) {kind=prod}\n"
                   "%%y = ElementWise(%%p, %%six) {kind=div}\n",
                   constants);
    becomes(text, "%y = Activation(%x) {kind=hard_swish, alpha=0.166666672, beta=0.5}\n");
    becomes("%a = Activation(%x) {kind=hard_sigmoid, alpha=0.2, beta=0.4}\n"
            "%y = ElementWise(%a, %x) {kind=prod}\n",
            "%y = Activation(%x) {kind=hard_swish, alpha=0.200000003, beta=0.400000006}\n");
}

static void test_mish(void **state)
{
    (void)state;
    becomes("%s = Activation(%x) {kind=softplus}\n"
            "%t = Activation(%s) {kind=tanh}\n"
            "%y = ElementWise(%x, %t) {kind=prod}\n",
            "%y = Activation(%x) {kind=mish}\n");
}

/* The half may stand anywhere. */
static void test_gelu(void **state)
{
    (void)state;
    const char *head = "constant %half f32[] values [0.5]\n"
                       "constant %one f32[] values [1]\n"
                       "constant %root f32[] values [1.41421354]\n"
                       "%d = ElementWise(%x, %root) {kind=div}\n"
                       "%e = Unary(%d) {kind=erf}\n"
                       "%s = ElementWise(%e, %one)\n";
    const char *tails[] = {"%p = ElementWise(%x, %s) {kind=prod}\n"
                           "%y = ElementWise(%p, %half) {kind=prod}\n",
                           "%p = ElementWise(%x, %half) {kind=prod}\n"
                           "%y = ElementWise(%p, %s) {kind=prod}\n",
                           "%p = ElementWise(%s, %half) {kind=prod}\n"
                           "%y = ElementWise(%x, %p) {kind=prod}\n"};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(tails); i++) {
        char text[1024];
        (void)snprintf(text, sizeof text, "%s%s", head, tails[i]);
        becomes(text, "%y = Activation(%x) {kind=gelu}\n");
    }
}

static void test_gelu_tanh(void **state)
{
    (void)state;
    const char *tail = "%t = Activation(%u) {kind=tanh}\n"
                       "%s = ElementWise(%one, %t)\n"
                       "%p = ElementWise(%x, %s) {kind=prod}\n"
                       "%y = ElementWise(%half, %p) {kind=prod}\n";
    const char *heads[] = {"%c = ElementWise(%x, %three) {kind=pow}\n"
                           "%d = ElementWise(%c, %k) {kind=prod}\n"
                           "%e = ElementWise(%x, %d)\n"
                           "%u = ElementWise(%e, %r) {kind=prod}\n",
                           "%c = ElementWise(%x, %x) {kind=prod}\n"
                           "%d = ElementWise(%c, %k) {kind=prod}\n"
                           "%e = ElementWise(%d, %one)\n"
                           "%f = ElementWise(%e, %x) {kind=prod}\n"
                           "%u = ElementWise(%f, %r) {kind=prod}\n"};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(heads); i++) {
        char text[2048];
        (void)snprintf(text, sizeof text,
                       "constant %%half f32[] values [0.5]\nconstant %%one f32[] values [1]\n"
                       "constant %%three f32[] values [3]\nconstant %%k f32[] values [0.044715]\n"
                       "constant %%r f32[] values [0.79788456]\n%s%s",
                       heads[i], tail);
        becomes(text, "%y = Activation(%x) {kind=gelu_tanh}\n");
    }
}

static void test_softmax(void **state)
{
    (void)state;
    becomes("%m = Reduce(%x) {kind=max, axes=[1]}\n"
            "%d = ElementWise(%x, %m) {kind=sub}\n"
            "%e = Unary(%d) {kind=exp}\n"
            "%s = Reduce(%e) {kind=sum, axes=[1]}\n"
            "%q = ElementWise(%e, %s) {kind=div}\n"
            "%y = Unary(%q) {kind=log}\n",
            "%y = SoftMax(%x) {axis=1, log=true}\n");
    check_untouched("recognise_patterns", X "%e = Unary(%x) {kind=exp}\n"
                                            "%s = Reduce(%e) {kind=sum, axes=[1,2]}\n"
                                            "%y = ElementWise(%e, %s) {kind=div}\noutput %y\n");
}

static void test_layer_norm(void **state)
{
    (void)state;
    becomes("constant %eps f32[] values [0.5]\n"
            "constant %two f32[] values [2]\n"
            "constant %g f32[5] values [1, 2, 3, 4, 5]\n"
            "constant %b f32[5] values [5, 4, 3, 2, 1]\n"
            "%m = Reduce(%x) {kind=mean, axes=[3]}\n"
            "%d = ElementWise(%x, %m) {kind=sub}\n"
            "%d2 = ElementWise(%x, %m) {kind=sub}\n"
            "%q = ElementWise(%d2, %two) {kind=pow}\n"
            "%v = Reduce(%q) {kind=mean, axes=[3]}\n"
            "%a = ElementWise(%v, %eps)\n"
            "%r = Unary(%a) {kind=sqrt}\n"
            "%n = ElementWise(%d, %r) {kind=div}\n"
            "%p = ElementWise(%n, %g) {kind=prod}\n"
            "%y = ElementWise(%p, %b)\n",
            "constant %g f32[5] values [1, 2, 3, 4, 5]\n"
            "constant %b f32[5] values [5, 4, 3, 2, 1]\n"
            "%y = Normalization(%x, %g, %b) {axes=[3], epsilon=0.5} from \"n + p + y\"\n");
}

static void test_prelu(void **state)
{
    (void)state;
    becomes("constant %k f32[3,1,1] values [1, 2, 3]\n"
            "%r = Activation(%x) {kind=relu}\n"
            "%n = Unary(%x) {kind=neg}\n"
            "%q = Activation(%n) {kind=relu}\n"
            "%p = ElementWise(%q, %k) {kind=prod}\n"
            "%y = ElementWise(%r, %p) {kind=sub}\n",
            "constant %k f32[3,1,1] values [1, 2, 3]\n"
            "%y = PReLU(%x, %k)\n");
}

static void test_matmul_bias(void **state)
{
    (void)state;
    becomes("constant %w f32[5,2] random 1\n"
            "constant %b f32[2] values [1, 2]\n"
            "%m = MatMul(%x, %w)\n"
            "%y = ElementWise(%b, %m)\n",
            "constant %w f32[5,2] random 1\n"
            "constant %b f32[2] values [1, 2]\n"
            "%y = MatMul(%x, %w, %b) from \"m + y\"\n");
}

static void test_scale(void **state)
{
    (void)state;
    becomes("constant %k f32[3,1,1] values [1, 2, 4]\n"
            "%a = ElementWise(%x, %k) {kind=div}\n"
            "%b = ElementWise(%k, %a) {kind=sub}\n"
            "%y = ElementWise(%b, %k)\n",
            "constant %a f32[3] values [1, 0.5, 0.25]\n"
            "constant %b f32[3] fill -1\n"
            "constant %c f32[3] values [1, 2, 4]\n"
            "constant %d f32[3] values [1, 2, 4]\n"
            "%v = Scale(%x, %a)\n"
            "%w = Scale(%v, %b, %c)\n"
            "%y = Scale(%w, _, %d)\n");
    /* Varies along two axes, widens x, divides by x: none is a Scale. */
    check_untouched("recognise_patterns", X "constant %k f32[3,4,1] random 1\n"
                                            "%a = ElementWise(%x, %k)\n"
                                            "constant %l f32[2,1,1,1,1] random 1\n"
                                            "%b = ElementWise(%a, %l)\n"
                                            "constant %m f32[5] random 1\n"
                                            "%y = ElementWise(%m, %b) {kind=div}\n"
                                            "output %y\n");
}

static void test_square(void **state)
{
    (void)state;
    becomes("constant %two f32[] values [2]\n%y = ElementWise(%x, %two) {kind=pow}\n",
            "%y = Unary(%x) {kind=square, flags=0}\n");
    check_untouched("recognise_patterns", X "constant %k f32[] values [2.5]\n"
                                            "%y = ElementWise(%x, %k) {kind=pow}\noutput %y\n");
    check_untouched("recognise_patterns",
                    "input %x f32[3]\nconstant %k f32[2,3] fill 2\n" /* broadcasts */
                    "%y = ElementWise(%x, %k) {kind=pow}\noutput %y\n");
}

/* Almost: wrong constants, other axes, other inputs. */
static void test_near_misses(void **state)
{
    (void)state;
    check_untouched("recognise_patterns", "input %x f32[2,3,4,5]\ninput %z f32[2,3,4,5]\n"
                                          "%s = Activation(%z) {kind=sigmoid}\n"
                                          "%y = ElementWise(%x, %s) {kind=prod}\noutput %y\n");
    check_untouched("recognise_patterns",
                    X "%m = Reduce(%x) {kind=max, axes=[1], keep_dims=false}\n"
                      "%c = Activation(%x) {kind=clip, beta=1}\n"
                      "output %c\noutput %m\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_swish),      cmocka_unit_test(test_sigmoid),
        cmocka_unit_test(test_hard),       cmocka_unit_test(test_mish),
        cmocka_unit_test(test_gelu),       cmocka_unit_test(test_gelu_tanh),
        cmocka_unit_test(test_softmax),    cmocka_unit_test(test_layer_norm),
        cmocka_unit_test(test_prelu),      cmocka_unit_test(test_matmul_bias),
        cmocka_unit_test(test_scale),      cmocka_unit_test(test_square),
        cmocka_unit_test(test_near_misses)};
    return cmocka_run_group_tests_name("recognise_patterns", tests, NULL, NULL);
}
