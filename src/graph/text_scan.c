/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/text_scan.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_NESTING 64

solder_status sld_scan_fail(sld_scan *r, solder_status code, const char *format, ...)
{
    char what[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return sld_fail(r->diag, code, "text: line %d: %s", r->line, what);
}

solder_status sld_scan_within(sld_scan *r, solder_status code)
{
    return code == SOLDER_OK ? code : sld_fail_within(r->diag, code, "text: line %d", r->line);
}

/* ---- characters and words ---- */

static void skip_space(sld_scan *r)
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

char sld_scan_peek(sld_scan *r)
{
    skip_space(r);
    return r->p < r->end ? *r->p : '\0';
}

bool sld_scan_accept(sld_scan *r, char c)
{
    if (c == '\0' || sld_scan_peek(r) != c) {
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

solder_status sld_scan_unexpected(sld_scan *r, const char *wanted)
{
    char c = sld_scan_peek(r);
    if (c == '\0' || c == '\n') {
        return sld_scan_fail(r, SOLDER_ERROR_DATA, "expected %s at the end of the line", wanted);
    }
    return sld_scan_fail(r, SOLDER_ERROR_DATA, "expected %s before '%c'", wanted, c);
}

solder_status sld_scan_expect(sld_scan *r, char c)
{
    char wanted[] = {'\'', c, '\'', '\0'};
    return sld_scan_accept(r, c) ? SOLDER_OK : sld_scan_unexpected(r, wanted);
}

/* A token of the given characters, cut to fit; empty if there is none. */
void sld_scan_token(sld_scan *r, bool (*belongs)(char c), char *token, size_t size)
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

bool sld_scan_is_word(char c)
{
    return sld_text_word_char(c);
}

bool sld_scan_is_number(char c)
{
    return sld_text_word_char(c) || c == '+' || c == '-';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* True and past it if the next word is that one. */
bool sld_scan_accept_word(sld_scan *r, const char *word)
{
    skip_space(r);
    size_t n = strlen(word);
    if ((size_t)(r->end - r->p) < n || memcmp(r->p, word, n) != 0 ||
        (r->p + n < r->end && sld_scan_is_word(r->p[n]))) {
        return false;
    }
    r->p += n;
    return true;
}

bool sld_scan_parse_i64(const char *token, int64_t *value)
{
    char *stop;
    errno = 0;
    long long v = strtoll(token, &stop, 10);
    *value = v;
    return *token != '\0' && *stop == '\0' && errno == 0;
}

bool sld_scan_parse_u64(const char *token, int64_t *value)
{
    char *stop;
    errno = 0;
    unsigned long long v = strtoull(token, &stop, 10);
    *value = (int64_t)v;
    return *token != '\0' && *token != '-' && *stop == '\0' && errno == 0;
}

bool sld_scan_parse_f64(const char *token, double *value)
{
    char *stop;
    *value = strtod(token, &stop);
    return *token != '\0' && *stop == '\0';
}

solder_status sld_scan_integer(sld_scan *r, int64_t *value)
{
    char token[64] = {0};
    char sign = sld_scan_peek(r);
    size_t signs = (sign == '-' || sign == '+') && sld_scan_accept(r, sign) ? 1 : 0;
    token[0] = signs == 1 ? sign : '\0';
    if (r->p < r->end && is_digit(*r->p)) {
        sld_scan_token(r, is_digit, token + signs, sizeof token - signs);
    } else {
        return sld_scan_unexpected(r, "a whole number");
    }
    return sld_scan_parse_i64(token, value)
               ? SOLDER_OK
               : sld_scan_fail(r, SOLDER_ERROR_DATA, "'%s' is no whole number", token);
}

int sld_scan_hex_digit(char c)
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
static bool read_quoted_char(sld_scan *r, char *c)
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
    int high = sld_scan_hex_digit(r->p[1]);
    int low = sld_scan_hex_digit(r->p[2]);
    *c = (char)(high * 16 + low);
    r->p += 3;
    return high >= 0 && low >= 0 && *c != '\0';
}

solder_status sld_scan_quoted(sld_scan *r, const char **string)
{
    SLD_TRY(sld_scan_expect(r, '"'));
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
            return sld_scan_fail(r, SOLDER_ERROR_DATA, "a quoted name is broken");
        }
    }
    *string = out;
    return sld_scan_expect(r, '"');
}

/* A name after '%' or "as": plain characters or quoted. */
solder_status sld_scan_name(sld_scan *r, const char **name)
{
    if (r->p < r->end && *r->p == '"') {
        return sld_scan_quoted(r, name);
    }
    const char *start = r->p;
    while (r->p < r->end && sld_text_name_char(*r->p)) {
        r->p++;
    }
    if (r->p == start) {
        return sld_scan_unexpected(r, "a name");
    }
    *name = sld_arena_strndup(&r->graph->arena, start, (size_t)(r->p - start));
    return *name != NULL ? SOLDER_OK : sld_fail_memory(r->diag, (size_t)(r->p - start));
}

/* The name of a value that must not exist yet. */
solder_status sld_scan_new_name(sld_scan *r, const char **name)
{
    SLD_TRY(sld_scan_expect(r, '%'));
    SLD_TRY(sld_scan_name(r, name));
    return sld_graph_find_value(r->graph, *name) == NULL
               ? SOLDER_OK
               : sld_scan_fail(r, SOLDER_ERROR_DATA, "%%%s is defined twice", *name);
}

/* A value that must exist. */
solder_status sld_scan_value(sld_scan *r, sld_value **value)
{
    const char *name;
    SLD_TRY(sld_scan_expect(r, '%'));
    SLD_TRY(sld_scan_name(r, &name));
    *value = sld_graph_find_value(r->graph, name);
    return *value != NULL ? SOLDER_OK
                          : sld_scan_fail(r, SOLDER_ERROR_DATA, "%%%s is not defined above", name);
}

/* ---- dimensions ---- */

static solder_status fail_dim(sld_scan *r)
{
    return r->graph->exprs.failed
               ? sld_fail_memory(r->diag, sizeof(sld_expr))
               : sld_scan_fail(r, SOLDER_ERROR_DATA, "a dimension cannot be represented");
}

static solder_status read_expr(sld_scan *r, int level, int nesting, sld_dim *out);

solder_status sld_scan_primary(sld_scan *r, int nesting, sld_dim *out)
{
    char c = sld_scan_peek(r);
    if (c == '(') {
        if (nesting >= MAX_NESTING) {
            return sld_scan_fail(r, SOLDER_ERROR_DATA, "parentheses are nested too deeply");
        }
        (void)sld_scan_accept(r, '(');
        SLD_TRY(read_expr(r, 0, nesting + 1, out));
        return sld_scan_expect(r, ')');
    }
    if (sld_scan_accept(r, '?')) {
        *out = SLD_DIM_NONE;
        return SOLDER_OK;
    }
    if (is_digit(c) || c == '-' || c == '+') {
        int64_t value;
        SLD_TRY(sld_scan_integer(r, &value));
        *out = sld_expr_const(&r->graph->exprs, value);
    } else {
        char word[64];
        const char *name = word;
        if (c == '"') {
            SLD_TRY(sld_scan_quoted(r, &name));
        } else {
            sld_scan_token(r, sld_scan_is_word, word, sizeof word);
        }
        if (name[0] == '\0') {
            return sld_scan_unexpected(r, "a dimension");
        }
        *out = sld_expr_symbol(&r->graph->exprs, name);
    }
    if (*out == SLD_DIM_NONE) {
        return fail_dim(r);
    }
    const sld_expr *e = &r->graph->exprs.exprs[*out];
    if (e->op == SLD_EXPR_SYMBOL && r->graph->exprs.symbols[e->value].data_dependent != 0) {
        return sld_scan_fail(r, SOLDER_ERROR_DATA, "symbol %s belongs to a node",
                             r->graph->exprs.symbols[e->value].name);
    }
    return SOLDER_OK;
}

/* The operator of that level that comes next: 0 min max, 1 + -, 2 * / ^/ %. */
static bool accept_sign(sld_scan *r, int level, sld_expr_op *op)
{
    static const struct {
        int level;
        char sign;
        sld_expr_op op;
    } signs[] = {{1, '+', SLD_EXPR_ADD},
                 {1, '-', SLD_EXPR_SUB},
                 {2, '*', SLD_EXPR_MUL},
                 {2, '/', SLD_EXPR_DIV},
                 {2, '%', SLD_EXPR_MOD}};
    if (level == 0) {
        *op = SLD_EXPR_MIN;
        if (sld_scan_accept_word(r, "min")) {
            return true;
        }
        *op = SLD_EXPR_MAX;
        return sld_scan_accept_word(r, "max");
    }
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(signs); i++) {
        if (signs[i].level == level && sld_scan_accept(r, signs[i].sign)) {
            *op = signs[i].op;
            return true;
        }
    }
    *op = SLD_EXPR_CEIL;
    return level == 2 && sld_scan_peek(r) == '^' && r->end - r->p > 1 && r->p[1] == '/' &&
           sld_scan_accept(r, '^') && sld_scan_accept(r, '/');
}

