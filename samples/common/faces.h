/* SPDX-License-Identifier: Apache-2.0 */
/* Faces in a picture, found by UltraFace: its boxes, suppression. */
#ifndef SAMPLES_FACES_H
#define SAMPLES_FACES_H

#include <stddef.h>

#include "net.h"

typedef struct face {
    picture_box box;
    float score;
    int points;       /* 5 where the detector finds them, else 0 */
    float x[5], y[5]; /* eyes, nose, corners of the mouth; left ones first, in pixels */
} face;

/* How many boxes UltraFace has for a picture of width by height: 4420 for 320 x 240. */
size_t ultraface_count(int width, int height);
/* Its raw regressions [count, 4] to corners x1, y1, x2, y2 as shares of the picture. */
void ultraface_decode(int width, int height, const float *raw, float *boxes);

/*
 * Boxes [count, 4] in shares and scores [count, 2] (background, face) to faces in pixels of a
 * picture of width by height, best first: scores above threshold, without those that overlap a
 * better one by more than overlap. At most `most`; returns how many.
 */
size_t faces_choose(const float *boxes, const float *scores, size_t count, float threshold,
                    float overlap, int width, int height, face *faces, size_t most);

/* Of a plan with the outputs scores [1, N, 2] and decoded boxes [1, N, 4]. */
bool ultraface_find(net *n, const picture *p, face *faces, size_t most, size_t *count);

#endif
