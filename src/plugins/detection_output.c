/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DetectionOutput, as SSD has it in Caffe. Inputs: location [N, priors * boxes * 4] (boxes: 1 or,
 * without share_location, the number of classes), confidence [N, priors * classes], both of any
 * rank, and priors [1, 2, priors * 4] as PriorBox writes them. For each image and each class but
 * the background: scores above confidence_threshold, the best top_k of them, decoded, without those
 * that overlap a better one; then the best keep_top_k of the image. Output [1, 1, rows, 7] of
 * image, label, score, x1, y1, x2, y2, ordered by image, label, score; an image takes part with a
 * row of -1 behind its number where nothing was found in any of them.
 */
#include <float.h>
#include <math.h>

#include "plugins/checks.h"
#include "plugins/multiclass.h"
#include "plugins/ssd_decode.h"

static const char *const codes[] = {"CORNER", "CENTER_SIZE", "CORNER_SIZE", NULL};

typedef struct detection_attributes {
    int32_t num_classes, share_location, background_label_id, code_type;
    int32_t variance_encoded_in_target, top_k, keep_top_k, clip;
    float nms_threshold, eta, confidence_threshold;
} detection_attributes;

#define FIELD(field, name, kind, initial)                                                          \
    SOLDER_ATTRIBUTE(detection_attributes, field, name, SOLDER_ATTRIBUTE_##kind, initial)
/* A field of Caffe's nms_param; models of other kinds have no such folders. */
#define NMS_FIELD(field, kind, initial)                                                            \
    {                                                                                              \
        "nms_param." #field, SOLDER_ATTRIBUTE_##kind,                                              \
            (uint32_t)offsetof(detection_attributes, field), 1, SOLDER_NO_LENGTH, initial, NULL,   \
            #field                                                                                 \
    }

static const solder_plugin_attribute attributes[] = {
    FIELD(num_classes, "num_classes", I32, 0),
    FIELD(share_location, "share_location", BOOL, 1),
    FIELD(background_label_id, "background_label_id", I32, 0),
    NMS_FIELD(nms_threshold, F32, 0.3f),
    NMS_FIELD(top_k, I32, -1),
    NMS_FIELD(eta, F32, 1),
    SOLDER_ATTRIBUTE_NAMED(detection_attributes, code_type, "code_type", codes, SLD_SSD_CORNER),
    FIELD(variance_encoded_in_target, "variance_encoded_in_target", BOOL, 0),
    FIELD(keep_top_k, "keep_top_k", I32, -1),
    FIELD(confidence_threshold, "confidence_threshold", F32, -FLT_MAX),
    FIELD(clip, "clip", BOOL, 0),
    SOLDER_ATTRIBUTE_DROP("save_output_param"), /* files Caffe writes on the way */
    SOLDER_ATTRIBUTE_DROP("visualize"),
    SOLDER_ATTRIBUTE_DROP("visualize_threshold"),
    SOLDER_ATTRIBUTE_DROP("save_file"),
};

static const solder_plugin_operand inputs[] = {
    {"location", SOLDER_TYPE(SOLDER_F32), 0},
    {"confidence", SOLDER_TYPE(SOLDER_F32), 0},
    {"priors", SOLDER_TYPE(SOLDER_F32), 0},
};

static const char *wrong_attributes(const detection_attributes *a)
{
    if (a->num_classes < 1 || a->num_classes > 1 << 20) {
        return "num_classes must be above 0";
    }
    if (!(a->nms_threshold >= 0)) {
        return "nms_threshold must not be below 0";
    }
    if (!(a->eta > 0 && a->eta <= 1)) {
        return "eta must be above 0 and at most 1";
    }
    if (isnan(a->confidence_threshold)) {
        return "confidence_threshold is not a number";
    }
    return NULL;
}

/* Elements of one image; SOLDER_EXPR_NONE for rank 1 and less. */
static solder_status check_shapes(const solder_plugin_infer *i, solder_expr priors)
{
    const detection_attributes *a = i->attributes;
    const solder_shape *loc = &i->inputs[0].shape;
    const solder_shape *conf = &i->inputs[1].shape;
    const solder_shape *prior = &i->inputs[2].shape;
    solder_expr classes = solder_expr_constant(i, a->num_classes);
    solder_expr boxes = a->share_location ? solder_expr_constant(i, 1) : classes;
    solder_expr numbers = solder_expr_mul(i, priors, solder_expr_constant(i, 4));
    if (loc->rank < 2 || conf->rank < 2 ||
        solder_expr_differ(i, sld_elements_from(i, loc, 1), solder_expr_mul(i, numbers, boxes)) ||
        solder_expr_differ(i, sld_elements_from(i, conf, 1), solder_expr_mul(i, priors, classes)) ||
        solder_expr_differ(i, loc->d[0], conf->d[0]) ||
        solder_expr_differ(i, prior->d[0], solder_expr_constant(i, 1)) ||
        solder_expr_differ(i, prior->d[2], numbers)) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA,
                                 "location, confidence and priors do not belong together with "
                                 "%d classes and share_location %d",
                                 (int)a->num_classes, (int)a->share_location);
    }
    return SOLDER_OK;
}

