/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Non-maximum suppression of many classes at once, with outputs of fixed size, as TensorRT's
 * plugins have it.
 *
 * BatchedNMS_TRT     boxes [N, boxes, 1 or classes, 4], scores [N, boxes, classes] -> number of
 *                    detections [N, 1] i32, boxes [N, keepTopK, 4], scores and classes (f32)
 *                    [N, keepTopK]
 * EfficientNMS_TRT   boxes [N, boxes, 4] or [N, boxes, 1 or classes, 4], scores, and anchors
 *                    [1 or N, boxes, 4] that the boxes are then offsets from -> the same, classes
 * i32
 * SoftNMS            as EfficientNMS_TRT, but what overlaps a better box stays with a lower score:
 *                    times 1 - overlap above iou_threshold (LINEAR) or times exp(-overlap^2 /
 *                    sigma) (GAUSSIAN), until it is not above score_threshold any more
 *
 * Detections come best first, equal ones by class. Behind them boxes and scores are 0, classes -1.
 */
#include <math.h>

#include "plugins/multiclass.h"

typedef struct nms_attributes {
    int32_t share_location, background, classes, top_k, keep_top_k, normalized, clip;
    int32_t sigmoid, agnostic, center; /* EfficientNMS_TRT */
    float score_threshold, iou_threshold;
} nms_attributes;

typedef struct soft_attributes {
    nms_attributes nms;
    int32_t method;
    float sigma;
} soft_attributes;

