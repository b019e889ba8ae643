/* SPDX-License-Identifier: Apache-2.0 */
#include "import/wire/prototxt.h"

#include "import/wire/prototxt_lexer.h"

/* Unknown fields past this many are not collected. */
#define MAX_UNKNOWN 4096

typedef struct parser {
    sld_prototxt *reader;
    sld_lexer lexer;
    const ProtobufCMessage *owner; /* see sld_prototxt_unknown */
    size_t unknown_count;
} parser;

static solder_status fail_at(parser *p, const sld_token *token, const char *what)
{
    return sld_fail(p->reader->diag, SOLDER_ERROR_DATA, "%s:%u:%u: %s", p->reader->name,
                    (unsigned)token->line, (unsigned)token->column, what);
}

static solder_status fail_memory(parser *p)
{
    const sld_arena *arena = p->reader->arena;
    if (arena->limit != 0) {
        return sld_fail(p->reader->diag, SOLDER_ERROR_MEMORY,
                        "%s: reading it takes more than %zu bytes", p->reader->name, arena->limit);
    }
    return sld_fail_memory(p->reader->diag, 0);
}

/* What stands there, short enough for a message. */
static solder_status fail_expected(parser *p, const char *expected)
{
    const sld_token *token = &p->lexer.token;
    char text[96];
    char *found = text;
    if (token->kind == SLD_TOKEN_END) {
        return sld_fail(p->reader->diag, SOLDER_ERROR_DATA, "%s:%u:%u: %s expected, the file ends",
                        p->reader->name, (unsigned)token->line, (unsigned)token->column, expected);
    }
    if (token->kind == SLD_TOKEN_BAD) {
        return fail_at(p, token, "the string has no end");
    }
    size_t size = token->size < sizeof text - 1 ? token->size : sizeof text - 1;
    memcpy(text, token->text, size);
    text[size] = '\0';
    return sld_fail(p->reader->diag, SOLDER_ERROR_DATA, "%s:%u:%u: %s expected, not '%s'",
                    p->reader->name, (unsigned)token->line, (unsigned)token->column, expected,
                    found);
}

static bool accept(parser *p, char symbol)
{
    if (!sld_token_is(&p->lexer.token, symbol)) {
        return false;
    }
    sld_lexer_next(&p->lexer);
    return true;
}

/* ---- values of no interest ---- */

static solder_status skip_fields(parser *p, char closing, int depth);

static solder_status skip_scalar(parser *p)
{
    (void)accept(p, '-');
    sld_token_kind kind = p->lexer.token.kind;
    if (kind != SLD_TOKEN_NAME && kind != SLD_TOKEN_NUMBER && kind != SLD_TOKEN_STRING) {
        return fail_expected(p, "a value");
    }
    do {
        sld_lexer_next(&p->lexer);
    } while (kind == SLD_TOKEN_STRING && p->lexer.token.kind == SLD_TOKEN_STRING);
    return SOLDER_OK;
}

/* The current token begins the value. */
static solder_status skip_value(parser *p, int depth)
{
    if (depth > SLD_PROTOTXT_MAX_DEPTH) {
        return fail_at(p, &p->lexer.token, "nested more than 64 deep");
    }
    if (accept(p, '{')) {
        return skip_fields(p, '}', depth);
    }
    if (accept(p, '<')) {
        return skip_fields(p, '>', depth);
    }
    if (!accept(p, '[')) {
        return skip_scalar(p);
    }
    if (accept(p, ']')) {
        return SOLDER_OK;
    }
    do {
        SLD_TRY(skip_value(p, depth + 1));
    } while (accept(p, ','));
    return accept(p, ']') ? SOLDER_OK : fail_expected(p, "',' or ']'");
}

static solder_status skip_fields(parser *p, char closing, int depth)
{
    while (!accept(p, closing)) {
        if (p->lexer.token.kind != SLD_TOKEN_NAME) {
            return fail_expected(p, closing == '}' ? "a field name or '}'" : "a field name or '>'");
        }
        sld_lexer_next(&p->lexer);
        (void)accept(p, ':');
        SLD_TRY(skip_value(p, depth + 1));
        if (!accept(p, ';')) {
            (void)accept(p, ',');
        }
    }
    return SOLDER_OK;
}

/* ---- scalars ---- */

