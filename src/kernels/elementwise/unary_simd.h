/* SPDX-License-Identifier: Apache-2.0 */
/* Unary on dense floats; included once per instruction set. In place is fine. */
#include <float.h>
#include <math.h>

#include "kernels/elementwise/elementwise.h"
#include "kernels/flat.h"
#include "kernels/simd_math.h"

static SLD_ALWAYS_INLINE vf unary_floor(vf x)
{
    vf r = vf_round(x);
    return vf_select(vf_gt(r, x), vf_sub(r, vf_set1(1.0f)), r);
}

static SLD_ALWAYS_INLINE vf unary_sign_of(vf x)
{
    return vf_and(x, vf_set1(-0.0f));
}

/* The logarithm of anything: 0 gives -infinity, below is NaN. */
static SLD_ALWAYS_INLINE vf unary_log(vf x)
{
    const vf zero = vf_zero();
    vm tiny = vf_lt(x, vf_set1(FLT_MIN));
    vf y = vf_log(vf_select(tiny, vf_mul(x, vf_set1(0x1p23f)), x));
    y = vf_sub(y, vf_select(tiny, vf_set1(15.942385152878742f), zero)); /* 23 log 2 */
    y = vf_select(vf_lt(x, vf_set1(INFINITY)), y, x);
    y = vf_select(vf_lt(x, zero), vf_set1(NAN), y);
    return vf_select(vf_lt(vf_abs(x), vf_set1(FLT_TRUE_MIN)), vf_set1(-INFINITY), y);
}

/* log(w) of the rounded sum w = 1 + x, and what the rounding lost. */
static SLD_ALWAYS_INLINE vf unary_log1p(vf x)
{
    const vf one = vf_set1(1.0f);
    vf w = vf_add(x, one);
    vf lost = vf_div(vf_sub(x, vf_sub(w, one)), w);
    vm lossy = vm_and(vf_gt(x, vf_set1(-1.0f)), vf_lt(x, vf_set1(0x1p25f)));
    return vf_add(unary_log(w), vf_select(lossy, lost, vf_zero()));
}

static SLD_ALWAYS_INLINE vf unary_shrink(const sld_unary_params *p, vf x)
{
    vf edge = vf_set1(p->alpha);
    vf bias = vf_set1(p->beta);
    vf above = vf_select(vf_gt(x, edge), vf_sub(x, bias), vf_zero());
    return vf_select(vf_lt(x, vf_sub(vf_zero(), edge)), vf_add(x, bias), above);
}

static SLD_ALWAYS_INLINE vf unary_sign(vf x)
{
    vf y = vf_select(vf_lt(x, vf_zero()), vf_set1(-1.0f), x);
    return vf_select(vf_gt(x, vf_zero()), vf_set1(1.0f), y);
}

static SLD_ALWAYS_INLINE vf unary_value(const sld_unary_params *p, const int kind, vf x)
{
    switch (kind) {
    case SLD_UNARY_EXP:
        return vf_exp(x);
    case SLD_UNARY_LOG:
        return unary_log(x);
    case SLD_UNARY_SQRT:
        return vf_sqrt(x);
    case SLD_UNARY_RECIP:
        return vf_div(vf_set1(1.0f), x);
    case SLD_UNARY_ABS:
        return vf_abs(x);
    case SLD_UNARY_NEG:
        return vf_xor(x, vf_set1(-0.0f));
    case SLD_UNARY_CEIL:
        x = vf_xor(x, vf_set1(-0.0f));
        return vf_xor(unary_floor(x), vf_set1(-0.0f));
    case SLD_UNARY_FLOOR:
        return unary_floor(x);
    case SLD_UNARY_ROUND:
        return vf_round(x);
    case SLD_UNARY_TRUNC:
        return vf_or(unary_floor(vf_abs(x)), unary_sign_of(x));
    case SLD_UNARY_ERF:
        return vf_erf(x);
    case SLD_UNARY_SIGN:
        return unary_sign(x);
    case SLD_UNARY_RSQRT:
        return vf_div(vf_set1(1.0f), vf_sqrt(x));
    case SLD_UNARY_SQUARE:
        return vf_mul(x, x);
    case SLD_UNARY_LOG1P:
        return unary_log1p(x);
    case SLD_UNARY_EXPM1:
        return vf_expm1(x);
    default:
        return unary_shrink(p, x);
    }
}

static SLD_ALWAYS_INLINE void unary_piece(const sld_unary_params *p, const int kind, const float *x,
                                          float *y, int64_t count)
{
    int64_t i = 0;
    for (; i + VF <= count; i += VF) {
        vf_store(y + i, unary_value(p, kind, vf_load(x + i)));
    }
    if (i < count) {
        vm rest = vm_first(count - i);
        vf_store_m(y + i, unary_value(p, kind, vf_load_m(x + i, rest)), rest);
    }
}

typedef struct unary_job {
    const sld_run *run;
    sld_flat flat;
} unary_job;

#define UNARY_CASE(name)                                                                           \
    case SLD_UNARY_##name:                                                                         \
        unary_piece(p, SLD_UNARY_##name, x, y, piece.count);                                       \
        break

static void unary_task(void *user, size_t index, int thread)
{
    (void)thread;
    const unary_job *j = user;
    const sld_unary_params *p = j->run->params;
    sld_flat_piece piece = sld_flat_piece_of(&j->flat, index);
    const float *x = (const float *)j->run->in[0].data + piece.x;
    float *y = (float *)j->run->out[0].data + piece.y;
    switch (p->kind) {
        UNARY_CASE(EXP);
        UNARY_CASE(LOG);
        UNARY_CASE(SQRT);
        UNARY_CASE(RECIP);
        UNARY_CASE(ABS);
        UNARY_CASE(NEG);
        UNARY_CASE(CEIL);
        UNARY_CASE(FLOOR);
        UNARY_CASE(ROUND);
        UNARY_CASE(TRUNC);
        UNARY_CASE(ERF);
        UNARY_CASE(SIGN);
        UNARY_CASE(RSQRT);
        UNARY_CASE(SQUARE);
        UNARY_CASE(LOG1P);
        UNARY_CASE(EXPM1);
        UNARY_CASE(SHRINK);
    default:
        break;
    }
}

static bool unary_supports(const sld_run *run)
{
    const sld_unary_params *p = run->params;
    switch (p->kind) {
    case SLD_UNARY_SIN:
    case SLD_UNARY_COS:
    case SLD_UNARY_TAN:
    case SLD_UNARY_SINH:
    case SLD_UNARY_COSH:
    case SLD_UNARY_ASIN:
    case SLD_UNARY_ACOS:
    case SLD_UNARY_ATAN:
    case SLD_UNARY_ASINH:
    case SLD_UNARY_ACOSH:
    case SLD_UNARY_ATANH:
    case SLD_UNARY_NOT:
    case SLD_UNARY_BIT_NOT:
    case SLD_UNARY_IS_NAN:
    case SLD_UNARY_IS_INF:
    case SLD_UNARY_IDENTITY:
        return false;
    default:
        return sld_flat_f32(&run->in[0]) && sld_flat_f32(&run->out[0]);
    }
}

static solder_status unary_run(const sld_run *run)
{
    unary_job j = {.run = run, .flat = sld_flat_of(&run->in[0], &run->out[0])};
    size_t tasks = (size_t)(j.flat.slices * j.flat.pieces);
    sld_pool_for(tasks > 1 ? run->pool : NULL, tasks, unary_task, &j);
    return SOLDER_OK;
}
