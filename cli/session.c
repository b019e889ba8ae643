/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"
#include "solder/plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int list_io(cli_session *session)
{
    size_t count = solder_engine_io_count(session->engine);
    session->inputs = calloc(count + 1, sizeof *session->inputs);
    session->outputs = calloc(count + 1, sizeof *session->outputs);
    if (session->inputs == NULL || session->outputs == NULL) {
        return cli_fail_memory((count + 1) * sizeof *session->inputs);
    }
    for (size_t i = 0; i < count; i++) {
        solder_io io;
        solder_status status = solder_engine_io(session->engine, i, &io);
        if (status != SOLDER_OK) {
            return cli_fail_status(status, NULL);
        }
        if (io.is_input) {
            session->inputs[session->input_count++] = io;
        } else {
            session->outputs[session->output_count++] = io;
        }
    }
    return CLI_DONE;
}

static int load_plugins(cli_session *session, const cli_list *plugins)
{
    for (size_t i = 0; i < plugins->count; i++) {
        solder_status status = solder_load_plugin(session->runtime, plugins->items[i]);
        if (status != SOLDER_OK) {
            return cli_fail_status(status, solder_runtime_message(session->runtime));
        }
    }
    return CLI_DONE;
}

int cli_session_open(const char *path, const char *cpu, int64_t threads, const cli_list *plugins,
                     cli_session *session)
{
    memset(session, 0, sizeof *session);
    session->path = path;
    solder_runtime_options options = solder_runtime_options_default();
    options.logger = cli_logger();
    options.threads = threads > 0 ? (int)threads : 0;
    options.cpu = cpu;
    solder_status status = solder_runtime_create(&options, &session->runtime);
    if (status == SOLDER_ERROR_ARGUMENT && cpu != NULL) {
        return cli_fail(CLI_USAGE, "--cpu: '%s' is not a processor level", cpu);
    }
    if (status != SOLDER_OK) {
        return cli_fail_status(status, "the runtime could not start");
    }
    int loaded = load_plugins(session, plugins);
    if (loaded != CLI_DONE) {
        return loaded;
    }
    status = solder_engine_open(session->runtime, path, &session->engine);
    if (status != SOLDER_OK) {
        return cli_fail_status(status, solder_runtime_message(session->runtime));
    }
    return list_io(session);
}

int cli_session_verify(const cli_session *session)
{
    solder_status status = solder_engine_verify(session->runtime, session->engine);
    return status == SOLDER_OK ? CLI_DONE
                               : cli_fail_status(status, solder_runtime_message(session->runtime));
}

void cli_session_close(cli_session *session)
{
    free(session->inputs);
    free(session->outputs);
    if (session->engine != NULL) {
        solder_engine_destroy(session->engine);
    }
    if (session->runtime != NULL) {
        solder_runtime_destroy(session->runtime);
    }
    memset(session, 0, sizeof *session);
}

const char *cli_range_text(const solder_io *io, char text[2 * CLI_DIMS_TEXT])
{
    if (io->max.rank <= 0) {
        return strcpy(text, "scalar");
    }
    const size_t size = 2 * CLI_DIMS_TEXT;
    size_t used = 0;
    for (int i = 0; i < io->max.rank; i++) {
        const char *separator = i > 0 ? "x" : "";
        long long min = io->min.d[i];
        long long max = io->max.d[i];
        int wrote = min == max ? snprintf(text + used, size - used, "%s%lld", separator, max)
                    : max == INT64_MAX /* only the run tells */
                        ? snprintf(text + used, size - used, "%s%lld..", separator, min)
                        : snprintf(text + used, size - used, "%s%lld..%lld", separator, min, max);
        used += (size_t)wrote;
    }
    return text;
}
