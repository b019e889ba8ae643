/* SPDX-License-Identifier: Apache-2.0 */
/* solder devices: the machine, as the tuner and the bench see it. */
#include "commands.h"
#include "json.h"

#include <stdio.h>

static const char *bytes_text(size_t bytes, char text[32])
{
    if (bytes >= 1u << 20) {
        (void)snprintf(text, 32, "%.4g MiB", (double)bytes / (1 << 20));
    } else {
        (void)snprintf(text, 32, "%zu KiB", bytes >> 10);
    }
    return text;
}

static json_t *describe(const solder_device *device)
{
    json_t *object = json_object();
    cli_json_set(object, "id", json_string("cpu"));
    cli_json_set(object, "name", cli_json_text(device->name));
    cli_json_set(object, "level", cli_json_text(device->level));
    cli_json_set(object, "cores", json_integer(device->cores));
    cli_json_set(object, "l1d_bytes", json_integer((json_int_t)device->l1d));
    cli_json_set(object, "l2_bytes", json_integer((json_int_t)device->l2));
    cli_json_set(object, "l3_bytes", json_integer((json_int_t)device->l3));
    cli_json_set(object, "peak_gflops_per_core", cli_json_real(device->peak_gflops));
    cli_json_set(object, "read_gbps_per_core", cli_json_real(device->read_gbps));
    return object;
}

/* --cpu is refused when it is not a level; the library says which are. */
static int check_level(const char *cpu)
{
    solder_runtime_options settings = solder_runtime_options_default();
    solder_runtime *runtime;
    settings.cpu = cpu;
    settings.threads = 1;
    solder_status status = solder_runtime_create(&settings, &runtime);
    if (status != SOLDER_OK) {
        return cli_fail(status == SOLDER_ERROR_MEMORY ? CLI_MACHINE : CLI_USAGE,
                        "--cpu: '%s' is not a processor level", cpu);
    }
    solder_runtime_destroy(runtime);
    return CLI_DONE;
}

int cli_devices(const cli_options *options)
{
    if (options->cpu != NULL) {
        int status = check_level(options->cpu);
        if (status != CLI_DONE) {
            return status;
        }
    }
    solder_device device;
    char l1d[32];
    char l2[32];
    char l3[32];
    solder_device_query(&device, true);
    cli_print("cpu: %s\n", device.name);
    cli_print("  level   %s\n", device.level);
    if (options->cpu != NULL) {
        cli_print("  used as %s\n", options->cpu);
    }
    cli_print("  cores   %d\n", device.cores);
    cli_print("  caches  L1d %s, L2 %s, L3 %s\n", bytes_text(device.l1d, l1d),
              bytes_text(device.l2, l2), bytes_text(device.l3, l3));
    cli_print("  peak    %.1f GFLOP/s float32 multiply-add, one core, measured\n",
              device.peak_gflops);
    cli_print("  read    %.1f GB/s streaming, one core, measured\n", device.read_gbps);
    if (options->json == NULL) {
        return CLI_DONE;
    }
    json_t *report = cli_json_create("devices");
    json_t *list = json_array();
    cli_json_append(list, describe(&device));
    cli_json_set(report, "devices", list);
    return cli_json_write(options->json, report);
}
