/* SPDX-License-Identifier: Apache-2.0 */
/* If and Loop: inference through bodies, their text, copies, and what the evaluator makes of them.
 */
#include "check.h"
#include "control_networks.h"
#include "graph/graph.h"
#include "kernels/params.h"

static sld_diag diag;

static sld_graph *read_graph(const char *text)
{
    sld_graph *graph = NULL;
    if (sld_graph_read(NULL, &diag, text, strlen(text), &graph) != SOLDER_OK ||
        sld_graph_verify(graph) != SOLDER_OK) {
        fail_msg("%s", diag.message);
    }
    return graph;
}

static void expect_error(const char *text, const char *message)
{
    sld_graph *graph = NULL;
    assert_int_not_equal(sld_graph_read(NULL, &diag, text, strlen(text), &graph), SOLDER_OK);
    assert_string_equal(diag.message, message);
}

static void run(sld_graph *graph, sld_arena *arena, const sld_tensor *in, sld_tensor *out)
{
    if (sld_graph_evaluate(graph, &diag, NULL, in, arena, out, NULL, NULL) != SOLDER_OK) {
        fail_msg("%s", diag.message);
    }
}

static void assert_dims(const sld_tensor *t, int rank, const int64_t *dims)
{
    assert_int_equal(t->rank, rank);
    for (int i = 0; i < rank; i++) {
        assert_int_equal(t->dim[i], dims[i]);
    }
}

static void test_loop_until_condition(void **state)
{
    (void)state;
    sld_graph *graph = read_graph(control_doubling);
    sld_arena arena;
    sld_arena_init(&arena, NULL, 0);
    float x[] = {1, 2};
    sld_tensor in = sld_tensor_make(x, SOLDER_F32, 1, (int64_t[]){2});
    sld_tensor out[3];
    run(graph, &arena, &in, out); /* 3 6 12 24 48 96 192 */
    const float y[] = {64, 128};
    assert_memory_equal(out[0].data, y, sizeof y);
    assert_int_equal(*(int64_t *)out[1].data, 6);
    assert_dims(&out[2], 2, (int64_t[]){6, 2});
    const float all[] = {2, 4, 4, 8, 8, 16, 16, 32, 32, 64, 64, 128};
    assert_memory_equal(out[2].data, all, sizeof all);
    /* The carried shapes are known, the number of iterations is not. */
    assert_true(sld_value_static_dims(graph, graph->outputs[0], (int64_t[8]){0}));
    assert_false(sld_value_static_dims(graph, graph->outputs[2], (int64_t[8]){0}));
    sld_arena_free(&arena);
    sld_graph_destroy(graph);
}

static void test_carried_value_grows(void **state)
{
    (void)state;
    sld_graph *graph = read_graph(control_growing);
    sld_arena arena;
    sld_arena_init(&arena, NULL, 0);
    int64_t trip = 4;
    int64_t first = -1;
    int64_t step = 10;
    sld_tensor in[] = {sld_tensor_make(&trip, SOLDER_I64, 0, NULL),
                       sld_tensor_make(&first, SOLDER_I64, 1, (int64_t[]){1}),
                       sld_tensor_make(&step, SOLDER_I64, 1, (int64_t[]){1})};
    sld_tensor out;
    run(graph, &arena, in, &out);
    const int64_t expected[] = {-1, 0, 10, 20, 30};
    assert_dims(&out, 1, (int64_t[]){5});
    assert_memory_equal(out.data, expected, sizeof expected);
    trip = 0;
    run(graph, &arena, in, &out);
    assert_dims(&out, 1, (int64_t[]){1});
    assert_int_equal(*(int64_t *)out.data, -1);
    sld_arena_free(&arena);
    sld_graph_destroy(graph);
}

