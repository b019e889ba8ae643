/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The heads of Darknet's YOLO.
 *
 * Region       [N, anchors * (5 + classes), h, w] to rows [N, h * w * anchors, 5 + classes] of
 *              centre, size (shares of the image), object, and object * class where that is above
 *              thresh, else 0. Version 2: softmax of classes, anchors in cells; with logistic
 *              versions 3 and 4: sigmoids, anchors in pixels of the image, the second input, of
 *              which only the size matters.
 * Region_TRT   TensorRT's: the same numbers in their places, activated: sigmoid of x, y and object,
 *              softmax of the classes
 */
#include <math.h>
#include <string.h>

#include "plugins/plugins.h"
#include "plugins/yolo.h"

enum { MAX_ANCHORS = 32, COORDS = 4 };

typedef struct region_attributes {
    int32_t anchors, coords, classes, classfix, logistic, new_coords;
    int32_t anchor_values;
    float thresh, scale_xy, anchor[2 * MAX_ANCHORS];
} region_attributes;

#define FIELD(field, name, kind, initial)                                                          \
    SOLDER_ATTRIBUTE(region_attributes, field, name, SOLDER_ATTRIBUTE_##kind, initial)
static const solder_plugin_attribute region_table[] = {
    FIELD(anchors, "num", I32, 0),
    FIELD(coords, "coords", I32, COORDS),
    FIELD(classes, "classes", I32, 0),
    FIELD(classfix, "classfix", I32, 0),
    FIELD(logistic, "logistic", BOOL, 0),
    FIELD(new_coords, "new_coords", BOOL, 0),
    FIELD(thresh, "thresh", F32, 0),
    FIELD(scale_xy, "scale_x_y", F32, 1),
    {"anchors", SOLDER_ATTRIBUTE_F32, (uint32_t)offsetof(region_attributes, anchor),
     2 * MAX_ANCHORS, (uint32_t)offsetof(region_attributes, anchor_values), 0, NULL, "biases"},
    SOLDER_ATTRIBUTE_DROP("softmax"), /* that of version 2; logistic says which */
};
static const solder_plugin_attribute trt_table[] = {
    FIELD(anchors, "num", I32, 5),
    FIELD(coords, "coords", I32, COORDS),
    FIELD(classes, "classes", I32, 20),
    SOLDER_ATTRIBUTE_DROP("plugin_version"),
    SOLDER_ATTRIBUTE_DROP("plugin_namespace"),
};

static const solder_plugin_operand inputs[] = {
    {"head", SOLDER_TYPE(SOLDER_F32), 0},
    {"image", SOLDER_TYPE(SOLDER_F32),
     SOLDER_OPERAND_OPTIONAL | SOLDER_OPERAND_STRIDED | SOLDER_OPERAND_DIMS},
};

static solder_status check_counts(const solder_plugin_infer *i)
{
    const region_attributes *a = i->attributes;
    const solder_shape *map = &i->inputs[0].shape;
    if (a->coords != COORDS || a->classes < 1 || a->classes > 1 << 20 || a->anchors < 1 ||
        a->anchors > 1 << 10) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA,
                                 "coords must be 4, num and classes must be above 0");
    }
    int64_t channels = (int64_t)a->anchors * (COORDS + 1 + a->classes);
    if (map->rank != 4 || !solder_expr_is(i, map->d[1], channels)) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA,
                                 "the head must be [N, num * (5 + classes), h, w], %lld channels",
                                 (long long)channels);
    }
    return SOLDER_OK;
}

static const char *wrong_anchors(const region_attributes *a)
{
    if (a->anchors > MAX_ANCHORS || a->anchor_values != 2 * a->anchors) {
        return "anchors must hold width and height of each of num, at most 32";
    }
    for (int i = 0; i < a->anchor_values; i++) {
        if (!(a->anchor[i] > 0) || !isfinite(a->anchor[i])) {
            return "anchors must be above 0";
        }
    }
    return a->scale_xy >= 1 && isfinite(a->scale_xy) && !isnan(a->thresh)
               ? NULL
               : "scale_x_y must be at least 1, thresh a number";
}

static solder_status infer_rows(const solder_plugin_infer *i)
{
    const region_attributes *a = i->attributes;
    const solder_shape *map = &i->inputs[0].shape;
    const char *wrong = wrong_anchors(a);
    bool with_image = i->input_count > 1 && i->inputs[1].dtype != SOLDER_NONE;
    solder_status status = check_counts(i);
    if (status != SOLDER_OK) {
        return status;
    }
    if (wrong == NULL && a->logistic && (!with_image || i->inputs[1].shape.rank != 4)) {
        wrong = "with logistic the image [N, C, H, W] is needed as second input";
    }
    if (wrong != NULL) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA, "%s", wrong);
    }
    i->outputs[0].shape =
        (solder_shape){3,
                       {map->d[0],
                        solder_expr_mul(i, solder_expr_mul(i, map->d[2], map->d[3]),
                                        solder_expr_constant(i, a->anchors)),
                        solder_expr_constant(i, COORDS + 1 + a->classes)}};
    return SOLDER_OK;
}

