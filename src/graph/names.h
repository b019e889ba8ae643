/* SPDX-License-Identifier: Apache-2.0 */
/* A hash table from names to objects, inside a graph's arena. */
#ifndef SLD_GRAPH_NAMES_H
#define SLD_GRAPH_NAMES_H

#include "base/memory.h"

typedef struct sld_names sld_names;

sld_names *sld_names_create(sld_arena *arena);
void *sld_names_find(const sld_names *names, const char *name);
/* name must be new and outlive the table. */
bool sld_names_add(sld_names *names, const char *name, void *object);
void sld_names_remove(sld_names *names, const char *name);

#endif
