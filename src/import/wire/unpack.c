/* SPDX-License-Identifier: Apache-2.0 */
/* The guard in front of protobuf-c: a walk along the descriptor, then a budgeted allocator. */
#include "import/wire/unpack.h"

typedef struct walk {
    const sld_unpacker *unpacker;
    sld_diag *diag;
    const uint8_t *data;
    size_t messages;
} walk;

/* In front of every block: protobuf-c frees by pointer alone. */
typedef struct block {
    size_t size;
    size_t reserved;
} block;

static void *take(void *user, size_t size)
{
    sld_unpacker *unpacker = user;
    size_t whole;
    if (!sld_size_add(size, sizeof(block), &whole) || whole > unpacker->budget - unpacker->used) {
        unpacker->over_budget = true;
        return NULL;
    }
    block *b = sld_alloc(unpacker->allocator, whole);
    if (b == NULL) {
        unpacker->out_of_memory = true;
        return NULL;
    }
    b->size = whole;
    unpacker->used += whole;
    return b + 1;
}

static void give(void *user, void *pointer)
{
    sld_unpacker *unpacker = user;
    if (pointer != NULL) {
        block *b = (block *)pointer - 1;
        unpacker->used -= b->size;
        sld_release(unpacker->allocator, b, b->size);
    }
}

void sld_unpacker_init(sld_unpacker *unpacker, const solder_allocator *allocator, const char *who)
{
    *unpacker = (sld_unpacker){.allocator = allocator, .who = who, .max_messages = (size_t)1 << 20};
}

/* Marks a singular sub-message as seen; true if it had been. Descriptors past 256 fields have
 * none of ours. */
static bool seen_before(uint64_t seen[4], size_t index)
{
    if (index >= 256) {
        return false;
    }
    uint64_t bit = (uint64_t)1 << (index % 64);
    bool before = (seen[index / 64] & bit) != 0;
    seen[index / 64] |= bit;
    return before;
}

static solder_status walk_message(walk *w, const ProtobufCMessageDescriptor *descriptor,
                                  const uint8_t *data, size_t size, int depth);

static solder_status walk_field(walk *w, const ProtobufCMessageDescriptor *descriptor,
                                const sld_wire_field *field, uint64_t seen[4], int depth)
{
    const ProtobufCFieldDescriptor *d =
        protobuf_c_message_descriptor_get_field(descriptor, field->number);
    if (d == NULL || d->type != PROTOBUF_C_TYPE_MESSAGE) {
        return SOLDER_OK;
    }
    size_t offset = (size_t)(field->start - w->data);
    if (field->type != SLD_WIRE_BYTES) {
        return sld_fail(w->diag, SOLDER_ERROR_DATA, "%s: field '%s' is no message (offset %zu)",
                        w->unpacker->who, d->name, offset);
    }
    if (d->label != PROTOBUF_C_LABEL_REPEATED &&
        seen_before(seen, (size_t)(d - descriptor->fields))) {
        return sld_fail(w->diag, SOLDER_ERROR_DATA, "%s: field '%s' is given twice (offset %zu)",
                        w->unpacker->who, d->name, offset);
    }
    return walk_message(w, d->descriptor, field->data, field->size, depth + 1);
}

static solder_status walk_message(walk *w, const ProtobufCMessageDescriptor *descriptor,
                                  const uint8_t *data, size_t size, int depth)
{
    const char *who = w->unpacker->who;
    if (depth > SLD_WIRE_MAX_DEPTH) {
        return sld_fail(w->diag, SOLDER_ERROR_DATA,
                        "%s: messages nested more than %d deep (offset %zu)", who,
                        SLD_WIRE_MAX_DEPTH, (size_t)(data - w->data));
    }
    if (++w->messages > w->unpacker->max_messages) {
        return sld_fail(w->diag, SOLDER_ERROR_DATA, "%s: more than %zu messages", who,
                        w->unpacker->max_messages);
    }
    uint64_t seen[4] = {0};
    sld_wire wire = sld_wire_open(data, size);
    sld_wire_field field;
    sld_wire_step step;
    while ((step = sld_wire_next(&wire, &field)) == SLD_WIRE_FIELD) {
        SLD_TRY(walk_field(w, descriptor, &field, seen, depth));
    }
    if (step != SLD_WIRE_END) {
        return sld_fail(w->diag, SOLDER_ERROR_DATA, "%s: the file %s (offset %zu)", who,
                        sld_wire_step_text(step), (size_t)(wire.at - w->data));
    }
    return SOLDER_OK;
}

solder_status sld_unpack_check(const sld_unpacker *unpacker, sld_diag *diag,
                               const ProtobufCMessageDescriptor *descriptor, const uint8_t *data,
                               size_t size)
{
    walk w = {unpacker, diag, data, 0};
    return walk_message(&w, descriptor, data, size, 1);
}

solder_status sld_unpack(sld_unpacker *unpacker, sld_diag *diag,
                         const ProtobufCMessageDescriptor *descriptor, const uint8_t *data,
                         size_t size, ProtobufCMessage **message)
{
    SLD_TRY(sld_unpack_check(unpacker, diag, descriptor, data, size));
    unpacker->protobuf = (ProtobufCAllocator){take, give, unpacker};
    if (unpacker->budget == 0) {
        size_t limit = SIZE_MAX;
        if (sld_size_mul(size, 16, &limit)) {
            sld_size_add(limit, (size_t)64 << 20, &limit);
        }
        unpacker->budget = limit;
    }
    *message = protobuf_c_message_unpack(descriptor, &unpacker->protobuf, size, data);
    if (*message != NULL) {
        return SOLDER_OK;
    }
    if (unpacker->out_of_memory) {
        return sld_fail_memory(diag, size);
    }
    if (unpacker->over_budget) {
        return sld_fail(diag, SOLDER_ERROR_DATA, "%s: unpacking takes more than %zu bytes",
                        unpacker->who, unpacker->budget);
    }
    return sld_fail(diag, SOLDER_ERROR_DATA, "%s: the file is malformed", unpacker->who);
}

void sld_unpacker_free(sld_unpacker *unpacker, ProtobufCMessage *message)
{
    if (message != NULL) {
        protobuf_c_message_free_unpacked(message, &unpacker->protobuf);
    }
}
