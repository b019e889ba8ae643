/* SPDX-License-Identifier: Apache-2.0 */
/* Plans with bodies: what runs is bit for bit what the evaluator makes of the network. */
#include "control_networks.h"
#include "net_fixture.h"
#include "passes/pass.h"

typedef struct given {
    sld_tensor tensor;
    double values[16];
} given;

static void set_inputs(fixture *f, const given *in)
{
    for (size_t i = 0; i < f->graph->input_count; i++) {
        sld_tensor t = in[i].tensor;
        sld_tensor_set_strides(&t);
        t.data = sld_arena_alloc(&f->arena, fixture_bytes(&t) + 1);
        assert_non_null(t.data);
        for (int64_t k = 0; k < sld_tensor_count(&t); k++) {
            sld_put_f64(&t, k, in[i].values[k % 16]);
        }
        f->inputs[i] = t;
    }
    if (sld_graph_evaluate(f->graph, &f->diag, NULL, f->inputs, &f->arena, f->outputs, NULL,
                           NULL) != SOLDER_OK) {
        fail_msg("%s", f->diag.message);
    }
}

/* Runs every set of inputs twice on one context, with one thread and with two. */
static void check_plan(fixture *f, const given *sets, size_t count)
{
    fixture_write(f, NULL, NULL);
    for (int threads = 1; threads <= 2; threads++) {
        solder_runtime *runtime = fixture_runtime(threads, NULL);
        solder_engine *engine = fixture_engine(f, runtime);
        solder_context *context;
        if (solder_context_create(runtime, engine, &context) != SOLDER_OK) {
            fail_msg("%s", solder_runtime_message(runtime));
        }
        for (size_t i = 0; i < 2 * count; i++) {
            set_inputs(f, sets + (i % count) * f->graph->input_count);
            fixture_set_inputs(f, context);
            fixture_run(context);
            fixture_compare(f, context, NULL);
        }
        solder_context_destroy(context);
        solder_engine_destroy(engine);
        solder_runtime_destroy(runtime);
    }
}

/* As it is, and after the passes. */
static void check_network(const char *text, const given *sets, size_t count)
{
    fixture f;
    fixture_read(&f, text);
    check_plan(&f, sets, count);
    const sld_pass_options options = {.alignment = SLD_CACHE_LINE};
    if (sld_passes_run(f.graph, &options) != SOLDER_OK || sld_graph_verify(f.graph) != SOLDER_OK) {
        fail_msg("%s", f.diag.message);
    }
    check_plan(&f, sets, count);
    fixture_free(&f);
}

#define SCALAR(type, value)                                                                        \
    {                                                                                              \
        {.dtype = (type)},                                                                         \
        {                                                                                          \
            (value)                                                                                \
        }                                                                                          \
    }
