/* SPDX-License-Identifier: Apache-2.0 */
/* TensorFlow operators in the words of core operators, as NVIDIA's converter chose them. */
#include "import/uff/uff_write_ops.h"

static bool write_plain(sld_tf_node *node, sld_uff_out *out, const char *told)
{
    (void)node;
    (void)out;
    (void)told;
    return true;
}

static bool write_function(sld_tf_node *node, sld_uff_out *out, const char *function)
{
    (void)node;
    sld_uff_out_word(out, "func", function);
    return true;
}

/* A constant integer that the core operator has as a field. */
static bool constant_int(const sld_tf_node *node, uint32_t index, int64_t *value)
{
    size_t count;
    return sld_uff_constant_ints(sld_uff_in(node, index), value, 1, &count) && count == 1;
}

static bool write_input(sld_tf_node *node, sld_uff_out *out, const char *told)
{
    (void)told;
    const sld_tf_attr *shape_attr = sld_tf_attribute(node, "shape", SLD_TF_SHAPE);
    const sld_tf_attr *type = sld_tf_attribute(node, "dtype", SLD_TF_TYPE);
    sld_tf_shape shape = {.rank = -1};
    if (shape_attr != NULL && !sld_tf_read_shape(shape_attr->bytes, &shape)) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "its shape is not possible");
        return false;
    }
    if (shape.rank >= 0) {
        sld_uff_out_ints(out, "shape", shape.dims, (size_t)shape.rank);
    }
    sld_uff_out_type(out, "dtype", type != NULL && type->i > 0 && type->i < 256 ? (int)type->i : 1);
    return true;
}

/* ---- shapes ---- */

static bool write_axis(sld_tf_node *node, sld_uff_out *out, const char *told)
{
    (void)told;
    int64_t axis;
    if (node->in_count != 2 || !constant_int(node, 1, &axis)) {
        return false;
    }
    sld_uff_out_int(out, "axis", axis);
    return true;
}

static bool write_argmax(sld_tf_node *node, sld_uff_out *out, const char *told)
{
    const sld_tf_attr *type = sld_tf_attribute(node, "output_type", SLD_TF_TYPE);
    if (!write_axis(node, out, told)) {
        return false;
    }
    if (type != NULL && type->i > 0 && type->i < 256) {
        sld_uff_out_extra_type(out, "output_type", (int)type->i);
    }
    return true;
}

static bool write_shape(sld_tf_node *node, sld_uff_out *out, const char *told)
{
    (void)told;
    const sld_tf_attr *type = sld_tf_attribute(node, "out_type", SLD_TF_TYPE);
    if (type != NULL && type->i > 0 && type->i < 256) {
        sld_uff_out_extra_type(out, "out_type", (int)type->i);
    }
    return true;
}

static bool write_transpose(sld_tf_node *node, sld_uff_out *out, const char *told)
{
    (void)told;
    int64_t perm[SOLDER_MAX_RANK];
    size_t count;
    if (!sld_uff_constant_ints(sld_uff_in(node, 1), perm, SOLDER_MAX_RANK, &count)) {
        return false;
    }
    sld_uff_out_ints(out, "permutation", perm, count);
    return true;
}

static bool write_pack(sld_tf_node *node, sld_uff_out *out, const char *told)
{
    (void)told;
    sld_uff_out_int(out, "axis", sld_tf_int(node, "axis", 0));
    return true;
}

static bool write_squeeze(sld_tf_node *node, sld_uff_out *out, const char *told)
{
    (void)told;
    int64_t axes[SOLDER_MAX_RANK];
    size_t count = sld_tf_ints(node, "squeeze_dims", axes, SOLDER_MAX_RANK);
    sld_uff_out_ints(out, "axes", axes, count);
    return true;
}

static bool write_strided_slice(sld_tf_node *node, sld_uff_out *out, const char *told)
{
    static const char *const masks[] = {"begin_mask", "end_mask", "shrink_axis_mask"};
    (void)told;
    if (node->in_count != 4 || sld_tf_int(node, "ellipsis_mask", 0) != 0 ||
        sld_tf_int(node, "new_axis_mask", 0) != 0) {
        return false;
    }
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(masks); i++) {
        sld_uff_out_int(out, masks[i], sld_tf_int(node, masks[i], 0));
    }
    return true;
}

/* The axis is the last input, which the core operator has as a field. */
static bool write_concat(sld_tf_node *node, sld_uff_out *out, const char *told)
{
    (void)told;
    int64_t axis;
    if (node->in_count < 2 || !constant_int(node, node->in_count - 1, &axis)) {
        return false;
    }
    sld_uff_out_int(out, "axis", axis);
    node->in_count--;
    return true;
}

