/* SPDX-License-Identifier: Apache-2.0 */
/* Control flow written as nodes (Enter, Switch, Merge ...) put into functions. */
#ifndef SLD_IMPORT_TENSORFLOW_TF_FRAMES_H
#define SLD_IMPORT_TENSORFLOW_TF_FRAMES_H

#include "graph/names.h"
#include "import/tensorflow/tf.h"

/* A node's output, as another node reads it. */
typedef struct sld_tf_edge {
    uint32_t node; /* SLD_TF_NOWHERE: there is none of that name */
    uint32_t output;
    bool control;
} sld_tf_edge;

#define SLD_TF_NOWHERE UINT32_MAX

/* The nodes of a graph while functions are made of parts of it. */
typedef struct sld_tf_lifting {
    sld_tf *tf;
    sld_names *names; /* name -> sld_tf_node_proto */
    sld_tf_node_proto *nodes;
    sld_tf_edge **edges; /* of every node, as many as it has inputs */
    uint32_t *seen;      /* by node: the last search that came by */
    uint32_t count, capacity, search;
    size_t work, work_limit; /* nodes visited */
} sld_tf_lifting;

/* Nodes reached from one another, in the order they were reached. */
typedef struct sld_tf_region {
    uint32_t *nodes;
    uint32_t count;
} sld_tf_region;

/*
 * Replaces loops of frames by While nodes and conditionals by If nodes, as far as they are formed
 * as TensorFlow forms them; what they were made of is hidden. The rest stays as it is.
 */
solder_status sld_tf_lift(sld_tf *tf, sld_tf_node_proto **nodes, uint32_t *count);

/* ---- for tf_frames.c and tf_conds.c ---- */

static inline bool sld_tf_is_op(const sld_tf_node_proto *node, const char *op)
{
    return strcmp(node->op, op) == 0;
}
/* Counts work; SOLDER_ERROR_DATA if it becomes too much. */
solder_status sld_tf_lift_work(sld_tf_lifting *l, size_t steps);
/* Adds a node (by copy) and resolves its inputs. */
solder_status sld_tf_lift_add(sld_tf_lifting *l, const sld_tf_node_proto *node);
/* Resolves the inputs of a node that was changed. */
solder_status sld_tf_lift_resolve(sld_tf_lifting *l, uint32_t node);
/* A function of copies of the nodes, with room for `more` nodes and its arguments and results
 * still to be named. NULL without memory. */
sld_tf_function *sld_tf_lift_function(sld_tf_lifting *l, const char *name,
                                      const sld_tf_region *region, uint32_t more, uint32_t args,
                                      uint32_t rets);
/* Puts a node into it that gives the argument under the name of a node outside, at each of its
 * first outputs. */
solder_status sld_tf_lift_stand_in(sld_tf_lifting *l, sld_tf_function *f, const char *name,
                                   const char *const *args, uint32_t outputs);
/* node becomes an Identity of that output of another. */
solder_status sld_tf_lift_replace(sld_tf_lifting *l, uint32_t node, const char *other,
                                  uint32_t output);
solder_status sld_tf_lift_conds(sld_tf_lifting *l);

#endif
