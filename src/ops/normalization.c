/* SPDX-License-Identifier: Apache-2.0 */
/* Normalization by statistics of the input itself: instance, layer, group, MVN, RMS. */
#include "kernels/norm/norm.h"
#include "ops/nn.h"

static const sld_attr attrs[] = {
    SLD_ATTR(sld_normalization_params, axes, "axes", SLD_ATTR_MASK, 0),
    SLD_ATTR(sld_normalization_params, groups, "groups", SLD_ATTR_I32, 1),
    SLD_ATTR(sld_normalization_params, channel_affine, "channel_affine", SLD_ATTR_BOOL, 0),
    SLD_ATTR(sld_normalization_params, normalize_variance, "normalize_variance", SLD_ATTR_BOOL, 1),
    SLD_ATTR(sld_normalization_params, subtract_mean, "subtract_mean", SLD_ATTR_BOOL, 1),
    SLD_ATTR(sld_normalization_params, epsilon_outside, "epsilon_outside", SLD_ATTR_BOOL, 0),
    SLD_ATTR(sld_normalization_params, epsilon, "epsilon", SLD_ATTR_F32, 1e-5),
};

static solder_status check_axes(const sld_infer *infer, const sld_normalization_params *p)
{
    int rank = infer->in[0].shape.rank;
    if (p->axes >> rank != 0 || (p->axes == 0 && p->groups < 2)) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "axes mask 0x%x does not fit rank %d",
                              (unsigned)p->axes, rank);
    }
    SLD_TRY(sld_nn_at_least(infer, "groups", &p->groups, 1, 1));
    int64_t channels;
    if (p->groups > 1) {
        if (rank < 2 || (p->axes & 2u) != 0) {
            return sld_infer_fail(infer, SOLDER_ERROR_DATA,
                                  "groups cut axis 1, which axes must not list");
        }
        if (sld_infer_dim(infer, 0, 1, &channels) && channels % p->groups != 0) {
            return sld_infer_fail(infer, SOLDER_ERROR_DATA,
                                  "%lld channels do not split into %d groups", (long long)channels,
                                  (int)p->groups);
        }
    }
    return SOLDER_OK;
}

static solder_status check_affine(const sld_infer *infer, uint32_t slot, bool channel)
{
    const char *what = slot == 1 ? "scale" : "bias";
    const sld_shape *x = &infer->in[0].shape;
    if (!sld_infer_has(infer, slot)) {
        return SOLDER_OK;
    }
    SLD_TRY(sld_nn_float(infer, slot));
    if (channel) {
        SLD_TRY(sld_infer_rank(infer, 0, 2, SOLDER_MAX_RANK));
        return sld_nn_vector(infer, slot, what, x->d[1]);
    }
    SLD_TRY(sld_infer_rank(infer, slot, 0, x->rank));
    const sld_shape *f = &infer->in[slot].shape;
    for (int i = 0; i < f->rank; i++) {
        int axis = x->rank - f->rank + i;
        int64_t have = 0;
        int64_t need = 0;
        if (sld_infer_dim(infer, slot, i, &have) && have != 1 &&
            sld_infer_dim(infer, 0, axis, &need) && need != have) {
            return sld_infer_fail(infer, SOLDER_ERROR_DATA,
                                  "%s has %lld values along axis %d, the input %lld", what,
                                  (long long)have, axis, (long long)need);
        }
    }
    return SOLDER_OK;
}

static solder_status infer(sld_infer *infer)
{
    const sld_normalization_params *p = infer->params;
    SLD_TRY(sld_infer_rank(infer, 0, 1, SOLDER_MAX_RANK));
    SLD_TRY(sld_nn_float(infer, 0));
    SLD_TRY(check_axes(infer, p));
    SLD_TRY(check_affine(infer, 1, p->channel_affine != 0));
    SLD_TRY(check_affine(infer, 2, p->channel_affine != 0));
    sld_infer_set(infer, 0, infer->in[0].dtype, &infer->in[0].shape);
    return SOLDER_OK;
}

const sld_op_part sld_op_normalization = {attrs, SLD_ARRAY_LENGTH(attrs), infer};
