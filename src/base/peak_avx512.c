/* SPDX-License-Identifier: Apache-2.0 */
#include <immintrin.h>

#include "base/compiler.h"
#include "base/peak.h"

static double multiply_add(int64_t rounds, float *sink)
{
    __m512 sums[16];
    const __m512 factor = _mm512_set1_ps(0.999f);
    const __m512 term = _mm512_set1_ps(0.1f);
    SLD_UNROLL
    for (int i = 0; i < 16; i++) {
        sums[i] = _mm512_set1_ps((float)i);
    }
    for (int64_t r = 0; r < rounds; r++) {
        SLD_UNROLL
        for (int i = 0; i < 16; i++) {
            sums[i] = _mm512_fmadd_ps(sums[i], factor, term);
        }
    }
    SLD_UNROLL
    for (int i = 0; i < 16; i++) {
        *sink += _mm512_cvtss_f32(sums[i]);
    }
    return (double)rounds * 16 * 16 * 2;
}

static void read_all(const void *buffer, size_t bytes, float *sink)
{
    const char *p = buffer;
    __m512i sum[4] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(),
                      _mm512_setzero_si512()};
    for (size_t i = 0; i + 256 <= bytes; i += 256) {
        SLD_UNROLL
        for (int j = 0; j < 4; j++) {
            sum[j] = _mm512_xor_si512(sum[j], _mm512_loadu_si512(p + i + 64 * j));
        }
    }
    sum[0] = _mm512_xor_si512(_mm512_xor_si512(sum[0], sum[1]), _mm512_xor_si512(sum[2], sum[3]));
    *sink += (float)_mm512_reduce_add_epi32(sum[0]);
}

const sld_peak_loops sld_peak_avx512 = {multiply_add, read_all};