static void test_scanned_inputs(void **state)
{
    (void)state;
    sld_graph *graph = read_graph(control_scanning);
    sld_arena arena;
    sld_arena_init(&arena, NULL, 0);
    float rows[] = {1, 2, 3, 4, 5, 6};
    sld_tensor in = sld_tensor_make(rows, SOLDER_F32, 2, (int64_t[]){3, 2});
    sld_tensor out[3];
    run(graph, &arena, &in, out);
    const float sums[] = {1, 2, 4, 6, 9, 12};
    const float flat[] = {-1, -2, -4, -6, -9, -12};
    assert_memory_equal(out[0].data, sums + 4, 2 * sizeof(float));
    assert_dims(&out[1], 2, (int64_t[]){3, 2});
    assert_memory_equal(out[1].data, sums, sizeof sums);
    assert_dims(&out[2], 1, (int64_t[]){6});
    assert_memory_equal(out[2].data, flat, sizeof flat);
    in.dim[0] = 0;
    run(graph, &arena, &in, out);
    assert_dims(&out[1], 2, (int64_t[]){0, 2});
    assert_dims(&out[2], 1, (int64_t[]){0});
    /* The condition is always true: as many iterations as rows, as an expression. */
    assert_int_equal(graph->outputs[1]->shape.d[0], graph->inputs[0]->shape.d[0]);
    sld_arena_free(&arena);
    sld_graph_destroy(graph);
}

static void test_loop_in_branch(void **state)
{
    (void)state;
    sld_graph *graph = read_graph(control_nested);
    sld_arena arena;
    sld_arena_init(&arena, NULL, 0);
    uint8_t big = 1;
    float x[] = {1, 2, 3};
    int64_t n = 4;
    sld_tensor in[] = {sld_tensor_make(&big, SOLDER_BOOL, 0, NULL),
                       sld_tensor_make(x, SOLDER_F32, 1, (int64_t[]){3}),
                       sld_tensor_make(&n, SOLDER_I64, 0, NULL)};
    sld_tensor out;
    run(graph, &arena, in, &out);
    const float sum[] = {5, 10, 15};
    assert_dims(&out, 1, (int64_t[]){3});
    assert_memory_equal(out.data, sum, sizeof sum);
    big = 0;
    run(graph, &arena, in, &out);
    assert_memory_equal(out.data, x, sizeof x);
    /* Both give what came in: the dim is the input's. */
    assert_int_equal(graph->outputs[0]->shape.d[0], graph->inputs[1]->shape.d[0]);
    sld_arena_free(&arena);
    sld_graph_destroy(graph);
}

static void assert_round_trip(const char *source)
{
    sld_graph *graph = read_graph(source);
    sld_text first = {0};
    sld_text second = {0};
    assert_int_equal(sld_graph_print(graph, true, &first), SOLDER_OK);
    sld_graph *again = read_graph(first.data);
    assert_int_equal(sld_graph_print(again, true, &second), SOLDER_OK);
    assert_string_equal(first.data, second.data);
    sld_graph_destroy(again);
    sld_text_free(&second);
    assert_int_equal(sld_graph_clone(graph, &diag, &again), SOLDER_OK);
    assert_int_equal(sld_graph_verify(again), SOLDER_OK);
    assert_int_equal(sld_graph_print(again, true, &second), SOLDER_OK);
    assert_string_equal(first.data, second.data);
    sld_text_free(&first);
    sld_text_free(&second);
    sld_graph_destroy(again); /* before graph, whose constants it borrows */
    sld_graph_destroy(graph);
}

static void test_text_and_copies(void **state)
{
    (void)state;
    assert_round_trip(control_doubling);
    assert_round_trip(control_growing);
    assert_round_trip(control_scanning);
    assert_round_trip(control_nested);
}

