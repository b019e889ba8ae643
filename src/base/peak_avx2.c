/* SPDX-License-Identifier: Apache-2.0 */
#include <immintrin.h>

#include "base/compiler.h"
#include "base/peak.h"

static double multiply_add(int64_t rounds, float *sink)
{
    __m256 sums[12];
    const __m256 factor = _mm256_set1_ps(0.999f);
    const __m256 term = _mm256_set1_ps(0.1f);
    SLD_UNROLL
    for (int i = 0; i < 12; i++) {
        sums[i] = _mm256_set1_ps((float)i);
    }
    for (int64_t r = 0; r < rounds; r++) {
        SLD_UNROLL
        for (int i = 0; i < 12; i++) {
            sums[i] = _mm256_fmadd_ps(sums[i], factor, term);
        }
    }
    SLD_UNROLL
    for (int i = 0; i < 12; i++) {
        *sink += _mm256_cvtss_f32(sums[i]);
    }
    return (double)rounds * 12 * 8 * 2;
}

static void read_all(const void *buffer, size_t bytes, float *sink)
{
    const char *p = buffer;
    __m256i sum[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(),
                      _mm256_setzero_si256()};
    for (size_t i = 0; i + 128 <= bytes; i += 128) {
        SLD_UNROLL
        for (int j = 0; j < 4; j++) {
            sum[j] =
                _mm256_xor_si256(sum[j], _mm256_loadu_si256((const __m256i *)(p + i + 32 * j)));
        }
    }
    sum[0] = _mm256_xor_si256(_mm256_xor_si256(sum[0], sum[1]), _mm256_xor_si256(sum[2], sum[3]));
    int32_t lanes[8];
    _mm256_storeu_si256((__m256i *)lanes, sum[0]);
    for (int i = 0; i < 8; i++) {
        *sink += (float)lanes[i];
    }
}

const sld_peak_loops sld_peak_avx2 = {multiply_add, read_all};
