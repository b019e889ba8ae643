/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of ElementWise, Unary, Cast, Select, Reduce, ArgMax, TopK and NonMaxSuppression. */
#include "ops/infer_check.h"

#define BELOW "constant %m i64[4] values [-1, -1, -1, -1]\n"
#define SHAPE "input %x f32[N,3,H,W]\n%s = Shape(%x)\nconstant %k i64[4] values [2, 2, 2, 2]\n"

static void test_elementwise(void **state)
{
    (void)state;
    infer_expect("input %a f32[N,1,H]\ninput %b f32[4,1]\n%y = ElementWise(%a, %b)\noutput %y",
                 SOLDER_F32, "N 4 H", NULL);
    infer_expect("input %a f32[N]\ninput %b f32[]\n%y = ElementWise(%a, %b) {kind=less}\noutput %y",
                 SOLDER_BOOL, "N", NULL);
    infer_expect("input %a i32[2]\ninput %b f32[2]\n%y = ElementWise(%a, %b) {kind=pow}\noutput %y",
                 SOLDER_I32, "2", NULL);
    infer_expect(SHAPE "%y = ElementWise(%s, %k)\noutput %y", SOLDER_I64, "4",
                 "(N+2) 5 (H+2) (W+2)");
    infer_expect(SHAPE "%y = ElementWise(%s, %k) {kind=sub}\noutput %y", SOLDER_I64, "4",
                 "(N+-2) 1 (H+-2) (W+-2)");
    infer_expect(SHAPE "%y = ElementWise(%s, %k) {kind=prod}\noutput %y", SOLDER_I64, "4",
                 "(N*2) 6 (H*2) (W*2)");
    infer_expect(SHAPE "%y = ElementWise(%s, %k) {kind=div}\noutput %y", SOLDER_I64, "4",
                 "(N/2) 1 (H/2) (W/2)");
    infer_expect(SHAPE "%y = ElementWise(%s, %k) {kind=max}\noutput %y", SOLDER_I64, "4",
                 "(N max 2) 3 (H max 2) (W max 2)");
    infer_expect(SHAPE "%y = ElementWise(%s, %k) {kind=min}\noutput %y", SOLDER_I64, "4",
                 "(N min 2) 2 (H min 2) (W min 2)");
    infer_expect(SHAPE "%y = ElementWise(%s, %k) {kind=mod}\noutput %y", SOLDER_I64, "4",
                 "(N%2) 1 (H%2) (W%2)");
    infer_expect(SHAPE BELOW "%t = ElementWise(%s, %m)\n%y = ElementWise(%t, %k) {kind=div}\n"
                             "output %y",
                 SOLDER_I64, "4", "(((N+-1)/2) max 0) 1 (((H+-1)/2) max 0) (((W+-1)/2) max 0)");
    infer_expect(SHAPE BELOW "%t = ElementWise(%m, %k) {kind=prod}\n%u = ElementWise(%s, %t)\n"
                             "%y = ElementWise(%u, %k) {kind=div}\noutput %y",
                 SOLDER_I64, "4", "? 0 ? ?");
    infer_expect(SHAPE BELOW "%y = ElementWise(%m, %s) {kind=mod}\noutput %y", SOLDER_I64, "4",
                 "(-1%(N max 1)) 2 (-1%(H max 1)) (-1%(W max 1))");
    infer_expect(SHAPE "%y = ElementWise(%s, %k) {kind=equal}\noutput %y", SOLDER_BOOL, "4",
                 "? 0 ? ?");
    infer_expect_error("input %a f32[2]\ninput %b i32[2]\n%y = ElementWise(%a, %b)\noutput %y",
                       SOLDER_ERROR_DATA, "inputs 0 and 1 have different types, f32 and i32");
    infer_expect_error("input %a bool[2]\n%y = ElementWise(%a, %a)\noutput %y", SOLDER_ERROR_DATA,
                       "input 0 has type bool, expected a number");
    infer_expect_error("input %a i32[2]\n%y = ElementWise(%a, %a) {kind=and}\noutput %y",
                       SOLDER_ERROR_DATA, "input 0 has type i32, expected bool");
    infer_expect_error("input %a f32[2]\n%y = ElementWise(%a, %a) {kind=shift_left}\noutput %y",
                       SOLDER_ERROR_DATA, "input 0 has type f32, expected an integer");
    infer_expect_error("input %a i32[2]\n%y = ElementWise(%a, %a) {kind=atan2}\noutput %y",
                       SOLDER_ERROR_DATA, "input 0 has type i32, expected a float");
    infer_expect_error("input %a i32[2]\n%y = ElementWise(%a, %a) {epilogue.act=relu}\noutput %y",
                       SOLDER_ERROR_DATA, "an activation needs a float result, this one is i32");
    infer_expect_error("input %a f32[2]\n%y = ElementWise(%a, %a) {epilogue.residual=1}\noutput %y",
                       SOLDER_ERROR_DATA, "epilogue.residual is not used here");
    infer_expect_error("input %a f32[2]\ninput %b f32[3]\n%y = ElementWise(%a, %b)\noutput %y",
                       SOLDER_ERROR_DATA, "dimension 0 does not broadcast: 2 against 3");
}

