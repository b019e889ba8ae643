/* SPDX-License-Identifier: Apache-2.0 */
/* Characters, words, names and dims of the text form. The text is not trusted: every error names
 * its line. */
#ifndef SLD_GRAPH_TEXT_SCAN_H
#define SLD_GRAPH_TEXT_SCAN_H

#include "graph/text.h"

typedef struct sld_scan {
    const char *p, *end;
    int line;
    int brackets; /* inside them a line end is a space */
    sld_graph *graph;
    sld_diag *diag;
    size_t data_size; /* of all constants so far */
} sld_scan;

solder_status sld_scan_fail(sld_scan *r, solder_status code, const char *format, ...)
    SLD_PRINTF(3, 4);
/* Puts the line in front of a message made elsewhere. */
solder_status sld_scan_within(sld_scan *r, solder_status code);
/* "expected WANTED before ..." */
solder_status sld_scan_unexpected(sld_scan *r, const char *wanted);

/* The next character that is no space; 0 at the end. */
char sld_scan_peek(sld_scan *r);
/* Past that character or word if it comes next. */
bool sld_scan_accept(sld_scan *r, char c);
bool sld_scan_accept_word(sld_scan *r, const char *word);
solder_status sld_scan_expect(sld_scan *r, char c);

/* The characters that belong, cut to fit; empty if there are none. */
void sld_scan_token(sld_scan *r, bool (*belongs)(char c), char *token, size_t size);
bool sld_scan_is_word(char c);
bool sld_scan_is_number(char c);
/* 0..15, or -1. */
int sld_scan_hex_digit(char c);

/* The whole token as a number, or false. u64 keeps its bits. */
bool sld_scan_parse_i64(const char *token, int64_t *value);
bool sld_scan_parse_u64(const char *token, int64_t *value);
bool sld_scan_parse_f64(const char *token, double *value);

solder_status sld_scan_integer(sld_scan *r, int64_t *value);
solder_status sld_scan_quoted(sld_scan *r, const char **string);
/* A name after '%' or "as": plain characters or quoted. */
solder_status sld_scan_name(sld_scan *r, const char **name);
/* The name of a value that must not exist yet; a value that must. */
solder_status sld_scan_new_name(sld_scan *r, const char **name);
solder_status sld_scan_value(sld_scan *r, sld_value **value);

/* A number, a symbol or an expression in parentheses. */
solder_status sld_scan_primary(sld_scan *r, int nesting, sld_dim *out);
/* "[N, 3]" and "f32[N, 3]" */
solder_status sld_scan_dims(sld_scan *r, sld_shape *shape);
solder_status sld_scan_type(sld_scan *r, solder_dtype *dtype, sld_shape *shape);

#endif
