/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes of plugins among others: text and back, passes, views with gaps, folding, bodies of If. */
#include "runtime/net_fixture.h"

#include "check.h"
#include "passes/pass.h"
#include "plugin/plugin.h"

/* x of two items, so that a part of a Concat has gaps; Normalize takes none. */
static const char among_views[] = "network \"views\"\n"
                                  "symbol N 1..2..4\n"
                                  "input %x f32[N,3,4]\n"
                                  "input %z f32[N,2,4]\n"
                                  "constant %s f32[1] values [2]\n"
                                  "%n = Plugin \"Normalize 1\"(%x, %s) {eps=0.5}\n"
                                  "%c = Concat(%n, %z) {axis=1}\n"
                                  "%part = Slice(%c) {axes=[1], start=[1], end=[4]}\n"
                                  "%m = Plugin \"Normalize 1\"(%part, %s) {across_spatial=false}\n"
                                  "%r = Activation(%m) {kind=relu}\n"
                                  "output %c\n"
                                  "output %r\n";

static void text_and_back(void **unused)
{
    (void)unused;
    fixture f;
    sld_graph *again;
    sld_text first = {.allocator = NULL};
    sld_text second = {.allocator = NULL};
    fixture_read(&f, among_views);
    assert_int_equal(sld_graph_print(f.graph, true, &first), SOLDER_OK);
    assert_non_null(strstr(first.data, "%n = Plugin \"Normalize 1\"(%x, %s) {eps=0.5}\n"));
    assert_int_equal(sld_graph_read(NULL, &f.diag, first.data, first.size, &again), SOLDER_OK);
    assert_int_equal(sld_graph_print(again, true, &second), SOLDER_OK);
    assert_string_equal(first.data, second.data);
    sld_graph_destroy(again);
    sld_text_free(&first);
    sld_text_free(&second);
    fixture_free(&f);
}

static void text_errors(void **unused)
{
    (void)unused;
    static const struct {
        const char *node, *text;
    } cases[] = {
        {"Plugin \"Normalize 9\"(%x, %s)", "needs the plugin 'Normalize' version 9, which is not "
                                           "registered (version 1 is)"},
        {"Plugin \"a::b c\"(%x, %s)", "'a::b c' is no name of a plugin"},
        {"Plugin(%x, %s)", "expected"},
        {"Plugin \"Normalize 1\"(%x)", "1 input, takes at least 2"},
        {"Plugin \"Normalize 1\"(%x, %s, %s)", "3 inputs"},
        {"Plugin \"Normalize 1\"(%x, %s) {size=1}", "no attribute 'size'"},
        {"Plugin \"Normalize 1\"(%x, %i)", "input 'scale' has type i64; it takes f32"},
    };
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(cases); i++) {
        char text[512];
        sld_diag diag;
        sld_graph *graph;
        sld_diag_init(&diag, NULL);
        (void)snprintf(text, sizeof text,
                       "input %%x f32[2,3]\ninput %%i i64[1]\nconstant %%s f32[1] fill 1\n"
                       "%%y = %s\noutput %%y\n",
                       cases[i].node);
        assert_int_not_equal(sld_graph_read(NULL, &diag, text, strlen(text), &graph), SOLDER_OK);
        if (strstr(diag.message, cases[i].text) == NULL) {
            fail_msg("'%s' lacks '%s'", diag.message, cases[i].text);
        }
    }
}

static void no_gaps(void **unused)
{
    (void)unused;
    fixture f;
    fixture_read(&f, among_views);
    const sld_pass_options options = {.alignment = 64};
    if (sld_passes_run(f.graph, &options) != SOLDER_OK) {
        fail_msg("%s", f.diag.message);
    }
    assert_int_equal(sld_graph_verify(f.graph), SOLDER_OK);
    fixture_round_trip(&f, (const int64_t[]){1, 2, 4, 3}, 4, NULL);
    fixture_free(&f);
}

/* ---- strides ---- */

/* y = 2x, through strides on both sides. */
static solder_status twice_infer(const solder_plugin_infer *i)
{
    i->outputs[0].shape = i->inputs[0].shape;
    return SOLDER_OK;
}

static int strided_calls;

