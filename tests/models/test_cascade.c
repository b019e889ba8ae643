/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cascade of detectors as one TensorFlow 1 graph: a loop over scales that writes arrays, boxes
 * found by value, two conditionals around the later networks. Needs the model folder beside the
 * project.
 */
#include "npy_file.h"

#include <math.h>
#include <unistd.h>

#include "solder/builder.h"
#include "solder/runtime.h"

#define CASCADE SOURCE_DIR "/../shared/models/mtcnn-tf/"

enum { INPUTS = 4, OUTPUTS = 3 };

static const char *const inputs[INPUTS] = {"input", "min_size", "thresholds", "factor"};
static const char *const outputs[OUTPUTS] = {"box", "prob", "landmarks"};

static npy_file reference(const char *prefix, const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof path, CASCADE "ref/%s%s.npy", prefix, name);
    return npy_read(path);
}

static void expect_faces(solder_context *context, int index)
{
    void *data;
    solder_dims dims;
    npy_file expected = reference("photo_", outputs[index]);
    if (solder_context_tensor(context, outputs[index], &data, &dims) != SOLDER_OK) {
        fail_msg("%s", solder_context_message(context));
    }
    assert_int_equal(dims.rank, expected.dims.rank);
    for (int i = 0; i < dims.rank; i++) {
        assert_int_equal(dims.d[i], expected.dims.d[i]);
    }
    for (size_t i = 0; i < expected.count; i++) {
        double got = (double)((const float *)data)[i], want = (double)expected.data[i];
        if (!(fabs(got - want) <= 1e-5 + 1e-4 * fabs(want))) {
            fail_msg("%s[%zu] is %.8g, the reference %.8g", outputs[index], i, got, want);
        }
    }
    free(expected.data);
}

static void run(const void *plan, size_t size, const char *cpu, int threads, const npy_file *in)
{
    solder_runtime_options options = solder_runtime_options_default();
    options.threads = threads;
    options.cpu = cpu;
    solder_runtime *runtime;
    solder_engine *engine;
    solder_context *context;
    assert_int_equal(solder_runtime_create(&options, &runtime), SOLDER_OK);
    if (solder_engine_load(runtime, plan, size, &engine) != SOLDER_OK ||
        solder_context_create(runtime, engine, &context) != SOLDER_OK) {
        fail_msg("%s", solder_runtime_message(runtime));
    }
    for (int i = 0; i < INPUTS; i++) {
        if (solder_context_bind(context, inputs[i], in[i].data, in[i].count * sizeof(float)) !=
            SOLDER_OK) {
            fail_msg("%s", solder_context_message(context));
        }
    }
    for (int again = 0; again < 2; again++) {
        if (solder_context_run(context) != SOLDER_OK) {
            fail_msg("%s", solder_context_message(context));
        }
        for (int i = 0; i < OUTPUTS; i++) {
            expect_faces(context, i);
        }
    }
    solder_context_destroy(context);
    solder_engine_destroy(engine);
    solder_runtime_destroy(runtime);
}

static void test_faces(void **state)
{
    (void)state;
    if (access(CASCADE "mtcnn.pb", F_OK) != 0) {
        print_message("skipped: the shared models are not there\n");
        skip();
    }
    npy_file in[INPUTS];
    for (int i = 0; i < INPUTS; i++) {
        in[i] = reference(i == 0 ? "photo_" : "", inputs[i]);
    }
    const solder_input_spec photo = {.name = "input", .dims = in[0].dims};
    solder_import_options options = solder_import_options_default();
    options.inputs = &photo;
    options.input_count = 1;
    options.outputs = outputs;
    options.output_count = OUTPUTS;
    solder_config config = solder_config_default();
    config.effort = 0;
    solder_builder *builder;
    solder_network *net;
    void *plan;
    size_t size = 0;
    assert_int_equal(solder_builder_create(NULL, &builder), SOLDER_OK);
    if (solder_import(builder, CASCADE "mtcnn.pb", NULL, &options, &net) != SOLDER_OK ||
        solder_build_to_memory(builder, net, &config, &plan, &size) != SOLDER_OK) {
        fail_msg("%s", solder_builder_message(builder));
    }
    run(plan, size, NULL, 1, in);
    run(plan, size, NULL, 2, in);
    run(plan, size, "x86-64", 2, in);
    for (int i = 0; i < INPUTS; i++) {
        free(in[i].data);
    }
    solder_plan_free(builder, plan, size);
    solder_builder_destroy(builder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_faces)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
