/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling of one region of a feature map, as Fast R-CNN and R-FCN have it. */
#ifndef SLD_PLUGINS_ROI_POOL_H
#define SLD_PLUGINS_ROI_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct sld_roi_pool {
    bool sensitive; /* means, each part of channels of its own; else the largest values */
    float scale;    /* cells of the map for a pixel of the image */
    const float *map, *regions; /* regions: item, x1, y1, x2, y2; item -1: none, zeros */
    float *out;
    int64_t items, channels, h, w, out_channels, rows, columns;
} sld_roi_pool;

/* A task: user is an sld_roi_pool. */
void sld_roi_pool_region(void *user, size_t region, int thread);

#endif
