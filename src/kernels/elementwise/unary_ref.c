/* SPDX-License-Identifier: Apache-2.0 */
/* Unary, Cast and Select. */
#include "kernels/elementwise/elementwise.h"
#include "kernels/shuffle/move.h"

static double float_result(const sld_unary_params *p, double x)
{
    switch (p->kind) {
    case SLD_UNARY_EXP:
        return exp(x);
    case SLD_UNARY_LOG:
        return log(x);
    case SLD_UNARY_SQRT:
        return sqrt(x);
    case SLD_UNARY_RECIP:
        return 1 / x;
    case SLD_UNARY_ABS:
        return fabs(x);
    case SLD_UNARY_NEG:
        return -x;
    case SLD_UNARY_SIN:
        return sin(x);
    case SLD_UNARY_COS:
        return cos(x);
    case SLD_UNARY_TAN:
        return tan(x);
    case SLD_UNARY_SINH:
        return sinh(x);
    case SLD_UNARY_COSH:
        return cosh(x);
    case SLD_UNARY_ASIN:
        return asin(x);
    case SLD_UNARY_ACOS:
        return acos(x);
    case SLD_UNARY_ATAN:
        return atan(x);
    case SLD_UNARY_ASINH:
        return asinh(x);
    case SLD_UNARY_ACOSH:
        return acosh(x);
    case SLD_UNARY_ATANH:
        return atanh(x);
    case SLD_UNARY_CEIL:
        return ceil(x);
    case SLD_UNARY_FLOOR:
        return floor(x);
    case SLD_UNARY_ROUND:
        return rint(x);
    case SLD_UNARY_ERF:
        return erf(x);
    case SLD_UNARY_SIGN:
        return isnan(x) ? x : (double)((x > 0) - (x < 0));
    case SLD_UNARY_RSQRT:
        return 1 / sqrt(x);
    case SLD_UNARY_SQUARE:
        return x * x;
    case SLD_UNARY_LOG1P:
        return log1p(x);
    case SLD_UNARY_EXPM1:
        return expm1(x);
    case SLD_UNARY_TRUNC:
        return trunc(x);
    case SLD_UNARY_SHRINK:
        return x < -(double)p->alpha  ? x + (double)p->beta
               : x > (double)p->alpha ? x - (double)p->beta
                                      : 0;
    default:
        return x;
    }
}

/* Signed or unsigned by is_unsigned; results wrap when stored. */
static int64_t integer_result(const sld_unary_params *p, int64_t x, bool is_unsigned)
{
    uint64_t bits = (uint64_t)x;
    switch (p->kind) {
    case SLD_UNARY_ABS:
        return !is_unsigned && x < 0 ? (int64_t)(0 - bits) : x;
    case SLD_UNARY_NEG:
        return (int64_t)(0 - bits);
    case SLD_UNARY_SIGN:
        return is_unsigned ? x != 0 : (x > 0) - (x < 0);
    case SLD_UNARY_NOT:
        return x == 0;
    case SLD_UNARY_BIT_NOT:
        return (int64_t)~bits;
    case SLD_UNARY_SQUARE:
        return (int64_t)(bits * bits);
    default: /* rounding, identity */
        return x;
    }
}

static bool is_infinite(double x, int flags)
{
    return isinf(x) && ((x > 0 && (flags & 1) != 0) || (x < 0 && (flags & 2) != 0));
}

static void compute_unary(const sld_unary_params *p, const sld_tensor *in, int64_t from,
                          const sld_tensor *out, int64_t to)
{
    if (sld_dtype_is_float(in->dtype) || p->kind == SLD_UNARY_SHRINK) {
        double x = sld_at_f64(in, from);
        if (p->kind == SLD_UNARY_IS_NAN) {
            sld_put_i64(out, to, isnan(x));
        } else if (p->kind == SLD_UNARY_IS_INF) {
            sld_put_i64(out, to, is_infinite(x, p->flags));
        } else {
            sld_put_f64(out, to, float_result(p, x));
        }
        return;
    }
    sld_put_i64(out, to, integer_result(p, sld_at_i64(in, from), sld_dtype_is_unsigned(in->dtype)));
}

