/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several hundred random networks through the pipeline. After every pass the network verifies and
 * computes what it computed, to the bit where the pass only moves data; and after the last one it
 * is run in its planned memory, views and shared places and all, at the smallest and the largest
 * batch: on reference kernels, to the bit, and on the kernels this machine would choose.
 * SOLDER_TEST_SEED=n runs one network and prints it.
 */
#include "kernels/kernel.h"
#include "random_network.h"

#define NETWORKS 600

static bool is_exact(const char *pass)
{
    static const char *const exact[] = {
        "dead_code", "constant_folding", "identities", "merge_siblings", "views", "memory_plan"};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(exact); i++) {
        if (strcmp(exact[i], pass) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- the planned network on real memory ---- */

typedef struct machine {
    const sld_graph *graph;
    sld_arena arena;
    char *memory;
    int64_t *dims;       /* by expression */
    sld_tensor *tensors; /* by value id */
    bool *ready;
    bool tuned;
} machine;

static void resolve_tensor(machine *m, const sld_value *value)
{
    sld_tensor *t = &m->tensors[value->id];
    if (m->ready[value->id]) {
        return;
    }
    *t = (sld_tensor){.dtype = value->dtype, .rank = value->shape.rank};
    for (int i = 0; i < t->rank; i++) {
        t->dim[i] = m->dims[value->shape.d[i]];
    }
    sld_tensor_set_strides(t);
    if (value->view.kind == SLD_VIEW_NONE) {
        assert_true(value->arena_offset >= 0);
        size_t bytes;
        assert_true(sld_dims_bytes(t->dim, t->rank, t->dtype, &bytes));
        assert_true((int64_t)bytes <= m->graph->arena_bytes - value->arena_offset);
        t->data = m->memory + value->arena_offset;
    } else {
        const sld_value *parent = value->view.parent;
        resolve_tensor(m, parent);
        const sld_tensor *p = &m->tensors[parent->id];
        t->data = p->data;
        if (value->view.kind == SLD_VIEW_RESHAPE) {
            assert_true(sld_tensor_contiguous(p));
            assert_int_equal(sld_tensor_count(p), sld_tensor_count(t));
        }
        for (int i = 0; value->view.kind == SLD_VIEW_REGION && i < t->rank; i++) {
            int64_t start = m->dims[value->view.start[i]];
            assert_true(t->dim[i] == 0 ||
                        start + (t->dim[i] - 1) * value->view.step[i] < p->dim[i]);
            t->data = (char *)t->data + start * p->stride[i] * (int64_t)solder_dtype_size(t->dtype);
            t->stride[i] = p->stride[i] * value->view.step[i];
        }
        for (int i = 0; value->view.kind == SLD_VIEW_TRANSPOSE && i < t->rank; i++) {
            assert_int_equal(t->dim[i], p->dim[value->view.step[i]]);
            t->stride[i] = p->stride[value->view.step[i]];
        }
        assert_true(value->view.kind == SLD_VIEW_TRANSPOSE || sld_tensor_inner_contiguous(t));
    }
    m->ready[value->id] = true;
}

static sld_tensor operand(machine *m, const sld_value *value)
{
    if (value == NULL) {
        return (sld_tensor){.dtype = SOLDER_NONE};
    }
    if (value->kind == SLD_VALUE_CONSTANT) {
        int64_t dims[SOLDER_MAX_RANK];
        assert_true(sld_value_static_dims(m->graph, value, dims));
        return sld_tensor_make((void *)(uintptr_t)value->data, value->dtype, value->shape.rank,
                               dims);
    }
    resolve_tensor(m, value);
    return m->tensors[value->id];
}

static void pack_constants(machine *m, const sld_kernel *kernel, sld_run *run)
{
    for (uint32_t i = 0; kernel->packing != NULL && i < run->in_count; i++) {
        sld_tensor *t = &run->in[i];
        const sld_packing *packing =
            (t->flags & SLD_TENSOR_CONSTANT) != 0 ? kernel->packing(run, i) : NULL;
        if (packing != NULL) {
            void *packed = sld_arena_alloc(&m->arena, packing->size(run->params, t));
            sld_pack(packing, run->params, t, packed);
            t->data = packed;
            t->packing = packing;
        }
    }
}

static void run_step(machine *m, const sld_node *node)
{
    sld_tensor in[SLD_MAX_INPUTS];
    sld_tensor out[SLD_MAX_OUTPUTS];
    for (uint32_t i = 0; i < node->in_count; i++) {
        in[i] = operand(m, node->in[i].value);
        in[i].flags = sld_value_is_constant(node->in[i].value) ? SLD_TENSOR_CONSTANT : 0;
    }
    for (uint32_t i = 0; i < node->out_count; i++) {
        out[i] = operand(m, node->out[i]);
    }
    const char *family = sld_op_get(node->op).family;
    sld_run run = {.params = node->params,
                   .in = in,
                   .out = out,
                   .in_count = node->in_count,
                   .out_count = node->out_count};
    sld_cpu cpu;
    sld_cpu_detect(&cpu);
    const sld_kernel *kernel =
        m->tuned ? sld_kernel_choose(family, cpu.isas, &run) : sld_kernel_reference(family);
    pack_constants(m, kernel, &run);
    size_t size = kernel->workspace != NULL ? kernel->workspace(&run, 1) : 0;
    run.workspace = sld_arena_alloc(&m->arena, size);
    check(kernel->run(&run));
}

/* Fills r->out like evaluate(), but in the arena that memory_plan laid out. */
static void run_planned(const sld_graph *graph, int64_t symbol_value, bool tuned, result *r)
{
    machine m = {.graph = graph, .tuned = tuned};
    int64_t symbols[64];
    uint64_t state = 99;
    sld_arena_init(&m.arena, NULL, 0);
    sld_arena_init(&r->arena, NULL, 0);
    m.memory = sld_arena_alloc(&m.arena, (size_t)graph->arena_bytes);
    memset(m.memory, 0xff, (size_t)graph->arena_bytes); /* NaNs */
    m.dims = sld_arena_array(&m.arena, graph->exprs.count, sizeof *m.dims);
    m.tensors = sld_arena_array(&m.arena, graph->next_id, sizeof *m.tensors);
    m.ready = sld_arena_array(&m.arena, graph->next_id, sizeof *m.ready);
    for (size_t i = 0; i < 64; i++) {
        symbols[i] = symbol_value;
    }
    sld_expr_evaluate(graph->exprs.exprs, graph->exprs.count, symbols, m.dims);
    for (size_t i = 0; i < graph->input_count; i++) {
        uint32_t id = graph->inputs[i]->id;
        m.tensors[id] = random_input(graph, graph->inputs[i], symbol_value, &r->arena, &state);
        m.ready[id] = true;
    }
    for (const sld_node *node = graph->first; node != NULL; node = node->next) {
        if (!node->elided) {
            run_step(&m, node);
        }
    }
    r->count = graph->output_count;
    for (size_t i = 0; i < graph->output_count; i++) {
        sld_tensor from = operand(&m, graph->outputs[i]);
        assert_true(graph->outputs[i]->view.kind == SLD_VIEW_NONE);
        r->out[i] = from;
        r->out[i].data = sld_arena_alloc(&r->arena, (size_t)sld_tensor_count(&from) *
                                                        solder_dtype_size(from.dtype));
        sld_tensor_set_strides(&r->out[i]);
        sld_tensor_copy(&from, &r->out[i]);
    }
    sld_arena_free(&m.arena);
}

/* ---- the test ---- */

static bool planned_runs_agree(const sld_graph *graph)
{
    bool same = true;
    for (int64_t batch = 1; batch <= 4; batch += 3) {
        result plain;
        evaluate(graph, batch, &plain);
        for (int tuned = 0; tuned < 2; tuned++) {
            result planned;
            run_planned(graph, batch, tuned != 0, &planned);
            same = same_results(&plain, &planned, tuned == 0) && same;
            sld_arena_free(&planned.arena);
        }
        sld_arena_free(&plain.arena);
    }
    return same;
}

/* One pass; false if it changed what the network computes. */
static bool one_pass(const sld_pass *pass, sld_graph *graph, const result *original, bool *changed)
{
    bool any = false;
    result before;
    result after;
    evaluate(graph, 2, &before);
    run_pass(pass->name, graph, &any);
    evaluate(graph, 2, &after);
    bool same = same_results(&before, &after, is_exact(pass->name)) &&
                same_results(original, &after, false);
    if (!same) {
        print_error("pass %s broke the network\n", pass->name);
    }
    *changed = *changed || any;
    sld_arena_free(&before.arena);
    sld_arena_free(&after.arena);
    return same;
}

static bool all_passes(sld_graph *graph, const result *original)
{
    size_t count;
    const sld_pass *passes = sld_passes(&count);
    bool changed = true;
    for (int round = 0; changed; round++) {
        changed = false;
        assert_true(round < 8); /* it settles */
        for (size_t i = 0; i + 2 < count; i++) {
            if (!one_pass(&passes[i], graph, original, &changed)) {
                return false;
            }
        }
    }
    bool ignored = false;
    return one_pass(&passes[count - 2], graph, original, &ignored) &&
           one_pass(&passes[count - 1], graph, original, &ignored) && planned_runs_agree(graph);
}

static bool whole_pipeline(sld_graph *graph, const result *original)
{
    result after;
    check(sld_passes_run(graph, &options));
    check(sld_graph_verify(graph));
    evaluate(graph, 2, &after);
    bool same = same_results(original, &after, false) && planned_runs_agree(graph);
    sld_arena_free(&after.arena);
    return same;
}

/* The text form holds every network, optimised and planned or not. */
static void check_round_trip(const sld_graph *graph)
{
    sld_text first = print_graph(graph);
    sld_graph *again = read_text(first.data);
    sld_text second = print_graph(again);
    assert_string_equal(first.data, second.data);
    sld_text_free(&first);
    sld_text_free(&second);
    sld_graph_destroy(again);
}

static void run_seed(uint64_t seed, bool verbose)
{
    sld_text text = random_network(seed);
    if (verbose) {
        print_message("%s\n", text.data);
    }
    sld_graph *graph = read_text(text.data);
    sld_graph *copy = read_text(text.data);
    result original;
    evaluate(graph, 2, &original);
    bool same = all_passes(graph, &original) && whole_pipeline(copy, &original);
    check_round_trip(graph);
    if (!same || verbose) {
        sld_text now = print_graph(graph);
        print_error("seed %llu\n%s\nis now\n%s\n", (unsigned long long)seed, text.data, now.data);
        sld_text_free(&now);
    }
    assert_true(same);
    sld_arena_free(&original.arena);
    sld_graph_destroy(graph);
    sld_graph_destroy(copy);
    sld_text_free(&text);
}

static void test_random_networks(void **state)
{
    (void)state;
    const char *given = getenv("SOLDER_TEST_SEED");
    if (given != NULL) {
        run_seed(strtoull(given, NULL, 10), true);
        return;
    }
    for (uint64_t seed = 1; seed <= NETWORKS; seed++) {
        run_seed(seed, false);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_networks)};
    return cmocka_run_group_tests_name("random_networks", tests, NULL, NULL);
}
