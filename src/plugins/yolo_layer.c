/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Yolo           the heads of a YOLO network to boxes [N, R, 4] of centre and size in pixels of the
 *                image and scores [N, R, classes], as EfficientNMS_TRT takes them (box_coding 1).
 *                R counts heads, rows, columns, anchors. A head lies `strides` pixels apart.
 *                version 3  [N, anchors * (5 + classes), h, w]: sizes are anchors * exp(t); also
 *                           4 (scale_x_y) and, with new_coords, heads that are activated already
 *                version 5  the same, centres 2 * sigmoid(t) - 0.5, sizes anchors *
 *                           (2 * sigmoid(t))^2; also 7
 *                version 8  [N, 4 * reg_max + classes, h, w], no anchors: the mean of a softmax of
 *                           reg_max distances to each side, in strides
 * YoloLayer_TRT  one head of version 3 to rows of x, y (upper left), w, h in shares of the image,
 *                object, class, its score: [N, h * w * anchors * 7, 1, 1]
 */
#include <math.h>
#include <string.h>

#include "plugins/checks.h"
#include "plugins/plugins.h"
#include "plugins/yolo.h"

enum { MAX_HEADS = 8, MAX_ANCHORS = 64, MAX_BINS = 64 };

typedef struct yolo_attributes {
    int32_t version, classes, new_coords, reg_max, strides, anchor_values;
    int32_t rows, columns, anchors, multiplier; /* YoloLayer_TRT */
    float scale_xy, stride[MAX_HEADS], anchor[2 * MAX_ANCHORS];
} yolo_attributes;

#define FIELD(field, name, kind, initial)                                                          \
    SOLDER_ATTRIBUTE(yolo_attributes, field, name, SOLDER_ATTRIBUTE_##kind, initial)
#define LIST(field, length, name)                                                                  \
    SOLDER_ATTRIBUTE_LIST(yolo_attributes, field, length, name, SOLDER_ATTRIBUTE_F32, 0)
static const solder_plugin_attribute yolo_table[] = {
    FIELD(version, "version", I32, 5),        FIELD(classes, "classes", I32, 0),
    FIELD(new_coords, "new_coords", BOOL, 0), FIELD(reg_max, "reg_max", I32, 16),
    FIELD(scale_xy, "scale_x_y", F32, 1),     LIST(stride, strides, "strides"),
    LIST(anchor, anchor_values, "anchors"),
};
static const solder_plugin_attribute layer_table[] = {
    FIELD(columns, "yoloWidth", I32, 0),          FIELD(rows, "yoloHeight", I32, 0),
    FIELD(anchors, "numAnchors", I32, 3),         FIELD(classes, "numClasses", I32, 80),
    FIELD(multiplier, "inputMultiplier", I32, 0), FIELD(scale_xy, "scaleXY", F32, 1),
    FIELD(new_coords, "newCoords", BOOL, 0),      LIST(anchor, anchor_values, "anchors"),
    SOLDER_ATTRIBUTE_DROP("plugin_version"),      SOLDER_ATTRIBUTE_DROP("plugin_namespace"),
};

static const solder_plugin_operand inputs[] = {
    {"head", SOLDER_TYPE(SOLDER_F32), SOLDER_OPERAND_REPEATED}};
static const solder_plugin_operand outputs[] = {
    {"boxes", SOLDER_TYPE(SOLDER_F32), 0},
    {"scores", SOLDER_TYPE(SOLDER_F32), 0},
};

/* ---- checks ---- */

/* Anchors of each of so many heads. */
static int32_t anchors_of(const yolo_attributes *a, uint32_t heads)
{
    return a->version == 8 ? 1 : a->anchor_values / 2 / (int32_t)heads;
}

static const char *wrong_attributes(const yolo_attributes *a, uint32_t heads)
{
    if (a->version != 3 && a->version != 5 && a->version != 8) {
        return "version must be 3, 5 or 8";
    }
    if (a->classes < 1 || a->classes > 1 << 20 || !(a->scale_xy >= 1) || !isfinite(a->scale_xy)) {
        return "classes must be above 0, scale_x_y at least 1";
    }
    if (a->strides != (int32_t)heads || !sld_all_positive(a->stride, a->strides)) {
        return "strides needs a number above 0 for each head";
    }
    if (a->version == 8 ? a->anchor_values != 0 || a->reg_max < 1 || a->reg_max > MAX_BINS
                        : a->anchor_values == 0 || a->anchor_values % (2 * (int32_t)heads) != 0 ||
                              !sld_all_positive(a->anchor, a->anchor_values)) {
        return a->version == 8 ? "reg_max must be 1 to 64, anchors must not be given"
                               : "anchors needs width and height above 0, as many for each head";
    }
    return a->new_coords && a->version != 3 ? "new_coords is of version 3" : NULL;
}

static int64_t channels_of(const yolo_attributes *a, uint32_t heads)
{
    return a->version == 8 ? 4 * (int64_t)a->reg_max + a->classes
                           : (int64_t)anchors_of(a, heads) * (5 + a->classes);
}

static solder_status infer_yolo(const solder_plugin_infer *i)
{
    const yolo_attributes *a = i->attributes;
    const uint32_t heads = i->input_count;
    const char *wrong = wrong_attributes(a, heads);
    solder_expr rows = solder_expr_constant(i, 0);
    if (wrong != NULL) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA, "%s", wrong);
    }
    for (uint32_t k = 0; k < heads; k++) {
        const solder_shape *map = &i->inputs[k].shape;
        if (map->rank != 4 || !solder_expr_is(i, map->d[1], channels_of(a, heads)) ||
            solder_expr_differ(i, map->d[0], i->inputs[0].shape.d[0])) {
            return solder_infer_fail(i, SOLDER_ERROR_DATA, "head %u must be [N, %lld, h, w]",
                                     (unsigned)k, (long long)channels_of(a, heads));
        }
        rows = solder_expr_add(i, rows,
                               solder_expr_mul(i, solder_expr_mul(i, map->d[2], map->d[3]),
                                               solder_expr_constant(i, anchors_of(a, heads))));
    }
    solder_expr n = i->inputs[0].shape.d[0];
    i->outputs[0].shape = (solder_shape){3, {n, rows, solder_expr_constant(i, 4)}};
    i->outputs[1].shape = (solder_shape){3, {n, rows, solder_expr_constant(i, a->classes)}};
    return SOLDER_OK;
}

