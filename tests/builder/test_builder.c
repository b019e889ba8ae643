/* SPDX-License-Identifier: Apache-2.0 */
/* The public path end to end: networks by hand and imported, plans, contexts, determinism. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "solder/builder.h"
#include "solder/runtime.h"

#define MODELS SOURCE_DIR "/models/digits/"

static solder_builder *builder;

static int setup(void **state)
{
    (void)state;
    return solder_builder_create(NULL, &builder) == SOLDER_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    solder_builder_destroy(builder);
    return 0;
}

static void check(solder_status status)
{
    if (status != SOLDER_OK) {
        fail_msg("%s: %s", solder_status_name(status), solder_builder_message(builder));
    }
}

static float weights[2 * 3 * 3 * 3];

/* conv 3x3 -> relu -> global average, batch open */
static solder_network *by_hand(void)
{
    for (size_t i = 0; i < sizeof weights / sizeof weights[0]; i++) {
        weights[i] = (float)((int)(i % 7) - 3) / 8;
    }
    solder_network *net;
    solder_value *x;
    solder_value *w;
    solder_value *y;
    check(solder_network_create(builder, "tiny", &net));
    check(solder_network_add_input(net, "data", SOLDER_F32, &(solder_dims){4, {-1, 3, 5, 6}}, &x));
    check(solder_network_add_constant(net, "w", SOLDER_F32, &(solder_dims){4, {2, 3, 3, 3}},
                                      weights, &w));
    const int64_t ones[2] = {1, 1};
    const solder_attribute conv[] = {{.name = "pad_begin", .count = 2, .ints = ones},
                                     {.name = "pad_end", .count = 2, .ints = ones}};
    check(solder_network_add(net, "Convolution", "conv", (solder_value *[]){x, w}, 2, conv, 2, 1,
                             &y));
    const solder_attribute relu[] = {{.name = "kind", .text = "relu"}};
    check(solder_network_add(net, "Activation", "relu", &y, 1, relu, 1, 1, &y));
    const int64_t yes[1] = {1};
    const solder_attribute pool[] = {{.name = "kind", .text = "average"},
                                     {.name = "global", .count = 1, .ints = yes}};
    check(solder_network_add(net, "Pooling", "pool", &y, 1, pool, 2, 1, &y));
    check(solder_network_mark_output(net, y, "features"));
    return net;
}

typedef struct seen {
    float values[64];
    size_t count;
} seen;

static solder_status keep_output(void *user, const solder_tensor *value, const char *node,
                                 bool is_output)
{
    (void)node;
    if (is_output) {
        seen *s = user;
        s->count = 1;
        for (int i = 0; i < value->dims.rank; i++) {
            s->count *= (size_t)value->dims.d[i];
        }
        assert_true(s->count <= 64);
        memcpy(s->values, value->data, s->count * sizeof(float));
    }
    return SOLDER_OK;
}

static void run_plan(const void *plan, size_t size, const char *cpu, int threads,
                     const float *input, int64_t batch, float *output)
{
    solder_runtime_options options = solder_runtime_options_default();
    options.threads = threads;
    options.cpu = cpu;
    solder_runtime *runtime;
    solder_engine *engine;
    solder_context *context;
    assert_int_equal(solder_runtime_create(&options, &runtime), SOLDER_OK);
    if (solder_engine_load(runtime, plan, size, &engine) != SOLDER_OK) {
        fail_msg("%s", solder_runtime_message(runtime));
    }
    assert_int_equal(solder_context_create(runtime, engine, &context), SOLDER_OK);
    solder_io io;
    assert_int_equal(solder_engine_io(engine, 0, &io), SOLDER_OK);
    solder_dims dims = io.max;
    dims.d[0] = batch;
    assert_int_equal(solder_context_set_dims(context, io.name, &dims), SOLDER_OK);
    size_t in_size = sizeof(float);
    for (int i = 0; i < dims.rank; i++) {
        in_size *= (size_t)dims.d[i];
    }
    assert_int_equal(solder_context_bind(context, io.name, (void *)(uintptr_t)input, in_size),
                     SOLDER_OK);
    assert_int_equal(solder_engine_io(engine, 1, &io), SOLDER_OK);
    assert_int_equal(solder_context_bind(context, io.name, output, 64 * sizeof(float)), SOLDER_OK);
    if (solder_context_run(context) != SOLDER_OK) {
        fail_msg("%s", solder_context_message(context));
    }
    solder_context_destroy(context);
    solder_engine_destroy(engine);
    solder_runtime_destroy(runtime);
}

static void expect_close(const float *a, const float *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        float error = a[i] > b[i] ? a[i] - b[i] : b[i] - a[i];
        float size = b[i] > 0 ? b[i] : -b[i];
        if (!(error <= 1e-5f + 1e-4f * size)) {
            fail_msg("element %zu: %g, expected %g", i, (double)a[i], (double)b[i]);
        }
    }
}

static void fill(float *data, size_t count, uint64_t seed)
{
    for (size_t i = 0; i < count; i++) {
        data[i] = (float)(check_random(&seed) >> 40) * 0x1p-23f - 1.0f;
    }
}

