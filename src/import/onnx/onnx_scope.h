/* SPDX-License-Identifier: Apache-2.0 */
/* Names, and turning the nodes of a graph or a function body into operators. */
#ifndef SLD_IMPORT_ONNX_ONNX_SCOPE_H
#define SLD_IMPORT_ONNX_ONNX_SCOPE_H

#include "import/onnx/onnx.h"

/* Functions calling functions, at most. */
#define SLD_ONNX_MAX_CALLS 32
/* Nodes after unfolding functions, at most: this and 16 times those in the file. */
#define SLD_ONNX_MAX_UNFOLDED ((size_t)1 << 16)

typedef enum sld_onnx_binding_kind {
    SLD_ONNX_VALUE,
    SLD_ONNX_ABSENT,  /* an optional input the caller of a function left out */
    SLD_ONNX_POISONED /* depends on something unsupported */
} sld_onnx_binding_kind;

typedef struct sld_onnx_binding {
    sld_onnx_binding_kind kind;
    sld_value *value;
} sld_onnx_binding;

/* "" and "ai.onnx" are the same. */
bool sld_onnx_standard_domain(const char *domain);

/* Fails if the name is taken. */
solder_status sld_onnx_bind_check(const sld_onnx *onnx, const sld_onnx_scope *scope,
                                  const char *name);
solder_status sld_onnx_bind(sld_onnx *onnx, const sld_onnx_scope *scope, const char *name,
                            sld_onnx_binding_kind kind, sld_value *value);

/* The binding of a name, captured from outer scopes if need be; NULL if it is defined nowhere. */
solder_status sld_onnx_lookup(sld_onnx *onnx, const sld_onnx_scope *scope, const char *name,
                              const sld_onnx_binding **binding);
/* Makes the value of that name of outer scopes an input of the subgraph, if it is not one yet. */
solder_status sld_onnx_capture(sld_onnx *onnx, const sld_onnx_scope *scope, const char *name);

/* Initializers of a graph. */
solder_status sld_onnx_declare_constants(sld_onnx *onnx, const sld_onnx_scope *scope,
                                         const sld_onnx_model *model);

/* Gives a value a name of the model; a made-up name that is in its way steps aside. */
solder_status sld_onnx_rename(sld_onnx *onnx, sld_value *value, const char *name);

/* onnx_plugin.c */
void sld_onnx_plugin(sld_onnx_node *node, const solder_plugin *plugin);

solder_status sld_onnx_convert_nodes(sld_onnx *onnx, const sld_onnx_scope *scope,
                                     const sld_onnx_node_proto *nodes, uint32_t count);

#endif
