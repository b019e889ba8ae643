/* SPDX-License-Identifier: Apache-2.0 */
/* NonMaxSuppression as ONNX defines it, CropAndResize as TensorFlow does. */
#ifndef SLD_KERNELS_DETECTION_H
#define SLD_KERNELS_DETECTION_H

#include "kernels/kernel.h"

/*
 * inputs boxes f32 [B, N, 4], scores f32 [B, C, N], then optional scalars max_output_per_class i64,
 * iou_threshold f32, score_threshold f32 (absent: attributes). out i64 [selected, 3] of
 * (batch, class, box), optional f32 [selected] of their scores: dim 0 is data dependent, the kernel
 * sets it. soft_sigma > 0 (TensorFlow): overlaps suppress nothing, they multiply a score by
 * exp(-overlap^2 / (2 sigma)).
 */
typedef struct sld_nms_params {
    int32_t center_point_box;
    float iou_threshold;
    float score_threshold; /* used if has_score_threshold */
    int32_t has_score_threshold;
    int64_t max_output_per_class; /* 0: none at all, as ONNX says */
    float soft_sigma;             /* 0: hard */
    int32_t reserved;
} sld_nms_params;

/*
 * inputs boxes f32 [B, N, Q, 4] of corners (Q is 1, or C: boxes of their own for every class),
 * scores f32 [B, N, C]; outputs boxes f32 [B, D, 4], scores f32 [B, D], classes f32 [B, D] and the
 * number of boxes i32 [B]. Per image the best max_per_class boxes of every class that overlap no
 * better one by more than iou_threshold, of these the best D; zeros behind them. D is max_total,
 * with pad_per_class at most max_per_class * C.
 */
typedef struct sld_combined_nms_params {
    int32_t max_per_class, max_total;
    float iou_threshold, score_threshold; /* scores must be above */
    int32_t pad_per_class;
    int32_t clip_boxes; /* results to [0, 1] */
} sld_combined_nms_params;

/*
 * inputs images [N, C, H, W], boxes [B, 4] of (y0, x0, y1, x1) where 0 and 1 are the centres of the
 * first and the last pixel, images' numbers i32 or i64 [B]; out [B, C, height, width] of the
 * images' type. A reversed box flips. Samples outside the image are extrapolation.
 */
typedef struct sld_crop_resize_params {
    int32_t height, width;
    int32_t nearest; /* 0: linear */
    float extrapolation;
} sld_crop_resize_params;

/*
 * ONNX RoiAlign: inputs images [N, C, H, W], regions [R, 4] of (x0, y0, x1, y1), their images i32
 * or i64 [R]; out [R, C, height, width]. sampling_ratio 0 takes a sample per pixel of a cell. max
 * is that of the samples' weighted pixels.
 */
typedef struct sld_roi_align_params {
    int32_t height, width, sampling_ratio;
    float spatial_scale;
    int32_t max;
    int32_t half_pixel; /* 0: regions are not moved by half a pixel, and at least 1 wide */
} sld_roi_align_params;

#endif
