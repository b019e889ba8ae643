/* SPDX-License-Identifier: Apache-2.0 */
/* The table of layer types, and what lowering functions share. */
#include <stdarg.h>
#include <stdio.h>

#include "import/caffe/caffe.h"

/* clang-format off */
#define COMPUTES SLD_CAFFE_COMPUTES
#define TRAINS(type) {type, NULL, SLD_CAFFE_TRAINS, 0, -1, 0, -1, NULL, NULL}
#define SOURCE(type, param) {type, param, SLD_CAFFE_SOURCE, 0, 0, 1, -1, sld_caffe_input, NULL}
static const sld_caffe_row rows[] = {
    /* type, parameters, kind, bottoms, tops, lower, refuse */
    {"AbsVal", NULL, COMPUTES, 1, 1, 1, 1, sld_caffe_activation, NULL},
    {"ArgMax", "argmax_param", COMPUTES, 1, 1, 1, 1, sld_caffe_argmax, NULL},
    {"Axpy", NULL, COMPUTES, 3, 3, 1, 1, sld_caffe_axpy, NULL},
    {"BN", "bn_param", COMPUTES, 1, 1, 1, 1, sld_caffe_bn, NULL},
    {"BNLL", NULL, COMPUTES, 1, 1, 1, 1, sld_caffe_activation, NULL},
    {"BatchNorm", "batch_norm_param", COMPUTES, 1, 1, 1, 1, sld_caffe_batchnorm, sld_caffe_refuse_train},
    {"Bias", "bias_param", COMPUTES, 1, 2, 1, 1, sld_caffe_bias, NULL},
    {"Clip", "clip_param", COMPUTES, 1, 1, 1, 1, sld_caffe_activation, NULL},
    {"Concat", "concat_param", COMPUTES, 1, -1, 1, 1, sld_caffe_concat, NULL},
    {"Convolution", "convolution_param", COMPUTES, 1, -1, 1, -1, sld_caffe_convolution, NULL},
    {"ConvolutionDepthwise", "convolution_param", COMPUTES, 1, -1, 1, -1, sld_caffe_convolution, NULL},
    {"Crop", "crop_param", COMPUTES, 2, 2, 1, 1, sld_caffe_crop, NULL},
    {"Deconvolution", "convolution_param", COMPUTES, 1, -1, 1, -1, sld_caffe_deconvolution, NULL},
    {"DepthwiseConvolution", "convolution_param", COMPUTES, 1, -1, 1, -1, sld_caffe_convolution, NULL},
    {"Dropout", "dropout_param", COMPUTES, 1, 1, 1, 1, sld_caffe_dropout, sld_caffe_refuse_train},
    {"ELU", "elu_param", COMPUTES, 1, 1, 1, 1, sld_caffe_activation, NULL},
    {"Eltwise", "eltwise_param", COMPUTES, 2, -1, 1, 1, sld_caffe_eltwise, NULL},
    {"Embed", "embed_param", COMPUTES, 1, 1, 1, 1, sld_caffe_embed, NULL},
    {"Exp", "exp_param", COMPUTES, 1, 1, 1, 1, sld_caffe_exp, NULL},
    {"Flatten", "flatten_param", COMPUTES, 1, 1, 1, 1, sld_caffe_flatten, NULL},
    {"InnerProduct", "inner_product_param", COMPUTES, 1, 1, 1, 1, sld_caffe_inner_product, NULL},
    {"Interp", "interp_param", COMPUTES, 1, 2, 1, 1, sld_caffe_interp, NULL},
    {"LRN", "lrn_param", COMPUTES, 1, 1, 1, 1, sld_caffe_lrn, NULL},
    {"LSTM", "recurrent_param", COMPUTES, 2, 5, 1, 3, sld_caffe_recurrent, NULL},
    {"Log", "log_param", COMPUTES, 1, 1, 1, 1, sld_caffe_log, NULL},
    {"MVN", "mvn_param", COMPUTES, 1, 1, 1, 1, sld_caffe_mvn, NULL},
    {"PReLU", "prelu_param", COMPUTES, 1, 1, 1, 1, sld_caffe_prelu, NULL},
    {"Parameter", "parameter_param", COMPUTES, 0, 0, 1, 1, sld_caffe_parameter, NULL},
    {"Permute", "permute_param", COMPUTES, 1, 1, 1, 1, sld_caffe_permute, NULL},
    {"Pooling", "pooling_param", COMPUTES, 1, 1, 1, 2, sld_caffe_pooling, sld_caffe_refuse_pooling},
    {"Power", "power_param", COMPUTES, 1, 1, 1, 1, sld_caffe_power, NULL},
    {"ROIAlign", "roi_align_param", COMPUTES, 2, 2, 1, 1, sld_caffe_roi_align, NULL},
    {"Python", "python_param", COMPUTES, 3, 3, 1, 2, sld_caffe_python, sld_caffe_refuse_python},
    {"RNN", "recurrent_param", COMPUTES, 2, 4, 1, 2, sld_caffe_recurrent, NULL},
    {"ReLU", "relu_param", COMPUTES, 1, 1, 1, 1, sld_caffe_activation, NULL},
    {"ReLU6", "relu6_param", COMPUTES, 1, 1, 1, 1, sld_caffe_activation, NULL},
    {"Reduction", "reduction_param", COMPUTES, 1, 1, 1, 1, sld_caffe_reduction, NULL},
    {"Reshape", "reshape_param", COMPUTES, 1, 1, 1, 1, sld_caffe_reshape_layer, NULL},
    {"SPP", "spp_param", COMPUTES, 1, 1, 1, 1, sld_caffe_spp, sld_caffe_refuse_spp},
    {"Scale", "scale_param", COMPUTES, 1, 2, 1, 1, sld_caffe_scale, NULL},
    {"ShuffleChannel", "shuffle_channel_param", COMPUTES, 1, 1, 1, 1, sld_caffe_shuffle_channel, NULL},
    {"Sigmoid", NULL, COMPUTES, 1, 1, 1, 1, sld_caffe_activation, NULL},
    {"Slice", "slice_param", COMPUTES, 1, 1, 1, -1, sld_caffe_slice, NULL},
    {"Softmax", "softmax_param", COMPUTES, 1, 1, 1, 1, sld_caffe_softmax, NULL},
    {"SoftmaxWithLoss", "softmax_param", SLD_CAFFE_LOSS, 1, -1, 1, 2, sld_caffe_softmax, NULL},
    {"Split", NULL, COMPUTES, 1, 1, 1, -1, sld_caffe_pass, NULL},
    {"Swish", "swish_param", COMPUTES, 1, 1, 1, 1, sld_caffe_activation, NULL},
    {"TanH", NULL, COMPUTES, 1, 1, 1, 1, sld_caffe_activation, NULL},
    {"Threshold", "threshold_param", COMPUTES, 1, 1, 1, 1, sld_caffe_activation, NULL},
    {"Tile", "tile_param", COMPUTES, 1, 1, 1, 1, sld_caffe_tile, NULL},
    {"Transpose", "transpose_param", COMPUTES, 1, 1, 1, 1, sld_caffe_transpose, NULL},
    {"Upsample", "upsample_param", COMPUTES, 1, 2, 1, 1, sld_caffe_upsample, sld_caffe_refuse_upsample},
    SOURCE("AnnotatedData", NULL), SOURCE("Data", NULL), SOURCE("DummyData", "dummy_data_param"),
    SOURCE("HDF5Data", NULL), SOURCE("ImageData", NULL), SOURCE("Input", "input_param"),
    SOURCE("MemoryData", "memory_data_param"), SOURCE("VideoData", NULL), SOURCE("WindowData", NULL),
    TRAINS("Accuracy"), TRAINS("ContrastiveLoss"), TRAINS("DetectionEvaluate"),
    TRAINS("EuclideanLoss"), TRAINS("HDF5Output"), TRAINS("HingeLoss"), TRAINS("InfogainLoss"),
    TRAINS("MultiBoxLoss"), TRAINS("MultinomialLogisticLoss"), TRAINS("SigmoidCrossEntropyLoss"),
    TRAINS("SmoothL1Loss"),
    {"Silence", NULL, SLD_CAFFE_SINK, 0, -1, 0, 0, NULL, NULL},
};
/* clang-format on */

