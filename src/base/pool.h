/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread pool whose only job is parallel_for. Work is cut by the caller into tasks whose results
 * do not depend on which thread runs them, so every thread count gives the same bits.
 */
#ifndef SLD_BASE_POOL_H
#define SLD_BASE_POOL_H

#include "base/memory.h"

typedef struct sld_pool sld_pool;

/* threads >= 1, the calling thread included; 1 starts no thread. */
solder_status sld_pool_create(const solder_allocator *allocator, sld_diag *diag, int threads,
                              sld_pool **pool);
void sld_pool_destroy(sld_pool *pool);

/* 1 for NULL. */
int sld_pool_threads(const sld_pool *pool);

/*
 * Runs task(user, index, thread) for every index in [0, count), each once, in any order, thread in
 * [0, threads). Returns when all are done. A NULL pool runs them in order on the calling thread.
 * No allocation. Tasks must not call sld_pool_for on the same pool. Calls from several threads
 * on one pool are serialised by its lock.
 */
typedef void (*sld_pool_task)(void *user, size_t index, int thread);
void sld_pool_for(sld_pool *pool, size_t count, sld_pool_task task, void *user);

#endif
