/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan keeps of a plugin: its name in the list of plugins, its parameters as bytes. */
#include "plan/plan_write_build.h"
#include "plugin/plugin.h"

static solder_status plugin_index(sld_plan_build *b, const solder_plugin *plugin, uint32_t *index)
{
    char name[SLD_PLUGIN_MAX_TEXT];
    uint32_t string;
    sld_plugin_print(plugin, true, name);
    SLD_TRY(sld_plan_add_string(b, name, &string));
    const sld_plan_table *table = &b->tables[SLD_PLAN_PLUGINS];
    for (uint32_t i = 0; i < table->count; i++) {
        if (((const uint32_t *)table->data)[i] == string) {
            *index = i;
            return SOLDER_OK;
        }
    }
    return sld_plan_add(b, &b->tables[SLD_PLAN_PLUGINS], &string, index);
}

solder_status sld_plan_list_plugins(sld_plan_build *b, const sld_graph *graph)
{
    for (const sld_node *node = graph->first; node != NULL; node = node->next) {
        uint32_t index;
        if (node->op == SLD_OP_PLUGIN) {
            SLD_TRY(plugin_index(b, ((const sld_plugin_params *)node->params)->plugin, &index));
        }
        for (uint32_t i = 0; i < node->body_count; i++) { /* depth: SLD_BODY_DEPTH_MAX */
            SLD_TRY(sld_plan_list_plugins(b, node->bodies[i]));
        }
    }
    return SOLDER_OK;
}

solder_status sld_plan_plugin_bytes(sld_plan_build *b, const sld_node *node, void **bytes,
                                    size_t *size)
{
    const sld_plugin_params *p = node->params;
    uint32_t index = 0;
    SLD_TRY(plugin_index(b, p->plugin, &index));
    *size = sld_plugin_blob_size(p);
    if (*size >= SLD_PLAN_NONE) {
        return sld_fail(b->diag, SOLDER_ERROR_UNSUPPORTED,
                        "node '%s': plugin '%s' saves more than a plan can hold", node->name,
                        p->plugin->name);
    }
    *bytes = sld_arena_alloc(&b->arena, *size);
    if (*bytes == NULL) {
        return sld_fail_memory(b->diag, *size);
    }
    sld_plugin_blob_write(p, index, *bytes);
    return SOLDER_OK;
}