static solder_status run_unary(const sld_run *run)
{
    const sld_unary_params *p = run->params;
    const sld_tensor *in = &run->in[0];
    const sld_tensor *out = &run->out[0];
    if (p->kind == SLD_UNARY_IDENTITY) { /* the same bits, NaN payloads too */
        sld_move move = sld_move_make(in, out);
        sld_move_run(&move, run->pool);
        return SOLDER_OK;
    }
    if (sld_tensor_count(out) == 0) {
        return SOLDER_OK;
    }
    int64_t index[SOLDER_MAX_RANK] = {0};
    do {
        compute_unary(p, in, sld_tensor_offset(in, index), out, sld_tensor_offset(out, index));
    } while (sld_index_next(index, out->dim, out->rank));
    return SOLDER_OK;
}

/* ---- Cast ---- */

static void cast_element(const sld_tensor *in, int64_t from, const sld_tensor *out, int64_t to)
{
    if (sld_dtype_is_float(in->dtype)) {
        double x = sld_at_f64(in, from);
        if (out->dtype == SOLDER_BOOL) {
            sld_put_i64(out, to, x != 0);
        } else {
            sld_put_f64(out, to, x);
        }
        return;
    }
    int64_t x = sld_at_i64(in, from);
    bool wide_unsigned = in->dtype == SOLDER_U64 && x < 0;
    if (out->dtype == SOLDER_F32) { /* in one rounding: a detour over double would be two */
        float f = wide_unsigned ? (float)(uint64_t)x : (float)x;
        memcpy((char *)out->data + to * 4, &f, 4);
    } else if (sld_dtype_is_float(out->dtype)) {
        sld_put_f64(out, to, wide_unsigned ? (double)(uint64_t)x : (double)x);
    } else {
        sld_put_i64(out, to, x);
    }
}

static solder_status run_cast(const sld_run *run)
{
    const sld_tensor *in = &run->in[0];
    const sld_tensor *out = &run->out[0];
    if (in->dtype == out->dtype) {
        sld_move move = sld_move_make(in, out);
        sld_move_run(&move, run->pool);
        return SOLDER_OK;
    }
    if (sld_tensor_count(out) == 0) {
        return SOLDER_OK;
    }
    int64_t index[SOLDER_MAX_RANK] = {0};
    do {
        cast_element(in, sld_tensor_offset(in, index), out, sld_tensor_offset(out, index));
    } while (sld_index_next(index, out->dim, out->rank));
    return SOLDER_OK;
}

/* ---- Select ---- */

static solder_status run_select(const sld_run *run)
{
    const sld_tensor *out = &run->out[0];
    size_t size = solder_dtype_size(out->dtype);
    if (sld_tensor_count(out) == 0) {
        return SOLDER_OK;
    }
    int64_t stride[3][SOLDER_MAX_RANK];
    for (int k = 0; k < 3; k++) {
        sld_broadcast_strides(&run->in[k], out, stride[k]);
    }
    int64_t index[SOLDER_MAX_RANK] = {0};
    do {
        int64_t offset[3] = {0};
        for (int i = 0; i < out->rank; i++) {
            for (int k = 0; k < 3; k++) {
                offset[k] += index[i] * stride[k][i];
            }
        }
        int side = sld_at_i64(&run->in[0], offset[0]) != 0 ? 1 : 2;
        memcpy(sld_move_at(out, sld_tensor_offset(out, index)),
               sld_move_at(&run->in[side], offset[side]), size);
    } while (sld_index_next(index, out->dim, out->rank));
    return SOLDER_OK;
}

const sld_kernel sld_unary_ref = {.name = "unary_ref", .family = "unary", .run = run_unary};
const sld_kernel sld_cast_ref = {.name = "cast_ref", .family = "cast", .run = run_cast};
const sld_kernel sld_select_ref = {.name = "select_ref", .family = "select", .run = run_select};
