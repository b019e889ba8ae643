/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin with everything: built, planned, loaded, run; threads; what a missing one says. */
#include <pthread.h>
#include <stdio.h>

#include "plugin/sample_plugins.h"

static const solder_plugin keep = KEEP_PLUGIN;

enum { ITEMS = 2, CHANNELS = 3, WIDTH = 4, COUNT = ITEMS * CHANNELS * WIDTH };

typedef struct fixture {
    solder_builder *builder;
    solder_network *network;
    void *plan;
    size_t size;
    solder_runtime *runtime;
} fixture;

static void ok_builder(const fixture *f, solder_status status)
{
    if (status != SOLDER_OK) {
        fail_msg("%s", solder_builder_message(f->builder));
    }
}

static void ok_runtime(const fixture *f, solder_status status)
{
    if (status != SOLDER_OK) {
        fail_msg("%s", solder_runtime_message(f->runtime));
    }
}

static void build(fixture *f, int effort)
{
    const solder_profile profile = {
        NULL, {3, {1, CHANNELS, WIDTH}}, {3, {2, CHANNELS, WIDTH}}, {3, {4, CHANNELS, WIDTH}}};
    solder_config config = solder_config_default();
    config.effort = effort;
    config.threads = 2;
    config.profiles = &profile;
    config.profile_count = 1;
    *f = (fixture){0};
    assert_int_equal(solder_builder_create(NULL, &f->builder), SOLDER_OK);
    ok_builder(f, solder_builder_add_plugin(f->builder, &affine));
    ok_builder(f, solder_register_plugin(f->builder, &keep));
    ok_builder(f, sample_network(f->builder, &f->network));
    ok_builder(f, solder_build_to_memory(f->builder, f->network, &config, &f->plan, &f->size));
}

static void start(fixture *f, bool with_plugins)
{
    solder_runtime_options options = solder_runtime_options_default();
    options.threads = 2;
    assert_int_equal(solder_runtime_create(&options, &f->runtime), SOLDER_OK);
    if (with_plugins) {
        ok_runtime(f, solder_runtime_add_plugin(f->runtime, &affine));
        ok_runtime(f, solder_register_plugin(f->runtime, &keep));
    }
}

static void finish(fixture *f)
{
    solder_plan_free(f->builder, f->plan, f->size);
    solder_builder_destroy(f->builder);
    solder_runtime_destroy(f->runtime);
}

static void make_input(float *x, unsigned seed)
{
    for (int i = 0; i < COUNT; i++) {
        x[i] = (float)((i * 37 + (int)seed * 11) % 19) - 9.0f;
    }
}

/* Runs one context and checks y and what Keep kept. */
static int run_once(solder_context *c, unsigned seed)
{
    float x[COUNT];
    float y[COUNT];
    solder_dims dims = {3, {ITEMS, CHANNELS, WIDTH}};
    make_input(x, seed);
    if (solder_context_set_dims(c, "x", &dims) != SOLDER_OK ||
        solder_context_bind(c, "x", x, sizeof x) != SOLDER_OK ||
        solder_context_bind(c, "y", y, sizeof y) != SOLDER_OK ||
        solder_context_run(c) != SOLDER_OK) {
        print_error("%s\n", solder_context_message(c));
        return 1;
    }
    void *kept;
    void *where;
    solder_dims count;
    int64_t n = 0;
    if (solder_context_tensor(c, "kept", &kept, &count) != SOLDER_OK ||
        solder_context_tensor(c, "where", &where, NULL) != SOLDER_OK) {
        return 1;
    }
    for (int i = 0; i < COUNT; i++) {
        float want = sample_result(x[i], i / WIDTH % CHANNELS);
        if (y[i] != want) {
            return 1;
        }
        if (want > 0) {
            if (((float *)kept)[n] != want || ((int64_t *)where)[n] != i) {
                return 1;
            }
            n++;
        }
    }
    return count.rank == 1 && count.d[0] == n ? 0 : 1;
}

