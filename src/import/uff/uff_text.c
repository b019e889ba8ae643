/* SPDX-License-Identifier: Apache-2.0 */
/* The text form of a MetaGraph, read and printed. */
#include <stdio.h>

#include "import/uff/uff_out.h"
#include "import/wire/text_wire.h"
#include "import/wire/wire.h"

enum {
    NOTHING,
    META,
    DESCRIPTOR,
    GRAPH,
    NODE,
    ENTRY,
    DATA,
    TEXTS,
    REALS,
    INTEGERS,
    TYPES,
    ORDERS_LIST,
    ORDERS,
    ORDERS_ENTRY
};

static const sld_text_rule rows[] = {
    {META, 1, "version", SLD_TEXT_INTEGER, 0},
    {META, 2, "descriptor_core_version", SLD_TEXT_INTEGER, 0},
    {META, 3, "descriptors", SLD_TEXT_MESSAGE, DESCRIPTOR},
    {META, 4, "graphs", SLD_TEXT_MESSAGE, GRAPH},
    {META, 5, "referenced_data", SLD_TEXT_MESSAGE, ENTRY},
    {META, 100, "extra_fields", SLD_TEXT_MESSAGE, ENTRY},
    {DESCRIPTOR, 1, "id", SLD_TEXT_STRING, 0},
    {DESCRIPTOR, 2, "version", SLD_TEXT_INTEGER, 0},
    {DESCRIPTOR, 3, "optional", SLD_TEXT_INTEGER, 0},
    {GRAPH, 1, "id", SLD_TEXT_STRING, 0},
    {GRAPH, 2, "nodes", SLD_TEXT_MESSAGE, NODE},
    {GRAPH, 100, "extra_fields", SLD_TEXT_MESSAGE, ENTRY},
    {NODE, 1, "id", SLD_TEXT_STRING, 0},
    {NODE, 2, "inputs", SLD_TEXT_STRING, 0},
    {NODE, 3, "operation", SLD_TEXT_STRING, 0},
    {NODE, 4, "fields", SLD_TEXT_MESSAGE, ENTRY},
    {NODE, 100, "extra_fields", SLD_TEXT_MESSAGE, ENTRY},
    {ENTRY, 1, "key", SLD_TEXT_STRING, 0},
    {ENTRY, 2, "value", SLD_TEXT_MESSAGE, DATA},
    {DATA, 1, "s", SLD_TEXT_STRING, 0},
    {DATA, 2, "s_list", SLD_TEXT_MESSAGE, TEXTS},
    {DATA, 3, "d", SLD_TEXT_DOUBLE, 0},
    {DATA, 4, "d_list", SLD_TEXT_MESSAGE, REALS},
    {DATA, 5, "b", SLD_TEXT_INTEGER, 0},
    {DATA, 6, "b_list", SLD_TEXT_MESSAGE, INTEGERS},
    {DATA, 7, "i", SLD_TEXT_INTEGER, 0},
    {DATA, 8, "i_list", SLD_TEXT_MESSAGE, INTEGERS},
    {DATA, 9, "blob", SLD_TEXT_STRING, 0},
    {DATA, 100, "ref", SLD_TEXT_STRING, 0},
    {DATA, 101, "dtype", SLD_TEXT_ENUM, 0},
    {DATA, 102, "dtype_list", SLD_TEXT_MESSAGE, TYPES},
    {DATA, 103, "dim_orders", SLD_TEXT_MESSAGE, ORDERS},
    {DATA, 104, "dim_orders_list", SLD_TEXT_MESSAGE, ORDERS_LIST},
    {TEXTS, 1, "val", SLD_TEXT_STRING, 0},
    {REALS, 1, "val", SLD_TEXT_DOUBLE, 0},
    {INTEGERS, 1, "val", SLD_TEXT_INTEGER, 0},
    {TYPES, 1, "val", SLD_TEXT_ENUM, 0},
    {ORDERS_LIST, 1, "val", SLD_TEXT_MESSAGE, ORDERS},
    {ORDERS, 1, "orders", SLD_TEXT_MESSAGE, ORDERS_ENTRY},
    {ORDERS_ENTRY, 1, "key", SLD_TEXT_INTEGER, 0},
    {ORDERS_ENTRY, 2, "value", SLD_TEXT_MESSAGE, INTEGERS},
};

static const sld_text_name type_names[] = {
    {"DT_INVALID", 0},     {"DT_INT8", 0x10008},    {"DT_INT16", 0x10010},  {"DT_INT32", 0x10020},
    {"DT_INT64", 0x10040}, {"DT_FLOAT16", 0x20010}, {"DT_FLOAT32", 0x20020}};

solder_status sld_uff_from_text(sld_diag *diag, sld_arena *arena, const char *text, size_t size,
                                sld_tf_bytes *bytes)
{
    static const sld_text_schema schema = {"uff", rows, SLD_ARRAY_LENGTH(rows), type_names,
                                           SLD_ARRAY_LENGTH(type_names)};
    return sld_text_to_wire(diag, arena, &schema, text, size, &bytes->data, &bytes->size);
}

