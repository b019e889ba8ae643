/* SPDX-License-Identifier: Apache-2.0 */
/* From a network after the passes, and the tactics chosen for it, to the bytes of a plan. */
#ifndef SLD_PLAN_PLAN_WRITE_H
#define SLD_PLAN_PLAN_WRITE_H

#include "base/file.h"
#include "solder/builder.h"
#include "tactics/tactics.h"

/* Where the bytes go: appended in order, and at the end the header once more at offset 0. */
typedef struct sld_plan_sink {
    void *user;
    solder_status (*write)(void *user, const void *data, size_t size);
    solder_status (*write_at)(void *user, uint64_t offset, const void *data, size_t size);
} sld_plan_sink;

/* Into a file; the caller opens, commits and abandons. */
sld_plan_sink sld_plan_file_sink(sld_writer *writer);

/* Into memory that grows; release data with sld_release(allocator, data, capacity). */
typedef struct sld_plan_buffer {
    uint8_t *data;
    size_t size, capacity;
    const solder_allocator *allocator;
    sld_diag *diag;
} sld_plan_buffer;
sld_plan_sink sld_plan_memory_sink(sld_plan_buffer *buffer);

/* A property of a plan: solder_engine_property. */
typedef struct sld_plan_fact {
    const char *key, *value;
} sld_plan_fact;

/* What a plan says about itself beside the network. Everything may be zero. */
typedef struct sld_plan_info {
    const char *tuned_for; /* sld_target.name */
    const char *level;     /* instruction sets it was tuned for: "avx512" */
    int threads;
    const char *const *labels;
    size_t label_count;
    const solder_preprocess *preprocess; /* input NULL: the only one */
    size_t preprocess_count;
    const sld_plan_fact *facts; /* further properties */
    size_t fact_count;
} sld_plan_info;

/*
 * Writes a plan: the same bytes for the same arguments. tactics[node->id] gives each kernel (NULL
 * array or kernel: the reference). Views and arena offsets are taken from the values; a value the
 * memory plan left out gets memory of its own.
 */
solder_status sld_plan_write(const sld_graph *graph, const sld_tactic *tactics,
                             const sld_plan_info *info, sld_diag *diag, const sld_plan_sink *sink);

#endif
