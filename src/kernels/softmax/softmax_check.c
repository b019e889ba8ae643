/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/call_check.h"

const char *sld_check_softmax(const sld_run *run)
{
    const sld_softmax_params *p = run->params;
    SLD_CHECK_TRY(sld_check_arity(run, 1, 1, 1));
    SLD_CHECK_TRY(sld_check_like_input(run));
    SLD_CHECK(p->axis >= 0 && p->axis < run->in[0].rank, "axis is out of range");
    return NULL;
}
