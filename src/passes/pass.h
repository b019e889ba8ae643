/* SPDX-License-Identifier: Apache-2.0 */
/* A pass: one rewrite of the network that keeps every output's value. */
#ifndef SLD_PASSES_PASS_H
#define SLD_PASSES_PASS_H

#include "graph/graph.h"

/* What passes may know of the target. */
typedef struct sld_pass_options {
    int64_t alignment; /* of activation offsets, bytes; 0: 64 */
    uint32_t disabled; /* bit i: skip pass i */
} sld_pass_options;

typedef struct sld_pass {
    const char *name;
    const char *description; /* one line */
    solder_status (*run)(sld_graph *graph, const sld_pass_options *options, bool *changed);
} sld_pass;

/* The pipeline, in order (passes.def). */
const sld_pass *sld_passes(size_t *count);
const sld_pass *sld_pass_find(const char *name);
/* Runs one pass, also on all bodies, and sweeps what it left without users. changed may be NULL. */
solder_status sld_pass_run(const sld_pass *pass, sld_graph *graph, const sld_pass_options *options,
                           bool *changed);
/* Runs the pipeline; groups marked as such repeat until nothing changes. */
solder_status sld_passes_run(sld_graph *graph, const sld_pass_options *options);

/* Sets *changed to true if it changed anything. */
#define SLD_PASS(name, description, group)                                                         \
    solder_status sld_pass_##name(sld_graph *graph, const sld_pass_options *options, bool *changed);
#include "passes/passes.def"
#undef SLD_PASS

#endif
