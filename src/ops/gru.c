/* SPDX-License-Identifier: Apache-2.0 */
/* GRU: gates in the order update, reset, hidden. */
#include "ops/recurrent.h"

static const sld_attr attrs[] = {
    SLD_ATTR_RECURRENT,
    SLD_ATTR_GATE(f, "f", SLD_ACT_SIGMOID),
    SLD_ATTR_GATE(g, "g", SLD_ACT_TANH),
    SLD_ATTR(sld_recurrent_params, linear_before_reset, "linear_before_reset", SLD_ATTR_BOOL, 0),
};

static solder_status infer_gru(sld_infer *infer)
{
    return sld_recurrent_infer(infer, SLD_GRU_GATES);
}

const sld_op_part sld_op_gru = {attrs, SLD_ARRAY_LENGTH(attrs), infer_gru};
