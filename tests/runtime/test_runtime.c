/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime's interface: what it allows, what it refuses and how, memory, threads, fallback. */
#include <pthread.h>
#include <stdatomic.h>

#include "runtime/net_fixture.h"

static const char net[] = "network \"runtime\"\n"
                          "symbol N 1..2..4\n"
                          "input %data f32[N,3,12,12]\n"
                          "constant %w f32[40,3,3,3] random 7\n"
                          "constant %b f32[40] random 8\n"
                          "constant %m f32[1440,33] random 9\n"
                          "%conv = Convolution(%data, %w, %b) {pad_begin=[1,1], pad_end=[1,1]}\n"
                          "%relu = Activation(%conv) {kind=relu}\n"
                          "%pool = Pooling(%relu) {window=[2,2], stride=[2,2]}\n"
                          "%flat = Reshape(%pool) {dims=[0,-1]}\n"
                          "%dense = MatMul(%flat, %m)\n"
                          "%prob = SoftMax(%dense) {axis=1}\n"
                          "output %prob\noutput %pool\n";

/* ---- an allocator that counts and can fail ---- */

typedef struct counting {
    atomic_size_t calls, live;
    size_t fail_at; /* the call that fails, from 1; 0: none */
} counting;

static void *counting_alloc(void *user, size_t size, size_t align)
{
    counting *c = user;
    if (c->fail_at != 0 && size == 64 * 1024) { /* so that arenas come here for every piece */
        return NULL;
    }
    size_t call = atomic_fetch_add(&c->calls, 1) + 1;
    if (call == c->fail_at) {
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
    (void)atomic_fetch_sub(&((counting *)user)->live, size);
    sld_libc_allocator.release(NULL, pointer, size);
}

static solder_runtime *counting_runtime(counting *c, int threads)
{
    solder_runtime_options options = solder_runtime_options_default();
    options.allocator = (solder_allocator){c, counting_alloc, counting_release};
    options.threads = threads;
    solder_runtime *runtime = NULL;
    (void)solder_runtime_create(&options, &runtime);
    return runtime;
}

typedef struct session {
    fixture f;
    solder_runtime *runtime;
    solder_engine *engine;
    solder_context *context;
} session;

static int open_session(void **state)
{
    session *s = calloc(1, sizeof *s);
    fixture_read(&s->f, net);
    fixture_write(&s->f, NULL, NULL);
    s->runtime = fixture_runtime(1, NULL);
    s->engine = fixture_engine(&s->f, s->runtime);
    *state = s;
    return solder_context_create(s->runtime, s->engine, &s->context);
}

static int close_session(void **state)
{
    session *s = *state;
    solder_context_destroy(s->context);
    solder_engine_destroy(s->engine);
    solder_runtime_destroy(s->runtime);
    fixture_free(&s->f);
    free(s);
    return 0;
}

static void expect(session *s, solder_status status, solder_status wanted, const char *message)
{
    assert_int_equal(status, wanted);
    assert_string_equal(solder_context_message(s->context), message);
}

static solder_status set_dims(session *s, const char *name, int64_t n)
{
    const solder_dims dims = {.rank = 4, .d = {n, 3, 12, 12}};
    return solder_context_set_dims(s->context, name, &dims);
}

/* ---- facts ---- */

static void engine_describes_itself(void **state)
{
    session *s = *state;
    solder_io io;
    assert_int_equal(solder_engine_io_count(s->engine), 3);
    assert_int_equal(solder_engine_io(s->engine, 0, &io), SOLDER_OK);
    assert_string_equal(io.name, "data");
    assert_true(io.is_input && !io.nhwc);
    assert_int_equal(io.dtype, SOLDER_F32);
    assert_int_equal(io.min.d[0], 1);
    assert_int_equal(io.opt.d[0], 2);
    assert_int_equal(io.max.d[0], 4);
    assert_int_equal(io.max.d[3], 12);
    assert_int_equal(solder_engine_io(s->engine, 2, &io), SOLDER_OK);
    assert_string_equal(io.name, "pool");
    assert_int_equal(io.max.d[1], 40);
    assert_int_equal(solder_engine_io(s->engine, 3, &io), SOLDER_ERROR_ARGUMENT);
    assert_string_equal(solder_engine_property(s->engine, "network"), "runtime");
    assert_string_equal(solder_engine_property(s->engine, "created_by"), "solder 0.1.0");
    assert_null(solder_engine_property(s->engine, "nonsense"));
    assert_null(solder_engine_label(s->engine, 0));
    solder_step step;
    assert_int_equal(solder_engine_step(s->engine, 0, &step), SOLDER_OK);
    assert_string_equal(step.op, "Convolution");
    assert_string_equal(step.kernel, "conv_ref");
    /* 2 N K C R S H W at the optimum, N = 2 */
    assert_true(step.flops >= 2.0 * 2 * 40 * 3 * 9 * 144);
    solder_memory memory;
    solder_engine_memory(s->engine, &memory);
    assert_int_equal(memory.plan, s->f.plan.size);
    assert_true(memory.weights >= 1440 * 33 * 4 && memory.weights < memory.plan);
    assert_int_equal(memory.repacked, 0);
    assert_true(memory.activations < solder_engine_context_bytes(s->engine));
}

static void labels_rules_and_layout(void **state)
{
    (void)state;
    fixture f;
    fixture_read(&f, "network \"r\"\ninput %x f32[1,4,4,3]\n%y = Activation(%x) {kind=relu}\n"
                     "output %y\n");
    f.graph->inputs[0]->is_nhwc = true;
    const char *const labels[] = {"cat", "dog"};
    const solder_preprocess rule = {
        .order = "bgr", .mean = {1, 2, 3}, .scale = {4, 5, 6}, .resize = 2};
    const sld_plan_info info = {.tuned_for = "a machine",
                                .threads = 3,
                                .labels = labels,
                                .label_count = 2,
                                .preprocess = &rule,
                                .preprocess_count = 1};
    fixture_write(&f, NULL, &info);
    solder_runtime *runtime = fixture_runtime(1, NULL);
    solder_engine *engine = fixture_engine(&f, runtime);
    assert_int_equal(solder_engine_label_count(engine), 2);
    assert_string_equal(solder_engine_label(engine, 1), "dog");
    assert_string_equal(solder_engine_property(engine, "tuned_for"), "a machine");
    assert_string_equal(solder_engine_property(engine, "threads"), "3");
    solder_image_rule read;
    assert_true(solder_engine_image_rule(engine, "x", &read));
    assert_string_equal(read.order, "bgr");
    assert_true(read.mean[2] == 3.0f && read.scale[0] == 4.0f && read.resize == 2);
    assert_false(solder_engine_image_rule(engine, "y", &read));
    solder_io io;
    assert_int_equal(solder_engine_io(engine, 0, &io), SOLDER_OK);
    assert_true(io.nhwc);
    solder_engine_destroy(engine);
    solder_runtime_destroy(runtime);
    fixture_free(&f);
}

/* ---- misuse ---- */

static void wrong_names_and_sizes(void **state)
{
    session *s = *state;
    float small[4];
    expect(s, solder_context_bind(s->context, "dta", small, sizeof small), SOLDER_ERROR_NOT_FOUND,
           "plan 'memory' has no input or output 'dta'; it has 'data', 'prob', 'pool'");
    expect(s, set_dims(s, "prob", 1), SOLDER_ERROR_ARGUMENT,
           "'prob' is an output of rank 2, its dims cannot be set to 4");
    expect(s, set_dims(s, "data", 5), SOLDER_ERROR_ARGUMENT,
           "input 'data': dimension 0 is 5, the profile allows 1..4");
    const solder_dims wide = {.rank = 4, .d = {1, 3, 12, 13}};
    expect(s, solder_context_set_dims(s->context, "data", &wide), SOLDER_ERROR_ARGUMENT,
           "input 'data': dimension 3 is 13, must be 12");
    const solder_dims flat = {.rank = 2, .d = {1, 3}};
    expect(s, solder_context_set_dims(s->context, "data", &flat), SOLDER_ERROR_ARGUMENT,
           "input 'data' has rank 4, 2 dims given");
    expect(s, solder_context_run(s->context), SOLDER_ERROR_STATE,
           "input 'data': dims are not set; the profile allows 1..4 for dimension 0");
    assert_int_equal(set_dims(s, "data", 1), SOLDER_OK);
    expect(s, solder_context_run(s->context), SOLDER_ERROR_STATE,
           "input 'data' is neither bound nor filled");
    expect(s, solder_context_bind(s->context, "prob", small, sizeof small), SOLDER_ERROR_ARGUMENT,
           "output 'prob': 16 bytes given, 132 needed");
    float one[33];
    assert_int_equal(solder_context_bind(s->context, "prob", one, sizeof one), SOLDER_OK);
    assert_int_equal(set_dims(s, "data", 2), SOLDER_OK); /* now it is too small */
    void *data;
    assert_int_equal(solder_context_tensor(s->context, "data", &data, NULL), SOLDER_OK);
    expect(s, solder_context_run(s->context), SOLDER_ERROR_STATE,
           "output 'prob': memory of 132 bytes is bound, its dims need 264");
}

static void null_and_foreign_handles(void **state)
{
    session *s = *state;
    solder_context *context;
    solder_runtime *other = fixture_runtime(1, NULL);
    assert_int_equal(solder_context_create(other, s->engine, &context), SOLDER_ERROR_ARGUMENT);
    assert_string_equal(solder_runtime_message(other),
                        "the engine of 'memory' belongs to another runtime");
    solder_runtime_destroy(other);
    assert_int_equal(solder_context_run(NULL), SOLDER_ERROR_ARGUMENT);
    assert_int_equal(solder_engine_open(NULL, "x", &s->engine), SOLDER_ERROR_ARGUMENT);
    assert_int_equal(solder_engine_open(s->runtime, NULL, &s->engine), SOLDER_ERROR_ARGUMENT);
    assert_string_equal(solder_runtime_message(NULL), "");
    solder_engine_destroy(NULL);
    solder_context_destroy(NULL);
    solder_runtime_destroy(NULL);
    solder_runtime_options options = solder_runtime_options_default();
    options.cpu = "pentium";
    assert_int_equal(solder_runtime_create(&options, &other), SOLDER_ERROR_ARGUMENT);
    options = solder_runtime_options_default();
    options.threads = -1;
    assert_int_equal(solder_runtime_create(&options, &other), SOLDER_ERROR_ARGUMENT);
}

static void two_inputs_of_one_symbol(void **state)
{
    (void)state;
    fixture f;
    fixture_read(&f, "network \"two\"\nsymbol N 1..2..4\ninput %a f32[N,2]\ninput %b f32[N,2]\n"
                     "%c = ElementWise(%a, %b) {kind=sum}\noutput %c\n");
    fixture_write(&f, NULL, NULL);
    solder_runtime *runtime = fixture_runtime(1, NULL);
    solder_engine *engine = fixture_engine(&f, runtime);
    solder_context *context;
    assert_int_equal(solder_context_create(runtime, engine, &context), SOLDER_OK);
    const solder_dims two = {.rank = 2, .d = {2, 2}};
    const solder_dims three = {.rank = 2, .d = {3, 2}};
    void *data;
    assert_int_equal(solder_context_set_dims(context, "a", &two), SOLDER_OK);
    assert_int_equal(solder_context_set_dims(context, "b", &three), SOLDER_OK);
    assert_int_equal(solder_context_tensor(context, "a", &data, NULL), SOLDER_OK);
    assert_int_equal(solder_context_tensor(context, "b", &data, NULL), SOLDER_OK);
    assert_int_equal(solder_context_run(context), SOLDER_ERROR_STATE);
    assert_string_equal(solder_context_message(context),
                        "input 'a': dimension 0 was set to 2, but another input made it 3");
    assert_int_equal(solder_context_set_dims(context, "b", &two), SOLDER_OK);
    fixture_run(context);
    solder_context_destroy(context);
    solder_engine_destroy(engine);
    solder_runtime_destroy(runtime);
    fixture_free(&f);
}

static void bad_index_names_the_step(void **state)
{
    (void)state;
    fixture f;
    fixture_read(&f, "network \"g\"\ninput %x f32[4]\ninput %i i64[1]\n"
                     "%pick = Gather(%x, %i) {axis=0}\noutput %pick\n");
    fixture_write(&f, NULL, NULL);
    solder_runtime *runtime = fixture_runtime(1, NULL);
    solder_engine *engine = fixture_engine(&f, runtime);
    solder_context *context;
    assert_int_equal(solder_context_create(runtime, engine, &context), SOLDER_OK);
    float x[4] = {1, 2, 3, 4};
    int64_t i = 9;
    assert_int_equal(solder_context_bind(context, "x", x, sizeof x), SOLDER_OK);
    assert_int_equal(solder_context_bind(context, "i", &i, sizeof i), SOLDER_OK);
    assert_int_equal(solder_context_run(context), SOLDER_ERROR_DATA);
    assert_string_equal(solder_context_message(context),
                        "step 'pick' (Gather): a value in its input is out of range");
    i = 2;
    fixture_run(context);
    void *out;
    assert_int_equal(solder_context_tensor(context, "pick", &out, NULL), SOLDER_OK);
    assert_true(*(float *)out == 3.0f);
    solder_context_destroy(context);
    solder_engine_destroy(engine);
    solder_runtime_destroy(runtime);
    fixture_free(&f);
}

/* A region of interest that is not a number gives numbers from somewhere, not undefined ones. */
static void strange_values_are_survived(void **state)
{
    (void)state;
    fixture f;
    fixture_read(&f, "network \"roi\"\ninput %x f32[1,1,4,4]\ninput %roi f32[8]\n"
                     "constant %sizes i64[4] values [1, 1, 3, 3]\n"
                     "%y = Resize(%x, %roi, _, %sizes) "
                     "{mode=linear, coordinate=tf_crop_and_resize}\noutput %y\n");
    fixture_write(&f, NULL, NULL);
    solder_runtime *runtime = fixture_runtime(1, NULL);
    solder_engine *engine = fixture_engine(&f, runtime);
    solder_context *context;
    assert_int_equal(solder_context_create(runtime, engine, &context), SOLDER_OK);
    float x[16] = {0};
    float roi[8] = {0, 0, NAN, -INFINITY, 1, 1, 1, INFINITY};
    assert_int_equal(solder_context_bind(context, "x", x, sizeof x), SOLDER_OK);
    assert_int_equal(solder_context_bind(context, "roi", roi, sizeof roi), SOLDER_OK);
    fixture_run(context);
    solder_context_destroy(context);
    solder_engine_destroy(engine);
    solder_runtime_destroy(runtime);
    fixture_free(&f);
}

/* ---- binding ---- */

static void bound_unaligned_and_unbound_memory(void **state)
{
    session *s = *state;
    fixture_evaluate(&s->f, 3);
    const sld_tensor *in = &s->f.inputs[0];
    const sld_tensor *prob = &s->f.outputs[0];
    size_t in_bytes = fixture_bytes(in);
    size_t out_bytes = fixture_bytes(prob);
    assert_int_equal(set_dims(s, "data", 3), SOLDER_OK);
    char *raw = malloc(in_bytes + out_bytes + 2);
    memcpy(raw + 1, in->data, in_bytes);
    char *out = raw + 1 + in_bytes;
    assert_int_equal(solder_context_bind(s->context, "data", raw + 1, in_bytes), SOLDER_OK);
    assert_int_equal(solder_context_bind(s->context, "prob", out, out_bytes), SOLDER_OK);
    fixture_run(s->context);
    fixture_compare(&s->f, s->context, NULL);
    assert_memory_equal(out, prob->data, out_bytes);
    /* detach, fill through the context */
    assert_int_equal(solder_context_bind(s->context, "prob", NULL, 0), SOLDER_OK);
    assert_int_equal(solder_context_bind(s->context, "data", NULL, 0), SOLDER_OK);
    void *data;
    assert_int_equal(solder_context_tensor(s->context, "data", &data, NULL), SOLDER_OK);
    memcpy(data, in->data, in_bytes);
    memset(out, 0, out_bytes);
    fixture_run(s->context);
    fixture_compare(&s->f, s->context, NULL);
    fixture_run(s->context); /* the input is still there */
    fixture_compare(&s->f, s->context, NULL);
    free(raw);
}

static void callers_memory_for_a_context(void **state)
{
    session *s = *state;
    size_t bytes = solder_engine_context_bytes(s->engine);
    char *memory = aligned_alloc(64, bytes + 64);
    solder_context *context;
    assert_int_equal(solder_context_create_in(s->runtime, s->engine, memory + 8, bytes, &context),
                     SOLDER_ERROR_ARGUMENT);
    assert_int_equal(solder_context_create_in(s->runtime, s->engine, memory, bytes - 1, &context),
                     SOLDER_ERROR_ARGUMENT);
    memset(memory, 0x5a, bytes + 64);
    assert_int_equal(solder_context_create_in(s->runtime, s->engine, memory, bytes, &context),
                     SOLDER_OK);
    fixture_evaluate(&s->f, 4);
    fixture_set_inputs(&s->f, context);
    fixture_run(context);
    fixture_compare(&s->f, context, NULL);
    solder_context_destroy(context);
    for (size_t i = 0; i < 64; i++) {
        assert_int_equal((unsigned char)memory[bytes + i], 0x5a);
    }
    free(memory);
}

static void unaligned_plan_is_copied(void **state)
{
    session *s = *state;
    char *copy = malloc(s->f.plan.size + 65);
    char *odd = copy + 1 + (64 - ((uintptr_t)copy + 1) % 64) + 1;
    odd = (uintptr_t)odd % 64 == 0 ? odd + 1 : odd;
    odd = odd + s->f.plan.size <= copy + s->f.plan.size + 65 ? odd : copy + 1;
    memcpy(odd, s->f.plan.data, s->f.plan.size);
    solder_engine *engine;
    assert_int_equal(solder_engine_load(s->runtime, odd, s->f.plan.size, &engine), SOLDER_OK);
    memset(odd, 0, s->f.plan.size);
    assert_string_equal(solder_engine_property(engine, "network"), "runtime");
    solder_engine_destroy(engine);
    free(copy);
}

/* ---- callbacks ---- */

typedef struct seen {
    size_t steps, profiled;
    char last[64];
} seen;

static void observer(void *user, size_t step, const char *value, solder_dtype dtype,
                     const solder_dims *dims, const int64_t *strides, const void *data)
{
    seen *s = user;
    assert_int_equal(step, s->steps);
    assert_int_equal(dtype, SOLDER_F32);
    assert_true(dims->rank >= 2 && strides[dims->rank - 1] == 1 && data != NULL);
    s->steps++;
    (void)snprintf(s->last, sizeof s->last, "%s", value);
}

static void profiler(void *user, size_t step, double microseconds)
{
    seen *s = user;
    assert_int_equal(step, s->profiled);
    assert_true(microseconds >= 0);
    s->profiled++;
}

static void callbacks_see_every_step(void **state)
{
    session *s = *state;
    seen calls = {0};
    fixture_evaluate(&s->f, 1);
    fixture_set_inputs(&s->f, s->context);
    solder_context_set_observer(s->context, observer, &calls);
    solder_context_set_profiler(s->context, profiler, &calls);
    fixture_run(s->context);
    assert_int_equal(calls.steps, solder_engine_step_count(s->engine));
    assert_int_equal(calls.profiled, calls.steps);
    assert_string_equal(calls.last, "prob");
    solder_context_set_observer(s->context, NULL, NULL);
    solder_context_set_profiler(s->context, NULL, NULL);
    fixture_run(s->context);
    assert_int_equal(calls.steps, calls.profiled);
}

/* ---- memory ---- */

static void run_allocates_nothing(void **state)
{
    session *s = *state;
    counting c = {0};
    solder_runtime *runtime = counting_runtime(&c, 2);
    solder_engine *engine = fixture_engine(&s->f, runtime);
    solder_context *context;
    assert_int_equal(solder_context_create(runtime, engine, &context), SOLDER_OK);
    fixture_evaluate(&s->f, 4);
    size_t before = atomic_load(&c.calls);
    fixture_set_inputs(&s->f, context);
    fixture_run(context);
    fixture_run(context);
    assert_int_equal(atomic_load(&c.calls), before);
    fixture_compare(&s->f, context, NULL);
    solder_context_destroy(context);
    solder_engine_destroy(engine);
    solder_runtime_destroy(runtime);
    assert_int_equal(atomic_load(&c.live), 0);
}

/* Everything a program does, with the n-th allocation failing. */
static solder_status whole_life(session *s, counting *c, int threads)
{
    solder_runtime *runtime = counting_runtime(c, threads);
    solder_engine *engine = NULL;
    solder_context *context = NULL;
    solder_status status = runtime != NULL ? SOLDER_OK : SOLDER_ERROR_MEMORY;
    if (status == SOLDER_OK) {
        status = solder_engine_load(runtime, s->f.plan.data, s->f.plan.size, &engine);
    }
    if (status == SOLDER_OK) {
        status = solder_context_create(runtime, engine, &context);
    }
    assert_true(runtime == NULL || status == SOLDER_OK ||
                strstr(solder_runtime_message(runtime), "out of memory") != NULL);
    if (status == SOLDER_OK) {
        fixture_set_inputs(&s->f, context);
        fixture_run(context);
        fixture_compare(&s->f, context, NULL);
    }
    solder_context_destroy(context);
    solder_engine_destroy(engine);
    solder_runtime_destroy(runtime);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    session *s = *state;
    fixture_evaluate(&s->f, 2);
    for (size_t n = 1;; n++) {
        counting c = {.fail_at = n};
        solder_status status = whole_life(s, &c, 2);
        assert_int_equal(atomic_load(&c.live), 0);
        if (status == SOLDER_OK) {
            assert_true(n > 3 && n > atomic_load(&c.calls));
            break;
        }
        assert_int_equal(status, SOLDER_ERROR_MEMORY);
    }
}

static void memory_limit_holds(void **state)
{
    session *s = *state;
    solder_runtime_options options = solder_runtime_options_default();
    options.threads = 1;
    options.memory_limit = 64 * 1024;
    solder_runtime *runtime;
    solder_engine *engine = NULL;
    solder_context *context;
    assert_int_equal(solder_runtime_create(&options, &runtime), SOLDER_OK);
    solder_status status = solder_engine_load(runtime, s->f.plan.data, s->f.plan.size, &engine);
    if (status == SOLDER_OK) {
        status = solder_context_create(runtime, engine, &context);
    }
    assert_int_equal(status, SOLDER_ERROR_MEMORY);
    assert_non_null(strstr(solder_runtime_message(runtime), "out of memory"));
    solder_engine_destroy(engine);
    solder_runtime_destroy(runtime);
}

/* ---- threads ---- */

typedef struct worker {
    session *s;
    solder_context *context;
    bool ok;
} worker;

static void *run_often(void *user)
{
    worker *w = user;
    const sld_tensor *expected = &w->s->f.outputs[0];
    w->ok = true;
    for (int i = 0; i < 5; i++) {
        void *data;
        w->ok = w->ok && solder_context_run(w->context) == SOLDER_OK &&
                solder_context_tensor(w->context, "prob", &data, NULL) == SOLDER_OK &&
                memcmp(data, expected->data, fixture_bytes(expected)) == 0;
    }
    return NULL;
}

static void contexts_side_by_side(void **state)
{
    session *s = *state;
    fixture_evaluate(&s->f, 2);
    for (int threads = 1; threads <= 2; threads++) {
        solder_runtime *runtime = fixture_runtime(threads, NULL);
        solder_engine *engine = fixture_engine(&s->f, runtime);
        worker workers[8];
        pthread_t ids[8];
        for (int i = 0; i < 8; i++) {
            workers[i] = (worker){.s = s};
            assert_int_equal(solder_context_create(runtime, engine, &workers[i].context),
                             SOLDER_OK);
            fixture_set_inputs(&s->f, workers[i].context);
        }
        for (int i = 0; i < 8; i++) {
            assert_int_equal(pthread_create(&ids[i], NULL, run_often, &workers[i]), 0);
        }
        for (int i = 0; i < 8; i++) {
            assert_int_equal(pthread_join(ids[i], NULL), 0);
            assert_true(workers[i].ok);
            solder_context_destroy(workers[i].context);
        }
        solder_engine_destroy(engine);
        solder_runtime_destroy(runtime);
    }
}

/* ---- kernels chosen for one processor, run on another ---- */

static void log_text(void *user, solder_severity severity, const char *text)
{
    if (severity == SOLDER_LOG_NOTICE) {
        (void)snprintf(user, 256, "%s", text);
    }
}

/* Runs the plan under a level; copies prob to out. */
static void run_at(session *s, const char *cpu, int threads, char *notice, solder_memory *memory,
                   float *out)
{
    solder_runtime_options options = solder_runtime_options_default();
    options.cpu = cpu;
    options.threads = threads;
    options.logger = (solder_logger){notice, log_text};
    solder_runtime *runtime;
    assert_int_equal(solder_runtime_create(&options, &runtime), SOLDER_OK);
    solder_engine *engine = fixture_engine(&s->f, runtime);
    solder_engine_memory(engine, memory);
    solder_context *context;
    assert_int_equal(solder_context_create(runtime, engine, &context), SOLDER_OK);
    fixture_set_inputs(&s->f, context);
    fixture_run(context);
    void *data;
    assert_int_equal(solder_context_tensor(context, "prob", &data, NULL), SOLDER_OK);
    memcpy(out, data, fixture_bytes(&s->f.outputs[0]));
    solder_context_destroy(context);
    solder_engine_destroy(engine);
    solder_runtime_destroy(runtime);
}

/* Every node on the first kernel of its family that the level has: no timing. */
static sld_tactic *tactics_for(session *s, const char *level)
{
    sld_isa_mask isas;
    sld_shapes shapes;
    assert_true(sld_cpu_level(level, &isas));
    assert_int_equal(sld_shapes_init(&shapes, s->f.graph, &s->f.arena), SOLDER_OK);
    sld_tactic *tactics = sld_arena_array(&s->f.arena, s->f.graph->next_id, sizeof *tactics);
    sld_call *call = sld_arena_alloc(&s->f.arena, sizeof *call);
    assert_true(tactics != NULL && call != NULL);
    for (const sld_node *node = s->f.graph->first; node != NULL; node = node->next) {
        sld_shapes_run(&shapes, node, 1, call);
        tactics[node->id].kernel = sld_kernel_choose(sld_op_get(node->op).family, isas, &call->run);
    }
    return tactics;
}

static void assert_close(const float *a, const float *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_true(fabsf(a[i] - b[i]) <= 1e-5f + 1e-4f * fabsf(b[i]));
    }
}

