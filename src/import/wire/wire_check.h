/* SPDX-License-Identifier: Apache-2.0 */
/* Walks the messages of a file before anything is read: lengths, wire types, depth. */
#ifndef SLD_IMPORT_WIRE_WIRE_CHECK_H
#define SLD_IMPORT_WIRE_WIRE_CHECK_H

#include "base/memory.h"
#include "import/wire/wire.h"

/* Wire types a field may have. */
enum {
    SLD_WIRE_IS_VARINT = 1 << SLD_WIRE_VARINT,
    SLD_WIRE_IS_FIXED64 = 1 << SLD_WIRE_FIXED64,
    SLD_WIRE_IS_BYTES = 1 << SLD_WIRE_BYTES,
    SLD_WIRE_IS_FIXED32 = 1 << SLD_WIRE_FIXED32
};

/* A field that is read. Messages are numbered from 1 by the format; 1 is the file. */
typedef struct sld_wire_rule {
    uint8_t outer, number, types;
    uint8_t inner; /* the message inside; 0: not looked into */
} sld_wire_rule;

/* Errors begin with "who: ". Fields without a rule are stepped over. */
solder_status sld_wire_check(sld_diag *diag, const char *who, const sld_wire_rule *rules,
                             size_t count, const uint8_t *data, size_t size);

#endif
