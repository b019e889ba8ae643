/* SPDX-License-Identifier: Apache-2.0 */
/* NonZero: the indices of what is not 0. */
#include "kernels/gather/gather.h"
#include "ops/content.h"

static solder_status infer_nonzero(sld_infer *infer)
{
    SLD_TRY(sld_infer_type(infer, 0, sld_type_any, "any"));
    SLD_TRY(sld_infer_rank(infer, 0, 0, SOLDER_MAX_RANK));
    const sld_shape *x = &infer->in[0].shape;
    sld_expr_table *t = infer->exprs;
    sld_dim bound = sld_infer_product(infer, x, 0, x->rank);
    sld_shape shape = {
        .rank = 2, .d = {sld_expr_data_symbol(t, infer->name, bound), sld_expr_const(t, x->rank)}};
    sld_infer_set(infer, 0, SOLDER_I64, &shape);
    return SOLDER_OK;
}

const sld_op_part sld_op_nonzero = {NULL, 0, infer_nonzero};
