/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory for tensors without a bound. Four classes for each power of two, so a block is at most a
 * quarter larger than asked for. A run that asks for the same sizes as one before allocates
 * nothing.
 */
#include "runtime/runtime_internal.h"

struct sld_heap_block {
    sld_heap_block *next;
    size_t bytes; /* with this header */
    uint32_t class;
};

/* The smallest class of at least bytes; false if there is none so large. */
static bool class_of(size_t bytes, uint32_t *class, size_t *size)
{
    size_t step = SLD_CACHE_LINE / 4;
    uint32_t c = 0;
    for (; c < SLD_HEAP_CLASSES; c += 4, step *= 2) {
        if (step > SIZE_MAX / 16) {
            return false;
        }
        if (bytes <= step * 8) {
            break;
        }
    }
    if (c >= SLD_HEAP_CLASSES) {
        return false;
    }
    uint32_t quarter = bytes <= step * 4 ? 0 : (uint32_t)((bytes - 1) / step) - 3;
    *class = c + quarter;
    *size = step * (4 + quarter);
    return *class < SLD_HEAP_CLASSES;
}

void sld_heap_trim(sld_heap *heap)
{
    for (size_t i = 0; i < SLD_HEAP_CLASSES; i++) {
        while (heap->spare[i] != NULL) {
            sld_heap_block *block = heap->spare[i];
            heap->spare[i] = block->next;
            heap->held -= block->bytes;
            sld_release(heap->allocator, block, block->bytes);
        }
    }
}

void *sld_heap_take(sld_heap *heap, size_t bytes)
{
    uint32_t class;
    size_t size;
    if (!class_of(bytes, &class, &size)) {
        return NULL;
    }
    sld_heap_block *block = heap->spare[class];
    if (block != NULL) {
        heap->spare[class] = block->next;
        return (char *)block + SLD_CACHE_LINE;
    }
    size_t total;
    if (!sld_size_align(size, SLD_CACHE_LINE, &size) ||
        !sld_size_add(size, SLD_CACHE_LINE, &total)) {
        return NULL;
    }
    if (total > SLD_HEAP_LIMIT - heap->held) {
        sld_heap_trim(heap);
    }
    if (total > SLD_HEAP_LIMIT - heap->held) {
        return NULL;
    }
    block = sld_alloc(heap->allocator, total);
    if (block == NULL) { /* spare blocks of other sizes may be in the way */
        sld_heap_trim(heap);
        block = sld_alloc(heap->allocator, total);
    }
    if (block == NULL) {
        return NULL;
    }
    *block = (sld_heap_block){.bytes = total, .class = class};
    heap->held += total;
    return (char *)block + SLD_CACHE_LINE;
}

void sld_heap_give(sld_heap *heap, void *memory)
{
    if (memory != NULL) {
        sld_heap_block *block = (sld_heap_block *)(void *)((char *)memory - SLD_CACHE_LINE);
        block->next = heap->spare[block->class];
        heap->spare[block->class] = block;
    }
}
