/* SPDX-License-Identifier: Apache-2.0 */
/* Reduce, ArgMax, TopK and NonMaxSuppression. */
#include "kernels/ref_check.h"

static void reduce(int kind, solder_dtype dtype, const double *x, const double *expected,
                   double tolerance)
{
    for (int keep = 0; keep < 2; keep++) {
        sld_reduce_params p = {.kind = kind, .axes = 1u << 1, .keep_dims = keep, .scale = 1};
        ref_begin();
        ref_in(dtype, 2, DIMS(2, 3), x, true);
        ref_out(dtype, 1 + keep, DIMS(2, 1), true);
        assert_int_equal(ref_run("reduce", &p), SOLDER_OK);
        ref_expect_near(0, expected, tolerance);
    }
}

static void test_reduce_types(void **state)
{
    (void)state;
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(ref_all_types); i++) {
        solder_dtype t = ref_all_types[i];
        const double *x = VALUES(1, 2, 3, 0, 4, 2);
        if (t == SOLDER_BOOL) {
            x = VALUES(1, 1, 1, 0, 1, 0);
            reduce(SLD_REDUCE_AND, t, x, VALUES(1, 0), 0);
            reduce(SLD_REDUCE_OR, t, x, VALUES(1, 1), 0);
            reduce(SLD_REDUCE_MAX, t, x, VALUES(1, 1), 0);
            reduce(SLD_REDUCE_MIN, t, x, VALUES(1, 0), 0);
            continue;
        }
        reduce(SLD_REDUCE_SUM, t, x, VALUES(6, 6), 0);
        reduce(SLD_REDUCE_PROD, t, x, VALUES(6, 0), 0);
        reduce(SLD_REDUCE_MAX, t, x, VALUES(3, 4), 0);
        reduce(SLD_REDUCE_MIN, t, x, VALUES(1, 0), 0);
        reduce(SLD_REDUCE_MEAN, t, x, VALUES(2, 2), 0);
        reduce(SLD_REDUCE_L1, t, x, VALUES(6, 6), 0);
        reduce(SLD_REDUCE_ABS_SUM, t, x, VALUES(6, 6), 0);
        reduce(SLD_REDUCE_SUM_SQUARE, t, x, VALUES(14, 20), 0);
        reduce(SLD_REDUCE_L2, t, VALUES(2, 1, 2, 0, 4, 3), VALUES(3, 5), 0);
    }
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(ref_all_types); i++) {
        solder_dtype t = ref_all_types[i];
        if (sld_dtype_is_integer(t) && !sld_dtype_is_unsigned(t)) {
            reduce(SLD_REDUCE_L1, t, VALUES(-1, 2, -3, 0, -4, 2), VALUES(6, 6), 0);
            reduce(SLD_REDUCE_MAX, t, VALUES(-1, -2, -3, 0, -4, 2), VALUES(-1, 2), 0);
            reduce(SLD_REDUCE_MEAN, t, VALUES(-1, -2, -2, 0, 4, 1), VALUES(-1, 1), 0);
        }
    }
}

static void test_reduce_logs(void **state)
{
    (void)state;
    /* log(1 + 2 + 3), log(0 + 4 + 2); 1000 + log(3), which overflows if done plainly */
    reduce(SLD_REDUCE_LOG_SUM, SOLDER_F32, VALUES(1, 2, 3, 0, 4, 2),
           VALUES(1.791759469228055, 1.791759469228055), 1e-7);
    reduce(SLD_REDUCE_LOG_SUM_EXP, SOLDER_F32, VALUES(1000, 1000, 1000, 0, -INFINITY, -INFINITY),
           VALUES(1001.0986122886682, 0), 1e-7);
    reduce(SLD_REDUCE_LOG_SUM_EXP, SOLDER_F32, VALUES(INFINITY, 0, 0, NAN, 0, 0),
           VALUES(INFINITY, NAN), 0);
    reduce(SLD_REDUCE_MAX, SOLDER_F32, VALUES(1, NAN, 3, 1, 2, 3), VALUES(NAN, 3), 0);
}

static void empty(int kind, solder_dtype dtype, double expected)
{
    sld_reduce_params p = {.kind = kind, .axes = 1, .scale = 1};
    ref_begin();
    ref_in(dtype, 1, DIMS(0), NULL, false);
    ref_out(dtype, 0, NULL, false);
    assert_int_equal(ref_run("reduce", &p), SOLDER_OK);
    ref_expect(0, &expected);
}