static solder_status infer_layer(const solder_plugin_infer *i)
{
    const yolo_attributes *a = i->attributes;
    const solder_shape *map = &i->inputs[0].shape;
    solder_expr one = solder_expr_constant(i, 1);
    enum { MOST = 1 << 12 };
    if (a->classes < 1 || a->classes > 1 << 20 || a->multiplier < 1 || a->multiplier > MOST ||
        a->rows < 1 || a->rows > MOST || a->columns < 1 || a->columns > MOST ||
        !(a->scale_xy >= 1) || !isfinite(a->scale_xy)) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA,
                                 "yoloWidth, yoloHeight, numClasses and inputMultiplier must be "
                                 "above 0 and not huge, scaleXY at least 1");
    }
    if (a->anchors < 1 || a->anchor_values != 2 * a->anchors ||
        !sld_all_positive(a->anchor, a->anchor_values)) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA,
                                 "anchors needs width and height above 0 of each of numAnchors");
    }
    if (map->rank != 4 || !solder_expr_is(i, map->d[1], (int64_t)a->anchors * (5 + a->classes)) ||
        !solder_expr_is(i, map->d[2], a->rows) || !solder_expr_is(i, map->d[3], a->columns)) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA,
                                 "the head must be [N, numAnchors * (5 + numClasses), yoloHeight, "
                                 "yoloWidth]");
    }
    int64_t numbers = (int64_t)a->rows * a->columns * a->anchors * 7;
    i->outputs[0].shape =
        (solder_shape){4, {map->d[0], solder_expr_constant(i, numbers), one, one}};
    return SOLDER_OK;
}

/* ---- heads with anchors ---- */

