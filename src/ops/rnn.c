/* SPDX-License-Identifier: Apache-2.0 */
/* RNN: h = f(w x + r h + bias). */
#include "ops/recurrent.h"

static const sld_attr attrs[] = {
    SLD_ATTR_RECURRENT,
    SLD_ATTR_GATE(f, "f", SLD_ACT_TANH),
};

static solder_status infer_rnn(sld_infer *infer)
{
    return sld_recurrent_infer(infer, SLD_RNN_GATES);
}

const sld_op_part sld_op_rnn = {attrs, SLD_ARRAY_LENGTH(attrs), infer_rnn};
