/* SPDX-License-Identifier: Apache-2.0 */
/* Networks from text, their plans, and runs compared with the evaluator. */
#ifndef SLD_TESTS_NET_FIXTURE_H
#define SLD_TESTS_NET_FIXTURE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "plan/plan_write.h"
#include "solder/runtime.h"

enum { FIXTURE_MAX = 8 };

typedef struct fixture {
    sld_diag diag;
    sld_graph *graph;
    sld_plan_buffer plan;
    sld_arena arena;
    sld_tensor inputs[FIXTURE_MAX], outputs[FIXTURE_MAX]; /* of the evaluator */
} fixture;

static void fixture_read(fixture *f, const char *text)
{
    *f = (fixture){.plan = {.diag = &f->diag}};
    sld_diag_init(&f->diag, NULL);
    sld_arena_init(&f->arena, NULL, 0);
    if (sld_graph_read(NULL, &f->diag, text, strlen(text), &f->graph) != SOLDER_OK) {
        fail_msg("%s", f->diag.message);
    }
}

static void fixture_write(fixture *f, const sld_tactic *tactics, const sld_plan_info *info)
{
    f->plan.size = 0;
    sld_plan_sink sink = sld_plan_memory_sink(&f->plan);
    if (sld_plan_write(f->graph, tactics, info, &f->diag, &sink) != SOLDER_OK) {
        fail_msg("%s", f->diag.message);
    }
}

static void fixture_free(fixture *f)
{
    sld_release(NULL, f->plan.data, f->plan.capacity);
    sld_graph_destroy(f->graph);
    sld_arena_free(&f->arena);
}

/* Makes every input of the graph with the symbol value and runs the evaluator. */
static inline void fixture_evaluate(fixture *f, int64_t symbol)
{
    uint64_t state = 12345;
    for (size_t i = 0; i < f->graph->input_count; i++) {
        const sld_value *v = f->graph->inputs[i];
        int64_t dims[SOLDER_MAX_RANK];
        for (int j = 0; j < v->shape.rank; j++) {
            if (!sld_expr_is_const(&f->graph->exprs, v->shape.d[j], &dims[j])) {
                dims[j] = symbol;
            }
        }
        sld_tensor t = sld_tensor_make(NULL, v->dtype, v->shape.rank, dims);
        size_t count = (size_t)sld_tensor_count(&t);
        t.data = sld_arena_alloc(&f->arena, count * solder_dtype_size(t.dtype));
        assert_non_null(t.data);
        for (size_t k = 0; k < count; k++) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            sld_put_f64(&t, (int64_t)k, (double)(state >> 40) / (1 << 23) - 1.0);
        }
        f->inputs[i] = t;
    }
    solder_status status =
        sld_graph_evaluate(f->graph, &f->diag, NULL, f->inputs, &f->arena, f->outputs, NULL, NULL);
    if (status != SOLDER_OK) {
        fail_msg("%s", f->diag.message);
    }
}

static inline size_t fixture_bytes(const sld_tensor *t)
{
    return (size_t)sld_tensor_count(t) * solder_dtype_size(t->dtype);
}

static inline void fixture_set_inputs(fixture *f, solder_context *context)
{
    for (size_t i = 0; i < f->graph->input_count; i++) {
        const sld_tensor *t = &f->inputs[i];
        const char *name = f->graph->inputs[i]->name;
        solder_dims dims = {.rank = t->rank};
        memcpy(dims.d, t->dim, sizeof dims.d);
        if (solder_context_set_dims(context, name, &dims) != SOLDER_OK ||
            solder_context_bind(context, name, t->data, fixture_bytes(t)) != SOLDER_OK) {
            fail_msg("%s", solder_context_message(context));
        }
    }
}

/* The context's outputs, wherever they lie, are bit for bit the evaluator's. */
static inline void fixture_compare(fixture *f, solder_context *context, const char *const *names)
{
    for (size_t i = 0; i < f->graph->output_count; i++) {
        const char *name = names != NULL ? names[i] : f->graph->outputs[i]->name;
        const sld_tensor *expected = &f->outputs[i];
        void *data;
        solder_dims dims;
        if (solder_context_tensor(context, name, &data, &dims) != SOLDER_OK) {
            fail_msg("%s", solder_context_message(context));
        }
        assert_int_equal(dims.rank, expected->rank);
        for (int j = 0; j < dims.rank; j++) {
            assert_int_equal(dims.d[j], expected->dim[j]);
        }
        assert_memory_equal(data, expected->data, fixture_bytes(expected));
    }
}

static inline solder_runtime *fixture_runtime(int threads, const char *cpu)
{
    solder_runtime_options options = solder_runtime_options_default();
    options.threads = threads;
    options.cpu = cpu;
    solder_runtime *runtime;
    assert_int_equal(solder_runtime_create(&options, &runtime), SOLDER_OK);
    return runtime;
}

static inline solder_engine *fixture_engine(fixture *f, solder_runtime *runtime)
{
    solder_engine *engine;
    if (solder_engine_load(runtime, f->plan.data, f->plan.size, &engine) != SOLDER_OK) {
        fail_msg("%s", solder_runtime_message(runtime));
    }
    return engine;
}

static inline void fixture_run(solder_context *context)
{
    if (solder_context_run(context) != SOLDER_OK) {
        fail_msg("%s", solder_context_message(context));
    }
}

/* Write, load, run at each symbol value, compare. */
static inline void fixture_round_trip(fixture *f, const int64_t *symbols, size_t count,
                                      const char *const *names)
{
    fixture_write(f, NULL, NULL);
    solder_runtime *runtime = fixture_runtime(1, NULL);
    solder_engine *engine = fixture_engine(f, runtime);
    solder_context *context;
    if (solder_context_create(runtime, engine, &context) != SOLDER_OK) {
        fail_msg("%s", solder_runtime_message(runtime));
    }
    for (size_t i = 0; i < count; i++) {
        fixture_evaluate(f, symbols[i]);
        fixture_set_inputs(f, context);
        fixture_run(context);
        fixture_compare(f, context, names);
    }
    solder_context_destroy(context);
    solder_engine_destroy(engine);
    solder_runtime_destroy(runtime);
}

#endif
