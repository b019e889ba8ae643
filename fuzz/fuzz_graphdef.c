/* SPDX-License-Identifier: Apache-2.0 */
/* A frozen TensorFlow graph, imported and written as UFF. */
#include "fuzz_import.h"
#include "import/graphdef/graphdef.h"
#include "import/uff/uff_write.h"

/* Into a folder that does not exist: everything but the file is made. */
static void convert(sld_file model)
{
    fuzz_memory memory = {.limit = 64u << 20};
    solder_allocator allocator = fuzz_allocator(&memory);
    static sld_diag diag;
    sld_diag_init(&diag, NULL);
    const solder_import_options options = {.struct_size = sizeof options};
    sld_import import = {.model_path = "fuzz.pb",
                         .model = model,
                         .options = &options,
                         .diag = &diag,
                         .allocator = &allocator};
    if (sld_graph_create(&allocator, &diag, &import.graph) == SOLDER_OK) {
        (void)sld_uff_write(&import, sld_graphdef_read, "/nonexistent/fuzz.uff");
        sld_graph_destroy(import.graph);
    }
    fuzz_check_released(&memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_import(&sld_importer_tensorflow, "fuzz.pb", (sld_file){data, size}, (sld_file){NULL, 0});
    convert((sld_file){data, size});
    return 0;
}
