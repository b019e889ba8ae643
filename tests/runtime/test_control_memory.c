/* SPDX-License-Identifier: Apache-2.0 */
/* Plans with bodies: every allocation may fail, runs repeat without any, threads agree. */
#include <pthread.h>
#include <stdatomic.h>

#include "control_networks.h"
#include "net_fixture.h"
#include "passes/pass.h"

/* ---- an allocator that counts and can fail ---- */

typedef struct counting {
    atomic_size_t calls, live;
    size_t fail_at; /* the call that fails, from 1; 0: none */
    bool for_good;  /* those after it fail too */
} counting;

static void *counting_alloc(void *user, size_t size, size_t align)
{
    counting *c = user;
    if (c->fail_at != 0 && size == 64 * 1024) { /* so that arenas come here for every piece */
        return NULL;
    }
    size_t call = atomic_fetch_add(&c->calls, 1) + 1;
    if (c->fail_at != 0 && (c->for_good ? call >= c->fail_at : call == c->fail_at)) {
        return NULL;
    }
    void *pointer = sld_libc_allocator.alloc(NULL, size, align);
    if (pointer != NULL) {
        (void)atomic_fetch_add(&c->live, size);
        memset(pointer, 0xa5, size); /* nobody may count on zeros */
    }
    return pointer;
}

static void counting_release(void *user, void *pointer, size_t size)
{
    if (pointer != NULL) {
        (void)atomic_fetch_sub(&((counting *)user)->live, size);
    }
    sld_libc_allocator.release(NULL, pointer, size);
}

static solder_allocator allocator_of(counting *c)
{
    return (solder_allocator){c, counting_alloc, counting_release};
}

static solder_status create_runtime(counting *c, solder_runtime **runtime)
{
    solder_runtime_options options = solder_runtime_options_default();
    options.allocator = allocator_of(c);
    options.threads = 1;
    return solder_runtime_create(&options, runtime);
}

/* ---- networks and what they are given ---- */

typedef struct sample {
    const char *text;
    sld_tensor inputs[3];
} sample;

static int64_t trip = 40, first = -1, step_by = 3, twice = 2;
static uint8_t yes = 1;
static float pair[] = {0.5f, 0.25f}, factor = 0.7f, sides[] = {2, 3};
static float rows[8] = {1, -2, 3, 4, 5, 6, 7, 8};
static float image[3 * 20 * 17];

#define SAMPLE_TENSOR(type, values, rank_, ...)                                                    \
    {                                                                                              \
        .data = (values), .dtype = (type), .rank = (rank_), .dim = { __VA_ARGS__ }                 \
    }

static const sample samples[] = {
    {control_growing,
     {SAMPLE_TENSOR(SOLDER_I64, &trip, 0, 0), SAMPLE_TENSOR(SOLDER_I64, &first, 1, 1),
      SAMPLE_TENSOR(SOLDER_I64, &step_by, 1, 1)}},
    {control_doubling, {SAMPLE_TENSOR(SOLDER_F32, pair, 1, 2)}},
    {control_scanning, {SAMPLE_TENSOR(SOLDER_F32, rows, 2, 4, 2)}},
    {control_nested,
     {SAMPLE_TENSOR(SOLDER_BOOL, &yes, 0, 0), SAMPLE_TENSOR(SOLDER_F32, rows, 1, 3),
      SAMPLE_TENSOR(SOLDER_I64, &twice, 0, 0)}},
    {control_pyramid,
     {SAMPLE_TENSOR(SOLDER_F32, image, 4, 1, 3, 20, 17), SAMPLE_TENSOR(SOLDER_F32, &factor, 0, 0)}},
    {control_open_dims,
     {SAMPLE_TENSOR(SOLDER_F32, rows, 1, 6), SAMPLE_TENSOR(SOLDER_F32, sides, 1, 2)}},
};

static void fill_image(void)
{
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(image); i++) {
        image[i] = (float)(i * 37 % 101) / 50.0f - 1.0f;
    }
}

/* The fixture with the plan after the passes, the inputs and the evaluator's outputs. */
static void start(fixture *f, const sample *s)
{
    fill_image();
    fixture_read(f, s->text);
    for (size_t i = 0; i < f->graph->input_count; i++) {
        f->inputs[i] = s->inputs[i];
        sld_tensor_set_strides(&f->inputs[i]);
    }
    if (sld_graph_evaluate(f->graph, &f->diag, NULL, f->inputs, &f->arena, f->outputs, NULL,
                           NULL) != SOLDER_OK) {
        fail_msg("%s", f->diag.message);
    }
    const sld_pass_options options = {.alignment = SLD_CACHE_LINE};
    if (sld_passes_run(f->graph, &options) != SOLDER_OK) {
        fail_msg("%s", f->diag.message);
    }
    fixture_write(f, NULL, NULL);
}

/* ---- every allocation fails in turn ---- */

static solder_status build(counting *c, const char *text)
{
    const solder_allocator allocator = allocator_of(c);
    sld_diag diag;
    sld_diag_init(&diag, NULL);
    sld_graph *graph = NULL;
    sld_plan_buffer plan = {.allocator = &allocator, .diag = &diag};
    const sld_plan_sink sink = sld_plan_memory_sink(&plan);
    const sld_pass_options options = {.alignment = SLD_CACHE_LINE};
    solder_status status = sld_graph_read(&allocator, &diag, text, strlen(text), &graph);
    if (status == SOLDER_OK) {
        status = sld_passes_run(graph, &options);
    }
    if (status == SOLDER_OK) {
        status = sld_plan_write(graph, NULL, NULL, &diag, &sink);
    }
    if (status != SOLDER_OK && strstr(diag.message, "out of memory") == NULL) {
        fail_msg("allocation %zu: %s: '%s'", c->fail_at, solder_status_name(status), diag.message);
    }
    sld_release(&allocator, plan.data, plan.capacity);
    sld_graph_destroy(graph);
    return status;
}

