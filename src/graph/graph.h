/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network: an SSA graph in an arena. Values have one producer (a node, an input, a constant);
 * nodes stand in a list that is always in topological order. Importers and passes edit it only
 * through this header. Nothing here is thread-safe.
 */
#ifndef SLD_GRAPH_GRAPH_H
#define SLD_GRAPH_GRAPH_H

#include "kernels/control/control.h"
#include "kernels/plugin/plugin_params.h"
#include "ops/op.h"

typedef struct sld_graph sld_graph;
typedef struct sld_node sld_node;
typedef struct sld_value sld_value;

typedef enum sld_value_kind {
    SLD_VALUE_NODE = 0,
    SLD_VALUE_INPUT,
    SLD_VALUE_CONSTANT
} sld_value_kind;

/* One input slot of a node, linked into its value's list of uses. value NULL: absent. */
typedef struct sld_use {
    sld_value *value;
    sld_node *node;
    uint32_t slot;
    struct sld_use *next, *previous;
} sld_use;

/* How a value lives inside another's memory (set by the views pass). */
typedef enum sld_view_kind {
    SLD_VIEW_NONE = 0,
    SLD_VIEW_REGION,   /* same rank: starts at start[i], every step[i]-th element of parent */
    SLD_VIEW_RESHAPE,  /* the same contiguous bytes, other dims */
    SLD_VIEW_TRANSPOSE /* axis i is axis step[i] of parent */
} sld_view_kind;

typedef struct sld_view {
    sld_view_kind kind;
    sld_value *parent;
    sld_dim start[SOLDER_MAX_RANK];
    int32_t step[SOLDER_MAX_RANK]; /* regions: > 0; transposes: a permutation */
} sld_view;

struct sld_value {
    sld_value_kind kind;
    const char *name; /* unique in the graph */
    solder_dtype dtype;
    sld_shape shape;
    const sld_dim *content; /* see sld_fact */
    /* constants: contiguous bytes, borrowed from a mapped file or owned by the arena */
    const void *data;
    size_t data_size;
    sld_node *producer; /* SLD_VALUE_NODE */
    uint32_t output;    /* index among the producer's outputs */
    sld_use *uses;
    uint32_t use_count;
    bool is_output; /* of the graph */
    bool is_nhwc; /* graph input or output: the caller's tensor is NHWC (builder adds transpose) */
    sld_view view;
    /* set by memory_plan: byte offset in the activation arena of a value that owns memory */
    int64_t arena_offset;       /* -1: none */
    sld_graph *graph;           /* its owner */
    sld_value *next, *previous; /* all values, in order of creation */
    uint32_t id;
};

struct sld_node {
    sld_op op;
    const char *name;   /* unique in the graph; the source model's name where it has one */
    const char *source; /* "Conv 'conv1'" or fused sources "conv1 + relu1" for reports */
    void *params;
    sld_use *in;
    uint32_t in_count;
    sld_value **out;
    uint32_t out_count;
    /* If: then, else; Loop: its body. Owned by the graph, of networks whose inputs and outputs are
     * positional; see control.h in kernels for which those are. */
    sld_graph **bodies;
    uint32_t body_count;
    bool elided; /* its outputs are views: no kernel runs */
    sld_node *next, *previous;
    uint32_t id;
};

struct sld_graph {
    const solder_allocator *allocator;
    sld_diag *diag;
    sld_arena arena;
    sld_expr_table exprs;
    const char *name;
    sld_node *first, *last;
    uint32_t node_count;
    sld_value *values, *last_value;
    sld_value **inputs;
    size_t input_count, input_capacity;
    sld_value **outputs;
    size_t output_count, output_capacity;
    uint32_t next_id;
    struct sld_names *value_names, *node_names;
    const struct sld_plugins *plugins; /* for reading text; NULL: the shipped ones */
    int64_t arena_bytes; /* set by memory_plan: activation bytes at the profile's maximum */
    sld_graph *owner;    /* of a body */
    sld_graph *first_body, *next_body; /* bodies it owns; the next of its owner */
    int depth;                         /* owners above it */
};

/* diag must outlive the graph. */
solder_status sld_graph_create(const solder_allocator *allocator, sld_diag *diag,
                               sld_graph **graph);
void sld_graph_destroy(sld_graph *graph);

/* Names are copied and made unique with a suffix if taken (NULL or "": made up). */
solder_status sld_graph_add_input(sld_graph *graph, const char *name, solder_dtype dtype,
                                  const sld_shape *shape, sld_value **value);
/* data is borrowed for the graph's life unless copy; size follows from dtype and dims. */
solder_status sld_graph_add_constant(sld_graph *graph, const char *name, solder_dtype dtype,
                                     int rank, const int64_t *dims, const void *data, bool copy,
                                     sld_value **value);
/*
 * Makes a node before `before` (NULL: at the end), infers its outputs, and gives them the names
 * "name" (or "name:1"...) until renamed. params is copied (NULL: defaults). in[i] NULL: absent.
 */
