/* SPDX-License-Identifier: Apache-2.0 */
/* Memory blocks with a life: places for them so that none overlaps another in both. */
#ifndef SLD_PASSES_INTERVALS_H
#define SLD_PASSES_INTERVALS_H

#include "base/memory.h"

typedef struct sld_interval {
    size_t size;
    int32_t start, end; /* first and last step in which it is needed */
    size_t offset;
    size_t rank; /* in order of start; of use while placing only */
} sld_interval;

/* Merge sort: stable, no worst case. */
void sld_interval_sort(sld_interval **a, sld_interval **spare, size_t count,
                       bool (*before)(const sld_interval *, const sld_interval *));

/*
 * Places the intervals one after the other, each in the smallest gap between those that live at the
 * same time. Where these are so many that it would take too long, the rest goes on top of them.
 * False if memory runs out; *total is SIZE_MAX if the places do not fit into any.
 */
bool sld_interval_place(sld_arena *scratch, sld_interval *const *order, size_t count,
                        size_t *total);

#endif
