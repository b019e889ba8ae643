/* SPDX-License-Identifier: Apache-2.0 */
/* The portable float32 rows give the reference's bits on every kind of broadcast. */
#include "kernels/ref_check.h"

static float a[70000], b[70000], want[70000], have[70000];

static void compare(const sld_elementwise_params *p, const sld_tensor *in, int rank,
                    const int64_t *dims, sld_pool *pool)
{
    sld_tensor out = sld_tensor_make(want, SOLDER_F32, rank, dims);
    sld_run run = {.params = p,
                   .in = (sld_tensor *)(uintptr_t)in,
                   .out = &out,
                   .in_count = 2,
                   .out_count = 1,
                   .pool = pool};
    const sld_kernel *fast = sld_kernel_find("elementwise_f32_portable");
    assert_non_null(fast);
    assert_true(fast->supports(&run));
    assert_int_equal(sld_kernel_reference("elementwise")->run(&run), SOLDER_OK);
    out.data = have;
    memset(have, 0x5a, sizeof have);
    assert_int_equal(fast->run(&run), SOLDER_OK);
    int64_t count = sld_tensor_count(&out);
    for (int64_t i = 0; i < count; i++) {
        if (have[i] != want[i] && !(isnan(have[i]) && isnan(want[i]))) {
            fail_msg("kind %d element %lld: %.9g, reference %.9g", (int)p->kind, (long long)i,
                     (double)have[i], (double)want[i]);
        }
    }
}

static void test_against_reference(void **state)
{
    (void)state;
    static const struct {
        int rank[3];
        int64_t dims[3][4];
    } shapes[] = {
        {{3, 3, 3}, {{2, 3, 5}, {2, 3, 5}, {2, 3, 5}}},
        {{4, 3, 4}, {{2, 3, 4, 5}, {3, 1, 1}, {2, 3, 4, 5}}},
        {{0, 2, 2}, {{0}, {3, 7}, {3, 7}}},
        {{2, 1, 2}, {{3, 1}, {5}, {3, 5}}},
        {{2, 2, 2}, {{3, 1}, {1, 1}, {3, 1}}},
        {{2, 1, 2}, {{4, 6}, {6}, {4, 6}}},
        {{1, 1, 1}, {{60001}, {60001}, {60001}}},
        {{2, 0, 2}, {{0, 3}, {0}, {0, 3}}},
        {{0, 0, 0}, {{0}, {0}, {0}}},
    };
    static const int kinds[] = {SLD_BINARY_SUM, SLD_BINARY_SUB, SLD_BINARY_PROD,
                                SLD_BINARY_DIV, SLD_BINARY_MAX, SLD_BINARY_MIN};
    sld_pool *pool;
    assert_int_equal(sld_pool_create(NULL, NULL, 2, &pool), SOLDER_OK);
    for (int i = 0; i < 70000; i++) {
        a[i] = i % 97 == 13 ? NAN : (float)(i % 31) - 15.25f;
        b[i] = i % 89 == 7 ? NAN : (float)(i % 17) / 3 - 2;
    }
    for (size_t n = 0; n < SLD_ARRAY_LENGTH(shapes) * SLD_ARRAY_LENGTH(kinds) * 2; n++) {
        size_t s = n / 12;
        sld_elementwise_params p = {.kind = kinds[n % 6]};
        p.epilogue.act = n / 6 % 2 == 0 ? SLD_ACT_NONE : SLD_ACT_RELU;
        sld_tensor in[2] = {sld_tensor_make(a, SOLDER_F32, shapes[s].rank[0], shapes[s].dims[0]),
                            sld_tensor_make(b, SOLDER_F32, shapes[s].rank[1], shapes[s].dims[1])};
        compare(&p, in, shapes[s].rank[2], shapes[s].dims[2], pool);
        sld_tensor swapped[2] = {in[1], in[0]};
        compare(&p, swapped, shapes[s].rank[2], shapes[s].dims[2], NULL);
    }
    sld_pool_destroy(pool);
}

static void test_gaps(void **state)
{
    (void)state;
    sld_elementwise_params p = {.kind = SLD_BINARY_SUB};
    sld_tensor in[2] = {sld_tensor_make(a, SOLDER_F32, 2, DIMS(3, 4)),
                        sld_tensor_make(b, SOLDER_F32, 2, DIMS(3, 4))};
    in[0].stride[0] = 9; /* part of something wider */
    in[1].stride[0] = 24;
    in[1].stride[1] = 2;
    compare(&p, in, 2, DIMS(3, 4), NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_reference),
                                       cmocka_unit_test(test_gaps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
