/* SPDX-License-Identifier: Apache-2.0 */
/* What plugins do once per plan: constants go into their own storage, bytes are saved. */
#include "builder/builder.h"

/* The packed bytes become constants of their own. */
static solder_status replace_packed(sld_graph *graph, sld_node *node, const sld_call *call)
{
    const sld_plugin_params *p = node->params;
    for (uint32_t i = 0; i < p->packed_count; i++) {
        uint32_t slot = p->packed[i].slot;
        const sld_tensor *t = &call->in[slot];
        sld_value *packed;
        SLD_TRY(sld_graph_add_constant(graph, node->in[slot].value->name, t->dtype, t->rank, t->dim,
                                       t->data, false, &packed));
        sld_graph_set_input(node, slot, packed);
    }
    return SOLDER_OK;
}

static solder_status prepare_node(sld_graph *graph, const sld_shapes *shapes, sld_node *node,
                                  sld_call *call)
{
    sld_shapes_run(shapes, node, 2, call);
    for (uint32_t i = 0; i < node->in_count; i++) {
        if (sld_value_is_constant(node->in[i].value)) {
            call->in[i].data = (void *)(uintptr_t)node->in[i].value->data;
        }
    }
    solder_status status = sld_plugin_prepare(node->params, &call->run, &graph->arena, graph->diag);
    if (status != SOLDER_OK) {
        return status == SOLDER_ERROR_MEMORY
                   ? status
                   : sld_fail_within(graph->diag, status, "node '%s'", node->name);
    }
    return replace_packed(graph, node, call);
}

solder_status sld_builder_prepare_plugins(sld_graph *graph, sld_arena *scratch)
{
    sld_shapes shapes;
    sld_call *call = NULL;
    for (sld_node *node = graph->first; node != NULL; node = node->next) {
        for (uint32_t i = 0; i < node->body_count; i++) { /* depth: SLD_BODY_DEPTH_MAX */
            SLD_TRY(sld_builder_prepare_plugins(node->bodies[i], scratch));
        }
        if (node->op != SLD_OP_PLUGIN) {
            continue;
        }
        if (call == NULL) {
            call = sld_arena_alloc(scratch, sizeof *call);
            if (call == NULL) {
                return sld_fail_memory(graph->diag, sizeof *call);
            }
        }
        /* Anew each time: constants that packing added have dims of their own. */
        SLD_TRY(sld_shapes_init(&shapes, graph, scratch));
        SLD_TRY(prepare_node(graph, &shapes, node, call));
    }
    return SOLDER_OK;
}
