/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The strided copy that Transpose, Concat, Slice, Pad, Expand and Tile are made of. Bytes only:
 * every element type. Contiguous runs move as blocks, two swapped dimensions in tiles.
 */
#ifndef SLD_KERNELS_MOVE_H
#define SLD_KERNELS_MOVE_H

#include "kernels/kernel.h"

#define SLD_MOVE_MAX_RANK (2 * SOLDER_MAX_RANK)

/* to[index . to_stride] = from[index . from_stride] for every index below dim; strides in
 * elements of size bytes. from_stride may be 0 or negative. */
typedef struct sld_move {
    const char *from;
    char *to;
    size_t size;
    int rank;
    int64_t dim[SLD_MOVE_MAX_RANK];
    int64_t from_stride[SLD_MOVE_MAX_RANK];
    int64_t to_stride[SLD_MOVE_MAX_RANK];
} sld_move;

void sld_move_run(const sld_move *move, sld_pool *pool);

/* A move from one tensor into another of the same dims. */
sld_move sld_move_make(const sld_tensor *from, const sld_tensor *to);

/* Element at an element offset. */
static inline char *sld_move_at(const sld_tensor *t, int64_t offset)
{
    return (char *)t->data + offset * (int64_t)solder_dtype_size(t->dtype);
}

#endif
