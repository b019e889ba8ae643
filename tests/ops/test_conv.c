/* SPDX-License-Identifier: Apache-2.0 */
#include "nn_check.h"

#define X   "input %x f32[1,4,9,7]\n"
#define W   "input %w f32[6,4,3,3]\n"
#define END "\noutput %y\n"

static void extents(void **state)
{
    (void)state;
    expect_shape(X W "%y = Convolution(%x, %w)" END, "f32[1,6,7,5]");
    expect_shape(X W "%y = Convolution(%x, %w) {stride=[2,3], pad_begin=[1,1], pad_end=[0,1]}" END,
                 "f32[1,6,4,3]");
    expect_shape(X W
                 "%y = Convolution(%x, %w) {dilation=[2,2], pad_begin=[2,2], pad_end=[2,2]}" END,
                 "f32[1,6,9,7]");
    expect_shape(X W "%y = Convolution(%x, %w) {stride=[2,2], pad_mode=same_upper}" END,
                 "f32[1,6,5,4]");
    expect_shape(X W "%y = Convolution(%x, %w) {stride=[2,2], pad_mode=valid, pad_begin=[9,9]}" END,
                 "f32[1,6,4,3]");
    expect_shape(X W "%y = Convolution(%x, %w) {pad_begin=[-1,0], pad_end=[-2,0]}" END,
                 "f32[1,6,4,5]");
    expect_shape("input %x f16[2,6,10]\ninput %w f16[9,2,3]\n"
                 "%y = Convolution(%x, %w) {groups=3}" END,
                 "f16[2,9,8]");
    expect_shape("input %x f32[2,1,5,5,5]\ninput %w f32[3,1,2,2,2]\ninput %b f32[3]\n"
                 "%y = Convolution(%x, %w, %b)" END,
                 "f32[2,3,4,4,4]");
}

static void open_dims(void **state)
{
    (void)state;
    expect_shape("symbol N 1..1..8\nsymbol H 8..64..256\ninput %x f32[N,4,H,8]\n" W
                 "%y = Convolution(%x, %w) {stride=[2,2], pad_begin=[1,1], pad_end=[1,1]}" END,
                 "f32[N,6,(((H+-1)/2)+1),4]");
}

static void errors(void **state)
{
    (void)state;
    expect_error("input %x f32[4,4]\n" W "%y = Convolution(%x, %w)" END,
                 "node 'y' (Convolution): input 0 has rank 2, needs 3 to 5");
    expect_error(X "input %w f32[6,4,3]\n%y = Convolution(%x, %w)" END,
                 "input 1 has rank 3, needs 4");
    expect_error("input %x i32[1,4,9,7]\ninput %w i32[6,4,3,3]\n%y = Convolution(%x, %w)" END,
                 "input 0 is i32, needs a float type");
    expect_error(X "input %w f16[6,4,3,3]\n%y = Convolution(%x, %w)" END,
                 "input 1 is f16, input 0 is f32");
    expect_error(X W "%y = Convolution(%x, %w) {stride=[0,1]}" END,
                 "stride[0] is 0, must be at least 1");
    expect_error(X W "%y = Convolution(%x, %w) {dilation=[1,-1]}" END,
                 "dilation[1] is -1, must be at least 1");
    expect_error(X W "%y = Convolution(%x, %w) {groups=0}" END,
                 "groups[0] is 0, must be at least 1");
    expect_error(X W "%y = Convolution(%x, %w) {stride=[2]}" END,
                 "attributes have 1 spatial values, input 0 has 2 spatial axes");
    expect_error(X W "%y = Convolution(%x, %w) {groups=4}" END,
                 "6 filters do not split into 4 groups");
    expect_error(X W "%y = Convolution(%x, %w) {groups=2}" END,
                 "input has 4 channels, weights take 4 in each of 2 groups");
    expect_error(X W "input %b f32[5]\n%y = Convolution(%x, %w, %b)" END,
                 "bias has 5 values, needs 6");
    expect_error(X "input %w f32[6,4,3,8]\n%y = Convolution(%x, %w)" END,
                 "spatial axis 1: window 8 (dilation 1) does not fit input 7 with padding 0 + 0");
    expect_error(X "input %w f32[6,4,0,3]\n%y = Convolution(%x, %w)" END,
                 "window[0] is 0, must be at least 1");
    expect_error(X W "%y = Convolution(%x, %w, _, %x)" END,
                 "input 3 is given but epilogue.residual is not set");
    expect_error(X W "%y = Convolution(%x, %w) {epilogue.residual=1}" END, "input 3 is missing");
    expect_error(X W "%y = Convolution(%x, %w, _, %x) {epilogue.residual=1}" END,
                 "residual has 4 in dimension 1, the result 6");
}

#define DECONV(attributes)                                                                         \
    "input %x f32[1,4,5,6]\ninput %w f32[4,3,3,3]\n"                                               \
    "%y = Deconvolution(%x, %w) {" attributes "}" END

static void deconv_extents(void **state)
{
    (void)state;
#define CASE(attributes, shape) expect_shape(DECONV(attributes), shape)
    CASE("stride=[2,2]", "f32[1,3,11,13]");
    CASE("stride=[2,2], pad_begin=[1,1], pad_end=[1,1], output_padding=[1,0]", "f32[1,3,10,11]");
    CASE("stride=[2,2], output_shape=[10,12]", "f32[1,3,10,12]");
    CASE("stride=[3,2], pad_mode=same_upper", "f32[1,3,15,12]");
    CASE("dilation=[2,2], groups=2", "f32[1,6,9,10]");
#undef CASE
}

static void deconv_errors(void **state)
{
    (void)state;
#define CASE(attributes, message) expect_error(DECONV(attributes), message)
    CASE("stride=[0,2]", "stride[0] is 0, must be at least 1");
    CASE("output_padding=[0,-2]", "output_padding[1] is -2, must be at least 0");
    CASE("output_shape=[-4,4]", "output_shape[0] is -4, must be at least 0");
    CASE("groups=3", "4 channels do not split into 3 groups");
    CASE("pad_begin=[4,0], pad_end=[4,0]", "padding 4 + 4 leaves an output of -1");
#undef CASE
    expect_error("input %x f32[1,4,5,6]\ninput %w f32[5,3,3,3]\n%y = Deconvolution(%x, %w)" END,
                 "input has 4 channels, weights take 5");
    expect_error("input %x f32[1,4,5,6]\ninput %w f32[4,3,3,3]\ninput %b f32[2]\n"
                 "%y = Deconvolution(%x, %w, %b)" END,
                 "bias has 2 values, needs 3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(extents),        cmocka_unit_test(open_dims),     cmocka_unit_test(errors),
        cmocka_unit_test(deconv_extents), cmocka_unit_test(deconv_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