/* ---- printing ---- */

typedef struct printer {
    sld_writer *file;
    char buffer[8192];
    size_t used;
    solder_status status;
} printer;

static void flush(printer *p)
{
    if (p->status == SOLDER_OK) {
        p->status = sld_writer_write(p->file, p->buffer, p->used);
    }
    p->used = 0;
}

static void print(printer *p, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (p->used == sizeof p->buffer) {
            flush(p);
        }
        p->buffer[p->used++] = text[i];
    }
}

static void print_word(printer *p, const char *word)
{
    print(p, word, strlen(word));
}

static void print_margin(printer *p, int depth)
{
    for (int i = 0; i < depth; i++) {
        print_word(p, "  ");
    }
}

static void print_string(printer *p, sld_tf_bytes bytes)
{
    print_word(p, "\"");
    for (size_t i = 0; i < bytes.size; i++) {
        uint8_t c = bytes.data[i];
        char octal[4] = {'\\', (char)('0' + (c >> 6)), (char)('0' + (c >> 3 & 7)),
                         (char)('0' + (c & 7))};
        if (c == '"' || c == '\\') {
            print(p, octal, 1);
        }
        bool plain = c >= 0x20 && c < 0x7f;
        print(p, plain ? (const char *)&c : octal, plain ? 1 : 4);
    }
    print_word(p, "\"");
}

static void print_number(printer *p, const sld_text_rule *row, uint64_t value)
{
    char text[40];
    if (row->kind == SLD_TEXT_DOUBLE) {
        double real;
        memcpy(&real, &value, sizeof real);
        (void)snprintf(text, sizeof text, "%.17g", real);
    } else {
        (void)snprintf(text, sizeof text, "%lld", (long long)value);
    }
    for (size_t i = 0; row->kind == SLD_TEXT_ENUM && i < SLD_ARRAY_LENGTH(type_names); i++) {
        if (type_names[i].value == value) {
            (void)snprintf(text, sizeof text, "%s", type_names[i].name);
        }
    }
    print_word(p, text);
}

static void print_line(printer *p, const sld_text_rule *row, int depth, uint64_t value)
{
    print_margin(p, depth);
    print_word(p, row->name);
    print_word(p, ": ");
    print_number(p, row, value);
    print_word(p, "\n");
}

static void print_field(printer *p, const sld_text_rule *row, const sld_wire_field *field,
                        int depth)
{
    sld_wire packed = sld_wire_open(field->data, field->size);
    uint64_t value;
    if (row->kind == SLD_TEXT_STRING) {
        print_margin(p, depth);
        print_word(p, row->name);
        print_word(p, ": ");
        print_string(p, (sld_tf_bytes){field->data, field->size});
        print_word(p, "\n");
    } else if (field->type != SLD_WIRE_BYTES) {
        print_line(p, row, depth, field->value);
    } else {
        while (sld_wire_varint(&packed, &value) == SLD_WIRE_FIELD) {
            print_line(p, row, depth, value);
        }
    }
}

/* Prints a message that the writer made: it nests as deep as the rows do. */
static void print_message(printer *p, uint8_t message, sld_tf_bytes bytes, int depth)
{
    sld_wire wire = sld_wire_open(bytes.data, bytes.size);
    sld_wire_field field;
    while (sld_wire_next(&wire, &field) == SLD_WIRE_FIELD) {
        const sld_text_rule *row = NULL;
        for (size_t i = 0; i < SLD_ARRAY_LENGTH(rows) && row == NULL; i++) {
            bool is = rows[i].outer == message && rows[i].number == field.number;
            row = is ? &rows[i] : NULL;
        }
        if (row != NULL && row->kind == SLD_TEXT_MESSAGE) {
            print_margin(p, depth);
            print_word(p, row->name);
            print_word(p, " {\n");
            print_message(p, row->inner, (sld_tf_bytes){field.data, field.size}, depth + 1);
            print_margin(p, depth);
            print_word(p, "}\n");
        } else if (row != NULL) {
            print_field(p, row, &field, depth);
        }
    }
}

solder_status sld_uff_print(sld_writer *file, sld_tf_bytes bytes)
{
    printer p = {.file = file};
    print_message(&p, META, bytes, 0);
    flush(&p);
    return p.status;
}

solder_status sld_uff_print_weights(sld_writer *file, const char *key, sld_tf_bytes data)
{
    printer p = {.file = file};
    print_word(&p, "referenced_data {\n  key: ");
    print_string(&p, (sld_tf_bytes){(const uint8_t *)key, strlen(key)});
    print_word(&p, "\n  value {\n    blob: ");
    print_string(&p, data);
    print_word(&p, "\n  }\n}\n");
    flush(&p);
    return p.status;
}
