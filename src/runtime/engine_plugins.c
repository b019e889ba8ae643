/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of plugins: found by the names the plan keeps, held to what they say, opened once. */
#include <stdio.h>

#include "runtime/runtime_internal.h"

/* Every one the plan lists, whether a step uses it or not; what is missing is named at once. */
static solder_status find_all(solder_engine *e, const solder_plugin **found)
{
    sld_diag *diag = &e->runtime->diag;
    char missing[SLD_MESSAGE_MAX / 2] = "";
    size_t used = 0;
    size_t count = 0;
    for (size_t i = 0; i < e->plan.count[SLD_PLAN_PLUGINS]; i++) {
        const char *name = sld_plan_string(&e->plan, e->plan.plugins[i]);
        found[i] = sld_plugins_find_text(&e->runtime->plugins, name);
        if (found[i] == NULL) {
            (void)sld_plugin_fail_missing(&e->runtime->plugins, diag, name);
            if (count == 0) {
                int n = snprintf(missing, sizeof missing, "%s", diag->message);
                used = n > 0 ? (size_t)n : 0;
            } else if (used < sizeof missing) {
                int n = snprintf(missing + used, sizeof missing - used, "%s '%.200s'",
                                 count == 1 ? "; further:" : ",", name);
                used += n > 0 ? (size_t)n : 0;
            }
            count++;
        }
    }
    return count == 0 ? SOLDER_OK
                      : sld_fail(diag, SOLDER_ERROR_NOT_FOUND, "plan '%s' %s", e->name, missing);
}

/* Dims a run may set are those the plan lets the step define. */
static void mark_late(const solder_engine *e, const sld_engine_step *step)
{
    for (uint32_t i = 0; i < step->plan->define_count; i++) {
        const sld_plan_define *d = &e->plan.defines[step->plan->first_define + i];
        for (uint32_t o = 0; o < step->plan->out_count; o++) {
            uint32_t tensor = step->operands[step->plan->in_count + o];
            const sld_plan_tensor *t = tensor != SLD_PLAN_NONE ? &e->plan.tensors[tensor] : NULL;
            for (int j = 0; t != NULL && j < t->rank; j++) {
                const sld_expr *x = &e->plan.exprs[t->dim[j]];
                if (x->op == SLD_EXPR_SYMBOL && (uint64_t)x->value == d->symbol) {
                    step->plugin->late[o] |= (uint8_t)(1u << j);
                }
            }
        }
    }
}

/* No plugin computes in place: whatever else overlaps is found when operands are laid out. */
static bool computes_in_place(const solder_engine *e, const sld_engine_step *step)
{
    for (uint32_t o = 0; o < step->plan->out_count; o++) {
        uint32_t out = step->operands[step->plan->in_count + o];
        for (uint32_t i = 0; out != SLD_PLAN_NONE && i < step->plan->in_count; i++) {
            const sld_plan_tensor *y = &e->plan.tensors[out];
            const sld_plan_tensor *x =
                step->operands[i] != SLD_PLAN_NONE ? &e->plan.tensors[step->operands[i]] : NULL;
            if (x != NULL && x->kind <= SLD_PLAN_ARENA && y->kind <= SLD_PLAN_ARENA &&
                x->offset == y->offset && x->size > 0 && y->size > 0) {
                return true;
            }
        }
    }
    return false;
}

static solder_status bind_step(solder_engine *e, sld_engine_step *step,
                               const solder_plugin *const *found)
{
    const sld_plugin_blob *blob = step->params;
    const char *name = sld_plan_string(&e->plan, step->plan->name);
    step->plugin = sld_arena_alloc(&e->arena, sizeof *step->plugin);
    if (step->plugin == NULL) {
        return sld_fail_memory(&e->runtime->diag, sizeof *step->plugin);
    }
    solder_status status =
        sld_plugin_blob_read(&e->runtime->diag, blob, found[blob->plugin], name, step->plugin);
    if (status == SOLDER_OK && computes_in_place(e, step)) {
        status = sld_fail(&e->runtime->diag, SOLDER_ERROR_DATA,
                          "plugin '%s': an output lies over an input", step->plugin->plugin->name);
    }
    if (status != SOLDER_OK) {
        return sld_fail_within(&e->runtime->diag, status, "plan '%s': step '%s'", e->name, name);
    }
    step->planned_tactic = step->plugin->tactic;
    mark_late(e, step);
    step->params = step->plugin;
    return SOLDER_OK;
}