#define FIELD(field, name, kind, initial)                                                          \
    SOLDER_ATTRIBUTE(nms_attributes, field, name, SOLDER_ATTRIBUTE_##kind, initial)

static const solder_plugin_attribute batched_table[] = {
    FIELD(share_location, "shareLocation", BOOL, 1),
    FIELD(background, "backgroundLabelId", I32, -1),
    FIELD(classes, "numClasses", I32, 0),
    FIELD(top_k, "topK", I32, -1),
    FIELD(keep_top_k, "keepTopK", I32, 0),
    FIELD(score_threshold, "scoreThreshold", F32, 0),
    FIELD(iou_threshold, "iouThreshold", F32, 0.5),
    FIELD(normalized, "isNormalized", BOOL, 1),
    FIELD(clip, "clipBoxes", BOOL, 1),
    SOLDER_ATTRIBUTE_DROP("scoreBits"), /* how finely a GPU sorts 16-bit scores */
    SOLDER_ATTRIBUTE_DROP("plugin_version"),
    SOLDER_ATTRIBUTE_DROP("plugin_namespace"),
};

static const solder_plugin_attribute efficient_table[] = {
    FIELD(background, "background_class", I32, -1),
    FIELD(keep_top_k, "max_output_boxes", I32, 100),
    FIELD(score_threshold, "score_threshold", F32, 0.25),
    FIELD(iou_threshold, "iou_threshold", F32, 0.5),
    FIELD(sigmoid, "score_activation", BOOL, 0),
    FIELD(agnostic, "class_agnostic", BOOL, 0),
    FIELD(center, "box_coding", BOOL, 0),
    FIELD(top_k, "top_k", I32, -1),
    FIELD(normalized, "normalized", BOOL, 1),
    SOLDER_ATTRIBUTE_DROP("plugin_version"),
    SOLDER_ATTRIBUTE_DROP("plugin_namespace"),
};

static const char *const methods[] = {"HARD", "LINEAR", "GAUSSIAN", NULL};
static const solder_plugin_attribute soft_table[] = {
    FIELD(background, "background_class", I32, -1),
    FIELD(keep_top_k, "max_output_boxes", I32, 100),
    FIELD(score_threshold, "score_threshold", F32, 0.001f),
    FIELD(iou_threshold, "iou_threshold", F32, 0.3f),
    SOLDER_ATTRIBUTE(soft_attributes, sigma, "sigma", SOLDER_ATTRIBUTE_F32, 0.5),
    SOLDER_ATTRIBUTE_NAMED(soft_attributes, method, "method", methods, SLD_NMS_GAUSSIAN),
    FIELD(agnostic, "class_agnostic", BOOL, 0),
    FIELD(center, "box_coding", BOOL, 0),
    FIELD(top_k, "top_k", I32, -1),
    FIELD(normalized, "normalized", BOOL, 1),
};

static const solder_plugin_operand inputs[] = {
    {"boxes", SOLDER_TYPE(SOLDER_F32), 0},
    {"scores", SOLDER_TYPE(SOLDER_F32), 0},
    {"anchors", SOLDER_TYPE(SOLDER_F32), SOLDER_OPERAND_OPTIONAL},
};
static const solder_plugin_operand batched_outputs[] = {
    {"number of detections", SOLDER_TYPE(SOLDER_I32), 0},
    {"boxes", SOLDER_TYPE(SOLDER_F32), 0},
    {"scores", SOLDER_TYPE(SOLDER_F32), 0},
    {"classes", SOLDER_TYPE(SOLDER_F32), 0},
};
static const solder_plugin_operand efficient_outputs[] = {
    {"number of detections", SOLDER_TYPE(SOLDER_I32), 0},
    {"boxes", SOLDER_TYPE(SOLDER_F32), 0},
    {"scores", SOLDER_TYPE(SOLDER_F32), 0},
    {"classes", SOLDER_TYPE(SOLDER_I32), 0},
};

static bool shapes_fit(const solder_plugin_infer *i)
{
    const solder_shape *boxes = &i->inputs[0].shape;
    const solder_shape *scores = &i->inputs[1].shape;
    bool with_anchors = i->input_count > 2 && i->inputs[2].dtype != SOLDER_NONE;
    const solder_shape *anchors = with_anchors ? &i->inputs[2].shape : NULL;
    if ((boxes->rank != 3 && boxes->rank != 4) || scores->rank != 3 ||
        !solder_expr_is(i, boxes->d[boxes->rank - 1], 4) ||
        !solder_expr_known(i, scores->d[2], NULL) ||
        solder_expr_differ(i, boxes->d[0], scores->d[0]) ||
        solder_expr_differ(i, boxes->d[1], scores->d[1])) {
        return false;
    }
    if (boxes->rank == 4 && !solder_expr_is(i, boxes->d[2], 1) &&
        (!solder_expr_known(i, boxes->d[2], NULL) ||
         solder_expr_differ(i, boxes->d[2], scores->d[2]))) {
        return false;
    }
    return anchors == NULL || (anchors->rank == 3 && solder_expr_is(i, anchors->d[2], 4) &&
                               !solder_expr_differ(i, anchors->d[1], boxes->d[1]) &&
                               (solder_expr_is(i, anchors->d[0], 1) ||
                                !solder_expr_differ(i, anchors->d[0], boxes->d[0])));
}

static const soft_attributes *soft_of(const solder_plugin *plugin, const void *attributes)
{
    return plugin->attributes == soft_table ? attributes : NULL;
}

static solder_status infer(const solder_plugin_infer *i)
{
    const nms_attributes *a = i->attributes;
    const soft_attributes *soft = soft_of(i->plugin, a);
    const solder_shape *scores = &i->inputs[1].shape;
    if (a->keep_top_k < 1 || !(a->iou_threshold >= 0) || isnan(a->score_threshold)) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA,
                                 "the number of boxes to keep must be above 0, the IoU threshold "
                                 "not below 0");
    }
    if (soft != NULL && soft->method != SLD_NMS_HARD &&
        (!(a->score_threshold >= 0) || a->iou_threshold >= 1 ||
         !(soft->sigma > 0 || soft->method == SLD_NMS_LINEAR))) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA,
                                 "soft suppression needs a score threshold not below 0, an IoU "
                                 "threshold below 1 and sigma above 0");
    }
    if (!shapes_fit(i) || (a->classes != 0 && !solder_expr_is(i, scores->d[2], a->classes)) ||
        (a->classes != 0 && a->share_location && !solder_expr_is(i, i->inputs[0].shape.d[2], 1) &&
         i->inputs[0].shape.rank == 4)) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA,
                                 "boxes, scores and attributes do not belong together");
    }
    solder_expr n = scores->d[0];
    solder_expr keep = solder_expr_constant(i, a->keep_top_k);
    i->outputs[0].shape = (solder_shape){2, {n, solder_expr_constant(i, 1)}};
    i->outputs[1].shape = (solder_shape){3, {n, keep, solder_expr_constant(i, 4)}};
    i->outputs[2].shape = i->outputs[3].shape = (solder_shape){2, {n, keep}};
    return SOLDER_OK;
}

