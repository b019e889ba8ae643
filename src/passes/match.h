/* SPDX-License-Identifier: Apache-2.0 */
/* Looking through a network for known formulas, however their constants are spread out. */
#ifndef SLD_PASSES_MATCH_H
#define SLD_PASSES_MATCH_H

#include "passes/rewrite.h"

/* Relative error up to which a constant of a model is taken for the constant of a formula. */
#define SLD_MATCH_TOLERANCE 1e-5

#define SLD_AFFINE_MAX 8

/* The value looked at is a * value + b. */
typedef struct sld_affine {
    sld_value *value;
    double a, b;
} sld_affine;

/*
 * All ways to write value as a * v + b, nearest first, itself included: steps with constants are
 * walked towards the inputs. Returns how many.
 */
int sld_affine_chain(sld_value *value, sld_affine chain[SLD_AFFINE_MAX]);

bool sld_near(double a, double b);

/* The producer of value if it is that Unary, Activation or ElementWise, with no epilogue. */
sld_node *sld_match_unary(const sld_value *value, int32_t kind);
sld_node *sld_match_activation(const sld_value *value, int32_t kind);
sld_node *sld_match_binary(const sld_value *value, int32_t kind);
/* A Reduce of that kind that keeps its dims and scales nothing. */
sld_node *sld_match_reduce(const sld_value *value, int32_t kind);
/* x * x in any spelling: x. */
sld_value *sld_match_square(const sld_value *value);
/* An ElementWise product of two values that are not constant. */
sld_node *sld_match_product(const sld_value *value);

/* recognise_norm.c: tries each of its patterns on node; *fresh is what may replace its output. */
solder_status sld_recognise_norm(sld_graph *graph, sld_node *node, sld_value **fresh);

#endif
