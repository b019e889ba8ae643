/* SPDX-License-Identifier: Apache-2.0 */
/* Deconvolution: x [N, C, spatial] with w [C, K/groups, window] gives [N, K, spatial]. */
#include "ops/epilogue.h"
#include "ops/nn.h"

#define LIST(field, def)                                                                           \
    SLD_ATTR_LIST(sld_deconv_params, field, #field, SLD_ATTR_I32, SLD_MAX_SPATIAL, spatial, def)

static const sld_attr attrs[] = {
    LIST(stride, 1),
    LIST(dilation, 1),
    LIST(pad_begin, 0),
    LIST(pad_end, 0),
    LIST(output_padding, 0),
    LIST(output_shape, 0),
    SLD_ATTR(sld_deconv_params, groups, "groups", SLD_ATTR_I32, 1),
    SLD_ATTR_NAMED(sld_deconv_params, pad_mode, "pad_mode", sld_pad_mode_names, 0),
    SLD_ATTR_EPILOGUE(sld_deconv_params),
};

static solder_status check_attributes(const sld_infer *infer, sld_deconv_params *p)
{
    SLD_TRY(sld_nn_spatial(infer, &p->spatial, infer->in[0].shape.rank));
    SLD_TRY(sld_nn_at_least(infer, "stride", p->stride, p->spatial, 1));
    SLD_TRY(sld_nn_at_least(infer, "dilation", p->dilation, p->spatial, 1));
    SLD_TRY(sld_nn_at_least(infer, "output_padding", p->output_padding, p->spatial, 0));
    SLD_TRY(sld_nn_at_least(infer, "output_shape", p->output_shape, p->spatial, 0));
    SLD_TRY(sld_nn_at_least(infer, "groups", &p->groups, 1, 1));
    if (p->pad_mode < 0 || p->pad_mode > SLD_PAD_VALID) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "pad_mode %d is unknown", (int)p->pad_mode);
    }
    return SOLDER_OK;
}

static solder_status check_channels(const sld_infer *infer, const sld_deconv_params *p)
{
    int64_t channels;
    int64_t weights;
    if (sld_infer_dim(infer, 0, 1, &channels)) {
        if (channels % p->groups != 0) {
            return sld_infer_fail(infer, SOLDER_ERROR_DATA,
                                  "%lld channels do not split into %d groups", (long long)channels,
                                  (int)p->groups);
        }
        if (sld_infer_dim(infer, 1, 0, &weights) && weights != channels) {
            return sld_infer_fail(infer, SOLDER_ERROR_DATA,
                                  "input has %lld channels, weights take %lld", (long long)channels,
                                  (long long)weights);
        }
    }
    return SOLDER_OK;
}

static solder_status out_extent(const sld_infer *infer, const sld_deconv_params *p, int i,
                                sld_dim *out)
{
    sld_expr_table *t = infer->exprs;
    sld_dim in = infer->in[0].shape.d[2 + i];
    sld_dim window = infer->in[1].shape.d[2 + i];
    int64_t pads = p->pad_mode == SLD_PAD_EXPLICIT ? (int64_t)p->pad_begin[i] + p->pad_end[i] : 0;
    if (p->output_shape[i] != 0) {
        *out = sld_expr_const(t, p->output_shape[i]);
    } else if (p->pad_mode == SLD_PAD_SAME_UPPER || p->pad_mode == SLD_PAD_SAME_LOWER) {
        *out = sld_expr_mul_const(t, in, p->stride[i]);
    } else {
        sld_dim steps = sld_expr_mul_const(t, sld_expr_add_const(t, in, -1), p->stride[i]);
        sld_dim reach = sld_expr_mul_const(t, sld_expr_add_const(t, window, -1), p->dilation[i]);
        *out = sld_expr_add_const(t, sld_expr_add(t, steps, reach),
                                  1 + (int64_t)p->output_padding[i] - pads);
    }
    int64_t extent;
    if (sld_expr_is_const(t, *out, &extent) && extent < 1) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA,
                              "spatial axis %d: padding %d + %d leaves an output of %lld", i,
                              (int)p->pad_begin[i], (int)p->pad_end[i], (long long)extent);
    }
    return SOLDER_OK;
}

static solder_status infer(sld_infer *infer)
{
    sld_deconv_params *p = infer->params;
    SLD_TRY(sld_infer_rank(infer, 0, 3, 2 + SLD_MAX_SPATIAL));
    const sld_shape *x = &infer->in[0].shape;
    SLD_TRY(sld_infer_rank(infer, 1, x->rank, x->rank));
    const sld_shape *w = &infer->in[1].shape;
    SLD_TRY(sld_nn_float(infer, 0));
    SLD_TRY(sld_nn_same_dtype(infer, 1));
    SLD_TRY(sld_nn_same_dtype(infer, 2));
    SLD_TRY(check_attributes(infer, p));
    SLD_TRY(check_channels(infer, p));
    sld_dim filters = sld_expr_mul_const(infer->exprs, w->d[1], p->groups);
    SLD_TRY(sld_nn_vector(infer, 2, "bias", filters));
    sld_shape out = {.rank = x->rank, .d = {x->d[0], filters}};
    for (int i = 0; i < p->spatial; i++) {
        SLD_TRY(out_extent(infer, p, i, &out.d[2 + i]));
    }
    SLD_TRY(sld_nn_epilogue(infer, &p->epilogue, 3, &out));
    sld_infer_set(infer, 0, infer->in[0].dtype, &out);
    return SOLDER_OK;
}

const sld_op_part sld_op_deconv = {attrs, SLD_ARRAY_LENGTH(attrs), infer};
