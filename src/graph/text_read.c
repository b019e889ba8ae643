/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the text form of a network. The text is not trusted: every error names its line. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "graph/text.h"

#define MAX_NESTING 64
/* All constants of one text together: `fill` and `random` need no bytes of text to be large. */
#define MAX_DATA ((size_t)1 << 30)

typedef struct reader {
    const char *p, *end;
    int line;
    int brackets; /* inside them a line end is a space */
    sld_graph *graph;
    sld_diag *diag;
    size_t data_size;
} reader;

typedef solder_status (*read_statement)(reader *r);

static solder_status fail(reader *r, solder_status code, const char *format, ...)
    SLD_PRINTF(3, 4);

static solder_status fail(reader *r, solder_status code, const char *format, ...)
{
    char what[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return sld_fail(r->diag, code, "text: line %d: %s", r->line, what);
}

static solder_status within(reader *r, solder_status code)
{
    return code == SOLDER_OK ? code : sld_fail_within(r->diag, code, "text: line %d", r->line);
}

/* ---- characters and words ---- */

static void skip_space(reader *r)
{
    while (r->p < r->end) {
        if (*r->p == '#') {
            while (r->p < r->end && *r->p != '\n') {
                r->p++;
            }
        } else if (*r->p == '\n' && r->brackets > 0) {
            r->line++;
            r->p++;
        } else if (*r->p == ' ' || *r->p == '\t' || *r->p == '\r') {
            r->p++;
        } else {
            return;
        }
    }
}

static char peek(reader *r)
{
    skip_space(r);
    return r->p < r->end ? *r->p : '\0';
}

static bool accept(reader *r, char c)
{
    if (c == '\0' || peek(r) != c) {
        return false;
    }
    r->p++;
    if (c == '(' || c == '[' || c == '{') {
        r->brackets++;
    } else if (c == ')' || c == ']' || c == '}') {
        r->brackets--;
    }
    return true;
}

static solder_status unexpected(reader *r, const char *wanted)
{
    char c = peek(r);
    if (c == '\0' || c == '\n') {
        return fail(r, SOLDER_ERROR_DATA, "expected %s at the end of the line", wanted);
    }
    return fail(r, SOLDER_ERROR_DATA, "expected %s before '%c'", wanted, c);
}

static solder_status expect(reader *r, char c)
{
    char wanted[] = {'\'', c, '\'', '\0'};
    return accept(r, c) ? SOLDER_OK : unexpected(r, wanted);
}

/* A token of the given characters, cut to fit; empty if there is none. */
static void read_token(reader *r, bool (*belongs)(char c), char *token, size_t size)
{
    size_t n = 0;
    skip_space(r);
    while (r->p < r->end && belongs(*r->p)) {
        if (n + 1 < size) {
            token[n++] = *r->p;
        }
        r->p++;
    }
    token[n] = '\0';
}

static bool is_word_char(char c)
{
    return sld_text_word_char(c);
}

static bool is_number_char(char c)
{
    return sld_text_word_char(c) || c == '+' || c == '-';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* True and past it if the next word is that one. */
static bool accept_word(reader *r, const char *word)
{
    skip_space(r);
    size_t n = strlen(word);
    if ((size_t)(r->end - r->p) < n || memcmp(r->p, word, n) != 0 ||
        (r->p + n < r->end && is_word_char(r->p[n]))) {
        return false;
    }
    r->p += n;
    return true;
}

static bool parse_i64(const char *token, int64_t *value)
{
    char *stop;
    errno = 0;
    long long v = strtoll(token, &stop, 10);
    *value = v;
    return *token != '\0' && *stop == '\0' && errno == 0;
}

static bool parse_u64(const char *token, int64_t *value)
{
    char *stop;
    errno = 0;
    unsigned long long v = strtoull(token, &stop, 10);
    *value = (int64_t)v;
    return *token != '\0' && *token != '-' && *stop == '\0' && errno == 0;
}

static bool parse_f64(const char *token, double *value)
{
    char *stop;
    *value = strtod(token, &stop);
    return *token != '\0' && *stop == '\0';
}

static solder_status read_integer(reader *r, int64_t *value)
{
    char token[64] = {0};
    char sign = peek(r);
    size_t signs = (sign == '-' || sign == '+') && accept(r, sign) ? 1 : 0;
    token[0] = signs == 1 ? sign : '\0';
    if (r->p < r->end && is_digit(*r->p)) {
        read_token(r, is_digit, token + signs, sizeof token - signs);
    } else {
        return unexpected(r, "a whole number");
    }
    return parse_i64(token, value) ? SOLDER_OK
                                   : fail(r, SOLDER_ERROR_DATA, "'%s' is no whole number", token);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One character of a quoted string; false if the escape is broken. */
static bool read_quoted_char(reader *r, char *c)
{
    *c = *r->p++;
    if (*c != '\\') {
        return *c != '\n' && *c != '\0';
    }
    if (r->p < r->end && (*r->p == '"' || *r->p == '\\')) {
        *c = *r->p++;
        return true;
    }
    if (r->end - r->p < 3 || *r->p != 'x') {
        return false;
    }
    int high = hex_digit(r->p[1]);
    int low = hex_digit(r->p[2]);
    *c = (char)(high * 16 + low);
    r->p += 3;
    return high >= 0 && low >= 0 && *c != '\0';
}

static solder_status read_quoted(reader *r, const char **string)
{
    SLD_TRY(expect(r, '"'));
    const char *close = r->p;
    while (close < r->end && *close != '"' && *close != '\n') {
        close += *close == '\\' && close + 1 < r->end ? 2 : 1;
    }
    char *out = sld_arena_alloc(&r->graph->arena, (size_t)(close - r->p) + 1);
    if (out == NULL) {
        return sld_fail_memory(r->diag, (size_t)(close - r->p) + 1);
    }
    size_t n = 0;
    while (r->p < r->end && *r->p != '"') {
        if (!read_quoted_char(r, &out[n++])) {
            return fail(r, SOLDER_ERROR_DATA, "a quoted name is broken");
        }
    }
    *string = out;
    return expect(r, '"');
}

/* A name after '%' or "as": plain characters or quoted. */
static solder_status read_name(reader *r, const char **name)
{
    if (r->p < r->end && *r->p == '"') {
        return read_quoted(r, name);
    }
    const char *start = r->p;
    while (r->p < r->end && sld_text_name_char(*r->p)) {
        r->p++;
    }
    if (r->p == start) {
        return unexpected(r, "a name");
    }
    *name = sld_arena_strndup(&r->graph->arena, start, (size_t)(r->p - start));
    return *name != NULL ? SOLDER_OK : sld_fail_memory(r->diag, (size_t)(r->p - start));
}

/* The name of a value that must not exist yet. */
static solder_status read_new_name(reader *r, const char **name)
{
    SLD_TRY(expect(r, '%'));
    SLD_TRY(read_name(r, name));
    return sld_graph_find_value(r->graph, *name) == NULL
               ? SOLDER_OK
               : fail(r, SOLDER_ERROR_DATA, "%%%s is defined twice", *name);
}

/* A value that must exist. */
static solder_status read_value(reader *r, sld_value **value)
{
    const char *name;
    SLD_TRY(expect(r, '%'));
    SLD_TRY(read_name(r, &name));
    *value = sld_graph_find_value(r->graph, name);
    return *value != NULL ? SOLDER_OK
                          : fail(r, SOLDER_ERROR_DATA, "%%%s is not defined above", name);
}

/* ---- dimensions ---- */

static solder_status read_expr(reader *r, int level, int nesting, sld_dim *out);

static solder_status read_primary(reader *r, int nesting, sld_dim *out)
{
    char c = peek(r);
    if (c == '(') {
        if (nesting >= MAX_NESTING) {
            return fail(r, SOLDER_ERROR_DATA, "parentheses are nested too deeply");
        }
        (void)accept(r, '(');
        SLD_TRY(read_expr(r, 0, nesting + 1, out));
        return expect(r, ')');
    }
    if (accept(r, '?')) {
        *out = SLD_DIM_NONE;
        return SOLDER_OK;
    }
    if (is_digit(c) || c == '-' || c == '+') {
        int64_t value;
        SLD_TRY(read_integer(r, &value));
        *out = sld_expr_const(&r->graph->exprs, value);
    } else {
        char word[64];
        const char *name = word;
        if (c == '"') {
            SLD_TRY(read_quoted(r, &name));
        } else {
            read_token(r, is_word_char, word, sizeof word);
        }
        if (name[0] == '\0') {
            return unexpected(r, "a dimension");
        }
        *out = sld_expr_symbol(&r->graph->exprs, name);
    }
    return *out != SLD_DIM_NONE ? SOLDER_OK
                                : fail(r, SOLDER_ERROR_DATA, "a dimension cannot be represented");
}

/* The operator of that level that comes next: 0 min max, 1 + -, 2 * / ^/ %. */
static bool accept_sign(reader *r, int level, sld_expr_op *op)
{
    static const struct {
        int level;
        char sign;
        sld_expr_op op;
    } signs[] = {{1, '+', SLD_EXPR_ADD}, {1, '-', SLD_EXPR_SUB}, {2, '*', SLD_EXPR_MUL},
                 {2, '/', SLD_EXPR_DIV}, {2, '%', SLD_EXPR_MOD}};
    if (level == 0) {
        *op = SLD_EXPR_MIN;
        if (accept_word(r, "min")) {
            return true;
        }
        *op = SLD_EXPR_MAX;
        return accept_word(r, "max");
    }
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(signs); i++) {
        if (signs[i].level == level && accept(r, signs[i].sign)) {
            *op = signs[i].op;
            return true;
        }
    }
    *op = SLD_EXPR_CEIL;
    return level == 2 && peek(r) == '^' && r->end - r->p > 1 && r->p[1] == '/' &&
           accept(r, '^') && accept(r, '/');
}

static solder_status read_expr(reader *r, int level, int nesting, sld_dim *out)
{
    if (level > 2) {
        return read_primary(r, nesting, out);
    }
    SLD_TRY(read_expr(r, level + 1, nesting, out));
    sld_expr_op op;
    while (accept_sign(r, level, &op)) {
        sld_dim right;
        SLD_TRY(read_expr(r, level + 1, nesting, &right));
        *out = sld_expr_make(&r->graph->exprs, op, *out, right);
        if (*out == SLD_DIM_NONE) {
            return fail(r, SOLDER_ERROR_DATA, "a dimension cannot be represented");
        }
    }
    return SOLDER_OK;
}

static solder_status read_dims(reader *r, sld_shape *shape)
{
    SLD_TRY(expect(r, '['));
    shape->rank = 0;
    while (!accept(r, ']')) {
        if (shape->rank == SOLDER_MAX_RANK) {
            return fail(r, SOLDER_ERROR_DATA, "more than %d dimensions", SOLDER_MAX_RANK);
        }
        if (shape->rank > 0) {
            SLD_TRY(expect(r, ','));
        }
        SLD_TRY(read_expr(r, 0, 0, &shape->d[shape->rank]));
        shape->rank++;
    }
    return SOLDER_OK;
}

static solder_status read_type(reader *r, solder_dtype *dtype, sld_shape *shape)
{
    char word[16];
    read_token(r, is_word_char, word, sizeof word);
    *dtype = sld_dtype_from_name(word);
    if (*dtype == SOLDER_NONE) {
        return fail(r, SOLDER_ERROR_DATA, "'%s' is no element type", word);
    }
    return read_dims(r, shape);
}

/* ---- constants ---- */

static solder_status store_number(reader *r, solder_dtype dtype, void *p, const char *token)
{
    double d;
    int64_t i;
    if (sld_dtype_is_float(dtype) && parse_f64(token, &d)) {
        sld_store_f64(dtype, p, d);
        return SOLDER_OK;
    }
    if (!sld_dtype_is_float(dtype) &&
        (dtype == SOLDER_U64 ? parse_u64(token, &i) : parse_i64(token, &i))) {
        sld_store_i64(dtype, p, i);
        if (sld_load_i64(dtype, p) == i) {
            return SOLDER_OK;
        }
    }
    return fail(r, SOLDER_ERROR_DATA, "'%s' is no %s", token, solder_dtype_name(dtype));
}

static solder_status read_number(reader *r, solder_dtype dtype, void *p)
{
    char token[64];
    read_token(r, is_number_char, token, sizeof token);
    return token[0] == '\0' ? unexpected(r, "a number") : store_number(r, dtype, p, token);
}

static solder_status read_values(reader *r, solder_dtype dtype, char *data, size_t count)
{
    size_t size = solder_dtype_size(dtype);
    SLD_TRY(expect(r, '['));
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && !accept(r, ',')) {
            return fail(r, SOLDER_ERROR_DATA, "%zu values where the shape has %zu", i, count);
        }
        SLD_TRY(read_number(r, dtype, data + i * size));
    }
    return accept(r, ']') ? SOLDER_OK
                          : fail(r, SOLDER_ERROR_DATA, "more values than the shape's %zu", count);
}

