/* SPDX-License-Identifier: Apache-2.0 */
#include "model.h"
#include "parse.h"
#include "solder/plugin.h"

#include <stdlib.h>
#include <string.h>

typedef struct specs {
    cli_name names[CLI_LIST_MAX];
    double values[CLI_LIST_MAX];
    solder_input_spec inputs[2 * CLI_LIST_MAX];
    size_t count;
} specs;

int cli_model_fail(const cli_model *model, solder_status status)
{
    cli_progress_end();
    return cli_fail_status(status, solder_builder_message(model->builder));
}

static int import(const char *file, const char *weights, const solder_import_options *options,
                  const cli_list *plugins, cli_model *result)
{
    solder_builder_options settings = {.struct_size = sizeof settings, .logger = cli_logger()};
    solder_status status = solder_builder_create(&settings, &result->builder);
    if (status != SOLDER_OK) {
        return cli_fail_status(status, "the builder could not start");
    }
    for (size_t i = 0; i < plugins->count; i++) {
        status = solder_load_plugin(result->builder, plugins->items[i]);
        if (status != SOLDER_OK) {
            return cli_model_fail(result, status);
        }
    }
    status = solder_import(result->builder, file, weights, options, &result->network);
    return status == SOLDER_OK ? CLI_DONE : cli_model_fail(result, status);
}

/* Dimensions that a range leaves no choice are fixed when importing: branches, and ranks that
 * depend on them, are then decided. */
static void fix_dims(const solder_profile *profiles, size_t count, specs *s)
{
    size_t given = s->count;
    for (size_t i = 0; i < count; i++) {
        const solder_profile *p = &profiles[i];
        solder_input_spec spec = {.name = p->input, .dims = p->opt};
        bool known = false, fixed = false;
        for (size_t j = 0; j < given; j++) {
            const char *name = s->inputs[j].name;
            known = known || name == p->input ||
                    (name != NULL && p->input != NULL && strcmp(name, p->input) == 0);
        }
        for (int k = 0; k < p->opt.rank; k++) {
            bool one = p->min.d[k] == p->max.d[k];
            fixed = fixed || one;
            spec.dims.d[k] = one ? p->opt.d[k] : SOLDER_DIM_AS_MODEL;
        }
        if (fixed && !known) {
            s->inputs[s->count++] = spec;
        }
    }
}

int cli_model_open(const cli_model_options *o, cli_model *result)
{
    memset(result, 0, sizeof *result);
    specs *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return cli_fail_memory(sizeof *s);
    }
    int status = CLI_DONE;
    for (size_t i = 0; status == CLI_DONE && i < o->inputs->count; i++) {
        status = cli_parse_input(o->inputs->items[i], &s->names[i], &s->values[i], &s->inputs[i]);
        s->count++;
    }
    if (status == CLI_DONE) {
        fix_dims(o->profiles, o->profile_count, s);
        solder_import_options options = solder_import_options_default();
        options.inputs = s->inputs;
        options.input_count = s->count;
        options.outputs = o->outputs->items;
        options.output_count = o->outputs->count;
        options.random_weights = o->seed >= 0;
        options.seed = o->seed >= 0 ? (uint64_t)o->seed : 0;
        status = import(o->model, o->weights, &options, o->plugins, result);
    }
    free(s);
    return status;
}

void cli_model_close(cli_model *model)
{
    if (model->builder != NULL) {
        solder_builder_destroy(model->builder); /* and its networks */
    }
    memset(model, 0, sizeof *model);
}

json_t *cli_model_json(const cli_model *model, solder_network *network)
{
    char *text;
    size_t size;
    solder_status status = solder_network_describe(network, SOLDER_FORM_JSON, &text, &size);
    if (status != SOLDER_OK) {
        (void)cli_model_fail(model, status);
        return NULL;
    }
    json_error_t error;
    json_t *object = json_loadb(text, strlen(text), 0, &error);
    solder_text_free(text);
    if (object == NULL) {
        (void)cli_fail(CLI_DATA, "the network's JSON form is malformed: %s", error.text);
    }
    return object;
}
