/* SPDX-License-Identifier: Apache-2.0 */
/* The runner of the pipeline. */
#include "passes/pass.h"

/* A group that has not settled by then goes on as it is: every state of it is a right network. */
#define MAX_ROUNDS 16

static const sld_pass passes[] = {
#define SLD_PASS(name, description, group) {#name, description, sld_pass_##name},
#include "passes/passes.def"
#undef SLD_PASS
};

static const uint8_t groups[] = {
#define SLD_PASS(name, description, group) group,
#include "passes/passes.def"
#undef SLD_PASS
};

const sld_pass *sld_passes(size_t *count)
{
    *count = SLD_ARRAY_LENGTH(passes);
    return passes;
}

const sld_pass *sld_pass_find(const char *name)
{
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(passes); i++) {
        if (strcmp(passes[i].name, name) == 0) {
            return &passes[i];
        }
    }
    return NULL;
}

/* The bodies of every node; what they give may then be better known. */
static solder_status run_on_bodies(const sld_pass *pass, sld_graph *graph,
                                   const sld_pass_options *options, bool *changed)
{
    bool any = false;
    for (const sld_node *node = graph->first; node != NULL; node = node->next) {
        for (uint32_t i = 0; i < node->body_count; i++) {
            SLD_TRY(sld_pass_run(pass, node->bodies[i], options, &any));
        }
    }
    *changed = *changed || any;
    return any ? sld_graph_infer_all(graph) : SOLDER_OK;
}

solder_status sld_pass_run(const sld_pass *pass, sld_graph *graph, const sld_pass_options *options,
                           bool *changed)
{
    bool any = false;
    solder_status status = pass->run(graph, options, &any);
    if (status == SOLDER_OK && graph->exprs.failed) {
        status = sld_fail_memory(graph->diag, sizeof(sld_expr));
    }
    if (status != SOLDER_OK) {
        return sld_fail_within(graph->diag, status, "pass %s", pass->name);
    }
    if (any) {
        sld_graph_sweep(graph);
    }
    SLD_TRY(run_on_bodies(pass, graph, options, &any));
    if (changed != NULL) {
        *changed = *changed || any;
    }
    return SOLDER_OK;
}

static solder_status run_group(sld_graph *graph, const sld_pass_options *options, size_t from,
                               size_t to)
{
    int rounds = groups[from] == 0 ? 1 : MAX_ROUNDS;
    bool changed = true;
    for (int round = 0; changed && round < rounds; round++) {
        changed = false;
        for (size_t i = from; i < to; i++) {
            if ((options->disabled >> i & 1u) == 0) {
                SLD_TRY(sld_pass_run(&passes[i], graph, options, &changed));
            }
        }
    }
    return SOLDER_OK;
}

solder_status sld_passes_run(sld_graph *graph, const sld_pass_options *options)
{
    size_t count = SLD_ARRAY_LENGTH(passes);
    for (size_t from = 0, to; from < count; from = to) {
        to = from + 1;
        while (to < count && groups[from] != 0 && groups[to] == groups[from]) {
            to++;
        }
        SLD_TRY(run_group(graph, options, from, to));
    }
    return SOLDER_OK;
}
