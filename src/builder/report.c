/* SPDX-License-Identifier: Apache-2.0 */
/* What is left of a build: the report, plans in memory. */
#include "builder/builder.h"
#include "plan/plan_write.h"

static solder_status report_steps(sld_text *text, const sld_graph *graph,
                                  const sld_tactic *tactics);

static solder_status report_node(sld_text *text, const sld_node *node, const sld_tactic *tactic)
{
    SLD_TRY(sld_text_printf(text, "\n    {\"name\": "));
    SLD_TRY(sld_text_json_string(text, node->source));
    SLD_TRY(sld_text_printf(text, ", \"op\": \"%s\"", sld_node_type(node)));
    if (tactic->kernel != NULL) {
        SLD_TRY(sld_text_printf(text, ", \"kernel\": \"%s\", \"candidates\": %d",
                                tactic->kernel->name, tactic->candidates));
    }
    if (node->op == SLD_OP_PLUGIN) {
        SLD_TRY(sld_text_printf(text, ", \"tactic\": %u",
                                (unsigned)((const sld_plugin_params *)node->params)->tactic));
    }
    if (tactic->microseconds >= 0) {
        SLD_TRY(sld_text_printf(text, ", \"microseconds\": %.3f", tactic->microseconds));
    }
    for (uint32_t i = 0; i < node->body_count; i++) {
        SLD_TRY(sld_text_printf(text, "%s", i == 0 ? ", \"bodies\": [[" : "], ["));
        SLD_TRY(report_steps(text, node->bodies[i], tactic->bodies[i]));
    }
    return sld_text_printf(text, node->body_count > 0 ? "]]}" : "}");
}

static solder_status report_steps(sld_text *text, const sld_graph *graph, const sld_tactic *tactics)
{
    const char *separator = "";
    for (const sld_node *node = graph->first; node != NULL; node = node->next) {
        if (!node->elided) {
            SLD_TRY(sld_text_printf(text, "%s", separator));
            SLD_TRY(report_node(text, node, &tactics[node->id]));
            separator = ",";
        }
    }
    return SOLDER_OK;
}

solder_status sld_builder_report(solder_builder *builder, const sld_graph *graph,
                                 const sld_tactic *tactics, const sld_target *target,
                                 const sld_build_times *times)
{
    sld_text *text = &builder->report;
    sld_text_free(text);
    text->allocator = &builder->counted;
    SLD_TRY(sld_text_printf(text, "{\n  \"target\": "));
    SLD_TRY(sld_text_json_string(text, target->name));
    SLD_TRY(sld_text_printf(text,
                            ",\n  \"seconds\": {\"passes\": %.3f, \"tactics\": %.3f, \"plan\": "
                            "%.3f},\n  \"activation_bytes\": %lld,\n  \"steps\": [",
                            times->prepare, times->tactics, times->write,
                            (long long)graph->arena_bytes));
    SLD_TRY(report_steps(text, graph, tactics));
    return sld_text_printf(text, "\n  ]\n}\n");
}

solder_status solder_build_report(solder_builder *builder, char **text, size_t *size)
{
    if (builder == NULL || text == NULL) {
        return SOLDER_ERROR_ARGUMENT;
    }
    if (builder->report.size == 0) {
        return sld_fail(&builder->diag, SOLDER_ERROR_STATE, "nothing was built yet");
    }
    return sld_text_hand_out(&builder->report, &builder->diag, text, size);
}

/* ---- plans in memory ---- */

solder_status sld_builder_hand_out(solder_builder *builder, const sld_plan_buffer *buffer,
                                   void **plan, size_t *size)
{
    uint8_t *exact = sld_alloc(&builder->counted, buffer->size); /* released by its size */
    if (exact == NULL) {
        return sld_fail_memory(&builder->diag, buffer->size);
    }
    memcpy(exact, buffer->data, buffer->size);
    *plan = exact;
    *size = buffer->size;
    return SOLDER_OK;
}

void solder_plan_free(solder_builder *builder, void *plan, size_t size)
{
    if (builder != NULL) {
        sld_release(&builder->counted, plan, size);
    }
}
