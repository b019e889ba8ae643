/* SPDX-License-Identifier: Apache-2.0 */
/* Transpose, Reshape, Expand, Tile, Concat and Shape as strided copies. */
#include "kernels/shuffle/move.h"
#include "kernels/shuffle/shuffle.h"

static solder_status run_transpose(const sld_run *run)
{
    const sld_transpose_params *p = run->params;
    sld_tensor from = run->in[0];
    for (int i = 0; i < from.rank; i++) {
        from.dim[i] = run->in[0].dim[p->perm[i]];
        from.stride[i] = run->in[0].stride[p->perm[i]];
    }
    sld_move move = sld_move_make(&from, &run->out[0]);
    sld_move_run(&move, run->pool);
    return SOLDER_OK;
}

/* Row-major position of flat element n. */
static int64_t offset_of(const sld_tensor *t, int64_t n)
{
    int64_t offset = 0;
    for (int i = t->rank - 1; i >= 0; i--) {
        offset += n % t->dim[i] * t->stride[i];
        n /= t->dim[i];
    }
    return offset;
}

static solder_status run_reshape(const sld_run *run)
{
    const sld_tensor *in = &run->in[0];
    const sld_tensor *out = &run->out[0];
    sld_tensor other = sld_tensor_contiguous(in) ? *in : *out;
    int64_t count = sld_tensor_count(in);
    if (sld_tensor_contiguous(in) || sld_tensor_contiguous(out)) {
        /* One side is a plain run of bytes: seen with the other's dims it is an ordinary copy. */
        const sld_tensor *shape = sld_tensor_contiguous(in) ? out : in;
        for (int i = 0; i < shape->rank; i++) {
            other.dim[i] = shape->dim[i];
        }
        other.rank = shape->rank;
        sld_tensor_set_strides(&other);
        sld_move move =
            sld_tensor_contiguous(in) ? sld_move_make(&other, out) : sld_move_make(in, &other);
        sld_move_run(&move, run->pool);
        return SOLDER_OK;
    }
    for (int64_t n = 0; n < count; n++) {
        memcpy(sld_move_at(out, offset_of(out, n)), sld_move_at(in, offset_of(in, n)),
               solder_dtype_size(in->dtype));
    }
    return SOLDER_OK;
}

static solder_status run_expand(const sld_run *run)
{
    sld_move move = sld_move_make(&run->out[0], &run->out[0]);
    move.from = run->in[0].data;
    sld_broadcast_strides(&run->in[0], &run->out[0], move.from_stride);
    sld_move_run(&move, run->pool);
    return SOLDER_OK;
}

/* Every axis becomes two: the repetition, standing still in the input, and the axis itself. */
static solder_status run_tile(const sld_run *run)
{
    const sld_tensor *in = &run->in[0];
    const sld_tensor *out = &run->out[0];
    sld_move move = {.from = in->data,
                     .to = out->data,
                     .size = solder_dtype_size(in->dtype),
                     .rank = 2 * in->rank};
    for (int i = 0; i < in->rank; i++) {
        move.dim[2 * i] = in->dim[i] > 0 ? out->dim[i] / in->dim[i] : 0;
        move.to_stride[2 * i] = in->dim[i] * out->stride[i];
        move.dim[2 * i + 1] = in->dim[i];
        move.from_stride[2 * i + 1] = in->stride[i];
        move.to_stride[2 * i + 1] = out->stride[i];
    }
    sld_move_run(&move, run->pool);
    return SOLDER_OK;
}

static solder_status run_concat(const sld_run *run)
{
    const sld_concat_params *p = run->params;
    int64_t at = 0;
    for (uint32_t i = 0; i < run->in_count; i++) {
        sld_tensor part = run->out[0];
        part.data = sld_move_at(&part, at * part.stride[p->axis]);
        sld_move move = sld_move_make(&run->in[i], &part);
        sld_move_run(&move, run->pool);
        at += run->in[i].dim[p->axis];
    }
    return SOLDER_OK;
}

static solder_status run_shape(const sld_run *run)
{
    const sld_shape_params *p = run->params;
    for (int i = p->start; i < p->end; i++) {
        sld_put_i64(&run->out[0], (i - p->start) * run->out[0].stride[0], run->in[0].dim[i]);
    }
    return SOLDER_OK;
}

const sld_kernel sld_transpose_ref = {
    .name = "transpose_ref", .family = "transpose", .run = run_transpose};
const sld_kernel sld_reshape_ref = {.name = "reshape_ref", .family = "reshape", .run = run_reshape};
const sld_kernel sld_expand_ref = {.name = "expand_ref", .family = "expand", .run = run_expand};
const sld_kernel sld_tile_ref = {.name = "tile_ref", .family = "tile", .run = run_tile};
const sld_kernel sld_concat_ref = {.name = "concat_ref", .family = "concat", .run = run_concat};
const sld_kernel sld_shape_ref = {.name = "shape_ref", .family = "shape", .run = run_shape};
