/* SPDX-License-Identifier: Apache-2.0 */
/* solder_build_*: prepare, choose kernels, write the plan, report. */
#include <stdio.h>
#include <time.h>

#include "builder/builder.h"
#include "plan/plan_write.h"

static double now_seconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static solder_status tell(const solder_config *config, sld_diag *diag, const char *phase,
                          size_t step)
{
    if (config->progress != NULL && !config->progress(config->progress_user, phase, step, 1)) {
        return sld_fail(diag, SOLDER_ERROR_CANCELLED, "cancelled");
    }
    return SOLDER_OK;
}

/* ---- the report ---- */

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

typedef struct build_times {
    double prepare, tactics, write;
} build_times;

static solder_status write_report(solder_builder *builder, const sld_graph *graph,
                                  const sld_tactic *tactics, const sld_target *target,
                                  const build_times *times)
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

/* ---- building ---- */

static solder_status build(solder_builder *builder, const solder_network *network,
                           const solder_config *config, sld_graph *graph, sld_arena *arena,
                           const sld_plan_sink *sink, build_times *times)
{
    sld_tactic_options options = {.effort = config->effort,
                                  .time_budget = config->time_budget,
                                  .cache_path = config->timing_cache,
                                  .progress = config->progress,
                                  .progress_user = config->progress_user};
    SLD_TRY(sld_target_init(&builder->diag, config->target, config->threads, &options.target));
    SLD_TRY(sld_builder_prepare_plugins(graph, arena));
    sld_tactic *tactics;
    double start = now_seconds();
    SLD_TRY(sld_tactics_choose(graph, &options, arena, &tactics));
    times->tactics = now_seconds() - start;
    SLD_TRY(tell(config, &builder->diag, "plan", 0));
    const sld_plan_fact all[] = {{"import.inputs", network->import_inputs},
                                 {"import.outputs", network->import_outputs},
                                 {"import.random_weights", network->import_weights}};
    sld_plan_fact facts[SLD_ARRAY_LENGTH(all)];
    size_t fact_count = 0;
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(all); i++) {
        if (all[i].value != NULL && all[i].value[0] != '\0') {
            facts[fact_count++] = all[i];
        }
    }
    sld_plan_info info = {.tuned_for = options.target.name,
                          .level = sld_cpu_level_name(options.target.isas),
                          .threads = options.target.threads,
                          .labels = config->labels,
                          .label_count = config->label_count,
                          .preprocess = config->preprocess,
                          .preprocess_count = config->preprocess_count,
                          .facts = facts,
                          .fact_count = fact_count};
    start = now_seconds();
    SLD_TRY(sld_plan_write(graph, tactics, &info, &builder->diag, sink));
    times->write = now_seconds() - start;
    solder_status status = write_report(builder, graph, tactics, &options.target, times);
    return status == SOLDER_OK ? status : sld_fail_memory(&builder->diag, builder->report.size);
}

static solder_status build_to_sink(solder_builder *builder, solder_network *network,
                                   const solder_config *config, const sld_plan_sink *sink)
{
    SLD_TRY(sld_builder_check_config(builder, config));
    SLD_TRY(tell(config, &builder->diag, "passes", 0));
    build_times times = {0};
    double start = now_seconds();
    sld_graph *graph;
    SLD_TRY(sld_builder_prepare(builder, network, config, &graph));
    times.prepare = now_seconds() - start;
    sld_arena arena;
    sld_arena_init(&arena, &builder->counted, 0);
    solder_status status = build(builder, network, config, graph, &arena, sink, &times);
    sld_arena_free(&arena);
    sld_graph_destroy(graph);
    return status;
}

solder_status solder_build_to_file(solder_builder *builder, solder_network *network,
                                   const solder_config *config, const char *path)
{
    if (builder == NULL || network == NULL || path == NULL) {
        return SOLDER_ERROR_ARGUMENT;
    }
    solder_config defaults = solder_config_default();
    sld_writer writer;
    SLD_TRY(sld_writer_open(&builder->counted, &builder->diag, path, &writer));
    sld_plan_sink sink = sld_plan_file_sink(&writer);
    solder_status status =
        build_to_sink(builder, network, config != NULL ? config : &defaults, &sink);
    if (status != SOLDER_OK) {
        sld_writer_abandon(&writer);
        return status;
    }
    return sld_writer_commit(&writer);
}

solder_status solder_build_to_memory(solder_builder *builder, solder_network *network,
                                     const solder_config *config, void **plan, size_t *size)
{
    if (builder == NULL || network == NULL || plan == NULL || size == NULL) {
        return SOLDER_ERROR_ARGUMENT;
    }
    solder_config defaults = solder_config_default();
    sld_plan_buffer buffer = {.allocator = &builder->counted, .diag = &builder->diag};
    sld_plan_sink sink = sld_plan_memory_sink(&buffer);
    solder_status status =
        build_to_sink(builder, network, config != NULL ? config : &defaults, &sink);
    uint8_t *exact = NULL;
    if (status == SOLDER_OK) { /* released by its size: no spare capacity */
        exact = sld_alloc(&builder->counted, buffer.size);
        status = exact != NULL ? SOLDER_OK : sld_fail_memory(&builder->diag, buffer.size);
    }
    if (status == SOLDER_OK) {
        memcpy(exact, buffer.data, buffer.size);
        *plan = exact;
        *size = buffer.size;
    }
    sld_release(&builder->counted, buffer.data, buffer.capacity);
    return status;
}

void solder_plan_free(solder_builder *builder, void *plan, size_t size)
{
    if (builder != NULL) {
        sld_release(&builder->counted, plan, size);
    }
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
