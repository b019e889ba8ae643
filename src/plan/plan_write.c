/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the tables together and writes them section by section; weights are packed on the way. */
#include "plan/plan_write.h"

#include "base/hash.h"
#include "plan/plan_write_build.h"

/* ---- sinks ---- */

static solder_status file_write(void *user, const void *data, size_t size)
{
    return sld_writer_write(user, data, size);
}

static solder_status file_write_at(void *user, uint64_t offset, const void *data, size_t size)
{
    return sld_writer_write_at(user, offset, data, size);
}

sld_plan_sink sld_plan_file_sink(sld_writer *writer)
{
    return (sld_plan_sink){writer, file_write, file_write_at};
}

static solder_status memory_write(void *user, const void *data, size_t size)
{
    sld_plan_buffer *buffer = user;
    size_t needed;
    if (!sld_size_add(buffer->size, size, &needed)) {
        return sld_fail_memory(buffer->diag, size);
    }
    void *bytes = buffer->data;
    SLD_TRY(sld_array_grow(buffer->allocator, buffer->diag, &bytes, &buffer->capacity, needed, 1));
    buffer->data = bytes;
    memcpy(buffer->data + buffer->size, data, size);
    buffer->size = needed;
    return SOLDER_OK;
}

static solder_status memory_write_at(void *user, uint64_t offset, const void *data, size_t size)
{
    const sld_plan_buffer *buffer = user;
    if (offset > buffer->size || size > buffer->size - offset) {
        return sld_fail(buffer->diag, SOLDER_ERROR_INTERNAL, "plan: rewrite past the end");
    }
    memcpy(buffer->data + offset, data, size);
    return SOLDER_OK;
}

sld_plan_sink sld_plan_memory_sink(sld_plan_buffer *buffer)
{
    return (sld_plan_sink){buffer, memory_write, memory_write_at};
}

/* ---- output ---- */

typedef struct output {
    const sld_plan_sink *sink;
    uint64_t offset;
    struct {
        sld_plan_header header;
        sld_plan_section sections[SLD_PLAN_SECTION_COUNT];
    } head;
    uint32_t count; /* of sections: those of bodies are left out where there are none */
} output;

static size_t head_bytes(const output *out)
{
    return sizeof out->head.header + out->count * sizeof out->head.sections[0];
}

static solder_status put(output *out, const void *data, size_t size)
{
    if (size != 0) {
        SLD_TRY(out->sink->write(out->sink->user, data, size));
    }
    out->offset += size;
    return SOLDER_OK;
}

static solder_status pad_to(output *out, uint64_t offset)
{
    static const uint8_t zeros[SLD_PLAN_ALIGN];
    return put(out, zeros, (size_t)(offset - out->offset));
}

static void lay_out(const sld_plan_build *b, output *out)
{
    out->count = b->tables[SLD_PLAN_BODIES].count > 0 ? SLD_PLAN_SECTION_COUNT : SLD_PLAN_BODIES;
    uint64_t at = head_bytes(out);
    for (uint32_t i = 0; i < out->count; i++) {
        sld_plan_section *s = &out->head.sections[i];
        const sld_plan_table *table = &b->tables[i];
        at = (at + SLD_PLAN_ALIGN - 1) & ~(uint64_t)(SLD_PLAN_ALIGN - 1);
        s->id = i;
        s->element = (uint32_t)table->element;
        s->offset = at;
        s->size = i == SLD_PLAN_WEIGHTS ? b->weights_bytes : table->count * table->element;
        s->hash = sld_hash_section(table->data != NULL ? table->data : "",
                                   i == SLD_PLAN_WEIGHTS ? 0 : (size_t)s->size);
        at += s->size;
    }
    sld_plan_header *h = &out->head.header;
    memcpy(h->magic, SLD_PLAN_MAGIC, sizeof h->magic);
    h->major = SLD_PLAN_MAJOR;
    h->minor = SLD_PLAN_MINOR;
    h->file_size = at;
    h->section_count = out->count;
    h->arena_bytes = b->arena_bytes;
}

/* Pieces together about a MiB: enough for the disk, too little to count. */
#define PACK_BYTES ((size_t)1 << 20)

static solder_status write_packed(sld_plan_build *b, output *out, const sld_plan_blob *blob,
                                  sld_section_hasher *hasher)
{
    const size_t pieces = blob->packing->pieces(blob->params, &blob->plain);
    const size_t size = pieces != 0 ? (size_t)blob->size / pieces : 0;
    const size_t step = size < PACK_BYTES ? PACK_BYTES / (size + 1) + 1 : 1;
    const size_t room = size * (step < pieces ? step : pieces);
    void *packed = sld_calloc(b->allocator, room);
    if (packed == NULL) {
        return sld_fail_memory(b->diag, room);
    }
    solder_status status = SOLDER_OK;
    for (size_t first = 0; first < pieces && status == SOLDER_OK; first += step) {
        size_t count = step < pieces - first ? step : pieces - first;
        blob->packing->pack(blob->params, &blob->plain, first, count, packed);
        sld_section_hasher_update(hasher, packed, count * size);
        status = put(out, packed, count * size);
    }
    sld_release(b->allocator, packed, room);
    return status;
}

