/* SPDX-License-Identifier: Apache-2.0 */
/* Conversions between element types, against values from the IEEE 754 definitions. */
#include <math.h>

#include "base/dtype.h"
#include "base/memory.h"
#include "check.h"

static void test_f16_every_value_round_trips(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < 65536; bits++) {
        float f = sld_f16_to_f32((uint16_t)bits);
        uint16_t back = sld_f32_to_f16(f);
        if (isnan(f)) {
            assert_true((back & 0x7c00) == 0x7c00 && (back & 0x3ff) != 0);
        } else {
            assert_int_equal(back, bits);
        }
    }
}

static void test_f16_rounds_to_even(void **state)
{
    (void)state;
    assert_int_equal(sld_f32_to_f16(2049.0f), 0x6800);  /* half way: 2048 is even */
    assert_int_equal(sld_f32_to_f16(2051.0f), 0x6802);  /* half way: 2052 is even */
    assert_int_equal(sld_f32_to_f16(65519.0f), 0x7bff); /* largest finite */
    assert_int_equal(sld_f32_to_f16(65520.0f), 0x7c00); /* rounds to infinity */
    assert_int_equal(sld_f32_to_f16(0x1p-25f), 0x0000); /* half the smallest: even is zero */
    assert_int_equal(sld_f32_to_f16(0x1.8p-25f), 0x0001);
    assert_int_equal(sld_f32_to_f16(-0.0f), 0x8000);
    /* 1 + 2^-11 + 2^-40: over float first it would round to even, that is down */
    assert_int_equal(sld_f64_to_f16(1.0 + 0x1p-11 + 0x1p-40), 0x3c01);
}

static void test_bf16(void **state)
{
    (void)state;
    assert_int_equal(sld_f32_to_bf16(1.0f), 0x3f80);
    assert_int_equal(sld_f32_to_bf16(1.00390625f), 0x3f80); /* 1 + 2^-8: half way, even is down */
    assert_int_equal(sld_f32_to_bf16(1.01171875f), 0x3f82); /* 1 + 3 * 2^-8: half way, up */
    assert_true(isnan(sld_bf16_to_f32(sld_f32_to_bf16(NAN))));
    uint16_t stored;
    sld_store_f64(SOLDER_BF16, &stored, 1.0 + 0x1p-8 + 0x1p-40);
    assert_int_equal(stored, 0x3f81);
}

static void test_double_to_integer_is_defined(void **state)
{
    (void)state;
    assert_int_equal(sld_f64_to_i64(NAN), 0);
    assert_int_equal(sld_f64_to_i64(1e300), INT64_MAX);
    assert_int_equal(sld_f64_to_i64(-1e300), INT64_MIN);
    assert_int_equal(sld_f64_to_i64(-2.9), -2);
    assert_true(sld_f64_to_u64(1e300) == UINT64_MAX);
    assert_true(sld_f64_to_u64(0x1p63) == UINT64_C(1) << 63);
    uint8_t byte;
    sld_store_f64(SOLDER_U8, &byte, 258.7);
    assert_int_equal(byte, 2); /* truncates, then wraps */
    sld_store_f64(SOLDER_BOOL, &byte, 0.25);
    assert_int_equal(byte, 1);
}

static void test_names_and_sizes(void **state)
{
    (void)state;
    for (uint32_t d = SOLDER_F32; d <= SOLDER_BOOL; d++) {
        assert_int_equal(sld_dtype_from_name(solder_dtype_name((solder_dtype)d)), d);
        assert_true(solder_dtype_size((solder_dtype)d) > 0);
    }
    assert_int_equal(sld_dtype_from_name("f33"), SOLDER_NONE);
    assert_string_equal(solder_dtype_name((solder_dtype)99), "?");
    assert_int_equal(solder_dtype_size((solder_dtype)99), 0);
}

static void test_checked_sizes(void **state)
{
    (void)state;
    size_t size = 0;
    assert_false(sld_size_mul(SIZE_MAX / 2, 3, &size));
    assert_false(sld_size_add(SIZE_MAX, 1, &size));
    assert_false(sld_size_align(SIZE_MAX - 3, 64, &size));
    assert_true(sld_dims_bytes((int64_t[]){2, 3, 4}, 3, SOLDER_F32, &size));
    assert_int_equal(size, 96);
    assert_true(sld_dims_bytes((int64_t[]){0, INT64_MAX / 8}, 2, SOLDER_F32, &size));
    assert_int_equal(size, 0);
    assert_false(sld_dims_bytes((int64_t[]){INT64_MAX, 2}, 2, SOLDER_F32, &size));
    assert_false(sld_dims_bytes((int64_t[]){2, -1}, 2, SOLDER_F32, &size));
    int64_t i = 0;
    assert_false(sld_i64_mul(INT64_MIN, -1, &i));
    assert_false(sld_i64_mul(INT64_MAX, 2, &i));
    assert_false(sld_i64_mul(-3, INT64_MAX, &i));
    assert_true(sld_i64_mul(-3, 5, &i));
    assert_int_equal(i, -15);
    assert_true(sld_i64_mul(INT64_MIN, 1, &i));
    assert_false(sld_i64_add(INT64_MAX, 1, &i));
}

static void test_arena(void **state)
{
    (void)state;
    sld_arena arena;
    sld_arena_init(&arena, NULL, 100000);
    for (size_t size = 0; size < 300; size += 7) {
        unsigned char *p = sld_arena_alloc(&arena, size);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % (size >= 64 ? 64 : 16), 0);
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(p[i], 0);
        }
        memset(p, 0xff, size);
    }
    assert_null(sld_arena_alloc(&arena, 100000)); /* over the limit */
    assert_null(sld_arena_array(&arena, SIZE_MAX / 2, 4));
    assert_string_equal(sld_arena_printf(&arena, "%d-%s", 7, "x"), "7-x");
    sld_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_f16_every_value_round_trips),
        cmocka_unit_test(test_f16_rounds_to_even),
        cmocka_unit_test(test_bf16),
        cmocka_unit_test(test_double_to_integer_is_defined),
        cmocka_unit_test(test_names_and_sizes),
        cmocka_unit_test(test_checked_sizes),
        cmocka_unit_test(test_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
