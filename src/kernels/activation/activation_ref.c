/* SPDX-License-Identifier: Apache-2.0 */
/* Activation and PReLU: the definitions. NaN stays NaN in every function. */
#include "kernels/activation/activation.h"

static double clamp(double x, double low, double high)
{
    x = x < low ? low : x;
    return x > high ? high : x;
}

static double softplus(double x)
{
    return (x > 0 ? x : 0) + log1p(exp(-fabs(x))) + (isnan(x) ? x : 0);
}

static double gelu_tanh(double x)
{
    const double root = 0.79788456080286535588; /* sqrt(2/pi) */
    return 0.5 * x * (1 + tanh(root * (x + 0.044715 * x * x * x)));
}

double sld_activate_f64(int32_t kind, double a, double b, double x)
{
    switch ((sld_act)kind) {
    case SLD_ACT_RELU:
        return x < 0 ? 0 : x;
    case SLD_ACT_LEAKY_RELU:
        return x < 0 ? a * x : x;
    case SLD_ACT_SIGMOID:
        return 1 / (1 + exp(-x));
    case SLD_ACT_TANH:
        return tanh(x);
    case SLD_ACT_ELU:
        return x < 0 ? a * expm1(x) : x;
    case SLD_ACT_SELU:
        return b * (x < 0 ? a * expm1(x) : x);
    case SLD_ACT_CELU:
        return x < 0 ? a * expm1(x / a) : x;
    case SLD_ACT_SOFTPLUS:
        return softplus(x);
    case SLD_ACT_SOFTSIGN:
        return x / (1 + fabs(x));
    case SLD_ACT_CLIP:
        return clamp(x, a, b);
    case SLD_ACT_HARD_SIGMOID:
        return clamp(a * x + b, 0, 1);
    case SLD_ACT_HARD_SWISH:
        return x * clamp(a * x + b, 0, 1);
    case SLD_ACT_SWISH:
        return x / (1 + exp(-a * x));
    case SLD_ACT_GELU:
        return 0.5 * x * (1 + erf(x * 0.70710678118654752440));
    case SLD_ACT_GELU_TANH:
        return gelu_tanh(x);
    case SLD_ACT_MISH:
        return x * tanh(softplus(x));
    case SLD_ACT_THRESHOLDED_RELU:
        return x > a ? x : isnan(x) ? x : 0;
    case SLD_ACT_SCALED_TANH:
        return a * tanh(b * x);
    case SLD_ACT_THRESHOLD:
        return x > a ? 1 : isnan(x) ? x : 0;
    case SLD_ACT_AFFINE:
        return a * x + b;
    case SLD_ACT_NONE:
    case SLD_ACT_COUNT:
        break;
    }
    return x;
}

/* Integers know relu and clip only; u64 above INT64_MAX reads as negative, hence the flag. */
static int64_t activate_i64(const sld_activation_params *p, bool is_unsigned, int64_t x)
{
    double value = is_unsigned ? (double)(uint64_t)x : (double)x;
    if (p->kind == SLD_ACT_RELU) {
        return value < 0 ? 0 : x;
    }
    if (p->kind == SLD_ACT_CLIP) {
        double clamped = clamp(value, (double)p->alpha, (double)p->beta);
        if (clamped != value) {
            return is_unsigned ? (int64_t)sld_f64_to_u64(clamped) : sld_f64_to_i64(clamped);
        }
    }
    return x;
}

/* One task is one slice of the outermost dimension. */
typedef struct job {
    const sld_run *run;
    int64_t slope_stride[SOLDER_MAX_RANK];
} job;

static void slice_start(const job *j, size_t slice, int64_t *index, int64_t *dims)
{
    const sld_tensor *x = &j->run->in[0];
    memset(index, 0, SOLDER_MAX_RANK * sizeof *index);
    memcpy(dims, x->dim, SOLDER_MAX_RANK * sizeof *dims);
    if (x->rank > 0) {
        index[0] = (int64_t)slice;
        dims[0] = (int64_t)slice + 1;
    }
}

static void activation_task(void *user, size_t slice, int thread)
{
    (void)thread;
    const job *j = user;
    const sld_activation_params *p = j->run->params;
    const sld_tensor *x = &j->run->in[0];
    const sld_tensor *y = &j->run->out[0];
    bool integer = sld_dtype_is_integer(x->dtype);
    bool is_unsigned = sld_dtype_is_unsigned(x->dtype);
    int64_t index[SOLDER_MAX_RANK];
    int64_t dims[SOLDER_MAX_RANK];
    slice_start(j, slice, index, dims);
    do {
        int64_t from = sld_tensor_offset(x, index);
        int64_t to = sld_tensor_offset(y, index);
        if (integer) {
            sld_put_i64(y, to, activate_i64(p, is_unsigned, sld_at_i64(x, from)));
        } else {
            sld_put_f64(
                y, to,
                sld_activate_f64(p->kind, (double)p->alpha, (double)p->beta, sld_at_f64(x, from)));
        }
    } while (sld_index_next(index, dims, x->rank));
}

static solder_status run_slices(const sld_run *run, sld_pool_task task, job *j)
{
    const sld_tensor *x = &run->in[0];
    j->run = run;
    if (sld_tensor_count(x) > 0) {
        sld_pool_for(run->pool, x->rank > 0 ? (size_t)x->dim[0] : 1, task, j);
    }
    return SOLDER_OK;
}

static solder_status activation_run(const sld_run *run)
{
    job j = {0};
    return run_slices(run, activation_task, &j);
}

static void prelu_task(void *user, size_t slice, int thread)
{
    (void)thread;
    const job *j = user;
    const sld_tensor *x = &j->run->in[0];
    const sld_tensor *slope = &j->run->in[1];
    const sld_tensor *y = &j->run->out[0];
    int64_t index[SOLDER_MAX_RANK];
    int64_t dims[SOLDER_MAX_RANK];
    slice_start(j, slice, index, dims);
    do {
        int64_t from = sld_tensor_offset(x, index);
        int64_t to = sld_tensor_offset(y, index);
        int64_t at = 0;
        for (int i = 0; i < x->rank; i++) {
            at += index[i] * j->slope_stride[i];
        }
        if (sld_dtype_is_integer(x->dtype)) {
            int64_t v = sld_at_i64(x, from);
            bool negative = v < 0 && !sld_dtype_is_unsigned(x->dtype);
            uint64_t product = (uint64_t)v * (uint64_t)sld_at_i64(slope, at);
            sld_put_i64(y, to, negative ? (int64_t)product : v);
        } else {
            double v = sld_at_f64(x, from);
            sld_put_f64(y, to, v < 0 ? v * sld_at_f64(slope, at) : v);
        }
    } while (sld_index_next(index, dims, x->rank));
}

static solder_status prelu_run(const sld_run *run)
{
    job j = {0};
    sld_broadcast_strides(&run->in[1], &run->out[0], j.slope_stride);
    return run_slices(run, prelu_task, &j);
}

const sld_kernel sld_activation_ref = {
    .name = "activation_ref", .family = "activation", .run = activation_run};
const sld_kernel sld_prelu_ref = {.name = "prelu_ref", .family = "prelu", .run = prelu_run};
