/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes, how much they overlap, and the heap of candidates: what kinds of NMS share. */
#ifndef SLD_KERNELS_BOXES_H
#define SLD_KERNELS_BOXES_H

#include "kernels/kernel.h"

typedef struct sld_box {
    float y0, x0, y1, x1; /* y0 <= y1, x0 <= x1 */
} sld_box;

/* Corners in any order. */
static inline sld_box sld_box_make(const float v[4])
{
    return (sld_box){v[0] < v[2] ? v[0] : v[2], v[1] < v[3] ? v[1] : v[3],
                     v[0] < v[2] ? v[2] : v[0], v[1] < v[3] ? v[3] : v[1]};
}

/* Intersection over union in float, as the boxes are; 0 for an empty box. */
static inline float sld_box_overlap(const sld_box *a, const sld_box *b)
{
    float height = (a->y1 < b->y1 ? a->y1 : b->y1) - (a->y0 > b->y0 ? a->y0 : b->y0);
    float width = (a->x1 < b->x1 ? a->x1 : b->x1) - (a->x0 > b->x0 ? a->x0 : b->x0);
    float area_a = (a->y1 - a->y0) * (a->x1 - a->x0);
    float area_b = (b->y1 - b->y0) * (b->x1 - b->x0);
    if (height <= 0 || width <= 0 || area_a <= 0 || area_b <= 0) {
        return 0;
    }
    float both = height * width;
    return both / (area_a + area_b - both);
}

/* Is candidate a worse than b? Of equal scores the higher index is. */
static inline bool sld_box_worse(const float *score, int64_t a, int64_t b)
{
    return score[a] < score[b] || (score[a] == score[b] && a > b);
}

/* Sinks heap[at] in a heap of candidates whose root is the best. */
static inline void sld_box_sink(const float *score, int64_t *heap, int64_t count, int64_t at)
{
    int64_t value = heap[at];
    for (int64_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && sld_box_worse(score, heap[child], heap[child + 1])) {
            child++;
        }
        if (!sld_box_worse(score, value, heap[child])) {
            break;
        }
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = value;
}

static inline void sld_box_heap(const float *score, int64_t *heap, int64_t count)
{
    for (int64_t i = count / 2 - 1; i >= 0; i--) {
        sld_box_sink(score, heap, count, i);
    }
}

/* Takes the root away. */
static inline int64_t sld_box_best(const float *score, int64_t *heap, int64_t *count)
{
    int64_t best = heap[0];
    heap[0] = heap[--*count];
    if (*count > 0) {
        sld_box_sink(score, heap, *count, 0);
    }
    return best;
}

#endif
