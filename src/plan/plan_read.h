/* SPDX-License-Identifier: Apache-2.0 */
/* From the bytes of a plan to a checked view of them. */
#ifndef SLD_PLAN_PLAN_READ_H
#define SLD_PLAN_PLAN_READ_H

#include "base/pool.h"
#include "plan/plan_format.h"

/* Points into the plan's bytes. */
typedef struct sld_plan {
    const sld_plan_header *header;
    const char *strings;
    const sld_expr *exprs;
    const sld_symbol *symbols;
    const sld_plan_tensor *tensors;
    const uint32_t *operands;
    const sld_plan_define *defines;
    const sld_plan_step *steps;
    const uint8_t *params;
    const sld_plan_io *io;
    const sld_plan_property *properties;
    const uint32_t *labels;
    const sld_plan_image *images;
    const uint32_t *plugins;
    const uint8_t *weights;
    const sld_plan_body *bodies;
    const uint8_t *body_bytes;
    size_t count[SLD_PLAN_SECTION_COUNT]; /* records of each section */
} sld_plan;

/*
 * Checks everything that does not depend on shapes: header, hashes of all sections but the weights,
 * every index, offset, count, enum and string; that views lie in earlier tensors, that no step
 * writes to weights or inputs, that tables are used up exactly. What depends on shapes is checked
 * each time shapes are set (runtime/layout.c). data must be 64-byte aligned and stay. name is for
 * messages.
 */
solder_status sld_plan_read(const solder_allocator *allocator, sld_diag *diag, const char *name,
                            const void *data, size_t size, sld_plan *plan);

/*
 * The hash of the weights, computed on the pool: as much work as reading them. Whatever they are,
 * kernels stay inside their tensors; wrong ones would give wrong results.
 */
solder_status sld_plan_check_weights(const sld_plan *plan, sld_diag *diag, const char *name,
                                     sld_pool *pool);

static inline const char *sld_plan_string(const sld_plan *plan, uint32_t offset)
{
    return plan->strings + offset;
}

#endif
