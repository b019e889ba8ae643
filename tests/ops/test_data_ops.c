/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of Gather, Slice, Pad, Fill and Range. */
#include "ops/infer_check.h"

#define X "input %x f32[N,3,H,W]\n"

static void test_gather(void **state)
{
    (void)state;
    infer_expect(X "input %i i64[4,5]\n%y = Gather(%x, %i) {axis=1}\noutput %y", SOLDER_F32,
                 "N 4 5 H W", NULL);
    infer_expect(X "%s = Shape(%x)\nconstant %i i64[2] values [-1, 0]\n%y = Gather(%s, %i)\n"
                   "output %y",
                 SOLDER_I64, "2", "W N");
    infer_expect(X "%s = Shape(%x)\nconstant %i i32[] values [2]\n%y = Gather(%s, %i)\noutput %y",
                 SOLDER_I64, "", "H");
    infer_expect("input %x f32[2,3]\ninput %i i64[2,7]\n%y = Gather(%x, %i) "
                 "{kind=elements, axis=1}\noutput %y",
                 SOLDER_F32, "2 7", NULL);
    infer_expect("input %x f32[N,2,3,4]\ninput %i i64[N,5,2]\n%y = Gather(%x, %i) "
                 "{kind=nd, batch_dims=1}\noutput %y",
                 SOLDER_F32, "N 5 4", NULL);
    infer_expect_error("input %x f32[2]\ninput %i f32[2]\n%y = Gather(%x, %i)\noutput %y",
                       SOLDER_ERROR_DATA, "input 1 has type f32, expected i32 or i64");
    infer_expect_error("input %x f32[2]\ninput %i i64[2]\n%y = Gather(%x, %i) {axis=1}\noutput %y",
                       SOLDER_ERROR_DATA, "axis 1 is outside a tensor of rank 1");
    infer_expect_error("input %x f32[1,1,1,1,1]\ninput %i i64[1,1,1,1,1]\n%y = Gather(%x, %i)\n"
                       "output %y",
                       SOLDER_ERROR_UNSUPPORTED, "the result has rank 9, at most 8");
    infer_expect_error("input %x f32[2,2]\ninput %i i64[2]\n%y = Gather(%x, %i) {kind=elements}\n"
                       "output %y",
                       SOLDER_ERROR_DATA, "indices have rank 1, data has rank 2");
    infer_expect_error("input %x f32[2,2]\ninput %i i64[2,3]\n%y = Gather(%x, %i) "
                       "{kind=elements}\noutput %y",
                       SOLDER_ERROR_DATA, "indices have 3 entries along axis 1, data has 2");
    infer_expect_error("input %x f32[2]\ninput %i i64[N]\n%y = Gather(%x, %i) {kind=nd}\noutput %y",
                       SOLDER_ERROR_UNSUPPORTED, "the last dimension of indices must be known");
    infer_expect_error("input %x f32[2]\ninput %i i64[2,2]\n%y = Gather(%x, %i) {kind=nd}\n"
                       "output %y",
                       SOLDER_ERROR_DATA, "the last dimension of indices is 2, expected 1 to 1");
    infer_expect_error("input %x f32[2]\ninput %i i64[2,1]\n%y = Gather(%x, %i) "
                       "{kind=nd, batch_dims=1}\noutput %y",
                       SOLDER_ERROR_DATA, "batch_dims is 1, expected 0 to 0");
    infer_expect_error(X "%s = Shape(%x)\nconstant %i i64[] values [4]\n%y = Gather(%s, %i)\n"
                         "output %y",
                       SOLDER_ERROR_DATA, "index 4 is out of range for 4 elements");
}

