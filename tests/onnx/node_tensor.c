/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "onnx/node_case.h"

static bool decode(const sld_file *file, tensor *t, sld_diag *diag)
{
    sld_arena arena;
    sld_onnx_tensor proto;
    sld_arena_init(&arena, NULL, 0);
    bool good = sld_onnx_check_tensor(diag, file->data, file->size) == SOLDER_OK &&
                sld_onnx_read_tensor(diag, &arena, (sld_onnx_bytes){file->data, file->size},
                                     &proto) == SOLDER_OK;
    if (good) {
        t->dtype = sld_onnx_dtype(proto.elem);
        t->dims.rank = proto.rank;
        memcpy(t->dims.d, proto.dims, sizeof proto.dims);
        (void)snprintf(t->name, sizeof t->name, "%s", proto.name);
        /* a byte of the file is at most one element: other kinds of data look like huge tensors */
        good = t->dtype != SOLDER_NONE &&
               sld_dims_bytes(t->dims.d, t->dims.rank, t->dtype, &t->bytes) &&
               t->bytes / 8 <= file->size;
        if (!good) {
            (void)sld_fail(diag, SOLDER_ERROR_DATA, "element type %s",
                           sld_onnx_elem_name(proto.elem));
        }
    }
    if (good) {
        t->data = malloc(t->bytes + 64);
        good =
            t->data != NULL && sld_onnx_tensor_data(diag, &proto, t->data, t->bytes) == SOLDER_OK;
    }
    sld_arena_free(&arena);
    return good;
}

bool tensor_load(const char *path, tensor *t, char *text, size_t size)
{
    sld_diag diag;
    sld_diag_init(&diag, NULL);
    *t = (tensor){0};
    if (sld_file_map(&diag, path, &t->file) != SOLDER_OK || !decode(&t->file, t, &diag)) {
        (void)snprintf(text, size, "%s: %.300s", strrchr(path, '/') + 1, diag.message);
        tensor_free(t);
        return false;
    }
    return true;
}

void tensor_free(tensor *t)
{
    free(t->data);
    sld_file_unmap(&t->file);
    *t = (tensor){0};
}

static bool close_enough(solder_dtype dtype, double expected, double got)
{
    double relative = dtype == SOLDER_BF16 ? 0x1p-6 : 1e-3;
    if (isnan(expected) || isnan(got)) {
        return isnan(expected) && isnan(got);
    }
    if (isinf(expected) || isinf(got)) {
        return expected == got;
    }
    return fabs(got - expected) <= 1e-7 + relative * fabs(expected);
}

bool tensor_equal(const tensor *expected, const void *data, char *text, size_t size)
{
    size_t element = solder_dtype_size(expected->dtype), count = expected->bytes / element;
    for (size_t i = 0; i < count; i++) {
        const char *a = (const char *)expected->data + i * element;
        const char *b = (const char *)data + i * element;
        if (sld_dtype_is_float(expected->dtype)) {
            double x = sld_load_f64(expected->dtype, a), y = sld_load_f64(expected->dtype, b);
            if (!close_enough(expected->dtype, x, y)) {
                (void)snprintf(text, size, "element %zu of '%s' is %.9g, expected %.9g", i,
                               expected->name, y, x);
                return false;
            }
        } else if (memcmp(a, b, element) != 0) {
            (void)snprintf(text, size, "element %zu of '%s' is %lld, expected %lld", i,
                           expected->name, (long long)sld_load_i64(expected->dtype, b),
                           (long long)sld_load_i64(expected->dtype, a));
            return false;
        }
    }
    return true;
}
