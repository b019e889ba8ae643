/* SPDX-License-Identifier: Apache-2.0 */
/* Packings of a constant right-hand matrix: blocks of columns, interleaved. */
#include "kernels/gemm/matmul_gemm.h"

typedef struct matrix {
    int64_t batch, rows, columns; /* of op(B) */
    int64_t row_stride, column_stride;
} matrix;

static matrix matrix_of(const void *params, const sld_tensor *b)
{
    const sld_matmul_params *p = params;
    matrix m = {.batch = 1};
    for (int i = 0; i < b->rank - 2; i++) {
        m.batch *= b->dim[i];
    }
    int64_t last = b->dim[b->rank - 1];
    int64_t other = b->dim[b->rank - 2];
    m.rows = p->trans_b != 0 ? last : other;
    m.columns = p->trans_b != 0 ? other : last;
    m.row_stride = p->trans_b != 0 ? 1 : last;
    m.column_stride = p->trans_b != 0 ? last : 1;
    return m;
}

static size_t columns_size(const void *params, const sld_tensor *b, int64_t width)
{
    matrix m = matrix_of(params, b);
    return (size_t)(m.batch * m.rows * ((m.columns + width - 1) / width) * width) * sizeof(float);
}

/* A piece is one panel: width columns of one matrix. */
static size_t columns_pieces(const void *params, const sld_tensor *b, int64_t width)
{
    matrix m = matrix_of(params, b);
    return (size_t)(m.batch * ((m.columns + width - 1) / width));
}

static void columns_pack(const void *params, const sld_tensor *b, size_t piece, size_t count,
                         void *packed, int64_t width)
{
    matrix m = matrix_of(params, b);
    const size_t panels = (size_t)((m.columns + width - 1) / width);
    float *to = packed;
    for (size_t i = piece; i < piece + count; i++) {
        const float *from = (const float *)b->data + (int64_t)(i / panels) * m.rows * m.columns;
        int64_t first = (int64_t)(i % panels) * width;
        for (int64_t k = 0; k < m.rows; k++) {
            for (int64_t j = first; j < first + width; j++) {
                *to++ = j < m.columns ? from[k * m.row_stride + j * m.column_stride] : 0.0f;
            }
        }
    }
}

static void columns_unpack(const void *params, const void *packed, const sld_tensor *b,
                           int64_t width)
{
    matrix m = matrix_of(params, b);
    const float *from = packed;
    float *to = b->data;
    for (int64_t i = 0; i < m.batch; i++, to += m.rows * m.columns) {
        for (int64_t first = 0; first < m.columns; first += width, from += m.rows * width) {
            int64_t live = m.columns - first < width ? m.columns - first : width;
            for (int64_t k = 0; k < m.rows; k++) {
                for (int64_t j = 0; j < live; j++) {
                    to[k * m.row_stride + (first + j) * m.column_stride] = from[k * width + j];
                }
            }
        }
    }
}

#define COLUMNS_PACKING(n)                                                                         \
    static size_t columns##n##_size(const void *params, const sld_tensor *b)                       \
    {                                                                                              \
        return columns_size(params, b, n);                                                         \
    }                                                                                              \
    static size_t columns##n##_pieces(const void *params, const sld_tensor *b)                     \
    {                                                                                              \
        return columns_pieces(params, b, n);                                                       \
    }                                                                                              \
    static void columns##n##_pack(const void *params, const sld_tensor *b, size_t first,           \
                                  size_t count, void *packed)                                      \
    {                                                                                              \
        columns_pack(params, b, first, count, packed, n);                                          \
    }                                                                                              \
    static void columns##n##_unpack(const void *params, const void *packed, const sld_tensor *b)   \
    {                                                                                              \
        columns_unpack(params, packed, b, n);                                                      \
    }                                                                                              \
    const sld_packing sld_packing_matmul_columns##n = {"matmul_columns" #n, columns##n##_size,     \
                                                       columns##n##_pieces, columns##n##_pack,     \
                                                       columns##n##_unpack};

COLUMNS_PACKING(16)
COLUMNS_PACKING(32)
