/* SPDX-License-Identifier: Apache-2.0 */
#include "base/library.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

solder_status sld_library_open(sld_diag *diag, const char *path, sld_library *library)
{
    char here[4096];
    if (strchr(path, '/') == NULL) {
        int n = snprintf(here, sizeof here, "./%s", path);
        if (n < 0 || (size_t)n >= sizeof here) {
            return sld_fail(diag, SOLDER_ERROR_IO, "cannot load '%.64s...': the name is too long",
                            path);
        }
        path = here;
    }
    library->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library->handle == NULL) {
        const char *why = dlerror();
        return sld_fail(diag, SOLDER_ERROR_IO, "cannot load '%s': %s", path,
                        why != NULL ? why : "no reason given");
    }
    return SOLDER_OK;
}

void *sld_library_symbol(const sld_library *library, const char *name)
{
    return dlsym(library->handle, name);
}

void sld_library_close(sld_library *library)
{
    if (library->handle != NULL) {
        (void)dlclose(library->handle);
        library->handle = NULL;
    }
}