/* A whole number of either sign between low and high. */
static solder_status read_integer(parser *p, int64_t low, uint64_t high, uint64_t *value)
{
    sld_token start = p->lexer.token;
    bool minus = accept(p, '-');
    uint64_t magnitude;
    if (!sld_token_integer(&p->lexer.token, &magnitude)) {
        return fail_expected(p, "an integer");
    }
    uint64_t limit = minus ? (low == INT64_MIN ? (uint64_t)1 << 63 : (uint64_t)-low) : high;
    if (magnitude > limit) {
        return fail_at(p, &start, "the number does not fit its field");
    }
    *value = minus ? 0 - magnitude : magnitude;
    sld_lexer_next(&p->lexer);
    return SOLDER_OK;
}

static solder_status read_real(parser *p, double *value)
{
    bool minus = accept(p, '-');
    if (!sld_token_real(&p->lexer.token, value)) {
        return fail_expected(p, "a number");
    }
    *value = minus ? -*value : *value;
    sld_lexer_next(&p->lexer);
    return SOLDER_OK;
}

static solder_status read_bool(parser *p, protobuf_c_boolean *value)
{
    static const char *const yes[] = {"true", "True", "t", "1"};
    static const char *const no[] = {"false", "False", "f", "0"};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(yes); i++) {
        bool is_yes = sld_token_equals(&p->lexer.token, yes[i]);
        if (is_yes || sld_token_equals(&p->lexer.token, no[i])) {
            *value = is_yes;
            sld_lexer_next(&p->lexer);
            return SOLDER_OK;
        }
    }
    return fail_expected(p, "true or false");
}

static solder_status read_enum(parser *p, const ProtobufCFieldDescriptor *field, int *value)
{
    const ProtobufCEnumDescriptor *descriptor = field->descriptor;
    sld_token token = p->lexer.token;
    if (token.kind == SLD_TOKEN_NAME) {
        for (unsigned i = 0; i < descriptor->n_values; i++) {
            if (sld_token_equals(&token, descriptor->values[i].name)) {
                *value = descriptor->values[i].value;
                sld_lexer_next(&p->lexer);
                return SOLDER_OK;
            }
        }
        return sld_fail(p->reader->diag, SOLDER_ERROR_DATA, "%s:%u:%u: '%.*s' is no value of %s",
                        p->reader->name, (unsigned)token.line, (unsigned)token.column,
                        token.size < 64 ? (int)token.size : 64, token.text, field->name);
    }
    uint64_t number;
    SLD_TRY(read_integer(p, INT32_MIN, INT32_MAX, &number));
    *value = (int)(int64_t)number;
    if (protobuf_c_enum_descriptor_get_value(descriptor, *value) == NULL) {
        return sld_fail(p->reader->diag, SOLDER_ERROR_DATA, "%s:%u:%u: %d is no value of %s",
                        p->reader->name, (unsigned)token.line, (unsigned)token.column, *value,
                        field->name);
    }
    return SOLDER_OK;
}

/* Adjacent strings are one. */
static solder_status read_string(parser *p, char **value)
{
    char *joined = NULL;
    size_t length = 0;
    do {
        sld_token token = p->lexer.token;
        if (token.kind != SLD_TOKEN_STRING) {
            return fail_expected(p, "a quoted string");
        }
        char *longer = sld_arena_alloc(p->reader->arena, length + token.size);
        if (longer == NULL) {
            return fail_memory(p);
        }
        if (joined != NULL) {
            memcpy(longer, joined, length);
        }
        joined = longer;
        if (!sld_token_string(&token, joined, &length)) {
            return fail_at(p, &token, "the string has a bad escape sequence");
        }
        if (memchr(joined, '\0', length) != NULL) {
            return fail_at(p, &token, "the string contains a zero byte");
        }
        sld_lexer_next(&p->lexer);
    } while (p->lexer.token.kind == SLD_TOKEN_STRING);
    joined[length] = '\0'; /* the quotes left room */
    *value = joined;
    return SOLDER_OK;
}

static solder_status read_scalar(parser *p, const ProtobufCFieldDescriptor *field, void *member)
{
    uint64_t integer = 0;
    double real = 0;
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        SLD_TRY(read_integer(p, INT32_MIN, INT32_MAX, &integer));
        *(int32_t *)member = (int32_t)(int64_t)integer;
        return SOLDER_OK;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        SLD_TRY(read_integer(p, 0, UINT32_MAX, &integer));
        *(uint32_t *)member = (uint32_t)integer;
        return SOLDER_OK;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        SLD_TRY(read_integer(p, INT64_MIN, INT64_MAX, &integer));
        *(int64_t *)member = (int64_t)integer;
        return SOLDER_OK;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return read_integer(p, 0, UINT64_MAX, member);
    case PROTOBUF_C_TYPE_FLOAT:
        SLD_TRY(read_real(p, &real));
        *(float *)member = (float)real;
        return SOLDER_OK;
    case PROTOBUF_C_TYPE_DOUBLE:
        return read_real(p, member);
    case PROTOBUF_C_TYPE_BOOL:
        return read_bool(p, member);
    case PROTOBUF_C_TYPE_ENUM:
        return read_enum(p, field, member);
    case PROTOBUF_C_TYPE_STRING:
        return read_string(p, member);
    default: /* bytes: no schema of ours has them */
        return sld_fail(p->reader->diag, SOLDER_ERROR_INTERNAL, "prototxt: type of field '%s'",
                        field->name);
    }
}

