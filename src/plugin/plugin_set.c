/* SPDX-License-Identifier: Apache-2.0 */
/* The plugins of a builder or runtime: registering, loading libraries, finding. */
#include <stdio.h>
#include <stdlib.h>

#include "plugin/plugin.h"
#include "plugins/plugins.h"

void sld_plugins_init(sld_plugins *set, const solder_allocator *allocator)
{
    *set = (sld_plugins){.allocator = allocator};
    sld_arena_init(&set->arena, allocator, 0);
}

void sld_plugins_free(sld_plugins *set)
{
    for (size_t i = set->library_count; i > 0; i--) {
        sld_library_close(&set->libraries[i - 1]);
    }
    sld_release(set->allocator, set->libraries, set->library_capacity * sizeof *set->libraries);
    sld_release(set->allocator, set->list, set->capacity * sizeof *set->list);
    sld_arena_free(&set->arena);
    sld_plugins_init(set, set->allocator);
}

/* ---- names ---- */

static uint32_t version_of(const solder_plugin *plugin)
{
    return plugin->version != 0 ? plugin->version : 1;
}

static const char *space_of(const solder_plugin *plugin)
{
    return plugin->name_space != NULL ? plugin->name_space : "";
}

void sld_plugin_print(const solder_plugin *plugin, bool with_version,
                      char text[SLD_PLUGIN_MAX_TEXT])
{
    const char *space = space_of(plugin);
    int n = snprintf(text, SLD_PLUGIN_MAX_TEXT, "%s%s%s", space, space[0] != '\0' ? "::" : "",
                     plugin->name);
    if (with_version && n > 0 && n < SLD_PLUGIN_MAX_TEXT) {
        (void)snprintf(text + n, SLD_PLUGIN_MAX_TEXT - (size_t)n, " %u",
                       (unsigned)version_of(plugin));
    }
}

/* ---- finding ---- */

static bool is_called(const solder_plugin *plugin, const char *name, bool types)
{
    bool found = strcmp(plugin->name, name) == 0;
    for (const char *const *t = plugin->types; types && !found && t != NULL && *t != NULL; t++) {
        found = strcmp(*t, name) == 0;
    }
    return found;
}

/* Which of two plugins that answer to a name is meant: one without namespace, then the newer. */
static bool is_better(const solder_plugin *plugin, const solder_plugin *best)
{
    if (best == NULL) {
        return true;
    }
    bool plain = space_of(plugin)[0] == '\0';
    bool best_plain = space_of(best)[0] == '\0';
    if (plain != best_plain) {
        return plain;
    }
    return strcmp(space_of(plugin), space_of(best)) == 0 && version_of(plugin) > version_of(best);
}

static const solder_plugin *find_in(const solder_plugin *const *list, size_t count,
                                    const char *name_space, const char *name, uint32_t version,
                                    bool types)
{
    const solder_plugin *best = NULL;
    for (size_t i = 0; i < count; i++) {
        if (is_called(list[i], name, types) &&
            (name_space == NULL || strcmp(space_of(list[i]), name_space) == 0) &&
            (version == 0 || version_of(list[i]) == version) && is_better(list[i], best)) {
            best = list[i];
        }
    }
    return best;
}

static const solder_plugin *find(const sld_plugins *set, const char *name_space, const char *name,
                                 uint32_t version, bool types)
{
    const solder_plugin *found = NULL;
    if (set != NULL) {
        found = find_in(set->list, set->count, name_space, name, version, types);
    }
    if (found == NULL) {
        size_t count;
        const solder_plugin *const *shipped = sld_shipped_plugins(&count);
        found = find_in(shipped, count, name_space, name, version, types);
    }
    return found;
}

const solder_plugin *sld_plugins_find(const sld_plugins *set, const char *name_space,
                                      const char *name, uint32_t version)
{
    const solder_plugin *found = find(set, name_space, name, version, false);
    return found != NULL ? found : find(set, name_space, name, version, true);
}

typedef struct plugin_text {
    char space[SLD_PLUGIN_MAX_NAME + 1], name[SLD_PLUGIN_MAX_NAME + 1];
    bool has_space;
    uint32_t version; /* 0: not given */
} plugin_text;

static bool take(char *to, const char *from, size_t length)
{
    if (length == 0 || length > SLD_PLUGIN_MAX_NAME) {
        return false;
    }
    memcpy(to, from, length);
    to[length] = '\0';
    return true;
}

static bool parse(const char *text, plugin_text *out)
{
    *out = (plugin_text){.has_space = false};
    const char *colons = strstr(text, "::");
    if (colons != NULL) {
        if (!take(out->space, text, (size_t)(colons - text))) {
            return false;
        }
        out->has_space = true;
        text = colons + 2;
    }
    size_t length = strcspn(text, " ");
    if (!take(out->name, text, length)) {
        return false;
    }
    const char *digits = text[length] == ' ' ? text + length + 1 : NULL;
    if (digits != NULL) {
        size_t count = strspn(digits, "0123456789");
        if (count == 0 || count > 9 || digits[count] != '\0') {
            return false;
        }
        out->version = (uint32_t)strtoul(digits, NULL, 10);
    }
    return digits == NULL || out->version != 0;
}

