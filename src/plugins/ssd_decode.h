/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes of SSD: offsets from priors, which PriorBox and its kin make. */
#ifndef SLD_PLUGINS_SSD_DECODE_H
#define SLD_PLUGINS_SSD_DECODE_H

#include "plugins/boxes.h"

/* Numbered as in Caffe and TensorRT. TF_CENTER: CENTER_SIZE with y before x and h before w. */
enum { SLD_SSD_CORNER, SLD_SSD_CENTER_SIZE, SLD_SSD_CORNER_SIZE, SLD_SSD_TF_CENTER };

typedef struct sld_ssd {
    const float *location; /* [image][prior][boxes][4] */
    const float *priors;   /* of each image: [prior][4], then variances of the same form */
    size_t prior_count, boxes;
    size_t prior_step; /* floats from one image's priors to the next's; 0: shared */
    int32_t code;
    bool encoded; /* variances are in the location already */
    bool clip;
} sld_ssd;

sld_box sld_ssd_decode(const sld_ssd *s, size_t image, size_t label, size_t prior);

#endif
