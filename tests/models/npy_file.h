/* SPDX-License-Identifier: Apache-2.0 */
/* Reads trusted little-endian C-order .npy files of float32: reference data in tests. */
#ifndef TESTS_MODELS_NPY_FILE_H
#define TESTS_MODELS_NPY_FILE_H

#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "solder/types.h"

typedef struct npy_file {
    solder_dims dims;
    size_t count;
    float *data;
} npy_file;

static inline npy_file npy_read(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fail_msg("cannot open %s", path);
    }
    unsigned char head[10];
    char text[512] = {0};
    assert_int_equal(fread(head, 1, 10, file), 10);
    size_t length = head[8] | (size_t)head[9] << 8;
    assert_true(length < sizeof text);
    assert_int_equal(fread(text, 1, length, file), length);
    assert_non_null(strstr(text, "'<f4'"));
    npy_file array = {.count = 1};
    const char *at = strstr(text, "'shape': (");
    assert_non_null(at);
    at += strlen("'shape': (");
    for (char *end; *at != ')'; at = end + (*end == ',') + (end[*end == ','] == ' ')) {
        long long dim = strtoll(at, &end, 10);
        assert_ptr_not_equal(at, end);
        array.dims.d[array.dims.rank++] = dim;
        array.count *= (size_t)dim;
    }
    array.data = malloc(array.count * sizeof(float) + 1);
    assert_non_null(array.data);
    assert_int_equal(fread(array.data, sizeof(float), array.count, file), array.count);
    (void)fclose(file);
    return array;
}

#endif
