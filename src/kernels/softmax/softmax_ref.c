/* SPDX-License-Identifier: Apache-2.0 */
/* SoftMax: the maximum is taken away first, so no exponential overflows. */
#include <math.h>

#include "kernels/lines.h"
#include "kernels/softmax/softmax.h"

static void softmax_line(void *user, size_t line, int thread)
{
    (void)thread;
    const sld_run *run = user;
    const sld_softmax_params *p = run->params;
    const sld_tensor *x = &run->in[0];
    const sld_tensor *y = &run->out[0];
    int64_t from = sld_line_start(x, p->axis, line);
    int64_t to = sld_line_start(y, p->axis, line);
    int64_t x_step = x->stride[p->axis];
    int64_t y_step = y->stride[p->axis];
    double largest = -INFINITY;
    for (int64_t i = 0; i < x->dim[p->axis]; i++) {
        double v = sld_at_f64(x, from + i * x_step);
        largest = v > largest ? v : largest;
    }
    double sum = 0;
    for (int64_t i = 0; i < x->dim[p->axis]; i++) {
        sum += exp(sld_at_f64(x, from + i * x_step) - largest);
    }
    for (int64_t i = 0; i < x->dim[p->axis]; i++) {
        double v = sld_at_f64(x, from + i * x_step) - largest;
        sld_put_f64(y, to + i * y_step, p->log ? v - log(sum) : exp(v) / sum);
    }
}

static solder_status softmax_run(const sld_run *run)
{
    const sld_softmax_params *p = run->params;
    sld_pool_for(run->pool, sld_line_count(&run->in[0], p->axis), softmax_line,
                 (void *)(uintptr_t)run);
    return SOLDER_OK;
}

const sld_kernel sld_softmax_ref = {.name = "softmax_ref", .family = "softmax", .run = softmax_run};
