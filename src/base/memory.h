/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation: the allocator handed in by the user, size arithmetic that cannot wrap, arenas. */
#ifndef SLD_BASE_MEMORY_H
#define SLD_BASE_MEMORY_H

#include <string.h>

#include "base/status.h"

/* a op b into *out; false (and *out untouched) when the result does not fit. */
static inline bool sld_size_add(size_t a, size_t b, size_t *out)
{
    if (a > SIZE_MAX - b) {
        return false;
    }
    *out = a + b;
    return true;
}

static inline bool sld_size_mul(size_t a, size_t b, size_t *out)
{
    if (b != 0 && a > SIZE_MAX / b) {
        return false;
    }
    *out = a * b;
    return true;
}

static inline bool sld_i64_add(int64_t a, int64_t b, int64_t *out)
{
    if ((b > 0 && a > INT64_MAX - b) || (b < 0 && a < INT64_MIN - b)) {
        return false;
    }
    *out = a + b;
    return true;
}

static inline bool sld_i64_mul(int64_t a, int64_t b, int64_t *out)
{
    if (a != 0 && b != 0) {
        if ((a == -1 && b == INT64_MIN) || (b == -1 && a == INT64_MIN)) {
            return false;
        }
        int64_t limit = (a > 0) == (b > 0) ? INT64_MAX : INT64_MIN;
        if ((limit > 0 && (a > 0 ? a > limit / b : a < limit / b)) ||
            (limit < 0 && (a > 0 ? b < limit / a : a < limit / b))) {
            return false;
        }
    }
    *out = a * b;
    return true;
}

/* Rounds up to a power of two; false when it does not fit. */
static inline bool sld_size_align(size_t size, size_t align, size_t *out)
{
    if (!sld_size_add(size, align - 1, &size)) {
        return false;
    }
    *out = size & ~(align - 1);
    return true;
}

/*
 * Elements and bytes of a shape; false on a negative dimension or overflow, also of the product
 * that leaves zeros out.
 */
bool sld_dims_count(const int64_t *dims, int rank, size_t *count);
bool sld_dims_bytes(const int64_t *dims, int rank, solder_dtype dtype, size_t *bytes);

/* The libc allocator. */
extern const solder_allocator sld_libc_allocator;

/* 64-byte aligned, not cleared; NULL on failure. A NULL allocator means libc. */
void *sld_alloc(const solder_allocator *allocator, size_t size);
void *sld_calloc(const solder_allocator *allocator, size_t size);
void sld_release(const solder_allocator *allocator, void *pointer, size_t size);

/*
 * Grows *array (element size bytes, capacity *capacity) to hold at least needed elements.
 * Doubles; contents kept; returns SOLDER_ERROR_MEMORY on failure and leaves the array as it was.
 */
solder_status sld_array_grow(const solder_allocator *allocator, sld_diag *diag, void **array,
                             size_t *capacity, size_t needed, size_t element);

/* Bump allocator over blocks; everything is freed at once. Not thread-safe. */
typedef struct sld_arena_block sld_arena_block;
typedef struct sld_arena {
    const solder_allocator *allocator;
    sld_arena_block *blocks;
    size_t used;  /* bytes handed out */
    size_t limit; /* 0: none */
    bool failed;  /* an allocation did, whatever the caller made of it */
} sld_arena;

void sld_arena_init(sld_arena *arena, const solder_allocator *allocator, size_t limit);
void sld_arena_free(sld_arena *arena);
/* Cleared; aligned to 64 bytes, or 16 if smaller than 64; NULL on failure. size 0 is allowed. */
void *sld_arena_alloc(sld_arena *arena, size_t size);
/* count * size, checked. */
void *sld_arena_array(sld_arena *arena, size_t count, size_t size);
char *sld_arena_strdup(sld_arena *arena, const char *text);
char *sld_arena_strndup(sld_arena *arena, const char *text, size_t length);
char *sld_arena_printf(sld_arena *arena, const char *format, ...) SLD_PRINTF(2, 3);

#endif
