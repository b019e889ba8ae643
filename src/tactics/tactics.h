/* SPDX-License-Identifier: Apache-2.0 */
/* Which kernel runs each node: candidates, timing, the timing cache, the choice. */
#ifndef SLD_TACTICS_TACTICS_H
#define SLD_TACTICS_TACTICS_H

#include "tactics/shapes.h"

typedef struct sld_target {
    sld_isa_mask isas;
    int threads;
    bool can_time;  /* the target is this machine */
    char name[160]; /* "AMD EPYC / avx512vnni / 2 threads": key of the timing cache */
} sld_target;

/* level NULL: this machine. threads 0: its cores. */
solder_status sld_target_init(sld_diag *diag, const char *level, int threads, sld_target *target);

typedef struct sld_tactic {
    const sld_kernel *kernel;   /* NULL for elided nodes, If and Loop */
    double microseconds;        /* measured at the profile's optimum; < 0: not timed */
    int candidates;             /* kernels that could run it */
    struct sld_tactic **bodies; /* of If and Loop, by body: tactics of its nodes */
} sld_tactic;

typedef struct sld_tactic_options {
    sld_target target;
    int effort;         /* see solder_config */
    double time_budget; /* seconds; 0: no limit */
    const char *cache_path;
    bool (*progress)(void *user, const char *phase, size_t step, size_t steps);
    void *progress_user;
} sld_tactic_options;

/* tactics[node->id], graph->next_id of them, in the arena. Reads and updates the cache file. */
solder_status sld_tactics_choose(sld_graph *graph, const sld_tactic_options *options,
                                 sld_arena *arena, sld_tactic **tactics);

/* Floating point operations (multiply and add count 2) and bytes touched by one call, estimated. */
double sld_call_flops(const char *family, const sld_run *run);
double sld_call_bytes(const sld_run *run);

/* ---- timing (timing.c) ---- */

typedef struct sld_timer sld_timer;
solder_status sld_timer_create(const solder_allocator *allocator, sld_diag *diag, int threads,
                               sld_timer **timer);
void sld_timer_destroy(sld_timer *timer);
/* Runs the kernel on made-up data of the call's shapes; constants of node keep their bytes. */
solder_status sld_timer_measure(sld_timer *timer, const sld_kernel *kernel, const sld_node *node,
                                sld_call *call, double *microseconds);

/* ---- timing cache (timing_cache.c): a text file of "key<TAB>kernel<TAB>nanoseconds" lines ---- */

typedef struct sld_timing_cache sld_timing_cache;
/* A missing file is an empty cache; a malformed one is SOLDER_ERROR_DATA. path NULL: memory only.
 */
solder_status sld_timing_cache_open(const solder_allocator *allocator, sld_diag *diag,
                                    const char *path, sld_timing_cache **cache);
/* Nanoseconds, or -1. */
int64_t sld_timing_cache_get(const sld_timing_cache *cache, const char *key, const char *kernel);
solder_status sld_timing_cache_put(sld_timing_cache *cache, const char *key, const char *kernel,
                                   int64_t nanoseconds);
/* Writes the file if anything was added; sorted, so equal contents are equal bytes. */
solder_status sld_timing_cache_save(sld_timing_cache *cache);
void sld_timing_cache_close(sld_timing_cache *cache);

#endif
