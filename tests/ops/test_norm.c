/* SPDX-License-Identifier: Apache-2.0 */
/* Inference of matrix product, activations and normalisations. */
#include "nn_check.h"

#define X                   "input %x f32[2,4,6]\n"
#define ONE(op, attributes) X "%y = " op "(%x) {" attributes "}\noutput %y\n"
#define TWO(dims, op, attributes)                                                                  \
    X "input %w " dims "\n%y = " op "(%x, %w) {" attributes "}\noutput %y\n"

static void matmul(void **state)
{
    (void)state;
    expect_shape(TWO("f32[6,5]", "MatMul", ""), "f32[2,4,5]");
    expect_shape(TWO("f32[5,6]", "MatMul", "trans_b=1"), "f32[2,4,5]");
    expect_shape(TWO("f32[3,1,4,5]", "MatMul", "trans_a=1"), "f32[3,2,6,5]");
    expect_shape("symbol N 1..1..8\ninput %x i32[N,4]\ninput %w i32[4,3]\n"
                 "%y = MatMul(%x, %w)\noutput %y\n",
                 "i32[N,3]");
    expect_error(TWO("f32[5,6]", "MatMul", ""), "inner dimensions differ: 6 against 5");
    expect_error(TWO("f32[6]", "MatMul", ""), "input 1 has rank 1, needs 2 to 8");
    expect_error(TWO("f16[6,5]", "MatMul", ""), "input 1 is f16, input 0 is f32");
    expect_error(TWO("f32[3,6,5]", "MatMul", ""), "dimension 0 does not broadcast: 2 against 3");
    expect_error(X "input %w f32[6,5]\ninput %b f32[4]\n%y = MatMul(%x, %w, %b)\noutput %y\n",
                 "bias has 4 values along axis 2, the result 5");
    expect_error("input %x bool[2,2]\n%y = MatMul(%x, %x)\noutput %y\n", "does not take bool");
    expect_error("input %x i8[2,2]\n%y = MatMul(%x, %x) {epilogue.act=relu}\noutput %y\n",
                 "an activation does not take i8");
}

static void activation(void **state)
{
    (void)state;
    expect_shape(ONE("Activation", "kind=gelu"), "f32[2,4,6]");
    expect_shape("input %x u8[3]\n%y = Activation(%x)\noutput %y\n", "u8[3]");
    expect_error("input %x i32[3]\n%y = Activation(%x) {kind=tanh}\noutput %y\n",
                 "tanh does not take i32");
    expect_shape(TWO("f32[4,1]", "PReLU", ""), "f32[2,4,6]");
    expect_error(TWO("f32[4]", "PReLU", ""), "slope has 4 values along axis 2, the input 6");
    expect_error(TWO("f32[1,2,4,6]", "PReLU", ""), "input 1 has rank 4, needs 0 to 3");
    expect_error("input %x bool[2]\n%y = PReLU(%x, %x)\noutput %y\n", "does not take bool");
}

static void lrn_and_scale(void **state)
{
    (void)state;
    expect_shape(ONE("LRN", ""), "f32[2,4,6]");
    expect_error(ONE("LRN", "size=0"), "size[0] is 0, must be at least 1");
    expect_error(ONE("LRN", "within=1"), "input 0 has rank 3, needs 4");
    expect_error("input %x f32[1,1,4,4]\n%y = LRN(%x) {within=1, size=4}\noutput %y\n",
                 "size is 4, a window within the channel needs an odd one");
    expect_shape(TWO("f32[4]", "Scale", ""), "f32[2,4,6]");
    expect_shape(TWO("f32[4,6]", "Scale", "axis=-2"), "f32[2,4,6]");
    expect_error(TWO("f32[6]", "Scale", ""), "scale has 6 values along axis 1, the input 4");
    expect_error(TWO("f32[6]", "Scale", "axis=3"), "axis 3 is outside a tensor of rank 3");
    expect_error(TWO("f32[4,6,1]", "Scale", ""), "input 1 has rank 3, needs 0 to 2");
    expect_error(ONE("Scale", "epilogue.residual=1"), "epilogue.residual is not possible here");
    expect_error("input %x f32[2]\ninput %s f32[3]\n%y = Scale(%x, _, %s) {axis=0}\noutput %y\n",
                 "shift has 3 values along axis 0, the input 2");
}

static void batchnorm(void **state)
{
    (void)state;
#define BN(c, attributes)                                                                          \
    X "input %c f32[" c "]\n%y = BatchNorm(%x, %c, %c, %c, %c) {" attributes "}\noutput %y\n"
    expect_shape(BN("4", ""), "f32[2,4,6]");
    expect_error(BN("5", ""), "scale has 5 values, needs 4");
    expect_error(BN("4", "epsilon=-1"), "epsilon is -1, must not be negative");
#undef BN
}

static void normalization(void **state)
{
    (void)state;
    expect_shape(ONE("Normalization", "axes=[2]"), "f32[2,4,6]");
    expect_shape(TWO("f32[6]", "Normalization", "axes=[2]"), "f32[2,4,6]");
    expect_shape(TWO("f32[4]", "Normalization", "axes=[2], groups=2, channel_affine=1"),
                 "f32[2,4,6]");
    expect_error(ONE("Normalization", "axes=[3]"), "axes mask 0x8 does not fit rank 3");
    expect_error(ONE("Normalization", ""), "axes mask 0x0 does not fit rank 3");
    expect_error(ONE("Normalization", "axes=[1,2], groups=2"),
                 "groups cut axis 1, which axes must not list");
    expect_error(ONE("Normalization", "axes=[2], groups=3"),
                 "4 channels do not split into 3 groups");
    expect_error(ONE("Normalization", "axes=[2], groups=0"), "groups[0] is 0, must be at least 1");
    expect_error(TWO("f32[4]", "Normalization", "axes=[2]"),
                 "scale has 4 values along axis 2, the input 6");
    expect_error(TWO("f32[6]", "Normalization", "axes=[2], channel_affine=1"),
                 "scale has 6 values, needs 4");
}

static void lines(void **state)
{
    (void)state;
    expect_shape(ONE("SoftMax", "axis=1"), "f32[2,4,6]");
    expect_error(ONE("SoftMax", "axis=-4"), "axis -4 is outside a tensor of rank 3");
    expect_error("input %x i32[3]\n%y = SoftMax(%x)\noutput %y\n",
                 "input 0 is i32, needs a float type");
    expect_shape(ONE("LpNorm", "p=1"), "f32[2,4,6]");
    expect_error(ONE("LpNorm", "p=3"), "p is 3, must be 1 or 2");
    expect_error(ONE("LpNorm", "axis=3"), "axis 3 is outside a tensor of rank 3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matmul),        cmocka_unit_test(activation),
        cmocka_unit_test(lrn_and_scale), cmocka_unit_test(batchnorm),
        cmocka_unit_test(normalization), cmocka_unit_test(lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
