/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "base/cpu.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#define BIT(isa) (1u << (isa))
#define PORTABLE BIT(SLD_ISA_PORTABLE)
#define V3       (PORTABLE | BIT(SLD_ISA_AVX2))
#define V4       (V3 | BIT(SLD_ISA_AVX512))
#define VNNI     (V4 | BIT(SLD_ISA_AVX512VNNI))
#define BF16     (VNNI | BIT(SLD_ISA_AVX512BF16))
#define NEON     (PORTABLE | BIT(SLD_ISA_NEON))

static const struct {
    const char *name;
    sld_isa_mask isas;
} levels[] = {
    {"x86-64", PORTABLE}, {"portable", PORTABLE}, {"x86-64-v2", PORTABLE}, {"avx2", V3},
    {"x86-64-v3", V3},    {"avx512", V4},         {"x86-64-v4", V4},       {"avx512vnni", VNNI},
    {"avx512bf16", BF16}, {"neon", NEON},         {"armv8-a", NEON},
};

bool sld_cpu_level(const char *level, sld_isa_mask *isas)
{
    if (strcmp(level, "native") == 0) {
        sld_cpu cpu;
        sld_cpu_detect(&cpu);
        *isas = cpu.isas;
        return true;
    }
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (strcmp(level, levels[i].name) == 0) {
            *isas = levels[i].isas;
            return true;
        }
    }
    return false;
}

const char *sld_cpu_level_name(sld_isa_mask isas)
{
    const char *best = "x86-64";
#if defined(__aarch64__)
    best = "portable";
#endif
    sld_isa_mask best_mask = PORTABLE;
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if ((isas & levels[i].isas) == levels[i].isas && levels[i].isas > best_mask) {
            best = levels[i].name;
            best_mask = levels[i].isas;
        }
    }
    return best;
}

const char *sld_isa_name(sld_isa isa)
{
    static const char *const names[SLD_ISA_COUNT] = {"portable",   "avx2",       "avx512",
                                                     "avx512vnni", "avx512bf16", "neon"};
    return isa < SLD_ISA_COUNT ? names[isa] : "?";
}

static size_t read_small_file(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, text, size - 1) : -1;
    if (fd >= 0) {
        (void)close(fd);
    }
    text[got > 0 ? got : 0] = '\0';
    return got > 0 ? (size_t)got : 0;
}

static void detect_caches(sld_cpu *cpu)
{
    cpu->l1d = 32 * 1024;
    cpu->l2 = 512 * 1024;
    cpu->l3 = 4 * 1024 * 1024;
    for (int i = 0; i < 8; i++) {
        char path[96];
        char level[16];
        char type[32];
        char size[32];
        (void)snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/level", i);
        if (read_small_file(path, level, sizeof level) == 0) {
            break;
        }
        (void)snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/type", i);
        (void)read_small_file(path, type, sizeof type);
        (void)snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/size", i);
        (void)read_small_file(path, size, sizeof size);
        char *end;
        unsigned long value = strtoul(size, &end, 10);
        size_t bytes = *end == 'M' ? value << 20 : *end == 'K' ? value << 10 : value;
        if (bytes == 0 || type[0] == 'I') {
            continue;
        }
        *(level[0] == '1' ? &cpu->l1d : level[0] == '2' ? &cpu->l2 : &cpu->l3) = bytes;
    }
}

#if defined(__x86_64__)
static uint64_t read_xcr0(void)
{
    uint32_t low;
    uint32_t high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return ((uint64_t)high << 32) | low;
}

static void detect_isas(sld_cpu *cpu)
{
    unsigned a;
    unsigned b;
    unsigned c;
    unsigned d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE) || !(c & bit_AVX)) {
        return;
    }
    bool fma = (c & bit_FMA) != 0 && (c & bit_F16C) != 0;
    uint64_t xcr0 = read_xcr0();
    if ((xcr0 & 0x6) != 0x6 || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
        return;
    }
    if ((b & bit_AVX2) && fma) {
        cpu->isas |= BIT(SLD_ISA_AVX2);
    }
    unsigned needed = bit_AVX512F | bit_AVX512DQ | bit_AVX512BW | bit_AVX512VL | bit_AVX512CD;
    if ((xcr0 & 0xe6) == 0xe6 && (b & needed) == needed && (cpu->isas & BIT(SLD_ISA_AVX2))) {
        cpu->isas |= BIT(SLD_ISA_AVX512);
        if (c & bit_AVX512VNNI) {
            cpu->isas |= BIT(SLD_ISA_AVX512VNNI);
            unsigned a1;
            unsigned other;
            if (__get_cpuid_count(7, 1, &a1, &other, &other, &other) && (a1 & (1u << 5))) {
                cpu->isas |= BIT(SLD_ISA_AVX512BF16);
            }
        }
    }
    unsigned brand[12];
    for (unsigned i = 0; i < 3; i++) {
        if (!__get_cpuid(0x80000002u + i, &brand[i * 4], &brand[i * 4 + 1], &brand[i * 4 + 2],
                         &brand[i * 4 + 3])) {
            return;
        }
    }
    memcpy(cpu->name, brand, 48);
    cpu->name[48] = '\0';
    for (size_t n = strlen(cpu->name); n > 0 && cpu->name[n - 1] == ' '; n--) {
        cpu->name[n - 1] = '\0';
    }
}
#else
static void detect_isas(sld_cpu *cpu)
{
#if defined(__aarch64__)
    cpu->isas |= BIT(SLD_ISA_NEON); /* Advanced SIMD is mandatory in AArch64 */
#else
    (void)cpu;
#endif
}
#endif

void sld_cpu_detect(sld_cpu *cpu)
{
    memset(cpu, 0, sizeof *cpu);
    cpu->isas = PORTABLE;
    (void)snprintf(cpu->name, sizeof cpu->name, "unknown processor");
    detect_isas(cpu);
    detect_caches(cpu);
    cpu_set_t set;
    CPU_ZERO(&set);
    cpu->cores = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    if (cpu->cores < 1) {
        cpu->cores = 1;
    }
}