static void test_unary_and_cast(void **state)
{
    (void)state;
    infer_expect("input %x f32[N,3]\n%y = Unary(%x) {kind=is_nan}\noutput %y", SOLDER_BOOL, "N 3",
                 NULL);
    infer_expect(SHAPE "%y = Unary(%s) {kind=identity}\noutput %y", SOLDER_I64, "4", "N 3 H W");
    infer_expect(SHAPE "%y = Unary(%s) {kind=neg}\noutput %y", SOLDER_I64, "4",
                 "(0-N) -3 (0-H) (0-W)");
    infer_expect(SHAPE "%y = Unary(%s) {kind=abs}\noutput %y", SOLDER_I64, "4", "N 3 H W");
    infer_expect(SHAPE "%y = Cast(%s) {to=i32}\noutput %y", SOLDER_I32, "4", "N 3 H W");
    infer_expect(SHAPE "%y = Cast(%s) {to=i8}\noutput %y", SOLDER_I8, "4", NULL);
    infer_expect("input %x f32[N]\n%y = Cast(%x) {to=f16}\noutput %y", SOLDER_F16, "N", NULL);
    infer_expect_error("input %x i32[2]\n%y = Unary(%x) {kind=exp}\noutput %y", SOLDER_ERROR_DATA,
                       "node 'y' (Unary): input 0 has type i32, expected a float");
    infer_expect_error("input %x f32[2]\n%y = Unary(%x) {kind=not}\noutput %y", SOLDER_ERROR_DATA,
                       "input 0 has type f32, expected bool");
    infer_expect_error("input %x f32[2]\n%y = Unary(%x) {kind=bit_not}\noutput %y",
                       SOLDER_ERROR_DATA, "input 0 has type f32, expected an integer");
    infer_expect_error("input %x bool[2]\n%y = Unary(%x) {kind=neg}\noutput %y", SOLDER_ERROR_DATA,
                       "input 0 has type bool, expected a number");
    infer_expect_error("input %x f32[2]\n%y = Unary(%x) {kind=is_inf, flags=4}\noutput %y",
                       SOLDER_ERROR_DATA, "flags is 4, expected 0 to 3");
}

static void test_select(void **state)
{
    (void)state;
    infer_expect("input %c bool[N,1]\ninput %a f32[4]\ninput %b f32[]\n%y = Select(%c, %a, %b)\n"
                 "output %y",
                 SOLDER_F32, "N 4", NULL);
    /* expand(-1, 5, ...): where(shape == -1, ones, shape) */
    infer_expect("input %x f32[N,3]\n%s = Shape(%x)\nconstant %m i64[] values [-1]\n"
                 "constant %o i64[2] values [1, 1]\n%e = ElementWise(%s, %m) {kind=equal}\n"
                 "%y = Select(%e, %o, %s)\noutput %y",
                 SOLDER_I64, "2", "N 3");
    infer_expect_error("input %c f32[1]\n%y = Select(%c, %c, %c)\noutput %y", SOLDER_ERROR_DATA,
                       "input 0 has type f32, expected bool");
    infer_expect_error("input %c bool[1]\ninput %a f32[1]\n%y = Select(%c, %a, %c)\noutput %y",
                       SOLDER_ERROR_DATA, "inputs 1 and 2 have different types, f32 and bool");
}

static void test_reduce(void **state)
{
    (void)state;
    infer_expect("input %x f32[N,3,H,W]\n%y = Reduce(%x) {kind=mean, axes=[2,3]}\noutput %y",
                 SOLDER_F32, "N 3 1 1", NULL);
    infer_expect("input %x f32[N,3,H,W]\n%y = Reduce(%x) {kind=max, axes=[1], keep_dims=0}\n"
                 "output %y",
                 SOLDER_F32, "N H W", NULL);
    infer_expect(SHAPE "%y = Reduce(%s) {kind=prod, axes=[0]}\noutput %y", SOLDER_I64, "1",
                 "((W*(N*H))*3)");
    infer_expect(SHAPE "%y = Reduce(%s) {kind=sum, axes=[0], keep_dims=0}\noutput %y", SOLDER_I64,
                 "", "((W+(N+H))+3)");
    infer_expect_error("input %x f32[2]\n%y = Reduce(%x) {axes=[1]}\noutput %y", SOLDER_ERROR_DATA,
                       "an axis lies beyond rank 1");
    infer_expect_error("input %x bool[2]\n%y = Reduce(%x) {axes=[0]}\noutput %y", SOLDER_ERROR_DATA,
                       "input 0 has type bool, expected a number");
    infer_expect_error("input %x f32[2]\n%y = Reduce(%x) {kind=and, axes=[0]}\noutput %y",
                       SOLDER_ERROR_DATA, "input 0 has type f32, expected bool");
}

