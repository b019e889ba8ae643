/* SPDX-License-Identifier: Apache-2.0 */
/* Slice: a strided view copied out. */
#include "kernels/shuffle/move.h"
#include "kernels/slice/slice.h"

typedef struct axis_slice {
    int64_t start, end, step;
} axis_slice;

static bool given(const sld_run *run, uint32_t index)
{
    return run->in_count > index && sld_tensor_present(&run->in[index]);
}

static int64_t list_at(const sld_tensor *list, int64_t i)
{
    return sld_at_i64(list, list->rank == 0 ? 0 : i * list->stride[0]);
}

/* Slices of all axes as they were asked for. False on an axis out of range or a step of 0. */
static bool read_slices(const sld_run *run, axis_slice *slices)
{
    const sld_slice_params *p = run->params;
    int rank = run->in[0].rank;
    bool from_inputs = given(run, 1);
    int64_t count = from_inputs ? sld_tensor_count(&run->in[1]) : p->count;
    for (int i = 0; i < rank; i++) {
        slices[i] = (axis_slice){0, INT64_MAX, 1};
    }
    for (int64_t i = 0; i < count; i++) {
        int64_t axis = !from_inputs ? p->axes[i] : given(run, 3) ? list_at(&run->in[3], i) : i;
        axis += axis < 0 ? rank : 0;
        if (axis < 0 || axis >= rank) {
            return false;
        }
        axis_slice *s = &slices[axis];
        s->start = from_inputs ? list_at(&run->in[1], i) : p->start[i];
        s->end = from_inputs ? list_at(&run->in[2], i) : p->end[i];
        s->step = !from_inputs ? p->step[i] : given(run, 4) ? list_at(&run->in[4], i) : 1;
        if (s->step == 0 || s->step == INT64_MIN) {
            return false;
        }
    }
    return true;
}

static int64_t clamp(int64_t value, int64_t dim, int64_t low, int64_t high)
{
    value = value < 0 ? value + dim : value;
    return value < low ? low : value > high ? high : value;
}

/* Clamps start into the axis and gives the number of elements. */
static int64_t resolve(axis_slice *s, int64_t dim)
{
    int64_t low = s->step > 0 ? 0 : -1;
    int64_t high = s->step > 0 ? dim : dim - 1;
    s->start = clamp(s->start, dim, low, high);
    int64_t end = clamp(s->end, dim, low, high);
    int64_t span = s->step > 0 ? end - s->start : s->start - end;
    int64_t step = s->step > 0 ? s->step : -s->step;
    return span <= 0 ? 0 : (span - 1) / step + 1;
}

static solder_status run_slice(const sld_run *run)
{
    sld_tensor from = run->in[0];
    sld_tensor *out = &run->out[0];
    axis_slice slices[SOLDER_MAX_RANK];
    if (!read_slices(run, slices)) {
        return SOLDER_ERROR_DATA;
    }
    int64_t offset = 0;
    bool changed = false;
    for (int i = 0; i < from.rank; i++) {
        int64_t count = resolve(&slices[i], from.dim[i]);
        count = count < out->dim[i] ? count : out->dim[i]; /* never more than there is room for */
        changed = changed || count != out->dim[i];
        from.dim[i] = count;
        offset += count > 0 ? slices[i].start * from.stride[i] : 0;
        from.stride[i] *= count > 1 ? slices[i].step : 1;
    }
    if (changed) { /* bounds that only the run knows */
        memcpy(out->dim, from.dim, sizeof out->dim);
        sld_tensor_set_strides(out);
    }
    from.data = sld_move_at(&from, sld_tensor_count(out) > 0 ? offset : 0);
    sld_move move = sld_move_make(&from, out);
    sld_move_run(&move, run->pool);
    return SOLDER_OK;
}

const sld_kernel sld_slice_ref = {.name = "slice_ref", .family = "slice", .run = run_slice};
