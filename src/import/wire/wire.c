/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the protobuf wire format with every length checked against the buffer. */
#include "import/wire/wire.h"

sld_wire_step sld_wire_varint(sld_wire *wire, uint64_t *value)
{
    if (wire->at == wire->end) {
        return SLD_WIRE_END;
    }
    uint64_t result = 0;
    const uint8_t *p = wire->at;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (p == wire->end) {
            return SLD_WIRE_TRUNCATED;
        }
        uint8_t byte = *p++;
        if (shift == 63 && byte > 1) {
            return SLD_WIRE_MALFORMED;
        }
        result |= (uint64_t)(byte & 0x7fu) << shift;
        if (byte < 0x80) {
            wire->at = p;
            *value = result;
            return SLD_WIRE_FIELD;
        }
    }
    return SLD_WIRE_MALFORMED;
}

static sld_wire_step fixed(sld_wire *wire, size_t size, uint64_t *value)
{
    if ((size_t)(wire->end - wire->at) < size) {
        return SLD_WIRE_TRUNCATED;
    }
    uint64_t result = 0;
    for (size_t i = 0; i < size; i++) {
        result |= (uint64_t)wire->at[i] << (8 * i);
    }
    wire->at += size;
    *value = result;
    return SLD_WIRE_FIELD;
}

static sld_wire_step bytes(sld_wire *wire, sld_wire_field *field)
{
    uint64_t size;
    sld_wire_step step = sld_wire_varint(wire, &size);
    if (step != SLD_WIRE_FIELD) {
        return step == SLD_WIRE_END ? SLD_WIRE_TRUNCATED : step;
    }
    if (size > (uint64_t)(wire->end - wire->at)) {
        return SLD_WIRE_TRUNCATED;
    }
    field->data = wire->at;
    field->size = (size_t)size;
    wire->at += size;
    return SLD_WIRE_FIELD;
}

static sld_wire_step payload(sld_wire *wire, sld_wire_field *field)
{
    switch (field->type) {
    case SLD_WIRE_VARINT: {
        sld_wire_step step = sld_wire_varint(wire, &field->value);
        return step == SLD_WIRE_END ? SLD_WIRE_TRUNCATED : step;
    }
    case SLD_WIRE_FIXED64:
        return fixed(wire, 8, &field->value);
    case SLD_WIRE_FIXED32:
        return fixed(wire, 4, &field->value);
    case SLD_WIRE_BYTES:
        return bytes(wire, field);
    }
    return SLD_WIRE_MALFORMED;
}

sld_wire_step sld_wire_next(sld_wire *wire, sld_wire_field *field)
{
    sld_wire next = *wire;
    uint64_t tag;
    sld_wire_step step = sld_wire_varint(&next, &tag);
    if (step != SLD_WIRE_FIELD) {
        return step;
    }
    if ((tag >> 3) == 0 || tag > UINT32_MAX) {
        return SLD_WIRE_MALFORMED;
    }
    *field = (sld_wire_field){
        .number = (uint32_t)(tag >> 3), .type = (sld_wire_type)(tag & 7u), .start = wire->at};
    step = payload(&next, field);
    if (step == SLD_WIRE_FIELD) {
        *wire = next;
    }
    return step;
}

const char *sld_wire_step_text(sld_wire_step step)
{
    return step == SLD_WIRE_TRUNCATED ? "is truncated" : "is malformed";
}
