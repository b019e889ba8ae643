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
