/* SPDX-License-Identifier: Apache-2.0 */
/* Reduce: floats in double, integers exactly; over no elements the identity of the operation. */
#include <math.h>

#include "kernels/reduce/reduce.h"

/* The dims and strides that one output element folds over. */
typedef struct fold_range {
    int rank;
    int64_t dim[SOLDER_MAX_RANK], stride[SOLDER_MAX_RANK];
    int64_t count;
} fold_range;

static double float_identity(int kind)
{
    return kind == SLD_REDUCE_PROD                                    ? 1
           : kind == SLD_REDUCE_MAX || kind == SLD_REDUCE_LOG_SUM_EXP ? -INFINITY
           : kind == SLD_REDUCE_MIN                                   ? INFINITY
                                                                      : 0;
}

/* high: largest element, for a log-sum-exp that cannot overflow. */
static double float_step(int kind, double sum, double x, double high)
{
    switch (kind) {
    case SLD_REDUCE_PROD:
        return sum * x;
    case SLD_REDUCE_MAX:
        return isnan(sum) || sum > x ? sum : x;
    case SLD_REDUCE_MIN:
        return isnan(sum) || sum < x ? sum : x;
    case SLD_REDUCE_L1:
    case SLD_REDUCE_ABS_SUM:
        return sum + fabs(x);
    case SLD_REDUCE_L2:
    case SLD_REDUCE_SUM_SQUARE:
        return sum + x * x;
    case SLD_REDUCE_LOG_SUM_EXP:
        return sum + exp(x - high);
    default:
        return sum + x;
    }
}

static double float_fold(int kind, const sld_tensor *in, int64_t base, const fold_range *range,
                         double start, double high)
{
    int64_t index[SOLDER_MAX_RANK] = {0};
    double sum = start;
    if (range->count == 0) {
        return sum;
    }
    do {
        int64_t offset = base;
        for (int i = 0; i < range->rank; i++) {
            offset += index[i] * range->stride[i];
        }
        sum = float_step(kind, sum, sld_at_f64(in, offset), high);
    } while (sld_index_next(index, range->dim, range->rank));
    return sum;
}

static double float_reduce(int kind, const sld_tensor *in, int64_t base, const fold_range *range)
{
    if (kind == SLD_REDUCE_LOG_SUM_EXP) {
        double high = float_fold(SLD_REDUCE_MAX, in, base, range, -INFINITY, 0);
        if (isinf(high) || isnan(high)) {
            return high;
        }
        return high + log(float_fold(kind, in, base, range, 0, high));
    }
    double sum = float_fold(kind, in, base, range, float_identity(kind), 0);
    switch (kind) {
    case SLD_REDUCE_MEAN:
        return sum / (double)range->count;
    case SLD_REDUCE_L2:
        return sqrt(sum);
    case SLD_REDUCE_LOG_SUM:
        return log(sum);
    default:
        return sum;
    }
}

/* ---- integers: the ones whose result is one; the others go through double ---- */

static bool integer_kind(int kind)
{
    return kind != SLD_REDUCE_L2 && kind != SLD_REDUCE_LOG_SUM && kind != SLD_REDUCE_LOG_SUM_EXP;
}

static int64_t integer_identity(int kind, solder_dtype dtype)
{
    unsigned bits = 8 * (unsigned)solder_dtype_size(dtype);
    bool is_signed = !sld_dtype_is_unsigned(dtype) && dtype != SOLDER_BOOL;
    switch (kind) {
    case SLD_REDUCE_PROD:
    case SLD_REDUCE_AND:
        return 1;
    case SLD_REDUCE_MAX:
        return is_signed ? -(int64_t)(((uint64_t)1 << (bits - 1)) - 1) - 1 : 0;
    case SLD_REDUCE_MIN:
        return dtype == SOLDER_BOOL ? 1
               : is_signed          ? (int64_t)(((uint64_t)1 << (bits - 1)) - 1)
                                    : (int64_t)(UINT64_MAX >> (64 - bits));
    default:
        return 0;
    }
}

