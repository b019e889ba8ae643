/* SPDX-License-Identifier: Apache-2.0 */
/* Fill: one value everywhere. */
#include "kernels/fill/fill.h"
#include "ops/content.h"

static const sld_attr attrs[] = {
    SLD_ATTR(sld_fill_params, dtype, "dtype", SLD_ATTR_DTYPE, SOLDER_F32),
    SLD_ATTR(sld_fill_params, value, "value", SLD_ATTR_F64, 0),
    SLD_ATTR(sld_fill_params, integer, "integer", SLD_ATTR_I64, 0),
    SLD_ATTR_LIST(sld_fill_params, dims, "dims", SLD_ATTR_I64, SOLDER_MAX_RANK, rank, 0),
};

static solder_status infer_fill(sld_infer *infer)
{
    const sld_fill_params *p = infer->params;
    if (!sld_dtype_valid((uint32_t)p->dtype)) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "dtype is %d, not an element type",
                              (int)p->dtype);
    }
    sld_list list;
    if (sld_infer_has(infer, 0)) {
        SLD_TRY(sld_list_read(infer, 0, SOLDER_MAX_RANK, "the shape", &list));
    } else {
        sld_list_set(infer, &list, p->rank, p->dims);
    }
    sld_shape shape = {.rank = list.count};
    for (int i = 0; i < list.count; i++) {
        if (list.expr[i] == SLD_DIM_NONE) {
            list.expr[i] = sld_infer_open_dim(infer, i);
        }
        if (list.constant[i] && list.value[i] < 0) {
            return sld_infer_fail(infer, SOLDER_ERROR_DATA, "dimension %d is %lld", i,
                                  (long long)list.value[i]);
        }
        shape.d[i] = list.expr[i];
    }
    sld_infer_set(infer, 0, (solder_dtype)p->dtype, &shape);
    sld_dim *content;
    SLD_TRY(sld_content_make(infer, 0, &content));
    int count = content == NULL ? 0 : sld_content_count(infer, &shape);
    for (int i = 0; i < count; i++) {
        content[i] = sld_expr_const(infer->exprs, p->integer);
    }
    return SOLDER_OK;
}

const sld_op_part sld_op_fill = {attrs, SLD_ARRAY_LENGTH(attrs), infer_fill};