static bool write_gather(sld_tf_node *node, sld_uff_out *out, const char *has_axis)
{
    static const char *const types[] = {"Tindices", "Tparams"};
    static const char *const fields[] = {"indices_dtype", "params_dtype"};
    int64_t axis = 0;
    if (node->in_count != (has_axis != NULL ? 3 : 2) ||
        (has_axis != NULL && !constant_int(node, 2, &axis)) ||
        sld_tf_int(node, "batch_dims", 0) != 0) {
        return false;
    }
    if (has_axis != NULL) {
        sld_uff_out_int(out, "axis", axis);
    } else {
        sld_uff_out_bool(out, "validate_indices", sld_tf_bool(node, "validate_indices", true));
    }
    for (int i = 0; i < 2; i++) {
        const sld_tf_attr *type = sld_tf_attribute(node, types[i], SLD_TF_TYPE);
        if (type != NULL && type->i > 0 && type->i < 256) {
            sld_uff_out_type(out, fields[i], (int)type->i);
        }
    }
    return true;
}

static bool write_reduce(sld_tf_node *node, sld_uff_out *out, const char *function)
{
    int64_t axes[SOLDER_MAX_RANK];
    size_t count;
    if (node->in_count != 2 ||
        !sld_uff_constant_ints(sld_uff_in(node, 1), axes, SOLDER_MAX_RANK, &count)) {
        return false;
    }
    sld_uff_out_word(out, "func", function);
    sld_uff_out_ints(out, "axes", axes, count);
    sld_uff_out_bool(out, "keepdims", sld_tf_bool(node, "keep_dims", false));
    return true;
}

/* ---- windows ---- */

typedef struct geometry {
    const char *image; /* orders */
    int at;            /* of the first spatial axis */
} geometry;

/* False for layouts of other ranks. */
static bool read_geometry(sld_tf_node *node, geometry *g)
{
    const sld_tf_attr *format = sld_tf_attribute(node, "data_format", SLD_TF_STRING);
    bool nchw =
        format != NULL && format->bytes.size == 4 && memcmp(format->bytes.data, "NCHW", 4) == 0;
    *g = (geometry){nchw ? "NC+" : "N+C", nchw ? 2 : 1};
    return format == NULL || format->bytes.size == 0 || nchw ||
           (format->bytes.size == 4 && memcmp(format->bytes.data, "NHWC", 4) == 0);
}

/* Two values of a list of four; true and nothing written if it is empty. */
static bool write_extents(sld_tf_node *node, sld_uff_out *out, const geometry *g, const char *name,
                          const char *field)
{
    int64_t values[SOLDER_MAX_RANK];
    size_t count = sld_tf_ints(node, name, values, SOLDER_MAX_RANK);
    if (count == 0 || !sld_tf_ok(node)) {
        return sld_tf_ok(node);
    }
    if (count != 4 || values[0] != 1 || values[g->at == 1 ? 3 : 1] != 1) {
        return false;
    }
    sld_uff_out_ints(out, field, values + g->at, 2);
    return true;
}

static bool is_text(const sld_tf_attr *attr, const char *text)
{
    return attr != NULL && attr->bytes.size == strlen(text) &&
           memcmp(attr->bytes.data, text, attr->bytes.size) == 0;
}

/* Explicit padding only where both sides are alike. */
static bool write_padding(sld_tf_node *node, sld_uff_out *out, const geometry *g, bool explicit_too)
{
    const sld_tf_attr *padding = sld_tf_attribute(node, "padding", SLD_TF_STRING);
    int64_t pads[2 * SOLDER_MAX_RANK];
    size_t count = sld_tf_ints(node, "explicit_paddings", pads, 2 * SOLDER_MAX_RANK);
    if (is_text(padding, "SAME")) {
        sld_uff_out_word(out, "implicit_padding", "same");
        return true;
    }
    if (is_text(padding, "VALID")) {
        return true;
    }
    const int64_t *p = pads + 2 * g->at;
    if (!explicit_too || !is_text(padding, "EXPLICIT") || count != 8 || p[0] != p[1] ||
        p[2] != p[3] || p[0] < 0 || p[2] < 0) {
        return false;
    }
    sld_uff_out_ints(out, "padding", (int64_t[]){p[0], p[2]}, 2);
    return true;
}

static bool write_conv(sld_tf_node *node, sld_uff_out *out, const char *depthwise)
{
    geometry g;
    const sld_uff_tensor *filter = sld_uff_in(node, 1);
    if (node->in_count != 2 || !read_geometry(node, &g)) {
        return false;
    }
    if (depthwise != NULL) {
        if (!filter->is_constant || filter->constant.shape.rank != 4) {
            return false;
        }
        sld_uff_out_int(out, "number_groups", filter->constant.shape.dims[2]);
    }
    sld_uff_out_orders(out, g.image, "+CK");
    return write_extents(node, out, &g, "strides", "strides") &&
           write_extents(node, out, &g, "dilations", "dilation") &&
           write_padding(node, out, &g, true);
}

