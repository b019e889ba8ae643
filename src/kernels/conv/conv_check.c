/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/call_check.h"

static const char *check_common(const sld_run *run, int32_t spatial, int32_t groups)
{
    SLD_CHECK_TRY(sld_check_arity(run, 2, 4, 1));
    SLD_CHECK_TRY(sld_check_one_dtype(run));
    const sld_tensor *x = &run->in[0];
    const sld_tensor *w = &run->in[1];
    const sld_tensor *y = &run->out[0];
    SLD_CHECK(sld_dtype_is_float(x->dtype), "input is not of a float type");
    SLD_CHECK(spatial >= 1 && spatial <= SLD_MAX_SPATIAL && x->rank == spatial + 2 &&
                  w->rank == x->rank && y->rank == x->rank,
              "ranks of input, weights and output do not fit");
    SLD_CHECK(groups >= 1, "groups must be at least 1");
    SLD_CHECK(y->dim[0] == x->dim[0], "input and output batches differ");
    for (int i = 2; i < x->rank; i++) {
        SLD_CHECK(w->dim[i] >= 1 && w->dim[i] <= SLD_CHECK_LIMIT && x->dim[i] <= SLD_CHECK_LIMIT &&
                      y->dim[i] <= SLD_CHECK_LIMIT,
                  "a spatial dimension is out of range");
    }
    SLD_CHECK(!sld_check_has(run, 2) || (run->in[2].rank == 1 && run->in[2].dim[0] == y->dim[1]),
              "bias does not have one value per output channel");
    return NULL;
}

static int64_t conv_extent(const sld_conv_params *p, int axis, int64_t in, int64_t window)
{
    int64_t covered = (window - 1) * p->dilation[axis] + 1;
    if (p->pad_mode == SLD_PAD_SAME_UPPER || p->pad_mode == SLD_PAD_SAME_LOWER) {
        return in / p->stride[axis] + (in % p->stride[axis] != 0);
    }
    int64_t pads =
        p->pad_mode == SLD_PAD_EXPLICIT ? (int64_t)p->pad_begin[axis] + p->pad_end[axis] : 0;
    int64_t travel = in + pads - covered;
    return travel < 0 ? 0 : travel / p->stride[axis] + 1;
}

const char *sld_check_conv(const sld_run *run)
{
    const sld_conv_params *p = run->params;
    SLD_CHECK_TRY(check_common(run, p->spatial, p->groups));
    const sld_tensor *x = &run->in[0];
    const sld_tensor *w = &run->in[1];
    const sld_tensor *y = &run->out[0];
    SLD_CHECK(w->dim[0] % p->groups == 0 && w->dim[1] <= INT64_MAX / p->groups &&
                  x->dim[1] == w->dim[1] * p->groups,
              "channels of input and weights do not fit");
    SLD_CHECK(y->dim[1] == w->dim[0], "channels of weights and output do not fit");
    SLD_CHECK(sld_check_values(p->stride, p->spatial, 1, SLD_CHECK_LIMIT) &&
                  sld_check_values(p->dilation, p->spatial, 1, SLD_CHECK_LIMIT) &&
                  sld_check_values(p->pad_begin, p->spatial, -SLD_CHECK_LIMIT, SLD_CHECK_LIMIT) &&
                  sld_check_values(p->pad_end, p->spatial, -SLD_CHECK_LIMIT, SLD_CHECK_LIMIT) &&
                  p->pad_mode >= 0 && p->pad_mode <= SLD_PAD_VALID,
              "a parameter is out of range");
    for (int i = 0; i < p->spatial; i++) {
        SLD_CHECK(y->dim[2 + i] == conv_extent(p, i, x->dim[2 + i], w->dim[2 + i]),
                  "output dims do not follow from the input's");
    }
    return sld_check_epilogue(run, &p->epilogue);
}

const char *sld_check_deconv(const sld_run *run)
{
    const sld_deconv_params *p = run->params;
    SLD_CHECK_TRY(check_common(run, p->spatial, p->groups));
    const sld_tensor *x = &run->in[0];
    const sld_tensor *w = &run->in[1];
    const sld_tensor *y = &run->out[0];
    SLD_CHECK(x->dim[1] % p->groups == 0 && x->dim[1] == w->dim[0] &&
                  w->dim[1] <= INT64_MAX / p->groups && y->dim[1] == w->dim[1] * p->groups,
              "channels of input, weights and output do not fit");
    SLD_CHECK(sld_check_values(p->stride, p->spatial, 1, SLD_CHECK_LIMIT) &&
                  sld_check_values(p->dilation, p->spatial, 1, SLD_CHECK_LIMIT) &&
                  sld_check_values(p->pad_begin, p->spatial, -SLD_CHECK_LIMIT, SLD_CHECK_LIMIT) &&
                  sld_check_values(p->pad_end, p->spatial, -SLD_CHECK_LIMIT, SLD_CHECK_LIMIT) &&
                  sld_check_values(p->output_padding, p->spatial, 0, SLD_CHECK_LIMIT) &&
                  sld_check_values(p->output_shape, p->spatial, 0, SLD_CHECK_LIMIT) &&
                  p->pad_mode >= 0 && p->pad_mode <= SLD_PAD_VALID,
              "a parameter is out of range");
    return sld_check_epilogue(run, &p->epilogue);
}
