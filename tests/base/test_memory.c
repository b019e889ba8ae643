/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes that do not wrap, and arenas when memory is short. */
#include <stdlib.h>

#include "base/memory.h"
#include "check.h"

static void test_dims(void **state)
{
    (void)state;
    static const int64_t some[] = {2, 3, 4};
    static const int64_t none[] = {2, 0, 4};
    static const int64_t negative[] = {2, -1};
    static const int64_t huge[] = {INT64_C(1) << 32, INT64_C(1) << 32};
    static const int64_t around_zero[] = {INT64_C(1) << 32, 0, INT64_C(1) << 32};
    static const int64_t large_bytes[] = {0, INT64_C(1) << 61};
    size_t count = 7;
    assert_true(sld_dims_count(some, 3, &count) && count == 24);
    assert_true(sld_dims_count(some, 0, &count) && count == 1);
    assert_true(sld_dims_count(none, 3, &count) && count == 0);
    assert_true(sld_dims_bytes(some, 3, SOLDER_F32, &count) && count == 96);
    assert_true(sld_dims_bytes(none, 3, SOLDER_F32, &count) && count == 0);
    assert_false(sld_dims_count(negative, 2, &count));
    assert_false(sld_dims_count(huge, 2, &count));
    assert_false(sld_dims_count(around_zero, 3, &count));
    assert_true(sld_dims_count(large_bytes, 2, &count) && count == 0);
    assert_false(sld_dims_bytes(large_bytes, 2, SOLDER_F32, &count));
}

typedef struct short_memory {
    size_t most, live;
} short_memory;

static void *short_alloc(void *user, size_t size, size_t align)
{
    short_memory *m = user;
    if (size > m->most) {
        return NULL;
    }
    m->live++;
    return aligned_alloc(align, (size + align - 1) / align * align);
}

static void short_release(void *user, void *pointer, size_t size)
{
    (void)size;
    ((short_memory *)user)->live--;
    free(pointer);
}

static void test_arena_asks_for_less(void **state)
{
    (void)state;
    short_memory memory = {.most = 1000};
    const solder_allocator allocator = {&memory, short_alloc, short_release};
    sld_arena arena;
    sld_arena_init(&arena, &allocator, 0);
    char *first = sld_arena_alloc(&arena, 500);
    char *second = sld_arena_alloc(&arena, 700);
    assert_non_null(first);
    assert_non_null(second);
    memset(first, 1, 500);
    memset(second, 2, 700);
    assert_int_equal(first[499], 1);
    assert_false(arena.failed);
    assert_null(sld_arena_alloc(&arena, 1001));
    assert_true(arena.failed);
    sld_arena_free(&arena);
    assert_int_equal(memory.live, 0);
}

static void test_arena_refuses_products_that_wrap(void **state)
{
    (void)state;
    sld_arena arena;
    sld_arena_init(&arena, NULL, 0);
    assert_null(sld_arena_array(&arena, SIZE_MAX / 2, 3));
    assert_true(arena.failed);
    sld_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dims),
        cmocka_unit_test(test_arena_asks_for_less),
        cmocka_unit_test(test_arena_refuses_products_that_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
