/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_import.h"

#include "passes/pass.h"

static solder_status keep_nothing(sld_import *import, sld_file file)
{
    sld_file_unmap(&file);
    return sld_fail(import->diag, SOLDER_ERROR_IO, "no external files here");
}

/* What an importer accepts must be a sound network, and passes must leave it so. */
static void use_graph(sld_graph *graph)
{
    solder_status status = sld_graph_verify(graph);
    if (status == SOLDER_ERROR_INTERNAL) {
        __builtin_trap();
    }
    if (status != SOLDER_OK || graph->output_count == 0) {
        return;
    }
    sld_pass_options options = {.alignment = 64};
    status = sld_passes_run(graph, &options);
    if (status == SOLDER_ERROR_INTERNAL) {
        __builtin_trap();
    }
}

void fuzz_import(const sld_importer *importer, const char *name, sld_file model, sld_file weights)
{
    fuzz_memory memory = {.limit = 64u << 20};
    solder_allocator allocator = fuzz_allocator(&memory);
    static sld_diag diag;
    sld_diag_init(&diag, NULL);
    solder_import_options options = {
        .struct_size = sizeof options, .random_weights = weights.size == 0, .seed = 1};
    sld_graph *graph;
    if (sld_graph_create(&allocator, &diag, &graph) == SOLDER_OK) {
        sld_import import = {.model_path = name,
                             .weights_path = weights.size > 0 ? "weights" : NULL,
                             .model = model,
                             .weights = weights,
                             .options = &options,
                             .diag = &diag,
                             .allocator = &allocator,
                             .graph = graph,
                             .keep_file = keep_nothing};
        if (importer->import(&import) == SOLDER_OK) {
            use_graph(graph);
        }
        sld_graph_destroy(graph);
    }
    fuzz_check_released(&memory);
}
