/* SPDX-License-Identifier: Apache-2.0 */
/* Resize any axes. */
#ifndef SLD_KERNELS_RESIZE_H
#define SLD_KERNELS_RESIZE_H

#include "kernels/kernel.h"

typedef enum sld_resize_mode {
    SLD_RESIZE_NEAREST = 0,
    SLD_RESIZE_LINEAR,
    SLD_RESIZE_CUBIC
} sld_resize_mode;

/* Names as ONNX coordinate_transformation_mode. */
typedef enum sld_resize_coordinate {
    SLD_COORD_HALF_PIXEL = 0,
    SLD_COORD_HALF_PIXEL_SYMMETRIC,
    SLD_COORD_PYTORCH_HALF_PIXEL,
    SLD_COORD_ALIGN_CORNERS,
    SLD_COORD_ASYMMETRIC,
    SLD_COORD_TF_CROP_AND_RESIZE,
    SLD_COORD_TF_HALF_PIXEL_FOR_NN
} sld_resize_coordinate;

typedef enum sld_resize_round {
    SLD_NEAREST_PREFER_FLOOR = 0,
    SLD_NEAREST_PREFER_CEIL,
    SLD_NEAREST_FLOOR,
    SLD_NEAREST_CEIL
} sld_resize_round;

typedef enum sld_resize_policy {
    SLD_RESIZE_STRETCH = 0,
    SLD_RESIZE_NOT_LARGER,
    SLD_RESIZE_NOT_SMALLER
} sld_resize_policy;

/*
 * inputs x, roi (f32, crop_and_resize only), f32 scales, i64 sizes; slots 1..3 absent when the
 * attributes give them. Without size inputs: use_sizes ? sizes : scales of the attributes.
 * axes_count 0 means all axes in order; roi is [starts..., ends...] over those axes.
 */
typedef struct sld_resize_params {
    int32_t mode, coordinate, nearest, policy;
    int32_t antialias, exclude_outside, use_sizes, axes_count;
    float cubic_a, extrapolation;
    int32_t axes[SOLDER_MAX_RANK];
    float scales[SOLDER_MAX_RANK];
    int64_t sizes[SOLDER_MAX_RANK];
} sld_resize_params;

/*
 * A scale as an exact fraction: the smallest denominator up to 1024 that rounds to it in float
 * (0.6f is 3/5), else the float's own. Output extents are floor(in * num / den), and coordinates
 * use the same fraction. False if it is not positive and finite, or beyond 2^30 either way.
 */
bool sld_resize_ratio(float scale, int64_t *num, int64_t *den);

typedef enum sld_grid_mode {
    SLD_GRID_LINEAR = 0,
    SLD_GRID_NEAREST, /* half to even */
    SLD_GRID_CUBIC
} sld_grid_mode;

typedef enum sld_grid_padding {
    SLD_GRID_ZEROS = 0,
    SLD_GRID_BORDER,
    SLD_GRID_REFLECTION
} sld_grid_padding;

/*
 * ONNX GridSample: inputs x [N, C, spatial...], grid [N, out..., axes] of points in [-1, 1], the
 * last axis first; out [N, C, out...]. align_corners: -1 and 1 are the centres of the outermost
 * pixels, not their outer edges.
 */
typedef struct sld_grid_sample_params {
    int32_t mode;
    int32_t padding;
    int32_t align_corners;
    int32_t reserved;
} sld_grid_sample_params;

#endif
