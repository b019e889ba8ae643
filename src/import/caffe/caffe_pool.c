/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling and spatial pyramid pooling. */
#include "import/caffe/caffe.h"

const char *sld_caffe_refuse_pooling(const sld_caffe_layer *l)
{
    const Caffe__PoolingParameter *p = l->param;
    if (p->pool == CAFFE__POOLING_PARAMETER__POOL_METHOD__STOCHASTIC) {
        return "stochastic pooling";
    }
    return l->p->n_top > 1 && (l->top[1]->consumed || l->top[1]->needed) ? "its mask as second top"
                                                                         : NULL;
}

/* value, or value_h and value_w, which exclude it; a kernel must be given. */
static solder_status read_pair(const sld_caffe *c, const sld_caffe_layer *l, const char *name,
                               const int64_t value[3], int32_t low, int32_t out[2])
{
    if ((value[1] >= 0 || value[2] >= 0) && value[0] >= 0) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "%s excludes %s_h and %s_w", name, name,
                              name);
    }
    for (int i = 0; i < 2; i++) {
        int64_t given = value[0] >= 0 ? value[0] : value[1 + i];
        if (given < 0 && low > 0 && strcmp(name, "kernel_size") == 0) {
            return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "has no kernel_size");
        }
        SLD_TRY(sld_caffe_i32(c, l, name, given < 0 ? low : given, low, &out[i]));
    }
    return SOLDER_OK;
}

static solder_status read_window(const sld_caffe *c, const sld_caffe_layer *l,
                                 sld_pooling_params *params)
{
    const Caffe__PoolingParameter *p = l->param;
    int64_t kernel[] = {p->has_kernel_size ? (int64_t)p->kernel_size : -1,
                        p->has_kernel_h ? (int64_t)p->kernel_h : -1,
                        p->has_kernel_w ? (int64_t)p->kernel_w : -1};
    int64_t stride[] = {p->has_stride ? (int64_t)p->stride : -1,
                        p->has_stride_h ? (int64_t)p->stride_h : -1,
                        p->has_stride_w ? (int64_t)p->stride_w : -1};
    int64_t pad[] = {p->has_pad ? (int64_t)p->pad : -1, p->has_pad_h ? (int64_t)p->pad_h : -1,
                     p->has_pad_w ? (int64_t)p->pad_w : -1};
    SLD_TRY(read_pair(c, l, "kernel_size", kernel, 1, params->window));
    SLD_TRY(read_pair(c, l, "stride", stride, 1, params->stride));
    SLD_TRY(read_pair(c, l, "pad", pad, 0, params->pad_begin));
    for (int i = 0; i < 2; i++) {
        if (params->pad_begin[i] >= params->window[i]) {
            return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "pad %d is not below the window %d",
                                  (int)params->pad_begin[i], (int)params->window[i]);
        }
        params->pad_end[i] = params->pad_begin[i];
    }
    return SOLDER_OK;
}

static solder_status check_global(const sld_caffe *c, const sld_caffe_layer *l)
{
    const Caffe__PoolingParameter *p = l->param;
    if (p->has_kernel_size || p->has_kernel_h || p->has_kernel_w) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "global_pooling excludes a kernel size");
    }
    bool plain = p->pad == 0 && p->pad_h == 0 && p->pad_w == 0 && p->stride == 1 &&
                 (!p->has_stride_h || p->stride_h == 1) && (!p->has_stride_w || p->stride_w == 1);
    return plain ? SOLDER_OK
                 : sld_caffe_fail(c, l, SOLDER_ERROR_DATA,
                                  "global_pooling takes no padding and stride 1 only");
}

static solder_status check_image(const sld_caffe *c, const sld_caffe_layer *l)
{
    int rank = sld_caffe_in(l, 0)->shape.rank;
    return rank == 4 ? SOLDER_OK
                     : sld_caffe_fail(c, l, SOLDER_ERROR_DATA,
                                      "its bottom has %d axes, pooling needs 4", rank);
}

