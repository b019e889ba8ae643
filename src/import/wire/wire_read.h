/* SPDX-License-Identifier: Apache-2.0 */
/* Building structures from the fields of checked bytes. */
#ifndef SLD_IMPORT_WIRE_WIRE_READ_H
#define SLD_IMPORT_WIRE_WIRE_READ_H

#include "base/memory.h"
#include "import/wire/wire.h"

/* The first failure is kept; everything after it does nothing. */
typedef struct sld_wire_reader {
    sld_diag *diag;
    sld_arena *arena;
    const char *format; /* "onnx": prefix of messages */
    solder_status status;
} sld_wire_reader;

/* count elements of size bytes of the arena, zeroed; NULL after a failure. */
void *sld_wire_take(sld_wire_reader *reader, size_t count, size_t size);
/* A copy that ends with 0; "" after a failure. Fails if the field holds a zero byte. */
const char *sld_wire_text(sld_wire_reader *reader, const sld_wire_field *field);

#endif
