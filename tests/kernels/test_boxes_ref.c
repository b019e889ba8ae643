/* SPDX-License-Identifier: Apache-2.0 */
/* CropAndResize (values are those of tf.image.crop_and_resize), CombinedNonMaxSuppression,
 * RoiAlign, GridSample. */
#include "kernels/ref_check.h"

static const double image[] = {1, 2, 3, 4, 5, 7, 9, 11, 20};
/* The image itself, a part upside down, one reaching out on two sides, a point. */
static const double boxes[] = {0,    0,    1,   1,    0.25, 0.5, 1,   0,
                               -0.5, 0.25, 0.5, 1.25, 0.5,  0.5, 0.5, 0.5};

static void crop(const sld_crop_resize_params *p, const double *expected)
{
    for (int gaps = 0; gaps < 2; gaps++) {
        ref_begin();
        ref_in(SOLDER_F32, 4, DIMS(1, 1, 3, 3), image, gaps != 0);
        ref_in(SOLDER_F32, 2, DIMS(4, 4), boxes, gaps != 0);
        ref_in(SOLDER_I32, 1, DIMS(4), VALUES(0, 0, 0, 0), gaps != 0);
        ref_out(SOLDER_F32, 4, DIMS(4, 1, p->height, p->width), gaps != 0);
        assert_int_equal(ref_run("crop_resize", p), SOLDER_OK);
        ref_expect_near(0, expected, 1e-6);
    }
}

static void test_linear(void **state)
{
    (void)state;
    sld_crop_resize_params p = {.height = 2, .width = 3, .extrapolation = -1};
    crop(&p, VALUES(1, 2, 3, 9, 11, 20, 3.5, 3, 2.5, 11, 10, 9, -1, -1, -1, 4.5, 6, -1, 5, 5, 5, 5,
                    5, 5));
    p.height = 1;
    p.width = 2;
    crop(&p, VALUES(4, 7, 6.5, 5.25, 1.5, -1, 5, 5));
}

static void test_nearest(void **state)
{
    (void)state;
    sld_crop_resize_params p = {.height = 2, .width = 3, .extrapolation = -1, .nearest = 1};
    crop(&p,
         VALUES(1, 2, 3, 9, 11, 20, 5, 5, 4, 11, 11, 9, -1, -1, -1, 5, 7, -1, 5, 5, 5, 5, 5, 5));
    p.height = 1;
    p.width = 2;
    crop(&p, VALUES(4, 7, 5, 4, 2, -1, 5, 5));
}

static void test_images_and_types(void **state)
{
    (void)state;
    const solder_dtype types[] = {SOLDER_F32, SOLDER_F16, SOLDER_BF16, SOLDER_F64};
    sld_crop_resize_params p = {.height = 1, .width = 2};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(types); i++) {
        ref_begin(); /* two images of two channels, 1 x 2 */
        ref_in(types[i], 4, DIMS(2, 2, 1, 2), VALUES(1, 2, 3, 4, 5, 6, 7, 8), (i & 1) != 0);
        ref_in(SOLDER_F32, 2, DIMS(2, 4), VALUES(0, 0, 1, 1, 0, 0.5, 0, 1), true);
        ref_in(SOLDER_I64, 1, DIMS(2), VALUES(1, 0), false);
        ref_out(types[i], 4, DIMS(2, 2, 1, 2), false);
        assert_int_equal(ref_run("crop_resize", &p), SOLDER_OK);
        ref_expect(0, VALUES(5, 6, 7, 8, 1.5, 2, 3.5, 4));
        ref.in_count = 2;
        ref_in(SOLDER_I64, 1, DIMS(2), VALUES(1, 2), false);
        assert_int_equal(ref_run("crop_resize", &p), SOLDER_ERROR_DATA);
    }
    ref_begin(); /* no boxes; a box of NaN lies outside */
    ref_in(SOLDER_F32, 4, DIMS(1, 1, 1, 2), VALUES(1, 2), false);
    ref_in(SOLDER_F32, 2, DIMS(0, 4), NULL, false);
    ref_in(SOLDER_I32, 1, DIMS(0), NULL, false);
    ref_out(SOLDER_F32, 4, DIMS(0, 1, 1, 2), false);
    assert_int_equal(ref_run("crop_resize", &p), SOLDER_OK);
    ref_begin();
    ref_in(SOLDER_F32, 4, DIMS(1, 1, 1, 2), VALUES(1, 2), false);
    ref_in(SOLDER_F32, 2, DIMS(1, 4), VALUES(0, NAN, 0, 1), false);
    ref_in(SOLDER_I32, 1, DIMS(1), VALUES(0), false);
    ref_out(SOLDER_F32, 4, DIMS(1, 1, 1, 2), false);
    assert_int_equal(ref_run("crop_resize", &p), SOLDER_OK);
    ref_expect(0, VALUES(0, 0));
}

