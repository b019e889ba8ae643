/* SPDX-License-Identifier: Apache-2.0 */
/* The portable float32 rows give the reference's bits on every kind of broadcast. */
#include "kernels/ref_check.h"

static double a[70000], b[70000], want[70000], have[70000]; /* of any type */

static void compare(const char *kernel, const sld_elementwise_params *p, const sld_tensor *in,
                    solder_dtype dtype, int rank, const int64_t *dims, sld_pool *pool)
{
    sld_tensor out = sld_tensor_make(want, dtype, rank, dims);
    sld_run run = {.params = p,
                   .in = (sld_tensor *)(uintptr_t)in,
                   .out = &out,
                   .in_count = 2,
                   .out_count = 1,
                   .pool = pool};
    const sld_kernel *fast = sld_kernel_find(kernel);
    assert_non_null(fast);
    assert_true(fast->supports(&run));
    assert_int_equal(sld_kernel_reference("elementwise")->run(&run), SOLDER_OK);
    sld_tensor got = out;
    got.data = have;
    memset(have, 0x5a, sizeof have);
    run.out = &got;
    assert_int_equal(fast->run(&run), SOLDER_OK);
    int64_t count = sld_tensor_count(&out);
    for (int64_t i = 0; i < count; i++) {
        double x = sld_at_f64(&got, i);
        double y = sld_at_f64(&out, i);
        if (x != y && !(isnan(x) && isnan(y))) {
            fail_msg("%s kind %d %s element %lld: %.9g, reference %.9g", kernel, (int)p->kind,
                     solder_dtype_name(in[0].dtype), (long long)i, x, y);
        }
    }
}

#define F32 "elementwise_f32_portable"

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

static void fill(double *data, solder_dtype dtype, int period, double least, double step, int nan)
{
    sld_tensor t = sld_tensor_make(data, dtype, 1, DIMS(70000));
    for (int i = 0; i < 70000; i++) {
        double value = least + i % period * step;
        sld_put_f64(&t, i, i % 97 == nan ? NAN : value);
    }
}

static void test_against_reference(void **state)
{
    (void)state;
    static const int kinds[] = {SLD_BINARY_SUM, SLD_BINARY_SUB, SLD_BINARY_PROD,
                                SLD_BINARY_DIV, SLD_BINARY_MAX, SLD_BINARY_MIN};
    sld_pool *pool;
    assert_int_equal(sld_pool_create(NULL, NULL, 2, &pool), SOLDER_OK);
    fill(a, SOLDER_F32, 31, -15.25, 1, 13);
    fill(b, SOLDER_F32, 17, -2, 0.34, 7);
    for (size_t n = 0; n < SLD_ARRAY_LENGTH(shapes) * SLD_ARRAY_LENGTH(kinds) * 2; n++) {
        size_t s = n / 12;
        sld_elementwise_params p = {.kind = kinds[n % 6]};
        p.epilogue.act = n / 6 % 2 == 0 ? SLD_ACT_NONE : SLD_ACT_RELU;
        sld_tensor in[2] = {sld_tensor_make(a, SOLDER_F32, shapes[s].rank[0], shapes[s].dims[0]),
                            sld_tensor_make(b, SOLDER_F32, shapes[s].rank[1], shapes[s].dims[1])};
        compare(F32, &p, in, SOLDER_F32, shapes[s].rank[2], shapes[s].dims[2], pool);
        sld_tensor swapped[2] = {in[1], in[0]};
        compare(F32, &p, swapped, SOLDER_F32, shapes[s].rank[2], shapes[s].dims[2], NULL);
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
    compare(F32, &p, in, SOLDER_F32, 2, DIMS(3, 4), NULL);
    p.kind = SLD_BINARY_LESS;
    compare("elementwise_portable", &p, in, SOLDER_BOOL, 2, DIMS(3, 4), NULL);
}

static bool takes(solder_dtype dtype, int kind)
{
    bool comparison = kind >= SLD_BINARY_EQUAL && kind <= SLD_BINARY_GREATER_EQUAL;
    if (dtype == SOLDER_BOOL) {
        return kind == SLD_BINARY_AND || kind == SLD_BINARY_OR || kind == SLD_BINARY_XOR ||
               kind == SLD_BINARY_EQUAL || kind == SLD_BINARY_NOT_EQUAL;
    }
    return comparison || (dtype != SOLDER_F32 && kind <= SLD_BINARY_MIN && kind != SLD_BINARY_DIV);
}

/* Comparisons, whole numbers (they wrap) and truth values. */
static void test_other_types(void **state)
{
    (void)state;
    static const solder_dtype dtypes[] = {SOLDER_F32, SOLDER_I32, SOLDER_I64, SOLDER_BOOL};
    for (size_t t = 0; t < SLD_ARRAY_LENGTH(dtypes); t++) {
        solder_dtype dtype = dtypes[t];
        double step = dtype == SOLDER_I32 ? 123456789 : dtype == SOLDER_I64 ? 1e17 : 1;
        fill(a, dtype, dtype == SOLDER_BOOL ? 2 : 31, dtype == SOLDER_BOOL ? 0 : -15 * step, step,
             dtype == SOLDER_F32 ? 13 : -1);
        fill(b, dtype, dtype == SOLDER_BOOL ? 2 : 17, dtype == SOLDER_BOOL ? 0 : -8 * step, step,
             dtype == SOLDER_F32 ? 7 : -1);
        if (dtype == SOLDER_BOOL) {
            ((uint8_t *)a)[3] = 1;
        }
        for (size_t s = 0; s < SLD_ARRAY_LENGTH(shapes); s++) {
            for (int kind = 0; kind < SLD_BINARY_COUNT; kind++) {
                sld_elementwise_params p = {.kind = kind};
                bool comparison = kind >= SLD_BINARY_EQUAL && kind <= SLD_BINARY_GREATER_EQUAL;
                if (!takes(dtype, kind)) {
                    continue;
                }
                sld_tensor in[2] = {
                    sld_tensor_make(a, dtype, shapes[s].rank[0], shapes[s].dims[0]),
                    sld_tensor_make(b, dtype, shapes[s].rank[1], shapes[s].dims[1])};
                sld_tensor swapped[2] = {in[1], in[0]};
                solder_dtype to = comparison ? SOLDER_BOOL : dtype;
                compare("elementwise_portable", &p, in, to, shapes[s].rank[2], shapes[s].dims[2],
                        NULL);
                compare("elementwise_portable", &p, swapped, to, shapes[s].rank[2],
                        shapes[s].dims[2], NULL);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_other_types),
                                       cmocka_unit_test(test_against_reference),
                                       cmocka_unit_test(test_gaps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
