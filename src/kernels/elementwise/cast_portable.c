/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cast between the common types on dense rows, without branches where the compiler can then
 * vectorise. The 16-bit floats round to nearest even in one step, as in the reference.
 */
#include <math.h>

#include "kernels/elementwise/elementwise.h"

#define PIECE 16384

static SLD_ALWAYS_INLINE uint32_t bits_of(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return bits;
}

static SLD_ALWAYS_INLINE float float_of(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

/* The exponent is shifted into place as that of 2^-112 times the value. */
static SLD_ALWAYS_INLINE float from_f16(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000u) << 16;
    uint32_t rest = (uint32_t)(h & 0x7fffu) << 13;
    uint32_t finite = bits_of(float_of(rest) * 0x1p112f);
    return float_of(sign | (rest >= 0x0f800000u ? rest | 0x7f800000u : finite));
}

static SLD_ALWAYS_INLINE uint16_t to_f16(float f)
{
    const uint32_t magic = 0x3f000000u; /* adding 1/2 rounds to multiples of 2^-24 */
    uint32_t bits = bits_of(f);
    uint32_t rest = bits & 0x7fffffffu;
    uint32_t tiny = bits_of(float_of(rest) + float_of(magic)) - magic;
    uint32_t normal = (rest + 0xc8000fffu + (rest >> 13 & 1u)) >> 13;
    uint32_t huge = rest > 0x7f800000u ? 0x7e00u : 0x7c00u;
    uint32_t h = rest < 0x38800000u ? tiny : rest >= 0x47800000u ? huge : normal;
    return (uint16_t)(h | (bits >> 16 & 0x8000u));
}

static SLD_ALWAYS_INLINE float from_bf16(uint16_t b)
{
    return float_of((uint32_t)b << 16);
}

static SLD_ALWAYS_INLINE uint16_t to_bf16(float f)
{
    uint32_t bits = bits_of(f);
    uint32_t rounded = (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
    uint32_t quiet = bits >> 16 | 0x40u;
    return (uint16_t)((bits & 0x7fffffffu) > 0x7f800000u ? quiet : rounded);
}

/* Toward zero, saturating at 64 bits; NaN gives 0. */
static SLD_ALWAYS_INLINE int64_t to_i64(float f)
{
    if (f >= -0x1p63f && f < 0x1p63f) {
        return (int64_t)f;
    }
    return isnan(f) ? 0 : f > 0 ? INT64_MAX : INT64_MIN;
}

#define ROW(from, to, expression)                                                                  \
    {                                                                                              \
        const from *a = x;                                                                         \
        to *b = y;                                                                                 \
        for (int64_t i = 0; i < n; i++) {                                                          \
            const from v = a[i];                                                                   \
            b[i] = (to)(expression);                                                               \
        }                                                                                          \
        return true;                                                                               \
    }

static bool from_f32(solder_dtype to, const void *x, void *y, int64_t n)
{
    switch (to) {
    case SOLDER_F16:
        ROW(float, uint16_t, to_f16(v))
    case SOLDER_BF16:
        ROW(float, uint16_t, to_bf16(v))
    case SOLDER_I8:
    case SOLDER_U8:
        ROW(float, uint8_t, to_i64(v))
    case SOLDER_I32:
    case SOLDER_U32:
        ROW(float, uint32_t, to_i64(v))
    case SOLDER_I64:
        ROW(float, int64_t, to_i64(v))
    case SOLDER_BOOL:
        ROW(float, uint8_t, v != 0)
    default:
        return false;
    }
}

static bool from_i32(solder_dtype to, const void *x, void *y, int64_t n)
{
    switch (to) {
    case SOLDER_F32:
        ROW(int32_t, float, v)
    case SOLDER_I64:
        ROW(int32_t, int64_t, v)
    case SOLDER_BOOL:
        ROW(int32_t, uint8_t, v != 0)
    default:
        return false;
    }
}

static bool from_i64(solder_dtype to, const void *x, void *y, int64_t n)
{
    switch (to) {
    case SOLDER_F32:
        ROW(int64_t, float, v)
    case SOLDER_I32:
        ROW(int64_t, uint32_t, v)
    case SOLDER_BOOL:
        ROW(int64_t, uint8_t, v != 0)
    default:
        return false;
    }
}

/* u8 and bool, whose value is the byte. */
static bool from_u8(solder_dtype to, const void *x, void *y, int64_t n)
{
    switch (to) {
    case SOLDER_F32:
        ROW(uint8_t, float, v)
    case SOLDER_I32:
        ROW(uint8_t, int32_t, v)
    case SOLDER_I64:
        ROW(uint8_t, int64_t, v)
    default:
        return false;
    }
}

/* n elements; false if there is no such row. */
static bool convert(solder_dtype from, solder_dtype to, const void *x, void *y, int64_t n)
{
    switch (from) {
    case SOLDER_F32:
        return from_f32(to, x, y, n);
    case SOLDER_I32:
        return from_i32(to, x, y, n);
    case SOLDER_I64:
        return from_i64(to, x, y, n);
    case SOLDER_U8:
    case SOLDER_BOOL:
        return from_u8(to, x, y, n);
    case SOLDER_F16:
        if (to == SOLDER_F32) {
            ROW(uint16_t, float, from_f16(v))
        }
        return false;
    case SOLDER_BF16:
        if (to == SOLDER_F32) {
            ROW(uint16_t, float, from_bf16(v))
        }
        return false;
    case SOLDER_I8:
        if (to == SOLDER_F32) {
            ROW(int8_t, float, v)
        }
        return false;
    default:
        return false;
    }
}

static bool supports(const sld_run *run)
{
    return sld_tensor_contiguous(&run->in[0]) && sld_tensor_contiguous(&run->out[0]) &&
           convert(run->in[0].dtype, run->out[0].dtype, NULL, NULL, 0);
}

static void run_task(void *user, size_t index, int thread)
{
    (void)thread;
    const sld_run *run = user;
    const sld_tensor *x = &run->in[0];
    const sld_tensor *y = &run->out[0];
    int64_t first = (int64_t)index * PIECE;
    int64_t left = sld_tensor_count(x) - first;
    (void)convert(x->dtype, y->dtype,
                  (const char *)x->data + first * (int64_t)solder_dtype_size(x->dtype),
                  (char *)y->data + first * (int64_t)solder_dtype_size(y->dtype),
                  left < PIECE ? left : PIECE);
}

static solder_status run_cast(const sld_run *run)
{
    size_t tasks = (size_t)((sld_tensor_count(&run->in[0]) + PIECE - 1) / PIECE);
    sld_pool_for(tasks > 1 ? run->pool : NULL, tasks, run_task, (void *)(uintptr_t)run);
    return SOLDER_OK;
}

const sld_kernel sld_cast_portable = {
    .name = "cast_portable", .family = "cast", .supports = supports, .run = run_cast};
