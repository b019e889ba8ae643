/* SPDX-License-Identifier: Apache-2.0 */
/* Networks of 100000 nodes build in a second or so: no step of the builder is quadratic. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "builder/builder.h"

enum { NODES = 100000, LINE = 128, SECONDS = 15 };

/* Builds the network of that text; returns the bytes of its activations. */
static size_t build(const char *text)
{
    solder_builder *builder;
    solder_network *network = NULL;
    sld_graph *graph;
    clock_t start = clock();
    assert_int_equal(solder_builder_create(NULL, &builder), SOLDER_OK);
    if (sld_graph_read(&builder->counted, &builder->diag, text, strlen(text), &graph) !=
            SOLDER_OK ||
        sld_network_wrap(builder, graph, &network) != SOLDER_OK) {
        fail_msg("%s", solder_builder_message(builder));
    }
    solder_config config = solder_config_default();
    config.threads = 1;
    config.effort = 0;
    void *plan;
    size_t size;
    if (solder_build_to_memory(builder, network, &config, &plan, &size) != SOLDER_OK) {
        fail_msg("%s", solder_builder_message(builder));
    }
    assert_true((double)(clock() - start) / CLOCKS_PER_SEC < SECONDS);
    char *report;
    assert_int_equal(solder_build_report(builder, &report, &size), SOLDER_OK);
    const char *activations = strstr(report, "\"activation_bytes\": ");
    assert_non_null(activations);
    size_t bytes = strtoull(activations + strlen("\"activation_bytes\": "), NULL, 10);
    solder_text_free(report);
    solder_plan_free(builder, plan, size);
    solder_network_destroy(network);
    solder_builder_destroy(builder);
    return bytes;
}

/* One after the other, some in place: a chain of any length needs two values. */
static void chain(void **state)
{
    (void)state;
    char *text = malloc((size_t)NODES * LINE), *p = text;
    assert_non_null(text);
    p += sprintf(p, "input %%x f32[4,8]\n%%v0 = Unary(%%x) {kind=exp}\n");
    for (int i = 1; i < NODES; i++) {
        p += sprintf(p,
                     i % 4 == 0 ? "%%v%d = SoftMax(%%v%d) {axis=1}\n"
                                : "%%v%d = Unary(%%v%d) {kind=exp}\n",
                     i, i - 1);
    }
    (void)sprintf(p, "output %%v%d\n", NODES - 1);
    assert_true(build(text) <= 4 * 128);
    free(text);
}

/* Half of them live until the other half has summed them up. */
static void fan(void **state)
{
    (void)state;
    char *text = malloc((size_t)NODES * LINE), *p = text;
    assert_non_null(text);
    p += sprintf(p, "input %%x f32[4,8]\n");
    for (int i = 0; i < NODES / 2; i++) {
        p += sprintf(p, "%%v%d = Unary(%%x) {kind=%s}\n", i, i % 2 ? "exp" : "sqrt");
    }
    p += sprintf(p, "%%s0 = ElementWise(%%v0, %%x)\n");
    for (int i = 1; i < NODES / 2; i++) {
        p += sprintf(p, "%%s%d = ElementWise(%%s%d, %%v%d)\n", i, i - 1, i);
    }
    (void)sprintf(p, "output %%s%d\n", NODES / 2 - 1);
    size_t bytes = build(text);
    assert_true(bytes >= (size_t)128 * NODES / 2 && bytes <= (size_t)128 * (NODES / 2 + 4));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(chain), cmocka_unit_test(fan)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
