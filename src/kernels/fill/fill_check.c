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
