/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Non-maximum suppression over scores of many boxes for many classes, as detectors end: for each
 * image and class the best top_k scores above a threshold, without those whose box overlaps a
 * better one's; then the best keep_top_k of each image. Soft suppression lowers the scores of boxes
 * that overlap a better one instead, and drops those that are not above the threshold any more.
 */
#ifndef SLD_PLUGINS_MULTICLASS_H
#define SLD_PLUGINS_MULTICLASS_H

#include "plugins/boxes.h"
#include "plugins/plugins.h"

enum { SLD_NMS_HARD, SLD_NMS_LINEAR, SLD_NMS_GAUSSIAN };

typedef struct sld_multiclass {
    size_t images, boxes, classes;
    int64_t background;        /* a class that is not looked for; -1: none */
    int32_t top_k, keep_top_k; /* -1: no limit */
    float threshold;           /* scores must be above it */
    float nms_threshold, eta;  /* overlap that suppresses; times eta (while above 0.5) per box */
    float unit;                /* of a box's sides: sld_box_set */
    bool agnostic;             /* boxes of all classes suppress each other */
    /* LINEAR: times 1 - overlap above nms_threshold. GAUSSIAN: times exp(-overlap^2 / sigma). */
    int32_t method;
    float sigma;
    const float *scores; /* [image][box][class] */
    const void *user;    /* of box */
    sld_box (*box)(const void *user, size_t image, size_t label, size_t index);

    /* The workspace; results: of each image and list (class, or all when agnostic) the front. */
    sld_ranked *lists;
    uint32_t *counts;
    sld_ranked *scratch, *together;
    float *sets;
    size_t list_count, list_length, limit, set_floats;
} sld_multiclass;

/* Lays out the workspace after the fields above it are set; returns its size. base may be NULL. */
size_t sld_multiclass_init(sld_multiclass *m, const solder_plugin_call *c, void *base);
void sld_multiclass_run(sld_multiclass *m, const solder_plugin_call *c);

/* One result. */
typedef struct sld_detection {
    size_t label, index;
    float score;
} sld_detection;

/* Entry of a list, below counts[image * list_count + list]. */
sld_detection sld_multiclass_get(const sld_multiclass *m, size_t image, size_t list, size_t entry);
/* The score whose sigmoid is the threshold: sigmoids need not be computed to compare. */
float sld_logit(float threshold);
/*
 * Sorts what an image keeps, over all its classes: together[0, result) has the list of each, best
 * first, equal ones by class; each list's entries come in their order.
 */
size_t sld_multiclass_ranked(const sld_multiclass *m, size_t image);

#endif
