/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RPROI_TRT: the regions of Proposal and what ROIPooling makes of them in one step, with outputs of
 * fixed size. Inputs: scores [N, 2 * anchors, h, w], deltas [N, 4 * anchors, h, w], the feature map
 * [N, C, H, W], and rows, columns and scale of the image [1 or N, 3]. Outputs: regions
 * [N, 1, nmsMaxOut, 4] and their parts [N, nmsMaxOut, C, poolingH, poolingW]; both are 0 behind the
 * regions found.
 */
#include "plugins/checks.h"
#include "plugins/proposals.h"
#include "plugins/roi_pool.h"

enum { MAX_LIST = 16 };

typedef struct rproi_attributes {
    int32_t pool_h, pool_w, stride, pre, post, ratios_said, scales_said, ratio_count, scale_count;
    float iou, min_size, spatial_scale, ratio[MAX_LIST], scale[MAX_LIST];
} rproi_attributes;

/* The second name is that of the Caffe layer. */
#define FIELD(field, name, caffe, kind, initial)                                                   \
    {                                                                                              \
        name, SOLDER_ATTRIBUTE_##kind, (uint32_t)offsetof(rproi_attributes, field), 1,             \
            SOLDER_NO_LENGTH, initial, NULL, caffe                                                 \
    }
#define LIST(field, length, name, caffe)                                                           \
    {                                                                                              \
        name, SOLDER_ATTRIBUTE_F32, (uint32_t)offsetof(rproi_attributes, field), MAX_LIST,         \
            (uint32_t)offsetof(rproi_attributes, length), 0, NULL, caffe                           \
    }
static const solder_plugin_attribute attributes[] = {
    FIELD(pool_h, "poolingH", "pooled_h", I32, 7),
    FIELD(pool_w, "poolingW", "pooled_w", I32, 7),
    FIELD(spatial_scale, "spatialScale", "spatial_scale", F32, 0.0625),
    FIELD(stride, "featureStride", "feature_stride", I32, 16),
    FIELD(pre, "preNmsTop", "prenms_top", I32, 6000),
    FIELD(post, "nmsMaxOut", "nms_max_out", I32, 300),
    FIELD(iou, "iouThreshold", "iou_threshold", F32, 0.7f),
    FIELD(min_size, "minBoxSize", "min_box_size", F32, 16),
    FIELD(ratios_said, "anchorsRatioCount", "anchor_ratio_count", I32, 0),
    FIELD(scales_said, "anchorsScaleCount", "anchor_scale_count", I32, 0),
    LIST(ratio, ratio_count, "anchorsRatios", "anchor_ratio"),
    LIST(scale, scale_count, "anchorsScales", "anchor_scale"),
    SOLDER_ATTRIBUTE_DROP("plugin_version"),
    SOLDER_ATTRIBUTE_DROP("plugin_namespace"),
};

static const solder_plugin_operand inputs[] = {
    {"scores", SOLDER_TYPE(SOLDER_F32), 0},
    {"deltas", SOLDER_TYPE(SOLDER_F32), 0},
    {"feature map", SOLDER_TYPE(SOLDER_F32), 0},
    {"image", SOLDER_TYPE(SOLDER_F32), 0},
};
static const solder_plugin_operand outputs[] = {
    {"regions", SOLDER_TYPE(SOLDER_F32), 0},
    {"parts", SOLDER_TYPE(SOLDER_F32), 0},
};

static const char *wrong_attributes(const rproi_attributes *a)
{
    enum { MOST = 1 << 12 };
    if (a->ratio_count < 1 || a->scale_count < 1 || !sld_all_positive(a->ratio, a->ratio_count) ||
        !sld_all_positive(a->scale, a->scale_count)) {
        return "needs anchorsRatios and anchorsScales, all above 0";
    }
    if ((a->ratios_said != 0 && a->ratios_said != a->ratio_count) ||
        (a->scales_said != 0 && a->scales_said != a->scale_count)) {
        return "anchorsRatioCount or anchorsScaleCount is not the length of its list";
    }
    if (a->pool_h < 1 || a->pool_h > MOST || a->pool_w < 1 || a->pool_w > MOST || a->stride < 1 ||
        a->post < 1 || !(a->spatial_scale > 0)) {
        return "sizes, featureStride, nmsMaxOut and spatialScale must be above 0";
    }
    return !(a->iou >= 0) || !(a->min_size >= 0) ? "iouThreshold and minBoxSize must not be below 0"
                                                 : NULL;
}