static solder_status read_expr(sld_scan *r, int level, int nesting, sld_dim *out)
{
    if (level > 2) {
        return sld_scan_primary(r, nesting, out);
    }
    SLD_TRY(read_expr(r, level + 1, nesting, out));
    sld_expr_op op;
    while (accept_sign(r, level, &op)) {
        sld_dim right;
        SLD_TRY(read_expr(r, level + 1, nesting, &right));
        *out = sld_expr_make(&r->graph->exprs, op, *out, right);
        if (*out == SLD_DIM_NONE) {
            return fail_dim(r);
        }
    }
    return SOLDER_OK;
}

solder_status sld_scan_dims(sld_scan *r, sld_shape *shape)
{
    SLD_TRY(sld_scan_expect(r, '['));
    shape->rank = 0;
    while (!sld_scan_accept(r, ']')) {
        if (shape->rank == SOLDER_MAX_RANK) {
            return sld_scan_fail(r, SOLDER_ERROR_DATA, "more than %d dimensions", SOLDER_MAX_RANK);
        }
        if (shape->rank > 0) {
            SLD_TRY(sld_scan_expect(r, ','));
        }
        SLD_TRY(read_expr(r, 0, 0, &shape->d[shape->rank]));
        shape->rank++;
    }
    return SOLDER_OK;
}

solder_status sld_scan_type(sld_scan *r, solder_dtype *dtype, sld_shape *shape)
{
    char word[16];
    sld_scan_token(r, sld_scan_is_word, word, sizeof word);
    *dtype = sld_dtype_from_name(word);
    if (*dtype == SOLDER_NONE) {
        return sld_scan_fail(r, SOLDER_ERROR_DATA, "'%s' is no element type", word);
    }
    return sld_scan_dims(r, shape);
}
