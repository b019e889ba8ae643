/* SPDX-License-Identifier: Apache-2.0 */
/* Packing and the single-row product, vectorised; included once per instruction set. */
#include "kernels/gemm/matmul_gemm.h"
#include "kernels/simd.h"

/* VF values of k of VF interleaved rows at a time, turned in registers. */
static void pack_along_k(const sld_matmul_block *b)
{
    for (int base = 0; base < b->width; base += VF) {
        int lanes = b->width - base < VF ? b->width - base : VF;
        vm store = vm_first(lanes);
        for (int64_t k = 0; k < b->depth; k += VF) {
            int64_t count = b->depth - k < VF ? b->depth - k : VF;
            vm load = vm_first(count);
            vf t[VF];
            SLD_UNROLL
            for (int i = 0; i < VF; i++) {
                t[i] = base + i < b->live ? vf_load_m(b->from + (base + i) * b->stride + k, load)
                                          : vf_zero();
            }
            vf_transpose(t);
            float *out = b->out + k * b->width + base;
            SLD_UNROLL
            for (int i = 0; i < VF; i++) {
                if (i < count) {
                    vf_store_m(out + i * b->width, t[i], store);
                }
            }
        }
    }
}

static void pack_block(const sld_matmul_block *b)
{
    if (b->along_k) {
        pack_along_k(b);
        return;
    }
    for (int base = 0; base < b->width; base += VF) {
        vm load = vm_first(b->live - base);
        vm store = vm_first(b->width - base);
        const float *from = b->from + base;
        for (int64_t k = 0; k < b->depth; k++, from += b->stride) {
            vf_store_m(b->out + k * b->width + base, vf_load_m(from, load), store);
        }
    }
}

/* Steps of k to ask ahead: B comes from memory. */
#define ROW_AHEAD 64

/* Four interleaved parts of k hide the latency of the multiply-add. */
static SLD_ALWAYS_INLINE void row_product(int64_t depth, const float *a, const float *b,
                                          int64_t stride, float *sum, vm low, vm high)
{
    vf acc[4][2];
    SLD_UNROLL
    for (int part = 0; part < 4; part++) {
        acc[part][0] = vf_zero();
        acc[part][1] = vf_zero();
    }
    int64_t k = 0;
    for (; k + 4 <= depth; k += 4) {
        SLD_UNROLL
        for (int part = 0; part < 4; part++) {
            vf x = vf_set1(a[k + part]);
            const float *p = b + (k + part) * stride;
            SLD_UNROLL
            for (int v = 0; v < 2 * VF; v += 16) { /* every cache line once */
                _mm_prefetch((const char *)(p + ROW_AHEAD * stride + v), _MM_HINT_T0);
            }
            acc[part][0] = vf_fma(x, vf_load_m(p, low), acc[part][0]);
            acc[part][1] = vf_fma(x, vf_load_m(p + VF, high), acc[part][1]);
        }
    }
    for (; k < depth; k++) {
        vf x = vf_set1(a[k]);
        acc[0][0] = vf_fma(x, vf_load_m(b + k * stride, low), acc[0][0]);
        acc[0][1] = vf_fma(x, vf_load_m(b + k * stride + VF, high), acc[0][1]);
    }
    for (int v = 0; v < 2; v++) {
        vf_store(sum + v * VF, vf_add(vf_add(acc[0][v], acc[1][v]), vf_add(acc[2][v], acc[3][v])));
    }
}

static void single_row(int n, int64_t depth, const float *a, const float *b, int64_t stride,
                       float *sum)
{
    row_product(depth, a, b, stride, sum, vm_first(n), vm_first(n - VF));
}
