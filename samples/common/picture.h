/* SPDX-License-Identifier: Apache-2.0 */
/* What the samples do with pictures: reading, resizing into a tensor, drawing, writing. */
#ifndef SAMPLES_PICTURE_H
#define SAMPLES_PICTURE_H

#include <stdbool.h>

#include <solder/runtime.h>

/* Start with zeros. rgb is the caller's to free; a picture filled again keeps its memory. */
typedef struct picture {
    int w, h;
    unsigned char *rgb;
} picture;

typedef struct picture_box {
    float x1, y1, x2, y2; /* pixels */
} picture_box;

/* Prints both on stderr; false, for the caller to return, as everything here that fails does. */
bool failed(const char *what, const char *why);

/* Room for w by h pixels, at most 16384 each; what is in them has no meaning. */
bool picture_make(picture *p, int w, int h);
/* JPEG, PNG or binary PPM, told apart by content. */
bool picture_read(const char *path, picture *p);
/* JPEG, PNG or PPM, by the end of the name: .jpg, .png, anything else. */
bool picture_write(const picture *p, const char *path);
/* Bilinear, pixel centres at halves, edges repeated. */
bool picture_resize(const picture *p, int w, int h, picture *to);
/* One channel between pixels: bilinear, whole numbers are centres, edges repeated. */
float picture_at(const picture *p, float x, float y, int channel);
/* Where in the picture the pixel (u, v) of a tensor lies: x[0] + x[1] u + x[2] v, and y the same.
 */
typedef struct picture_map {
    float x[3], y[3];
} picture_map;
/* [3, h, w], or [3, w, h] if the rule says transposed, of values by the rule; NULL: 0 to 255. */
void picture_map_to_tensor(const picture *p, const picture_map *map, const solder_image_rule *rule,
                           int w, int h, float *tensor);
/* The same of a part of the picture, stretched; NULL: all of it. */
void picture_to_tensor(const picture *p, const picture_box *part, const solder_image_rule *rule,
                       int w, int h, float *tensor);

/* Shared area by area of both. */
float picture_box_overlap(const picture_box *a, const picture_box *b);
/* A frame and a plate with the text, "" for none, as large as suits the picture; colours repeat
 * after eight. */
void picture_draw_box(picture *p, const picture_box *box, const char *text, unsigned colour);
void picture_draw_point(picture *p, float x, float y, unsigned colour);

#endif
