/* SPDX-License-Identifier: Apache-2.0 */
/* TopK: to be written. */
#include "kernels/params.h"
#include "ops/op.h"

static solder_status infer(sld_infer *infer)
{
    return sld_infer_fail(infer, SOLDER_ERROR_UNSUPPORTED, "not implemented");
}

const sld_op_part sld_op_topk = {NULL, 0, infer};
