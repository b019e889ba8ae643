/* SPDX-License-Identifier: Apache-2.0 */
/* Memory and names of the structures that readers build. */
#include "import/wire/wire_read.h"

#include <string.h>

void *sld_wire_take(sld_wire_reader *reader, size_t count, size_t size)
{
    if (reader->status != SOLDER_OK) {
        return NULL;
    }
    void *p = sld_arena_array(reader->arena, count, size);
    if (p == NULL) {
        reader->status = sld_fail_memory(reader->diag, size);
    }
    return p;
}

const char *sld_wire_text(sld_wire_reader *reader, const sld_wire_field *field)
{
    if (field->size != 0 && memchr(field->data, 0, field->size) != NULL) {
        if (reader->status == SOLDER_OK) {
            reader->status = sld_fail(reader->diag, SOLDER_ERROR_DATA,
                                      "%s: a name contains a zero byte", reader->format);
        }
        return "";
    }
    char *copy = sld_wire_take(reader, field->size + 1, 1);
    if (copy == NULL) {
        return "";
    }
    if (field->size != 0) {
        memcpy(copy, field->data, field->size);
    }
    return copy;
}
