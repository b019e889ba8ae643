/* SPDX-License-Identifier: Apache-2.0 */
/* solder_tune_*: the kernels of a plan chosen again, for the machine this runs on. */
#include <stdio.h>
#include <time.h>

#include "builder/builder.h"
#include "plan/plan_read.h"
#include "plan/plan_write.h"
#include "solder/runtime.h"

static double now_seconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ---- what a plan says about itself ---- */

/* Those that the writer makes anew. */
static bool is_fresh(const char *key)
{
    static const char *const keys[] = {"network", "created_by", "tuned_for", "level", "threads"};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(keys); i++) {
        if (strcmp(key, keys[i]) == 0) {
            return true;
        }
    }
    return false;
}

static solder_status keep_info(const sld_plan *plan, sld_graph *graph, sld_plan_info *info)
{
    const size_t properties = plan->count[SLD_PLAN_PROPERTIES];
    const size_t labels = plan->count[SLD_PLAN_LABELS];
    const size_t images = plan->count[SLD_PLAN_IMAGES];
    sld_plan_fact *facts = sld_arena_array(&graph->arena, properties, sizeof *facts);
    const char **texts = sld_arena_array(&graph->arena, labels, sizeof(const char *));
    solder_preprocess *rules = sld_arena_array(&graph->arena, images, sizeof *rules);
    if (facts == NULL || texts == NULL || rules == NULL) {
        return sld_fail_memory(graph->diag, properties * sizeof *facts);
    }
    for (size_t i = 0; i < properties; i++) {
        const char *key = sld_plan_string(plan, plan->properties[i].key);
        if (!is_fresh(key)) {
            facts[info->fact_count++] =
                (sld_plan_fact){key, sld_plan_string(plan, plan->properties[i].value)};
        }
    }
    for (size_t i = 0; i < labels; i++) {
        texts[i] = sld_plan_string(plan, plan->labels[i]);
    }
    for (size_t i = 0; i < images; i++) {
        const sld_plan_image *m = &plan->images[i];
        rules[i] =
            (solder_preprocess){.input = sld_plan_string(plan, plan->tensors[m->tensor].name),
                                .resize = m->resize,
                                .transposed = m->transposed};
        memcpy(rules[i].order, m->order, sizeof m->order);
        memcpy(rules[i].mean, m->mean, sizeof m->mean);
        memcpy(rules[i].scale, m->scale, sizeof m->scale);
    }
    info->facts = facts;
    info->labels = texts;
    info->label_count = labels;
    info->preprocess = rules;
    info->preprocess_count = images;
    return SOLDER_OK;
}

/* ---- a plan is loaded before it is believed ---- */

static solder_status load_with(solder_builder *builder, solder_runtime *runtime, const void *plan,
                               size_t size)
{
    solder_engine *engine = NULL;
    solder_status status = SOLDER_OK;
    for (size_t i = 0; i < builder->plugins.count && status == SOLDER_OK; i++) {
        status = solder_runtime_add_plugin(runtime, builder->plugins.list[i]);
    }
    if (status == SOLDER_OK) {
        status = solder_engine_load(runtime, plan, size, &engine);
    }
    if (status == SOLDER_OK) {
        status = solder_engine_verify(runtime, engine);
        solder_engine_destroy(engine);
    }
    return status == SOLDER_OK
               ? SOLDER_OK
               : sld_fail(&builder->diag, status, "%s", solder_runtime_message(runtime));
}

/* All a runtime checks: what kernels rely on, and the weights against their hash. */
static solder_status check_plan(solder_builder *builder, const void *plan, size_t size)
{
    solder_runtime_options options = solder_runtime_options_default();
    solder_runtime *runtime;
    options.allocator = builder->counted;
    options.threads = 1;
    solder_status status = solder_runtime_create(&options, &runtime);
    if (status != SOLDER_OK) {
        return sld_fail(&builder->diag, status, "no runtime to load the plan with");
    }
    status = load_with(builder, runtime, plan, size);
    solder_runtime_destroy(runtime);
    return status;
}

/* ---- tuning ---- */

