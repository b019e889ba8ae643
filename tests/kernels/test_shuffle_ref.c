/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/ref_check.h"

static void test_transpose_types(void **state)
{
    (void)state;
    sld_transpose_params p = {.perm = {1, 0}};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(ref_all_types); i++) {
        for (int gaps = 0; gaps < 4; gaps++) {
            ref_begin();
            ref_in(ref_all_types[i], 2, DIMS(2, 3), VALUES(1, 0, 1, 0, 0, 1), (gaps & 1) != 0);
            ref_out(ref_all_types[i], 2, DIMS(3, 2), (gaps & 2) != 0);
            assert_int_equal(ref_run("transpose", &p), SOLDER_OK);
            ref_expect(0, VALUES(1, 0, 0, 0, 1, 1));
        }
    }
}

/* Sizes around the tiles, every permutation of three axes: out[i] == in[permuted i]. */
static void test_transpose_shapes(void **state)
{
    (void)state;
    static const int32_t perms[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                       {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    static const int64_t shapes[][3] = {{2, 3, 5}, {1, 33, 9}, {3, 8, 70}, {17, 1, 16}, {0, 4, 4}};
    static float values[4096];
    static float result[4096];
    for (int i = 0; i < 4096; i++) {
        values[i] = (float)i;
    }
    for (size_t n = 0; n < SLD_ARRAY_LENGTH(perms) * SLD_ARRAY_LENGTH(shapes); n++) {
        const int32_t *perm = perms[n % 6];
        const int64_t *shape = shapes[n / 6];
        sld_transpose_params p = {.perm = {perm[0], perm[1], perm[2]}};
        sld_tensor in = sld_tensor_make(values, SOLDER_F32, 3, shape);
        sld_tensor out = sld_tensor_make(result, SOLDER_F32, 3,
                                         DIMS(shape[perm[0]], shape[perm[1]], shape[perm[2]]));
        sld_run run = {.params = &p, .in = &in, .out = &out, .in_count = 1, .out_count = 1};
        assert_int_equal(sld_kernel_reference("transpose")->run(&run), SOLDER_OK);
        int64_t i[3] = {0};
        do {
            if (sld_tensor_count(&out) == 0) {
                break;
            }
            int64_t source[3];
            for (int k = 0; k < 3; k++) {
                source[perm[k]] = i[k];
            }
            assert_true(result[sld_tensor_offset(&out, i)] ==
                        values[sld_tensor_offset(&in, source)]);
        } while (sld_index_next(i, out.dim, 3));
    }
}

/* Large enough for many tasks: threads change nothing. */
static void test_transpose_threads(void **state)
{
    (void)state;
    static float values[64 * 7000];
    static float result[64 * 7000];
    sld_pool *pool;
    assert_int_equal(sld_pool_create(NULL, NULL, 3, &pool), SOLDER_OK);
    for (int i = 0; i < 64 * 7000; i++) {
        values[i] = (float)i;
    }
    sld_transpose_params p = {.perm = {0, 2, 1}};
    sld_tensor in = sld_tensor_make(values, SOLDER_F32, 3, DIMS(2, 32, 7000));
    sld_tensor out = sld_tensor_make(result, SOLDER_F32, 3, DIMS(2, 7000, 32));
    sld_run run = {
        .params = &p, .in = &in, .out = &out, .in_count = 1, .out_count = 1, .pool = pool};
    assert_int_equal(sld_kernel_reference("transpose")->run(&run), SOLDER_OK);
    for (int n = 0; n < 2; n++) {
        for (int c = 0; c < 32; c++) {
            for (int x = 0; x < 7000; x++) {
                assert_true(result[(n * 7000 + x) * 32 + c] == (float)((n * 32 + c) * 7000 + x));
            }
        }
    }
    sld_concat_params concat = {.axis = 0};
    sld_tensor flat = sld_tensor_make(values, SOLDER_F32, 1, DIMS(64 * 7000));
    out = sld_tensor_make(result, SOLDER_F32, 1, DIMS(64 * 7000));
    run = (sld_run){
        .params = &concat, .in = &flat, .out = &out, .in_count = 1, .out_count = 1, .pool = pool};
    assert_int_equal(sld_kernel_reference("concat")->run(&run), SOLDER_OK);
    assert_memory_equal(values, result, sizeof values);
    sld_pool_destroy(pool);
}

static void test_reshape(void **state)
{
    (void)state;
    sld_reshape_params p = {.rank = 2, .dims = {3, 2}};
    for (int gaps = 0; gaps < 4; gaps++) {
        ref_begin();
        ref_in(SOLDER_I16, 2, DIMS(2, 3), VALUES(1, 2, 3, 4, 5, 6), (gaps & 1) != 0);
        ref_out(SOLDER_I16, 2, DIMS(3, 2), (gaps & 2) != 0);
        assert_int_equal(ref_run("reshape", &p), SOLDER_OK);
        ref_expect(0, VALUES(1, 2, 3, 4, 5, 6));
    }
    ref_begin();
    ref_in(SOLDER_F32, 0, NULL, VALUES(7), false);
    ref_out(SOLDER_F32, 2, DIMS(1, 1), false);
    assert_int_equal(ref_run("reshape", &p), SOLDER_OK);
    ref_expect(0, VALUES(7));
}

static void test_expand_and_tile(void **state)
{
    (void)state;
    sld_expand_params expand = {.rank = 3};
    sld_tile_params tile = {.repeats = {2, 2}};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(ref_all_types); i++) {
        ref_begin();
        ref_in(ref_all_types[i], 2, DIMS(2, 1), VALUES(1, 0), true);
        ref_out(ref_all_types[i], 3, DIMS(2, 2, 3), true);
        assert_int_equal(ref_run("expand", &expand), SOLDER_OK);
        ref_expect(0, VALUES(1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0));
        ref_begin();
        ref_in(ref_all_types[i], 2, DIMS(1, 2), VALUES(1, 0), true);
        ref_out(ref_all_types[i], 2, DIMS(2, 4), true);
        assert_int_equal(ref_run("tile", &tile), SOLDER_OK);
        ref_expect(0, VALUES(1, 0, 1, 0, 1, 0, 1, 0));
    }
    ref_begin(); /* numpy.tile([[1, 2], [3, 4]], (1, 2)) */
    ref_in(SOLDER_F32, 2, DIMS(2, 2), VALUES(1, 2, 3, 4), false);
    ref_out(SOLDER_F32, 2, DIMS(2, 4), false);
    assert_int_equal(ref_run("tile", &tile), SOLDER_OK);
    ref_expect(0, VALUES(1, 2, 1, 2, 3, 4, 3, 4));
    ref_begin();
    ref_in(SOLDER_F32, 2, DIMS(0, 2), NULL, false);
    ref_out(SOLDER_F32, 2, DIMS(0, 4), false);
    assert_int_equal(ref_run("tile", &tile), SOLDER_OK);
}

static void test_concat(void **state)
{
    (void)state;
    sld_concat_params p = {.axis = 1};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(ref_all_types); i++) {
        ref_begin();
        ref_in(ref_all_types[i], 2, DIMS(2, 1), VALUES(1, 0), false);
        ref_in(ref_all_types[i], 2, DIMS(2, 0), NULL, false);
        ref_in(ref_all_types[i], 2, DIMS(2, 2), VALUES(0, 1, 1, 1), true);
        ref_out(ref_all_types[i], 2, DIMS(2, 3), true);
        assert_int_equal(ref_run("concat", &p), SOLDER_OK);
        ref_expect(0, VALUES(1, 0, 1, 0, 1, 1));
    }
}

static void test_shape(void **state)
{
    (void)state;
    sld_shape_params p = {.start = 1, .end = 3};
    ref_begin();
    ref_in(SOLDER_F32, 3, DIMS(2, 3, 0), NULL, false);
    ref_out(SOLDER_I64, 1, DIMS(2), true);
    assert_int_equal(ref_run("shape", &p), SOLDER_OK);
    ref_expect(0, VALUES(3, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transpose_types),
        cmocka_unit_test(test_transpose_shapes),
        cmocka_unit_test(test_transpose_threads),
        cmocka_unit_test(test_reshape),
        cmocka_unit_test(test_expand_and_tile),
        cmocka_unit_test(test_concat),
        cmocka_unit_test(test_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
