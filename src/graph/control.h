/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of If and Loop, within the graph folder. */
#ifndef SLD_GRAPH_CONTROL_H
#define SLD_GRAPH_CONTROL_H

#include "graph/graph.h"

/* Infers the bodies from the node's inputs and the node's outputs from the bodies. */
solder_status sld_control_infer(sld_graph *graph, const sld_node *node, sld_fact *out);

/* What the evaluation of a node with bodies needs; results live in arena. */
typedef struct sld_control_call {
    const sld_node *node;
    sld_diag *diag;
    sld_pool *pool;
    const solder_allocator *allocator;
    const sld_tensor *in;
    const int64_t *values; /* of the expressions of the node's network */
    sld_arena *arena;
    sld_tensor *out;
} sld_control_call;
solder_status sld_control_evaluate(const sld_control_call *call);

#endif
