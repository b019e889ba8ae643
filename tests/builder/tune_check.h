/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan built for any x86-64, tuned: its kernels, weights and results are those of a plan built
 * for this machine, to the bit; tuning it once more changes nothing.
 */
#ifndef TESTS_BUILDER_TUNE_CHECK_H
#define TESTS_BUILDER_TUNE_CHECK_H

#include "check.h"
#include "solder/builder.h"
#include "solder/plugin.h"
#include "solder/runtime.h"

/* Of the networks under test; ended by NULL. */
static const solder_plugin *const *tune_plugins;

typedef struct bytes {
    void *data;
    size_t size;
} bytes;

static inline void ok(solder_builder *b, solder_status status)
{
    if (status != SOLDER_OK) {
        fail_msg("%s", solder_builder_message(b));
    }
}

static inline solder_builder *new_builder(void)
{
    solder_builder *b;
    assert_int_equal(solder_builder_create(NULL, &b), SOLDER_OK);
    return b;
}

static inline bytes build(solder_builder *b, solder_network *n, const solder_config *base,
                          const char *target)
{
    bytes plan = {0};
    solder_config config = *base;
    config.target = target;
    ok(b, solder_build_to_memory(b, n, &config, &plan.data, &plan.size));
    return plan;
}

static inline bytes tune(solder_builder *b, bytes from, const solder_config *config)
{
    bytes plan = {0};
    ok(b, solder_tune_to_memory(b, from.data, from.size, config, &plan.data, &plan.size));
    return plan;
}

/* ---- a loaded plan ---- */

typedef struct loaded {
    solder_runtime *runtime;
    solder_engine *engine;
    solder_context *context;
} loaded;

static inline loaded load(bytes plan, const char *cpu)
{
    loaded l;
    solder_runtime_options settings = solder_runtime_options_default();
    settings.threads = 1;
    settings.cpu = cpu;
    assert_int_equal(solder_runtime_create(&settings, &l.runtime), SOLDER_OK);
    for (const solder_plugin *const *p = tune_plugins; p != NULL && *p != NULL; p++) {
        assert_int_equal(solder_runtime_add_plugin(l.runtime, *p), SOLDER_OK);
    }
    if (solder_engine_load(l.runtime, plan.data, plan.size, &l.engine) != SOLDER_OK ||
        solder_context_create(l.runtime, l.engine, &l.context) != SOLDER_OK) {
        fail_msg("%s", solder_runtime_message(l.runtime));
    }
    return l;
}

static inline void unload(loaded *l)
{
    solder_context_destroy(l->context);
    solder_engine_destroy(l->engine);
    solder_runtime_destroy(l->runtime);
}

static inline size_t bytes_of(const solder_io *io, const solder_dims *dims)
{
    size_t count = 1;
    for (int i = 0; i < dims->rank; i++) {
        count *= (size_t)dims->d[i];
    }
    return count * solder_dtype_size(io->dtype);
}

/* Small whole numbers, or numbers in [-1, 1). */
static inline void fill(const solder_io *io, void *data, size_t size)
{
    uint64_t state = 7;
    for (size_t i = 0; i < size / solder_dtype_size(io->dtype); i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        if (io->dtype == SOLDER_F32) {
            ((float *)data)[i] = (float)(state >> 40) / (1 << 23) - 1.0f;
        } else if (io->dtype == SOLDER_I64) {
            ((int64_t *)data)[i] = (int64_t)(state >> 62);
        } else {
            memset((char *)data + i * solder_dtype_size(io->dtype), (int)(state >> 63),
                   solder_dtype_size(io->dtype));
        }
    }
}

static inline solder_status run(const loaded *l)
{
    solder_io io;
    for (size_t i = 0; solder_engine_io(l->engine, i, &io) == SOLDER_OK && io.is_input; i++) {
        void *data = NULL;
        assert_int_equal(solder_context_set_dims(l->context, io.name, &io.opt), SOLDER_OK);
        assert_int_equal(solder_context_tensor(l->context, io.name, &data, NULL), SOLDER_OK);
        fill(&io, data, bytes_of(&io, &io.opt));
    }
    return solder_context_run(l->context);
}

/* The same outputs, to the bit. */
static inline void same_outputs(const loaded *a, const loaded *b)
{
    solder_io io;
    solder_status status = run(a);
    assert_int_equal(run(b), status);
    for (size_t i = 0; status == SOLDER_OK && solder_engine_io(a->engine, i, &io) == SOLDER_OK;
         i++) {
        void *x = NULL;
        void *y = NULL;
        solder_dims dx = {0};
        solder_dims dy = {0};
        if (!io.is_input) {
            assert_int_equal(solder_context_tensor(a->context, io.name, &x, &dx), SOLDER_OK);
            assert_int_equal(solder_context_tensor(b->context, io.name, &y, &dy), SOLDER_OK);
            assert_memory_equal(&dx, &dy, sizeof dx);
            assert_memory_equal(x, y, bytes_of(&io, &dx));
        }
    }
}

static inline void same_steps(const loaded *a, const loaded *b)
{
    solder_memory x;
    solder_memory y;
    assert_int_equal(solder_engine_step_count(a->engine), solder_engine_step_count(b->engine));
    for (size_t i = 0; i < solder_engine_step_count(a->engine); i++) {
        solder_step s;
        solder_step t;
        assert_int_equal(solder_engine_step(a->engine, i, &s), SOLDER_OK);
        assert_int_equal(solder_engine_step(b->engine, i, &t), SOLDER_OK);
        assert_string_equal(s.name, t.name);
        assert_string_equal(s.planned_kernel, t.planned_kernel);
        assert_string_equal(t.kernel, t.planned_kernel);
    }
    solder_engine_memory(a->engine, &x);
    solder_engine_memory(b->engine, &y);
    assert_int_equal(x.weights, y.weights);
    assert_int_equal(x.activations, y.activations);
    assert_int_equal(x.workspace, y.workspace);
    assert_int_equal(y.repacked, 0);
}

/* ---- the check ---- */

static inline void check_config(solder_builder *b, solder_network *n, const solder_config *config)
{
    bytes any = build(b, n, config, "x86-64");
    bytes here = build(b, n, config, NULL);
    bytes tuned = tune(b, any, config);
    bytes again = tune(b, tuned, config);
    bytes twice = tune(b, any, config);
    loaded fresh = load(here, NULL);
    loaded after = load(tuned, NULL);
    same_steps(&fresh, &after);
    same_outputs(&fresh, &after);
    assert_int_equal(again.size, tuned.size);
    assert_memory_equal(again.data, tuned.data, tuned.size);
    assert_int_equal(twice.size, tuned.size);
    assert_memory_equal(twice.data, tuned.data, tuned.size);
    unload(&fresh);
    unload(&after);
    bytes back = {0}; /* and for any machine once more: what was built for it */
    solder_config portable = *config;
    portable.target = "x86-64";
    back = tune(b, tuned, &portable);
    loaded first = load(any, "x86-64");
    loaded last = load(back, "x86-64");
    same_steps(&first, &last);
    same_outputs(&first, &last);
    unload(&first);
    unload(&last);
    const bytes all[] = {any, here, tuned, again, twice, back};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        solder_plan_free(b, all[i].data, all[i].size);
    }
}

#endif