static solder_status write_blob(sld_plan_build *b, output *out, const sld_plan_blob *blob,
                                sld_section_hasher *hasher)
{
    static const uint8_t zeros[SLD_PLAN_ALIGN];
    uint64_t start = out->head.sections[SLD_PLAN_WEIGHTS].offset + blob->offset;
    sld_section_hasher_update(hasher, zeros, (size_t)(start - out->offset));
    SLD_TRY(pad_to(out, start));
    if (blob->packing == NULL) {
        sld_section_hasher_update(hasher, blob->plain.data, blob->plain_size);
        return put(out, blob->plain.data, blob->plain_size);
    }
    return write_packed(b, out, blob, hasher);
}

static solder_status write_weights(sld_plan_build *b, output *out)
{
    sld_section_hasher hasher;
    sld_section_hasher_init(&hasher);
    SLD_TRY(pad_to(out, out->head.sections[SLD_PLAN_WEIGHTS].offset));
    const sld_plan_blob *blobs = b->blobs.data;
    for (size_t i = 0; i < b->blobs.count; i++) {
        SLD_TRY(write_blob(b, out, &blobs[i], &hasher));
    }
    out->head.sections[SLD_PLAN_WEIGHTS].hash = sld_section_hasher_finish(&hasher);
    return SOLDER_OK;
}

static solder_status write_all(sld_plan_build *b, const sld_plan_sink *sink)
{
    output out = {.sink = sink};
    lay_out(b, &out);
    SLD_TRY(put(&out, &out.head, head_bytes(&out)));
    for (int i = 0; i < SLD_PLAN_WEIGHTS; i++) {
        SLD_TRY(pad_to(&out, out.head.sections[i].offset));
        SLD_TRY(put(&out, b->tables[i].data, (size_t)out.head.sections[i].size));
    }
    SLD_TRY(write_weights(b, &out));
    for (uint32_t i = SLD_PLAN_WEIGHTS + 1; i < out.count; i++) {
        SLD_TRY(pad_to(&out, out.head.sections[i].offset));
        SLD_TRY(put(&out, b->tables[i].data, (size_t)out.head.sections[i].size));
    }
    out.head.header.hash = sld_hash64(&out.head, head_bytes(&out));
    return sink->write_at(sink->user, 0, &out.head, head_bytes(&out));
}

/* ---- the whole ---- */

static void init_tables(sld_plan_build *b)
{
    static const size_t elements[SLD_PLAN_SECTION_COUNT] = {
        [SLD_PLAN_STRINGS] = 1,
        [SLD_PLAN_EXPRS] = sizeof(sld_expr),
        [SLD_PLAN_SYMBOLS] = sizeof(sld_symbol),
        [SLD_PLAN_TENSORS] = sizeof(sld_plan_tensor),
        [SLD_PLAN_OPERANDS] = sizeof(uint32_t),
        [SLD_PLAN_DEFINES] = sizeof(sld_plan_define),
        [SLD_PLAN_STEPS] = sizeof(sld_plan_step),
        [SLD_PLAN_PARAMS] = 1,
        [SLD_PLAN_IO] = sizeof(sld_plan_io),
        [SLD_PLAN_PROPERTIES] = sizeof(sld_plan_property),
        [SLD_PLAN_LABELS] = sizeof(uint32_t),
        [SLD_PLAN_IMAGES] = sizeof(sld_plan_image),
        [SLD_PLAN_PLUGINS] = sizeof(uint32_t),
        [SLD_PLAN_WEIGHTS] = 1,
        [SLD_PLAN_BODIES] = sizeof(sld_plan_body),
        [SLD_PLAN_BODY_BYTES] = 1,
    };
    for (int i = 0; i < SLD_PLAN_SECTION_COUNT; i++) {
        b->tables[i].element = elements[i];
    }
    b->blobs.element = sizeof(sld_plan_blob);
    b->packed.element = sizeof(sld_plan_packed);
}

static void release_table(sld_plan_build *b, sld_plan_table *table)
{
    sld_release(b->allocator, table->data, table->capacity * table->element);
}

static solder_status build_tables(sld_plan_build *b)
{
    SLD_TRY(sld_plan_add_exprs(b));
    SLD_TRY(sld_shapes_init(&b->shapes, b->graph, &b->arena));
    SLD_TRY(sld_plan_begin_tensors(b));
    SLD_TRY(sld_plan_list_plugins(b, b->graph));
    SLD_TRY(sld_plan_add_steps(b));
    return sld_plan_add_info(b);
}

solder_status sld_plan_write(const sld_graph *graph, const sld_tactic *tactics,
                             const sld_plan_info *info, sld_diag *diag, const sld_plan_sink *sink)
{
    static const sld_plan_info nothing;
    sld_plan_build b = {.graph = graph,
                        .tactics = tactics,
                        .info = info != NULL ? info : &nothing,
                        .diag = diag,
                        .allocator = graph->allocator};
    sld_arena_init(&b.arena, graph->allocator, 0);
    init_tables(&b);
    solder_status status = build_tables(&b);
    if (status == SOLDER_OK) {
        status = write_all(&b, sink);
    }
    for (int i = 0; i < SLD_PLAN_SECTION_COUNT; i++) {
        release_table(&b, &b.tables[i]);
    }
    release_table(&b, &b.blobs);
    release_table(&b, &b.packed);
    sld_arena_free(&b.arena);
    return status;
}
