/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NMS_TRT: SSD's DetectionOutput with the attributes and outputs of TensorRT's plugin. Inputs, in
 * the order inputOrder says (of location, confidence, priors): location [N, priors * boxes * 4]
 * (boxes: 1 or, without shareLocation, numClasses), confidence [N, priors * numClasses], both of
 * any rank, and priors [1 or N, 2, priors * 4]. Outputs: [N, 1, keepTopK, 7] of image, label,
 * score, x1, y1, x2, y2, best first, and how many of each image [N, 1, 1, 1] i32. Behind them rows
 * are image, -1 and zeros.
 */
#include <math.h>

#include "plugins/checks.h"
#include "plugins/multiclass.h"
#include "plugins/ssd_decode.h"

typedef struct nms_attributes {
    int32_t share_location, encoded, background, classes, top_k, keep_top_k;
    int32_t order[3], orders; /* which input is the location, the confidence, the priors */
    int32_t sigmoid, normalized, code;
    float confidence_threshold, nms_threshold;
} nms_attributes;

#define FIELD(field, name, kind, initial)                                                          \
    SOLDER_ATTRIBUTE(nms_attributes, field, name, SOLDER_ATTRIBUTE_##kind, initial)
static const solder_plugin_attribute attributes[] = {
    FIELD(share_location, "shareLocation", BOOL, 1),
    FIELD(encoded, "varianceEncodedInTarget", BOOL, 0),
    FIELD(background, "backgroundLabelId", I32, 0),
    FIELD(classes, "numClasses", I32, 0),
    FIELD(top_k, "topK", I32, -1),
    FIELD(keep_top_k, "keepTopK", I32, 0),
    FIELD(confidence_threshold, "confidenceThreshold", F32, 0),
    FIELD(nms_threshold, "nmsThreshold", F32, 0.5),
    FIELD(sigmoid, "confSigmoid", BOOL, 0),
    FIELD(normalized, "isNormalized", BOOL, 1),
    FIELD(code, "codeType", I32, SLD_SSD_CENTER_SIZE),
    SOLDER_ATTRIBUTE_LIST(nms_attributes, order, orders, "inputOrder", SOLDER_ATTRIBUTE_I32, 0),
    SOLDER_ATTRIBUTE_DROP("scoreBits"), /* how finely a GPU sorts 16-bit scores */
    SOLDER_ATTRIBUTE_DROP("isBatchAgnostic"),
    SOLDER_ATTRIBUTE_DROP("plugin_version"),
    SOLDER_ATTRIBUTE_DROP("plugin_namespace"),
};

static const solder_plugin_operand inputs[] = {
    {"location", SOLDER_TYPE(SOLDER_F32), 0},
    {"confidence", SOLDER_TYPE(SOLDER_F32), 0},
    {"priors", SOLDER_TYPE(SOLDER_F32), 0},
};
static const solder_plugin_operand outputs[] = {
    {"detections", SOLDER_TYPE(SOLDER_F32), 0},
    {"number of detections", SOLDER_TYPE(SOLDER_I32), SOLDER_OPERAND_OPTIONAL},
};

enum { LOCATION, CONFIDENCE, PRIORS };

static int which(const nms_attributes *a, int operand)
{
    return a->orders == 0 ? operand : a->order[operand];
}

static const char *wrong_attributes(const nms_attributes *a)
{
    unsigned seen = 0;
    for (int i = 0; i < 3; i++) {
        int input = which(a, i);
        seen |= input >= 0 && input < 3 ? 1u << input : 0;
    }
    if ((a->orders != 0 && a->orders != 3) || seen != 7) {
        return "inputOrder must hold 0, 1 and 2";
    }
    if (a->classes < 1 || a->classes > 1 << 20 || a->keep_top_k < 1) {
        return "numClasses and keepTopK must be above 0";
    }
    if (a->code < SLD_SSD_CORNER || a->code > SLD_SSD_TF_CENTER) {
        return "codeType must be 0 to 3";
    }
    return !(a->nms_threshold >= 0) || isnan(a->confidence_threshold)
               ? "nmsThreshold and confidenceThreshold must be numbers, the former not below 0"
               : NULL;
}

/* Elements of one image; SOLDER_EXPR_NONE for rank 1 and less. */
static solder_status infer(const solder_plugin_infer *i)
{
    const nms_attributes *a = i->attributes;
    const char *wrong = wrong_attributes(a);
    if (wrong != NULL) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA, "%s", wrong);
    }
    const solder_shape *loc = &i->inputs[which(a, LOCATION)].shape;
    const solder_shape *conf = &i->inputs[which(a, CONFIDENCE)].shape;
    const solder_shape *prior = &i->inputs[which(a, PRIORS)].shape;
    solder_expr one = solder_expr_constant(i, 1);
    solder_expr numbers = sld_elements_from(i, prior, 2);
    solder_expr boxes = a->share_location ? one : solder_expr_constant(i, a->classes);
    solder_expr count =
        solder_expr_make(i, SOLDER_EXPR_FLOOR_DIV, numbers, solder_expr_constant(i, 4));
    if (loc->rank < 2 || conf->rank < 2 || prior->rank < 3 ||
        solder_expr_differ(i, loc->d[0], conf->d[0]) ||
        solder_expr_differ(i, prior->d[1], solder_expr_constant(i, a->encoded ? 1 : 2)) ||
        (solder_expr_differ(i, prior->d[0], one) &&
         solder_expr_differ(i, prior->d[0], loc->d[0])) ||
        solder_expr_differ(i, sld_elements_from(i, loc, 1), solder_expr_mul(i, numbers, boxes)) ||
        solder_expr_differ(i, sld_elements_from(i, conf, 1),
                           solder_expr_mul(i, count, solder_expr_constant(i, a->classes)))) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA,
                                 "location, confidence and priors do not belong together with %d "
                                 "classes and shareLocation %d",
                                 (int)a->classes, (int)a->share_location);
    }
    i->outputs[0].shape = (solder_shape){
        4, {loc->d[0], one, solder_expr_constant(i, a->keep_top_k), solder_expr_constant(i, 7)}};
    if (i->output_count > 1) {
        i->outputs[1].shape = (solder_shape){4, {loc->d[0], one, one, one}};
    }
    return SOLDER_OK;
}

