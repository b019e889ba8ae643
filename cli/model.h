/* SPDX-License-Identifier: Apache-2.0 */
/* An imported model. */
#ifndef SOLDER_CLI_MODEL_H
#define SOLDER_CLI_MODEL_H

#include "json.h"
#include "options.h"
#include "session.h"
#include "solder/builder.h"

typedef struct cli_model {
    solder_builder *builder;
    solder_network *network;
} cli_model;

typedef struct cli_model_options {
    const char *model, *weights;      /* weights may be NULL */
    const cli_list *inputs, *outputs; /* as given on the command line */
    const solder_profile *profiles;   /* of CLI_LIST_MAX at most; fix what they leave no choice */
    size_t profile_count;
    int64_t seed;            /* < 0: no made-up weights */
    const cli_list *plugins; /* libraries to load first */
} cli_model_options;

/* Close it whatever happens. */
int cli_model_open(const cli_model_options *options, cli_model *result);
void cli_model_close(cli_model *model);

/* Keeps the builder's message as the error. */
int cli_model_fail(const cli_model *model, solder_status status);

/* The JSON form of a network; NULL with an error kept. */
json_t *cli_model_json(const cli_model *model, solder_network *network);

/* Before, after and, if plan is not NULL, the steps of a plan, as one offline page. */
int cli_page_write(const char *path, const char *title, json_t *before, json_t *after,
                   json_t *plan);

/* Adds what solder inspect shows of a plan: io, steps, memory, properties, labels. */
void cli_plan_json(const cli_session *session, json_t *object);

#endif
