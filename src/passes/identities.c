/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     x --> Identity --> Transpose [0,2,3,1] --> Transpose [0,3,1,2] --> y     ==>     x --> y
 *
 * Steps that change nothing go: Identity, Cast to the type it has, Reshape, Expand or Tile to the
 * shape it has, Slice of everything, Pad by nothing, Concat of one, x + 0, x * 1. Transposes in a
 * row become one, Reshapes in a row become one, a Transpose that only moves dims of 1 becomes a
 * Reshape, and a Reshape whose shape input says no more than attributes can loses that input.
 */
#include "passes/pass.h"
#include "passes/rewrite.h"

static bool is_zero_pad(const sld_node *node)
{
    const sld_pad_params *p = node->params;
    const sld_value *x = node->in[0].value;
    const sld_value *pads = sld_node_in(node, 1);
    if (!sld_same_shape(x, node->out[0])) {
        return false;
    }
    if (pads == NULL) {
        for (int i = 0; i < x->shape.rank; i++) {
            if (p->begin[i] != 0 || p->end[i] != 0) {
                return false;
            }
        }
        return true;
    }
    if (!sld_value_is_constant(pads)) {
        return false;
    }
    for (size_t i = 0; i < sld_constant_count(pads); i++) {
        if (sld_constant_at(pads, i) != 0) {
            return false;
        }
    }
    return true;
}

static bool is_whole_slice(sld_graph *graph, const sld_node *node)
{
    sld_dim start[SOLDER_MAX_RANK];
    int64_t step[SOLDER_MAX_RANK];
    if (!sld_same_shape(node->in[0].value, node->out[0]) ||
        !sld_slice_region(graph, node, start, step)) {
        return false;
    }
    for (int i = 0; i < node->out[0]->shape.rank; i++) {
        if (step[i] != 1) {
            return false;
        }
    }
    return true;
}

/* x + 0, x - 0, x * 1, x / 1: the slot of x, or -1. */
static int neutral_operand(const sld_node *node)
{
    const sld_elementwise_params *p = node->params;
    bool sum = p->kind == SLD_BINARY_SUM || p->kind == SLD_BINARY_SUB;
    bool product = p->kind == SLD_BINARY_PROD || p->kind == SLD_BINARY_DIV;
    if ((!sum && !product) || !sld_node_plain(node)) {
        return -1;
    }
    for (uint32_t slot = 0; slot < 2; slot++) {
        double number;
        bool commutes = p->kind == SLD_BINARY_SUM || p->kind == SLD_BINARY_PROD;
        if ((slot == 1 || commutes) && sld_constant_uniform(node->in[slot].value, &number) &&
            number == (sum ? 0.0 : 1.0) && sld_same_shape(node->in[1 - slot].value, node->out[0])) {
            return (int)(1 - slot);
        }
    }
    return -1;
}

static bool is_sorted(const int32_t *perm, int rank)
{
    for (int i = 0; i < rank; i++) {
        if (perm[i] != i) {
            return false;
        }
    }
    return true;
}

/* The input whose value the node only hands on, or NULL. */
static sld_value *handed_on(sld_graph *graph, const sld_node *node)
{
    sld_value *x = sld_node_in(node, 0);
    bool same = false;
    int slot;
    switch (node->op) {
    case SLD_OP_UNARY:
        same = ((const sld_unary_params *)node->params)->kind == SLD_UNARY_IDENTITY;
        break;
    case SLD_OP_ACTIVATION:
        same = ((const sld_activation_params *)node->params)->kind == SLD_ACT_NONE;
        break;
    case SLD_OP_CAST:
    case SLD_OP_RESHAPE:
    case SLD_OP_EXPAND:
    case SLD_OP_TILE:
        same = sld_same_shape(x, node->out[0]);
        break;
    case SLD_OP_CONCAT:
        same = node->in_count == 1;
        break;
    case SLD_OP_SCALE:
        same = sld_node_in(node, 1) == NULL && sld_node_in(node, 2) == NULL && sld_node_plain(node);
        break;
    case SLD_OP_PAD:
        same = is_zero_pad(node);
        break;
    case SLD_OP_SLICE:
        same = is_whole_slice(graph, node);
        break;
    case SLD_OP_TRANSPOSE:
        same = is_sorted(((const sld_transpose_params *)node->params)->perm, x->shape.rank);
        break;
    case SLD_OP_ELEMENTWISE:
        slot = neutral_operand(node);
        return slot >= 0 ? node->in[slot].value : NULL;
    default:
        break;
    }
    return same ? x : NULL;
}

