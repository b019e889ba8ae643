/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever was fused, a value that has a name of the original network is that value. */
#include "harness.h"

static const char *network = "input %x f32[2,4,6,6]\n"
                             "constant %w f32[4,4,3,3] random 1\n"
                             "constant %v f32[4,4,3,3] random 2\n"
                             "constant %s f32[4] fill 2\n"
                             "constant %t f32[4] random 4\n"
                             "%conv1 = Convolution(%x, %w) {pad_begin=[1,1], pad_end=[1,1]}\n"
                             "%bn1 = BatchNorm(%conv1, %s, %t, %t, %s)\n"
                             "%relu1 = Activation(%bn1)\n"
                             "%conv2 = Convolution(%relu1, %v) {pad_begin=[1,1], pad_end=[1,1]}\n"
                             "%sum = ElementWise(%conv2, %x)\n"
                             "%relu2 = Activation(%sum)\n"
                             "%flat = Reshape(%relu2) {dims=[2,144]}\n"
                             "%cube = Reshape(%flat) {dims=[2,9,16]}\n"
                             "%prob = SoftMax(%cube) {axis=2}\n"
                             "output %prob\n";

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        sld_op op;
    } left[] = {{"relu1", SLD_OP_CONVOLUTION},
                {"relu2", SLD_OP_CONVOLUTION},
                {"cube", SLD_OP_RESHAPE},
                {"prob", SLD_OP_SOFTMAX}};
    static const char *const gone[] = {"conv1", "bn1", "conv2", "sum", "flat"};
    sld_graph *graph = read_text(network);
    check(sld_passes_run(graph, &options));
    check(sld_graph_verify(graph));
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(left); i++) {
        const sld_value *value = sld_graph_find_value(graph, left[i].name);
        assert_non_null(value);
        assert_int_equal(value->kind, SLD_VALUE_NODE);
        assert_int_equal(value->producer->op, left[i].op);
    }
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(gone); i++) {
        assert_null(sld_graph_find_value(graph, gone[i]));
    }
    sld_graph_destroy(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names)};
    return cmocka_run_group_tests_name("value_names", tests, NULL, NULL);
}
