/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job is published by storing a ticket: its generation in the upper half, the next free index in
 * the lower. A thread claims an index by adding one to the ticket, which fails if the job is gone;
 * so the caller waits for claimed indices only, never for a worker that is still waking up. Between
 * jobs the ticket is closed: it has no index left whatever the count, so that a worker that comes
 * late to one job cannot claim an index of it by the count of the next.
 */
#include "base/pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#define MAX_THREADS 1024
/* 20..100 us on current processors: longer than the gap between two steps of a run. */
#define SPINS      1000
#define INDEX_MASK UINT64_C(0xffffffff)

typedef struct worker {
    sld_pool *pool;
    pthread_t thread;
    int index; /* 1..threads-1; the caller is 0 */
} worker;

struct sld_pool {
    _Alignas(SLD_CACHE_LINE) atomic_uint_fast64_t ticket;
    _Alignas(SLD_CACHE_LINE) atomic_size_t finished;
    /* The job. Written while the ticket is closed only; a late worker may look meanwhile. */
    _Alignas(SLD_CACHE_LINE) _Atomic(sld_pool_task) task;
    _Atomic(void *) user;
    atomic_size_t count;
    atomic_bool stop;
    pthread_mutex_t callers; /* one job at a time */
    pthread_mutex_t lock;    /* guards sleepers and both conditions */
    pthread_cond_t work, done;
    size_t sleepers;
    const solder_allocator *allocator;
    size_t bytes;
    int threads, started;
    worker workers[];
};

static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Runs indices of job `generation` until none is left to claim. */
static void work_on(sld_pool *pool, uint64_t generation, int thread)
{
    size_t count = atomic_load(&pool->count);
    sld_pool_task task = atomic_load(&pool->task);
    void *user = atomic_load(&pool->user);
    size_t claimed = 0;
    uint64_t ticket = atomic_load(&pool->ticket);
    while (ticket >> 32 == generation && (ticket & INDEX_MASK) < count) {
        /*
         * An open ticket of this generation, read after the three fields, proves them this job's:
         * in the one order of all these accesses the ticket is closed before they change.
         */
        if (atomic_compare_exchange_weak(&pool->ticket, &ticket, ticket + 1)) {
            task(user, (size_t)(ticket & INDEX_MASK), thread);
            claimed++;
            ticket = atomic_load(&pool->ticket);
        }
    }
    if (claimed != 0 && atomic_fetch_add(&pool->finished, claimed) + claimed == count &&
        thread != 0) {
        (void)pthread_mutex_lock(&pool->lock);
        (void)pthread_cond_signal(&pool->done);
        (void)pthread_mutex_unlock(&pool->lock);
    }
}

/* Waits for a generation other than seen; returns it, or seen when the pool stops. */
static uint64_t wait_for_job(sld_pool *pool, uint64_t seen)
{
    uint64_t generation = seen;
    for (int i = 0; i < SPINS; i++) {
        generation = atomic_load(&pool->ticket) >> 32;
        if (generation != seen || atomic_load(&pool->stop)) {
            return generation;
        }
        relax();
    }
    (void)pthread_mutex_lock(&pool->lock);
    while ((generation = atomic_load(&pool->ticket) >> 32) == seen && !atomic_load(&pool->stop)) {
        pool->sleepers++;
        (void)pthread_cond_wait(&pool->work, &pool->lock);
        pool->sleepers--;
    }
    (void)pthread_mutex_unlock(&pool->lock);
    return generation;
}

static void *worker_main(void *user)
{
    worker *self = user;
    uint64_t seen = 0;
    while (!atomic_load(&self->pool->stop)) {
        uint64_t generation = wait_for_job(self->pool, seen);
        if (generation != seen) {
            work_on(self->pool, generation, self->index);
            seen = generation;
        }
    }
    return NULL;
}

/* Workers get no signals: those belong to the program's own threads. */
static int start_worker(worker *w)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&w->thread, NULL, worker_main, w);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

