/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     x --> Convolution --> Activation relu --> y     ==>     x --> Convolution {relu} --> y
 *
 * An Activation that is the only user of a convolution, matrix product, Scale or ElementWise moves
 * into its epilogue.
 */
#include "passes/pass.h"
#include "passes/rewrite.h"

static solder_status fuse(sld_graph *graph, sld_node *node, bool *changed)
{
    sld_value *x = node->in[0].value;
    sld_node *producer = x->kind == SLD_VALUE_NODE ? x->producer : NULL;
    sld_epilogue *epilogue = producer != NULL ? sld_node_epilogue(producer) : NULL;
    if (epilogue == NULL || epilogue->act != SLD_ACT_NONE || !sld_dtype_is_float(x->dtype) ||
        sld_value_single_user(x) != node) {
        return SOLDER_OK;
    }
    const sld_activation_params *p = node->params;
    epilogue->act = p->kind;
    epilogue->alpha = p->alpha;
    epilogue->beta = p->beta;
    *changed = true;
    SLD_TRY(sld_join_source(graph, producer, node));
    SLD_TRY(sld_take_over(graph, node->out[0], x));
    sld_graph_remove_node(graph, node);
    return SOLDER_OK;
}

solder_status sld_pass_fuse_activation(sld_graph *graph, const sld_pass_options *options,
                                       bool *changed)
{
    (void)options;
    for (sld_node *node = graph->first, *next; node != NULL; node = next) {
        next = node->next;
        if (node->op == SLD_OP_ACTIVATION) {
            SLD_TRY(fuse(graph, node, changed));
        }
    }
    return SOLDER_OK;
}
