/* SPDX-License-Identifier: Apache-2.0 */
/* Header, section table and hashes. */
#include "plan/plan_read.h"

#include <stdatomic.h>

#include "base/hash.h"
#include "plan/plan_read_check.h"

static const struct {
    const char *name;
    uint32_t element;
} sections[SLD_PLAN_SECTION_COUNT] = {
    [SLD_PLAN_STRINGS] = {"strings", 1},
    [SLD_PLAN_EXPRS] = {"expressions", sizeof(sld_expr)},
    [SLD_PLAN_SYMBOLS] = {"symbols", sizeof(sld_symbol)},
    [SLD_PLAN_TENSORS] = {"tensors", sizeof(sld_plan_tensor)},
    [SLD_PLAN_OPERANDS] = {"operands", sizeof(uint32_t)},
    [SLD_PLAN_DEFINES] = {"defines", sizeof(sld_plan_define)},
    [SLD_PLAN_STEPS] = {"steps", sizeof(sld_plan_step)},
    [SLD_PLAN_PARAMS] = {"parameters", 1},
    [SLD_PLAN_IO] = {"inputs and outputs", sizeof(sld_plan_io)},
    [SLD_PLAN_PROPERTIES] = {"properties", sizeof(sld_plan_property)},
    [SLD_PLAN_LABELS] = {"labels", sizeof(uint32_t)},
    [SLD_PLAN_IMAGES] = {"picture rules", sizeof(sld_plan_image)},
    [SLD_PLAN_PLUGINS] = {"plugins", sizeof(uint32_t)},
    [SLD_PLAN_WEIGHTS] = {"weights", 1},
    [SLD_PLAN_BODIES] = {"bodies", sizeof(sld_plan_body)},
    [SLD_PLAN_BODY_BYTES] = {"plans of bodies", 1},
};

static const char *section_name(uint32_t index)
{
    return index < SLD_PLAN_SECTION_COUNT ? sections[index].name : "unknown";
}

static solder_status check_header(sld_diag *diag, const uint8_t *data, size_t size)
{
    const sld_plan_header *h = (const sld_plan_header *)(const void *)data;
    size_t magic = size < sizeof h->magic ? size : sizeof h->magic;
    if (size == 0) {
        return sld_fail(diag, SOLDER_ERROR_DATA, "empty file");
    }
    if (memcmp(data, SLD_PLAN_MAGIC, magic) != 0) {
        return sld_fail(diag, SOLDER_ERROR_DATA, "not a Solder plan");
    }
    if (size < sizeof *h) {
        return sld_fail(diag, SOLDER_ERROR_DATA,
                        "truncated: the header takes %zu bytes, file has %zu", sizeof *h, size);
    }
    if (h->major != SLD_PLAN_MAJOR) {
        return sld_fail(diag, SOLDER_ERROR_VERSION,
                        "format version %u, this library (solder %s) reads version %u", h->major,
                        solder_version(), SLD_PLAN_MAJOR);
    }
    if (h->file_size > size) {
        return sld_fail(diag, SOLDER_ERROR_DATA, "truncated: header says %llu bytes, file has %zu",
                        (unsigned long long)h->file_size, size);
    }
    if (h->file_size < size) {
        return sld_fail(diag, SOLDER_ERROR_DATA, "header says %llu bytes, file has %zu",
                        (unsigned long long)h->file_size, size);
    }
    if (h->section_count < SLD_PLAN_SECTIONS_LEAST || h->section_count > 4096 ||
        sizeof *h + h->section_count * sizeof(sld_plan_section) > size) {
        return sld_fail(diag, SOLDER_ERROR_DATA, "damaged header: %u sections", h->section_count);
    }
    sld_plan_header copy = *h;
    copy.hash = 0;
    sld_hasher hasher;
    sld_hasher_init(&hasher);
    sld_hasher_update(&hasher, &copy, sizeof copy);
    sld_hasher_update(&hasher, h + 1, h->section_count * sizeof(sld_plan_section));
    if (sld_hasher_finish(&hasher) != h->hash) {
        return sld_fail(diag, SOLDER_ERROR_DATA, "damaged header");
    }
    if (h->reserved != 0 || h->reserved2[0] != 0 || h->reserved2[1] != 0 ||
        h->arena_bytes > (uint64_t)(PTRDIFF_MAX / 4)) {
        return sld_fail(diag, SOLDER_ERROR_DATA, "header has a field that cannot be");
    }
    return SOLDER_OK;
}

static solder_status damaged(sld_diag *diag, uint32_t section)
{
    return sld_fail(diag, SOLDER_ERROR_DATA, "section %u (%s) is damaged", section,
                    section_name(section));
}

static solder_status check_gap(sld_diag *diag, const uint8_t *data, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++) {
        if (data[i] != 0) {
            return sld_fail(diag, SOLDER_ERROR_DATA, "byte %llu between sections is not 0",
                            (unsigned long long)i);
        }
    }
    return SOLDER_OK;
}

