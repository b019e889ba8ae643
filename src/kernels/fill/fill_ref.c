/* SPDX-License-Identifier: Apache-2.0 */
/* Fill and Range. */
#include <math.h>

#include "kernels/fill/fill.h"
#include "kernels/shuffle/move.h"

static solder_status run_fill(const sld_run *run)
{
    const sld_fill_params *p = run->params;
    const sld_tensor *out = &run->out[0];
    if (sld_tensor_count(out) == 0) {
        return SOLDER_OK;
    }
    int64_t element = 0; /* room for one of any type */
    sld_tensor one = {.data = &element, .dtype = out->dtype};
    if (sld_dtype_is_float(out->dtype)) {
        sld_put_f64(&one, 0, p->value);
    } else {
        sld_put_i64(&one, 0, p->integer);
    }
    sld_move move = sld_move_make(out, out);
    move.from = one.data;
    memset(move.from_stride, 0, sizeof move.from_stride);
    sld_move_run(&move, run->pool);
    return SOLDER_OK;
}

double sld_range_count(double start, double limit, double delta)
{
    if (delta == 0) {
        return NAN;
    }
    double count = ceil((limit - start) / delta);
    return count < 0 ? 0 : count;
}

static solder_status run_range(const sld_run *run)
{
    const sld_tensor *in = run->in;
    const sld_tensor *out = &run->out[0];
    for (int64_t i = 0; i < out->dim[0]; i++) {
        if (sld_dtype_is_float(out->dtype)) {
            sld_put_f64(out, i * out->stride[0],
                        sld_at_f64(&in[0], 0) + (double)i * sld_at_f64(&in[2], 0));
        } else {
            uint64_t value =
                (uint64_t)sld_at_i64(&in[0], 0) + (uint64_t)i * (uint64_t)sld_at_i64(&in[2], 0);
            sld_put_i64(out, i * out->stride[0], (int64_t)value);
        }
    }
    return SOLDER_OK;
}

const sld_kernel sld_fill_ref = {.name = "fill_ref", .family = "fill", .run = run_fill};
const sld_kernel sld_range_ref = {.name = "range_ref", .family = "range", .run = run_range};
