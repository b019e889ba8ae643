/* SPDX-License-Identifier: Apache-2.0 */
/* solder run: inputs from files, outputs to files, to a ranking or to a summary. */
#include "commands.h"
#include "npy.h"
#include "parse.h"
#include "profile.h"
#include "stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_VALUES 8

/* An output as it lies in the context. data is not to be freed. */
static int get_output(solder_context *context, const solder_io *io, cli_tensor *tensor)
{
    *tensor = (cli_tensor){.dtype = io->dtype};
    solder_status status = solder_context_tensor(context, io->name, &tensor->data, &tensor->dims);
    size_t count;
    if (status != SOLDER_OK) {
        return cli_fail_status(status, solder_context_message(context));
    }
    if (!cli_dims_count(&tensor->dims, &count) || (tensor->data == NULL && count > 0)) {
        return cli_fail(CLI_DATA, "output '%s' has no data", io->name);
    }
    tensor->size = count * solder_dtype_size(io->dtype);
    return CLI_DONE;
}

static void print_summary(const solder_io *io, const cli_tensor *tensor, json_t *object)
{
    cli_summary s;
    char dims[CLI_DIMS_TEXT];
    cli_summary_of(tensor, &s);
    json_t *first = json_array();
    cli_print("%s %s %s: min %.6g max %.6g mean %.6g", io->name, solder_dtype_name(io->dtype),
              cli_dims_text(&tensor->dims, dims), s.min, s.max, s.mean);
    if (s.nans > 0) {
        cli_print(" NaN %zu", s.nans);
    }
    cli_print(" first");
    for (size_t i = 0; i < s.count && i < FIRST_VALUES; i++) {
        double value = cli_element(tensor->dtype, tensor->data, i);
        cli_print(" %.6g", value);
        cli_json_append(first, cli_json_real(value));
    }
    cli_print("\n");
    cli_json_set(object, "min", cli_json_real(s.min));
    cli_json_set(object, "max", cli_json_real(s.max));
    cli_json_set(object, "mean", cli_json_real(s.mean));
    cli_json_set(object, "nans", json_integer((json_int_t)s.nans));
    cli_json_set(object, "first", first);
}

/* The first dimension is the batch, all others together are the classes. */
static void print_item(const cli_session *session, const solder_io *io, const cli_tensor *tensor,
                       size_t item, size_t classes, size_t *best, size_t k, json_t *items)
{
    size_t labels = solder_engine_label_count(session->engine);
    json_t *list = json_array();
    cli_top(tensor, item * classes, classes, k, best);
    cli_print(tensor->dims.rank > 1 && tensor->dims.d[0] > 1 ? "%s[%zu]:" : "%s:", io->name, item);
    cli_print(k > 1 ? "\n" : "");
    for (size_t i = 0; i < k && i < classes; i++) {
        double score = cli_element(tensor->dtype, tensor->data, item * classes + best[i]);
        const char *label =
            labels == classes ? solder_engine_label(session->engine, best[i]) : NULL;
        cli_print("  %10.6f  %zu%s%s\n", score, best[i], label != NULL ? "  " : "",
                  label != NULL ? label : "");
        json_t *entry = json_object();
        cli_json_set(entry, "index", json_integer((json_int_t)best[i]));
        cli_json_set(entry, "label", cli_json_text(label));
        cli_json_set(entry, "score", cli_json_real(score));
        cli_json_append(list, entry);
    }
    cli_json_append(items, list);
}

static int print_top(const cli_session *session, const solder_io *io, const cli_tensor *tensor,
                     size_t k, json_t *object)
{
    size_t count = tensor->size / solder_dtype_size(tensor->dtype);
    size_t batch = tensor->dims.rank > 1 ? (size_t)tensor->dims.d[0] : 1;
    size_t classes = batch > 0 ? count / batch : 0;
    k = k < classes ? k : classes;
    size_t *best = calloc(k + 1, sizeof *best);
    if (best == NULL) {
        return cli_fail_memory(k * sizeof *best);
    }
    json_t *items = json_array();
    for (size_t item = 0; item < batch && classes > 0; item++) {
        print_item(session, io, tensor, item, classes, best, k, items);
    }
    cli_json_set(object, "top", items);
    free(best);
    return CLI_DONE;
}

/* NAME=FILE.npy of --output for this output; NULL if there is none. */
static const char *find_file(const cli_session *session, const cli_options *options,
                             const solder_io *io)
{
    for (size_t i = 0; i < options->outputs.count; i++) {
        cli_name name;
        const char *path;
        if (cli_split_name(options->outputs.items[i], &name, &path) == CLI_DONE &&
            (strcmp(name.text, io->name) == 0 ||
             (name.text[0] == '\0' && session->output_count == 1))) {
            return path;
        }
    }
    return NULL;
}

