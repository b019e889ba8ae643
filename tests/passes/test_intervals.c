/* SPDX-License-Identifier: Apache-2.0 */
/* Places of memory blocks: against the plain search, and what is too much for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "passes/intervals.h"

static uint64_t seed;

static uint32_t random_below(uint32_t limit)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % limit;
}

static bool together(const sld_interval *a, const sld_interval *b)
{
    return a->start <= b->end && b->start <= a->end;
}

/* The smallest gap, looking for every candidate at everything placed. */
static size_t plain_gap(sld_interval *const *placed, size_t count, const sld_interval *b)
{
    size_t best = SIZE_MAX, best_size = SIZE_MAX;
    for (size_t i = 0; i <= count; i++) {
        size_t from = i < count ? placed[i]->offset + placed[i]->size : 0, to = SIZE_MAX;
        if (i < count && !together(placed[i], b)) {
            continue;
        }
        bool taken = false;
        for (size_t j = 0; j < count; j++) {
            const sld_interval *o = placed[j];
            if (together(o, b)) {
                taken = taken || (o->offset <= from && o->offset + o->size > from);
                to = o->offset >= from && o->offset < to ? o->offset : to;
            }
        }
        if (!taken && to - from >= b->size &&
            (to - from < best_size || (to - from == best_size && from < best))) {
            best = from;
            best_size = to - from;
        }
    }
    return best;
}

static void check_random(size_t count, uint32_t steps, uint32_t life)
{
    sld_arena arena;
    sld_arena_init(&arena, NULL, 0);
    sld_interval *all = calloc(count, sizeof *all), **order = calloc(count, sizeof(sld_interval *));
    assert_true(all != NULL && order != NULL);
    size_t total, largest = 0;
    for (size_t i = 0; i < count; i++) {
        int32_t start = (int32_t)random_below(steps), end = start + (int32_t)random_below(life);
        all[i] = (sld_interval){.size = 64 * (1 + (count - i) / 3), .start = start, .end = end};
        if (random_below(20) == 0) {
            all[i].end = INT32_MAX; /* to the end */
        }
        order[i] = &all[i];
    }
    assert_true(sld_interval_place(&arena, order, count, &total));
    for (size_t i = 0; i < count; i++) {
        assert_true(all[i].offset == plain_gap(order, i, &all[i]));
        largest = all[i].offset + all[i].size > largest ? all[i].offset + all[i].size : largest;
    }
    assert_true(total == largest);
    free(order);
    free(all);
    sld_arena_free(&arena);
}

static void same_as_plain(void **state)
{
    (void)state;
    for (seed = 1; seed < 40; seed++) {
        check_random(1 + random_below(120), 1 + random_below(60), 1 + random_below(20));
    }
}

/* So many neighbours that the rest is stacked: nothing overlaps, and no more than the sum of all is
 * used.
 */
static void stacked(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    static sld_interval all[COUNT];
    static sld_interval *order[COUNT];
    sld_arena arena;
    sld_arena_init(&arena, NULL, 0);
    size_t total, sum = 0;
    for (int i = 0; i < COUNT; i++) { /* every tenth lives shortly, the others all the time */
        bool short_life = i % 10 == 0;
        all[i] = (sld_interval){
            .size = 128, .start = short_life ? i : 0, .end = short_life ? i + 1 : COUNT};
        order[i] = &all[i];
        sum += short_life ? 0 : 128;
    }
    assert_true(sld_interval_place(&arena, order, COUNT, &total));
    assert_true(total >= sum && total <= (size_t)128 * COUNT);
    bool *taken = calloc(total / 128, sizeof *taken);
    assert_non_null(taken);
    for (int i = 0; i < COUNT; i++) { /* those that live always: each in a place of its own */
        bool *place = &taken[all[i].offset / 128];
        assert_true(all[i].offset % 128 == 0);
        if (i % 10 != 0) {
            assert_false(*place);
            *place = true;
        }
    }
    for (int i = 0; i < COUNT; i += 10) {
        assert_false(taken[all[i].offset / 128]);
    }
    free(taken);
    sld_arena_free(&arena);
}

static void too_large(void **state)
{
    (void)state;
    sld_interval a = {.size = SIZE_MAX / 4, .end = 1}, b = {.size = SIZE_MAX / 4, .end = 1};
    sld_interval *order[] = {&a, &b};
    sld_arena arena;
    sld_arena_init(&arena, NULL, 0);
    size_t total;
    assert_true(sld_interval_place(&arena, order, 2, &total));
    assert_true(total == SIZE_MAX);
    assert_true(sld_interval_place(&arena, order, 0, &total));
    assert_true(total == 0);
    sld_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_as_plain), cmocka_unit_test(stacked),
                                       cmocka_unit_test(too_large)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
