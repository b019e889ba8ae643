/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two passes over the tokens, the first to count; every message is written behind room for its
 * length.
 */
#include "import/wire/text_wire.h"

#include "import/wire/prototxt_lexer.h"
#include "import/wire/wire.h"

typedef struct writer {
    const sld_text_schema *schema;
    sld_diag *diag;
    sld_lexer lexer;
    uint8_t *data; /* NULL: only count */
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
    if (!ok(w)) {
        return;
    }
    if (token->kind == SLD_TOKEN_END) {
        w->status = sld_fail(w->diag, SOLDER_ERROR_DATA, "%s: line %u, column %u: %s (at the end)",
                             w->schema->who, (unsigned)token->line, (unsigned)token->column, what);
        return;
    }
    w->status = sld_fail(w->diag, SOLDER_ERROR_DATA, "%s: line %u, column %u: %s (at '%.*s')",
                         w->schema->who, (unsigned)token->line, (unsigned)token->column, what,
                         (int)(token->size < 40 ? token->size : 40), token->text);
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

static void put_fixed(writer *w, uint64_t bits, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        put_byte(w, (unsigned)(bits >> (8 * i)) & 0xff);
    }
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
    } else if (!sld_token_integer(token, &value) || (minus && value > (uint64_t)1 << 63)) {
        fail(w, "a number is expected");
    }
    put_varint(w, minus ? 0 - value : value);
    sld_lexer_next(&w->lexer);
}

static void write_enum(writer *w)
{
    const sld_token *token = &w->lexer.token;
    for (size_t i = 0; i < w->schema->name_count && token->kind == SLD_TOKEN_NAME; i++) {
        if (sld_token_equals(token, w->schema->names[i].name)) {
            put_varint(w, w->schema->names[i].value);
            sld_lexer_next(&w->lexer);
            return;
        }
    }
    if (token->kind == SLD_TOKEN_NAME) {
        fail(w, "no such type");
        return;
    }
    write_integer(w);
}

static void write_real(writer *w, bool is_float)
{
    bool minus = accept(w, '-');
    double value = 0;
    if (!sld_token_real(&w->lexer.token, &value)) {
        fail(w, "a number is expected");
    }
    value = minus ? -value : value;
    if (is_float) {
        float narrow = (float)value;
        uint32_t bits;
        memcpy(&bits, &narrow, sizeof bits);
        put_fixed(w, bits, 4);
    } else {
        uint64_t bits;
        memcpy(&bits, &value, sizeof bits);
        put_fixed(w, bits, 8);
    }
    sld_lexer_next(&w->lexer);
}

/* Neighbouring strings are one. */
static void write_string(writer *w)
{
    size_t at = w->size;
    if (w->lexer.token.kind != SLD_TOKEN_STRING) {
        fail(w, "a string is expected");
    }
    w->size += LENGTH_BYTES;
    while (w->lexer.token.kind == SLD_TOKEN_STRING && ok(w)) {
        size_t length = 0;
        char *out = w->data != NULL ? (char *)w->data + w->size : NULL;
        if (!sld_token_string(&w->lexer.token, out, &length)) {
            fail(w, "a bad escape");
        }
        w->size += length;
        sld_lexer_next(&w->lexer);
    }
    put_length(w, at);
}

static void write_value(writer *w, const sld_text_rule *rule)
{
    static const sld_wire_type types[] = {SLD_WIRE_VARINT, SLD_WIRE_VARINT, SLD_WIRE_BYTES,
                                          SLD_WIRE_FIXED64, SLD_WIRE_FIXED32};
    put_varint(w, (uint64_t)rule->number << 3 | types[rule->kind]);
    switch (rule->kind) {
    case SLD_TEXT_INTEGER:
        write_integer(w);
        break;
    case SLD_TEXT_ENUM:
        write_enum(w);
        break;
    case SLD_TEXT_DOUBLE:
    case SLD_TEXT_FLOAT:
        write_real(w, rule->kind == SLD_TEXT_FLOAT);
        break;
    default:
        write_string(w);
        break;
    }
}

/* One value, or several in brackets. */
static void write_values(writer *w, const sld_text_rule *rule)
{
    if (!accept(w, ':')) {
        fail(w, "':' is expected");
        return;
    }
    if (!accept(w, '[')) {
        write_value(w, rule);
        return;
    }
    while (ok(w) && !accept(w, ']')) {
        write_value(w, rule);
        if (!accept(w, ',') && !sld_token_is(&w->lexer.token, ']')) {
            fail(w, "',' or ']' is expected");
        }
    }
}