static void runs(void **unused)
{
    (void)unused;
    for (int effort = 0; effort < 3; effort++) {
        fixture f;
        solder_engine *engine;
        solder_context *context;
        build(&f, effort);
        start(&f, true);
        ok_runtime(&f, solder_engine_load(f.runtime, f.plan, f.size, &engine));
        assert_int_equal(affine_open_states, 1);
        ok_runtime(&f, solder_context_create(f.runtime, engine, &context));
        for (unsigned seed = 0; seed < 5; seed++) {
            assert_int_equal(run_once(context, seed), 0);
        }
        solder_context_destroy(context);
        solder_engine_destroy(engine);
        assert_int_equal(affine_open_states, 0);
        finish(&f);
    }
}

static void same_plan_twice(void **unused)
{
    (void)unused;
    fixture a;
    fixture b;
    build(&a, 0);
    build(&b, 0);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.plan, b.plan, a.size);
    finish(&a);
    finish(&b);
}

static solder_status visit(void *user, const solder_tensor *value, const char *node, bool is_output)
{
    (void)node;
    (void)is_output;
    if (strcmp(value->name, "y") == 0) {
        memcpy(user, value->data, COUNT * sizeof(float));
    }
    return SOLDER_OK;
}

/* solder_evaluate calls the same run: compare stands on it. */
static void evaluates(void **unused)
{
    (void)unused;
    fixture f;
    float x[COUNT];
    float y[COUNT] = {0};
    build(&f, 0);
    make_input(x, 1);
    solder_tensor input = {"x", SOLDER_F32, {3, {ITEMS, CHANNELS, WIDTH}}, x};
    ok_builder(&f, solder_evaluate(f.builder, f.network, &input, 1, visit, y));
    for (int i = 0; i < COUNT; i++) {
        assert_true(y[i] == sample_result(x[i], i / WIDTH % CHANNELS));
    }
    assert_int_equal(affine_open_states, 0);
    finish(&f);
}

static void describes_itself(void **unused)
{
    (void)unused;
    fixture f;
    char *text;
    build(&f, 0);
    ok_builder(&f, solder_network_describe(f.network, SOLDER_FORM_TEXT, &text, NULL));
    const char *line = strstr(text, "%y = ");
    assert_non_null(line);
    const char *want =
        "%y = Plugin \"test::Affine 2\"(%x, %w) {shift=0.25, mode=doubled, list=[7,8], "
        "label=\"a \\\"b\\\"\", sub.big=1099511627776} as affine";
    if (strncmp(line, want, strlen(want)) != 0) {
        fail_msg("%s", line);
    }
    solder_text_free(text);
    ok_builder(&f, solder_network_describe(f.network, SOLDER_FORM_JSON, &text, NULL));
    assert_non_null(strstr(text, "\"plugin\": \"test::Affine 2\""));
    assert_non_null(strstr(text, "\"label\": \"a \\\"b\\\"\""));
    solder_text_free(text);
    finish(&f);
}

static void names_what_is_missing(void **unused)
{
    (void)unused;
    fixture f;
    solder_engine *engine;
    build(&f, 0);
    start(&f, false);
    assert_int_equal(solder_engine_load(f.runtime, f.plan, f.size, &engine),
                     SOLDER_ERROR_NOT_FOUND);
    assert_string_equal(solder_runtime_message(f.runtime),
                        "plan 'memory' needs the plugin 'test::Affine' version 2, which is not "
                        "registered; load it with --plugin or solder_load_plugin; further: "
                        "'test::Keep 1'");
    solder_plugin older = affine;
    older.version = 1;
    ok_runtime(&f, solder_runtime_add_plugin(f.runtime, &keep));
    ok_runtime(&f, solder_runtime_add_plugin(f.runtime, &older));
    assert_int_equal(solder_engine_load(f.runtime, f.plan, f.size, &engine),
                     SOLDER_ERROR_NOT_FOUND);
    assert_string_equal(solder_runtime_message(f.runtime),
                        "plan 'memory' needs the plugin 'test::Affine' version 2, which is not "
                        "registered (version 1 is); load it with --plugin or solder_load_plugin");
    finish(&f);
}