static solder_status read_fill(reader *r, solder_dtype dtype, char *data, size_t count)
{
    char element[8];
    size_t size = solder_dtype_size(dtype);
    SLD_TRY(read_number(r, dtype, element));
    for (size_t i = 0; i < count; i++) {
        memcpy(data + i * size, element, size);
    }
    return SOLDER_OK;
}

static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Floats in [-1, 1), integers in [0, 8), bools 0 or 1. */
static solder_status read_random(reader *r, solder_dtype dtype, char *data, size_t count)
{
    int64_t seed;
    SLD_TRY(read_integer(r, &seed));
    uint64_t state = (uint64_t)seed;
    size_t size = solder_dtype_size(dtype);
    for (size_t i = 0; i < count; i++) {
        uint64_t bits = splitmix64(&state);
        if (sld_dtype_is_float(dtype)) {
            sld_store_f64(dtype, data + i * size, (double)(bits >> 40) * 0x1p-23 - 1.0);
        } else {
            sld_store_i64(dtype, data + i * size,
                          (int64_t)(bits >> (dtype == SOLDER_BOOL ? 63 : 61)));
        }
    }
    return SOLDER_OK;
}

static solder_status read_hex(reader *r, solder_dtype dtype, char *data, size_t count)
{
    size_t size = count * solder_dtype_size(dtype);
    skip_space(r);
    for (size_t i = 0; i < size; i++) {
        int high = r->end - r->p >= 2 ? hex_digit(r->p[0]) : -1;
        int low = r->end - r->p >= 2 ? hex_digit(r->p[1]) : -1;
        if (high < 0 || low < 0) {
            return fail(r, SOLDER_ERROR_DATA, "%zu hex bytes where the shape has %zu", i, size);
        }
        data[i] = (char)(high * 16 + low);
        r->p += 2;
    }
    return r->p < r->end && hex_digit(*r->p) >= 0
               ? fail(r, SOLDER_ERROR_DATA, "more hex bytes than the shape's %zu", size)
               : SOLDER_OK;
}