solder_status sld_graph_add_node(sld_graph *graph, sld_node *before, sld_op op, const char *name,
                                 const void *params, sld_value *const *in, uint32_t in_count,
                                 uint32_t out_count, sld_node **node);
/* The common case: one output. */
solder_status sld_graph_add(sld_graph *graph, sld_node *before, sld_op op, const char *name,
                            const void *params, sld_value *const *in, uint32_t in_count,
                            sld_value **value);
/* ---- bodies (control.c) ---- */

/*
 * An empty body for a node of owner. It belongs to owner from the start, with owner's allocator and
 * diag, and dies with it, used or not. Fill it like any network; its inputs and outputs count by
 * position.
 */
solder_status sld_graph_body_create(sld_graph *owner, const char *name, sld_graph **body);
/*
 * Adds the input of a body that stands for a value of its owner, of its type and dims: numbers stay
 * numbers, everything else becomes a symbol of the body, the same for equal dims.
 */
solder_status sld_graph_body_input(sld_graph *body, const char *name, const sld_value *outer,
                                   sld_value **value);
/* The same for a slice of it along axis 0. */
solder_status sld_graph_body_slice(sld_graph *body, const char *name, const sld_value *outer,
                                   sld_value **value);
/*
 * The same for the carried value of a loop: dims of `changing` (bit i: dim i) differ between
 * iterations and are open. See sld_graph_carried_changes.
 */
solder_status sld_graph_body_carried(sld_graph *body, const char *name, const sld_value *outer,
                                     uint32_t changing, sld_value **value);
/*
 * Dims in which output `index` (the body's: carried value i is 1 + i) differs from the input at the
 * same place. An importer that chooses by dims builds a body, asks this for every carried value,
 * and as long as a bit is new builds another with those bits too. SOLDER_ERROR_DATA if type or rank
 * differ.
 */
solder_status sld_graph_carried_changes(const sld_graph *body, uint32_t index, uint32_t *changing);
/* A constant of the owner in the body: the bytes are shared. */
solder_status sld_graph_body_constant(sld_graph *body, const sld_value *outer, sld_value **value);
/* The next output: value, or a copy of it if it is an output already or no node computes it. */
solder_status sld_graph_body_output(sld_graph *body, sld_value *value);

/*
 * captured[i] belongs to input i of both bodies, which give the node's outputs; of a refused body
 * only their number, types and ranks count. params NULL: none is refused.
 */
solder_status sld_graph_add_if(sld_graph *graph, sld_node *before, const char *name,
                               const sld_if_params *params, sld_value *condition,
                               sld_value *const *captured, uint32_t count, sld_graph *then_body,
                               sld_graph *else_body, sld_node **node);
/* in: trip count or NULL, condition or NULL, carried..., scanned..., captured... */
solder_status sld_graph_add_loop(sld_graph *graph, sld_node *before, const char *name,
                                 const sld_loop_params *params, sld_value *const *in,
                                 uint32_t in_count, sld_graph *body, sld_node **node);
/* Either, by operator: for copies and readers. */
solder_status sld_graph_add_control(sld_graph *graph, sld_node *before, sld_op op, const char *name,
                                    const void *params, sld_value *const *in, uint32_t in_count,
                                    sld_graph *const *bodies, sld_node **node);
/* Bodies a node of the operator has: 0 for all but If and Loop. */
uint32_t sld_op_body_count(sld_op op);

/*
 * A node of a plugin (plugin_node.c). Attributes are found by name or alias, also with the first
 * part of a path ("prior_box_param.flip") left out; one it does not have is an error. Inputs of a
 * type it does not take are cast where every value stays the same. out_count 0: as few as it has.
 */
solder_status sld_graph_add_plugin(sld_graph *graph, sld_node *before, const solder_plugin *plugin,
                                   const char *name, sld_value *const *in, uint32_t in_count,
                                   const solder_attribute *attributes, size_t attribute_count,
                                   uint32_t out_count, sld_node **node);
/* Dims of a weight that a model lacks: input number input, behind the in_count given ones. */
solder_status sld_graph_plugin_weight(sld_graph *graph, const solder_plugin *plugin,
                                      const char *name, sld_value *const *in, uint32_t in_count,
                                      const solder_attribute *attributes, size_t attribute_count,
                                      uint32_t input, solder_dims *dims);
/* By name or alias; ignored ones also by what lies below them. NULL: none. */
const solder_plugin_attribute *sld_graph_plugin_attribute(const solder_plugin *plugin,
                                                          const char *name);
/* Fresh parameters of a plugin with its defaults, in the arena; NULL without memory. */
sld_plugin_params *sld_graph_plugin_params(sld_graph *graph, const solder_plugin *plugin);
solder_status sld_graph_mark_output(sld_graph *graph, sld_value *value);
/* Renames; fails with SOLDER_ERROR_ARGUMENT if another value has the name. */
solder_status sld_graph_rename(sld_graph *graph, sld_value *value, const char *name);
solder_status sld_graph_swap_names(sld_graph *graph, sld_value *a, sld_value *b);
/* The value of that name, or NULL. */
sld_value *sld_graph_find_value(const sld_graph *graph, const char *name);