static bool is_any(const sld_token *token, const char *symbols)
{
    return token->kind == SLD_TOKEN_SYMBOL && strchr(symbols, token->text[0]) != NULL;
}

/* Whatever stands behind the field's name: brackets of all kinds are only counted. */
static void skip_value(writer *w)
{
    size_t depth = 0;
    (void)accept(w, ':');
    (void)accept(w, '-');
    do {
        const sld_token *token = &w->lexer.token;
        bool opens = is_any(token, "{<["), closes = is_any(token, "}>]");
        bool ends = token->kind == SLD_TOKEN_END || token->kind == SLD_TOKEN_BAD;
        if (ends || (closes && depth == 0)) {
            fail(w, "a value is expected");
            return;
        }
        depth = depth + opens - closes;
        bool text = token->kind == SLD_TOKEN_STRING;
        sld_lexer_next(&w->lexer);
        while (text && w->lexer.token.kind == SLD_TOKEN_STRING) {
            sld_lexer_next(&w->lexer);
        }
    } while (depth > 0);
}

/* ---- messages ---- */

typedef struct level {
    uint8_t message;
    char close;
    size_t at; /* of its length */
} level;

static const sld_text_rule *find_rule(const sld_text_schema *schema, uint8_t message,
                                      const sld_token *token)
{
    for (size_t i = 0; i < schema->rule_count && token->kind == SLD_TOKEN_NAME; i++) {
        const sld_text_rule *rule = &schema->rules[i];
        if (rule->outer == message && sld_token_equals(token, rule->name)) {
            return rule;
        }
    }
    return NULL;
}

static void open_message(writer *w, const sld_text_rule *rule, level *inner)
{
    (void)accept(w, ':');
    inner->message = rule->inner;
    inner->close = sld_token_is(&w->lexer.token, '<') ? '>' : '}';
    if (!accept(w, '{') && !accept(w, '<')) {
        fail(w, "'{' is expected");
        return;
    }
    put_varint(w, (uint64_t)rule->number << 3 | SLD_WIRE_BYTES);
    inner->at = w->size;
    w->size += LENGTH_BYTES;
}

static void write_file(writer *w)
{
    level stack[SLD_WIRE_MAX_DEPTH] = {{.message = 1}};
    int depth = 0;
    while (ok(w) && (depth > 0 || w->lexer.token.kind != SLD_TOKEN_END)) {
        if (accept(w, ';') || accept(w, ',')) {
            continue;
        }
        if (depth > 0 && accept(w, stack[depth].close)) {
            put_length(w, stack[depth--].at);
            continue;
        }
        const sld_text_rule *rule = find_rule(w->schema, stack[depth].message, &w->lexer.token);
        if (rule == NULL) {
            fail(w, w->lexer.token.kind == SLD_TOKEN_NAME ? "no such field here"
                                                          : "a field is expected");
            return;
        }
        sld_lexer_next(&w->lexer);
        if (rule->kind == SLD_TEXT_SKIP) {
            skip_value(w);
        } else if (rule->kind != SLD_TEXT_MESSAGE) {
            write_values(w, rule);
        } else if (depth + 1 == SLD_WIRE_MAX_DEPTH) {
            fail(w, "messages nest too deep");
        } else {
            open_message(w, rule, &stack[++depth]);
        }
    }
}

solder_status sld_text_to_wire(sld_diag *diag, sld_arena *arena, const sld_text_schema *schema,
                               const char *text, size_t size, const uint8_t **data,
                               size_t *data_size)
{
    writer w = {.schema = schema, .diag = diag};
    /* Lines are counted in 32 bits, and lengths, of at most seven times the text, in 35. */
    if (size > UINT32_MAX) {
        return sld_fail(diag, SOLDER_ERROR_DATA, "%s: a text of %zu bytes is too long", schema->who,
                        size);
    }
    sld_lexer_open(&w.lexer, text, size);
    write_file(&w);
    SLD_TRY(w.status);
    w.data = sld_arena_alloc(arena, w.size);
    if (w.data == NULL) {
        return sld_fail_memory(diag, w.size);
    }
    w.size = 0;
    sld_lexer_open(&w.lexer, text, size);
    write_file(&w);
    *data = w.data;
    *data_size = w.size;
    return w.status;
}