/* ---- tactics ---- */

/* The plan's tactic 1 is not there on the machine that runs it. */
static bool supports_first(const solder_plugin_call *c)
{
    return c->tactic == 0;
}

static bool supports_second(const solder_plugin_call *c)
{
    return c->tactic == 1;
}

static bool supports_none(const solder_plugin_call *c)
{
    (void)c;
    return false;
}

static void falls_back_to_the_first_tactic(void **unused)
{
    (void)unused;
    fixture f;
    solder_engine *engine;
    solder_context *context;
    solder_plugin second = affine;
    solder_plugin first = affine;
    solder_plugin none = affine;
    second.supports = supports_second; /* so that the plan has tactic 1 */
    first.supports = supports_first;
    none.supports = supports_none;
    f = (fixture){0};
    assert_int_equal(solder_builder_create(NULL, &f.builder), SOLDER_OK);
    ok_builder(&f, solder_builder_add_plugin(f.builder, &second));
    ok_builder(&f, solder_builder_add_plugin(f.builder, &keep));
    ok_builder(&f, sample_network(f.builder, &f.network));
    solder_config config = solder_config_default();
    const solder_profile profile = {NULL, {3, {1, 3, 4}}, {3, {2, 3, 4}}, {3, {4, 3, 4}}};
    config.profiles = &profile;
    config.profile_count = 1;
    ok_builder(&f, solder_build_to_memory(f.builder, f.network, &config, &f.plan, &f.size));
    start(&f, false);
    ok_runtime(&f, solder_runtime_add_plugin(f.runtime, &first));
    ok_runtime(&f, solder_runtime_add_plugin(f.runtime, &keep));
    ok_runtime(&f, solder_engine_load(f.runtime, f.plan, f.size, &engine));
    solder_step step;
    assert_int_equal(solder_engine_step(engine, 0, &step), SOLDER_OK);
    assert_string_equal(step.op, "test::Affine");
    assert_string_equal(step.kernel, "plugin:0");
    assert_string_equal(step.planned_kernel, "plugin:1");
    assert_string_equal(solder_engine_plugin(engine, 0), "test::Affine 2");
    assert_string_equal(solder_engine_plugin(engine, 1), "test::Keep 1");
    assert_null(solder_engine_plugin(engine, 2));
    ok_runtime(&f, solder_context_create(f.runtime, engine, &context));
    assert_int_equal(run_once(context, 3), 0);
    solder_context_destroy(context);
    solder_engine_destroy(engine);
    solder_runtime_destroy(f.runtime);
    start(&f, false);
    ok_runtime(&f, solder_runtime_add_plugin(f.runtime, &none));
    ok_runtime(&f, solder_runtime_add_plugin(f.runtime, &keep));
    assert_int_equal(solder_engine_load(f.runtime, f.plan, f.size, &engine),
                     SOLDER_ERROR_UNSUPPORTED);
    assert_non_null(strstr(solder_runtime_message(f.runtime), "'test::Affine 2' does not run"));
    finish(&f);
}

/* ---- data-dependent sizes, one upon another ---- */

static solder_status halve_infer(const solder_plugin_infer *i)
{
    i->outputs[0].shape = i->inputs[0].shape;
    i->outputs[0].shape.d[0] = solder_expr_make(i, SOLDER_EXPR_CEIL_DIV, i->inputs[0].shape.d[0],
                                                solder_expr_constant(i, 2));
    return SOLDER_OK;
}

/* Every second element. */
static solder_status halve_run(const solder_plugin_call *c)
{
    for (int64_t i = 0; i < c->outputs[0].dim[0]; i++) {
        ((float *)c->outputs[0].data)[i] = ((const float *)c->inputs[0].data)[2 * i];
    }
    return SOLDER_OK;
}

