/* SPDX-License-Identifier: Apache-2.0 */
/* Declaring inputs: open dimensions stay apart however long the names are. */
#include "import/import.h"

#include "check.h"

static void test_open_dims_of_long_names_stay_apart(void **state)
{
    (void)state;
    sld_diag diag;
    sld_diag_init(&diag, NULL);
    sld_graph *graph;
    assert_int_equal(sld_graph_create(NULL, &diag, &graph), SOLDER_OK);
    const solder_import_options options = solder_import_options_default();
    sld_import import = {.options = &options, .diag = &diag, .graph = graph};
    char first[1001];
    char second[1001];
    memset(first, 'x', 1000);
    memset(second, 'x', 1000);
    first[1000] = second[1000] = '\0';
    second[999] = 'y';
    sld_value *a;
    sld_value *b;
    const solder_dims open = {2, {-1, -1}};
    assert_int_equal(sld_import_input(&import, first, SOLDER_F32, &open, NULL, &a), SOLDER_OK);
    assert_int_equal(sld_import_input(&import, second, SOLDER_F32, &open, NULL, &b), SOLDER_OK);
    assert_int_not_equal(a->shape.d[0], a->shape.d[1]);
    assert_int_not_equal(a->shape.d[0], b->shape.d[0]);
    assert_int_not_equal(a->shape.d[1], b->shape.d[1]);
    sld_graph_destroy(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_dims_of_long_names_stay_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
