/* SPDX-License-Identifier: Apache-2.0 */
/* Gather, Slice, Pad, Fill and Range. */
#include "kernels/ref_check.h"

static void test_gather_axis(void **state)
{
    (void)state;
    sld_gather_params p = {.kind = SLD_GATHER_AXIS, .axis = 1};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(ref_all_types); i++) {
        ref_begin(); /* numpy.take(x, [[2, -3]], axis=1) */
        ref_in(ref_all_types[i], 2, DIMS(2, 3), VALUES(1, 0, 0, 0, 1, 1), (i & 1) != 0);
        ref_in(SOLDER_I64, 2, DIMS(1, 2), VALUES(2, -3), true);
        ref_out(ref_all_types[i], 3, DIMS(2, 1, 2), true);
        assert_int_equal(ref_run("gather", &p), SOLDER_OK);
        ref_expect(0, VALUES(0, 1, 1, 0));
    }
    p.axis = 0;
    for (int gaps = 0; gaps < 2; gaps++) {
        ref_begin();
        ref_in(SOLDER_F32, 2, DIMS(3, 2), VALUES(1, 2, 3, 4, 5, 6), gaps != 0);
        ref_in(SOLDER_I32, 1, DIMS(3), VALUES(2, 0, -1), false);
        ref_out(SOLDER_F32, 2, DIMS(3, 2), false);
        assert_int_equal(ref_run("gather", &p), SOLDER_OK);
        ref_expect(0, VALUES(5, 6, 1, 2, 5, 6));
    }
    ref_begin();
    ref_in(SOLDER_F32, 1, DIMS(3), VALUES(1, 2, 3), false);
    ref_in(SOLDER_I32, 0, NULL, VALUES(3), false);
    ref_out(SOLDER_F32, 0, NULL, false);
    assert_int_equal(ref_run("gather", &p), SOLDER_ERROR_DATA);
    ref_begin();
    ref_in(SOLDER_F32, 1, DIMS(3), VALUES(1, 2, 3), false);
    ref_in(SOLDER_I32, 1, DIMS(0), NULL, false);
    ref_out(SOLDER_F32, 1, DIMS(0), false);
    assert_int_equal(ref_run("gather", &p), SOLDER_OK);
}

static void test_gather_elements(void **state)
{
    (void)state;
    sld_gather_params p = {.kind = SLD_GATHER_ELEMENTS, .axis = 1};
    ref_begin(); /* out[i][j] = x[i][index[i][j]] */
    ref_in(SOLDER_F32, 2, DIMS(2, 2), VALUES(1, 2, 3, 4), true);
    ref_in(SOLDER_I64, 2, DIMS(2, 2), VALUES(0, 0, -1, 0), false);
    ref_out(SOLDER_F32, 2, DIMS(2, 2), true);
    assert_int_equal(ref_run("gather", &p), SOLDER_OK);
    ref_expect(0, VALUES(1, 1, 4, 3));
    ref.in_count = 1;
    ref_in(SOLDER_I64, 2, DIMS(2, 2), VALUES(0, 0, -3, 0), false);
    assert_int_equal(ref_run("gather", &p), SOLDER_ERROR_DATA);
}

static void test_gather_nd(void **state)
{
    (void)state;
    sld_gather_params p = {.kind = SLD_GATHER_ND};
    ref_begin(); /* x[0][1], x[1][0] of x = [[0,1],[2,3]] */
    ref_in(SOLDER_I32, 2, DIMS(2, 2), VALUES(0, 1, 2, 3), true);
    ref_in(SOLDER_I64, 2, DIMS(2, 2), VALUES(0, 1, -1, 0), false);
    ref_out(SOLDER_I32, 1, DIMS(2), true);
    assert_int_equal(ref_run("gather", &p), SOLDER_OK);
    ref_expect(0, VALUES(1, 2));
    p.batch_dims = 1;
    ref_begin(); /* x[0][1], x[1][0] of pairs */
    ref_in(SOLDER_F32, 3, DIMS(2, 2, 2), VALUES(0, 1, 2, 3, 4, 5, 6, 7), false);
    ref_in(SOLDER_I64, 2, DIMS(2, 1), VALUES(1, 0), false);
    ref_out(SOLDER_F32, 2, DIMS(2, 2), true);
    assert_int_equal(ref_run("gather", &p), SOLDER_OK);
    ref_expect(0, VALUES(2, 3, 4, 5));
    ref.in_count = 1;
    ref_in(SOLDER_I64, 2, DIMS(2, 1), VALUES(2, 0), false);
    assert_int_equal(ref_run("gather", &p), SOLDER_ERROR_DATA);
}

