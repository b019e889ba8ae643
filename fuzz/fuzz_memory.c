/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

static void *limited_alloc(void *user, size_t size, size_t align)
{
    fuzz_memory *memory = user;
    if (size > memory->limit || memory->used > memory->limit - size) {
        return NULL;
    }
    void *pointer = sld_libc_allocator.alloc(NULL, size, align);
    if (pointer != NULL) {
        memory->used += size;
    }
    return pointer;
}

static void limited_release(void *user, void *pointer, size_t size)
{
    fuzz_memory *memory = user;
    memory->used -= size;
    sld_libc_allocator.release(NULL, pointer, size);
}

solder_allocator fuzz_allocator(fuzz_memory *memory)
{
    return (solder_allocator){memory, limited_alloc, limited_release};
}

void fuzz_check_released(const fuzz_memory *memory)
{
    if (memory->used != 0) {
        __builtin_trap();
    }
}
