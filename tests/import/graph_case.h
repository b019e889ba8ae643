/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tests over folders of models share that hold their own test: constants "feed/x0"... for
 * inputs and "expect/y0"... for outputs. Such a model is imported, evaluated on the reference
 * kernels and run as a plan.
 */
#ifndef TESTS_IMPORT_GRAPH_CASE_H
#define TESTS_IMPORT_GRAPH_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <math.h>

#include "base/dtype.h"
#include "solder/builder.h"
#include "solder/runtime.h"

#define MAX_FILES 1024
#define MAX_IO    16

typedef struct held {
    char name[32]; /* "x0", "y0" */
    solder_dtype dtype;
    solder_dims dims;
    void *data;
    size_t bytes;
} held;

typedef struct graph_case {
    char path[512];
    solder_builder *builder;
    const char *outputs[MAX_IO];
    held feeds[MAX_IO], expects[MAX_IO];
    size_t feed_count, expect_count;
    size_t seen;
    uint64_t bits;  /* of what the last plan computed: a hash (FNV-1a) */
    char text[256]; /* what is wrong; "" if nothing is */
} graph_case;

/* ---- what a file holds ---- */

static inline void hold(graph_case *c, const solder_tensor *t)
{
    bool feed = strncmp(t->name, "feed/", 5) == 0;
    held *h = feed ? &c->feeds[c->feed_count++] : &c->expects[c->expect_count++];
    (void)snprintf(h->name, sizeof h->name, "%s", strchr(t->name, '/') + 1);
    h->dtype = t->dtype;
    h->dims = t->dims;
    h->bytes = solder_dtype_size(t->dtype);
    for (int i = 0; i < t->dims.rank; i++) {
        h->bytes *= (size_t)t->dims.d[i];
    }
    h->data = malloc(h->bytes + 1);
    assert_non_null(h->data);
    memcpy(h->data, t->data, h->bytes);
}

static inline solder_status keep(void *user, const solder_tensor *value, const char *node,
                                 bool is_output)
{
    (void)node;
    if (is_output) {
        hold(user, value);
    }
    return SOLDER_OK;
}

static inline solder_network *import_case(graph_case *c, const char *const *outputs, size_t count)
{
    solder_import_options options = solder_import_options_default();
    solder_input_spec specs[MAX_IO];
    solder_network *net = NULL;
    for (size_t i = 0; i < c->feed_count && outputs == c->outputs; i++) {
        specs[i] = (solder_input_spec){.name = c->feeds[i].name, .dims = c->feeds[i].dims};
    }
    options.inputs = specs;
    options.input_count = outputs == c->outputs ? c->feed_count : 0;
    options.outputs = outputs;
    options.output_count = count;
    if (solder_import(c->builder, c->path, NULL, &options, &net) != SOLDER_OK) {
        (void)snprintf(c->text, sizeof c->text, "%.200s", solder_builder_message(c->builder));
    }
    return net;
}

/* Takes what the file holds under these names. */
static inline void read_constants(graph_case *c, const char *const *names, size_t count)
{
    solder_network *constants = import_case(c, names, count);
    assert_non_null(constants);
    assert_int_equal(solder_evaluate(c->builder, constants, NULL, 0, keep, c), SOLDER_OK);
    assert_true(c->expect_count > 0);
    for (size_t i = 0; i < c->expect_count; i++) {
        c->outputs[i] = c->expects[i].name;
    }
}

/* ---- comparing ---- */

static inline bool same_element(const held *want, const char *data, size_t i)
{
    size_t size = solder_dtype_size(want->dtype);
    const char *a = data + i * size, *b = (const char *)want->data + i * size;
    if (!sld_dtype_is_float(want->dtype)) {
        return memcmp(a, b, size) == 0;
    }
    double x = sld_load_f64(want->dtype, a), y = sld_load_f64(want->dtype, b);
    return x == y || (isnan(x) && isnan(y)) || fabs(x - y) <= 1e-5 + 1e-4 * fabs(y);
}

static inline void compare(graph_case *c, const char *how, const held *want,
                           const solder_dims *dims, const void *data)
{
    bool same = dims->rank == want->dims.rank &&
                memcmp(dims->d, want->dims.d, (size_t)dims->rank * sizeof dims->d[0]) == 0;
    if (!same) {
        (void)snprintf(c->text, sizeof c->text, "%s: %s has other dims", how, want->name);
        return;
    }
    for (size_t i = 0; i < want->bytes / solder_dtype_size(want->dtype); i++) {
        if (!same_element(want, data, i)) {
            const char *at = (const char *)data + i * solder_dtype_size(want->dtype);
            (void)snprintf(c->text, sizeof c->text, "%s: %s[%zu] is %.9g, the file says %.9g", how,
                           want->name, i, sld_load_f64(want->dtype, at),
                           sld_load_f64(want->dtype, (const char *)want->data +
                                                         i * solder_dtype_size(want->dtype)));
            return;
        }
    }
}

static inline solder_status visit(void *user, const solder_tensor *value, const char *node,
                                  bool is_output)
{
    graph_case *c = user;
    (void)node;
    for (size_t i = 0; is_output && i < c->expect_count; i++) {
        const held *want = &c->expects[i];
        if (strcmp(want->name, value->name) == 0 && c->text[0] == '\0') {
            c->seen++;
            if (value->dtype != want->dtype) {
                (void)snprintf(c->text, sizeof c->text, "%s has type %s, not %s", want->name,
                               solder_dtype_name(value->dtype), solder_dtype_name(want->dtype));
            } else {
                compare(c, "evaluator", want, &value->dims, value->data);
            }
        }
    }
    return SOLDER_OK;
}

