/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/call_check.h"

/* Of one window, unless it is global: kernels look at the taps inside the input only. */
#define MAX_TAPS ((int64_t)1 << 20)

/* The last window starts inside input + padding, so no window is far away from the input. */
static bool extents_ok(const sld_pooling_params *p, int axis, int64_t in, int64_t out)
{
    bool explicit_pads = p->pad_mode == SLD_PAD_EXPLICIT;
    int64_t begin = explicit_pads ? p->pad_begin[axis] : 0;
    int64_t end = explicit_pads ? p->pad_end[axis] : 0;
    return in <= SLD_CHECK_LIMIT && out <= SLD_CHECK_LIMIT &&
           (out == 0 || (out - 1) * p->stride[axis] < in + begin + end);
}

static const char *check_windows(const sld_run *run, const sld_pooling_params *p)
{
    const sld_tensor *x = &run->in[0];
    SLD_CHECK(p->spatial == x->rank - 2 && p->spatial <= SLD_MAX_SPATIAL, "rank does not fit");
    SLD_CHECK(sld_check_values(p->window, p->spatial, 1, SLD_CHECK_LIMIT) &&
                  sld_check_values(p->stride, p->spatial, 1, SLD_CHECK_LIMIT) &&
                  sld_check_values(p->dilation, p->spatial, 1, SLD_CHECK_LIMIT) &&
                  sld_check_values(p->pad_begin, p->spatial, -SLD_CHECK_LIMIT, SLD_CHECK_LIMIT) &&
                  sld_check_values(p->pad_end, p->spatial, -SLD_CHECK_LIMIT, SLD_CHECK_LIMIT) &&
                  p->pad_mode >= 0 && p->pad_mode <= SLD_PAD_VALID,
              "a parameter is out of range");
    int64_t taps = 1;
    for (int i = 0; i < p->spatial; i++) {
        taps *= p->window[i];
        SLD_CHECK(taps <= MAX_TAPS, "the window is too large");
        SLD_CHECK(extents_ok(p, i, x->dim[2 + i], run->out[0].dim[2 + i]),
                  "output dims do not follow from the input's");
    }
    return NULL;
}

const char *sld_check_pooling(const sld_run *run)
{
    const sld_pooling_params *p = run->params;
    SLD_CHECK_TRY(sld_check_arity(run, 1, 1, 2));
    SLD_CHECK_TRY(sld_check_one_dtype(run));
    const sld_tensor *x = &run->in[0];
    const sld_tensor *y = &run->out[0];
    SLD_CHECK(x->rank >= 2 && y->rank == x->rank && y->dim[0] == x->dim[0] &&
                  y->dim[1] == x->dim[1],
              "dims of input and output do not fit");
    SLD_CHECK(p->kind >= 0 && p->kind < SLD_POOL_KIND_COUNT && p->round >= SLD_ROUND_FLOOR &&
                  p->round <= SLD_ROUND_CAFFE,
              "a parameter is out of range");
    if (run->out_count > 1 && sld_tensor_present(&run->out[1])) {
        SLD_CHECK(run->out[1].dtype == SOLDER_I64 && sld_check_same_dims(&run->out[1], y),
                  "indices do not fit the output");
    }
    if (!p->global) {
        return check_windows(run, p);
    }
    for (int i = 2; i < y->rank; i++) {
        SLD_CHECK(y->dim[i] == 1, "global pooling gives one value per channel");
    }
    return NULL;
}
