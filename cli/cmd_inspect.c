/* SPDX-License-Identifier: Apache-2.0 */
/* solder inspect: a model before and after the passes, or a plan. */
#include "commands.h"
#include "files.h"
#include "model.h"

#include <stdlib.h>
#include <string.h>

/* Plans begin like this (docs/plan-format.md); what follows may be damaged. */
static bool is_plan(const char *path)
{
    uint8_t start[4];
    return cli_file_peek(path, start, sizeof start) == sizeof start &&
           memcmp(start, "\x89SLD", sizeof start) == 0;
}

/* ---- a plan ---- */

static void print_io(const char *title, const solder_io *ios, size_t count)
{
    cli_print("%s\n", title);
    for (size_t i = 0; i < count; i++) {
        char text[2 * CLI_DIMS_TEXT];
        cli_print("  %s %s %s%s\n", ios[i].name, solder_dtype_name(ios[i].dtype),
                  cli_range_text(&ios[i], text), ios[i].nhwc ? " NHWC" : "");
    }
}

static void print_rules(const cli_session *session)
{
    static const char *const resizes[] = {"none", "stretch", "crop", "pad"};
    for (size_t i = 0; i < session->input_count; i++) {
        solder_image_rule r;
        if (solder_engine_image_rule(session->engine, session->inputs[i].name, &r)) {
            bool gray = r.order[0] == 'g';
            cli_print("pictures    %s: %.4s, mean %g", session->inputs[i].name, r.order,
                      (double)r.mean[0]);
            for (int c = 1; c < 3 && !gray; c++) {
                cli_print(":%g", (double)r.mean[c]);
            }
            cli_print(", scale %g", (double)r.scale[0]);
            for (int c = 1; c < 3 && !gray; c++) {
                cli_print(":%g", (double)r.scale[c]);
            }
            cli_print(", resize %s%s\n", resizes[r.resize & 3], r.transposed ? ", transposed" : "");
        }
    }
}

static void print_steps(const solder_engine *engine)
{
    cli_print("%4s %12s %12s  %-18s %-28s %s\n", "step", "Mflop", "KiB", "operator", "kernel",
              "name");
    for (size_t i = 0; i < solder_engine_step_count(engine); i++) {
        solder_step s;
        if (solder_engine_step(engine, i, &s) == SOLDER_OK) {
            bool other = s.planned_kernel != NULL && strcmp(s.kernel, s.planned_kernel) != 0;
            cli_print("%4zu %12.3f %12.1f  %-18s %-28s %s%s%s%s\n", i, s.flops / 1e6,
                      s.bytes / 1024, s.op, s.kernel, s.name, other ? " (tuned: " : "",
                      other ? s.planned_kernel : "", other ? ")" : "");
        }
    }
}

static void print_plan(const cli_session *session)
{
    static const char *const keys[] = {"network", "created_by", "tuned_for", "threads"};
    solder_memory m;
    solder_engine_memory(session->engine, &m);
    cli_print("%s: a plan\n", session->path);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *value = solder_engine_property(session->engine, keys[i]);
        if (value != NULL && value[0] != '\0') {
            cli_print("%-11s %s\n", keys[i], value);
        }
    }
    print_io("inputs", session->inputs, session->input_count);
    print_io("outputs", session->outputs, session->output_count);
    cli_print("memory      plan %zu, weights %zu, repacked %zu, activations %zu, workspace %zu "
              "bytes\n",
              m.plan, m.weights, m.repacked, m.activations, m.workspace);
    print_rules(session);
    if (solder_engine_label_count(session->engine) > 0) {
        cli_print("labels      %zu\n", solder_engine_label_count(session->engine));
    }
    for (size_t i = 0; solder_engine_plugin(session->engine, i) != NULL; i++) {
        cli_print("%-11s %s\n", i == 0 ? "plugins" : "", solder_engine_plugin(session->engine, i));
    }
    print_steps(session->engine);
}

static int inspect_plan(const cli_options *options)
{
    if (options->dot != NULL) {
        return cli_fail(CLI_USAGE, "inspect: --dot draws models, '%s' is a plan",
                        options->operands[0]);
    }
    cli_session session;
    int status =
        cli_session_open(options->operands[0], options->cpu, 1, &options->plugins, &session);
    if (status == CLI_DONE) {
        print_plan(&session);
        json_t *report = cli_json_create("inspect");
        cli_json_set(report, "kind", json_string("plan"));
        cli_plan_json(&session, report);
        if (options->html != NULL) {
            status = cli_page_write(options->html, options->operands[0], NULL, NULL, report);
        }
        if (status == CLI_DONE && options->json != NULL) {
            status = cli_json_write(options->json, json_incref(report));
        }
        json_decref(report);
    }
    cli_session_close(&session);
    return status;
}

/* ---- a model ---- */

