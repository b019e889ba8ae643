/* SPDX-License-Identifier: Apache-2.0 */
/* A plan on reference kernels gives the evaluator's bits, whatever the network looks like. */
#include "runtime/net_fixture.h"

static const char small_net[] =
    "network \"small\"\n"
    "symbol N 1..2..4\n"
    "input %data f32[N,3,8,8]\n"
    "constant %w f32[4,3,3,3] random 7\n"
    "constant %b f32[4] random 8\n"
    "%conv = Convolution(%data, %w, %b) {pad_begin=[1,1], pad_end=[1,1]}\n"
    "%relu = Activation(%conv) {kind=relu}\n"
    "%pool = Pooling(%relu) {window=[2,2], stride=[2,2]}\n"
    "%prob = SoftMax(%pool) {axis=1}\n"
    "output %prob\n";

static void static_and_open_batch(void **state)
{
    (void)state;
    fixture f;
    fixture_read(&f, small_net);
    fixture_round_trip(&f, (const int64_t[]){1, 4, 2, 3, 1}, 5, NULL);
    fixture_free(&f);
}

/* Concat parts and slices live inside other values, an output is another shape of one. */
static void views(void **state)
{
    (void)state;
    fixture f;
    fixture_read(&f, "network \"views\"\n"
                     "symbol N 1..1..3\n"
                     "input %x f32[N,4,6]\n"
                     "%a = Activation(%x) {kind=sigmoid}\n"
                     "%b = Activation(%x) {kind=tanh}\n"
                     "%c = Concat(%a, %b) {axis=1}\n"
                     "%s = Slice(%c) {axes=[1], start=[1], end=[7], step=[2]}\n"
                     "%t = Activation(%s) {kind=relu}\n"
                     "%flat = Reshape(%t) {dims=[0,-1]}\n"
                     "output %flat\n"
                     "output %c\n");
    sld_graph *g = f.graph;
    sld_value *c = sld_graph_find_value(g, "c");
    const char *const parts[] = {"a", "b"};
    for (int i = 0; i < 2; i++) {
        sld_value *part = sld_graph_find_value(g, parts[i]);
        part->view =
            (sld_view){.kind = SLD_VIEW_REGION,
                       .parent = c,
                       .start = {sld_graph_dim(g, 0), sld_graph_dim(g, 4 * i), sld_graph_dim(g, 0)},
                       .step = {1, 1, 1}};
    }
    c->producer->elided = true;
    sld_value *s = sld_graph_find_value(g, "s");
    s->view = (sld_view){.kind = SLD_VIEW_REGION,
                         .parent = c,
                         .start = {sld_graph_dim(g, 0), sld_graph_dim(g, 1), sld_graph_dim(g, 0)},
                         .step = {1, 2, 1}};
    s->producer->elided = true;
    sld_value *flat = sld_graph_find_value(g, "flat");
    flat->view = (sld_view){.kind = SLD_VIEW_RESHAPE, .parent = sld_graph_find_value(g, "t")};
    flat->producer->elided = true;
    fixture_round_trip(&f, (const int64_t[]){1, 3, 2}, 3, NULL);
    fixture_free(&f);
}

static void transposed_views(void **state)
{
    (void)state;
    fixture f;
    fixture_read(&f, "network \"channels last\"\n"
                     "symbol N 1..1..3\n"
                     "input %x f32[N,7,9,3] nhwc\n"
                     "constant %w f32[5,3,3,3] random 1\n"
                     "%t = Transpose(%x) {perm=[0,3,1,2]}\n"
                     "%y = Convolution(%t, %w) {stride=[2,1], pad_begin=[1,1], pad_end=[1,1]}\n"
                     "output %y\n"
                     "view %t = %x transpose [0,3,1,2]\n");
    sld_graph_find_value(f.graph, "t")->producer->elided = true;
    fixture_round_trip(&f, (const int64_t[]){1, 3, 2}, 3, NULL);
    fixture_free(&f);
}

static void outputs_that_are_inputs_and_constants(void **state)
{
    (void)state;
    fixture f;
    fixture_read(&f, "network \"trivial\"\n"
                     "input %x f32[2,3]\n"
                     "constant %k i64[3] values [4, 5, 6]\n"
                     "output %x\n"
                     "output %k\n");
    const char *const names[] = {"x:output", "k"};
    fixture_round_trip(&f, (const int64_t[]){0}, 1, names);
    fixture_free(&f);
}

static void data_dependent_dims(void **state)
{
    (void)state;
    fixture f;
    fixture_read(&f, "network \"detect\"\n"
                     "symbol N 1..8..16\n"
                     "input %boxes f32[1,N,4]\n"
                     "input %scores f32[1,2,N]\n"
                     "%picked = NonMaxSuppression(%boxes, %scores) "
                     "{max_output_per_class=3, iou_threshold=0.5}\n"
                     "%cast = Cast(%picked) {to=f32}\n"
                     "%twice = ElementWise(%cast, %cast) {kind=sum}\n"
                     "output %picked\n"
                     "output %twice\n");
    fixture_round_trip(&f, (const int64_t[]){1, 16, 5, 9}, 4, NULL);
    fixture_free(&f);
}

static void every_dtype_of_output_copies(void **state)
{
    (void)state;
    fixture f;
    fixture_read(&f, "network \"types\"\n"
                     "constant %a f16[3] values [1, 2, 3]\n"
                     "constant %b bool[2] values [1, 0]\n"
                     "constant %c u8[0] values []\n"
                     "constant %d f64[] values [2.5]\n"
                     "output %a\noutput %b\noutput %c\noutput %d\n");
    fixture_round_trip(&f, (const int64_t[]){0}, 1, NULL);
    fixture_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(static_and_open_batch),
        cmocka_unit_test(views),
        cmocka_unit_test(transposed_views),
        cmocka_unit_test(outputs_that_are_inputs_and_constants),
        cmocka_unit_test(data_dependent_dims),
        cmocka_unit_test(every_dtype_of_output_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
