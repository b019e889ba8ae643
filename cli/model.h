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

/*
 * weights may be NULL. inputs and outputs are as given on the command line; seed < 0: no made-up
 * weights; plugins: libraries to load first. Close it whatever happens.
 */
int cli_model_open(const char *model, const char *weights, const cli_list *inputs,
                   const cli_list *outputs, int64_t seed, const cli_list *plugins,
                   cli_model *result);
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