static const char *text_of(json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

static void print_values(json_t *network, const char *key)
{
    size_t i;
    size_t k;
    json_t *name;
    json_t *value;
    cli_print("%s\n", key);
    json_array_foreach(json_object_get(network, key), i, name)
    {
        json_array_foreach(json_object_get(network, "values"), k, value)
        {
            if (strcmp(text_of(value, "name"), json_string_value(name)) == 0) {
                cli_print("  %s %s ", json_string_value(name), text_of(value, "dtype"));
                size_t d;
                json_t *dim;
                json_array_foreach(json_object_get(value, "dims"), d, dim)
                {
                    const char *symbol = json_string_value(dim);
                    if (symbol != NULL) {
                        cli_print("%s%s", d > 0 ? "x" : "", symbol);
                    } else {
                        cli_print("%s%lld", d > 0 ? "x" : "", (long long)json_integer_value(dim));
                    }
                }
                cli_print("\n");
                break;
            }
        }
    }
}

/* {"Convolution": 3, ...} */
static json_t *count_operators(json_t *network)
{
    json_t *counts = json_object();
    size_t i;
    json_t *node;
    json_array_foreach(json_object_get(network, "nodes"), i, node)
    {
        const char *op = text_of(node, "op");
        json_int_t before = json_integer_value(json_object_get(counts, op));
        cli_json_set(counts, op, json_integer(before + 1));
    }
    return counts;
}

static void count_parameters(json_t *network, json_int_t *count, json_int_t *bytes)
{
    size_t i;
    json_t *value;
    *count = 0;
    *bytes = 0;
    json_array_foreach(json_object_get(network, "values"), i, value)
    {
        if (strcmp(text_of(value, "kind"), "constant") == 0) {
            json_int_t product = 1;
            size_t d;
            json_t *dim;
            json_array_foreach(json_object_get(value, "dims"), d, dim)
            {
                product *= json_integer_value(dim);
            }
            *count += product;
            *bytes += json_integer_value(json_object_get(value, "bytes"));
        }
    }
}

static void print_model(const char *path, json_t *network, json_t *report)
{
    json_int_t count;
    json_int_t bytes;
    json_t *counts = count_operators(network);
    const char *op;
    json_t *number;
    const char *separator = "";
    cli_print("%s: network '%s'\n", path, text_of(network, "name"));
    print_values(network, "inputs");
    print_values(network, "outputs");
    cli_print("operators   %zu: ", json_array_size(json_object_get(network, "nodes")));
    json_object_foreach(counts, op, number)
    {
        cli_print("%s%s %lld", separator, op, (long long)json_integer_value(number));
        separator = ", ";
    }
    count_parameters(network, &count, &bytes);
    cli_print("\nparameters  %lld (%.2f MiB)\n", (long long)count, (double)bytes / 0x1p20);
    cli_json_set(report, "operators", counts);
    cli_json_set(report, "parameters", json_integer(count));
    cli_json_set(report, "parameter_bytes", json_integer(bytes));
}

/* Both drawings in one file: before and after the passes. */
static int write_dot(const cli_model *model, solder_network *optimized, const char *path)
{
    char *before;
    char *after = NULL;
    size_t size;
    solder_status code = solder_network_describe(model->network, SOLDER_FORM_DOT, &before, &size);
    if (code != SOLDER_OK) {
        return cli_model_fail(model, code);
    }
    if (optimized != NULL) {
        code = solder_network_describe(optimized, SOLDER_FORM_DOT, &after, &size);
    }
    int status = code != SOLDER_OK ? cli_model_fail(model, code)
                                   : cli_file_write(path, before, strlen(before), after,
                                                    after != NULL ? strlen(after) : 0);
    solder_text_free(before);
    if (after != NULL) {
        solder_text_free(after);
    }
    return status;
}

static int write_model(const cli_model *model, const cli_options *options, json_t *before,
                       json_t *report)
{
    /* The passes need every shape bounded; a model that is open still shows as it is. */
    solder_config config = solder_config_default();
    solder_network *optimized = NULL;
    config.target = options->cpu;
    if (solder_optimize(model->builder, model->network, &config, &optimized) != SOLDER_OK) {
        cli_notice("not optimised: %s", solder_builder_message(model->builder));
        optimized = NULL;
    }
    json_t *after = NULL;
    if (optimized != NULL) {
        after = cli_model_json(model, optimized);
        if (after == NULL) {
            return CLI_DATA; /* cli_model_json kept the error */
        }
    }
    int status = CLI_DONE;
    if (options->dot != NULL) {
        status = write_dot(model, optimized, options->dot);
    }
    if (status == CLI_DONE && options->html != NULL) {
        status = cli_page_write(options->html, options->operands[0], before, after, NULL);
    }
    if (status == CLI_DONE && options->json != NULL) {
        cli_json_set(report, "before", json_incref(before));
        cli_json_set(report, "after", after != NULL ? json_incref(after) : json_null());
        status = cli_json_write(options->json, json_incref(report));
    }
    json_decref(after);
    return status;
}

static int inspect_model(const cli_options *o)
{
    cli_model model;
    int status = cli_model_open(
        &(cli_model_options){.model = o->operands[0],
                             .weights = o->operand_count == 2 ? o->operands[1] : NULL,
                             .inputs = &o->inputs,
                             .outputs = &o->outputs,
                             .seed = o->random_weights,
                             .plugins = &o->plugins},
        &model);
    json_t *before = status == CLI_DONE ? cli_model_json(&model, model.network) : NULL;
    if (status == CLI_DONE && before == NULL) {
        status = CLI_DATA; /* cli_model_json kept the error */
    }
    if (status == CLI_DONE) {
        json_t *report = cli_json_create("inspect");
        cli_json_set(report, "kind", json_string("model"));
        print_model(o->operands[0], before, report);
        if (o->dot != NULL || o->html != NULL || o->json != NULL) {
            status = write_model(&model, o, before, report);
        }
        json_decref(report);
    }
    json_decref(before);
    cli_model_close(&model);
    return status;
}

int cli_inspect(const cli_options *options)
{
    return is_plan(options->operands[0]) ? inspect_plan(options) : inspect_model(options);
}