static solder_status tune_graph(solder_builder *builder, const sld_plan *plan, sld_graph *graph,
                                const solder_config *config, sld_arena *arena,
                                const sld_plan_sink *sink)
{
    sld_tactic_options options = {.effort = config->effort,
                                  .time_budget = config->time_budget,
                                  .cache_path = config->timing_cache,
                                  .progress = config->progress,
                                  .progress_user = config->progress_user};
    sld_build_times times = {0};
    sld_plan_info info = {0};
    sld_tactic *tactics = NULL;
    double start = now_seconds();
    SLD_TRY(sld_target_init(&builder->diag, config->target, config->threads, &options.target));
    SLD_TRY(sld_graph_from_plan(graph, plan, &builder->plugins));
    times.prepare = now_seconds() - start;
    start = now_seconds();
    SLD_TRY(sld_tactics_choose(graph, &options, arena, &tactics));
    times.tactics = now_seconds() - start;
    start = now_seconds();
    SLD_TRY(keep_info(plan, graph, &info));
    info.tuned_for = options.target.name;
    info.level = sld_cpu_level_name(options.target.isas);
    info.threads = options.target.threads;
    SLD_TRY(sld_plan_write(graph, tactics, &info, &builder->diag, sink));
    times.write = now_seconds() - start;
    solder_status status = sld_builder_report(builder, graph, tactics, &options.target, &times);
    return status == SOLDER_OK ? status : sld_fail_memory(&builder->diag, builder->report.size);
}

/* data is 64-byte aligned. */
static solder_status tune(solder_builder *builder, const char *name, const void *data, size_t size,
                          const solder_config *config, const sld_plan_sink *sink)
{
    sld_plan plan;
    sld_graph *graph = NULL;
    sld_arena arena;
    SLD_TRY(check_plan(builder, data, size));
    SLD_TRY(sld_plan_read(&builder->counted, &builder->diag, name, data, size, &plan));
    SLD_TRY(sld_graph_create(&builder->counted, &builder->diag, &graph));
    sld_arena_init(&arena, &builder->counted, 0);
    solder_status status = tune_graph(builder, &plan, graph, config, &arena, sink);
    sld_arena_free(&arena);
    sld_graph_destroy(graph);
    return status == SOLDER_OK ? status
                               : sld_fail_within(&builder->diag, status, "plan '%s'", name);
}

static solder_status tune_file(solder_builder *builder, const sld_file *file, const char *name,
                               const solder_config *config, const char *path)
{
    sld_writer writer;
    SLD_TRY(sld_writer_open(&builder->counted, &builder->diag, path, &writer));
    sld_plan_sink sink = sld_plan_file_sink(&writer);
    solder_status status = tune(builder, name, file->data, file->size, config, &sink);
    if (status != SOLDER_OK) {
        sld_writer_abandon(&writer);
        return status;
    }
    return sld_writer_commit(&writer);
}

solder_status solder_tune_to_file(solder_builder *builder, const char *plan,
                                  const solder_config *config, const char *path)
{
    if (builder == NULL || plan == NULL || path == NULL) {
        return SOLDER_ERROR_ARGUMENT;
    }
    solder_config defaults = solder_config_default();
    config = config != NULL ? config : &defaults;
    SLD_TRY(sld_builder_check_config(builder, config));
    sld_file file;
    SLD_TRY(sld_file_map(&builder->diag, plan, &file));
    solder_status status = tune_file(builder, &file, plan, config, path);
    sld_file_unmap(&file);
    return status;
}

static solder_status tune_memory(solder_builder *builder, const void *data, size_t size,
                                 const solder_config *config, void **tuned, size_t *tuned_size)
{
    sld_plan_buffer buffer = {.allocator = &builder->counted, .diag = &builder->diag};
    sld_plan_sink sink = sld_plan_memory_sink(&buffer);
    solder_status status = tune(builder, "memory", data, size, config, &sink);
    if (status == SOLDER_OK) {
        status = sld_builder_hand_out(builder, &buffer, tuned, tuned_size);
    }
    sld_release(&builder->counted, buffer.data, buffer.capacity);
    return status;
}

solder_status solder_tune_to_memory(solder_builder *builder, const void *plan, size_t size,
                                    const solder_config *config, void **tuned, size_t *tuned_size)
{
    if (builder == NULL || (plan == NULL && size != 0) || tuned == NULL || tuned_size == NULL) {
        return SOLDER_ERROR_ARGUMENT;
    }
    solder_config defaults = solder_config_default();
    config = config != NULL ? config : &defaults;
    SLD_TRY(sld_builder_check_config(builder, config));
    if ((uintptr_t)plan % SLD_PLAN_ALIGN == 0) {
        return tune_memory(builder, plan, size, config, tuned, tuned_size);
    }
    void *copy = sld_alloc(&builder->counted, size);
    if (copy == NULL) {
        return sld_fail_memory(&builder->diag, size);
    }
    memcpy(copy, plan, size);
    solder_status status = tune_memory(builder, copy, size, config, tuned, tuned_size);
    sld_release(&builder->counted, copy, size);
    return status;
}
