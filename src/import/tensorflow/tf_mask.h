/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps of a loop that do not count for some of its sequences: sequence lengths of TensorFlow 1,
 * masks of Keras. A state keeps its value over such a step, select(condition, new, old).
 */
#ifndef SLD_IMPORT_TENSORFLOW_TF_MASK_H
#define SLD_IMPORT_TENSORFLOW_TF_MASK_H

#include "import/tensorflow/tf_loop.h"

typedef struct sld_tf_mask {
    const sld_value *condition;  /* of a step, in the body: [N] or [N, 1]; NULL: all steps count */
    bool when;                   /* what it is for steps that count */
    const sld_value *lengths;    /* it compares the step's number with these, in the body, ... */
    const sld_tf_loop_var *list; /* ... or is this list's element */
} sld_tf_mask;

/* Is value select(mask, fresh, held)? */
bool sld_tf_masked(const sld_tf_loop *loop, const sld_value *value, sld_tf_mask *mask,
                   const sld_value **fresh, const sld_value **held);
bool sld_tf_same_mask(const sld_tf_mask *a, const sld_tf_mask *b);
/* The lengths as a value around the loop, or a constant of its body; NULL if they are computed in
 * it. */
const sld_value *sld_tf_mask_lengths(const sld_tf_loop *loop, const sld_tf_mask *mask);

/* The same around the loop. Indices are [T, N, 2]: step and sequence. */
typedef struct sld_tf_steps {
    sld_value *lengths; /* i64 [N]: steps that count */
    sld_value *order;   /* those first, then the others; NULL: they stand so already */
    sld_value *latest;  /* of each step the last in that order that counts, 0 if none does */
    sld_value *counts;  /* bool [T, N, 1]; NULL without order */
    sld_value *begun;   /* bool [T, N, 1]: there is a latest one; NULL without order */
} sld_tf_steps;

/* x is any sequence [T, N, ...] of the loop. */
void sld_tf_emit_mask(sld_tf_node *node, const sld_tf_loop *loop, const sld_tf_mask *mask,
                      sld_value *x, sld_tf_steps *steps);
/* x with the steps that count first. */
sld_value *sld_tf_ordered(sld_tf_node *node, const sld_tf_steps *steps, sld_value *x);
/* y, in that order, back in the loop's: 0 in steps that do not count, or, if held, the value of the
 * last step that did. */
sld_value *sld_tf_unordered(sld_tf_node *node, const sld_tf_steps *steps, sld_value *y, bool held);

#endif
