/* SPDX-License-Identifier: Apache-2.0 */
/* solder compare: the plan beside the original network on reference kernels. */
#include "commands.h"
#include "model.h"
#include "parse.h"
#include "stats.h"

#include <stdlib.h>
#include <string.h>

/* A value of the plan, copied as its step left it, and how it compares. */
typedef struct kept {
    char *name;
    cli_tensor tensor;
    bool compared;
    char *node;         /* of the model, that it was compared with */
    solder_dims wanted; /* dims there */
    double atol, rtol;
    cli_difference difference;
} kept;

typedef struct comparison {
    const cli_options *options;
    cli_session session;
    cli_model model;
    cli_tensor *tensors; /* inputs of the plan */
    solder_context *context;
    kept *values; /* outputs first, then, with --layers, what steps made */
    size_t value_count, value_capacity;
    double atol, rtol;
    size_t differing, layers;
    const char *first_differing;
    json_t *outputs_json, *layers_json;
    int failure; /* of a callback */
} comparison;

/* Takes the tensor over, whatever happens. */
static int keep(comparison *c, const char *name, cli_tensor *tensor)
{
    if (c->value_count == c->value_capacity) {
        size_t capacity = c->value_capacity * 2 + 64;
        kept *larger = realloc(c->values, capacity * sizeof *larger);
        if (larger == NULL) {
            cli_tensor_free(tensor);
            return cli_fail_memory(capacity * sizeof *larger);
        }
        c->values = larger;
        c->value_capacity = capacity;
    }
    char *copy = strdup(name);
    if (copy == NULL) {
        cli_tensor_free(tensor);
        return cli_fail_memory(strlen(name) + 1);
    }
    c->values[c->value_count++] = (kept){.name = copy, .tensor = *tensor};
    return CLI_DONE;
}

/* A contiguous copy; strides are in elements. */
static int copy_strided(const char *name, solder_dtype dtype, const solder_dims *dims,
                        const int64_t *strides, const void *data, cli_tensor *copy)
{
    int status = cli_tensor_create(name, dtype, dims, copy);
    size_t element = solder_dtype_size(dtype);
    int64_t index[SOLDER_MAX_RANK] = {0};
    for (size_t at = 0; status == CLI_DONE && at < copy->size; at += element) {
        int64_t offset = 0;
        for (int i = 0; i < dims->rank; i++) {
            offset += index[i] * strides[i];
        }
        memcpy((char *)copy->data + at, (const char *)data + offset * (int64_t)element, element);
        for (int i = dims->rank - 1; i >= 0 && ++index[i] == dims->d[i]; i--) {
            index[i] = 0;
        }
    }
    return status;
}

static void on_step(void *user, size_t step, const char *value, solder_dtype dtype,
                    const solder_dims *dims, const int64_t *strides, const void *data)
{
    comparison *c = user;
    cli_tensor copy;
    (void)step;
    if (c->failure == CLI_DONE && value != NULL) {
        c->failure = copy_strided(value, dtype, dims, strides, data, &copy);
        if (c->failure == CLI_DONE) {
            c->failure = keep(c, value, &copy);
        }
    }
}

static int keep_output(comparison *c, const solder_io *io)
{
    cli_tensor copy;
    solder_dims dims;
    void *data;
    solder_status code = solder_context_tensor(c->context, io->name, &data, &dims);
    if (code != SOLDER_OK) {
        return cli_fail_status(code, solder_context_message(c->context));
    }
    int status = cli_tensor_create(io->name, io->dtype, &dims, &copy);
    if (status != CLI_DONE) {
        return status;
    }
    if (copy.size > 0) {
        memcpy(copy.data, data, copy.size);
    }
    return keep(c, io->name, &copy);
}

static int run_plan(comparison *c)
{
    const cli_session *s = &c->session;
    solder_status code = solder_context_create(s->runtime, s->engine, &c->context);
    if (code != SOLDER_OK) {
        return cli_fail_status(code, solder_runtime_message(s->runtime));
    }
    int status = cli_feed_bind(s, c->context, c->tensors);
    if (status != CLI_DONE) {
        return status;
    }
    if (c->options->layers) {
        solder_context_set_observer(c->context, on_step, c);
    }
    code = solder_context_run(c->context);
    if (code != SOLDER_OK) {
        return cli_fail_status(code, solder_context_message(c->context));
    }
    status = c->failure;
    c->layers = c->value_count; /* outputs are kept behind what the steps made */
    for (size_t i = 0; status == CLI_DONE && i < s->output_count; i++) {
        status = keep_output(c, &s->outputs[i]);
    }
    return status;
}

