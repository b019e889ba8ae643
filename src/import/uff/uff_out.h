/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A UFF file being made. Nodes are put together in memory, fields before the node they belong to;
 * weights stay where they are until the file is written, and go straight into it.
 */
#ifndef SLD_IMPORT_UFF_UFF_OUT_H
#define SLD_IMPORT_UFF_UFF_OUT_H

#include "base/file.h"
#include "graph/names.h"
#include "import/uff/uff.h"

typedef struct sld_uff_buffer {
    uint8_t *data;
    size_t size, capacity;
} sld_uff_buffer;

typedef struct sld_uff_weights {
    const char *key; /* "weights_<name>" */
    const uint8_t *data;
    size_t size;
    struct sld_uff_weights *next;
} sld_uff_weights;

/* The first failure is kept; everything after it does nothing. */
typedef struct sld_uff_out {
    sld_diag *diag;
    const solder_allocator *allocator;
    sld_arena *arena;
    const sld_file *source; /* where most weights lie */
    solder_status status;
    const char *graph_id; /* of the graph being written */
    sld_uff_buffer graph, fields, orders;
    sld_uff_buffer inner;  /* graphs besides the first, whole */
    sld_names *ids;        /* of nodes */
    sld_names *order_keys; /* written already */
    sld_uff_weights *weights, **last;
    uint32_t node_count, output_count;
    bool custom;
} sld_uff_out;

void sld_uff_out_open(sld_uff_out *out, const sld_import *import, sld_arena *arena);
void sld_uff_out_close(sld_uff_out *out);
/* The whole file under its name, or nothing; text: protobuf's text form. */
solder_status sld_uff_out_write(sld_uff_out *out, const char *path, bool text);

/* ---- fields of the next node ---- */

void sld_uff_out_text(sld_uff_out *out, const char *name, const void *text, size_t size);
static inline void sld_uff_out_word(sld_uff_out *out, const char *name, const char *word)
{
    sld_uff_out_text(out, name, word, strlen(word));
}
void sld_uff_out_int(sld_uff_out *out, const char *name, int64_t value);
void sld_uff_out_bool(sld_uff_out *out, const char *name, bool value);
void sld_uff_out_real(sld_uff_out *out, const char *name, double value);
void sld_uff_out_type(sld_uff_out *out, const char *name, int tf_type);
void sld_uff_out_ints(sld_uff_out *out, const char *name, const int64_t *values, size_t count);
/* A ListValue of TensorFlow; false if it holds what UFF has no list for. */
bool sld_uff_out_list(sld_uff_out *out, const char *name, sld_tf_bytes list);
/* A list of texts. */
void sld_uff_out_words(sld_uff_out *out, const char *name, const char *const *words, size_t count);
void sld_uff_out_nothing(sld_uff_out *out, const char *name);
/* formats: "N+C", "NC+", "+CK" ...; filter may be NULL. */
void sld_uff_out_orders(sld_uff_out *out, const char *image, const char *filter);
/* Extra fields: what is left of a TensorFlow node; the name gets the prefix "tf.". */
void sld_uff_out_extra_word(sld_uff_out *out, const char *name, const char *word);
void sld_uff_out_extra_type(sld_uff_out *out, const char *name, int tf_type);

/* ---- nodes ---- */

void sld_uff_out_node(sld_uff_out *out, const char *op, const char *id, const char *const *in,
                      uint32_t count);
/* data must live until the file is written. */
void sld_uff_out_const(sld_uff_out *out, const char *id, int tf_type, int rank, const int64_t *dims,
                       const void *data, size_t size);
void sld_uff_out_mark(sld_uff_out *out, const char *id);

/* ---- graphs besides the first ---- */

#define SLD_UFF_MAIN "main" /* the first's id */

/* What a graph inside interrupts. */
typedef struct sld_uff_outer {
    const char *graph_id;
    sld_uff_buffer graph, fields;
    sld_names *ids;
    uint32_t output_count;
} sld_uff_outer;

/* From here to leave nodes belong to that graph; they may be interrupted again. */
void sld_uff_out_enter(sld_uff_out *out, sld_uff_outer *outer, const char *id);
void sld_uff_out_leave(sld_uff_out *out, sld_uff_outer *outer);

/* ---- text form (uff_text.c) ---- */

/* A MetaGraph without weights. */
solder_status sld_uff_print(sld_writer *file, sld_tf_bytes bytes);
solder_status sld_uff_print_weights(sld_writer *file, const char *key, sld_tf_bytes data);

#endif