static void test_network_by_hand_runs_as_evaluated(void **state)
{
    (void)state;
    solder_network *net = by_hand();
    const solder_profile profile = {.input = "data",
                                    .min = {4, {1, 3, 5, 6}},
                                    .opt = {4, {2, 3, 5, 6}},
                                    .max = {4, {4, 3, 5, 6}}};
    solder_config config = solder_config_default();
    config.profiles = &profile;
    config.profile_count = 1;
    void *plan;
    size_t size;
    check(solder_build_to_memory(builder, net, &config, &plan, &size));
    float input[4 * 90];
    fill(input, 4 * 90, 3);
    for (int64_t batch = 1; batch <= 4; batch++) {
        solder_tensor in = {"data", SOLDER_F32, {4, {batch, 3, 5, 6}}, input};
        seen expected = {.count = 0};
        check(solder_evaluate(builder, net, &in, 1, keep_output, &expected));
        assert_int_equal(expected.count, (size_t)batch * 2);
        const char *const levels[] = {NULL, "avx2", "x86-64"};
        for (size_t i = 0; i < 3; i++) {
            float one[64];
            float two[64];
            run_plan(plan, size, levels[i], 1, input, batch, one);
            run_plan(plan, size, levels[i], 2, input, batch, two);
            expect_close(one, expected.values, expected.count);
            assert_memory_equal(one, two, expected.count * sizeof(float));
        }
    }
    solder_plan_free(builder, plan, size);
}

/* [3, N, 5] with 4 hidden units: the weights of all three operators stand in shared packings. */
static solder_network *recurrent(const char *op, int64_t gates, const float *numbers)
{
    solder_network *net;
    solder_value *in[3];
    solder_value *y;
    check(solder_network_create(builder, op, &net));
    check(solder_network_add_input(net, "x", SOLDER_F32, &(solder_dims){3, {3, 2, 5}}, &in[0]));
    check(solder_network_add_constant(net, "w", SOLDER_F32, &(solder_dims){3, {1, gates * 4, 5}},
                                      numbers, &in[1]));
    check(solder_network_add_constant(net, "r", SOLDER_F32, &(solder_dims){3, {1, gates * 4, 4}},
                                      numbers + 80, &in[2]));
    check(solder_network_add(net, op, "cell", in, 3, NULL, 0, 1, &y));
    check(solder_network_mark_output(net, y, "y"));
    return net;
}

static void test_recurrent_plans_load(void **state)
{
    (void)state;
    static const char *const ops[] = {"LSTM", "GRU", "RNN"};
    static const int64_t gates[] = {4, 3, 1};
    float numbers[80 + 64];
    float input[30];
    fill(numbers, 80 + 64, 5);
    fill(input, 30, 6);
    for (int i = 0; i < 3; i++) {
        solder_network *net = recurrent(ops[i], gates[i], numbers);
        const solder_config config = solder_config_default();
        void *plan;
        size_t size;
        check(solder_build_to_memory(builder, net, &config, &plan, &size));
        solder_tensor in = {"x", SOLDER_F32, {3, {3, 2, 5}}, input};
        seen expected = {.count = 0};
        float result[64];
        check(solder_evaluate(builder, net, &in, 1, keep_output, &expected));
        run_plan(plan, size, NULL, 1, input, 3, result);
        expect_close(result, expected.values, expected.count);
        solder_plan_free(builder, plan, size);
    }
}

static void test_one_timing_cache_gives_one_plan(void **state)
{
    (void)state;
    char cache[] = "timing-XXXXXX";
    int fd = mkstemp(cache);
    assert_true(fd >= 0);
    (void)close(fd);
    (void)unlink(cache);
    solder_network *net;
    check(solder_import(builder, MODELS "digits.onnx", NULL, NULL, &net));
    solder_config config = solder_config_default();
    config.timing_cache = cache;
    void *plans[3];
    size_t sizes[3];
    for (int i = 0; i < 3; i++) {
        check(solder_build_to_memory(builder, net, &config, &plans[i], &sizes[i]));
    }
    for (int i = 1; i < 3; i++) {
        assert_int_equal(sizes[0], sizes[i]);
        assert_memory_equal(plans[0], plans[i], sizes[0]);
    }
    for (int i = 0; i < 3; i++) {
        solder_plan_free(builder, plans[i], sizes[i]);
    }
    assert_int_equal(unlink(cache), 0);
}

/* A plan for another target runs here; a plan for here runs with its instructions hidden. */
static void test_targets(void **state)
{
    (void)state;
    solder_network *net;
    check(solder_import(builder, MODELS "digits.prototxt", MODELS "digits.caffemodel", NULL, &net));
    float input[64];
    float expected[64];
    float got[64];
    fill(input, 64, 9);
    const char *const targets[] = {NULL, "x86-64-v3", "x86-64-v4", "x86-64", "armv8-a"};
    for (size_t i = 0; i < 5; i++) {
        solder_config config = solder_config_default();
        config.target = targets[i];
        void *plan;
        size_t size;
        check(solder_build_to_memory(builder, net, &config, &plan, &size));
        const char *const levels[] = {NULL, "avx2", "x86-64"};
        for (size_t j = 0; j < 3; j++) {
            run_plan(plan, size, levels[j], 1, input, 1, i == 0 && j == 0 ? expected : got);
            if (i != 0 || j != 0) {
                expect_close(got, expected, 10);
            }
        }
        solder_plan_free(builder, plan, size);
    }
}

