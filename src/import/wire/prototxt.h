/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protobuf's text form, read along protobuf-c descriptors into the messages they describe. A
 * message type without fields is opaque: its value, of any form, is read and dropped. A field that
 * generated C cannot name (base) has a trailing underscore in the schema, not in the text.
 */
#ifndef SLD_IMPORT_WIRE_PROTOTXT_H
#define SLD_IMPORT_WIRE_PROTOTXT_H

#include <protobuf-c/protobuf-c.h>

#include "base/memory.h"

/* Largest text accepted, and deepest nesting. */
#define SLD_PROTOTXT_MAX_SIZE  ((size_t)64 << 20)
#define SLD_PROTOTXT_MAX_DEPTH 64

/* A field that the message type does not have. */
typedef struct sld_prototxt_unknown {
    const ProtobufCMessage *owner; /* the message directly below the root it lies in; NULL: root */
    const char *field;
    const char *within; /* message type it was given in */
    uint32_t line, column;
    struct sld_prototxt_unknown *next;
} sld_prototxt_unknown;

/* Where the text of a message directly below the root begins: at its '{'. */
typedef struct sld_prototxt_span {
    const ProtobufCMessage *message;
    const char *text;
    size_t size; /* up to the end of the whole text */
    struct sld_prototxt_span *next;
} sld_prototxt_span;

typedef struct sld_prototxt {
    sld_arena *arena; /* everything read lives there; its limit bounds the memory used */
    sld_diag *diag;
    const char *name;     /* prefix of messages: "caffe: prototxt" */
    bool collect_unknown; /* put unknown fields into the list instead of failing at the first */
    sld_prototxt_unknown *unknown;
    sld_prototxt_unknown **last_unknown;
    bool collect_spans;
    sld_prototxt_span *spans; /* in order */
    sld_prototxt_span **last_span;
} sld_prototxt;

/* Errors are SOLDER_ERROR_DATA and read "name:line:column: ...". */
solder_status sld_prototxt_read(sld_prototxt *reader, const ProtobufCMessageDescriptor *descriptor,
                                const char *text, size_t size, ProtobufCMessage **message);

#endif