static void slice(const sld_slice_params *p, int64_t in, int64_t out, const double *expected)
{
    const double x[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    for (int gaps = 0; gaps < 2; gaps++) {
        ref_begin();
        ref_in(SOLDER_F32, 1, &in, x, gaps != 0);
        ref_out(SOLDER_F32, 1, &out, gaps != 0);
        assert_int_equal(ref_run("slice", p), SOLDER_OK);
        assert_int_equal(ref.out[0].dim[0], out);
        ref_expect(0, expected);
    }
}

static void test_slice(void **state)
{
    (void)state;
    slice(&(sld_slice_params){.count = 1, .start = {2}, .end = {-1}, .step = {3}}, 10, 3,
          VALUES(2, 5, 8));
    slice(&(sld_slice_params){.count = 1, .start = {-1}, .end = {INT64_MIN}, .step = {-4}}, 10, 3,
          VALUES(9, 5, 1));
    slice(&(sld_slice_params){.count = 1, .start = {100}, .end = {6}, .step = {-1}}, 10, 3,
          VALUES(9, 8, 7));
    slice(&(sld_slice_params){.count = 1, .start = {-3}, .end = {INT64_MAX}, .step = {1}}, 10, 3,
          VALUES(7, 8, 9));
    slice(&(sld_slice_params){.count = 1, .start = {5}, .end = {2}, .step = {1}}, 10, 0, NULL);
    sld_slice_params p = {0};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(ref_all_types); i++) {
        ref_begin(); /* x[:, ::-2] by inputs */
        ref_in(ref_all_types[i], 2, DIMS(2, 3), VALUES(1, 0, 0, 1, 1, 1), true);
        ref_in(SOLDER_I64, 1, DIMS(1), VALUES(-1), false);
        ref_in(SOLDER_I64, 1, DIMS(1), VALUES(-100), false);
        ref_in(SOLDER_I64, 1, DIMS(1), VALUES(-1), false);
        ref_in(SOLDER_I64, 1, DIMS(1), VALUES(-2), false);
        ref_out(ref_all_types[i], 2, DIMS(2, 2), true);
        assert_int_equal(ref_run("slice", &p), SOLDER_OK);
        ref_expect(0, VALUES(0, 1, 1, 1));
    }
    ref_begin(); /* bounds only the run knows: the kernel shrinks the output */
    ref_in(SOLDER_F32, 2, DIMS(2, 3), VALUES(1, 2, 3, 4, 5, 6), false);
    ref_in(SOLDER_I32, 1, DIMS(1), VALUES(1), false);
    ref_in(SOLDER_I32, 1, DIMS(1), VALUES(2), false);
    ref_in(SOLDER_I32, 1, DIMS(1), VALUES(1), false);
    ref_out(SOLDER_F32, 2, DIMS(2, 3), false);
    assert_int_equal(ref_run("slice", &p), SOLDER_OK);
    assert_int_equal(ref.out[0].dim[1], 1);
    ref_expect(0, VALUES(2, 5));
}

static void pad(int kind, int64_t begin, int64_t end, int64_t n, int64_t out,
                const double *expected)
{
    sld_pad_params p = {.kind = kind, .value = 9, .begin = {begin}, .end = {end}};
    ref_begin();
    ref_in(SOLDER_F32, 1, &n, VALUES(1, 2, 3, 4), true);
    ref_out(SOLDER_F32, 1, &out, true);
    assert_int_equal(ref_run("pad", &p), SOLDER_OK);
    ref_expect(0, expected);
}

/* Borders and the block between them, on dense rows and on rows with gaps. */
static void test_pad_planes(void **state)
{
    (void)state;
    for (int gaps = 0; gaps < 4; gaps++) {
        sld_pad_params p = {.kind = SLD_PADDING_REFLECT, .begin = {0, 1, 1}, .end = {0, 1, 2}};
        ref_begin();
        ref_in(SOLDER_F32, 3, DIMS(1, 2, 3), VALUES(1, 2, 3, 4, 5, 6), (gaps & 1) != 0);
        ref_out(SOLDER_F32, 3, DIMS(1, 4, 6), (gaps & 2) != 0);
        assert_int_equal(ref_run("pad", &p), SOLDER_OK);
        ref_expect(0, VALUES(5, 4, 5, 6, 5, 4, 2, 1, 2, 3, 2, 1, /* */
                             5, 4, 5, 6, 5, 4, 2, 1, 2, 3, 2, 1));
        p = (sld_pad_params){.kind = SLD_PADDING_EDGE, .begin = {0, 0, -1}, .end = {0, 1, 2}};
        ref_begin();
        ref_in(SOLDER_F32, 3, DIMS(1, 2, 3), VALUES(1, 2, 3, 4, 5, 6), (gaps & 1) != 0);
        ref_out(SOLDER_F32, 3, DIMS(1, 3, 4), (gaps & 2) != 0);
        assert_int_equal(ref_run("pad", &p), SOLDER_OK);
        ref_expect(0, VALUES(2, 3, 3, 3, 5, 6, 6, 6, 5, 6, 6, 6));
    }
}

