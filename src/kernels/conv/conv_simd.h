/* SPDX-License-Identifier: Apache-2.0 */
/* Packing of patches, vectorised; included once per instruction set. */
#include "kernels/conv/column_simd.h"

/* Window columns whose masks are kept at a time. */
#define COLUMNS 8

/* A run of pixels of one tile that lie in one output row. */
typedef struct segment {
    int first, end;             /* lanes of the tile */
    int64_t slice, row, column; /* of the input at lane `first` and tap 0, 0, 0; may be outside */
} segment;

/*
 * All channels and window rows of up to COLUMNS window columns from q on, for the vector of lanes
 * that starts at lane base. step: see load_column.
 */
static SLD_ALWAYS_INLINE void pack_columns(const sld_conv_patches *b, const segment *g, int base,
                                           int64_t q, const int64_t step)
{
    const sld_conv_shape *s = b->shape;
    int64_t from = g->first - base < 0 ? 0 : g->first - base;
    int64_t to = g->end - base > VF ? VF : g->end - base;
    vm live = vm_range(from, to);
    int64_t count = s->window_width - q < COLUMNS ? s->window_width - q : COLUMNS;
    column columns[COLUMNS];
    for (int64_t i = 0; i < count; i++) {
        int64_t x = g->column + (base - g->first) * s->stride_x + (q + i) * s->dilation_x;
        columns[i] = column_of(s, x, from, to);
    }
    float *out = b->out + base + q * b->width;
    for (int64_t c = 0; c < b->channels; c++) {
        for (int64_t d = 0; d < s->window_depth; d++) {
            int64_t slice = g->slice + d * s->dilation_z;
            bool inside = slice >= 0 && slice < s->in_depth;
            const float *plane = b->in + (b->channel + c) * s->in_plane + slice * s->in_slice;
            for (int64_t r = 0; r < s->window_height; r++, out += s->window_width * b->width) {
                int64_t row = g->row + r * s->dilation_y;
                if (!inside || row < 0 || row >= s->in_height) {
                    for (int64_t i = 0; i < count; i++) {
                        vf_store_m(out + i * b->width, vf_zero(), live);
                    }
                    continue;
                }
                const float *p = plane + row * s->in_row;
                for (int64_t i = 0; i < count; i++) {
                    vf_store_m(out + i * b->width, load_column(p, &columns[i], step), live);
                }
            }
        }
    }
}

static void pack_segment(const sld_conv_patches *b, const segment *g)
{
    const sld_conv_shape *s = b->shape;
    for (int base = g->first / VF * VF; base < g->end; base += VF) {
        for (int64_t q = 0; q < s->window_width; q += COLUMNS) {
            if (s->stride_x == 1 && s->in_step == 1) {
                pack_columns(b, g, base, q, 1);
            } else if (s->stride_x == 2 && s->in_step == 1) {
                pack_columns(b, g, base, q, 2);
            } else {
                pack_columns(b, g, base, q, 0);
            }
        }
    }
}

/* 1x1 windows over one long row: whole vectors, and the next tile's lines asked for early. */
static void pack_point(const sld_conv_patches *b, int count)
{
    const sld_conv_shape *s = b->shape;
    const float *plane = b->in + b->channel * s->in_plane + b->pixel;
    for (int base = 0; base < b->width; base += VF) {
        vm load = vm_first(count - base);
        vm store = vm_first(b->width - base);
        const float *p = plane + base;
        float *out = b->out + base;
        for (int64_t c = 0; c < b->channels; c++, p += s->in_plane, out += b->width) {
            _mm_prefetch((const char *)(p + b->width), _MM_HINT_T0);
            vf_store_m(out, vf_load_m(p, load), store);
        }
    }
}

static void pack_tile(const sld_conv_patches *b, int count)
{
    const sld_conv_shape *s = b->shape;
    if (s->taps == 1 && s->pixels == s->out_width && s->stride_x == 1 && s->pad_left == 0 &&
        s->pad_top == 0 && s->pad_front == 0 && s->in_width == s->out_width && s->in_step == 1) {
        pack_point(b, count);
        return;
    }
    for (int lane = count; lane < b->width; lane++) {
        for (int64_t k = 0; k < b->channels * s->taps; k++) {
            b->out[k * b->width + lane] = 0.0f;
        }
    }
    for (int lane = 0; lane < count;) {
        int64_t x = (b->pixel + lane) % s->out_width;
        int64_t row = (b->pixel + lane) / s->out_width;
        int64_t y = row % s->out_height;
        int64_t z = row / s->out_height;
        int64_t length = s->out_width - x < count - lane ? s->out_width - x : count - lane;
        segment g = {lane, lane + (int)length, z * s->stride_z - s->pad_front,
                     y * s->stride_y - s->pad_top, x * s->stride_x - s->pad_left};
        pack_segment(b, &g);
        lane += (int)length;
    }
}

static void pack_patches(const sld_conv_patches *block)
{
    sld_conv_patches tile = *block;
    for (int64_t done = 0; done < block->pixels; done += block->width) {
        int64_t left = block->pixels - done;
        pack_tile(&tile, (int)(left < block->width ? left : block->width));
        tile.pixel += block->width;
        tile.out += block->channels * block->shape->taps * block->width;
    }
}