static solder_status infer(const solder_plugin_infer *i)
{
    const rproi_attributes *a = i->attributes;
    const solder_shape *scores = &i->inputs[0].shape;
    const solder_shape *map = &i->inputs[2].shape;
    const char *wrong = wrong_attributes(a);
    if (wrong == NULL) {
        wrong = sld_proposals_misfit(i, scores, &i->inputs[1].shape, &i->inputs[3].shape,
                                     a->ratio_count * a->scale_count);
    }
    if (wrong == NULL && (map->rank != 4 || solder_expr_differ(i, map->d[0], scores->d[0]))) {
        wrong = "the feature map must be [N, C, H, W]";
    }
    if (wrong != NULL) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA, "%s", wrong);
    }
    solder_expr most = solder_expr_constant(i, a->post);
    i->outputs[0].shape = (solder_shape){
        4, {scores->d[0], solder_expr_constant(i, 1), most, solder_expr_constant(i, 4)}};
    i->outputs[1].shape =
        (solder_shape){5,
                       {scores->d[0], most, map->d[1], solder_expr_constant(i, a->pool_h),
                        solder_expr_constant(i, a->pool_w)}};
    return SOLDER_OK;
}

/* Regions as pooling takes them lie behind the workspace of the proposals. */
static size_t begin(sld_proposals *p, const solder_plugin_call *c)
{
    const rproi_attributes *a = c->attributes;
    *p = (sld_proposals){.ratios = a->ratio,
                         .scales = a->scale,
                         .ratio_count = a->ratio_count,
                         .scale_count = a->scale_count,
                         .stride = (float)a->stride,
                         .base = (float)a->stride,
                         .min_size = a->min_size,
                         .top_k = a->pre > 0 ? a->pre : -1,
                         .keep_top_k = a->post,
                         .threshold = a->iou,
                         .scores = &c->inputs[0],
                         .deltas = &c->inputs[1],
                         .info = &c->inputs[3]};
    return sld_proposals_init(p, c, c->workspace);
}

static size_t workspace(const solder_plugin_call *c)
{
    const rproi_attributes *a = c->attributes;
    sld_proposals p;
    size_t regions = (size_t)c->inputs[0].dim[0] * (size_t)a->post;
    return begin(&p, c) + regions * 5 * sizeof(float);
}

static void put_regions(const sld_proposals *p, size_t image, size_t most, float *boxes,
                        float *regions)
{
    for (size_t i = 0; i < most; i++, boxes += 4, regions += 5) {
        bool found = i < p->nms.counts[image];
        float score;
        sld_box box = {0, 0, 0, 0};
        if (found) {
            box = sld_proposals_get(p, image, i, &score);
        }
        regions[0] = found ? (float)image : -1;
        memcpy(boxes, &box, sizeof box);
        memcpy(regions + 1, &box, sizeof box);
    }
}

static solder_status run(const solder_plugin_call *c)
{
    const rproi_attributes *a = c->attributes;
    const solder_plugin_tensor *map = &c->inputs[2];
    const size_t most = (size_t)a->post;
    sld_proposals p;
    float *regions = (float *)(void *)((char *)c->workspace + begin(&p, c));
    sld_proposals_run(&p, c);
    for (size_t image = 0; image < p.nms.images; image++) {
        put_regions(&p, image, most, (float *)c->outputs[0].data + image * most * 4,
                    regions + image * most * 5);
    }
    sld_roi_pool pool = {.scale = a->spatial_scale,
                         .map = map->data,
                         .regions = regions,
                         .out = c->outputs[1].data,
                         .items = map->dim[0],
                         .channels = map->dim[1],
                         .h = map->dim[2],
                         .w = map->dim[3],
                         .out_channels = map->dim[1],
                         .rows = a->pool_h,
                         .columns = a->pool_w};
    solder_plugin_parallel_for(c, p.nms.images * most, sld_roi_pool_region, &pool);
    return SOLDER_OK;
}

static const char *const names[] = {"RPROI", NULL};

const solder_plugin sld_plugin_rproi = {
    .abi_version = SOLDER_PLUGIN_ABI,
    .struct_size = sizeof(solder_plugin),
    .name = "RPROI_TRT",
    .version = 1,
    .types = names,
    .inputs = inputs,
    .input_count = sizeof inputs / sizeof inputs[0],
    .outputs = outputs,
    .output_count = sizeof outputs / sizeof outputs[0],
    .attributes = attributes,
    .attribute_count = sizeof attributes / sizeof attributes[0],
    .attributes_size = sizeof(rproi_attributes),
    .infer = infer,
    .workspace = workspace,
    .run = run,
};
