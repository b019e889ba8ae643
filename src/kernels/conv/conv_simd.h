/* SPDX-License-Identifier: Apache-2.0 */
/* Packing of patches, vectorised; included once per instruction set. */
#include "kernels/conv/conv_gemm.h"
#include "kernels/simd.h"

/* A run of pixels of one tile that lie in one output row. */
typedef struct segment {
    int first, end;      /* lanes of the tile */
    int64_t row, column; /* input coordinates of lane `first` at tap 0, 0 */
} segment;

/* Lanes [from, to) of a vector that starts at lane `base`, element column + lane * step of row. */
static SLD_ALWAYS_INLINE vf load_lanes(const float *p, int64_t step, int64_t from, int64_t to)
{
    if (step == 1) {
        return vf_load_m(p, vm_range(from, to));
    }
    if (step == 2) {
        return vf_load_even(p, from, to);
    }
    return vf_gather(p, vi_mul(vi_lanes(), vi_set1((int32_t)step)), vm_range(from, to));
}

/* Every tap of the segment lies inside the input: no test per tap. */
static bool inside(const sld_conv_shape *s, const segment *g)
{
    int64_t last_column = g->column + (g->end - 1 - g->first) * s->stride_x;
    return g->row >= 0 && g->row + (s->window_height - 1) * s->dilation_y < s->in_height &&
           g->column >= 0 && last_column + (s->window_width - 1) * s->dilation_x < s->in_width;
}

static SLD_ALWAYS_INLINE void pack_inside(const sld_conv_patches *b, const segment *g, int base,
                                          float *out, const int64_t step)
{
    const sld_conv_shape *s = b->shape;
    int64_t from = g->first - base < 0 ? 0 : g->first - base;
    int64_t to = g->end - base > VF ? VF : g->end - base;
    vm live = vm_range(from, to);
    const float *plane = b->in + b->channel * s->in_plane + g->row * s->in_width + g->column +
                         (base - g->first) * step;
    for (int64_t c = 0; c < b->channels; c++, plane += s->in_plane) {
        const float *row = plane;
        for (int64_t r = 0; r < s->window_height; r++, row += s->dilation_y * s->in_width) {
            const float *p = row;
            for (int64_t q = 0; q < s->window_width; q++, p += s->dilation_x) {
                vf_store_m(out, step == 1 ? vf_load_m(p, live) : load_lanes(p, step, from, to),
                           live);
                out += b->width;
            }
        }
    }
}

/* One tap of a segment for all channels; what lies in the padding becomes zero. */
static void pack_tap(const sld_conv_patches *b, const segment *g, int base, int64_t tap, float *out)
{
    const sld_conv_shape *s = b->shape;
    int64_t row = g->row + tap / s->window_width * s->dilation_y;
    int64_t column = g->column + tap % s->window_width * s->dilation_x;
    int64_t from = g->first - base < 0 ? 0 : g->first - base;
    int64_t to = g->end - base > VF ? VF : g->end - base;
    vm live = vm_range(from, to);
    /* Lanes whose column is inside: 0 <= column + (base + lane - first) * stride < in_width. */
    int64_t origin = column + (base - g->first) * s->stride_x;
    int64_t low = origin >= 0 ? 0 : (-origin + s->stride_x - 1) / s->stride_x;
    int64_t high = origin >= s->in_width ? 0 : (s->in_width - 1 - origin) / s->stride_x + 1;
    low = low < from ? from : low;
    high = high > to ? to : high;
    if (row < 0 || row >= s->in_height || low >= high) {
        for (int64_t c = 0; c < b->channels; c++, out += s->taps * b->width) {
            vf_store_m(out, vf_zero(), live);
        }
        return;
    }
    const float *p = b->in + b->channel * s->in_plane + row * s->in_width + origin;
    for (int64_t c = 0; c < b->channels; c++, out += s->taps * b->width, p += s->in_plane) {
        vf_store_m(out, load_lanes(p, s->stride_x, low, high), live);
    }
}

static void pack_segment(const sld_conv_patches *b, const segment *g, float *out)
{
    const sld_conv_shape *s = b->shape;
    for (int base = g->first / VF * VF; base < g->end; base += VF) {
        if (inside(s, g)) {
            if (s->stride_x == 1) {
                pack_inside(b, g, base, out + base, 1);
            } else if (s->stride_x == 2) {
                pack_inside(b, g, base, out + base, 2);
            } else {
                pack_inside(b, g, base, out + base, s->stride_x);
            }
            continue;
        }
        for (int64_t tap = 0; tap < s->taps; tap++) {
            pack_tap(b, g, base, tap, out + base + tap * b->width);
        }
    }
}

static void pack_patches(const sld_conv_patches *b)
{
    const sld_conv_shape *s = b->shape;
    int64_t depth = b->channels * s->taps;
    float *out = b->out;
    for (int64_t done = 0; done < b->pixels; done += b->width, out += depth * b->width) {
        int count = (int)(b->pixels - done < b->width ? b->pixels - done : b->width);
        for (int lane = count; lane < b->width; lane++) {
            for (int64_t k = 0; k < depth; k++) {
                out[k * b->width + lane] = 0.0f;
            }
        }
        for (int lane = 0; lane < count;) {
            int64_t y = (b->pixel + done + lane) / s->out_width;
            int64_t x = (b->pixel + done + lane) % s->out_width;
            int64_t length = s->out_width - x < count - lane ? s->out_width - x : count - lane;
            segment g = {lane, lane + (int)length, y * s->stride_y - s->pad_top,
                         x * s->stride_x - s->pad_left};
            pack_segment(b, &g, out);
            lane += (int)length;
        }
    }
}
