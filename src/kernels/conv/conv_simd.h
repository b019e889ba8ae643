/* SPDX-License-Identifier: Apache-2.0 */
/* Packing of patches, vectorised; included once per instruction set. */
#include "kernels/conv/column_simd.h"

/* Window columns whose masks are kept at a time. */
#define COLUMNS 8

/* The lanes of one vector that lie in one output row, for up to COLUMNS window columns. */
typedef struct piece {
    int64_t slice, row; /* of the input at tap 0, 0; may be outside */
    column columns[COLUMNS];
} piece;

/* A vector of pixels: its pieces, and where they go. */
typedef struct pixels {
    piece pieces[VF];
    int count;
    int64_t column, columns; /* of the window */
    float *out;              /* of channel 0, tap 0 */
    vm live;                 /* lanes of the tile */
    int64_t ahead;           /* where in a row the next tile reads */
    bool spills;             /* the next store mends what this one writes past the tile's row */
} pixels;

/* step: see load_column. The pieces' lanes are apart, and zero elsewhere. */
static SLD_ALWAYS_INLINE void pack_pixels(const sld_conv_patches *b, const pixels *v,
                                          const int pieces, const int64_t step)
{
    const sld_conv_shape *s = b->shape;
    const int count = pieces != 0 ? pieces : v->count;
    float *out = v->out + v->column * b->width;
    const float *plane = b->in + b->channel * s->in_plane;
    for (int64_t c = 0; c < b->channels; c++, plane += s->in_plane) {
        for (int64_t d = 0; d < s->window_depth; d++) {
            for (int64_t r = 0; r < s->window_height; r++, out += s->window_width * b->width) {
                const float *row[VF];
                for (int i = 0; i < count; i++) {
                    int64_t z = v->pieces[i].slice + d * s->dilation_z;
                    int64_t y = v->pieces[i].row + r * s->dilation_y;
                    bool inside = z >= 0 && z < s->in_depth && y >= 0 && y < s->in_height;
                    row[i] = inside ? plane + z * s->in_slice + y * s->in_row : NULL;
                }
                if (row[0] != NULL) {
                    _mm_prefetch((const char *)(row[0] + v->ahead), _MM_HINT_T0);
                }
                for (int64_t q = 0; q < v->columns; q++) {
                    vf x = vf_zero();
                    for (int i = 0; i < count; i++) {
                        if (row[i] != NULL) {
                            x = vf_or(x, load_column(row[i], &v->pieces[i].columns[q], step));
                        }
                    }
                    if (v->spills) {
                        vf_store(out + q * b->width, x);
                    } else {
                        vf_store_m(out + q * b->width, x, v->live);
                    }
                }
            }
        }
    }
}

static SLD_ALWAYS_INLINE void pack_vector(const sld_conv_patches *b, const pixels *v,
                                          const int64_t step)
{
    if (v->count == 1) {
        pack_pixels(b, v, 1, step);
    } else if (v->count == 2) {
        pack_pixels(b, v, 2, step);
    } else {
        pack_pixels(b, v, 0, step);
    }
}

/* Cuts the lanes from `base` on, `count` of the tile being pixels, by output row. */
static void find_pieces(const sld_conv_patches *b, int base, int count, pixels *v)
{
    const sld_conv_shape *s = b->shape;
    int live = count - base < VF ? count - base : VF;
    int64_t x = (b->pixel + base) % s->out_width;
    int64_t row = (b->pixel + base) / s->out_width;
    v->count = 0;
    for (int lane = 0; lane < live; v->count++) {
        int64_t length = s->out_width - x < live - lane ? s->out_width - x : live - lane;
        piece *p = &v->pieces[v->count];
        p->slice = row / s->out_height * s->stride_z - s->pad_front;
        p->row = row % s->out_height * s->stride_y - s->pad_top;
        int64_t at = (x - lane) * s->stride_x - s->pad_left + v->column * s->dilation_x;
        for (int64_t q = 0; q < v->columns; q++) {
            p->columns[q] = column_of(s, at + q * s->dilation_x, lane, lane + length);
        }
        if (lane == 0) {
            v->ahead = p->columns[0].offset + b->width * s->stride_x * s->in_step;
        }
        lane += (int)length;
        x = 0;
        row++;
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
    pixels v;
    for (int base = 0; base < b->width; base += VF) {
        for (v.column = 0; v.column < s->window_width; v.column += COLUMNS) {
            v.columns = s->window_width - v.column < COLUMNS ? s->window_width - v.column : COLUMNS;
            v.out = b->out + base;
            v.live = vm_first(b->width - base);
            v.spills = s->window_width <= COLUMNS && b->width <= VF;
            v.spills = v.spills || b->width - base >= VF;
            find_pieces(b, base, count, &v);
            if (s->stride_x == 1 && s->in_step == 1) {
                pack_vector(b, &v, 1);
            } else if (s->stride_x == 2 && s->in_step == 1) {
                pack_vector(b, &v, 2);
            } else {
                pack_vector(b, &v, 0);
            }
        }
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
