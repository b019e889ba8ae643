/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text form of a MetaGraph becomes its bytes, which are then read as any other. Two passes over
 * the tokens, the first to count; every message is written behind room for its length.
 */
#include <stdio.h>

#include "import/uff/uff_out.h"
#include "import/wire/prototxt_lexer.h"
#include "import/wire/wire.h"

typedef enum kind { INTEGER, TEXT, REAL, TYPE, MESSAGE } kind;

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

static const struct row {
    uint8_t outer, number;
    const char *name;
    kind kind;
    uint8_t inner;
} rows[] = {
    {META, 1, "version", INTEGER, 0},
    {META, 2, "descriptor_core_version", INTEGER, 0},
    {META, 3, "descriptors", MESSAGE, DESCRIPTOR},
    {META, 4, "graphs", MESSAGE, GRAPH},
    {META, 5, "referenced_data", MESSAGE, ENTRY},
    {META, 100, "extra_fields", MESSAGE, ENTRY},
    {DESCRIPTOR, 1, "id", TEXT, 0},
    {DESCRIPTOR, 2, "version", INTEGER, 0},
    {DESCRIPTOR, 3, "optional", INTEGER, 0},
    {GRAPH, 1, "id", TEXT, 0},
    {GRAPH, 2, "nodes", MESSAGE, NODE},
    {GRAPH, 100, "extra_fields", MESSAGE, ENTRY},
    {NODE, 1, "id", TEXT, 0},
    {NODE, 2, "inputs", TEXT, 0},
    {NODE, 3, "operation", TEXT, 0},
    {NODE, 4, "fields", MESSAGE, ENTRY},
    {NODE, 100, "extra_fields", MESSAGE, ENTRY},
    {ENTRY, 1, "key", TEXT, 0},
    {ENTRY, 2, "value", MESSAGE, DATA},
    {DATA, 1, "s", TEXT, 0},
    {DATA, 2, "s_list", MESSAGE, TEXTS},
    {DATA, 3, "d", REAL, 0},
    {DATA, 4, "d_list", MESSAGE, REALS},
    {DATA, 5, "b", INTEGER, 0},
    {DATA, 6, "b_list", MESSAGE, INTEGERS},
    {DATA, 7, "i", INTEGER, 0},
    {DATA, 8, "i_list", MESSAGE, INTEGERS},
    {DATA, 9, "blob", TEXT, 0},
    {DATA, 100, "ref", TEXT, 0},
    {DATA, 101, "dtype", TYPE, 0},
    {DATA, 102, "dtype_list", MESSAGE, TYPES},
    {DATA, 103, "dim_orders", MESSAGE, ORDERS},
    {DATA, 104, "dim_orders_list", MESSAGE, ORDERS_LIST},
    {TEXTS, 1, "val", TEXT, 0},
    {REALS, 1, "val", REAL, 0},
    {INTEGERS, 1, "val", INTEGER, 0},
    {TYPES, 1, "val", TYPE, 0},
    {ORDERS_LIST, 1, "val", MESSAGE, ORDERS},
    {ORDERS, 1, "orders", MESSAGE, ORDERS_ENTRY},
    {ORDERS_ENTRY, 1, "key", INTEGER, 0},
    {ORDERS_ENTRY, 2, "value", MESSAGE, INTEGERS},
};

static const struct {
    const char *name;
    uint32_t type;
} type_names[] = {{"DT_INVALID", 0},      {"DT_INT8", 0x10008},  {"DT_INT16", 0x10010},
                  {"DT_INT32", 0x10020},  {"DT_INT64", 0x10040}, {"DT_FLOAT16", 0x20010},
                  {"DT_FLOAT32", 0x20020}};

/* ---- reading ---- */

typedef struct writer {
    sld_diag *diag;
    sld_lexer lexer;
    uint8_t *data; /* NULL: only count, strings as they are spelled */
    size_t size;
    solder_status status;
} writer;

static bool ok(const writer *w)
{
    return w->status == SOLDER_OK;
}

static void fail(writer *w, const char *what)
{
    const sld_token *token = &w->lexer.token;
    if (ok(w)) {
        w->status = sld_fail(w->diag, SOLDER_ERROR_DATA, "uff: line %u, column %u: %s (at '%.*s')",
                             (unsigned)token->line, (unsigned)token->column, what,
                             (int)(token->size < 40 ? token->size : 40), token->text);
    }
}

