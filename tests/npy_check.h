/* SPDX-License-Identifier: Apache-2.0 */
/* Reference arrays in .npy files, and the bound whole networks are held to. */
#ifndef TESTS_NPY_CHECK_H
#define TESTS_NPY_CHECK_H

#include "check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernels/kernel.h"

/* Format 1.0, little-endian float32, C order. false: there is no such file. */
static inline bool npy_read(const char *path, sld_tensor *t)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return false;
    }
    uint8_t head[10];
    assert_int_equal(fread(head, 1, 10, file), 10);
    assert_memory_equal(head, "\x93NUMPY\x01\x00", 8);
    size_t size = head[8] + 256u * head[9];
    char text[1024];
    assert_true(size < sizeof text);
    assert_int_equal(fread(text, 1, size, file), size);
    text[size] = '\0';
    assert_non_null(strstr(text, "'<f4'"));
    assert_non_null(strstr(text, "'fortran_order': False"));
    int64_t dims[SOLDER_MAX_RANK];
    int rank = 0;
    char *p = strchr(text, '(') + 1;
    while (*p >= '0' && *p <= '9') {
        dims[rank++] = strtoll(p, &p, 10);
        p += strspn(p, ", ");
    }
    size_t count = 1;
    for (int i = 0; i < rank; i++) {
        count *= (size_t)dims[i];
    }
    float *data = malloc(count * sizeof *data);
    assert_int_equal(fread(data, sizeof *data, count, file), count);
    (void)fclose(file);
    *t = sld_tensor_make(data, SOLDER_F32, rank, dims);
    return true;
}

/* |a - b| <= 1e-5 + 1e-4 |b| everywhere. */
static inline void expect_close(const sld_tensor *a, const sld_tensor *b)
{
    assert_int_equal(a->dtype, SOLDER_F32);
    assert_int_equal(a->rank, b->rank);
    for (int i = 0; i < a->rank; i++) {
        assert_int_equal(a->dim[i], b->dim[i]);
    }
    const float *x = a->data, *y = b->data;
    for (int64_t i = 0; i < sld_tensor_count(b); i++) {
        if (!(fabsf(x[i] - y[i]) <= 1e-5F + 1e-4F * fabsf(y[i]))) {
            fail_msg("element %lld: %.9g, expected %.9g", (long long)i, (double)x[i], (double)y[i]);
        }
    }
}

#endif
