/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real trained networks through the whole path (import, passes, tactics, plan, runtime), against
 * outputs that other engines computed. Needs the model folder beside the project.
 */
#include "npy_file.h"

#include <math.h>
#include <unistd.h>

#include "solder/builder.h"
#include "solder/runtime.h"

#define SHARED SOURCE_DIR "/../shared/models/"

typedef struct model {
    const char *folder, *file, *weights;
} model;

/*
 * An output and the file with what it should be; a list ends with NULL. uncertainty is how far the
 * file itself lies from the network computed in double precision, where that exceeds the bound.
 */
typedef struct reference {
    const char *output, *file;
    double uncertainty;
} reference;

typedef struct session {
    solder_builder *builder;
    void *plan;
    size_t plan_size;
    solder_runtime *runtime;
    solder_engine *engine;
    solder_context *context;
} session;

static void open_plan(session *s, const char *cpu, int threads)
{
    solder_runtime_options options = solder_runtime_options_default();
    options.threads = threads;
    options.cpu = cpu;
    assert_int_equal(solder_runtime_create(&options, &s->runtime), SOLDER_OK);
    if (solder_engine_load(s->runtime, s->plan, s->plan_size, &s->engine) != SOLDER_OK ||
        solder_context_create(s->runtime, s->engine, &s->context) != SOLDER_OK) {
        fail_msg("%s", solder_runtime_message(s->runtime));
    }
}

static void close_plan(session *s)
{
    solder_context_destroy(s->context);
    solder_engine_destroy(s->engine);
    solder_runtime_destroy(s->runtime);
}

static void build(session *s, const model *m, const solder_dims *input)
{
    char path[512];
    char weights[512];
    (void)snprintf(path, sizeof path, SHARED "%s/%s", m->folder, m->file);
    if (m->weights != NULL) {
        (void)snprintf(weights, sizeof weights, SHARED "%s/%s", m->folder, m->weights);
    }
    solder_input_spec spec = {.dims = *input};
    solder_import_options options = solder_import_options_default();
    options.inputs = &spec;
    options.input_count = 1;
    solder_network *net;
    assert_int_equal(solder_builder_create(NULL, &s->builder), SOLDER_OK);
    if (solder_import(s->builder, path, m->weights != NULL ? weights : NULL, &options, &net) !=
            SOLDER_OK ||
        solder_build_to_memory(s->builder, net, NULL, &s->plan, &s->plan_size) != SOLDER_OK) {
        fail_msg("%s", solder_builder_message(s->builder));
    }
}

static void expect_reference(const session *s, const reference *r, const npy_file *expected)
{
    void *data;
    solder_dims dims;
    if (solder_context_tensor(s->context, r->output, &data, &dims) != SOLDER_OK) {
        fail_msg("%s", solder_context_message(s->context));
    }
    size_t count = 1;
    for (int i = 0; i < dims.rank; i++) {
        count *= (size_t)dims.d[i];
    }
    assert_int_equal(count, expected->count);
    const float *got = data;
    for (size_t i = 0; i < count; i++) {
        double error = fabs((double)got[i] - (double)expected->data[i]);
        if (!(error <= r->uncertainty + 1e-5 + 1e-4 * fabs((double)expected->data[i]))) {
            fail_msg("%s[%zu] is %.8g, the reference %.8g", r->output, i, (double)got[i],
                     (double)expected->data[i]);
        }
    }
}

static void run_model(const model *m, const char *input_file, const reference *references)
{
    char path[512];
    (void)snprintf(path, sizeof path, SHARED "%s", m->folder);
    if (access(path, F_OK) != 0) {
        print_message("skipped: the shared models are not there\n");
        skip();
    }
    (void)snprintf(path, sizeof path, SHARED "%s/ref/%s", m->folder, input_file);
    npy_file input = npy_read(path);
    session s = {0};
    build(&s, m, &input.dims);
    const struct {
        const char *cpu;
        int threads;
    } ways[] = {{NULL, 1}, {NULL, 2}, {"avx2", 2}, {"x86-64", 2}};
    for (size_t w = 0; w < sizeof ways / sizeof ways[0]; w++) {
        open_plan(&s, ways[w].cpu, ways[w].threads);
        solder_io io;
        assert_int_equal(solder_engine_io(s.engine, 0, &io), SOLDER_OK);
        assert_int_equal(
            solder_context_bind(s.context, io.name, input.data, input.count * sizeof(float)),
            SOLDER_OK);
        if (solder_context_run(s.context) != SOLDER_OK) {
            fail_msg("%s", solder_context_message(s.context));
        }
        for (const reference *r = references; r->output != NULL; r++) {
            (void)snprintf(path, sizeof path, SHARED "%s/ref/%s", m->folder, r->file);
            npy_file expected = npy_read(path);
            expect_reference(&s, r, &expected);
            free(expected.data);
        }
        close_plan(&s);
    }
    solder_plan_free(s.builder, s.plan, s.plan_size);
    solder_builder_destroy(s.builder);
    free(input.data);
}