#define VECTOR(type, length, ...)                                                                  \
    {                                                                                              \
        {.dtype = (type), .rank = 1, .dim = {(length)}},                                           \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

static void test_loop_until_condition(void **state)
{
    (void)state;
    const given sets[] = {VECTOR(SOLDER_F32, 2, 1, 2), VECTOR(SOLDER_F32, 2, 30, 30),
                          VECTOR(SOLDER_F32, 2, 0.1, 0.01)};
    check_network(control_doubling, sets, 3);
}

static void test_carried_value_grows(void **state)
{
    (void)state;
    const given sets[] = {
        SCALAR(SOLDER_I64, 4),  VECTOR(SOLDER_I64, 1, -1), VECTOR(SOLDER_I64, 1, 10),
        SCALAR(SOLDER_I64, 0),  VECTOR(SOLDER_I64, 1, 7),  VECTOR(SOLDER_I64, 1, 10),
        SCALAR(SOLDER_I64, 99), VECTOR(SOLDER_I64, 1, -2), VECTOR(SOLDER_I64, 1, 3)};
    check_network(control_growing, sets, 3);
}

static void test_scanned_inputs(void **state)
{
    (void)state;
    const given sets[] = {
        {{.dtype = SOLDER_F32, .rank = 2, .dim = {3, 2}}, {1, 2, 3, 4, 5, 6}},
        {{.dtype = SOLDER_F32, .rank = 2, .dim = {0, 2}}, {0}},
        {{.dtype = SOLDER_F32, .rank = 2, .dim = {8, 2}}, {1, -2, 3, 4, 5, 6}},
    };
    check_network(control_scanning, sets, 3);
}

static void test_loop_in_branch(void **state)
{
    (void)state;
    const given sets[] = {
        SCALAR(SOLDER_BOOL, 1), VECTOR(SOLDER_F32, 3, 1, 2, 3),    SCALAR(SOLDER_I64, 4),
        SCALAR(SOLDER_BOOL, 0), VECTOR(SOLDER_F32, 4, 1, 2, 3, 4), SCALAR(SOLDER_I64, 4)};
    check_network(control_nested, sets, 2);
}

static void test_branches_of_different_dims(void **state)
{
    (void)state;
    const given sets[] = {SCALAR(SOLDER_BOOL, 1), VECTOR(SOLDER_F32, 6, 0, 1, 2, 3, 4, 5),
                          SCALAR(SOLDER_BOOL, 0), VECTOR(SOLDER_F32, 6, 5, 4, 3, 2, 1, 0)};
    check_network(control_branches, sets, 2);
}

static void test_pyramid(void **state)
{
    (void)state;
    const given sets[] = {
        {{.dtype = SOLDER_F32, .rank = 4, .dim = {1, 3, 20, 17}}, {1, -2, 3, 0.5, 5, 6, -1, 2}},
        SCALAR(SOLDER_F32, 0.7),
        {{.dtype = SOLDER_F32, .rank = 4, .dim = {1, 3, 5, 40}}, {1, -2, 3, 0.5, 5, 6, -1, 2}},
        SCALAR(SOLDER_F32, 0.7),
        {{.dtype = SOLDER_F32, .rank = 4, .dim = {1, 3, 40, 40}}, {1, -2, 3, 0.5, 5, 6, -1, 2}},
        SCALAR(SOLDER_F32, 0.5),
    };
    check_network(control_pyramid, sets, 3);
}

static void test_open_dims(void **state)
{
    (void)state;
    const given sets[] = {
        VECTOR(SOLDER_F32, 6, 1, 2, 3, 4, 5, 6), VECTOR(SOLDER_F32, 2, 2, 3),
        VECTOR(SOLDER_F32, 6, 1, 2, 3, 4, 5, 6), VECTOR(SOLDER_F32, 2, 1, 6),
        VECTOR(SOLDER_F32, 6, 6, 5, 4, 3, 2, 1), VECTOR(SOLDER_F32, 2, 6, 1),
    };
    check_network(control_open_dims, sets, 3);
}

static void test_refused_branch(void **state)
{
    (void)state;
    const given sets[] = {SCALAR(SOLDER_BOOL, 1), VECTOR(SOLDER_F32, 6, 1, 2, 3, 4, 5, 6)};
    check_network(control_refused, sets, 1);
    fixture f;
    fixture_read(&f, control_refused);
    set_inputs(&f, sets);
    fixture_write(&f, NULL, NULL);
    solder_runtime *runtime = fixture_runtime(1, NULL);
    solder_engine *engine = fixture_engine(&f, runtime);
    solder_context *context;
    assert_int_equal(solder_context_create(runtime, engine, &context), SOLDER_OK);
    fixture_set_inputs(&f, context);
    *(uint8_t *)f.inputs[0].data = 0;
    fixture_set_inputs(&f, context);
    assert_int_equal(solder_context_run(context), SOLDER_ERROR_DATA);
    assert_string_equal(solder_context_message(context),
                        "step 'y' (If): its else branch cannot run with these shapes");
    solder_context_destroy(context);
    solder_engine_destroy(engine);
    solder_runtime_destroy(runtime);
    fixture_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loop_until_condition),
        cmocka_unit_test(test_carried_value_grows),
        cmocka_unit_test(test_scanned_inputs),
        cmocka_unit_test(test_loop_in_branch),
        cmocka_unit_test(test_branches_of_different_dims),
        cmocka_unit_test(test_refused_branch),
        cmocka_unit_test(test_pyramid),
        cmocka_unit_test(test_open_dims),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
