/* SPDX-License-Identifier: Apache-2.0 */
/*
 * float32 arithmetic on rows the compiler can vectorise: equal shapes, a scalar, or one value per
 * channel against whole rows. The result equals the reference's: one operation, one rounding.
 */
#include "kernels/elementwise/elementwise.h"
#include "kernels/elementwise/rows.h"

static bool supported_kind(int kind)
{
    return kind == SLD_BINARY_SUM || kind == SLD_BINARY_SUB || kind == SLD_BINARY_PROD ||
           kind == SLD_BINARY_DIV || kind == SLD_BINARY_MAX || kind == SLD_BINARY_MIN;
}

static bool supports(const sld_run *run)
{
    const sld_elementwise_params *p = run->params;
    return supported_kind(p->kind) &&
           (p->epilogue.act == SLD_ACT_NONE || p->epilogue.act == SLD_ACT_RELU) &&
           run->in[0].dtype == SOLDER_F32 && run->in[1].dtype == SOLDER_F32 && sld_rows_suit(run);
}

#define ROW(expression)                                                                            \
    for (int64_t i = 0; i < n; i++) {                                                              \
        const float x = a[i * sa];                                                                 \
        const float y = b[i * sb];                                                                 \
        to[i] = (expression);                                                                      \
    }                                                                                              \
    break

static SLD_ALWAYS_INLINE void row(int kind, const float *a, int64_t sa, const float *b, int64_t sb,
                                  float *to, int64_t n)
{
    switch (kind) {
    case SLD_BINARY_SUM:
        ROW(x + y);
    case SLD_BINARY_SUB:
        ROW(x - y);
    case SLD_BINARY_PROD:
        ROW(x * y);
    case SLD_BINARY_DIV:
        ROW(x / y);
    case SLD_BINARY_MAX:
        ROW(x != x || x > y ? x : y);
    default:
        ROW(x != x || x < y ? x : y);
    }
}

static void run_row(const sld_run *run, const void *from_a, int64_t sa, const void *from_b,
                    int64_t sb, void *to_data, int64_t n)
{
    const sld_elementwise_params *p = run->params;
    const float *a = from_a, *b = from_b;
    float *to = to_data;
    if (sa == 1 && sb == 1) {
        row(p->kind, a, 1, b, 1, to, n);
    } else if (sa == 1 && sb == 0) {
        const float y = *b; /* a copy that to cannot overlap */
        row(p->kind, a, 1, &y, 0, to, n);
    } else {
        row(p->kind, a, sa, b, sb, to, n);
    }
    for (int64_t i = 0; p->epilogue.act == SLD_ACT_RELU && i < n; i++) {
        to[i] = to[i] < 0 ? 0 : to[i];
    }
}

static solder_status run_elementwise(const sld_run *run)
{
    return sld_rows_run(run, run_row);
}

const sld_kernel sld_elementwise_f32_portable = {.name = "elementwise_f32_portable",
                                                 .family = "elementwise",
                                                 .supports = supports,
                                                 .run = run_elementwise};
