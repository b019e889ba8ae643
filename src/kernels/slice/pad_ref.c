/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pad: for every output index the input index it shows. Negative pads crop first; what remains is
 * what the other kinds repeat.
 */
#include "kernels/shuffle/move.h"
#include "kernels/slice/slice.h"

/* No tensor is that long: sums stay far from overflow. */
#define LIMIT ((int64_t)1 << 40)

static bool given(const sld_run *run, uint32_t index)
{
    return run->in_count > index && sld_tensor_present(&run->in[index]);
}

/* pads at the beginning and end of every axis. */
static bool read_pads(const sld_run *run, int64_t *begin, int64_t *end)
{
    const sld_pad_params *p = run->params;
    const int rank = run->in[0].rank;
    for (int i = 0; i < rank; i++) {
        begin[i] = given(run, 1) ? 0 : p->begin[i];
        end[i] = given(run, 1) ? 0 : p->end[i];
    }
    if (!given(run, 1)) {
        return true;
    }
    const sld_tensor *pads = &run->in[1];
    int64_t count = sld_tensor_count(pads) / 2;
    for (int64_t i = 0; i < count; i++) {
        int64_t axis = i;
        if (given(run, 3)) {
            const sld_tensor *axes = &run->in[3];
            axis = sld_at_i64(axes, axes->rank == 0 ? 0 : i * axes->stride[0]);
            axis += axis < 0 ? rank : 0;
        }
        if (axis < 0 || axis >= rank) {
            return false;
        }
        begin[axis] = sld_at_i64(pads, i * pads->stride[0]);
        end[axis] = sld_at_i64(pads, (i + count) * pads->stride[0]);
        if (begin[axis] < -LIMIT || begin[axis] > LIMIT || end[axis] < -LIMIT ||
            end[axis] > LIMIT) {
            return false;
        }
    }
    return true;
}

/* The part of an axis that crops leave: [first, first + count), and the padding before it. */
typedef struct pad_axis {
    int64_t first, count, before;
} pad_axis;

/* i counted from the first kept element, outside [0, count), folded into it. */
static int64_t fold(int kind, int64_t i, int64_t count)
{
    int64_t period = count;
    if (kind == SLD_PADDING_EDGE || count == 1) {
        return i < 0 ? 0 : i >= count ? count - 1 : i;
    }
    if (kind == SLD_PADDING_REFLECT) {
        period = 2 * (count - 1);
    } else if (kind == SLD_PADDING_SYMMETRIC) {
        period = 2 * count;
    }
    i %= period;
    i += i < 0 ? period : 0;
    if (i < count) {
        return i;
    }
    return kind == SLD_PADDING_REFLECT ? period - i : period - 1 - i;
}

static void fill_all(const sld_run *run, const sld_tensor *out)
{
    const sld_pad_params *p = run->params;
    int64_t element = 0;
    sld_tensor one = {.data = &element, .dtype = out->dtype};
    if (given(run, 2)) {
        memcpy(&element, run->in[2].data, solder_dtype_size(out->dtype));
    } else if (sld_dtype_is_float(out->dtype)) {
        sld_put_f64(&one, 0, p->value);
    } else {
        sld_put_i64(&one, 0, sld_f64_to_i64(p->value));
    }
    sld_move move = sld_move_make(out, out);
    move.from = one.data;
    memset(move.from_stride, 0, sizeof move.from_stride);
    sld_move_run(&move, run->pool);
}

/* The kept part, at its place. */
static void copy_inside(const sld_run *run, const pad_axis *axes)
{
    sld_tensor from = run->in[0];
    sld_tensor to = run->out[0];
    int64_t source = 0;
    int64_t target = 0;
    for (int i = 0; i < from.rank; i++) {
        source += axes[i].first * from.stride[i];
        target += axes[i].before * to.stride[i];
        from.dim[i] = axes[i].count;
    }
    if (sld_tensor_count(&from) > 0) {
        from.data = sld_move_at(&from, source);
        to.data = sld_move_at(&to, target);
        sld_move move = sld_move_make(&from, &to);
        sld_move_run(&move, run->pool);
    }
}

/* One row along the last axis: both borders element by element, what lies between as a block. */
static void repeat_row(int kind, const pad_axis *axis, const sld_tensor *in, int64_t from,
                       const sld_tensor *out, int64_t to)
{
    const int last = in->rank - 1;
    const size_t size = solder_dtype_size(in->dtype);
    const int64_t in_step = in->stride[last];
    const int64_t out_step = out->stride[last];
    int64_t i = 0;
    while (i < out->dim[last]) {
        int64_t run = 1;
        if (i == axis->before && in_step == 1 && out_step == 1) {
            run = axis->count;
        }
        int64_t at = axis->first + fold(kind, i - axis->before, axis->count);
        memcpy(sld_move_at(out, to + i * out_step), sld_move_at(in, from + at * in_step),
               (size_t)run * size);
        i += run;
    }
}

static void repeat_all(const sld_run *run, const pad_axis *axes)
{
    const sld_pad_params *p = run->params;
    const sld_tensor *in = &run->in[0];
    const sld_tensor *out = &run->out[0];
    int64_t index[SOLDER_MAX_RANK] = {0};
    if (out->rank == 0) {
        memcpy(out->data, in->data, solder_dtype_size(in->dtype));
        return;
    }
    do {
        int64_t from = 0;
        for (int i = 0; i < out->rank - 1; i++) {
            int64_t at = index[i] - axes[i].before;
            from += (axes[i].first + fold(p->kind, at, axes[i].count)) * in->stride[i];
        }
        repeat_row(p->kind, &axes[out->rank - 1], in, from, out, sld_tensor_offset(out, index));
    } while (sld_index_next(index, out->dim, out->rank - 1));
}

static solder_status run_pad(const sld_run *run)
{
    const sld_pad_params *p = run->params;
    const sld_tensor *in = &run->in[0];
    const sld_tensor *out = &run->out[0];
    int64_t begin[SOLDER_MAX_RANK];
    int64_t end[SOLDER_MAX_RANK];
    pad_axis axes[SOLDER_MAX_RANK];
    if (!read_pads(run, begin, end)) {
        return SOLDER_ERROR_DATA;
    }
    if (sld_tensor_count(out) == 0) {
        return SOLDER_OK;
    }
    bool nothing_left = false;
    for (int i = 0; i < in->rank; i++) {
        int64_t last = in->dim[i] + (end[i] < 0 ? end[i] : 0);
        axes[i].before = begin[i] > 0 ? begin[i] : 0;
        axes[i].first = begin[i] < 0 ? -begin[i] : 0;
        axes[i].count = last > axes[i].first ? last - axes[i].first : 0;
        if (axes[i].before + axes[i].count > out->dim[i]) {
            return SOLDER_ERROR_DATA;
        }
        nothing_left = nothing_left || axes[i].count == 0;
    }
    if (p->kind == SLD_PADDING_CONSTANT) {
        fill_all(run, out);
        copy_inside(run, axes);
        return SOLDER_OK;
    }
    if (nothing_left) {
        return SOLDER_ERROR_DATA;
    }
    repeat_all(run, axes);
    return SOLDER_OK;
}

const sld_kernel sld_pad_ref = {.name = "pad_ref", .family = "pad", .run = run_pad};
