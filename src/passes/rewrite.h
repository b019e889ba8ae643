/* SPDX-License-Identifier: Apache-2.0 */
/* What several passes need to match and to rewrite. */
#ifndef SLD_PASSES_REWRITE_H
#define SLD_PASSES_REWRITE_H

#include "graph/graph.h"
#include "kernels/params.h"

/* The node that computes value if it is of that operator, else NULL. */
static inline sld_node *sld_producer(const sld_value *value, sld_op op)
{
    return value != NULL && value->kind == SLD_VALUE_NODE && value->producer->op == op
               ? value->producer
               : NULL;
}

/* Same element type and, as expressions, same dims. */
bool sld_same_shape(const sld_value *a, const sld_value *b);

/* The epilogue among the node's parameters; NULL if its operator has none. */
sld_epilogue *sld_node_epilogue(const sld_node *node);
/* An epilogue that does nothing, or no epilogue at all. */
bool sld_node_plain(const sld_node *node);

/* A float type whose weights may be recomputed: f32 or f64. */
static inline bool sld_dtype_foldable(solder_dtype dtype)
{
    return dtype == SOLDER_F32 || dtype == SOLDER_F64;
}

/* Elements of a constant. */
size_t sld_constant_count(const sld_value *value);
static inline double sld_constant_at(const sld_value *value, size_t index)
{
    return sld_load_f64(value->dtype,
                        (const char *)value->data + index * solder_dtype_size(value->dtype));
}
/* A float constant, not empty, whose elements are all the same number: *number. */
bool sld_constant_uniform(const sld_value *value, double *number);

/* A fresh constant of count elements, converted from numbers. */
solder_status sld_add_vector(sld_graph *graph, const char *name, solder_dtype dtype,
                             const double *numbers, size_t count, sld_value **value);

/*
 * fresh is from now on what old was in the network: for its users, among the outputs, and by name,
 * so that a step reports the name of the value it computes.
 */
solder_status sld_take_over(sld_graph *graph, sld_value *old, sld_value *fresh);

/* into does from's work too from now on: "conv1 + relu1". */
solder_status sld_join_source(sld_graph *graph, sld_node *into, const sld_node *from);

/*
 * A Reshape of x to the dims of like, described by attributes only, before `before`. *value is NULL
 * if attributes cannot say it (two dims that only a shape input knows).
 */
solder_status sld_add_reshape(sld_graph *graph, sld_node *before, const char *name, sld_value *x,
                              const sld_shape *like, sld_value **value);

/* A copy of x (Unary identity) before `before`. */
solder_status sld_add_copy(sld_graph *graph, sld_node *before, const char *name, sld_value *x,
                           sld_value **value);

/* What a Slice takes of each axis. False if that is only known at run time. */
bool sld_slice_region(sld_graph *graph, const sld_node *node, sld_dim *start, int64_t *step);

#endif
