/* SPDX-License-Identifier: Apache-2.0 */
/* Names of faces: the numbers a network makes of one (an embedding) beside those of known ones. */
#ifndef SAMPLES_GALLERY_H
#define SAMPLES_GALLERY_H

#include "net.h"

typedef struct gallery {
    net embedding;  /* at most 2048 numbers */
    float likeness; /* least cosine of the angle between two that are of one person: 0.6 */
    struct person *known;
    int count;
} gallery;

/* Sets the likeness, which the caller may change afterwards. */
bool gallery_open(solder_runtime *runtime, const char *plan, gallery *g);
/* The part of the picture is the person's face, NULL: all of it. */
bool gallery_add(gallery *g, const char *name, const picture *p, const picture_box *part);
/* The one whose numbers point the same way most closely, and the cosine; "somebody": it is too low.
 */
bool gallery_name(gallery *g, const picture *p, const picture_box *part, const char **name,
                  float *cosine);
void gallery_close(gallery *g);

#endif
