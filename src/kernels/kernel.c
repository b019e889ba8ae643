/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/kernel.h"

int64_t sld_tensor_count(const sld_tensor *t)
{
    int64_t count = 1;
    for (int i = 0; i < t->rank; i++) {
        count *= t->dim[i];
    }
    return count;
}

static bool contiguous_from(const sld_tensor *t, int first)
{
    int64_t expected = 1;
    for (int i = t->rank - 1; i >= first; i--) {
        if (t->dim[i] != 1 && t->stride[i] != expected) {
            return false;
        }
        expected *= t->dim[i];
    }
    return true;
}

bool sld_tensor_contiguous(const sld_tensor *t)
{
    return contiguous_from(t, 0);
}

bool sld_tensor_inner_contiguous(const sld_tensor *t)
{
    return contiguous_from(t, 1);
}

void sld_tensor_set_strides(sld_tensor *t)
{
    int64_t stride = 1;
    for (int i = t->rank - 1; i >= 0; i--) {
        t->stride[i] = stride;
        stride *= t->dim[i] > 0 ? t->dim[i] : 1;
    }
}

sld_tensor sld_tensor_make(void *data, solder_dtype dtype, int rank, const int64_t *dims)
{
    sld_tensor t = {.data = data, .dtype = dtype, .rank = rank};
    for (int i = 0; i < rank; i++) {
        t.dim[i] = dims[i];
    }
    sld_tensor_set_strides(&t);
    return t;
}

bool sld_tensor_present(const sld_tensor *t)
{
    return t->dtype != SOLDER_NONE;
}

void sld_tensor_copy(const sld_tensor *from, const sld_tensor *to)
{
    size_t size = solder_dtype_size(from->dtype);
    int64_t count = sld_tensor_count(from);
    if (count == 0) {
        return;
    }
    if (sld_tensor_contiguous(from) && sld_tensor_contiguous(to)) {
        memmove(to->data, from->data, (size_t)count * size);
        return;
    }
    /* Copy the longest common contiguous tail as one block. */
    int inner = from->rank;
    int64_t block = 1;
    while (inner > 0 && (from->dim[inner - 1] == 1 ||
                         (from->stride[inner - 1] == block && to->stride[inner - 1] == block))) {
        block *= from->dim[--inner];
    }
    int64_t index[SOLDER_MAX_RANK] = {0};
    do {
        int64_t source = 0;
        int64_t target = 0;
        for (int i = 0; i < inner; i++) {
            source += index[i] * from->stride[i];
            target += index[i] * to->stride[i];
        }
        memcpy((char *)to->data + target * (int64_t)size,
               (const char *)from->data + source * (int64_t)size, (size_t)block * size);
    } while (sld_index_next(index, from->dim, inner));
}

void sld_broadcast_strides(const sld_tensor *t, const sld_tensor *out,
                           int64_t strides[SOLDER_MAX_RANK])
{
    int shift = out->rank - t->rank;
    for (int i = 0; i < out->rank; i++) {
        int source = i - shift;
        strides[i] = source < 0 || t->dim[source] == 1 ? 0 : t->stride[source];
    }
}
