/* SPDX-License-Identifier: Apache-2.0 */
/* What every fuzz target has: libFuzzer's entry, an allocator with a limit. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct fuzz_memory {
    size_t used, limit;
} fuzz_memory;

/* libc, refusing what would go over the limit. */
solder_allocator fuzz_allocator(fuzz_memory *memory);
/* Traps unless everything was released: a leak is a finding. */
void fuzz_check_released(const fuzz_memory *memory);

#endif
