/* SPDX-License-Identifier: Apache-2.0 */
/* Edits of the network keep every invariant; the evaluator and the copies mean the same. */
#include "graph/graph.h"

#include "check.h"
#include "kernels/params.h"

static sld_diag diag;

static sld_graph *read_graph(const char *text)
{
    sld_graph *graph = NULL;
    solder_status status = sld_graph_read(NULL, &diag, text, strlen(text), &graph);
    if (status != SOLDER_OK) {
        fail_msg("%s", diag.message);
    }
    assert_int_equal(sld_graph_verify(graph), SOLDER_OK);
    return graph;
}

static const char small[] = "network \"small\"\n"
                            "symbol N 1..2..4\n"
                            "input %x f32[N,3]\n"
                            "constant %c f32[3] values [1, 2, 3]\n"
                            "%a = ElementWise(%x, %c) {kind=sum}\n"
                            "%b = ElementWise(%a, %a) {kind=prod}\n"
                            "%d = Unary(%b) {kind=exp}\n"
                            "output %b\n";

static void evaluate(sld_graph *graph, sld_arena *arena, float *x, int64_t n, sld_tensor *out)
{
    sld_tensor in = sld_tensor_make(x, SOLDER_F32, 2, (int64_t[]){n, 3});
    solder_status status = sld_graph_evaluate(graph, &diag, NULL, &in, arena, out, NULL, NULL);
    if (status != SOLDER_OK) {
        fail_msg("%s", diag.message);
    }
}

static void test_evaluate_hand_computed(void **state)
{
    (void)state;
    sld_graph *graph = read_graph(small);
    sld_arena arena;
    sld_arena_init(&arena, NULL, 0);
    float x[6] = {0, 1, 2, -1, -2, -3};
    sld_tensor out;
    evaluate(graph, &arena, x, 2, &out);
    const float expected[6] = {1, 9, 25, 0, 0, 0};
    assert_int_equal(out.dim[0], 2);
    assert_int_equal(out.dim[1], 3);
    assert_memory_equal(out.data, expected, sizeof expected);
    sld_arena_free(&arena);
    sld_graph_destroy(graph);
}

static void test_evaluate_refuses_wrong_inputs(void **state)
{
    (void)state;
    sld_graph *graph = read_graph(small);
    sld_arena arena;
    sld_arena_init(&arena, NULL, 0);
    float x[8] = {0};
    sld_tensor out;
    sld_tensor in = sld_tensor_make(x, SOLDER_F32, 2, (int64_t[]){2, 4});
    assert_int_equal(sld_graph_evaluate(graph, &diag, NULL, &in, &arena, &out, NULL, NULL),
                     SOLDER_ERROR_ARGUMENT);
    assert_string_equal(diag.message, "input 'x': dimension 1 is 4, the network needs 3");
    in = sld_tensor_make(x, SOLDER_I32, 2, (int64_t[]){2, 3});
    assert_int_equal(sld_graph_evaluate(graph, &diag, NULL, &in, &arena, &out, NULL, NULL),
                     SOLDER_ERROR_ARGUMENT);
    assert_string_equal(diag.message,
                        "input 'x': given i32 of rank 2, the network takes f32 of rank 2");
    sld_arena_free(&arena);
    sld_graph_destroy(graph);
}

static void test_sweep_and_replace(void **state)
{
    (void)state;
    sld_graph *graph = read_graph(small);
    assert_int_equal(graph->node_count, 3);
    sld_graph_sweep(graph); /* %d has no user */
    assert_int_equal(graph->node_count, 2);
    assert_null(sld_graph_find_value(graph, "d"));
    sld_value *a = sld_graph_find_value(graph, "a");
    sld_value *b = sld_graph_find_value(graph, "b");
    assert_int_equal(a->use_count, 2);
    assert_non_null(sld_value_single_user(a) == NULL ? b : NULL);
    /* a becomes the output in b's place and takes over its name */
    assert_int_equal(sld_graph_replace(graph, b, a), SOLDER_OK);
    sld_graph_sweep(graph);
    assert_int_equal(graph->node_count, 1);
    assert_ptr_equal(graph->outputs[0], a);
    assert_string_equal(a->name, "b");
    assert_ptr_equal(sld_graph_find_value(graph, "b"), a);
    assert_int_equal(sld_graph_verify(graph), SOLDER_OK);
    sld_graph_destroy(graph);
}

static void test_output_replaced_by_input_is_copied(void **state)
{
    (void)state;
    sld_graph *graph = read_graph(small);
    sld_value *x = sld_graph_find_value(graph, "x");
    assert_int_equal(sld_graph_replace(graph, sld_graph_find_value(graph, "b"), x), SOLDER_OK);
    sld_graph_sweep(graph);
    assert_int_equal(graph->node_count, 1);
    assert_int_equal(graph->first->op, SLD_OP_UNARY);
    assert_string_equal(graph->outputs[0]->name, "b");
    assert_string_equal(x->name, "x");
    assert_int_equal(sld_graph_verify(graph), SOLDER_OK);
    sld_graph_destroy(graph);
}

static void test_names_are_unique(void **state)
{
    (void)state;
    sld_graph *graph = read_graph(small);
    sld_value *a = sld_graph_find_value(graph, "a");
    sld_value *fresh;
    assert_int_equal(sld_graph_add(graph, NULL, SLD_OP_UNARY, "a", NULL, &a, 1, &fresh), SOLDER_OK);
    assert_string_not_equal(fresh->name, "a");
    assert_int_equal(sld_graph_rename(graph, fresh, "x"), SOLDER_ERROR_ARGUMENT);
    assert_int_equal(sld_graph_rename(graph, fresh, "y"), SOLDER_OK);
    assert_ptr_equal(sld_graph_find_value(graph, "y"), fresh);
    assert_int_equal(sld_graph_verify(graph), SOLDER_OK);
    sld_graph_destroy(graph);
}

