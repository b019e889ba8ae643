/* SPDX-License-Identifier: Apache-2.0 */
/* Which kernel runs each node: candidates, timing, the timing cache, the choice. */
#ifndef SLD_TACTICS_TACTICS_H
#define SLD_TACTICS_TACTICS_H

#include "graph/graph.h"

typedef struct sld_target {
    sld_isa_mask isas;
    int threads;
    bool can_time;     /* the target is this machine */
    char name[96];     /* "AMD EPYC / avx512vnni / 2 threads": key of the timing cache */
    size_t l1d, l2, l3;
} sld_target;

/* level NULL: this machine. */
solder_status sld_target_init(sld_diag *diag, const char *level, int threads, sld_target *target);

typedef struct sld_tactic {
    const sld_kernel *kernel;
    double microseconds; /* measured or estimated; < 0 not known */
    size_t workspace;    /* at the profile's maximum */
} sld_tactic;

typedef struct sld_tactic_options {
    const sld_target *target;
    int effort;           /* see solder_config */
    double time_budget;
    const char *cache_path;
    bool (*progress)(void *user, const char *phase, size_t step, size_t steps);
    void *progress_user;
} sld_tactic_options;

/* tactics[node->id] for every node that is not elided, allocated from arena (graph->next_id). */
solder_status sld_tactics_choose(sld_graph *graph, sld_diag *diag,
                                 const sld_tactic_options *options, sld_arena *arena,
                                 sld_tactic **tactics);

/* Fills a run for a node with dims at the profile's min, opt or max (which = 0, 1, 2), data NULL. */
solder_status sld_node_run_shape(const sld_graph *graph, const sld_node *node, int which,
                                 sld_run *run, sld_tensor *in, sld_tensor *out);
/* Multiply-adds count two; 0 if the operator is not compute. At opt. */
double sld_node_flops(const sld_graph *graph, const sld_node *node);
double sld_node_bytes(const sld_graph *graph, const sld_node *node);

#endif
