/* SPDX-License-Identifier: Apache-2.0 */
/* Damaged plans are refused with a message; plans that lie consistently never crash a reader. */
#include <unistd.h>

#include "base/hash.h"
#include "plan/plan_read.h"
#include "runtime/net_fixture.h"

static const char net[] =
    "network \"damaged\"\n"
    "symbol N 1..2..3\n"
    "input %data f32[N,2,6,6]\n"
    "input %boxes f32[1,6,4]\n"
    "input %scores f32[1,1,6]\n"
    "constant %w f32[4,2,3,3] random 7\n"
    "constant %b f32[4] random 8\n"
    "constant %k i64[2] values [0, 3]\n"
    "constant %m f32[36,5] random 9\n"
    "%conv = Convolution(%data, %w, %b) {pad_begin=[1,1], pad_end=[1,1]}\n"
    "%relu = Activation(%conv) {kind=leaky_relu, alpha=0.1}\n"
    "%picked = Gather(%relu, %k) {axis=1}\n"
    "%pool = Pooling(%relu) {window=[2,2], stride=[2,2]}\n"
    "%flat = Reshape(%pool) {dims=[0,-1]}\n"
    "%dense = MatMul(%flat, %m)\n"
    "%prob = SoftMax(%dense) {axis=1}\n"
    "%best = NonMaxSuppression(%boxes, %scores) {max_output_per_class=3, iou_threshold=0.5}\n"
    "%cast = Cast(%best) {to=f32}\n"
    "%both = Concat(%relu, %conv) {axis=1}\n"
    "%cut = Slice(%both) {axes=[2], start=[1], end=[5], step=[1]}\n"
    "%turn = Transpose(%cut) {perm=[0,2,3,1]}\n"
    "%wide = Pad(%turn) {begin=[0,1,0,0], end=[0,0,2,0]}\n"
    "%mean = Reduce(%wide) {kind=mean, axes=[1,2]}\n"
    "%sum = ElementWise(%both, %both) {kind=prod}\n"
    "output %prob\noutput %cast\noutput %mean\noutput %picked\noutput %sum\n";

typedef struct plan_state {
    fixture f;
    solder_runtime *runtime;
    uint8_t *copy; /* 64-byte aligned, of plan.size bytes and some more */
} plan_state;

enum { SPARE = 256 };

static int set_up(void **state)
{
    plan_state *s = calloc(1, sizeof *s);
    fixture_read(&s->f, net);
    /* A view of each kind, as the passes would make them. */
    sld_value *flat = sld_graph_find_value(s->f.graph, "flat");
    flat->view =
        (sld_view){.kind = SLD_VIEW_RESHAPE, .parent = sld_graph_find_value(s->f.graph, "pool")};
    flat->producer->elided = true;
    sld_value *cut = sld_graph_find_value(s->f.graph, "cut");
    cut->view = (sld_view){.kind = SLD_VIEW_REGION,
                           .parent = sld_graph_find_value(s->f.graph, "both"),
                           .step = {1, 1, 1, 1}};
    for (int i = 0; i < 4; i++) {
        cut->view.start[i] = sld_graph_dim(s->f.graph, i == 2);
    }
    cut->producer->elided = true;
    sld_value *turn = sld_graph_find_value(s->f.graph, "turn");
    turn->view = (sld_view){.kind = SLD_VIEW_TRANSPOSE, .parent = cut, .step = {0, 2, 3, 1}};
    turn->producer->elided = true;
    const char *const labels[] = {"zero", "one"};
    const solder_preprocess rule = {.input = "data", .order = "bgr", .scale = {1, 1, 1}};
    const sld_plan_info info = {.tuned_for = "test",
                                .level = "x86-64",
                                .threads = 1,
                                .labels = labels,
                                .label_count = 2,
                                .preprocess = &rule,
                                .preprocess_count = 1};
    fixture_write(&s->f, NULL, &info);
    solder_runtime_options options = solder_runtime_options_default();
    options.threads = 1;
    options.memory_limit = (size_t)16 << 20;
    assert_int_equal(solder_runtime_create(&options, &s->runtime), SOLDER_OK);
    s->copy = sld_calloc(NULL, s->f.plan.size + SPARE);
    *state = s;
    return s->copy == NULL;
}