static solder_status read_data(reader *r, solder_dtype dtype, char *data, size_t count)
{
    if (accept_word(r, "values")) {
        return read_values(r, dtype, data, count);
    }
    if (accept_word(r, "fill")) {
        return read_fill(r, dtype, data, count);
    }
    if (accept_word(r, "random")) {
        return read_random(r, dtype, data, count);
    }
    if (accept_word(r, "hex")) {
        return read_hex(r, dtype, data, count);
    }
    if (accept_word(r, "digest")) {
        return fail(r, SOLDER_ERROR_DATA, "a digest holds no values: print the network in full");
    }
    return unexpected(r, "values, fill, random or hex");
}

static solder_status read_constant(reader *r)
{
    const char *name;
    solder_dtype dtype;
    sld_shape shape;
    int64_t dims[SOLDER_MAX_RANK];
    size_t bytes;
    SLD_TRY(read_new_name(r, &name));
    SLD_TRY(read_type(r, &dtype, &shape));
    for (int i = 0; i < shape.rank; i++) {
        if (!sld_expr_is_const(&r->graph->exprs, shape.d[i], &dims[i])) {
            return fail(r, SOLDER_ERROR_DATA, "the dims of constant %%%s are not numbers", name);
        }
    }
    if (!sld_dims_bytes(dims, shape.rank, dtype, &bytes)) {
        return fail(r, SOLDER_ERROR_DATA, "the dims of constant %%%s are impossible", name);
    }
    if (bytes > MAX_DATA - r->data_size) {
        return fail(r, SOLDER_ERROR_MEMORY, "constants of more than %zu bytes", MAX_DATA);
    }
    r->data_size += bytes;
    char *data = sld_arena_alloc(&r->graph->arena, bytes);
    if (data == NULL) {
        return sld_fail_memory(r->diag, bytes);
    }
    SLD_TRY(read_data(r, dtype, data, bytes / solder_dtype_size(dtype)));
    sld_value *value;
    return within(r, sld_graph_add_constant(r->graph, name, dtype, shape.rank, dims, data, false,
                                            &value));
}

