/* SPDX-License-Identifier: Apache-2.0 */
/* What one core can do at most, measured: the yardstick of benches and device queries. */
#ifndef SLD_BASE_PEAK_H
#define SLD_BASE_PEAK_H

#include "base/cpu.h"

/* Float32 multiply-add peak in GFLOP/s (an add and a multiply count two); takes about 40 ms. */
double sld_peak_gflops(sld_isa_mask isas);

/* GB/s of reading buffer front to back, repeated for about 40 ms. */
double sld_peak_read(sld_isa_mask isas, const void *buffer, size_t bytes);

/* The loops, one pair per instruction set: flops done; a value that depends on every byte. */
typedef struct sld_peak_loops {
    double (*multiply_add)(int64_t rounds, float *sink);
    void (*read)(const void *buffer, size_t bytes, float *sink);
} sld_peak_loops;

extern const sld_peak_loops sld_peak_portable;
#if defined(__x86_64__)
extern const sld_peak_loops sld_peak_avx2;
extern const sld_peak_loops sld_peak_avx512;
#endif

#endif
