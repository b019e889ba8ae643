/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One vocabulary for float vectors, so that a kernel is written once and compiled for AVX2 and
 * AVX-512 (by the suffix of the .c file that includes it). Masked accesses touch only the lanes
 * asked for: an address may lie outside the buffer as long as its live lanes do not.
 */
#ifndef SLD_KERNELS_SIMD_H
#define SLD_KERNELS_SIMD_H

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

#if defined(__AVX512F__)

#define VF 16
typedef __m512 vf;
typedef __m512i vi;
typedef __mmask16 vm;

static SLD_ALWAYS_INLINE vf vf_zero(void)
{
    return _mm512_setzero_ps();
}
static SLD_ALWAYS_INLINE vf vf_set1(float x)
{
    return _mm512_set1_ps(x);
}
static SLD_ALWAYS_INLINE vf vf_load(const float *p)
{
    return _mm512_loadu_ps(p);
}
static SLD_ALWAYS_INLINE void vf_store(float *p, vf v)
{
    _mm512_storeu_ps(p, v);
}
static SLD_ALWAYS_INLINE vf vf_add(vf a, vf b)
{
    return _mm512_add_ps(a, b);
}
static SLD_ALWAYS_INLINE vf vf_sub(vf a, vf b)
{
    return _mm512_sub_ps(a, b);
}
static SLD_ALWAYS_INLINE vf vf_mul(vf a, vf b)
{
    return _mm512_mul_ps(a, b);
}
static SLD_ALWAYS_INLINE vf vf_div(vf a, vf b)
{
    return _mm512_div_ps(a, b);
}
static SLD_ALWAYS_INLINE vf vf_sqrt(vf a)
{
    return _mm512_sqrt_ps(a);
}
/* NaN in either operand gives b. */
static SLD_ALWAYS_INLINE vf vf_max(vf a, vf b)
{
    return _mm512_max_ps(a, b);
}
static SLD_ALWAYS_INLINE vf vf_min(vf a, vf b)
{
    return _mm512_min_ps(a, b);
}
/* a b + c, c - a b */
static SLD_ALWAYS_INLINE vf vf_fma(vf a, vf b, vf c)
{
    return _mm512_fmadd_ps(a, b, c);
}
static SLD_ALWAYS_INLINE vf vf_fnma(vf a, vf b, vf c)
{
    return _mm512_fnmadd_ps(a, b, c);
}
static SLD_ALWAYS_INLINE vf vf_and(vf a, vf b)
{
    return _mm512_and_ps(a, b);
}
static SLD_ALWAYS_INLINE vf vf_or(vf a, vf b)
{
    return _mm512_or_ps(a, b);
}
static SLD_ALWAYS_INLINE vf vf_xor(vf a, vf b)
{
    return _mm512_xor_ps(a, b);
}
static SLD_ALWAYS_INLINE vf vf_round(vf a)
{
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
static SLD_ALWAYS_INLINE vi vf_to_int(vf a)
{
    return _mm512_cvtps_epi32(a);
}
static SLD_ALWAYS_INLINE vf vf_from_int(vi a)
{
    return _mm512_cvtepi32_ps(a);
}
static SLD_ALWAYS_INLINE vf vf_from_bits(vi a)
{
    return _mm512_castsi512_ps(a);
}
static SLD_ALWAYS_INLINE vi vf_bits(vf a)
{
    return _mm512_castps_si512(a);
}
static SLD_ALWAYS_INLINE vi vi_set1(int32_t x)
{
    return _mm512_set1_epi32(x);
}
static SLD_ALWAYS_INLINE vi vi_add(vi a, vi b)
{
    return _mm512_add_epi32(a, b);
}
static SLD_ALWAYS_INLINE vi vi_sub(vi a, vi b)
{
    return _mm512_sub_epi32(a, b);
}
static SLD_ALWAYS_INLINE vi vi_and(vi a, vi b)
{
    return _mm512_and_si512(a, b);
}
#define vi_shift_left(a, n)  _mm512_slli_epi32(a, n)
#define vi_shift_right(a, n) _mm512_srai_epi32(a, n)

/* Lanes [from, to), both clamped to [0, VF]. */
static SLD_ALWAYS_INLINE vm vm_range(int64_t from, int64_t to)
{
    from = from < 0 ? 0 : from > VF ? VF : from;
    to = to < from ? from : to > VF ? VF : to;
    return (vm)(((1u << to) - 1u) & ~((1u << from) - 1u));
}
static SLD_ALWAYS_INLINE vm vm_and(vm a, vm b)
{
    return (vm)(a & b);
}
static SLD_ALWAYS_INLINE vf vf_load_m(const float *p, vm m)
{
    return _mm512_maskz_loadu_ps(m, p);
}
static SLD_ALWAYS_INLINE void vf_store_m(float *p, vf v, vm m)
{
    _mm512_mask_storeu_ps(p, m, v);
}
/* The first n lanes: where n is known better than vf_store_m, whose mask costs many cycles on AVX2.
 */
static SLD_ALWAYS_INLINE void vf_store_first(float *p, vf v, int64_t n)
{
    _mm512_mask_storeu_ps(p, n >= VF ? (vm)0xffff : (vm)((1u << n) - 1u), v);
}
static SLD_ALWAYS_INLINE vm vf_lt(vf a, vf b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ);
}
static SLD_ALWAYS_INLINE vm vf_gt(vf a, vf b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ);
}
static SLD_ALWAYS_INLINE vm vf_nan(vf a)
{
    return _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q);
}
/* m ? a : b */
static SLD_ALWAYS_INLINE vf vf_select(vm m, vf a, vf b)
{
    return _mm512_mask_blend_ps(m, b, a);
}