static bool accept(writer *w, char symbol)
{
    if (!sld_token_is(&w->lexer.token, symbol)) {
        return false;
    }
    sld_lexer_next(&w->lexer);
    return true;
}

static void put_byte(writer *w, unsigned byte)
{
    if (w->data != NULL) {
        w->data[w->size] = (uint8_t)byte;
    }
    w->size++;
}

static void put_varint(writer *w, uint64_t value)
{
    for (; value >= 0x80; value >>= 7) {
        put_byte(w, (unsigned)(value & 0x7f) | 0x80);
    }
    put_byte(w, (unsigned)value);
}

#define LENGTH_BYTES 5

/* A length in as many bytes as were kept free for it. */
static void put_length(writer *w, size_t at)
{
    size_t length = w->size - at - LENGTH_BYTES;
    for (int i = 0; i < LENGTH_BYTES && w->data != NULL; i++) {
        w->data[at + (size_t)i] = (uint8_t)((length & 0x7f) | (i + 1 < LENGTH_BYTES ? 0x80 : 0));
        length >>= 7;
    }
}

/* ---- values ---- */

static void write_integer(writer *w)
{
    bool minus = accept(w, '-');
    const sld_token *token = &w->lexer.token;
    uint64_t value = 0;
    if (token->kind == SLD_TOKEN_NAME && !minus) {
        value = sld_token_equals(token, "true");
        if (value == 0 && !sld_token_equals(token, "false")) {
            fail(w, "a number is expected");
        }
    } else if (!sld_token_integer(token, &value)) {
        fail(w, "a number is expected");
    }
    put_varint(w, minus ? 0 - value : value);
    sld_lexer_next(&w->lexer);
}

static void write_type(writer *w)
{
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(type_names); i++) {
        if (sld_token_equals(&w->lexer.token, type_names[i].name)) {
            put_varint(w, type_names[i].type);
            sld_lexer_next(&w->lexer);
            return;
        }
    }
    write_integer(w);
}

static void write_real(writer *w)
{
    bool minus = accept(w, '-');
    double value = 0;
    if (!sld_token_real(&w->lexer.token, &value)) {
        fail(w, "a number is expected");
    }
    value = minus ? -value : value;
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    for (int i = 0; i < 8; i++) {
        put_byte(w, (unsigned)(bits >> (8 * i)) & 0xff);
    }
    sld_lexer_next(&w->lexer);
}

/* Neighbouring strings are one. */
static void write_text(writer *w)
{
    size_t at = w->size;
    if (w->lexer.token.kind != SLD_TOKEN_STRING) {
        fail(w, "a string is expected");
    }
    w->size += LENGTH_BYTES;
    while (w->lexer.token.kind == SLD_TOKEN_STRING && ok(w)) {
        size_t length = w->lexer.token.size;
        if (w->data != NULL) {
            length = 0;
            if (!sld_token_string(&w->lexer.token, (char *)w->data + w->size, &length)) {
                fail(w, "a bad escape");
            }
        }
        w->size += length;
        sld_lexer_next(&w->lexer);
    }
    put_length(w, at);
}

static void write_value(writer *w, const struct row *row)
{
    static const sld_wire_type types[] = {SLD_WIRE_VARINT, SLD_WIRE_BYTES, SLD_WIRE_FIXED64,
                                          SLD_WIRE_VARINT};
    put_varint(w, (uint64_t)row->number << 3 | types[row->kind]);
    switch (row->kind) {
    case INTEGER:
        write_integer(w);
        break;
    case TYPE:
        write_type(w);
        break;
    case REAL:
        write_real(w);
        break;
    default:
        write_text(w);
        break;
    }
}

/* One value, or several in brackets. */
static void write_values(writer *w, const struct row *row)
{
    if (!accept(w, ':')) {
        fail(w, "':' is expected");
        return;
    }
    if (!accept(w, '[')) {
        write_value(w, row);
        return;
    }
    while (ok(w) && !accept(w, ']')) {
        write_value(w, row);
        if (!accept(w, ',') && !sld_token_is(&w->lexer.token, ']')) {
            fail(w, "',' or ']' is expected");
        }
    }
}

