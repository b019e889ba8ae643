/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of protobuf's text form, and the values they spell. */
#ifndef SLD_IMPORT_WIRE_PROTOTXT_LEXER_H
#define SLD_IMPORT_WIRE_PROTOTXT_LEXER_H

#include "base/memory.h"

typedef enum sld_token_kind {
    SLD_TOKEN_END = 0,
    SLD_TOKEN_NAME,   /* identifier */
    SLD_TOKEN_NUMBER, /* without sign */
    SLD_TOKEN_STRING, /* with its quotes */
    SLD_TOKEN_SYMBOL, /* one character */
    SLD_TOKEN_BAD     /* a string without end */
} sld_token_kind;

typedef struct sld_token {
    sld_token_kind kind;
    const char *text;
    size_t size;
    uint32_t line, column; /* from 1 */
} sld_token;

typedef struct sld_lexer {
    const char *at, *end, *line_start;
    uint32_t line;
    sld_token token; /* the current one */
} sld_lexer;

void sld_lexer_open(sld_lexer *lexer, const char *text, size_t size);
/* Makes the next token current. */
void sld_lexer_next(sld_lexer *lexer);

bool sld_token_is(const sld_token *token, char symbol);
bool sld_token_equals(const sld_token *token, const char *text);
/* Decimal, 0x hexadecimal or 0 octal; false if it is none or takes over 64 bits. */
bool sld_token_integer(const sld_token *token, uint64_t *value);
/* Also 1e-3, .5, 2f; never depends on the locale. */
bool sld_token_real(const sld_token *token, double *value);
/* Appends a string token's characters, escapes resolved, to out (which has room for token->size;
 * NULL: only counts them); false on a bad escape. */
bool sld_token_string(const sld_token *token, char *out, size_t *length);

#endif
