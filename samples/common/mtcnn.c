/* SPDX-License-Identifier: Apache-2.0 */
#include "mtcnn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CELL = 12, STRIDE = 2, MOST_SCALES = 32, MOST_BOXES = 1000 };

static const int sides[3] = {CELL, 24, 48};

/* ---- boxes ---- */

size_t mtcnn_scales(int w, int h, float smallest, float factor, float *scales, size_t most)
{
    float scale = (float)CELL / smallest;
    float shorter = (float)(w < h ? w : h);
    size_t count = 0;
    for (; shorter * scale > CELL && count < most; scale *= factor) {
        scales[count++] = scale;
    }
    return count;
}

static bool append(mtcnn *m, const mtcnn_box *b)
{
    if (m->count == m->room) {
        size_t room = m->room * 2 + 256;
        mtcnn_box *boxes = realloc(m->boxes, room * sizeof *boxes);
        if (boxes == NULL) {
            return failed("mtcnn", "not enough memory");
        }
        m->boxes = boxes;
        m->room = room;
    }
    m->boxes[m->count++] = *b;
    return true;
}

bool mtcnn_propose(mtcnn *m, const float *scores, const float *shifts, int columns, int rows,
                   bool transposed, float scale)
{
    size_t cells = (size_t)columns * (size_t)rows;
    for (size_t i = 0; i < cells; i++) { /* row by row of the picture */
        int x = (int)(i % (size_t)columns);
        int y = (int)(i / (size_t)columns);
        size_t at = transposed ? (size_t)x * (size_t)rows + (size_t)y : i;
        if (scores[at] > m->thresholds[0]) {
            float left = (float)(x * STRIDE);
            float top = (float)(y * STRIDE);
            mtcnn_box b = {.box = {(left + 1) / scale, (top + 1) / scale, (left + CELL) / scale,
                                   (top + CELL) / scale},
                           .score = scores[at]};
            for (size_t k = 0; k < 4; k++) {
                b.shift[k] = shifts[k * cells + at];
            }
            if (!append(m, &b)) {
                return false;
            }
        }
    }
    return true;
}

/* Best first; of equal ones the first. */
static int by_score(const void *a, const void *b)
{
    const mtcnn_box *x = *(const mtcnn_box *const *)a;
    const mtcnn_box *y = *(const mtcnn_box *const *)b;
    return x->score < y->score ? 1 : x->score > y->score ? -1 : x < y ? -1 : x > y;
}

static float area_of(const picture_box *b)
{
    return (b->x2 - b->x1) * (b->y2 - b->y1);
}

static float overlap_of(const picture_box *a, const picture_box *b, bool by_smaller)
{
    float w = fminf(a->x2, b->x2) - fmaxf(a->x1, b->x1);
    float h = fminf(a->y2, b->y2) - fmaxf(a->y1, b->y1);
    float shared = fmaxf(w, 0) * fmaxf(h, 0);
    float by = by_smaller ? fminf(area_of(a), area_of(b)) : area_of(a) + area_of(b) - shared;
    return by > 0 ? shared / by : 0;
}

static size_t keep_best(const mtcnn_box **list, mtcnn_box *kept, size_t count, size_t most,
                        float overlap, bool by_smaller)
{
    size_t n = 0;
    for (size_t i = 0; i < count && n < most; i++) {
        size_t k = 0;
        while (k < n && overlap_of(&list[i]->box, &kept[k].box, by_smaller) <= overlap) {
            k++;
        }
        if (k == n) {
            kept[n++] = *list[i];
        }
    }
    return n;
}

size_t mtcnn_suppress(mtcnn_box *boxes, size_t count, size_t most, float overlap, bool by_smaller)
{
    const mtcnn_box **list = malloc(count * sizeof *list + 1);
    mtcnn_box *kept = malloc((count < most ? count : most) * sizeof *kept + 1);
    size_t n = 0;
    if (list == NULL || kept == NULL) {
        (void)failed("mtcnn", "not enough memory");
    } else {
        for (size_t i = 0; i < count; i++) {
            list[i] = &boxes[i];
        }
        qsort(list, count, sizeof *list, by_score);
        n = keep_best(list, kept, count, most, overlap, by_smaller);
        memcpy(boxes, kept, n * sizeof *boxes);
    }
    free(list);
    free(kept);
    return n;
}

void mtcnn_shift(mtcnn_box *b)
{
    float w = b->box.x2 - b->box.x1;
    float h = b->box.y2 - b->box.y1;
    b->box = (picture_box){b->box.x1 + w * b->shift[0], b->box.y1 + h * b->shift[1],
                           b->box.x2 + w * b->shift[2], b->box.y2 + h * b->shift[3]};
}

