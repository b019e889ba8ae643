/* SPDX-License-Identifier: Apache-2.0 */
#include "npy.h"
#include "files.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t magic[6] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

static const struct {
    const char *code;
    solder_dtype dtype;
} types[] = {
    {"f4", SOLDER_F32}, {"f2", SOLDER_F16}, {"f8", SOLDER_F64}, {"i1", SOLDER_I8},
    {"u1", SOLDER_U8},  {"i2", SOLDER_I16}, {"u2", SOLDER_U16}, {"i4", SOLDER_I32},
    {"u4", SOLDER_U32}, {"i8", SOLDER_I64}, {"u8", SOLDER_U64}, {"b1", SOLDER_BOOL},
};

bool cli_npy_probe(const uint8_t *data, size_t size)
{
    return size >= sizeof magic && memcmp(data, magic, sizeof magic) == 0;
}

typedef struct header {
    const char *path;
    const char *at, *end; /* the dictionary's text */
    cli_tensor *tensor;
    bool swap, fortran;
    bool has_type, has_order, has_shape;
} header;

static int fail_header(const header *h, const char *what)
{
    return cli_fail(CLI_DATA, "%s: .npy header: %s", h->path, what);
}

static void skip_space(header *h)
{
    while (h->at < h->end && isspace((unsigned char)*h->at)) {
        h->at++;
    }
}

static bool take(header *h, char c)
{
    skip_space(h);
    if (h->at < h->end && *h->at == c) {
        h->at++;
        return true;
    }
    return false;
}

/* A quoted string without escapes. */
static bool take_string(header *h, char *text, size_t size)
{
    skip_space(h);
    if (h->at >= h->end || (*h->at != '\'' && *h->at != '"')) {
        return false;
    }
    char quote = *h->at++;
    size_t used = 0;
    while (h->at < h->end && *h->at != quote) {
        if (used + 1 >= size) {
            return false;
        }
        text[used++] = *h->at++;
    }
    text[used] = '\0';
    return take(h, quote);
}

static int read_type(header *h)
{
    char text[32];
    if (!take_string(h, text, sizeof text)) {
        return fail_header(h, "the element type is not a plain one");
    }
    const char order = text[0];
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strchr("<>|=", order) != NULL && order != '\0' &&
            strcmp(text + 1, types[i].code) == 0) {
            h->tensor->dtype = types[i].dtype;
            h->swap = order == '>';
            h->has_type = true;
            return CLI_DONE;
        }
    }
    return cli_fail(CLI_DATA, "%s: .npy header: element type '%s' is not supported", h->path, text);
}

static bool take_word(header *h, const char *word)
{
    size_t length = strlen(word);
    skip_space(h);
    if ((size_t)(h->end - h->at) >= length && memcmp(h->at, word, length) == 0) {
        h->at += length;
        return true;
    }
    return false;
}

static int read_shape(header *h)
{
    solder_dims *dims = &h->tensor->dims;
    dims->rank = 0;
    if (!take(h, '(')) {
        return fail_header(h, "the shape is not a tuple");
    }
    while (!take(h, ')')) {
        int64_t value = 0;
        size_t digits = 0;
        skip_space(h);
        for (; h->at < h->end && isdigit((unsigned char)*h->at); h->at++, digits++) {
            if (value > (INT64_MAX - 9) / 10) {
                return fail_header(h, "a dimension is too large");
            }
            value = value * 10 + (*h->at - '0');
        }
        if (digits == 0) {
            return fail_header(h, "a dimension is not a whole number");
        }
        if (dims->rank == SOLDER_MAX_RANK) {
            return fail_header(h, "more than 8 dimensions");
        }
        dims->d[dims->rank++] = value;
        (void)take(h, 'L'); /* written by Python 2 */
        if (!take(h, ',')) {
            if (!take(h, ')')) {
                return fail_header(h, "the shape does not end");
            }
            break;
        }
    }
    h->has_shape = true;
    return CLI_DONE;
}

static int read_field(header *h)
{
    char key[32];
    if (!take_string(h, key, sizeof key) || !take(h, ':')) {
        return fail_header(h, "a key is missing");
    }
    if (strcmp(key, "descr") == 0) {
        return read_type(h);
    }
    if (strcmp(key, "shape") == 0) {
        return read_shape(h);
    }
    if (strcmp(key, "fortran_order") != 0) {
        return fail_header(h, "an unknown key");
    }
    h->fortran = take_word(h, "True");
    h->has_order = h->fortran || take_word(h, "False");
    return h->has_order ? CLI_DONE : fail_header(h, "fortran_order is neither True nor False");
}

static int read_dictionary(header *h)
{
    if (!take(h, '{')) {
        return fail_header(h, "it is not a dictionary");
    }
    while (!take(h, '}')) {
        int status = read_field(h);
        if (status != CLI_DONE) {
            return status;
        }
        if (!take(h, ',')) {
            if (!take(h, '}')) {
                return fail_header(h, "it does not end");
            }
            break;
        }
    }
    if (!h->has_type || !h->has_order || !h->has_shape) {
        return fail_header(h, "descr, fortran_order or shape is missing");
    }
    return CLI_DONE;
}

