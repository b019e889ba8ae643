/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pooling. One task per plane. Max: a NaN in the window wins; of equal values the first; a window
 * without any tap inside the input gives the lowest finite value, an average of nothing 0.
 */
#include <float.h>

#include "kernels/conv/window.h"
#include "kernels/pool/pool.h"

typedef struct pool_job {
    const sld_pooling_params *p;
    const sld_tensor *x, *y, *indices; /* indices NULL: not wanted */
    int spatial;
    int64_t window[SOLDER_MAX_RANK], stride[SOLDER_MAX_RANK], dilation[SOLDER_MAX_RANK];
    int64_t begin[SOLDER_MAX_RANK], end[SOLDER_MAX_RANK]; /* padding */
} pool_job;

/* What one window has seen. */
typedef struct pool_state {
    double value; /* maximum or sum */
    int64_t integer;
    int64_t index;          /* of the maximum, within the plane */
    int64_t inside, padded; /* taps inside the input, and inside input + padding */
} pool_state;

/* Position within the plane as the indices output counts it. */
static int64_t flat_index(const pool_job *j, const int64_t *at)
{
    int64_t flat = 0;
    for (int i = 0; i < j->spatial; i++) {
        int axis = j->p->column_major ? j->spatial - 1 - i : i;
        flat = flat * j->x->dim[2 + axis] + at[axis];
    }
    return flat;
}

static void take_max(const pool_job *j, int64_t offset, const int64_t *at, pool_state *state)
{
    bool better;
    if (sld_dtype_is_float(j->x->dtype)) {
        double v = sld_at_f64(j->x, offset);
        better = state->inside == 0 || v > state->value || (isnan(v) && !isnan(state->value));
        state->value = better ? v : state->value;
    } else {
        int64_t v = sld_at_i64(j->x, offset);
        better = state->inside == 0 || v > state->integer;
        state->integer = better ? v : state->integer;
    }
    if (better) {
        state->index = flat_index(j, at);
    }
}

static void take(const pool_job *j, int64_t offset, const int64_t *at, pool_state *state)
{
    if (j->p->kind == SLD_POOL_MAX) {
        take_max(j, offset, at, state);
    } else {
        double v = sld_at_f64(j->x, offset);
        state->value += j->p->kind == SLD_POOL_LP ? pow(fabs(v), (double)j->p->p) : v;
    }
    state->inside++;
}

/* The first tap at or behind position limit, of window taps from base on. */
static int64_t tap_at(int64_t limit, int64_t base, int64_t dilation, int64_t window)
{
    int64_t tap = limit <= base ? 0 : (limit - base + dilation - 1) / dilation;
    return tap < window ? tap : window;
}

/* Only the taps inside are visited: padding may be far wider than the input. */
static void scan_window(const pool_job *j, int64_t plane, const int64_t *out, pool_state *state)
{
    int64_t base[SOLDER_MAX_RANK], count[SOLDER_MAX_RANK];
    int64_t tap[SOLDER_MAX_RANK] = {0};
    bool empty = false;
    *state = (pool_state){.padded = 1};
    for (int i = 0; i < j->spatial; i++) {
        int64_t extent = j->x->dim[2 + i];
        int64_t start = out[i] * j->stride[i] - j->begin[i];
        int64_t first = tap_at(0, start, j->dilation[i], j->window[i]);
        count[i] = tap_at(extent, start, j->dilation[i], j->window[i]) - first;
        base[i] = start + first * j->dilation[i];
        state->padded *= tap_at(extent + j->end[i], start, j->dilation[i], j->window[i]);
        empty = empty || count[i] <= 0;
    }
    if (empty) {
        return;
    }
    do {
        int64_t at[SOLDER_MAX_RANK];
        int64_t offset = plane;
        for (int i = 0; i < j->spatial; i++) {
            at[i] = base[i] + tap[i] * j->dilation[i];
            offset += at[i] * j->x->stride[2 + i];
        }
        take(j, offset, at, state);
    } while (sld_index_next(tap, count, j->spatial));
}

