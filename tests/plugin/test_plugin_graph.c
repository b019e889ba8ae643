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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_and_back),
        cmocka_unit_test(text_errors),
        cmocka_unit_test(no_gaps),
        cmocka_unit_test(folds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
