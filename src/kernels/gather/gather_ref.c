/* SPDX-License-Identifier: Apache-2.0 */
/* Gather along an axis, by element, and by index tuples. */
#include "kernels/gather/gather.h"
#include "kernels/shuffle/move.h"

#define TASK_BYTES 131072

/* Every index lies in [-extent, extent). */
static bool indices_valid(const sld_tensor *indices, int64_t extent)
{
    int64_t at[SOLDER_MAX_RANK] = {0};
    if (sld_tensor_count(indices) == 0) {
        return true;
    }
    do {
        int64_t index = sld_at_i64(indices, sld_tensor_offset(indices, at));
        if (index < -extent || index >= extent) {
            return false;
        }
    } while (sld_index_next(at, indices->dim, indices->rank));
    return true;
}

/* A slice of data per index: row = (outer position, index), copied as one block of dims. */
typedef struct rows {
    const sld_tensor *data, *indices;
    sld_tensor out;
    int axis;
    int64_t count, per_task, index_count;
    sld_move block; /* dims and strides behind the axis */
    int64_t bytes;  /* of a block if it is contiguous in both, else 0 */
} rows;

static void run_rows(void *user, size_t task, int thread)
{
    (void)thread;
    const rows *r = user;
    int64_t first = (int64_t)task * r->per_task;
    int64_t end = first + r->per_task < r->count ? first + r->per_task : r->count;
    for (int64_t row = first; row < end; row++) {
        int64_t n = row % r->index_count;
        int64_t index_offset = 0;
        int64_t from = 0;
        int64_t to = 0;
        for (int i = r->indices->rank - 1; i >= 0; i--) {
            int64_t at = n % r->indices->dim[i];
            n /= r->indices->dim[i];
            index_offset += at * r->indices->stride[i];
            to += at * r->out.stride[r->axis + i];
        }
        n = row / r->index_count;
        for (int i = r->axis - 1; i >= 0; i--) {
            int64_t at = n % r->data->dim[i];
            n /= r->data->dim[i];
            from += at * r->data->stride[i];
            to += at * r->out.stride[i];
        }
        int64_t index = sld_at_i64(r->indices, index_offset);
        from += (index < 0 ? index + r->data->dim[r->axis] : index) * r->data->stride[r->axis];
        const char *source = sld_move_at(r->data, from);
        char *target = sld_move_at(&r->out, to);
        if (r->bytes > 0) {
            memcpy(target, source, (size_t)r->bytes);
        } else {
            sld_move block = r->block;
            block.from = source;
            block.to = target;
            sld_move_run(&block, NULL);
        }
    }
}

static solder_status gather_axis(const sld_run *run, int axis)
{
    rows r = {.data = &run->in[0], .indices = &run->in[1], .out = run->out[0], .axis = axis};
    if (sld_tensor_count(&r.out) == 0) {
        return SOLDER_OK;
    }
    if (!indices_valid(r.indices, r.data->dim[axis])) {
        return SOLDER_ERROR_DATA;
    }
    r.index_count = sld_tensor_count(r.indices);
    r.count = r.index_count;
    for (int i = 0; i < axis; i++) {
        r.count *= r.data->dim[i];
    }
    r.block.size = solder_dtype_size(r.data->dtype);
    int64_t run_length = 1;
    bool contiguous = true;
    r.block.rank = r.data->rank - axis - 1;
    for (int i = r.data->rank - 1; i > axis; i--) {
        int k = i - axis - 1;
        r.block.dim[k] = r.data->dim[i];
        r.block.from_stride[k] = r.data->stride[i];
        r.block.to_stride[k] = r.out.stride[i - 1 + r.indices->rank];
        contiguous = contiguous && (r.block.dim[k] == 1 || (r.block.from_stride[k] == run_length &&
                                                            r.block.to_stride[k] == run_length));
        run_length *= r.data->dim[i];
    }
    r.bytes = contiguous ? run_length * (int64_t)r.block.size : 0;
    int64_t row_bytes = run_length * (int64_t)r.block.size;
    r.per_task = row_bytes >= TASK_BYTES ? 1 : TASK_BYTES / row_bytes;
    size_t tasks = (size_t)((r.count + r.per_task - 1) / r.per_task);
    sld_pool_for(tasks > 1 ? run->pool : NULL, tasks, run_rows, &r);
    return SOLDER_OK;
}