static void test_specialize_reaches_bodies(void **state)
{
    (void)state;
    sld_graph *open = read_graph(control_nested);
    sld_graph *graph;
    int64_t fixed[8];
    for (size_t i = 0; i < open->exprs.symbol_count; i++) {
        fixed[i] = 3;
    }
    assert_int_equal(sld_graph_specialize(open, &diag, fixed, &graph), SOLDER_OK);
    assert_int_equal(sld_graph_verify(graph), SOLDER_OK);
    int64_t dims[SOLDER_MAX_RANK];
    const sld_graph *then_body = graph->first->bodies[0];
    assert_true(sld_value_static_dims(then_body, then_body->outputs[0], dims));
    assert_int_equal(dims[0], 3);
    const sld_graph *inner = then_body->first->bodies[0];
    assert_true(sld_value_static_dims(inner, inner->inputs[1], dims));
    assert_int_equal(dims[0], 3);
    sld_graph_destroy(graph);
    sld_graph_destroy(open);
}

/* The branches' dims differ: bounded by the larger. */
static void test_branches_of_different_dims(void **state)
{
    (void)state;
    sld_graph *graph = read_graph(control_branches);
    const sld_expr *e = &graph->exprs.exprs[graph->outputs[0]->shape.d[0]];
    assert_int_equal(e->op, SLD_EXPR_SYMBOL);
    const sld_symbol *symbol = &graph->exprs.symbols[e->value];
    int64_t most;
    assert_true(sld_expr_is_const(&graph->exprs, symbol->bound, &most));
    assert_int_equal(most, 4);
    sld_arena arena;
    sld_arena_init(&arena, NULL, 0);
    uint8_t condition = 0;
    float x[] = {0, 1, 2, 3, 4, 5};
    sld_tensor in[] = {sld_tensor_make(&condition, SOLDER_BOOL, 0, NULL),
                       sld_tensor_make(x, SOLDER_F32, 1, (int64_t[]){6})};
    sld_tensor out;
    run(graph, &arena, in, &out);
    assert_dims(&out, 1, (int64_t[]){4});
    assert_memory_equal(out.data, x + 1, 4 * sizeof *x);
    condition = 1;
    run(graph, &arena, in, &out);
    assert_dims(&out, 1, (int64_t[]){2});
    assert_memory_equal(out.data, x + 1, 2 * sizeof *x);
    sld_arena_free(&arena);
    sld_graph_destroy(graph);
}

