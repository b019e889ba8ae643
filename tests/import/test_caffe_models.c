/* SPDX-License-Identifier: Apache-2.0 */
/* Real networks against outputs of another engine, and public architectures without weights. */
#include "caffe_check.h"

#define MODELS SOURCE_DIR "/../shared/models/"

/* Files from disk instead of memory. */
static void import_files(bench *b, const char *model, const char *weights)
{
    sld_diag_init(&b->diag, &(solder_logger){b, bench_log});
    sld_arena_init(&b->arena, NULL, 0);
    b->import = (sld_import){
        .model_path = model, .weights_path = weights, .options = &b->options, .diag = &b->diag};
    b->status = sld_file_map(&b->diag, model, &b->import.model);
    if (b->status != SOLDER_OK) {
        print_message("%s\n", b->diag.message);
        skip();
    }
    if (weights != NULL) {
        assert_int_equal(sld_file_map(&b->diag, weights, &b->import.weights), SOLDER_OK);
    }
    assert_int_equal(sld_graph_create(NULL, &b->diag, &b->graph), SOLDER_OK);
    b->import.graph = b->graph;
    b->status = sld_importer_caffe.import(&b->import);
}

static void close_files(bench *b)
{
    sld_arena_free(&b->arena);
    sld_graph_destroy(b->graph);
    sld_file_unmap(&b->import.model);
    sld_file_unmap(&b->import.weights);
}

/* Outputs are named, and equal the reference files <prefix>_<output>.npy. */
static void check_reference(const char *stem, const char *image, const char *prefix,
                            const int64_t *dims)
{
    char model[512], weights[512], path[512];
    (void)snprintf(model, sizeof model, MODELS "%s.prototxt", stem);
    (void)snprintf(weights, sizeof weights, MODELS "%s.caffemodel", stem);
    bench b;
    bench_open(&b);
    if (dims != NULL) {
        bench_input(&b, NULL, 4, dims);
    }
    import_files(&b, model, weights);
    bench_expect_ok(&b);
    assert_string_equal(b.log, "");
    sld_tensor input, expected;
    (void)snprintf(path, sizeof path, MODELS "%s_input.npy", image);
    assert_true(npy_read(path, &input));
    bench_run(&b, &input);
    assert_true(b.graph->output_count >= 2);
    for (size_t i = 0; i < b.graph->output_count; i++) {
        (void)snprintf(path, sizeof path, MODELS "%s_%s.npy", prefix, b.graph->outputs[i]->name);
        assert_true(npy_read(path, &expected));
        expect_close(&b.results[i], &expected);
        free(expected.data);
    }
    free(input.data);
    close_files(&b);
}

#define IMAGE    "mtcnn-caffe/ref/det1_image"
#define CROPS(n) "mtcnn-caffe/ref/det" n "_crops"

static void test_mtcnn_det1_image(void **state)
{
    (void)state;
    check_reference("mtcnn-caffe/det1", IMAGE, IMAGE, (int64_t[]){1, 3, 146, 97});
}

static void test_mtcnn_det1_open(void **state)
{
    (void)state;
    check_reference("mtcnn-caffe/det1", IMAGE, IMAGE, (int64_t[]){-1, 3, -1, -1});
}

static void test_mtcnn_crops(void **state)
{
    (void)state;
    check_reference("mtcnn-caffe/det1", CROPS("1"), CROPS("1"), (int64_t[]){6, 3, 12, 12});
    check_reference("mtcnn-caffe/det2", CROPS("2"), CROPS("2"), (int64_t[]){6, 3, 24, 24});
    check_reference("mtcnn-caffe/det3", CROPS("3"), CROPS("3"), (int64_t[]){-1, 3, 48, 48});
}

static void test_ultraface(void **state)
{
    (void)state;
    check_reference("ultraface-slim-320/slim-320", "ultraface-slim-320/ref/jetson_humans_6",
                    "ultraface-slim-320/ref/jetson_humans_6_slim-320_caffe", NULL);
}

/* ---- architectures ---- */

static void import_arch(bench *b, const char *name, bool random)
{
    static char path[512];
    b->options.random_weights = random;
    b->options.seed = 1;
    (void)snprintf(path, sizeof path, MODELS "arch/%s.prototxt", name);
    import_files(b, path, NULL);
}

static void check_dims(const bench *b, size_t output, int rank, const int64_t *dims)
{
    const sld_value *value = b->graph->outputs[output];
    int64_t found[SOLDER_MAX_RANK];
    assert_int_equal(value->shape.rank, rank);
    assert_true(sld_value_static_dims(b->graph, value, found));
    assert_memory_equal(found, dims, (size_t)rank * sizeof *dims);
}

static void test_architectures(void **state)
{
    (void)state;
    static const struct {
        const char *name, *output;
        int rank;
        int64_t dims[4];
    } cases[] = {{"alexnet", "prob", 2, {10, 1000}},
                 {"caffenet", "prob", 2, {10, 1000}},
                 {"googlenet", "prob", 2, {10, 1000}},
                 {"lenet", "prob", 2, {64, 10}},
                 {"squeezenet_v1.0", "prob", 4, {10, 1000, 1, 1}},
                 {"squeezenet_v1.1", "prob", 4, {10, 1000, 1, 1}}};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(cases); i++) {
        bench b;
        bench_open(&b);
        import_arch(&b, cases[i].name, true);
        bench_expect_ok(&b);
        assert_int_equal(b.graph->output_count, 1);
        assert_string_equal(b.graph->outputs[0]->name, cases[i].output);
        check_dims(&b, 0, cases[i].rank, cases[i].dims);
        close_files(&b);
    }
}