static json_t *difference_json(const kept *value)
{
    char where[CLI_DIMS_TEXT];
    const cli_difference *d = &value->difference;
    json_t *object = json_object();
    cli_json_set(object, "name", cli_json_text(value->name));
    cli_json_set(object, "node", cli_json_text(value->node));
    cli_json_set(object, "dims", cli_json_dims(&value->wanted));
    cli_json_set(object, "max_abs", cli_json_real(d->max_abs));
    cli_json_set(object, "max_rel", cli_json_real(d->max_rel));
    cli_json_set(object, "rms", cli_json_real(d->rms));
    cli_json_set(object, "rtol", cli_json_real(value->rtol));
    cli_json_set(object, "atol", cli_json_real(value->atol));
    cli_json_set(object, "beyond", json_integer((json_int_t)d->beyond));
    cli_json_set(object, "index", cli_json_text(cli_index_text(&value->wanted, d->where, where)));
    cli_json_set(object, "plan", cli_json_real(d->got));
    cli_json_set(object, "reference", cli_json_real(d->wanted));
    cli_json_set(object, "within", json_boolean(d->beyond == 0));
    return object;
}

static void print_difference(const kept *value)
{
    char got[CLI_DIMS_TEXT];
    char text[CLI_DIMS_TEXT];
    const cli_difference *d = &value->difference;
    if (!cli_dims_equal(&value->tensor.dims, &value->wanted)) {
        cli_print("%s: the plan gives %s, the model %s\n", value->name,
                  cli_dims_text(&value->tensor.dims, got), cli_dims_text(&value->wanted, text));
        return;
    }
    cli_print("%s %s: max abs %.3g, max rel %.3g, rms %.3g, ", value->name,
              cli_dims_text(&value->wanted, text), d->max_abs, d->max_rel, d->rms);
    if (d->beyond == 0) {
        cli_print("within\n");
        return;
    }
    cli_print("%zu of %zu beyond %g + %g |b|, worst at %s: %.9g, reference %.9g\n", d->beyond,
              d->count, value->atol, value->rtol, cli_index_text(&value->wanted, d->where, text),
              d->got, d->wanted);
}

/*
 * A half keeps three digits, and a plan rounds to it at fewer places than the original: unless the
 * user says otherwise, its bound is one hundredth of the element plus one of the tensor's rms.
 */
static void set_bound(const comparison *c, kept *value, const cli_tensor *wanted)
{
    value->atol = c->atol;
    value->rtol = c->rtol;
    if (wanted->dtype == SOLDER_F16 || wanted->dtype == SOLDER_BF16) {
        value->rtol = c->options->rtol >= 0 ? c->rtol : 1e-2;
        value->atol = c->options->atol >= 0 ? c->atol : 1e-2 * cli_rms_of(wanted);
    }
}

static int compare_value(comparison *c, kept *value, const solder_tensor *reference,
                         const char *node)
{
    char *copy = strdup(node != NULL ? node : "");
    if (copy == NULL) {
        return cli_fail_memory(node != NULL ? strlen(node) + 1 : 1);
    }
    free(value->node);
    value->node = copy;
    value->wanted = reference->dims;
    value->compared = true;
    value->difference = (cli_difference){.beyond = 1};
    if (cli_dims_equal(&value->tensor.dims, &reference->dims)) {
        const cli_tensor borrowed = {reference->dtype, reference->dims, reference->data,
                                     value->tensor.size};
        set_bound(c, value, &borrowed);
        cli_difference_of(&value->tensor, &borrowed, value->atol, value->rtol, &value->difference);
    }
    return CLI_DONE;
}

static solder_status on_value(void *user, const solder_tensor *value, const char *node,
                              bool is_output)
{
    comparison *c = user;
    for (size_t i = 0; i < c->value_count && c->failure == CLI_DONE; i++) {
        kept *mine = &c->values[i];
        if ((i < c->layers || is_output) && strcmp(mine->name, value->name) == 0) {
            c->failure = compare_value(c, mine, value, node);
        }
    }
    return c->failure == CLI_DONE ? SOLDER_OK : SOLDER_ERROR_CANCELLED;
}

