/* SPDX-License-Identifier: Apache-2.0 */
/* XXH3 64-bit: against accident, not against malice. The values are part of the plan format. */
#ifndef SLD_BASE_HASH_H
#define SLD_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t sld_hash64(const void *data, size_t size);

/* The same over pieces. */
typedef struct sld_hasher {
    _Alignas(64) unsigned char state[640];
} sld_hasher;

void sld_hasher_init(sld_hasher *hasher);
void sld_hasher_update(sld_hasher *hasher, const void *data, size_t size);
uint64_t sld_hasher_finish(const sld_hasher *hasher);

#endif
