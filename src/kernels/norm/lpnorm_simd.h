/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LpNorm on floats; included once per instruction set. x is seen as [outer, axis, inner]: with
 * inner 1 a line is dense, else VF neighbouring lines are taken together.
 */
#include <float.h>
#include <math.h>

#include "kernels/norm/norm.h"
#include "kernels/simd.h"

#define LP_TASK_ELEMENTS 16384
#define LP_BLOCK         64 /* added in float, then to the total */

typedef struct lp_job {
    const sld_lpnorm_params *p;
    const sld_tensor *x, *y;
    int64_t outer, image_outer; /* all, and of an index of dimension 0 */
    int64_t length, inner;      /* of the axis, of all axes after it */
    int64_t columns;            /* blocks of VF lines side by side; 1 for dense lines */
    int64_t per_task;
} lp_job;

static SLD_ALWAYS_INLINE vf lp_add(const lp_job *j, vf v, vf sum)
{
    return j->p->p == 1 ? vf_add(vf_abs(v), sum) : vf_fma(v, v, sum);
}

/* The divisor of a line; in double where floats overflow or lose the small. */
static float lp_divisor(const lp_job *j, float sum, const float *x)
{
    double total = (double)sum;
    if (!(sum > 1e-25f && sum <= FLT_MAX)) {
        total = 0;
        for (int64_t i = 0; i < j->length; i++) {
            double v = (double)x[i * j->inner];
            total += j->p->p == 1 ? fabs(v) : v * v;
        }
    }
    double norm = j->p->p == 1 ? total : sqrt(total);
    double divisor = norm < (double)j->p->epsilon ? (double)j->p->epsilon : norm;
    return divisor == 0 ? INFINITY : (float)divisor; /* a line of zeros stays one */
}

static void lp_line(const lp_job *j, const float *x, float *y)
{
    vf sum[2] = {vf_zero(), vf_zero()};
    for (int64_t i = 0; i < j->length; i += 2 * VF) {
        sum[0] = lp_add(j, vf_load_m(x + i, vm_first(j->length - i)), sum[0]);
        sum[1] = lp_add(j, vf_load_m(x + i + VF, vm_first(j->length - i - VF)), sum[1]);
    }
    const vf divisor = vf_set1(lp_divisor(j, vf_sum(vf_add(sum[0], sum[1])), x));
    int64_t i = 0;
    for (; i + VF <= j->length; i += VF) {
        vf_store(y + i, vf_div(vf_load(x + i), divisor));
    }
    vm rest = vm_first(j->length - i);
    vf_store_m(y + i, vf_div(vf_load_m(x + i, rest), divisor), rest);
}

/* Up to VF lines side by side. */
static SLD_ALWAYS_INLINE void lp_columns(const lp_job *j, const float *x, float *y, int64_t count,
                                         const bool whole)
{
    vm live = vm_first(count);
    vf total = vf_zero();
    for (int64_t start = 0; start < j->length; start += LP_BLOCK) {
        int64_t end = j->length - start < LP_BLOCK ? j->length : start + LP_BLOCK;
        vf sum = vf_zero();
        for (int64_t i = start; i < end; i++) {
            sum = lp_add(j, vf_load_part(x + i * j->inner, live, whole), sum);
        }
        total = vf_add(total, sum);
    }
    float divisors[VF];
    vf_store(divisors, total);
    for (int64_t i = 0; i < count; i++) {
        divisors[i] = lp_divisor(j, divisors[i], x + i);
    }
    const vf divisor = vf_load(divisors);
    for (int64_t i = 0; i < j->length; i++) {
        vf v = vf_load_part(x + i * j->inner, live, whole);
        vf_store_part(y + i * j->inner, vf_div(v, divisor), live, whole);
    }
}

static void lp_task(void *user, size_t index, int thread)
{
    (void)thread;
    const lp_job *j = user;
    int64_t end = ((int64_t)index + 1) * j->per_task;
    end = end < j->outer * j->columns ? end : j->outer * j->columns;
    for (int64_t unit = (int64_t)index * j->per_task; unit < end; unit++) {
        int64_t outer = unit / j->columns;
        int64_t first = unit % j->columns * VF;
        int64_t image = outer / j->image_outer;
        int64_t offset = outer % j->image_outer * j->length * j->inner + first;
        const float *x = (const float *)j->x->data + image * j->x->stride[0] + offset;
        float *y = (float *)j->y->data + image * j->y->stride[0] + offset;
        if (j->inner == 1) {
            lp_line(j, x, y);
        } else if (j->inner - first >= VF) {
            lp_columns(j, x, y, VF, true);
        } else {
            lp_columns(j, x, y, j->inner - first, false);
        }
    }
}

static bool lp_supports(const sld_run *run)
{
    const sld_lpnorm_params *p = run->params;
    for (int i = 0; i < 2; i++) {
        const sld_tensor *t = i == 0 ? &run->in[0] : &run->out[0];
        if (t->dtype != SOLDER_F32 ||
            !(p->axis == 0 ? sld_tensor_contiguous(t) : sld_tensor_inner_contiguous(t))) {
            return false;
        }
    }
    return true;
}

static solder_status lp_run(const sld_run *run)
{
    const sld_lpnorm_params *p = run->params;
    const sld_tensor *x = &run->in[0];
    lp_job j = {.p = p, .x = x, .y = &run->out[0], .outer = 1, .inner = 1};
    if (sld_tensor_count(x) == 0) {
        return SOLDER_OK;
    }
    for (int i = 0; i < x->rank; i++) {
        *(i < p->axis ? &j.outer : &j.inner) *= i == p->axis ? 1 : x->dim[i];
    }
    j.length = x->dim[p->axis];
    j.image_outer = p->axis == 0 ? 1 : j.outer / x->dim[0];
    j.columns = j.inner == 1 ? 1 : (j.inner + VF - 1) / VF;
    j.per_task = LP_TASK_ELEMENTS / (j.inner == 1 ? j.length : j.length * VF) + 1;
    size_t tasks = (size_t)((j.outer * j.columns + j.per_task - 1) / j.per_task);
    sld_pool_for(tasks > 1 ? run->pool : NULL, tasks, lp_task, &j);
    return SOLDER_OK;
}