/* ---- messages ---- */

static solder_status note_span(parser *p, const ProtobufCMessage *message)
{
    sld_prototxt *reader = p->reader;
    sld_prototxt_span *span = sld_arena_alloc(reader->arena, sizeof *span);
    if (span == NULL) {
        return fail_memory(p);
    }
    const char *text = p->lexer.token.text;
    *span = (sld_prototxt_span){message, text, (size_t)(p->lexer.end - text), NULL};
    *reader->last_span = span;
    reader->last_span = &span->next;
    return SOLDER_OK;
}

static solder_status read_fields(parser *p, ProtobufCMessage *message, char closing, int depth);

static size_t element_size(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    default:
        return 4;
    }
}

/* Room for one more element. Capacities are powers of two, so the count alone tells when to grow.
 */
static solder_status append(parser *p, const ProtobufCFieldDescriptor *field, void *message,
                            void **element)
{
    size_t *count = (size_t *)((char *)message + field->quantifier_offset);
    void **array = (void **)((char *)message + field->offset);
    size_t size = element_size(field);
    if ((*count & (*count - 1)) == 0) {
        void *longer = sld_arena_array(p->reader->arena, *count == 0 ? 1 : *count * 2, size);
        if (longer == NULL) {
            return fail_memory(p);
        }
        if (*count != 0) {
            memcpy(longer, *array, *count * size);
        }
        *array = longer;
    }
    *element = (char *)*array + *count * size;
    return SOLDER_OK;
}

static solder_status read_message(parser *p, const ProtobufCMessageDescriptor *descriptor,
                                  ProtobufCMessage **value, int depth)
{
    ProtobufCMessage *message = sld_arena_alloc(p->reader->arena, descriptor->sizeof_message);
    if (message == NULL) {
        return fail_memory(p);
    }
    descriptor->message_init(message);
    *value = message;
    if (descriptor->n_fields == 0) {
        return skip_value(p, depth + 1);
    }
    if (depth >= SLD_PROTOTXT_MAX_DEPTH) {
        return fail_at(p, &p->lexer.token, "nested more than 64 deep");
    }
    if (depth == 1) {
        p->owner = message;
        if (p->reader->collect_spans) {
            SLD_TRY(note_span(p, message));
        }
    }
    if (accept(p, '{')) {
        return read_fields(p, message, '}', depth + 1);
    }
    if (accept(p, '<')) {
        return read_fields(p, message, '>', depth + 1);
    }
    return fail_expected(p, "'{'");
}

/* One value into the field: the element of a list, or all there is. */
static solder_status read_value(parser *p, const ProtobufCFieldDescriptor *field,
                                ProtobufCMessage *message, int depth)
{
    void *member = (char *)message + field->offset;
    bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
    if (repeated) {
        SLD_TRY(append(p, field, message, &member));
    }
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        ProtobufCMessage *value = NULL;
        SLD_TRY(read_message(p, field->descriptor, &value, depth));
        memcpy(member, &value, sizeof value);
    } else {
        SLD_TRY(read_scalar(p, field, member));
    }
    if (repeated) {
        ++*(size_t *)((char *)message + field->quantifier_offset);
    } else if (field->type != PROTOBUF_C_TYPE_MESSAGE && field->type != PROTOBUF_C_TYPE_STRING) {
        *(protobuf_c_boolean *)((char *)message + field->quantifier_offset) = 1;
    }
    return SOLDER_OK;
}

static bool is_set(const ProtobufCFieldDescriptor *field, const ProtobufCMessage *message)
{
    if (field->type == PROTOBUF_C_TYPE_MESSAGE || field->type == PROTOBUF_C_TYPE_STRING) {
        return *(void *const *)((const char *)message + field->offset) != field->default_value;
    }
    return *(const protobuf_c_boolean *)((const char *)message + field->quantifier_offset) != 0;
}

