/* SPDX-License-Identifier: Apache-2.0 */
/* Layers with a weight matrix: Convolution, Deconvolution, InnerProduct, Embed. */
#include "import/caffe/caffe.h"

/* A window's geometry along the spatial axes. */
typedef struct geometry {
    int spatial;
    int32_t kernel[SLD_MAX_SPATIAL], stride[SLD_MAX_SPATIAL], pad[SLD_MAX_SPATIAL],
        dilation[SLD_MAX_SPATIAL];
} geometry;

/* One of kernel, stride, pad: given once, once per axis, or as _h and _w. */
typedef struct extent {
    const char *name;
    const uint32_t *values;
    size_t count;
    bool has_h, has_w;
    uint32_t h, w;
    int32_t low, missing; /* smallest value; the default, -1: none */
} extent;

static solder_status read_extent(const sld_caffe *c, const sld_caffe_layer *l, const extent *e,
                                 int spatial, int32_t out[SLD_MAX_SPATIAL])
{
    if (e->has_h || e->has_w) {
        if (e->count > 0 || spatial != 2) {
            return sld_caffe_fail(c, l, SOLDER_ERROR_DATA,
                                  "%s_h and %s_w are for two spatial axes "
                                  "and exclude %s",
                                  e->name, e->name, e->name);
        }
        if (e->missing < 0 && !(e->has_h && e->has_w)) {
            return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "%s_h and %s_w must both be given",
                                  e->name, e->name);
        }
        SLD_TRY(
            sld_caffe_i32(c, l, e->name, e->has_h ? (int64_t)e->h : e->missing, e->low, &out[0]));
        return sld_caffe_i32(c, l, e->name, e->has_w ? (int64_t)e->w : e->missing, e->low, &out[1]);
    }
    if (e->count == 0 && e->missing < 0) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "has no %s", e->name);
    }
    if (e->count > 1 && e->count != (size_t)spatial) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "%s is given %zu times for %d spatial axes",
                              e->name, e->count, spatial);
    }
    for (int i = 0; i < spatial; i++) {
        int64_t value = e->count == 0 ? e->missing : (int64_t)e->values[e->count == 1 ? 0 : i];
        SLD_TRY(sld_caffe_i32(c, l, e->name, value, e->low, &out[i]));
    }
    return SOLDER_OK;
}

static solder_status read_geometry(const sld_caffe *c, const sld_caffe_layer *l, geometry *g)
{
    const Caffe__ConvolutionParameter *p = l->param;
    extent kernel = {"kernel",
                     p->kernel_size,
                     p->n_kernel_size,
                     p->has_kernel_h,
                     p->has_kernel_w,
                     p->kernel_h,
                     p->kernel_w,
                     1,
                     -1};
    extent stride = {"stride",
                     p->stride,
                     p->n_stride,
                     p->has_stride_h,
                     p->has_stride_w,
                     p->stride_h,
                     p->stride_w,
                     1,
                     1};
    extent pad = {"pad", p->pad, p->n_pad, p->has_pad_h, p->has_pad_w, p->pad_h, p->pad_w, 0, 0};
    extent dilation = {"dilation", p->dilation, p->n_dilation, false, false, 0, 0, 1, 1};
    if (p->n_hole > 0 || p->has_hole_h || p->has_hole_w) {
        if (p->n_dilation > 0) {
            return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "has both dilation and hole");
        }
        dilation = (extent){"hole",    p->hole, p->n_hole, p->has_hole_h, p->has_hole_w, p->hole_h,
                            p->hole_w, 1,       1};
    }
    SLD_TRY(read_extent(c, l, &kernel, g->spatial, g->kernel));
    SLD_TRY(read_extent(c, l, &stride, g->spatial, g->stride));
    SLD_TRY(read_extent(c, l, &pad, g->spatial, g->pad));
    return read_extent(c, l, &dilation, g->spatial, g->dilation);
}

/* What both directions of convolution read from a layer. */
typedef struct conv {
    geometry g;
    int axis; /* of the channels */
    int64_t channels;
    int32_t outputs, groups;
    bool deconv;
    sld_value *weight, *bias; /* bias NULL: none */
} conv;

static solder_status read_groups(const sld_caffe *c, const sld_caffe_layer *l, conv *v)
{
    const Caffe__ConvolutionParameter *p = l->param;
    SLD_TRY(sld_caffe_i32(c, l, "num_output", p->num_output, 1, &v->outputs));
    bool depthwise = strcmp(l->type, "Convolution") != 0 && !v->deconv;
    int64_t groups = depthwise && p->group <= 1 ? v->channels : p->group;
    SLD_TRY(sld_caffe_i32(c, l, "group", groups, 1, &v->groups));
    if (v->channels % v->groups != 0 || v->outputs % v->groups != 0) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA,
                              "%d groups divide neither %lld channels nor %d outputs evenly",
                              (int)v->groups, (long long)v->channels, (int)v->outputs);
    }
    return SOLDER_OK;
}

