/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every graph in tests/import/tensorflow, on the reference kernels and as a plan, against what
 * TensorFlow computed; and once more through UFF. A file holds constants "feed/x0"... for its
 * inputs and "expect/y0"... for its outputs (scripts/make-tensorflow-fixtures.py); the importer
 * itself reads them. Some are there in text form, too.
 */
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
#include <unistd.h>

#include "base/dtype.h"
#include "base/file.h"
#include "import/graphdef/graphdef.h"
#include "solder/builder.h"
#include "solder/runtime.h"

#define FOLDER    SOURCE_DIR "/tests/import/tensorflow/"
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
    bool no_uff;    /* it has no form there */
    char text[256]; /* what is wrong; "" if nothing is */
} graph_case;

/* ---- what a file holds ---- */

static void hold(graph_case *c, const solder_tensor *t)
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

static solder_status keep(void *user, const solder_tensor *value, const char *node, bool is_output)
{
    (void)node;
    if (is_output) {
        hold(user, value);
    }
    return SOLDER_OK;
}

/* The names of the constants that belong to the test. */
static size_t list_constants(const graph_case *c, char names[2 * MAX_IO][64])
{
    sld_diag diag;
    sld_import import = {.model_path = c->path, .diag = &diag};
    sld_tf tf = {.import = &import, .diag = &diag};
    size_t count = 0;
    sld_diag_init(&diag, NULL);
    sld_arena_init(&tf.arena, NULL, 0);
    assert_int_equal(sld_graph_create(NULL, &diag, &tf.graph), SOLDER_OK);
    assert_int_equal(sld_file_map(&diag, c->path, &import.model), SOLDER_OK);
    assert_int_equal(sld_graphdef_read(&tf), SOLDER_OK);
    for (uint32_t i = 0; i < tf.model.node_count; i++) {
        const char *name = tf.model.nodes[i].name;
        if (strncmp(name, "feed/", 5) == 0 || strncmp(name, "expect/", 7) == 0) {
            assert_true(count < 2 * MAX_IO);
            (void)snprintf(names[count++], sizeof names[0], "%s", name);
        }
    }
    sld_arena_free(&tf.arena);
    sld_graph_destroy(tf.graph);
    sld_file_unmap(&import.model);
    return count;
}

static solder_network *import(graph_case *c, const char *const *outputs, size_t count)
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

static void read_case(graph_case *c)
{
    static char names[2 * MAX_IO][64];
    const char *outputs[2 * MAX_IO];
    size_t count = list_constants(c, names);
    for (size_t i = 0; i < count; i++) {
        outputs[i] = names[i];
    }
    solder_network *constants = import(c, outputs, count);
    assert_non_null(constants);
    assert_int_equal(solder_evaluate(c->builder, constants, NULL, 0, keep, c), SOLDER_OK);
    assert_true(c->expect_count > 0);
}

/* ---- comparing ---- */

static bool same_element(const held *want, const char *data, size_t i)
{
    size_t size = solder_dtype_size(want->dtype);
    const char *a = data + i * size, *b = (const char *)want->data + i * size;
    if (!sld_dtype_is_float(want->dtype)) {
        return memcmp(a, b, size) == 0;
    }
    double x = sld_load_f64(want->dtype, a), y = sld_load_f64(want->dtype, b);
    return x == y || (isnan(x) && isnan(y)) || fabs(x - y) <= 1e-5 + 1e-4 * fabs(y);
}

static void compare(graph_case *c, const char *how, const held *want, const solder_dims *dims,
                    const void *data)
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
            (void)snprintf(c->text, sizeof c->text, "%s: %s[%zu] is %.9g, TensorFlow says %.9g",
                           how, want->name, i, sld_load_f64(want->dtype, at),
                           sld_load_f64(want->dtype, (const char *)want->data +
                                                         i * solder_dtype_size(want->dtype)));
            return;
        }
    }
}

