/* SPDX-License-Identifier: Apache-2.0 */
/* Shared libraries opened while the program runs. */
#ifndef SLD_BASE_LIBRARY_H
#define SLD_BASE_LIBRARY_H

#include "base/status.h"

typedef struct sld_library {
    void *handle;
} sld_library;

/* A path without a slash is a file of the current folder, not one the system looks for. */
solder_status sld_library_open(sld_diag *diag, const char *path, sld_library *library);
/* NULL if the library itself does not have the symbol. */
void *sld_library_symbol(const sld_library *library, const char *name);
void sld_library_close(sld_library *library);

#endif