solder_status sld_caffe_pooling(sld_caffe *c, sld_caffe_layer *l)
{
    const Caffe__PoolingParameter *p = l->param;
    SLD_TRY(check_image(c, l));
    sld_pooling_params params;
    sld_op_defaults(SLD_OP_POOLING, &params);
    params.kind = p->pool == CAFFE__POOLING_PARAMETER__POOL_METHOD__MAX ? SLD_POOL_MAX
                                                                        : SLD_POOL_AVERAGE_PADDED;
    params.spatial = 2;
    params.global = p->global_pooling != 0;
    bool floor = p->round_mode == CAFFE__POOLING_PARAMETER__ROUND_MODE__FLOOR || p->torch_pooling ||
                 !p->ceil_mode;
    params.round = floor ? SLD_ROUND_FLOOR : SLD_ROUND_CAFFE;
    SLD_TRY(params.global ? check_global(c, l) : read_window(c, l, &params));
    sld_value *x = sld_caffe_in(l, 0), *y;
    SLD_TRY(sld_caffe_add(c, l, SLD_OP_POOLING, &params, &x, 1, &y));
    sld_caffe_out(l, 0, y);
    return SOLDER_OK;
}

/* ---- SPP: level i pools into 2^i x 2^i bins; the levels side by side ---- */

const char *sld_caffe_refuse_spp(const sld_caffe_layer *l)
{
    const Caffe__SPPParameter *p = l->param;
    return p->pool == CAFFE__SPPPARAMETER__POOL_METHOD__STOCHASTIC ? "stochastic pooling" : NULL;
}

static solder_status add_level(sld_caffe *c, sld_caffe_layer *l, uint32_t level, sld_value **out)
{
    const Caffe__SPPParameter *p = l->param;
    sld_value *x = sld_caffe_in(l, 0);
    sld_pooling_params params;
    sld_op_defaults(SLD_OP_POOLING, &params);
    params.kind =
        p->pool == CAFFE__SPPPARAMETER__POOL_METHOD__MAX ? SLD_POOL_MAX : SLD_POOL_AVERAGE_PADDED;
    params.spatial = 2;
    params.round = SLD_ROUND_CAFFE;
    int64_t bins = (int64_t)1 << level;
    for (int i = 0; i < 2; i++) {
        int64_t size;
        SLD_TRY(sld_caffe_dim(c, l, x, 2 + i, &size));
        int64_t window = size / bins + (size % bins != 0);
        SLD_TRY(sld_caffe_i32(c, l, "the window", window, 1, &params.window[i]));
        params.stride[i] = params.window[i];
        params.pad_begin[i] = params.pad_end[i] = (int32_t)((window * bins - size + 1) / 2);
        if (params.pad_begin[i] >= params.window[i]) {
            return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "its bottom is too small for %u levels",
                                  level + 1);
        }
    }
    return sld_caffe_add(c, l, SLD_OP_POOLING, &params, &x, 1, out);
}

solder_status sld_caffe_spp(sld_caffe *c, sld_caffe_layer *l)
{
    const Caffe__SPPParameter *p = l->param;
    sld_value *levels[16], *y;
    SLD_TRY(check_image(c, l));
    if (p->pyramid_height < 1 || p->pyramid_height > SLD_ARRAY_LENGTH(levels)) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "pyramid_height is %u", p->pyramid_height);
    }
    for (uint32_t i = 0; i < p->pyramid_height; i++) {
        SLD_TRY(add_level(c, l, i, &levels[i]));
        if (p->pyramid_height == 1) { /* a single level stays an image, as in Caffe */
            sld_caffe_out(l, 0, levels[0]);
            return SOLDER_OK;
        }
        sld_shape flat = {.rank = 2,
                          .d = {levels[i]->shape.d[0], sld_caffe_product(c, levels[i], 1, 4)}};
        SLD_TRY(sld_caffe_reshape(c, l, levels[i], &flat, &levels[i]));
    }
    sld_concat_params params = {.axis = 1};
    SLD_TRY(sld_caffe_add(c, l, SLD_OP_CONCAT, &params, levels, p->pyramid_height, &y));
    sld_caffe_out(l, 0, y);
    return SOLDER_OK;
}
