/* SPDX-License-Identifier: Apache-2.0 */
/* What the processor can do, and how much of it a caller lets us see. */
#ifndef SLD_BASE_CPU_H
#define SLD_BASE_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Instruction sets a kernel may be written for. Part of kernel names, not of plans. */
typedef enum sld_isa {
    SLD_ISA_PORTABLE = 0, /* plain C */
    SLD_ISA_AVX2,         /* AVX2 + FMA + F16C: x86-64-v3 */
    SLD_ISA_AVX512,       /* F, DQ, BW, VL, CD: x86-64-v4 */
    SLD_ISA_AVX512VNNI,   /* AVX512 + VNNI */
    SLD_ISA_AVX512BF16,   /* AVX512VNNI + BF16 */
    SLD_ISA_NEON,         /* AArch64 */
    SLD_ISA_COUNT
} sld_isa;

typedef uint32_t sld_isa_mask; /* bit per sld_isa; bit 0 always set */

typedef struct sld_cpu {
    sld_isa_mask isas;
    size_t l1d, l2, l3; /* bytes; sensible guesses where the system does not say */
    int cores;          /* that this process may use */
    char name[64];      /* "AMD EPYC ..." */
} sld_cpu;

/* Reads cpuid, getauxval and sysfs afresh. Thread-safe. */
void sld_cpu_detect(sld_cpu *cpu);

/*
 * The instruction sets of a named level: x86-64, x86-64-v3 (= avx2), x86-64-v4 (= avx512),
 * avx512vnni, avx512bf16, armv8-a (= neon), portable, native. False if the name is unknown.
 */
bool sld_cpu_level(const char *level, sld_isa_mask *isas);

/* "avx512vnni": the highest level contained in the mask. */
const char *sld_cpu_level_name(sld_isa_mask isas);

const char *sld_isa_name(sld_isa isa);

#endif
