/* SPDX-License-Identifier: Apache-2.0 */
/* Every half there is, and floats of every exponent: the reference's bits. */
#include "kernels/ref_check.h"

#define COUNT 65536

static uint32_t words[COUNT];
static uint64_t have[COUNT], want[COUNT];

static void compare(solder_dtype from, solder_dtype to, const void *values)
{
    const sld_kernel *fast = sld_kernel_find("cast_portable");
    const int64_t dims[1] = {COUNT};
    sld_tensor in = sld_tensor_make((void *)(uintptr_t)values, from, 1, dims);
    sld_tensor out = sld_tensor_make(want, to, 1, dims);
    sld_cast_params p = {.to = (int32_t)to, .saturate = 1};
    sld_run run = {.params = &p, .in = &in, .out = &out, .in_count = 1, .out_count = 1};
    assert_non_null(fast);
    assert_true(fast->supports(&run));
    assert_int_equal(sld_kernel_reference("cast")->run(&run), SOLDER_OK);
    out.data = have;
    assert_int_equal(fast->run(&run), SOLDER_OK);
    for (int64_t i = 0; i < COUNT; i++) {
        size_t size = solder_dtype_size(to);
        bool same =
            memcmp((char *)have + (size_t)i * size, (char *)want + (size_t)i * size, size) == 0;
        double x = sld_at_f64(&in, i);
        if (!same && !(isnan(x) && isnan(sld_at_f64(&out, i)))) {
            fail_msg("%d to %d: %a gives %a", (int)from, (int)to, x, sld_at_f64(&out, i));
        }
    }
}

static void test_every_half(void **state)
{
    (void)state;
    static uint16_t halves[COUNT];
    for (int i = 0; i < COUNT; i++) {
        halves[i] = (uint16_t)i;
    }
    compare(SOLDER_F16, SOLDER_F32, halves);
    compare(SOLDER_BF16, SOLDER_F32, halves);
}

static void test_floats(void **state)
{
    (void)state;
    static const solder_dtype to[] = {SOLDER_F16, SOLDER_BF16, SOLDER_I8,  SOLDER_U8,
                                      SOLDER_I32, SOLDER_I64,  SOLDER_BOOL};
    static const uint32_t low[] = {0, 1, 0xfff, 0x1000, 0x1001, 0x7fff, 0x8000, 0x8001};
    for (size_t k = 0; k < SLD_ARRAY_LENGTH(low); k++) {
        for (uint32_t i = 0; i < COUNT; i++) {
            words[i] = i << 16 | low[k];
        }
        for (size_t t = 0; t < SLD_ARRAY_LENGTH(to); t++) {
            compare(SOLDER_F32, to[t], words);
        }
    }
}

static void test_integers(void **state)
{
    (void)state;
    static int64_t longs[COUNT];
    uint64_t seed = 1;
    for (int i = 0; i < COUNT; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        longs[i] = (int64_t)seed >> i % 64;
        words[i] = (uint32_t)(seed >> 32);
    }
    compare(SOLDER_I64, SOLDER_F32, longs);
    compare(SOLDER_I64, SOLDER_I32, longs);
    compare(SOLDER_I64, SOLDER_BOOL, longs);
    compare(SOLDER_I32, SOLDER_F32, words);
    compare(SOLDER_I32, SOLDER_I64, words);
    compare(SOLDER_U8, SOLDER_F32, words);
    compare(SOLDER_I8, SOLDER_F32, words);
    compare(SOLDER_BOOL, SOLDER_I64, words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_half),
                                       cmocka_unit_test(test_floats),
                                       cmocka_unit_test(test_integers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