static int64_t integer_step(int kind, int64_t sum, int64_t x, bool is_unsigned)
{
    const uint64_t a = (uint64_t)sum;
    const uint64_t b = (uint64_t)x;
    bool less = is_unsigned ? a < b : sum < x;
    switch (kind) {
    case SLD_REDUCE_PROD:
        return (int64_t)(a * b);
    case SLD_REDUCE_MAX:
        return less ? x : sum;
    case SLD_REDUCE_MIN:
        return less ? sum : x;
    case SLD_REDUCE_L1:
    case SLD_REDUCE_ABS_SUM:
        return (int64_t)(a + (!is_unsigned && x < 0 ? 0 - b : b));
    case SLD_REDUCE_SUM_SQUARE:
        return (int64_t)(a + b * b);
    case SLD_REDUCE_AND:
        return (int64_t)(a & b);
    case SLD_REDUCE_OR:
        return (int64_t)(a | b);
    default:
        return (int64_t)(a + b);
    }
}

static int64_t integer_reduce(int kind, const sld_tensor *in, int64_t base, const fold_range *range)
{
    bool is_unsigned = sld_dtype_is_unsigned(in->dtype);
    int64_t sum = integer_identity(kind, in->dtype);
    int64_t index[SOLDER_MAX_RANK] = {0};
    if (range->count == 0) {
        return sum;
    }
    do {
        int64_t offset = base;
        for (int i = 0; i < range->rank; i++) {
            offset += index[i] * range->stride[i];
        }
        sum = integer_step(kind, sum, sld_at_i64(in, offset), is_unsigned);
    } while (sld_index_next(index, range->dim, range->rank));
    if (kind == SLD_REDUCE_MEAN) {
        return is_unsigned ? (int64_t)((uint64_t)sum / (uint64_t)range->count) : sum / range->count;
    }
    return sum;
}

static void reduce_one(const sld_run *run, int64_t base, const fold_range *range, int64_t to)
{
    const sld_reduce_params *p = run->params;
    const sld_tensor *in = &run->in[0];
    const sld_tensor *out = &run->out[0];
    if (!sld_dtype_is_float(in->dtype) && integer_kind(p->kind)) {
        int64_t result = integer_reduce(p->kind, in, base, range);
        if (p->scale == 1) {
            sld_put_i64(out, to, result);
        } else {
            sld_put_f64(out, to, (double)result * (double)p->scale);
        }
        return;
    }
    sld_put_f64(out, to, float_reduce(p->kind, in, base, range) * (double)p->scale);
}

static solder_status run_reduce(const sld_run *run)
{
    const sld_reduce_params *p = run->params;
    const sld_tensor *in = &run->in[0];
    const sld_tensor *out = &run->out[0];
    fold_range range = {.count = 1};
    int64_t stride[SOLDER_MAX_RANK] = {0}; /* of the input, by output axis */
    int axis = 0;
    if (sld_tensor_count(out) == 0) {
        return SOLDER_OK;
    }
    for (int i = 0; i < in->rank; i++) {
        if ((p->axes & (1u << i)) == 0) {
            stride[axis++] = in->stride[i];
            continue;
        }
        range.dim[range.rank] = in->dim[i];
        range.stride[range.rank++] = in->stride[i];
        range.count *= in->dim[i];
        axis += p->keep_dims != 0;
    }
    int64_t index[SOLDER_MAX_RANK] = {0};
    do {
        int64_t base = 0;
        for (int i = 0; i < out->rank; i++) {
            base += index[i] * stride[i];
        }
        reduce_one(run, base, &range, sld_tensor_offset(out, index));
    } while (sld_index_next(index, out->dim, out->rank));
    return SOLDER_OK;
}

const sld_kernel sld_reduce_ref = {.name = "reduce_ref", .family = "reduce", .run = run_reduce};
