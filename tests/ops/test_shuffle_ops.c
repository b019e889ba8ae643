/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of Transpose, Reshape, Expand, Tile, Concat and Shape. */
#include "ops/infer_check.h"

static void test_transpose(void **state)
{
    (void)state;
    infer_expect("input %x f32[N,3,H,W]\n%y = Transpose(%x) {perm=[0,2,3,1]}\noutput %y",
                 SOLDER_F32, "N H W 3", NULL);
    infer_expect("input %x i8[2,3,4]\n%y = Transpose(%x)\noutput %y", SOLDER_I8, "4 3 2", NULL);
    infer_expect_error("input %x f32[2,3]\n%y = Transpose(%x) {perm=[0,0]}\noutput %y",
                       SOLDER_ERROR_DATA, "(Transpose): perm[1] is 0: no permutation of 2");
}

static void test_reshape(void **state)
{
    (void)state;
    infer_expect("input %x f32[N,256,6,6]\n%y = Reshape(%x) {dims=[0,-1]}\noutput %y", SOLDER_F32,
                 "N 9216", NULL);
    infer_expect("input %x f32[N,256,6,6]\n%y = Reshape(%x) {dims=[-1,9216]}\noutput %y",
                 SOLDER_F32, "N 9216", NULL);
    infer_expect("input %x f32[N,8,H,W]\n%y = Reshape(%x) {dims=[0,2,4,-1]}\noutput %y", SOLDER_F32,
                 "N 2 4 (H*W)", NULL);
    infer_expect("input %x f32[0,5]\n%y = Reshape(%x) {dims=[0,-1]}\noutput %y", SOLDER_F32, "0 5",
                 NULL);
    infer_expect("input %x f32[0,5]\n%y = Reshape(%x) {dims=[5,0], allow_zero=1}\noutput %y",
                 SOLDER_F32, "5 0", NULL);
    infer_expect_error("input %x f32[2,5]\n%y = Reshape(%x) {dims=[3,4]}\noutput %y",
                       SOLDER_ERROR_DATA, "10 elements do not fit a shape of 12 elements");
    infer_expect_error("input %x f32[2,5]\n%y = Reshape(%x) {dims=[4,-1]}\noutput %y",
                       SOLDER_ERROR_DATA, "10 elements do not fit a shape of 8 elements");
    infer_expect_error("input %x f32[2,5]\n%y = Reshape(%x) {dims=[-1,-1]}\noutput %y",
                       SOLDER_ERROR_DATA, "dimension 1 is -1, the second -1");
    infer_expect_error("input %x f32[2,5]\n%y = Reshape(%x) {dims=[-3]}\noutput %y",
                       SOLDER_ERROR_DATA, "dimension 0 is -3");
    infer_expect_error("input %x f32[2]\n%y = Reshape(%x) {dims=[2,0]}\noutput %y",
                       SOLDER_ERROR_DATA, "dimension 1 is 0 (copy), but the input has rank 1");
    infer_expect_error("input %x f32[2,0]\n%y = Reshape(%x) {dims=[-1,0], allow_zero=1}\noutput %y",
                       SOLDER_ERROR_DATA, "dimension 0 cannot follow from others of 0");
    infer_expect("input %x f32[2]\ninput %s i64[2]\n%y = Reshape(%x, %s)\noutput %y", SOLDER_F32,
                 "y.0 y.1", NULL);
    infer_expect_error("input %x f32[2]\ninput %s f32[2]\n%y = Reshape(%x, %s)\noutput %y",
                       SOLDER_ERROR_DATA, "the new shape has type f32, expected i32 or i64");
    infer_expect_error("input %x f32[2]\ninput %s i64[N]\n%y = Reshape(%x, %s)\noutput %y",
                       SOLDER_ERROR_UNSUPPORTED, "the number of values in the new shape");
}

/* The chain every exporter writes for x.view(x.size(0), -1). */
static void test_shape_chain(void **state)
{
    (void)state;
    infer_expect("input %x f32[N,16,H,W]\nconstant %i i64[] values [0]\n"
                 "constant %m i64[1] values [-1]\n"
                 "%s = Shape(%x)\n%g = Gather(%s, %i)\n%u = Reshape(%g) {dims=[1]}\n"
                 "%c = Concat(%u, %m)\n%y = Reshape(%x, %c)\noutput %y",
                 SOLDER_F32, "N ((H*W)*16)", NULL);
    /* Channel shuffle with computed sizes: [N, 2, C/2, H, W]. */
    infer_expect("input %x f32[N,16,H,W]\nconstant %i i64[1] values [1]\n"
                 "constant %two i64[1] values [2]\nconstant %j i64[2] values [2, 3]\n"
                 "constant %zero i64[1] values [0]\n"
                 "%s = Shape(%x)\n%c = Gather(%s, %i)\n%h = ElementWise(%c, %two) {kind=div}\n"
                 "%n = Gather(%s, %zero)\n%hw = Gather(%s, %j)\n"
                 "%t = Concat(%n, %two, %h, %hw)\n%y = Reshape(%x, %t)\noutput %y",
                 SOLDER_F32, "N 2 8 H W", NULL);
    infer_expect("input %x f32[N,16,H,W]\n%s = Shape(%x) {start=-2}\n%y = Reduce(%s) "
                 "{kind=prod, axes=[0], keep_dims=0}\noutput %y",
                 SOLDER_I64, "", "(H*W)");
}

