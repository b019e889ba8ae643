/* SPDX-License-Identifier: Apache-2.0 */
#include "tracker.h"

enum { MOST_MISSED = 5 };

static const float least_overlap = 0.3f;

/* Where a track is by now if it goes on as it did: missed counts this frame. */
static picture_box expected(const track *k)
{
    float across = k->across * (float)k->missed;
    float down = k->down * (float)k->missed;
    picture_box b = k->last.box;
    return (picture_box){b.x1 + across, b.y1 + down, b.x2 + across, b.y2 + down};
}

/* The average of how it moved before and now, so that a box that trembles does not run away. */
static void learn_speed(track *k, const picture_box *now)
{
    const picture_box *b = &k->last.box;
    float across = (now->x1 + now->x2 - b->x1 - b->x2) / 2 / (float)k->missed;
    float down = (now->y1 + now->y2 - b->y1 - b->y2) / 2 / (float)k->missed;
    k->across = k->moving ? (k->across + across) / 2 : across;
    k->down = k->moving ? (k->down + down) / 2 : down;
    k->moving = true;
}

typedef struct pair {
    track *k;
    int seen;
} pair;

/* The pair that overlaps most of those not yet taken; none: k is NULL. */
static pair best_pair(tracker *t, const sighting *seen, const bool *taken, int count)
{
    pair best = {NULL, 0};
    float most = least_overlap;
    for (track *k = t->tracks; k < t->tracks + t->count; k++) {
        const picture_box at = expected(k);
        for (int i = 0; k->missed > 0 && i < count; i++) {
            float overlap = picture_box_overlap(&at, &seen[i].box);
            if (!taken[i] && seen[i].label == k->last.label && overlap > most) {
                most = overlap;
                best = (pair){k, i};
            }
        }
    }
    return best;
}

static void forget_lost(tracker *t)
{
    int kept = 0;
    for (int i = 0; i < t->count; i++) {
        if (t->tracks[i].missed <= MOST_MISSED) {
            t->tracks[kept++] = t->tracks[i];
        }
    }
    t->count = kept;
}

void tracker_follow(tracker *t, const sighting *seen, int count)
{
    bool taken[TRACKS] = {false};
    count = count < TRACKS ? count : TRACKS;
    for (int i = 0; i < t->count; i++) {
        t->tracks[i].missed++;
    }
    for (pair p; (p = best_pair(t, seen, taken, count)).k != NULL;) {
        learn_speed(p.k, &seen[p.seen].box);
        p.k->last = seen[p.seen];
        p.k->missed = 0;
        taken[p.seen] = true;
    }
    forget_lost(t);
    for (int i = 0; i < count && t->count < TRACKS; i++) {
        if (!taken[i]) {
            t->tracks[t->count++] = (track){.id = ++t->last_id, .last = seen[i]};
        }
    }
}
