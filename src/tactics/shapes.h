/* SPDX-License-Identifier: Apache-2.0 */
/* The tensors of a network at the minimum (0), optimum (1) and maximum (2) of its profile. */
#ifndef SLD_TACTICS_SHAPES_H
#define SLD_TACTICS_SHAPES_H

#include "graph/graph.h"

typedef struct sld_shapes {
    const sld_graph *graph;
    int64_t *values[3]; /* of every expression */
    uint8_t *open;      /* by expression: without a bound; its values are the likeliest */
} sld_shapes;

/* A run with the tensors it points to. Not to be copied: run points inside. */
typedef struct sld_call {
    sld_run run;
    sld_tensor in[SLD_MAX_INPUTS], out[SLD_MAX_OUTPUTS];
} sld_call;

solder_status sld_shapes_init(sld_shapes *shapes, const sld_graph *graph, sld_arena *arena);
/* Some operand of the node has an open dim. */
bool sld_shapes_open(const sld_shapes *shapes, const sld_node *node);
int64_t sld_shapes_dim(const sld_shapes *shapes, sld_dim dim, int which);
/* Strides as the value's view gives them; data NULL; dtype SOLDER_NONE for a NULL value. */
sld_tensor sld_shapes_tensor(const sld_shapes *shapes, const sld_value *value, int which);
void sld_shapes_run(const sld_shapes *shapes, const sld_node *node, int which, sld_call *call);

#endif
