/* SPDX-License-Identifier: Apache-2.0 */
/* What stands behind the public handles of builder.h and network.h. */
#ifndef SLD_BUILDER_BUILDER_H
#define SLD_BUILDER_BUILDER_H

#include <stdatomic.h>

#include "base/file.h"
#include "graph/graph.h"
#include "passes/pass.h"
#include "plugin/plugin.h"
#include "solder/builder.h"
#include "tactics/tactics.h"

struct sld_plan;
struct sld_plan_buffer;

struct solder_builder {
    solder_allocator user;    /* as given */
    solder_allocator counted; /* user, behind the memory limit */
    atomic_size_t allocated;
    size_t limit;
    sld_diag diag;
    sld_plugins plugins;
    solder_network *networks;
    sld_text report; /* JSON of the last build */
};

struct solder_network {
    solder_builder *builder;
    sld_graph *graph;
    sld_file *files; /* mapped models: constants borrow their bytes */
    size_t file_count, file_capacity;
    /* How it was imported, in the command line's words, for `solder compare`; in the graph's arena.
     */
    const char *import_inputs, *import_outputs, *import_weights;
    solder_network *next;
};

/* The importer whose probe takes the file; NULL if none does. */
const struct sld_importer *sld_find_importer(const char *path, const sld_file *file);
/* A network around graph (NULL: a new empty one), owned by the builder. */
solder_status sld_network_wrap(solder_builder *builder, sld_graph *graph, solder_network **network);
/* Keeps the file mapped while the network lives; unmaps it on failure. */
solder_status sld_network_keep_file(solder_network *network, sld_file file);

/* Copies a text into memory that solder_text_free releases. size may be NULL. */
solder_status sld_text_hand_out(const sld_text *from, sld_diag *diag, char **text, size_t *size);
/* Appends a JSON string, quotes included. */
solder_status sld_text_json_string(sld_text *text, const char *value);

/* Refuses what this version cannot build. */
solder_status sld_builder_check_config(solder_builder *builder, const solder_config *config);
/* Packs the constants of plugins and keeps what they save. After it nothing may be inferred again.
 */
solder_status sld_builder_prepare_plugins(sld_graph *graph, sld_arena *scratch);
/* A copy of the network's graph with the profile applied and the passes run. */
solder_status sld_builder_prepare(solder_builder *builder, const solder_network *network,
                                  const solder_config *config, sld_graph **graph);

/* ---- report.c ---- */

/* Seconds. */
typedef struct sld_build_times {
    double prepare, tactics, write;
} sld_build_times;

/* What solder_build_report gives from now on. */
solder_status sld_builder_report(solder_builder *builder, const sld_graph *graph,
                                 const sld_tactic *tactics, const sld_target *target,
                                 const sld_build_times *times);
/* A copy of the bytes for solder_plan_free. */
solder_status sld_builder_hand_out(solder_builder *builder, const struct sld_plan_buffer *buffer,
                                   void **plan, size_t *size);

/* ---- tune_graph.c ---- */

/*
 * The network as it was when the plan was written: steps are nodes, tensors values with their views
 * and places; constants plain again. graph is fresh; plan, whose bytes stay, was loaded by a
 * runtime, so that its parameters and dims belong together. plugins: where those it names are.
 */
solder_status sld_graph_from_plan(sld_graph *graph, const struct sld_plan *plan,
                                  const sld_plugins *plugins);

#endif
