/* SPDX-License-Identifier: Apache-2.0 */
/* The transforms of F(2x2, 3x3), vectorised over tiles or channels; included per instruction set.
 */
#include "kernels/activation/activate_simd.h"
#include "kernels/conv/conv_winograd.h"

/*
 * Within a vector tiles stand in the order that vf_pair_even leaves them in; vf_pair_low and
 * vf_pair_high restore it.
 */

/* B^T of one dimension: d0 - d2, d1 + d2, d2 - d1, d1 - d3. */
static SLD_ALWAYS_INLINE void input_points(vf d[4])
{
    vf first = vf_sub(d[0], d[2]);
    vf second = vf_add(d[1], d[2]);
    vf third = vf_sub(d[2], d[1]);
    d[3] = vf_sub(d[1], d[3]);
    d[0] = first;
    d[1] = second;
    d[2] = third;
}

/* One row of 4 columns for a vector of tiles, transformed along the row. */
static SLD_ALWAYS_INLINE void load_row(const float *p, vf d[4])
{
    vf a = vf_load(p);
    vf b = vf_load(p + VF);
    vf c = vf_load(p + 2);
    vf e = vf_load(p + VF + 2);
    d[0] = vf_pair_even(a, b);
    d[1] = vf_pair_odd(a, b);
    d[2] = vf_pair_even(c, e);
    d[3] = vf_pair_odd(c, e);
    input_points(d);
}

static void winograd_input(const float *even, const float *odd, int64_t pitch, int64_t panels,
                           float *to, int64_t panel_stride, int64_t point_stride)
{
    for (int64_t p = 0; p < panels; p++, to += panel_stride) {
        for (int v = 0; v < 2; v++, even += 2 * VF, odd += 2 * VF) {
            vf d[4][4];
            load_row(even, d[0]);
            load_row(odd, d[1]);
            load_row(even + pitch, d[2]);
            load_row(odd + pitch, d[3]);
            SLD_UNROLL
            for (int j = 0; j < 4; j++) {
                vf column[4] = {d[0][j], d[1][j], d[2][j], d[3][j]};
                input_points(column);
                SLD_UNROLL
                for (int i = 0; i < 4; i++) {
                    vf_store(to + (4 * i + j) * point_stride + v * VF, column[i]);
                }
            }
        }
    }
}

/* G of one dimension: g0, (g0 + g1 + g2) / 2, (g0 - g1 + g2) / 2, g2. */
static SLD_ALWAYS_INLINE void weight_points(vf g0, vf g1, vf g2, vf u[4])
{
    const vf half = vf_set1(0.5f);
    vf outer = vf_mul(half, vf_add(g0, g2));
    u[0] = g0;
    u[1] = vf_fma(half, g1, outer);
    u[2] = vf_fnma(half, g1, outer);
    u[3] = g2;
}

/* A vector holds the rows of one channel and what comes after; the next channel mends the surplus.
 */
static void winograd_weights(const float *packed, int64_t channels, float *to, int64_t point_stride)
{
    for (int64_t c = 0; c < channels; c++, packed += 9 * TILE_ROWS, to += TILE_ROWS) {
        vf t[3][4];
        SLD_UNROLL
        for (int r = 0; r < 3; r++) {
            const float *g = packed + 3 * r * TILE_ROWS;
            vm live = vm_first(TILE_ROWS);
            weight_points(vf_load_m(g, live), vf_load_m(g + TILE_ROWS, live),
                          vf_load_m(g + 2 * TILE_ROWS, live), t[r]);
        }
        SLD_UNROLL
        for (int j = 0; j < 4; j++) {
            vf u[4];
            weight_points(t[0][j], t[1][j], t[2][j], u);
            SLD_UNROLL
            for (int i = 0; i < 4; i++) {
                vf_store(to + (4 * i + j) * point_stride, u[i]);
            }
        }
    }
}

static void winograd_output(const float *sums, int64_t panels, int64_t panel_stride,
                            int64_t point_stride, float *even, float *odd)
{
    for (int64_t p = 0; p < panels; p++, sums += panel_stride) {
        for (int v = 0; v < 2; v++, even += 2 * VF, odd += 2 * VF) {
            vf top[4];
            vf low[4];
            SLD_UNROLL
            for (int j = 0; j < 4; j++) { /* A^T of one dimension: m0 + m1 + m2, m1 - m2 - m3 */
                const float *m = sums + j * point_stride + v * VF;
                vf m1 = vf_load(m + 4 * point_stride);
                vf m2 = vf_load(m + 8 * point_stride);
                top[j] = vf_add(vf_add(vf_load(m), m1), m2);
                low[j] = vf_sub(vf_sub(m1, m2), vf_load(m + 12 * point_stride));
            }
            vf a = vf_add(vf_add(top[0], top[1]), top[2]);
            vf b = vf_sub(vf_sub(top[1], top[2]), top[3]);
            vf c = vf_add(vf_add(low[0], low[1]), low[2]);
            vf d = vf_sub(vf_sub(low[1], low[2]), low[3]);
            vf_store(even, vf_pair_low(a, b));
            vf_store(even + VF, vf_pair_high(a, b));
            vf_store(odd, vf_pair_low(c, d));
            vf_store(odd + VF, vf_pair_high(c, d));
        }
    }
}

static void winograd_finish(const float *in, int64_t count, float bias, const float *residual,
                            const sld_epilogue *epilogue, float *out)
{
    float low;
    float high;
    bool clamp = sld_act_clamp(epilogue, &low, &high);
    for (int64_t i = 0; i < count; i += VF) {
        vm live = vm_first(count - i);
        vf y = vf_add(vf_load_m(in + i, live), vf_set1(bias));
        if (residual != NULL) {
            y = vf_add(y, vf_load_m(residual + i, live));
        }
        y = clamp ? vf_clamp(y, vf_set1(low), vf_set1(high)) : vf_activate(epilogue, y);
        vf_store_first(out + i, y, count - i);
    }
}