static solder_status infer_same(const solder_plugin_infer *i)
{
    i->outputs[0].shape = i->inputs[0].shape;
    return check_counts(i);
}

typedef struct job {
    const region_attributes *a;
    sld_yolo yolo;
    float *out;
} job;

static job begin(const solder_plugin_call *c)
{
    const region_attributes *a = c->attributes;
    const solder_plugin_tensor *map = &c->inputs[0];
    const solder_plugin_tensor *unit = a->logistic ? &c->inputs[1] : map;
    return (job){.a = a,
                 .yolo = {.map = map->data,
                          .rows = map->dim[2],
                          .columns = map->dim[3],
                          .anchors = a->anchors,
                          .classes = a->classes,
                          .anchor = a->anchor,
                          .unit_w = (float)unit->dim[3],
                          .unit_h = (float)unit->dim[2],
                          .scale_xy = a->scale_xy,
                          .raw = a->new_coords,
                          .square = a->new_coords,
                          .softmax = !a->logistic},
                 .out = c->outputs[0].data};
}

/* One row of cells. */
static void put_row(void *user, size_t index, int thread)
{
    const job *j = user;
    const sld_yolo *y = &j->yolo;
    const int64_t item = (int64_t)index / y->rows;
    const int64_t first = (int64_t)index % y->rows * y->columns * y->anchors;
    const int64_t numbers = COORDS + 1 + y->classes;
    float *to = j->out + (int64_t)index * y->columns * y->anchors * numbers;
    (void)thread;
    for (int64_t i = 0; i < y->columns * y->anchors; i++, to += numbers) {
        sld_yolo_box box = sld_yolo_decode(y, item, first + i);
        box.object = j->a->classfix == -1 && box.object < 0.5f ? 0 : box.object;
        memcpy(to, &box, sizeof box);
        sld_yolo_classes(y, item, first + i, to + COORDS + 1);
        for (int64_t k = COORDS + 1; k < numbers; k++) {
            float score = box.object * to[k];
            to[k] = score > j->a->thresh ? score : 0;
        }
    }
}

static solder_status run_rows(const solder_plugin_call *c)
{
    job j = begin(c);
    solder_plugin_parallel_for(c, (size_t)(c->inputs[0].dim[0] * j.yolo.rows), put_row, &j);
    return SOLDER_OK;
}

/* One anchor of one item. */
static void activate(void *user, size_t index, int thread)
{
    const job *j = user;
    const sld_yolo *y = &j->yolo;
    const int64_t plane = y->rows * y->columns;
    const int64_t offset = (int64_t)index * (COORDS + 1 + y->classes) * plane;
    const float *x = y->map + offset;
    float *to = j->out + offset;
    (void)thread;
    for (int64_t i = 0; i < (COORDS + 1) * plane; i++) {
        bool as_it_is = i >= 2 * plane && i < COORDS * plane;
        to[i] = as_it_is ? x[i] : sld_sigmoid(x[i]);
    }
    for (int64_t i = (COORDS + 1) * plane; i < (COORDS + 2) * plane; i++) {
        float most = -INFINITY;
        float sum = 0;
        for (int64_t k = 0; k < y->classes; k++) {
            most = fmaxf(most, x[i + k * plane]);
        }
        for (int64_t k = 0; k < y->classes; k++) {
            to[i + k * plane] = expf(x[i + k * plane] - most);
            sum += to[i + k * plane];
        }
        for (int64_t k = 0; k < y->classes; k++) {
            to[i + k * plane] /= sum;
        }
    }
}

static solder_status run_same(const solder_plugin_call *c)
{
    const region_attributes *a = c->attributes;
    job j = {.a = a,
             .yolo = {.map = c->inputs[0].data,
                      .rows = c->inputs[0].dim[2],
                      .columns = c->inputs[0].dim[3],
                      .classes = a->classes},
             .out = c->outputs[0].data};
    solder_plugin_parallel_for(c, (size_t)(c->inputs[0].dim[0] * a->anchors), activate, &j);
    return SOLDER_OK;
}

const solder_plugin sld_plugin_region = {
    .abi_version = SOLDER_PLUGIN_ABI,
    .struct_size = sizeof(solder_plugin),
    .name = "Region",
    .version = 1,
    .inputs = inputs,
    .input_count = sizeof inputs / sizeof inputs[0],
    .attributes = region_table,
    .attribute_count = sizeof region_table / sizeof region_table[0],
    .attributes_size = sizeof(region_attributes),
    .infer = infer_rows,
    .run = run_rows,
};

const solder_plugin sld_plugin_region_trt = {
    .abi_version = SOLDER_PLUGIN_ABI,
    .struct_size = sizeof(solder_plugin),
    .name = "Region_TRT",
    .version = 1,
    .inputs = inputs,
    .input_count = 1,
    .attributes = trt_table,
    .attribute_count = sizeof trt_table / sizeof trt_table[0],
    .attributes_size = sizeof(region_attributes),
    .infer = infer_same,
    .run = run_same,
};
