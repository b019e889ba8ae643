/* SPDX-License-Identifier: Apache-2.0 */
#include "nn_check.h"

#define RESIZE(dims, attributes)                                                                   \
    "input %x f32[" dims "]\n%y = Resize(%x) {" attributes "}\noutput %y\n"

static void from_scales(void **state)
{
    (void)state;
    expect_shape(RESIZE("1,3,5,7", "scales=[1,1,2,0.6]"), "f32[1,3,10,4]");
    expect_shape(RESIZE("1,3,5,10", "axes=[-1,2], scales=[0.7,3]"), "f32[1,3,15,7]");
    expect_shape("symbol H 1..8..64\n" RESIZE("1,3,H,8", "scales=[1,1,2,2], mode=linear"),
                 "f32[1,3,(H*2),16]");
    expect_shape("symbol H 1..8..64\n" RESIZE("1,3,H,8", "scales=[1,1,1.5,2]"),
                 "f32[1,3,((H*3)/2),16]");
    expect_shape("input %x f32[4,6]\nconstant %s f32[2] values [0.5, 2]\n"
                 "%y = Resize(%x, _, %s)\noutput %y\n",
                 "f32[2,12]");
}

static void from_sizes(void **state)
{
    (void)state;
    expect_shape(RESIZE("1,3,5,7", "use_sizes=1, axes=[2,3], sizes=[8,9]"), "f32[1,3,8,9]");
    /* 4x8 into 8x10: scale min(2, 1.25) gives 5x10, max gives 8x16. */
    expect_shape(RESIZE("4,8", "use_sizes=1, sizes=[8,10], policy=not_larger"), "f32[5,10]");
    expect_shape(RESIZE("4,8", "use_sizes=1, sizes=[8,10], policy=not_smaller"), "f32[8,16]");
    /* halves round up: 3 * 7/6 = 3.5 */
    expect_shape(RESIZE("3,6", "use_sizes=1, sizes=[9,7], policy=not_larger"), "f32[4,7]");
    expect_shape("input %x f32[4,6]\nconstant %s i64[2] values [5, 9]\n"
                 "%y = Resize(%x, _, _, %s)\noutput %y\n",
                 "f32[5,9]");
}

static void errors(void **state)
{
    (void)state;
    expect_error(RESIZE("", ""), "input 0 has rank 0, needs 1 to 8");
    expect_error(RESIZE("4,6", "scales=[2]"), "1 axes are resized, input 0 has rank 2");
    expect_error(RESIZE("4,6", "axes=[1,-1], scales=[2,2]"), "axis 1 is listed twice");
    expect_error(RESIZE("4,6", "axes=[2], scales=[2]"), "axis 2 is outside a tensor of rank 2");
    expect_error(RESIZE("4,6", "scales=[2,0]"), "scale of axis 1 is 0");
    expect_error(RESIZE("4,6", "scales=[-2,1]"), "scale of axis 0 is -2");
    expect_error(RESIZE("4,6", "use_sizes=1, sizes=[4,-1]"), "size of axis 1 is -1");
    expect_error(RESIZE("0,6", "use_sizes=1, sizes=[4,6]"), "size of axis 0 is 4");
    expect_error(RESIZE("4,6", "scales=[2,2], antialias=1"), "mode nearest has no antialias");
    expect_error(RESIZE("4,6", "scales=[2,2], coordinate=tf_crop_and_resize"),
                 "coordinate tf_crop_and_resize needs a roi");
    expect_error("input %x bool[4,6]\n%y = Resize(%x) {mode=linear}\noutput %y\n",
                 "mode linear does not take bool");
    expect_error("input %x f32[4,6]\ninput %s f32[3]\n%y = Resize(%x, _, %s)\noutput %y\n",
                 "scales has 3 values, needs 2");
    expect_error("input %x f32[4,6]\ninput %s f32[2]\n%y = Resize(%x, _, _, %s)\noutput %y\n",
                 "sizes are f32, need integers");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_scales),
        cmocka_unit_test(from_sizes),
        cmocka_unit_test(errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
