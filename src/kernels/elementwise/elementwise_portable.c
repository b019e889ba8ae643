/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Comparisons, whole numbers and truth values on rows the compiler can vectorise. The result is the
 * reference's: whole numbers wrap.
 */
#include "kernels/elementwise/elementwise.h"
#include "kernels/elementwise/rows.h"

static bool is_comparison(int kind)
{
    return kind >= SLD_BINARY_EQUAL && kind <= SLD_BINARY_GREATER_EQUAL;
}

static bool supports(const sld_run *run)
{
    const sld_elementwise_params *p = run->params;
    bool known;
    if (run->in[0].dtype != run->in[1].dtype || p->epilogue.act != SLD_ACT_NONE) {
        return false;
    }
    switch (run->in[0].dtype) {
    case SOLDER_F32:
        known = is_comparison(p->kind);
        break;
    case SOLDER_I32:
    case SOLDER_I64:
        known = is_comparison(p->kind) || p->kind == SLD_BINARY_SUM || p->kind == SLD_BINARY_SUB ||
                p->kind == SLD_BINARY_PROD || p->kind == SLD_BINARY_MAX ||
                p->kind == SLD_BINARY_MIN;
        break;
    case SOLDER_BOOL:
        known = p->kind == SLD_BINARY_AND || p->kind == SLD_BINARY_OR ||
                p->kind == SLD_BINARY_XOR || p->kind == SLD_BINARY_EQUAL ||
                p->kind == SLD_BINARY_NOT_EQUAL;
        break;
    default:
        known = false;
    }
    return known && sld_rows_suit(run);
}

/* The common ways to step as loops of their own; a lone element is copied, so that nothing in the
 * loop can change it. */
#define ROW(in_type, out_type, expression)                                                         \
    do {                                                                                           \
        const in_type *p = a, *q = b;                                                              \
        out_type *r = to;                                                                          \
        const in_type p0 = *p, q0 = *q;                                                            \
        if (sa == 1 && sb == 1) {                                                                  \
            for (int64_t i = 0; i < n; i++) {                                                      \
                const in_type x = p[i], y = q[i];                                                  \
                r[i] = (out_type)(expression);                                                     \
            }                                                                                      \
        } else if (sa == 1) {                                                                      \
            for (int64_t i = 0; i < n; i++) {                                                      \
                const in_type x = p[i], y = q0;                                                    \
                r[i] = (out_type)(expression);                                                     \
            }                                                                                      \
        } else if (sb == 1) {                                                                      \
            for (int64_t i = 0; i < n; i++) {                                                      \
                const in_type x = p0, y = q[i];                                                    \
                r[i] = (out_type)(expression);                                                     \
            }                                                                                      \
        } else {                                                                                   \
            const in_type x = p0, y = q0;                                                          \
            for (int64_t i = 0; i < n; i++) {                                                      \
                r[i] = (out_type)(expression);                                                     \
            }                                                                                      \
        }                                                                                          \
    } while (0)

#define ARGUMENTS                                                                                  \
    int kind, const void *a, int64_t sa, const void *b, int64_t sb, void *to, int64_t n

#define COMPARISONS(name, type)                                                                    \
    static void name(ARGUMENTS)                                                                    \
    {                                                                                              \
        switch (kind) {                                                                            \
        case SLD_BINARY_EQUAL:                                                                     \
            ROW(type, uint8_t, x == y);                                                            \
            break;                                                                                 \
        case SLD_BINARY_NOT_EQUAL:                                                                 \
            ROW(type, uint8_t, x != y);                                                            \
            break;                                                                                 \
        case SLD_BINARY_LESS:                                                                      \
            ROW(type, uint8_t, x < y);                                                             \
            break;                                                                                 \
        case SLD_BINARY_LESS_EQUAL:                                                                \
            ROW(type, uint8_t, x <= y);                                                            \
            break;                                                                                 \
        case SLD_BINARY_GREATER:                                                                   \
            ROW(type, uint8_t, x > y);                                                             \
            break;                                                                                 \
        default:                                                                                   \
            ROW(type, uint8_t, x >= y);                                                            \
        }                                                                                          \
    }

COMPARISONS(compare_f32, float)
COMPARISONS(compare_i32, int32_t)
COMPARISONS(compare_i64, int64_t)

/* In unsigned numbers, which wrap. */
#define ARITHMETIC(name, type, bits)                                                               \
    static void name(ARGUMENTS)                                                                    \
    {                                                                                              \
        switch (kind) {                                                                            \
        case SLD_BINARY_SUM:                                                                       \
            ROW(bits, bits, x + y);                                                                \
            break;                                                                                 \
        case SLD_BINARY_SUB:                                                                       \
            ROW(bits, bits, x - y);                                                                \
            break;                                                                                 \
        case SLD_BINARY_PROD:                                                                      \
            ROW(bits, bits, x *y);                                                                 \
            break;                                                                                 \
        case SLD_BINARY_MAX:                                                                       \
            ROW(type, type, x > y ? x : y);                                                        \
            break;                                                                                 \
        default:                                                                                   \
            ROW(type, type, x < y ? x : y);                                                        \
        }                                                                                          \
    }

ARITHMETIC(compute_i32, int32_t, uint32_t)
ARITHMETIC(compute_i64, int64_t, uint64_t)

static void logic(ARGUMENTS)
{
    switch (kind) {
    case SLD_BINARY_AND:
        ROW(uint8_t, uint8_t, (x != 0) & (y != 0));
        break;
    case SLD_BINARY_OR:
        ROW(uint8_t, uint8_t, (x != 0) | (y != 0));
        break;
    case SLD_BINARY_EQUAL:
        ROW(uint8_t, uint8_t, (x != 0) == (y != 0));
        break;
    default: /* exclusive or, and not equal */
        ROW(uint8_t, uint8_t, (x != 0) != (y != 0));
    }
}

static void run_row(const sld_run *run, const void *a, int64_t sa, const void *b, int64_t sb,
                    void *to, int64_t n)
{
    const sld_elementwise_params *p = run->params;
    bool comparison = is_comparison(p->kind);
    switch (run->in[0].dtype) {
    case SOLDER_F32:
        compare_f32(p->kind, a, sa, b, sb, to, n);
        break;
    case SOLDER_I32:
        (comparison ? compare_i32 : compute_i32)(p->kind, a, sa, b, sb, to, n);
        break;
    case SOLDER_I64:
        (comparison ? compare_i64 : compute_i64)(p->kind, a, sa, b, sb, to, n);
        break;
    default:
        logic(p->kind, a, sa, b, sb, to, n);
    }
}

static solder_status run_elementwise(const sld_run *run)
{
    return sld_rows_run(run, run_row);
}

const sld_kernel sld_elementwise_portable = {.name = "elementwise_portable",
                                             .family = "elementwise",
                                             .supports = supports,
                                             .run = run_elementwise};
