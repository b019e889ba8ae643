/* SPDX-License-Identifier: Apache-2.0 */
/* Cells of one unit with linear activations: every number follows by hand. */
#include "kernels/ref_check.h"

#define LINEAR                                                                                     \
    {                                                                                              \
        SLD_ACT_AFFINE, SLD_ACT_AFFINE                                                             \
    }
#define ONES                                                                                       \
    {                                                                                              \
        1, 1                                                                                       \
    }

static const sld_recurrent_params linear = {.hidden = 1,
                                            .f = LINEAR,
                                            .g = LINEAR,
                                            .h = LINEAR,
                                            .f_alpha = ONES,
                                            .g_alpha = ONES,
                                            .h_alpha = ONES};

static const solder_dtype floats[] = {SOLDER_F32, SOLDER_F64, SOLDER_F16, SOLDER_BF16};

/*
 * input 1 + .5 2 + .25 + 1 1 = 3.25, forget 3 + 2 + .5 - 1 = 4.5, new .5 + 2 2 = 4.5,
 * c = 4.5 1 + 3.25 4.5 = 19.125, output 2 + .25 2 + .5 19.125 = 12.0625, h = 12.0625 19.125
 */
static void lstm(void **state)
{
    (void)state;
    for (int coupled = 0; coupled < 2; coupled++) {
        for (int i = 0; i < 2; i++) {
            solder_dtype type = floats[i];
            sld_recurrent_params p = linear;
            p.input_forget = coupled;
            ref_begin();
            ref_in(type, 3, DIMS(1, 1, 1), VALUES(1), true);
            ref_in(type, 3, DIMS(1, 4, 1), VALUES(1, 2, 3, 0.5), true);
            ref_in(type, 3, DIMS(1, 4, 1), VALUES(0.5, 0.25, 1, 2), true);
            ref_in(type, 2, DIMS(1, 8), VALUES(0.25, 0, 0, 0, 0, 0, 0.5, 0), true);
            ref_absent();
            ref_in(type, 3, DIMS(1, 1, 1), VALUES(2), true);
            ref_in(type, 3, DIMS(1, 1, 1), VALUES(1), true);
            ref_in(type, 2, DIMS(1, 3), VALUES(1, 0.5, -1), true);
            ref_out(type, 4, DIMS(1, 1, 1, 1), true);
            ref_out(type, 3, DIMS(1, 1, 1), true);
            ref_out(type, 3, DIMS(1, 1, 1), true);
            assert_int_equal(ref_run("lstm", &p), SOLDER_OK);
            /* coupled: forget 1 - 3.25, c 12.375, output 8.6875 */
            double c = coupled ? 12.375 : 19.125;
            double h = coupled ? 8.6875 * 12.375 : 12.0625 * 19.125;
            ref_expect(0, &h);
            ref_expect(1, &h);
            ref_expect(2, &c);
        }
    }
}

/*
 * As above, but c is clamped to 2, in the second unit to -2: there the new content is -4.5; h = (2
 * + .25 2 + .5 2) 2 = 7 and (2 + .25 2 - .5 2) -2 = -3. Projected: 3 7 - 3 = 18, and 7 - 2 (-3)
 * = 13.
 */
static void clipped_and_projected(void **state)
{
    (void)state;
    sld_recurrent_params p = linear;
    p.hidden = 2;
    p.cell_clip = 2;
    ref_begin();
    ref_in(SOLDER_F32, 3, DIMS(1, 1, 1), VALUES(1), true);
    ref_in(SOLDER_F32, 3, DIMS(1, 8, 1), VALUES(1, 1, 2, 2, 3, 3, 0.5, -0.5), true);
    ref_in(
        SOLDER_F32, 3, DIMS(1, 8, 3),
        VALUES(0.5, 0, 0, 0, 0.5, 0, 0.25, 0, 0, 0, 0, 0.25, 1, 0, 0, 0, 0, 1, 2, 0, 0, 0, -2, 0),
        true);
    ref_in(SOLDER_F32, 2, DIMS(1, 16),
           VALUES(0.25, 0.25, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.5, 0.5, 0, 0), true);
    ref_absent();
    ref_in(SOLDER_F32, 3, DIMS(1, 1, 3), VALUES(2, 2, 2), true);
    ref_in(SOLDER_F32, 3, DIMS(1, 1, 2), VALUES(1, 1), true);
    ref_in(SOLDER_F32, 2, DIMS(1, 6), VALUES(1, 1, 0.5, 0.5, -1, -1), true);
    ref_in(SOLDER_F32, 3, DIMS(1, 3, 2), VALUES(3, 1, 1, -2, 0, 0), true);
    ref_out(SOLDER_F32, 4, DIMS(1, 1, 1, 3), true);
    ref_out(SOLDER_F32, 3, DIMS(1, 1, 3), true);
    ref_out(SOLDER_F32, 3, DIMS(1, 1, 2), true);
    assert_int_equal(ref_run("lstm", &p), SOLDER_OK);
    ref_expect(0, VALUES(18, 13, 0));
    ref_expect(1, VALUES(18, 13, 0));
    ref_expect(2, VALUES(2, -2));
}

