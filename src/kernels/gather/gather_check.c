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

static bool scatter_tuples_ok(const sld_run *run)
{
    const sld_tensor *at = &run->in[1];
    const sld_tensor *updates = &run->in[2];
    const sld_tensor *y = &run->out[0];
    int last = at->rank - 1;
    if (last < 0 || at->dim[last] > y->rank) {
        return false;
    }
    int tuple = (int)at->dim[last];
    return updates->rank == last + y->rank - tuple && dims_equal(updates, 0, at, 0, last) &&
           dims_equal(updates, last, y, tuple, y->rank - tuple);
}

static bool scatter_elements_ok(const sld_run *run, int32_t axis)
{
    const sld_tensor *at = &run->in[1];
    const sld_tensor *y = &run->out[0];
    if (axis < 0 || axis >= y->rank || at->rank != y->rank ||
        !sld_check_same_dims(at, &run->in[2])) {
        return false;
    }
    for (int i = 0; i < y->rank; i++) {
        if (i != axis && at->dim[i] > y->dim[i]) {
            return false;
        }
    }
    return true;
}

const char *sld_check_scatter(const sld_run *run)
{
    const sld_scatter_params *p = run->params;
    SLD_CHECK_TRY(sld_check_arity(run, 3, 3, 1));
    SLD_CHECK_TRY(sld_check_like_input(run));
    SLD_CHECK(run->in[2].dtype == run->in[0].dtype, "data and updates have different types");
    SLD_CHECK(sld_dtype_is_integer(run->in[1].dtype), "indices are not integers");
    SLD_CHECK(p->kind == SLD_SCATTER_ELEMENTS || p->kind == SLD_SCATTER_ND, "unknown kind");
    SLD_CHECK(p->reduction >= 0 && p->reduction < SLD_SCATTER_REDUCTION_COUNT, "unknown reduction");
    SLD_CHECK(p->kind == SLD_SCATTER_ND ? scatter_tuples_ok(run)
                                        : scatter_elements_ok(run, p->axis),
              "dims of data, indices and updates do not fit");
    return NULL;
}

const char *sld_check_nonzero(const sld_run *run)
{
    SLD_CHECK_TRY(sld_check_arity(run, 1, 1, 1));
    const sld_tensor *y = &run->out[0];
    SLD_CHECK(y->dtype == SOLDER_I64 && y->rank == 2 && y->dim[1] == run->in[0].rank,
              "the output does not fit");
    SLD_CHECK(y->dim[0] >= sld_tensor_count(&run->in[0]), "the output is too small");
    return NULL;
}
