/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fails the n-th allocation for every n until nothing fails any more, over import, build, load and
 * run: each time a clean error, and everything given back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "solder/builder.h"
#include "solder/runtime.h"

#define MODELS SOURCE_DIR "/models/digits/"

#define ARENA_BLOCK ((size_t)64 * 1024)

typedef struct failing {
    long calls, fail_at; /* fail_at < 0: never */
    long live;
    size_t bytes;
} failing;

static void *failing_alloc(void *user, size_t size, size_t align)
{
    failing *f = user;
    if (size == ARENA_BLOCK) { /* so that every allocation from an arena comes here */
        return NULL;
    }
    if (f->calls++ == f->fail_at) {
        return NULL;
    }
    void *pointer = aligned_alloc(align, (size + align - 1) / align * align);
    f->live += pointer != NULL;
    f->bytes += size;
    return pointer;
}

static void failing_release(void *user, void *pointer, size_t size)
{
    failing *f = user;
    f->live -= pointer != NULL;
    f->bytes -= size;
    free(pointer);
}

static int wrong; /* failures that were no clean SOLDER_ERROR_MEMORY */

static solder_status import_and_build(failing *f, const char *model, const char *weights,
                                      const char *plan)
{
    solder_builder_options options = {.struct_size = sizeof options,
                                      .allocator = {f, failing_alloc, failing_release}};
    solder_builder *builder;
    solder_status status = solder_builder_create(&options, &builder);
    if (status != SOLDER_OK) {
        return status;
    }
    solder_network *network;
    solder_config config = solder_config_default();
    config.effort = 0;
    config.threads = 1;
    solder_import_options imports = {
        .struct_size = sizeof imports, .random_weights = weights == NULL, .seed = 1};
    status = solder_import(builder, model, weights, &imports, &network);
    if (status == SOLDER_OK) {
        status = solder_build_to_file(builder, network, &config, plan);
    }
    if (status != SOLDER_OK &&
        (status != SOLDER_ERROR_MEMORY || strlen(solder_builder_message(builder)) == 0)) {
        print_error("failing allocation %ld gave '%s': '%s'\n", f->fail_at,
                    solder_status_name(status), solder_builder_message(builder));
        wrong++;
    }
    solder_builder_destroy(builder);
    return status;
}

static solder_status load_and_run(failing *f, const char *plan)
{
    solder_runtime_options options = solder_runtime_options_default();
    options.allocator = (solder_allocator){f, failing_alloc, failing_release};
    options.threads = 2;
    options.cpu = "avx2"; /* so that weights packed for another kernel are repacked */
    solder_runtime *runtime;
    solder_status status = solder_runtime_create(&options, &runtime);
    if (status != SOLDER_OK) {
        return status;
    }
    solder_engine *engine = NULL;
    solder_context *context = NULL;
    float input[64] = {0.5f};
    float output[10];
    status = solder_engine_open(runtime, plan, &engine);
    if (status == SOLDER_OK) {
        status = solder_context_create(runtime, engine, &context);
    }
    if (status == SOLDER_OK) {
        long before = f->calls;
        assert_int_equal(solder_context_bind(context, "data", input, sizeof input), SOLDER_OK);
        assert_int_equal(solder_context_bind(context, "prob", output, sizeof output), SOLDER_OK);
        status = solder_context_run(context);
        assert_int_equal(f->calls, before); /* running allocates nothing */
    } else {
        assert_true(strlen(solder_runtime_message(runtime)) > 0);
    }
    solder_context_destroy(context);
    solder_engine_destroy(engine);
    solder_runtime_destroy(runtime);
    return status;
}

static void sweep_build(const char *model, const char *weights)
{
    const char *plan = "oom-test.plan";
    wrong = 0;
    failing count = {.fail_at = -1};
    assert_int_equal(import_and_build(&count, model, weights, plan), SOLDER_OK);
    assert_int_equal(count.live, 0);
    assert_true(count.bytes == 0);
    assert_int_equal(unlink(plan), 0);
    for (long n = 0; n < count.calls; n++) {
        failing f = {.fail_at = n};
        solder_status status = import_and_build(&f, model, weights, plan);
        if (f.live != 0 || f.bytes != 0) {
            fail_msg("failing allocation %ld left %ld blocks, %zu bytes", n, f.live, f.bytes);
        }
        if (status == SOLDER_OK) { /* an allocation the build can do without */
            assert_int_equal(unlink(plan), 0);
        } else {
            assert_int_not_equal(access(plan, F_OK), 0);
        }
    }
    printf("%ld allocations failed in turn\n", count.calls);
    assert_int_equal(wrong, 0);
}

