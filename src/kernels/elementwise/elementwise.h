/* SPDX-License-Identifier: Apache-2.0 */
/* ElementWise (two inputs, numpy broadcast), Unary, Cast and Select. */
#ifndef SLD_KERNELS_ELEMENTWISE_H
#define SLD_KERNELS_ELEMENTWISE_H

#include "kernels/activation/activation.h"

/* Stored in plans: append only. Comparisons and logic give bool. */
typedef enum sld_binary {
    SLD_BINARY_SUM = 0,
    SLD_BINARY_SUB,
    SLD_BINARY_PROD,
    SLD_BINARY_DIV, /* integers: truncates toward zero; by zero gives 0 */
    SLD_BINARY_MAX, /* NaN if either is */
    SLD_BINARY_MIN,
    SLD_BINARY_POW,
    SLD_BINARY_FLOOR_DIV,
    SLD_BINARY_MOD,  /* sign of the divisor */
    SLD_BINARY_FMOD, /* sign of the dividend */
    SLD_BINARY_EQUAL,
    SLD_BINARY_NOT_EQUAL,
    SLD_BINARY_LESS,
    SLD_BINARY_LESS_EQUAL,
    SLD_BINARY_GREATER,
    SLD_BINARY_GREATER_EQUAL,
    SLD_BINARY_AND,
    SLD_BINARY_OR,
    SLD_BINARY_XOR,
    SLD_BINARY_BIT_AND,
    SLD_BINARY_BIT_OR,
    SLD_BINARY_BIT_XOR,
    SLD_BINARY_SHIFT_LEFT,
    SLD_BINARY_SHIFT_RIGHT,
    SLD_BINARY_SQUARED_DIFFERENCE,
    SLD_BINARY_ATAN2,
    SLD_BINARY_COUNT
} sld_binary;

/* Inputs a, b of one dtype (pow: b of any; its result has a's). */
typedef struct sld_elementwise_params {
    int32_t kind;          /* sld_binary */
    sld_epilogue epilogue; /* residual unused; act only on floats */
} sld_elementwise_params;

typedef enum sld_unary {
    SLD_UNARY_EXP = 0,
    SLD_UNARY_LOG,
    SLD_UNARY_SQRT,
    SLD_UNARY_RECIP,
    SLD_UNARY_ABS,
    SLD_UNARY_NEG,
    SLD_UNARY_SIN,
    SLD_UNARY_COS,
    SLD_UNARY_TAN,
    SLD_UNARY_SINH,
    SLD_UNARY_COSH,
    SLD_UNARY_ASIN,
    SLD_UNARY_ACOS,
    SLD_UNARY_ATAN,
    SLD_UNARY_ASINH,
    SLD_UNARY_ACOSH,
    SLD_UNARY_ATANH,
    SLD_UNARY_CEIL,
    SLD_UNARY_FLOOR,
    SLD_UNARY_ROUND, /* half to even */
    SLD_UNARY_ERF,
    SLD_UNARY_SIGN,
    SLD_UNARY_NOT,     /* bool */
    SLD_UNARY_BIT_NOT, /* integers */
    SLD_UNARY_IS_NAN,  /* gives bool */
    SLD_UNARY_IS_INF,  /* gives bool; flags: 1 positive, 2 negative */
    SLD_UNARY_RSQRT,
    SLD_UNARY_SQUARE,
    SLD_UNARY_IDENTITY,
    SLD_UNARY_LOG1P,
    SLD_UNARY_EXPM1,
    SLD_UNARY_TRUNC,
    SLD_UNARY_SHRINK, /* x < -a ? x + b : x > a ? x - b : 0 */
    SLD_UNARY_COUNT
} sld_unary;

typedef struct sld_unary_params {
    int32_t kind; /* sld_unary */
    int32_t flags;
    float alpha, beta;
} sld_unary_params;

typedef struct sld_cast_params {
    int32_t to; /* solder_dtype */
    int32_t saturate;
} sld_cast_params;

/* Select: inputs condition (bool), a, b broadcast; out = condition ? a : b. */
typedef struct sld_select_params {
    int32_t reserved;
} sld_select_params;

#endif