void mtcnn_square(mtcnn_box *b)
{
    float w = b->box.x2 - b->box.x1;
    float h = b->box.y2 - b->box.y1;
    float across = (w - fmaxf(w, h)) * 0.5f;
    float down = (h - fmaxf(w, h)) * 0.5f;
    b->box =
        (picture_box){b->box.x1 + across, b->box.y1 + down, b->box.x2 - across, b->box.y2 - down};
}

/* ---- pixels ---- */

static float value_at(const picture *p, const solder_image_rule *rule, float x, float y, int c)
{
    float value = picture_at(p, x, y, rule->order[0] == 'b' ? 2 - c : c);
    return (value - rule->mean[c]) * rule->scale[c];
}

/* The whole picture smaller; corners on corners, as the cascade in TensorFlow has it. */
static void scale_picture(const picture *p, const solder_image_rule *rule, int w, int h,
                          float *tensor)
{
    float across = (float)p->w / (float)w;
    float down = (float)p->h / (float)h;
    for (int c = 0; c < 3; c++) {
        for (int i = 0; i < w * h; i++) {
            int x = rule->transposed ? i / h : i % w;
            int y = rule->transposed ? i % h : i / w;
            *tensor++ = value_at(p, rule, (float)x * across, (float)y * down, c);
        }
    }
}

void mtcnn_crop(const picture *p, const picture_box *box, const solder_image_rule *rule, int side,
                float *tensor)
{
    float right = (float)(p->w - 1);
    float bottom = (float)(p->h - 1);
    float wide = right / (float)p->w;  /* the box is in shares of the picture's width, */
    float high = bottom / (float)p->h; /* and the width ends at the last pixel's centre */
    float across = (box->x2 - box->x1) * wide / (float)(side - 1);
    float down = (box->y2 - box->y1) * high / (float)(side - 1);
    for (int c = 0; c < 3; c++) {
        for (int i = 0; i < side * side; i++) {
            int column = rule->transposed ? i / side : i % side;
            int row = rule->transposed ? i % side : i / side;
            float x = box->x1 * wide + (float)column * across;
            float y = box->y1 * high + (float)row * down;
            bool inside = x >= 0 && x <= right && y >= 0 && y <= bottom;
            *tensor++ = inside ? value_at(p, rule, x, y, c) : 0;
        }
    }
}

/* ---- the networks ---- */

static const float *output_of(const net *n, int64_t channels, solder_dims *dims)
{
    solder_io io;
    void *data;
    for (size_t i = 1; solder_engine_io(n->engine, i, &io) == SOLDER_OK; i++) {
        if (!io.is_input && io.dtype == SOLDER_F32 &&
            solder_context_tensor(n->context, io.name, &data, dims) == SOLDER_OK &&
            dims->rank >= 2 && dims->d[1] == channels) {
            return data;
        }
    }
    return NULL;
}

/* Dims of the input that follow; its memory. */
static float *resize_input(net *n, int64_t batch, int64_t h, int64_t w)
{
    solder_dims dims = {4, {batch, 3, h, w}};
    void *data = NULL;
    if (solder_context_set_dims(n->context, n->in.name, &dims) != SOLDER_OK ||
        solder_context_tensor(n->context, n->in.name, &data, NULL) != SOLDER_OK) {
        (void)failed(n->path, solder_context_message(n->context));
    }
    return data;
}

static bool run(net *n)
{
    return solder_context_run(n->context) == SOLDER_OK ||
           failed(n->path, solder_context_message(n->context));
}

static bool propose_at(mtcnn *m, const picture *p, float scale)
{
    net *n = &m->nets[0];
    int w = (int)((float)p->w * scale);
    int h = (int)((float)p->h * scale);
    bool transposed = n->rule.transposed != 0;
    solder_dims dims;
    size_t first = m->count;
    float *input = resize_input(n, 1, transposed ? w : h, transposed ? h : w);
    if (input == NULL) {
        return false;
    }
    scale_picture(p, &n->rule, w, h, input);
    if (!run(n)) {
        return false;
    }
    const float *scores = output_of(n, 2, &dims);
    const float *shifts = output_of(n, 4, &dims);
    if (scores == NULL || shifts == NULL || dims.rank != 4) {
        return failed(n->path, "not the first network: no outputs of 2 and 4 channels");
    }
    int columns = (int)dims.d[transposed ? 2 : 3];
    int rows = (int)dims.d[transposed ? 3 : 2];
    scores += (size_t)columns * (size_t)rows; /* of a face */
    if (!mtcnn_propose(m, scores, shifts, columns, rows, transposed, scale)) {
        return false;
    }
    m->count = first + mtcnn_suppress(m->boxes + first, m->count - first, MOST_BOXES, 0.5f, false);
    return true;
}

