/* SPDX-License-Identifier: Apache-2.0 */
/* The timing cache: a sorted text file, so that it can be read, compared and merged by hand. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "tactics/tactics.h"

static const char magic[] = "solder timing cache 1\n";
enum { MAX_LINE = 1024, MAX_ENTRIES = 1 << 20 };

typedef struct entry {
    char *key, *kernel;
    int64_t nanoseconds;
} entry;

struct sld_timing_cache {
    const solder_allocator *allocator;
    sld_diag *diag;
    sld_arena arena;
    char *path;
    entry *entries; /* sorted by key, then kernel */
    size_t count, capacity;
    bool changed;
};

static int compare(const entry *e, const char *key, const char *kernel)
{
    int order = strcmp(e->key, key);
    return order != 0 ? order : strcmp(e->kernel, kernel);
}

/* Index of the first entry not below (key, kernel). */
static size_t lower_bound(const sld_timing_cache *cache, const char *key, const char *kernel)
{
    size_t low = 0;
    size_t high = cache->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&cache->entries[middle], key, kernel) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

int64_t sld_timing_cache_get(const sld_timing_cache *cache, const char *key, const char *kernel)
{
    size_t i = lower_bound(cache, key, kernel);
    return i < cache->count && compare(&cache->entries[i], key, kernel) == 0
               ? cache->entries[i].nanoseconds
               : -1;
}

solder_status sld_timing_cache_put(sld_timing_cache *cache, const char *key, const char *kernel,
                                   int64_t nanoseconds)
{
    size_t i = lower_bound(cache, key, kernel);
    if (i < cache->count && compare(&cache->entries[i], key, kernel) == 0) {
        cache->entries[i].nanoseconds = nanoseconds;
        cache->changed = true;
        return SOLDER_OK;
    }
    if (cache->count >= MAX_ENTRIES) {
        return SOLDER_OK; /* full: timings are only an economy */
    }
    void *entries = cache->entries;
    SLD_TRY(sld_array_grow(cache->allocator, cache->diag, &entries, &cache->capacity,
                           cache->count + 1, sizeof *cache->entries));
    cache->entries = entries;
    entry fresh = {sld_arena_strdup(&cache->arena, key), sld_arena_strdup(&cache->arena, kernel),
                   nanoseconds};
    if (fresh.key == NULL || fresh.kernel == NULL) {
        return sld_fail(cache->diag, SOLDER_ERROR_MEMORY, "out of memory for the timing cache");
    }
    memmove(&cache->entries[i + 1], &cache->entries[i], (cache->count - i) * sizeof fresh);
    cache->entries[i] = fresh;
    cache->count++;
    cache->changed = true;
    return SOLDER_OK;
}

static solder_status parse_line(sld_timing_cache *cache, char *line, size_t number)
{
    char *kernel = strchr(line, '\t');
    char *time = kernel != NULL ? strchr(kernel + 1, '\t') : NULL;
    char *end = NULL;
    long long value = -1;
    if (time != NULL) {
        *kernel++ = '\0';
        *time++ = '\0';
        errno = 0;
        value = strtoll(time, &end, 10);
    }
    if (time == NULL || end == time || *end != '\0' || errno != 0 || value < 0) {
        return sld_fail(cache->diag, SOLDER_ERROR_DATA, "timing cache '%s': line %zu is malformed",
                        cache->path, number);
    }
    return sld_timing_cache_put(cache, line, kernel, value);
}

static solder_status parse(sld_timing_cache *cache, const char *data, size_t size)
{
    if (size < sizeof magic - 1 || memcmp(data, magic, sizeof magic - 1) != 0) {
        return sld_fail(cache->diag, SOLDER_ERROR_DATA, "'%s' is not a timing cache", cache->path);
    }
    size_t at = sizeof magic - 1;
    for (size_t number = 2; at < size; number++) {
        const char *newline = memchr(data + at, '\n', size - at);
        size_t length = newline != NULL ? (size_t)(newline - (data + at)) : size - at;
        char line[MAX_LINE];
        if (length >= sizeof line || newline == NULL || memchr(data + at, '\0', length) != NULL) {
            return sld_fail(cache->diag, SOLDER_ERROR_DATA,
                            "timing cache '%s': line %zu is malformed", cache->path, number);
        }
        memcpy(line, data + at, length);
        line[length] = '\0';
        SLD_TRY(parse_line(cache, line, number));
        at += length + 1;
    }
    cache->changed = false;
    return SOLDER_OK;
}

static solder_status load(sld_timing_cache *cache, const char *path)
{
    cache->path = sld_arena_strdup(&cache->arena, path);
    if (cache->path == NULL) {
        return sld_fail(cache->diag, SOLDER_ERROR_MEMORY, "out of memory for the timing cache");
    }
    if (access(path, F_OK) != 0 && errno == ENOENT) {
        return SOLDER_OK;
    }
    sld_file file;
    SLD_TRY(sld_file_map(cache->diag, path, &file));
    solder_status status =
        file.size == 0 ? SOLDER_OK : parse(cache, (const char *)file.data, file.size);
    sld_file_unmap(&file);
    return status;
}

solder_status sld_timing_cache_open(const solder_allocator *allocator, sld_diag *diag,
                                    const char *path, sld_timing_cache **out)
{
    sld_timing_cache *cache = sld_calloc(allocator, sizeof *cache);
    if (cache == NULL) {
        return sld_fail_memory(diag, sizeof *cache);
    }
    cache->allocator = allocator;
    cache->diag = diag;
    sld_arena_init(&cache->arena, allocator, 0);
    solder_status status = path != NULL ? load(cache, path) : SOLDER_OK;
    if (status != SOLDER_OK) {
        sld_timing_cache_close(cache);
        return status;
    }
    *out = cache;
    return SOLDER_OK;
}

static solder_status write_entries(const sld_timing_cache *cache, sld_writer *writer)
{
    SLD_TRY(sld_writer_write(writer, magic, sizeof magic - 1));
    for (size_t i = 0; i < cache->count; i++) {
        const entry *e = &cache->entries[i];
        char number[32];
        int digits = snprintf(number, sizeof number, "\t%" PRId64 "\n", e->nanoseconds);
        SLD_TRY(sld_writer_write(writer, e->key, strlen(e->key)));
        SLD_TRY(sld_writer_write(writer, "\t", 1));
        SLD_TRY(sld_writer_write(writer, e->kernel, strlen(e->kernel)));
        SLD_TRY(sld_writer_write(writer, number, (size_t)digits));
    }
    return SOLDER_OK;
}

solder_status sld_timing_cache_save(sld_timing_cache *cache)
{
    if (cache->path == NULL || !cache->changed) {
        return SOLDER_OK;
    }
    sld_writer writer;
    SLD_TRY(sld_writer_open(cache->allocator, cache->diag, cache->path, &writer));
    solder_status status = write_entries(cache, &writer);
    if (status != SOLDER_OK) {
        sld_writer_abandon(&writer);
        return status;
    }
    cache->changed = false;
    return sld_writer_commit(&writer);
}

void sld_timing_cache_close(sld_timing_cache *cache)
{
    if (cache != NULL) {
        sld_release(cache->allocator, cache->entries, cache->capacity * sizeof *cache->entries);
        sld_arena_free(&cache->arena);
        sld_release(cache->allocator, cache, sizeof *cache);
    }
}
