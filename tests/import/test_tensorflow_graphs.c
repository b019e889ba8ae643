/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every graph in tests/import/tensorflow, on the reference kernels and as a plan, against what
 * TensorFlow computed; and through UFF, as a plan bit by bit the same. A file holds constants
 * "feed/x0"... for its inputs and "expect/y0"... for its outputs
 * (scripts/make-tensorflow-fixtures.py); the importer itself reads them. Some are there in text
 * form, too.
 */
#include "graph_case.h"

#include <unistd.h>

#include "base/file.h"
#include "import/graphdef/graphdef.h"

#define FOLDER SOURCE_DIR "/tests/import/tensorflow/"

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

static void read_case(graph_case *c)
{
    static char names[2 * MAX_IO][64];
    const char *outputs[2 * MAX_IO];
    size_t count = list_constants(c, names);
    for (size_t i = 0; i < count; i++) {
        outputs[i] = names[i];
    }
    read_constants(c, outputs, count);
}

/* ---- the same as UFF ---- */

/* Dropout that is switched off is the only thing here that UFF has no words for. */
#define DROPOUT "what dropout leaves behind has no form in UFF"

static size_t without_uff;

/* The same bits, as a plan. */
static void compare_uff(graph_case *c)
{
    char path[sizeof c->path];
    uint64_t bits = c->bits;
    solder_import_options options = solder_import_options_default();
    options.outputs = c->outputs;
    options.output_count = c->expect_count;
    memcpy(path, c->path, sizeof path);
    (void)snprintf(c->path, sizeof c->path, BINARY_DIR "/tensorflow-graph-%ld.uff", (long)getpid());
    if (solder_convert(c->builder, path, NULL, &options, c->path) != SOLDER_OK) {
        if (strstr(solder_builder_message(c->builder), DROPOUT) != NULL) {
            without_uff++;
            return;
        }
        (void)snprintf(c->text, sizeof c->text, "convert: %.200s",
                       solder_builder_message(c->builder));
        return;
    }
    try_case(c);
    if (c->text[0] == '\0' && c->bits != bits) {
        (void)snprintf(c->text, sizeof c->text, "other bits through UFF");
    }
    (void)unlink(c->path);
}

/* ---- */

static void test_graphs(void **state)
{
    (void)state;
    char *files[MAX_FILES];
    size_t count = list_files(FOLDER, ".pb", files, 0), failed = 0;
    count = list_files(FOLDER, ".pbtxt", files, count);
    for (size_t i = 0; i < count; i++) {
        failed += check_file(FOLDER, files[i], read_case, compare_uff) ? 0 : 1;
        free(files[i]);
    }
    print_message("%zu graphs, %zu failed\n", count, failed);
    assert_true(count >= 250); /* they are there */
    assert_int_equal(without_uff, 5);
    assert_int_equal(failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_graphs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