/* The heads of SSD are shipped plugins; without them the rest is found by its outputs. */
static void test_ssd_heads(void **state)
{
    (void)state;
    static const char *const names[] = {"mobilenet-ssd", "mobilenet-ssd-voc"};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(names); i++) {
        bench b;
        bench_open(&b);
        import_arch(&b, names[i], true);
        bench_expect_ok(&b);
        assert_int_equal(b.graph->output_count, 1);
        const sld_value *found = b.graph->outputs[0];
        int64_t row = 0;
        assert_string_equal(found->name, "detection_out");
        assert_int_equal(found->shape.rank, 4);
        assert_true(sld_expr_is_const(&b.graph->exprs, found->shape.d[3], &row) && row == 7);
        close_files(&b);
        bench_open(&b);
        bench_output(&b, "mbox_loc");
        bench_output(&b, "mbox_conf_flatten");
        import_arch(&b, names[i], true);
        bench_expect_ok(&b);
        assert_string_equal(b.graph->outputs[0]->name, "mbox_loc");
        assert_string_equal(b.graph->outputs[1]->name, "mbox_conf_flatten");
        check_dims(&b, 0, 2, (int64_t[]){1, 7668});
        check_dims(&b, 1, 2, (int64_t[]){1, 40257});
        close_files(&b);
    }
}

static void test_no_weights(void **state)
{
    (void)state;
    bench b;
    bench_open(&b);
    import_arch(&b, "alexnet", false);
    bench_expect_error(&b, SOLDER_ERROR_NOT_FOUND,
                       "caffe: layer 'conv1' (Convolution): has no weights: give the caffemodel, "
                       "or --random-weights to make them up");
    close_files(&b);
}

/* Probabilities over the classes of one made-up picture, from weights of the seed. */
static void run_squeezenet(float *probabilities, uint64_t seed)
{
    bench b;
    bench_open(&b);
    bench_input(&b, "data", 4, (int64_t[]){1, 3, 67, 67});
    b.options.seed = seed;
    static float picture[3 * 67 * 67];
    uint64_t random = 5;
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(picture); i++) {
        picture[i] = (float)(check_random(&random) >> 40) * 0x1p-23F - 1;
    }
    import_arch(&b, "squeezenet_v1.1", true);
    bench_expect_ok(&b);
    sld_tensor input = sld_tensor_make(picture, SOLDER_F32, 4, (int64_t[]){1, 3, 67, 67});
    bench_run(&b, &input);
    memcpy(probabilities, b.results[0].data, 1000 * sizeof *probabilities);
    close_files(&b);
}

/* Made-up weights keep values in range, and depend on nothing but the seed. */
static void test_random_weights(void **state)
{
    (void)state;
    static float first[1000], second[1000];
    run_squeezenet(first, 1);
    run_squeezenet(second, 1);
    assert_memory_equal(first, second, sizeof first);
    double sum = 0, largest = 0;
    for (size_t i = 0; i < 1000; i++) {
        sum += (double)first[i];
        largest = (double)first[i] > largest ? (double)first[i] : largest;
    }
    assert_true(fabs(sum - 1) < 1e-4);
    assert_true(largest > 0.0011 && largest < 0.5);
}

/* A made-up BatchNorm and Scale keep the mean square, so that deep networks stay in range. */
static void test_random_norm(void **state)
{
    (void)state;
    enum { CHANNELS = 4096 };
    static const char text[] = "input: 'x' input_shape { dim: 1 dim: 4096 dim: 1 dim: 2 }"
                               "layer { name: 'n' type: 'BatchNorm' bottom: 'x' top: 'n' }"
                               "layer { name: 's' type: 'Scale' bottom: 'n' top: 's' }";
    static float x[CHANNELS * 2];
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(x); i++) {
        x[i] = i % 2 == 0 ? 1.0F : -1.0F;
    }
    bench b;
    bench_open(&b);
    b.options.random_weights = true;
    bench_import(&b, text, sizeof text - 1, NULL, 0);
    bench_expect_ok(&b);
    sld_tensor input = sld_tensor_make(x, SOLDER_F32, 4, (int64_t[]){1, CHANNELS, 1, 2});
    bench_run(&b, &input);
    double squares = 0;
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(x); i++) {
        double y = (double)((const float *)b.results[0].data)[i];
        squares += y * y / (double)SLD_ARRAY_LENGTH(x);
    }
    assert_true(squares > 0.95 && squares < 1.05);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mtcnn_det1_image), cmocka_unit_test(test_mtcnn_det1_open),
        cmocka_unit_test(test_mtcnn_crops),      cmocka_unit_test(test_ultraface),
        cmocka_unit_test(test_architectures),    cmocka_unit_test(test_ssd_heads),
        cmocka_unit_test(test_no_weights),       cmocka_unit_test(test_random_weights),
        cmocka_unit_test(test_random_norm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