static solder_status visit(void *user, const solder_tensor *value, const char *node, bool is_output)
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

static void evaluate(graph_case *c, solder_network *net)
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

static void run_context(graph_case *c, solder_context *context)
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
    for (size_t i = 0; i < c->expect_count && c->text[0] == '\0'; i++) {
        void *data;
        solder_dims dims;
        assert_int_equal(solder_context_tensor(context, c->expects[i].name, &data, &dims),
                         SOLDER_OK);
        compare(c, "plan", &c->expects[i], &dims, data);
    }
}

static void run_plan(graph_case *c, solder_network *net)
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

/* ---- the same as UFF ---- */

static void evaluate_uff(graph_case *c)
{
    char path[sizeof c->path];
    solder_import_options options = solder_import_options_default();
    options.outputs = c->outputs;
    options.output_count = c->expect_count;
    memcpy(path, c->path, sizeof path);
    (void)snprintf(c->path, sizeof c->path, BINARY_DIR "/tensorflow-graph-%ld.uff", (long)getpid());
    solder_status status = solder_convert(c->builder, path, NULL, &options, c->path);
    if (status == SOLDER_ERROR_UNSUPPORTED) {
        c->no_uff = true; /* the bodies of loops and branches have no form there */
        assert_non_null(strstr(solder_builder_message(c->builder), "has no form in UFF"));
    } else if (status != SOLDER_OK) {
        (void)snprintf(c->text, sizeof c->text, "convert: %.200s",
                       solder_builder_message(c->builder));
    } else {
        solder_network *net = import(c, NULL, 0);
        c->seen = 0;
        if (net != NULL) {
            evaluate(c, net);
        }
        (void)unlink(c->path);
    }
}

/* ---- */

static size_t without_uff;

static bool check_file(const char *file)
{
    static graph_case c;
    c = (graph_case){.seen = 0};
    (void)snprintf(c.path, sizeof c.path, FOLDER "%s", file);
    assert_int_equal(solder_builder_create(NULL, &c.builder), SOLDER_OK);
    read_case(&c);
    for (size_t i = 0; i < c.expect_count; i++) {
        c.outputs[i] = c.expects[i].name;
    }
    solder_network *net = import(&c, c.outputs, c.expect_count);
    if (net != NULL) {
        evaluate(&c, net);
    }
    if (c.text[0] == '\0') {
        run_plan(&c, net);
    }
    if (c.text[0] == '\0') {
        evaluate_uff(&c);
        without_uff += c.no_uff;
    }
    if (c.text[0] != '\0') {
        print_error("%s: %s\n", file, c.text);
    }
    solder_builder_destroy(c.builder);
    for (size_t i = 0; i < MAX_IO; i++) {
        free(c.feeds[i].data);
        free(c.expects[i].data);
    }
    return c.text[0] == '\0';
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void test_graphs(void **state)
{
    (void)state;
    char *files[MAX_FILES];
    size_t count = 0, failed = 0;
    DIR *folder = opendir(FOLDER);
    assert_non_null(folder);
    for (const struct dirent *e = readdir(folder); e != NULL; e = readdir(folder)) {
        const char *dot = strrchr(e->d_name, '.');
        if (dot != NULL && (strcmp(dot, ".pb") == 0 || strcmp(dot, ".pbtxt") == 0)) {
            assert_true(count < MAX_FILES);
            files[count] = strdup(e->d_name);
            assert_non_null(files[count++]);
        }
    }
    (void)closedir(folder);
    qsort(files, count, sizeof files[0], by_name);
    for (size_t i = 0; i < count; i++) {
        failed += check_file(files[i]) ? 0 : 1;
        free(files[i]);
    }
    print_message("%zu graphs, %zu failed; %zu with bodies, which UFF cannot hold\n", count, failed,
                  without_uff);
    assert_true(without_uff < count / 4);
    assert_true(count >= 250); /* they are there */
    assert_int_equal(failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_graphs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
