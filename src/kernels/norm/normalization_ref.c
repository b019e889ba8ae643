/* SPDX-License-Identifier: Apache-2.0 */
/* Normalization and LpNorm. Mean first, then the variance around it, in double. */
#include "kernels/lines.h"
#include "kernels/norm/norm.h"
#include "kernels/reference.h"

/* x seen with axis 1 cut into groups: one axis more. */
#define MAX_AXES (SOLDER_MAX_RANK + 1)

typedef struct norm_job {
    const sld_normalization_params *p;
    const sld_tensor *x, *y, *factor[2]; /* scale, bias or NULL */
    int kept, reduced;
    /* kept axes first, then reduced ones; strides of x, y, scale, bias */
    int64_t dim[MAX_AXES];
    int64_t stride[4][MAX_AXES];
} norm_job;

static void offsets(const norm_job *j, const int64_t *index, int from, int to, int64_t *at)
{
    for (int t = 0; t < 4; t++) {
        for (int i = from; i < to; i++) {
            at[t] += index[i] * j->stride[t][i];
        }
    }
}

/* mean and mean square deviation of one set; without subtract_mean the deviation from 0. */
static void statistics(const norm_job *j, int64_t start, double *mean, double *square)
{
    int axes = j->kept + j->reduced;
    for (int pass = j->p->subtract_mean ? 0 : 1; pass < 2; pass++) {
        int64_t index[MAX_AXES] = {0};
        double sum = 0;
        double count = 0;
        do {
            int64_t at = start;
            for (int i = j->kept; i < axes; i++) {
                at += index[i] * j->stride[0][i];
            }
            double v = sld_at_f64(j->x, at) - *mean;
            sum += pass == 0 ? v : v * v;
            count++;
        } while (sld_index_next(index + j->kept, j->dim + j->kept, j->reduced));
        *(pass == 0 ? mean : square) = sum / count;
    }
}

static void norm_set(void *user, size_t set, int thread)
{
    (void)thread;
    const norm_job *j = user;
    const sld_normalization_params *p = j->p;
    int64_t index[MAX_AXES] = {0};
    int64_t rest = (int64_t)set;
    for (int i = j->kept - 1; i >= 0; i--) {
        index[i] = rest % j->dim[i];
        rest /= j->dim[i];
    }
    int64_t start[4] = {0};
    offsets(j, index, 0, j->kept, start);
    double mean = 0;
    double square = 0;
    statistics(j, start[0], &mean, &square);
    double epsilon = (double)p->epsilon;
    double divisor = p->epsilon_outside ? sqrt(square) + epsilon : sqrt(square + epsilon);
    do {
        int64_t at[4];
        memcpy(at, start, sizeof at);
        offsets(j, index, j->kept, j->kept + j->reduced, at);
        double v = sld_at_f64(j->x, at[0]) - mean;
        v = p->normalize_variance ? v / divisor : v;
        v = j->factor[0] != NULL ? v * sld_at_f64(j->factor[0], at[2]) : v;
        v = j->factor[1] != NULL ? v + sld_at_f64(j->factor[1], at[3]) : v;
        sld_put_f64(j->y, at[1], v);
    } while (sld_index_next(index + j->kept, j->dim + j->kept, j->reduced));
}

/* Strides along x's axes of x, y, scale and bias. */
static void natural_strides(const norm_job *j, int64_t strides[4][SOLDER_MAX_RANK])
{
    memcpy(strides[0], j->x->stride, sizeof strides[0]);
    memcpy(strides[1], j->y->stride, sizeof strides[1]);
    for (int f = 0; f < 2; f++) {
        const sld_tensor *t = j->factor[f];
        memset(strides[2 + f], 0, sizeof strides[0]);
        if (t != NULL && j->p->channel_affine) {
            strides[2 + f][1] = t->stride[0];
        } else if (t != NULL) {
            sld_broadcast_strides(t, j->y, strides[2 + f]);
        }
    }
}

/* Appends an axis of x, steps of its elements apart. */
static void add_axis(norm_job *j, int64_t natural[4][SOLDER_MAX_RANK], int axis, int64_t dim,
                     int64_t step)
{
    int to = j->kept + j->reduced;
    j->dim[to] = dim;
    for (int t = 0; t < 4; t++) {
        j->stride[t][to] = natural[t][axis] * step;
    }
}

static solder_status normalization_run(const sld_run *run)
{
    const sld_normalization_params *p = run->params;
    const sld_tensor *x = &run->in[0];
    norm_job j = {.p = p,
                  .x = x,
                  .y = &run->out[0],
                  .factor = {sld_ref_input(run, 1), sld_ref_input(run, 2)}};
    int64_t natural[4][SOLDER_MAX_RANK];
    natural_strides(&j, natural);
    bool grouped = p->groups > 1;
    size_t sets = 1;
    for (int i = 0; i < x->rank; i++) {
        if ((p->axes >> i & 1u) == 0) {
            int64_t share = grouped && i == 1 ? x->dim[1] / p->groups : 1;
            int64_t dim = grouped && i == 1 ? p->groups : x->dim[i];
            add_axis(&j, natural, i, dim, share);
            j.kept++;
            sets *= (size_t)dim;
        }
    }
    if (grouped) {
        add_axis(&j, natural, 1, x->dim[1] / p->groups, 1);
        j.reduced++;
    }
    for (int i = 0; i < x->rank; i++) {
        if ((p->axes >> i & 1u) != 0) {
            add_axis(&j, natural, i, x->dim[i], 1);
            j.reduced++;
        }
    }
    if (sld_tensor_count(x) > 0) {
        sld_pool_for(run->pool, sets, norm_set, &j);
    }
    return SOLDER_OK;
}

static void lpnorm_line(void *user, size_t line, int thread)
{
    (void)thread;
    const sld_run *run = user;
    const sld_lpnorm_params *p = run->params;
    const sld_tensor *x = &run->in[0];
    const sld_tensor *y = &run->out[0];
    int64_t from = sld_line_start(x, p->axis, line);
    int64_t to = sld_line_start(y, p->axis, line);
    double sum = 0;
    for (int64_t i = 0; i < x->dim[p->axis]; i++) {
        double v = sld_at_f64(x, from + i * x->stride[p->axis]);
        sum += p->p == 1 ? fabs(v) : v * v;
    }
    double norm = p->p == 1 ? sum : sqrt(sum);
    double divisor = norm < (double)p->epsilon ? (double)p->epsilon : norm;
    for (int64_t i = 0; i < x->dim[p->axis]; i++) {
        double v = sld_at_f64(x, from + i * x->stride[p->axis]);
        sld_put_f64(y, to + i * y->stride[p->axis], divisor == 0 ? 0 : v / divisor);
    }
}

static solder_status lpnorm_run(const sld_run *run)
{
    const sld_lpnorm_params *p = run->params;
    sld_pool_for(run->pool, sld_line_count(&run->in[0], p->axis), lpnorm_line,
                 (void *)(uintptr_t)run);
    return SOLDER_OK;
}

const sld_kernel sld_normalization_ref = {
    .name = "normalization_ref", .family = "normalization", .run = normalization_run};
const sld_kernel sld_lpnorm_ref = {.name = "lpnorm_ref", .family = "lpnorm", .run = lpnorm_run};