/* ---- the other statements ---- */

static solder_status read_network(reader *r)
{
    const char *name;
    SLD_TRY(read_quoted(r, &name));
    r->graph->name = name;
    return SOLDER_OK;
}

static solder_status read_range(reader *r, int64_t *low, int64_t *middle, int64_t *high)
{
    SLD_TRY(read_integer(r, low));
    SLD_TRY(expect(r, '.'));
    SLD_TRY(expect(r, '.'));
    SLD_TRY(read_integer(r, middle));
    SLD_TRY(expect(r, '.'));
    SLD_TRY(expect(r, '.'));
    SLD_TRY(read_integer(r, high));
    return *low >= 0 && *low <= *middle && *middle <= *high
               ? SOLDER_OK
               : fail(r, SOLDER_ERROR_DATA, "the profile is not 0 <= min <= opt <= max");
}

static solder_status read_symbol(reader *r)
{
    sld_dim dim;
    int64_t low;
    int64_t middle;
    int64_t high;
    if (peek(r) != '"' && !is_word_char(peek(r))) {
        return unexpected(r, "a symbol");
    }
    SLD_TRY(read_primary(r, 0, &dim));
    if (r->graph->exprs.exprs[dim].op != SLD_EXPR_SYMBOL) {
        return fail(r, SOLDER_ERROR_DATA, "a number is no symbol");
    }
    SLD_TRY(read_range(r, &low, &middle, &high));
    sld_symbol *symbol = &r->graph->exprs.symbols[r->graph->exprs.exprs[dim].value];
    if (symbol->data_dependent != 0) {
        return fail(r, SOLDER_ERROR_DATA, "symbol %s belongs to a node", symbol->name);
    }
    symbol->min = low;
    symbol->opt = middle;
    symbol->max = high;
    return SOLDER_OK;
}