/* Four boxes in a row, the first two nearly one; scores of two classes. */
static void combined(const sld_combined_nms_params *p, int64_t rows, bool gaps)
{
    ref_begin();
    ref_in(SOLDER_F32, 4, DIMS(1, 4, 1, 4),
           VALUES(0, 0, 1, 1, 0, 0.1, 1, 1.1, 0, 3, 1, 2, 0, 4, 1, 5), gaps);
    ref_in(SOLDER_F32, 3, DIMS(1, 4, 2), VALUES(0.5, 0.1, 0.9, 0.2, 0.3, 0.8, 0.9, 0.1), gaps);
    ref_out(SOLDER_F32, 3, DIMS(1, rows, 4), gaps);
    ref_out(SOLDER_F32, 2, DIMS(1, rows), gaps);
    ref_out(SOLDER_F32, 2, DIMS(1, rows), gaps);
    ref_out(SOLDER_I32, 1, DIMS(1), false);
    assert_int_equal(ref_run("combined_nms", p), SOLDER_OK);
}

static void test_combined_nms(void **state)
{
    (void)state;
    sld_combined_nms_params p = {
        .max_per_class = 4, .max_total = 6, .iou_threshold = 0.5f, .score_threshold = 0.15f};
    for (int gaps = 0; gaps < 2; gaps++) {
        /* class 0: boxes 1, 3 and 2 (0 falls to 1); class 1: boxes 2 and 1 */
        combined(&p, 6, gaps != 0);
        ref_expect_near(1, VALUES(0.9, 0.9, 0.8, 0.3, 0.2, 0), 1e-6);
        ref_expect(2, VALUES(0, 0, 1, 0, 1, 0));
        ref_expect(3, VALUES(5));
        ref_expect_near(
            0,
            VALUES(0, 0.1, 1, 1.1, 0, 4, 1, 5, 0, 3, 1, 2, 0, 3, 1, 2, 0, 0.1, 1, 1.1, 0, 0, 0, 0),
            1e-6);
    }
    p = (sld_combined_nms_params){.max_per_class = 1,
                                  .max_total = 6,
                                  .iou_threshold = 0.5f,
                                  .score_threshold = 0.15f,
                                  .pad_per_class = 1,
                                  .clip_boxes = 1};
    combined(&p, 2, false);
    ref_expect_near(1, VALUES(0.9, 0.8), 1e-6);
    ref_expect(3, VALUES(2));
    ref_expect_near(0, VALUES(0, 0.1, 1, 1, 0, 1, 1, 1), 1e-6);
    p.max_total = 1; /* of all classes the best only */
    combined(&p, 1, false);
    ref_expect(3, VALUES(1));
    p.score_threshold = 2;
    combined(&p, 1, false);
    ref_expect(3, VALUES(0));
    ref_expect(0, VALUES(0, 0, 0, 0));
}

