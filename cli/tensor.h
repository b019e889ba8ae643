/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays in the command's own memory: sizes, element types, conversion, random contents. */
#ifndef SOLDER_CLI_TENSOR_H
#define SOLDER_CLI_TENSOR_H

#include "message.h"

/* Row-major. data is malloc'ed, NULL when there is none. */
typedef struct cli_tensor {
    solder_dtype dtype;
    solder_dims dims;
    void *data;
    size_t size; /* bytes */
} cli_tensor;

/* Room for "1x3x224x224" at any rank. */
#define CLI_DIMS_TEXT (SOLDER_MAX_RANK * 21 + 8)

/* Element count; false if a dimension is negative or the product does not fit. */
bool cli_dims_count(const solder_dims *dims, size_t *count);
bool cli_dims_equal(const solder_dims *a, const solder_dims *b);
/* "1x3x?x224", "scalar"; returns text. */
const char *cli_dims_text(const solder_dims *dims, char text[CLI_DIMS_TEXT]);
/* Index of a flat element as "0x2x7". */
const char *cli_index_text(const solder_dims *dims, size_t flat, char text[CLI_DIMS_TEXT]);

/* Zeroed memory for dtype and dims. what names it in errors. */
int cli_tensor_create(const char *what, solder_dtype dtype, const solder_dims *dims,
                      cli_tensor *tensor);
void cli_tensor_free(cli_tensor *tensor);

/* Element i as a real number (64-bit integers beyond 2^53 are rounded). */
double cli_element(solder_dtype dtype, const void *data, size_t i);
bool cli_dtype_is_float(solder_dtype dtype);

/*
 * Changes the element type in place. A value that the new type cannot hold is an error naming it:
 * floats may be rounded, but fractions do not become integers and nothing wraps.
 */
int cli_tensor_convert(const char *what, solder_dtype dtype, cli_tensor *tensor);

/* Axis i of the result is axis axes[i] of the old, in place. */
int cli_tensor_transpose(const char *what, const int axes[SOLDER_MAX_RANK], cli_tensor *tensor);

/* splitmix64, as everywhere in Solder. */
uint64_t cli_random_next(uint64_t *state);
/* Uniform: floats in [-1, 1), integers in [0, 8), u8 in [0, 256), bool. */
void cli_tensor_random(uint64_t *state, cli_tensor *tensor);

#endif
