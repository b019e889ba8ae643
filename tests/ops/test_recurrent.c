/* SPDX-License-Identifier: Apache-2.0 */
/* Inference of LSTM, GRU and RNN. */
#include "nn_check.h"

#define X                  "symbol T 1..4..9\ninput %x f32[T,3,6]\n"
#define CELL(w, r, op, at) X "input %w f32" w "\ninput %r f32" r "\n" op at "\noutput %y\n"

static void shapes(void **state)
{
    (void)state;
    expect_shape(CELL("[1,20,6]", "[1,20,5]", "%y, %h, %c = LSTM(%x, %w, %r)", ""), "f32[T,1,3,5]");
    expect_shape(CELL("[2,15,6]", "[2,15,5]", "%y, %h = GRU(%x, %w, %r)",
                      " {direction=bidirectional, linear_before_reset=1}"),
                 "f32[T,2,3,5]");
    expect_shape(CELL("[1,5,6]", "[1,5,5]", "%h, %y = RNN(%x, %w, %r)",
                      " {f=[relu,relu], direction=reverse}"),
                 "f32[1,3,5]");
    expect_shape(X "input %w f32[1,20,6]\ninput %r f32[1,20,5]\ninput %l i32[3]\n"
                   "input %s f32[1,3,5]\ninput %p f32[1,15]\n"
                   "%h, %g, %y = LSTM(%x, %w, %r, _, %l, _, %s, %p)\noutput %y\n",
                 "f32[1,3,5]");
}

/* A projection to 4: r reads it, h and y are it, c and the peepholes are not. */
#define PROJECTED(r, p, outputs)                                                                   \
    X "input %w f32[1,20,6]\ninput %r f32" r "\ninput %p f32" p "\n"                               \
      "input %s f32[1,3,4]\ninput %q f32[1,15]\n" outputs                                          \
      " = LSTM(%x, %w, %r, _, _, %s, _, %q, %p) {cell_clip=3}\noutput %y\n"

static void projection(void **state)
{
    (void)state;
    expect_shape(PROJECTED("[1,20,4]", "[1,4,5]", "%y"), "f32[T,1,3,4]");
    expect_shape(PROJECTED("[1,20,4]", "[1,4,5]", "%a, %y"), "f32[1,3,4]");
    expect_shape(PROJECTED("[1,20,4]", "[1,4,5]", "%a, %b, %y"), "f32[1,3,5]");
    expect_error(PROJECTED("[1,20,5]", "[1,4,5]", "%y"), "r has 5 in dimension 2, needs 4");
    expect_error(PROJECTED("[1,20,4]", "[2,4,5]", "%y"),
                 "projection has 2 in dimension 0, needs 1");
    expect_error(PROJECTED("[1,20,6]", "[1,6,5]", "%y"), "initial h has 4 in dimension 2, needs 6");
    expect_error(CELL("[1,20,6]", "[1,20,5]", "%y = LSTM(%x, %w, %r)", " {cell_clip=-1}"),
                 "clip is -1, must be at least 0");
}

static void errors(void **state)
{
    (void)state;
    expect_error(CELL("[1,20,6]", "[1,20,5]", "%y, %h = GRU(%x, %w, %r)", ""),
                 "w has 20 in dimension 1, needs 15");
    expect_error(CELL("[1,20,7]", "[1,20,5]", "%y, %h, %c = LSTM(%x, %w, %r)", ""),
                 "w has 7 in dimension 2, needs 6");
    expect_error(CELL("[1,20,6]", "[1,20,4]", "%y, %h, %c = LSTM(%x, %w, %r)", " {hidden=5}"),
                 "r has 4 in dimension 2, needs 5");
    expect_error(
        CELL("[1,5,6]", "[1,5,5]", "%y, %h = RNN(%x, %w, %r)", " {direction=bidirectional}"),
        "w has 1 in dimension 0, needs 2");
    expect_error(CELL("[1,5,6]", "[1,5,5]", "%y, %h = RNN(%x, %w, %r)", " {clip=-1}"),
                 "clip is -1, must be at least 0");
    expect_error(CELL("[1,5,6]", "[1,5,5]", "%y, %h = RNN(%x, %w, %r)", " {hidden=-1}"),
                 "hidden is -1");
    expect_error(X "input %w f32[1,5,6]\ninput %r f32[1,5,5]\ninput %l f32[3]\n"
                   "%y, %h = RNN(%x, %w, %r, _, %l)\noutput %y\n",
                 "lengths are f32, need an integer type");
    expect_error(X "input %w f32[1,5,6]\ninput %r f32[1,5,5]\ninput %l i32[4]\n"
                   "%y, %h = RNN(%x, %w, %r, _, %l)\noutput %y\n",
                 "lengths has 4 in dimension 0, needs 3");
    expect_error("input %x i32[2,3,6]\ninput %w i32[1,5,6]\ninput %r i32[1,5,5]\n"
                 "%y, %h = RNN(%x, %w, %r)\noutput %y\n",
                 "input 0 is i32, needs a float type");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes),
        cmocka_unit_test(projection),
        cmocka_unit_test(errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
