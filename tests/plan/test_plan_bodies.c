/* SPDX-License-Identifier: Apache-2.0 */
/* Damaged plans with bodies are refused; those that lie consistently never crash a run. */
#include "base/hash.h"
#include "control_networks.h"
#include "passes/pass.h"
#include "plan/plan_read.h"
#include "runtime/net_fixture.h"

enum { SPARE = 256, LOOP_LIMIT = 5 };

typedef struct damaged {
    fixture f;
    solder_runtime *runtime;
    uint8_t *copy; /* 64-byte aligned, of the plan's size and SPARE */
    size_t size;
} damaged;

static void fresh(damaged *d)
{
    memcpy(d->copy, d->f.plan.data, d->size);
    memset(d->copy + d->size, 0, SPARE);
}

static void start(damaged *d, const char *text)
{
    fixture_read(&d->f, text);
    const sld_pass_options passes = {.alignment = SLD_CACHE_LINE};
    if (sld_passes_run(d->f.graph, &passes) != SOLDER_OK) {
        fail_msg("%s", d->f.diag.message);
    }
    fixture_write(&d->f, NULL, NULL);
    d->size = d->f.plan.size;
    solder_runtime_options options = solder_runtime_options_default();
    options.threads = 1;
    options.memory_limit = (size_t)16 << 20;
    options.loop_limit = LOOP_LIMIT;
    assert_int_equal(solder_runtime_create(&options, &d->runtime), SOLDER_OK);
    d->copy = sld_calloc(NULL, d->size + SPARE);
    assert_non_null(d->copy);
    fresh(d);
}

static void end(damaged *d)
{
    sld_release(NULL, d->copy, d->size + SPARE);
    solder_runtime_destroy(d->runtime);
    fixture_free(&d->f);
}

static solder_status load(damaged *d, const void *data, size_t size)
{
    solder_engine *engine = NULL;
    solder_status status = solder_engine_load(d->runtime, data, size, &engine);
    assert_true(status == SOLDER_OK || solder_runtime_message(d->runtime)[0] != '\0');
    solder_engine_destroy(engine);
    return status;
}

/* ---- hashes ---- */

static sld_plan_section *table_of(uint8_t *plan)
{
    return (sld_plan_section *)(void *)(plan + sizeof(sld_plan_header));
}

/* Whether the plan's tables lie in it, so that they may be written to. */
static bool has_tables(uint8_t *plan, size_t size)
{
    const sld_plan_header *h = (const sld_plan_header *)(const void *)plan;
    if (size < sizeof *h + SLD_PLAN_SECTION_COUNT * sizeof(sld_plan_section) ||
        h->section_count != SLD_PLAN_SECTION_COUNT) {
        return false;
    }
    for (size_t i = 0; i < SLD_PLAN_SECTION_COUNT; i++) {
        const sld_plan_section *s = &table_of(plan)[i];
        if (s->offset % SLD_PLAN_ALIGN != 0 || s->offset > size || s->size > size - s->offset) {
            return false;
        }
    }
    return true;
}

/* Hashes of a plan, bodies first. */
static void rehash(uint8_t *plan, size_t size, int depth)
{
    if (depth > 16 || !has_tables(plan, size)) {
        return;
    }
    sld_plan_header *h = (sld_plan_header *)(void *)plan;
    sld_plan_section *table = table_of(plan);
    const sld_plan_section *bytes = &table[SLD_PLAN_BODY_BYTES];
    for (size_t i = 0; i < table[SLD_PLAN_BODIES].size / sizeof(sld_plan_body); i++) {
        sld_plan_body body;
        memcpy(&body, plan + table[SLD_PLAN_BODIES].offset + i * sizeof body, sizeof body);
        if (body.offset % SLD_PLAN_ALIGN == 0 && body.offset <= bytes->size &&
            body.size <= bytes->size - body.offset) {
            rehash(plan + bytes->offset + body.offset, (size_t)body.size, depth + 1);
        }
    }
    for (size_t i = 0; i < SLD_PLAN_SECTION_COUNT; i++) {
        table[i].hash = sld_hash_section(plan + table[i].offset, (size_t)table[i].size);
    }
    h->hash = 0;
    h->hash = sld_hash64(plan, sizeof *h + SLD_PLAN_SECTION_COUNT * sizeof *table);
}

