/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of Scatter, NonZero, Cumulative, CropAndResize and CombinedNonMaxSuppression. */
#include "ops/infer_check.h"

#define Y "\noutput %y"

static void test_scatter(void **state)
{
    (void)state;
    infer_expect("input %x f32[N,H,4]\ninput %i i64[N,2,4]\ninput %u f32[N,2,4]\n"
                 "%y = Scatter(%x, %i, %u) {axis=-2}" Y,
                 SOLDER_F32, "N H 4", NULL);
    infer_expect("input %x f32[N,H,4]\ninput %i i32[M,2]\ninput %u f32[M,4]\n"
                 "%y = Scatter(%x, %i, %u) {kind=nd, reduction=add}" Y,
                 SOLDER_F32, "N H 4", NULL);
    infer_expect("input %x bool[3]\ninput %i i64[2,1]\ninput %u bool[2]\n"
                 "%y = Scatter(%x, %i, %u) {kind=nd}" Y,
                 SOLDER_BOOL, "3", NULL);
    infer_expect_error("input %x bool[3]\ninput %i i64[2,1]\ninput %u bool[2]\n"
                       "%y = Scatter(%x, %i, %u) {kind=nd, reduction=max}" Y,
                       SOLDER_ERROR_DATA, "input 0 has type bool, expected a number");
    infer_expect_error("input %x f32[3]\ninput %i f32[2]\ninput %u f32[2]\n"
                       "%y = Scatter(%x, %i, %u)" Y,
                       SOLDER_ERROR_DATA, "input 1 has type f32, expected i32 or i64");
    infer_expect_error("input %x f32[3]\ninput %i i32[2]\ninput %u f16[2]\n"
                       "%y = Scatter(%x, %i, %u)" Y,
                       SOLDER_ERROR_DATA, "inputs 0 and 2 have different types, f32 and f16");
    infer_expect_error("input %x f32[3]\ninput %i i32[2]\ninput %u f32[3]\n"
                       "%y = Scatter(%x, %i, %u)" Y,
                       SOLDER_ERROR_DATA,
                       "dimension 0 of input 2 is 3, dimension 0 of input 1 is 2");
    infer_expect_error("input %x f32[3,2]\ninput %i i32[2,3]\ninput %u f32[2,3]\n"
                       "%y = Scatter(%x, %i, %u)" Y,
                       SOLDER_ERROR_DATA,
                       "dimension 1 of input 1 is 3, dimension 1 of input 0 is 2");
    infer_expect_error("input %x f32[3]\ninput %i i32[2,2]\ninput %u f32[2]\n"
                       "%y = Scatter(%x, %i, %u) {kind=nd}" Y,
                       SOLDER_ERROR_DATA, "the last dimension of indices is 2, expected 0 to 1");
    infer_expect_error("input %x f32[3]\ninput %i i32[2,N]\ninput %u f32[2]\n"
                       "%y = Scatter(%x, %i, %u) {kind=nd}" Y,
                       SOLDER_ERROR_UNSUPPORTED, "the last dimension of indices must be known");
    infer_expect_error("input %x f32[3,4]\ninput %i i32[2,1]\ninput %u f32[2,5]\n"
                       "%y = Scatter(%x, %i, %u) {kind=nd}" Y,
                       SOLDER_ERROR_DATA,
                       "dimension 1 of input 2 is 5, dimension 1 of input 0 is 4");
    infer_expect_error("input %x f32[3,4]\ninput %i i32[2,1]\ninput %u f32[2]\n"
                       "%y = Scatter(%x, %i, %u) {kind=nd}" Y,
                       SOLDER_ERROR_DATA, "input 2 has rank 1, needs 2");
}

static void test_nonzero(void **state)
{
    (void)state;
    infer_expect("input %x f32[N,H,3]\n%y = NonZero(%x)" Y, SOLDER_I64, "y 3", NULL);
    infer_expect("input %x bool[]\n%y = NonZero(%x)" Y, SOLDER_I64, "y 0", NULL);
    /* What follows has the found rows. */
    infer_expect("input %x f32[N,3]\n%f = NonZero(%x)\n%y = Transpose(%f) {perm=[1,0]}" Y,
                 SOLDER_I64, "2 f", NULL);
}

