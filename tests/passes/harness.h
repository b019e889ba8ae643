/* SPDX-License-Identifier: Apache-2.0 */
/* Text in -> pass -> text out, and the promise that outputs keep their values. */
#ifndef TESTS_PASSES_HARNESS_H
#define TESTS_PASSES_HARNESS_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "passes/pass.h"

static sld_diag diag;
static const sld_pass_options options = {.alignment = 64};

static inline void check(solder_status status)
{
    if (status != SOLDER_OK) {
        print_error("%s\n", diag.message);
    }
    assert_int_equal(status, SOLDER_OK);
}

static inline sld_graph *read_text(const char *text)
{
    sld_graph *graph = NULL;
    check(sld_graph_read(NULL, &diag, text, strlen(text), &graph));
    return graph;
}

static inline sld_text print_graph(const sld_graph *graph)
{
    sld_text text = {0};
    check(sld_graph_print(graph, true, &text));
    return text;
}

static inline uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* A tensor for a graph input: symbols at symbol_value, floats in [-2, 2), integers in [0, 8). */
static inline sld_tensor random_input(const sld_graph *graph, const sld_value *value,
                                      int64_t symbol_value, sld_arena *arena, uint64_t *state)
{
    int64_t dims[SOLDER_MAX_RANK];
    int64_t symbols[64];
    int64_t *values = sld_arena_array(arena, graph->exprs.count + 1, sizeof *values);
    assert_true(graph->exprs.symbol_count <= 64);
    for (size_t i = 0; i < graph->exprs.symbol_count; i++) {
        symbols[i] = symbol_value;
    }
    sld_expr_evaluate(graph->exprs.exprs, graph->exprs.count, symbols, values);
    for (int i = 0; i < value->shape.rank; i++) {
        dims[i] = values[value->shape.d[i]];
    }
    size_t bytes;
    assert_true(sld_dims_bytes(dims, value->shape.rank, value->dtype, &bytes));
    sld_tensor t =
        sld_tensor_make(sld_arena_alloc(arena, bytes), value->dtype, value->shape.rank, dims);
    for (int64_t i = 0; i < sld_tensor_count(&t); i++) {
        uint64_t bits = next_random(state);
        if (sld_dtype_is_float(value->dtype)) {
            sld_put_f64(&t, i, (double)(bits >> 40) * 0x1p-22 - 2.0);
        } else {
            sld_put_i64(&t, i, (int64_t)(bits >> 61));
        }
    }
    return t;
}

typedef struct result {
    sld_arena arena;
    sld_tensor out[64];
    size_t count;
} result;

/* Inputs depend on their order and dims only. */
static inline void evaluate(const sld_graph *graph, int64_t symbol_value, result *r)
{
    sld_tensor in[64];
    uint64_t state = 99;
    sld_arena_init(&r->arena, NULL, 0);
    assert_true(graph->input_count <= 64 && graph->output_count <= 64);
    for (size_t i = 0; i < graph->input_count; i++) {
        in[i] = random_input(graph, graph->inputs[i], symbol_value, &r->arena, &state);
    }
    r->count = graph->output_count;
    check(sld_graph_evaluate(graph, &diag, NULL, in, &r->arena, r->out, NULL, NULL));
}

/* The bound of the project for whole networks; exact: bits. False with a message. */
static inline bool same_results(const result *a, const result *b, bool exact)
{
    assert_int_equal(a->count, b->count);
    for (size_t o = 0; o < a->count; o++) {
        const sld_tensor *x = &a->out[o];
        const sld_tensor *y = &b->out[o];
        assert_int_equal(x->dtype, y->dtype);
        assert_int_equal(x->rank, y->rank);
        assert_memory_equal(x->dim, y->dim, (size_t)x->rank * sizeof x->dim[0]);
        for (int64_t i = 0; i < sld_tensor_count(x); i++) {
            double p = sld_at_f64(x, i);
            double q = sld_at_f64(y, i);
            bool same =
                exact || !sld_dtype_is_float(x->dtype)
                    ? p == q || (isnan(p) && isnan(q))
                    : fabs(p - q) <= 1e-5 + 1e-4 * fabs(p) || p == q || (isnan(p) && isnan(q));
            if (!same) {
                print_error("output %zu element %lld: %.9g became %.9g\n", o, (long long)i, p, q);
                return false;
            }
        }
    }
    return true;
}

/*
 * Made-up names do not matter: nodes and values inside are counted, in order. Only sources that
 * join several nodes are kept. (The graph's name tables do not see this.)
 */
static inline void canonical_names(sld_graph *graph)
{
    unsigned count = 0;
    for (sld_value *v = graph->values; v != NULL; v = v->next) {
        if (v->kind == SLD_VALUE_CONSTANT) {
            v->name = sld_arena_printf(&graph->arena, "c%u", count++);
        }
    }
    count = 0;
    for (sld_node *node = graph->first; node != NULL; node = node->next) {
        for (uint32_t i = 0; i < node->out_count; i++) {
            if (!node->out[i]->is_output) {
                node->out[i]->name = sld_arena_printf(&graph->arena, "v%u", count++);
            }
        }
        node->name = node->out[0]->name;
        node->source = strchr(node->source, '+') != NULL ? node->source : NULL;
    }
}

static inline void run_pass(const char *name, sld_graph *graph, bool *changed)
{
    const sld_pass *pass = sld_pass_find(name);
    assert_non_null(pass);
    check(sld_pass_run(pass, graph, &options, changed));
    check(sld_graph_verify(graph));
}

/* Runs the pass on `before`; the network must then read as `after` and give the same results. */
static inline void check_pass(const char *name, const char *before, const char *after)
{
    sld_graph *graph = read_text(before);
    result expected;
    evaluate(graph, 3, &expected);
    bool changed = false;
    run_pass(name, graph, &changed);
    sld_graph *wanted = read_text(after);
    result got;
    evaluate(graph, 3, &got);
    assert_true(same_results(&expected, &got, false));
    assert_true(changed);
    changed = false;
    run_pass(name, graph, &changed); /* and there is no more to do */
    assert_false(changed);
    canonical_names(graph);
    canonical_names(wanted);
    sld_text got_text = print_graph(graph);
    sld_text wanted_text = print_graph(wanted);
    assert_string_equal(got_text.data, wanted_text.data);
    sld_text_free(&got_text);
    sld_text_free(&wanted_text);
    sld_arena_free(&expected.arena);
    sld_arena_free(&got.arena);
    sld_graph_destroy(graph);
    sld_graph_destroy(wanted);
}

/* The pass must leave this network as it is. */
static inline void check_untouched(const char *name, const char *text)
{
    sld_graph *graph = read_text(text);
    sld_text before = print_graph(graph);
    bool changed = false;
    run_pass(name, graph, &changed);
    sld_text after = print_graph(graph);
    assert_string_equal(before.data, after.data);
    assert_false(changed);
    sld_text_free(&before);
    sld_text_free(&after);
    sld_graph_destroy(graph);
}

#endif
