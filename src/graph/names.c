/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/names.h"

typedef struct entry {
    const char *name; /* NULL: empty */
    void *object;     /* NULL with a name: removed */
} entry;

struct sld_names {
    sld_arena *arena;
    entry *entries;
    size_t used, capacity; /* used counts removed ones too */
};

static size_t hash_of(const char *name)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (; *name != '\0'; name++) {
        h = (h ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    }
    return (size_t)(h ^ (h >> 29));
}

sld_names *sld_names_create(sld_arena *arena)
{
    sld_names *names = sld_arena_alloc(arena, sizeof *names);
    if (names != NULL) {
        names->arena = arena;
        names->capacity = 64;
        names->entries = sld_arena_array(arena, names->capacity, sizeof *names->entries);
    }
    return names != NULL && names->entries != NULL ? names : NULL;
}

static entry *find(const sld_names *names, const char *name)
{
    size_t slot = hash_of(name) & (names->capacity - 1);
    while (names->entries[slot].name != NULL) {
        if (names->entries[slot].object != NULL && strcmp(names->entries[slot].name, name) == 0) {
            return &names->entries[slot];
        }
        slot = (slot + 1) & (names->capacity - 1);
    }
    return NULL;
}

void *sld_names_find(const sld_names *names, const char *name)
{
    const entry *found = find(names, name);
    return found != NULL ? found->object : NULL;
}

static void put(sld_names *names, const char *name, void *object)
{
    size_t slot = hash_of(name) & (names->capacity - 1);
    while (names->entries[slot].name != NULL) {
        slot = (slot + 1) & (names->capacity - 1);
    }
    names->entries[slot] = (entry){name, object};
    names->used++;
}

bool sld_names_add(sld_names *names, const char *name, void *object)
{
    if ((names->used + 1) * 2 > names->capacity) {
        sld_names bigger = {.arena = names->arena, .capacity = names->capacity * 2};
        bigger.entries = sld_arena_array(names->arena, bigger.capacity, sizeof *bigger.entries);
        if (bigger.entries == NULL) {
            return false;
        }
        for (size_t i = 0; i < names->capacity; i++) {
            if (names->entries[i].object != NULL) {
                put(&bigger, names->entries[i].name, names->entries[i].object);
            }
        }
        *names = bigger;
    }
    put(names, name, object);
    return true;
}

void sld_names_remove(sld_names *names, const char *name)
{
    entry *found = find(names, name);
    if (found != NULL) {
        found->object = NULL;
    }
}