/* ---- damage the hashes find ---- */

static void damage_is_found(void **state)
{
    (void)state;
    damaged d;
    start(&d, control_nested);
    assert_int_equal(load(&d, d.copy, d.size), SOLDER_OK);
    for (size_t size = 0; size < d.size; size++) {
        assert_int_equal(load(&d, d.copy, size), SOLDER_ERROR_DATA);
    }
    for (size_t i = 0; i < d.size; i++) {
        d.copy[i] ^= (uint8_t)(1u << i % 8);
        solder_status status = load(&d, d.copy, d.size);
        assert_true(status == SOLDER_ERROR_DATA || status == SOLDER_ERROR_VERSION);
        d.copy[i] ^= (uint8_t)(1u << i % 8);
    }
    end(&d);
}

/* The same where only the hashes of the plans around a body are right. */
static void damage_in_a_body_is_found(void **state)
{
    (void)state;
    damaged d;
    start(&d, control_growing);
    sld_plan_section *table = table_of(d.copy);
    uint8_t *body = d.copy + table[SLD_PLAN_BODY_BYTES].offset;
    size_t size = (size_t)table[SLD_PLAN_BODY_BYTES].size;
    sld_plan_header *h = (sld_plan_header *)(void *)d.copy;
    for (size_t i = 0; i < size; i++) {
        body[i] ^= (uint8_t)(1u << i % 8);
        table[SLD_PLAN_BODY_BYTES].hash = sld_hash_section(body, size);
        h->hash = 0;
        h->hash = sld_hash64(d.copy, sizeof *h + SLD_PLAN_SECTION_COUNT * sizeof *table);
        solder_status status = load(&d, d.copy, d.size);
        bool weights = status == SOLDER_OK; /* of the body: its section's hash vouches for them */
        const sld_plan_section *w = &table_of(body)[SLD_PLAN_WEIGHTS];
        assert_true(!weights || (i >= w->offset && i < w->offset + w->size));
        body[i] ^= (uint8_t)(1u << i % 8);
    }
    end(&d);
}

/* A plan whose body is a plan whose body is ... */
static void depth_is_limited(void **state)
{
    (void)state;
    damaged d;
    start(&d, control_growing);
    const sld_plan_section bytes = table_of(d.copy)[SLD_PLAN_BODY_BYTES];
    const sld_plan_section bodies = table_of(d.copy)[SLD_PLAN_BODIES];
    assert_int_equal(bytes.offset + bytes.size, d.size); /* the last section */
    const size_t most = d.size * 40;
    uint8_t *plan = sld_calloc(NULL, most);
    assert_non_null(plan);
    memcpy(plan, d.copy, d.size);
    size_t size = d.size;
    for (int depth = 2; depth <= 30; depth++) {
        assert_true(size <= most - (size_t)bytes.offset);
        memmove(plan + bytes.offset, plan, size);
        memcpy(plan, d.copy, (size_t)bytes.offset);
        sld_plan_body *body = (sld_plan_body *)(void *)(plan + bodies.offset);
        body->size = size;
        table_of(plan)[SLD_PLAN_BODY_BYTES].size = size;
        size += (size_t)bytes.offset;
        ((sld_plan_header *)(void *)plan)->file_size = size;
        table_of(plan)[SLD_PLAN_BODIES].hash = sld_hash_section(plan + bodies.offset, bodies.size);
        table_of(plan)[SLD_PLAN_BODY_BYTES].hash =
            sld_hash_section(plan + bytes.offset, size - (size_t)bytes.offset);
        sld_plan_header *h = (sld_plan_header *)(void *)plan;
        h->hash = 0;
        h->hash = sld_hash64(plan, sizeof *h + SLD_PLAN_SECTION_COUNT * sizeof(sld_plan_section));
        assert_int_equal(load(&d, plan, size), SOLDER_ERROR_DATA);
        const char *message = solder_runtime_message(d.runtime);
        const char *expected =
            depth <= 8 ? "a body does not take or give what it does" : "lie deeper in each other";
        if (strstr(message, expected) == NULL) {
            fail_msg("depth %d: %s", depth, message);
        }
    }
    sld_release(NULL, plan, most);
    end(&d);
}

