/* SPDX-License-Identifier: Apache-2.0 */
/*
 * protobuf-c behind a guard. protobuf-c has no depth limit, merges repeated sub-messages in
 * quadratic time and allocates what the file asks for; so the bytes are walked first along the
 * message's descriptor, and unpacked with an allocator that has a budget.
 *
 *     sld_unpacker unpacker;
 *     sld_unpacker_init(&unpacker, import->allocator, "caffe");
 *     SLD_TRY(sld_unpack(&unpacker, diag, &net_parameter__descriptor, data, size, &message));
 *     ...
 *     sld_unpacker_free(&unpacker, message);
 */
#ifndef SLD_IMPORT_WIRE_UNPACK_H
#define SLD_IMPORT_WIRE_UNPACK_H

#include <protobuf-c/protobuf-c.h>

#include "base/memory.h"
#include "import/wire/wire.h"

typedef struct sld_unpacker {
    ProtobufCAllocator protobuf;
    const solder_allocator *allocator;
    const char *who;     /* prefix of messages: "caffe" */
    size_t max_messages; /* in one file; 1 << 20 */
    size_t budget;       /* bytes unpacked messages may take; 0: 64 MiB + 16 x the file */
    size_t used;
    bool over_budget, out_of_memory;
} sld_unpacker;

void sld_unpacker_init(sld_unpacker *unpacker, const solder_allocator *allocator, const char *who);

/*
 * Depth <= SLD_WIRE_MAX_DEPTH, every length inside its message, messages within the limit, no
 * singular sub-message twice. Errors are SOLDER_ERROR_DATA and name the offset.
 */
solder_status sld_unpack_check(const sld_unpacker *unpacker, sld_diag *diag,
                               const ProtobufCMessageDescriptor *descriptor, const uint8_t *data,
                               size_t size);

/* Checks, then unpacks. The message does not borrow from data. */
solder_status sld_unpack(sld_unpacker *unpacker, sld_diag *diag,
                         const ProtobufCMessageDescriptor *descriptor, const uint8_t *data,
                         size_t size, ProtobufCMessage **message);

/* NULL is allowed. */
void sld_unpacker_free(sld_unpacker *unpacker, ProtobufCMessage *message);

#endif
