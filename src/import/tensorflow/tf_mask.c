/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Masks of loops, found and undone: an operator runs over the steps that count, put together at the
 * front, for as many steps as each sequence has; what it gives is put back afterwards.
 */
#include "import/tensorflow/tf_mask.h"

#include "import/tensorflow/tf_affine.h"

/* ---- finding ---- */

/* All dims but the first are 1. */
static bool is_column(const sld_value *value)
{
    for (int i = 1; i < value->shape.rank; i++) {
        int64_t dim;
        if (!sld_expr_is_const(&value->graph->exprs, value->shape.d[i], &dim) || dim != 1) {
            return false;
        }
    }
    return value->shape.rank >= 1;
}

#define MAX_COPIES 8

/* One condition per sequence, of which value is copies along other axes; NULL if it is not. */
static const sld_value *condition_of(const sld_value *value)
{
    value = sld_tf_stripped(value);
    for (int i = 0; value != NULL && i < MAX_COPIES; i++) {
        bool made = value->kind == SLD_VALUE_NODE && value->producer->in_count > 0;
        sld_op op = made ? value->producer->op : SLD_OP_FILL;
        if (op != SLD_OP_RESHAPE && op != SLD_OP_TILE && op != SLD_OP_EXPAND) {
            break;
        }
        const sld_value *from = sld_tf_stripped(sld_node_in(value->producer, 0));
        if (from == NULL || from->shape.rank < 1 || value->shape.rank < 1 || !is_column(from) ||
            (op == SLD_OP_RESHAPE ? !is_column(value) : from->shape.d[0] != value->shape.d[0]) ||
            (op == SLD_OP_EXPAND && from->shape.rank != value->shape.rank)) {
            break;
        }
        value = from;
    }
    return value != NULL && is_column(value) && value->dtype == SOLDER_BOOL ? value : NULL;
}

/* The step's number against lengths. */
static bool compares(const sld_tf_loop *loop, sld_tf_mask *mask)
{
    static const struct {
        int kind;
        bool step_first, when;
    } forms[] = {{SLD_BINARY_LESS, true, true},
                 {SLD_BINARY_GREATER, false, true},
                 {SLD_BINARY_GREATER_EQUAL, true, false},
                 {SLD_BINARY_LESS_EQUAL, false, false}};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(forms); i++) {
        const sld_value *step, *lengths;
        if (sld_tf_is_swapped(mask->condition, forms[i].kind, !forms[i].step_first, &step,
                              &lengths) &&
            sld_tf_counts_from_zero(loop, step) && sld_dtype_is_integer(lengths->dtype) &&
            lengths->shape.rank == 1) {
            mask->lengths = lengths;
            mask->when = forms[i].when;
            return sld_tf_mask_lengths(loop, mask) != NULL;
        }
    }
    return false;
}

/* The list of which it is the element of this iteration. */
static const sld_tf_loop_var *list_of(const sld_tf_loop *loop, const sld_value *condition)
{
    const sld_node *gather = sld_tf_producer(condition, SLD_OP_GATHER);
    if (gather == NULL) {
        return NULL;
    }
    const sld_gather_params *p = gather->params;
    const sld_tf_loop_var *var = sld_tf_var_of(loop, sld_node_in(gather, 0));
    bool element = var != NULL && var->invariant && var->arg.list != NULL &&
                   p->kind == SLD_GATHER_AXIS && p->axis == 0 &&
                   sld_tf_counts_from_zero(loop, sld_node_in(gather, 1));
    return element ? var : NULL;
}

bool sld_tf_masked(const sld_tf_loop *loop, const sld_value *value, sld_tf_mask *mask,
                   const sld_value **fresh, const sld_value **held)
{
    const sld_node *select = sld_tf_producer(sld_tf_stripped(value), SLD_OP_SELECT);
    if (select == NULL) {
        return false;
    }
    const sld_value *out = select->out[0], *condition = sld_node_in(select, 0);
    if (out->shape.rank != 2 || condition->shape.rank != 2 ||
        condition->shape.d[0] != out->shape.d[0]) {
        return false;
    }
    *mask = (sld_tf_mask){.condition = condition_of(condition)};
    if (mask->condition == NULL) {
        return false;
    }
    mask->list = list_of(loop, mask->condition);
    mask->when = mask->list != NULL;
    if (mask->list == NULL && !compares(loop, mask)) {
        return false;
    }
    *fresh = sld_tf_stripped(sld_node_in(select, mask->when ? 1 : 2));
    *held = sld_tf_stripped(sld_node_in(select, mask->when ? 2 : 1));
    return true;
}

bool sld_tf_same_mask(const sld_tf_mask *a, const sld_tf_mask *b)
{
    return a->lengths == b->lengths && a->list == b->list;
}

const sld_value *sld_tf_mask_lengths(const sld_tf_loop *loop, const sld_tf_mask *mask)
{
    const sld_tf_loop_var *var = sld_tf_var_of(loop, mask->lengths);
    if (sld_value_is_constant(mask->lengths)) {
        return mask->lengths;
    }
    return var != NULL && var->invariant && var->arg.list == NULL ? var->outer : NULL;
}

/* ---- emitting ---- */

static sld_value *binary(sld_tf_node *node, int kind, sld_value *a, sld_value *b)
{
    return sld_tf_binary(node, kind, a, b);
}

static sld_value *number(sld_tf_node *node, int64_t value)
{
    return sld_tf_constant(node, SOLDER_I64, 0, NULL, &value);
}

