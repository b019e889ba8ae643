/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/call_check.h"

/* max inputs, of which the second only gives a shape. */
static const char *check_copy(const sld_run *run, uint32_t max)
{
    SLD_CHECK_TRY(sld_check_arity(run, 1, max, 1));
    SLD_CHECK(run->in[0].dtype == run->out[0].dtype, "input and output have different types");
    return NULL;
}

const char *sld_check_transpose(const sld_run *run)
{
    const sld_transpose_params *p = run->params;
    SLD_CHECK_TRY(check_copy(run, 1));
    const sld_tensor *x = &run->in[0];
    uint32_t seen = 0;
    SLD_CHECK(run->out[0].rank == x->rank, "ranks differ");
    for (int i = 0; i < x->rank; i++) {
        SLD_CHECK(p->perm[i] >= 0 && p->perm[i] < x->rank && (seen >> p->perm[i] & 1u) == 0,
                  "perm is no permutation");
        seen |= 1u << p->perm[i];
        SLD_CHECK(run->out[0].dim[i] == x->dim[p->perm[i]], "dims do not fit perm");
    }
    return NULL;
}

const char *sld_check_reshape(const sld_run *run)
{
    SLD_CHECK_TRY(check_copy(run, 2));
    SLD_CHECK(sld_tensor_count(&run->in[0]) == sld_tensor_count(&run->out[0]),
              "input and output have different numbers of elements");
    return NULL;
}

const char *sld_check_expand(const sld_run *run)
{
    SLD_CHECK_TRY(check_copy(run, 2));
    SLD_CHECK(sld_check_broadcasts(&run->in[0], &run->out[0]),
              "the input does not broadcast to the output");
    return NULL;
}

const char *sld_check_tile(const sld_run *run)
{
    SLD_CHECK_TRY(check_copy(run, 2));
    const sld_tensor *x = &run->in[0];
    const sld_tensor *y = &run->out[0];
    SLD_CHECK(y->rank == x->rank, "ranks differ");
    for (int i = 0; i < x->rank; i++) {
        SLD_CHECK(x->dim[i] == 0 ? y->dim[i] == 0 : y->dim[i] % x->dim[i] == 0,
                  "an output dim is no multiple of the input's");
    }
    return NULL;
}

const char *sld_check_concat(const sld_run *run)
{
    const sld_concat_params *p = run->params;
    SLD_CHECK_TRY(sld_check_arity(run, 1, SLD_MAX_INPUTS, 1));
    SLD_CHECK_TRY(sld_check_one_dtype(run));
    const sld_tensor *y = &run->out[0];
    int64_t sum = 0;
    SLD_CHECK(p->axis >= 0 && p->axis < y->rank, "axis is out of range");
    for (uint32_t i = 0; i < run->in_count; i++) {
        const sld_tensor *x = &run->in[i];
        SLD_CHECK(sld_check_has(run, i) && x->rank == y->rank, "an input does not fit");
        for (int j = 0; j < y->rank; j++) {
            SLD_CHECK(j == p->axis || x->dim[j] == y->dim[j], "an input's dims do not fit");
        }
        SLD_CHECK(x->dim[p->axis] <= y->dim[p->axis] - sum, "the inputs do not add up");
        sum += x->dim[p->axis];
    }
    SLD_CHECK(sum == y->dim[p->axis], "the inputs do not add up");
    return NULL;
}

const char *sld_check_shape(const sld_run *run)
{
    const sld_shape_params *p = run->params;
    SLD_CHECK_TRY(sld_check_arity(run, 1, 1, 1));
    SLD_CHECK(p->start >= 0 && p->start <= p->end && p->end <= run->in[0].rank,
              "start or end is out of range");
    SLD_CHECK(run->out[0].dtype == SOLDER_I64 && run->out[0].rank == 1 &&
                  run->out[0].dim[0] == p->end - p->start,
              "the output does not fit");
    return NULL;
}

/* ---- dims from values ---- */

const char *sld_dims_reshape(const sld_run *run)
{
    const sld_reshape_params *p = run->params;
    SLD_CHECK_TRY(check_copy(run, 2));
    const sld_tensor *x = &run->in[0];
    sld_tensor *y = &run->out[0];
    int open = -1;
    SLD_CHECK_TRY(sld_check_read_list(run, 1, y->rank, y->dim));
    for (int i = 0; i < y->rank; i++) {
        if (y->dim[i] == 0 && p->allow_zero == 0) {
            SLD_CHECK(i < x->rank, "a dim of the new shape copies one that is not there");
            y->dim[i] = x->dim[i];
        }
        if (y->dim[i] == -1) {
            SLD_CHECK(open < 0, "the new shape has a second -1");
            open = i;
            continue;
        }
        SLD_CHECK(y->dim[i] >= 0, "a dim of the new shape is negative");
    }
    if (open >= 0) {
        int64_t others = 1;
        for (int i = 0; i < y->rank; i++) {
            SLD_CHECK(i == open || sld_i64_mul(others, y->dim[i], &others),
                      "the new shape is too large");
        }
        SLD_CHECK(others > 0 && sld_tensor_count(x) % others == 0,
                  "the elements do not fit the new shape");
        y->dim[open] = sld_tensor_count(x) / others;
    }
    return NULL;
}

const char *sld_dims_expand(const sld_run *run)
{
    SLD_CHECK_TRY(check_copy(run, 2));
    const sld_tensor *x = &run->in[0];
    sld_tensor *y = &run->out[0];
    int64_t shape[SOLDER_MAX_RANK];
    SLD_CHECK(sld_check_has(run, 1), "the shape is missing");
    int64_t count = sld_tensor_count(&run->in[1]);
    SLD_CHECK(count <= y->rank && x->rank <= y->rank, "ranks do not fit");
    SLD_CHECK_TRY(sld_check_read_list(run, 1, count, shape));
    for (int i = 0; i < y->rank; i++) {
        int a = i - (y->rank - x->rank);
        int64_t b = i - (y->rank - count);
        y->dim[i] = a < 0 ? 1 : x->dim[a];
        if (b >= 0 && shape[b] != 1) {
            SLD_CHECK(shape[b] >= 0 && (y->dim[i] == 1 || y->dim[i] == shape[b]),
                      "the input does not broadcast to the shape");
            y->dim[i] = shape[b];
        }
    }
    return NULL;
}

const char *sld_dims_tile(const sld_run *run)
{
    SLD_CHECK_TRY(check_copy(run, 2));
    const sld_tensor *x = &run->in[0];
    sld_tensor *y = &run->out[0];
    SLD_CHECK(x->rank == y->rank, "ranks differ");
    SLD_CHECK_TRY(sld_check_read_list(run, 1, x->rank, y->dim));
    for (int i = 0; i < y->rank; i++) {
        SLD_CHECK(y->dim[i] >= 0 && sld_i64_mul(y->dim[i], x->dim[i], &y->dim[i]),
                  "the repeats are negative or too many");
    }
    return NULL;
}
