/* SPDX-License-Identifier: Apache-2.0 */
/* Where the elements of a resized axis come from: positions, taps and their weights. */
#ifndef SLD_KERNELS_RESIZE_GEOMETRY_H
#define SLD_KERNELS_RESIZE_GEOMETRY_H

#include "kernels/resize/resize.h"

typedef struct sld_resize_axis {
    bool resized; /* false: the coordinate is copied */
    int64_t in, out;
    double num, den; /* scale = num / den */
    double length;   /* in * scale, not rounded: what align_corners and crop count with */
    double roi_start, roi_end;
} sld_resize_axis;

/* The taps of one coordinate: indices first..last, distance scale, and the sum to divide by. */
typedef struct sld_resize_taps {
    double at, shrink, sum;
    int64_t first, last;
} sld_resize_taps;

/* The axes of a run that has data; unlisted ones stay as the caller made them: zero. */
solder_status sld_resize_prepare(const sld_run *run, sld_resize_axis axes[SOLDER_MAX_RANK]);

/* The input position of output o; sets *outside if a crop reaches beyond the input. */
double sld_resize_position(const sld_resize_params *p, const sld_resize_axis *a, int64_t o,
                           bool *outside);
int64_t sld_resize_clamp(const sld_resize_axis *a, int64_t i);
/* The input element that output o copies. */
int64_t sld_resize_nearest(const sld_resize_params *p, const sld_resize_axis *a, int64_t o);
sld_resize_taps sld_resize_find_taps(const sld_resize_params *p, const sld_resize_axis *a,
                                     int64_t o);
/* Of element i, which may lie outside the axis; 0 if it does not count. */
double sld_resize_weight(const sld_resize_params *p, const sld_resize_axis *a,
                         const sld_resize_taps *t, int64_t i);

#endif