typedef struct job {
    const nms_attributes *a;
    const float *boxes, *anchors;
    size_t count, per_box, anchor_step;
} job;

static sld_box to_corners(const float *b, bool center)
{
    return center ? (sld_box){b[0] - b[2] / 2, b[1] - b[3] / 2, b[0] + b[2] / 2, b[1] + b[3] / 2}
                  : (sld_box){b[0], b[1], b[2], b[3]};
}

/* Corners in either order, as the suppression takes them. */
static sld_box in_order(const sld_box *b)
{
    return (sld_box){fminf(b->x1, b->x2), fminf(b->y1, b->y2), fmaxf(b->x1, b->x2),
                     fmaxf(b->y1, b->y2)};
}

static sld_box box_of(const void *user, size_t image, size_t label, size_t index)
{
    const job *j = user;
    const float *b =
        j->boxes + ((image * j->count + index) * j->per_box + (j->per_box > 1 ? label : 0)) * 4;
    if (j->anchors == NULL) {
        sld_box box = to_corners(b, j->a->center);
        return in_order(&box);
    }
    const float *n = j->anchors + image * j->anchor_step + index * 4;
    if (!j->a->center) { /* offsets of the corners */
        sld_box box = {b[0] + n[0], b[1] + n[1], b[2] + n[2], b[3] + n[3]};
        return in_order(&box);
    }
    /* offsets of the centre in sizes of the anchor, logarithms of the sizes */
    const float decoded[4] = {b[0] * n[2] + n[0], b[1] * n[3] + n[1], expf(b[2]) * n[2],
                              expf(b[3]) * n[3]};
    return to_corners(decoded, true);
}

static sld_multiclass begin(const solder_plugin_call *c, job *j, size_t *workspace)
{
    const nms_attributes *a = c->attributes;
    const soft_attributes *soft = soft_of(c->plugin, a);
    const solder_plugin_tensor *boxes = &c->inputs[0];
    const solder_plugin_tensor *scores = &c->inputs[1];
    bool with_anchors = c->input_count > 2 && c->inputs[2].dtype != SOLDER_NONE;
    *j = (job){.a = a,
               .boxes = boxes->data,
               .anchors = with_anchors ? c->inputs[2].data : NULL,
               .count = (size_t)scores->dim[1],
               .per_box = boxes->rank == 4 ? (size_t)boxes->dim[2] : 1,
               .anchor_step =
                   with_anchors && c->inputs[2].dim[0] > 1 ? (size_t)scores->dim[1] * 4 : 0};
    sld_multiclass m = {.images = (size_t)scores->dim[0],
                        .boxes = j->count,
                        .classes = (size_t)scores->dim[2],
                        .background = a->background,
                        .top_k = a->top_k,
                        .keep_top_k = a->keep_top_k,
                        .threshold =
                            a->sigmoid ? sld_logit(a->score_threshold) : a->score_threshold,
                        .nms_threshold = a->iou_threshold,
                        .eta = 1,
                        .unit = a->normalized ? 0 : 1,
                        .agnostic = a->agnostic,
                        .method = soft != NULL ? soft->method : SLD_NMS_HARD,
                        .sigma = soft != NULL ? soft->sigma : 0,
                        .scores = scores->data,
                        .user = j,
                        .box = box_of};
    *workspace = sld_multiclass_init(&m, c, c->workspace);
    return m;
}

static size_t workspace(const solder_plugin_call *c)
{
    job j;
    size_t bytes;
    (void)begin(c, &j, &bytes);
    return bytes;
}

