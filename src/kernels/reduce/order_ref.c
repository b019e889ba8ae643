/* SPDX-License-Identifier: Apache-2.0 */
/* ArgMax, ArgMin and TopK: what depends on the order of elements along one axis. */
#include <math.h>

#include "kernels/reduce/reduce.h"

/* The elements along the axis at one position of the others. */
typedef struct lane {
    const sld_tensor *t;
    int64_t base, stride;
} lane;

/* -1, 0, 1. NaN is larger than everything and equal to itself. */
static int compare(const lane *l, int64_t a, int64_t b)
{
    int64_t at = l->base + a * l->stride;
    int64_t bt = l->base + b * l->stride;
    if (sld_dtype_is_float(l->t->dtype)) {
        double x = sld_at_f64(l->t, at);
        double y = sld_at_f64(l->t, bt);
        return isnan(x) || isnan(y) ? (isnan(x) != 0) - (isnan(y) != 0) : (x > y) - (x < y);
    }
    int64_t x = sld_at_i64(l->t, at);
    int64_t y = sld_at_i64(l->t, bt);
    if (sld_dtype_is_unsigned(l->t->dtype)) {
        return ((uint64_t)x > (uint64_t)y) - ((uint64_t)x < (uint64_t)y);
    }
    return (x > y) - (x < y);
}

static bool lane_is_nan(const lane *l, int64_t i)
{
    return sld_dtype_is_float(l->t->dtype) && isnan(sld_at_f64(l->t, l->base + i * l->stride));
}

/* As numpy: a NaN is what both the largest and the smallest search find. */
static int64_t find_extreme(const lane *l, int64_t count, const sld_argmax_params *p)
{
    int64_t best = 0;
    for (int64_t i = 1; i < count; i++) {
        int order = compare(l, i, best);
        if (p->minimum != 0 && lane_is_nan(l, i) == lane_is_nan(l, best)) {
            order = -order;
        }
        if (order > 0 || (order == 0 && p->last != 0)) {
            best = i;
        }
    }
    return best;
}

static solder_status run_argmax(const sld_run *run)
{
    const sld_argmax_params *p = run->params;
    const sld_tensor *in = &run->in[0];
    const sld_tensor *out = &run->out[0];
    if (sld_tensor_count(out) == 0) {
        return SOLDER_OK;
    }
    if (in->dim[p->axis] == 0) {
        return SOLDER_ERROR_DATA;
    }
    int64_t stride[SOLDER_MAX_RANK] = {0};
    int axis = 0;
    for (int i = 0; i < in->rank; i++) {
        if (i != p->axis) {
            stride[axis++] = in->stride[i];
        } else {
            axis += p->keep_dims != 0;
        }
    }
    int64_t index[SOLDER_MAX_RANK] = {0};
    do {
        lane l = {.t = in, .stride = in->stride[p->axis]};
        for (int i = 0; i < out->rank; i++) {
            l.base += index[i] * stride[i];
        }
        sld_put_i64(out, sld_tensor_offset(out, index), find_extreme(&l, in->dim[p->axis], p));
    } while (sld_index_next(index, out->dim, out->rank));
    return SOLDER_OK;
}

/* ---- TopK ---- */

/* Does a come before b in the result? Of equal values the lower index does. */
static bool before(const lane *l, bool largest, int64_t a, int64_t b)
{
    int order = compare(l, a, b);
    return order == 0 ? a < b : largest ? order > 0 : order < 0;
}

/* heap[0] is the last of its elements; places value at the root of heap[0..count). */
static void sift(const lane *l, bool largest, int64_t *heap, int64_t count, int64_t value)
{
    int64_t at = 0;
    for (;;) {
        int64_t child = 2 * at + 1;
        if (child >= count) {
            break;
        }
        if (child + 1 < count && before(l, largest, heap[child], heap[child + 1])) {
            child++;
        }
        if (!before(l, largest, value, heap[child])) {
            break;
        }
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = value;
}

static void push(const lane *l, bool largest, int64_t *heap, int64_t count, int64_t value)
{
    int64_t at = count;
    while (at > 0 && before(l, largest, heap[(at - 1) / 2], value)) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = value;
}

/* heap receives the first k of n indices in order. */
static void select_first(const lane *l, bool largest, int64_t n, int64_t k, int64_t *heap)
{
    for (int64_t i = 0; i < n && k > 0; i++) {
        if (i < k) {
            push(l, largest, heap, i, i);
        } else if (before(l, largest, i, heap[0])) {
            sift(l, largest, heap, k, i);
        }
    }
    for (int64_t left = k - 1; left > 0; left--) {
        int64_t last = heap[0];
        sift(l, largest, heap, left, heap[left]);
        heap[left] = last;
    }
}

static size_t topk_workspace(const sld_run *run, int threads)
{
    (void)threads;
    const sld_topk_params *p = run->params;
    return (size_t)run->in[0].dim[p->axis] * sizeof(int64_t);
}

/* k when a run reads it: the dims follow, within the room there is. */
static solder_status adopt_k(const sld_run *run, int axis)
{
    if (run->in_count < 2 || !sld_tensor_present(&run->in[1])) {
        return SOLDER_OK;
    }
    int64_t k = sld_at_i64(&run->in[1], 0);
    for (uint32_t i = 0; i < run->out_count; i++) {
        sld_tensor *out = &run->out[i];
        if (sld_tensor_present(out) && out->dim[axis] != k) {
            if (k < 0 || k > out->dim[axis]) {
                return SOLDER_ERROR_DATA;
            }
            out->dim[axis] = k;
            sld_tensor_set_strides(out);
        }
    }
    return SOLDER_OK;
}

static solder_status run_topk(const sld_run *run)
{
    const sld_topk_params *p = run->params;
    const sld_tensor *in = &run->in[0];
    SLD_TRY(adopt_k(run, p->axis));
    sld_tensor outer = sld_tensor_present(&run->out[0]) ? run->out[0] : run->out[1];
    int64_t k = outer.dim[p->axis];
    if (k > in->dim[p->axis]) {
        return SOLDER_ERROR_DATA;
    }
    if (sld_tensor_count(&outer) == 0) {
        return SOLDER_OK;
    }
    outer.dim[p->axis] = 1;
    int64_t *heap = run->workspace;
    size_t size = solder_dtype_size(in->dtype);
    int64_t index[SOLDER_MAX_RANK] = {0};
    do {
        lane l = {.t = in, .base = sld_tensor_offset(in, index), .stride = in->stride[p->axis]};
        select_first(&l, p->largest != 0, in->dim[p->axis], k, heap);
        for (int64_t i = 0; i < k; i++) {
            int64_t from = l.base + heap[i] * l.stride;
            for (uint32_t o = 0; o < run->out_count; o++) {
                const sld_tensor *out = &run->out[o];
                int64_t to = sld_tensor_offset(out, index) + i * out->stride[p->axis];
                if (sld_tensor_present(out) && o == 0) {
                    memcpy((char *)out->data + (size_t)to * size,
                           (const char *)in->data + from * (int64_t)size, size);
                } else if (sld_tensor_present(out)) {
                    sld_put_i64(out, to, heap[i]);
                }
            }
        }
    } while (sld_index_next(index, outer.dim, outer.rank));
    return SOLDER_OK;
}

const sld_kernel sld_argmax_ref = {.name = "argmax_ref", .family = "argmax", .run = run_argmax};
const sld_kernel sld_topk_ref = {
    .name = "topk_ref", .family = "topk", .workspace = topk_workspace, .run = run_topk};
