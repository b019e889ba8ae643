/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Normalization whose statistics run over one dense run of floats per set (instance, layer, group
 * and RMS norm); included once per instruction set. Mean first, then the deviation around it.
 */
#include <math.h>

#include "kernels/norm/norm.h"
#include "kernels/simd.h"

#define NORM_TASK_ELEMENTS 16384
#define NORM_BLOCK         (256 * VF) /* summed in float, then added in double */

/* Scale or bias: one value for each section of a run. */
typedef struct norm_factor {
    const float *data;               /* NULL: absent */
    int64_t stride[SOLDER_MAX_RANK]; /* along the kept axes */
    int64_t section;                 /* elements that share a value */
} norm_factor;

typedef struct norm_job {
    const sld_normalization_params *p;
    const sld_tensor *x, *y;
    int kept;
    int64_t dim[SOLDER_MAX_RANK]; /* of the kept axes */
    int64_t sets, image_sets;     /* sets of an index of dimension 0 */
    int64_t length, per_task;
    norm_factor factor[2];
} norm_job;

/* One set: its run and what to do with it. */
typedef struct norm_set {
    const float *x, *scale, *bias;
    float *y;
    float mean, inverse;
} norm_set;

/* sum of x - from, or of its square. */
static SLD_ALWAYS_INLINE double norm_sum(const float *x, int64_t length, float from,
                                         const bool square)
{
    const vf minus = vf_set1(from);
    double total = 0;
    for (int64_t start = 0; start < length; start += NORM_BLOCK) {
        int64_t end = length - start < NORM_BLOCK ? length : start + NORM_BLOCK;
        vf sum[4] = {vf_zero(), vf_zero(), vf_zero(), vf_zero()};
        int64_t i = start;
        for (; i + 4 * VF <= end; i += 4 * VF) {
            SLD_UNROLL
            for (int k = 0; k < 4; k++) {
                vf v = vf_sub(vf_load(x + i + k * VF), minus);
                sum[k] = square ? vf_fma(v, v, sum[k]) : vf_add(sum[k], v);
            }
        }
        for (; i < end; i += VF) {
            vm live = vm_first(end - i);
            vf v = vf_select(live, vf_sub(vf_load_m(x + i, live), minus), vf_zero());
            sum[0] = square ? vf_fma(v, v, sum[0]) : vf_add(sum[0], v);
        }
        total += (double)vf_sum(vf_add(vf_add(sum[0], sum[1]), vf_add(sum[2], sum[3])));
    }
    return total;
}

static void norm_statistics(const norm_job *j, norm_set *s)
{
    const double count = (double)j->length;
    const double epsilon = (double)j->p->epsilon;
    s->mean = 0;
    s->inverse = 1;
    if (j->p->subtract_mean) {
        s->mean = (float)(norm_sum(s->x, j->length, s->x[0], false) / count + (double)s->x[0]);
    }
    if (j->p->normalize_variance) {
        double square = norm_sum(s->x, j->length, s->mean, true) / count;
        s->inverse =
            (float)(1 / (j->p->epsilon_outside ? sqrt(square) + epsilon : sqrt(square + epsilon)));
    }
}

/* A value per element. */
static SLD_ALWAYS_INLINE void norm_vector(const norm_set *s, int64_t i, vm live, const bool whole)
{
    vf v = vf_sub(vf_load_part(s->x + i, live, whole), vf_set1(s->mean));
    v = vf_mul(v, vf_set1(s->inverse));
    v = s->scale != NULL ? vf_mul(v, vf_load_part(s->scale + i, live, whole)) : v;
    v = s->bias != NULL ? vf_add(v, vf_load_part(s->bias + i, live, whole)) : v;
    vf_store_part(s->y + i, v, live, whole);
}

static void norm_elements(const norm_set *s, int64_t length)
{
    int64_t i = 0;
    for (; i + VF <= length; i += VF) {
        norm_vector(s, i, vm_first(VF), true);
    }
    if (i < length) {
        norm_vector(s, i, vm_first(length - i), false);
    }
}

static SLD_ALWAYS_INLINE void norm_constant(const norm_set *s, const vf factor[2], int64_t i,
                                            vm live, const bool whole)
{
    vf v = vf_sub(vf_load_part(s->x + i, live, whole), vf_set1(s->mean));
    vf_store_part(s->y + i, vf_fma(v, factor[0], factor[1]), live, whole);
}

/* One value of scale and bias for all elements from start on. */
static void norm_section(const norm_set *s, float scale, float bias, int64_t start, int64_t count)
{
    const vf factor[2] = {vf_set1(s->inverse * scale), vf_set1(bias)};
    int64_t end = start + count;
    int64_t i = start;
    for (; i + VF <= end; i += VF) {
        norm_constant(s, factor, i, vm_first(VF), true);
    }
    if (i < end) {
        norm_constant(s, factor, i, vm_first(end - i), false);
    }
}

static norm_set norm_set_of(const norm_job *j, int64_t set)
{
    int64_t offset = set % j->image_sets * j->length;
    int64_t image = set / j->image_sets;
    int64_t at[2] = {0, 0};
    int64_t rest = set;
    for (int i = j->kept - 1; i >= 0; i--) {
        for (int f = 0; f < 2; f++) {
            at[f] += rest % j->dim[i] * j->factor[f].stride[i];
        }
        rest /= j->dim[i];
    }
    norm_set s = {.x = (const float *)j->x->data + image * j->x->stride[0] + offset,
                  .y = (float *)j->y->data + image * j->y->stride[0] + offset};
    s.scale = j->factor[0].data != NULL ? j->factor[0].data + at[0] : NULL;
    s.bias = j->factor[1].data != NULL ? j->factor[1].data + at[1] : NULL;
    return s;
}

