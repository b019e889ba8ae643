/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protobuf wire format, field by field, nothing copied: what ONNX is read with, and what the
 * guard in front of protobuf-c (unpack.h) walks.
 */
#ifndef SLD_IMPORT_WIRE_WIRE_H
#define SLD_IMPORT_WIRE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Deepest nesting of messages any importer accepts. */
#define SLD_WIRE_MAX_DEPTH 64

typedef enum sld_wire_type {
    SLD_WIRE_VARINT = 0,
    SLD_WIRE_FIXED64 = 1,
    SLD_WIRE_BYTES = 2, /* string, bytes, message, packed array */
    SLD_WIRE_FIXED32 = 5
} sld_wire_type;

typedef struct sld_wire {
    const uint8_t *at, *end;
} sld_wire;

typedef struct sld_wire_field {
    uint32_t number;
    sld_wire_type type;
    uint64_t value;      /* VARINT, FIXED32, FIXED64 */
    const uint8_t *data; /* BYTES: lies wholly inside the message */
    size_t size;
    const uint8_t *start; /* of the tag */
} sld_wire_field;

typedef enum sld_wire_step {
    SLD_WIRE_FIELD = 0,
    SLD_WIRE_END,
    SLD_WIRE_TRUNCATED, /* the field's end lies outside the message */
    SLD_WIRE_MALFORMED  /* a varint over 10 bytes, field number 0, a group */
} sld_wire_step;

static inline sld_wire sld_wire_open(const uint8_t *data, size_t size)
{
    return (sld_wire){data, size == 0 ? data : data + size};
}

/* Reads the next field. After anything but SLD_WIRE_FIELD the cursor stays where it was. */
sld_wire_step sld_wire_next(sld_wire *wire, sld_wire_field *field);

/* Reads one varint (an element of a packed array). SLD_WIRE_END at the end. */
sld_wire_step sld_wire_varint(sld_wire *wire, uint64_t *value);

/* "is truncated", "is malformed": for messages. */
const char *sld_wire_step_text(sld_wire_step step);

#endif