typedef struct job {
    const yolo_attributes *a;
    sld_yolo yolo;
    float stride;
    float *boxes, *scores; /* of the head in item 0 */
    int64_t per_item;      /* rows of all heads */
} job;

/* One row of cells. */
static void put_anchored(void *user, size_t index, int thread)
{
    const job *j = user;
    const sld_yolo *y = &j->yolo;
    const int64_t item = (int64_t)index / y->rows;
    const int64_t first = (int64_t)index % y->rows * y->columns * y->anchors;
    float *box = j->boxes + (item * j->per_item + first) * 4;
    float *scores = j->scores + (item * j->per_item + first) * y->classes;
    (void)thread;
    for (int64_t i = 0; i < y->columns * y->anchors; i++, box += 4, scores += y->classes) {
        sld_yolo_box b = sld_yolo_decode(y, item, first + i);
        box[0] = b.x * (float)y->columns * j->stride;
        box[1] = b.y * (float)y->rows * j->stride;
        box[2] = b.w;
        box[3] = b.h;
        sld_yolo_classes(y, item, first + i, scores);
        for (int64_t k = 0; k < y->classes; k++) {
            scores[k] *= b.object;
        }
    }
}

/* ---- heads without ---- */

/* The mean of a distribution over 0, 1, 2 ... */
static double distance(const float *bins, int64_t plane, int32_t count)
{
    float most = -INFINITY;
    double sum = 0;
    double mean = 0;
    for (int32_t i = 0; i < count; i++) {
        most = fmaxf(most, bins[i * plane]);
    }
    for (int32_t i = 0; i < count; i++) {
        double share = exp((double)bins[i * plane] - (double)most);
        sum += share;
        mean += share * i;
    }
    return mean / sum;
}

/* Distances to the left, upper, right, lower side from the middle of a cell. */
static void put_free_box(const double side[4], int64_t row, int64_t column, float stride, float *to)
{
    to[0] = (float)(((double)column + 0.5 + (side[2] - side[0]) / 2) * stride);
    to[1] = (float)(((double)row + 0.5 + (side[3] - side[1]) / 2) * stride);
    to[2] = (float)((side[0] + side[2]) * stride);
    to[3] = (float)((side[1] + side[3]) * stride);
}

/* One row of cells. */
static void put_free(void *user, size_t index, int thread)
{
    const job *j = user;
    const sld_yolo *y = &j->yolo;
    const int32_t bins = j->a->reg_max;
    const int64_t plane = y->rows * y->columns;
    const int64_t item = (int64_t)index / y->rows;
    const int64_t row = (int64_t)index % y->rows;
    const float *map = y->map + item * (4 * bins + y->classes) * plane + row * y->columns;
    float *box = j->boxes + (item * j->per_item + row * y->columns) * 4;
    float *scores = j->scores + (item * j->per_item + row * y->columns) * y->classes;
    (void)thread;
    for (int64_t x = 0; x < y->columns; x++, map++, box += 4, scores += y->classes) {
        double side[4];
        for (int i = 0; i < 4; i++) {
            side[i] = distance(map + i * bins * plane, plane, bins);
        }
        put_free_box(side, row, x, j->stride, box);
        for (int64_t k = 0; k < y->classes; k++) {
            scores[k] = sld_sigmoid(map[(4 * bins + k) * plane]);
        }
    }
}

static solder_status run_yolo(const solder_plugin_call *c)
{
    const yolo_attributes *a = c->attributes;
    const int32_t anchors = anchors_of(a, c->input_count);
    int64_t row = 0;
    for (uint32_t k = 0; k < c->input_count; k++) {
        const solder_plugin_tensor *map = &c->inputs[k];
        job j = {.a = a,
                 .yolo = {.map = map->data,
                          .rows = map->dim[2],
                          .columns = map->dim[3],
                          .anchors = anchors,
                          .classes = a->classes,
                          .anchor = a->anchor + (int64_t)k * anchors * 2,
                          .unit_w = 1,
                          .unit_h = 1,
                          .scale_xy = a->version == 5 ? 2 : a->scale_xy,
                          .raw = a->new_coords,
                          .square = a->new_coords || a->version == 5},
                 .stride = a->stride[k],
                 .boxes = (float *)c->outputs[0].data + row * 4,
                 .scores = (float *)c->outputs[1].data + row * a->classes,
                 .per_item = c->outputs[0].dim[1]};
        solder_plugin_parallel_for(c, (size_t)(map->dim[0] * map->dim[2]),
                                   a->version == 8 ? put_free : put_anchored, &j);
        row += map->dim[2] * map->dim[3] * anchors;
    }
    return SOLDER_OK;
}

