/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

#include "base/pool.h"

enum { MAX_COUNT = 257 };

typedef struct job {
    atomic_int hits[MAX_COUNT];
    atomic_int bad_thread;
    int threads;
    int64_t plain[MAX_COUNT]; /* written without atomics: each index has one owner */
} job;

static void mark(void *user, size_t index, int thread)
{
    job *j = user;
    atomic_fetch_add(&j->hits[index], 1);
    if (thread < 0 || thread >= j->threads) {
        atomic_store(&j->bad_thread, 1);
    }
    j->plain[index] = (int64_t)index * 3;
}

static void check_job(sld_pool *pool, size_t count)
{
    job j = {.threads = sld_pool_threads(pool)};
    sld_pool_for(pool, count, mark, &j);
    for (size_t i = 0; i < MAX_COUNT; i++) {
        assert_int_equal(atomic_load(&j.hits[i]), i < count ? 1 : 0);
        assert_int_equal(j.plain[i], i < count ? (int64_t)i * 3 : 0);
    }
    assert_int_equal(atomic_load(&j.bad_thread), 0);
}

static void each_index_runs_once(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 5; threads += 2) {
        sld_pool *pool;
        assert_int_equal(sld_pool_create(NULL, NULL, threads, &pool), SOLDER_OK);
        assert_int_equal(sld_pool_threads(pool), threads);
        for (int round = 0; round < 200; round++) {
            check_job(pool, (size_t)(round * 7 % MAX_COUNT));
        }
        sld_pool_destroy(pool);
    }
}

static void jobs_after_sleep(void **state)
{
    (void)state;
    sld_pool *pool;
    assert_int_equal(sld_pool_create(NULL, NULL, 3, &pool), SOLDER_OK);
    for (int round = 0; round < 5; round++) {
        struct timespec pause = {0, 3000000};
        (void)nanosleep(&pause, NULL);
        check_job(pool, 64);
        check_job(pool, 2);
    }
    sld_pool_destroy(pool);
}

static void null_pool_runs_in_order(void **state)
{
    (void)state;
    assert_int_equal(sld_pool_threads(NULL), 1);
    check_job(NULL, MAX_COUNT);
    sld_pool_destroy(NULL);
}

static void *caller(void *pool)
{
    for (int round = 0; round < 100; round++) {
        check_job(pool, (size_t)(round % 9 + 2));
    }
    return NULL;
}

static void callers_are_serialised(void **state)
{
    (void)state;
    sld_pool *pool;
    pthread_t threads[4];
    assert_int_equal(sld_pool_create(NULL, NULL, 2, &pool), SOLDER_OK);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, caller, pool), 0);
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    sld_pool_destroy(pool);
}

/* A worker that comes late to a small job must not take it for the larger one that follows. */
static void late_workers_meet_the_next_job(void **state)
{
    (void)state;
    sld_pool *pool;
    assert_int_equal(sld_pool_create(NULL, NULL, 4, &pool), SOLDER_OK);
    for (int round = 0; round < 20000; round++) {
        check_job(pool, 2);
        check_job(pool, 9);
    }
    sld_pool_destroy(pool);
}

static void bad_counts_and_memory(void **state)
{
    (void)state;
    sld_diag diag;
    sld_diag_init(&diag, NULL);
    sld_pool *pool;
    assert_int_equal(sld_pool_create(NULL, &diag, 0, &pool), SOLDER_ERROR_ARGUMENT);
    assert_string_equal(diag.message, "thread count 0 is outside 1..1024");
    assert_int_equal(sld_pool_create(NULL, &diag, 5000, &pool), SOLDER_ERROR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_index_runs_once),           cmocka_unit_test(jobs_after_sleep),
        cmocka_unit_test(null_pool_runs_in_order),        cmocka_unit_test(callers_are_serialised),
        cmocka_unit_test(late_workers_meet_the_next_job), cmocka_unit_test(bad_counts_and_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
