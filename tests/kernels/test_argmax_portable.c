/* SPDX-License-Identifier: Apache-2.0 */
/* Ties and NaN: exactly the reference's places. */
#include "kernels/ref_check.h"

#define ROWS    3
#define LENGTH  37
#define COLUMNS 70

static float x[ROWS * LENGTH * COLUMNS];

static void compare(const sld_argmax_params *p, const int64_t *dims)
{
    int64_t want[ROWS * LENGTH * COLUMNS];
    int64_t have[ROWS * LENGTH * COLUMNS];
    const sld_kernel *fast = sld_kernel_find("argmax_f32_portable");
    int64_t kept[3] = {dims[0], dims[1], dims[2]};
    kept[p->axis] = 1;
    sld_tensor in = sld_tensor_make(x, SOLDER_F32, 3, dims);
    sld_tensor out = sld_tensor_make(want, SOLDER_I64, 3, kept);
    sld_run run = {.params = p, .in = &in, .out = &out, .in_count = 1, .out_count = 1};
    assert_non_null(fast);
    assert_true(fast->supports(&run));
    assert_int_equal(sld_kernel_reference("argmax")->run(&run), SOLDER_OK);
    out.data = have;
    assert_int_equal(fast->run(&run), SOLDER_OK);
    assert_memory_equal(have, want, (size_t)sld_tensor_count(&out) * sizeof *have);
}

static void test_ties_and_nan(void **state)
{
    (void)state;
    uint32_t seed = 1;
    const int64_t dims[3] = {ROWS, LENGTH, COLUMNS};
    for (int share = 0; share < 3; share++) { /* none, few and many NaN */
        for (size_t i = 0; i < SLD_ARRAY_LENGTH(x); i++) {
            seed = seed * 1664525u + 1013904223u;
            uint32_t draw = seed >> 24;
            x[i] = draw < (uint32_t)(share * share * 32) ? NAN : (float)(draw % 5);
        }
        for (int kind = 0; kind < 12; kind++) {
            compare(
                &(sld_argmax_params){
                    .axis = kind / 4, .minimum = kind & 1, .keep_dims = 1, .last = kind >> 1 & 1},
                dims);
        }
    }
}

static void test_nothing_to_find(void **state)
{
    (void)state;
    int64_t y[4];
    sld_tensor in = sld_tensor_make(x, SOLDER_F32, 2, DIMS(4, 0));
    sld_tensor out = sld_tensor_make(y, SOLDER_I64, 2, DIMS(4, 1));
    sld_argmax_params p = {.axis = 1, .keep_dims = 1};
    sld_run run = {.params = &p, .in = &in, .out = &out, .in_count = 1, .out_count = 1};
    assert_int_equal(sld_kernel_find("argmax_f32_portable")->run(&run), SOLDER_ERROR_DATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ties_and_nan),
                                       cmocka_unit_test(test_nothing_to_find)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
