/* SPDX-License-Identifier: Apache-2.0 */
/* NonMaxSuppression as ONNX defines it. */
#ifndef SLD_KERNELS_DETECTION_H
#define SLD_KERNELS_DETECTION_H

#include "kernels/kernel.h"

/*
 * inputs boxes f32 [B, N, 4], scores f32 [B, C, N], then optional scalars max_output_per_class i64,
 * iou_threshold f32, score_threshold f32 (absent: attributes). out i64 [selected, 3] of
 * (batch, class, box): dim 0 is data dependent, the kernel sets out[0].dim[0].
 */
typedef struct sld_nms_params {
    int32_t center_point_box;
    float iou_threshold;
    float score_threshold; /* used if has_score_threshold */
    int32_t has_score_threshold;
    int64_t max_output_per_class; /* 0: none at all, as ONNX says */
} sld_nms_params;

#endif