solder_status sld_engine_bind_plugins(solder_engine *e)
{
    size_t count = e->plan.count[SLD_PLAN_PLUGINS];
    if (count == 0) {
        return SOLDER_OK; /* then no step names one: the reader has checked */
    }
    const solder_plugin **found = sld_arena_array(&e->arena, count, sizeof(const solder_plugin *));
    if (found == NULL) {
        return sld_fail_memory(&e->runtime->diag, count * sizeof(const solder_plugin *));
    }
    SLD_TRY(find_all(e, found));
    for (size_t i = 0; i < e->step_count; i++) {
        const char *family = sld_plan_string(&e->plan, e->steps[i].plan->family);
        if (strcmp(family, "plugin") == 0) {
            SLD_TRY(bind_step(e, &e->steps[i], found));
        }
    }
    return SOLDER_OK;
}

static solder_status check_workspace(const solder_engine *e, const sld_engine_step *step,
                                     const sld_run *run)
{
    char plugin[SLD_PLUGIN_MAX_TEXT];
    size_t size = sld_plugin_kernel.workspace(run, e->threads);
    sld_plugin_print(step->plugin->plugin, false, plugin);
    return size <= SLD_PLUGIN_MAX_BYTES
               ? SOLDER_OK
               : sld_fail(&e->runtime->diag, SOLDER_ERROR_INTERNAL,
                          "plan '%s': step '%s': plugin '%s': workspace asks for %zu bytes",
                          e->name, sld_plan_string(&e->plan, step->plan->name), plugin, size);
}

solder_status sld_engine_choose_tactic(const solder_engine *e, sld_engine_step *step,
                                       const sld_layout *layout, sld_tensor *operands)
{
    sld_run run = sld_layout_run(step, layout, operands);
    sld_diag *diag = &e->runtime->diag;
    const char *name = sld_plan_string(&e->plan, step->plan->name);
    char plugin[SLD_PLUGIN_MAX_TEXT];
    sld_plugin_print(step->plugin->plugin, true, plugin);
    step->kernel = &sld_plugin_kernel;
    if (step->plugin->tactic < sld_plugin_tactics(&run) &&
        sld_plugin_supports(&run, step->plugin->tactic)) {
        return check_workspace(e, step, &run);
    }
    if (step->plugin->tactic != 0) {
        sld_log(diag, SOLDER_LOG_NOTICE,
                "engine: step '%s': plugin '%s' does not support tactic %u here, 0 is used", name,
                plugin, (unsigned)step->plugin->tactic);
        step->plugin->tactic = 0;
        if (sld_plugin_supports(&run, 0)) {
            return check_workspace(e, step, &run);
        }
    }
    return sld_fail(diag, SOLDER_ERROR_UNSUPPORTED,
                    "plan '%s': step '%s': plugin '%s' does not run on this machine, or not with "
                    "these types and dims",
                    e->name, name, plugin);
}

void sld_engine_show_constants(const solder_engine *e, const sld_engine_step *step, sld_run *run)
{
    for (uint32_t i = 0; i < step->plan->in_count; i++) {
        const sld_plan_tensor *t =
            step->operands[i] != SLD_PLAN_NONE ? &e->plan.tensors[step->operands[i]] : NULL;
        if (t != NULL && t->kind == SLD_PLAN_CONSTANT) {
            run->in[i].data = (void *)(uintptr_t)(e->plan.weights + t->offset);
        }
    }
}

solder_status sld_engine_open_plugin(const solder_engine *e, const sld_engine_step *step,
                                     sld_run *run)
{
    sld_engine_show_constants(e, step, run);
    run->pool = e->runtime->pool;
    solder_status status = sld_plugin_check_sizes(step->plugin, run, &e->runtime->diag);
    if (status == SOLDER_OK) {
        status = sld_plugin_open(step->plugin, run, &e->runtime->diag);
    }
    return status == SOLDER_OK
               ? SOLDER_OK
               : sld_fail_within(&e->runtime->diag, status, "plan '%s': step '%s'", e->name,
                                 sld_plan_string(&e->plan, step->plan->name));
}

void sld_engine_close_plugins(solder_engine *e)
{
    for (size_t i = 0; e->steps != NULL && i < e->step_count; i++) {
        if (e->steps[i].plugin != NULL) {
            sld_plugin_close(e->steps[i].plugin);
        }
    }
}
