/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/call_check.h"

/* Dims of out are those of in with the axes of the mask 1 or gone. */
static bool reduced_dims(const sld_tensor *in, const sld_tensor *out, uint32_t axes, bool keep)
{
    int to = 0;
    for (int i = 0; i < in->rank; i++) {
        bool reduced = (axes >> i & 1u) != 0;
        if (reduced && !keep) {
            continue;
        }
        if (to >= out->rank || out->dim[to] != (reduced ? 1 : in->dim[i])) {
            return false;
        }
        to++;
    }
    return to == out->rank;
}

const char *sld_check_reduce(const sld_run *run)
{
    const sld_reduce_params *p = run->params;
    SLD_CHECK_TRY(sld_check_arity(run, 1, 1, 1));
    SLD_CHECK_TRY(sld_check_one_dtype(run));
    SLD_CHECK(p->kind >= 0 && p->kind < SLD_REDUCE_KIND_COUNT, "unknown operation");
    SLD_CHECK((uint64_t)p->axes >> run->in[0].rank == 0, "axes are out of range");
    SLD_CHECK(reduced_dims(&run->in[0], &run->out[0], p->axes, p->keep_dims != 0),
              "output dims do not follow from the input's");
    return NULL;
}

const char *sld_check_argmax(const sld_run *run)
{
    const sld_argmax_params *p = run->params;
    SLD_CHECK_TRY(sld_check_arity(run, 1, 1, 1));
    SLD_CHECK(p->axis >= 0 && p->axis < run->in[0].rank, "axis is out of range");
    SLD_CHECK(run->out[0].dtype == SOLDER_I64, "the output's type does not fit");
    SLD_CHECK(reduced_dims(&run->in[0], &run->out[0], 1u << p->axis, p->keep_dims != 0),
              "output dims do not follow from the input's");
    return NULL;
}

const char *sld_check_topk(const sld_run *run)
{
    const sld_topk_params *p = run->params;
    SLD_CHECK_TRY(sld_check_arity(run, 1, 2, 2));
    const sld_tensor *x = &run->in[0];
    SLD_CHECK(p->axis >= 0 && p->axis < x->rank, "axis is out of range");
    SLD_CHECK(sld_check_scalar(run, 1), "k is empty");
    SLD_CHECK(run->out[0].dtype == x->dtype, "input and output have different types");
    for (uint32_t i = 0; i < run->out_count; i++) {
        const sld_tensor *y = &run->out[i];
        if (!sld_tensor_present(y)) {
            continue;
        }
        SLD_CHECK(i == 0 || y->dtype == SOLDER_I64, "indices are not of type i64");
        SLD_CHECK(sld_check_same_dims(y, &run->out[0]), "the outputs' dims differ");
        SLD_CHECK(y->rank == x->rank && y->dim[p->axis] <= x->dim[p->axis],
                  "output dims do not follow from the input's");
        for (int j = 0; j < x->rank; j++) {
            SLD_CHECK(j == p->axis || y->dim[j] == x->dim[j],
                      "output dims do not follow from the input's");
        }
    }
    return NULL;
}

const char *sld_check_cumulative(const sld_run *run)
{
    const sld_cumulative_params *p = run->params;
    SLD_CHECK_TRY(sld_check_arity(run, 1, 1, 1));
    SLD_CHECK_TRY(sld_check_like_input(run));
    SLD_CHECK(p->axis >= 0 && p->axis < run->in[0].rank, "axis is out of range");
    return NULL;
}
