/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "tactics/tactics.h"

solder_status sld_target_init(sld_diag *diag, const char *level, int threads, sld_target *target)
{
    sld_cpu cpu;
    sld_cpu_detect(&cpu);
    *target = (sld_target){.isas = cpu.isas, .threads = threads, .can_time = true};
    if (level != NULL && strcmp(level, "native") != 0) {
        if (!sld_cpu_level(level, &target->isas)) {
            return sld_fail(diag, SOLDER_ERROR_ARGUMENT,
                            "unknown target '%s': known are x86-64, x86-64-v3, x86-64-v4, "
                            "avx512vnni, avx512bf16, armv8-a, portable, native",
                            level);
        }
        target->can_time = false;
        (void)snprintf(cpu.name, sizeof cpu.name, "any");
    }
    if (threads < 0 || threads > 1024) {
        return sld_fail(diag, SOLDER_ERROR_ARGUMENT, "%d threads: give 1 to 1024, 0 for all cores",
                        threads);
    }
    if (threads == 0) {
        target->threads = cpu.cores;
    }
    (void)snprintf(target->name, sizeof target->name, "%s / %s / %d threads", cpu.name,
                   sld_cpu_level_name(target->isas), target->threads);
    return SOLDER_OK;
}
