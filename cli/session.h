/* SPDX-License-Identifier: Apache-2.0 */
/* An open plan, and the tensors that are fed into it. */
#ifndef SOLDER_CLI_SESSION_H
#define SOLDER_CLI_SESSION_H

#include "options.h"
#include "solder/runtime.h"
#include "tensor.h"

typedef struct cli_session {
    const char *path; /* of the plan */
    solder_runtime *runtime;
    solder_engine *engine;
    solder_io *inputs, *outputs;
    size_t input_count, output_count;
} cli_session;

/* threads < 1: all cores. plugins: libraries to load first. Close it whatever happens. */
int cli_session_open(const char *path, const char *cpu, int64_t threads, const cli_list *plugins,
                     cli_session *session);
/* Checks the weights now, so that the first run is timed without it. */
int cli_session_verify(const cli_session *session);
void cli_session_close(cli_session *session);

/* "1..8x3x224x224" of an input or output; room as for dims, twice. */
const char *cli_range_text(const solder_io *io, char text[2 * CLI_DIMS_TEXT]);

/* tensors[session->input_count], zeroed memory; free with cli_feed_free. */
int cli_feed_create(const cli_session *session, cli_tensor **tensors);
void cli_feed_free(const cli_session *session, cli_tensor *tensors);
/* From --input NAME=FILE: arrays and pictures. Every input needs one, repeated ones are stacked. */
int cli_feed_load(const cli_session *session, const cli_list *list, cli_tensor *tensors);
/* Random contents at the optimal shape; batch > 0 replaces the first dimension. */
int cli_feed_random(const cli_session *session, int64_t batch, uint64_t seed, cli_tensor *tensors);
/* Sets dims and binds. The tensors must outlive the runs. */
int cli_feed_bind(const cli_session *session, solder_context *context, cli_tensor *tensors);

#endif
