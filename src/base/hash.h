/* SPDX-License-Identifier: Apache-2.0 */
/* XXH3 64-bit: against accident, not against malice. The values are part of the plan format. */
#ifndef SLD_BASE_HASH_H
#define SLD_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t sld_hash64(const void *data, size_t size);

/*
 * The hash of a section: every piece of 1 MiB (the last may be shorter) is hashed with its number
 * as seed, and the results are combined by exclusive or. Several threads can share the work.
 */
#define SLD_HASH_PIECE ((size_t)1 << 20)
size_t sld_hash_piece_count(size_t size); /* at least 1 */
uint64_t sld_hash_piece(const void *data, size_t size, size_t index);
uint64_t sld_hash_section(const void *data, size_t size);

/* The same over bytes that come bit by bit. */
typedef struct sld_hasher {
    _Alignas(64) unsigned char state[640];
} sld_hasher;

void sld_hasher_init(sld_hasher *hasher);
void sld_hasher_update(sld_hasher *hasher, const void *data, size_t size);
uint64_t sld_hasher_finish(const sld_hasher *hasher);

typedef struct sld_section_hasher {
    sld_hasher piece;
    uint64_t done;  /* of the pieces before */
    size_t filled;  /* bytes of this one */
    uint64_t index; /* of this one */
} sld_section_hasher;

void sld_section_hasher_init(sld_section_hasher *hasher);
void sld_section_hasher_update(sld_section_hasher *hasher, const void *data, size_t size);
uint64_t sld_section_hasher_finish(const sld_section_hasher *hasher);

#endif