static sld_box box_of(const void *user, size_t image, size_t label, size_t index)
{
    return sld_ssd_decode(user, image, label, index);
}

static sld_multiclass begin(const solder_plugin_call *c, sld_ssd *s, size_t *workspace)
{
    const nms_attributes *a = c->attributes;
    const solder_plugin_tensor *conf = &c->inputs[which(a, CONFIDENCE)];
    const solder_plugin_tensor *prior = &c->inputs[which(a, PRIORS)];
    size_t numbers = 1;
    for (int i = 2; i < prior->rank; i++) {
        numbers *= (size_t)prior->dim[i];
    }
    *s = (sld_ssd){.location = c->inputs[which(a, LOCATION)].data,
                   .priors = prior->data,
                   .prior_count = numbers / 4,
                   .boxes = a->share_location ? 1 : (size_t)a->classes,
                   .prior_step = prior->dim[0] > 1 ? numbers * (size_t)prior->dim[1] : 0,
                   .code = a->code,
                   .encoded = a->encoded};
    sld_multiclass m = {.images = (size_t)conf->dim[0],
                        .boxes = s->prior_count,
                        .classes = (size_t)a->classes,
                        .background = a->background,
                        .top_k = a->top_k,
                        .keep_top_k = a->keep_top_k,
                        .threshold = a->sigmoid ? sld_logit(a->confidence_threshold)
                                                : a->confidence_threshold,
                        .nms_threshold = a->nms_threshold,
                        .eta = 1,
                        .unit = a->normalized ? 0 : 1,
                        .scores = conf->data,
                        .user = s,
                        .box = box_of};
    *workspace = sld_multiclass_init(&m, c, c->workspace);
    return m;
}

static size_t workspace(const solder_plugin_call *c)
{
    sld_ssd s;
    size_t bytes;
    (void)begin(c, &s, &bytes);
    return bytes;
}

static void put(const sld_multiclass *m, size_t image, const sld_detection *d, bool sigmoid,
                float *to)
{
    sld_box box = sld_ssd_decode(m->user, image, d->label, d->index);
    to[0] = (float)image;
    to[1] = (float)d->label;
    to[2] = sigmoid ? 1 / (1 + expf(-d->score)) : d->score;
    memcpy(to + 3, &box, sizeof box);
}

/* The entries of each list in the order of their scores over all of them. */
static int32_t put_image(const sld_multiclass *m, size_t image, const nms_attributes *a, float *to)
{
    size_t total = sld_multiclass_ranked(m, image);
    uint32_t *next = m->counts + image * m->list_count;
    memset(next, 0, m->list_count * sizeof *next);
    for (size_t i = 0; i < total; i++, to += 7) {
        size_t list = m->together[i].index;
        sld_detection d = sld_multiclass_get(m, image, list, next[list]++);
        put(m, image, &d, a->sigmoid, to);
    }
    for (size_t i = total; i < (size_t)a->keep_top_k; i++, to += 7) {
        memcpy(to, (const float[7]){(float)image, -1}, 7 * sizeof *to);
    }
    return (int32_t)total;
}

static solder_status run(const solder_plugin_call *c)
{
    const nms_attributes *a = c->attributes;
    sld_ssd s;
    size_t bytes;
    sld_multiclass m = begin(c, &s, &bytes);
    float *to = c->outputs[0].data;
    int32_t *counts = c->output_count > 1 ? c->outputs[1].data : NULL;
    sld_multiclass_run(&m, c);
    for (size_t image = 0; image < m.images; image++, to += (size_t)a->keep_top_k * 7) {
        int32_t total = put_image(&m, image, a, to);
        if (counts != NULL) {
            counts[image] = total;
        }
    }
    return SOLDER_OK;
}

const solder_plugin sld_plugin_nms_trt = {
    .abi_version = SOLDER_PLUGIN_ABI,
    .struct_size = sizeof(solder_plugin),
    .name = "NMS_TRT",
    .version = 1,
    .inputs = inputs,
    .input_count = sizeof inputs / sizeof inputs[0],
    .outputs = outputs,
    .output_count = sizeof outputs / sizeof outputs[0],
    .attributes = attributes,
    .attribute_count = sizeof attributes / sizeof attributes[0],
    .attributes_size = sizeof(nms_attributes),
    .infer = infer,
    .workspace = workspace,
    .run = run,
};