/* The calls an importer makes: build, ask what changes, build again. */
static void test_building_by_hand(void **state)
{
    (void)state;
    sld_graph *graph;
    sld_value *start;
    sld_value *twice;
    sld_node *node = NULL;
    const float two = 2;
    assert_int_equal(sld_graph_create(NULL, &diag, &graph), SOLDER_OK);
    const sld_shape one = {.rank = 1, .d = {sld_graph_dim(graph, 1)}};
    assert_int_equal(sld_graph_add_input(graph, "start", SOLDER_F32, &one, &start), SOLDER_OK);
    assert_int_equal(sld_graph_add_constant(graph, "two", SOLDER_F32, 0, NULL, &two, true, &twice),
                     SOLDER_OK);
    uint32_t changing = 0;
    int builds = 0;
    for (bool settled = false; !settled; builds++) {
        sld_graph *body;
        sld_value *i;
        sld_value *list;
        sld_value *factor;
        sld_value *go;
        sld_value *scaled;
        const uint8_t yes = 1;
        const sld_shape scalar = {.rank = 0};
        assert_int_equal(sld_graph_body_create(graph, "body", &body), SOLDER_OK);
        assert_int_equal(sld_graph_add_input(body, "i", SOLDER_I64, &scalar, &i), SOLDER_OK);
        assert_int_equal(sld_graph_body_carried(body, "list", start, changing, &list), SOLDER_OK);
        assert_int_equal(sld_graph_body_constant(body, twice, &factor), SOLDER_OK);
        assert_int_equal(sld_graph_add_constant(body, "go", SOLDER_BOOL, 0, NULL, &yes, true, &go),
                         SOLDER_OK);
        const sld_elementwise_params product = {.kind = SLD_BINARY_PROD};
        assert_int_equal(sld_graph_add(body, NULL, SLD_OP_ELEMENTWISE, "scaled", &product,
                                       (sld_value *[]){list, factor}, 2, &scaled),
                         SOLDER_OK);
        const sld_concat_params along = {.axis = 0};
        assert_int_equal(sld_graph_add(body, NULL, SLD_OP_CONCAT, "longer", &along,
                                       (sld_value *[]){list, scaled}, 2, &list),
                         SOLDER_OK);
        assert_int_equal(sld_graph_body_output(body, go), SOLDER_OK);
        assert_int_equal(sld_graph_body_output(body, list), SOLDER_OK);
        uint32_t now;
        assert_int_equal(sld_graph_carried_changes(body, 1, &now), SOLDER_OK);
        settled = (now & ~changing) == 0;
        changing |= now;
        if (settled) {
            const sld_loop_params params = {.carried_count = 1};
            const int64_t three = 3;
            sld_value *trip;
            assert_int_equal(
                sld_graph_add_constant(graph, "trip", SOLDER_I64, 0, NULL, &three, true, &trip),
                SOLDER_OK);
            assert_int_equal(sld_graph_add_loop(graph, NULL, "grow", &params,
                                                (sld_value *[]){trip, NULL, start}, 3, body, &node),
                             SOLDER_OK);
        }
    }
    assert_int_equal(builds, 2);
    assert_int_equal(sld_graph_mark_output(graph, node->out[0]), SOLDER_OK);
    assert_int_equal(sld_graph_verify(graph), SOLDER_OK);
    sld_arena arena;
    sld_arena_init(&arena, NULL, 0);
    float x = 1;
    sld_tensor in = sld_tensor_make(&x, SOLDER_F32, 1, (int64_t[]){1});
    sld_tensor out;
    run(graph, &arena, &in, &out);
    const float expected[] = {1, 2, 2, 4, 2, 4, 4, 8};
    assert_dims(&out, 1, (int64_t[]){8});
    assert_memory_equal(out.data, expected, sizeof expected);
    sld_arena_free(&arena);
    sld_graph_destroy(graph);
}

static void test_errors(void **state)
{
    (void)state;
    expect_error("input %c bool[]\n%y = If(%c)\noutput %y\n",
                 "text: line 3: expected a body before 'o'");
    expect_error("input %c bool[]\n%y = If(%c)\nbody \"t\"\nconstant %k f32[1] fill 0\n"
                 "%o = Unary(%k) {kind=neg}\noutput %o\nend\nbody \"e\"\n"
                 "constant %k f64[1] fill 0\n%o = Unary(%k) {kind=neg}\noutput %o\nend\n",
                 "text: line 12: node 'y' (If): its bodies give different types or ranks of 'y'");
    expect_error("input %c f32[]\n%y = If(%c)\nbody \"t\"\nconstant %k f32[1] fill 0\n"
                 "%o = Unary(%k) {kind=neg}\noutput %o\nend\nbody \"e\"\n"
                 "constant %k f32[1] fill 0\n%o = Unary(%k) {kind=neg}\noutput %o\nend\n",
                 "text: line 12: node 'y' (If): a condition must be one bool, not 'c'");
    expect_error("input %x f32[2]\n%y = Loop(_, _, %x) {carried=1}\nbody \"b\"\ninput %i i64[]\n"
                 "constant %k bool[] fill 1\n%go = Unary(%k) {kind=identity}\noutput %go\nend\n",
                 "text: line 8: y: 1 results, its body gives 1 outputs");
    expect_error("input %x f32[2]\n%y = Loop(_, _, %x) {carried=1}\nbody \"b\"\ninput %i i64[]\n"
                 "input %x f32[2]\nconstant %k bool[] fill 1\n%go = Unary(%k) {kind=identity}\n"
                 "%z = Cast(%x) {to=f64}\noutput %go\noutput %z\nend\n",
                 "text: line 11: body 'b': 'x' starts as f32 of rank 1 and goes on as f64 of rank "
                 "1");
    char deep[4096] = "";
    for (int i = 0; i < 9; i++) {
        (void)strncat(deep, "constant %c bool[] fill 1\n%y = If(%c)\nbody \"b\"\n",
                      sizeof deep - strlen(deep) - 1);
    }
    expect_error(deep, "text: line 27: body 'b' lies in 8 others, at most 8 are allowed");
}

