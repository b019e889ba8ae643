/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The family of user operators. Its parameters are the one exception to "a plan stores the struct
 * as it is": while a network or an engine is in memory they point at the plugin; a plan holds a
 * sld_plugin_blob (plugin/plugin_blob.c) that is bound to a registered plugin when it is loaded.
 */
#ifndef SLD_KERNELS_PLUGIN_PLUGIN_PARAMS_H
#define SLD_KERNELS_PLUGIN_PLUGIN_PARAMS_H

#include "kernels/kernel.h"
#include "solder/plugin.h"

/* A constant input in the plugin's own storage: the operand is a vector of u8, this what it was. */
typedef struct sld_plugin_packed {
    uint32_t slot;
    uint32_t dtype;
    int32_t rank;
    uint32_t reserved;
    int64_t dim[SOLDER_MAX_RANK];
} sld_plugin_packed;

struct sld_attr;

typedef struct sld_plugin_params {
    const solder_plugin *plugin;  /* NULL: no plugin is bound, nothing can be called */
    const char *node;             /* for messages and callbacks */
    const void *attributes;       /* plugin->attributes_size bytes */
    const struct sld_attr *attrs; /* building: the attributes as operators describe theirs */
    const void *saved;            /* what save wrote */
    size_t saved_size;
    void *state; /* what open made */
    const sld_plugin_packed *packed;
    uint32_t packed_count, attr_count;
    uint32_t tactic;
    bool prepared, opened;
    uint8_t late[SLD_MAX_OUTPUTS]; /* bit i: run may lower dim i of that output */
} sld_plugin_params;

/* In a plan: this, packed_count records, the attributes, the saved bytes; each at a multiple of 8.
 */
typedef struct sld_plugin_blob {
    uint32_t plugin; /* index into the plan's list of plugins */
    uint32_t tactic;
    uint32_t attributes_size;
    uint32_t packed_count;
    uint64_t saved_size;
    uint32_t prepared, reserved;
} sld_plugin_blob;

#endif
