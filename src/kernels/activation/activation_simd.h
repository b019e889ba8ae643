/* SPDX-License-Identifier: Apache-2.0 */
/* Activation and PReLU on dense rows; included once per instruction set. */
#include "kernels/activation/activate_simd.h"
#include "kernels/flat.h"

typedef struct activation_job {
    const sld_run *run;
    sld_epilogue act;
    sld_flat flat;
} activation_job;

static void activation_task(void *user, size_t index, int thread)
{
    (void)thread;
    const activation_job *j = user;
    sld_flat_piece p = sld_flat_piece_of(&j->flat, index);
    const float *x = (const float *)j->run->in[0].data + p.x;
    float *y = (float *)j->run->out[0].data + p.y;
    int64_t i = 0;
    for (; i + VF <= p.count; i += VF) {
        vf_store(y + i, vf_activate(&j->act, vf_load(x + i)));
    }
    vm rest = vm_first(p.count - i);
    vf_store_m(y + i, vf_activate(&j->act, vf_load_m(x + i, rest)), rest);
}

static bool activation_supports(const sld_run *run)
{
    return sld_flat_f32(&run->in[0]) && sld_flat_f32(&run->out[0]);
}

static solder_status activation_run(const sld_run *run)
{
    const sld_activation_params *p = run->params;
    activation_job j = {.run = run, .act = {p->kind, p->alpha, p->beta, 0}};
    j.flat = sld_flat_of(&run->in[0], &run->out[0]);
    sld_pool_for(run->pool, (size_t)(j.flat.slices * j.flat.pieces), activation_task, &j);
    return SOLDER_OK;
}

/* x [N, C, plane], slope one value or one per channel. */
typedef struct prelu_job {
    const sld_run *run;
    int64_t channels, plane;
    bool shared; /* one slope */
} prelu_job;

static void prelu_task(void *user, size_t index, int thread)
{
    (void)thread;
    const prelu_job *j = user;
    const sld_tensor *x = &j->run->in[0];
    const sld_tensor *y = &j->run->out[0];
    const float *slopes = j->run->in[1].data;
    int64_t image = (int64_t)index / j->channels;
    int64_t channel = (int64_t)index % j->channels;
    const float *from = (const float *)x->data + image * x->stride[0] + channel * j->plane;
    float *to = (float *)y->data + image * y->stride[0] + channel * j->plane;
    const vf slope = vf_set1(slopes[j->shared ? 0 : channel]);
    for (int64_t i = 0; i < j->plane; i += VF) {
        vm live = vm_first(j->plane - i);
        vf v = vf_load_m(from + i, live);
        vf_store_m(to + i, vf_below_zero(v, vf_mul(v, slope)), live);
    }
}

/* Every dimension of the slope is 1, or only the one that lies on axis 1 of x is not. */
static bool prelu_supports(const sld_run *run)
{
    const sld_tensor *x = &run->in[0];
    const sld_tensor *slope = &run->in[1];
    if (x->rank < 2 || !sld_flat_f32(x) || !sld_flat_f32(&run->out[0]) ||
        slope->dtype != SOLDER_F32 || !sld_tensor_contiguous(slope)) {
        return false;
    }
    for (int i = 0; i < slope->rank; i++) {
        int axis = x->rank - slope->rank + i;
        if (slope->dim[i] != 1 && (axis != 1 || slope->dim[i] != x->dim[1])) {
            return false;
        }
    }
    return true;
}

static solder_status prelu_run(const sld_run *run)
{
    const sld_tensor *x = &run->in[0];
    prelu_job j = {.run = run,
                   .channels = x->dim[1],
                   .plane = 1,
                   .shared = sld_tensor_count(&run->in[1]) == 1};
    for (int i = 2; i < x->rank; i++) {
        j.plane *= x->dim[i];
    }
    sld_pool_for(run->pool, (size_t)(x->dim[0] * x->dim[1]), prelu_task, &j);
    return SOLDER_OK;
}
