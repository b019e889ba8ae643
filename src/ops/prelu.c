/* SPDX-License-Identifier: Apache-2.0 */
/* PReLU: y = x < 0 ? slope x : x, slope broadcast to x. */
#include "ops/nn.h"

static solder_status infer(sld_infer *infer)
{
    SLD_TRY(sld_infer_rank(infer, 0, 0, SOLDER_MAX_RANK));
    const sld_shape *x = &infer->in[0].shape;
    SLD_TRY(sld_infer_rank(infer, 1, 0, x->rank));
    const sld_shape *slope = &infer->in[1].shape;
    SLD_TRY(sld_nn_same_dtype(infer, 1));
    if (infer->in[0].dtype == SOLDER_BOOL) {
        return sld_infer_fail(infer, SOLDER_ERROR_UNSUPPORTED, "does not take bool");
    }
    for (int i = 0; i < slope->rank; i++) {
        int axis = x->rank - slope->rank + i;
        int64_t extent = 0;
        int64_t have = 0;
        if (sld_infer_dim(infer, 1, i, &extent) && extent != 1 &&
            sld_infer_dim(infer, 0, axis, &have) && have != extent) {
            return sld_infer_fail(infer, SOLDER_ERROR_DATA,
                                  "slope has %lld values along axis %d, the input %lld",
                                  (long long)extent, axis, (long long)have);
        }
    }
    sld_infer_set(infer, 0, infer->in[0].dtype, x);
    return SOLDER_OK;
}

const sld_op_part sld_op_prelu = {NULL, 0, infer};
