/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

/* Everything static: no symbol of xxhash leaves this file. */
#define XXH_INLINE_ALL
#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

_Static_assert(sizeof(XXH3_state_t) <= sizeof(sld_hasher), "state fits");
_Static_assert(_Alignof(XXH3_state_t) <= _Alignof(sld_hasher), "state is aligned");

uint64_t sld_hash64(const void *data, size_t size)
{
    return XXH3_64bits(data, size);
}

size_t sld_hash_piece_count(size_t size)
{
    return size == 0 ? 1 : (size - 1) / SLD_HASH_PIECE + 1;
}

uint64_t sld_hash_piece(const void *data, size_t size, size_t index)
{
    size_t start = index * SLD_HASH_PIECE;
    size_t length = size - start < SLD_HASH_PIECE ? size - start : SLD_HASH_PIECE;
    return XXH3_64bits_withSeed((const char *)data + start, length, index);
}

uint64_t sld_hash_section(const void *data, size_t size)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < sld_hash_piece_count(size); i++) {
        hash ^= sld_hash_piece(data, size, i);
    }
    return hash;
}

void sld_hasher_init(sld_hasher *hasher)
{
    (void)XXH3_64bits_reset((XXH3_state_t *)(void *)hasher->state);
}

void sld_hasher_update(sld_hasher *hasher, const void *data, size_t size)
{
    (void)XXH3_64bits_update((XXH3_state_t *)(void *)hasher->state, data, size);
}

uint64_t sld_hasher_finish(const sld_hasher *hasher)
{
    return XXH3_64bits_digest((const XXH3_state_t *)(const void *)hasher->state);
}

static void begin_piece(sld_section_hasher *hasher)
{
    (void)XXH3_64bits_reset_withSeed((XXH3_state_t *)(void *)hasher->piece.state, hasher->index);
    hasher->filled = 0;
}

void sld_section_hasher_init(sld_section_hasher *hasher)
{
    hasher->done = 0;
    hasher->index = 0;
    begin_piece(hasher);
}

/* A full piece is closed when the first byte of the next one comes: the last may be full. */
void sld_section_hasher_update(sld_section_hasher *hasher, const void *data, size_t size)
{
    const char *from = data;
    while (size > 0) {
        if (hasher->filled == SLD_HASH_PIECE) {
            hasher->done ^= sld_hasher_finish(&hasher->piece);
            hasher->index++;
            begin_piece(hasher);
        }
        size_t room = SLD_HASH_PIECE - hasher->filled;
        size_t count = size < room ? size : room;
        sld_hasher_update(&hasher->piece, from, count);
        hasher->filled += count;
        from += count;
        size -= count;
    }
}

uint64_t sld_section_hasher_finish(const sld_section_hasher *hasher)
{
    return hasher->done ^ sld_hasher_finish(&hasher->piece);
}
