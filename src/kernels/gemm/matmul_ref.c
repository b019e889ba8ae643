/* SPDX-License-Identifier: Apache-2.0 */
/* MatMul: floats sum in double, integers in 64 bits that wrap. One task per piece of a row. */
#include "kernels/gemm/gemm.h"
#include "kernels/reference.h"

typedef struct matmul_job {
    const sld_matmul_params *p;
    const sld_tensor *a, *b, *bias, *residual, *y;
    int64_t k, pieces;
    int64_t a_k, a_m, b_k, b_n; /* element strides */
    int64_t a_stride[SOLDER_MAX_RANK], b_stride[SOLDER_MAX_RANK], bias_stride[SOLDER_MAX_RANK];
} matmul_job;

static int64_t dot_index(const int64_t *index, const int64_t *stride, int rank)
{
    int64_t offset = 0;
    for (int i = 0; i < rank; i++) {
        offset += index[i] * stride[i];
    }
    return offset;
}

static void float_piece(const matmul_job *j, int64_t *index, int64_t a, int64_t b, int64_t count)
{
    double sum[SLD_REF_CHUNK] = {0};
    double row[SLD_REF_CHUNK];
    for (int64_t k = 0; k < j->k; k++) {
        sld_ref_load_row(j->b, b + k * j->b_k, j->b_n, count, row);
        sld_ref_add_row(sum, sld_at_f64(j->a, a + k * j->a_k), row, count);
    }
    int last = j->y->rank - 1;
    for (int64_t i = 0; i < count; i++, index[last]++) {
        double y = (double)j->p->alpha * sum[i];
        if (j->bias != NULL) {
            int64_t at = dot_index(index, j->bias_stride, j->y->rank);
            y += (double)j->p->beta * sld_at_f64(j->bias, at);
        }
        int64_t r = j->residual != NULL ? sld_tensor_offset(j->residual, index) : 0;
        sld_put_f64(j->y, sld_tensor_offset(j->y, index),
                    sld_ref_epilogue(&j->p->epilogue, j->residual, r, y));
    }
}

/* factor * value, exact when the factor is 1. */
static uint64_t scaled(float factor, uint64_t value)
{
    return factor == 1.0f ? value
                          : (uint64_t)sld_f64_to_i64((double)factor * (double)(int64_t)value);
}

static void integer_piece(const matmul_job *j, int64_t *index, int64_t a, int64_t b, int64_t count)
{
    int last = j->y->rank - 1;
    for (int64_t i = 0; i < count; i++, index[last]++) {
        uint64_t sum = 0;
        for (int64_t k = 0; k < j->k; k++) {
            sum += (uint64_t)sld_at_i64(j->a, a + k * j->a_k) *
                   (uint64_t)sld_at_i64(j->b, b + k * j->b_k + i * j->b_n);
        }
        sum = scaled(j->p->alpha, sum);
        if (j->bias != NULL) {
            int64_t at = dot_index(index, j->bias_stride, j->y->rank);
            sum += scaled(j->p->beta, (uint64_t)sld_at_i64(j->bias, at));
        }
        if (j->residual != NULL) {
            sum += (uint64_t)sld_at_i64(j->residual, sld_tensor_offset(j->residual, index));
        }
        sld_put_i64(j->y, sld_tensor_offset(j->y, index), (int64_t)sum);
    }
}

static void matmul_task(void *user, size_t task, int thread)
{
    (void)thread;
    const matmul_job *j = user;
    int rank = j->y->rank;
    int64_t index[SOLDER_MAX_RANK] = {0};
    int64_t rest = (int64_t)task / j->pieces;
    for (int i = rank - 2; i >= 0; i--) {
        index[i] = rest % j->y->dim[i];
        rest /= j->y->dim[i];
    }
    int64_t first = (int64_t)task % j->pieces * SLD_REF_CHUNK;
    int64_t left = j->y->dim[rank - 1] - first;
    int64_t count = left < SLD_REF_CHUNK ? left : SLD_REF_CHUNK;
    int64_t a = dot_index(index, j->a_stride, rank - 2) + index[rank - 2] * j->a_m;
    int64_t b = dot_index(index, j->b_stride, rank - 2) + first * j->b_n;
    index[rank - 1] = first;
    if (sld_dtype_is_float(j->y->dtype)) {
        float_piece(j, index, a, b, count);
    } else {
        integer_piece(j, index, a, b, count);
    }
}

static solder_status matmul_run(const sld_run *run)
{
    const sld_matmul_params *p = run->params;
    const sld_tensor *a = &run->in[0];
    const sld_tensor *b = &run->in[1];
    const sld_tensor *y = &run->out[0];
    int row_a = a->rank - (p->trans_a ? 1 : 2);
    int inner_a = a->rank - (p->trans_a ? 2 : 1);
    int inner_b = b->rank - (p->trans_b ? 1 : 2);
    int column_b = b->rank - (p->trans_b ? 2 : 1);
    if (a->dim[inner_a] != b->dim[inner_b]) { /* open dimensions, not compared by inference */
        return SOLDER_ERROR_DATA;
    }
    matmul_job j = {.p = p,
                    .a = a,
                    .b = b,
                    .bias = sld_ref_input(run, 2),
                    .y = y,
                    .k = a->dim[inner_a],
                    .a_k = a->stride[inner_a],
                    .a_m = a->stride[row_a],
                    .b_k = b->stride[inner_b],
                    .b_n = b->stride[column_b]};
    j.residual = p->epilogue.residual ? sld_ref_input(run, 3) : NULL;
    sld_broadcast_strides(a, y, j.a_stride);
    sld_broadcast_strides(b, y, j.b_stride);
    if (j.bias != NULL) {
        sld_broadcast_strides(j.bias, y, j.bias_stride);
    }
    int64_t columns = y->dim[y->rank - 1];
    if (sld_tensor_count(y) > 0) {
        j.pieces = (columns + SLD_REF_CHUNK - 1) / SLD_REF_CHUNK;
        sld_pool_for(run->pool, (size_t)(sld_tensor_count(y) / columns * j.pieces), matmul_task,
                     &j);
    }
    return SOLDER_OK;
}

const sld_kernel sld_matmul_ref = {.name = "matmul_ref", .family = "matmul", .run = matmul_run};
