/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faces and five points of each by the cascade MTCNN: what stands around its three networks.
 *
 *     mtcnn m = {0};
 *     mtcnn_open(runtime, (const char *[]){"pnet.plan", "rnet.plan", "onet.plan"}, &m);
 *     mtcnn_find(&m, &picture, faces, 64, &count);
 *
 * The first plan has an open height and width; the others may have an open batch.
 */
#ifndef SAMPLES_MTCNN_H
#define SAMPLES_MTCNN_H

#include "faces.h"

/* Each stage's box, score and answers: shift [x1, y1, x2, y2] and points [x..., y...] in shares of
 * the box. */
typedef struct mtcnn_box {
    picture_box box;
    float score, shift[4], points[10];
} mtcnn_box;

typedef struct mtcnn {
    net nets[3];
    float smallest;      /* side of the smallest face, pixels: 40 */
    float factor;        /* from one scale of the picture to the next: 0.709 */
    float thresholds[3]; /* of scores, by stage: 0.6, 0.7, 0.7 */
    mtcnn_box *boxes;
    size_t count, room;
} mtcnn;

/* Sets the numbers above, which the caller may change afterwards. */
bool mtcnn_open(solder_runtime *runtime, const char *const plans[3], mtcnn *m);
/* Best first, at most `most`. */
bool mtcnn_find(mtcnn *m, const picture *p, face *faces, size_t most, size_t *count);
void mtcnn_close(mtcnn *m);

/* ---- the steps between the networks ---- */

/* The scales at which a face of the smallest side, and larger ones, become 12 pixels. */
size_t mtcnn_scales(int w, int h, float smallest, float factor, float *scales, size_t most);
/* Of a grid of scores and shifts [4, ...], a box of 12 pixels every 2, in pixels of the picture
 * that was scaled; appended to m->boxes. transposed: a column of the picture is a row of both. */
bool mtcnn_propose(mtcnn *m, const float *scores, const float *shifts, int columns, int rows,
                   bool transposed, float scale);
/*
 * Best first, without those that overlap a better one by more than overlap: the shared area by that
 * of both, or by that of the smaller one. At most `most`; returns how many stay, in front.
 */
size_t mtcnn_suppress(mtcnn_box *boxes, size_t count, size_t most, float overlap, bool by_smaller);
/* Moves the sides by the shift. */
void mtcnn_shift(mtcnn_box *b);
/* The square of the longer side around the same centre. */
void mtcnn_square(mtcnn_box *b);
/* A box as side by side values by the rule: corners of the box are centres of pixels; 0 beyond the
 * picture. */
void mtcnn_crop(const picture *p, const picture_box *box, const solder_image_rule *rule, int side,
                float *tensor);

#endif