/* The answers of a later network for boxes [first, first + count), which fit into its batch. */
static bool ask(mtcnn *m, int stage, const picture *p, size_t first, size_t count)
{
    net *n = &m->nets[stage];
    int side = sides[stage];
    solder_dims dims;
    float *input = resize_input(n, (int64_t)count, side, side);
    for (size_t i = 0; input != NULL && i < count; i++) {
        mtcnn_crop(p, &m->boxes[first + i].box, &n->rule, side,
                   input + i * 3 * (size_t)side * (size_t)side);
    }
    if (input == NULL || !run(n)) {
        return false;
    }
    const float *scores = output_of(n, 2, &dims);
    const float *shifts = output_of(n, 4, &dims);
    const float *points = stage == 2 ? output_of(n, 10, &dims) : NULL;
    if (scores == NULL || shifts == NULL || (stage == 2 && points == NULL)) {
        return failed(n->path, stage == 2
                                   ? "not the third network: no outputs of 2, 4 and 10 numbers"
                                   : "not the second network: no outputs of 2 and 4 numbers");
    }
    for (size_t i = 0; i < count; i++) {
        mtcnn_box *b = &m->boxes[first + i];
        b->score = scores[i * 2 + 1];
        memcpy(b->shift, shifts + i * 4, sizeof b->shift);
        if (points != NULL) {
            memcpy(b->points, points + i * 10, sizeof b->points);
        }
    }
    return true;
}

/* Keeps the boxes that a later network takes for faces. */
static bool refine(mtcnn *m, int stage, const picture *p)
{
    size_t batch = (size_t)m->nets[stage].in.max.d[0];
    size_t kept = 0;
    for (size_t i = 0; i < m->count; i += batch) {
        if (!ask(m, stage, p, i, m->count - i < batch ? m->count - i : batch)) {
            return false;
        }
    }
    for (size_t i = 0; i < m->count; i++) {
        if (m->boxes[i].score > m->thresholds[stage]) {
            m->boxes[kept++] = m->boxes[i];
        }
    }
    m->count = kept;
    return true;
}

static void shift_and_square(mtcnn *m)
{
    for (size_t i = 0; i < m->count; i++) {
        mtcnn_shift(&m->boxes[i]);
        mtcnn_square(&m->boxes[i]);
    }
}

/* Points are shares of the box that the third network saw; then that box is moved. */
static void place_points(mtcnn_box *b)
{
    for (int i = 0; i < 5; i++) {
        b->points[i] = b->box.x1 + (b->box.x2 - b->box.x1) * b->points[i];
        b->points[i + 5] = b->box.y1 + (b->box.y2 - b->box.y1) * b->points[i + 5];
    }
    mtcnn_shift(b);
}

bool mtcnn_find(mtcnn *m, const picture *p, face *faces, size_t most, size_t *count)
{
    float scales[MOST_SCALES];
    size_t scale_count = mtcnn_scales(p->w, p->h, m->smallest, m->factor, scales, MOST_SCALES);
    m->count = 0;
    for (size_t i = 0; i < scale_count; i++) {
        if (!propose_at(m, p, scales[i])) {
            return false;
        }
    }
    m->count = mtcnn_suppress(m->boxes, m->count, MOST_BOXES, 0.7f, false);
    shift_and_square(m);
    if (!refine(m, 1, p)) {
        return false;
    }
    m->count = mtcnn_suppress(m->boxes, m->count, MOST_BOXES, 0.7f, false);
    shift_and_square(m);
    if (!refine(m, 2, p)) {
        return false;
    }
    for (size_t i = 0; i < m->count; i++) {
        place_points(&m->boxes[i]);
    }
    *count = mtcnn_suppress(m->boxes, m->count, most, 0.6f, false);
    for (size_t i = 0; i < *count; i++) {
        const mtcnn_box *b = &m->boxes[i];
        faces[i] = (face){.box = b->box, .score = b->score, .points = 5};
        memcpy(faces[i].x, b->points, sizeof faces[i].x);
        memcpy(faces[i].y, b->points + 5, sizeof faces[i].y);
    }
    return true;
}

bool mtcnn_open(solder_runtime *runtime, const char *const plans[3], mtcnn *m)
{
    *m = (mtcnn){.smallest = 40, .factor = 0.709f, .thresholds = {0.6f, 0.7f, 0.7f}};
    for (int i = 0; i < 3; i++) {
        if (!net_open(runtime, plans[i], &m->nets[i])) {
            return false;
        }
        if (i > 0 && (m->nets[i].w != sides[i] || m->nets[i].h != sides[i])) {
            return failed(plans[i], "its input is not 24 x 24, then 48 x 48: another network");
        }
    }
    return true;
}

void mtcnn_close(mtcnn *m)
{
    for (int i = 0; i < 3; i++) {
        net_close(&m->nets[i]);
    }
    free(m->boxes);
    *m = (mtcnn){0};
}
