/* SPDX-License-Identifier: Apache-2.0 */
#include "import/wire/prototxt_lexer.h"

#include <math.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static int hex_digit(char c)
{
    if (is_digit(c)) {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

void sld_lexer_open(sld_lexer *lexer, const char *text, size_t size)
{
    *lexer = (sld_lexer){
        .at = text, .end = size == 0 ? text : text + size, .line_start = text, .line = 1};
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* byte order mark */
        lexer->at += 3;
    }
    sld_lexer_next(lexer);
}

static void skip_space(sld_lexer *lexer)
{
    bool comment = false;
    for (; lexer->at < lexer->end; lexer->at++) {
        char c = *lexer->at;
        if (c == '\n') {
            comment = false;
            lexer->line++;
            lexer->line_start = lexer->at + 1;
        } else if (c == '#') {
            comment = true;
        } else if (!comment && c != ' ' && c != '\t' && c != '\r' && c != '\v' && c != '\f') {
            return;
        }
    }
}

/* Digits, letters and dots; a sign belongs to it only behind the e of a decimal number. */
static const char *number_end(const char *p, const char *end)
{
    bool hex = end - p > 1 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X');
    for (; p < end; p++) {
        bool exponent =
            !hex && (p[0] == 'e' || p[0] == 'E') && end - p > 1 && (p[1] == '-' || p[1] == '+');
        if (exponent) {
            p++;
        } else if (!is_digit(*p) && !is_letter(*p) && *p != '.') {
            break;
        }
    }
    return p;
}

/* NULL if the line ends first. */
static const char *string_end(const char *p, const char *end)
{
    char quote = *p++;
    for (; p < end && *p != '\n'; p++) {
        if (*p == quote) {
            return p + 1;
        }
        if (*p == '\\' && end - p > 1) {
            p++;
        }
    }
    return NULL;
}

void sld_lexer_next(sld_lexer *lexer)
{
    skip_space(lexer);
    const char *p = lexer->at;
    const char *stop = p;
    sld_token_kind kind = SLD_TOKEN_END;
    if (p < lexer->end) {
        if (is_letter(*p)) {
            kind = SLD_TOKEN_NAME;
            while (stop < lexer->end && (is_letter(*stop) || is_digit(*stop))) {
                stop++;
            }
        } else if (is_digit(*p) || (*p == '.' && lexer->end - p > 1 && is_digit(p[1]))) {
            kind = SLD_TOKEN_NUMBER;
            stop = number_end(p, lexer->end);
        } else if (*p == '"' || *p == '\'') {
            stop = string_end(p, lexer->end);
            kind = stop != NULL ? SLD_TOKEN_STRING : SLD_TOKEN_BAD;
            stop = stop != NULL ? stop : p + 1;
        } else {
            kind = SLD_TOKEN_SYMBOL;
            stop = p + 1;
        }
    }
    lexer->token = (sld_token){kind, p, (size_t)(stop - p), lexer->line,
                               (uint32_t)(p - lexer->line_start) + 1};
    lexer->at = stop;
}

bool sld_token_is(const sld_token *token, char symbol)
{
    return token->kind == SLD_TOKEN_SYMBOL && token->text[0] == symbol;
}

bool sld_token_equals(const sld_token *token, const char *text)
{
    size_t length = strlen(text);
    return token->size == length && memcmp(token->text, text, length) == 0;
}

bool sld_token_integer(const sld_token *token, uint64_t *value)
{
    const char *p = token->text, *end = p + token->size;
    if (token->kind != SLD_TOKEN_NUMBER) {
        return false;
    }
    unsigned base = 10;
    if (token->size > 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
        base = 16;
        p += 2;
    } else if (token->size > 1 && p[0] == '0') {
        base = 8;
        p++;
    }
    uint64_t result = 0;
    for (; p < end; p++) {
        int digit = hex_digit(*p);
        if (digit < 0 || (unsigned)digit >= base ||
            result > (UINT64_MAX - (unsigned)digit) / base) {
            return false;
        }
        result = result * base + (unsigned)digit;
    }
    *value = result;
    return true;
}

/* Decimal digits of the mantissa: 19 of them in *digits, what they lack in *exponent. */
static const char *read_mantissa(const char *p, const char *end, uint64_t *digits, int *exponent)
{
    bool point = false, any = false;
    int kept = 0;
    for (; p < end && (is_digit(*p) || (*p == '.' && !point)); p++) {
        if (*p == '.') {
            point = true;
            continue;
        }
        any = true;
        if (kept < 19) {
            *digits = *digits * 10 + (uint64_t)(*p - '0');
            kept += *digits != 0;
            *exponent -= point;
        } else {
            *exponent += !point;
        }
    }
    return any ? p : NULL;
}

static double scale_by_ten(uint64_t digits, int exponent)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (digits == 0) {
        return 0;
    }
    if (exponent > 400 || exponent < -400) {
        return exponent > 0 ? (double)INFINITY : 0;
    }
    if (digits < ((uint64_t)1 << 53) && exponent >= -22 && exponent <= 22) { /* one rounding */
        double value = (double)digits;
        return exponent < 0 ? value / powers[-exponent] : value * powers[exponent];
    }
    long double value = (long double)digits;
    for (; exponent > 0; exponent--) {
        value *= 10;
    }
    for (; exponent < 0; exponent++) {
        value /= 10;
    }
    return (double)value;
}