static void test_argmax_and_topk(void **state)
{
    (void)state;
    infer_expect("input %x f32[N,5]\n%y = ArgMax(%x) {axis=-1, keep_dims=0}\noutput %y", SOLDER_I64,
                 "N", NULL);
    infer_expect("input %x f32[N,5]\n%y, %i = TopK(%x) {axis=1, k=2}\noutput %y", SOLDER_F32, "N 2",
                 NULL);
    infer_expect("input %x f32[N,5]\n%v, %y = TopK(%x) {axis=0, k=2}\noutput %y", SOLDER_I64, "2 5",
                 NULL);
    infer_expect("input %x f32[5]\ninput %k i64[1]\n%y, %i = TopK(%x, %k)\noutput %y", SOLDER_F32,
                 "y", NULL);
    infer_expect_error("input %x f32[N,0]\n%y = ArgMax(%x) {axis=1}\noutput %y", SOLDER_ERROR_DATA,
                       "axis 1 has no elements");
    infer_expect_error("input %x bool[2]\n%y = ArgMax(%x)\noutput %y", SOLDER_ERROR_DATA,
                       "input 0 has type bool, expected a number");
    infer_expect_error("input %x f32[5]\n%y, %i = TopK(%x) {k=6}\noutput %y", SOLDER_ERROR_DATA,
                       "k is 6, but axis 0 has fewer elements");
    infer_expect_error("input %x f32[5]\ninput %k i64[0]\n%y, %i = TopK(%x, %k)\noutput %y",
                       SOLDER_ERROR_DATA, "k has no value");
}

#define BOXES "input %b f32[1,N,4]\ninput %s f32[1,2,N]\n"

static void test_nms(void **state)
{
    (void)state;
    infer_expect(BOXES "%y = NonMaxSuppression(%b, %s) {max_output_per_class=3}\noutput %y",
                 SOLDER_I64, "y 3", NULL);
    sld_graph *graph;
    assert_int_equal(infer_read(BOXES "%y = NonMaxSuppression(%b, %s) {max_output_per_class=3}\n"
                                      "output %y",
                                &graph),
                     SOLDER_OK);
    char bound[64];
    int symbol = sld_expr_find_symbol(&graph->exprs, "y");
    assert_true(symbol >= 0);
    sld_expr_print(&graph->exprs, graph->exprs.symbols[symbol].bound, bound, sizeof bound);
    assert_string_equal(bound, "((N min 3)*2)");
    sld_graph_destroy(graph);
    infer_expect_error("input %b f32[1,3,4]\ninput %s f32[2,1,3]\n"
                       "%y = NonMaxSuppression(%b, %s)\noutput %y",
                       SOLDER_ERROR_DATA, "boxes have 1 batches, scores 2");
    infer_expect_error("input %b f32[1,3,4]\ninput %s f32[1,1,2]\n"
                       "%y = NonMaxSuppression(%b, %s)\noutput %y",
                       SOLDER_ERROR_DATA, "boxes have 3 boxes, scores 2");
    infer_expect_error("input %b f32[1,3,5]\ninput %s f32[1,1,3]\n"
                       "%y = NonMaxSuppression(%b, %s)\noutput %y",
                       SOLDER_ERROR_DATA, "a box has 5 values, expected 4");
    infer_expect_error("input %b f16[1,3,4]\ninput %s f32[1,1,3]\n"
                       "%y = NonMaxSuppression(%b, %s)\noutput %y",
                       SOLDER_ERROR_DATA, "input 0 has type f16, expected f32");
    infer_expect_error("input %b f32[3,4]\ninput %s f32[1,1,3]\n"
                       "%y = NonMaxSuppression(%b, %s)\noutput %y",
                       SOLDER_ERROR_DATA, "input 0 has rank 2, needs 3");
    infer_expect_error(BOXES "input %m f32[1]\n%y = NonMaxSuppression(%b, %s, %m)\noutput %y",
                       SOLDER_ERROR_DATA, "input 2 has type f32, expected i64");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elementwise),     cmocka_unit_test(test_unary_and_cast),
        cmocka_unit_test(test_select),          cmocka_unit_test(test_reduce),
        cmocka_unit_test(test_argmax_and_topk), cmocka_unit_test(test_nms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