static void test_pad(void **state)
{
    (void)state;
    pad(SLD_PADDING_CONSTANT, 2, 1, 3, 6, VALUES(9, 9, 1, 2, 3, 9));
    pad(SLD_PADDING_CONSTANT, -1, 1, 3, 3, VALUES(2, 3, 9));
    pad(SLD_PADDING_REFLECT, 2, 3, 3, 8, VALUES(3, 2, 1, 2, 3, 2, 1, 2));
    pad(SLD_PADDING_EDGE, 2, 1, 3, 6, VALUES(1, 1, 1, 2, 3, 3));
    pad(SLD_PADDING_WRAP, 2, 4, 3, 9, VALUES(2, 3, 1, 2, 3, 1, 2, 3, 1));
    pad(SLD_PADDING_SYMMETRIC, 2, 4, 3, 9, VALUES(2, 1, 1, 2, 3, 3, 2, 1, 1));
    pad(SLD_PADDING_REFLECT, 1, -2, 4, 3, VALUES(2, 1, 2));
    pad(SLD_PADDING_REFLECT, 2, 2, 1, 5, VALUES(1, 1, 1, 1, 1));
    sld_pad_params p = {.kind = SLD_PADDING_CONSTANT};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(ref_all_types); i++) {
        ref_begin();
        ref_in(ref_all_types[i], 2, DIMS(1, 2), VALUES(0, 1), true);
        ref_in(SOLDER_I64, 1, DIMS(2), VALUES(1, 2), false);
        ref_in(ref_all_types[i], 0, NULL, VALUES(1), false);
        ref_in(SOLDER_I64, 1, DIMS(1), VALUES(-1), false);
        ref_out(ref_all_types[i], 2, DIMS(1, 5), true);
        assert_int_equal(ref_run("pad", &p), SOLDER_OK);
        ref_expect(0, VALUES(1, 0, 1, 1, 1));
    }
    ref_begin();
    ref_in(SOLDER_F32, 2, DIMS(2, 0), NULL, false);
    ref_in(SOLDER_I64, 1, DIMS(4), VALUES(0, 1, 0, 1), false);
    ref_out(SOLDER_F32, 2, DIMS(2, 2), false);
    assert_int_equal(ref_run("pad", &p), SOLDER_OK);
    ref_expect(0, VALUES(0, 0, 0, 0));
}

static void test_fill_and_range(void **state)
{
    (void)state;
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(ref_all_types); i++) {
        sld_fill_params p = {.dtype = ref_all_types[i], .value = 1, .integer = 1};
        ref_begin();
        ref_out(ref_all_types[i], 2, DIMS(2, 2), true);
        assert_int_equal(ref_run("fill", &p), SOLDER_OK);
        ref_expect(0, VALUES(1, 1, 1, 1));
        if (ref_all_types[i] == SOLDER_BOOL) {
            continue;
        }
        sld_range_params r = {0};
        ref_begin();
        ref_in(ref_all_types[i], 0, NULL, VALUES(10), false);
        ref_in(ref_all_types[i], 0, NULL, VALUES(16), false);
        ref_in(ref_all_types[i], 0, NULL, VALUES(4), false);
        ref_out(ref_all_types[i], 1, DIMS(2), true);
        assert_int_equal(ref_run("range", &r), SOLDER_OK);
        ref_expect(0, VALUES(10, 14));
    }
    assert_true(sld_range_count(10, 4, -2) == 3 && sld_range_count(1, 1, 1) == 0);
    assert_true(sld_range_count(0, 1, 0.3) == 4 && sld_range_count(0, 1, -1) == 0);
    assert_true(isnan(sld_range_count(0, 1, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gather_axis),
        cmocka_unit_test(test_gather_elements),
        cmocka_unit_test(test_gather_nd),
        cmocka_unit_test(test_slice),
        cmocka_unit_test(test_pad),
        cmocka_unit_test(test_pad_planes),
        cmocka_unit_test(test_fill_and_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
