/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/call_check.h"

/* dims[0..count) of a tensor, from axis `from`. */
static bool dims_equal(const sld_tensor *a, int a_from, const sld_tensor *b, int b_from, int count)
{
    return memcmp(a->dim + a_from, b->dim + b_from, (size_t)count * sizeof *a->dim) == 0;
}

static bool axis_dims_ok(const sld_run *run, int32_t axis)
{
    const sld_tensor *data = &run->in[0];
    const sld_tensor *at = &run->in[1];
    const sld_tensor *y = &run->out[0];
    return axis >= 0 && axis < data->rank && y->rank == data->rank - 1 + at->rank &&
           dims_equal(y, 0, data, 0, axis) && dims_equal(y, axis, at, 0, at->rank) &&
           dims_equal(y, axis + at->rank, data, axis + 1, data->rank - axis - 1);
}

static bool elements_dims_ok(const sld_run *run, int32_t axis)
{
    const sld_tensor *data = &run->in[0];
    return axis >= 0 && axis < data->rank && run->in[1].rank == data->rank &&
           sld_check_same_dims(&run->in[1], &run->out[0]);
}

static bool tuples_dims_ok(const sld_run *run, int32_t batch_dims)
{
    const sld_tensor *data = &run->in[0];
    const sld_tensor *at = &run->in[1];
    const sld_tensor *y = &run->out[0];
    int last = at->rank - 1;
    if (last < 0 || batch_dims < 0 || batch_dims > last || at->dim[last] > SOLDER_MAX_RANK) {
        return false;
    }
    int first = batch_dims + (int)at->dim[last];
    return first <= data->rank && y->rank == last + data->rank - first &&
           dims_equal(y, 0, at, 0, last) && dims_equal(y, last, data, first, data->rank - first);
}

const char *sld_check_gather(const sld_run *run)
{
    const sld_gather_params *p = run->params;
    SLD_CHECK_TRY(sld_check_arity(run, 2, 2, 1));
    SLD_CHECK(run->out[0].dtype == run->in[0].dtype, "input and output have different types");
    SLD_CHECK(sld_dtype_is_integer(run->in[1].dtype), "indices are not integers");
    SLD_CHECK(p->kind >= SLD_GATHER_AXIS && p->kind <= SLD_GATHER_ND, "unknown kind");
    bool ok = p->kind == SLD_GATHER_AXIS       ? axis_dims_ok(run, p->axis)
              : p->kind == SLD_GATHER_ELEMENTS ? elements_dims_ok(run, p->axis)
                                               : tuples_dims_ok(run, p->batch_dims);
    SLD_CHECK(ok, "dims of data, indices and output do not fit");
    return NULL;
}