static solder_status twice_run(const solder_plugin_call *c)
{
    const solder_plugin_tensor *x = &c->inputs[0];
    const solder_plugin_tensor *y = &c->outputs[0];
    strided_calls += x->stride[0] != x->dim[1] * x->dim[2];
    for (int64_t i = 0; i < x->dim[0]; i++) {
        for (int64_t j = 0; j < x->dim[1]; j++) {
            for (int64_t k = 0; k < x->dim[2]; k++) {
                const float *from = x->data;
                float *to = y->data;
                to[i * y->stride[0] + j * y->stride[1] + k * y->stride[2]] =
                    2 * from[i * x->stride[0] + j * x->stride[1] + k * x->stride[2]];
            }
        }
    }
    return SOLDER_OK;
}

static void strides(void **unused)
{
    (void)unused;
    static const solder_plugin_operand any[] = {{"x", 0, SOLDER_OPERAND_STRIDED}};
    const solder_plugin twice = {.abi_version = SOLDER_PLUGIN_ABI,
                                 .struct_size = sizeof(solder_plugin),
                                 .name = "Twice",
                                 .inputs = any,
                                 .input_count = 1,
                                 .outputs = any,
                                 .output_count = 1,
                                 .infer = twice_infer,
                                 .run = twice_run};
    static const char text[] = "input %x f32[2,3,4]\n"
                               "input %z f32[2,2,4]\n"
                               "%a = Plugin \"Twice\"(%x)\n"
                               "%c = Concat(%a, %z) {axis=1}\n"
                               "%part = Slice(%c) {axes=[1], start=[1], end=[4]}\n"
                               "%b = Plugin \"Twice\"(%part)\n"
                               "output %c\n"
                               "output %b\n";
    const sld_pass_options options = {.alignment = 64};
    fixture f = {.plan = {.diag = &f.diag}};
    sld_plugins set;
    sld_diag_init(&f.diag, NULL);
    sld_arena_init(&f.arena, NULL, 0);
    sld_plugins_init(&set, NULL);
    assert_int_equal(sld_plugins_add(&set, &f.diag, &twice), SOLDER_OK);
    solder_status status = sld_graph_read_with(NULL, &f.diag, &set, text, strlen(text), &f.graph);
    status = status ? status : sld_passes_run(f.graph, &options);
    if (status != SOLDER_OK) {
        fail_msg("%s", f.diag.message);
    }
    fixture_write(&f, NULL, NULL);
    solder_runtime *runtime = fixture_runtime(1, NULL);
    assert_int_equal(solder_runtime_add_plugin(runtime, &twice), SOLDER_OK);
    solder_engine *engine = fixture_engine(&f, runtime);
    solder_context *context;
    assert_int_equal(solder_context_create(runtime, engine, &context), SOLDER_OK);
    fixture_evaluate(&f, 1);
    fixture_set_inputs(&f, context);
    strided_calls = 0;
    fixture_run(context);
    fixture_compare(&f, context, NULL);
    assert_int_equal(strided_calls, 1); /* the slice was not copied */
    solder_context_destroy(context);
    solder_engine_destroy(engine);
    solder_runtime_destroy(runtime);
    fixture_free(&f);
    sld_plugins_free(&set);
}

/* ---- types ---- */

static void casts(void **unused)
{
    (void)unused;
    static const struct {
        solder_dtype from;
        bool casts, fails;
    } cases[] = {
        {SOLDER_F32, false, false}, {SOLDER_F16, true, false},  {SOLDER_BF16, true, false},
        {SOLDER_U8, true, false},   {SOLDER_BOOL, true, false}, {SOLDER_I16, true, false},
        {SOLDER_I32, false, true},  {SOLDER_I64, false, true},  {SOLDER_F64, false, true},
    };
    const solder_plugin *normalize = sld_plugins_find(NULL, NULL, "Normalize", 0);
    assert_non_null(normalize);
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(cases); i++) {
        sld_diag diag;
        sld_graph *g;
        sld_value *in[2];
        sld_node *node;
        const float one = 1;
        sld_diag_init(&diag, NULL);
        assert_int_equal(sld_graph_create(NULL, &diag, &g), SOLDER_OK);
        const sld_shape shape = {.rank = 2, .d = {sld_graph_dim(g, 1), sld_graph_dim(g, 4)}};
        assert_int_equal(sld_graph_add_input(g, "x", cases[i].from, &shape, &in[0]), SOLDER_OK);
        assert_int_equal(
            sld_graph_add_constant(g, "s", SOLDER_F32, 1, (int64_t[]){1}, &one, true, &in[1]),
            SOLDER_OK);
        solder_status status =
            sld_graph_add_plugin(g, NULL, normalize, "n", in, 2, NULL, 0, 1, &node);
        if (cases[i].fails) {
            char want[128];
            (void)snprintf(want, sizeof want, "plugin 'Normalize': input 'x' has type %s; it takes",
                           solder_dtype_name(cases[i].from));
            assert_int_equal(status, SOLDER_ERROR_UNSUPPORTED);
            assert_non_null(strstr(diag.message, want));
        } else {
            assert_int_equal(status, SOLDER_OK);
            assert_int_equal(g->first->op == SLD_OP_CAST, cases[i].casts);
            assert_int_equal(node->out[0]->dtype, SOLDER_F32);
        }
        sld_graph_destroy(g);
    }
}

