/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/yolo.h"

#include <math.h>

float sld_sigmoid(float x)
{
    return 1 / (1 + expf(-x));
}

/* The first number of a cell's anchor; the next is a plane behind it. */
static const float *numbers(const sld_yolo *y, int64_t item, int64_t index)
{
    int64_t plane = y->rows * y->columns;
    int64_t of_anchor = (5 + y->classes) * plane;
    return y->map + (item * y->anchors + index % y->anchors) * of_anchor + index / y->anchors;
}

static float activated(const sld_yolo *y, float value)
{
    return y->raw ? value : sld_sigmoid(value);
}

static float size(const sld_yolo *y, float value)
{
    if (!y->square) {
        return expf(value);
    }
    float twice = 2 * activated(y, value);
    return twice * twice;
}

sld_yolo_box sld_yolo_decode(const sld_yolo *y, int64_t item, int64_t index)
{
    const float *n = numbers(y, item, index);
    const float *anchor = y->anchor + index % y->anchors * 2;
    const int64_t plane = y->rows * y->columns;
    const int64_t cell = index / y->anchors;
    const float shift = (y->scale_xy - 1) / 2;
    return (sld_yolo_box){
        .x = ((float)(cell % y->columns) + activated(y, n[0]) * y->scale_xy - shift) /
             (float)y->columns,
        .y = ((float)(cell / y->columns) + activated(y, n[plane]) * y->scale_xy - shift) /
             (float)y->rows,
        .w = size(y, n[2 * plane]) * anchor[0] / y->unit_w,
        .h = size(y, n[3 * plane]) * anchor[1] / y->unit_h,
        .object = activated(y, n[4 * plane])};
}

void sld_yolo_classes(const sld_yolo *y, int64_t item, int64_t index, float *to)
{
    const int64_t plane = y->rows * y->columns;
    const float *n = numbers(y, item, index) + 5 * plane;
    float most = -INFINITY;
    float sum = 0;
    for (int64_t k = 0; k < y->classes; k++) {
        to[k] = y->softmax ? n[k * plane] : activated(y, n[k * plane]);
        most = fmaxf(most, to[k]);
    }
    for (int64_t k = 0; y->softmax && k < y->classes; k++) {
        to[k] = expf(to[k] - most);
        sum += to[k];
    }
    for (int64_t k = 0; y->softmax && k < y->classes; k++) {
        to[k] /= sum;
    }
}
