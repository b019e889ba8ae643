/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The placed intervals stand in a tree over all intervals in order of their start, which knows the
 * latest end below each of its nodes: those that live at some time between two steps are found
 * without looking at the others.
 */
#include "passes/intervals.h"

/* Neighbours looked at before the rest is stacked: some seconds' worth at most. */
#define MAX_VISITS ((size_t)1 << 24)

typedef struct placing {
    sld_interval **by_start;
    sld_interval **found, **spare;
    int32_t *latest; /* tree; -1: nothing placed */
    size_t *below;   /* tree over steps, when stacking: the end of what covers all of the node */
    size_t *highest; /* the largest end at any step of the node */
    size_t count, width, found_count, visits;
    int32_t last; /* step */
    size_t step_width;
} placing;

void sld_interval_sort(sld_interval **a, sld_interval **spare, size_t count,
                       bool (*before)(const sld_interval *, const sld_interval *))
{
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t low = 0; low < count; low += 2 * width) {
            size_t middle = low + width < count ? low + width : count;
            size_t high = low + 2 * width < count ? low + 2 * width : count;
            size_t i = low;
            size_t j = middle;
            for (size_t k = low; k < high; k++) {
                bool left = i < middle && (j >= high || !before(a[j], a[i]));
                spare[k] = left ? a[i++] : a[j++];
            }
        }
        memcpy(a, spare, count * sizeof(*a));
    }
}

static bool starts_before(const sld_interval *a, const sld_interval *b)
{
    return a->start < b->start;
}

static bool lies_below(const sld_interval *a, const sld_interval *b)
{
    return a->offset < b->offset;
}

/* ---- neighbours ---- */

