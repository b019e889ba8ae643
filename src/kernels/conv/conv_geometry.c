/* SPDX-License-Identifier: Apache-2.0 */
/* Geometry shared by every convolution, deconvolution and pooling kernel. */
#include "kernels/conv/window.h"

int64_t sld_same_pad_begin(int32_t pad_mode, int64_t total)
{
    if (total <= 0) {
        return 0;
    }
    return pad_mode == SLD_PAD_SAME_UPPER ? total / 2 : total - total / 2;
}

int64_t sld_conv_pad_begin(const sld_conv_params *p, int axis, int64_t in, int64_t out,
                           int64_t window)
{
    if (p->pad_mode == SLD_PAD_EXPLICIT) {
        return p->pad_begin[axis];
    }
    if (p->pad_mode == SLD_PAD_VALID) {
        return 0;
    }
    int64_t covered = (out - 1) * p->stride[axis] + (window - 1) * p->dilation[axis] + 1;
    return sld_same_pad_begin(p->pad_mode, covered - in);
}

int64_t sld_deconv_pad_begin(const sld_deconv_params *p, int axis, int64_t in, int64_t out,
                             int64_t window)
{
    bool computed = p->output_shape[axis] != 0;
    if (p->pad_mode == SLD_PAD_EXPLICIT && !computed) {
        return p->pad_begin[axis];
    }
    if (p->pad_mode == SLD_PAD_VALID && !computed) {
        return 0;
    }
    int64_t full =
        (in - 1) * p->stride[axis] + p->output_padding[axis] + (window - 1) * p->dilation[axis] + 1;
    return sld_same_pad_begin(p->pad_mode, full - out);
}

void sld_window_init(sld_window *window, int spatial, const sld_tensor *x, const sld_tensor *y,
                     const sld_tensor *w)
{
    *window = (sld_window){.in = {1, 1, 1},
                           .out = {1, 1, 1},
                           .extent = {1, 1, 1},
                           .stride = {1, 1, 1},
                           .dilation = {1, 1, 1}};
    for (int i = 0; i < spatial; i++) {
        int to = SLD_MAX_SPATIAL - spatial + i;
        window->in[to] = x->dim[2 + i];
        window->out[to] = y->dim[2 + i];
        window->x_step[to] = x->stride[2 + i];
        window->y_step[to] = y->stride[2 + i];
        if (w != NULL) {
            window->extent[to] = w->dim[2 + i];
            window->w_step[to] = w->stride[2 + i];
        }
    }
}
