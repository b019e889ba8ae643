/* SPDX-License-Identifier: Apache-2.0 */
#include "base/peak.h"

#include <string.h>
#include <time.h>

#define SECONDS 0.002
#define REPEATS 20

static double seconds_now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double portable_multiply_add(int64_t rounds, float *sink)
{
    float sums[16];
    for (int i = 0; i < 16; i++) {
        sums[i] = (float)i;
    }
    for (int64_t r = 0; r < rounds; r++) {
        for (int i = 0; i < 16; i++) {
            sums[i] = sums[i] * 0.999f + 0.1f;
        }
    }
    for (int i = 0; i < 16; i++) {
        *sink += sums[i];
    }
    return (double)rounds * 16 * 2;
}

static void portable_read(const void *buffer, size_t bytes, float *sink)
{
    const char *p = buffer;
    uint64_t sum[4] = {0};
    for (size_t i = 0; i + 32 <= bytes; i += 32) {
        uint64_t word[4];
        memcpy(word, p + i, 32);
        for (int j = 0; j < 4; j++) {
            sum[j] ^= word[j];
        }
    }
    *sink += (float)(sum[0] ^ sum[1] ^ sum[2] ^ sum[3]);
}

const sld_peak_loops sld_peak_portable = {portable_multiply_add, portable_read};

static const sld_peak_loops *loops_of(sld_isa_mask isas)
{
#if defined(__x86_64__)
    if (isas & (1u << SLD_ISA_AVX512)) {
        return &sld_peak_avx512;
    }
    if (isas & (1u << SLD_ISA_AVX2)) {
        return &sld_peak_avx2;
    }
#endif
    (void)isas;
    return &sld_peak_portable;
}

/* The best of many short runs: a busy machine must not lower the yardstick. */
double sld_peak_gflops(sld_isa_mask isas)
{
    const sld_peak_loops *loops = loops_of(isas);
    volatile float kept = 0.0f;
    double best = 0.0;
    for (int i = 0; i < REPEATS; i++) {
        double flops = 0.0;
        double start = seconds_now();
        double passed;
        do {
            float sink = kept;
            flops += loops->multiply_add(20000, &sink);
            kept = sink;
            passed = seconds_now() - start;
        } while (passed < SECONDS);
        best = flops / passed > best ? flops / passed : best;
    }
    return best * 1e-9;
}

double sld_peak_read(sld_isa_mask isas, const void *buffer, size_t bytes)
{
    const sld_peak_loops *loops = loops_of(isas);
    volatile float kept = 0.0f;
    double best = 0.0;
    for (int i = 0; i < REPEATS && bytes > 0; i++) {
        double read = 0.0;
        double start = seconds_now();
        double passed;
        do {
            float sink = kept;
            loops->read(buffer, bytes, &sink);
            kept = sink;
            read += (double)bytes;
            passed = seconds_now() - start;
        } while (passed < SECONDS);
        best = read / passed > best ? read / passed : best;
    }
    return best * 1e-9;
}
