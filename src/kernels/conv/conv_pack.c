/* SPDX-License-Identifier: Apache-2.0 */
/* Weight packings of the convolution kernels: blocks of output channels, interleaved. */
#include "kernels/conv/conv_gemm.h"

static int64_t depth_of(const sld_tensor *w)
{
    int64_t depth = 1;
    for (int i = 1; i < w->rank; i++) {
        depth *= w->dim[i];
    }
    return depth;
}

static size_t rows_size(const void *params, const sld_tensor *w, int64_t rows)
{
    const sld_conv_params *p = params;
    int64_t panels = (w->dim[0] / p->groups + rows - 1) / rows;
    return (size_t)(p->groups * panels * rows * depth_of(w)) * sizeof(float);
}

/* A piece is one panel: rows output channels of one group. */
static size_t rows_pieces(const void *params, const sld_tensor *w, int64_t rows)
{
    const sld_conv_params *p = params;
    return (size_t)(p->groups * ((w->dim[0] / p->groups + rows - 1) / rows));
}

static void rows_pack(const void *params, const sld_tensor *w, size_t piece, size_t count,
                      void *packed, int64_t rows)
{
    const sld_conv_params *p = params;
    int64_t channels = w->dim[0] / p->groups;
    int64_t depth = depth_of(w);
    const size_t panels = (size_t)((channels + rows - 1) / rows);
    float *to = packed;
    for (size_t at = piece; at < piece + count; at++) {
        const float *from = (const float *)w->data + (int64_t)(at / panels) * channels * depth;
        int64_t first = (int64_t)(at % panels) * rows;
        for (int64_t k = 0; k < depth; k++) {
            for (int64_t i = 0; i < rows; i++) {
                *to++ = first + i < channels ? from[(first + i) * depth + k] : 0.0f;
            }
        }
    }
}

static void rows_unpack(const void *params, const void *packed, const sld_tensor *w, int64_t rows)
{
    const sld_conv_params *p = params;
    int64_t channels = w->dim[0] / p->groups;
    int64_t depth = depth_of(w);
    const float *from = packed;
    float *to = w->data;
    for (int64_t g = 0; g < p->groups; g++, to += channels * depth) {
        for (int64_t first = 0; first < channels; first += rows, from += rows * depth) {
            int64_t live = channels - first < rows ? channels - first : rows;
            for (int64_t k = 0; k < depth; k++) {
                for (int64_t i = 0; i < live; i++) {
                    to[(first + i) * depth + k] = from[k * rows + i];
                }
            }
        }
    }
}

#define ROWS_PACKING(n)                                                                            \
    static size_t rows##n##_size(const void *params, const sld_tensor *w)                          \
    {                                                                                              \
        return rows_size(params, w, n);                                                            \
    }                                                                                              \
    static size_t rows##n##_pieces(const void *params, const sld_tensor *w)                        \
    {                                                                                              \
        return rows_pieces(params, w, n);                                                          \
    }                                                                                              \
    static void rows##n##_pack(const void *params, const sld_tensor *w, size_t first,              \
                               size_t count, void *packed)                                         \
    {                                                                                              \
        rows_pack(params, w, first, count, packed, n);                                             \
    }                                                                                              \
    static void rows##n##_unpack(const void *params, const void *packed, const sld_tensor *w)      \
    {                                                                                              \
        rows_unpack(params, packed, w, n);                                                         \
    }                                                                                              \
    const sld_packing sld_packing_conv_rows##n = {                                                 \
        "conv_rows" #n, rows##n##_size, rows##n##_pieces, rows##n##_pack, rows##n##_unpack};

ROWS_PACKING(6)
ROWS_PACKING(14)
ROWS_PACKING(16)
ROWS_PACKING(32)

const sld_packing *sld_conv_rows_packing(int rows)
{
    switch (rows) {
    case 6:
        return &sld_packing_conv_rows6;
    case 14:
        return &sld_packing_conv_rows14;
    case 16:
        return &sld_packing_conv_rows16;
    default:
        return &sld_packing_conv_rows32;
    }
}