static solder_status read_input(reader *r)
{
    const char *name;
    solder_dtype dtype;
    sld_shape shape;
    sld_value *value;
    SLD_TRY(read_new_name(r, &name));
    SLD_TRY(read_type(r, &dtype, &shape));
    SLD_TRY(within(r, sld_graph_add_input(r->graph, name, dtype, &shape, &value)));
    value->is_nhwc = accept_word(r, "nhwc");
    return SOLDER_OK;
}

static solder_status read_output(reader *r)
{
    sld_value *value;
    SLD_TRY(read_value(r, &value));
    for (size_t i = 0; i < r->graph->output_count; i++) {
        if (r->graph->outputs[i] == value) {
            return fail(r, SOLDER_ERROR_DATA, "%%%s is an output already", value->name);
        }
    }
    SLD_TRY(within(r, sld_graph_mark_output(r->graph, value)));
    if (accept_word(r, "nhwc")) {
        value->is_nhwc = true;
    }
    return SOLDER_OK;
}

/* ---- memory ---- */

static solder_status read_region(reader *r, const sld_value *value, sld_view *view)
{
    sld_shape start;
    SLD_TRY(read_dims(r, &start));
    if (start.rank != value->shape.rank || start.rank != view->parent->shape.rank) {
        return fail(r, SOLDER_ERROR_DATA, "a region has another rank than its parent");
    }
    bool stepped = accept_word(r, "step");
    if (stepped) {
        SLD_TRY(expect(r, '['));
    }
    for (int i = 0; i < start.rank; i++) {
        int64_t step = 1;
        if (stepped) {
            SLD_TRY(i == 0 ? SOLDER_OK : expect(r, ','));
            SLD_TRY(read_integer(r, &step));
        }
        if (step < 1 || step > INT32_MAX) {
            return fail(r, SOLDER_ERROR_DATA, "a step is not positive");
        }
        view->start[i] = start.d[i];
        view->step[i] = (int32_t)step;
    }
    return stepped ? expect(r, ']') : SOLDER_OK;
}

