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

static void columns_pack(const void *params, const sld_tensor *b, void *packed, int64_t width)
{
    matrix m = matrix_of(params, b);
    const float *from = b->data;
    float *to = packed;
    for (int64_t i = 0; i < m.batch; i++, from += m.rows * m.columns) {
        for (int64_t first = 0; first < m.columns; first += width) {
            for (int64_t k = 0; k < m.rows; k++) {
                for (int64_t j = first; j < first + width; j++) {
                    *to++ = j < m.columns ? from[k * m.row_stride + j * m.column_stride] : 0.0f;
                }
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

static size_t columns16_size(const void *params, const sld_tensor *b)
{
    return columns_size(params, b, 16);
}

static void columns16_pack(const void *params, const sld_tensor *b, void *packed)
{
    columns_pack(params, b, packed, 16);
}

static void columns16_unpack(const void *params, const void *packed, const sld_tensor *b)
{
    columns_unpack(params, packed, b, 16);
}

const sld_packing sld_packing_matmul_columns16 = {"matmul_columns16", columns16_size,
                                                  columns16_pack, columns16_unpack};

static size_t columns32_size(const void *params, const sld_tensor *b)
{
    return columns_size(params, b, 32);
}

static void columns32_pack(const void *params, const sld_tensor *b, void *packed)
{
    columns_pack(params, b, packed, 32);
}

static void columns32_unpack(const void *params, const void *packed, const sld_tensor *b)
{
    columns_unpack(params, packed, b, 32);
}

const sld_packing sld_packing_matmul_columns32 = {"matmul_columns32", columns32_size,
                                                  columns32_pack, columns32_unpack};
