/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proposal, the layer between the two halves of Faster R-CNN in Caffe. Inputs: scores
 * [N, 2 * anchors, h, w] (of nothing, then of something), deltas [N, 4 * anchors, h, w] and, for
 * all images or each, rows, columns and scale of the image [1 or N, 3]. Outputs: regions
 * [R, 5] of image, x1, y1, x2, y2 in its pixels, best first in each image, and their scores [R, 1].
 */
#include "plugins/checks.h"
#include "plugins/proposals.h"

enum { MAX_LIST = 16 };

typedef struct proposal_attributes {
    int32_t stride, base, pre, post, ratio_count, scale_count;
    float min_size, threshold, ratio[MAX_LIST], scale[MAX_LIST];
} proposal_attributes;

#define FIELD(field, name, kind, initial)                                                          \
    SOLDER_ATTRIBUTE(proposal_attributes, field, name, SOLDER_ATTRIBUTE_##kind, initial)
static const solder_plugin_attribute attributes[] = {
    FIELD(stride, "feat_stride", I32, 16),
    FIELD(base, "base_size", I32, 16),
    FIELD(min_size, "min_size", F32, 16),
    FIELD(pre, "pre_nms_topn", I32, 6000),
    FIELD(post, "post_nms_topn", I32, 300),
    FIELD(threshold, "nms_thresh", F32, 0.7f),
    SOLDER_ATTRIBUTE_LIST(proposal_attributes, ratio, ratio_count, "ratio", SOLDER_ATTRIBUTE_F32,
                          0),
    SOLDER_ATTRIBUTE_LIST(proposal_attributes, scale, scale_count, "scale", SOLDER_ATTRIBUTE_F32,
                          0),
};

static const solder_plugin_operand inputs[] = {
    {"scores", SOLDER_TYPE(SOLDER_F32), 0},
    {"deltas", SOLDER_TYPE(SOLDER_F32), 0},
    {"image", SOLDER_TYPE(SOLDER_F32), 0},
};
static const solder_plugin_operand outputs[] = {
    {"regions", SOLDER_TYPE(SOLDER_F32), 0},
    {"scores", SOLDER_TYPE(SOLDER_F32), SOLDER_OPERAND_OPTIONAL},
};

static solder_status infer(const solder_plugin_infer *i)
{
    const proposal_attributes *a = i->attributes;
    const solder_shape *scores = &i->inputs[0].shape;
    if (a->ratio_count < 1 || a->scale_count < 1 || !sld_all_positive(a->ratio, a->ratio_count) ||
        !sld_all_positive(a->scale, a->scale_count) || a->stride < 1 || a->base < 1 ||
        !(a->min_size >= 0) || !(a->threshold >= 0)) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA,
                                 "needs ratio and scale; they, feat_stride and base_size must be "
                                 "above 0, min_size and nms_thresh not below");
    }
    const char *misfit = sld_proposals_misfit(i, scores, &i->inputs[1].shape, &i->inputs[2].shape,
                                              a->ratio_count * a->scale_count);
    if (misfit != NULL) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA, "%s", misfit);
    }
    solder_expr most =
        solder_expr_mul(i, solder_expr_mul(i, scores->d[2], scores->d[3]),
                        solder_expr_constant(i, (int64_t)a->ratio_count * a->scale_count));
    if (a->post > 0) {
        most = solder_expr_make(i, SOLDER_EXPR_MIN, most, solder_expr_constant(i, a->post));
    }
    solder_expr rows = solder_expr_data_dependent(i, solder_expr_mul(i, scores->d[0], most));
    i->outputs[0].shape = (solder_shape){2, {rows, solder_expr_constant(i, 5)}};
    if (i->output_count > 1) {
        i->outputs[1].shape = (solder_shape){2, {rows, solder_expr_constant(i, 1)}};
    }
    return SOLDER_OK;
}

static size_t begin(sld_proposals *p, const solder_plugin_call *c)
{
    const proposal_attributes *a = c->attributes;
    *p = (sld_proposals){.ratios = a->ratio,
                         .scales = a->scale,
                         .ratio_count = a->ratio_count,
                         .scale_count = a->scale_count,
                         .stride = (float)a->stride,
                         .base = (float)a->base,
                         .min_size = a->min_size,
                         .top_k = a->pre > 0 ? a->pre : -1,
                         .keep_top_k = a->post > 0 ? a->post : -1,
                         .threshold = a->threshold,
                         .scores = &c->inputs[0],
                         .deltas = &c->inputs[1],
                         .info = &c->inputs[2]};
    return sld_proposals_init(p, c, c->workspace);
}

static size_t workspace(const solder_plugin_call *c)
{
    sld_proposals p;
    return begin(&p, c);
}

static solder_status run(const solder_plugin_call *c)
{
    sld_proposals p;
    float *to = c->outputs[0].data;
    float *scores = c->output_count > 1 ? c->outputs[1].data : NULL;
    int64_t rows = 0;
    (void)begin(&p, c);
    sld_proposals_run(&p, c);
    for (size_t image = 0; image < p.nms.images; image++) {
        for (size_t i = 0; i < p.nms.counts[image]; i++, rows++) {
            float score;
            sld_box box = sld_proposals_get(&p, image, i, &score);
            to[rows * 5] = (float)image;
            memcpy(to + rows * 5 + 1, &box, sizeof box);
            if (scores != NULL) {
                scores[rows] = score;
            }
        }
    }
    c->outputs[0].dim[0] = rows;
    if (scores != NULL) {
        c->outputs[1].dim[0] = rows;
    }
    return SOLDER_OK;
}

const solder_plugin sld_plugin_proposal = {
    .abi_version = SOLDER_PLUGIN_ABI,
    .struct_size = sizeof(solder_plugin),
    .name = "Proposal",
    .version = 1,
    .inputs = inputs,
    .input_count = sizeof inputs / sizeof inputs[0],
    .outputs = outputs,
    .output_count = sizeof outputs / sizeof outputs[0],
    .attributes = attributes,
    .attribute_count = sizeof attributes / sizeof attributes[0],
    .attributes_size = sizeof(proposal_attributes),
    .infer = infer,
    .workspace = workspace,
    .run = run,
};
