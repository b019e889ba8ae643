/* SPDX-License-Identifier: Apache-2.0 */
/* solder tune: the kernels of a plan chosen again, on the machine it will run on. */
#include "commands.h"
#include "model.h"
#include "solder/plugin.h"
#include "stats.h"

#include <stdlib.h>
#include <string.h>

typedef struct tuning {
    const cli_options *options;
    const char *path; /* of the new plan; may be the old one's */
    solder_builder *builder;
    char **kernels; /* of the old plan, by step */
    size_t count;
    double seconds;
} tuning;

static int remember(tuning *t, const cli_session *session)
{
    const size_t count = solder_engine_step_count(session->engine);
    t->kernels = calloc(count + 1, sizeof *t->kernels);
    if (t->kernels == NULL) {
        return cli_fail_memory(count * sizeof *t->kernels);
    }
    for (t->count = 0; t->count < count; t->count++) {
        solder_step step;
        (void)solder_engine_step(session->engine, t->count, &step);
        t->kernels[t->count] = strdup(step.planned_kernel);
        if (t->kernels[t->count] == NULL) {
            return cli_fail_memory(strlen(step.planned_kernel) + 1);
        }
    }
    return CLI_DONE;
}

static int look_before(tuning *t)
{
    cli_session session;
    int status = cli_session_open(t->options->operands[0], NULL, 1, &t->options->plugins, &session);
    if (status == CLI_DONE) {
        status = remember(t, &session);
    }
    cli_session_close(&session);
    return status;
}

static int write_plan(tuning *t)
{
    const cli_options *o = t->options;
    const solder_builder_options settings = {.struct_size = sizeof settings,
                                             .logger = cli_logger()};
    solder_config config = solder_config_default();
    config.threads = o->threads > 0 ? (int)o->threads : 0;
    config.target = o->target != NULL ? o->target : o->cpu;
    config.effort = o->fast ? 0 : o->effort >= 0 ? (int)o->effort : config.effort;
    config.time_budget = o->time_budget > 0 ? o->time_budget : 0;
    config.timing_cache = o->timing_cache;
    config.progress = cli_progress;
    solder_status code = solder_builder_create(&settings, &t->builder);
    if (code != SOLDER_OK) {
        return cli_fail_status(code, "the builder could not start");
    }
    for (size_t i = 0; i < o->plugins.count && code == SOLDER_OK; i++) {
        code = solder_builder_load_plugin(t->builder, o->plugins.items[i]);
    }
    cli_catch_interrupts();
    if (code == SOLDER_OK) {
        code = solder_tune_to_file(t->builder, o->operands[0], &config, t->path);
    }
    cli_progress_end();
    return code == SOLDER_OK ? CLI_DONE : cli_fail_status(code, solder_builder_message(t->builder));
}

static size_t count_changed(const tuning *t, const cli_session *session)
{
    size_t changed = 0;
    for (size_t i = 0; i < t->count; i++) {
        solder_step step;
        changed += solder_engine_step(session->engine, i, &step) != SOLDER_OK ||
                   strcmp(step.planned_kernel, t->kernels[i]) != 0;
    }
    return changed;
}

static int write_json(const tuning *t, const cli_session *session, size_t changed)
{
    char *text;
    solder_status code = solder_build_report(t->builder, &text, NULL);
    if (code != SOLDER_OK) {
        return cli_fail_status(code, solder_builder_message(t->builder));
    }
    json_t *report = cli_json_create("tune");
    cli_json_set(report, "from", cli_json_text(t->options->operands[0]));
    cli_json_set(report, "plan", cli_json_text(t->path));
    cli_json_set(report, "seconds", cli_json_real(t->seconds));
    cli_json_set(report, "changed", json_integer((json_int_t)changed));
    cli_plan_json(session, report);
    cli_json_set(report, "report", json_loads(text, 0, NULL));
    solder_text_free(text);
    return cli_json_write(t->options->json, report);
}

/* Reads back what was written. */
static int finish(const tuning *t)
{
    cli_session session;
    int status = cli_session_open(t->path, NULL, 1, &t->options->plugins, &session);
    if (status == CLI_DONE) {
        size_t changed = count_changed(t, &session);
        if (cli_volume() > 0) {
            cli_print("%s: %zu steps, %zu on other kernels than before, tuned for %s in %.2f s\n",
                      t->path, t->count, changed,
                      solder_engine_property(session.engine, "tuned_for"), t->seconds);
        }
        if (t->options->json != NULL) {
            status = write_json(t, &session, changed);
        }
    }
    cli_session_close(&session);
    return status;
}

int cli_tune(const cli_options *options)
{
    tuning t = {.options = options, .path = options->plan};
    if (t.path == NULL) {
        t.path = options->operands[0];
    }
    double start = cli_now();
    int status = look_before(&t);
    if (status == CLI_DONE) {
        status = write_plan(&t);
        t.seconds = cli_now() - start;
    }
    if (status == CLI_DONE) {
        status = finish(&t);
    }
    for (size_t i = 0; i < t.count; i++) {
        free(t.kernels[i]);
    }
    free(t.kernels);
    solder_builder_destroy(t.builder);
    return status;
}
