/* SPDX-License-Identifier: Apache-2.0 */
/* Expand: the input broadcast with a shape. */
#include "kernels/shuffle/shuffle.h"
#include "ops/content.h"

static const sld_attr attrs[] = {
    SLD_ATTR_LIST(sld_expand_params, dims, "dims", SLD_ATTR_I64, SOLDER_MAX_RANK, rank, 0),
};

/* Values of the shape are known only while running: so are dims, but where a number rules. */
static void open_dims(const sld_infer *infer, const sld_shape *target, sld_shape *out)
{
    const sld_shape *in = &infer->in[0].shape;
    out->rank = in->rank > target->rank ? in->rank : target->rank;
    for (int i = 0; i < out->rank; i++) {
        int a = i - (out->rank - in->rank);
        int b = i - (out->rank - target->rank);
        int64_t value;
        bool fixed = a >= 0 && sld_expr_is_const(infer->exprs, in->d[a], &value) && value != 1;
        bool asked = b >= 0 && sld_expr_is_const(infer->exprs, target->d[b], &value) && value != 1;
        out->d[i] = fixed || b < 0 ? in->d[a] : asked ? target->d[b] : sld_infer_open_dim(infer, i);
    }
}

static solder_status infer_expand(sld_infer *infer)
{
    const sld_expand_params *p = infer->params;
    SLD_TRY(sld_infer_type(infer, 0, sld_type_any, "any"));
    SLD_TRY(sld_infer_rank(infer, 0, 0, SOLDER_MAX_RANK));
    sld_list list;
    if (sld_infer_has(infer, 1)) {
        SLD_TRY(sld_list_read(infer, 1, SOLDER_MAX_RANK, "the shape", &list));
    } else {
        sld_list_set(infer, &list, p->rank, p->dims);
    }
    sld_shape target = {.rank = list.count};
    bool unknown = false;
    for (int i = 0; i < list.count; i++) {
        unknown = unknown || list.expr[i] == SLD_DIM_NONE;
        if (list.constant[i] && list.value[i] < 0) {
            return sld_infer_fail(infer, SOLDER_ERROR_DATA, "dimension %d is %lld", i,
                                  (long long)list.value[i]);
        }
        target.d[i] = list.expr[i];
    }
    sld_shape shape;
    if (unknown) {
        open_dims(infer, &target, &shape);
    } else {
        SLD_TRY(sld_infer_broadcast(infer, &infer->in[0].shape, &target, &shape));
    }
    sld_infer_set(infer, 0, infer->in[0].dtype, &shape);
    int count;
    const sld_dim *in = sld_infer_content(infer, 0, &count);
    if (in == NULL) {
        return SOLDER_OK;
    }
    sld_dim *content;
    SLD_TRY(sld_content_make(infer, 0, &content));
    int wanted = content == NULL ? 0 : sld_content_count(infer, &shape);
    for (int i = 0; i < wanted; i++) {
        content[i] = in[count == 1 ? 0 : i];
    }
    return SOLDER_OK;
}

const sld_op_part sld_op_expand = {attrs, SLD_ARRAY_LENGTH(attrs), infer_expand};