/* p[step * lane] for the lanes of m. */
static SLD_ALWAYS_INLINE vf vf_gather(const float *p, vi index, vm m)
{
    return _mm512_mask_i32gather_ps(_mm512_setzero_ps(), m, index, p, 4);
}
static SLD_ALWAYS_INLINE vi vi_lanes(void)
{
    return _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}
static SLD_ALWAYS_INLINE vi vi_mul(vi a, vi b)
{
    return _mm512_mullo_epi32(a, b);
}
/* Elements 0 2 4 ... of the concatenation of a and b. */
static SLD_ALWAYS_INLINE vf vf_even(vf a, vf b)
{
    const vi index = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    return _mm512_permutex2var_ps(a, index, b);
}
/* Within each 128 bits: the even elements of a, then of b; the odd ones; and what undoes both. */
static SLD_ALWAYS_INLINE vf vf_pair_even(vf a, vf b)
{
    return _mm512_shuffle_ps(a, b, 0x88);
}
static SLD_ALWAYS_INLINE vf vf_pair_odd(vf a, vf b)
{
    return _mm512_shuffle_ps(a, b, 0xdd);
}
static SLD_ALWAYS_INLINE vf vf_pair_low(vf even, vf odd)
{
    return _mm512_unpacklo_ps(even, odd);
}
static SLD_ALWAYS_INLINE vf vf_pair_high(vf even, vf odd)
{
    return _mm512_unpackhi_ps(even, odd);
}
static SLD_ALWAYS_INLINE float vf_sum(vf a)
{
    return _mm512_reduce_add_ps(a);
}
static SLD_ALWAYS_INLINE float vf_hmax(vf a)
{
    return _mm512_reduce_max_ps(a);
}

static SLD_ALWAYS_INLINE void vf_transpose(vf r[VF])
{
    vf t[VF];
    SLD_UNROLL
    for (int i = 0; i < 16; i += 4) {
        vf a = _mm512_unpacklo_ps(r[i], r[i + 1]);
        vf b = _mm512_unpackhi_ps(r[i], r[i + 1]);
        vf c = _mm512_unpacklo_ps(r[i + 2], r[i + 3]);
        vf d = _mm512_unpackhi_ps(r[i + 2], r[i + 3]);
        t[i] = _mm512_shuffle_ps(a, c, 0x44);
        t[i + 1] = _mm512_shuffle_ps(a, c, 0xee);
        t[i + 2] = _mm512_shuffle_ps(b, d, 0x44);
        t[i + 3] = _mm512_shuffle_ps(b, d, 0xee);
    }
    SLD_UNROLL
    for (int i = 0; i < 4; i++) {
        vf a = _mm512_shuffle_f32x4(t[i], t[i + 4], 0x88);
        vf b = _mm512_shuffle_f32x4(t[i], t[i + 4], 0xdd);
        vf c = _mm512_shuffle_f32x4(t[i + 8], t[i + 12], 0x88);
        vf d = _mm512_shuffle_f32x4(t[i + 8], t[i + 12], 0xdd);
        r[i] = _mm512_shuffle_f32x4(a, c, 0x88);
        r[i + 4] = _mm512_shuffle_f32x4(b, d, 0x88);
        r[i + 8] = _mm512_shuffle_f32x4(a, c, 0xdd);
        r[i + 12] = _mm512_shuffle_f32x4(b, d, 0xdd);
    }
}

#else

#define VF                   8
typedef __m256 vf;
typedef __m256i vi;
typedef __m256i vm;

