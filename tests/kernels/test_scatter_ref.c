/* SPDX-License-Identifier: Apache-2.0 */
/* Scatter and NonZero. */
#include "kernels/ref_check.h"

static void test_elements(void **state)
{
    (void)state;
    sld_scatter_params p = {.kind = SLD_SCATTER_ELEMENTS, .axis = 1};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(ref_all_types); i++) {
        ref_begin(); /* y[0][2] = 1, y[0][0] = 0, y[1][1] = 0, y[1][1] = 1 */
        ref_in(ref_all_types[i], 2, DIMS(2, 3), VALUES(1, 1, 0, 1, 0, 1), (i & 1) != 0);
        ref_in(SOLDER_I64, 2, DIMS(2, 2), VALUES(-1, 0, 1, 1), true);
        ref_in(ref_all_types[i], 2, DIMS(2, 2), VALUES(1, 0, 0, 1), (i & 2) != 0);
        ref_out(ref_all_types[i], 2, DIMS(2, 3), true);
        assert_int_equal(ref_run("scatter", &p), SOLDER_OK);
        ref_expect(0, VALUES(0, 1, 1, 1, 1, 1));
    }
    p = (sld_scatter_params){.kind = SLD_SCATTER_ELEMENTS, .axis = 0};
    ref_begin(); /* fewer columns than data has */
    ref_in(SOLDER_F32, 2, DIMS(3, 2), VALUES(1, 2, 3, 4, 5, 6), false);
    ref_in(SOLDER_I32, 2, DIMS(2, 1), VALUES(2, 1), false);
    ref_in(SOLDER_F32, 2, DIMS(2, 1), VALUES(7, 8), false);
    ref_out(SOLDER_F32, 2, DIMS(3, 2), false);
    assert_int_equal(ref_run("scatter", &p), SOLDER_OK);
    ref_expect(0, VALUES(1, 2, 8, 4, 7, 6));
    ref.in_count = 1;
    ref_in(SOLDER_I32, 2, DIMS(2, 1), VALUES(2, 3), false);
    ref_in(SOLDER_F32, 2, DIMS(2, 1), VALUES(7, 8), false);
    assert_int_equal(ref_run("scatter", &p), SOLDER_ERROR_DATA);
}

/* data 5 7, updates 2 and 3 to the first. */
static void reduce(solder_dtype dtype, int reduction, double expected)
{
    for (int kind = 0; kind < 2; kind++) {
        sld_scatter_params p = {.kind = kind, .reduction = reduction};
        ref_begin();
        ref_in(dtype, 1, DIMS(2), VALUES(5, 7), true);
        ref_in(SOLDER_I64, kind + 1, DIMS(2, 1), VALUES(0, 0), false);
        ref_in(dtype, 1, DIMS(2), VALUES(2, 3), true);
        ref_out(dtype, 1, DIMS(2), true);
        assert_int_equal(ref_run("scatter", &p), SOLDER_OK);
        ref_expect(0, VALUES(expected, 7));
    }
}

static void test_reductions(void **state)
{
    (void)state;
    static const double expected[] = {3, 10, 0, 30, 2, 5};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(ref_all_types); i++) {
        for (int r = 0; ref_all_types[i] != SOLDER_BOOL && r < SLD_SCATTER_REDUCTION_COUNT; r++) {
            reduce(ref_all_types[i], r, expected[r]);
        }
    }
    /* NaN stays, as in numpy.minimum and numpy.maximum; unsigned order; integers wrap. */
    for (int r = SLD_SCATTER_MIN; r <= SLD_SCATTER_MAX; r++) {
        sld_scatter_params p = {.kind = SLD_SCATTER_ND, .reduction = r};
        ref_begin();
        ref_in(SOLDER_F32, 1, DIMS(2), VALUES(NAN, 1), false);
        ref_in(SOLDER_I64, 2, DIMS(2, 1), VALUES(0, 1), false);
        ref_in(SOLDER_F32, 1, DIMS(2), VALUES(1, NAN), false);
        ref_out(SOLDER_F32, 1, DIMS(2), false);
        assert_int_equal(ref_run("scatter", &p), SOLDER_OK);
        ref_expect(0, VALUES(NAN, NAN));
    }
    sld_scatter_params p = {.kind = SLD_SCATTER_ND, .reduction = SLD_SCATTER_MAX};
    ref_begin();
    ref_in(SOLDER_U8, 1, DIMS(1), VALUES(200), false);
    ref_in(SOLDER_I64, 2, DIMS(1, 1), VALUES(0), false);
    ref_in(SOLDER_U8, 1, DIMS(1), VALUES(100), false);
    ref_out(SOLDER_U8, 1, DIMS(1), false);
    assert_int_equal(ref_run("scatter", &p), SOLDER_OK);
    ref_expect(0, VALUES(200));
    p.reduction = SLD_SCATTER_ADD;
    assert_int_equal(ref_run("scatter", &p), SOLDER_OK);
    ref_expect(0, VALUES(44));
}

