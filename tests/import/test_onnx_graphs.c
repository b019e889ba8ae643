/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every model in tests/import/onnx, on the reference kernels and as a plan, against what ONNX
 * Runtime computed. A file holds initialisers "feed/x0"... for its inputs and "expect/y"... for its
 * outputs (scripts/make-onnx-fixtures.py).
 */
#include "graph_case.h"

#include "base/file.h"
#include "import/onnx/onnx_read.h"

#define FOLDER SOURCE_DIR "/tests/import/onnx/"

/* Reads what belongs to the test: its names are those of initialisers that nothing uses. */
static void read_case(graph_case *c)
{
    sld_diag diag;
    sld_arena arena;
    sld_file file;
    sld_onnx_model model;
    const char *names[2 * MAX_IO];
    size_t count = 0;
    sld_diag_init(&diag, NULL);
    sld_arena_init(&arena, NULL, 0);
    assert_int_equal(sld_file_map(&diag, c->path, &file), SOLDER_OK);
    assert_int_equal(sld_onnx_check(&diag, file.data, file.size), SOLDER_OK);
    assert_int_equal(sld_onnx_read(&diag, &arena, file.data, file.size, &model), SOLDER_OK);
    for (uint32_t i = 0; i < model.initializer_count; i++) {
        sld_onnx_tensor t;
        assert_int_equal(sld_onnx_read_tensor(&diag, &arena, model.initializers[i], &t), SOLDER_OK);
        if (strncmp(t.name, "feed/", 5) == 0 || strncmp(t.name, "expect/", 7) == 0) {
            assert_true(count < 2 * MAX_IO);
            names[count++] = t.name;
        }
    }
    read_constants(c, names, count);
    sld_arena_free(&arena);
    sld_file_unmap(&file);
}

static void test_models(void **state)
{
    (void)state;
    char *files[MAX_FILES];
    size_t count = list_files(FOLDER, ".onnx", files, 0), failed = 0;
    for (size_t i = 0; i < count; i++) {
        failed += check_file(FOLDER, files[i], read_case, NULL) ? 0 : 1;
        free(files[i]);
    }
    print_message("%zu models, %zu failed\n", count, failed);
    assert_true(count >= 90); /* they are there */
    assert_int_equal(failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_models)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
