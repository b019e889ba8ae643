/* SPDX-License-Identifier: Apache-2.0 */
/* A timing cache file; what is put into it is found again. */
#include "fuzz_file.h"
#include "tactics/tactics.h"

static void use(sld_timing_cache *cache, size_t size)
{
    if (sld_timing_cache_get(cache, "key", "kernel") < -1) {
        __builtin_trap();
    }
    int64_t time = (int64_t)size;
    if (sld_timing_cache_put(cache, "key", "kernel", time) == SOLDER_OK &&
        sld_timing_cache_get(cache, "key", "kernel") != time) {
        __builtin_trap();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_memory memory = {.limit = 64u << 20};
    solder_allocator allocator = fuzz_allocator(&memory);
    static sld_diag diag;
    sld_diag_init(&diag, NULL);
    sld_timing_cache *cache;
    if (sld_timing_cache_open(&allocator, &diag, fuzz_file(data, size), &cache) == SOLDER_OK) {
        use(cache, size);
        sld_timing_cache_close(cache);
    }
    fuzz_check_released(&memory);
    return 0;
}
