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

/* ---- building ---- */

static solder_status build(solder_builder *builder, const solder_network *network,
                           const solder_config *config, sld_graph *graph, sld_arena *arena,
                           const sld_plan_sink *sink, sld_build_times *times)
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
    solder_status status = sld_builder_report(builder, graph, tactics, &options.target, times);
    return status == SOLDER_OK ? status : sld_fail_memory(&builder->diag, builder->report.size);
}

static solder_status build_to_sink(solder_builder *builder, solder_network *network,
                                   const solder_config *config, const sld_plan_sink *sink)
{
    SLD_TRY(sld_builder_check_config(builder, config));
    SLD_TRY(tell(config, &builder->diag, "passes", 0));
    sld_build_times times = {0};
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
    if (status == SOLDER_OK) {
        status = sld_builder_hand_out(builder, &buffer, plan, size);
    }
    sld_release(&builder->counted, buffer.data, buffer.capacity);
    return status;
}
