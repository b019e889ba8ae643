/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     a --> Convolution --> Sum {relu} --> y     ==>     a --> Convolution {residual, relu} --> y
 *     b -------------------/                             b ---/
 *
 * The sum of a convolution's or matrix product's result with another value of the same shape moves
 * into its epilogue. Of two candidates the later one takes it: the other value is there by then.
 */
#include "passes/pass.h"
#include "passes/rewrite.h"

#define RESIDUAL_SLOT 3

/* The producer of that operand if it can take the sum in. */
static sld_node *candidate(const sld_node *sum, uint32_t slot)
{
    const sld_value *x = sum->in[slot].value;
    sld_node *node = x->kind == SLD_VALUE_NODE ? x->producer : NULL;
    bool fits = node != NULL &&
                (node->op == SLD_OP_CONVOLUTION || node->op == SLD_OP_DECONVOLUTION ||
                 node->op == SLD_OP_MATMUL) &&
                sld_node_plain(node) && sld_value_single_user(x) == sum &&
                sld_same_shape(x, sum->out[0]);
    return fits && sld_same_shape(sum->in[1 - slot].value, sum->out[0]) ? node : NULL;
}

/* Whether a stands before b in the list of nodes. */
static bool stands_before(const sld_node *a, const sld_node *b)
{
    for (const sld_node *node = a->next; node != NULL; node = node->next) {
        if (node == b) {
            return true;
        }
    }
    return false;
}

static solder_status fuse(sld_graph *graph, sld_node *sum, bool *changed)
{
    sld_node *left = candidate(sum, 0);
    sld_node *right = candidate(sum, 1);
    uint32_t slot = left == NULL || (right != NULL && stands_before(left, right)) ? 1 : 0;
    sld_node *node = slot == 1 ? right : left;
    if (node == NULL) {
        return SOLDER_OK;
    }
    sld_value *other = sum->in[1 - slot].value;
    if (other->kind == SLD_VALUE_NODE && !stands_before(other->producer, node)) {
        sld_graph_move_before(graph, node, sum);
    }
    SLD_TRY(sld_graph_resize_inputs(graph, node, RESIDUAL_SLOT + 1));
    sld_graph_set_input(node, RESIDUAL_SLOT, other);
    sld_epilogue *epilogue = sld_node_epilogue(node);
    *epilogue = ((const sld_elementwise_params *)sum->params)->epilogue;
    epilogue->residual = 1;
    *changed = true;
    SLD_TRY(sld_join_source(graph, node, sum));
    SLD_TRY(sld_graph_infer_node(graph, node));
    SLD_TRY(sld_take_over(graph, sum->out[0], node->out[0]));
    sld_graph_remove_node(graph, sum);
    return SOLDER_OK;
}

solder_status sld_pass_fuse_residual(sld_graph *graph, const sld_pass_options *options,
                                     bool *changed)
{
    (void)options;
    for (sld_node *node = graph->first, *next; node != NULL; node = next) {
        next = node->next;
        if (node->op == SLD_OP_ELEMENTWISE && sld_dtype_is_float(node->out[0]->dtype) &&
            ((const sld_elementwise_params *)node->params)->kind == SLD_BINARY_SUM) {
            SLD_TRY(fuse(graph, node, changed));
        }
    }
    return SOLDER_OK;
}