/* ---- messages ---- */

#define LEVELS 12

typedef struct level {
    uint8_t message;
    char close;
    size_t at; /* of its length */
} level;

static const struct row *find_row(uint8_t message, const sld_token *token)
{
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(rows); i++) {
        if (rows[i].outer == message && token->kind == SLD_TOKEN_NAME &&
            sld_token_equals(token, rows[i].name)) {
            return &rows[i];
        }
    }
    return NULL;
}

static void open_message(writer *w, const struct row *row, level *inner)
{
    (void)accept(w, ':');
    inner->message = row->inner;
    inner->close = sld_token_is(&w->lexer.token, '<') ? '>' : '}';
    if (!accept(w, '{') && !accept(w, '<')) {
        fail(w, "'{' is expected");
        return;
    }
    put_varint(w, (uint64_t)row->number << 3 | SLD_WIRE_BYTES);
    inner->at = w->size;
    w->size += LENGTH_BYTES;
}

static void write_meta_graph(writer *w)
{
    level stack[LEVELS] = {{.message = META}};
    int depth = 0;
    while (ok(w) && (depth > 0 || w->lexer.token.kind != SLD_TOKEN_END)) {
        if (accept(w, ';') || accept(w, ',')) {
            continue;
        }
        if (depth > 0 && accept(w, stack[depth].close)) {
            put_length(w, stack[depth--].at);
            continue;
        }
        const struct row *row = find_row(stack[depth].message, &w->lexer.token);
        if (row == NULL) {
            fail(w, "a field is expected");
            return;
        }
        sld_lexer_next(&w->lexer);
        if (row->kind != MESSAGE) {
            write_values(w, row);
        } else if (depth + 1 == LEVELS) {
            fail(w, "messages nest too deep");
        } else {
            open_message(w, row, &stack[++depth]);
        }
    }
}

solder_status sld_uff_from_text(sld_diag *diag, sld_arena *arena, const char *text, size_t size,
                                sld_tf_bytes *bytes)
{
    writer w = {.diag = diag};
    if (size > UINT32_MAX / 8) { /* lengths take five bytes */
        return sld_fail(diag, SOLDER_ERROR_DATA, "uff: a text of %zu bytes is too long", size);
    }
    sld_lexer_open(&w.lexer, text, size);
    write_meta_graph(&w);
    SLD_TRY(w.status);
    w.data = sld_arena_alloc(arena, w.size);
    if (w.data == NULL) {
        return sld_fail_memory(diag, w.size);
    }
    w.size = 0;
    sld_lexer_open(&w.lexer, text, size);
    write_meta_graph(&w);
    *bytes = (sld_tf_bytes){w.data, w.size};
    return w.status;
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

static void print_number(printer *p, const struct row *row, uint64_t value)
{
    char text[40];
    if (row->kind == REAL) {
        double real;
        memcpy(&real, &value, sizeof real);
        (void)snprintf(text, sizeof text, "%.17g", real);
    } else {
        (void)snprintf(text, sizeof text, "%lld", (long long)value);
    }
    for (size_t i = 0; row->kind == TYPE && i < SLD_ARRAY_LENGTH(type_names); i++) {
        if (type_names[i].type == value) {
            (void)snprintf(text, sizeof text, "%s", type_names[i].name);
        }
    }
    print_word(p, text);
}

static void print_line(printer *p, const struct row *row, int depth, uint64_t value)
{
    print_margin(p, depth);
    print_word(p, row->name);
    print_word(p, ": ");
    print_number(p, row, value);
    print_word(p, "\n");
}

static void print_field(printer *p, const struct row *row, const sld_wire_field *field, int depth)
{
    sld_wire packed = sld_wire_open(field->data, field->size);
    uint64_t value;
    if (row->kind == TEXT) {
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
        const struct row *row = NULL;
        for (size_t i = 0; i < SLD_ARRAY_LENGTH(rows) && row == NULL; i++) {
            bool is = rows[i].outer == message && rows[i].number == field.number;
            row = is ? &rows[i] : NULL;
        }
        if (row != NULL && row->kind == MESSAGE) {
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
