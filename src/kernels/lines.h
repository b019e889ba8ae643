/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of a tensor along one axis, numbered row-major over the other axes. */
#ifndef SLD_KERNELS_LINES_H
#define SLD_KERNELS_LINES_H

#include "kernels/kernel.h"

/* 0 if the tensor is empty. */
static inline size_t sld_line_count(const sld_tensor *t, int axis)
{
    int64_t count = sld_tensor_count(t);
    return count == 0 ? 0 : (size_t)(count / t->dim[axis]);
}

/* Element offset of the first element of a line. */
static inline int64_t sld_line_start(const sld_tensor *t, int axis, size_t line)
{
    int64_t rest = (int64_t)line;
    int64_t offset = 0;
    for (int i = t->rank - 1; i >= 0; i--) {
        if (i != axis) {
            offset += rest % t->dim[i] * t->stride[i];
            rest /= t->dim[i];
        }
    }
    return offset;
}

#endif
