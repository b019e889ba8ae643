/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/call_check.h"

const char *sld_check_elementwise(const sld_run *run)
{
    const sld_elementwise_params *p = run->params;
    SLD_CHECK_TRY(sld_check_arity(run, 2, 2, 1));
    const sld_tensor *y = &run->out[0];
    SLD_CHECK(p->kind >= 0 && p->kind < SLD_BINARY_COUNT, "unknown operation");
    SLD_CHECK(sld_check_broadcasts(&run->in[0], y) && sld_check_broadcasts(&run->in[1], y),
              "inputs do not broadcast to the output");
    bool comparison = p->kind >= SLD_BINARY_EQUAL && p->kind <= SLD_BINARY_GREATER_EQUAL;
    SLD_CHECK(y->dtype == (comparison ? SOLDER_BOOL : run->in[0].dtype),
              "the output's type does not fit");
    SLD_CHECK(p->kind == SLD_BINARY_POW || run->in[1].dtype == run->in[0].dtype,
              "inputs have different types");
    SLD_CHECK(p->epilogue.residual == 0, "there is no residual here");
    return sld_check_epilogue(run, &p->epilogue);
}

const char *sld_check_unary(const sld_run *run)
{
    const sld_unary_params *p = run->params;
    SLD_CHECK_TRY(sld_check_arity(run, 1, 1, 1));
    SLD_CHECK(p->kind >= 0 && p->kind < SLD_UNARY_COUNT, "unknown operation");
    SLD_CHECK(sld_check_same_dims(&run->in[0], &run->out[0]), "input and output dims differ");
    bool question = p->kind == SLD_UNARY_IS_NAN || p->kind == SLD_UNARY_IS_INF;
    SLD_CHECK(run->out[0].dtype == (question ? SOLDER_BOOL : run->in[0].dtype),
              "the output's type does not fit");
    return NULL;
}

const char *sld_check_cast(const sld_run *run)
{
    const sld_cast_params *p = run->params;
    SLD_CHECK_TRY(sld_check_arity(run, 1, 1, 1));
    SLD_CHECK(sld_check_same_dims(&run->in[0], &run->out[0]), "input and output dims differ");
    SLD_CHECK(p->to == (int32_t)run->out[0].dtype, "the output's type does not fit");
    return NULL;
}

const char *sld_check_select(const sld_run *run)
{
    SLD_CHECK_TRY(sld_check_arity(run, 3, 3, 1));
    for (int i = 0; i < 3; i++) {
        SLD_CHECK(sld_check_broadcasts(&run->in[i], &run->out[0]),
                  "inputs do not broadcast to the output");
        SLD_CHECK(run->in[i].dtype == (i == 0 ? SOLDER_BOOL : run->out[0].dtype),
                  "an input's type does not fit");
    }
    return NULL;
}
