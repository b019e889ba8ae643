/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scale and BatchNorm on float rows; included once per instruction set. Either a row shares one
 * factor and offset, or they lie along the row. In place: element i is read before it is written.
 */
#include "kernels/activation/activate_simd.h"
#include "kernels/norm/norm.h"

#define AFFINE_TASK_ELEMENTS 16384

typedef struct affine_job {
    const sld_tensor *x, *y;
    const float *factor, *shift;  /* NULL: absent */
    const float *mean, *variance; /* NULL for Scale */
    float epsilon;
    sld_epilogue act;
    bool along; /* one factor per element of a row, else one per row */
    int64_t factors;
    int64_t rows, length;
    int64_t image_rows;    /* rows of an index of dimension 0 */
    int64_t pieces, piece; /* a long row is cut */
    int64_t per_task;      /* pieces */
} affine_job;

/* One factor and offset for all: (x - mean) factor + shift. */
static SLD_ALWAYS_INLINE void affine_constant(const affine_job *j, const float value[3],
                                              const float *x, float *y, vm live, const bool whole)
{
    vf v = vf_load_part(x, live, whole);
    v = j->mean != NULL ? vf_sub(v, vf_set1(value[2])) : v;
    v = vf_fma(v, vf_set1(value[0]), vf_set1(value[1]));
    vf_store_part(y, vf_activate(&j->act, v), live, whole);
}

static SLD_ALWAYS_INLINE void affine_vector(const affine_job *j, int64_t at, const float *x,
                                            float *y, vm live, const bool whole)
{
    vf v = vf_load_part(x, live, whole);
    vf factor = j->factor != NULL ? vf_load_part(j->factor + at, live, whole) : vf_set1(1.0f);
    vf shift = j->shift != NULL ? vf_load_part(j->shift + at, live, whole) : vf_zero();
    if (j->mean != NULL) {
        vf variance = vf_load_part(j->variance + at, live, whole);
        vf root = vf_sqrt(vf_add(variance, vf_set1(j->epsilon)));
        v = vf_div(vf_sub(v, vf_load_part(j->mean + at, live, whole)), root);
    }
    vf_store_part(y, vf_activate(&j->act, vf_fma(v, factor, shift)), live, whole);
}

static void affine_along(const affine_job *j, int64_t at, const float *x, float *y, int64_t count)
{
    int64_t i = 0;
    for (; i + VF <= count; i += VF) {
        affine_vector(j, at + i, x + i, y + i, vm_first(VF), true);
    }
    if (i < count) {
        affine_vector(j, at + i, x + i, y + i, vm_first(count - i), false);
    }
}

static void affine_row(const affine_job *j, int64_t at, const float *x, float *y, int64_t count)
{
    float value[3] = {j->factor != NULL ? j->factor[at] : 1.0f,
                      j->shift != NULL ? j->shift[at] : 0.0f};
    if (j->mean != NULL) {
        value[0] = (float)((double)value[0] / sqrt((double)j->variance[at] + (double)j->epsilon));
        value[2] = j->mean[at];
    }
    int64_t i = 0;
    for (; i + VF <= count; i += VF) {
        affine_constant(j, value, x + i, y + i, vm_first(VF), true);
    }
    if (i < count) {
        affine_constant(j, value, x + i, y + i, vm_first(count - i), false);
    }
}

static void affine_task(void *user, size_t index, int thread)
{
    (void)thread;
    const affine_job *j = user;
    int64_t first = (int64_t)index * j->per_task;
    int64_t end = first + j->per_task;
    end = end < j->rows * j->pieces ? end : j->rows * j->pieces;
    for (int64_t unit = first; unit < end; unit++) {
        int64_t row = unit / j->pieces;
        int64_t start = unit % j->pieces * j->piece;
        int64_t count = j->length - start < j->piece ? j->length - start : j->piece;
        int64_t image = row / j->image_rows;
        int64_t offset = row % j->image_rows * j->length + start;
        const float *x = (const float *)j->x->data + image * j->x->stride[0] + offset;
        float *y = (float *)j->y->data + image * j->y->stride[0] + offset;
        if (j->along) {
            affine_along(j, start, x, y, count);
        } else {
            affine_row(j, row % j->factors, x, y, count);
        }
    }
}