const sld_caffe_row *sld_caffe_find_row(const char *type)
{
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(rows); i++) {
        if (strcmp(rows[i].type, type) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

solder_status sld_caffe_fail(const sld_caffe *c, const sld_caffe_layer *l, solder_status code,
                             const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return sld_fail(c->diag, code, "caffe: layer '%s' (%s): %s", l->name, l->type, text);
}

sld_value *sld_caffe_in(const sld_caffe_layer *l, size_t i)
{
    return l->bottom[i]->value;
}

void sld_caffe_out(sld_caffe_layer *l, size_t i, sld_value *value)
{
    l->top[i]->value = value;
}

solder_status sld_caffe_add(sld_caffe *c, sld_caffe_layer *l, sld_op op, const void *params,
                            sld_value *const *in, uint32_t in_count, sld_value **out)
{
    solder_status status = sld_graph_add(c->graph, NULL, op, l->name, params, in, in_count, out);
    if (status != SOLDER_OK) {
        return sld_fail_within(c->diag, status, "caffe: layer '%s' (%s)", l->name, l->type);
    }
    (*out)->producer->source = l->source;
    return SOLDER_OK;
}

solder_status sld_caffe_axis(const sld_caffe *c, const sld_caffe_layer *l, int32_t axis, int limit,
                             int *out)
{
    if (axis < -limit || axis >= limit) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "axis %d is outside a blob of %d axes",
                              (int)axis, limit);
    }
    *out = axis < 0 ? axis + limit : axis;
    return SOLDER_OK;
}

