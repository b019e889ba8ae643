/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/call_check.h"

static bool integers(const sld_run *run, uint32_t index)
{
    return !sld_check_has(run, index) || sld_dtype_is_integer(run->in[index].dtype);
}

const char *sld_check_slice(const sld_run *run)
{
    const sld_slice_params *p = run->params;
    SLD_CHECK_TRY(sld_check_arity(run, 1, 5, 1));
    const sld_tensor *x = &run->in[0];
    SLD_CHECK(run->out[0].dtype == x->dtype, "input and output have different types");
    SLD_CHECK(run->out[0].rank == x->rank, "ranks differ");
    SLD_CHECK(p->count >= 0 && p->count <= SOLDER_MAX_RANK, "count is out of range");
    if (!sld_check_has(run, 1)) {
        return NULL;
    }
    int64_t count = sld_tensor_count(&run->in[1]);
    SLD_CHECK(sld_check_has(run, 2), "starts are given without ends");
    for (uint32_t i = 1; i < 5; i++) {
        SLD_CHECK(integers(run, i) && sld_check_list(run, i, count),
                  "starts, ends, axes and steps do not fit");
    }
    return NULL;
}

/* Output dims follow from pads that are parameters; others are compared by the kernel. */
static bool pads_ok(const sld_run *run, const sld_pad_params *p)
{
    const int64_t limit = (int64_t)1 << 40;
    for (int i = 0; i < run->in[0].rank; i++) {
        if (p->begin[i] < -limit || p->begin[i] > limit || p->end[i] < -limit ||
            p->end[i] > limit || run->in[0].dim[i] > limit) {
            return false;
        }
        int64_t sum = run->in[0].dim[i] + p->begin[i] + p->end[i];
        if (run->out[0].dim[i] != (sum > 0 ? sum : 0)) {
            return false;
        }
    }
    return true;
}

const char *sld_check_pad(const sld_run *run)
{
    const sld_pad_params *p = run->params;
    SLD_CHECK_TRY(sld_check_arity(run, 1, 4, 1));
    const sld_tensor *x = &run->in[0];
    SLD_CHECK(run->out[0].dtype == x->dtype, "input and output have different types");
    SLD_CHECK(run->out[0].rank == x->rank, "ranks differ");
    SLD_CHECK(p->kind >= SLD_PADDING_CONSTANT && p->kind <= SLD_PADDING_SYMMETRIC, "unknown kind");
    SLD_CHECK(!sld_check_has(run, 2) || (run->in[2].dtype == x->dtype && sld_check_scalar(run, 2)),
              "the value does not fit");
    if (!sld_check_has(run, 1)) {
        SLD_CHECK(pads_ok(run, p), "output dims do not follow from the pads");
        return NULL;
    }
    int64_t count = sld_tensor_count(&run->in[1]);
    SLD_CHECK(integers(run, 1) && run->in[1].rank == 1 && count % 2 == 0 && integers(run, 3) &&
                  sld_check_list(run, 3, count / 2),
              "pads and axes do not fit");
    return NULL;
}

const char *sld_dims_pad(const sld_run *run)
{
    SLD_CHECK_TRY(sld_check_arity(run, 1, 4, 1));
    const sld_tensor *x = &run->in[0];
    sld_tensor *y = &run->out[0];
    int64_t pads[2 * SOLDER_MAX_RANK];
    int64_t axes[SOLDER_MAX_RANK] = {0, 1, 2, 3, 4, 5, 6, 7};
    SLD_CHECK(x->rank == y->rank && sld_check_has(run, 1), "pads are missing or ranks differ");
    int64_t count = sld_tensor_count(&run->in[1]) / 2;
    SLD_CHECK(count <= x->rank, "pads do not fit");
    SLD_CHECK_TRY(sld_check_read_list(run, 1, 2 * count, pads));
    if (sld_check_has(run, 3)) {
        SLD_CHECK_TRY(sld_check_read_list(run, 3, count, axes));
    }
    memcpy(y->dim, x->dim, sizeof y->dim);
    for (int64_t i = 0; i < count; i++) {
        int64_t axis = axes[i] + (axes[i] < 0 ? x->rank : 0);
        SLD_CHECK(axis >= 0 && axis < x->rank, "an axis is out of range");
        SLD_CHECK(sld_i64_add(x->dim[axis], pads[i], &y->dim[axis]) &&
                      sld_i64_add(y->dim[axis], pads[count + i], &y->dim[axis]) &&
                      y->dim[axis] >= 0,
                  "pads leave no elements or too many");
    }
    return NULL;
}