/* All its inputs known: computed when building. */
static void folds(void **unused)
{
    (void)unused;
    fixture f;
    fixture_read(&f, "input %x f32[1,2]\n"
                     "constant %c f32[1,2] values [3, 4]\n"
                     "constant %s f32[1] values [10]\n"
                     "%n = Plugin \"Normalize 1\"(%c, %s)\n"
                     "%y = ElementWise(%x, %n) {kind=sum}\n"
                     "output %y\n");
    const sld_pass_options options = {.alignment = 64};
    assert_int_equal(sld_passes_run(f.graph, &options), SOLDER_OK);
    for (const sld_node *n = f.graph->first; n != NULL; n = n->next) {
        assert_int_not_equal(n->op, SLD_OP_PLUGIN);
    }
    fixture_evaluate(&f, 1);
    const float *x = f.inputs[0].data;
    const float *y = f.outputs[0].data;
    assert_true(fabsf(y[0] - x[0] - 6) < 1e-5f && fabsf(y[1] - x[1] - 8) < 1e-5f);
    fixture_free(&f);
}

/* The memory plan never asks for it; a plan might. */
static void not_in_place(void **unused)
{
    (void)unused;
    fixture f;
    solder_engine *engine;
    fixture_read(&f, "input %x f32[1,2]\n"
                     "constant %s f32[1] values [1]\n"
                     "%a = Activation(%x) {kind=relu}\n"
                     "%n = Plugin \"Normalize 1\"(%a, %s)\n"
                     "%y = Activation(%n) {kind=relu}\n"
                     "output %y\n"
                     "place %a 0\n"
                     "place %n 0\n"
                     "arena 64\n");
    fixture_write(&f, NULL, NULL);
    solder_runtime *runtime = fixture_runtime(1, NULL);
    assert_int_equal(solder_engine_load(runtime, f.plan.data, f.plan.size, &engine),
                     SOLDER_ERROR_DATA);
    assert_string_equal(solder_runtime_message(runtime),
                        "plan 'memory': step 'n': plugin 'Normalize': an output lies over an "
                        "input");
    solder_runtime_destroy(runtime);
    fixture_free(&f);
}

/* Normalize in the body of an If. */
static void in_bodies(void **unused)
{
    (void)unused;
    static const char text[] = "input %c bool[]\n"
                               "input %x f32[1,2]\n"
                               "%y = If(%c, %x)\n"
                               "body \"yes\"\n"
                               "input %a f32[1,2]\n"
                               "constant %s f32[1] values [10]\n"
                               "%n = Plugin \"Normalize 1\"(%a, %s)\n"
                               "output %n\n"
                               "end\n"
                               "body \"no\"\n"
                               "input %b f32[1,2]\n"
                               "%m = Unary(%b) {kind=neg}\n"
                               "output %m\n"
                               "end\n"
                               "output %y\n";
    for (int condition = 0; condition < 2; condition++) {
        fixture f;
        bool c = condition != 0;
        float x[2] = {3, 4};
        fixture_read(&f, text);
        const sld_tensor inputs[2] = {sld_tensor_make(&c, SOLDER_BOOL, 0, NULL),
                                      sld_tensor_make(x, SOLDER_F32, 2, (int64_t[]){1, 2})};
        if (sld_graph_evaluate(f.graph, &f.diag, NULL, inputs, &f.arena, f.outputs, NULL, NULL) !=
            SOLDER_OK) {
            fail_msg("%s", f.diag.message);
        }
        const float *y = f.outputs[0].data;
        assert_true(fabsf(y[0] - (c ? 6 : -3)) < 1e-5f && fabsf(y[1] - (c ? 8 : -4)) < 1e-5f);
        fixture_free(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_and_back), cmocka_unit_test(text_errors),  cmocka_unit_test(no_gaps),
        cmocka_unit_test(strides),       cmocka_unit_test(casts),        cmocka_unit_test(folds),
        cmocka_unit_test(in_bodies),     cmocka_unit_test(not_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
