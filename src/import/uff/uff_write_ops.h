/* SPDX-License-Identifier: Apache-2.0 */
/* What the writer of nodes and its operators share. */
#ifndef SLD_IMPORT_UFF_UFF_WRITE_OPS_H
#define SLD_IMPORT_UFF_UFF_WRITE_OPS_H

#include "import/uff/uff_out.h"

typedef struct sld_uff_convert {
    sld_tf tf; /* first: a node's tf leads to both */
    sld_uff_out out;
    size_t spelled;    /* bytes of constants of one value */
    sld_names *graphs; /* written already: id -> sld_tf_function */
} sld_uff_convert;

/* A tensor by its name in the file, and the value of a constant. */
typedef struct sld_uff_tensor {
    sld_tf_tensor tensor; /* first; without values */
    const char *id;
    bool is_constant;
    bool guessed; /* its operator may not have that many outputs */
    sld_tf_proto_tensor constant;
    const uint8_t *data;
    size_t size;
} sld_uff_tensor;

/* A TensorFlow operator that a core operator says. */
typedef struct sld_uff_core {
    const char *name, *op;
    /* Writes the fields; false if the core operator cannot say this. */
    bool (*write)(sld_tf_node *node, sld_uff_out *out, const char *told);
    const char *told;
    uint32_t inputs;       /* of the core operator; 0: all */
    const uint32_t *order; /* which, NULL: the first ones */
} sld_uff_core;

/* NULL if there is none. */
const sld_uff_core *sld_uff_find_core(const char *op);

/* NULL if the node has no such input. */
const sld_uff_tensor *sld_uff_in(const sld_tf_node *node, uint32_t index);
/* Elements of a constant of rank 0 or 1; false if it is none, or has more than room. */
bool sld_uff_constant_ints(const sld_uff_tensor *t, int64_t *values, size_t room, size_t *count);
/* Writes a constant, unless it is there already: when the first node that reads it is written. */
void sld_uff_use(sld_uff_out *out, const sld_uff_tensor *t);
/* Writes the node with the fields collected; order NULL: its first inputs. */
void sld_uff_emit(sld_tf_node *node, const char *op, const uint32_t *order, uint32_t count);

/* ---- functions as graphs (uff_write_graphs.c) ---- */

/* If, Case and While: writes the attribute that holds functions, and the functions as graphs. False
 * if it holds none. */
bool sld_uff_write_functions(sld_tf_node *node, const sld_tf_attr *attr);
/* How many outputs the node has by its functions; 0: it has none. */
uint32_t sld_uff_function_outputs(sld_tf_node *node);

#endif