static void test_slice_open(void **state)
{
    (void)state;
    infer_expect(X "%y = Slice(%x) {axes=[2,3], start=[0,2], end=[9223372036854775807,2147483647], "
                   "step=[2,1]}\noutput %y",
                 SOLDER_F32, "N 3 (H^/2) ((W+-2) max 0)", NULL);
    infer_expect(X "%y = Slice(%x) {axes=[2,3], start=[0,-1], end=[-1,9223372036854775807], "
                   "step=[1,1]}\noutput %y",
                 SOLDER_F32, "N 3 ((H+-1) max 0) (W min 1)", NULL);
    infer_expect(X "%y = Slice(%x) {axes=[-2], start=[-1], end=[-9223372036854775807], step=[-1]}\n"
                   "output %y",
                 SOLDER_F32, "N 3 H W", NULL);
    /* The two halves of a split with computed bounds. */
    const char *const half = X "%s = Shape(%x)\nconstant %i i64[1] values [2]\n"
                               "constant %two i64[1] values [2]\nconstant %z i64[1] values [0]\n"
                               "%h = Gather(%s, %i)\n%m = ElementWise(%h, %two) {kind=div}\n";
    char text[1024];
    (void)snprintf(text, sizeof text, "%s%%y = Slice(%%x, %%z, %%m, %%i)\noutput %%y", half);
    infer_expect(text, SOLDER_F32, "N 3 (H/2) W", NULL);
    (void)snprintf(text, sizeof text, "%s%%y = Slice(%%x, %%m, %%h, %%i)\noutput %%y", half);
    infer_expect(text, SOLDER_F32, "N 3 (H-(H/2)) W", NULL);
}

static void test_slice(void **state)
{
    (void)state;
    infer_expect("input %x f32[10]\n%y = Slice(%x) {axes=[0], start=[8], end=[-9], step=[-3]}\n"
                 "output %y",
                 SOLDER_F32, "3", NULL); /* 8, 5, 2 */
    infer_expect("input %x f32[10]\n%y = Slice(%x) {axes=[0], start=[7], end=[3], step=[1]}\n"
                 "output %y",
                 SOLDER_F32, "0", NULL);
    infer_expect(X "%s = Shape(%x)\n%y = Slice(%s) {axes=[0], start=[-1], end=[1], step=[-1]}\n"
                   "output %y",
                 SOLDER_I64, "2", "W H");
    /* Bounds only a run knows: a symbol of the node's name. */
    infer_expect("input %x f32[10]\ninput %a i64[1]\ninput %b i64[1]\n%y = Slice(%x, %a, %b)\n"
                 "output %y",
                 SOLDER_F32, "y.0", NULL);
    infer_expect_error("input %x f32[4]\n%y = Slice(%x) {axes=[0], start=[0], end=[1], step=[0]}\n"
                       "output %y",
                       SOLDER_ERROR_DATA, "step of axis 0 is 0");
    infer_expect_error("input %x f32[4]\n%y = Slice(%x) {axes=[1], start=[0], end=[1], step=[1]}\n"
                       "output %y",
                       SOLDER_ERROR_DATA, "axis 1 is outside a tensor of rank 1");
    infer_expect_error("input %x f32[4]\n%y = Slice(%x) {axes=[0,-1], start=[0,0], end=[1,1], "
                       "step=[1,1]}\noutput %y",
                       SOLDER_ERROR_DATA, "axis 0 is listed twice");
    infer_expect_error("input %x f32[4]\ninput %a i64[1]\n%y = Slice(%x, %a)\noutput %y",
                       SOLDER_ERROR_DATA, "starts without ends");
    infer_expect_error("input %x f32[4]\ninput %a i64[1]\ninput %b i64[2]\n"
                       "%y = Slice(%x, %a, %b)\noutput %y",
                       SOLDER_ERROR_DATA, "ends has 2 values, starts has 1");
    infer_expect_error("input %x f32[4]\ninput %a i64[1]\n%y = Slice(%x, %a, %a, %a)\noutput %y",
                       SOLDER_ERROR_UNSUPPORTED, "axes must be known when the network is built");
    infer_expect_error("input %x f32[4]\ninput %a i64[9]\n%y = Slice(%x, %a, %a)\noutput %y",
                       SOLDER_ERROR_DATA, "starts has 9 values, at most 8 allowed");
    infer_expect_error("input %x f32[4]\ninput %a i64[1,1]\n%y = Slice(%x, %a, %a)\noutput %y",
                       SOLDER_ERROR_DATA, "starts has rank 2, expected 1");
}

