/* SPDX-License-Identifier: Apache-2.0 */
/* Select: condition ? a : b with numpy broadcast over all three. */
#include "kernels/elementwise/elementwise.h"
#include "ops/content.h"

static solder_status propagate(sld_infer *infer)
{
    int n[3];
    const sld_dim *in[3];
    for (uint32_t i = 0; i < 3; i++) {
        in[i] = sld_infer_content(infer, i, &n[i]);
    }
    if (in[0] == NULL) {
        return SOLDER_OK;
    }
    sld_dim *content;
    SLD_TRY(sld_content_make(infer, 0, &content));
    int count = content == NULL ? 0 : sld_content_count(infer, &infer->out[0].shape);
    for (int i = 0; i < count; i++) {
        int64_t condition;
        if (sld_expr_is_const(infer->exprs, in[0][n[0] == 1 ? 0 : i], &condition)) {
            int side = condition != 0 ? 1 : 2;
            content[i] = in[side] == NULL ? SLD_DIM_NONE : in[side][n[side] == 1 ? 0 : i];
        }
    }
    return SOLDER_OK;
}

static solder_status infer_select(sld_infer *infer)
{
    SLD_TRY(sld_infer_type(infer, 0, sld_type_bool, "bool"));
    SLD_TRY(sld_infer_same_type(infer, 1, 2));
    sld_shape shape = infer->in[0].shape;
    for (uint32_t i = 0; i < 3; i++) {
        SLD_TRY(sld_infer_rank(infer, i, 0, SOLDER_MAX_RANK));
    }
    for (uint32_t i = 1; i < 3; i++) {
        sld_shape both;
        SLD_TRY(sld_infer_broadcast(infer, &shape, &infer->in[i].shape, &both));
        shape = both;
    }
    sld_infer_set(infer, 0, infer->in[1].dtype, &shape);
    return propagate(infer);
}

const sld_op_part sld_op_select = {NULL, 0, infer_select};
