/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regions that a region proposal network gives, as Faster R-CNN has them: anchors of every cell of
 * a feature map moved by deltas, cut to the image, the small ones dropped, the best kept that do
 * not overlap a better one.
 */
#ifndef SLD_PLUGINS_PROPOSALS_H
#define SLD_PLUGINS_PROPOSALS_H

#include "plugins/multiclass.h"

enum { SLD_MAX_ANCHORS = 256 };

typedef struct sld_proposals {
    const float *ratios, *scales; /* of anchors: a square of base^2 pixels made h / w, enlarged */
    int ratio_count, scale_count;
    float stride, base, min_size; /* in pixels; min_size is of the image before it was scaled */
    int32_t top_k, keep_top_k;    /* before and after suppression; -1: no limit */
    float threshold;
    const solder_plugin_tensor *scores; /* [N, 2 * anchors, h, w]: of nothing, then of something */
    const solder_plugin_tensor *deltas; /* [N, 4 * anchors, h, w] */
    const solder_plugin_tensor *info;   /* [1 or N, ...]: rows, columns, scale of the image */

    float anchors[SLD_MAX_ANCHORS][4]; /* corners in the first cell */
    float *flat;                       /* scores in the order rows, columns, anchors */
    sld_multiclass nms;
} sld_proposals;

/* NULL, or what is wrong with the shapes; the inputs are scores, deltas and info. */
const char *sld_proposals_misfit(const solder_plugin_infer *i, const solder_shape *scores,
                                 const solder_shape *deltas, const solder_shape *info, int anchors);
/* Lays out the workspace after the fields above anchors are set; returns its size. */
size_t sld_proposals_init(sld_proposals *p, const solder_plugin_call *c, void *base);
/* Afterwards image i has nms.counts[i] regions. */
void sld_proposals_run(sld_proposals *p, const solder_plugin_call *c);
sld_box sld_proposals_get(const sld_proposals *p, size_t image, size_t entry, float *score);

#endif
