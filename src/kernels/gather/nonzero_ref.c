/* SPDX-License-Identifier: Apache-2.0 */
/* NonZero: bytes only, an element is 0 if all its bits but a float's sign are. */
#include "kernels/gather/gather.h"
#include "kernels/shuffle/move.h"

static uint64_t value_bits(solder_dtype dtype)
{
    size_t bits = 8 * solder_dtype_size(dtype);
    return (UINT64_MAX >> (64 - bits)) >> (sld_dtype_is_float(dtype) ? 1 : 0);
}

static uint64_t load_bits(const char *p, size_t size)
{
    switch (size) {
    case 1:
        return (uint8_t)*p;
    case 2:
        return *(const uint16_t *)(const void *)p;
    case 4:
        return *(const uint32_t *)(const void *)p;
    default:
        return *(const uint64_t *)(const void *)p;
    }
}

static solder_status run_nonzero(const sld_run *run)
{
    const sld_tensor *x = &run->in[0];
    sld_tensor *out = &run->out[0];
    uint64_t mask = value_bits(x->dtype);
    size_t size = solder_dtype_size(x->dtype);
    int64_t at[SOLDER_MAX_RANK] = {0};
    int last = x->rank - 1;
    int64_t length = last >= 0 ? x->dim[last] : 1;
    int64_t step = last >= 0 ? x->stride[last] * (int64_t)size : 0;
    int64_t rows = 0;
    bool more = sld_tensor_count(x) > 0;
    while (more) {
        const char *p = sld_move_at(x, sld_tensor_offset(x, at));
        for (int64_t i = 0; i < length; i++, p += step) {
            if ((load_bits(p, size) & mask) == 0) {
                continue;
            }
            int64_t to = rows++ * out->stride[0];
            for (int k = 0; k < last; k++) {
                sld_put_i64(out, to + k * out->stride[1], at[k]);
            }
            if (last >= 0) {
                sld_put_i64(out, to + last * out->stride[1], i);
            }
        }
        more = last > 0 && sld_index_next(at, x->dim, last);
    }
    out->dim[0] = rows;
    return SOLDER_OK;
}

const sld_kernel sld_nonzero_ref = {.name = "nonzero_ref", .family = "nonzero", .run = run_nonzero};
