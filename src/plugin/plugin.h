/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plugins seen from inside: the set a builder or runtime owns, and what stands between a plugin's
 * callbacks and the tables of operators and kernels. Nothing a plugin says is trusted further than
 * a check can go; every message names it.
 */
#ifndef SLD_PLUGIN_PLUGIN_H
#define SLD_PLUGIN_PLUGIN_H

#include "base/library.h"
#include "kernels/plugin/plugin_params.h"

#define SLD_PLUGIN_MAX_NAME       64 /* characters of a name, of a namespace */
#define SLD_PLUGIN_MAX_TEXT       192
#define SLD_PLUGIN_MAX_ATTRIBUTES 256
#define SLD_PLUGIN_MAX_TACTICS    16
/* No plugin needs more for one step; a wrong size should not look like a lack of memory. */
#define SLD_PLUGIN_MAX_BYTES ((size_t)1 << 40)

/* ---- sets (plugin_set.c) ---- */

typedef struct sld_plugins {
    const solder_allocator *allocator;
    const solder_plugin **list; /* copies, in the arena; in order of registration */
    size_t count, capacity;
    sld_library *libraries;
    size_t library_count, library_capacity;
    sld_arena arena;
} sld_plugins;

void sld_plugins_init(sld_plugins *set, const solder_allocator *allocator);
/* Closes the libraries: nothing may use a plugin any more. */
void sld_plugins_free(sld_plugins *set);
solder_status sld_plugins_add(sld_plugins *set, sld_diag *diag, const solder_plugin *plugin);
solder_status sld_plugins_load(sld_plugins *set, sld_diag *diag, const char *path);

/*
 * By name or one of its types. name_space NULL: any, those without one first. version 0: the
 * newest. What was registered comes before what the library ships. set NULL: the shipped ones.
 */
const solder_plugin *sld_plugins_find(const sld_plugins *set, const char *name_space,
                                      const char *name, uint32_t version);
/* By text: "Name", "ns::Name", either with " 2" for a version. */
const solder_plugin *sld_plugins_find_text(const sld_plugins *set, const char *text);
/* "ns::Name": what messages and files call it; with_version: "ns::Name 2". */
void sld_plugin_print(const solder_plugin *plugin, bool with_version,
                      char text[SLD_PLUGIN_MAX_TEXT]);
/* "needs the plugin 'ns::Name' version 2, which is not registered; ...", from such a text. */
solder_status sld_plugin_fail_missing(const sld_plugins *set, sld_diag *diag, const char *text);

/* Holds a plugin to plugin.h: versions, callbacks, tables. where: library or "". */
solder_status sld_plugin_validate(sld_diag *diag, const solder_plugin *plugin, const char *where);

/* ---- attributes (plugin_attributes.c) ---- */

/* Every described entry in range, every other byte 0. */
solder_status sld_plugin_check_attributes(sld_diag *diag, const solder_plugin *plugin,
                                          const void *attributes);

/* ---- operands: which description belongs to operand index; NULL: too many ---- */

const solder_plugin_operand *sld_plugin_input(const solder_plugin *plugin, uint32_t index);
const solder_plugin_operand *sld_plugin_output(const solder_plugin *plugin, uint32_t index);
bool sld_plugin_takes(const solder_plugin_operand *operand, solder_dtype dtype);
/* Fewest inputs and outputs a node may have. */
uint32_t sld_plugin_min_inputs(const solder_plugin *plugin);
uint32_t sld_plugin_min_outputs(const solder_plugin *plugin);

/* ---- calls (plugin_kernel.c) ---- */

extern const sld_kernel sld_plugin_kernel;

/* Tactics of the plugin for that call, 1 to SLD_PLUGIN_MAX_TACTICS. */
uint32_t sld_plugin_tactics(const sld_run *run);
bool sld_plugin_supports(const sld_run *run, uint32_t tactic);

/* ---- instances (plugin_instance.c): what comes before a run ---- */

/*
 * Packs constants and computes the saved bytes into the arena, once: params->packed and
 * params->saved are set, and run->in of packed slots. run->params must be params.
 */
solder_status sld_plugin_prepare(sld_plugin_params *params, sld_run *run, sld_arena *arena,
                                 sld_diag *diag);
/* Sizes of packed inputs and saved bytes that came from a plan are what the plugin expects. */
solder_status sld_plugin_check_sizes(const sld_plugin_params *params, const sld_run *run,
                                     sld_diag *diag);
solder_status sld_plugin_open(sld_plugin_params *params, const sld_run *run, sld_diag *diag);
void sld_plugin_close(sld_plugin_params *params);

/* ---- made-up weights (plugin_op.c; building only) ---- */

struct sld_infer;

/* Dims of the weight that is input number input. infer: params and the inputs before weights. */
solder_status sld_plugin_weight_dims(struct sld_infer *infer, uint32_t input, solder_dims *dims);

/* ---- bytes in a plan (plugin_blob.c) ---- */

size_t sld_plugin_blob_size(const sld_plugin_params *params);
void sld_plugin_blob_write(const sld_plugin_params *params, uint32_t index, void *bytes);
/* What does not depend on the plugin; plugins: length of the plan's list. */
bool sld_plugin_blob_check(const void *bytes, size_t size, size_t plugins);
/* Parameters from checked bytes, which stay; held to the plugin's description. */
solder_status sld_plugin_blob_read(sld_diag *diag, const void *bytes, const solder_plugin *plugin,
                                   const char *node, sld_plugin_params *params);

#endif
