/* SPDX-License-Identifier: Apache-2.0 */
/* Imports bytes with one importer, then checks and optimises what came out. */
#ifndef FUZZ_FUZZ_IMPORT_H
#define FUZZ_FUZZ_IMPORT_H

#include "fuzz.h"
#include "import/import.h"

void fuzz_import(const sld_importer *importer, const char *name, sld_file model, sld_file weights);

#endif