static solder_status gather_elements(const sld_run *run, int axis)
{
    const sld_tensor *data = &run->in[0];
    const sld_tensor *indices = &run->in[1];
    const sld_tensor *out = &run->out[0];
    size_t size = solder_dtype_size(data->dtype);
    if (sld_tensor_count(out) == 0) {
        return SOLDER_OK;
    }
    for (int i = 0; i < data->rank; i++) {
        if (i != axis && indices->dim[i] > data->dim[i]) {
            return SOLDER_ERROR_DATA;
        }
    }
    int64_t at[SOLDER_MAX_RANK] = {0};
    do {
        int64_t index = sld_at_i64(indices, sld_tensor_offset(indices, at));
        if (index < -data->dim[axis] || index >= data->dim[axis]) {
            return SOLDER_ERROR_DATA;
        }
        index += index < 0 ? data->dim[axis] : 0;
        int64_t from = sld_tensor_offset(data, at) + (index - at[axis]) * data->stride[axis];
        memcpy(sld_move_at(out, sld_tensor_offset(out, at)), sld_move_at(data, from), size);
    } while (sld_index_next(at, indices->dim, indices->rank));
    return SOLDER_OK;
}

/* Offset in data that the index tuple at position `at` names; false if out of range. */
static bool tuple_offset(const sld_tensor *data, const sld_tensor *indices, const int64_t *at,
                         int batch_dims, int64_t *offset)
{
    int last = indices->rank - 1;
    int64_t tuple = sld_tensor_offset(indices, at) - at[last] * indices->stride[last];
    *offset = 0;
    for (int i = 0; i < batch_dims; i++) {
        if (at[i] >= data->dim[i]) {
            return false;
        }
        *offset += at[i] * data->stride[i];
    }
    for (int64_t k = 0; k < indices->dim[last]; k++) {
        int axis = batch_dims + (int)k;
        int64_t index = sld_at_i64(indices, tuple + k * indices->stride[last]);
        if (index < -data->dim[axis] || index >= data->dim[axis]) {
            return false;
        }
        *offset += (index < 0 ? index + data->dim[axis] : index) * data->stride[axis];
    }
    return true;
}

static solder_status gather_nd(const sld_run *run, int batch_dims)
{
    const sld_tensor *data = &run->in[0];
    const sld_tensor *indices = &run->in[1];
    const sld_tensor *out = &run->out[0];
    if (sld_tensor_count(out) == 0) {
        return SOLDER_OK;
    }
    int last = indices->rank - 1;
    int first = batch_dims + (int)indices->dim[last];
    sld_move block = {.size = solder_dtype_size(data->dtype), .rank = data->rank - first};
    for (int i = 0; i < block.rank; i++) {
        block.dim[i] = data->dim[first + i];
        block.from_stride[i] = data->stride[first + i];
        block.to_stride[i] = out->stride[last + i];
    }
    int64_t at[SOLDER_MAX_RANK] = {0};
    do {
        int64_t from;
        if (!tuple_offset(data, indices, at, batch_dims, &from)) {
            return SOLDER_ERROR_DATA;
        }
        int64_t to = 0;
        for (int i = 0; i < last; i++) {
            to += at[i] * out->stride[i];
        }
        block.from = sld_move_at(data, from);
        block.to = sld_move_at(out, to);
        sld_move_run(&block, NULL);
    } while (sld_index_next(at, indices->dim, last));
    return SOLDER_OK;
}

static solder_status run_gather(const sld_run *run)
{
    const sld_gather_params *p = run->params;
    switch (p->kind) {
    case SLD_GATHER_ELEMENTS:
        return gather_elements(run, p->axis);
    case SLD_GATHER_ND:
        return gather_nd(run, p->batch_dims);
    default:
        return gather_axis(run, p->axis);
    }
}

const sld_kernel sld_gather_ref = {.name = "gather_ref", .family = "gather", .run = run_gather};