static void test_expand(void **state)
{
    (void)state;
    infer_expect("input %x f32[3,1]\n%y = Expand(%x) {dims=[2,1,6]}\noutput %y", SOLDER_F32,
                 "2 3 6", NULL);
    infer_expect("input %x f32[1,1]\ninput %z f32[N,7]\n%s = Shape(%z)\n%y = Expand(%x, %s)\n"
                 "output %y",
                 SOLDER_F32, "N 7", NULL);
    infer_expect("constant %x i64[1] values [5]\n%y = Expand(%x) {dims=[3]}\noutput %y", SOLDER_I64,
                 "3", "5 5 5");
    infer_expect_error("input %x f32[3]\n%y = Expand(%x) {dims=[2]}\noutput %y", SOLDER_ERROR_DATA,
                       "dimension 0 does not broadcast: 3 against 2");
    infer_expect_error("input %x f32[3]\n%y = Expand(%x) {dims=[-2]}\noutput %y", SOLDER_ERROR_DATA,
                       "dimension 0 is -2");
    infer_expect("input %x f32[3,1,N]\ninput %s i64[4]\n%y = Expand(%x, %s)\noutput %y", SOLDER_F32,
                 "y.0 3 y.2 y.3", NULL);
}

static void test_tile(void **state)
{
    (void)state;
    infer_expect("input %x f32[N,3]\n%y = Tile(%x) {repeats=[2,3]}\noutput %y", SOLDER_F32,
                 "(N*2) 9", NULL);
    infer_expect("input %x f32[N]\n%s = Shape(%x)\n%y = Tile(%s) {repeats=[2]}\noutput %y",
                 SOLDER_I64, "2", "N N");
    infer_expect_error("input %x f32[3]\n%y = Tile(%x) {repeats=[-1]}\noutput %y",
                       SOLDER_ERROR_DATA, "value 0 of repeats is -1");
    infer_expect_error("input %x f32[3]\ninput %r i64[2]\n%y = Tile(%x, %r)\noutput %y",
                       SOLDER_ERROR_DATA, "repeats has 2 values, the input rank 1");
    infer_expect("input %x f32[3]\ninput %r i64[1]\n%y = Tile(%x, %r)\noutput %y", SOLDER_F32,
                 "y.0", NULL);
}

static void test_concat(void **state)
{
    (void)state;
    infer_expect("input %a f32[N,3,H]\ninput %b f32[N,5,H]\n%y = Concat(%a, %b) {axis=-2}\n"
                 "output %y",
                 SOLDER_F32, "N 8 H", NULL);
    infer_expect("input %a f32[N,3]\ninput %b f32[4,5]\n%y = Concat(%a, %b) {axis=1}\noutput %y",
                 SOLDER_F32, "4 8", NULL);
    infer_expect_error("input %a f32[2,3]\ninput %b f32[4,5]\n%y = Concat(%a, %b) {axis=1}\n"
                       "output %y",
                       SOLDER_ERROR_DATA, "dimension 0 is 4 in input 1 but 2 before it");
    infer_expect_error("input %a f32[2,3]\ninput %b f32[2]\n%y = Concat(%a, %b)\noutput %y",
                       SOLDER_ERROR_DATA, "input 1 has rank 1, input 0 has rank 2");
    infer_expect_error("input %a f32[2]\ninput %b i32[2]\n%y = Concat(%a, %b)\noutput %y",
                       SOLDER_ERROR_DATA, "inputs 0 and 1 have different types, f32 and i32");
    infer_expect_error("input %a f32[2]\ninput %b f32[2]\n%y = Concat(%a, _, %b)\noutput %y",
                       SOLDER_ERROR_DATA, "input 1 is absent");
    infer_expect_error("input %a f32[2]\n%y = Concat(%a) {axis=1}\noutput %y", SOLDER_ERROR_DATA,
                       "axis 1 is outside a tensor of rank 1");
}

static void test_shape(void **state)
{
    (void)state;
    infer_expect("input %x f32[N,3,H,W]\n%y = Shape(%x)\noutput %y", SOLDER_I64, "4", "N 3 H W");
    infer_expect("input %x f32[N,3,H,W]\n%y = Shape(%x) {start=1, end=-1}\noutput %y", SOLDER_I64,
                 "2", "3 H");
    infer_expect("input %x f32[N,3]\n%y = Shape(%x) {start=2, end=1}\noutput %y", SOLDER_I64, "0",
                 "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transpose),   cmocka_unit_test(test_reshape),
        cmocka_unit_test(test_shape_chain), cmocka_unit_test(test_expand),
        cmocka_unit_test(test_tile),        cmocka_unit_test(test_concat),
        cmocka_unit_test(test_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
