/* SPDX-License-Identifier: Apache-2.0 */
/* The machine: what it is, and on request what one core of it can do. */
#include <stdio.h>

#include "base/peak.h"
#include "runtime/runtime_internal.h"

/* Well beyond the last cache, so that memory is measured; 0 if there is not enough. */
static double measure_read(const sld_cpu *cpu)
{
    size_t bytes = cpu->l3 * 2;
    bytes = bytes < ((size_t)32 << 20) ? (size_t)32 << 20 : bytes;
    bytes = bytes > ((size_t)256 << 20) ? (size_t)256 << 20 : bytes;
    void *buffer = sld_alloc(NULL, bytes);
    if (buffer == NULL) {
        return 0.0;
    }
    memset(buffer, 1, bytes); /* untouched pages would all be one page of zeros */
    double gbps = sld_peak_read(cpu->isas, buffer, bytes);
    sld_release(NULL, buffer, bytes);
    return gbps;
}

void solder_device_query(solder_device *device, bool measure)
{
    if (device == NULL) {
        return;
    }
    sld_cpu cpu;
    sld_cpu_detect(&cpu);
    *device = (solder_device){.cores = cpu.cores, .l1d = cpu.l1d, .l2 = cpu.l2, .l3 = cpu.l3};
    (void)snprintf(device->name, sizeof device->name, "%s", cpu.name);
    (void)snprintf(device->level, sizeof device->level, "%s", sld_cpu_level_name(cpu.isas));
    if (measure) {
        device->peak_gflops = sld_peak_gflops(cpu.isas);
        device->read_gbps = measure_read(&cpu);
    }
}