static void norm_task(void *user, size_t index, int thread)
{
    (void)thread;
    const norm_job *j = user;
    int64_t section = j->factor[j->factor[0].data != NULL ? 0 : 1].section;
    int64_t end = ((int64_t)index + 1) * j->per_task;
    end = end < j->sets ? end : j->sets;
    for (int64_t set = (int64_t)index * j->per_task; set < end; set++) {
        norm_set s = norm_set_of(j, set);
        norm_statistics(j, &s);
        if (section == 1) {
            norm_elements(&s, j->length);
            continue;
        }
        for (int64_t k = 0; k * section < j->length; k++) {
            norm_section(&s, s.scale != NULL ? s.scale[k] : 1.0f, s.bias != NULL ? s.bias[k] : 0.0f,
                         k * section, section);
        }
    }
}

/* The axes that a run is made of are the last ones: its first axis, or -1. */
static int norm_first_axis(const sld_normalization_params *p, int rank)
{
    int first = p->groups > 1 ? 2 : 0;
    while (first < rank && (p->axes >> first & 1u) == 0) {
        first++;
    }
    if (p->groups > 1 && first != 2) {
        return -1;
    }
    uint32_t wanted = ((1u << rank) - 1) & ~((1u << first) - 1);
    return p->axes == wanted ? first : -1;
}

/* Whether values lie one after another over leading axes of a run, and repeat over the others. */
static bool norm_place(const norm_job *j, const int64_t *dims, const int64_t *strides, int axes,
                       norm_factor *f)
{
    int last = axes - 1;
    f->section = 1;
    for (; last >= 0 && (dims[last] == 1 || strides[last] == 0); last--) {
        f->section *= dims[last];
    }
    int64_t values = 1;
    for (; last >= 0; last--) {
        if (dims[last] != 1 && strides[last] != values) {
            return false;
        }
        values *= dims[last];
    }
    return values * f->section == j->length;
}

static bool norm_factor_of(norm_job *j, const sld_run *run, uint32_t input, int first)
{
    const sld_tensor *x = j->x;
    norm_factor *f = &j->factor[input - 1];
    if (input >= run->in_count || !sld_tensor_present(&run->in[input])) {
        f->section = j->length;
        return true;
    }
    const sld_tensor *t = &run->in[input];
    if (t->dtype != SOLDER_F32) {
        return false;
    }
    int64_t natural[SOLDER_MAX_RANK] = {0};
    int64_t dims[SOLDER_MAX_RANK];
    if (j->p->channel_affine) {
        natural[1] = t->stride[0];
    } else {
        sld_broadcast_strides(t, j->y, natural);
    }
    memcpy(dims, x->dim, sizeof dims);
    memcpy(f->stride, natural, sizeof natural);
    f->data = t->data;
    if (j->p->groups > 1) {
        first = 1;
        dims[1] /= j->p->groups;
        f->stride[1] *= dims[1];
    }
    return norm_place(j, dims + first, natural + first, x->rank - first, f);
}

/* False if the statistics do not run over dense floats. */
static bool norm_plan(norm_job *j, const sld_run *run)
{
    const sld_normalization_params *p = run->params;
    const sld_tensor *x = &run->in[0];
    int first = norm_first_axis(p, x->rank);
    *j = (norm_job){.p = p, .x = x, .y = &run->out[0], .sets = 1, .length = 1};
    if (x->dtype != SOLDER_F32 || j->y->dtype != SOLDER_F32 || first < 0) {
        return false;
    }
    for (int i = 0; i < 2; i++) {
        const sld_tensor *t = i == 0 ? x : j->y;
        if (!(first == 0 ? sld_tensor_contiguous(t) : sld_tensor_inner_contiguous(t))) {
            return false;
        }
    }
    for (int i = 0; i < x->rank; i++) {
        bool cut = p->groups > 1 && i == 1;
        *(i < first ? &j->sets : &j->length) *= cut ? p->groups : x->dim[i];
        j->length *= cut ? x->dim[1] / p->groups : 1;
        if (i < first) {
            j->dim[j->kept++] = cut ? p->groups : x->dim[i];
        }
    }
    if (!norm_factor_of(j, run, 1, first) || !norm_factor_of(j, run, 2, first)) {
        return false;
    }
    bool scaled = run->in_count > 1 && sld_tensor_present(&run->in[1]);
    bool moved = run->in_count > 2 && sld_tensor_present(&run->in[2]);
    return !scaled || !moved || j->factor[0].section == j->factor[1].section;
}

static bool norm_supports(const sld_run *run)
{
    norm_job j;
    return norm_plan(&j, run);
}

static solder_status norm_run(const sld_run *run)
{
    norm_job j;
    if (!norm_plan(&j, run) || j.sets == 0 || j.length == 0) {
        return SOLDER_OK;
    }
    j.image_sets = j.kept == 0 ? 1 : j.sets / j.dim[0];
    j.per_task = NORM_TASK_ELEMENTS / j.length + 1;
    size_t tasks = (size_t)((j.sets + j.per_task - 1) / j.per_task);
    sld_pool_for(tasks > 1 ? run->pool : NULL, tasks, norm_task, &j);
    return SOLDER_OK;
}