bool sld_token_real(const sld_token *token, double *value)
{
    const char *p = token->text, *end = p + token->size;
    if (token->kind == SLD_TOKEN_NAME) {
        if (sld_token_equals(token, "inf") || sld_token_equals(token, "infinity")) {
            *value = (double)INFINITY;
            return true;
        }
        *value = (double)NAN;
        return sld_token_equals(token, "nan");
    }
    uint64_t integer;
    if (token->size > 1 && p[0] == '0' && p[1] != '.' && sld_token_integer(token, &integer)) {
        *value = (double)integer;
        return true;
    }
    uint64_t digits = 0;
    int exponent = 0;
    p = read_mantissa(p, end, &digits, &exponent);
    if (token->kind != SLD_TOKEN_NUMBER || p == NULL) {
        return false;
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        bool minus = ++p < end && *p == '-';
        p += p < end && (*p == '-' || *p == '+');
        int power = 0;
        const char *start = p;
        for (; p < end && is_digit(*p); p++) {
            power = power < 100000 ? power * 10 + (*p - '0') : power;
        }
        if (p == start) {
            return false;
        }
        exponent += minus ? -power : power;
    }
    p += p < end && (*p == 'f' || *p == 'F');
    *value = scale_by_ten(digits, exponent);
    return p == end;
}

/* Nowhere if out is NULL: then characters are only counted. */
static void put(char *out, size_t *length, char c)
{
    if (out != NULL) {
        out[*length] = c;
    }
    ++*length;
}

static void put_utf8(uint32_t code, char *out, size_t *length)
{
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    unsigned count = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    put(out, length, (char)(lead[count] | code >> (6 * (count - 1))));
    for (unsigned i = count - 1; i-- > 0;) {
        put(out, length, (char)(0x80u | (code >> (6 * i) & 0x3fu)));
    }
}

/* Up to most digits of the base from *p; false if there is none. */
static bool read_digits(const char **p, const char *end, int base, int most, uint32_t *code)
{
    int count = 0;
    *code = 0;
    for (; *p < end && count < most; (*p)++, count++) {
        int digit = hex_digit(**p);
        if (digit < 0 || digit >= base) {
            break;
        }
        *code = *code * (uint32_t)base + (uint32_t)digit;
    }
    return count > 0;
}

static bool read_escape(const char **p, const char *end, char *out, size_t *length)
{
    static const char from[] = "abfnrtv\\'\"?", to[] = "\a\b\f\n\r\t\v\\'\"?";
    char c = *(*p)++;
    uint32_t code;
    if (c >= '0' && c <= '7') {
        (*p)--;
        bool octal = read_digits(p, end, 8, 3, &code) && code < 256;
        put(out, length, (char)code);
        return octal;
    }
    if (c == 'x' || c == 'X') {
        bool hex = read_digits(p, end, 16, 2, &code);
        put(out, length, (char)code);
        return hex;
    }
    if (c == 'u' || c == 'U') {
        int digits = c == 'u' ? 4 : 8;
        const char *start = *p;
        if (!read_digits(p, end, 16, digits, &code) || *p - start != digits || code > 0x10ffff) {
            return false;
        }
        put_utf8(code, out, length);
        return true;
    }
    const char *found = c != '\0' ? strchr(from, c) : NULL;
    if (found != NULL) {
        put(out, length, to[found - from]);
    }
    return found != NULL;
}

bool sld_token_string(const sld_token *token, char *out, size_t *length)
{
    const char *p = token->text + 1, *end = token->text + token->size - 1;
    while (p < end) {
        if (*p != '\\') {
            put(out, length, *p++);
            continue;
        }
        p++;
        if (p == end || !read_escape(&p, end, out, length)) {
            return false;
        }
    }
    return true;
}
