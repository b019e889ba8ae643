/* SPDX-License-Identifier: Apache-2.0 */
#include "nn_check.h"

#define POOL(type, dims, attributes)                                                               \
    "input %x " type "[" dims "]\n%y = Pooling(%x) {" attributes "}\noutput %y\n"
#define P3S2 "window=[3,3], stride=[2,2], "

static void extents(void **state)
{
    (void)state;
    expect_shape(POOL("f32", "1,3,112,112", P3S2 "pad_begin=[1,1], pad_end=[1,1]"),
                 "f32[1,3,56,56]");
    expect_shape(POOL("f32", "1,3,55,56", P3S2), "f32[1,3,27,27]");
    expect_shape(POOL("f32", "1,3,55,56", P3S2 "round=ceil"), "f32[1,3,27,28]");
    expect_shape(POOL("f32", "1,3,55,56", P3S2 "round=caffe"), "f32[1,3,27,28]");
    expect_shape(POOL("f32", "1,3,5,5", P3S2 "pad_mode=same_lower"), "f32[1,3,3,3]");
    expect_shape(POOL("f32", "1,3,5,6", P3S2 "pad_mode=valid, round=ceil"), "f32[1,3,2,2]");
    expect_shape(POOL("f32", "1,3,4,4", "window=[2,2], dilation=[2,2]"), "f32[1,3,2,2]");
    expect_shape(POOL("i8", "1,3,9", "window=[3]"), "i8[1,3,7]");
    expect_shape(POOL("f16", "2,3,9,9,9,9,9", "global=1, kind=average"), "f16[2,3,1,1,1,1,1]");
}

/* A last window that would start in the end padding is dropped: in 2, pad 1, window 1, stride 2:
 * ceil(3/2) + 1 = 3 windows at -1, 1, 3, and 3 is outside 2 + 1. */
static void dropped_window(void **state)
{
    (void)state;
    expect_shape(POOL("f32", "1,1,2",
                      "window=[1], stride=[2], pad_begin=[1], pad_end=[1], "
                      "round=caffe"),
                 "f32[1,1,2]");
    expect_shape(POOL("f32", "1,1,2",
                      "window=[1], stride=[2], pad_begin=[1], pad_end=[1], "
                      "round=ceil"),
                 "f32[1,1,2]");
    /* in 5, window 1, stride 3: ceil gives 3, ONNX drops the third; Caffe keeps it unpadded. */
    expect_shape(POOL("f32", "1,1,5", "window=[1], stride=[3], round=ceil"), "f32[1,1,2]");
    expect_shape(POOL("f32", "1,1,5", "window=[1], stride=[3], round=caffe"), "f32[1,1,3]");
}

static void open_dims(void **state)
{
    (void)state;
    expect_shape("symbol H 8..64..256\n" POOL("f32", "1,3,H,9", P3S2 "round=ceil"),
                 "f32[1,3,((((H+-3)^/2)+1) min (H^/2)),4]");
    expect_shape("symbol H 8..64..256\n" POOL("f32", "1,3,H,9", P3S2 "pad_mode=same_upper"),
                 "f32[1,3,(H^/2),5]");
}

static void errors(void **state)
{
    (void)state;
    expect_error(POOL("f32", "3,4", "window=[2,2]"), "input 0 has rank 2, needs 3 to 5");
    expect_error(POOL("f32", "3", "global=1"), "input 0 has rank 1, needs 2 to 8");
    expect_error(POOL("i32", "1,3,4,4", "kind=average"), "kind average does not take i32");
    expect_error(POOL("u64", "1,3,4,4", ""), "kind max does not take u64");
    expect_error(POOL("f32", "1,3,4,4", "kind=lp, p=0"), "p[0] is 0, must be at least 1");
    expect_error(POOL("f32", "1,3,4,4", "window=[0,2]"), "window[0] is 0, must be at least 1");
    expect_error(POOL("f32", "1,3,4,4", "stride=[1,0]"), "stride[1] is 0, must be at least 1");
    expect_error(POOL("f32", "1,3,4,4", "dilation=[0,1]"), "dilation[0] is 0, must be at least 1");
    expect_error(POOL("f32", "1,3,4,4", "pad_begin=[-1,0]"),
                 "pad_begin[0] is -1, must be at least 0");
    expect_error(POOL("f32", "1,3,4,4", "pad_end=[0,-1]"), "pad_end[1] is -1, must be at least 0");
    expect_error(POOL("f32", "1,3,4,4", "window=[2]"),
                 "attributes have 1 spatial values, input 0 has 2 spatial axes");
    expect_error(POOL("f32", "1,3,4,4", "window=[5,2]"),
                 "spatial axis 0: window 5 (dilation 1) does not fit input 4 with padding 0 + 0");
    expect_error("input %x f32[1,1,4]\n%y, %i = Pooling(%x) {kind=average}\noutput %y\n",
                 "kind average has no indices output");
}

static void with_indices(void **state)
{
    (void)state;
    expect_shape("input %x f32[1,1,4]\n%v, %y = Pooling(%x) {window=[2]}\noutput %y\n",
                 "i64[1,1,3]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(extents), cmocka_unit_test(dropped_window), cmocka_unit_test(open_dims),
        cmocka_unit_test(errors),  cmocka_unit_test(with_indices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
