/* SPDX-License-Identifier: Apache-2.0 */
/* What a cell of a YOLO head says: a box for each anchor, is there an object, of which class. */
#ifndef SLD_PLUGINS_YOLO_H
#define SLD_PLUGINS_YOLO_H

#include <stdbool.h>
#include <stdint.h>

typedef struct sld_yolo {
    const float *map; /* [N, anchors * (5 + classes), rows, columns]: x, y, w, h, object, classes */
    int64_t rows, columns, anchors, classes;
    const float *anchor;  /* width and height of each */
    float unit_w, unit_h; /* of the image, in what anchors are in */
    float scale_xy;       /* how far centres reach: 1 to the borders of their cell */
    bool raw;             /* the network has applied the sigmoids */
    bool square;          /* sizes are anchors times (2 sigmoid)^2, not exp */
    bool softmax;         /* of the classes; else sigmoids */
} sld_yolo;

typedef struct sld_yolo_box {
    float x, y, w, h, object; /* centre and size as shares of the image */
} sld_yolo_box;

/* index counts rows, columns, anchors. */
sld_yolo_box sld_yolo_decode(const sld_yolo *y, int64_t item, int64_t index);
/* Of each class, given an object. */
void sld_yolo_classes(const sld_yolo *y, int64_t item, int64_t index, float *to);
float sld_sigmoid(float x);

#endif
