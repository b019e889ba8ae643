/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PriorBox, as SSD has it in Caffe: the default boxes of every cell of a feature map, as shares of
 * the image, and their variances. Inputs: the feature map [N, C, h, w] and the image [N, C, H, W],
 * of which only the sizes matter. Output [1, 2, h * w * priors * 4].
 *
 * A cell has, for each min_size s: the square s; the square sqrt(s * max_size) where max_size is
 * given; and s * sqrt(r) by s / sqrt(r) for each aspect ratio r and, with flip, for 1 / r. Sizes
 * are cut to whole pixels: so were the boxes that Caffe trained with. PriorBox_TRT, with the
 * attribute names of TensorRT's plugin, cuts nothing and has an output [1, 2, ..., 1].
 */
#include <math.h>

#include "plugins/checks.h"
#include "plugins/plugins.h"

enum { MAX_SIZES = 32, MAX_RATIOS = 32 };

typedef struct prior_box_attributes {
    float min_size[MAX_SIZES], max_size[MAX_SIZES], aspect_ratio[MAX_RATIOS], variance[4];
    int32_t min_sizes, max_sizes, aspect_ratios, variances;
    int32_t flip, clip;
    int32_t img_size, img_h, img_w; /* 0: the image's own */
    float step, step_h, step_w;     /* 0: image / map */
    float offset;
} prior_box_attributes;