static solder_status read_weights(sld_caffe *c, sld_caffe_layer *l, conv *v)
{
    const Caffe__ConvolutionParameter *p = l->param;
    sld_caffe_want want = {.what = "weight", .rank = 2 + v->g.spatial};
    want.dims[0] = v->deconv ? v->channels : v->outputs;
    want.dims[1] = (v->deconv ? v->outputs : v->channels) / v->groups;
    want.fan_in = v->channels / v->groups;
    for (int i = 0; i < v->g.spatial; i++) {
        want.dims[2 + i] = v->g.kernel[i];
        if (!sld_i64_mul(want.fan_in, v->g.kernel[i], &want.fan_in)) {
            return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "its window is too large");
        }
    }
    SLD_TRY(sld_caffe_weight(c, l, &want, &v->weight));
    if (p->bias_term) {
        sld_caffe_want bias = {.index = 1,
                               .what = "bias",
                               .fill = SLD_CAFFE_FILL_BIAS,
                               .rank = 1,
                               .dims = {v->outputs}};
        SLD_TRY(sld_caffe_weight(c, l, &bias, &v->bias));
    }
    return SOLDER_OK;
}

static solder_status read_conv(sld_caffe *c, sld_caffe_layer *l, conv *v)
{
    const Caffe__ConvolutionParameter *p = l->param;
    const sld_value *x = sld_caffe_in(l, 0);
    SLD_TRY(sld_caffe_axis(c, l, p->axis, x->shape.rank, &v->axis));
    v->g.spatial = x->shape.rank - v->axis - 1;
    if (v->g.spatial < 1 || v->g.spatial > SLD_MAX_SPATIAL) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_UNSUPPORTED,
                              "%d spatial axes: 1 to 3 are supported", v->g.spatial);
    }
    SLD_TRY(read_geometry(c, l, &v->g));
    SLD_TRY(sld_caffe_dim(c, l, x, v->axis, &v->channels));
    SLD_TRY(read_groups(c, l, v));
    return read_weights(c, l, v);
}

static solder_status add_conv(sld_caffe *c, sld_caffe_layer *l, const conv *v, sld_value *x,
                              sld_value **out)
{
    sld_value *in[] = {x, v->weight, v->bias};
    if (v->deconv) {
        sld_deconv_params params;
        sld_op_defaults(SLD_OP_DECONVOLUTION, &params);
        params.spatial = v->g.spatial;
        params.groups = v->groups;
        for (int i = 0; i < v->g.spatial; i++) {
            params.stride[i] = v->g.stride[i];
            params.dilation[i] = v->g.dilation[i];
            params.pad_begin[i] = params.pad_end[i] = v->g.pad[i];
        }
        return sld_caffe_add(c, l, SLD_OP_DECONVOLUTION, &params, in, 3, out);
    }
    sld_conv_params params;
    sld_op_defaults(SLD_OP_CONVOLUTION, &params);
    params.spatial = v->g.spatial;
    params.groups = v->groups;
    for (int i = 0; i < v->g.spatial; i++) {
        params.stride[i] = v->g.stride[i];
        params.dilation[i] = v->g.dilation[i];
        params.pad_begin[i] = params.pad_end[i] = v->g.pad[i];
    }
    return sld_caffe_add(c, l, SLD_OP_CONVOLUTION, &params, in, 3, out);
}

/* Axes before the channels are independent images: they become one batch axis and come back. */
static solder_status convolve(sld_caffe *c, sld_caffe_layer *l, const conv *v, sld_value *x,
                              sld_value **out)
{
    if (v->axis == 1) {
        return add_conv(c, l, v, x, out);
    }
    sld_shape leading = x->shape, shape = {.rank = 2 + v->g.spatial};
    shape.d[0] = sld_caffe_product(c, x, 0, v->axis);
    for (int i = 0; i <= v->g.spatial; i++) {
        shape.d[1 + i] = x->shape.d[v->axis + i];
    }
    sld_value *folded, *y;
    SLD_TRY(sld_caffe_reshape(c, l, x, &shape, &folded));
    SLD_TRY(add_conv(c, l, v, folded, &y));
    for (int i = 0; i <= v->g.spatial; i++) {
        leading.d[v->axis + i] = y->shape.d[1 + i];
    }
    return sld_caffe_reshape(c, l, y, &leading, out);
}

static bool same_dims(const sld_value *a, const sld_value *b, int axis)
{
    return a->shape.rank == b->shape.rank && a->shape.d[axis] == b->shape.d[axis];
}

static solder_status lower_conv(sld_caffe *c, sld_caffe_layer *l, conv *v)
{
    if (l->p->n_bottom != l->p->n_top) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "has %zu bottoms and %zu tops",
                              l->p->n_bottom, l->p->n_top);
    }
    SLD_TRY(read_conv(c, l, v));
    for (size_t i = 0; i < l->p->n_bottom; i++) {
        sld_value *x = sld_caffe_in(l, i), *y;
        if (!same_dims(x, sld_caffe_in(l, 0), v->axis)) {
            return sld_caffe_fail(c, l, SOLDER_ERROR_DATA,
                                  "its bottoms share the weights, but differ in shape");
        }
        SLD_TRY(convolve(c, l, v, x, &y));
        sld_caffe_out(l, i, y);
    }
    return SOLDER_OK;
}

