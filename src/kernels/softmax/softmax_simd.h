/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SoftMax: along a dense row, or along an axis with a vector of neighbouring lines at a time;
 * included once per instruction set.
 */
#include <math.h>

#include "kernels/flat.h"
#include "kernels/simd_math.h"
#include "kernels/softmax/softmax.h"

/* Rows this short are taken a vector of rows at a time. */
#define SHORT_ROW 8

typedef struct softmax_job {
    const sld_tensor *x, *y;
    bool log;
    int axis;
    int64_t length, inner; /* of the axis; elements behind one step of it */
    int64_t middle;        /* product of the dims between 0 and the axis */
    int64_t chunks;        /* of VF lines within inner */
} softmax_job;

static void softmax_row(const softmax_job *j, const float *x, float *y)
{
    int64_t n = j->length;
    const vf lowest = vf_set1(-INFINITY);
    vf best = lowest;
    for (int64_t i = 0; i < n; i += VF) {
        vm live = vm_first(n - i);
        best = vf_max(vf_select(live, vf_load_m(x + i, live), lowest), best);
    }
    const vf top = vf_set1(vf_hmax(best));
    vf sum = vf_zero();
    for (int64_t i = 0; i < n; i += VF) {
        vm live = vm_first(n - i);
        vf e = vf_exp(vf_sub(vf_load_m(x + i, live), top));
        sum = vf_add(sum, vf_select(live, e, vf_zero()));
        if (!j->log) {
            vf_store_m(y + i, e, live);
        }
    }
    float total = vf_sum(sum);
    const vf factor = vf_set1(1.0f / total);
    const vf shift = vf_set1(logf(total));
    for (int64_t i = 0; i < n; i += VF) {
        vm live = vm_first(n - i);
        vf v = j->log ? vf_sub(vf_sub(vf_load_m(x + i, live), top), shift)
                      : vf_mul(vf_load_m(y + i, live), factor);
        vf_store_m(y + i, v, live);
    }
}

/* Up to VF lines side by side. */
static void softmax_lines(const softmax_job *j, const float *x, float *y, int64_t count)
{
    vm live = vm_first(count);
    int64_t x_step = j->x->stride[j->axis];
    int64_t y_step = j->y->stride[j->axis];
    vf best = vf_set1(-INFINITY);
    for (int64_t i = 0; i < j->length; i++) {
        best = vf_max(vf_load_m(x + i * x_step, live), best);
    }
    vf sum = vf_zero();
    for (int64_t i = 0; i < j->length; i++) {
        vf e = vf_exp(vf_sub(vf_load_m(x + i * x_step, live), best));
        sum = vf_add(sum, e);
        if (!j->log) {
            vf_store_m(y + i * y_step, e, live);
        }
    }
    vf factor = vf_div(vf_set1(1.0f), sum);
    vf shift = j->log ? vf_log(sum) : vf_zero();
    for (int64_t i = 0; i < j->length; i++) {
        vf v = j->log ? vf_sub(vf_sub(vf_load_m(x + i * x_step, live), best), shift)
                      : vf_mul(vf_load_m(y + i * y_step, live), factor);
        vf_store_m(y + i * y_step, v, live);
    }
}

/* Up to VF dense rows of at most SHORT_ROW elements, one behind the other. */
static void softmax_short_rows(const softmax_job *j, const float *x, float *y, int64_t count)
{
    vm live = vm_first(count);
    vi index = vi_mul(vi_lanes(), vi_set1((int32_t)j->length));
    vf v[SHORT_ROW];
    vf best = vf_set1(-INFINITY);
    for (int64_t i = 0; i < j->length; i++) {
        v[i] = vf_gather(x + i, index, live);
        best = vf_max(v[i], best);
    }
    vf sum = vf_zero();
    for (int64_t i = 0; i < j->length; i++) {
        v[i] = vf_sub(v[i], best);
        vf e = vf_exp(v[i]);
        v[i] = j->log ? v[i] : e;
        sum = vf_add(sum, e);
    }
    vf factor = vf_div(vf_set1(1.0f), sum);
    vf shift = j->log ? vf_log(sum) : vf_zero();
    for (int64_t i = 0; i < j->length; i++) {
        float lanes[VF];
        vf_store(lanes, j->log ? vf_sub(v[i], shift) : vf_mul(v[i], factor));
        for (int64_t row = 0; row < count; row++) {
            y[row * j->length + i] = lanes[row];
        }
    }
}

static void softmax_short_task(void *user, size_t index, int thread)
{
    (void)thread;
    const softmax_job *j = user;
    int64_t first = (int64_t)index % j->chunks * VF;
    int64_t outer = (int64_t)index / j->chunks;
    int64_t left = j->middle - first;
    softmax_short_rows(j, (const float *)j->x->data + outer * j->x->stride[0] + first * j->length,
                       (float *)j->y->data + outer * j->y->stride[0] + first * j->length,
                       left < VF ? left : VF);
}

static void softmax_task(void *user, size_t index, int thread)
{
    (void)thread;
    const softmax_job *j = user;
    int64_t chunk = (int64_t)index % j->chunks;
    int64_t middle = (int64_t)index / j->chunks % j->middle;
    int64_t outer = (int64_t)index / (j->chunks * j->middle);
    int64_t within = middle * j->length * j->inner + chunk * VF;
    const float *x = (const float *)j->x->data + outer * j->x->stride[0] + within;
    float *y = (float *)j->y->data + outer * j->y->stride[0] + within;
    if (j->inner == 1) {
        softmax_row(j, x, y);
    } else {
        softmax_lines(j, x, y, j->inner - chunk * VF);
    }
}

static bool softmax_supports(const sld_run *run)
{
    return run->in[0].rank > 0 && sld_flat_f32(&run->in[0]) && sld_flat_f32(&run->out[0]);
}

static solder_status softmax_run(const sld_run *run)
{
    const sld_softmax_params *p = run->params;
    const sld_tensor *x = &run->in[0];
    softmax_job j = {.x = x,
                     .y = &run->out[0],
                     .log = p->log != 0,
                     .axis = p->axis,
                     .length = x->dim[p->axis],
                     .inner = 1,
                     .middle = 1};
    for (int i = p->axis + 1; i < x->rank; i++) {
        j.inner *= x->dim[i];
    }
    for (int i = 1; i < p->axis; i++) {
        j.middle *= x->dim[i];
    }
    /* Rows of axis 0 lie stride[0] apart: lines, even if there is only one. */
    bool lone = p->axis == 0 && x->rank > 1 && j.inner == 1;
    j.chunks = j.inner == 1 ? 1 : (j.inner + VF - 1) / VF;
    if (lone && !(sld_tensor_contiguous(x) && sld_tensor_contiguous(j.y))) {
        softmax_lines(&j, x->data, run->out[0].data, 1);
        return SOLDER_OK;
    }
    if (sld_tensor_count(x) > 0 && j.inner == 1 && j.length <= SHORT_ROW && j.middle > 1) {
        j.chunks = (j.middle + VF - 1) / VF;
        sld_pool_for(run->pool, (size_t)(x->dim[0] * j.chunks), softmax_short_task, &j);
    } else if (sld_tensor_count(x) > 0) {
        int64_t outer = p->axis == 0 ? 1 : x->dim[0];
        sld_pool_for(run->pool, (size_t)(outer * j.middle * j.chunks), softmax_task, &j);
    }
    return SOLDER_OK;
}