static int tear_down(void **state)
{
    plan_state *s = *state;
    sld_release(NULL, s->copy, s->f.plan.size + SPARE);
    solder_runtime_destroy(s->runtime);
    fixture_free(&s->f);
    free(s);
    return 0;
}

static sld_plan_header *fresh(plan_state *s)
{
    memcpy(s->copy, s->f.plan.data, s->f.plan.size);
    memset(s->copy + s->f.plan.size, 0, SPARE);
    return (sld_plan_header *)(void *)s->copy;
}

static sld_plan_section *table(plan_state *s)
{
    return (sld_plan_section *)(void *)(s->copy + sizeof(sld_plan_header));
}

static uint32_t section_count(const plan_state *s)
{
    return ((const sld_plan_header *)(const void *)s->f.plan.data)->section_count;
}

static void rehash(plan_state *s)
{
    sld_plan_header *h = (sld_plan_header *)(void *)s->copy;
    for (uint32_t i = 0; i < section_count(s); i++) {
        table(s)[i].hash = sld_hash_section(s->copy + table(s)[i].offset, table(s)[i].size);
    }
    h->hash = 0;
    h->hash = sld_hash64(s->copy, sizeof *h + section_count(s) * sizeof(sld_plan_section));
}

static solder_status load(plan_state *s, size_t size)
{
    solder_engine *engine = NULL;
    solder_status status = solder_engine_load(s->runtime, s->copy, size, &engine);
    solder_engine_destroy(engine);
    return status;
}

static void refused(plan_state *s, size_t size, solder_status code, const char *message)
{
    assert_int_equal(load(s, size), code);
    assert_string_equal(solder_runtime_message(s->runtime), message);
}

static void good_plan_loads(void **state)
{
    plan_state *s = *state;
    (void)fresh(s);
    rehash(s);
    assert_memory_equal(s->copy, s->f.plan.data, s->f.plan.size);
    assert_int_equal(load(s, s->f.plan.size), SOLDER_OK);
}

static void same_network_same_bytes(void **state)
{
    plan_state *s = *state;
    fixture other;
    fixture_read(&other,
                 "network \"a\"\ninput %x f32[2]\n%y = Activation(%x) {kind=relu}\noutput %y\n");
    fixture_write(&other, NULL, NULL);
    size_t size = other.plan.size;
    assert_true(size <= s->f.plan.size);
    memcpy(s->copy, other.plan.data, size);
    memset(other.plan.data, 0xa5, other.plan.capacity); /* stale memory must not show through */
    fixture_write(&other, NULL, NULL);
    assert_int_equal(other.plan.size, size);
    assert_memory_equal(other.plan.data, s->copy, size);
    fixture_free(&other);
}

static void truncated_at_every_length(void **state)
{
    plan_state *s = *state;
    (void)fresh(s);
    for (size_t size = 0; size < s->f.plan.size; size++) {
        assert_int_equal(load(s, size), SOLDER_ERROR_DATA);
    }
    refused(s, 0, SOLDER_ERROR_DATA, "plan 'memory': empty file");
    refused(s, 20, SOLDER_ERROR_DATA,
            "plan 'memory': truncated: the header takes 64 bytes, file has 20");
    char expected[128];
    (void)snprintf(expected, sizeof expected,
                   "plan 'memory': truncated: header says %zu bytes, file has 1000",
                   s->f.plan.size);
    refused(s, 1000, SOLDER_ERROR_DATA, expected);
    assert_int_equal(load(s, s->f.plan.size + 1), SOLDER_ERROR_DATA);
}