static void test_reduce_nothing(void **state)
{
    (void)state;
    empty(SLD_REDUCE_SUM, SOLDER_F32, 0);
    empty(SLD_REDUCE_PROD, SOLDER_F32, 1);
    empty(SLD_REDUCE_MAX, SOLDER_F32, -INFINITY);
    empty(SLD_REDUCE_MIN, SOLDER_F32, INFINITY);
    empty(SLD_REDUCE_MEAN, SOLDER_F32, NAN);
    empty(SLD_REDUCE_LOG_SUM, SOLDER_F32, -INFINITY);
    empty(SLD_REDUCE_LOG_SUM_EXP, SOLDER_F32, -INFINITY);
    empty(SLD_REDUCE_MEAN, SOLDER_I32, 0);
    empty(SLD_REDUCE_MAX, SOLDER_I8, -128);
    empty(SLD_REDUCE_MIN, SOLDER_I8, 127);
    empty(SLD_REDUCE_MIN, SOLDER_U16, 65535);
    empty(SLD_REDUCE_MAX, SOLDER_U16, 0);
    empty(SLD_REDUCE_MIN, SOLDER_BOOL, 1);
    empty(SLD_REDUCE_AND, SOLDER_BOOL, 1);
    empty(SLD_REDUCE_OR, SOLDER_BOOL, 0);
}

static void test_reduce_axes_and_scale(void **state)
{
    (void)state;
    sld_reduce_params p = {.kind = SLD_REDUCE_SUM, .axes = 5, .keep_dims = 0, .scale = 0.5f};
    ref_begin(); /* sums over the outer and inner axis of 0..7, halved: 0+1+4+5, 2+3+6+7 */
    ref_in(SOLDER_F32, 3, DIMS(2, 2, 2), VALUES(0, 1, 2, 3, 4, 5, 6, 7), true);
    ref_out(SOLDER_F32, 1, DIMS(2), false);
    assert_int_equal(ref_run("reduce", &p), SOLDER_OK);
    ref_expect(0, VALUES(5, 9));
    p.axes = 0;
    ref_begin();
    ref_in(SOLDER_I32, 1, DIMS(2), VALUES(4, 7), false);
    ref_out(SOLDER_I32, 1, DIMS(2), false);
    assert_int_equal(ref_run("reduce", &p), SOLDER_OK);
    ref_expect(0, VALUES(2, 3));
}

static void argmax(int minimum, int last, const double *x, const double *expected)
{
    sld_argmax_params p = {.axis = 1, .minimum = minimum, .last = last, .keep_dims = last};
    ref_begin();
    ref_in(SOLDER_F32, 2, DIMS(2, 3), x, true);
    ref_out(SOLDER_I64, 1 + last, DIMS(2, 1), true);
    assert_int_equal(ref_run("argmax", &p), SOLDER_OK);
    ref_expect(0, expected);
}

static void test_argmax(void **state)
{
    (void)state;
    argmax(0, 0, VALUES(2, 5, 5, -1, -1, -2), VALUES(1, 0));
    argmax(0, 1, VALUES(2, 5, 5, -1, -1, -2), VALUES(2, 1));
    argmax(1, 0, VALUES(2, 2, 5, -1, -2, -2), VALUES(0, 1));
    argmax(1, 1, VALUES(2, 2, 5, -1, -2, -2), VALUES(1, 2));
    argmax(0, 0, VALUES(2, NAN, 5, NAN, 1, NAN), VALUES(1, 0));
    argmax(1, 0, VALUES(2, NAN, 5, NAN, 1, NAN), VALUES(1, 0));
    for (size_t i = 0; i + 1 < SLD_ARRAY_LENGTH(ref_all_types); i++) { /* all but bool */
        sld_argmax_params p = {.axis = 0};
        ref_begin();
        ref_in(ref_all_types[i], 1, DIMS(4), VALUES(1, 3, 2, 0), true);
        ref_out(SOLDER_I64, 0, NULL, false);
        assert_int_equal(ref_run("argmax", &p), SOLDER_OK);
        ref_expect(0, VALUES(1));
    }
}

