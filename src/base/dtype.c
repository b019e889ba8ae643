/* SPDX-License-Identifier: Apache-2.0 */
#include "base/dtype.h"

#include <math.h>

typedef struct dtype_row {
    const char *name;
    uint8_t size;
    char class; /* 'f' float, 'i' signed, 'u' unsigned, 'b' bool */
} dtype_row;

static const dtype_row rows[] = {
    [SOLDER_NONE] = {"none", 0, 0}, [SOLDER_F32] = {"f32", 4, 'f'},
    [SOLDER_F16] = {"f16", 2, 'f'}, [SOLDER_BF16] = {"bf16", 2, 'f'},
    [SOLDER_F64] = {"f64", 8, 'f'}, [SOLDER_I8] = {"i8", 1, 'i'},
    [SOLDER_U8] = {"u8", 1, 'u'},   [SOLDER_I16] = {"i16", 2, 'i'},
    [SOLDER_U16] = {"u16", 2, 'u'}, [SOLDER_I32] = {"i32", 4, 'i'},
    [SOLDER_U32] = {"u32", 4, 'u'}, [SOLDER_I64] = {"i64", 8, 'i'},
    [SOLDER_U64] = {"u64", 8, 'u'}, [SOLDER_BOOL] = {"bool", 1, 'b'},
};

static const dtype_row *row_of(solder_dtype dtype)
{
    return (unsigned)dtype < SLD_ARRAY_LENGTH(rows) ? &rows[dtype] : &rows[SOLDER_NONE];
}

const char *solder_dtype_name(solder_dtype dtype)
{
    return (unsigned)dtype < SLD_ARRAY_LENGTH(rows) ? rows[dtype].name : "?";
}

size_t solder_dtype_size(solder_dtype dtype)
{
    return row_of(dtype)->size;
}

const char *solder_version(void)
{
    return "0.1.0";
}

bool sld_dtype_valid(uint32_t dtype)
{
    return dtype > SOLDER_NONE && dtype < SLD_ARRAY_LENGTH(rows);
}

bool sld_dtype_is_float(solder_dtype dtype)
{
    return row_of(dtype)->class == 'f';
}

bool sld_dtype_is_integer(solder_dtype dtype)
{
    return row_of(dtype)->class == 'i' || row_of(dtype)->class == 'u';
}

bool sld_dtype_is_unsigned(solder_dtype dtype)
{
    return row_of(dtype)->class == 'u';
}

solder_dtype sld_dtype_from_name(const char *name)
{
    for (size_t i = 1; i < SLD_ARRAY_LENGTH(rows); i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return (solder_dtype)i;
        }
    }
    return SOLDER_NONE;
}

/* value >= 0, finite or infinite, to binary16 bits without sign. */
static uint16_t magnitude_to_f16(double value)
{
    if (value >= 65520.0) {
        return 0x7c00;
    }
    int exponent;
    (void)frexp(value, &exponent);
    exponent--; /* value in [2^exponent, 2^(exponent+1)) */
    if (value == 0 || exponent < -14) {
        return (uint16_t)nearbyint(value * 0x1p24); /* subnormal, or just rounds up to normal */
    }
    long mantissa = (long)nearbyint(ldexp(value, 10 - exponent)); /* 1024..2048 */
    return (uint16_t)(((exponent + 15) << 10) + (mantissa - 1024));
}

uint16_t sld_f64_to_f16(double d)
{
    uint16_t sign = signbit(d) ? 0x8000 : 0;
    if (isnan(d)) {
        return (uint16_t)(sign | 0x7e00);
    }
    return (uint16_t)(sign | magnitude_to_f16(fabs(d)));
}

uint16_t sld_f32_to_f16(float f)
{
    return sld_f64_to_f16((double)f);
}

static uint16_t f64_to_bf16(double d)
{
    /* Round to odd in float first, so that the second rounding is correct. */
    float f = (float)d;
    uint32_t bits;
    memcpy(&bits, &f, 4);
    if (!isnan(d) && !isinf(f) && (double)f != d && (bits & 1u) == 0) {
        bool toward_zero = fabs((double)f) < fabs(d);
        bits = toward_zero ? bits + 1 : bits - 1;
        memcpy(&f, &bits, 4);
    }
    return sld_f32_to_bf16(f);
}

