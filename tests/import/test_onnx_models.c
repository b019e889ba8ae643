/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trained ONNX networks beside the outputs other engines computed. The models lie beside the
 * repository (../shared/models); without them these tests are skipped.
 */
#include "graph/graph.h"
#include "import/import.h"
#include "npy_check.h"

#define MODELS SOURCE_DIR "/../shared/models"

typedef struct loaded {
    sld_diag diag;
    sld_file file;
    sld_graph *graph;
    sld_arena arena;
    sld_tensor results[8];
} loaded;

static solder_status keep_nothing(sld_import *import, sld_file file)
{
    sld_file_unmap(&file);
    return sld_fail(import->diag, SOLDER_ERROR_IO, "no external data expected");
}

static void load(loaded *l, const char *model)
{
    char path[512];
    const solder_import_options options = {.struct_size = sizeof options};
    sld_diag_init(&l->diag, NULL);
    sld_arena_init(&l->arena, NULL, 0);
    (void)snprintf(path, sizeof path, "%s/%s", MODELS, model);
    if (sld_file_map(&l->diag, path, &l->file) != SOLDER_OK) {
        print_message("skipped: %s\n", l->diag.message);
        skip();
    }
    assert_int_equal(sld_graph_create(NULL, &l->diag, &l->graph), SOLDER_OK);
    sld_import import = {.model_path = path,
                         .model = l->file,
                         .mapped = true,
                         .options = &options,
                         .diag = &l->diag,
                         .graph = l->graph,
                         .keep_file = keep_nothing};
    assert_true(sld_importer_onnx.recognise(l->file.data, l->file.size));
    if (sld_importer_onnx.import(&import) != SOLDER_OK || sld_graph_verify(l->graph) != SOLDER_OK) {
        fail_msg("%s: %s", model, l->diag.message);
    }
}

static void unload(loaded *l)
{
    sld_arena_free(&l->arena);
    sld_graph_destroy(l->graph);
    sld_file_unmap(&l->file);
}

static void run(loaded *l, const char *input)
{
    char path[512];
    sld_tensor x;
    (void)snprintf(path, sizeof path, "%s/%s", MODELS, input);
    assert_true(npy_read(path, &x));
    if (sld_graph_evaluate(l->graph, &l->diag, NULL, &x, &l->arena, l->results, NULL, NULL) !=
        SOLDER_OK) {
        fail_msg("%s", l->diag.message);
    }
    free(x.data);
}

static void expect(const sld_tensor *got, const char *reference)
{
    char path[512];
    sld_tensor expected;
    (void)snprintf(path, sizeof path, "%s/%s", MODELS, reference);
    assert_true(npy_read(path, &expected));
    expect_close(got, &expected);
    free(expected.data);
}

static void mnist(void **state)
{
    (void)state;
    loaded l;
    load(&l, "mnist/mnist-8.onnx");
    for (int digit = 0; digit < 3; digit++) {
        char input[64], ours[64], source[64];
        (void)snprintf(input, sizeof input, "mnist/ref/digit%d_input.npy", digit);
        (void)snprintf(ours, sizeof ours, "mnist/ref/digit%d_Plus214_Output_0.npy", digit);
        (void)snprintf(source, sizeof source, "mnist/ref/digit%d_expected_from_source.npy", digit);
        run(&l, input);
        expect(&l.results[0], ours);
        expect(&l.results[0], source);
    }
    unload(&l);
}

static void ultraface(void **state)
{
    (void)state;
    static const char *const variants[] = {"", "_simplified", "_without_postprocessing"};
    static const char *const photos[] = {"jetson_humans_6", "tf-mtcnn_test_image"};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(variants); i++) {
        loaded l;
        char path[160];
        (void)snprintf(path, sizeof path, "ultraface-slim-320/version-slim-320%s.onnx",
                       variants[i]);
        load(&l, path);
        assert_int_equal(l.graph->output_count, 2);
        const char *photo = photos[i % 2];
        (void)snprintf(path, sizeof path, "ultraface-slim-320/ref/%s_input.npy", photo);
        run(&l, path);
        for (size_t k = 0; k < 2; k++) {
            (void)snprintf(path, sizeof path, "ultraface-slim-320/ref/%s_version-slim-320%s_%s.npy",
                           photo, variants[i], l.graph->outputs[k]->name);
            expect(&l.results[k], path);
        }
        unload(&l);
    }
}

/* Architectures whose weights are ConstantOfShape nodes: they import, with the shapes they name. */
static void architectures(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int rank;
    } nets[] = {{"bvlc_alexnet", 2}, {"densenet121", 4}, {"inception_v1", 2},
                {"inception_v2", 2}, {"resnet50", 2},    {"shufflenet", 2},
                {"squeezenet", 4},   {"vgg19", 2},       {"zfnet512", 2}};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(nets); i++) {
        loaded l;
        char path[160];
        int64_t dims[SOLDER_MAX_RANK];
        (void)snprintf(path, sizeof path, "arch/onnx-light/light_%s.onnx", nets[i].name);
        load(&l, path);
        assert_int_equal(l.graph->output_count, 1);
        assert_true(sld_value_static_dims(l.graph, l.graph->outputs[0], dims));
        assert_int_equal(l.graph->outputs[0]->shape.rank, nets[i].rank);
        assert_int_equal(dims[0], 1);
        assert_int_equal(dims[1], 1000);
        unload(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mnist),
        cmocka_unit_test(ultraface),
        cmocka_unit_test(architectures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
