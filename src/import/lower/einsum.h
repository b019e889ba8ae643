/* SPDX-License-Identifier: Apache-2.0 */
/* Einsum in matrix products, for every importer that has it. */
#ifndef SLD_IMPORT_LOWER_EINSUM_H
#define SLD_IMPORT_LOWER_EINSUM_H

#include "graph/graph.h"

#define SLD_EINSUM_OPERANDS 16

typedef struct sld_einsum {
    /* Makes a node with one output; NULL after a failure, and from then on. */
    sld_value *(*emit)(void *user, sld_op op, const void *params, sld_value *const *in,
                       uint32_t in_count);
    void *user;
    /* What is wrong with the equation, if emit did not fail. */
    bool unsupported; /* else the model is wrong */
    char problem[96];
} sld_einsum;

/* The result; NULL if something failed. */
sld_value *sld_einsum_lower(sld_einsum *e, const char *equation, size_t length,
                            sld_value *const *in, uint32_t count);

#endif