static SLD_ALWAYS_INLINE vf vf_zero(void)
{
    return _mm256_setzero_ps();
}
static SLD_ALWAYS_INLINE vf vf_set1(float x)
{
    return _mm256_set1_ps(x);
}
static SLD_ALWAYS_INLINE vf vf_load(const float *p)
{
    return _mm256_loadu_ps(p);
}
static SLD_ALWAYS_INLINE void vf_store(float *p, vf v)
{
    _mm256_storeu_ps(p, v);
}
static SLD_ALWAYS_INLINE vf vf_add(vf a, vf b)
{
    return _mm256_add_ps(a, b);
}
static SLD_ALWAYS_INLINE vf vf_sub(vf a, vf b)
{
    return _mm256_sub_ps(a, b);
}
static SLD_ALWAYS_INLINE vf vf_mul(vf a, vf b)
{
    return _mm256_mul_ps(a, b);
}
static SLD_ALWAYS_INLINE vf vf_div(vf a, vf b)
{
    return _mm256_div_ps(a, b);
}
static SLD_ALWAYS_INLINE vf vf_sqrt(vf a)
{
    return _mm256_sqrt_ps(a);
}
static SLD_ALWAYS_INLINE vf vf_max(vf a, vf b)
{
    return _mm256_max_ps(a, b);
}
static SLD_ALWAYS_INLINE vf vf_min(vf a, vf b)
{
    return _mm256_min_ps(a, b);
}
static SLD_ALWAYS_INLINE vf vf_fma(vf a, vf b, vf c)
{
    return _mm256_fmadd_ps(a, b, c);
}
static SLD_ALWAYS_INLINE vf vf_fnma(vf a, vf b, vf c)
{
    return _mm256_fnmadd_ps(a, b, c);
}
static SLD_ALWAYS_INLINE vf vf_and(vf a, vf b)
{
    return _mm256_and_ps(a, b);
}
static SLD_ALWAYS_INLINE vf vf_or(vf a, vf b)
{
    return _mm256_or_ps(a, b);
}
static SLD_ALWAYS_INLINE vf vf_xor(vf a, vf b)
{
    return _mm256_xor_ps(a, b);
}
static SLD_ALWAYS_INLINE vf vf_round(vf a)
{
    return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
static SLD_ALWAYS_INLINE vi vf_to_int(vf a)
{
    return _mm256_cvtps_epi32(a);
}
static SLD_ALWAYS_INLINE vf vf_from_int(vi a)
{
    return _mm256_cvtepi32_ps(a);
}
static SLD_ALWAYS_INLINE vf vf_from_bits(vi a)
{
    return _mm256_castsi256_ps(a);
}
static SLD_ALWAYS_INLINE vi vf_bits(vf a)
{
    return _mm256_castps_si256(a);
}
static SLD_ALWAYS_INLINE vi vi_set1(int32_t x)
{
    return _mm256_set1_epi32(x);
}
static SLD_ALWAYS_INLINE vi vi_add(vi a, vi b)
{
    return _mm256_add_epi32(a, b);
}
static SLD_ALWAYS_INLINE vi vi_sub(vi a, vi b)
{
    return _mm256_sub_epi32(a, b);
}
static SLD_ALWAYS_INLINE vi vi_and(vi a, vi b)
{
    return _mm256_and_si256(a, b);
}
#define vi_shift_left(a, n)  _mm256_slli_epi32(a, n)
#define vi_shift_right(a, n) _mm256_srai_epi32(a, n)

static SLD_ALWAYS_INLINE vi vi_lanes(void)
{
    return _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
}
static SLD_ALWAYS_INLINE vi vi_mul(vi a, vi b)
{
    return _mm256_mullo_epi32(a, b);
}
static SLD_ALWAYS_INLINE vm vm_range(int64_t from, int64_t to)
{
    from = from < 0 ? 0 : from > VF ? VF : from;
    to = to < from ? from : to > VF ? VF : to;
    vi below = _mm256_cmpgt_epi32(vi_set1((int32_t)to), vi_lanes());
    return _mm256_andnot_si256(_mm256_cmpgt_epi32(vi_set1((int32_t)from), vi_lanes()), below);
}
static SLD_ALWAYS_INLINE vm vm_and(vm a, vm b)
{
    return _mm256_and_si256(a, b);
}
static SLD_ALWAYS_INLINE vf vf_load_m(const float *p, vm m)
{
    return _mm256_maskload_ps(p, m);
}
static SLD_ALWAYS_INLINE void vf_store_m(float *p, vf v, vm m)
{
    if (_mm256_movemask_ps(_mm256_castsi256_ps(m)) == 0xff) {
        _mm256_storeu_ps(p, v);
    } else {
        _mm256_maskstore_ps(p, m, v);
    }
}
static SLD_ALWAYS_INLINE void vf_store_first(float *p, vf v, int64_t n)
{
    if (n >= VF) {
        _mm256_storeu_ps(p, v);
        return;
    }
    __m128 part = _mm256_castps256_ps128(v);
    if (n & 4) {
        _mm_storeu_ps(p, part);
        part = _mm256_extractf128_ps(v, 1);
        p += 4;
    }
    if (n & 2) {
        _mm_storel_pi((__m64 *)p, part);
        part = _mm_movehl_ps(part, part);
        p += 2;
    }
    if (n & 1) {
        _mm_store_ss(p, part);
    }
}
static SLD_ALWAYS_INLINE vm vf_lt(vf a, vf b)
{
    return _mm256_castps_si256(_mm256_cmp_ps(a, b, _CMP_LT_OQ));
}
static SLD_ALWAYS_INLINE vm vf_gt(vf a, vf b)
{
    return _mm256_castps_si256(_mm256_cmp_ps(a, b, _CMP_GT_OQ));
}
static SLD_ALWAYS_INLINE vm vf_nan(vf a)
{
    return _mm256_castps_si256(_mm256_cmp_ps(a, a, _CMP_UNORD_Q));
}
static SLD_ALWAYS_INLINE vf vf_select(vm m, vf a, vf b)
{
    return _mm256_blendv_ps(b, a, _mm256_castsi256_ps(m));
}
static SLD_ALWAYS_INLINE vf vf_gather(const float *p, vi index, vm m)
{
    return _mm256_mask_i32gather_ps(_mm256_setzero_ps(), p, index, _mm256_castsi256_ps(m), 4);
}
static SLD_ALWAYS_INLINE vf vf_even(vf a, vf b)
{
    vf t = _mm256_shuffle_ps(a, b, 0x88);
    return _mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(t), 0xd8));
}
static SLD_ALWAYS_INLINE vf vf_pair_even(vf a, vf b)
{
    return _mm256_shuffle_ps(a, b, 0x88);
}
static SLD_ALWAYS_INLINE vf vf_pair_odd(vf a, vf b)
{
    return _mm256_shuffle_ps(a, b, 0xdd);
}
static SLD_ALWAYS_INLINE vf vf_pair_low(vf even, vf odd)
{
    return _mm256_unpacklo_ps(even, odd);
}
static SLD_ALWAYS_INLINE vf vf_pair_high(vf even, vf odd)
{
    return _mm256_unpackhi_ps(even, odd);
}
static SLD_ALWAYS_INLINE float vf_sum(vf a)
{
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}
static SLD_ALWAYS_INLINE float vf_hmax(vf a)
{
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
}