static void test_failing_body_is_named(void **state)
{
    (void)state;
    sld_graph *graph = read_graph("symbol N 1..2..4\n"
                                  "input %rows f32[2,N]\n"
                                  "input %n i64[]\n"
                                  "%all = Loop(%n, _, %rows) {carried=0, scans=[stack]}\n"
                                  "body \"b\"\n"
                                  "symbol \"^N\" 1..2..4\n"
                                  "input %i i64[]\n"
                                  "input %rows f32[2,\"^N\"]\n"
                                  "constant %k bool[] fill 1\n"
                                  "%go = Unary(%k) {kind=identity}\n"
                                  "%row = Gather(%rows, %i) {axis=0}\n"
                                  "output %go\n"
                                  "output %row\n"
                                  "end\n"
                                  "output %all\n");
    sld_arena arena;
    sld_arena_init(&arena, NULL, 0);
    float rows[] = {1, 2, 3, 4, 5, 6};
    int64_t n = 2;
    sld_tensor in[] = {sld_tensor_make(rows, SOLDER_F32, 2, (int64_t[]){2, 3}),
                       sld_tensor_make(&n, SOLDER_I64, 0, NULL)};
    sld_tensor out;
    run(graph, &arena, in, &out);
    assert_dims(&out, 2, (int64_t[]){2, 3});
    assert_memory_equal(out.data, rows, sizeof rows);
    n = 3;
    assert_int_equal(sld_graph_evaluate(graph, &diag, NULL, in, &arena, &out, NULL, NULL),
                     SOLDER_ERROR_DATA);
    assert_string_equal(diag.message,
                        "node 'all': node 'row' (Gather): an index in its input is out of range");
    sld_arena_free(&arena);
    sld_graph_destroy(graph);
}

static void test_refused_branch(void **state)
{
    (void)state;
    sld_graph *graph = read_graph(control_refused);
    int64_t dims[SOLDER_MAX_RANK];
    assert_true(sld_value_static_dims(graph, graph->outputs[0], dims)); /* as the good one says */
    assert_int_equal(dims[0], 2);
    sld_arena arena;
    sld_arena_init(&arena, NULL, 0);
    float x[] = {1, 2, 3, 4, 5, 6};
    uint8_t taken = 1;
    const sld_tensor in[] = {sld_tensor_make(&taken, SOLDER_BOOL, 0, NULL),
                             sld_tensor_make(x, SOLDER_F32, 1, (int64_t[]){6})};
    sld_tensor out;
    run(graph, &arena, in, &out);
    assert_dims(&out, 1, (int64_t[]){2});
    assert_memory_equal(out.data, x + 1, 8);
    taken = 0;
    assert_int_equal(sld_graph_evaluate(graph, &diag, NULL, in, &arena, &out, NULL, NULL),
                     SOLDER_ERROR_DATA);
    assert_string_equal(diag.message,
                        "node 'y' (If): its else branch cannot run with these shapes");
    sld_arena_free(&arena);
    sld_graph_destroy(graph);
}

int main(void)
{
    sld_diag_init(&diag, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loop_until_condition),
        cmocka_unit_test(test_carried_value_grows),
        cmocka_unit_test(test_scanned_inputs),
        cmocka_unit_test(test_loop_in_branch),
        cmocka_unit_test(test_text_and_copies),
        cmocka_unit_test(test_specialize_reaches_bodies),
        cmocka_unit_test(test_branches_of_different_dims),
        cmocka_unit_test(test_refused_branch),
        cmocka_unit_test(test_building_by_hand),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_failing_body_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
