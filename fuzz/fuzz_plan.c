/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan: as it is, and with hashes and section places repaired, so that what the hashes guard is
 * reached. What loads is run at the smallest and the largest shapes if that is little work, and its
 * kernels are chosen again: a plan that comes of that loads too.
 */
#include <stdlib.h>

#include "base/hash.h"
#include "fuzz.h"
#include "runtime/runtime_internal.h"
#include "solder/builder.h"

enum { MAX_PLAN = 1 << 20, MAX_CONTEXT = 1 << 20, MAX_WORK = 1 << 20, MAX_LOOP = 3 };

static _Alignas(64) uint8_t repaired[MAX_PLAN];

/* Every hash of a plan whose tables lie in it, bodies first. */
static void rehash(uint8_t *plan, size_t size, int depth)
{
    sld_plan_header *header = (sld_plan_header *)(void *)plan;
    sld_plan_section *table = (sld_plan_section *)(void *)(header + 1);
    if (depth > SLD_BODY_DEPTH_MAX || size < sizeof *header + sizeof *table ||
        header->section_count > (size - sizeof *header) / sizeof *table) {
        return;
    }
    const uint32_t count = header->section_count;
    for (uint32_t i = 0; i < count; i++) {
        if (table[i].offset > size || table[i].size > size - table[i].offset) {
            return;
        }
    }
    for (size_t i = 0;
         count >= SLD_PLAN_SECTION_COUNT && i < table[SLD_PLAN_BODIES].size / sizeof(sld_plan_body);
         i++) {
        const sld_plan_section *bytes = &table[SLD_PLAN_BODY_BYTES];
        sld_plan_body body;
        memcpy(&body, plan + table[SLD_PLAN_BODIES].offset + i * sizeof body, sizeof body);
        if (bytes->offset % SLD_PLAN_ALIGN == 0 && body.offset % SLD_PLAN_ALIGN == 0 &&
            body.offset <= bytes->size && body.size <= bytes->size - body.offset) {
            rehash(plan + bytes->offset + body.offset, (size_t)body.size, depth + 1);
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        table[i].hash = sld_hash_section(plan + table[i].offset, (size_t)table[i].size);
    }
    header->hash = 0;
    header->hash = sld_hash64(plan, sizeof *header + count * sizeof *table);
}

/* The sections' bytes where the table says they are, laid out anew with right sizes and hashes. */
static size_t repair(const uint8_t *data, size_t size)
{
    sld_plan_header header;
    sld_plan_section table[SLD_PLAN_SECTION_COUNT];
    if (size < sizeof header || size > MAX_PLAN / 2) {
        return 0;
    }
    memcpy(&header, data, sizeof header);
    bool bodies = header.section_count >= SLD_PLAN_SECTION_COUNT;
    const uint32_t count = bodies ? SLD_PLAN_SECTION_COUNT : SLD_PLAN_SECTIONS_LEAST;
    const size_t table_bytes = count * sizeof(sld_plan_section);
    if (size < sizeof header + table_bytes) {
        return 0;
    }
    memcpy(table, data + sizeof header, table_bytes);
    memset(repaired, 0, sizeof repaired);
    size_t at = sizeof header + table_bytes;
    for (uint32_t i = 0; i < count; i++) {
        sld_plan_section *s = &table[i];
        s->offset = s->offset < size ? s->offset : size;
        s->size = s->size < size - s->offset ? s->size : size - s->offset;
        s->size -= s->element != 0 ? s->size % s->element : 0;
        at = (at + SLD_PLAN_ALIGN - 1) / SLD_PLAN_ALIGN * SLD_PLAN_ALIGN;
        if (s->size > MAX_PLAN - at) {
            return 0;
        }
        memcpy(repaired + at, data + s->offset, (size_t)s->size);
        s->offset = at;
        at += (size_t)s->size;
    }
    memcpy(header.magic, SLD_PLAN_MAGIC, sizeof header.magic);
    header.major = SLD_PLAN_MAJOR;
    header.file_size = at;
    header.section_count = count;
    memcpy(repaired, &header, sizeof header);
    memcpy(repaired + sizeof header, table, table_bytes);
    rehash(repaired, at, 0);
    return at;
}

static double elements(const sld_tensor *t)
{
    double count = 1;
    for (int i = 0; i < t->rank; i++) {
        count *= (double)(t->dim[i] > 0 ? t->dim[i] : 1);
    }
    return count;
}

/* Beyond tensors' sizes only these parameters make a step longer. */
static double window_of(const solder_engine *e, const sld_engine_step *step)
{
    double window = 1;
    if (strcmp(sld_plan_string(&e->plan, step->plan->family), "pooling") == 0) {
        const sld_pooling_params *p = step->params;
        for (int i = 0; i < SLD_MAX_SPATIAL && p->global == 0; i++) {
            window *= p->window[i] > 0 ? p->window[i] : 1;
        }
    }
    return window;
}

/* No step reads its inputs more than once for each element of its output. */
static double work(const solder_context *c)
{
    const solder_engine *e = c->engine;
    double total = 0;
    for (size_t i = 0; i < e->step_count; i++) {
        const sld_engine_step *step = &e->steps[i];
        double in = 1;
        double out = 1;
        for (uint32_t j = 0; j < step->plan->in_count + step->plan->out_count; j++) {
            if (step->operands[j] != SLD_PLAN_NONE) {
                double count = elements(&c->layout.tensors[step->operands[j]]);
                *(j < step->plan->in_count ? &in : &out) += count;
            }
        }
        total += in * out * window_of(e, step);
    }
    for (size_t i = 0; i < e->body_count; i++) { /* open dims in it count as 1 */
        total += MAX_LOOP * work(c->bodies[i]);
    }
    return total;
}

static void run_at(solder_context *context, bool largest, const uint8_t *data, size_t size)
{
    const solder_engine *e = context->engine;
    for (size_t i = 0; i < e->input_count; i++) {
        const solder_dims *dims = largest ? &e->io[i].max : &e->io[i].min;
        if (solder_context_set_dims(context, e->io[i].name, dims) != SOLDER_OK) {
            return;
        }
    }
    for (size_t i = 0; i < e->input_count; i++) {
        void *memory;
        if (solder_context_tensor(context, e->io[i].name, &memory, NULL) == SOLDER_OK &&
            memory != NULL) {
            size_t bytes = sld_context_io_bytes(context, i);
            for (size_t k = 0; k < bytes; k++) {
                ((uint8_t *)memory)[k] = data[(k + 7 * i) % size];
            }
        }
    }
    if (context->shaped && work(context) <= MAX_WORK) {
        (void)solder_context_run(context);
        (void)solder_context_run(context);
    }
}

static void tune(solder_runtime *runtime, const uint8_t *data, size_t size)
{
    static fuzz_memory memory = {.limit = 64u << 20};
    const solder_builder_options options = {.struct_size = sizeof options,
                                            .allocator = fuzz_allocator(&memory)};
    solder_config config = solder_config_default();
    solder_builder *builder;
    solder_engine *engine;
    void *tuned = NULL;
    size_t tuned_size = 0;
    config.effort = 0;
    config.threads = 1;
    if (solder_builder_create(&options, &builder) != SOLDER_OK) {
        abort();
    }
    if (solder_tune_to_memory(builder, data, size, &config, &tuned, &tuned_size) == SOLDER_OK) {
        if (solder_engine_load(runtime, tuned, tuned_size, &engine) != SOLDER_OK) {
            __builtin_trap();
        }
        solder_engine_destroy(engine);
        solder_plan_free(builder, tuned, tuned_size);
    }
    solder_builder_destroy(builder);
    if (memory.used != 0) {
        __builtin_trap();
    }
}

static void load(solder_runtime *runtime, const uint8_t *data, size_t size)
{
    solder_engine *engine;
    if (solder_engine_load(runtime, data, size, &engine) != SOLDER_OK) {
        return;
    }
    solder_context *context;
    if (solder_engine_context_bytes(engine) <= MAX_CONTEXT &&
        solder_context_create(runtime, engine, &context) == SOLDER_OK) {
        run_at(context, false, data, size);
        run_at(context, true, data, size);
        solder_context_destroy(context);
    }
    solder_engine_destroy(engine);
    tune(runtime, data, size);
}

static solder_runtime *runtime_for(fuzz_memory *memory, const char *cpu)
{
    solder_runtime_options options = solder_runtime_options_default();
    options.allocator = fuzz_allocator(memory);
    options.threads = 1;
    options.loop_limit = MAX_LOOP;
    options.cpu = cpu;
    solder_runtime *runtime;
    if (solder_runtime_create(&options, &runtime) != SOLDER_OK) {
        abort();
    }
    return runtime;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static fuzz_memory memory = {.limit = 64u << 20};
    static solder_runtime *plain, *best;
    if (plain == NULL) {
        plain = runtime_for(&memory, "x86-64");
        best = runtime_for(&memory, NULL);
    }
    size_t before = memory.used;
    load(plain, data, size);
    size_t fixed = repair(data, size);
    if (fixed > 0) {
        load(plain, repaired, fixed);
        load(best, repaired, fixed);
    }
    if (memory.used != before) {
        __builtin_trap();
    }
    return 0;
}