const solder_plugin *sld_plugins_find_text(const sld_plugins *set, const char *text)
{
    plugin_text t;
    if (!parse(text, &t)) {
        return NULL;
    }
    /* A full text names one plugin; a bare name may mean any namespace. */
    const char *space = t.has_space ? t.space : t.version != 0 ? "" : NULL;
    return find(set, space, t.name, t.version, false);
}

solder_status sld_plugin_fail_missing(const sld_plugins *set, sld_diag *diag, const char *text)
{
    plugin_text t;
    if (!parse(text, &t)) {
        return sld_fail(diag, SOLDER_ERROR_DATA, "'%.128s' is no name of a plugin", text);
    }
    char version[32] = "";
    char other[64] = "";
    if (t.version != 0) {
        (void)snprintf(version, sizeof version, " version %u", (unsigned)t.version);
        const solder_plugin *near = find(set, t.space, t.name, 0, false);
        if (near != NULL) {
            (void)snprintf(other, sizeof other, " (version %u is)", (unsigned)version_of(near));
        }
    }
    return sld_fail(
        diag, SOLDER_ERROR_NOT_FOUND,
        "needs the plugin '%s%s%s'%s, which is not registered%s; load it with --plugin or "
        "solder_load_plugin",
        t.space, t.has_space ? "::" : "", t.name, version, other);
}

/* ---- registering ---- */

/* The plugin with that very name, namespace and version among those registered. */
static const solder_plugin *same_key(const sld_plugins *set, const solder_plugin *plugin)
{
    return find_in(set->list, set->count, space_of(plugin), plugin->name, version_of(plugin),
                   false);
}

static solder_status add(sld_plugins *set, sld_diag *diag, const solder_plugin *plugin,
                         const char *where)
{
    char name[SLD_PLUGIN_MAX_TEXT];
    SLD_TRY(sld_plugin_validate(diag, plugin, where));
    solder_plugin whole = {0};
    size_t size = plugin->struct_size < sizeof whole ? plugin->struct_size : sizeof whole;
    memcpy(&whole, plugin, size);
    whole.struct_size = sizeof whole;
    const solder_plugin *known = same_key(set, &whole);
    if (known != NULL && memcmp(known, &whole, sizeof whole) == 0) {
        return SOLDER_OK;
    }
    if (known != NULL) {
        sld_plugin_print(plugin, false, name);
        return sld_fail(diag, SOLDER_ERROR_STATE,
                        "plugin '%s'%s: another one of that name and version %u is registered",
                        name, where, (unsigned)version_of(plugin));
    }
    void *list = set->list;
    SLD_TRY(sld_array_grow(set->allocator, diag, &list, &set->capacity, set->count + 1,
                           sizeof *set->list));
    set->list = list;
    solder_plugin *copy = sld_arena_alloc(&set->arena, sizeof *copy);
    if (copy == NULL) {
        return sld_fail_memory(diag, sizeof *copy);
    }
    memcpy(copy, &whole, sizeof whole); /* padding too: memcmp above */
    set->list[set->count++] = copy;
    return SOLDER_OK;
}

solder_status sld_plugins_add(sld_plugins *set, sld_diag *diag, const solder_plugin *plugin)
{
    return add(set, diag, plugin, "");
}

/* ---- libraries ---- */

typedef const solder_plugin *const *(*list_function)(size_t *count);

static solder_status add_all(sld_plugins *set, sld_diag *diag, const char *path,
                             const sld_library *library)
{
    void *symbol = sld_library_symbol(library, "solder_plugins");
    if (symbol == NULL) {
        return sld_fail(diag, SOLDER_ERROR_DATA,
                        "'%s' is no plugin library: it does not define solder_plugins", path);
    }
    list_function function;
    memcpy(&function, &symbol, sizeof function);
    size_t count = 0;
    const solder_plugin *const *list = function(&count);
    if (list == NULL || count == 0 || count > 65536) {
        return sld_fail(diag, SOLDER_ERROR_DATA, "'%s': its solder_plugins lists no plugin", path);
    }
    char where[SLD_MESSAGE_MAX / 2];
    (void)snprintf(where, sizeof where, " of '%s'", path);
    size_t before = set->count;
    for (size_t i = 0; i < count; i++) {
        solder_status status = add(set, diag, list[i], where);
        if (status != SOLDER_OK) {
            set->count = before; /* all or none: the library is about to go */
            return status;
        }
    }
    return SOLDER_OK;
}

solder_status sld_plugins_load(sld_plugins *set, sld_diag *diag, const char *path)
{
    sld_library library = {0};
    void *libraries = set->libraries;
    SLD_TRY(sld_array_grow(set->allocator, diag, &libraries, &set->library_capacity,
                           set->library_count + 1, sizeof *set->libraries));
    set->libraries = libraries;
    SLD_TRY(sld_library_open(diag, path, &library));
    solder_status status = add_all(set, diag, path, &library);
    if (status != SOLDER_OK) {
        sld_library_close(&library);
        return status;
    }
    set->libraries[set->library_count++] = library;
    return SOLDER_OK;
}
