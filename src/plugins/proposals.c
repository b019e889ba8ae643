/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/proposals.h"

#include <math.h>

/* ---- shapes ---- */

static bool info_fits(const solder_plugin_infer *i, const solder_shape *info, solder_expr images)
{
    int64_t numbers = 1;
    for (int j = 1; j < info->rank; j++) {
        int64_t dim;
        if (!solder_expr_known(i, info->d[j], &dim) || dim > 64 || numbers > 64) {
            return false;
        }
        numbers *= dim;
    }
    return info->rank >= 2 && numbers >= 3 &&
           (solder_expr_is(i, info->d[0], 1) || !solder_expr_differ(i, info->d[0], images));
}

const char *sld_proposals_misfit(const solder_plugin_infer *i, const solder_shape *scores,
                                 const solder_shape *deltas, const solder_shape *info, int anchors)
{
    if (scores->rank != 4 || !solder_expr_is(i, scores->d[1], 2 * (int64_t)anchors)) {
        return "scores must be [N, 2 * ratios * scales, h, w]";
    }
    if (deltas->rank != 4 || !solder_expr_is(i, deltas->d[1], 4 * (int64_t)anchors) ||
        solder_expr_differ(i, scores->d[0], deltas->d[0]) ||
        solder_expr_differ(i, scores->d[2], deltas->d[2]) ||
        solder_expr_differ(i, scores->d[3], deltas->d[3])) {
        return "deltas must be [N, 4 * ratios * scales, h, w], as many cells as scores";
    }
    return info_fits(i, info, scores->d[0])
               ? NULL
               : "the image's rows, columns and scale must be [1 or N, 3 or more]";
}

/* ---- boxes ---- */

/* Rounded as they were when such networks were trained. */
static void make_anchors(sld_proposals *p)
{
    float(*to)[4] = p->anchors;
    const float center = (p->base - 1) / 2;
    for (int r = 0; r < p->ratio_count; r++) {
        float w = rintf(sqrtf(p->base * p->base / p->ratios[r]));
        float h = rintf(w * p->ratios[r]);
        for (int s = 0; s < p->scale_count; s++, to++) {
            float half_w = (w * p->scales[s] - 1) / 2;
            float half_h = (h * p->scales[s] - 1) / 2;
            (*to)[0] = center - half_w;
            (*to)[1] = center - half_h;
            (*to)[2] = center + half_w;
            (*to)[3] = center + half_h;
        }
    }
}

static const float *info_of(const sld_proposals *p, size_t image)
{
    const solder_plugin_tensor *t = p->info;
    size_t step = 1;
    for (int i = 1; i < t->rank; i++) {
        step *= (size_t)t->dim[i];
    }
    return (const float *)t->data + (t->dim[0] > 1 ? image * step : 0);
}

static float within(float v, float most)
{
    return v > 0 ? (v < most ? v : most) : 0;
}

/* index counts rows, columns, anchors. */
static sld_box box_of(const void *user, size_t image, size_t label, size_t index)
{
    const sld_proposals *p = user;
    const size_t count = (size_t)(p->ratio_count * p->scale_count);
    const size_t w = (size_t)p->deltas->dim[3];
    const size_t plane = (size_t)p->deltas->dim[2] * w;
    const float *a = p->anchors[index % count];
    const size_t cell = index / count;
    const float *d =
        (const float *)p->deltas->data + (image * count + index % count) * 4 * plane + cell;
    const float *info = info_of(p, image);
    float width = a[2] - a[0] + 1;
    float height = a[3] - a[1] + 1;
    float x = (float)(cell % w) * p->stride + a[0] + width / 2 + d[0] * width;
    float y = (float)(cell / w) * p->stride + a[1] + height / 2 + d[plane] * height;
    float half_w = expf(d[2 * plane]) * width / 2;
    float half_h = expf(d[3 * plane]) * height / 2;
    (void)label;
    return (sld_box){within(x - half_w, info[1] - 1), within(y - half_h, info[0] - 1),
                     within(x + half_w, info[1] - 1), within(y + half_h, info[0] - 1)};
}

/* ---- running ---- */

size_t sld_proposals_init(sld_proposals *p, const solder_plugin_call *c, void *base)
{
    const size_t anchors = (size_t)(p->ratio_count * p->scale_count);
    const size_t boxes = anchors * (size_t)p->scores->dim[2] * (size_t)p->scores->dim[3];
    const size_t images = (size_t)p->scores->dim[0];
    const size_t bytes = (images * boxes * sizeof(float) + 63) / 64 * 64;
    make_anchors(p);
    p->flat = base;
    p->nms = (sld_multiclass){.images = images,
                              .boxes = boxes,
                              .classes = 1,
                              .background = -1,
                              .top_k = p->top_k,
                              .keep_top_k = p->keep_top_k,
                              .threshold = -INFINITY,
                              .nms_threshold = p->threshold,
                              .eta = 1,
                              .unit = 1,
                              .scores = p->flat,
                              .user = p,
                              .box = box_of};
    return bytes + sld_multiclass_init(&p->nms, c, base != NULL ? (char *)base + bytes : NULL);
}

/* What is too small gets a score that is none. */
static void flatten(void *user, size_t image, int thread)
{
    const sld_proposals *p = user;
    const size_t anchors = (size_t)(p->ratio_count * p->scale_count);
    const size_t plane = (size_t)p->scores->dim[2] * (size_t)p->scores->dim[3];
    const float *from = (const float *)p->scores->data + (image * 2 + 1) * anchors * plane;
    const float least = p->min_size * info_of(p, image)[2];
    float *to = p->flat + image * anchors * plane;
    (void)thread;
    for (size_t i = 0; i < anchors * plane; i++) {
        sld_box b = box_of(p, image, 0, i);
        bool large = b.x2 - b.x1 + 1 >= least && b.y2 - b.y1 + 1 >= least;
        to[i] = large ? from[i % anchors * plane + i / anchors] : -INFINITY;
    }
}

void sld_proposals_run(sld_proposals *p, const solder_plugin_call *c)
{
    solder_plugin_parallel_for(c, p->nms.images, flatten, p);
    sld_multiclass_run(&p->nms, c);
}

sld_box sld_proposals_get(const sld_proposals *p, size_t image, size_t entry, float *score)
{
    sld_detection d = sld_multiclass_get(&p->nms, image, 0, entry);
    *score = d.score;
    return box_of(p, image, 0, d.index);
}
