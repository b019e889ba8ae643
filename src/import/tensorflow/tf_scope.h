/* SPDX-License-Identifier: Apache-2.0 */
/* The nodes of a graph or of a function body, found by name and converted in order of need. */
#ifndef SLD_IMPORT_TENSORFLOW_TF_SCOPE_H
#define SLD_IMPORT_TENSORFLOW_TF_SCOPE_H

#include "import/tensorflow/tf.h"

/* Functions calling functions, at most. */
#define SLD_TF_MAX_CALLS 32
/* Nodes after unfolding functions, at most: this and 16 times those in the file. */
#define SLD_TF_MAX_UNFOLDED ((size_t)1 << 16)

typedef enum sld_tf_state { SLD_TF_NEW = 0, SLD_TF_OPEN, SLD_TF_DONE } sld_tf_state;

/* A tensor given from outside: an argument of a function, or a cut of the graph. */
typedef struct sld_tf_given {
    uint32_t index;
    sld_tf_tensor *tensor;
    struct sld_tf_given *next;
} sld_tf_given;

typedef struct sld_tf_entry {
    const sld_tf_node_proto *proto;
    sld_tf_state state;
    uint32_t next_input;        /* while open */
    struct sld_tf_entry *below; /* while open: the entry that needs this one */
    sld_tf_given *given;
    sld_tf_tensor **out;
    uint32_t out_count;
    bool poisoned;
    bool used;      /* some node reads it */
    uint32_t reads; /* outputs up to the last that a node of the scope reads by number */
} sld_tf_entry;

struct sld_tf_scope {
    const sld_tf_scope *caller; /* of a function body; NULL in the graph */
    const sld_tf_function *function;
    sld_names *names; /* name -> sld_tf_entry */
    sld_tf_entry *entries;
    uint32_t count;
    const char *prefix; /* of node names: "" in the graph, "call/" in a function */
};

/* "node", "node:1" (in functions "node:output:1") taken apart. */
typedef struct sld_tf_ref {
    sld_tf_entry *entry; /* NULL: no such node */
    uint32_t index;
} sld_tf_ref;
solder_status sld_tf_resolve(sld_tf *tf, const sld_tf_scope *scope, const char *name,
                             sld_tf_ref *ref);

solder_status sld_tf_open_scope(sld_tf *tf, const sld_tf_node_proto *nodes, uint32_t count,
                                sld_tf_scope *scope);
/* Which tensor of the body an output of the function is. */
const char *sld_tf_ret_value(const sld_tf_function *f, uint32_t ret);
solder_status sld_tf_give(sld_tf *tf, sld_tf_entry *entry, uint32_t index, sld_tf_tensor *tensor);

/* Converts what the tensor depends on. NULL if the node does not have that output; a poisoned
 * tensor if it depends on something unsupported. */
solder_status sld_tf_need(sld_tf *tf, const sld_tf_scope *scope, sld_tf_ref ref,
                          sld_tf_tensor **tensor);

/* An attribute that says nothing about the result, or what the inputs say already. */
bool sld_tf_says_nothing(const sld_tf_attr *attr);
/* tf_plugin.c */
void sld_tf_plugin(sld_tf_node *node, const solder_plugin *plugin);

/* Gives a value a name of the model; a made-up name that is in its way steps aside. */
solder_status sld_tf_rename(sld_tf *tf, sld_value *value, const char *name);

#endif
