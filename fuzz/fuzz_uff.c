/* SPDX-License-Identifier: Apache-2.0 */
/* A UFF file, in binary or text form. */
#include "fuzz_import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_import(&sld_importer_uff, "fuzz.uff", (sld_file){data, size}, (sld_file){NULL, 0});
    return 0;
}