static void test_bad_node_leaves_no_trace(void **state)
{
    (void)state;
    sld_graph *graph = read_graph(small);
    uint32_t nodes = graph->node_count;
    sld_value *in[3] = {sld_graph_find_value(graph, "x"), NULL, NULL};
    sld_value *out;
    assert_int_equal(sld_graph_add(graph, NULL, SLD_OP_ELEMENTWISE, "bad", NULL, in, 1, &out),
                     SOLDER_ERROR_DATA);
    assert_string_equal(diag.message, "node 'bad' (ElementWise): has 1 inputs, takes 2 to 2");
    int64_t dims[1] = {5};
    assert_int_equal(sld_graph_add_constant(graph, "five", SOLDER_F32, 1, dims,
                                            (float[]){1, 2, 3, 4, 5}, true, &in[1]),
                     SOLDER_OK);
    assert_int_equal(sld_graph_add(graph, NULL, SLD_OP_ELEMENTWISE, "bad", NULL, in, 2, &out),
                     SOLDER_ERROR_DATA);
    assert_int_equal(graph->node_count, nodes);
    assert_null(sld_graph_find_value(graph, "bad"));
    assert_int_equal(sld_graph_verify(graph), SOLDER_OK);
    sld_graph_destroy(graph);
}

static void test_verifier_sees_disorder(void **state)
{
    (void)state;
    sld_graph *graph = read_graph(small);
    sld_graph_move_before(graph, graph->last->previous, graph->first); /* b before a */
    assert_int_equal(sld_graph_verify(graph), SOLDER_ERROR_INTERNAL);
    sld_graph_destroy(graph);
    graph = read_graph(small);
    sld_graph_find_value(graph, "a")->dtype = SOLDER_F64;
    assert_int_equal(sld_graph_verify(graph), SOLDER_ERROR_INTERNAL);
    sld_graph_destroy(graph);
}

static void test_specialized_copy(void **state)
{
    (void)state;
    sld_graph *graph = read_graph(small);
    sld_graph *copy;
    sld_graph *fixed;
    assert_int_equal(sld_graph_clone(graph, &diag, &copy), SOLDER_OK);
    assert_int_equal(sld_graph_specialize(graph, &diag, (int64_t[]){2}, &fixed), SOLDER_OK);
    assert_int_equal(sld_graph_verify(copy), SOLDER_OK);
    assert_int_equal(sld_graph_verify(fixed), SOLDER_OK);
    int64_t dim;
    assert_false(sld_expr_is_const(&copy->exprs, copy->outputs[0]->shape.d[0], &dim));
    assert_true(sld_expr_is_const(&fixed->exprs, fixed->outputs[0]->shape.d[0], &dim));
    assert_int_equal(dim, 2);
    float x[6] = {0.5f, 1, 2, -1, -2, -3};
    sld_arena arena;
    sld_arena_init(&arena, NULL, 0);
    sld_tensor a;
    sld_tensor b;
    sld_tensor c;
    evaluate(graph, &arena, x, 2, &a);
    evaluate(copy, &arena, x, 2, &b);
    evaluate(fixed, &arena, x, 2, &c);
    assert_memory_equal(a.data, b.data, sizeof x);
    assert_memory_equal(a.data, c.data, sizeof x);
    sld_graph_destroy(
        graph); /* the copies live on: constants were borrowed from the text's arena */
    sld_arena_free(&arena);
    sld_graph_destroy(fixed);
    sld_graph_destroy(copy);
}

/* Shape -> Gather -> Concat -> Reshape: the batch stays a symbol through the chain. */
static void test_symbolic_shape_chain(void **state)
{
    (void)state;
    sld_graph *graph = read_graph("network \"chain\"\n"
                                  "symbol N 1..2..4\n"
                                  "input %x f32[N,3,4]\n"
                                  "%s = Shape(%x) {start=0, end=3}\n"
                                  "constant %zero i64[1] values [0]\n"
                                  "constant %minus i64[1] values [-1]\n"
                                  "%n = Gather(%s, %zero) {axis=0}\n"
                                  "%to = Concat(%n, %minus) {axis=0}\n"
                                  "%y = Reshape(%x, %to)\n"
                                  "output %y\n");
    const sld_value *x = sld_graph_find_value(graph, "x");
    const sld_value *y = graph->outputs[0];
    assert_int_equal(y->shape.rank, 2);
    assert_int_equal(y->shape.d[0], x->shape.d[0]);
    int64_t dim;
    assert_true(sld_expr_is_const(&graph->exprs, y->shape.d[1], &dim));
    assert_int_equal(dim, 12);
    sld_graph_destroy(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_evaluate_hand_computed),
        cmocka_unit_test(test_evaluate_refuses_wrong_inputs),
        cmocka_unit_test(test_sweep_and_replace),
        cmocka_unit_test(test_output_replaced_by_input_is_copied),
        cmocka_unit_test(test_names_are_unique),
        cmocka_unit_test(test_bad_node_leaves_no_trace),
        cmocka_unit_test(test_verifier_sees_disorder),
        cmocka_unit_test(test_specialized_copy),
        cmocka_unit_test(test_symbolic_shape_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