/* 0, 1, 2 ... along axis 0, as [T, 1]. */
static sld_value *step_numbers(sld_tf_node *node, sld_value *x)
{
    return sld_tf_unsqueeze(node, sld_tf_count_along(node, x, 0), 1, 1);
}

/* i64 [T, N] with the number of the sequence beside each: [T, N, 2]. */
static sld_value *indices(sld_tf_node *node, sld_value *step, sld_value *x)
{
    sld_value *none = binary(node, SLD_BINARY_PROD, step, number(node, 0));
    sld_value *sequence = binary(node, SLD_BINARY_SUM, none, sld_tf_count_along(node, x, 1));
    sld_value *both[2] = {sld_tf_unsqueeze(node, step, 2, 1),
                          sld_tf_unsqueeze(node, sequence, 2, 1)};
    return sld_tf_concat(node, both, 2, 2);
}

/* A length of more than all steps is all steps. */
static void emit_lengths(sld_tf_node *node, const sld_value *given, sld_value *x,
                         sld_tf_steps *steps)
{
    const sld_shape_params first = {.start = 0, .end = 1};
    sld_value *lengths = (sld_value *)(uintptr_t)given;
    if (sld_value_is_constant(given) && given->graph != node->tf->graph) {
        int64_t count;
        (void)sld_expr_is_const(&given->graph->exprs, given->shape.d[0], &count);
        lengths = sld_tf_constant(node, given->dtype, 1, &count, given->data);
    }
    lengths = sld_tf_column(node, lengths, x, 1, 1);
    sld_value *all = sld_tf_emit(node, SLD_OP_SHAPE, &first, &x, 1);
    lengths = binary(node, SLD_BINARY_MAX, sld_tf_cast(node, SOLDER_I64, lengths), number(node, 0));
    steps->lengths = binary(node, SLD_BINARY_MIN, lengths, all);
    sld_value *last = binary(node, SLD_BINARY_SUB, steps->lengths, number(node, 1));
    last = binary(node, SLD_BINARY_MAX, last, number(node, 0));
    last = binary(node, SLD_BINARY_MIN, step_numbers(node, x), last);
    steps->latest = indices(node, last, x);
}

static void emit_order(sld_tf_node *node, sld_value *list, sld_value *x, sld_tf_steps *steps)
{
    const sld_cumulative_params along = {.axis = 0};
    const sld_scatter_params nd = {.kind = SLD_SCATTER_ND};
    sld_value *counts = sld_tf_rearrange(node, list, (const int[]){0, 1}, 2);
    sld_value *one = sld_tf_cast(node, SOLDER_I64, counts);
    sld_value *seen = sld_tf_emit(node, SLD_OP_CUMULATIVE, &along, &one, 1);
    sld_value *step = step_numbers(node, x);
    sld_value *latest = binary(node, SLD_BINARY_SUB, seen, number(node, 1));
    steps->lengths = sld_tf_reduce(node, SLD_REDUCE_SUM, 1, one);
    /* Where a step goes: behind those that count before it, or behind all that count. */
    sld_value *behind = binary(node, SLD_BINARY_SUB, step, seen);
    behind = binary(node, SLD_BINARY_SUM, steps->lengths, behind);
    sld_value *place = sld_tf_select(node, counts, latest, behind);
    sld_value *none = binary(node, SLD_BINARY_PROD, one, number(node, 0));
    sld_value *in[3] = {none, indices(node, place, x), binary(node, SLD_BINARY_SUM, none, step)};
    steps->order = indices(node, sld_tf_emit(node, SLD_OP_SCATTER, &nd, in, 3), x);
    latest = binary(node, SLD_BINARY_MAX, latest, number(node, 0));
    steps->latest = indices(node, latest, x);
    steps->counts = sld_tf_unsqueeze(node, counts, 2, 1);
    steps->begun =
        sld_tf_unsqueeze(node, binary(node, SLD_BINARY_GREATER, seen, number(node, 0)), 2, 1);
}

void sld_tf_emit_mask(sld_tf_node *node, const sld_tf_loop *loop, const sld_tf_mask *mask,
                      sld_value *x, sld_tf_steps *steps)
{
    *steps = (sld_tf_steps){.order = NULL};
    if (mask->list != NULL) {
        emit_order(node, mask->list->outer, x, steps);
    } else {
        emit_lengths(node, sld_tf_mask_lengths(loop, mask), x, steps);
    }
}

static sld_value *gather(sld_tf_node *node, sld_value *x, sld_value *at)
{
    const sld_gather_params nd = {.kind = SLD_GATHER_ND};
    return sld_tf_emit(node, SLD_OP_GATHER, &nd, (sld_value *[]){x, at}, 2);
}

sld_value *sld_tf_ordered(sld_tf_node *node, const sld_tf_steps *steps, sld_value *x)
{
    return steps->order != NULL ? gather(node, x, steps->order) : x;
}

sld_value *sld_tf_unordered(sld_tf_node *node, const sld_tf_steps *steps, sld_value *y, bool held)
{
    if (steps->order == NULL) { /* an operator gives 0 behind the end itself */
        return held ? gather(node, y, steps->latest) : y;
    }
    sld_value *zero = sld_tf_ok(node) ? sld_tf_scalar(node, y->dtype, 0) : NULL;
    return sld_tf_select(node, held ? steps->begun : steps->counts, gather(node, y, steps->latest),
                         zero);
}
