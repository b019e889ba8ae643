/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/boxes.h"

#include <float.h>

/* ---- the best scores ---- */

/* One pass of a radix sort, largest digit first: stable. */
static void sort_by_digit(const sld_ranked *from, sld_ranked *to, size_t count, int shift,
                          const uint32_t histogram[256])
{
    uint32_t place[256];
    uint32_t sum = 0;
    for (int d = 255; d >= 0; d--) {
        place[d] = sum;
        sum += histogram[d];
    }
    for (size_t i = 0; i < count; i++) {
        to[place[from[i].key >> shift & 255]++] = from[i];
    }
}

static void sort_ranked(sld_ranked *list, size_t count, sld_ranked *scratch)
{
    uint32_t histogram[4][256] = {{0}};
    sld_ranked *from = list;
    sld_ranked *to = scratch;
    for (size_t i = 0; i < count; i++) {
        for (int d = 0; d < 4; d++) {
            histogram[d][list[i].key >> 8 * d & 255]++;
        }
    }
    for (int d = 0; d < 4; d++) {
        if (count > 0 && histogram[d][list[0].key >> 8 * d & 255] == count) {
            continue; /* all the same */
        }
        sort_by_digit(from, to, count, 8 * d, histogram[d]);
        sld_ranked *other = from;
        from = to;
        to = other;
    }
    if (from != list) {
        memcpy(list, from, count * sizeof *list);
    }
}

/* The list has few entries: a simple sort. */
static void sort_few(sld_ranked *list, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        sld_ranked moving = list[i];
        size_t to = i;
        for (; to > 0 && list[to - 1].key < moving.key; to--) {
            list[to] = list[to - 1];
        }
        list[to] = moving;
    }
}

enum { FEW = 24, SAMPLE = 64 };

/*
 * Drops most of what is not among the best: a key that about the wanted share of a sample reaches
 * is the bar. The list stays as it is where the sample misled.
 */
static size_t drop_low(sld_ranked *list, size_t count, size_t top, sld_ranked *scratch)
{
    sld_ranked sample[SAMPLE];
    for (size_t i = 0; i < SAMPLE; i++) {
        sample[i] = list[count / SAMPLE * i];
    }
    sort_few(sample, SAMPLE);
    size_t place = top * SAMPLE / count + SAMPLE / 8;
    if (place >= SAMPLE - 4) {
        return count;
    }
    uint32_t bar = sample[place].key;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        scratch[kept] = list[i];
        kept += list[i].key >= bar;
    }
    if (kept < top) {
        return count;
    }
    memcpy(list, scratch, kept * sizeof *list);
    return kept;
}

size_t sld_rank_top(sld_ranked *list, size_t count, size_t top, sld_ranked *scratch)
{
    for (int round = 0; round < 3 && count > 4 * SAMPLE && count / 2 > top; round++) {
        size_t before = count;
        count = drop_low(list, count, top, scratch);
        if (count == before) {
            break;
        }
    }
    if (count <= FEW) {
        sort_few(list, count);
    } else {
        sort_ranked(list, count, scratch);
    }
    return count < top ? count : top;
}

/* ---- sets of boxes ---- */

static size_t blocks(size_t count)
{
    return (count + SLD_BOX_BLOCK - 1) / SLD_BOX_BLOCK;
}

size_t sld_box_set_floats(size_t capacity)
{
    return blocks(capacity) * SLD_BOX_BLOCK * 5;
}

void sld_box_set_init(sld_box_set *set, float *memory, size_t capacity, float unit)
{
    size_t length = blocks(capacity) * SLD_BOX_BLOCK;
    *set = (sld_box_set){.x1 = memory,
                         .y1 = memory + length,
                         .x2 = memory + 2 * length,
                         .y2 = memory + 3 * length,
                         .area = memory + 4 * length,
                         .unit = unit};
}

static float clipped(float v)
{
    return v < 0 ? 0 : v > 1 ? 1 : v;
}

sld_box sld_box_clipped(const sld_box *box)
{
    return (sld_box){clipped(box->x1), clipped(box->y1), clipped(box->x2), clipped(box->y2)};
}

float sld_box_area(const sld_box *box, float unit)
{
    float w = box->x2 - box->x1 + unit;
    float h = box->y2 - box->y1 + unit;
    return w > 0 && h > 0 ? w * h : 0;
}

float sld_box_overlap(const sld_box *a, const sld_box *b, float unit)
{
    sld_box both = {a->x1 > b->x1 ? a->x1 : b->x1, a->y1 > b->y1 ? a->y1 : b->y1,
                    a->x2 < b->x2 ? a->x2 : b->x2, a->y2 < b->y2 ? a->y2 : b->y2};
    float shared = sld_box_area(&both, unit);
    return shared > 0 ? shared / (sld_box_area(a, unit) + sld_box_area(b, unit) - shared) : 0;
}

void sld_box_set_add(sld_box_set *set, const sld_box *box)
{
    size_t i = set->count++;
    if (i % SLD_BOX_BLOCK == 0) { /* the block's other boxes overlap nothing */
        for (size_t j = i; j < i + SLD_BOX_BLOCK; j++) {
            set->x1[j] = set->y1[j] = FLT_MAX;
            set->x2[j] = set->y2[j] = -FLT_MAX;
            set->area[j] = 0;
        }
    }
    set->x1[i] = box->x1;
    set->y1[i] = box->y1;
    set->x2[i] = box->x2;
    set->y2[i] = box->y2;
    set->area[i] = sld_box_area(box, set->unit);
}

bool sld_box_set_overlaps(const sld_box_set *set, const sld_box *box, float threshold)
{
    const float area = sld_box_area(box, set->unit);
    const float unit = set->unit;
    for (size_t first = 0; first < set->count; first += SLD_BOX_BLOCK) {
        const float *x1 = set->x1 + first;
        const float *y1 = set->y1 + first;
        const float *x2 = set->x2 + first;
        const float *y2 = set->y2 + first;
        const float *other = set->area + first;
        int32_t hit = 0;
        for (int i = 0; i < SLD_BOX_BLOCK; i++) {
            float left = x1[i] > box->x1 ? x1[i] : box->x1;
            float top = y1[i] > box->y1 ? y1[i] : box->y1;
            float right = x2[i] < box->x2 ? x2[i] : box->x2;
            float bottom = y2[i] < box->y2 ? y2[i] : box->y2;
            float w = right - left + unit;
            float h = bottom - top + unit;
            w = w > 0 ? w : 0;
            h = h > 0 ? h : 0;
            float shared = w * h;
            hit |= shared > threshold * (area + other[i] - shared);
        }
        if (hit) {
            return true;
        }
    }
    return false;
}