static void every_bit_of_the_head_flipped(void **state)
{
    plan_state *s = *state;
    (void)fresh(s);
    size_t head = sizeof(sld_plan_header) + section_count(s) * sizeof(sld_plan_section);
    for (size_t bit = 0; bit < head * 8; bit++) {
        s->copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        solder_status status = load(s, s->f.plan.size);
        assert_true(status == SOLDER_ERROR_DATA || status == SOLDER_ERROR_VERSION);
        s->copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* A damaged weight is found by the first run, or earlier on request; never is there a result. */
static void weights_are_refused(plan_state *s)
{
    static const char expected[] = "plan 'memory': section 13 (weights) is damaged";
    solder_engine *engine;
    solder_context *context;
    float data[4096] = {0};
    assert_int_equal(solder_engine_load(s->runtime, s->copy, s->f.plan.size, &engine), SOLDER_OK);
    assert_int_equal(solder_context_create(s->runtime, engine, &context), SOLDER_OK);
    const solder_dims dims = {.rank = 4, .d = {2, 2, 6, 6}};
    assert_int_equal(solder_context_set_dims(context, "data", &dims), SOLDER_OK);
    static const char *const inputs[] = {"data", "boxes", "scores"};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(inputs); i++) {
        assert_int_equal(solder_context_bind(context, inputs[i], data, sizeof data), SOLDER_OK);
    }
    for (int again = 0; again < 2; again++) {
        assert_int_equal(solder_context_run(context), SOLDER_ERROR_DATA);
        assert_string_equal(solder_context_message(context), expected);
        assert_int_equal(solder_engine_verify(s->runtime, engine), SOLDER_ERROR_DATA);
        assert_string_equal(solder_runtime_message(s->runtime), expected);
    }
    solder_context_destroy(context);
    solder_engine_destroy(engine);
}

static void every_byte_flipped(void **state)
{
    plan_state *s = *state;
    (void)fresh(s);
    const sld_plan_section weights = table(s)[SLD_PLAN_WEIGHTS];
    assert_true(weights.size > 0);
    for (size_t i = 0; i < s->f.plan.size; i++) {
        s->copy[i] ^= (uint8_t)(1u << i % 8);
        if (i >= weights.offset && i < weights.offset + weights.size) {
            weights_are_refused(s);
        } else {
            assert_int_not_equal(load(s, s->f.plan.size), SOLDER_OK);
        }
        s->copy[i] ^= (uint8_t)(1u << i % 8);
    }
}

/* Weights of several pieces, checked by several threads. */
static void large_weights(void **state)
{
    (void)state;
    fixture f;
    fixture_read(&f, "input %x f32[1,1000]\n"
                     "constant %w f32[1000,700] random 1\n"
                     "%y = MatMul(%x, %w)\n"
                     "output %y\n");
    fixture_write(&f, NULL, NULL);
    const sld_plan_section *weights =
        (sld_plan_section *)(void *)(f.plan.data + sizeof(sld_plan_header)) + SLD_PLAN_WEIGHTS;
    assert_true(weights->size == (uint64_t)700 * 1000 * 4);
    solder_runtime_options options = solder_runtime_options_default();
    options.threads = 3;
    solder_runtime *runtime;
    assert_int_equal(solder_runtime_create(&options, &runtime), SOLDER_OK);
    static const size_t places[] = {0, (1 << 20) - 1, 1 << 20, 2800000 - 1, SIZE_MAX};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(places); i++) {
        solder_engine *engine;
        bool good = places[i] == SIZE_MAX;
        char *byte = (char *)f.plan.data + weights->offset + (good ? 0 : places[i]);
        *byte ^= good ? 0 : 4;
        assert_int_equal(solder_engine_load(runtime, f.plan.data, f.plan.size, &engine), SOLDER_OK);
        assert_int_equal(solder_engine_verify(runtime, engine),
                         good ? SOLDER_OK : SOLDER_ERROR_DATA);
        solder_engine_destroy(engine);
        *byte ^= good ? 0 : 4;
    }
    solder_runtime_destroy(runtime);
    fixture_free(&f);
}

