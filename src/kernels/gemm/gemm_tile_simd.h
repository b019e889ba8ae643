/* SPDX-License-Identifier: Apache-2.0 */
/* Body of sld_gemm_tile for TILE_ROWS x 2 vectors; included once per instruction set. */
#include "kernels/activation/activate_simd.h"
#include "kernels/gemm/gemm_tile.h"

#define TILE_LANES (2 * VF)
/* b often comes from L3 or memory: ask this many steps of k ahead. */
#define PREFETCH_STEPS 64

static SLD_ALWAYS_INLINE void accumulate(const int rows, const int vectors, int64_t k,
                                         const float *a, const float *b, vf acc[TILE_ROWS][2])
{
    SLD_UNROLL
    for (int i = 0; i < rows; i++) {
        SLD_UNROLL
        for (int v = 0; v < vectors; v++) {
            acc[i][v] = vf_zero();
        }
    }
    for (; k > 0; k--) {
        vf lanes[2];
        SLD_UNROLL
        for (int v = 0; v < vectors; v++) {
            lanes[v] = vf_load(b + v * VF);
        }
        SLD_UNROLL
        for (int v = 0; v < vectors; v += 16 / VF) { /* every cache line once */
            _mm_prefetch((const char *)(b + PREFETCH_STEPS * TILE_LANES + v * VF), _MM_HINT_T0);
        }
        SLD_UNROLL
        for (int i = 0; i < rows; i++) {
            vf row = vf_set1(a[i]);
            SLD_UNROLL
            for (int v = 0; v < vectors; v++) {
                acc[i][v] = vf_fma(row, lanes[v], acc[i][v]);
            }
        }
        a += TILE_ROWS;
        b += TILE_LANES;
    }
}

/* Each block of k is summed by itself, then added: errors grow with the blocks, not with k. */
static SLD_ALWAYS_INLINE void tile(const int rows, const int vectors, int64_t k, const float *a,
                                   const float *b, float *sum, bool start)
{
    vf acc[TILE_ROWS][2];
    accumulate(rows, vectors, k, a, b, acc);
    SLD_UNROLL
    for (int i = 0; i < rows; i++) {
        SLD_UNROLL
        for (int v = 0; v < vectors; v++) {
            float *to = sum + i * TILE_LANES + v * VF;
            vf_store(to, start ? acc[i][v] : vf_add(vf_load(to), acc[i][v]));
        }
    }
}

/* As tile and tile_store with all lanes; low and high: the activation, a clamp. */
static SLD_ALWAYS_INLINE void finished_tile(const int rows, int64_t k, const float *a,
                                            const float *b, const float *sum, bool start,
                                            const sld_tile_store *to, vf low, vf high)
{
    vf acc[TILE_ROWS][2];
    accumulate(rows, 2, k, a, b, acc);
    SLD_UNROLL
    for (int i = 0; i < rows; i++) {
        const float *bias = to->bias + i * to->bias_row_stride;
        SLD_UNROLL
        for (int v = 0; v < 2; v++) {
            vf y = acc[i][v];
            if (!start) {
                y = vf_add(vf_load(sum + i * TILE_LANES + v * VF), y);
            }
            if (to->bias != NULL) {
                vf shift = to->bias_lane_stride != 0 ? vf_load(bias + v * VF) : vf_set1(*bias);
                y = vf_fma(shift, vf_set1(to->beta), y);
            }
            if (to->residual != NULL) {
                y = vf_add(y, vf_load(to->residual + i * to->residual_stride + v * VF));
            }
            vf_store(to->out + i * to->out_stride + v * VF, vf_clamp(y, low, high));
        }
    }
}

/*
 * One or two rows: too few sums to hide the latency of a multiply-add, so k is cut in
 * interleaved parts, eight sums in all.
 */
static SLD_ALWAYS_INLINE void thin_tile(const int rows, int64_t k, const float *a, const float *b,
                                        float *sum, bool start)
{
    const int parts = 4 / rows;
    vf acc[4][2][2];
    SLD_UNROLL
    for (int part = 0; part < parts; part++) {
        SLD_UNROLL
        for (int i = 0; i < rows; i++) {
            acc[part][i][0] = vf_zero();
            acc[part][i][1] = vf_zero();
        }
    }
    for (; k >= parts; k -= parts) {
        SLD_UNROLL
        for (int part = 0; part < parts; part++) {
            SLD_UNROLL
            for (int i = 0; i < rows; i++) {
                vf row = vf_set1(a[part * TILE_ROWS + i]);
                acc[part][i][0] = vf_fma(row, vf_load(b + part * TILE_LANES), acc[part][i][0]);
                acc[part][i][1] = vf_fma(row, vf_load(b + part * TILE_LANES + VF), acc[part][i][1]);
            }
        }
        a += parts * TILE_ROWS;
        b += parts * TILE_LANES;
    }
    for (; k > 0; k--) {
        SLD_UNROLL
        for (int i = 0; i < rows; i++) {
            acc[0][i][0] = vf_fma(vf_set1(a[i]), vf_load(b), acc[0][i][0]);
            acc[0][i][1] = vf_fma(vf_set1(a[i]), vf_load(b + VF), acc[0][i][1]);
        }
        a += TILE_ROWS;
        b += TILE_LANES;
    }
    SLD_UNROLL
    for (int i = 0; i < rows; i++) {
        SLD_UNROLL
        for (int v = 0; v < 2; v++) {
            vf total = acc[0][i][v];
            SLD_UNROLL
            for (int part = 1; part < parts; part++) {
                total = vf_add(total, acc[part][i][v]);
            }
            float *to = sum + i * TILE_LANES + v * VF;
            vf_store(to, start ? total : vf_add(vf_load(to), total));
        }
    }
}

