/* SPDX-License-Identifier: Apache-2.0 */
/* solder_evaluate: the imported network on reference kernels. */
#include "builder/builder.h"

typedef struct visiting {
    solder_visit visit;
    void *user;
} visiting;

static solder_status visit_value(const visiting *v, const sld_value *value, const sld_tensor *t,
                                 const char *source)
{
    solder_tensor tensor = {
        .name = value->name, .dtype = t->dtype, .dims.rank = t->rank, .data = t->data};
    memcpy(tensor.dims.d, t->dim, sizeof tensor.dims.d);
    return v->visit(v->user, &tensor, source, value->is_output);
}

static solder_status observe(void *user, const sld_node *node, const sld_tensor *outputs)
{
    for (uint32_t i = 0; i < node->out_count; i++) {
        SLD_TRY(visit_value(user, node->out[i], &outputs[i], node->source));
    }
    return SOLDER_OK;
}

static solder_status match_inputs(const sld_graph *graph, const solder_tensor *inputs,
                                  size_t input_count, sld_tensor *matched)
{
    for (size_t i = 0; i < graph->input_count; i++) {
        const solder_tensor *found = NULL;
        for (size_t j = 0; j < input_count; j++) {
            if (inputs[j].name == NULL ? input_count == 1
                                       : strcmp(inputs[j].name, graph->inputs[i]->name) == 0) {
                found = &inputs[j];
            }
        }
        if (found == NULL) {
            return sld_fail(graph->diag, SOLDER_ERROR_ARGUMENT, "input '%s' is not given",
                            graph->inputs[i]->name);
        }
        if (found->dims.rank < 0 || found->dims.rank > SOLDER_MAX_RANK || found->data == NULL) {
            return sld_fail(graph->diag, SOLDER_ERROR_ARGUMENT, "input '%s' has no data",
                            graph->inputs[i]->name);
        }
        matched[i] = sld_tensor_make(found->data, found->dtype, found->dims.rank, found->dims.d);
    }
    return SOLDER_OK;
}

static solder_status run(solder_builder *builder, const sld_graph *graph, sld_arena *arena,
                         const sld_tensor *inputs, visiting *v)
{
    sld_tensor *outputs = sld_arena_array(arena, graph->output_count + 1, sizeof *outputs);
    if (outputs == NULL) {
        return sld_fail_memory(&builder->diag, sizeof *outputs);
    }
    sld_cpu cpu;
    sld_cpu_detect(&cpu);
    sld_pool *pool;
    SLD_TRY(sld_pool_create(&builder->counted, &builder->diag, cpu.cores, &pool));
    solder_status status =
        sld_graph_evaluate(graph, &builder->diag, pool, inputs, arena, outputs, observe, v);
    /* Outputs that no node computes (an input or constant passed through) are visited last. */
    for (size_t i = 0; status == SOLDER_OK && i < graph->output_count; i++) {
        if (graph->outputs[i]->kind != SLD_VALUE_NODE) {
            status = visit_value(v, graph->outputs[i], &outputs[i], "");
        }
    }
    sld_pool_destroy(pool);
    return status;
}

solder_status solder_evaluate(solder_builder *builder, solder_network *network,
                              const solder_tensor *inputs, size_t input_count, solder_visit visit,
                              void *user)
{
    if (builder == NULL || network == NULL || visit == NULL ||
        (inputs == NULL && input_count > 0)) {
        return SOLDER_ERROR_ARGUMENT;
    }
    visiting v = {visit, user};
    sld_arena arena;
    sld_arena_init(&arena, &builder->counted, 0);
    sld_tensor *matched = sld_arena_array(&arena, network->graph->input_count + 1, sizeof *matched);
    solder_status status = matched != NULL
                               ? match_inputs(network->graph, inputs, input_count, matched)
                               : sld_fail_memory(&builder->diag, sizeof *matched);
    if (status == SOLDER_OK) {
        status = run(builder, network->graph, &arena, matched, &v);
    }
    sld_arena_free(&arena);
    return status;
}