static void other_versions(void **state)
{
    plan_state *s = *state;
    sld_plan_header *h = fresh(s);
    h->major = 2;
    rehash(s);
    refused(s, s->f.plan.size, SOLDER_ERROR_VERSION,
            "plan 'memory': format version 2, this library (solder 0.1.0) reads version 1");
    h = fresh(s);
    h->minor = 7; /* may only add sections */
    rehash(s);
    assert_int_equal(load(s, s->f.plan.size), SOLDER_OK);
    h = fresh(s);
    h->magic[0] = 'x';
    refused(s, s->f.plan.size, SOLDER_ERROR_DATA, "plan 'memory': not a Solder plan");
}

/* Replaces a string of the plan by one of the same length. */
static void replace_string(plan_state *s, const char *from, const char *to)
{
    const sld_plan_section *strings = &table(s)[SLD_PLAN_STRINGS];
    char *text = (char *)s->copy + strings->offset;
    for (size_t i = 0; i < strings->size; i += strlen(text + i) + 1) {
        if (strcmp(text + i, from) == 0) {
            memcpy(text + i, to, strlen(to) + 1);
            return;
        }
    }
    fail_msg("no string '%s'", from);
}

static void unknown_family(void **state)
{
    plan_state *s = *state;
    (void)fresh(s);
    replace_string(s, "softmax", "softmin");
    rehash(s);
    refused(s, s->f.plan.size, SOLDER_ERROR_UNSUPPORTED,
            "plan 'memory': step 5 ('prob') needs kernel family 'softmin', which this library "
            "(solder 0.1.0) does not have");
}

static void unknown_kernel_runs_on_another(void **state)
{
    plan_state *s = *state;
    (void)fresh(s);
    replace_string(s, "softmax_ref", "softmax_new");
    rehash(s);
    solder_engine *engine;
    assert_int_equal(solder_engine_load(s->runtime, s->copy, s->f.plan.size, &engine), SOLDER_OK);
    solder_step step;
    assert_int_equal(solder_engine_step(engine, 5, &step), SOLDER_OK);
    assert_string_equal(step.planned_kernel, "softmax_new");
    assert_string_not_equal(step.kernel, "softmax_new");
    solder_engine_destroy(engine);
}

static void files(void **state)
{
    plan_state *s = *state;
    solder_engine *engine;
    assert_int_equal(solder_engine_open(s->runtime, "no-such.plan", &engine), SOLDER_ERROR_IO);
    assert_string_equal(solder_runtime_message(s->runtime),
                        "cannot open 'no-such.plan': No such file or directory");
    assert_int_equal(solder_engine_open(s->runtime, "/", &engine), SOLDER_ERROR_IO);
    assert_string_equal(solder_runtime_message(s->runtime), "cannot read '/': Is a directory");
    sld_writer writer;
    assert_int_equal(sld_writer_open(NULL, &s->f.diag, "test_plan.tmp", &writer), SOLDER_OK);
    assert_int_equal(sld_writer_commit(&writer), SOLDER_OK);
    assert_int_equal(solder_engine_open(s->runtime, "test_plan.tmp", &engine), SOLDER_ERROR_DATA);
    assert_string_equal(solder_runtime_message(s->runtime), "plan 'test_plan.tmp': empty file");
    assert_int_equal(sld_writer_open(NULL, &s->f.diag, "test_plan.tmp", &writer), SOLDER_OK);
    const sld_plan_sink sink = sld_plan_file_sink(&writer);
    const sld_plan_info info = {.threads = 1};
    assert_int_equal(sld_plan_write(s->f.graph, NULL, &info, &s->f.diag, &sink), SOLDER_OK);
    assert_int_equal(sld_writer_commit(&writer), SOLDER_OK);
    assert_int_equal(solder_engine_open(s->runtime, "test_plan.tmp", &engine), SOLDER_OK);
    assert_string_equal(solder_engine_property(engine, "network"), "damaged");
    solder_engine_destroy(engine);
    assert_int_equal(unlink("test_plan.tmp"), 0);
}

