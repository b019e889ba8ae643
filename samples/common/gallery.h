/* SPDX-License-Identifier: Apache-2.0 */
/* Names of faces: the numbers a network makes of one (an embedding) beside those of known ones. */
#ifndef SAMPLES_GALLERY_H
#define SAMPLES_GALLERY_H

#include "faces.h"

typedef struct gallery {
    net embedding;  /* at most 2048 numbers */
    bool aligned;   /* turned and sized so that eyes, nose and mouth lie where they always do */
    float likeness; /* least cosine of the angle between two that are of one person: 0.6 */
    struct person *known;
    int count;
} gallery;

/* Sets the likeness, which the caller may change afterwards. */
bool gallery_open(solder_runtime *runtime, const char *plan, gallery *g);
/* NULL: all of the picture is the person's face. */
bool gallery_add(gallery *g, const char *name, const picture *p, const face *f);
/* The one whose numbers point the same way most closely, and the cosine; "somebody": it is too low.
 */
bool gallery_name(gallery *g, const picture *p, const face *f, const char **name, float *cosine);
void gallery_close(gallery *g);

/* The turned and sized square around a face with points that embeddings are trained on (ArcFace's
 * template), for an input of side pixels. */
picture_map face_alignment(const face *f, int side);

#endif