static int check_outputs(const cli_session *session, const cli_options *options)
{
    for (size_t i = 0; i < options->outputs.count; i++) {
        cli_name name;
        const char *path;
        int status = cli_split_name(options->outputs.items[i], &name, &path);
        if (status != CLI_DONE) {
            return status;
        }
        char known[2048] = "";
        size_t used = 0;
        bool found = name.text[0] == '\0' && session->output_count == 1;
        for (size_t k = 0; k < session->output_count && used < sizeof known; k++) {
            found = found || strcmp(session->outputs[k].name, name.text) == 0;
            used += (size_t)snprintf(known + used, sizeof known - used, "%s'%s'", k > 0 ? ", " : "",
                                     session->outputs[k].name);
        }
        if (!found) {
            return cli_fail(CLI_USAGE, "--output '%s': write NAME=FILE.npy; the plan's outputs: %s",
                            options->outputs.items[i], known);
        }
    }
    return CLI_DONE;
}

static int show_outputs(const cli_session *session, const cli_options *options,
                        solder_context *context, json_t *list)
{
    for (size_t i = 0; i < session->output_count; i++) {
        const solder_io *io = &session->outputs[i];
        cli_tensor tensor;
        int status = get_output(context, io, &tensor);
        if (status != CLI_DONE) {
            return status;
        }
        const char *path = find_file(session, options, io);
        json_t *object = json_object();
        cli_json_append(list, object);
        cli_json_set(object, "name", cli_json_text(io->name));
        cli_json_set(object, "dtype", json_string(solder_dtype_name(io->dtype)));
        cli_json_set(object, "dims", cli_json_dims(&tensor.dims));
        cli_json_set(object, "file", cli_json_text(path));
        if (path != NULL) {
            status = cli_npy_write(path, &tensor);
        }
        if (status == CLI_DONE && options->top > 0 && tensor.size > 0) {
            status = print_top(session, io, &tensor, (size_t)options->top, object);
        } else if (status == CLI_DONE && options->top < 0 && options->outputs.count == 0) {
            print_summary(io, &tensor, object);
        }
        if (status != CLI_DONE) {
            return status;
        }
    }
    return CLI_DONE;
}

static int run(const cli_session *session, const cli_options *options, solder_context *context,
               json_t *report)
{
    cli_profile profile = {0};
    int status = CLI_DONE;
    if (options->profile) {
        status = cli_profile_create(session->engine, &profile);
        if (status != CLI_DONE) {
            return status;
        }
        solder_context_set_profiler(context, cli_profile_step, &profile);
    }
    double start = cli_now();
    solder_status code = solder_context_run(context);
    double seconds = cli_now() - start;
    if (code != SOLDER_OK) {
        status = cli_fail_status(code, solder_context_message(context));
    } else {
        json_t *outputs = json_array();
        cli_json_set(report, "ms", cli_json_real(seconds * 1e3));
        cli_json_set(report, "outputs", outputs);
        status = show_outputs(session, options, context, outputs);
    }
    if (options->profile && status == CLI_DONE) {
        profile.runs = 1;
        cli_profile_print(&profile);
        cli_json_set(report, "steps", cli_profile_json(&profile));
    }
    if (status == CLI_DONE && cli_volume() > 1) {
        cli_notice("one run took %.3f ms", seconds * 1e3);
    }
    cli_profile_free(&profile);
    return status;
}

static json_t *describe_inputs(const cli_session *session, const cli_tensor *tensors)
{
    json_t *list = json_array();
    for (size_t i = 0; i < session->input_count; i++) {
        json_t *object = json_object();
        cli_json_set(object, "name", cli_json_text(session->inputs[i].name));
        cli_json_set(object, "dtype", json_string(solder_dtype_name(tensors[i].dtype)));
        cli_json_set(object, "dims", cli_json_dims(&tensors[i].dims));
        cli_json_append(list, object);
    }
    return list;
}

static int run_session(const cli_session *session, const cli_options *options, json_t *report)
{
    cli_tensor *tensors = NULL;
    solder_context *context = NULL;
    int status = check_outputs(session, options);
    if (status == CLI_DONE) {
        status = cli_feed_create(session, &tensors);
    }
    if (status == CLI_DONE) {
        status = cli_feed_load(session, &options->inputs, tensors);
    }
    if (status == CLI_DONE) {
        cli_json_set(report, "inputs", describe_inputs(session, tensors));
        solder_status code = solder_context_create(session->runtime, session->engine, &context);
        if (code != SOLDER_OK) {
            status = cli_fail_status(code, solder_runtime_message(session->runtime));
        }
    }
    if (status == CLI_DONE) {
        status = cli_feed_bind(session, context, tensors);
    }
    if (status == CLI_DONE) {
        status = run(session, options, context, report);
    }
    if (context != NULL) {
        solder_context_destroy(context);
    }
    cli_feed_free(session, tensors);
    return status;
}

int cli_run(const cli_options *options)
{
    cli_session session;
    json_t *report = cli_json_create("run");
    cli_json_set(report, "plan", cli_json_text(options->operands[0]));
    int status = cli_session_open(options->operands[0], options->cpu, options->threads,
                                  &options->plugins, &session);
    if (status == CLI_DONE) {
        status = cli_session_verify(&session);
    }
    if (status == CLI_DONE) {
        status = run_session(&session, options, report);
    }
    if (status == CLI_DONE && options->json != NULL) {
        status = cli_json_write(options->json, json_incref(report));
    }
    json_decref(report);
    cli_session_close(&session);
    return status;
}