static void test_topk(void **state)
{
    (void)state;
    for (size_t i = 0; i + 1 < SLD_ARRAY_LENGTH(ref_all_types); i++) {
        sld_topk_params p = {.axis = 1, .largest = 1, .sorted = 1, .k = 3};
        ref_begin();
        ref_in(ref_all_types[i], 2, DIMS(2, 5), VALUES(3, 1, 4, 1, 5, 2, 2, 2, 0, 9), true);
        ref_out(ref_all_types[i], 2, DIMS(2, 3), true);
        ref_out(SOLDER_I64, 2, DIMS(2, 3), true);
        assert_int_equal(ref_run("topk", &p), SOLDER_OK);
        ref_expect(0, VALUES(5, 4, 3, 9, 2, 2));
        ref_expect(1, VALUES(4, 2, 0, 4, 0, 1));
        p.largest = 0;
        assert_int_equal(ref_run("topk", &p), SOLDER_OK);
        ref_expect(0, VALUES(1, 1, 3, 0, 2, 2));
        ref_expect(1, VALUES(1, 3, 0, 3, 0, 1));
    }
    sld_topk_params p = {.axis = 0, .largest = 1, .k = 9};
    ref_begin(); /* k by input, along the outer axis; NaN counts as largest */
    ref_in(SOLDER_F32, 2, DIMS(3, 2), VALUES(1, 6, NAN, 4, 3, 5), false);
    ref_in(SOLDER_I64, 1, DIMS(1), VALUES(2), false);
    ref_out(SOLDER_F32, 2, DIMS(3, 2), false);
    ref_out(SOLDER_I64, 2, DIMS(3, 2), false);
    assert_int_equal(ref_run("topk", &p), SOLDER_OK);
    assert_int_equal(ref.out[0].dim[0], 2);
    ref_expect(0, VALUES(NAN, 6, 3, 5));
    ref_expect(1, VALUES(1, 0, 2, 2));
    ref.in_count = 1;
    ref_in(SOLDER_I64, 1, DIMS(1), VALUES(4), false);
    assert_int_equal(ref_run("topk", &p), SOLDER_ERROR_DATA);
}

/* Boxes y0 x0 y1 x1: 0 and 1 overlap by 9/11, 2 stands alone, 3 is box 2 with corners flipped. */
static const double corner_boxes[] = {0, 0, 1, 1, 0, 0.1, 1, 1.1, 0, 10, 1, 11, 1, 11, 0, 10};

static void nms(const sld_nms_params *p, const double *boxes, const double *scores, int64_t classes,
                int64_t rows, const double *expected)
{
    ref_begin();
    ref_in(SOLDER_F32, 3, DIMS(1, 4, 4), boxes, true);
    ref_in(SOLDER_F32, 3, DIMS(1, classes, 4), scores, true);
    ref_out(SOLDER_I64, 2, DIMS(4 * classes, 3), false);
    assert_int_equal(ref_run("nms", p), SOLDER_OK);
    assert_int_equal(ref.out[0].dim[0], rows);
    ref_expect(0, expected);
}

static void test_nms(void **state)
{
    (void)state;
    sld_nms_params p = {.iou_threshold = 0.5f, .max_output_per_class = 4};
    const double scores[] = {0.5, 0.9, 0.7, 0.7, 0.1, 0.2, 0.8, 0.9};
    nms(&p, corner_boxes, scores, 2, 4, VALUES(0, 0, 1, 0, 0, 2, 0, 1, 3, 0, 1, 1));
    p.max_output_per_class = 1;
    nms(&p, corner_boxes, scores, 2, 2, VALUES(0, 0, 1, 0, 1, 3));
    p.max_output_per_class = 0;
    nms(&p, corner_boxes, scores, 2, 0, NULL);
    p = (sld_nms_params){.iou_threshold = 0.5f,
                         .max_output_per_class = 4,
                         .score_threshold = 0.2f,
                         .has_score_threshold = 1}; /* strictly above */
    nms(&p, corner_boxes, scores, 2, 3, VALUES(0, 0, 1, 0, 0, 2, 0, 1, 3));
    p = (sld_nms_params){.iou_threshold = 1, .max_output_per_class = 4}; /* nothing overlaps more */
    nms(&p, corner_boxes, scores, 1, 4, VALUES(0, 0, 1, 0, 0, 2, 0, 0, 3, 0, 0, 0));
}

static void test_nms_center_and_inputs(void **state)
{
    (void)state;
    /* x y of the centre, width, height: the same four boxes */
    const double boxes[] = {0.5, 0.5, 1, 1, 0.6, 0.5, 1, 1, 10.5, 0.5, 1, 1, 10.5, 0.5, 1, 1};
    sld_nms_params p = {.center_point_box = 1};
    ref_begin();
    ref_in(SOLDER_F32, 3, DIMS(1, 4, 4), boxes, false);
    ref_in(SOLDER_F32, 3, DIMS(1, 1, 4), VALUES(0.5, 0.9, 0.7, 0.7), false);
    ref_in(SOLDER_I64, 1, DIMS(1), VALUES(3), false);
    ref_in(SOLDER_F32, 0, NULL, VALUES(0.5), false);
    ref_in(SOLDER_F32, 1, DIMS(1), VALUES(0.8), false);
    ref_out(SOLDER_I64, 2, DIMS(3, 3), false);
    assert_int_equal(ref_run("nms", &p), SOLDER_OK);
    assert_int_equal(ref.out[0].dim[0], 1);
    ref_expect(0, VALUES(0, 0, 1));
    ref_begin(); /* no boxes at all */
    ref_in(SOLDER_F32, 3, DIMS(1, 0, 4), NULL, false);
    ref_in(SOLDER_F32, 3, DIMS(1, 2, 0), NULL, false);
    ref_out(SOLDER_I64, 2, DIMS(0, 3), false);
    assert_int_equal(ref_run("nms", &p), SOLDER_OK);
    assert_int_equal(ref.out[0].dim[0], 0);
}

