/* SPDX-License-Identifier: Apache-2.0 */
/* Slice and Pad. */
#ifndef SLD_KERNELS_SLICE_H
#define SLD_KERNELS_SLICE_H

#include "kernels/kernel.h"

/*
 * ONNX/numpy slicing: for each listed axis start, end, step (negative indices count from the end,
 * out of range clamps). inputs x, starts, ends, axes, steps: slots 1..4 are absent when the
 * attributes give them. step may be negative, never 0.
 */
typedef struct sld_slice_params {
    int32_t count; /* listed axes when the attributes give them */
    int32_t axes[SOLDER_MAX_RANK];
    int32_t reserved;
    int64_t start[SOLDER_MAX_RANK];
    int64_t end[SOLDER_MAX_RANK]; /* INT64_MAX: to the end */
    int64_t step[SOLDER_MAX_RANK];
} sld_slice_params;

typedef enum sld_pad_kind {
    SLD_PADDING_CONSTANT = 0,
    SLD_PADDING_REFLECT,
    SLD_PADDING_EDGE,
    SLD_PADDING_WRAP,
    SLD_PADDING_SYMMETRIC
} sld_pad_kind;

/* inputs x, i64 pads [2 count] (absent: attributes), value scalar (absent: value), i64 axes. */
typedef struct sld_pad_params {
    int32_t kind;
    int32_t reserved;
    double value;
    int64_t begin[SOLDER_MAX_RANK]; /* per axis; negative crops */
    int64_t end[SOLDER_MAX_RANK];
} sld_pad_params;

#endif