static void swap_bytes(uint8_t *data, size_t size, size_t element)
{
    for (size_t i = 0; i + element <= size; i += element) {
        for (size_t k = 0; k < element / 2; k++) {
            uint8_t byte = data[i + k];
            data[i + k] = data[i + element - 1 - k];
            data[i + element - 1 - k] = byte;
        }
    }
}

/* Reverses the axes: a Fortran-ordered file read as row-major has them backwards. */
static int undo_fortran(const char *path, cli_tensor *tensor)
{
    solder_dims dims = tensor->dims;
    int axes[SOLDER_MAX_RANK];
    for (int i = 0; i < dims.rank; i++) {
        axes[i] = dims.rank - 1 - i;
        tensor->dims.d[i] = dims.d[axes[i]];
    }
    return cli_tensor_transpose(path, axes, tensor);
}

static int read_data(const header *h, const uint8_t *data, size_t size)
{
    cli_tensor *tensor = h->tensor;
    char text[CLI_DIMS_TEXT];
    size_t count;
    size_t element = solder_dtype_size(tensor->dtype);
    if (!cli_dims_count(&tensor->dims, &count)) {
        return cli_fail(CLI_DATA, "%s: the shape %s is too large", h->path,
                        cli_dims_text(&tensor->dims, text));
    }
    if (count * element != size) {
        return cli_fail(CLI_DATA, "%s: %zu bytes of data where %s of %s is %zu", h->path, size,
                        cli_dims_text(&tensor->dims, text), solder_dtype_name(tensor->dtype),
                        count * element);
    }
    int status = cli_tensor_create(h->path, tensor->dtype, &tensor->dims, tensor);
    if (status != CLI_DONE) {
        return status;
    }
    if (size > 0) {
        memcpy(tensor->data, data, size);
    }
    if (h->swap) {
        swap_bytes(tensor->data, size, element);
    }
    if (tensor->dtype == SOLDER_BOOL) {
        for (size_t i = 0; i < size; i++) {
            ((uint8_t *)tensor->data)[i] = data[i] != 0;
        }
    }
    status = h->fortran ? undo_fortran(h->path, tensor) : CLI_DONE;
    if (status != CLI_DONE) {
        cli_tensor_free(tensor);
    }
    return status;
}

int cli_npy_decode(const char *path, const uint8_t *data, size_t size, cli_tensor *tensor)
{
    header h = {.path = path, .tensor = tensor};
    memset(tensor, 0, sizeof *tensor);
    if (!cli_npy_probe(data, size) || size < 10 || (data[6] > 1 && size < 12)) {
        return fail_header(&h, "truncated");
    }
    if (data[6] < 1 || data[6] > 3) {
        return cli_fail(CLI_DATA, "%s: .npy version %d.%d is not known", path, data[6], data[7]);
    }
    size_t start = data[6] == 1 ? 10 : 12;
    size_t length = (size_t)data[8] | (size_t)data[9] << 8;
    if (data[6] > 1) {
        length |= (size_t)data[10] << 16 | (size_t)data[11] << 24;
    }
    if (length > size - start) {
        return fail_header(&h, "truncated");
    }
    h.at = (const char *)data + start;
    h.end = h.at + length;
    int status = read_dictionary(&h);
    return status != CLI_DONE ? status
                              : read_data(&h, data + start + length, size - start - length);
}

static const char *type_code(solder_dtype dtype)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (types[i].dtype == dtype) {
            return types[i].code;
        }
    }
    return "f4";
}

static int write_native(const char *path, const cli_tensor *tensor)
{
    char head[512];
    const char *order = solder_dtype_size(tensor->dtype) > 1 ? "<" : "|";
    int used = snprintf(head + 10, sizeof head - 10,
                        "{'descr': '%s%s', 'fortran_order': False, 'shape': (", order,
                        type_code(tensor->dtype));
    for (int i = 0; i < tensor->dims.rank; i++) {
        used += snprintf(head + 10 + used, sizeof head - 10 - (size_t)used, "%lld,%s",
                         (long long)tensor->dims.d[i], i + 1 < tensor->dims.rank ? " " : "");
    }
    used += snprintf(head + 10 + used, sizeof head - 10 - (size_t)used, "), }");
    /* Padded with spaces and a newline, so that the data starts at a multiple of 64. */
    size_t total = ((size_t)used + 10 + 1 + 63) / 64 * 64;
    memset(head + 10 + used, ' ', total - 10 - (size_t)used);
    head[total - 1] = '\n';
    memcpy(head, magic, sizeof magic);
    head[6] = 1;
    head[7] = 0;
    head[8] = (char)((total - 10) & 0xff);
    head[9] = (char)((total - 10) >> 8);
    return cli_file_write(path, head, total, tensor->data, tensor->size);
}

int cli_npy_write(const char *path, const cli_tensor *tensor)
{
    if (tensor->dtype != SOLDER_BF16) {
        return write_native(path, tensor);
    }
    cli_tensor copy;
    int status = cli_tensor_create(path, SOLDER_BF16, &tensor->dims, &copy);
    if (status != CLI_DONE) {
        return status;
    }
    memcpy(copy.data, tensor->data, tensor->size);
    status = cli_tensor_convert(path, SOLDER_F32, &copy);
    if (status == CLI_DONE) {
        status = write_native(path, &copy);
    }
    cli_tensor_free(&copy);
    return status;
}