/* 1 to 9; cells of a region of 2 x 2 pixels, and one that reaches out. */
static void test_roi_align(void **state)
{
    (void)state;
    const double pixels[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    sld_roi_align_params p = {
        .height = 1, .width = 2, .spatial_scale = 0.5f, .half_pixel = 1, .sampling_ratio = 1};
    for (int gaps = 0; gaps < 2; gaps++) {
        ref_begin(); /* halved and moved: samples at row 0.5, columns 0 and 1; then row 2, beyond */
        ref_in(SOLDER_F32, 4, DIMS(1, 1, 3, 3), pixels, gaps != 0);
        ref_in(SOLDER_F32, 2, DIMS(2, 4), VALUES(0, 0, 4, 4, 4, 4, 12, 6), gaps != 0);
        ref_in(SOLDER_I64, 1, DIMS(2), VALUES(0, 0), gaps != 0);
        ref_out(SOLDER_F32, 4, DIMS(2, 1, 1, 2), gaps != 0);
        assert_int_equal(ref_run("roi_align", &p), SOLDER_OK);
        ref_expect_near(0, VALUES(2.5, 3.5, 9, 0), 1e-6);
    }
    p = (sld_roi_align_params){.height = 1, .width = 1, .spatial_scale = 1}; /* a sample a pixel */
    ref_begin();
    ref_in(SOLDER_F32, 4, DIMS(1, 1, 3, 3), pixels, false);
    ref_in(SOLDER_F32, 2, DIMS(1, 4), VALUES(0, 0, 2, 1), false);
    ref_in(SOLDER_I64, 1, DIMS(1), VALUES(0), false);
    ref_out(SOLDER_F32, 4, DIMS(1, 1, 1, 1), false);
    assert_int_equal(ref_run("roi_align", &p), SOLDER_OK);
    ref_expect_near(0, VALUES(3.5), 1e-6); /* of rows 0.5, columns 0.5 and 1.5: 3 and 4 */
    p.max = 1;
    assert_int_equal(ref_run("roi_align", &p), SOLDER_OK);
    ref_expect_near(0, VALUES(1.5), 1e-6); /* the largest weighted pixel: 6 / 4 */
    ref.in_count = 2;
    ref_in(SOLDER_I64, 1, DIMS(1), VALUES(1), false);
    assert_int_equal(ref_run("roi_align", &p), SOLDER_ERROR_DATA);
}

/* A row 1 2 4 8 read at points along it; the other axis has one pixel. */
static void grid(const sld_grid_sample_params *p, const double *at, const double *expected)
{
    for (int gaps = 0; gaps < 2; gaps++) {
        double points[8];
        for (int i = 0; i < 4; i++) {
            points[2 * i] = at[i];
            points[2 * i + 1] = 0;
        }
        ref_begin();
        ref_in(SOLDER_F32, 4, DIMS(1, 1, 1, 4), VALUES(1, 2, 4, 8), gaps != 0);
        ref_in(SOLDER_F32, 4, DIMS(1, 1, 4, 2), points, gaps != 0);
        ref_out(SOLDER_F32, 4, DIMS(1, 1, 1, 4), gaps != 0);
        assert_int_equal(ref_run("grid_sample", p), SOLDER_OK);
        ref_expect_near(0, expected, 1e-6);
    }
}

static void test_grid_sample(void **state)
{
    (void)state;
    /* pixels -0.5, 1.5, 3.25, 5.5 */
    const double at[] = {-1, 0, 0.875, 2};
    grid(&(sld_grid_sample_params){.mode = SLD_GRID_LINEAR}, at, VALUES(0.5, 3, 6, 0));
    grid(&(sld_grid_sample_params){.mode = SLD_GRID_LINEAR, .padding = SLD_GRID_BORDER}, at,
         VALUES(1, 3, 8, 8));
    grid(&(sld_grid_sample_params){.mode = SLD_GRID_LINEAR, .padding = SLD_GRID_REFLECTION}, at,
         VALUES(1, 3, 8, 3));
    grid(&(sld_grid_sample_params){.mode = SLD_GRID_NEAREST, .padding = SLD_GRID_BORDER}, at,
         VALUES(1, 4, 8, 8));
    /* centres of the outermost pixels: 0, 1.5, 2.8125, 4.5 */
    grid(&(sld_grid_sample_params){.mode = SLD_GRID_LINEAR, .align_corners = 1}, at,
         VALUES(1, 3, 7.25, 0));
    grid(&(sld_grid_sample_params){.padding = SLD_GRID_REFLECTION, .align_corners = 1}, at,
         VALUES(1, 3, 7.25, 3));
    grid(&(sld_grid_sample_params){.padding = SLD_GRID_BORDER, .align_corners = 1},
         VALUES(-1e30, 1e30, NAN, -INFINITY), VALUES(1, 8, 1, 1));
    /* Keys' cubic with a = -0.75 at the middle: -3/32 and 19/32 */
    grid(&(sld_grid_sample_params){.mode = SLD_GRID_CUBIC, .align_corners = 1}, VALUES(0, -1, 1, 1),
         VALUES((19 * 6 - 3 * 9) / 32.0, 1, 8, 8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear),           cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_images_and_types), cmocka_unit_test(test_combined_nms),
        cmocka_unit_test(test_roi_align),        cmocka_unit_test(test_grid_sample),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
