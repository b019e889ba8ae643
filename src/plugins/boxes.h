/* SPDX-License-Identifier: Apache-2.0 */
/* What the plugins that find objects share: choosing the best scores, boxes that overlap. */
#ifndef SLD_PLUGINS_BOXES_H
#define SLD_PLUGINS_BOXES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A candidate: a key that sorts like its score, and what it is the score of. */
typedef struct sld_ranked {
    uint32_t key, index;
} sld_ranked;

/* Larger for larger scores; -0 and 0 are the same. Not for NaN. */
static inline uint32_t sld_rank_key(float score)
{
    uint32_t bits;
    score += 0.0f;
    memcpy(&bits, &score, sizeof bits);
    return bits ^ ((0u - (bits >> 31)) | 0x80000000u);
}

static inline float sld_rank_score(uint32_t key)
{
    uint32_t bits = key ^ (((key >> 31) - 1u) | 0x80000000u);
    float score;
    memcpy(&score, &bits, sizeof score);
    return score;
}

/*
 * Sorts the best `top` of list[0, count) to its front, best first, equal ones as they stood.
 * Returns how many those are; the rest of the list and scratch (count entries) have no meaning
 * afterwards. Time is linear whatever the scores are.
 */
size_t sld_rank_top(sld_ranked *list, size_t count, size_t top, sld_ranked *scratch);

typedef struct sld_box {
    float x1, y1, x2, y2;
} sld_box;

/* Boxes as arrays of coordinates, so that one is compared with many at a time. */
enum { SLD_BOX_BLOCK = 16 };
typedef struct sld_box_set {
    float *x1, *y1, *x2, *y2, *area;
    size_t count;
    float unit; /* what a side has more than x2 - x1: 1 where boxes are of whole pixels, else 0 */
} sld_box_set;

/* Floats of memory for a set of up to `capacity` boxes. */
size_t sld_box_set_floats(size_t capacity);
void sld_box_set_init(sld_box_set *set, float *memory, size_t capacity, float unit);
void sld_box_set_add(sld_box_set *set, const sld_box *box);
/* Is the intersection of box with one of the set more than threshold (>= 0) of their union? */
bool sld_box_set_overlaps(const sld_box_set *set, const sld_box *box, float threshold);
/* Into the unit square. */
sld_box sld_box_clipped(const sld_box *box);
float sld_box_area(const sld_box *box, float unit);
float sld_box_overlap(const sld_box *a, const sld_box *b, float unit);

#endif
