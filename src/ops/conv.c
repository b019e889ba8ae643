/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution: x [N, C, spatial] with w [K, C/groups, window] gives [N, K, spatial]. */
#include "ops/epilogue.h"
#include "ops/nn.h"

#define LIST(field, def)                                                                           \
    SLD_ATTR_LIST(sld_conv_params, field, #field, SLD_ATTR_I32, SLD_MAX_SPATIAL, spatial, def)

static const sld_attr attrs[] = {
    LIST(stride, 1),
    LIST(dilation, 1),
    LIST(pad_begin, 0),
    LIST(pad_end, 0),
    SLD_ATTR(sld_conv_params, groups, "groups", SLD_ATTR_I32, 1),
    SLD_ATTR_NAMED(sld_conv_params, pad_mode, "pad_mode", sld_pad_mode_names, 0),
    SLD_ATTR_EPILOGUE(sld_conv_params),
};

static solder_status check_attributes(const sld_infer *infer, sld_conv_params *p)
{
    SLD_TRY(sld_nn_spatial(infer, &p->spatial, infer->in[0].shape.rank));
    SLD_TRY(sld_nn_at_least(infer, "stride", p->stride, p->spatial, 1));
    SLD_TRY(sld_nn_at_least(infer, "dilation", p->dilation, p->spatial, 1));
    SLD_TRY(sld_nn_at_least(infer, "groups", &p->groups, 1, 1));
    if (p->pad_mode < 0 || p->pad_mode > SLD_PAD_VALID) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "pad_mode %d is unknown", (int)p->pad_mode);
    }
    return SOLDER_OK;
}

static solder_status check_channels(const sld_infer *infer, const sld_conv_params *p)
{
    int64_t channels;
    int64_t filters;
    int64_t per_group;
    if (sld_infer_dim(infer, 1, 0, &filters) && filters % p->groups != 0) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "%lld filters do not split into %d groups",
                              (long long)filters, (int)p->groups);
    }
    if (sld_infer_dim(infer, 0, 1, &channels) && sld_infer_dim(infer, 1, 1, &per_group) &&
        (channels % p->groups != 0 || channels / p->groups != per_group)) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA,
                              "input has %lld channels, weights take %lld in each of %d groups",
                              (long long)channels, (long long)per_group, (int)p->groups);
    }
    return SOLDER_OK;
}

static solder_status infer(sld_infer *infer)
{
    sld_conv_params *p = infer->params;
    SLD_TRY(sld_infer_rank(infer, 0, 3, 2 + SLD_MAX_SPATIAL));
    const sld_shape *x = &infer->in[0].shape;
    SLD_TRY(sld_infer_rank(infer, 1, x->rank, x->rank));
    const sld_shape *w = &infer->in[1].shape;
    SLD_TRY(sld_nn_float(infer, 0));
    SLD_TRY(sld_nn_same_dtype(infer, 1));
    SLD_TRY(sld_nn_same_dtype(infer, 2));
    SLD_TRY(check_attributes(infer, p));
    SLD_TRY(check_channels(infer, p));
    SLD_TRY(sld_nn_vector(infer, 2, "bias", w->d[0]));
    sld_shape out = {.rank = x->rank, .d = {x->d[0], w->d[0]}};
    for (int i = 0; i < p->spatial; i++) {
        sld_nn_axis axis = {.axis = i,
                            .in = x->d[2 + i],
                            .window = w->d[2 + i],
                            .stride = p->stride[i],
                            .dilation = p->dilation[i],
                            .pad_begin = p->pad_begin[i],
                            .pad_end = p->pad_end[i],
                            .pad_mode = p->pad_mode};
        SLD_TRY(sld_nn_window_out(infer, &axis, &out.d[2 + i]));
    }
    SLD_TRY(sld_nn_epilogue(infer, &p->epilogue, 3, &out));
    sld_infer_set(infer, 0, infer->in[0].dtype, &out);
    return SOLDER_OK;
}

const sld_op_part sld_op_conv = {attrs, SLD_ARRAY_LENGTH(attrs), infer};