solder_status sld_caffe_i32(const sld_caffe *c, const sld_caffe_layer *l, const char *field,
                            int64_t value, int32_t low, int32_t *out)
{
    if (value < low || value > INT32_MAX) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "%s is %lld", field, (long long)value);
    }
    *out = (int32_t)value;
    return SOLDER_OK;
}

solder_status sld_caffe_dim(const sld_caffe *c, const sld_caffe_layer *l, const sld_value *value,
                            int axis, int64_t *out)
{
    if (axis < 0 || axis >= value->shape.rank) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "its bottom '%s' has %d axes, it needs %d",
                              value->name, (int)value->shape.rank, axis + 1);
    }
    if (!sld_expr_is_const(&c->graph->exprs, value->shape.d[axis], out)) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_UNSUPPORTED,
                              "axis %d of its bottom '%s' is open: give it a size", axis,
                              value->name);
    }
    return SOLDER_OK;
}

sld_dim sld_caffe_product(sld_caffe *c, const sld_value *value, int from, int to)
{
    sld_dim product = sld_graph_dim(c->graph, 1);
    for (int i = from; i < to; i++) {
        product = sld_expr_mul(&c->graph->exprs, product, value->shape.d[i]);
    }
    return product;
}

solder_status sld_caffe_reshape(sld_caffe *c, sld_caffe_layer *l, sld_value *x,
                                const sld_shape *shape, sld_value **out)
{
    sld_reshape_params params = {.rank = shape->rank};
    int open = 0;
    for (int i = 0; i < shape->rank; i++) {
        int64_t dim;
        if (sld_expr_is_const(&c->graph->exprs, shape->d[i], &dim)) {
            params.allow_zero |= dim == 0;
            params.dims[i] = dim;
        } else if (i >= x->shape.rank || x->shape.d[i] != shape->d[i]) {
            params.dims[i] = -1;
            open++;
        }
    }
    if (open > 1) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_UNSUPPORTED,
                              "more than one open dimension moves: give the input's size");
    }
    return sld_caffe_add(c, l, SLD_OP_RESHAPE, &params, &x, 1, out);
}

solder_status sld_caffe_scalar(sld_caffe *c, sld_caffe_layer *l, float number, sld_value **out)
{
    return sld_graph_add_constant(c->graph, l->name, SOLDER_F32, 0, NULL, &number, true, out);
}

solder_status sld_caffe_binary(sld_caffe *c, sld_caffe_layer *l, sld_binary kind, sld_value *a,
                               sld_value *b, sld_value **out)
{
    sld_elementwise_params params;
    sld_op_defaults(SLD_OP_ELEMENTWISE, &params);
    params.kind = (int32_t)kind;
    return sld_caffe_add(c, l, SLD_OP_ELEMENTWISE, &params, (sld_value *[]){a, b}, 2, out);
}