static void test_crop_resize(void **state)
{
    (void)state;
    infer_expect("input %x f32[N,3,H,W]\ninput %b f32[M,4]\ninput %i i32[M]\n"
                 "%y = CropAndResize(%x, %b, %i) {height=24, width=12}" Y,
                 SOLDER_F32, "M 3 24 12", NULL);
    infer_expect_error("input %x f32[1,3,4,4]\ninput %b f32[2,5]\ninput %i i32[2]\n"
                       "%y = CropAndResize(%x, %b, %i)" Y,
                       SOLDER_ERROR_DATA, "a box has 5 values, expected 4");
    infer_expect_error("input %x f32[1,3,4,4]\ninput %b f32[2,4]\ninput %i i32[3]\n"
                       "%y = CropAndResize(%x, %b, %i)" Y,
                       SOLDER_ERROR_DATA, "2 boxes, but 3 numbers of images");
    infer_expect_error("input %x f32[1,3,4,4]\ninput %b f32[2,4]\ninput %i i32[2]\n"
                       "%y = CropAndResize(%x, %b, %i) {height=0}" Y,
                       SOLDER_ERROR_DATA, "crops of 0 x 1");
    infer_expect_error("input %x i32[1,3,4,4]\ninput %b f32[2,4]\ninput %i i32[2]\n"
                       "%y = CropAndResize(%x, %b, %i)" Y,
                       SOLDER_ERROR_DATA, "input 0 has type i32, expected a float");
}

static void test_cumulative(void **state)
{
    (void)state;
    infer_expect("input %x i32[N,H]\n%y = Cumulative(%x) {axis=-1, reverse=true}" Y, SOLDER_I32,
                 "N H", NULL);
    infer_expect_error("input %x bool[2]\n%y = Cumulative(%x)" Y, SOLDER_ERROR_DATA,
                       "input 0 has type bool, expected a number");
    infer_expect_error("input %x f32[2]\n%y = Cumulative(%x) {axis=1}" Y, SOLDER_ERROR_DATA,
                       "axis 1 is outside a tensor of rank 1");
}

#define COMBINED(options) "%y, %s, %c, %n = CombinedNonMaxSuppression(%b, %p) {" options "}" Y

static void test_combined_nms(void **state)
{
    (void)state;
    infer_expect(
        "input %b f32[N,H,1,4]\ninput %p f32[N,H,5]\n" COMBINED("max_per_class=3, max_total=20"),
        SOLDER_F32, "N 20 4", NULL);
    infer_expect("input %b f32[N,H,5,4]\ninput %p f32[N,H,5]\n" COMBINED(
                     "max_per_class=3, max_total=20, pad_per_class=true"),
                 SOLDER_F32, "N 15 4", NULL);
    infer_expect_error("input %b f32[N,H,2,4]\ninput %p f32[N,H,5]\n" COMBINED(""),
                       SOLDER_ERROR_DATA, "boxes for 2 classes, scores for 5");
    infer_expect_error("input %b f32[2,6,1,4]\ninput %p f32[2,7,5]\n" COMBINED(""),
                       SOLDER_ERROR_DATA, "boxes have 6 boxes, scores 7");
    infer_expect_error("input %b f32[2,6,1,3]\ninput %p f32[2,6,5]\n" COMBINED(""),
                       SOLDER_ERROR_DATA, "a box has 3 values, expected 4");
    infer_expect_error("input %b f32[2,6,1,4]\ninput %p f32[2,6,5]\n" COMBINED("max_total=-1"),
                       SOLDER_ERROR_DATA, "at most 0 boxes per class, -1 in all");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scatter),      cmocka_unit_test(test_nonzero),
        cmocka_unit_test(test_crop_resize),  cmocka_unit_test(test_cumulative),
        cmocka_unit_test(test_combined_nms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