/* ---- damage under good hashes ---- */

static uint64_t random_state;

static uint64_t random_next(void)
{
    random_state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = random_state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* A byte or an aligned word anywhere behind the head. */
static void mutate(damaged *d)
{
    const size_t head = sizeof(sld_plan_header) + SLD_PLAN_SECTION_COUNT * sizeof(sld_plan_section);
    for (uint64_t edits = 1 + random_next() % 3; edits > 0; edits--) {
        size_t at = head + random_next() % (d->size - head);
        uint32_t small = (uint32_t)(random_next() % 40) - 2;
        switch (random_next() % 4) {
        case 0:
            d->copy[at] ^= (uint8_t)(1u << random_next() % 8);
            break;
        case 1:
            d->copy[at] = (uint8_t)(d->copy[at] + (random_next() % 2 ? 1 : -1));
            break;
        case 2:
            d->copy[at] = (uint8_t)random_next();
            break;
        default:
            memcpy(d->copy + (at & ~(size_t)3), &small, at / 4 * 4 + 4 <= d->size ? 4 : 0);
        }
    }
}

/* Whatever loads is run twice: values may be nonsense, no access may leave its memory. */
static void run_anything(damaged *d, solder_engine *engine)
{
    solder_context *context;
    if (solder_context_create(d->runtime, engine, &context) != SOLDER_OK) {
        return;
    }
    for (size_t i = 0; i < solder_engine_io_count(engine); i++) {
        solder_io io;
        void *data = NULL;
        solder_dims dims;
        assert_int_equal(solder_engine_io(engine, i, &io), SOLDER_OK);
        if (io.is_input && solder_context_set_dims(context, io.name, &io.opt) == SOLDER_OK &&
            solder_context_tensor(context, io.name, &data, &dims) == SOLDER_OK && data != NULL) {
            size_t bytes = solder_dtype_size(io.dtype);
            for (int j = 0; j < dims.rank; j++) {
                bytes *= (size_t)dims.d[j];
            }
            memset(data, 0, bytes);
            if (bytes > 0) {
                *(uint8_t *)data = 3;
            }
        }
    }
    for (int again = 0; again < 2; again++) {
        solder_status status = solder_context_run(context);
        assert_true(status == SOLDER_OK || solder_context_message(context)[0] != '\0');
    }
    solder_context_destroy(context);
}

static void mutations_with_good_hashes(void **state)
{
    (void)state;
    static const char *const texts[] = {control_growing, control_scanning, control_nested,
                                        control_doubling, control_branches};
    const char *wanted = getenv("SOLDER_MUTATIONS");
    long rounds = wanted != NULL ? atol(wanted) : 500;
    for (size_t n = 0; n < SLD_ARRAY_LENGTH(texts); n++) {
        damaged d;
        start(&d, texts[n]);
        rehash(d.copy, d.size, 0);
        assert_memory_equal(d.copy, d.f.plan.data, d.size);
        long loaded = 0;
        for (long i = 0; i < rounds; i++) {
            random_state = (uint64_t)i;
            fresh(&d);
            mutate(&d);
            rehash(d.copy, d.size, 0);
            solder_engine *engine;
            if (solder_engine_load(d.runtime, d.copy, d.size, &engine) == SOLDER_OK) {
                loaded++;
                run_anything(&d, engine);
                solder_engine_destroy(engine);
            } else {
                assert_true(solder_runtime_message(d.runtime)[0] != '\0');
            }
        }
        assert_true(loaded > rounds / 100); /* else the test tests nothing */
        end(&d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damage_is_found),
        cmocka_unit_test(damage_in_a_body_is_found),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(mutations_with_good_hashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