#define FIELD(field, kind, initial)                                                                \
    SOLDER_ATTRIBUTE(prior_box_attributes, field, #field, SOLDER_ATTRIBUTE_##kind, initial)
#define LIST(field, length)                                                                        \
    SOLDER_ATTRIBUTE_LIST(prior_box_attributes, field, length, #field, SOLDER_ATTRIBUTE_F32, 0)

static const solder_plugin_attribute attributes[] = {
    LIST(min_size, min_sizes), LIST(max_size, max_sizes), LIST(aspect_ratio, aspect_ratios),
    LIST(variance, variances), FIELD(flip, BOOL, 1),      FIELD(clip, BOOL, 0),
    FIELD(img_size, I32, 0),   FIELD(img_h, I32, 0),      FIELD(img_w, I32, 0),
    FIELD(step, F32, 0),       FIELD(step_h, F32, 0),     FIELD(step_w, F32, 0),
    FIELD(offset, F32, 0.5),
};

#define NAMED(field, name, kind, initial)                                                          \
    SOLDER_ATTRIBUTE(prior_box_attributes, field, name, SOLDER_ATTRIBUTE_##kind, initial)
#define NAMED_LIST(field, length, name)                                                            \
    SOLDER_ATTRIBUTE_LIST(prior_box_attributes, field, length, name, SOLDER_ATTRIBUTE_F32, 0)

static const solder_plugin_attribute trt_attributes[] = {
    NAMED_LIST(min_size, min_sizes, "minSize"),
    NAMED_LIST(max_size, max_sizes, "maxSize"),
    NAMED_LIST(aspect_ratio, aspect_ratios, "aspectRatios"),
    NAMED_LIST(variance, variances, "variance"),
    NAMED(flip, "flip", BOOL, 1),
    NAMED(clip, "clip", BOOL, 0),
    NAMED(img_h, "imgH", I32, 0),
    NAMED(img_w, "imgW", I32, 0),
    NAMED(step_h, "stepH", F32, 0),
    NAMED(step_w, "stepW", F32, 0),
    NAMED(offset, "offset", F32, 0.5),
    SOLDER_ATTRIBUTE_DROP("plugin_version"),
    SOLDER_ATTRIBUTE_DROP("plugin_namespace"),
};

static const solder_plugin_operand inputs[] = {
    {"feature map", 0, SOLDER_OPERAND_STRIDED | SOLDER_OPERAND_DIMS},
    {"image", 0, SOLDER_OPERAND_STRIDED | SOLDER_OPERAND_DIMS},
};

/* Ratios beside 1, without repetitions. Returns how many. */
static int distinct_ratios(const prior_box_attributes *a, float ratios[2 * MAX_RATIOS])
{
    int count = 0;
    for (int i = 0; i < a->aspect_ratios; i++) {
        float r = a->aspect_ratio[i];
        bool known = fabsf(r - 1) < 1e-6f;
        for (int j = 0; j < count; j++) {
            known = known || fabsf(r - ratios[j]) < 1e-6f;
        }
        if (!known) {
            ratios[count++] = r;
            if (a->flip) {
                ratios[count++] = 1 / r;
            }
        }
    }
    return count;
}

static bool all_sizes(const float *values, int count)
{
    bool sizes = true;
    for (int i = 0; i < count; i++) {
        sizes = sizes && values[i] >= 1 && values[i] < 1 << 24;
    }
    return sizes;
}

static const char *wrong_attributes(const prior_box_attributes *a)
{
    if (a->min_sizes == 0 || !all_sizes(a->min_size, a->min_sizes)) {
        return "min_size needs at least one number, all at least 1";
    }
    if (a->max_sizes != 0 && a->max_sizes != a->min_sizes) {
        return "there must be as many max_size as min_size, or none";
    }
    for (int i = 0; i < a->max_sizes; i++) {
        if (!(a->max_size[i] > a->min_size[i]) || !all_sizes(a->max_size, a->max_sizes)) {
            return "max_size must be above min_size";
        }
    }
    if (!sld_all_positive(a->aspect_ratio, a->aspect_ratios)) {
        return "aspect_ratio must be above 0";
    }
    if ((a->variances > 1 && a->variances != 4) || !sld_all_positive(a->variance, a->variances)) {
        return "variance needs no, one or four numbers, all above 0";
    }
    if (a->img_size < 0 || a->img_h < 0 || a->img_w < 0 || (a->img_h == 0) != (a->img_w == 0) ||
        (a->img_size != 0 && a->img_h != 0)) {
        return "the image size is either img_size or img_h and img_w, above 0";
    }
    if (!(a->step >= 0) || !(a->step_h >= 0) || !(a->step_w >= 0) ||
        (a->step_h == 0) != (a->step_w == 0) || (a->step != 0 && a->step_h != 0)) {
        return "the step is either step or step_h and step_w, above 0";
    }
    return NULL;
}

static int priors_of_cell(const prior_box_attributes *a)
{
    float ratios[2 * MAX_RATIOS];
    return a->min_sizes * (1 + distinct_ratios(a, ratios)) + a->max_sizes;
}

static solder_status infer(const solder_plugin_infer *i)
{
    const prior_box_attributes *a = i->attributes;
    const solder_shape *map = &i->inputs[0].shape;
    const solder_shape *image = &i->inputs[1].shape;
    const char *wrong = wrong_attributes(a);
    if (wrong != NULL) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA, "%s", wrong);
    }
    if (map->rank != 4 || image->rank != 4) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA,
                                 "feature map and image have ranks %d and %d, need 4",
                                 (int)map->rank, (int)image->rank);
    }
    i->outputs[0].shape =
        (solder_shape){i->plugin->attributes == trt_attributes ? 4 : 3,
                       {solder_expr_constant(i, 1), solder_expr_constant(i, 2),
                        solder_expr_mul(i, solder_expr_mul(i, map->d[2], map->d[3]),
                                        solder_expr_constant(i, (int64_t)priors_of_cell(a) * 4)),
                        solder_expr_constant(i, 1)}};
    return SOLDER_OK;
}

typedef struct grid {
    int64_t w, h;
    float image_w, image_h, step_w, step_h;
    int priors;
} grid;