static void test_soft_nms(void **state)
{
    (void)state;
    /* Boxes 0 and 1 overlap by 9 / 11; 0.8 falls to 0.8 exp(-(9 / 11)^2), below box 2. */
    const double boxes[] = {0, 0, 1, 1, 0, 0.1, 1, 1.1, 0, 5, 1, 6, 0, 9, 1, 10};
    sld_nms_params p = {.soft_sigma = 0.5f,
                        .iou_threshold = 0.5f,
                        .score_threshold = 0.3f,
                        .has_score_threshold = 1,
                        .max_output_per_class = 4};
    ref_begin();
    ref_in(SOLDER_F32, 3, DIMS(1, 4, 4), boxes, true);
    ref_in(SOLDER_F32, 3, DIMS(1, 1, 4), VALUES(0.9, 0.8, 0.7, 0.3), false);
    ref_out(SOLDER_I64, 2, DIMS(4, 3), false);
    ref_out(SOLDER_F32, 1, DIMS(4), false);
    assert_int_equal(ref_run("nms", &p), SOLDER_OK);
    assert_int_equal(ref.out[0].dim[0], 3);
    assert_int_equal(ref.out[1].dim[0], 3);
    ref_expect(0, VALUES(0, 0, 0, 0, 0, 2, 0, 0, 1));
    ref_expect_near(1, VALUES(0.9, 0.7, 0.8 * exp(-81.0 / 121)), 1e-6);
    p.score_threshold = 0.45f; /* it falls below */
    ref.out[0].dim[0] = ref.out[1].dim[0] = 4;
    assert_int_equal(ref_run("nms", &p), SOLDER_OK);
    assert_int_equal(ref.out[0].dim[0], 2);
    ref_expect_near(1, VALUES(0.9, 0.7), 1e-6);
}

/* x of two rows, summed along them. */
static void cumulative(const sld_cumulative_params *p, const double *expected)
{
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(ref_all_types); i++) {
        if (ref_all_types[i] == SOLDER_BOOL) {
            continue;
        }
        ref_begin();
        ref_in(ref_all_types[i], 2, DIMS(2, 3), VALUES(1, 2, 3, 4, 5, 6), (i & 1) != 0);
        ref_out(ref_all_types[i], 2, DIMS(2, 3), (i & 2) != 0);
        assert_int_equal(ref_run("cumulative", p), SOLDER_OK);
        ref_expect(0, expected);
    }
}

static void test_cumulative(void **state)
{
    (void)state;
    cumulative(&(sld_cumulative_params){.axis = 1}, VALUES(1, 3, 6, 4, 9, 15));
    cumulative(&(sld_cumulative_params){.axis = 0}, VALUES(1, 2, 3, 5, 7, 9));
    cumulative(&(sld_cumulative_params){.axis = 1, .exclusive = 1}, VALUES(0, 1, 3, 0, 4, 9));
    cumulative(&(sld_cumulative_params){.axis = 1, .reverse = 1}, VALUES(6, 5, 3, 15, 11, 6));
    cumulative(&(sld_cumulative_params){.axis = 1, .reverse = 1, .exclusive = 1},
               VALUES(5, 3, 0, 11, 6, 0));
    cumulative(&(sld_cumulative_params){.axis = 1, .product = 1}, VALUES(1, 2, 6, 4, 20, 120));
    cumulative(&(sld_cumulative_params){.axis = 1, .product = 1, .exclusive = 1, .reverse = 1},
               VALUES(6, 3, 1, 30, 6, 1));
    ref_begin(); /* integers wrap */
    ref_in(SOLDER_U8, 1, DIMS(3), VALUES(200, 100, 1), false);
    ref_out(SOLDER_U8, 1, DIMS(3), false);
    sld_cumulative_params p = {.axis = 0};
    assert_int_equal(ref_run("cumulative", &p), SOLDER_OK);
    ref_expect(0, VALUES(200, 44, 45));
    ref_begin();
    ref_in(SOLDER_F32, 2, DIMS(2, 0), NULL, false);
    ref_out(SOLDER_F32, 2, DIMS(2, 0), false);
    assert_int_equal(ref_run("cumulative", &p), SOLDER_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reduce_types),
        cmocka_unit_test(test_reduce_logs),
        cmocka_unit_test(test_reduce_nothing),
        cmocka_unit_test(test_reduce_axes_and_scale),
        cmocka_unit_test(test_argmax),
        cmocka_unit_test(test_topk),
        cmocka_unit_test(test_nms),
        cmocka_unit_test(test_nms_center_and_inputs),
        cmocka_unit_test(test_soft_nms),
        cmocka_unit_test(test_cumulative),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