static bool is_plan_output(const comparison *c, const char *name)
{
    for (size_t i = c->layers; i < c->value_count; i++) {
        if (strcmp(c->values[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* What the steps made first, then the outputs; only these decide. */
static int report(comparison *c)
{
    for (size_t i = 0; i < c->value_count; i++) {
        const kept *value = &c->values[i];
        bool is_output = i >= c->layers;
        if (!value->compared && is_output) {
            return cli_fail(CLI_DATA, "output '%s' of the plan is not an output of the model",
                            value->name);
        }
        if (!value->compared || (!is_output && is_plan_output(c, value->name))) {
            continue;
        }
        print_difference(value);
        cli_json_append(is_output ? c->outputs_json : c->layers_json, difference_json(value));
        if (is_output && value->difference.beyond > 0) {
            c->differing++;
            c->first_differing = c->first_differing != NULL ? c->first_differing : value->name;
        }
    }
    return CLI_DONE;
}

static int evaluate(comparison *c)
{
    size_t count = c->session.input_count;
    solder_tensor *inputs = calloc(count + 1, sizeof *inputs);
    if (inputs == NULL) {
        return cli_fail_memory(count * sizeof *inputs);
    }
    for (size_t i = 0; i < count; i++) {
        const cli_tensor *tensor = &c->tensors[i];
        inputs[i] =
            (solder_tensor){c->session.inputs[i].name, tensor->dtype, tensor->dims, tensor->data};
    }
    solder_status code =
        solder_evaluate(c->model.builder, c->model.network, inputs, count, on_value, c);
    free(inputs);
    return c->failure != CLI_DONE ? c->failure
           : code != SOLDER_OK    ? cli_model_fail(&c->model, code)
                                  : report(c);
}

/* Items of a plan property, as the builder wrote them: one per line. */
static void split_property(char *text, cli_list *list)
{
    char *rest = text;
    while (rest != NULL && list->count < CLI_LIST_MAX) {
        char *item = strsep(&rest, "\n");
        if (*item != '\0') {
            list->items[list->count++] = item;
        }
    }
}

static char *copy_property(const cli_session *session, const char *key)
{
    const char *text = solder_engine_property(session->engine, key);
    return strdup(text != NULL ? text : "");
}

/* Imports the model as it was imported for the plan. */
static int open_model(comparison *c)
{
    const cli_options *o = c->options;
    char *inputs = copy_property(&c->session, "import.inputs");
    char *outputs = copy_property(&c->session, "import.outputs");
    const char *seed_text = solder_engine_property(c->session.engine, "import.random_weights");
    cli_list *lists = calloc(2, sizeof *lists);
    int status = cli_fail_memory(sizeof *lists);
    if (inputs != NULL && outputs != NULL && lists != NULL) {
        split_property(inputs, &lists[0]);
        split_property(outputs, &lists[1]);
        int64_t seed = o->random_weights;
        if (seed < 0 && seed_text != NULL && seed_text[0] != '\0') {
            seed = strtoll(seed_text, NULL, 10);
        }
        status = cli_model_open(
            &(cli_model_options){.model = o->operands[0],
                                 .weights = o->operand_count == 3 ? o->operands[1] : NULL,
                                 .inputs = &lists[0],
                                 .outputs = &lists[1],
                                 .seed = seed,
                                 .plugins = &o->plugins},
            &c->model);
    }
    free(lists);
    free(inputs);
    free(outputs);
    return status;
}

static int feed(comparison *c)
{
    int status = cli_feed_create(&c->session, &c->tensors);
    if (status != CLI_DONE) {
        return status;
    }
    if (c->options->inputs.count > 0) {
        return cli_feed_load(&c->session, &c->options->inputs, c->tensors);
    }
    uint64_t seed = c->options->seed >= 0 ? (uint64_t)c->options->seed : 1;
    return cli_feed_random(&c->session, 0, seed, c->tensors);
}

static int compare(comparison *c)
{
    const cli_options *o = c->options;
    const char *plan = o->operands[o->operand_count - 1];
    int status = cli_session_open(plan, o->cpu, o->threads, &o->plugins, &c->session);
    if (status == CLI_DONE) {
        status = open_model(c);
    }
    if (status == CLI_DONE) {
        status = feed(c);
    }
    if (status == CLI_DONE) {
        status = run_plan(c);
    }
    if (status == CLI_DONE) {
        status = evaluate(c);
    }
    if (status == CLI_DONE && c->differing > 0) {
        return cli_fail(CLI_DIFFERS, "compare: %zu of %zu outputs differ, first '%s'", c->differing,
                        c->session.output_count, c->first_differing);
    }
    return status;
}

static int write_json(comparison *c, int result)
{
    json_t *report = cli_json_create("compare");
    const cli_options *o = c->options;
    cli_json_set(report, "model", cli_json_text(o->operands[0]));
    cli_json_set(report, "plan", cli_json_text(o->operands[o->operand_count - 1]));
    cli_json_set(report, "within", json_boolean(result == CLI_DONE));
    cli_json_set(report, "outputs", json_incref(c->outputs_json));
    if (o->layers) {
        cli_json_set(report, "layers", json_incref(c->layers_json));
    }
    int status = cli_json_write(o->json, report);
    return status != CLI_DONE ? status : result;
}

static void comparison_free(comparison *c)
{
    for (size_t i = 0; i < c->value_count; i++) {
        free(c->values[i].name);
        free(c->values[i].node);
        cli_tensor_free(&c->values[i].tensor);
    }
    free(c->values);
    json_decref(c->outputs_json);
    json_decref(c->layers_json);
    if (c->context != NULL) {
        solder_context_destroy(c->context);
    }
    cli_feed_free(&c->session, c->tensors);
    cli_model_close(&c->model);
    cli_session_close(&c->session);
}

int cli_compare(const cli_options *options)
{
    comparison c = {.options = options,
                    .atol = options->atol >= 0 ? options->atol : 1e-5,
                    .rtol = options->rtol >= 0 ? options->rtol : 1e-4,
                    .outputs_json = json_array(),
                    .layers_json = json_array()};
    int status = compare(&c);
    if ((status == CLI_DONE || status == CLI_DIFFERS) && options->json != NULL) {
        status = write_json(&c, status);
    }
    comparison_free(&c);
    return status;
}
