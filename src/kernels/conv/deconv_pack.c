/* SPDX-License-Identifier: Apache-2.0 */
/* Weight packings of deconvolution. */
#include "kernels/conv/deconv_gemm.h"

static sld_deconv_axis axis_of(int64_t stride, int64_t window, int64_t phase)
{
    return (sld_deconv_axis){stride, phase, window > phase ? (window - phase - 1) / stride + 1 : 0};
}

void sld_deconv_phase(const sld_deconv_params *p, const sld_tensor *w, int64_t index,
                      sld_deconv_axis axes[2], int64_t *count)
{
    int last = p->spatial - 1;
    int64_t columns = p->stride[last];
    int64_t rows = last == 1 ? p->stride[0] : 1;
    *count = rows * columns;
    axes[0] = axis_of(rows, last == 1 ? w->dim[2] : 1, index / columns);
    axes[1] = axis_of(columns, w->dim[2 + last], index % columns);
}

/* The groups' weights lie one behind the other: w->dim[0] counts the channels of all. */
size_t sld_deconv_phase_floats(const sld_tensor *w, const sld_deconv_axis axes[2], int64_t rows)
{
    int64_t panels = (w->dim[1] + rows - 1) / rows;
    return (size_t)(w->dim[0] * panels * rows * axes[0].taps * axes[1].taps);
}

/*
 * Where float number `at` of a packed phase comes from, -1 for a filler. Packed order: group,
 * panel, channel, taps backwards (as a convolution reads them), row of the panel.
 */
static int64_t source_of(const sld_deconv_params *p, const sld_tensor *w,
                         const sld_deconv_axis axes[2], int64_t rows, int64_t at)
{
    int64_t channels = w->dim[0] / p->groups;
    int64_t panels = (w->dim[1] + rows - 1) / rows;
    int64_t width = w->dim[1 + p->spatial];
    int64_t window = p->spatial == 2 ? w->dim[2] * width : width;
    int64_t row = at % rows;
    at /= rows;
    int64_t tx = axes[1].taps - 1 - at % axes[1].taps;
    at /= axes[1].taps;
    int64_t ty = axes[0].taps - 1 - at % axes[0].taps;
    at /= axes[0].taps;
    int64_t channel = at % channels;
    at /= channels;
    int64_t output = at % panels * rows + row;
    int64_t group = at / panels;
    int64_t tap =
        (axes[0].first + ty * axes[0].stride) * width + axes[1].first + tx * axes[1].stride;
    return output < w->dim[1] ? ((group * channels + channel) * w->dim[1] + output) * window + tap
                              : -1;
}

static size_t rows_size(const void *params, const sld_tensor *w, int64_t rows)
{
    sld_deconv_axis axes[2];
    int64_t count = 1;
    size_t floats = 0;
    for (int64_t i = 0; i < count; i++) {
        sld_deconv_phase(params, w, i, axes, &count);
        floats += sld_deconv_phase_floats(w, axes, rows);
    }
    return floats * sizeof(float);
}

/* The phases differ in size: all is one piece. */
static size_t rows_pieces(const void *params, const sld_tensor *w)
{
    (void)params;
    (void)w;
    return 1;
}

static void rows_pack(const void *params, const sld_tensor *w, size_t pieces, void *packed,
                      int64_t rows)
{
    const float *plain = w->data;
    float *to = packed;
    sld_deconv_axis axes[2];
    int64_t count = pieces != 0 ? 1 : 0;
    for (int64_t i = 0; i < count; i++) {
        sld_deconv_phase(params, w, i, axes, &count);
        int64_t floats = (int64_t)sld_deconv_phase_floats(w, axes, rows);
        for (int64_t at = 0; at < floats; at++) {
            int64_t source = source_of(params, w, axes, rows, at);
            *to++ = source >= 0 ? plain[source] : 0.0f;
        }
    }
}

static void rows_unpack(const void *params, const void *packed, const sld_tensor *w, int64_t rows)
{
    const float *from = packed;
    float *plain = w->data;
    sld_deconv_axis axes[2];
    int64_t count = 1;
    for (int64_t i = 0; i < count; i++) {
        sld_deconv_phase(params, w, i, axes, &count);
        int64_t floats = (int64_t)sld_deconv_phase_floats(w, axes, rows);
        for (int64_t at = 0; at < floats; at++, from++) {
            int64_t source = source_of(params, w, axes, rows, at);
            if (source >= 0) {
                plain[source] = *from;
            }
        }
    }
}

#define ROWS_PACKING(n)                                                                            \
    static size_t rows##n##_size(const void *params, const sld_tensor *w)                          \
    {                                                                                              \
        return rows_size(params, w, n);                                                            \
    }                                                                                              \
    static void rows##n##_pack(const void *params, const sld_tensor *w, size_t first,              \
                               size_t count, void *packed)                                         \
    {                                                                                              \
        (void)first;                                                                               \
        rows_pack(params, w, count, packed, n);                                                    \
    }                                                                                              \
    static void rows##n##_unpack(const void *params, const void *packed, const sld_tensor *w)      \
    {                                                                                              \
        rows_unpack(params, packed, w, n);                                                         \
    }                                                                                              \
    const sld_packing sld_packing_deconv_rows##n = {"deconv_rows" #n, rows##n##_size, rows_pieces, \
                                                    rows##n##_pack, rows##n##_unpack};

ROWS_PACKING(16)
ROWS_PACKING(32)