/* Edits. set_input re-links uses only; call sld_graph_infer_node after a change of meaning. */
void sld_graph_set_input(sld_node *node, uint32_t slot, sld_value *value);
/* Appends an input slot or removes the trailing absent ones. */
solder_status sld_graph_resize_inputs(sld_graph *graph, sld_node *node, uint32_t in_count);
/* Every use of old, and its place among the graph's outputs, becomes fresh. If old is a graph
 * output, fresh takes over its name. */
solder_status sld_graph_replace(sld_graph *graph, sld_value *old, sld_value *fresh);
/* The node's outputs must have no uses and not be graph outputs. */
void sld_graph_remove_node(sld_graph *graph, sld_node *node);
void sld_graph_move_before(sld_graph *graph, sld_node *node, sld_node *before);
/* Re-runs inference for one node, or all in order. */
solder_status sld_graph_infer_node(sld_graph *graph, sld_node *node);
solder_status sld_graph_infer_all(sld_graph *graph);
/* Removes nodes and constants without users. */
void sld_graph_sweep(sld_graph *graph);

/* Copies everything, constants' bytes borrowed from the original. */
solder_status sld_graph_clone(const sld_graph *graph, sld_diag *diag, sld_graph **copy);
/* The same with symbols replaced by constants: fixed[i] for symbol i, SLD_EXPR_UNKNOWN stays open.
 */
solder_status sld_graph_specialize(const sld_graph *graph, sld_diag *diag, const int64_t *fixed,
                                   sld_graph **copy);

/* Checks every invariant: SSA, topological order, uses, arity, names, shapes equal a fresh
 * inference. SOLDER_ERROR_INTERNAL with text if broken. */
solder_status sld_graph_verify(sld_graph *graph);

/* ---- small questions ---- */
static inline sld_value *sld_node_in(const sld_node *node, uint32_t slot)
{
    return slot < node->in_count ? node->in[slot].value : NULL;
}
/* The attributes of a node, an operator's or a plugin's: their table, and where they lie. */
typedef struct sld_node_attrs {
    const sld_attr *attrs;
    uint32_t count;
    size_t size;
    void *values;
} sld_node_attrs;
sld_node_attrs sld_node_get_attrs(sld_op op, void *params);
/* Does the node read nothing of that input but its type and dims? */
bool sld_node_reads_dims_alone(const sld_node *node, uint32_t input);
/* "Convolution"; the plugin's own name. */
const char *sld_node_type(const sld_node *node);
/* The only user of a value that is no graph output, else NULL. */
sld_node *sld_value_single_user(const sld_value *value);
bool sld_value_is_constant(const sld_value *value);
/* All dims constant: fills dims. */
bool sld_value_static_dims(const sld_graph *graph, const sld_value *value, int64_t *dims);
static inline sld_dim sld_graph_dim(sld_graph *graph, int64_t value)
{
    return sld_expr_const(&graph->exprs, value);
}

/* ---- text form (text.c): see docs/architecture.md ---- */
typedef struct sld_text {
    char *data;
    size_t size, capacity;
    const solder_allocator *allocator;
} sld_text;
solder_status sld_text_printf(sld_text *text, const char *format, ...) SLD_PRINTF(2, 3);
void sld_text_free(sld_text *text);
/* Prints; constants over 16 elements print as a digest unless full. */
solder_status sld_graph_print(const sld_graph *graph, bool full, sld_text *text);
/* Reads what print(full) writes, and hand-written text. */
solder_status sld_graph_read(const solder_allocator *allocator, sld_diag *diag, const char *text,
                             size_t size, sld_graph **graph);
/* The same with plugins beside the shipped ones; they must outlive the graph. */
solder_status sld_graph_read_with(const solder_allocator *allocator, sld_diag *diag,
                                  const struct sld_plugins *plugins, const char *text, size_t size,
                                  sld_graph **graph);

/* ---- evaluator (evaluate.c) ---- */
/*
 * Runs the graph on reference kernels. inputs[i] belongs to graph->inputs[i] with dims, strides and
 * data set; symbols are bound from their dims (a contradiction is SOLDER_ERROR_ARGUMENT).
 * observe, if given, sees every node's outputs as they are computed. outputs[i] are filled with
 * memory from arena. Views and memory plans are ignored.
 */
typedef solder_status (*sld_observe)(void *user, const sld_node *node, const sld_tensor *outputs);
solder_status sld_graph_evaluate(const sld_graph *graph, sld_diag *diag, sld_pool *pool,
                                 const sld_tensor *inputs, sld_arena *arena, sld_tensor *outputs,
                                 sld_observe observe, void *user);
/* Runs one node on constant inputs: for folding. */
solder_status sld_node_evaluate(const sld_graph *graph, const sld_node *node, sld_arena *arena,
                                sld_tensor *outputs);

#endif
