/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protobuf's text form of a message as its bytes, which are then checked and read as any other:
 * what UFF and GraphDef files in text form are read with. A format describes its messages as rows.
 */
#ifndef SLD_IMPORT_WIRE_TEXT_WIRE_H
#define SLD_IMPORT_WIRE_TEXT_WIRE_H

#include "base/memory.h"

typedef enum sld_text_kind {
    SLD_TEXT_INTEGER,
    SLD_TEXT_ENUM, /* by name or number */
    SLD_TEXT_STRING,
    SLD_TEXT_DOUBLE,
    SLD_TEXT_FLOAT,
    SLD_TEXT_MESSAGE,
    SLD_TEXT_SKIP /* known, of any kind, left out */
} sld_text_kind;

/* A field. Messages are numbered from 1 by the format; 1 is the file. */
typedef struct sld_text_rule {
    uint8_t outer, number;
    const char *name;
    sld_text_kind kind;
    uint8_t inner; /* of SLD_TEXT_MESSAGE */
} sld_text_rule;

typedef struct sld_text_name {
    const char *name;
    uint32_t value;
} sld_text_name;

typedef struct sld_text_schema {
    const char *who; /* errors begin with "who: " */
    const sld_text_rule *rules;
    size_t rule_count;
    const sld_text_name *names; /* of enums, all in one */
    size_t name_count;
} sld_text_schema;

/* Every field must have a rule. The bytes are taken from arena. */
solder_status sld_text_to_wire(sld_diag *diag, sld_arena *arena, const sld_text_schema *schema,
                               const char *text, size_t size, const uint8_t **data,
                               size_t *data_size);

#endif
