/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "runtime/runtime_internal.h"

void solder_device_query(solder_device *device, bool measure)
{
    (void)measure;
    sld_cpu cpu;
    sld_cpu_detect(&cpu);
    *device = (solder_device){.cores = cpu.cores, .l1d = cpu.l1d, .l2 = cpu.l2, .l3 = cpu.l3};
    (void)snprintf(device->name, sizeof device->name, "%s", cpu.name);
    (void)snprintf(device->level, sizeof device->level, "%s", sld_cpu_level_name(cpu.isas));
}
