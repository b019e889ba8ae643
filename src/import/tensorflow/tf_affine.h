/* SPDX-License-Identifier: Apache-2.0 */
/* What the values of a loop's body are made of: products, biases, peepholes, activations. */
#ifndef SLD_IMPORT_TENSORFLOW_TF_AFFINE_H
#define SLD_IMPORT_TENSORFLOW_TF_AFFINE_H

#include "import/tensorflow/tf.h"

/* A function of one number. */
typedef struct sld_tf_act {
    bool set;
    int32_t kind; /* sld_act */
    float alpha, beta;
} sld_tf_act;

#define SLD_TF_AFFINE_PARTS 8

/* columns [col, col + width) of source times matrix's rows from row on */
typedef struct sld_tf_term {
    const sld_value *source, *matrix;
    int64_t row, col;
    bool transposed;
} sld_tf_term;

/* [col, col + width) of a constant vector, or one number for all */
typedef struct sld_tf_shift {
    const sld_value *vector;
    int64_t col;
    bool scalar;
} sld_tf_shift;

typedef struct sld_tf_diagonal {
    const sld_value *source, *weights;
} sld_tf_diagonal;

/* The sum of everything in it. product: two values multiplied elementwise, or NULLs. */
typedef struct sld_tf_affine {
    sld_tf_term terms[SLD_TF_AFFINE_PARTS];
    sld_tf_shift shifts[SLD_TF_AFFINE_PARTS];
    sld_tf_diagonal diagonals[2];
    const sld_value *product[2];
    int term_count, shift_count, diagonal_count;
} sld_tf_affine;

/* value without copies around it. */
const sld_value *sld_tf_stripped(const sld_value *value);
/* The node that computes it, if it is one of op. */
const sld_node *sld_tf_producer(const sld_value *value, sld_op op);
/* value = a kind b; a and b stripped. */
bool sld_tf_is_binary(const sld_value *value, int kind, const sld_value **a, const sld_value **b);
/* The same with a and b exchanged if swap. */
bool sld_tf_is_swapped(const sld_value *value, int kind, unsigned swap, const sld_value **a,
                       const sld_value **b);
/* A constant of one element. */
bool sld_tf_number(const sld_value *value, double *number);

/* value = min(max(inner, low), high) in any of its forms, inner stripped. */
bool sld_tf_is_clip(const sld_value *value, double *low, double *high, const sld_value **inner);
/* value = act(inner), inner stripped; SLD_ACT_NONE if nothing else is found. */
void sld_tf_find_activation(const sld_value *value, sld_tf_act *act, const sld_value **inner);
static inline bool sld_tf_same_act(const sld_tf_act *a, const sld_tf_act *b)
{
    return a->kind == b->kind && a->alpha == b->alpha && a->beta == b->beta;
}

/* What value is columns of, from *col on; value itself if it is no slice of columns. */
const sld_value *sld_tf_columns(const sld_value *value, int64_t *col);
/* Takes columns [col, col + width) of value apart; false if something is not understood. */
bool sld_tf_affine_of(const sld_value *value, int64_t col, int64_t width, sld_tf_affine *out);
bool sld_tf_has_source(const sld_tf_affine *a, const sld_value *source);
bool sld_tf_only_source(const sld_tf_affine *a, const sld_value *source);
/* Adds up the terms with the source (NULL: all but other) as [width, rows] in data, zeroed. */
void sld_tf_affine_matrix(const sld_tf_affine *a, const sld_value *source, const sld_value *other,
                          int64_t width, int64_t rows, solder_dtype dtype, void *data);
/* Adds up the shifts as [width] in data, zeroed; false if there are none. */
bool sld_tf_affine_bias(const sld_tf_affine *a, int64_t width, solder_dtype dtype, void *data);

/* Replaces what is computed from constants alone, if it is not larger than those. */
solder_status sld_tf_fold_constants(sld_graph *graph, sld_arena *arena);

#endif