/* Sections lie in order, each at the first multiple of 64 behind the one before. */
static solder_status check_sections(sld_diag *diag, const uint8_t *data, size_t size)
{
    const sld_plan_header *h = (const sld_plan_header *)(const void *)data;
    const sld_plan_section *table = (const sld_plan_section *)(const void *)(h + 1);
    uint64_t at = sizeof *h + h->section_count * sizeof *table;
    for (uint32_t i = 0; i < h->section_count; i++) {
        const sld_plan_section *s = &table[i];
        uint64_t start = (at + SLD_PLAN_ALIGN - 1) & ~(uint64_t)(SLD_PLAN_ALIGN - 1);
        if (s->id != i || s->offset != start || start > size || s->size > size - start ||
            s->element == 0 || s->size % s->element != 0 ||
            (i < SLD_PLAN_SECTION_COUNT && s->element != sections[i].element) ||
            (s->element > 1 && s->size / s->element >= SLD_PLAN_NONE)) {
            return sld_fail(diag, SOLDER_ERROR_DATA, "section %u (%s) is misplaced", i,
                            section_name(i));
        }
        SLD_TRY(check_gap(diag, data, at, start));
        if (i != SLD_PLAN_WEIGHTS && sld_hash_section(data + start, (size_t)s->size) != s->hash) {
            return damaged(diag, i);
        }
        at = start + s->size;
    }
    return at == size ? SOLDER_OK
                      : sld_fail(diag, SOLDER_ERROR_DATA, "%llu bytes follow the last section",
                                 (unsigned long long)(size - at));
}

static void take_sections(const uint8_t *data, sld_plan *plan)
{
    const sld_plan_header *h = (const sld_plan_header *)(const void *)data;
    const sld_plan_section *table = (const sld_plan_section *)(const void *)(h + 1);
    const void *start[SLD_PLAN_SECTION_COUNT];
    for (uint32_t i = 0; i < SLD_PLAN_SECTION_COUNT; i++) {
        bool there = i < h->section_count;
        start[i] = there ? data + table[i].offset : data;
        plan->count[i] = there ? (size_t)(table[i].size / table[i].element) : 0;
    }
    plan->header = h;
    plan->strings = start[SLD_PLAN_STRINGS];
    plan->exprs = start[SLD_PLAN_EXPRS];
    plan->symbols = start[SLD_PLAN_SYMBOLS];
    plan->tensors = start[SLD_PLAN_TENSORS];
    plan->operands = start[SLD_PLAN_OPERANDS];
    plan->defines = start[SLD_PLAN_DEFINES];
    plan->steps = start[SLD_PLAN_STEPS];
    plan->params = start[SLD_PLAN_PARAMS];
    plan->io = start[SLD_PLAN_IO];
    plan->properties = start[SLD_PLAN_PROPERTIES];
    plan->labels = start[SLD_PLAN_LABELS];
    plan->images = start[SLD_PLAN_IMAGES];
    plan->plugins = start[SLD_PLAN_PLUGINS];
    plan->weights = start[SLD_PLAN_WEIGHTS];
    plan->bodies = start[SLD_PLAN_BODIES];
    plan->body_bytes = start[SLD_PLAN_BODY_BYTES];
}

static solder_status check_all(const solder_allocator *allocator, sld_diag *diag,
                               const uint8_t *data, size_t size, sld_plan *plan)
{
    SLD_TRY(check_header(diag, data, size));
    SLD_TRY(check_sections(diag, data, size));
    take_sections(data, plan);
    size_t tensors = plan->count[SLD_PLAN_TENSORS];
    size_t symbols = plan->count[SLD_PLAN_SYMBOLS];
    size_t scratch = (tensors > symbols ? tensors : symbols) + 1;
    sld_plan_check check = {plan, diag, sld_calloc(allocator, scratch)};
    if (check.seen == NULL) {
        return sld_fail_memory(diag, scratch);
    }
    solder_status status = sld_plan_check_contents(&check);
    sld_release(allocator, check.seen, scratch);
    return status;
}

solder_status sld_plan_read(const solder_allocator *allocator, sld_diag *diag, const char *name,
                            const void *data, size_t size, sld_plan *plan)
{
    sld_plan read;
    solder_status status = check_all(allocator, diag, data, size, &read);
    if (status != SOLDER_OK) {
        return status == SOLDER_ERROR_MEMORY ? status
                                             : sld_fail_within(diag, status, "plan '%s'", name);
    }
    *plan = read;
    return SOLDER_OK;
}

/* ---- weights ---- */

typedef struct weighing {
    const uint8_t *data;
    size_t size;
    atomic_uint_fast64_t hash;
} weighing;

static void weigh(void *user, size_t index, int thread)
{
    (void)thread;
    weighing *w = user;
    (void)atomic_fetch_xor(&w->hash, sld_hash_piece(w->data, w->size, index));
}

solder_status sld_plan_check_weights(const sld_plan *plan, sld_diag *diag, const char *name,
                                     sld_pool *pool)
{
    const sld_plan_section *section =
        (const sld_plan_section *)(const void *)(plan->header + 1) + SLD_PLAN_WEIGHTS;
    weighing w = {.data = plan->weights, .size = plan->count[SLD_PLAN_WEIGHTS]};
    atomic_init(&w.hash, 0);
    sld_pool_for(pool, sld_hash_piece_count(w.size), weigh, &w);
    if (atomic_load(&w.hash) != section->hash) {
        return sld_fail_within(diag, damaged(diag, SLD_PLAN_WEIGHTS), "plan '%s'", name);
    }
    return SOLDER_OK;
}