static void test_pad(void **state)
{
    (void)state;
    infer_expect(X "%y = Pad(%x) {begin=[0,0,1,2], end=[0,0,1,-1]}\noutput %y", SOLDER_F32,
                 "N 3 (H+2) (W+1)", NULL);
    infer_expect(X "constant %p i64[2] values [1, 2]\nconstant %a i64[1] values [-3]\n"
                   "%y = Pad(%x, %p, _, %a)\noutput %y",
                 SOLDER_F32, "N 6 H W", NULL);
    infer_expect_error("input %x f32[2]\n%y = Pad(%x) {begin=[-3]}\noutput %y", SOLDER_ERROR_DATA,
                       "axis 0: pads leave -1 elements");
    infer_expect_error("input %x f32[0]\n%y = Pad(%x) {kind=edge, begin=[1]}\noutput %y",
                       SOLDER_ERROR_DATA, "axis 0 has no elements to pad with");
    infer_expect_error("input %x f32[2]\nconstant %p i64[3] values [1, 2, 3]\n%y = Pad(%x, %p)\n"
                       "output %y",
                       SOLDER_ERROR_DATA, "pads has 3 values, expected 2");
    infer_expect("input %x f32[2,3]\ninput %p i64[2]\nconstant %a i64[1] values [1]\n"
                 "%y = Pad(%x, %p, _, %a)\noutput %y",
                 SOLDER_F32, "2 y.1", NULL);
    infer_expect_error("input %x f32[2]\nconstant %p i64[2] values [1, 2]\ninput %v i32[]\n"
                       "%y = Pad(%x, %p, %v)\noutput %y",
                       SOLDER_ERROR_DATA, "inputs 0 and 2 have different types, f32 and i32");
    infer_expect_error("input %x f32[2]\n%y = Pad(%x) {begin=[9223372036854775807]}\noutput %y",
                       SOLDER_ERROR_DATA, "pads of axis 0 are out of range");
}

static void test_fill(void **state)
{
    (void)state;
    infer_expect("%y = Fill() {dtype=i64, integer=7, dims=[3]}\noutput %y", SOLDER_I64, "3",
                 "7 7 7");
    infer_expect(X "%s = Shape(%x)\n%y = Fill(%s)\noutput %y", SOLDER_F32, "N 3 H W", NULL);
    infer_expect_error("%y = Fill() {dims=[-1]}\noutput %y", SOLDER_ERROR_DATA,
                       "dimension 0 is -1");
    infer_expect("input %s i64[2]\n%y = Fill(%s)\noutput %y", SOLDER_F32, "y.0 y.1", NULL);
}

#define SCALARS(t, a, b, c)                                                                        \
    "constant %a " t "[] values [" a "]\nconstant %b " t "[] values [" b "]\nconstant %c " t       \
    "[] values [" c "]\n%y = Range(%a, %b, %c)\noutput %y"

static void test_range(void **state)
{
    (void)state;
    infer_expect(SCALARS("i64", "10", "3", "-3"), SOLDER_I64, "3", "10 7 4");
    infer_expect(SCALARS("f32", "0", "1", "0.25"), SOLDER_F32, "4", NULL);
    infer_expect(X "%s = Shape(%x)\nconstant %i i64[] values [2]\n%h = Gather(%s, %i)\n"
                   "constant %a i64[] values [0]\nconstant %c i64[] values [1]\n"
                   "%y = Range(%a, %h, %c)\noutput %y",
                 SOLDER_I64, "H", NULL);
    infer_expect_error(SCALARS("i64", "0", "1", "0"), SOLDER_ERROR_DATA, "delta is 0");
    infer_expect_error(SCALARS("f32", "0", "1", "0"), SOLDER_ERROR_DATA,
                       "range from 0 to 1 by 0 is too long");
    infer_expect("input %a f32[]\n%y = Range(%a, %a, %a)\noutput %y", SOLDER_F32, "y.0", NULL);
    infer_expect("input %a i64[]\n%y = Range(%a, %a, %a)\noutput %y", SOLDER_I64, "y.0", NULL);
    infer_expect("input %a i64[]\nconstant %c i64[] values [1]\n%y = Range(%a, %a, %c)\noutput %y",
                 SOLDER_I64, "y.0", NULL);
    infer_expect_error("input %a i64[]\ninput %b i32[]\n%y = Range(%a, %b, %a)\noutput %y",
                       SOLDER_ERROR_DATA, "inputs 0 and 1 have different types, i64 and i32");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gather), cmocka_unit_test(test_slice_open),
        cmocka_unit_test(test_slice),  cmocka_unit_test(test_pad),
        cmocka_unit_test(test_fill),   cmocka_unit_test(test_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