static SLD_ALWAYS_INLINE void vf_transpose(vf r[VF])
{
    vf t[VF];
    SLD_UNROLL
    for (int i = 0; i < 8; i += 4) {
        vf a = _mm256_unpacklo_ps(r[i], r[i + 1]);
        vf b = _mm256_unpackhi_ps(r[i], r[i + 1]);
        vf c = _mm256_unpacklo_ps(r[i + 2], r[i + 3]);
        vf d = _mm256_unpackhi_ps(r[i + 2], r[i + 3]);
        t[i] = _mm256_shuffle_ps(a, c, 0x44);
        t[i + 1] = _mm256_shuffle_ps(a, c, 0xee);
        t[i + 2] = _mm256_shuffle_ps(b, d, 0x44);
        t[i + 3] = _mm256_shuffle_ps(b, d, 0xee);
    }
    SLD_UNROLL
    for (int i = 0; i < 4; i++) {
        r[i] = _mm256_permute2f128_ps(t[i], t[i + 4], 0x20);
        r[i + 4] = _mm256_permute2f128_ps(t[i], t[i + 4], 0x31);
    }
}

#endif

static SLD_ALWAYS_INLINE vm vm_first(int64_t n)
{
    return vm_range(0, n);
}
static SLD_ALWAYS_INLINE vf vf_abs(vf a)
{
    return vf_and(a, vf_from_bits(vi_set1(0x7fffffff)));
}

/* whole, a constant, says that every lane is live: masked stores are slow on AVX2. */
static SLD_ALWAYS_INLINE vf vf_load_part(const float *p, vm live, const bool whole)
{
    return whole ? vf_load(p) : vf_load_m(p, live);
}
static SLD_ALWAYS_INLINE void vf_store_part(float *p, vf v, vm live, const bool whole)
{
    if (whole) {
        vf_store(p, v);
    } else {
        vf_store_m(p, v, live);
    }
}

/* p[2 lane] for lanes [from, to); the others are 0. */
static SLD_ALWAYS_INLINE vf vf_load_even(const float *p, int64_t from, int64_t to)
{
    vf low = vf_load_m(p, vm_range(2 * from, 2 * to - 1));
    vf high = vf_load_m(p + VF, vm_range(2 * from - VF, 2 * to - 1 - VF));
    return vf_even(low, high);
}

#endif