static double lowest(solder_dtype dtype)
{
    switch (dtype) {
    case SOLDER_F64:
        return -DBL_MAX;
    case SOLDER_F16:
        return -65504;
    case SOLDER_BF16:
        return (double)sld_bf16_to_f32(0xff7f);
    default:
        return -(double)FLT_MAX;
    }
}

static int64_t lowest_integer(solder_dtype dtype)
{
    if (sld_dtype_is_unsigned(dtype)) {
        return 0;
    }
    return INT64_MIN >> (64 - 8 * (int)solder_dtype_size(dtype));
}

static void store(const pool_job *j, int64_t to, const pool_state *state)
{
    double taps = (double)(j->p->kind == SLD_POOL_AVERAGE ? state->inside : state->padded);
    switch ((sld_pool_kind)j->p->kind) {
    case SLD_POOL_MAX:
        if (!sld_dtype_is_float(j->x->dtype)) {
            sld_put_i64(j->y, to, state->inside > 0 ? state->integer : lowest_integer(j->x->dtype));
        } else {
            sld_put_f64(j->y, to, state->inside > 0 ? state->value : lowest(j->x->dtype));
        }
        break;
    case SLD_POOL_LP:
        sld_put_f64(j->y, to, pow(state->value, 1.0 / j->p->p));
        break;
    default:
        sld_put_f64(j->y, to, taps > 0 ? state->value / taps : 0);
        break;
    }
}

static void pool_plane(void *user, size_t plane, int thread)
{
    (void)thread;
    const pool_job *j = user;
    int64_t elements = 1;
    for (int i = 0; i < j->spatial; i++) {
        elements *= j->x->dim[2 + i];
    }
    int64_t index[SOLDER_MAX_RANK] = {(int64_t)plane / j->y->dim[1], (int64_t)plane % j->y->dim[1]};
    int64_t base = index[0] * j->x->stride[0] + index[1] * j->x->stride[1];
    do {
        pool_state state;
        scan_window(j, base, index + 2, &state);
        store(j, sld_tensor_offset(j->y, index), &state);
        if (j->indices != NULL) {
            sld_put_i64(j->indices, sld_tensor_offset(j->indices, index),
                        (int64_t)plane * elements + state.index);
        }
    } while (sld_index_next(index + 2, j->y->dim + 2, j->spatial));
}

static void set_axis(pool_job *j, int i)
{
    const sld_pooling_params *p = j->p;
    int64_t in = j->x->dim[2 + i];
    j->window[i] = in;
    j->stride[i] = j->dilation[i] = 1;
    if (p->global) {
        return;
    }
    j->window[i] = p->window[i];
    j->stride[i] = p->stride[i];
    j->dilation[i] = p->dilation[i];
    if (p->pad_mode == SLD_PAD_EXPLICIT) {
        j->begin[i] = p->pad_begin[i];
        j->end[i] = p->pad_end[i];
    } else if (p->pad_mode != SLD_PAD_VALID) {
        int64_t covered =
            (j->y->dim[2 + i] - 1) * j->stride[i] + (j->window[i] - 1) * j->dilation[i] + 1;
        int64_t total = covered > in ? covered - in : 0;
        j->begin[i] = sld_same_pad_begin(p->pad_mode, total);
        j->end[i] = total - j->begin[i];
    }
}

static solder_status pool_run(const sld_run *run)
{
    pool_job j = {.p = run->params, .x = &run->in[0], .y = &run->out[0]};
    j.spatial = j.x->rank - 2;
    if (run->out_count > 1 && sld_tensor_present(&run->out[1])) {
        j.indices = &run->out[1];
    }
    bool empty = false;
    for (int i = 0; i < j.spatial; i++) {
        set_axis(&j, i);
        empty = empty || j.window[i] == 0;
    }
    for (int i = 0; empty && i < j.spatial; i++) {
        j.window[i] = 1; /* global pooling of nothing: one tap, outside */
    }
    if (sld_tensor_count(j.y) > 0) {
        sld_pool_for(run->pool, (size_t)(j.y->dim[0] * j.y->dim[1]), pool_plane, &j);
    }
    return SOLDER_OK;
}

const sld_kernel sld_pooling_ref = {.name = "pooling_ref", .family = "pooling", .run = pool_run};
