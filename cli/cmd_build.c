/* SPDX-License-Identifier: Apache-2.0 */
/* solder build: model in, plan out. */
#include "commands.h"
#include "files.h"
#include "model.h"
#include "parse.h"
#include "stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RULES_MAX 16

/* What the configuration points to. */
typedef struct build {
    const cli_options *options;
    cli_model model;
    solder_config config;
    cli_name shape_names[CLI_LIST_MAX];
    solder_profile profiles[CLI_LIST_MAX];
    cli_name rule_names[RULES_MAX];
    solder_preprocess rules[RULES_MAX];
    char *label_text;
    const char **labels;
    size_t label_count;
    double seconds;
} build;

static int read_shapes(build *b)
{
    const cli_list *list = &b->options->shapes;
    for (size_t i = 0; i < list->count; i++) {
        int status = cli_parse_shapes(list->items[i], &b->shape_names[i], &b->profiles[i]);
        if (status != CLI_DONE) {
            return status;
        }
    }
    b->config.profiles = b->profiles;
    b->config.profile_count = list->count;
    return CLI_DONE;
}

static int read_rules(build *b)
{
    const cli_list *list = &b->options->preprocess;
    if (list->count > RULES_MAX) {
        return cli_fail(CLI_USAGE, "build: --preprocess is given more than %d times", RULES_MAX);
    }
    for (size_t i = 0; i < list->count; i++) {
        int status = cli_parse_preprocess(list->items[i], &b->rule_names[i], &b->rules[i]);
        if (status != CLI_DONE) {
            return status;
        }
    }
    b->config.preprocess = b->rules;
    b->config.preprocess_count = list->count;
    return CLI_DONE;
}

/* One name per line; the last line may lack its end. */
static int read_labels(build *b)
{
    uint8_t *data;
    size_t size;
    int status = cli_file_read(b->options->labels, &data, &size);
    if (status != CLI_DONE) {
        return status;
    }
    b->label_text = (char *)data;
    if (memchr(data, 0, size) != NULL) {
        return cli_fail(CLI_DATA, "%s: not a text file: it holds a zero byte", b->options->labels);
    }
    size_t lines = 1;
    for (size_t i = 0; i < size; i++) {
        lines += data[i] == '\n';
    }
    b->labels = calloc(lines, sizeof *b->labels);
    if (b->labels == NULL) {
        return cli_fail_memory(lines * sizeof *b->labels);
    }
    char *rest = b->label_text;
    while (rest != NULL && *rest != '\0') {
        char *line = strsep(&rest, "\n");
        line[strcspn(line, "\r")] = '\0';
        b->labels[b->label_count++] = line;
    }
    if (b->label_count == 0) {
        return cli_fail(CLI_DATA, "%s: no labels: the file is empty", b->options->labels);
    }
    b->config.labels = b->labels;
    b->config.label_count = b->label_count;
    return CLI_DONE;
}

static int configure(build *b)
{
    const cli_options *o = b->options;
    b->config = solder_config_default();
    b->config.threads = o->threads > 0 ? (int)o->threads : 0;
    b->config.target = o->target != NULL ? o->target : o->cpu;
    b->config.effort = o->fast ? 0 : o->effort >= 0 ? (int)o->effort : b->config.effort;
    b->config.time_budget = o->time_budget > 0 ? o->time_budget : 0;
    b->config.timing_cache = o->timing_cache;
    b->config.progress = cli_progress;
    int status = read_shapes(b);
    if (status == CLI_DONE) {
        status = read_rules(b);
    }
    return status == CLI_DONE && o->labels != NULL ? read_labels(b) : status;
}

static int write_page(const build *b, const cli_session *session)
{
    solder_network *optimized;
    solder_status code =
        solder_optimize(b->model.builder, b->model.network, &b->config, &optimized);
    if (code != SOLDER_OK) {
        return cli_model_fail(&b->model, code);
    }
    json_t *before = cli_model_json(&b->model, b->model.network);
    json_t *after = before != NULL ? cli_model_json(&b->model, optimized) : NULL;
    int status = CLI_DATA; /* with the error that cli_model_json kept */
    if (after != NULL) {
        json_t *plan = json_object();
        cli_plan_json(session, plan);
        status = cli_page_write(b->options->report, b->options->operands[0], before, after, plan);
        json_decref(plan);
    }
    json_decref(before);
    json_decref(after);
    return status;
}

static int write_json(const build *b, const cli_session *session)
{
    char *text;
    solder_status code = solder_build_report(b->model.builder, &text, NULL);
    if (code != SOLDER_OK) {
        return cli_model_fail(&b->model, code);
    }
    json_t *report = cli_json_create("build");
    cli_json_set(report, "model", cli_json_text(b->options->operands[0]));
    cli_json_set(report, "plan", cli_json_text(b->options->plan));
    cli_json_set(report, "seconds", cli_json_real(b->seconds));
    cli_plan_json(session, report);
    cli_json_set(report, "report", json_loads(text, 0, NULL));
    solder_text_free(text);
    return cli_json_write(b->options->json, report);
}

static void print_plan(const build *b, const cli_session *session)
{
    solder_memory memory;
    solder_engine_memory(session->engine, &memory);
    if (cli_volume() > 0) {
        cli_print("%s: %zu steps, weights %.2f MiB, activations %.2f MiB, plan %.2f MiB, "
                  "built in %.2f s\n",
                  b->options->plan, solder_engine_step_count(session->engine),
                  (double)memory.weights / 0x1p20, (double)memory.activations / 0x1p20,
                  (double)memory.plan / 0x1p20, b->seconds);
    }
}

/* Reads back what was written: the summary is the plan's own, and a plan that loads is a promise.
 */
static int finish(const build *b)
{
    cli_session session;
    int status = cli_session_open(b->options->plan, NULL, 1, &b->options->plugins, &session);
    if (status == CLI_DONE) {
        print_plan(b, &session);
    }
    if (status == CLI_DONE && b->options->report != NULL) {
        status = write_page(b, &session);
    }
    if (status == CLI_DONE && b->options->json != NULL) {
        status = write_json(b, &session);
    }
    cli_session_close(&session);
    return status;
}

static int build_plan(build *b)
{
    const cli_options *o = b->options;
    double start = cli_now();
    int status = configure(b);
    if (status == CLI_DONE) {
        status = cli_model_open(
            &(cli_model_options){.model = o->operands[0],
                                 .weights = o->operand_count == 2 ? o->operands[1] : NULL,
                                 .inputs = &o->inputs,
                                 .outputs = &o->outputs,
                                 .profiles = b->profiles,
                                 .profile_count = b->config.profile_count,
                                 .seed = o->random_weights,
                                 .plugins = &o->plugins},
            &b->model);
    }
    if (status != CLI_DONE) {
        return status;
    }
    cli_catch_interrupts();
    solder_status code =
        solder_build_to_file(b->model.builder, b->model.network, &b->config, o->plan);
    cli_progress_end();
    b->seconds = cli_now() - start;
    return code == SOLDER_OK ? finish(b) : cli_model_fail(&b->model, code);
}

int cli_build(const cli_options *options)
{
    build *b = calloc(1, sizeof *b);
    if (b == NULL) {
        return cli_fail_memory(sizeof *b);
    }
    b->options = options;
    int status = build_plan(b);
    cli_model_close(&b->model);
    free(b->labels);
    free(b->label_text);
    free(b);
    return status;
}
