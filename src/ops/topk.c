/* SPDX-License-Identifier: Apache-2.0 */
/* TopK: the k largest or smallest along an axis, and where they were. */
#include "kernels/reduce/reduce.h"
#include "ops/content.h"

static const sld_attr attrs[] = {
    SLD_ATTR(sld_topk_params, axis, "axis", SLD_ATTR_I32, -1),
    SLD_ATTR(sld_topk_params, largest, "largest", SLD_ATTR_BOOL, 1),
    SLD_ATTR(sld_topk_params, sorted, "sorted", SLD_ATTR_BOOL, 1),
    SLD_ATTR(sld_topk_params, k, "k", SLD_ATTR_I64, 1),
};

static solder_status read_k(const sld_infer *infer, sld_dim extent, sld_dim *k)
{
    const sld_topk_params *p = infer->params;
    if (!sld_infer_has(infer, 1)) {
        *k = sld_expr_const(infer->exprs, p->k);
        return SOLDER_OK;
    }
    sld_list list;
    SLD_TRY(sld_list_read(infer, 1, 1, "k", &list));
    if (list.count != 1) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "k has no value");
    }
    *k = list.expr[0];
    if (*k == SLD_DIM_NONE) {
        *k = sld_expr_data_symbol(infer->exprs, infer->name, extent);
    }
    return SOLDER_OK;
}

static solder_status infer_topk(sld_infer *infer)
{
    sld_topk_params *p = infer->params;
    SLD_TRY(sld_infer_type(infer, 0, sld_type_number, "a number"));
    SLD_TRY(sld_infer_rank(infer, 0, 1, SOLDER_MAX_RANK));
    sld_shape shape = infer->in[0].shape;
    SLD_TRY(sld_infer_axis(infer, &p->axis, shape.rank));
    sld_dim k = SLD_DIM_NONE;
    SLD_TRY(read_k(infer, shape.d[p->axis], &k));
    int64_t extent;
    int64_t wanted;
    if (sld_expr_is_const(infer->exprs, k, &wanted) &&
        (wanted < 0 || (sld_infer_dim(infer, 0, p->axis, &extent) && wanted > extent))) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "k is %lld, but axis %d has fewer elements",
                              (long long)wanted, (int)p->axis);
    }
    shape.d[p->axis] = k;
    sld_infer_set(infer, 0, infer->in[0].dtype, &shape);
    sld_infer_set(infer, 1, SOLDER_I64, &shape);
    return SOLDER_OK;
}

const sld_op_part sld_op_topk = {attrs, SLD_ARRAY_LENGTH(attrs), infer_topk};
