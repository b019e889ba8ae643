/* SPDX-License-Identifier: Apache-2.0 */
/* The network's text form; what is read must print and read again as itself. */
#include "fuzz.h"
#include "graph/graph.h"

static void round_trip(const solder_allocator *allocator, sld_diag *diag, const sld_graph *graph)
{
    sld_text first = {.allocator = allocator};
    sld_text second = {.allocator = allocator};
    sld_graph *again = NULL;
    if (sld_graph_print(graph, true, &first) == SOLDER_OK) {
        solder_status status = sld_graph_read(allocator, diag, first.data, first.size, &again);
        if (status == SOLDER_OK && sld_graph_print(again, true, &second) == SOLDER_OK) {
            if (first.size != second.size || memcmp(first.data, second.data, first.size) != 0) {
                __builtin_trap();
            }
        } else if (status != SOLDER_OK && status != SOLDER_ERROR_MEMORY) {
            __builtin_trap();
        }
    }
    sld_graph_destroy(again);
    sld_text_free(&first);
    sld_text_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_memory memory = {.limit = 64u << 20};
    solder_allocator allocator = fuzz_allocator(&memory);
    static sld_diag diag;
    sld_diag_init(&diag, NULL);
    sld_graph *graph;
    if (sld_graph_read(&allocator, &diag, (const char *)data, size, &graph) == SOLDER_OK) {
        if (sld_graph_verify(graph) == SOLDER_ERROR_INTERNAL) {
            __builtin_trap();
        }
        round_trip(&allocator, &diag, graph);
        sld_graph_destroy(graph);
    }
    fuzz_check_released(&memory);
    return 0;
}