/* A value that may have a place of its own. */
static solder_status read_placed(reader *r, sld_value **value)
{
    SLD_TRY(read_value(r, value));
    return (*value)->kind != SLD_VALUE_CONSTANT
               ? SOLDER_OK
               : fail(r, SOLDER_ERROR_DATA, "%%%s is a constant", (*value)->name);
}

static solder_status read_view(reader *r)
{
    sld_value *value;
    sld_view view = {.kind = SLD_VIEW_REGION};
    SLD_TRY(read_placed(r, &value));
    SLD_TRY(expect(r, '='));
    SLD_TRY(read_value(r, &view.parent));
    for (const sld_value *v = view.parent; v != NULL; v = v->view.parent) {
        if (v == value) {
            return fail(r, SOLDER_ERROR_DATA, "%%%s is a view of itself", value->name);
        }
    }
    if (accept_word(r, "reshape")) {
        view.kind = SLD_VIEW_RESHAPE;
    } else {
        SLD_TRY(read_region(r, value, &view));
    }
    value->view = view;
    return SOLDER_OK;
}

static solder_status read_offset(reader *r, int64_t *offset)
{
    SLD_TRY(read_integer(r, offset));
    return *offset >= 0 ? SOLDER_OK : fail(r, SOLDER_ERROR_DATA, "an offset is negative");
}

static solder_status read_place(reader *r)
{
    sld_value *value;
    SLD_TRY(read_placed(r, &value));
    return read_offset(r, &value->arena_offset);
}

static solder_status read_arena(reader *r)
{
    return read_offset(r, &r->graph->arena_bytes);
}

/* ---- nodes ---- */

static solder_status read_enum(reader *r, const sld_attr *attr, void *params, int i)
{
    char word[64];
    read_token(r, is_number_char, word, sizeof word);
    int64_t value = -1;
    if (attr->kind == SLD_ATTR_DTYPE) {
        value = sld_dtype_from_name(word);
    } else if (attr->kind == SLD_ATTR_BOOL) {
        bool yes = strcmp(word, "true") == 0 || strcmp(word, "1") == 0;
        bool no = strcmp(word, "false") == 0 || strcmp(word, "0") == 0;
        value = yes ? 1 : no ? 0 : -1;
    } else {
        for (int n = 0; n < attr->name_count; n++) {
            value = strcmp(attr->names[n], word) == 0 ? n : value;
        }
    }
    return value >= 0 && sld_attr_set_i64(attr, params, i, value)
               ? SOLDER_OK
               : fail(r, SOLDER_ERROR_DATA, "'%s' is no value of %s", word, attr->name);
}

