/* SPDX-License-Identifier: Apache-2.0 */
/* Scatter: data copied, then the updates combined into it in order, rounded to its type each. */
#include <math.h>

#include "kernels/gather/gather.h"
#include "kernels/shuffle/move.h"

static double combine_f64(int reduction, double a, double b)
{
    switch (reduction) {
    case SLD_SCATTER_ADD:
        return a + b;
    case SLD_SCATTER_SUB:
        return a - b;
    case SLD_SCATTER_MUL:
        return a * b;
    case SLD_SCATTER_MIN:
        return isnan(a) || a < b ? a : b;
    case SLD_SCATTER_MAX:
        return isnan(a) || a > b ? a : b;
    default:
        return b;
    }
}

/* Wraps as the type does. */
static int64_t combine_i64(int reduction, bool is_unsigned, int64_t a, int64_t b)
{
    bool less = is_unsigned ? (uint64_t)a < (uint64_t)b : a < b;
    switch (reduction) {
    case SLD_SCATTER_ADD:
        return (int64_t)((uint64_t)a + (uint64_t)b);
    case SLD_SCATTER_SUB:
        return (int64_t)((uint64_t)a - (uint64_t)b);
    case SLD_SCATTER_MUL:
        return (int64_t)((uint64_t)a * (uint64_t)b);
    case SLD_SCATTER_MIN:
        return less ? a : b;
    case SLD_SCATTER_MAX:
        return less ? b : a;
    default:
        return b;
    }
}

static void combine(int reduction, const sld_tensor *out, int64_t to, const sld_tensor *updates,
                    int64_t from)
{
    if (sld_dtype_is_float(out->dtype)) {
        double y = combine_f64(reduction, sld_at_f64(out, to), sld_at_f64(updates, from));
        sld_put_f64(out, to, y);
    } else {
        bool is_unsigned = sld_dtype_is_unsigned(out->dtype);
        int64_t a = sld_at_i64(out, to), b = sld_at_i64(updates, from);
        sld_put_i64(out, to, combine_i64(reduction, is_unsigned, a, b));
    }
}

/* Adds a whole block where both are dense floats: one rounding, as through double. */
static bool add_dense(const sld_tensor *out, const sld_move *block)
{
    if (out->dtype != SOLDER_F32 || block->rank == 0) {
        return false;
    }
    int64_t count = 1;
    for (int i = block->rank - 1; i >= 0; i--) {
        if (block->dim[i] != 1 &&
            (block->from_stride[i] != count || block->to_stride[i] != count)) {
            return false;
        }
        count *= block->dim[i];
    }
    const float *x = (const float *)(const void *)block->from;
    float *y = (float *)(void *)block->to;
    for (int64_t i = 0; i < count; i++) {
        y[i] += x[i];
    }
    return true;
}

/* ---- by element ---- */

static solder_status scatter_elements(const sld_run *run, int axis, int reduction)
{
    const sld_tensor *indices = &run->in[1];
    const sld_tensor *updates = &run->in[2];
    const sld_tensor *out = &run->out[0];
    int64_t at[SOLDER_MAX_RANK] = {0};
    size_t size = solder_dtype_size(out->dtype);
    if (sld_tensor_count(indices) == 0) {
        return SOLDER_OK;
    }
    do {
        int64_t index = sld_at_i64(indices, sld_tensor_offset(indices, at));
        if (index < -out->dim[axis] || index >= out->dim[axis]) {
            return SOLDER_ERROR_DATA;
        }
        index += index < 0 ? out->dim[axis] : 0;
        int64_t to = sld_tensor_offset(out, at) + (index - at[axis]) * out->stride[axis];
        int64_t from = sld_tensor_offset(updates, at);
        if (reduction == SLD_SCATTER_SET) {
            memcpy(sld_move_at(out, to), sld_move_at(updates, from), size);
        } else {
            combine(reduction, out, to, updates, from);
        }
    } while (sld_index_next(at, indices->dim, indices->rank));
    return SOLDER_OK;
}

/* ---- by tuple ---- */

/* Offset in out that the tuple at position `at` of indices names; false if out of range. */
static bool tuple_offset(const sld_tensor *out, const sld_tensor *indices, const int64_t *at,
                         int64_t *offset)
{
    int last = indices->rank - 1;
    int64_t tuple = sld_tensor_offset(indices, at) - at[last] * indices->stride[last];
    *offset = 0;
    for (int64_t k = 0; k < indices->dim[last]; k++) {
        int64_t index = sld_at_i64(indices, tuple + k * indices->stride[last]);
        if (index < -out->dim[k] || index >= out->dim[k]) {
            return false;
        }
        *offset += (index < 0 ? index + out->dim[k] : index) * out->stride[k];
    }
    return true;
}

static void combine_block(const sld_run *run, int reduction, sld_move *block, int64_t from,
                          int64_t to)
{
    const sld_tensor *updates = &run->in[2];
    const sld_tensor *out = &run->out[0];
    block->from = sld_move_at(updates, from);
    block->to = sld_move_at(out, to);
    if (reduction == SLD_SCATTER_SET) {
        sld_move_run(block, NULL);
        return;
    }
    if (reduction == SLD_SCATTER_ADD && add_dense(out, block)) {
        return;
    }
    int64_t at[SOLDER_MAX_RANK] = {0};
    do {
        int64_t x = from, y = to;
        for (int i = 0; i < block->rank; i++) {
            x += at[i] * block->from_stride[i];
            y += at[i] * block->to_stride[i];
        }
        combine(reduction, out, y, updates, x);
    } while (sld_index_next(at, block->dim, block->rank));
}

static solder_status scatter_nd(const sld_run *run, int reduction)
{
    const sld_tensor *indices = &run->in[1];
    const sld_tensor *updates = &run->in[2];
    const sld_tensor *out = &run->out[0];
    int last = indices->rank - 1;
    int tuple = (int)indices->dim[last];
    if (sld_tensor_count(updates) == 0) {
        return SOLDER_OK;
    }
    sld_move block = {.size = solder_dtype_size(out->dtype), .rank = out->rank - tuple};
    for (int i = 0; i < block.rank; i++) {
        block.dim[i] = out->dim[tuple + i];
        block.from_stride[i] = updates->stride[last + i];
        block.to_stride[i] = out->stride[tuple + i];
    }
    int64_t at[SOLDER_MAX_RANK] = {0};
    do {
        int64_t to, from = 0;
        if (!tuple_offset(out, indices, at, &to)) {
            return SOLDER_ERROR_DATA;
        }
        for (int i = 0; i < last; i++) {
            from += at[i] * updates->stride[i];
        }
        combine_block(run, reduction, &block, from, to);
    } while (sld_index_next(at, indices->dim, last));
    return SOLDER_OK;
}

static solder_status run_scatter(const sld_run *run)
{
    const sld_scatter_params *p = run->params;
    sld_move copy = sld_move_make(&run->in[0], &run->out[0]);
    sld_move_run(&copy, run->pool);
    return p->kind == SLD_SCATTER_ND ? scatter_nd(run, p->reduction)
                                     : scatter_elements(run, p->axis, p->reduction);
}

const sld_kernel sld_scatter_ref = {.name = "scatter_ref", .family = "scatter", .run = run_scatter};