/* A run that fails leaves a context that runs as soon as there is memory again. */
static solder_status run_and_again(fixture *f, counting *c, solder_context *context)
{
    fixture_set_inputs(f, context);
    solder_status status = solder_context_run(context);
    if (status != SOLDER_OK) {
        assert_non_null(strstr(solder_context_message(context), "out of memory"));
        c->fail_at = 0;
        fixture_run(context);
    }
    fixture_compare(f, context, NULL);
    return status;
}

static solder_status load_and_run(fixture *f, counting *c)
{
    solder_runtime *runtime = NULL;
    solder_engine *engine = NULL;
    solder_context *context = NULL;
    solder_status status = create_runtime(c, &runtime);
    if (status != SOLDER_OK) {
        return status;
    }
    status = solder_engine_load(runtime, f->plan.data, f->plan.size, &engine);
    if (status == SOLDER_OK) {
        status = solder_context_create(runtime, engine, &context);
    }
    if (status == SOLDER_OK) {
        status = run_and_again(f, c, context);
    } else {
        assert_non_null(strstr(solder_runtime_message(runtime), "out of memory"));
    }
    solder_context_destroy(context);
    solder_engine_destroy(engine);
    solder_runtime_destroy(runtime);
    return status;
}

static void sweep(fixture *f, const char *text, bool for_good)
{
    for (int part = 0; part < 2; part++) {
        size_t failed = 0;
        for (size_t n = 1;; n++) {
            counting c = {.fail_at = n, .for_good = for_good};
            solder_status status = part == 0 ? build(&c, text) : load_and_run(f, &c);
            if (atomic_load(&c.live) != 0) {
                fail_msg("failing allocation %zu left %zu bytes", n, atomic_load(&c.live));
            }
            failed += status != SOLDER_OK;
            assert_true(status == SOLDER_OK || status == SOLDER_ERROR_MEMORY);
            if (status == SOLDER_OK && n > atomic_load(&c.calls)) {
                break;
            }
            assert_true(!for_good || status != SOLDER_OK);
        }
        assert_true(failed > 5);
    }
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(samples); i++) {
        fixture f;
        start(&f, &samples[i]);
        sweep(&f, samples[i].text, true);
        sweep(&f, samples[i].text, false);
        fixture_free(&f);
    }
}

/* ---- runs ---- */

static void equal_runs_allocate_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(samples); i++) {
        fixture f;
        start(&f, &samples[i]);
        counting c = {0};
        solder_runtime *runtime;
        solder_context *context;
        assert_int_equal(create_runtime(&c, &runtime), SOLDER_OK);
        solder_engine *engine = fixture_engine(&f, runtime);
        assert_int_equal(solder_context_create(runtime, engine, &context), SOLDER_OK);
        fixture_set_inputs(&f, context);
        fixture_run(context);
        size_t before = atomic_load(&c.calls);
        size_t live = atomic_load(&c.live);
        for (int again = 0; again < 3; again++) {
            fixture_set_inputs(&f, context);
            fixture_run(context);
            fixture_compare(&f, context, NULL);
        }
        assert_int_equal(atomic_load(&c.calls), before);
        assert_int_equal(atomic_load(&c.live), live);
        solder_context_destroy(context);
        solder_engine_destroy(engine);
        solder_runtime_destroy(runtime);
        assert_int_equal(atomic_load(&c.live), 0);
        fixture_free(&f);
    }
}

enum { THREADS = 4, ROUNDS = 10 };

typedef struct worker {
    fixture *f;
    solder_context *context;
    int wrong;
} worker;

static bool same_outputs(fixture *f, solder_context *context)
{
    for (size_t i = 0; i < f->graph->output_count; i++) {
        void *data;
        solder_dims dims;
        if (solder_context_tensor(context, f->graph->outputs[i]->name, &data, &dims) != SOLDER_OK ||
            memcmp(dims.d, f->outputs[i].dim, (size_t)dims.rank * sizeof *dims.d) != 0 ||
            memcmp(data, f->outputs[i].data, fixture_bytes(&f->outputs[i])) != 0) {
            return false;
        }
    }
    return true;
}

static void *run_rounds(void *user)
{
    worker *w = user;
    for (int i = 0; i < ROUNDS; i++) {
        w->wrong += solder_context_run(w->context) != SOLDER_OK || !same_outputs(w->f, w->context);
    }
    return NULL;
}

static void threads_agree(void **state)
{
    (void)state;
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(samples); i++) {
        fixture f;
        start(&f, &samples[i]);
        solder_runtime *runtime = fixture_runtime(2, NULL);
        solder_engine *engine = fixture_engine(&f, runtime);
        worker workers[THREADS];
        pthread_t threads[THREADS];
        for (int t = 0; t < THREADS; t++) {
            workers[t] = (worker){.f = &f};
            assert_int_equal(solder_context_create(runtime, engine, &workers[t].context),
                             SOLDER_OK);
            fixture_set_inputs(&f, workers[t].context);
        }
        for (int t = 0; t < THREADS; t++) {
            assert_int_equal(pthread_create(&threads[t], NULL, run_rounds, &workers[t]), 0);
        }
        for (int t = 0; t < THREADS; t++) {
            assert_int_equal(pthread_join(threads[t], NULL), 0);
            assert_int_equal(workers[t].wrong, 0);
            solder_context_destroy(workers[t].context);
        }
        solder_engine_destroy(engine);
        solder_runtime_destroy(runtime);
        fixture_free(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(equal_runs_allocate_nothing),
        cmocka_unit_test(threads_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
