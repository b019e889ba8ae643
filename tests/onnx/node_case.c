/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A case passes if the importer takes the model and both the reference kernels and a plan built
 * with default options give the expected outputs. ONNX's tests feed axes, shapes and the like as
 * graph inputs; where the importer wants them constant the case is tried again with those inputs
 * written into the model as initialisers, and counted apart.
 */
#include "onnx/node_case.h"

#include <stdio.h>
#include <stdlib.h>

#include "import/wire/wire.h"
#include "solder/builder.h"
#include "solder/runtime.h"

#define MAX_IO 64

typedef struct data_set {
    tensor inputs[MAX_IO], outputs[MAX_IO];
    size_t input_count, output_count;
} data_set;

typedef struct attempt {
    const data_set *set;
    sld_onnx_model model; /* names of inputs and outputs */
    uint64_t frozen;      /* bit i: input i is an initialiser */
    const char *path;     /* of the model with those initialisers */
    solder_status import_status;
    size_t seen; /* outputs compared by the evaluator */
    char *text;
    size_t text_size;
} attempt;

/* ---- writing inputs into the model ---- */

static void put_varint(FILE *f, uint64_t value)
{
    while (value >= 0x80) {
        (void)fputc((int)(value & 0x7f) | 0x80, f);
        value >>= 7;
    }
    (void)fputc((int)value, f);
}

static size_t varint_size(uint64_t value)
{
    size_t n = 1;
    for (; value >= 0x80; value >>= 7) {
        n++;
    }
    return n;
}

/* The TensorProto with the input's name after it: of two names the last one counts. */
static size_t initializer_size(const tensor *t, const char *name)
{
    size_t length = strlen(name);
    return t->file.size + 1 + varint_size(length) + length;
}

static size_t initializers_size(const attempt *a)
{
    size_t total = 0;
    for (size_t i = 0; i < a->set->input_count; i++) {
        if ((a->frozen >> i & 1) != 0) {
            size_t size = initializer_size(&a->set->inputs[i], a->model.inputs[i].name);
            total += 1 + varint_size(size) + size;
        }
    }
    return total;
}

static void put_initializers(FILE *f, const attempt *a)
{
    for (size_t i = 0; i < a->set->input_count; i++) {
        const tensor *t = &a->set->inputs[i];
        const char *name = a->model.inputs[i].name;
        if ((a->frozen >> i & 1) == 0) {
            continue;
        }
        put_varint(f, 5 << 3 | SLD_WIRE_BYTES);
        put_varint(f, initializer_size(t, name));
        (void)fwrite(t->file.data, 1, t->file.size, f);
        put_varint(f, 8 << 3 | SLD_WIRE_BYTES);
        put_varint(f, strlen(name));
        (void)fwrite(name, 1, strlen(name), f);
    }
}

static bool write_model(const attempt *a, const sld_file *model)
{
    FILE *f = fopen(a->path, "wb");
    if (f == NULL) {
        return false;
    }
    sld_wire wire = sld_wire_open(model->data, model->size);
    sld_wire_field field;
    while (sld_wire_next(&wire, &field) == SLD_WIRE_FIELD) {
        if (field.number == 7) {
            put_varint(f, 7 << 3 | SLD_WIRE_BYTES);
            put_varint(f, field.size + initializers_size(a));
            (void)fwrite(field.data, 1, field.size, f);
            put_initializers(f, a);
        } else {
            (void)fwrite(field.start, 1, (size_t)(wire.at - field.start), f);
        }
    }
    bool good = ferror(f) == 0;
    return fclose(f) == 0 && good;
}

/* ---- running ---- */

static void say(const attempt *a, const char *what, const char *why)
{
    const char *message = strstr(why, "onnx: "); /* after the name of the scratch file */
    why = message != NULL ? message + strlen("onnx: ") : why;
    (void)snprintf(a->text, a->text_size, "%s: %.400s", what, why);
}

