/* SPDX-License-Identifier: Apache-2.0 */
/* Element types: classes, names and the 16-bit floats. */
#ifndef SLD_BASE_DTYPE_H
#define SLD_BASE_DTYPE_H

#include <string.h>

#include "base/compiler.h"
#include "solder/types.h"

bool sld_dtype_valid(uint32_t dtype);
bool sld_dtype_is_float(solder_dtype dtype);    /* f64 f32 f16 bf16 */
bool sld_dtype_is_integer(solder_dtype dtype);  /* signed or not, without bool */
bool sld_dtype_is_unsigned(solder_dtype dtype); /* u8 u16 u32 u64 */
/* SOLDER_NONE if there is no such name. */
solder_dtype sld_dtype_from_name(const char *name);

/* IEEE 754 binary16 and bfloat16, round to nearest even, NaN stays NaN. */
static inline float sld_f16_to_f32(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000u) << 16;
    uint32_t exponent = (h >> 10) & 0x1fu;
    uint32_t mantissa = h & 0x3ffu;
    uint32_t bits;
    if (exponent == 0x1f) {
        bits = sign | 0x7f800000u | (mantissa << 13);
    } else if (exponent != 0) {
        bits = sign | ((exponent + 112) << 23) | (mantissa << 13);
    } else {
        float value = (float)mantissa * 0x1p-24f;
        memcpy(&bits, &value, 4);
        bits |= sign;
    }
    float f;
    memcpy(&f, &bits, 4);
    return f;
}

uint16_t sld_f32_to_f16(float f);
/* From double in one rounding: a detour over float would round twice. */
uint16_t sld_f64_to_f16(double d);

static inline float sld_bf16_to_f32(uint16_t b)
{
    uint32_t bits = (uint32_t)b << 16;
    float f;
    memcpy(&f, &bits, 4);
    return f;
}

static inline uint16_t sld_f32_to_bf16(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, 4);
    if ((bits & 0x7fffffffu) > 0x7f800000u) {
        return (uint16_t)((bits >> 16) | 0x40u);
    }
    return (uint16_t)((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

/* Double to integer as a C cast, but saturating, and NaN gives 0: never undefined. */
int64_t sld_f64_to_i64(double d);
uint64_t sld_f64_to_u64(double d);

/*
 * One element at p, read or written as the widest type of its class. Stores into integers wrap,
 * stores of doubles into integers truncate toward zero and saturate at 64 bits, then wrap.
 */
double sld_load_f64(solder_dtype dtype, const void *p);
int64_t sld_load_i64(solder_dtype dtype, const void *p);
void sld_store_f64(solder_dtype dtype, void *p, double value);
void sld_store_i64(solder_dtype dtype, void *p, int64_t value);

#endif
