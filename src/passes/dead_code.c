/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     x --> a --> b --> [y]              x --> a --> b --> [y]
 *            \--> c --> d        ==>
 *
 * Nodes and constants from which no output follows are taken away.
 */
#include "passes/pass.h"

static size_t count_values(const sld_graph *graph)
{
    size_t count = 0;
    for (const sld_value *v = graph->values; v != NULL; v = v->next) {
        count++;
    }
    return count;
}

solder_status sld_pass_dead_code(sld_graph *graph, const sld_pass_options *options, bool *changed)
{
    (void)options;
    size_t before = count_values(graph);
    sld_graph_sweep(graph);
    *changed = count_values(graph) != before;
    return SOLDER_OK;
}