static solder_status read_entry(reader *r, const sld_attr *attr, void *params, int i)
{
    if (attr->kind == SLD_ATTR_BOOL || attr->kind == SLD_ATTR_ENUM ||
        attr->kind == SLD_ATTR_DTYPE) {
        return read_enum(r, attr, params, i);
    }
    char token[64];
    read_token(r, is_number_char, token, sizeof token);
    int64_t whole;
    double number;
    bool is_float = attr->kind == SLD_ATTR_F32 || attr->kind == SLD_ATTR_F64;
    if (is_float ? parse_f64(token, &number) && sld_attr_set_f64(attr, params, i, number)
                 : parse_i64(token, &whole) && sld_attr_set_i64(attr, params, i, whole)) {
        return SOLDER_OK;
    }
    return fail(r, SOLDER_ERROR_DATA, "'%s' is no value of %s", token, attr->name);
}

static solder_status read_mask(reader *r, const sld_attr *attr, void *params)
{
    uint32_t mask = 0;
    SLD_TRY(expect(r, '['));
    for (bool first = true; !accept(r, ']'); first = false) {
        int64_t axis;
        SLD_TRY(first ? SOLDER_OK : expect(r, ','));
        SLD_TRY(read_integer(r, &axis));
        if (axis < 0 || axis >= SOLDER_MAX_RANK) {
            return fail(r, SOLDER_ERROR_DATA, "%" PRId64 " is no axis", axis);
        }
        mask |= 1u << axis;
    }
    return sld_attr_set_i64(attr, params, 0, mask)
               ? SOLDER_OK
               : fail(r, SOLDER_ERROR_DATA, "%s does not fit", attr->name);
}

static solder_status read_list(reader *r, const sld_attr *attr, void *params)
{
    int count = 0;
    SLD_TRY(expect(r, '['));
    for (; !accept(r, ']'); count++) {
        if (count == attr->count) {
            return fail(r, SOLDER_ERROR_DATA, "%s has more than %d entries", attr->name,
                        (int)attr->count);
        }
        SLD_TRY(count == 0 ? SOLDER_OK : expect(r, ','));
        if (attr->length_offset >= 0 && sld_attr_length(attr, params) <= count) {
            (void)sld_attr_set_length(attr, params, count + 1);
        }
        SLD_TRY(read_entry(r, attr, params, count));
    }
    return attr->length_offset < 0 || sld_attr_set_length(attr, params, count)
               ? SOLDER_OK
               : fail(r, SOLDER_ERROR_DATA, "%s cannot have %d entries", attr->name, count);
}

static solder_status read_attrs(reader *r, sld_op op, void *params)
{
    while (!accept(r, '}')) {
        char name[64];
        read_token(r, is_word_char, name, sizeof name);
        const sld_attr *attr = sld_op_attr(op, name);
        if (attr == NULL) {
            return fail(r, SOLDER_ERROR_DATA, "%s has no attribute '%s'", sld_op_name(op),
                        name);
        }
        SLD_TRY(expect(r, '='));
        if (attr->kind == SLD_ATTR_MASK) {
            SLD_TRY(read_mask(r, attr, params));
        } else if (sld_attr_is_list(attr)) {
            SLD_TRY(read_list(r, attr, params));
        } else {
            SLD_TRY(read_entry(r, attr, params, 0));
        }
        if (peek(r) != '}') {
            SLD_TRY(expect(r, ','));
        }
    }
    return SOLDER_OK;
}

typedef struct node_text {
    const char *out[SLD_MAX_OUTPUTS];
    uint32_t out_count;
    sld_value *in[SLD_MAX_INPUTS];
    uint32_t in_count;
    sld_op op;
    void *params;
    const char *name, *source;
    bool elided;
} node_text;

static solder_status read_results(reader *r, node_text *n)
{
    do {
        if (n->out_count == SLD_MAX_OUTPUTS) {
            return fail(r, SOLDER_ERROR_DATA, "more than %d results", SLD_MAX_OUTPUTS);
        }
        SLD_TRY(read_new_name(r, &n->out[n->out_count]));
        for (uint32_t i = 0; i < n->out_count; i++) {
            if (strcmp(n->out[i], n->out[n->out_count]) == 0) {
                return fail(r, SOLDER_ERROR_DATA, "%%%s is defined twice", n->out[i]);
            }
        }
        n->out_count++;
    } while (accept(r, ','));
    return expect(r, '=');
}