static void test_messages(void **state)
{
    (void)state;
    solder_network *net = by_hand();
    solder_config config = solder_config_default();
    void *plan;
    size_t size;
    config.precision = SOLDER_FP16;
    assert_int_equal(solder_build_to_memory(builder, net, &config, &plan, &size),
                     SOLDER_ERROR_UNSUPPORTED);
    assert_string_equal(solder_builder_message(builder), "this version builds float32 plans only");
    config = solder_config_default();
    config.target = "pdp11";
    assert_int_equal(solder_build_to_memory(builder, net, &config, &plan, &size),
                     SOLDER_ERROR_ARGUMENT);
    config = solder_config_default();
    config.struct_size = 3;
    assert_int_equal(solder_build_to_memory(builder, net, &config, &plan, &size),
                     SOLDER_ERROR_VERSION);
    const solder_profile profile = {
        .input = "nose", .min = {1, {1}}, .opt = {1, {1}}, .max = {1, {1}}};
    config = solder_config_default();
    config.profiles = &profile;
    config.profile_count = 1;
    assert_int_equal(solder_build_to_memory(builder, net, &config, &plan, &size),
                     SOLDER_ERROR_NOT_FOUND);
    assert_string_equal(solder_builder_message(builder),
                        "profile: there is no input 'nose'; the first input is 'data'");
    solder_value *y;
    const solder_attribute bad[] = {{.name = "colour", .text = "red"}};
    solder_value *x = solder_network_input(net, 0);
    assert_int_equal(solder_network_add(net, "Activation", "a", &x, 1, bad, 1, 1, &y),
                     SOLDER_ERROR_ARGUMENT);
    assert_string_equal(solder_builder_message(builder),
                        "node 'a' (Activation): attribute 'colour' does not exist");
    assert_int_equal(solder_network_add(net, "Aktivation", "a", &x, 1, NULL, 0, 1, &y),
                     SOLDER_ERROR_ARGUMENT);
    assert_string_equal(solder_builder_message(builder), "there is no operator 'Aktivation'");
    solder_network *empty;
    check(solder_network_create(builder, NULL, &empty));
    assert_int_equal(solder_build_to_memory(builder, empty, NULL, &plan, &size),
                     SOLDER_ERROR_STATE);
    assert_int_equal(solder_build_to_file(builder, net, NULL, "/nowhere/x.plan"), SOLDER_ERROR_IO);
}

static void test_descriptions(void **state)
{
    (void)state;
    solder_network *net = by_hand();
    solder_network *optimized;
    check(solder_optimize(builder, net, NULL, &optimized));
    char *text;
    size_t size;
    check(solder_network_describe(optimized, SOLDER_FORM_TEXT, &text, &size));
    assert_non_null(strstr(text, "Convolution"));
    assert_null(strstr(text, "Activation(")); /* fused */
    solder_text_free(text);
    check(solder_network_describe(net, SOLDER_FORM_DOT, &text, &size));
    assert_memory_equal(text, "digraph", 7);
    solder_text_free(text);
    check(solder_network_describe(net, SOLDER_FORM_JSON, &text, &size));
    assert_int_equal(text[0], '{');
    assert_int_equal(strlen(text), size);
    solder_text_free(text);
}

static bool cancel(void *user, const char *phase, size_t step, size_t steps)
{
    (void)phase;
    (void)step;
    (void)steps;
    return --*(int *)user >= 0;
}

static void test_cancelled_build_leaves_no_file(void **state)
{
    (void)state;
    solder_network *net = by_hand();
    solder_config config = solder_config_default();
    for (int calls = 0;; calls++) {
        int left = calls;
        config.progress = cancel;
        config.progress_user = &left;
        solder_status status = solder_build_to_file(builder, net, &config, "cancel-test.plan");
        if (status == SOLDER_OK) {
            assert_true(calls > 1);
            break;
        }
        assert_int_equal(status, SOLDER_ERROR_CANCELLED);
        assert_int_not_equal(access("cancel-test.plan", F_OK), 0);
    }
    assert_int_equal(unlink("cancel-test.plan"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_network_by_hand_runs_as_evaluated, setup, teardown),
        cmocka_unit_test_setup_teardown(test_recurrent_plans_load, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_timing_cache_gives_one_plan, setup, teardown),
        cmocka_unit_test_setup_teardown(test_targets, setup, teardown),
        cmocka_unit_test_setup_teardown(test_messages, setup, teardown),
        cmocka_unit_test_setup_teardown(test_descriptions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancelled_build_leaves_no_file, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