static solder_status note_unknown(parser *p, const sld_token *name, const ProtobufCMessage *within)
{
    sld_prototxt *reader = p->reader;
    if (!reader->collect_unknown || ++p->unknown_count > MAX_UNKNOWN) {
        return sld_fail(reader->diag, SOLDER_ERROR_DATA, "%s:%u:%u: %s has no field '%.*s'",
                        reader->name, (unsigned)name->line, (unsigned)name->column,
                        within->descriptor->short_name, name->size < 64 ? (int)name->size : 64,
                        name->text);
    }
    sld_prototxt_unknown *unknown = sld_arena_alloc(reader->arena, sizeof *unknown);
    char *field = sld_arena_strndup(reader->arena, name->text, name->size);
    if (unknown == NULL || field == NULL) {
        return fail_memory(p);
    }
    *unknown = (sld_prototxt_unknown){p->owner,   field,        within->descriptor->short_name,
                                      name->line, name->column, NULL};
    *reader->last_unknown = unknown;
    reader->last_unknown = &unknown->next;
    return SOLDER_OK;
}

static solder_status read_list(parser *p, const ProtobufCFieldDescriptor *field,
                               ProtobufCMessage *message, int depth)
{
    if (accept(p, ']')) {
        return SOLDER_OK;
    }
    do {
        SLD_TRY(read_value(p, field, message, depth));
    } while (accept(p, ','));
    return accept(p, ']') ? SOLDER_OK : fail_expected(p, "',' or ']'");
}

static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessage *message,
                                                  const sld_token *name)
{
    char text[64];
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    if (name->size + 2 > sizeof text) {
        return NULL;
    }
    memcpy(text, name->text, name->size);
    memcpy(text + name->size, "_", 2); /* see prototxt.h */
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(descriptor, text);
    if (field == NULL) {
        text[name->size] = '\0';
        field = protobuf_c_message_descriptor_get_field_by_name(descriptor, text);
    }
    return field;
}

/* "name: value", "name { ... }" or "name: [a, b]". */
static solder_status read_field(parser *p, ProtobufCMessage *message, int depth)
{
    sld_token name = p->lexer.token;
    const ProtobufCFieldDescriptor *field = find_field(message, &name);
    sld_lexer_next(&p->lexer);
    bool colon = accept(p, ':');
    if (field == NULL) {
        SLD_TRY(note_unknown(p, &name, message));
        return skip_value(p, depth + 1);
    }
    bool is_message = field->type == PROTOBUF_C_TYPE_MESSAGE;
    if (!colon && !is_message) {
        return fail_expected(p, "':'");
    }
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        bool opaque =
            is_message && ((const ProtobufCMessageDescriptor *)field->descriptor)->n_fields == 0;
        if (!opaque && accept(p, '[')) {
            return read_list(p, field, message, depth);
        }
    } else if (is_set(field, message)) {
        return sld_fail(p->reader->diag, SOLDER_ERROR_DATA, "%s:%u:%u: '%s' is given twice",
                        p->reader->name, (unsigned)name.line, (unsigned)name.column, field->name);
    }
    return read_value(p, field, message, depth);
}

/* Fields up to the closing character, or up to the end of the text. */
static solder_status read_fields(parser *p, ProtobufCMessage *message, char closing, int depth)
{
    for (;;) {
        if (closing != '\0' ? accept(p, closing) : p->lexer.token.kind == SLD_TOKEN_END) {
            return SOLDER_OK;
        }
        if (p->lexer.token.kind != SLD_TOKEN_NAME) {
            return fail_expected(p, closing == '\0'  ? "a field name"
                                    : closing == '}' ? "a field name or '}'"
                                                     : "a field name or '>'");
        }
        if (depth == 1) {
            p->owner = NULL;
        }
        SLD_TRY(read_field(p, message, depth));
        if (!accept(p, ';')) {
            (void)accept(p, ',');
        }
    }
}

solder_status sld_prototxt_read(sld_prototxt *reader, const ProtobufCMessageDescriptor *descriptor,
                                const char *text, size_t size, ProtobufCMessage **message)
{
    if (size > SLD_PROTOTXT_MAX_SIZE) {
        return sld_fail(reader->diag, SOLDER_ERROR_DATA,
                        "%s: %zu bytes of text; the largest accepted is %zu", reader->name, size,
                        SLD_PROTOTXT_MAX_SIZE);
    }
    parser p = {.reader = reader};
    reader->unknown = NULL;
    reader->spans = NULL;
    reader->last_span = &reader->spans;
    reader->last_unknown = &reader->unknown;
    ProtobufCMessage *root = sld_arena_alloc(reader->arena, descriptor->sizeof_message);
    if (root == NULL) {
        return fail_memory(&p);
    }
    descriptor->message_init(root);
    sld_lexer_open(&p.lexer, text, size);
    SLD_TRY(read_fields(&p, root, '\0', 1));
    *message = root;
    return SOLDER_OK;
}
