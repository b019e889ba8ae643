/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of a plan while it is put together; shared by the plan_write files only. */
#ifndef SLD_PLAN_PLAN_WRITE_BUILD_H
#define SLD_PLAN_PLAN_WRITE_BUILD_H

#include "plan/plan_format.h"
#include "plan/plan_write.h"

/* Records of one section. */
typedef struct sld_plan_table {
    void *data;
    size_t count, capacity;
    size_t element;
} sld_plan_table;

/* Bytes of the weights section: one per distinct stored constant. */
typedef struct sld_plan_blob {
    sld_tensor plain; /* data: the network's bytes */
    size_t plain_size;
    const sld_packing *packing; /* NULL: stored as it is */
    const void *params;
    size_t params_size;
    uint64_t hash, offset, size;
} sld_plan_blob;

/* A constant as one kind of step wants it. */
typedef struct sld_plan_packed {
    const sld_value *value;
    const sld_packing *packing;
    const void *params;
    size_t params_size;
    uint32_t tensor, next; /* next: of the same value */
} sld_plan_packed;

typedef struct sld_plan_build {
    const sld_graph *graph;
    const sld_tactic *tactics;
    const sld_plan_info *info;
    sld_diag *diag;
    const solder_allocator *allocator;
    sld_arena arena;                               /* scratch */
    sld_plan_table tables[SLD_PLAN_SECTION_COUNT]; /* of all sections but the weights */
    sld_plan_table blobs, packed;
    uint32_t *string_slots;
    size_t string_slot_count, string_count;
    sld_dim *expr_map;   /* graph's expression -> plan's */
    int32_t *symbol_map; /* graph's symbol -> plan's */
    int64_t *max;        /* values of the plan's expressions */
    uint8_t *open;       /* by plan's expression: without a bound */
    sld_shapes shapes;
    uint32_t *tensor_of;     /* value id -> plan tensor */
    uint32_t *packed_of;     /* value id -> first of its packed forms */
    const sld_value **owner; /* value id -> the output that owns its memory instead */
    bool *defined;           /* plan symbol: a step gives it its value */
    uint32_t *blob_slots;
    size_t blob_slot_count;
    uint64_t arena_bytes, weights_bytes;
} sld_plan_build;

/* plan_write_tables.c */
solder_status sld_plan_add(sld_plan_build *b, sld_plan_table *table, const void *record,
                           uint32_t *index);
solder_status sld_plan_add_string(sld_plan_build *b, const char *text, uint32_t *offset);
solder_status sld_plan_add_exprs(sld_plan_build *b);
solder_status sld_plan_add_info(sld_plan_build *b);

/* plan_write_tensors.c */
solder_status sld_plan_begin_tensors(sld_plan_build *b);
/* The tensor of a value, made with those it lies in if new. */
solder_status sld_plan_place(sld_plan_build *b, const sld_value *value, uint32_t *tensor);
/* The tensor of a constant stored in a packing for the step to be added next. */
solder_status sld_plan_place_packed(sld_plan_build *b, const sld_value *value,
                                    const sld_packing *packing, const sld_node *node,
                                    uint32_t *tensor);
/* True if the value's own tensor is what the caller binds; else the output is a copy of it. */
bool sld_plan_is_direct_output(const sld_plan_build *b, const sld_value *value);
solder_status sld_plan_add_copy_target(sld_plan_build *b, const sld_value *value, uint32_t *tensor);

/* plan_write_plugin.c: names of all plugins, also those that only bodies use; a plugin node's
 * parameters for the plan, in the build's arena */
solder_status sld_plan_list_plugins(sld_plan_build *b, const sld_graph *graph);
solder_status sld_plan_plugin_bytes(sld_plan_build *b, const sld_node *node, void **bytes,
                                    size_t *size);

/* plan_write_steps.c */
solder_status sld_plan_add_steps(sld_plan_build *b);

static inline sld_plan_tensor *sld_plan_tensor_at(const sld_plan_build *b, uint32_t index)
{
    return (sld_plan_tensor *)b->tables[SLD_PLAN_TENSORS].data + index;
}

#endif
