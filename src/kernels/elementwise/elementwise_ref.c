/* SPDX-License-Identifier: Apache-2.0 */
/* ElementWise: floats in double, integers exactly in 64 bits of their own signedness. */
#include "kernels/elementwise/elementwise.h"

static double float_mod(double a, double b)
{
    double r = fmod(a, b);
    return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

static double float_result(int kind, double a, double b)
{
    switch (kind) {
    case SLD_BINARY_SUM:
        return a + b;
    case SLD_BINARY_SUB:
        return a - b;
    case SLD_BINARY_PROD:
        return a * b;
    case SLD_BINARY_DIV:
        return a / b;
    case SLD_BINARY_MAX:
        return isnan(a) || a > b ? a : b; /* b if it is NaN: then a > b is false */
    case SLD_BINARY_MIN:
        return isnan(a) || a < b ? a : b;
    case SLD_BINARY_POW:
        return pow(a, b);
    case SLD_BINARY_FLOOR_DIV:
        return floor(a / b);
    case SLD_BINARY_MOD:
        return float_mod(a, b);
    case SLD_BINARY_FMOD:
        return fmod(a, b);
    case SLD_BINARY_SQUARED_DIFFERENCE:
        return (a - b) * (a - b);
    default:
        return atan2(a, b);
    }
}

static bool float_compare(int kind, double a, double b)
{
    switch (kind) {
    case SLD_BINARY_EQUAL:
        return a == b;
    case SLD_BINARY_NOT_EQUAL:
        return a != b;
    case SLD_BINARY_LESS:
        return a < b;
    case SLD_BINARY_LESS_EQUAL:
        return a <= b;
    case SLD_BINARY_GREATER:
        return a > b;
    default:
        return a >= b;
    }
}

static bool is_comparison(int kind)
{
    return kind >= SLD_BINARY_EQUAL && kind <= SLD_BINARY_GREATER_EQUAL;
}

/* a to the power of b >= 0, modulo 2^64. */
static uint64_t power(uint64_t a, uint64_t b)
{
    uint64_t result = 1;
    for (; b != 0; b >>= 1) {
        result *= (b & 1) != 0 ? a : 1;
        a *= a;
    }
    return result;
}

/* Operations that are the same on the bits of signed and unsigned numbers. */
static bool bits_result(int kind, uint64_t a, uint64_t b, uint64_t *result)
{
    switch (kind) {
    case SLD_BINARY_SUM:
        *result = a + b;
        return true;
    case SLD_BINARY_SUB:
        *result = a - b;
        return true;
    case SLD_BINARY_PROD:
        *result = a * b;
        return true;
    case SLD_BINARY_SQUARED_DIFFERENCE:
        *result = (a - b) * (a - b);
        return true;
    case SLD_BINARY_EQUAL:
        *result = a == b;
        return true;
    case SLD_BINARY_NOT_EQUAL:
        *result = a != b;
        return true;
    case SLD_BINARY_AND:
    case SLD_BINARY_BIT_AND:
        *result = a & b;
        return true;
    case SLD_BINARY_OR:
    case SLD_BINARY_BIT_OR:
        *result = a | b;
        return true;
    case SLD_BINARY_XOR:
    case SLD_BINARY_BIT_XOR:
        *result = a ^ b;
        return true;
    default:
        return false;
    }
}

static uint64_t unsigned_result(int kind, uint64_t a, uint64_t b, unsigned width)
{
    uint64_t result;
    if (bits_result(kind, a, b, &result)) {
        return result;
    }
    switch (kind) {
    case SLD_BINARY_DIV:
    case SLD_BINARY_FLOOR_DIV:
        return b == 0 ? 0 : a / b;
    case SLD_BINARY_MOD:
    case SLD_BINARY_FMOD:
        return b == 0 ? 0 : a % b;
    case SLD_BINARY_MAX:
        return a > b ? a : b;
    case SLD_BINARY_MIN:
        return a < b ? a : b;
    case SLD_BINARY_POW:
        return power(a, b);
    case SLD_BINARY_LESS:
        return a < b;
    case SLD_BINARY_LESS_EQUAL:
        return a <= b;
    case SLD_BINARY_GREATER:
        return a > b;
    case SLD_BINARY_GREATER_EQUAL:
        return a >= b;
    case SLD_BINARY_SHIFT_LEFT:
        return b >= width ? 0 : a << b;
    default:
        return b >= width ? 0 : a >> b;
    }
}

/* Quotient rounded toward zero, remainder with the dividend's sign; INT64_MIN / -1 wraps. */
static int64_t quotient(int64_t a, int64_t b)
{
    return b == 0 ? 0 : b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
}

static int64_t remainder_of(int64_t a, int64_t b)
{
    return b == 0 || b == -1 ? 0 : a % b;
}

static int64_t signed_power(int64_t a, int64_t b)
{
    if (b < 0) { /* 1 / a^-b, truncated */
        return a == 1 ? 1 : a == -1 ? ((b & 1) != 0 ? -1 : 1) : 0;
    }
    return (int64_t)power((uint64_t)a, (uint64_t)b);
}

static int64_t signed_result(int kind, int64_t a, int64_t b, unsigned width)
{
    uint64_t bits;
    if (bits_result(kind, (uint64_t)a, (uint64_t)b, &bits)) {
        return (int64_t)bits;
    }
    int64_t rest;
    switch (kind) {
    case SLD_BINARY_DIV:
        return quotient(a, b);
    case SLD_BINARY_FLOOR_DIV:
        rest = remainder_of(a, b);
        return quotient(a, b) - (rest != 0 && (rest < 0) != (b < 0));
    case SLD_BINARY_MOD:
        rest = remainder_of(a, b);
        return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
    case SLD_BINARY_FMOD:
        return remainder_of(a, b);
    case SLD_BINARY_MAX:
        return a > b ? a : b;
    case SLD_BINARY_MIN:
        return a < b ? a : b;
    case SLD_BINARY_POW:
        return signed_power(a, b);
    case SLD_BINARY_LESS:
        return a < b;
    case SLD_BINARY_LESS_EQUAL:
        return a <= b;
    case SLD_BINARY_GREATER:
        return a > b;
    case SLD_BINARY_GREATER_EQUAL:
        return a >= b;
    case SLD_BINARY_SHIFT_LEFT:
        return b < 0 || b >= width ? 0 : (int64_t)((uint64_t)a << b);
    default: /* shift right, keeping the sign */
        return b < 0 || b >= width ? (a < 0 ? -1 : 0) : a >> b;
    }
}

/* One element: offsets into a, b and out. */
static void compute(const sld_run *run, int64_t a, int64_t b, int64_t to)
{
    const sld_elementwise_params *p = run->params;
    const sld_tensor *in = run->in;
    const sld_tensor *out = &run->out[0];
    if (sld_dtype_is_float(in[0].dtype)) {
        double x = sld_at_f64(&in[0], a);
        double y = sld_at_f64(&in[1], b);
        if (is_comparison(p->kind)) {
            sld_put_i64(out, to, float_compare(p->kind, x, y));
            return;
        }
        double z = float_result(p->kind, x, y);
        if (p->epilogue.act != SLD_ACT_NONE) {
            z = sld_activate_f64(p->epilogue.act, p->epilogue.alpha, p->epilogue.beta, z);
        }
        sld_put_f64(out, to, z);
        return;
    }
    if (sld_dtype_is_float(in[1].dtype)) { /* pow only */
        sld_put_f64(out, to, pow(sld_at_f64(&in[0], a), sld_at_f64(&in[1], b)));
        return;
    }
    unsigned width = 8 * (unsigned)solder_dtype_size(in[0].dtype);
    int64_t x = sld_at_i64(&in[0], a);
    int64_t y = sld_at_i64(&in[1], b);
    int64_t z;
    if (sld_dtype_is_unsigned(in[0].dtype) && (y >= 0 || in[1].dtype == in[0].dtype)) {
        z = (int64_t)unsigned_result(p->kind, (uint64_t)x, (uint64_t)y, width);
    } else {
        z = signed_result(p->kind, x, y, width);
    }
    sld_put_i64(out, to, z);
}

static solder_status run_elementwise(const sld_run *run)
{
    const sld_tensor *out = &run->out[0];
    if (sld_tensor_count(out) == 0) {
        return SOLDER_OK;
    }
    int64_t stride[2][SOLDER_MAX_RANK];
    sld_broadcast_strides(&run->in[0], out, stride[0]);
    sld_broadcast_strides(&run->in[1], out, stride[1]);
    int64_t index[SOLDER_MAX_RANK] = {0};
    do {
        int64_t offset[2] = {0, 0};
        for (int i = 0; i < out->rank; i++) {
            offset[0] += index[i] * stride[0][i];
            offset[1] += index[i] * stride[1][i];
        }
        compute(run, offset[0], offset[1], sld_tensor_offset(out, index));
    } while (sld_index_next(index, out->dim, out->rank));
    return SOLDER_OK;
}

const sld_kernel sld_elementwise_ref = {
    .name = "elementwise_ref", .family = "elementwise", .run = run_elementwise};