static void test_caffe(void **state)
{
    (void)state;
    sweep_build(MODELS "digits.prototxt", MODELS "digits.caffemodel");
}

static void test_onnx(void **state)
{
    (void)state;
    sweep_build(MODELS "digits.onnx", NULL);
}

/* Tiny models that between them hold every operator and every Caffe layer. */
static void test_every_operator(void **state)
{
    (void)state;
    static const char *const models[] = {
        "onnx/seed-conv.onnx",
        "onnx/seed-shapes.onnx",
        "onnx/seed-move.onnx",
        "onnx/seed-detect.onnx",
        "onnx/seed-reduce.onnx",
        "onnx/seed-layernorm-parts.onnx",
        "onnx/seed-binary.onnx",
        "onnx/seed-normal.onnx",
        "onnx/seed-data.onnx",
        "onnx/seed-contrib-attention.onnx",
        "onnx/seed-contrib-gqa.onnx",
        "onnx/seed-contrib-nbits.onnx",
        "prototxt/layers-image.prototxt",
        "prototxt/layers-points.prototxt",
        "graphdef/seed-cond.pb",
        "graphdef/seed-frames.pb",
    };
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        char path[512];
        (void)snprintf(path, sizeof path, SOURCE_DIR "/fuzz/corpus/%s", models[i]);
        printf("%s: ", models[i]);
        sweep_build(path, NULL);
    }
}

static void test_run(void **state)
{
    (void)state;
    const char *plan = "oom-run-test.plan";
    failing count = {.fail_at = -1};
    assert_int_equal(import_and_build(&count, MODELS "digits.onnx", NULL, plan), SOLDER_OK);
    count = (failing){.fail_at = -1};
    assert_int_equal(load_and_run(&count, plan), SOLDER_OK);
    assert_int_equal(count.live, 0);
    for (long n = 0; n < count.calls; n++) {
        failing f = {.fail_at = n};
        solder_status status = load_and_run(&f, plan);
        assert_int_equal(f.live, 0);
        assert_true(f.bytes == 0);
        assert_int_equal(status, SOLDER_ERROR_MEMORY);
    }
    assert_int_equal(unlink(plan), 0);
}

static solder_status tune_plan(failing *f, const char *plan)
{
    solder_builder_options options = {.struct_size = sizeof options,
                                      .allocator = {f, failing_alloc, failing_release}};
    solder_builder *builder;
    solder_config config = solder_config_default();
    config.effort = 0;
    config.threads = 1;
    config.target = "x86-64"; /* so that weights are unpacked */
    solder_status status = solder_builder_create(&options, &builder);
    if (status != SOLDER_OK) {
        return status;
    }
    status = solder_tune_to_file(builder, plan, &config, "oom-tuned.plan");
    wrong += status != SOLDER_OK && strlen(solder_builder_message(builder)) == 0;
    solder_builder_destroy(builder);
    return status;
}

/* A failed tuning leaves the file it should have written as it was. */
static void sweep_tune(const char *model, const char *weights)
{
    const char *plan = "oom-tune-test.plan";
    wrong = 0;
    failing count = {.fail_at = -1};
    assert_int_equal(import_and_build(&count, model, weights, plan), SOLDER_OK);
    count = (failing){.fail_at = -1};
    assert_int_equal(tune_plan(&count, plan), SOLDER_OK);
    assert_int_equal(count.live, 0);
    assert_int_equal(unlink("oom-tuned.plan"), 0);
    for (long n = 0; n < count.calls; n++) {
        failing f = {.fail_at = n};
        solder_status status = tune_plan(&f, plan);
        assert_int_equal(f.live, 0);
        assert_true(f.bytes == 0);
        assert_int_equal(access("oom-tuned.plan", F_OK), status == SOLDER_OK ? 0 : -1);
        assert_true(status == SOLDER_OK || status == SOLDER_ERROR_MEMORY);
        (void)unlink("oom-tuned.plan");
    }
    assert_int_equal(wrong, 0);
    assert_int_equal(unlink(plan), 0);
}

static void test_tune(void **state)
{
    (void)state;
    sweep_tune(MODELS "digits.onnx", NULL);
    sweep_tune(SOURCE_DIR "/fuzz/corpus/onnx/seed-detect.onnx", NULL);
    sweep_tune(SOURCE_DIR "/fuzz/corpus/graphdef/seed-frames.pb", NULL);
    sweep_tune(SOURCE_DIR "/fuzz/corpus/prototxt/layers-points.prototxt", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_caffe),          cmocka_unit_test(test_onnx),
        cmocka_unit_test(test_every_operator), cmocka_unit_test(test_run),
        cmocka_unit_test(test_tune),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