static bool write_deconv(sld_tf_node *node, sld_uff_out *out, const char *told)
{
    (void)told;
    geometry g;
    if (node->in_count != 3 || !read_geometry(node, &g)) {
        return false;
    }
    sld_uff_out_orders(out, g.image, "+KC");
    return write_extents(node, out, &g, "strides", "strides") &&
           write_extents(node, out, &g, "dilations", "dilation") &&
           write_padding(node, out, &g, false);
}

static bool write_pool(sld_tf_node *node, sld_uff_out *out, const char *function)
{
    geometry g;
    if (node->in_count != 1 || !read_geometry(node, &g)) {
        return false;
    }
    sld_uff_out_word(out, "func", function);
    sld_uff_out_orders(out, g.image, NULL);
    return write_extents(node, out, &g, "ksize", "kernel") &&
           write_extents(node, out, &g, "strides", "strides") &&
           write_padding(node, out, &g, false);
}

/* ---- the rest ---- */

/* The vector of NCHW stands along the channels, as the converter wrote it. */
static bool write_bias(sld_tf_node *node, sld_uff_out *out, const char *told)
{
    (void)told;
    geometry g;
    const sld_uff_tensor *bias = sld_uff_in(node, 1);
    if (node->in_count != 2 || !read_geometry(node, &g)) {
        return false;
    }
    if (g.at == 2) {
        if (!bias->is_constant || bias->constant.shape.rank != 1) {
            return false;
        }
        sld_uff_tensor *laid = sld_arena_alloc(&node->tf->arena, sizeof *laid);
        const char *id = sld_arena_printf(&node->tf->arena, "%s/channels", node->name);
        if (laid == NULL || id == NULL) {
            node->status = sld_fail_memory(node->tf->diag, sizeof *laid);
            return false;
        }
        *laid = *bias;
        laid->id = id;
        laid->constant.shape.rank = 3;
        laid->constant.shape.dims[1] = laid->constant.shape.dims[2] = 1;
        node->in[1] = &laid->tensor;
        sld_uff_out_extra_word(out, "data_format", "NCHW");
    }
    sld_uff_out_word(out, "func", "add");
    sld_uff_out_extra_word(out, "op", "BiasAdd");
    return true;
}

static bool write_softmax(sld_tf_node *node, sld_uff_out *out, const char *told)
{
    (void)told;
    (void)node;
    sld_uff_out_int(out, "axis", 0);
    sld_uff_out_orders(out, "N+C", NULL);
    return true;
}

static bool write_matmul(sld_tf_node *node, sld_uff_out *out, const char *told)
{
    (void)told;
    bool a = sld_tf_bool(node, "transpose_a", false), b = sld_tf_bool(node, "transpose_b", false);
    sld_uff_out_orders(out, a ? "CN" : "NC", b ? "KC" : "CK");
    return node->in_count == 2;
}

static bool write_lrn(sld_tf_node *node, sld_uff_out *out, const char *told)
{
    (void)told;
    sld_uff_out_int(out, "window_size", sld_tf_int(node, "depth_radius", 5));
    sld_uff_out_real(out, "alpha", (double)sld_tf_float(node, "alpha", 1));
    sld_uff_out_real(out, "beta", (double)sld_tf_float(node, "beta", 0.5f));
    sld_uff_out_real(out, "k", (double)sld_tf_float(node, "bias", 1));
    sld_uff_out_orders(out, "N+C", NULL);
    return true;
}

static bool write_batch_norm(sld_tf_node *node, sld_uff_out *out, const char *told)
{
    (void)told;
    geometry g;
    if (node->in_count != 5 || !read_geometry(node, &g) || sld_tf_bool(node, "is_training", true)) {
        return false;
    }
    sld_uff_out_real(out, "epsilon", (double)sld_tf_float(node, "epsilon", 1e-4f));
    sld_uff_out_orders(out, g.image, NULL);
    return true;
}

/* ---- table ---- */

static const uint32_t deconv_order[] = {2, 1, 0};

