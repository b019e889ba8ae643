/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Follows things from frame to frame by their boxes: of all pairs of a track and a box of the same
 * label, those that overlap most belong together, the track's box moved on as fast as it moved so
 * far. So a thing stays itself while it is hidden for some frames.
 */
#ifndef SAMPLES_TRACKER_H
#define SAMPLES_TRACKER_H

#include "picture.h"

enum { TRACKS = 64 };

/* What a detector found. */
typedef struct sighting {
    int label;
    float score;
    picture_box box;
} sighting;

typedef struct track {
    int id;     /* from 1 on, never used again */
    int missed; /* frames since it was seen; 0: seen in this one */
    sighting last;
    float across, down; /* pixels it moves in a frame */
    bool moving;        /* the two are known */
} track;

/* Start with zeros. */
typedef struct tracker {
    track tracks[TRACKS];
    int count, last_id;
} tracker;

/* One frame. What is not seen for more than five is forgotten; at most 64 tracks, the first ones.
 */
void tracker_follow(tracker *t, const sighting *seen, int count);

#endif