static void plans_move_between_processors(void **state)
{
    session *s = *state;
    sld_cpu cpu;
    sld_cpu_detect(&cpu);
    static const char *const levels[] = {"x86-64", "x86-64-v3", "x86-64-v4"};
    fixture_evaluate(&s->f, 2);
    size_t count = (size_t)sld_tensor_count(&s->f.outputs[0]);
    float out[2][66];
    assert_true(count <= 66);
    for (size_t planned = 0; planned < 3; planned++) {
        const sld_plan_info info = {.level = levels[planned]};
        fixture_write(&s->f, tactics_for(s, levels[planned]), &info);
        for (size_t here = 0; here < 3; here++) {
            sld_isa_mask isas;
            (void)sld_cpu_level(levels[here], &isas);
            if ((isas & cpu.isas) != isas) {
                continue;
            }
            char notice[256] = "";
            solder_memory memory;
            run_at(s, levels[here], 1, notice, &memory, out[0]);
            assert_close(out[0], s->f.outputs[0].data, count);
            bool moved = here < planned;
            assert_int_equal(notice[0] != '\0', moved);
            assert_true(moved || memory.repacked == 0);
            assert_true(!moved || strstr(notice, "run on other kernels than planned (") != NULL);
            assert_true(!moved || strstr(notice, here == 0 ? "(x86-64 here, planned for x86-64-v"
                                                           : "(avx2 here, planned for x86-64-v4)"));
            /* weights packed for the planned kernel had to be turned round */
            assert_true(!moved || memory.repacked > 0);
            run_at(s, levels[here], 2, notice, &memory, out[1]);
            assert_memory_equal(out[0], out[1], count * sizeof(float));
        }
    }
}

