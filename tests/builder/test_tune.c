/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan built for any x86-64, tuned: its kernels, weights and results are those of a plan built
 * for this machine, to the bit; tuning it once more changes nothing. Over random networks, bodies,
 * plugins, open shapes and the shipped models.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "builder/builder.h"
#include "control_networks.h"
#include "passes/random_network.h"
#include "builder/tune_check.h"

#define MODELS SOURCE_DIR "/models/"
#define CACHE  BINARY_DIR "/test_tune_cache"
#define PLAN   BINARY_DIR "/test_tune.plan"

enum { RANDOM_NETWORKS = 60 };

static void check_network(solder_builder *b, solder_network *n)
{
    solder_config config = solder_config_default();
    config.effort = 0;
    config.threads = 1;
    check_config(b, n, &config);
}

static void check_text(const char *text, size_t size)
{
    solder_builder *b = new_builder();
    solder_network *n = NULL;
    sld_graph *graph = NULL;
    ok(b, sld_graph_read(&b->counted, &b->diag, text, size, &graph));
    ok(b, sld_network_wrap(b, graph, &n));
    check_network(b, n);
    solder_builder_destroy(b);
}

static void random_networks(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= RANDOM_NETWORKS; seed++) {
        sld_text text = random_network(seed);
        check_text(text.data, text.size);
        sld_text_free(&text);
    }
}

static void bodies(void **state)
{
    (void)state;
    static const char *const texts[] = {control_doubling, control_growing,  control_scanning,
                                        control_nested,   control_branches, control_pyramid,
                                        control_open_dims};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(texts); i++) {
        check_text(texts[i], strlen(texts[i]));
    }
}

static void check_model(const char *model, const char *weights)
{
    solder_builder *b = new_builder();
    solder_network *n = NULL;
    ok(b, solder_import(b, model, weights, NULL, &n));
    check_network(b, n);
    solder_builder_destroy(b);
}

static void models(void **state)
{
    (void)state;
    check_model(MODELS "digits/digits.onnx", NULL);
    check_model(MODELS "digits/digits.prototxt", MODELS "digits/digits.caffemodel");
    check_model(MODELS "char-rnn/char-rnn.onnx", NULL);
    check_model(MODELS "detector/detector.prototxt", MODELS "detector/detector.caffemodel");
}

/* Timed once, by whoever comes first: both choose by the same times. */
static void timing_cache(void **state)
{
    (void)state;
    solder_builder *b = new_builder();
    solder_network *n = NULL;
    solder_config config = solder_config_default();
    config.threads = 1;
    config.timing_cache = CACHE;
    (void)remove(CACHE);
    ok(b, solder_import(b, MODELS "digits/digits.onnx", NULL, NULL, &n));
    check_config(b, n, &config);
    solder_builder_destroy(b);
    (void)remove(CACHE);
}

/* Labels, picture rules and facts stay; what it was tuned for is new. In its own file. */
static void facts(void **state)
{
    (void)state;
    static const char *const labels[] = {"no", "yes"};
    const solder_preprocess rule = {
        .input = "data", .order = "gray", .mean = {3}, .scale = {0.5f}, .resize = 2};
    solder_builder *b = new_builder();
    solder_network *n = NULL;
    solder_runtime *r;
    solder_engine *e;
    solder_image_rule found = {0};
    char *report;
    solder_config config = solder_config_default();
    config.effort = 0;
    config.threads = 1;
    config.target = "x86-64";
    config.labels = labels;
    config.label_count = 2;
    config.preprocess = &rule;
    config.preprocess_count = 1;
    ok(b, solder_import(b, MODELS "digits/digits.onnx", NULL, NULL, &n));
    ok(b, solder_build_to_file(b, n, &config, PLAN));
    const solder_config quick = {.struct_size = sizeof quick, .threads = 3};
    ok(b, solder_tune_to_file(b, PLAN, &quick, PLAN));
    ok(b, solder_build_report(b, &report, NULL));
    assert_non_null(strstr(report, "3 threads"));
    solder_text_free(report);
    assert_int_equal(solder_runtime_create(NULL, &r), SOLDER_OK);
    assert_int_equal(solder_engine_open(r, PLAN, &e), SOLDER_OK);
    assert_int_equal(solder_engine_label_count(e), 2);
    assert_string_equal(solder_engine_label(e, 1), "yes");
    assert_true(solder_engine_image_rule(e, "data", &found));
    assert_true(strncmp(found.order, "gray", 4) == 0 && found.mean[0] == 3 && found.resize == 2);
    assert_string_equal(solder_engine_property(e, "threads"), "3");
    assert_null(strstr(solder_engine_property(e, "tuned_for"), "any"));
    solder_engine_destroy(e);
    solder_runtime_destroy(r);
    solder_builder_destroy(b);
    (void)remove(PLAN);
}

static bool stop(void *user, const char *phase, size_t step, size_t steps)
{
    (void)user;
    (void)phase;
    (void)step;
    (void)steps;
    return false;
}

/* Damage of any byte is found, or was none of what the plan means; nothing is half written. */
static void refused(void **state)
{
    (void)state;
    solder_builder *b = new_builder();
    solder_network *n = NULL;
    bytes out = {0};
    solder_config config = solder_config_default();
    config.effort = 0;
    ok(b, solder_import(b, MODELS "digits/digits.onnx", NULL, NULL, &n));
    bytes plan = build(b, n, &config, NULL);
    uint8_t *data = plan.data;
    for (size_t i = 0; i < plan.size; i += 1 + plan.size / 97) {
        data[i] ^= 1;
        assert_true(solder_tune_to_memory(b, data, plan.size, &config, &out.data, &out.size) < 0);
        assert_true(strlen(solder_builder_message(b)) > 0);
        data[i] ^= 1;
    }
    for (size_t size = 0; size < plan.size; size += 1 + plan.size / 31) {
        assert_true(solder_tune_to_memory(b, data, size, &config, &out.data, &out.size) < 0);
    }
    uint8_t *shifted = malloc(plan.size + 1);
    assert_non_null(shifted);
    memcpy(shifted + 1, data, plan.size);
    ok(b, solder_tune_to_memory(b, shifted + 1, plan.size, &config, &out.data, &out.size));
    free(shifted);
    solder_plan_free(b, out.data, out.size);
    config.progress = stop;
    assert_int_equal(solder_tune_to_memory(b, data, plan.size, &config, &out.data, &out.size),
                     SOLDER_ERROR_CANCELLED);
    config.progress = NULL;
    config.target = "no such processor";
    assert_int_equal(solder_tune_to_memory(b, data, plan.size, &config, &out.data, &out.size),
                     SOLDER_ERROR_ARGUMENT);
    config.target = NULL;
    assert_int_equal(solder_tune_to_file(b, MODELS "digits/digits.onnx", &config, PLAN),
                     SOLDER_ERROR_DATA);
    assert_int_equal(access(PLAN, F_OK), -1);
    assert_true(solder_tune_to_file(b, "/no/such/plan", &config, PLAN) < 0);
    assert_int_equal(solder_tune_to_file(NULL, PLAN, &config, PLAN), SOLDER_ERROR_ARGUMENT);
    solder_plan_free(b, plan.data, plan.size);
    solder_builder_destroy(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_networks), cmocka_unit_test(bodies), cmocka_unit_test(models),
        cmocka_unit_test(timing_cache),    cmocka_unit_test(facts),  cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
