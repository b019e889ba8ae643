/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling: a window over the spatial axes of [N, C, spatial]. */
#include "ops/nn.h"

static const char *const kinds[SLD_POOL_KIND_COUNT] = {"max", "average", "average_padded", "lp"};
static const char *const rounds[SLD_ROUND_CAFFE + 1] = {"floor", "ceil", "caffe"};

#define LIST(field, def)                                                                           \
    SLD_ATTR_LIST(sld_pooling_params, field, #field, SLD_ATTR_I32, SLD_MAX_SPATIAL, spatial, def)

static const sld_attr attrs[] = {
    SLD_ATTR_NAMED(sld_pooling_params, kind, "kind", kinds, 0),
    SLD_ATTR(sld_pooling_params, global, "global", SLD_ATTR_BOOL, 0),
    LIST(window, 1),
    LIST(stride, 1),
    LIST(dilation, 1),
    LIST(pad_begin, 0),
    LIST(pad_end, 0),
    SLD_ATTR_NAMED(sld_pooling_params, pad_mode, "pad_mode", sld_pad_mode_names, 0),
    SLD_ATTR_NAMED(sld_pooling_params, round, "round", rounds, 0),
    SLD_ATTR(sld_pooling_params, p, "p", SLD_ATTR_I32, 2),
    SLD_ATTR(sld_pooling_params, column_major, "column_major", SLD_ATTR_BOOL, 0),
};

static solder_status check_kind(const sld_infer *infer, const sld_pooling_params *p)
{
    solder_dtype dtype = infer->in[0].dtype;
    if (p->kind < 0 || p->kind >= SLD_POOL_KIND_COUNT) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "kind %d is unknown", (int)p->kind);
    }
    bool integer = sld_dtype_is_integer(dtype) && dtype != SOLDER_U64;
    if (!sld_dtype_is_float(dtype) && !(p->kind == SLD_POOL_MAX && integer)) {
        return sld_infer_fail(infer, SOLDER_ERROR_UNSUPPORTED, "kind %s does not take %s",
                              kinds[p->kind], solder_dtype_name(dtype));
    }
    if (infer->out_count > 1 && p->kind != SLD_POOL_MAX) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "kind %s has no indices output",
                              kinds[p->kind]);
    }
    return p->kind == SLD_POOL_LP ? sld_nn_at_least(infer, "p", &p->p, 1, 1) : SOLDER_OK;
}

static solder_status check_window(const sld_infer *infer, sld_pooling_params *p)
{
    SLD_TRY(sld_nn_spatial(infer, &p->spatial, infer->in[0].shape.rank));
    SLD_TRY(sld_nn_at_least(infer, "window", p->window, p->spatial, 1));
    SLD_TRY(sld_nn_at_least(infer, "stride", p->stride, p->spatial, 1));
    SLD_TRY(sld_nn_at_least(infer, "dilation", p->dilation, p->spatial, 1));
    SLD_TRY(sld_nn_at_least(infer, "pad_begin", p->pad_begin, p->spatial, 0));
    SLD_TRY(sld_nn_at_least(infer, "pad_end", p->pad_end, p->spatial, 0));
    if (p->pad_mode < 0 || p->pad_mode > SLD_PAD_VALID) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "pad_mode %d is unknown", (int)p->pad_mode);
    }
    if (p->round < 0 || p->round > SLD_ROUND_CAFFE) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "round %d is unknown", (int)p->round);
    }
    return SOLDER_OK;
}

static solder_status window_extents(const sld_infer *infer, sld_pooling_params *p, sld_shape *out)
{
    SLD_TRY(check_window(infer, p));
    bool padded = false;
    for (int i = 0; i < p->spatial; i++) {
        padded = padded || p->pad_begin[i] != 0 || p->pad_end[i] != 0;
    }
    for (int i = 0; i < p->spatial; i++) {
        sld_nn_axis axis = {.axis = i,
                            .in = infer->in[0].shape.d[2 + i],
                            .window = sld_expr_const(infer->exprs, p->window[i]),
                            .stride = p->stride[i],
                            .dilation = p->dilation[i],
                            .pad_begin = p->pad_begin[i],
                            .pad_end = p->pad_end[i],
                            .pad_mode = p->pad_mode,
                            .round = p->round,
                            .clip = padded};
        SLD_TRY(sld_nn_window_out(infer, &axis, &out->d[2 + i]));
    }
    return SOLDER_OK;
}

static solder_status infer(sld_infer *infer)
{
    sld_pooling_params *p = infer->params;
    SLD_TRY(sld_infer_rank(infer, 0, p->global ? 2 : 3,
                           p->global ? SOLDER_MAX_RANK : 2 + SLD_MAX_SPATIAL));
    SLD_TRY(check_kind(infer, p));
    sld_shape out = infer->in[0].shape;
    if (p->global) {
        for (int i = 2; i < out.rank; i++) {
            out.d[i] = sld_expr_const(infer->exprs, 1);
        }
    } else {
        SLD_TRY(window_extents(infer, p, &out));
    }
    sld_infer_set(infer, 0, infer->in[0].dtype, &out);
    sld_infer_set(infer, 1, SOLDER_I64, &out);
    return SOLDER_OK;
}

const sld_op_part sld_op_pooling = {attrs, SLD_ARRAY_LENGTH(attrs), infer};
