/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Strides are products of dims too, also those around a 0. */
static bool without_zeros(const int64_t *dims, int rank, size_t *product, bool *empty)
{
    *product = 1;
    *empty = false;
    for (int i = 0; i < rank; i++) {
        *empty = *empty || dims[i] == 0;
        if (dims[i] < 0 || (uint64_t)dims[i] > SIZE_MAX ||
            (dims[i] > 0 && !sld_size_mul(*product, (size_t)dims[i], product))) {
            return false;
        }
    }
    return *product <= (size_t)INT64_MAX;
}

bool sld_dims_count(const int64_t *dims, int rank, size_t *count)
{
    size_t product;
    bool empty;
    if (!without_zeros(dims, rank, &product, &empty)) {
        return false;
    }
    *count = empty ? 0 : product;
    return true;
}

bool sld_dims_bytes(const int64_t *dims, int rank, solder_dtype dtype, size_t *bytes)
{
    size_t product;
    bool empty;
    if (!without_zeros(dims, rank, &product, &empty) ||
        !sld_size_mul(product, solder_dtype_size(dtype), &product) || product > (size_t)INT64_MAX) {
        return false;
    }
    *bytes = empty ? 0 : product;
    return true;
}

static void *libc_alloc(void *user, size_t size, size_t align)
{
    (void)user;
    if (!sld_size_align(size == 0 ? 1 : size, align, &size)) {
        return NULL;
    }
    return aligned_alloc(align, size);
}

static void libc_release(void *user, void *pointer, size_t size)
{
    (void)user;
    (void)size;
    free(pointer);
}

const solder_allocator sld_libc_allocator = {NULL, libc_alloc, libc_release};

void *sld_alloc(const solder_allocator *allocator, size_t size)
{
    if (allocator == NULL) {
        allocator = &sld_libc_allocator;
    }
    return allocator->alloc(allocator->user, size, SLD_CACHE_LINE);
}

void *sld_calloc(const solder_allocator *allocator, size_t size)
{
    void *pointer = sld_alloc(allocator, size);
    if (pointer != NULL) {
        memset(pointer, 0, size);
    }
    return pointer;
}

void sld_release(const solder_allocator *allocator, void *pointer, size_t size)
{
    if (pointer == NULL) {
        return;
    }
    if (allocator == NULL) {
        allocator = &sld_libc_allocator;
    }
    allocator->release(allocator->user, pointer, size);
}

solder_status sld_array_grow(const solder_allocator *allocator, sld_diag *diag, void **array,
                             size_t *capacity, size_t needed, size_t element)
{
    if (needed <= *capacity) {
        return SOLDER_OK;
    }
    size_t wanted = *capacity < 8 ? 8 : *capacity;
    while (wanted < needed) {
        if (!sld_size_mul(wanted, 2, &wanted)) {
            return sld_fail_memory(diag, needed);
        }
    }
    size_t bytes;
    if (!sld_size_mul(wanted, element, &bytes)) {
        return sld_fail_memory(diag, needed);
    }
    void *grown = sld_alloc(allocator, bytes);
    if (grown == NULL) {
        return sld_fail_memory(diag, bytes);
    }
    if (*array != NULL) {
        memcpy(grown, *array, *capacity * element);
        sld_release(allocator, *array, *capacity * element);
    }
    *array = grown;
    *capacity = wanted;
    return SOLDER_OK;
}

struct sld_arena_block {
    sld_arena_block *next;
    size_t size; /* of the whole block */
    size_t used; /* this header included */
    char pad[40];
};
_Static_assert(sizeof(sld_arena_block) == 64, "blocks keep 64-byte alignment");

void sld_arena_init(sld_arena *arena, const solder_allocator *allocator, size_t limit)
{
    *arena = (sld_arena){.allocator = allocator, .limit = limit};
}

void sld_arena_free(sld_arena *arena)
{
    while (arena->blocks != NULL) {
        sld_arena_block *block = arena->blocks;
        arena->blocks = block->next;
        sld_release(arena->allocator, block, block->size);
    }
    arena->used = 0;
}

#define ARENA_BLOCK ((size_t)64 * 1024)

static void *arena_alloc(sld_arena *arena, size_t size)
{
    size_t need;
    size_t align = size >= SLD_CACHE_LINE ? SLD_CACHE_LINE : 16;
    if (!sld_size_align(size == 0 ? 1 : size, align, &need) ||
        (arena->limit != 0 && (need > arena->limit || arena->used > arena->limit - need))) {
        return NULL;
    }
    sld_arena_block *block = arena->blocks;
    size_t start = block == NULL ? 0 : (block->used + align - 1) & ~(align - 1);
    if (block == NULL || start > block->size || block->size - start < need) {
        size_t least;
        if (!sld_size_add(need, sizeof *block, &least)) {
            return NULL;
        }
        /* A large object gets a block of its own, behind the current one. */
        size_t total = need > ARENA_BLOCK / 4 ? least : ARENA_BLOCK;
        sld_arena_block *fresh = sld_alloc(arena->allocator, total);
        if (fresh == NULL && total > least) { /* memory is short: no more than is needed */
            total = least;
            fresh = sld_alloc(arena->allocator, total);
        }
        if (fresh == NULL) {
            return NULL;
        }
        fresh->size = total;
        fresh->used = sizeof *fresh;
        if (block != NULL && need > ARENA_BLOCK / 4) {
            fresh->next = block->next;
            block->next = fresh;
        } else {
            fresh->next = block;
            arena->blocks = fresh;
        }
        block = fresh;
        start = fresh->used;
    }
    void *pointer = (char *)block + start;
    block->used = start + need;
    arena->used += need;
    memset(pointer, 0, need);
    return pointer;
}

void *sld_arena_alloc(sld_arena *arena, size_t size)
{
    void *pointer = arena_alloc(arena, size);
    arena->failed = arena->failed || pointer == NULL;
    return pointer;
}

void *sld_arena_array(sld_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    return sld_arena_alloc(arena, sld_size_mul(count, size, &bytes) ? bytes : SIZE_MAX);
}

char *sld_arena_strndup(sld_arena *arena, const char *text, size_t length)
{
    size_t bytes;
    char *copy = sld_size_add(length, 1, &bytes) ? sld_arena_alloc(arena, bytes) : NULL;
    if (copy != NULL) {
        if (length > 0) { /* text may be NULL then */
            memcpy(copy, text, length);
        }
        copy[length] = '\0';
    }
    return copy;
}

char *sld_arena_strdup(sld_arena *arena, const char *text)
{
    return sld_arena_strndup(arena, text, strlen(text));
}

char *sld_arena_printf(sld_arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0) {
        return NULL;
    }
    char *text = sld_arena_alloc(arena, (size_t)length + 1);
    if (text != NULL) {
        va_start(args, format);
        (void)vsnprintf(text, (size_t)length + 1, format, args);
        va_end(args);
    }
    return text;
}