/* The factors lie on axes [axis, axis + covered) of x. */
static void affine_run(affine_job *j, sld_pool *pool, int axis, int covered)
{
    const sld_tensor *x = j->x;
    int64_t before = 1;
    int64_t inner = 1;
    j->factors = 1;
    for (int i = 0; i < x->rank; i++) {
        *(i < axis ? &before : i < axis + covered ? &j->factors : &inner) *= x->dim[i];
    }
    if (before * j->factors * inner == 0) {
        return;
    }
    j->along = inner == 1 && j->factors > 1;
    j->rows = j->along ? before : before * j->factors;
    j->length = j->along ? j->factors : inner;
    j->image_rows = axis == 0 ? j->rows : j->rows / x->dim[0];
    j->piece = j->length < AFFINE_TASK_ELEMENTS ? j->length : AFFINE_TASK_ELEMENTS;
    j->pieces = (j->length + j->piece - 1) / j->piece;
    j->per_task = AFFINE_TASK_ELEMENTS / j->piece;
    size_t tasks = (size_t)((j->rows * j->pieces + j->per_task - 1) / j->per_task);
    sld_pool_for(tasks > 1 ? pool : NULL, tasks, affine_task, j);
}

/* x and y are rows of floats: dense, or with a gap behind each index of dimension 0 if that does
 * not carry factors. */
static bool affine_rows(const sld_run *run, int axis)
{
    for (int i = 0; i < 2; i++) {
        const sld_tensor *t = i == 0 ? &run->in[0] : &run->out[0];
        if (t->dtype != SOLDER_F32 ||
            !(axis == 0 ? sld_tensor_contiguous(t) : sld_tensor_inner_contiguous(t))) {
            return false;
        }
    }
    return true;
}

static const sld_tensor *affine_input(const sld_run *run, uint32_t index)
{
    return index < run->in_count && sld_tensor_present(&run->in[index]) ? &run->in[index] : NULL;
}

static bool affine_dense(const sld_tensor *t)
{
    return t == NULL || (t->dtype == SOLDER_F32 && sld_tensor_contiguous(t));
}

static bool scale_supports(const sld_run *run)
{
    const sld_scale_params *p = run->params;
    const sld_tensor *factor = affine_input(run, 1);
    const sld_tensor *shift = affine_input(run, 2);
    return affine_rows(run, p->axis) && affine_dense(factor) && affine_dense(shift) &&
           (factor == NULL || shift == NULL || factor->rank == shift->rank);
}

static solder_status scale_run(const sld_run *run)
{
    const sld_scale_params *p = run->params;
    const sld_tensor *factor = affine_input(run, 1);
    const sld_tensor *shift = affine_input(run, 2);
    const sld_tensor *either = factor != NULL ? factor : shift;
    affine_job j = {.x = &run->in[0],
                    .y = &run->out[0],
                    .factor = factor != NULL ? factor->data : NULL,
                    .shift = shift != NULL ? shift->data : NULL,
                    .act = p->epilogue};
    affine_run(&j, run->pool, p->axis, either != NULL ? either->rank : 0);
    return SOLDER_OK;
}

static bool batchnorm_supports(const sld_run *run)
{
    bool fine = affine_rows(run, run->in[0].rank > 1 ? 1 : 0);
    for (uint32_t i = 1; i < 5; i++) {
        fine = fine && affine_dense(&run->in[i]);
    }
    return fine;
}

static solder_status batchnorm_run(const sld_run *run)
{
    const sld_batchnorm_params *p = run->params;
    affine_job j = {.x = &run->in[0],
                    .y = &run->out[0],
                    .factor = run->in[1].data,
                    .shift = run->in[2].data,
                    .mean = run->in[3].data,
                    .variance = run->in[4].data,
                    .epsilon = p->epsilon};
    affine_run(&j, run->pool, run->in[0].rank > 1 ? 1 : 0, 1);
    return SOLDER_OK;
}