static solder_status read_operands(reader *r, node_text *n)
{
    SLD_TRY(expect(r, '('));
    while (!accept(r, ')')) {
        if (n->in_count == SLD_MAX_INPUTS) {
            return fail(r, SOLDER_ERROR_DATA, "more than %d operands", SLD_MAX_INPUTS);
        }
        if (n->in_count > 0) {
            SLD_TRY(expect(r, ','));
        }
        if (!accept(r, '_')) {
            SLD_TRY(read_value(r, &n->in[n->in_count]));
        }
        n->in_count++;
    }
    return SOLDER_OK;
}

static solder_status read_operator(reader *r, node_text *n)
{
    char word[64];
    read_token(r, is_word_char, word, sizeof word);
    n->op = sld_op_find(word);
    if (n->op == SLD_OP_COUNT) {
        return fail(r, SOLDER_ERROR_DATA, "'%s' is no operator", word);
    }
    SLD_TRY(read_operands(r, n));
    size_t size = sld_op_get(n->op).params_size;
    n->params = sld_arena_alloc(&r->graph->arena, size);
    if (n->params == NULL) {
        return sld_fail_memory(r->diag, size);
    }
    sld_op_defaults(n->op, n->params);
    return accept(r, '{') ? read_attrs(r, n->op, n->params) : SOLDER_OK;
}

static solder_status read_suffix(reader *r, node_text *n)
{
    n->name = n->out[0];
    if (accept_word(r, "as")) {
        skip_space(r);
        SLD_TRY(read_name(r, &n->name));
    }
    if (accept_word(r, "from")) {
        SLD_TRY(read_quoted(r, &n->source));
    }
    n->elided = accept_word(r, "elided");
    return SOLDER_OK;
}

static solder_status read_node(reader *r)
{
    node_text n = {0};
    SLD_TRY(read_results(r, &n));
    SLD_TRY(read_operator(r, &n));
    SLD_TRY(read_suffix(r, &n));
    sld_node *node;
    SLD_TRY(within(r, sld_graph_add_node(r->graph, NULL, n.op, n.name, n.params, n.in, n.in_count,
                                         n.out_count, &node)));
    for (uint32_t i = 0; i < n.out_count; i++) {
        if (strcmp(node->out[i]->name, n.out[i]) != 0) {
            SLD_TRY(within(r, sld_graph_rename(r->graph, node->out[i], n.out[i])));
        }
    }
    node->elided = n.elided;
    node->source = n.source != NULL ? n.source : node->source;
    return SOLDER_OK;
}

static solder_status read_line(reader *r)
{
    static const struct {
        const char *word;
        read_statement read;
    } statements[] = {{"network", read_network}, {"symbol", read_symbol}, {"input", read_input},
                      {"constant", read_constant}, {"output", read_output}, {"view", read_view},
                      {"place", read_place}, {"arena", read_arena}};
    if (peek(r) == '%') {
        return read_node(r);
    }
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(statements); i++) {
        if (accept_word(r, statements[i].word)) {
            return statements[i].read(r);
        }
    }
    return unexpected(r, "a statement");
}

static solder_status read_all(reader *r)
{
    for (;;) {
        while (peek(r) == '\n') {
            r->p++;
            r->line++;
        }
        if (r->p == r->end) {
            return r->graph->exprs.failed ? sld_fail_memory(r->diag, sizeof(sld_expr)) : SOLDER_OK;
        }
        SLD_TRY(read_line(r));
        char c = peek(r);
        if (c != '\n' && r->p != r->end) {
            return unexpected(r, "the end of the line");
        }
    }
}

solder_status sld_graph_read(const solder_allocator *allocator, sld_diag *diag, const char *text,
                             size_t size, sld_graph **graph)
{
    reader r = {.p = text, .end = text + size, .line = 1, .diag = diag};
    SLD_TRY(sld_graph_create(allocator, diag, &r.graph));
    solder_status status = read_all(&r);
    if (status != SOLDER_OK) {
        sld_graph_destroy(r.graph);
        return status;
    }
    *graph = r.graph;
    return SOLDER_OK;
}