static solder_status init_locks(sld_pool *pool)
{
    if (pthread_mutex_init(&pool->callers, NULL) != 0) {
        return SOLDER_ERROR_MEMORY;
    }
    if (pthread_mutex_init(&pool->lock, NULL) == 0) {
        if (pthread_cond_init(&pool->work, NULL) == 0) {
            if (pthread_cond_init(&pool->done, NULL) == 0) {
                return SOLDER_OK;
            }
            (void)pthread_cond_destroy(&pool->work);
        }
        (void)pthread_mutex_destroy(&pool->lock);
    }
    (void)pthread_mutex_destroy(&pool->callers);
    return SOLDER_ERROR_MEMORY;
}

solder_status sld_pool_create(const solder_allocator *allocator, sld_diag *diag, int threads,
                              sld_pool **out)
{
    if (threads < 1 || threads > MAX_THREADS) {
        return sld_fail(diag, SOLDER_ERROR_ARGUMENT, "thread count %d is outside 1..%d", threads,
                        MAX_THREADS);
    }
    size_t bytes = sizeof(sld_pool) + (size_t)(threads - 1) * sizeof(worker);
    sld_pool *pool = sld_calloc(allocator, bytes);
    if (pool == NULL) {
        return sld_fail_memory(diag, bytes);
    }
    pool->allocator = allocator;
    pool->bytes = bytes;
    pool->threads = threads;
    if (init_locks(pool) != SOLDER_OK) {
        sld_release(allocator, pool, bytes);
        return sld_fail(diag, SOLDER_ERROR_MEMORY, "cannot create the thread pool's locks");
    }
    for (int i = 1; i < threads; i++) {
        worker *w = &pool->workers[i - 1];
        *w = (worker){.pool = pool, .index = i};
        if (start_worker(w) != 0) {
            sld_pool_destroy(pool);
            return sld_fail(diag, SOLDER_ERROR_MEMORY, "cannot start thread %d of %d", i + 1,
                            threads);
        }
        pool->started = i;
    }
    *out = pool;
    return SOLDER_OK;
}

void sld_pool_destroy(sld_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->stop, true);
    (void)pthread_cond_broadcast(&pool->work);
    (void)pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < pool->started; i++) {
        (void)pthread_join(pool->workers[i].thread, NULL);
    }
    (void)pthread_cond_destroy(&pool->done);
    (void)pthread_cond_destroy(&pool->work);
    (void)pthread_mutex_destroy(&pool->lock);
    (void)pthread_mutex_destroy(&pool->callers);
    sld_release(pool->allocator, pool, pool->bytes);
}

int sld_pool_threads(const sld_pool *pool)
{
    return pool == NULL ? 1 : pool->threads;
}

static void wait_until_finished(sld_pool *pool, size_t count)
{
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load(&pool->finished) == count) {
            return;
        }
        relax();
    }
    (void)pthread_mutex_lock(&pool->lock);
    while (atomic_load(&pool->finished) != count) {
        (void)pthread_cond_wait(&pool->done, &pool->lock);
    }
    (void)pthread_mutex_unlock(&pool->lock);
}

static void wake_workers(sld_pool *pool, size_t wanted)
{
    (void)pthread_mutex_lock(&pool->lock);
    if (wanted >= pool->sleepers) {
        if (pool->sleepers != 0) {
            (void)pthread_cond_broadcast(&pool->work);
        }
    } else {
        for (size_t i = 0; i < wanted; i++) {
            (void)pthread_cond_signal(&pool->work);
        }
    }
    (void)pthread_mutex_unlock(&pool->lock);
}

void sld_pool_for(sld_pool *pool, size_t count, sld_pool_task task, void *user)
{
    if (pool == NULL || pool->threads == 1 || count <= 1 || count >= INDEX_MASK) {
        for (size_t i = 0; i < count; i++) {
            task(user, i, 0);
        }
        return;
    }
    (void)pthread_mutex_lock(&pool->callers);
    atomic_store(&pool->task, task);
    atomic_store(&pool->user, user);
    atomic_store(&pool->count, count);
    atomic_store(&pool->finished, 0);
    uint64_t generation = ((atomic_load(&pool->ticket) >> 32) + 1) & INDEX_MASK;
    atomic_store(&pool->ticket, generation << 32);
    wake_workers(pool, count - 1);
    work_on(pool, generation, 0);
    wait_until_finished(pool, count);
    atomic_store(&pool->ticket, generation << 32 | INDEX_MASK);
    (void)pthread_mutex_unlock(&pool->callers);
}