static inline void evaluate(graph_case *c, solder_network *net)
{
    solder_tensor inputs[MAX_IO];
    for (size_t i = 0; i < c->feed_count; i++) {
        const held *h = &c->feeds[i];
        inputs[i] = (solder_tensor){h->name, h->dtype, h->dims, h->data};
    }
    if (solder_evaluate(c->builder, net, inputs, c->feed_count, visit, c) != SOLDER_OK) {
        (void)snprintf(c->text, sizeof c->text, "evaluator: %.200s",
                       solder_builder_message(c->builder));
    } else if (c->text[0] == '\0' && c->seen != c->expect_count) {
        (void)snprintf(c->text, sizeof c->text, "not every output was computed");
    }
}

static inline void run_context(graph_case *c, solder_context *context)
{
    for (size_t i = 0; i < c->feed_count; i++) {
        const held *h = &c->feeds[i];
        if (solder_context_bind(context, h->name, h->data, h->bytes) != SOLDER_OK) {
            break; /* the run says what is missing */
        }
    }
    if (solder_context_run(context) != SOLDER_OK) {
        (void)snprintf(c->text, sizeof c->text, "run: %.200s", solder_context_message(context));
        return;
    }
    c->bits = 0xcbf29ce484222325u;
    for (size_t i = 0; i < c->expect_count && c->text[0] == '\0'; i++) {
        void *data;
        solder_dims dims;
        assert_int_equal(solder_context_tensor(context, c->expects[i].name, &data, &dims),
                         SOLDER_OK);
        compare(c, "plan", &c->expects[i], &dims, data);
        for (size_t j = 0; j < c->expects[i].bytes; j++) {
            c->bits = (c->bits ^ ((const uint8_t *)data)[j]) * 0x100000001b3u;
        }
    }
}

static inline void run_plan(graph_case *c, solder_network *net)
{
    solder_config config = solder_config_default();
    solder_runtime_options options = solder_runtime_options_default();
    solder_runtime *runtime = NULL;
    solder_engine *engine = NULL;
    solder_context *context = NULL;
    void *plan;
    size_t size;
    config.threads = options.threads = 1;
    config.effort = 0;
    if (solder_build_to_memory(c->builder, net, &config, &plan, &size) != SOLDER_OK) {
        (void)snprintf(c->text, sizeof c->text, "build: %.200s",
                       solder_builder_message(c->builder));
        return;
    }
    assert_int_equal(solder_runtime_create(&options, &runtime), SOLDER_OK);
    if (solder_engine_load(runtime, plan, size, &engine) != SOLDER_OK ||
        solder_context_create(runtime, engine, &context) != SOLDER_OK) {
        (void)snprintf(c->text, sizeof c->text, "load: %.200s", solder_runtime_message(runtime));
    } else {
        run_context(c, context);
    }
    solder_context_destroy(context);
    solder_engine_destroy(engine);
    solder_runtime_destroy(runtime);
    solder_plan_free(c->builder, plan, size);
}

static inline void free_case(graph_case *c)
{
    solder_builder_destroy(c->builder);
    for (size_t i = 0; i < MAX_IO; i++) {
        free(c->feeds[i].data);
        free(c->expects[i].data);
    }
}

/* Imports, evaluates and runs what the case says; what is wrong is in its text. */
static inline void try_case(graph_case *c)
{
    solder_network *net = import_case(c, c->outputs, c->expect_count);
    c->seen = 0;
    if (net != NULL) {
        evaluate(c, net);
    }
    if (c->text[0] == '\0') {
        run_plan(c, net);
    }
}

/* One file: read finds what it holds, further (NULL: nothing) is tried if all went well. */
static inline bool check_file(const char *folder, const char *file, void (*read)(graph_case *c),
                              void (*further)(graph_case *c))
{
    static graph_case c;
    c = (graph_case){.seen = 0};
    (void)snprintf(c.path, sizeof c.path, "%s%s", folder, file);
    assert_int_equal(solder_builder_create(NULL, &c.builder), SOLDER_OK);
    read(&c);
    try_case(&c);
    if (c.text[0] == '\0' && further != NULL) {
        further(&c);
    }
    if (c.text[0] != '\0') {
        print_error("%s: %s\n", file, c.text);
    }
    free_case(&c);
    return c.text[0] == '\0';
}

/* ---- the files ---- */

static inline int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Appends the names of the folder's files with that ending, in order; free each. */
static inline size_t list_files(const char *folder, const char *ending, char *files[MAX_FILES],
                                size_t count)
{
    size_t first = count, tail = strlen(ending);
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (const struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        size_t length = strlen(e->d_name);
        if (length > tail && strcmp(e->d_name + length - tail, ending) == 0) {
            assert_true(count < MAX_FILES);
            files[count] = strdup(e->d_name);
            assert_non_null(files[count++]);
        }
    }
    (void)closedir(dir);
    qsort(files + first, count - first, sizeof files[0], by_name);
    return count;
}

#endif