/* Intervals that start up to that step. */
static size_t started(const placing *p, int32_t step)
{
    size_t low = 0;
    size_t high = p->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (p->by_start[middle]->start <= step) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Placed ones among the first limit in order of start that end at that step or later. */
static void collect(placing *p, size_t node, size_t first, size_t width, size_t limit, int32_t step)
{
    if (first >= limit || p->latest[node] < step) {
        return;
    }
    if (width == 1) {
        p->found[p->found_count++] = p->by_start[first];
        return;
    }
    collect(p, 2 * node, first, width / 2, limit, step);
    collect(p, 2 * node + 1, first + width / 2, width / 2, limit, step);
}

static void mark_placed(const placing *p, const sld_interval *b)
{
    for (size_t node = p->width + b->rank; node > 0 && p->latest[node] < b->end; node /= 2) {
        p->latest[node] = b->end;
    }
}

static size_t best_gap(placing *p, const sld_interval *b)
{
    size_t best = SIZE_MAX;
    size_t best_size = SIZE_MAX;
    size_t free_from = 0;
    p->found_count = 0;
    collect(p, 1, 0, p->width, started(p, b->end), b->start);
    p->visits += p->found_count;
    sld_interval_sort(p->found, p->spare, p->found_count, lies_below);
    for (size_t i = 0; i < p->found_count; i++) {
        const sld_interval *other = p->found[i];
        if (other->offset > free_from && other->offset - free_from >= b->size &&
            other->offset - free_from < best_size) {
            best = free_from;
            best_size = other->offset - free_from;
        }
        if (other->offset + other->size > free_from) {
            free_from = other->offset + other->size;
        }
    }
    return best != SIZE_MAX ? best : free_from;
}

/* ---- stacking ---- */

typedef struct span {
    size_t node, first, width; /* of the tree over steps */
} span;

static span left_half(span s)
{
    return (span){2 * s.node, s.first, s.width / 2};
}

static span right_half(span s)
{
    return (span){2 * s.node + 1, s.first + s.width / 2, s.width / 2};
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static bool apart(span s, const sld_interval *b)
{
    return s.first > (size_t)b->end || s.first + s.width <= (size_t)b->start;
}

static bool covered(span s, const sld_interval *b)
{
    return s.first >= (size_t)b->start && s.first + s.width - 1 <= (size_t)b->end;
}

static size_t top(const placing *p, span s, const sld_interval *b)
{
    if (apart(s, b)) {
        return 0;
    }
    if (covered(s, b)) {
        return p->highest[s.node];
    }
    return larger(p->below[s.node], larger(top(p, left_half(s), b), top(p, right_half(s), b)));
}

static void raise_top(placing *p, span s, const sld_interval *b)
{
    if (apart(s, b) || b->end < b->start) {
        return;
    }
    p->highest[s.node] = larger(p->highest[s.node], b->offset + b->size);
    if (covered(s, b)) {
        p->below[s.node] = larger(p->below[s.node], b->offset + b->size);
        return;
    }
    raise_top(p, left_half(s), b);
    raise_top(p, right_half(s), b);
}

static bool begin_stacking(placing *p, sld_arena *scratch, sld_interval *const *order, size_t count)
{
    p->step_width = 1;
    while (p->step_width <= (size_t)p->last) {
        p->step_width *= 2;
    }
    p->below = sld_arena_array(scratch, 2 * p->step_width, sizeof *p->below);
    p->highest = sld_arena_array(scratch, 2 * p->step_width, sizeof *p->highest);
    if (p->below == NULL || p->highest == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        raise_top(p, (span){1, 0, p->step_width}, order[i]);
    }
    return true;
}

/* ---- the whole ---- */

static bool begin(placing *p, sld_arena *scratch, sld_interval *const *order)
{
    p->width = 1;
    while (p->width < p->count) {
        p->width *= 2;
    }
    p->by_start = sld_arena_array(scratch, p->count, sizeof(sld_interval *));
    p->found = sld_arena_array(scratch, p->count, sizeof(sld_interval *));
    p->spare = sld_arena_array(scratch, p->count, sizeof(sld_interval *));
    p->latest = sld_arena_array(scratch, 2 * p->width, sizeof *p->latest);
    if (p->by_start == NULL || p->found == NULL || p->spare == NULL || p->latest == NULL) {
        return false;
    }
    memcpy(p->by_start, order, p->count * sizeof(sld_interval *));
    sld_interval_sort(p->by_start, p->spare, p->count, starts_before);
    memset(p->latest, 0xff, 2 * p->width * sizeof *p->latest);
    for (size_t i = 0; i < p->count; i++) { /* what lives forever does so to the last step */
        const sld_interval *b = order[i];
        p->last = b->start > p->last && b->start != INT32_MAX ? b->start : p->last;
        p->last = b->end > p->last && b->end != INT32_MAX ? b->end : p->last;
        p->by_start[i]->rank = i;
    }
    for (size_t i = 0; i < p->count; i++) {
        order[i]->start = order[i]->start > p->last ? p->last : order[i]->start;
        order[i]->end = order[i]->end > p->last ? p->last : order[i]->end;
    }
    return true;
}

static bool is_stacking(const placing *p)
{
    return p->below != NULL;
}

static void place(placing *p, sld_interval *b, size_t *total)
{
    const span all = {1, 0, p->step_width};
    size_t end;
    b->offset = b->end < b->start ? 0 : is_stacking(p) ? top(p, all, b) : best_gap(p, b);
    if (!sld_size_add(b->offset, b->size, &end) || end > INT64_MAX / 2) {
        *total = SIZE_MAX;
        return;
    }
    if (is_stacking(p)) {
        raise_top(p, all, b);
    } else {
        mark_placed(p, b);
    }
    *total = larger(*total, end);
}

bool sld_interval_place(sld_arena *scratch, sld_interval *const *order, size_t count, size_t *total)
{
    placing p = {.count = count};
    *total = 0;
    if (count == 0) {
        return true;
    }
    if (!begin(&p, scratch, order)) {
        return false;
    }
    for (size_t i = 0; i < count && *total != SIZE_MAX; i++) {
        if (p.visits > MAX_VISITS && !is_stacking(&p) && !begin_stacking(&p, scratch, order, i)) {
            return false;
        }
        place(&p, order[i], total);
    }
    return true;
}
