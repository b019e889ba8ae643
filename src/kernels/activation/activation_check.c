/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/call_check.h"

const char *sld_check_activation(const sld_run *run)
{
    const sld_activation_params *p = run->params;
    SLD_CHECK_TRY(sld_check_arity(run, 1, 1, 1));
    SLD_CHECK(p->kind >= 0 && p->kind < SLD_ACT_COUNT, "unknown activation");
    return sld_check_like_input(run);
}

const char *sld_check_prelu(const sld_run *run)
{
    SLD_CHECK_TRY(sld_check_arity(run, 2, 2, 1));
    SLD_CHECK_TRY(sld_check_like_input(run));
    SLD_CHECK(sld_check_broadcasts(&run->in[1], &run->out[0]), "slope does not broadcast");
    return sld_check_one_dtype(run);
}
