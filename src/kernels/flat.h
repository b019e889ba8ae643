/* SPDX-License-Identifier: Apache-2.0 */
/* Cutting an elementwise kernel into pieces of consecutive elements. */
#ifndef SLD_KERNELS_FLAT_H
#define SLD_KERNELS_FLAT_H

#include "kernels/kernel.h"

#define SLD_FLAT_PIECE 16384

typedef struct sld_flat {
    int64_t slices, length; /* dense runs, and elements of each */
    int64_t pieces;         /* per slice */
    int64_t x_stride, y_stride;
} sld_flat;

/* One piece: element offsets and their number. */
typedef struct sld_flat_piece {
    int64_t x, y, count;
} sld_flat_piece;

/* x and y of equal dims, both dense but for the stride of dimension 0. */
static inline sld_flat sld_flat_of(const sld_tensor *x, const sld_tensor *y)
{
    sld_flat f = {.slices = 1, .length = sld_tensor_count(x)};
    if (x->rank > 1 && !(sld_tensor_contiguous(x) && sld_tensor_contiguous(y))) {
        f.slices = x->dim[0];
        f.length = f.slices > 0 ? f.length / f.slices : 0;
        f.x_stride = x->stride[0];
        f.y_stride = y->stride[0];
    }
    f.pieces = (f.length + SLD_FLAT_PIECE - 1) / SLD_FLAT_PIECE;
    return f;
}

static inline sld_flat_piece sld_flat_piece_of(const sld_flat *f, size_t index)
{
    int64_t slice = (int64_t)index / f->pieces;
    int64_t start = (int64_t)index % f->pieces * SLD_FLAT_PIECE;
    int64_t left = f->length - start;
    sld_flat_piece p = {slice * f->x_stride + start, slice * f->y_stride + start,
                        left < SLD_FLAT_PIECE ? left : SLD_FLAT_PIECE};
    return p;
}

/* Float32, dense but for the stride of dimension 0; rank-1 tensors wholly dense. */
static inline bool sld_flat_f32(const sld_tensor *t)
{
    return t->dtype == SOLDER_F32 &&
           (t->rank > 1 ? sld_tensor_inner_contiguous(t) : sld_tensor_contiguous(t));
}

#endif
