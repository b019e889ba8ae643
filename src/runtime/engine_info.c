/* SPDX-License-Identifier: Apache-2.0 */
/* What an engine says of itself. Nothing here changes it: safe from any thread. */
#include "runtime/runtime_internal.h"

size_t solder_engine_io_count(const solder_engine *engine)
{
    return engine != NULL ? engine->io_count : 0;
}

solder_status solder_engine_io(const solder_engine *engine, size_t index, solder_io *io)
{
    if (engine == NULL || io == NULL || index >= engine->io_count) {
        return SOLDER_ERROR_ARGUMENT;
    }
    *io = engine->io[index];
    return SOLDER_OK;
}

const char *solder_engine_property(const solder_engine *engine, const char *key)
{
    if (engine == NULL || key == NULL) {
        return NULL;
    }
    const sld_plan *p = &engine->plan;
    for (size_t i = 0; i < p->count[SLD_PLAN_PROPERTIES]; i++) {
        if (strcmp(sld_plan_string(p, p->properties[i].key), key) == 0) {
            return sld_plan_string(p, p->properties[i].value);
        }
    }
    return NULL;
}

size_t solder_engine_label_count(const solder_engine *engine)
{
    return engine != NULL ? engine->plan.count[SLD_PLAN_LABELS] : 0;
}

const char *solder_engine_label(const solder_engine *engine, size_t index)
{
    return engine != NULL && index < engine->plan.count[SLD_PLAN_LABELS]
               ? sld_plan_string(&engine->plan, engine->plan.labels[index])
               : NULL;
}

const char *solder_engine_plugin(const solder_engine *engine, size_t index)
{
    return engine != NULL && index < engine->plan.count[SLD_PLAN_PLUGINS]
               ? sld_plan_string(&engine->plan, engine->plan.plugins[index])
               : NULL;
}

bool solder_engine_image_rule(const solder_engine *engine, const char *input,
                              solder_image_rule *rule)
{
    if (engine == NULL || input == NULL || rule == NULL) {
        return false;
    }
    const sld_plan *p = &engine->plan;
    for (size_t i = 0; i < p->count[SLD_PLAN_IMAGES]; i++) {
        const sld_plan_image *image = &p->images[i];
        if (strcmp(sld_plan_string(p, p->tensors[image->tensor].name), input) == 0) {
            *rule = (solder_image_rule){.resize = image->resize, .transposed = image->transposed};
            memcpy(rule->order, image->order, sizeof rule->order);
            memcpy(rule->mean, image->mean, sizeof rule->mean);
            memcpy(rule->scale, image->scale, sizeof rule->scale);
            return true;
        }
    }
    return false;
}

size_t solder_engine_step_count(const solder_engine *engine)
{
    return engine != NULL ? engine->step_count : 0;
}

/* A plugin's ways of running stand where kernels do. */
static const char *tactic_name(uint32_t tactic)
{
    static const char *const names[SLD_PLUGIN_MAX_TACTICS] = {
        "plugin:0",  "plugin:1",  "plugin:2",  "plugin:3", "plugin:4",  "plugin:5",
        "plugin:6",  "plugin:7",  "plugin:8",  "plugin:9", "plugin:10", "plugin:11",
        "plugin:12", "plugin:13", "plugin:14", "plugin:15"};
    return names[tactic]; /* the plan's was checked, a plugin's are limited */
}

solder_status solder_engine_step(const solder_engine *engine, size_t index, solder_step *step)
{
    if (engine == NULL || step == NULL || index >= engine->step_count) {
        return SOLDER_ERROR_ARGUMENT;
    }
    const sld_engine_step *s = &engine->steps[index];
    *step =
        (solder_step){.name = sld_plan_string(&engine->plan, s->plan->name),
                      .op = sld_plan_string(&engine->plan, s->plan->op),
                      .kernel = s->kernel != NULL ? s->kernel->name
                                                  : sld_plan_string(&engine->plan, s->plan->kernel),
                      .planned_kernel = sld_plan_string(&engine->plan, s->plan->kernel),
                      .flops = s->plan->flops,
                      .bytes = s->plan->bytes,
                      .workspace = s->workspace};
    if (s->plugin != NULL) {
        step->kernel = tactic_name(s->plugin->tactic);
        step->planned_kernel = tactic_name(s->planned_tactic);
    }
    return SOLDER_OK;
}

void solder_engine_memory(const solder_engine *engine, solder_memory *memory)
{
    if (memory == NULL) {
        return;
    }
    *memory = (solder_memory){0};
    if (engine != NULL) {
        memory->plan = engine->size;
        memory->weights = engine->plan.count[SLD_PLAN_WEIGHTS];
        memory->repacked = engine->repacked_bytes;
        memory->activations = (size_t)engine->plan.header->arena_bytes;
        memory->workspace = engine->workspace;
    }
}

size_t solder_engine_context_bytes(const solder_engine *engine)
{
    return engine != NULL ? engine->map.total : 0;
}