static const solder_plugin halve = {.abi_version = SOLDER_PLUGIN_ABI,
                                    .struct_size = sizeof(solder_plugin),
                                    .name = "Halve",
                                    .infer = halve_infer,
                                    .run = halve_run};

/* x [8] -> Keep -> Halve -> Keep */
static void sizes_follow_sizes(void **unused)
{
    (void)unused;
    fixture f = {0};
    solder_engine *engine;
    solder_context *context;
    solder_value *x;
    solder_value *kept;
    solder_value *half;
    solder_value *again;
    assert_int_equal(solder_builder_create(NULL, &f.builder), SOLDER_OK);
    ok_builder(&f, solder_builder_add_plugin(f.builder, &keep));
    ok_builder(&f, solder_builder_add_plugin(f.builder, &halve));
    solder_network *n;
    ok_builder(&f, solder_network_create(f.builder, "chain", &n));
    ok_builder(&f, solder_network_add_input(n, "x", SOLDER_F32, &(solder_dims){1, {8}}, &x));
    ok_builder(&f, solder_network_add_plugin(n, "Keep", "k1", &x, 1, NULL, 0, 1, &kept));
    ok_builder(&f, solder_network_add_plugin(n, "Halve", "h", &kept, 1, NULL, 0, 1, &half));
    ok_builder(&f, solder_network_add_plugin(n, "Keep", "k2", &half, 1, NULL, 0, 1, &again));
    ok_builder(&f, solder_network_mark_output(n, half, "half"));
    ok_builder(&f, solder_network_mark_output(n, again, "y"));
    ok_builder(&f, solder_build_to_memory(f.builder, n, NULL, &f.plan, &f.size));
    start(&f, false);
    ok_runtime(&f, solder_runtime_add_plugin(f.runtime, &keep));
    ok_runtime(&f, solder_runtime_add_plugin(f.runtime, &halve));
    ok_runtime(&f, solder_engine_load(f.runtime, f.plan, f.size, &engine));
    ok_runtime(&f, solder_context_create(f.runtime, engine, &context));
    for (int positive = 0; positive <= 8; positive++) {
        float data[8];
        void *y;
        solder_dims dims;
        for (int i = 0; i < 8; i++) {
            data[i] = i < positive ? (float)(i + 1) : -1;
        }
        assert_int_equal(solder_context_bind(context, "x", data, sizeof data), SOLDER_OK);
        if (solder_context_run(context) != SOLDER_OK) {
            fail_msg("%s", solder_context_message(context));
        }
        assert_int_equal(solder_context_tensor(context, "y", &y, &dims), SOLDER_OK);
        assert_int_equal(dims.d[0], (positive + 1) / 2);
        for (int i = 0; i < dims.d[0]; i++) {
            assert_true(((const float *)y)[i] == (float)(2 * i + 1));
        }
    }
    solder_context_destroy(context);
    solder_engine_destroy(engine);
    finish(&f);
}

/* ---- threads ---- */

typedef struct worker {
    solder_context *context;
    int wrong;
} worker;

static void *work(void *user)
{
    worker *w = user;
    for (unsigned i = 0; i < 50; i++) {
        w->wrong += run_once(w->context, i);
    }
    return NULL;
}

static void serves_many_threads(void **unused)
{
    (void)unused;
    enum { WORKERS = 4 };
    fixture f;
    solder_engine *engine;
    worker workers[WORKERS] = {{0}};
    pthread_t threads[WORKERS];
    build(&f, 0);
    start(&f, true);
    ok_runtime(&f, solder_engine_load(f.runtime, f.plan, f.size, &engine));
    for (int i = 0; i < WORKERS; i++) {
        ok_runtime(&f, solder_context_create(f.runtime, engine, &workers[i].context));
    }
    for (int i = 0; i < WORKERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < WORKERS; i++) {
        (void)pthread_join(threads[i], NULL);
        assert_int_equal(workers[i].wrong, 0);
        solder_context_destroy(workers[i].context);
    }
    solder_engine_destroy(engine);
    finish(&f);
}

/* ---- out of memory ---- */

