/* SPDX-License-Identifier: Apache-2.0 */
/* A window sliding over up to three spatial axes, for kernels written once for 1-d, 2-d and 3-d. */
#ifndef SLD_KERNELS_CONV_WINDOW_H
#define SLD_KERNELS_CONV_WINDOW_H

#include "kernels/conv/conv.h"

/* Axis 2 is the innermost; axes that do not exist have extent 1 and step 0. */
typedef struct sld_window {
    int64_t in[3], out[3], extent[3];
    int64_t stride[3], dilation[3], pad[3];
    int64_t x_step[3], y_step[3], w_step[3]; /* element strides of input, output, weights */
} sld_window;

/* Extents of x, y and the window w (weights [.., .., window]). pad is left 0. */
void sld_window_init(sld_window *window, int spatial, const sld_tensor *x, const sld_tensor *y,
                     const sld_tensor *w);

static inline int64_t sld_floor_div(int64_t a, int64_t b)
{
    return a / b - ((a % b != 0) && ((a < 0) != (b < 0)));
}
static inline int64_t sld_ceil_div(int64_t a, int64_t b)
{
    return -sld_floor_div(-a, b);
}

/* Padding at the beginning when SAME makes output = out: total is shared, the odd one by mode. */
int64_t sld_same_pad_begin(int32_t pad_mode, int64_t total);

#endif
