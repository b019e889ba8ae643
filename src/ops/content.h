/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contents of small integer tensors during inference, and the order between expressions: what
 * Shape -> Gather -> Concat -> Reshape chains need. Proofs use only that symbols are >= 0, so that
 * an answer never changes when a profile does.
 */
#ifndef SLD_OPS_CONTENT_H
#define SLD_OPS_CONTENT_H

#include "ops/op.h"

/* Elements a content array of this shape has; -1 if its rank or size allows none. */
int sld_content_count(const sld_infer *infer, const sld_shape *shape);

/*
 * Gives output `index`, whose dtype and shape are set, a content array of unknown elements;
 * *content is NULL if such a tensor has none.
 */
solder_status sld_content_make(sld_infer *infer, uint32_t index, sld_dim **content);

/* Output `index` has the elements of input `from` in the same order. */
void sld_content_copy(sld_infer *infer, uint32_t index, uint32_t from);

/*
 * Elements of an optional list input (i32 or i64), any INT64 value. constant[i] says whether
 * value[i] is valid, expr[i] is the expression or SLD_DIM_NONE. Fails if the count is not known,
 * is over max, or the input is no list of integers; what names the list in messages.
 */
typedef struct sld_list {
    int count;
    bool constant[2 * SOLDER_MAX_RANK];
    int64_t value[2 * SOLDER_MAX_RANK];
    sld_dim expr[2 * SOLDER_MAX_RANK];
} sld_list;
solder_status sld_list_read(const sld_infer *infer, uint32_t index, int max, const char *what,
                            sld_list *list);
/* The same from an attribute. */
void sld_list_set(const sld_infer *infer, sld_list *list, int count, const int64_t *values);
/* SOLDER_ERROR_UNSUPPORTED unless every element is a constant. */
solder_status sld_list_constant(const sld_infer *infer, const sld_list *list, const char *what);

/* A lower bound of e for all values of its symbols; INT64_MIN if none is known. */
int64_t sld_dim_lower(const sld_expr_table *exprs, sld_dim e);
/* Is a <= b certain? */
bool sld_dim_le(sld_expr_table *exprs, sld_dim a, sld_dim b);
/* min and max, decided where they can be. */
sld_dim sld_dim_min(sld_expr_table *exprs, sld_dim a, sld_dim b);
sld_dim sld_dim_max(sld_expr_table *exprs, sld_dim a, sld_dim b);

/* Fails with "input i has type x; expected y" unless accept(dtype). */
solder_status sld_infer_type(const sld_infer *infer, uint32_t index, bool (*accept)(solder_dtype),
                             const char *expected);
bool sld_type_any(solder_dtype dtype);
bool sld_type_bool(solder_dtype dtype);
bool sld_type_number(solder_dtype dtype); /* float or integer */
bool sld_type_index(solder_dtype dtype);  /* i32 i64 */
/* Fails unless inputs a and b have one dtype. */
solder_status sld_infer_same_type(const sld_infer *infer, uint32_t a, uint32_t b);

#endif