typedef struct failing {
    long calls, fail_at, live;
} failing;

static void *failing_alloc(void *user, size_t size, size_t align)
{
    failing *f = user;
    if (size == (size_t)64 * 1024) { /* so that every allocation from an arena comes here */
        return NULL;
    }
    if (f->calls++ == f->fail_at) {
        return NULL;
    }
    void *pointer = aligned_alloc(align, (size + align - 1) / align * align);
    f->live += pointer != NULL;
    return pointer;
}

static void failing_release(void *user, void *pointer, size_t size)
{
    failing *f = user;
    (void)size;
    f->live -= pointer != NULL;
    free(pointer);
}

static solder_status build_with(failing *f, void *plan, size_t room, size_t *size)
{
    solder_builder_options options = {.struct_size = sizeof options,
                                      .allocator = {f, failing_alloc, failing_release}};
    solder_builder *builder;
    solder_network *network;
    void *bytes;
    solder_config config = solder_config_default();
    config.effort = 0;
    config.threads = 1;
    solder_status status = solder_builder_create(&options, &builder);
    if (status != SOLDER_OK) {
        return status;
    }
    status = solder_builder_add_plugin(builder, &affine);
    status = status ? status : solder_builder_add_plugin(builder, &keep);
    status = status ? status : sample_network(builder, &network);
    status = status ? status : solder_build_to_memory(builder, network, &config, &bytes, size);
    if (status == SOLDER_OK) {
        assert_true(*size <= room);
        memcpy(plan, bytes, *size);
        solder_plan_free(builder, bytes, *size);
    } else if (status != SOLDER_ERROR_MEMORY) {
        print_error("%ld: %s\n", f->fail_at, solder_builder_message(builder));
    }
    solder_builder_destroy(builder);
    return status;
}

static solder_status load_with(failing *f, const void *plan, size_t size)
{
    solder_runtime_options options = solder_runtime_options_default();
    solder_runtime *runtime;
    solder_engine *engine = NULL;
    options.allocator = (solder_allocator){f, failing_alloc, failing_release};
    options.threads = 1;
    solder_status status = solder_runtime_create(&options, &runtime);
    if (status != SOLDER_OK) {
        return status;
    }
    status = solder_runtime_add_plugin(runtime, &affine);
    status = status ? status : solder_runtime_add_plugin(runtime, &keep);
    status = status ? status : solder_engine_load(runtime, plan, size, &engine);
    solder_engine_destroy(engine);
    solder_runtime_destroy(runtime);
    return status;
}

static void survives_lack_of_memory(void **unused)
{
    (void)unused;
    static unsigned char plan[1 << 16];
    size_t size = 0;
    failing count = {.fail_at = -1};
    assert_int_equal(build_with(&count, plan, sizeof plan, &size), SOLDER_OK);
    assert_int_equal(count.live, 0);
    for (long i = 0; i < count.calls; i++) {
        size_t ignored;
        failing f = {.fail_at = i};
        assert_int_equal(build_with(&f, plan, sizeof plan, &ignored), SOLDER_ERROR_MEMORY);
        assert_int_equal(f.live, 0);
        assert_int_equal(affine_open_states, 0);
    }
    count = (failing){.fail_at = -1};
    assert_int_equal(load_with(&count, plan, size), SOLDER_OK);
    for (long i = 0; i < count.calls; i++) {
        failing f = {.fail_at = i};
        assert_int_equal(load_with(&f, plan, size), SOLDER_ERROR_MEMORY);
        assert_int_equal(f.live, 0);
        assert_int_equal(affine_open_states, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs),
        cmocka_unit_test(same_plan_twice),
        cmocka_unit_test(evaluates),
        cmocka_unit_test(describes_itself),
        cmocka_unit_test(names_what_is_missing),
        cmocka_unit_test(falls_back_to_the_first_tactic),
        cmocka_unit_test(sizes_follow_sizes),
        cmocka_unit_test(serves_many_threads),
        cmocka_unit_test(survives_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
