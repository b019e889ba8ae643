/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>

#include "faces.h"

/* ---- UltraFace: four maps, each half as wide as the one before; two or three squares a cell */

enum { MAPS = 4 };
static const int steps[MAPS] = {8, 16, 32, 64};
static const float squares[MAPS][4] = {{10, 16, 24}, {32, 48}, {64, 96}, {128, 192, 256}};

static int cells(int side, int step)
{
    return (side + step - 1) / step;
}

static int squares_of(int map)
{
    int count = 0;
    while (squares[map][count] > 0) {
        count++;
    }
    return count;
}

size_t ultraface_count(int width, int height)
{
    size_t count = 0;
    for (int m = 0; m < MAPS; m++) {
        count += (size_t)(cells(width, steps[m]) * cells(height, steps[m]) * squares_of(m));
    }
    return count;
}

/* Centres are shares of the map, not of step times cell: 240 / 32 is 7.5, the map has 8 rows. */
void ultraface_decode(int width, int height, const float *raw, float *boxes)
{
    for (int m = 0; m < MAPS; m++) {
        int columns = cells(width, steps[m]);
        int rows = cells(height, steps[m]);
        for (int i = 0; i < columns * rows * squares_of(m); i++, raw += 4, boxes += 4) {
            int cell = i / squares_of(m);
            float w = squares[m][i % squares_of(m)] / (float)width;
            float h = squares[m][i % squares_of(m)] / (float)height;
            float x = raw[0] * 0.1f * w + ((float)(cell % columns) + 0.5f) / (float)columns;
            float y = raw[1] * 0.1f * h + ((float)(cell / columns) + 0.5f) / (float)rows;
            w *= expf(raw[2] * 0.2f) / 2;
            h *= expf(raw[3] * 0.2f) / 2;
            boxes[0] = x - w;
            boxes[1] = y - h;
            boxes[2] = x + w;
            boxes[3] = y + h;
        }
    }
}

/* ---- suppression ---- */

size_t faces_choose(const float *boxes, const float *scores, size_t count, float threshold,
                    float overlap, int width, int height, face *faces, size_t most)
{
    size_t kept = 0;
    float last = INFINITY; /* score and place of the candidate before */
    size_t last_at = 0;
    while (kept < most) {
        size_t best = count;
        for (size_t i = 0; i < count; i++) { /* the next best: there are few candidates */
            float s = scores[i * 2 + 1];
            if (s > threshold && (s < last || (s == last && i > last_at)) &&
                (best == count || s > scores[best * 2 + 1])) {
                best = i;
            }
        }
        if (best == count) {
            break;
        }
        last = scores[best * 2 + 1];
        last_at = best;
        const float *b = boxes + best * 4;
        face f = {.box = {b[0] * (float)width, b[1] * (float)height, b[2] * (float)width,
                          b[3] * (float)height},
                  .score = last};
        size_t i = 0;
        while (i < kept && picture_box_overlap(&faces[i].box, &f.box) <= overlap) {
            i++;
        }
        if (i == kept) {
            faces[kept++] = f;
        }
    }
    return kept;
}

bool ultraface_find(net *n, const picture *p, face *faces, size_t most, size_t *count)
{
    int64_t scores_count = 0;
    int64_t boxes_count = 0;
    if (!net_run(n, p, NULL)) {
        return false;
    }
    const float *scores = net_output(n, 2, &scores_count);
    const float *boxes = net_output(n, 4, &boxes_count);
    if (scores == NULL || boxes == NULL || scores_count * 2 != boxes_count) {
        return failed(n->path, "its outputs are not scores [1, N, 2] and boxes [1, N, 4]");
    }
    *count =
        faces_choose(boxes, scores, (size_t)scores_count / 2, 0.7f, 0.3f, p->w, p->h, faces, most);
    return true;
}