/* ---- YoloLayer_TRT ---- */

/* Of the first class with the largest number. */
static int64_t best_class(const sld_yolo *y, int64_t item, int64_t index, float *score)
{
    const int64_t plane = y->rows * y->columns;
    const float *n = y->map +
                     ((item * y->anchors + index % y->anchors) * (5 + y->classes) + 5) * plane +
                     index / y->anchors;
    int64_t best = 0;
    for (int64_t k = 1; k < y->classes; k++) {
        best = n[k * plane] > n[best * plane] ? k : best;
    }
    *score = y->raw ? n[best * plane] : sld_sigmoid(n[best * plane]);
    return best;
}

static void put_detections(void *user, size_t index, int thread)
{
    const job *j = user;
    const sld_yolo *y = &j->yolo;
    const int64_t item = (int64_t)index / y->rows;
    const int64_t first = (int64_t)index % y->rows * y->columns * y->anchors;
    float *to = j->boxes + (int64_t)index * y->columns * y->anchors * 7;
    (void)thread;
    for (int64_t i = 0; i < y->columns * y->anchors; i++, to += 7) {
        sld_yolo_box b = sld_yolo_decode(y, item, first + i);
        b.x -= b.w / 2;
        b.y -= b.h / 2;
        memcpy(to, &b, sizeof b);
        to[5] = (float)best_class(y, item, first + i, &to[6]);
    }
}

static solder_status run_layer(const solder_plugin_call *c)
{
    const yolo_attributes *a = c->attributes;
    const solder_plugin_tensor *map = &c->inputs[0];
    job j = {.a = a,
             .yolo = {.map = map->data,
                      .rows = map->dim[2],
                      .columns = map->dim[3],
                      .anchors = a->anchors,
                      .classes = a->classes,
                      .anchor = a->anchor,
                      .unit_w = (float)(a->columns * a->multiplier),
                      .unit_h = (float)(a->rows * a->multiplier),
                      .scale_xy = a->scale_xy,
                      .raw = a->new_coords,
                      .square = a->new_coords},
             .boxes = c->outputs[0].data};
    solder_plugin_parallel_for(c, (size_t)(map->dim[0] * map->dim[2]), put_detections, &j);
    return SOLDER_OK;
}

const solder_plugin sld_plugin_yolo = {
    .abi_version = SOLDER_PLUGIN_ABI,
    .struct_size = sizeof(solder_plugin),
    .name = "Yolo",
    .version = 1,
    .inputs = inputs,
    .input_count = sizeof inputs / sizeof inputs[0],
    .outputs = outputs,
    .output_count = sizeof outputs / sizeof outputs[0],
    .attributes = yolo_table,
    .attribute_count = sizeof yolo_table / sizeof yolo_table[0],
    .attributes_size = sizeof(yolo_attributes),
    .infer = infer_yolo,
    .run = run_yolo,
};

const solder_plugin sld_plugin_yolo_layer = {
    .abi_version = SOLDER_PLUGIN_ABI,
    .struct_size = sizeof(solder_plugin),
    .name = "YoloLayer_TRT",
    .version = 1,
    .inputs = inputs,
    .input_count = sizeof inputs / sizeof inputs[0],
    .attributes = layer_table,
    .attribute_count = sizeof layer_table / sizeof layer_table[0],
    .attributes_size = sizeof(yolo_attributes),
    .infer = infer_layer,
    .run = run_layer,
};
