/* SPDX-License-Identifier: Apache-2.0 */
/* Tile: the input repeated along each axis. */
#include "kernels/shuffle/shuffle.h"
#include "ops/content.h"

static const sld_attr attrs[] = {
    SLD_ATTR_ARRAY(sld_tile_params, repeats, "repeats", SLD_ATTR_I64, SOLDER_MAX_RANK, 1),
};

static solder_status infer_tile(sld_infer *infer)
{
    const sld_tile_params *p = infer->params;
    SLD_TRY(sld_infer_type(infer, 0, sld_type_any, "any"));
    SLD_TRY(sld_infer_rank(infer, 0, 0, SOLDER_MAX_RANK));
    const sld_shape *in = &infer->in[0].shape;
    sld_list list;
    if (sld_infer_has(infer, 1)) {
        SLD_TRY(sld_list_read(infer, 1, SOLDER_MAX_RANK, "repeats", &list));
    } else {
        sld_list_set(infer, &list, in->rank, p->repeats);
    }
    if (list.count != in->rank) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "repeats has %d values, the input rank %d",
                              list.count, (int)in->rank);
    }
    sld_shape shape = *in;
    for (int i = 0; i < in->rank; i++) {
        if (list.expr[i] == SLD_DIM_NONE) {
            shape.d[i] = sld_infer_open_dim(infer, i);
            continue;
        }
        if (list.constant[i] && list.value[i] < 0) {
            return sld_infer_fail(infer, SOLDER_ERROR_DATA, "value %d of repeats is %lld", i,
                                  (long long)list.value[i]);
        }
        shape.d[i] = sld_expr_mul(infer->exprs, in->d[i], list.expr[i]);
    }
    sld_infer_set(infer, 0, infer->in[0].dtype, &shape);
    int count;
    const sld_dim *from = sld_infer_content(infer, 0, &count);
    if (from == NULL || count == 0) {
        return SOLDER_OK;
    }
    sld_dim *content;
    SLD_TRY(sld_content_make(infer, 0, &content));
    int wanted = content == NULL ? 0 : sld_content_count(infer, &shape);
    for (int i = 0; i < wanted; i++) {
        content[i] = from[i % count];
    }
    return SOLDER_OK;
}

const sld_op_part sld_op_tile = {attrs, SLD_ARRAY_LENGTH(attrs), infer_tile};
