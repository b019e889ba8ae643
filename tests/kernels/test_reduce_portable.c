/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of small integers are exact: the portable rows differ from the reference by one rounding. */
#include "kernels/ref_check.h"

static float x[40000];

static void test_against_reference(void **state)
{
    (void)state;
    static const struct {
        uint32_t axes;
        int64_t dims[3];
    } cases[] = {
        {6, {3, 5, 7}}, {4, {3, 5, 1}}, {7, {2, 100, 199}}, {4, {90, 3, 16}}, {6, {0, 3, 2}}};
    const sld_kernel *fast = sld_kernel_find("reduce_f32_portable");
    assert_non_null(fast);
    for (int i = 0; i < 40000; i++) {
        x[i] = (float)(i % 23 - 7);
    }
    for (size_t n = 0; n < 2 * SLD_ARRAY_LENGTH(cases); n++) {
        float want[512];
        float have[512];
        const int64_t *dims = cases[n / 2].dims;
        sld_reduce_params p = {.kind = n % 2 == 0 ? SLD_REDUCE_SUM : SLD_REDUCE_MEAN,
                               .axes = cases[n / 2].axes,
                               .keep_dims = 1,
                               .scale = 0.5f};
        int64_t kept[3];
        for (int i = 0; i < 3; i++) {
            kept[i] = (p.axes & (1u << i)) != 0 ? 1 : dims[i];
        }
        sld_tensor in = sld_tensor_make(x, SOLDER_F32, 3, dims);
        sld_tensor out = sld_tensor_make(want, SOLDER_F32, 3, kept);
        sld_run run = {.params = &p, .in = &in, .out = &out, .in_count = 1, .out_count = 1};
        assert_true(fast->supports(&run));
        assert_int_equal(sld_kernel_reference("reduce")->run(&run), SOLDER_OK);
        out.data = have;
        assert_int_equal(fast->run(&run), SOLDER_OK);
        for (int64_t i = 0; i < sld_tensor_count(&out); i++) {
            assert_true((isnan(want[i]) && isnan(have[i])) ||
                        fabsf(want[i] - have[i]) <= 1e-7f * fabsf(want[i]));
        }
    }
}

static void test_what_it_leaves(void **state)
{
    (void)state;
    const sld_kernel *fast = sld_kernel_find("reduce_f32_portable");
    float y[8];
    sld_tensor in = sld_tensor_make(x, SOLDER_F32, 2, DIMS(2, 4));
    sld_tensor out = sld_tensor_make(y, SOLDER_F32, 2, DIMS(1, 4));
    sld_reduce_params p = {.kind = SLD_REDUCE_SUM, .axes = 1, .keep_dims = 1, .scale = 1};
    sld_run run = {.params = &p, .in = &in, .out = &out, .in_count = 1, .out_count = 1};
    assert_false(fast->supports(&run)); /* the leading axis */
    p.axes = 0;
    assert_false(fast->supports(&run));
    p.axes = 3;
    p.kind = SLD_REDUCE_MAX;
    assert_false(fast->supports(&run));
}

/* A NaN is what both the largest and the smallest become, wherever it stands. */
static void test_nan_stays(void **state)
{
    (void)state;
    const sld_kernel *fast = sld_kernel_find("reduce_f32_axes_portable");
    assert_non_null(fast);
    for (uint32_t axes = 1; axes < 4; axes++) {
        for (int place = 0; place < 40; place++) {
            float z[40];
            float want[40];
            float have[40];
            for (int i = 0; i < 40; i++) {
                z[i] = i == place ? NAN : (float)(i * 7 % 11);
            }
            sld_tensor in = sld_tensor_make(z, SOLDER_F32, 2, DIMS(2, 20));
            int64_t kept[2] = {(axes & 1) != 0 ? 1 : 2, (axes & 2) != 0 ? 1 : 20};
            sld_tensor out = sld_tensor_make(want, SOLDER_F32, 2, kept);
            sld_reduce_params p = {.kind = place % 2 == 0 ? SLD_REDUCE_MAX : SLD_REDUCE_MIN,
                                   .axes = axes,
                                   .keep_dims = 1,
                                   .scale = 1};
            sld_run run = {.params = &p, .in = &in, .out = &out, .in_count = 1, .out_count = 1};
            assert_true(fast->supports(&run));
            assert_int_equal(sld_kernel_reference("reduce")->run(&run), SOLDER_OK);
            out.data = have;
            assert_int_equal(fast->run(&run), SOLDER_OK);
            for (int64_t i = 0; i < sld_tensor_count(&out); i++) {
                assert_true(have[i] == want[i] || (isnan(have[i]) && isnan(want[i])));
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_reference),
                                       cmocka_unit_test(test_what_it_leaves),
                                       cmocka_unit_test(test_nan_stays)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