static solder_status infer(const solder_plugin_infer *i)
{
    const detection_attributes *a = i->attributes;
    const solder_shape *prior = &i->inputs[2].shape;
    const char *wrong = wrong_attributes(a);
    if (wrong != NULL) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA, "%s", wrong);
    }
    if (prior->rank != 3 || (solder_expr_differ(i, prior->d[1], solder_expr_constant(i, 2)) &&
                             (!a->variance_encoded_in_target ||
                              solder_expr_differ(i, prior->d[1], solder_expr_constant(i, 1))))) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA,
                                 "priors must be [1, 2, 4 * number of priors]");
    }
    solder_expr one = solder_expr_constant(i, 1);
    solder_expr priors =
        solder_expr_make(i, SOLDER_EXPR_FLOOR_DIV, prior->d[2], solder_expr_constant(i, 4));
    solder_status status = check_shapes(i, priors);
    if (status != SOLDER_OK) {
        return status;
    }
    solder_expr rows = solder_expr_constant(i, a->keep_top_k);
    if (a->keep_top_k < 0) {
        rows = a->top_k < 0 ? priors
                            : solder_expr_make(i, SOLDER_EXPR_MIN, priors,
                                               solder_expr_constant(i, a->top_k));
        rows = solder_expr_mul(i, rows, solder_expr_constant(i, a->num_classes));
    }
    rows = solder_expr_make(i, SOLDER_EXPR_MAX, rows, one);
    rows = solder_expr_mul(i, rows, i->inputs[1].shape.d[0]);
    i->outputs[0].shape = (solder_shape){
        4, {one, one, solder_expr_data_dependent(i, rows), solder_expr_constant(i, 7)}};
    return SOLDER_OK;
}

/* ---- running ---- */

static sld_box box_of(const void *user, size_t image, size_t label, size_t index)
{
    return sld_ssd_decode(user, image, label, index);
}

static sld_multiclass begin(const solder_plugin_call *c, sld_ssd *j, size_t *workspace)
{
    const detection_attributes *a = c->attributes;
    *j = (sld_ssd){.location = c->inputs[0].data,
                   .priors = c->inputs[2].data,
                   .prior_count = (size_t)c->inputs[2].dim[2] / 4,
                   .boxes = a->share_location ? 1 : (size_t)a->num_classes,
                   .code = a->code_type,
                   .encoded = a->variance_encoded_in_target,
                   .clip = a->clip};
    sld_multiclass m = {.images = (size_t)c->inputs[1].dim[0],
                        .boxes = j->prior_count,
                        .classes = (size_t)a->num_classes,
                        .background = a->background_label_id,
                        .top_k = a->top_k,
                        .keep_top_k = a->keep_top_k,
                        .threshold = a->confidence_threshold,
                        .nms_threshold = a->nms_threshold,
                        .eta = a->eta,
                        .scores = c->inputs[1].data,
                        .user = j,
                        .box = box_of};
    *workspace = sld_multiclass_init(&m, c, c->workspace);
    return m;
}

static size_t workspace(const solder_plugin_call *c)
{
    sld_ssd j;
    size_t bytes;
    (void)begin(c, &j, &bytes);
    return bytes;
}

static float *put_rows(const sld_multiclass *m, size_t image, size_t label, float *to)
{
    for (size_t i = 0; i < m->counts[image * m->classes + label]; i++, to += 7) {
        sld_detection d = sld_multiclass_get(m, image, label, i);
        sld_box box = sld_ssd_decode(m->user, image, label, d.index);
        to[0] = (float)image;
        to[1] = (float)label;
        to[2] = d.score;
        memcpy(to + 3, &box, sizeof box);
    }
    return to;
}

static solder_status run(const solder_plugin_call *c)
{
    sld_ssd j;
    size_t bytes;
    sld_multiclass m = begin(c, &j, &bytes);
    float *first = c->outputs[0].data;
    float *to = first;
    sld_multiclass_run(&m, c);
    for (size_t image = 0; image < m.images; image++) {
        for (size_t label = 0; label < m.classes; label++) {
            to = put_rows(&m, image, label, to);
        }
    }
    if (to == first) {
        for (size_t image = 0; image < m.images; image++) {
            *to++ = (float)image;
            for (int i = 1; i < 7; i++) {
                *to++ = -1;
            }
        }
    }
    c->outputs[0].dim[2] = (to - first) / 7;
    return SOLDER_OK;
}

const solder_plugin sld_plugin_detection_output = {
    .abi_version = SOLDER_PLUGIN_ABI,
    .struct_size = sizeof(solder_plugin),
    .name = "DetectionOutput",
    .version = 1,
    .inputs = inputs,
    .input_count = sizeof inputs / sizeof inputs[0],
    .attributes = attributes,
    .attribute_count = sizeof attributes / sizeof attributes[0],
    .attributes_size = sizeof(detection_attributes),
    .infer = infer,
    .workspace = workspace,
    .run = run,
};