static void device_is_described(void **state)
{
    (void)state;
    solder_device device;
    solder_device_query(&device, false);
    assert_true(device.name[0] != '\0' && device.level[0] != '\0' && device.cores >= 1);
    assert_true(device.peak_gflops == 0.0 && device.read_gbps == 0.0);
}

#define WITH_SESSION(test) cmocka_unit_test_setup_teardown(test, open_session, close_session)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SESSION(engine_describes_itself),
        cmocka_unit_test(labels_rules_and_layout),
        WITH_SESSION(wrong_names_and_sizes),
        WITH_SESSION(null_and_foreign_handles),
        cmocka_unit_test(two_inputs_of_one_symbol),
        cmocka_unit_test(bad_index_names_the_step),
        cmocka_unit_test(strange_values_are_survived),
        WITH_SESSION(bound_unaligned_and_unbound_memory),
        WITH_SESSION(callers_memory_for_a_context),
        WITH_SESSION(unaligned_plan_is_copied),
        WITH_SESSION(callbacks_see_every_step),
        WITH_SESSION(run_allocates_nothing),
        WITH_SESSION(every_allocation_may_fail),
        WITH_SESSION(memory_limit_holds),
        WITH_SESSION(contexts_side_by_side),
        WITH_SESSION(plans_move_between_processors),
        cmocka_unit_test(device_is_described),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