/*
 * update .25 + .25 2 = .75, reset 1 - .25 2 = .5; new 2 + 3 (.5 2) + 1.5 = 6.5, or with the reset
 * after the product 2 + .5 + .5 (3 2 + 1) = 6; h = .25 new + .75 2
 */
static void gru(void **state)
{
    (void)state;
    for (int linear_before_reset = 0; linear_before_reset < 2; linear_before_reset++) {
        for (size_t i = 0; i < SLD_ARRAY_LENGTH(floats); i++) {
            sld_recurrent_params p = linear;
            p.linear_before_reset = linear_before_reset;
            ref_begin();
            ref_in(floats[i], 3, DIMS(1, 1, 1), VALUES(1), true);
            ref_in(floats[i], 3, DIMS(1, 3, 1), VALUES(0.25, 1, 2), true);
            ref_in(floats[i], 3, DIMS(1, 3, 1), VALUES(0.25, -0.25, 3), true);
            ref_in(floats[i], 2, DIMS(1, 6), VALUES(0, 0, 0.5, 0, 0, 1), true);
            ref_absent();
            ref_in(floats[i], 3, DIMS(1, 1, 1), VALUES(2), true);
            ref_out(floats[i], 4, DIMS(1, 1, 1, 1), true);
            ref_out(floats[i], 3, DIMS(1, 1, 1), true);
            assert_int_equal(ref_run("gru", &p), SOLDER_OK);
            ref_expect(0, VALUES(linear_before_reset ? 3 : 3.125));
            ref_expect(1, VALUES(linear_before_reset ? 3 : 3.125));
        }
    }
}

/* h = x + h / 2 over two sequences of 3 and 2 steps, forwards and backwards. */
static void rnn(void **state)
{
    (void)state;
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(floats); i++) {
        sld_recurrent_params p = linear;
        p.direction = SLD_DIRECTION_BIDIRECTIONAL;
        ref_begin();
        ref_in(floats[i], 3, DIMS(3, 2, 1), VALUES(1, 1, 2, 2, 4, 4), true);
        ref_in(floats[i], 3, DIMS(2, 1, 1), VALUES(1, 1), true);
        ref_in(floats[i], 3, DIMS(2, 1, 1), VALUES(0.5, 0.5), true);
        ref_absent();
        ref_in(SOLDER_I32, 1, DIMS(2), VALUES(3, 2), true);
        ref_out(floats[i], 4, DIMS(3, 2, 2, 1), true);
        ref_out(floats[i], 3, DIMS(2, 2, 1), true);
        assert_int_equal(ref_run("rnn", &p), SOLDER_OK);
        ref_expect(0, VALUES(1, 1, 3, 2, 2.5, 2.5, 4, 2, 5.25, 0, 4, 0));
        ref_expect(1, VALUES(5.25, 2.5, 3, 2));
    }
}

static void clip_and_reverse(void **state)
{
    (void)state;
    sld_recurrent_params p = linear;
    p.clip = 2.25f;
    p.direction = SLD_DIRECTION_REVERSE;
    ref_begin();
    ref_in(SOLDER_F32, 3, DIMS(3, 1, 1), VALUES(-4, 1, 4), false);
    ref_in(SOLDER_F32, 3, DIMS(1, 1, 1), VALUES(1), false);
    ref_in(SOLDER_F32, 3, DIMS(1, 1, 1), VALUES(0.5), false);
    ref_out(SOLDER_F32, 4, DIMS(3, 1, 1, 1), false);
    assert_int_equal(ref_run("rnn", &p), SOLDER_OK);
    ref_expect(0, VALUES(-2.25, 2.125, 2.25));
}

static void lengths_are_checked(void **state)
{
    (void)state;
    for (int length = -1; length <= 3; length++) {
        ref_begin();
        ref_in(SOLDER_F32, 3, DIMS(2, 1, 1), VALUES(1, 2), false);
        ref_in(SOLDER_F32, 3, DIMS(1, 1, 1), VALUES(1), false);
        ref_in(SOLDER_F32, 3, DIMS(1, 1, 1), VALUES(0.5), false);
        ref_absent();
        ref_in(SOLDER_I32, 1, DIMS(1), VALUES(length), false);
        ref_in(SOLDER_F32, 3, DIMS(1, 1, 1), VALUES(4), false);
        ref_out(SOLDER_F32, 4, DIMS(2, 1, 1, 1), false);
        ref_out(SOLDER_F32, 3, DIMS(1, 1, 1), false);
        bool sound = length >= 0 && length <= 2;
        assert_int_equal(ref_run("rnn", &linear), sound ? SOLDER_OK : SOLDER_ERROR_DATA);
        if (length == 0) { /* the state stays what it was */
            ref_expect(0, VALUES(0, 0));
            ref_expect(1, VALUES(4));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lstm),
        cmocka_unit_test(clipped_and_projected),
        cmocka_unit_test(gru),
        cmocka_unit_test(rnn),
        cmocka_unit_test(clip_and_reverse),
        cmocka_unit_test(lengths_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
