/* SPDX-License-Identifier: Apache-2.0 */
/* Small results that are known already, for importers. */
#ifndef SLD_GRAPH_FOLD_H
#define SLD_GRAPH_FOLD_H

#include "graph/graph.h"

/*
 * Replaces a node just made whose small results are known by constants called name, in out;
 * leaves any other node. arena is for working memory.
 */
solder_status sld_graph_fold(sld_graph *graph, sld_arena *arena, const char *name, sld_node *made,
                             sld_value **out);

#endif