static grid make_grid(const solder_plugin_call *c)
{
    const prior_box_attributes *a = c->attributes;
    const solder_plugin_tensor *map = &c->inputs[0];
    const solder_plugin_tensor *image = &c->inputs[1];
    grid g = {.w = map->dim[3], .h = map->dim[2], .priors = priors_of_cell(a)};
    g.image_h = (float)(a->img_size ? a->img_size : a->img_h ? a->img_h : image->dim[2]);
    g.image_w = (float)(a->img_size ? a->img_size : a->img_w ? a->img_w : image->dim[3]);
    g.step_h = a->step > 0 ? a->step : a->step_h > 0 ? a->step_h : g.image_h / (float)g.h;
    g.step_w = a->step > 0 ? a->step : a->step_w > 0 ? a->step_w : g.image_w / (float)g.w;
    return g;
}

typedef struct writer {
    float *to;
    float cx, cy, image_w, image_h;
    bool clip, cut;
} writer;

static float clipped(float v, bool clip)
{
    return clip ? fminf(fmaxf(v, 0), 1) : v;
}

static void put_box(writer *p, float w, float h)
{
    *p->to++ = clipped((p->cx - w / 2) / p->image_w, p->clip);
    *p->to++ = clipped((p->cy - h / 2) / p->image_h, p->clip);
    *p->to++ = clipped((p->cx + w / 2) / p->image_w, p->clip);
    *p->to++ = clipped((p->cy + h / 2) / p->image_h, p->clip);
}

static void put_cell(writer *p, const prior_box_attributes *a, const float *roots, int ratios)
{
    for (int s = 0; s < a->min_sizes; s++) {
        float low = p->cut ? truncf(a->min_size[s]) : a->min_size[s];
        put_box(p, low, low);
        if (a->max_sizes > 0) {
            float high = p->cut ? truncf(a->max_size[s]) : a->max_size[s];
            float middle = sqrtf(low * high);
            put_box(p, middle, middle);
        }
        for (int r = 0; r < ratios; r++) {
            put_box(p, low * roots[r], low / roots[r]);
        }
    }
}

static solder_status run(const solder_plugin_call *c)
{
    const prior_box_attributes *a = c->attributes;
    const grid g = make_grid(c);
    float roots[2 * MAX_RATIOS];
    int ratios = distinct_ratios(a, roots);
    writer p = {.to = c->outputs[0].data,
                .image_w = g.image_w,
                .image_h = g.image_h,
                .clip = a->clip,
                .cut = c->plugin->attributes == attributes};
    for (int i = 0; i < ratios; i++) {
        roots[i] = sqrtf(roots[i]);
    }
    for (int64_t y = 0; y < g.h; y++) {
        p.cy = ((float)y + a->offset) * g.step_h;
        for (int64_t x = 0; x < g.w; x++) {
            p.cx = ((float)x + a->offset) * g.step_w;
            put_cell(&p, a, roots, ratios);
        }
    }
    for (int64_t i = 0; i < g.h * g.w * g.priors * 4; i++) {
        p.to[i] = a->variances == 0 ? 0.1f : a->variance[a->variances == 1 ? 0 : i % 4];
    }
    return SOLDER_OK;
}

const solder_plugin sld_plugin_prior_box = {
    .abi_version = SOLDER_PLUGIN_ABI,
    .struct_size = sizeof(solder_plugin),
    .name = "PriorBox",
    .version = 1,
    .inputs = inputs,
    .input_count = sizeof inputs / sizeof inputs[0],
    .attributes = attributes,
    .attribute_count = sizeof attributes / sizeof attributes[0],
    .attributes_size = sizeof(prior_box_attributes),
    .infer = infer,
    .run = run,
};

const solder_plugin sld_plugin_prior_box_trt = {
    .abi_version = SOLDER_PLUGIN_ABI,
    .struct_size = sizeof(solder_plugin),
    .name = "PriorBox_TRT",
    .version = 1,
    .inputs = inputs,
    .input_count = sizeof inputs / sizeof inputs[0],
    .attributes = trt_attributes,
    .attribute_count = sizeof trt_attributes / sizeof trt_attributes[0],
    .attributes_size = sizeof(prior_box_attributes),
    .infer = infer,
    .run = run,
};
