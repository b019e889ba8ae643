/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/call_check.h"

const char *sld_check_fill(const sld_run *run)
{
    const sld_fill_params *p = run->params;
    SLD_CHECK_TRY(sld_check_arity(run, 0, 1, 1));
    SLD_CHECK(p->dtype == (int32_t)run->out[0].dtype, "the output's type does not fit");
    return NULL;
}

const char *sld_check_range(const sld_run *run)
{
    SLD_CHECK_TRY(sld_check_arity(run, 3, 3, 1));
    SLD_CHECK_TRY(sld_check_one_dtype(run));
    for (uint32_t i = 0; i < 3; i++) {
        SLD_CHECK(sld_check_scalar(run, i), "an input is empty");
    }
    SLD_CHECK(run->out[0].rank == 1, "the output is no vector");
    return NULL;
}

const char *sld_dims_fill(const sld_run *run)
{
    SLD_CHECK_TRY(sld_check_arity(run, 1, 1, 1));
    return sld_check_read_list(run, 0, run->out[0].rank, run->out[0].dim);
}

/* Exact for integers; a length beyond any memory is wrong anyway. */
static bool range_count(const sld_run *run, double *count)
{
    if (sld_dtype_is_float(run->in[0].dtype)) {
        *count = sld_range_count(sld_at_f64(&run->in[0], 0), sld_at_f64(&run->in[1], 0),
                                 sld_at_f64(&run->in[2], 0));
        return true;
    }
    int64_t start = sld_at_i64(&run->in[0], 0);
    int64_t limit = sld_at_i64(&run->in[1], 0);
    int64_t delta = sld_at_i64(&run->in[2], 0);
    int64_t span;
    if (delta == 0 || delta == INT64_MIN || start == INT64_MIN ||
        !sld_i64_add(limit, -start, &span)) {
        return false;
    }
    if (delta < 0) {
        span = span == INT64_MIN ? INT64_MAX : -span;
        delta = -delta;
    }
    *count = span <= 0 ? 0 : (double)((span - 1) / delta + 1);
    return true;
}

const char *sld_dims_range(const sld_run *run)
{
    double count = 0;
    SLD_CHECK_TRY(sld_check_range(run));
    SLD_CHECK(range_count(run, &count) && count <= (double)SLD_CHECK_LIMIT,
              "the range has no length");
    run->out[0].dim[0] = (int64_t)count;
    return NULL;
}