static int output_index(const attempt *a, const char *name)
{
    for (uint32_t i = 0; i < a->model.output_count; i++) {
        if (strcmp(a->model.outputs[i].name, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static bool same_shape(const attempt *a, const tensor *expected, solder_dtype dtype,
                       const solder_dims *dims)
{
    bool same = dtype == expected->dtype && dims->rank == expected->dims.rank &&
                memcmp(dims->d, expected->dims.d, (size_t)dims->rank * sizeof dims->d[0]) == 0;
    if (!same) {
        char shape[200];
        int n = snprintf(shape, sizeof shape, "'%.60s' is %s [", expected->name,
                         solder_dtype_name(dtype));
        for (int i = 0; i < dims->rank; i++) {
            n += snprintf(shape + n, sizeof shape - (size_t)n, " %lld", (long long)dims->d[i]);
        }
        n += snprintf(shape + n, sizeof shape - (size_t)n, " ], expected %s [",
                      solder_dtype_name(expected->dtype));
        for (int i = 0; i < expected->dims.rank && n < 180; i++) {
            n += snprintf(shape + n, sizeof shape - (size_t)n, " %lld",
                          (long long)expected->dims.d[i]);
        }
        say(a, "shape", shape);
    }
    return same;
}

static solder_status visit(void *user, const solder_tensor *value, const char *node, bool is_output)
{
    attempt *a = user;
    (void)node;
    int i = is_output ? output_index(a, value->name) : -1;
    if (i < 0 || (size_t)i >= a->set->output_count) {
        return SOLDER_OK;
    }
    a->seen++;
    const tensor *expected = &a->set->outputs[i];
    char why[300] = "";
    if (!same_shape(a, expected, value->dtype, &value->dims)) {
        return SOLDER_ERROR_CANCELLED;
    }
    if (!tensor_equal(expected, value->data, why, sizeof why)) {
        say(a, "evaluator", why);
        return SOLDER_ERROR_CANCELLED;
    }
    return SOLDER_OK;
}

static bool evaluate(attempt *a, solder_builder *builder, solder_network *network)
{
    solder_tensor inputs[MAX_IO];
    size_t count = 0;
    for (size_t i = 0; i < a->set->input_count; i++) {
        const tensor *t = &a->set->inputs[i];
        if ((a->frozen >> i & 1) == 0) {
            inputs[count++] = (solder_tensor){a->model.inputs[i].name, t->dtype, t->dims, t->data};
        }
    }
    a->text[0] = '\0';
    if (solder_evaluate(builder, network, inputs, count, visit, a) != SOLDER_OK) {
        if (a->text[0] == '\0') {
            say(a, "evaluator", solder_builder_message(builder));
        }
        return false;
    }
    if (a->seen != a->set->output_count) {
        say(a, "evaluator", "not every output was computed");
        return false;
    }
    return true;
}

static bool compare_plan(attempt *a, solder_context *context)
{
    for (size_t i = 0; i < a->set->output_count; i++) {
        const tensor *expected = &a->set->outputs[i];
        void *data;
        solder_dims dims;
        char why[300] = "";
        if (solder_context_tensor(context, a->model.outputs[i].name, &data, &dims) != SOLDER_OK) {
            say(a, "plan", solder_context_message(context));
            return false;
        }
        if (!same_shape(a, expected, expected->dtype, &dims)) {
            return false;
        }
        if (!tensor_equal(expected, data, why, sizeof why)) {
            say(a, "plan", why);
            return false;
        }
    }
    return true;
}

static bool run_context(attempt *a, solder_runtime *runtime, const solder_engine *engine)
{
    solder_context *context;
    if (solder_context_create(runtime, engine, &context) != SOLDER_OK) {
        say(a, "context", solder_runtime_message(runtime));
        return false;
    }
    bool good = true;
    for (size_t i = 0; i < a->set->input_count && good; i++) {
        const tensor *t = &a->set->inputs[i];
        if ((a->frozen >> i & 1) == 0) {
            good = solder_context_bind(context, a->model.inputs[i].name, t->data, t->bytes) ==
                   SOLDER_OK;
        }
    }
    good = good && solder_context_run(context) == SOLDER_OK;
    if (!good) {
        say(a, "run", solder_context_message(context));
    }
    good = good && compare_plan(a, context);
    solder_context_destroy(context);
    return good;
}

static bool run_plan(attempt *a, solder_builder *builder, solder_network *network)
{
    solder_config config = solder_config_default();
    void *plan;
    size_t size;
    config.threads = 1;
    if (solder_build_to_memory(builder, network, &config, &plan, &size) != SOLDER_OK) {
        say(a, "build", solder_builder_message(builder));
        return false;
    }
    solder_runtime_options options = solder_runtime_options_default();
    solder_runtime *runtime;
    solder_engine *engine;
    bool good = false;
    options.threads = 1;
    if (solder_runtime_create(&options, &runtime) == SOLDER_OK) {
        if (solder_engine_load(runtime, plan, size, &engine) == SOLDER_OK) {
            good = run_context(a, runtime, engine);
            solder_engine_destroy(engine);
        } else {
            say(a, "load", solder_runtime_message(runtime));
        }
        solder_runtime_destroy(runtime);
    }
    solder_plan_free(builder, plan, size);
    return good;
}

/* Imports with the shapes of the data. */
static solder_status import_model(attempt *a, solder_builder *builder, solder_network **network)
{
    solder_input_spec specs[MAX_IO];
    solder_import_options options = solder_import_options_default();
    options.inputs = specs;
    for (size_t i = 0; i < a->set->input_count; i++) {
        const tensor *t = &a->set->inputs[i];
        if ((a->frozen >> i & 1) == 0) {
            specs[options.input_count++] =
                (solder_input_spec){.name = a->model.inputs[i].name, .dims = t->dims};
        }
    }
    return solder_import(builder, a->path, NULL, &options, network);
}

static bool try_once(attempt *a)
{
    solder_builder *builder;
    solder_network *network;
    bool good = false;
    a->seen = 0;
    if (solder_builder_create(NULL, &builder) != SOLDER_OK) {
        say(a, "builder", "out of memory");
        return false;
    }
    a->import_status = import_model(a, builder, &network);
    if (a->import_status != SOLDER_OK) {
        say(a, "import", solder_builder_message(builder));
    } else {
        good = evaluate(a, builder, network) && run_plan(a, builder, network);
    }
    solder_builder_destroy(builder);
    return good;
}

/* ---- a case ---- */

static void free_set(data_set *set)
{
    for (size_t i = 0; i < set->input_count; i++) {
        tensor_free(&set->inputs[i]);
    }
    for (size_t i = 0; i < set->output_count; i++) {
        tensor_free(&set->outputs[i]);
    }
}

/* Files kind_0.pb, kind_1.pb ...: false if one cannot be read. */
static bool load_list(const char *folder, const char *kind, tensor *list, size_t *count, char *text,
                      size_t size)
{
    for (*count = 0; *count < MAX_IO; ++*count) {
        char path[1024];
        (void)snprintf(path, sizeof path, "%s/%s_%zu.pb", folder, kind, *count);
        FILE *f = fopen(path, "rb");
        if (f == NULL) {
            return true;
        }
        (void)fclose(f);
        if (!tensor_load(path, &list[*count], text, size)) {
            return false;
        }
    }
    return true;
}

/* Nothing constant; every input but the first; every input. */
static case_result try_freezing(attempt *a, const sld_file *model)
{
    const uint64_t everything = UINT64_MAX, but_first = UINT64_MAX - 1;
    const uint64_t masks[] = {0, but_first, everything};
    case_result result = {OUTCOME_FAILED, ""};
    a->text = result.text;
    a->text_size = sizeof result.text;
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(masks); i++) {
        char before[sizeof result.text];
        memcpy(before, result.text, sizeof before);
        a->frozen = masks[i];
        if (!write_model(a, model)) {
            say(a, "cannot write", a->path);
            return result;
        }
        if (try_once(a)) {
            result.outcome = i == 0 ? OUTCOME_PASSED : OUTCOME_PASSED_FROZEN;
            return result;
        }
        if (a->import_status == SOLDER_OK) {
            return result;
        }
        if (i != 0 && a->import_status == SOLDER_ERROR_UNSUPPORTED && before[0] != '\0') {
            memcpy(result.text, before, sizeof before); /* the first reason says most */
        }
    }
    bool unsupported =
        a->import_status == SOLDER_ERROR_UNSUPPORTED || a->import_status == SOLDER_ERROR_VERSION;
    result.outcome = unsupported ? OUTCOME_UNSUPPORTED : OUTCOME_FAILED;
    return result;
}

/* Data whose types are no tensors of ours: the importer must still say unsupported. */
static case_result import_only(attempt *a, const sld_file *model)
{
    static const data_set nothing;
    case_result result = {OUTCOME_FAILED, ""};
    a->set = &nothing;
    a->text = result.text;
    a->text_size = sizeof result.text;
    if (write_model(a, model)) {
        (void)try_once(a);
    }
    if (a->import_status == SOLDER_ERROR_UNSUPPORTED) {
        result.outcome = OUTCOME_UNSUPPORTED;
    }
    return result;
}

static bool exists(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (f != NULL) {
        (void)fclose(f);
    }
    return f != NULL;
}

static case_result run_sets(const char *folder, attempt *a, const sld_file *model)
{
    case_result result = {OUTCOME_FAILED, "no data"};
    for (int i = 0;; i++) {
        char path[900], first[1024];
        data_set set = {.input_count = 0};
        (void)snprintf(path, sizeof path, "%s/test_data_set_%d", folder, i);
        (void)snprintf(first, sizeof first, "%s/output_0.pb", path);
        if (!exists(first)) {
            return result;
        }
        char why[480] = "";
        bool good = load_list(path, "input", set.inputs, &set.input_count, why, sizeof why) &&
                    load_list(path, "output", set.outputs, &set.output_count, why, sizeof why);
        a->set = &set;
        result = good ? try_freezing(a, model) : import_only(a, model);
        free_set(&set);
        if (result.outcome != OUTCOME_PASSED && result.outcome != OUTCOME_PASSED_FROZEN) {
            return result;
        }
    }
}

case_result run_case(const char *folder, const char *scratch)
{
    case_result result = {OUTCOME_FAILED, ""};
    char path[1024];
    sld_file model;
    sld_arena arena;
    sld_diag diag;
    attempt a = {.path = scratch};
    sld_diag_init(&diag, NULL);
    (void)snprintf(path, sizeof path, "%s/model.onnx", folder);
    if (sld_file_map(&diag, path, &model) != SOLDER_OK) {
        (void)snprintf(result.text, sizeof result.text, "%.400s", diag.message);
        return result;
    }
    sld_arena_init(&arena, NULL, 0);
    if (sld_onnx_check(&diag, model.data, model.size) != SOLDER_OK ||
        sld_onnx_read(&diag, &arena, model.data, model.size, &a.model) != SOLDER_OK) {
        (void)snprintf(result.text, sizeof result.text, "%.400s", diag.message);
    } else {
        result = run_sets(folder, &a, &model);
    }
    sld_arena_free(&arena);
    sld_file_unmap(&model);
    (void)remove(scratch);
    return result;
}

void case_operator(const char *folder, char *name, size_t size)
{
    char path[1024];
    sld_file file;
    sld_arena arena;
    sld_onnx_model model;
    sld_diag diag;
    sld_diag_init(&diag, NULL);
    name[0] = '\0';
    (void)snprintf(path, sizeof path, "%s/model.onnx", folder);
    if (sld_file_map(&diag, path, &file) != SOLDER_OK) {
        return;
    }
    sld_arena_init(&arena, NULL, 0);
    if (sld_onnx_check(&diag, file.data, file.size) == SOLDER_OK &&
        sld_onnx_read(&diag, &arena, file.data, file.size, &model) == SOLDER_OK &&
        model.node_count == 1) {
        const sld_onnx_node_proto *node = &model.nodes[0];
        (void)snprintf(name, size, "%s%s%s", node->domain, node->domain[0] != '\0' ? "." : "",
                       node->op);
    }
    sld_arena_free(&arena);
    sld_file_unmap(&file);
}
