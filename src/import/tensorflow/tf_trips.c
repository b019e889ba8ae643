/* SPDX-License-Identifier: Apache-2.0 */
/* How often a loop runs: counters that go up by one, compared with what stays the same. */
#include "base/dtype.h"
#include "import/tensorflow/tf_affine.h"
#include "import/tensorflow/tf_loop.h"

bool sld_tf_int_value(const sld_value *value, int64_t *number)
{
    if (!sld_value_is_constant(value) || value->data_size == 0 ||
        value->data_size != solder_dtype_size(value->dtype) ||
        !sld_dtype_is_integer(value->dtype)) {
        return false;
    }
    *number = sld_load_i64(value->dtype, value->data);
    return true;
}

bool sld_tf_is_counter(const sld_tf_loop_var *var, int64_t *start)
{
    int64_t step;
    const sld_value *a, *b;
    if (var->input == NULL || var->invariant || var->arg.list != NULL ||
        !sld_tf_int_value(var->outer, start)) {
        return false;
    }
    const sld_value *next = sld_tf_stripped(var->next->plain);
    return sld_tf_is_binary(next, SLD_BINARY_SUM, &a, &b) &&
           ((a == var->input && sld_tf_int_value(b, &step)) ||
            (b == var->input && sld_tf_int_value(a, &step))) &&
           step == 1;
}

sld_tf_loop_var *sld_tf_var_of(const sld_tf_loop *loop, const sld_value *input)
{
    for (uint32_t i = 0; i < loop->count; i++) {
        if (input != NULL && loop->vars[i].input == input) {
            return &loop->vars[i];
        }
    }
    return NULL;
}

bool sld_tf_counts_from_zero(const sld_tf_loop *loop, const sld_value *value)
{
    int64_t start;
    const sld_tf_loop_var *var = sld_tf_var_of(loop, sld_tf_stripped(value));
    return var != NULL && sld_tf_is_counter(var, &start) && start == 0;
}

/* ---- the condition ---- */

#define MAX_LIMITS 8

/* Numbers that counters are less than: constants of the body, or values around it. */
typedef struct limits {
    const sld_value *values[MAX_LIMITS];
    int count;
} limits;

static bool add_limit(const sld_tf_loop *loop, const sld_value *value, limits *found)
{
    int64_t number;
    value = sld_tf_stripped(value);
    if (!sld_tf_int_value(value, &number)) {
        const sld_tf_loop_var *var = sld_tf_var_of(loop, value);
        value = var != NULL && var->invariant && var->arg.list == NULL ? var->outer : NULL;
    }
    if (value == NULL || !sld_dtype_is_integer(value->dtype) || found->count == MAX_LIMITS) {
        return false;
    }
    found->values[found->count++] = value;
    return true;
}

/* False if something in the condition is not understood. */
static bool find_limits(const sld_tf_loop *loop, const sld_value *value, int depth, limits *found)
{
    const sld_value *a, *b;
    value = sld_tf_stripped(value);
    if (depth > MAX_LIMITS) {
        return false;
    }
    if (sld_tf_is_binary(value, SLD_BINARY_AND, &a, &b)) {
        return find_limits(loop, a, depth + 1, found) && find_limits(loop, b, depth + 1, found);
    }
    if (sld_tf_is_binary(value, SLD_BINARY_GREATER, &b, &a) ||
        sld_tf_is_binary(value, SLD_BINARY_LESS, &a, &b)) {
        return sld_tf_counts_from_zero(loop, a) && add_limit(loop, b, found);
    }
    return sld_value_is_constant(value) && value->data_size == 1 &&
           *(const uint8_t *)value->data != 0;
}

/* A limit as a dimension around the loop. */
static sld_dim dim_of(const sld_tf_loop *loop, const sld_value *limit)
{
    int64_t number;
    if (sld_tf_int_value(limit, &number)) {
        return sld_expr_const(&loop->around->exprs, number);
    }
    return limit->content != NULL ? limit->content[0] : SLD_DIM_NONE;
}

/* max(1, max over the lengths), or a part of it. */
static bool is_longest(const sld_value *value, const sld_value *lengths, int depth)
{
    const sld_value *a, *b;
    const sld_node *reduce = sld_tf_producer(value, SLD_OP_REDUCE);
    if (reduce != NULL) {
        const sld_reduce_params *p = reduce->params;
        return p->kind == SLD_REDUCE_MAX && sld_tf_stripped(sld_node_in(reduce, 0)) == lengths;
    }
    return depth < MAX_LIMITS && sld_tf_is_binary(value, SLD_BINARY_MAX, &a, &b) &&
           (is_longest(a, lengths, depth + 1) || is_longest(b, lengths, depth + 1));
}

/* A limit as a dimension; with lengths also min(dimension, the longest). */
static sld_dim dim_beyond(const sld_tf_loop *loop, const sld_value *limit, const sld_value *lengths)
{
    const sld_value *a, *b;
    sld_dim dim = dim_of(loop, limit);
    if (dim != SLD_DIM_NONE || lengths == NULL ||
        !sld_tf_is_binary(sld_tf_stripped(limit), SLD_BINARY_MIN, &a, &b)) {
        return dim;
    }
    lengths = sld_tf_stripped(lengths);
    return is_longest(a, lengths, 0)   ? dim_of(loop, b)
           : is_longest(b, lengths, 0) ? dim_of(loop, a)
                                       : SLD_DIM_NONE;
}

sld_dim sld_tf_trips(const sld_tf_loop *loop, const sld_value *lengths)
{
    limits found = {.count = 0};
    if (!find_limits(loop, loop->condition, 0, &found) || found.count == 0) {
        return SLD_DIM_NONE;
    }
    sld_dim trips = dim_beyond(loop, found.values[0], lengths);
    for (int i = 1; i < found.count; i++) {
        sld_dim other = dim_beyond(loop, found.values[i], lengths);
        if (trips == SLD_DIM_NONE || other == SLD_DIM_NONE) {
            return SLD_DIM_NONE;
        }
        trips = trips == other ? trips
                               : sld_expr_make(&loop->around->exprs, SLD_EXPR_MIN, trips, other);
    }
    return trips;
}

sld_value *sld_tf_trip_count(sld_tf_node *node, const sld_tf_loop *loop)
{
    limits found = {.count = 0};
    sld_value *trips = NULL;
    if (!find_limits(loop, loop->condition, 0, &found)) {
        return NULL;
    }
    for (int i = 0; i < found.count && sld_tf_ok(node); i++) {
        int64_t number;
        const sld_value *limit = found.values[i];
        bool known = false;
        for (int j = 0; j < i && !known; j++) {
            sld_dim dim = dim_of(loop, limit);
            known = dim != SLD_DIM_NONE && dim == dim_of(loop, found.values[j]);
        }
        if (known) {
            continue;
        }
        sld_value *value = sld_tf_int_value(limit, &number)
                               ? sld_tf_constant(node, SOLDER_I64, 0, NULL, &number)
                               : sld_tf_cast(node, SOLDER_I64, (sld_value *)(uintptr_t)limit);
        value = sld_tf_as_scalar(node, value);
        trips = trips == NULL ? value : sld_tf_binary(node, SLD_BINARY_MIN, trips, value);
    }
    return trips;
}