typedef struct rows {
    float *boxes, *scores, *classes;
    int32_t *numbers;
    bool whole; /* classes are integers */
} rows;

static void put(const sld_multiclass *m, size_t image, const sld_detection *d, const rows *to,
                size_t at)
{
    const job *j = m->user;
    sld_box box = box_of(j, image, d->label, d->index);
    if (j->a->clip) {
        box = sld_box_clipped(&box);
    }
    memcpy(to->boxes + at * 4, &box, sizeof box);
    to->scores[at] = j->a->sigmoid ? 1 / (1 + expf(-d->score)) : d->score;
    if (to->whole) {
        ((int32_t *)(void *)to->classes)[at] = (int32_t)d->label;
    } else {
        to->classes[at] = (float)d->label;
    }
}

/* The entries of each list in the order of their scores over all of them. */
static void put_image(const sld_multiclass *m, size_t image, const rows *to, size_t keep)
{
    size_t total = sld_multiclass_ranked(m, image);
    uint32_t *next = m->counts + image * m->list_count;
    memset(next, 0, m->list_count * sizeof *next);
    for (size_t i = 0; i < total; i++) {
        size_t list = m->together[i].index;
        sld_detection d = sld_multiclass_get(m, image, list, next[list]++);
        put(m, image, &d, to, image * keep + i);
    }
    for (size_t at = image * keep + total; at < (image + 1) * keep; at++) {
        memset(to->boxes + at * 4, 0, 4 * sizeof(float));
        to->scores[at] = 0;
        if (to->whole) {
            ((int32_t *)(void *)to->classes)[at] = -1;
        } else {
            to->classes[at] = -1;
        }
    }
    to->numbers[image] = (int32_t)total;
}

static solder_status run(const solder_plugin_call *c)
{
    job j;
    size_t bytes;
    sld_multiclass m = begin(c, &j, &bytes);
    const rows to = {c->outputs[1].data, c->outputs[2].data, c->outputs[3].data, c->outputs[0].data,
                     c->outputs[3].dtype == SOLDER_I32};
    sld_multiclass_run(&m, c);
    for (size_t image = 0; image < m.images; image++) {
        put_image(&m, image, &to, (size_t)j.a->keep_top_k);
    }
    return SOLDER_OK;
}

const solder_plugin sld_plugin_batched_nms = {
    .abi_version = SOLDER_PLUGIN_ABI,
    .struct_size = sizeof(solder_plugin),
    .name = "BatchedNMS_TRT",
    .version = 1,
    .inputs = inputs,
    .input_count = 2,
    .outputs = batched_outputs,
    .output_count = 4,
    .attributes = batched_table,
    .attribute_count = sizeof batched_table / sizeof batched_table[0],
    .attributes_size = sizeof(nms_attributes),
    .infer = infer,
    .workspace = workspace,
    .run = run,
};

const solder_plugin sld_plugin_efficient_nms = {
    .abi_version = SOLDER_PLUGIN_ABI,
    .struct_size = sizeof(solder_plugin),
    .name = "EfficientNMS_TRT",
    .version = 1,
    .inputs = inputs,
    .input_count = 3,
    .outputs = efficient_outputs,
    .output_count = 4,
    .attributes = efficient_table,
    .attribute_count = sizeof efficient_table / sizeof efficient_table[0],
    .attributes_size = sizeof(nms_attributes),
    .infer = infer,
    .workspace = workspace,
    .run = run,
};

const solder_plugin sld_plugin_soft_nms = {
    .abi_version = SOLDER_PLUGIN_ABI,
    .struct_size = sizeof(solder_plugin),
    .name = "SoftNMS",
    .version = 1,
    .inputs = inputs,
    .input_count = 3,
    .outputs = efficient_outputs,
    .output_count = 4,
    .attributes = soft_table,
    .attribute_count = sizeof soft_table / sizeof soft_table[0],
    .attributes_size = sizeof(soft_attributes),
    .infer = infer,
    .workspace = workspace,
    .run = run,
};
