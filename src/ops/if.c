/* SPDX-License-Identifier: Apache-2.0 */
/* If: one of two bodies. Its outputs follow from the bodies (graph/control.c). */
#include "kernels/control/control.h"
#include "ops/op.h"

static solder_status infer_if(sld_infer *infer)
{
    return sld_infer_fail(infer, SOLDER_ERROR_DATA, "has no bodies");
}

const sld_op_part sld_op_if = {NULL, 0, infer_if};