static void test_tuples(void **state)
{
    (void)state;
    sld_scatter_params p = {.kind = SLD_SCATTER_ND};
    for (int gaps = 0; gaps < 2; gaps++) {
        for (p.reduction = SLD_SCATTER_SET; p.reduction <= SLD_SCATTER_ADD; p.reduction++) {
            bool add = p.reduction == SLD_SCATTER_ADD;
            ref_begin(); /* rows 2 and 0, and 2 again */
            ref_in(SOLDER_F32, 2, DIMS(3, 2), VALUES(1, 2, 3, 4, 5, 6), gaps != 0);
            ref_in(SOLDER_I64, 2, DIMS(3, 1), VALUES(2, -3, 2), gaps != 0);
            ref_in(SOLDER_F32, 2, DIMS(3, 2), VALUES(10, 20, 30, 40, 50, 60), gaps != 0);
            ref_out(SOLDER_F32, 2, DIMS(3, 2), gaps != 0);
            assert_int_equal(ref_run("scatter", &p), SOLDER_OK);
            ref_expect(0, add ? VALUES(31, 42, 3, 4, 65, 86) : VALUES(30, 40, 3, 4, 50, 60));
        }
    }
    p.reduction = SLD_SCATTER_SET;
    ref_begin(); /* single elements, in a matrix of updates */
    ref_in(SOLDER_I32, 2, DIMS(2, 2), VALUES(0, 0, 0, 0), true);
    ref_in(SOLDER_I32, 3, DIMS(2, 1, 2), VALUES(0, 1, 1, 0), true);
    ref_in(SOLDER_I32, 2, DIMS(2, 1), VALUES(5, 6), true);
    ref_out(SOLDER_I32, 2, DIMS(2, 2), true);
    assert_int_equal(ref_run("scatter", &p), SOLDER_OK);
    ref_expect(0, VALUES(0, 5, 6, 0));
    ref.in_count = 1;
    ref_in(SOLDER_I32, 3, DIMS(2, 1, 2), VALUES(0, 1, 1, 2), true);
    ref_in(SOLDER_I32, 2, DIMS(2, 1), VALUES(5, 6), true);
    assert_int_equal(ref_run("scatter", &p), SOLDER_ERROR_DATA);
    ref_begin(); /* an empty tuple names all of data */
    ref_in(SOLDER_F32, 1, DIMS(2), VALUES(1, 2), false);
    ref_in(SOLDER_I64, 1, DIMS(0), NULL, false);
    ref_in(SOLDER_F32, 1, DIMS(2), VALUES(3, 4), false);
    ref_out(SOLDER_F32, 1, DIMS(2), false);
    assert_int_equal(ref_run("scatter", &p), SOLDER_OK);
    ref_expect(0, VALUES(3, 4));
    ref_begin(); /* no updates */
    ref_in(SOLDER_F32, 1, DIMS(2), VALUES(1, 2), false);
    ref_in(SOLDER_I64, 2, DIMS(0, 1), NULL, false);
    ref_in(SOLDER_F32, 1, DIMS(0), NULL, false);
    ref_out(SOLDER_F32, 1, DIMS(2), false);
    assert_int_equal(ref_run("scatter", &p), SOLDER_OK);
    ref_expect(0, VALUES(1, 2));
}

/* Found elements, as rows of indices. */
static void nonzero(solder_dtype dtype, int rank, const int64_t *dims, const double *values,
                    int64_t rows, const double *expected)
{
    for (int gaps = 0; gaps < 2; gaps++) {
        sld_nonzero_params p = {0};
        ref_begin();
        ref_in(dtype, rank, dims, values, gaps != 0);
        ref_out(SOLDER_I64, 2, DIMS(sld_tensor_count(&ref.in[0]), rank), false);
        assert_int_equal(ref_run("nonzero", &p), SOLDER_OK);
        assert_int_equal(ref.out[0].dim[0], rows);
        ref_expect(0, expected);
    }
}

static void test_nonzero(void **state)
{
    (void)state;
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(ref_all_types); i++) {
        nonzero(ref_all_types[i], 2, DIMS(2, 3), VALUES(1, 0, 1, 0, 1, 0), 3,
                VALUES(0, 0, 0, 2, 1, 1));
        nonzero(ref_all_types[i], 1, DIMS(3), VALUES(0, 0, 0), 0, NULL);
    }
    nonzero(SOLDER_F32, 1, DIMS(5), VALUES(-0.0, NAN, 0, -1e-45, INFINITY), 3, VALUES(1, 3, 4));
    nonzero(SOLDER_F16, 1, DIMS(3), VALUES(-0.0, 1e-7, -1), 2, VALUES(1, 2));
    nonzero(SOLDER_I32, 1, DIMS(2), VALUES(-2147483648.0, 0), 1, VALUES(0));
    nonzero(SOLDER_I32, 3, DIMS(2, 1, 2), VALUES(0, 5, 6, 0), 2, VALUES(0, 0, 1, 1, 0, 0));
    nonzero(SOLDER_F32, 0, NULL, VALUES(2), 1, NULL);
    nonzero(SOLDER_F32, 0, NULL, VALUES(0), 0, NULL);
    nonzero(SOLDER_F32, 2, DIMS(2, 0), NULL, 0, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elements),
        cmocka_unit_test(test_reductions),
        cmocka_unit_test(test_tuples),
        cmocka_unit_test(test_nonzero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