solder_status sld_caffe_convolution(sld_caffe *c, sld_caffe_layer *l)
{
    conv v = {.deconv = false};
    return lower_conv(c, l, &v);
}

solder_status sld_caffe_deconvolution(sld_caffe *c, sld_caffe_layer *l)
{
    conv v = {.deconv = true};
    return lower_conv(c, l, &v);
}

/* ---- InnerProduct ---- */

/* Elements of the axes from axis on, which the weights fix. */
static solder_status inner_size(const sld_caffe *c, const sld_caffe_layer *l, const sld_value *x,
                                int axis, int64_t *size)
{
    *size = 1;
    for (int i = axis; i < x->shape.rank; i++) {
        int64_t dim;
        SLD_TRY(sld_caffe_dim(c, l, x, i, &dim));
        if (!sld_i64_mul(*size, dim, size)) {
            return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "its bottom is too large");
        }
    }
    return SOLDER_OK;
}

solder_status sld_caffe_inner_product(sld_caffe *c, sld_caffe_layer *l)
{
    const Caffe__InnerProductParameter *p = l->param;
    sld_value *x = sld_caffe_in(l, 0), *in[3] = {NULL};
    int axis;
    int32_t outputs;
    int64_t size;
    SLD_TRY(sld_caffe_i32(c, l, "num_output", p->num_output, 1, &outputs));
    SLD_TRY(sld_caffe_axis(c, l, p->axis, x->shape.rank, &axis));
    SLD_TRY(inner_size(c, l, x, axis, &size));
    sld_caffe_want weight = {
        .what = "weight",
        .fan_in = size,
        .rank = 2,
        .dims = {p->transpose ? size : outputs, p->transpose ? outputs : size}};
    SLD_TRY(sld_caffe_weight(c, l, &weight, &in[1]));
    if (p->bias_term) {
        sld_caffe_want bias = {
            .index = 1, .what = "bias", .fill = SLD_CAFFE_FILL_BIAS, .rank = 1, .dims = {outputs}};
        SLD_TRY(sld_caffe_weight(c, l, &bias, &in[2]));
    }
    /* MatMul wants two axes at least: axis 0 has a row of its own that goes away again */
    int rows = axis > 0 ? axis : 1;
    sld_shape shape = {.rank = rows + 1};
    for (int i = 0; i < rows; i++) {
        shape.d[i] = axis > 0 ? x->shape.d[i] : sld_graph_dim(c->graph, 1);
    }
    shape.d[rows] = sld_graph_dim(c->graph, size);
    in[0] = x;
    if (x->shape.rank != rows + 1 || axis == 0) {
        SLD_TRY(sld_caffe_reshape(c, l, x, &shape, &in[0]));
    }
    sld_matmul_params params;
    sld_op_defaults(SLD_OP_MATMUL, &params);
    params.trans_b = !p->transpose;
    sld_value *y;
    SLD_TRY(sld_caffe_add(c, l, SLD_OP_MATMUL, &params, in, 3, &y));
    if (axis == 0) {
        sld_shape flat = {.rank = 1, .d = {y->shape.d[1]}};
        SLD_TRY(sld_caffe_reshape(c, l, y, &flat, &y));
    }
    sld_caffe_out(l, 0, y);
    return SOLDER_OK;
}

/* ---- Embed: a row of the weights for every number of the bottom ---- */

solder_status sld_caffe_embed(sld_caffe *c, sld_caffe_layer *l)
{
    const Caffe__EmbedParameter *p = l->param;
    int32_t outputs, rows;
    SLD_TRY(sld_caffe_i32(c, l, "num_output", p->num_output, 1, &outputs));
    SLD_TRY(sld_caffe_i32(c, l, "input_dim", p->input_dim, 1, &rows));
    sld_caffe_want weight = {.what = "weight", .fan_in = 2, .rank = 2, .dims = {rows, outputs}};
    sld_value *in[2], *y;
    SLD_TRY(sld_caffe_weight(c, l, &weight, &in[0]));
    sld_cast_params cast = {.to = SOLDER_I64};
    sld_value *x = sld_caffe_in(l, 0);
    SLD_TRY(sld_caffe_add(c, l, SLD_OP_CAST, &cast, &x, 1, &in[1]));
    sld_gather_params params = {.kind = SLD_GATHER_AXIS};
    SLD_TRY(sld_caffe_add(c, l, SLD_OP_GATHER, &params, in, 2, &y));
    if (p->bias_term) {
        sld_caffe_want bias = {
            .index = 1, .what = "bias", .fill = SLD_CAFFE_FILL_BIAS, .rank = 1, .dims = {outputs}};
        sld_value *b;
        SLD_TRY(sld_caffe_weight(c, l, &bias, &b));
        SLD_TRY(sld_caffe_binary(c, l, SLD_BINARY_SUM, y, b, &y));
    }
    sld_caffe_out(l, 0, y);
    return SOLDER_OK;
}
