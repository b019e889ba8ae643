/* SPDX-License-Identifier: Apache-2.0 */
/* What an importer is. importers.def lists them; the first that recognises a file imports it. */
#ifndef SLD_IMPORT_IMPORT_H
#define SLD_IMPORT_IMPORT_H

#include "base/file.h"
#include "graph/graph.h"
#include "solder/builder.h"

typedef struct sld_import {
    const char *model_path;
    const char *weights_path; /* NULL: none */
    sld_file model, weights;  /* they outlive the graph, so constants may borrow bytes */
    bool mapped;              /* both are file mappings: pages already copied may be dropped */
    const solder_import_options *options; /* never NULL */
    sld_diag *diag;
    const solder_allocator *allocator;
    sld_graph *graph; /* empty; to be filled */
    bool *filled;     /* by spec: the input became a constant; NULL: none did */
    /* Extra files the importer mapped (ONNX external data) for the graph to borrow from; takes the
     * file over, and unmaps it if it fails. */
    solder_status (*keep_file)(struct sld_import *import, sld_file file);
    void *keeper;
} sld_import;

typedef struct sld_importer {
    const char *name; /* "onnx": prefix of every message */
    /* By the bytes; never fails, never trusts. */
    bool (*recognise)(const uint8_t *data, size_t size);
    /* Of files that no importer recognises, so that this one says what is wrong with them. */
    const char *suffixes[3];
    solder_status (*import)(sld_import *import);
} sld_importer;

#define SLD_IMPORTER(symbol) extern const sld_importer symbol;
#include "import/importers.def"
#undef SLD_IMPORTER

/* What a file of another kind is and what to give instead ("is ...: ..."); NULL if not known. */
const char *sld_import_foreign(const uint8_t *data, size_t size);

/* The spec of that input (or the unnamed spec), NULL if none. */
const solder_input_spec *sld_import_spec(const sld_import *import, const char *name);
/*
 * Adds a graph input as the options and the model say: dims -1 become symbols named
 * "<name>.<axis>" or model_symbols[i] if given; an NHWC spec adds the transpose.
 * Every importer declares its inputs through this.
 */
solder_status sld_import_input(sld_import *import, const char *name, solder_dtype dtype,
                               const solder_dims *dims, const char *const *model_symbols,
                               sld_value **value);
/* Error if a spec of the options was never used: names it and the inputs that exist. */
solder_status sld_import_check_specs(sld_import *import);

/* ---- plugins: operators that are none of ours ---- */

/*
 * The plugin registered for an operator of a model, or NULL. domain: an ONNX domain; one without a
 * namespace answers for any. NULL: formats that have none.
 */
const solder_plugin *sld_import_find_plugin(const sld_import *import, const char *domain,
                                            const char *type);

typedef struct sld_import_node {
    sld_graph *graph; /* the network, or a body in it */
    const solder_plugin *plugin;
    const char *name, *source; /* source: "PriorBox 'conv4_priors'", lives as long as the graph */
    sld_value *const *in;
    uint32_t in_count;
    const solder_attribute *attributes; /* everything the model says; unknown ones are errors */
    size_t attribute_count;
    sld_value **out; /* out_count of them are set */
    uint32_t out_count;
} sld_import_node;
solder_status sld_import_plugin(const sld_import_node *node);

/* ---- messages ---- */

#define SLD_NEAREST        3
#define SLD_NEAREST_LENGTH 96 /* of names that are compared, at most */

/* The names nearest to one that is not there. */
typedef struct sld_nearest {
    const char *wanted, *best[SLD_NEAREST];
    size_t far[SLD_NEAREST], offered;
    char text[SLD_NEAREST * (SLD_NEAREST_LENGTH + 4) + 32];
} sld_nearest;

sld_nearest sld_nearest_to(const char *wanted);
void sld_nearest_offer(sld_nearest *nearest, const char *name);
/* "; the nearest names are 'a', 'b'", or nothing. */
const char *sld_nearest_text(sld_nearest *nearest);

/* Collects everything unsupported in a model before failing once. */
typedef struct sld_unsupported {
    char text[3072];
    int count;
    int listed; /* the rest did not fit into text */
    int most;   /* of those listed; 0: all that fit */
} sld_unsupported;
void sld_unsupported_add(sld_unsupported *list, const char *node, const char *what, ...)
    SLD_PRINTF(3, 4);
/* SOLDER_OK if empty, else SOLDER_ERROR_UNSUPPORTED: "onnx: 2 nodes are not supported: 'a' (...),
 * ..." */
solder_status sld_unsupported_report(const sld_unsupported *list, const sld_import *import,
                                     const char *format_name);

#endif
