/* SPDX-License-Identifier: Apache-2.0 */
/* Loading the input of consecutive output pixels of a row; included per instruction set. */
#ifndef SLD_KERNELS_CONV_COLUMN_SIMD_H
#define SLD_KERNELS_CONV_COLUMN_SIMD_H

#include "kernels/conv/conv_gemm.h"
#include "kernels/simd.h"

/* For one column of the window: where lane 0 reads, and the lanes that read inside the input. */
typedef struct column {
    vm lanes;
    vm low, high;         /* of the loads; high: second vector of a stride-2 load */
    int64_t offset, step; /* elements: of lane 0, from lane to lane */
} column;

/* a >= 0. Divisions are slow, and strides but 1 and 2 rare. */
static SLD_ALWAYS_INLINE int64_t column_steps(int64_t a, int64_t stride)
{
    return stride == 1 ? a : stride == 2 ? a >> 1 : a / stride;
}

/* Lanes [from, to) are wanted; lane 0 reads column x, the next stride_x further on. */
static SLD_ALWAYS_INLINE column column_of(const sld_conv_shape *s, int64_t x, int64_t from,
                                          int64_t to)
{
    column c = {.offset = x * s->in_step, .step = s->stride_x * s->in_step};
    int64_t first = x >= 0 ? 0 : column_steps(-x + s->stride_x - 1, s->stride_x);
    int64_t end = x >= s->in_width ? 0 : column_steps(s->in_width - 1 - x, s->stride_x) + 1;
    from = from > first ? from : first;
    to = to < end ? to : end;
    c.lanes = vm_range(from, to);
    if (s->stride_x == 2 && s->in_step == 1) {
        int64_t last = to > from ? 2 * to - 1 : 0;
        c.low = vm_range(2 * from, last);
        c.high = vm_range(2 * from - VF, last - VF);
    } else {
        c.low = c.lanes;
        c.high = c.lanes;
    }
    return c;
}

/* step: that of the column if it is known to be 1 or 2, else 0. Other lanes are 0. */
static SLD_ALWAYS_INLINE vf load_column(const float *row, const column *c, const int64_t step)
{
    const float *p = row + c->offset;
    if (step == 1) {
        return vf_load_m(p, c->low);
    }
    if (step == 2) {
        return vf_even(vf_load_m(p, c->low), vf_load_m(p + VF, c->high));
    }
    return vf_gather(p, vi_mul(vi_lanes(), vi_set1((int32_t)c->step)), c->low);
}

#endif