int64_t sld_f64_to_i64(double d)
{
    if (isnan(d)) {
        return 0;
    }
    if (d >= 0x1p63) {
        return INT64_MAX;
    }
    return d < -0x1p63 ? INT64_MIN : (int64_t)d;
}

uint64_t sld_f64_to_u64(double d)
{
    if (isnan(d) || d <= -1.0) {
        return isnan(d) ? 0 : (uint64_t)sld_f64_to_i64(d);
    }
    return d >= 0x1p64 ? UINT64_MAX : (uint64_t)d;
}

#define LOAD(type)                                                                                 \
    type v;                                                                                        \
    memcpy(&v, p, sizeof v)

double sld_load_f64(solder_dtype dtype, const void *p)
{
    switch (dtype) {
    case SOLDER_F32: {
        LOAD(float);
        return (double)v;
    }
    case SOLDER_F64: {
        LOAD(double);
        return v;
    }
    case SOLDER_F16: {
        LOAD(uint16_t);
        return (double)sld_f16_to_f32(v);
    }
    case SOLDER_BF16: {
        LOAD(uint16_t);
        return (double)sld_bf16_to_f32(v);
    }
    case SOLDER_U64: {
        LOAD(uint64_t);
        return (double)v;
    }
    default:
        return (double)sld_load_i64(dtype, p);
    }
}

int64_t sld_load_i64(solder_dtype dtype, const void *p)
{
    switch (dtype) {
    case SOLDER_I8:
        return *(const int8_t *)p;
    case SOLDER_BOOL:
    case SOLDER_U8:
        return *(const uint8_t *)p;
    case SOLDER_I16: {
        LOAD(int16_t);
        return v;
    }
    case SOLDER_U16: {
        LOAD(uint16_t);
        return v;
    }
    case SOLDER_I32: {
        LOAD(int32_t);
        return v;
    }
    case SOLDER_U32: {
        LOAD(uint32_t);
        return v;
    }
    case SOLDER_I64: {
        LOAD(int64_t);
        return v;
    }
    case SOLDER_U64: {
        LOAD(uint64_t);
        return (int64_t)v;
    }
    default:
        return sld_f64_to_i64(sld_load_f64(dtype, p));
    }
}

#define STORE(type, x)                                                                             \
    do {                                                                                           \
        type v = (type)(x);                                                                        \
        memcpy(p, &v, sizeof v);                                                                   \
    } while (0)

void sld_store_f64(solder_dtype dtype, void *p, double value)
{
    switch (dtype) {
    case SOLDER_F32:
        STORE(float, value);
        break;
    case SOLDER_F64:
        STORE(double, value);
        break;
    case SOLDER_F16:
        STORE(uint16_t, sld_f64_to_f16(value));
        break;
    case SOLDER_BF16:
        STORE(uint16_t, f64_to_bf16(value));
        break;
    case SOLDER_BOOL:
        *(uint8_t *)p = value != 0;
        break;
    case SOLDER_U64:
        STORE(uint64_t, sld_f64_to_u64(value));
        break;
    default:
        sld_store_i64(dtype, p, sld_f64_to_i64(value));
        break;
    }
}

void sld_store_i64(solder_dtype dtype, void *p, int64_t value)
{
    switch (dtype) {
    case SOLDER_I8:
    case SOLDER_U8:
        STORE(uint8_t, value);
        break;
    case SOLDER_BOOL:
        *(uint8_t *)p = value != 0;
        break;
    case SOLDER_I16:
    case SOLDER_U16:
        STORE(uint16_t, value);
        break;
    case SOLDER_I32:
    case SOLDER_U32:
        STORE(uint32_t, value);
        break;
    case SOLDER_I64:
    case SOLDER_U64:
        STORE(int64_t, value);
        break;
    default:
        sld_store_f64(dtype, p, (double)value);
        break;
    }
}