#define TILE_CASE(r)                                                                               \
    case r:                                                                                        \
        if (n > VF) {                                                                              \
            tile(r, 2, k, a, b, sum, start);                                                       \
        } else {                                                                                   \
            tile(r, 1, k, a, b, sum, start);                                                       \
        }                                                                                          \
        break;

static void tile_multiply(int r, int n, int64_t k, const float *a, const float *b, float *sum,
                          bool start)
{
    switch (r) {
    case 1:
        thin_tile(1, k, a, b, sum, start);
        break;
    case 2:
        thin_tile(2, k, a, b, sum, start);
        break;
        TILE_CASE(3)
        TILE_CASE(4)
        TILE_CASE(5)
        TILE_CASE(6)
#if TILE_ROWS > 6
        TILE_CASE(7)
        TILE_CASE(8)
        TILE_CASE(9)
        TILE_CASE(10)
        TILE_CASE(11)
        TILE_CASE(12)
        TILE_CASE(13)
        TILE_CASE(14)
#endif
    default:
        break;
    }
}

static void tile_store(const float *sum, int r, int n, const sld_tile_store *to)
{
    const vf alpha = vf_set1(to->alpha);
    const vf beta = vf_set1(to->beta);
    for (int v = 0; v < n; v += VF) {
        vm live = vm_first(n - v);
        for (int i = 0; i < r; i++) {
            vf y = vf_mul(vf_load(sum + i * TILE_LANES + v), alpha);
            if (to->bias != NULL) {
                const float *p = to->bias + i * to->bias_row_stride;
                vf bias = to->bias_lane_stride != 0 ? vf_load_m(p + v, live) : vf_set1(*p);
                y = vf_fma(bias, beta, y);
            }
            if (to->residual != NULL) {
                y = vf_add(y, vf_load_m(to->residual + i * to->residual_stride + v, live));
            }
            vf_store_first(to->out + i * to->out_stride + v, vf_activate(to->epilogue, y), n - v);
        }
    }
}

#define FINISH_CASE(r)                                                                             \
    case r:                                                                                        \
        finished_tile(r, k, a, b, sum, start, to, vf_set1(low), vf_set1(high));                    \
        return;

static void tile_finish(int r, int n, int64_t k, const float *a, const float *b, float *sum,
                        bool start, const sld_tile_store *to)
{
    float low, high;
    if (n == TILE_LANES && to->alpha == 1.0f && sld_act_clamp(to->epilogue, &low, &high)) {
        switch (r) {
            FINISH_CASE(4)
            FINISH_CASE(6)
#if TILE_ROWS > 6
            FINISH_CASE(8)
            FINISH_CASE(12)
            FINISH_CASE(14)
#endif
        default:
            break;
        }
    }
    tile_multiply(r, n, k, a, b, sum, start);
    tile_store(sum, r, n, to);
}

/* VF rows x VF lanes of sum at a time, turned in registers. */
static void tile_store_transposed(const float *sum, int r, int n, const sld_tile_store *to)
{
    const vf alpha = vf_set1(to->alpha);
    vm live = vm_first(r);
    for (int j = 0; j < n; j += VF) {
        vf t[VF];
        SLD_UNROLL
        for (int i = 0; i < VF; i++) {
            t[i] = i < TILE_ROWS && i < r ? vf_load(sum + i * TILE_LANES + j) : vf_zero();
        }
        vf_transpose(t);
        float turned[VF * VF];
        SLD_UNROLL
        for (int i = 0; i < VF; i++) {
            vf_store(turned + i * VF, t[i]);
        }
        int count = n - j < VF ? n - j : VF;
        for (int i = 0; i < count; i++) {
            vf y = vf_mul(vf_load(turned + i * VF), alpha);
            if (to->bias != NULL) {
                y = vf_fma(vf_set1(to->bias[j + i]), vf_set1(to->beta), y);
            }
            if (to->residual != NULL) {
                y = vf_add(y, vf_load_m(to->residual + (j + i) * to->residual_stride, live));
            }
            vf_store_first(to->out + (j + i) * to->out_stride, vf_activate(to->epilogue, y), r);
        }
    }
}