/* ---- mutations with repaired hashes ---- */

static uint64_t random_state;

static uint64_t random_next(void)
{
    random_state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = random_state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void mutate(plan_state *s)
{
    for (uint64_t edits = 1 + random_next() % 3; edits > 0; edits--) {
        const sld_plan_section *section;
        do {
            section = &table(s)[random_next() % section_count(s)];
        } while (section->size == 0);
        uint8_t *at = s->copy + section->offset + random_next() % section->size;
        uint8_t *word = s->copy + section->offset + (random_next() % section->size & ~UINT64_C(3));
        switch (random_next() % 5) {
        case 0:
            *at ^= (uint8_t)(1u << random_next() % 8);
            break;
        case 1:
            *at = (uint8_t)random_next();
            break;
        case 2:
            *at = (uint8_t)(*at + (random_next() % 2 ? 1 : -1));
            break;
        case 3:
            if (word + 4 <= s->copy + section->offset + section->size) {
                uint32_t small = (uint32_t)(random_next() % 40) - 2;
                memcpy(word, &small, 4);
            }
            break;
        default:
            if (word + 4 <= s->copy + section->offset + section->size) {
                uint32_t huge = (uint32_t)random_next();
                memcpy(word, &huge, 4);
            }
        }
    }
}

/* Whatever loads is run: memory may hold nonsense, but no access may leave it. */
static void run_anything(plan_state *s, solder_engine *engine)
{
    solder_context *context;
    if (solder_context_create(s->runtime, engine, &context) != SOLDER_OK) {
        return;
    }
    for (size_t i = 0; i < solder_engine_io_count(engine); i++) {
        solder_io io;
        void *data;
        assert_int_equal(solder_engine_io(engine, i, &io), SOLDER_OK);
        if (io.is_input) {
            solder_dims *const corner[] = {&io.min, &io.opt, &io.max};
            (void)solder_context_set_dims(context, io.name, corner[random_next() % 3]);
            (void)solder_context_tensor(context, io.name, &data, NULL);
        }
    }
    solder_status status = solder_context_run(context);
    assert_true(status == SOLDER_OK || solder_context_message(context)[0] != '\0');
    solder_context_destroy(context);
}

static void mutations_with_good_hashes(void **state)
{
    plan_state *s = *state;
    const char *wanted = getenv("SOLDER_MUTATIONS");
    long rounds = wanted != NULL ? atol(wanted) : 2000;
    const char *seed = getenv("SOLDER_SEED");
    uint64_t first = seed != NULL ? strtoull(seed, NULL, 0) : 1;
    long loaded = 0;
    for (long i = 0; i < rounds; i++) {
        random_state = first + (uint64_t)i;
        (void)fresh(s);
        mutate(s);
        rehash(s);
        if (getenv("SOLDER_VERBOSE") != NULL) {
            (void)fprintf(stderr, "seed %llu\n", (unsigned long long)first + (unsigned long long)i);
        }
        solder_engine *engine;
        if (solder_engine_load(s->runtime, s->copy, s->f.plan.size, &engine) == SOLDER_OK) {
            loaded++;
            run_anything(s, engine);
            solder_engine_destroy(engine);
        } else {
            assert_true(solder_runtime_message(s->runtime)[0] != '\0');
        }
    }
    assert_true(loaded > rounds / 100); /* else the test tests nothing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_plan_loads),
        cmocka_unit_test(same_network_same_bytes),
        cmocka_unit_test(truncated_at_every_length),
        cmocka_unit_test(every_bit_of_the_head_flipped),
        cmocka_unit_test(every_byte_flipped),
        cmocka_unit_test(large_weights),
        cmocka_unit_test(other_versions),
        cmocka_unit_test(unknown_family),
        cmocka_unit_test(unknown_kernel_runs_on_another),
        cmocka_unit_test(files),
        cmocka_unit_test(mutations_with_good_hashes),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