static void test_ultraface(void **state)
{
    (void)state;
    static const char *const photos[] = {"jetson_humans_6", "tf-mtcnn_test_image"};
    static const struct {
        model m;
        const char *tag;
        double uncertainty; /* of the boxes of the second photo */
    } forms[] = {
        {{"ultraface-slim-320", "version-slim-320.onnx", NULL}, "version-slim-320", 0},
        {{"ultraface-slim-320", "version-slim-320_simplified.onnx", NULL},
         "version-slim-320_simplified",
         1.3e-5}, /* tests/peers/ultraface_double.py prints it: up to 1.42e-5 */
        {{"ultraface-slim-320", "version-slim-320_without_postprocessing.onnx", NULL},
         "version-slim-320_without_postprocessing",
         0},
        {{"ultraface-slim-320", "slim-320.prototxt", "slim-320.caffemodel"}, "slim-320_caffe", 0},
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        for (size_t j = 0; j < 2; j++) {
            char input[128];
            char scores[128];
            char boxes[128];
            (void)snprintf(input, sizeof input, "%s_input.npy", photos[j]);
            (void)snprintf(scores, sizeof scores, "%s_%s_scores.npy", photos[j], forms[i].tag);
            (void)snprintf(boxes, sizeof boxes, "%s_%s_boxes.npy", photos[j], forms[i].tag);
            run_model(&forms[i].m, input,
                      (reference[]){{"scores", scores, 0},
                                    {"boxes", boxes, j == 1 ? forms[i].uncertainty : 0},
                                    {NULL, NULL, 0}});
        }
    }
}

static void test_mtcnn(void **state)
{
    (void)state;
    const model det1 = {"mtcnn-caffe", "det1.prototxt", "det1.caffemodel"};
    const model det2 = {"mtcnn-caffe", "det2.prototxt", "det2.caffemodel"};
    const model det3 = {"mtcnn-caffe", "det3.prototxt", "det3.caffemodel"};
    run_model(&det1, "det1_image_input.npy",
              (reference[]){{"prob1", "det1_image_prob1.npy", 0},
                            {"conv4-2", "det1_image_conv4-2.npy", 0},
                            {NULL, NULL, 0}});
    run_model(&det1, "det1_crops_input.npy",
              (reference[]){{"prob1", "det1_crops_prob1.npy", 0},
                            {"conv4-2", "det1_crops_conv4-2.npy", 0},
                            {NULL, NULL, 0}});
    run_model(&det2, "det2_crops_input.npy",
              (reference[]){{"prob1", "det2_crops_prob1.npy", 0},
                            {"conv5-2", "det2_crops_conv5-2.npy", 0},
                            {NULL, NULL, 0}});
    run_model(&det3, "det3_crops_input.npy",
              (reference[]){{"prob1", "det3_crops_prob1.npy", 0},
                            {"conv6-2", "det3_crops_conv6-2.npy", 0},
                            {"conv6-3", "det3_crops_conv6-3.npy", 0},
                            {NULL, NULL, 0}});
}

static void test_mnist(void **state)
{
    (void)state;
    const model m = {"mnist", "mnist-8.onnx", NULL};
    for (int i = 0; i < 3; i++) {
        char input[64];
        char output[64];
        (void)snprintf(input, sizeof input, "digit%d_input.npy", i);
        (void)snprintf(output, sizeof output, "digit%d_Plus214_Output_0.npy", i);
        run_model(&m, input, (reference[]){{"Plus214_Output_0", output, 0}, {NULL, NULL, 0}});
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ultraface),
        cmocka_unit_test(test_mtcnn),
        cmocka_unit_test(test_mnist),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
