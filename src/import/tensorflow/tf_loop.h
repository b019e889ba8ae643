/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of tensors (TensorList, TensorArray), and loops whose bodies are functions. */
#ifndef SLD_IMPORT_TENSORFLOW_TF_LOOP_H
#define SLD_IMPORT_TENSORFLOW_TF_LOOP_H

#include "import/tensorflow/tf.h"

typedef struct sld_tf_loop sld_tf_loop;

/*
 * A list at one point of the graph: lists are values here, a write makes another one. It is one of
 * - before with one write (item at index; at the end if index is NULL),
 * - what a loop's body is given at the start of an iteration (loop),
 * - elements, one above the other along axis 0,
 * - joined, elements of different extent in axis 0, one behind the other,
 * - count elements of zeros, if nothing is set.
 */
struct sld_tf_list {
    solder_dtype dtype;
    sld_tf_shape element; /* rank -1: not known */
    bool grows;           /* count is only where it starts */
    bool stretches;       /* a write behind its end makes it longer */
    sld_value *count;     /* integer scalar */
    sld_value *elements;
    sld_value *joined, *lengths;
    const sld_tf_list *before;
    sld_value *index, *item;
    uint32_t writes; /* before and with this one */
    sld_tf_loop *loop;
    uint32_t var;
};

typedef struct sld_tf_loop_var {
    sld_tf_tensor *initial; /* before the loop */
    sld_tf_tensor arg;      /* at the start of an iteration */
    sld_tf_tensor *next;    /* at its end */
    sld_tf_list list;       /* arg's, if it is one */
    bool invariant;         /* next is arg */
    /* The body's input for arg, or for the list's elements; made when first asked for. */
    sld_value *input;
    sld_value *outer;  /* what it is to begin with; for invariants always */
    uint32_t changing; /* dims that differ between iterations */
} sld_tf_loop_var;

struct sld_tf_loop {
    const sld_tf_node *node;
    sld_tf_loop_var *vars;
    uint32_t count;
    sld_graph *around, *body;
    sld_value *condition; /* to run an iteration, from what it starts with */
    const sld_tf_function *cond_function, *body_function;
    const char *prefix; /* of names in them */
};

/* ---- tf_list.c ---- */

/* NULL after a failure. */
sld_tf_list *sld_tf_list_in(sld_tf_node *node, uint32_t index);
void sld_tf_set_list(sld_tf_node *node, uint32_t index, const sld_tf_list *list);
/* The elements one above the other, as a value of tf->graph. */
sld_value *sld_tf_list_elements(sld_tf_node *node, const sld_tf_list *list);
/* i64 [1]: how many of count elements are missing when some are written, none if it stretched. */
sld_value *sld_tf_list_missing(sld_tf_node *node, const sld_tf_list *list, sld_value *count,
                               sld_value *written);
/* Is value the numbers from 0 to count - 1, count being the first dim of elements? */
bool sld_tf_counts_all(const sld_graph *graph, const sld_value *indices, const sld_value *elements);

/* ---- tf_while.c ---- */

/* The elements of a list that a body is given. */
sld_value *sld_tf_loop_elements(sld_tf_node *node, const sld_tf_list *list);
/* The number of elements it was made with. */
sld_value *sld_tf_loop_size(sld_tf_node *node, const sld_tf_list *list);
/* Whether to run an iteration, before the first (a value around the loop) or after one. */
sld_value *sld_tf_loop_condition(sld_tf_node *node, sld_tf_loop *loop, bool before);

/* ---- tf_trips.c ---- */

/* A constant of one integer. */
bool sld_tf_int_value(const sld_value *value, int64_t *number);
/* Goes up by one from where it starts. */
bool sld_tf_is_counter(const sld_tf_loop_var *var, int64_t *start);
/* The variable whose input it is, or NULL. */
sld_tf_loop_var *sld_tf_var_of(const sld_tf_loop *loop, const sld_value *input);
/* Is value the number of the iteration? */
bool sld_tf_counts_from_zero(const sld_tf_loop *loop, const sld_value *value);
/* Iterations, as a dimension around the loop; SLD_DIM_NONE if they are not known. With lengths, of
 * the graph around, iterations behind the longest of them may be counted too. */
sld_dim sld_tf_trips(const sld_tf_loop *loop, const sld_value *lengths);
/* The same as a value, NULL if the loop does not count. */
sld_value *sld_tf_trip_count(sld_tf_node *node, const sld_tf_loop *loop);

/* ---- tf_general.c ---- */

/* Emits a Loop and sets the node's outputs. False if the body has to be converted again with what
 * is said to change, or after a failure. */
bool sld_tf_emit_loop(sld_tf_node *node, sld_tf_loop *loop);

/* ---- tf_cell.c ---- */

/*
 * If the loop runs recurrent cells over all elements of a list, emits them as LSTM, GRU and RNN,
 * sets the node's outputs, and returns true. False, and nothing emitted, if not.
 */
bool sld_tf_recurrent(sld_tf_node *node, sld_tf_loop *loop);

#endif