/* Outputs keep a producer of their own: no input, constant or other output takes their place. */
static bool may_replace(const sld_value *old, const sld_value *fresh)
{
    return !old->is_output || (fresh->kind == SLD_VALUE_NODE && !fresh->is_output);
}

static solder_status merge_transposes(sld_graph *graph, sld_node *node, bool *changed)
{
    sld_node *before = sld_producer(node->in[0].value, SLD_OP_TRANSPOSE);
    if (before == NULL) {
        return SOLDER_OK;
    }
    const sld_transpose_params *first = before->params;
    sld_transpose_params *second = node->params;
    for (int i = 0; i < node->out[0]->shape.rank; i++) {
        second->perm[i] = first->perm[second->perm[i]];
    }
    sld_graph_set_input(node, 0, before->in[0].value);
    SLD_TRY(sld_join_source(graph, node, before));
    *changed = true;
    return sld_graph_infer_node(graph, node);
}

/* Whether the dims other than 1 keep their order, so that no element moves. */
static bool moves_nothing(const sld_graph *graph, const sld_node *node)
{
    const sld_transpose_params *p = node->params;
    const sld_shape *shape = &node->in[0].value->shape;
    int last = -1;
    for (int i = 0; i < shape->rank; i++) {
        int64_t dim;
        if (sld_expr_is_const(&graph->exprs, shape->d[p->perm[i]], &dim) && dim == 1) {
            continue;
        }
        if (p->perm[i] < last) {
            return false;
        }
        last = p->perm[i];
    }
    return true;
}

/* Puts a Reshape of x in the node's place, if attributes can describe it. */
static solder_status become_reshape(sld_graph *graph, sld_node *node, sld_value *x, bool *changed)
{
    sld_value *fresh;
    SLD_TRY(sld_add_reshape(graph, node, node->name, x, &node->out[0]->shape, &fresh));
    if (fresh == NULL) {
        return SOLDER_OK;
    }
    fresh->producer->source = node->source;
    *changed = true;
    return sld_take_over(graph, node->out[0], fresh);
}

static solder_status simplify_reshape(sld_graph *graph, sld_node *node, bool *changed)
{
    sld_value *x = node->in[0].value;
    sld_node *before = sld_producer(x, SLD_OP_RESHAPE);
    if (before != NULL) {
        return become_reshape(graph, node, before->in[0].value, changed);
    }
    return sld_node_in(node, 1) != NULL ? become_reshape(graph, node, x, changed) : SOLDER_OK;
}

static solder_status visit(sld_graph *graph, sld_node *node, bool *changed)
{
    if (node->out[0]->use_count == 0 && !node->out[0]->is_output) {
        return SOLDER_OK; /* replaced already, about to be swept */
    }
    if (node->op == SLD_OP_TRANSPOSE) {
        SLD_TRY(merge_transposes(graph, node, changed));
    }
    sld_value *same = handed_on(graph, node);
    if (same != NULL) {
        if (may_replace(node->out[0], same)) {
            *changed = true;
            return sld_graph_replace(graph, node->out[0], same);
        }
        return SOLDER_OK;
    }
    if (node->op == SLD_OP_TRANSPOSE && moves_nothing(graph, node)) {
        return become_reshape(graph, node, node->in[0].value, changed);
    }
    return node->op == SLD_OP_RESHAPE ? simplify_reshape(graph, node, changed) : SOLDER_OK;
}

solder_status sld_pass_identities(sld_graph *graph, const sld_pass_options *options, bool *changed)
{
    (void)options;
    for (sld_node *node = graph->first, *next; node != NULL; node = next) {
        next = node->next;
        SLD_TRY(visit(graph, node, changed));
    }
    return SOLDER_OK;
}