static const sld_uff_core cores[] = {
    {"Placeholder", "Input", write_input, NULL, 0, NULL},
    {"Abs", "Unary", write_function, "abs", 1, NULL},
    {"Acos", "Unary", write_function, "acos", 1, NULL},
    {"Acosh", "Unary", write_function, "acosh", 1, NULL},
    {"Asin", "Unary", write_function, "asin", 1, NULL},
    {"Asinh", "Unary", write_function, "asinh", 1, NULL},
    {"Atan", "Unary", write_function, "atan", 1, NULL},
    {"Atanh", "Unary", write_function, "atanh", 1, NULL},
    {"Ceil", "Unary", write_function, "ceil", 1, NULL},
    {"Cos", "Unary", write_function, "cos", 1, NULL},
    {"Cosh", "Unary", write_function, "cosh", 1, NULL},
    {"Exp", "Unary", write_function, "exp", 1, NULL},
    {"Floor", "Unary", write_function, "floor", 1, NULL},
    {"Log", "Unary", write_function, "log", 1, NULL},
    {"Neg", "Unary", write_function, "neg", 1, NULL},
    {"Rsqrt", "Unary", write_function, "rsqrt", 1, NULL},
    {"Sin", "Unary", write_function, "sin", 1, NULL},
    {"Sinh", "Unary", write_function, "sinh", 1, NULL},
    {"Sqrt", "Unary", write_function, "sqrt", 1, NULL},
    {"Square", "Unary", write_function, "square", 1, NULL},
    {"Tan", "Unary", write_function, "tan", 1, NULL},
    {"Relu", "Activation", write_function, "relu", 1, NULL},
    {"Relu6", "Activation", write_function, "relu6", 1, NULL},
    {"Sigmoid", "Activation", write_function, "sigmoid", 1, NULL},
    {"Tanh", "Activation", write_function, "tanh", 1, NULL},
    {"Elu", "Activation", write_function, "elu", 1, NULL},
    {"Selu", "Activation", write_function, "selu", 1, NULL},
    {"Softsign", "Activation", write_function, "softsign", 1, NULL},
    {"Softplus", "Activation", write_function, "softplus", 1, NULL},
    {"Add", "Binary", write_function, "add", 2, NULL},
    {"AddV2", "Binary", write_function, "add", 2, NULL},
    {"Sub", "Binary", write_function, "sub", 2, NULL},
    {"Mul", "Binary", write_function, "mul", 2, NULL},
    {"Div", "Binary", write_function, "div", 2, NULL},
    {"RealDiv", "Binary", write_function, "div", 2, NULL},
    {"Minimum", "Binary", write_function, "min", 2, NULL},
    {"Maximum", "Binary", write_function, "max", 2, NULL},
    {"Pow", "Binary", write_function, "pow", 2, NULL},
    {"BiasAdd", "Binary", write_bias, NULL, 2, NULL},
    {"BiasAddV1", "Binary", write_bias, NULL, 2, NULL},
    {"Sum", "Reduce", write_reduce, "sum", 1, NULL},
    {"Prod", "Reduce", write_reduce, "prod", 1, NULL},
    {"Max", "Reduce", write_reduce, "max", 1, NULL},
    {"Min", "Reduce", write_reduce, "min", 1, NULL},
    {"Mean", "Reduce", write_reduce, "mean", 1, NULL},
    {"ArgMax", "ArgMax", write_argmax, NULL, 1, NULL},
    {"ArgMin", "ArgMin", write_argmax, NULL, 1, NULL},
    {"ExpandDims", "ExpandDims", write_axis, NULL, 1, NULL},
    {"Squeeze", "Squeeze", write_squeeze, NULL, 1, NULL},
    {"Reshape", "Reshape", write_plain, NULL, 2, NULL},
    {"Transpose", "Transpose", write_transpose, NULL, 1, NULL},
    {"Shape", "Shape", write_shape, NULL, 1, NULL},
    {"Pack", "Stack", write_pack, NULL, 0, NULL},
    {"ConcatV2", "Concat", write_concat, NULL, 0, NULL},
    {"StridedSlice", "StridedSlice", write_strided_slice, NULL, 4, NULL},
    {"Pad", "Pad", write_plain, NULL, 2, NULL},
    {"Gather", "Gather", write_gather, NULL, 2, NULL},
    {"GatherV2", "GatherV2", write_gather, "axis", 2, NULL},
    {"Conv2D", "Conv", write_conv, NULL, 2, NULL},
    {"DepthwiseConv2dNative", "Conv", write_conv, "depthwise", 2, NULL},
    {"Conv2DBackpropInput", "ConvTranspose", write_deconv, NULL, 3, deconv_order},
    {"MaxPool", "Pool", write_pool, "max", 1, NULL},
    {"AvgPool", "Pool", write_pool, "avg", 1, NULL},
    {"MatMul", "FullyConnected", write_matmul, NULL, 2, NULL},
    {"LRN", "LRN", write_lrn, NULL, 1, NULL},
    {"Softmax", "Softmax", write_softmax, NULL, 1, NULL},
    {"FusedBatchNorm", "BatchNorm", write_batch_norm, NULL, 5, NULL},
    {"FusedBatchNormV2", "BatchNorm", write_batch_norm, NULL, 5, NULL},
    {"FusedBatchNormV3", "BatchNorm", write_batch_norm, NULL, 5, NULL},
};

const sld_uff_core *sld_uff_find_core(const char *op)
{
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(cores); i++) {
        if (strcmp(cores[i].name, op) == 0) {
            return &cores[i];
        }
    }
    return NULL;
}
