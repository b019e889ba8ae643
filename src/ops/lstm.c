/* SPDX-License-Identifier: Apache-2.0 */
/* LSTM: gates in the order input, output, forget, cell; clipped cells, a projection of h. */
#include "ops/recurrent.h"

static const sld_attr attrs[] = {
    SLD_ATTR_RECURRENT,
    SLD_ATTR_GATE(f, "f", SLD_ACT_SIGMOID),
    SLD_ATTR_GATE(g, "g", SLD_ACT_TANH),
    SLD_ATTR_GATE(h, "h", SLD_ACT_TANH),
    SLD_ATTR(sld_recurrent_params, input_forget, "input_forget", SLD_ATTR_BOOL, 0),
    SLD_ATTR(sld_recurrent_params, cell_clip, "cell_clip", SLD_ATTR_F32, 0),
};

static solder_status infer_lstm(sld_infer *infer)
{
    return sld_recurrent_infer(infer, SLD_LSTM_GATES);
}

const sld_op_part sld_op_lstm = {attrs, SLD_ARRAY_LENGTH(attrs), infer_lstm};
