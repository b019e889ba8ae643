/* SPDX-License-Identifier: Apache-2.0 */
/* What the samples do with pictures: reading, resizing into a tensor, drawing, writing. */
#ifndef SAMPLES_PICTURE_H
#define SAMPLES_PICTURE_H

#include "solder/runtime.h"

typedef struct picture {
    int w, h;
    unsigned char *rgb;
} picture;

/* Prints both and exits with 1. */
void stop(const char *what, const char *why);
void *room(size_t bytes);

/* JPEG or PNG. Every picture's rgb is the caller's to free. */
picture picture_read(const char *path);
void picture_write_png(const picture *p, const char *path);
/* Bilinear. */
picture picture_resize(const picture *p, int w, int h);
/* Stretched to [1, 3, h, w] of values by the rule; NULL: 0 to 255 as RGB. */
void picture_to_tensor(const picture *p, const solder_image_rule *rule, int w, int h,
                       float *tensor);

typedef struct picture_box {
    float x1, y1, x2, y2; /* pixels */
} picture_box;
/* A frame and a plate with the text; colours repeat after six. */
void picture_draw_box(picture *p, const picture_box *box, const char *text, unsigned colour);
void picture_draw_point(picture *p, float x, float y, unsigned colour);

#endif
