/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions, pooling and matrix products. */
#include "import/onnx/onnx_ops.h"

static const char *const auto_pads[] = {"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"};

/* Spatial dimensions of x, or 0 after a failure. */
static int spatial_rank(sld_onnx_node *node, const sld_value *x)
{
    if (!sld_onnx_ok(node)) {
        return 0;
    }
    int spatial = sld_onnx_rank(x) - 2;
    if (spatial < 1 || spatial > SLD_MAX_SPATIAL) {
        sld_onnx_unsupported(node, "an input of rank %d", sld_onnx_rank(x));
        return 0;
    }
    return spatial;
}

/* pads and auto_pad exclude each other; returns sld_pad_mode, whose order is that of auto_pads. */
static int32_t read_pads(sld_onnx_node *node, int spatial, int32_t *begin, int32_t *end)
{
    int32_t pads[2 * SLD_MAX_SPATIAL];
    int mode = sld_onnx_choice(node, "auto_pad", auto_pads, 4, 0);
    sld_onnx_i32s(node, "pads", 2 * spatial, 0, pads);
    for (int i = 0; i < spatial; i++) {
        begin[i] = pads[i];
        end[i] = pads[spatial + i];
        if (mode != SLD_PAD_EXPLICIT && (begin[i] != 0 || end[i] != 0)) {
            sld_onnx_fail(node, SOLDER_ERROR_DATA, "pads and auto_pad %s are both given",
                          auto_pads[mode]);
        }
    }
    return mode;
}

/* kernel_shape, if given, must be what the weight says. */
static void check_kernel_shape(sld_onnx_node *node, const sld_value *weight, int spatial)
{
    size_t count;
    const int64_t *shape = sld_onnx_ints(node, "kernel_shape", &count);
    if (!sld_onnx_ok(node)) {
        return;
    }
    if (sld_onnx_rank(weight) != spatial + 2) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "the weight has rank %d, the input %d",
                      sld_onnx_rank(weight), spatial + 2);
        return;
    }
    if (shape == NULL || count == 0) {
        return;
    }
    if (count != (size_t)spatial) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "kernel_shape has %zu values, weight has rank %d",
                      count, spatial + 2);
        return;
    }
    for (int i = 0; i < spatial; i++) {
        int64_t dim;
        if (sld_onnx_dim(node, weight, i + 2, &dim) && dim != shape[i]) {
            sld_onnx_fail(node, SOLDER_ERROR_DATA, "kernel_shape[%d] is %lld, the weight's is %lld",
                          i, (long long)shape[i], (long long)dim);
        }
    }
}

bool sld_onnx_read_conv(sld_onnx_node *node, const sld_value *x, const sld_value *weight,
                        sld_conv_params *params)
{
    int spatial = spatial_rank(node, x);
    if (spatial == 0) {
        return false;
    }
    *params = (sld_conv_params){.spatial = spatial};
    params->groups = sld_onnx_int_in(node, "group", 1, 1, INT32_MAX);
    sld_onnx_i32s(node, "strides", spatial, 1, params->stride);
    sld_onnx_i32s(node, "dilations", spatial, 1, params->dilation);
    params->pad_mode = read_pads(node, spatial, params->pad_begin, params->pad_end);
    check_kernel_shape(node, weight, spatial);
    return sld_onnx_ok(node);
}

void sld_onnx_conv(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *in[3] = {sld_onnx_required(node, 0), sld_onnx_required(node, 1),
                        sld_onnx_input(node, 2)};
    sld_conv_params params;
    if (sld_onnx_read_conv(node, in[0], in[1], &params)) {
        node->out[0] = sld_onnx_emit(node, SLD_OP_CONVOLUTION, &params, in, 3);
    }
}

/* output_shape holds the spatial dimensions, in old files after batch and channels. */
static void read_output_shape(sld_onnx_node *node, int spatial, int32_t *shape)
{
    size_t count;
    const int64_t *given = sld_onnx_ints(node, "output_shape", &count);
    if (given == NULL || count == 0) {
        return;
    }
    if (count != (size_t)spatial && count != (size_t)spatial + 2) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "output_shape has %zu values, expected %d", count,
                      spatial);
        return;
    }
    for (int i = 0; i < spatial; i++) {
        int64_t dim = given[count - (size_t)spatial + (size_t)i];
        if (dim < 1 || dim > INT32_MAX) {
            sld_onnx_fail(node, SOLDER_ERROR_DATA, "output_shape[%d] is %lld", i, (long long)dim);
            return;
        }
        shape[i] = (int32_t)dim;
    }
}

void sld_onnx_deconv(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *in[3] = {sld_onnx_required(node, 0), sld_onnx_required(node, 1),
                        sld_onnx_input(node, 2)};
    int spatial = spatial_rank(node, in[0]);
    if (spatial == 0) {
        return;
    }
    sld_deconv_params params = {.spatial = spatial};
    params.groups = sld_onnx_int_in(node, "group", 1, 1, INT32_MAX);
    sld_onnx_i32s(node, "strides", spatial, 1, params.stride);
    sld_onnx_i32s(node, "dilations", spatial, 1, params.dilation);
    sld_onnx_i32s(node, "output_padding", spatial, 0, params.output_padding);
    read_output_shape(node, spatial, params.output_shape);
    /* With output_shape the pads follow from it: whatever stands in the file is ignored. */
    if (params.output_shape[0] != 0) {
        (void)sld_onnx_attribute(node, "pads");
        params.pad_mode = sld_onnx_choice(node, "auto_pad", auto_pads, 4, 0);
    } else {
        params.pad_mode = read_pads(node, spatial, params.pad_begin, params.pad_end);
    }
    check_kernel_shape(node, in[1], spatial);
    node->out[0] = sld_onnx_emit(node, SLD_OP_DECONVOLUTION, &params, in, 3);
}

void sld_onnx_pool(sld_onnx_node *node, int kind)
{
    sld_value *x = sld_onnx_required(node, 0);
    int spatial = spatial_rank(node, x);
    if (spatial == 0) {
        return;
    }
    sld_pooling_params params = {.kind = kind, .spatial = spatial};
    sld_onnx_i32s(node, "kernel_shape", spatial, 0, params.window);
    sld_onnx_i32s(node, "strides", spatial, 1, params.stride);
    for (int i = 0; i < SLD_MAX_SPATIAL; i++) {
        params.dilation[i] = 1;
    }
    int since = kind == SLD_POOL_MAX ? 10 : kind == SLD_POOL_LP ? 18 : 19;
    if (node->version >= since) {
        sld_onnx_i32s(node, "dilations", spatial, 1, params.dilation);
    }
    if (node->version >= (kind == SLD_POOL_LP ? 18 : 10)) {
        params.round = sld_onnx_bool(node, "ceil_mode", false) ? SLD_ROUND_CEIL : SLD_ROUND_FLOOR;
    }
    params.pad_mode = read_pads(node, spatial, params.pad_begin, params.pad_end);
    if (kind == SLD_POOL_LP) {
        params.p = sld_onnx_int_in(node, "p", 2, 1, INT32_MAX);
    } else if (kind == SLD_POOL_MAX && node->version >= 8) {
        params.column_major = sld_onnx_bool(node, "storage_order", false);
    } else if (kind == SLD_POOL_AVERAGE && sld_onnx_bool(node, "count_include_pad", false)) {
        params.kind = SLD_POOL_AVERAGE_PADDED;
    }
    if (params.window[0] == 0) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "kernel_shape is missing");
    }
    bool indices = kind == SLD_POOL_MAX && node->out_count > 1 && node->wanted[1];
    sld_onnx_emit_many(node, SLD_OP_POOLING, &params, &x, 1, node->out, indices ? 2 : 1);
}

void sld_onnx_global_pool(sld_onnx_node *node, int kind)
{
    sld_value *x = sld_onnx_required(node, 0);
    int spatial = spatial_rank(node, x);
    if (spatial == 0) {
        return;
    }
    sld_pooling_params params = {.kind = kind, .spatial = spatial, .global = 1};
    for (int i = 0; i < SLD_MAX_SPATIAL; i++) {
        params.window[i] = params.stride[i] = params.dilation[i] = 1;
    }
    if (kind == SLD_POOL_LP) {
        params.p = sld_onnx_int_in(node, "p", 2, 1, INT32_MAX);
    }
    node->out[0] = sld_onnx_emit(node, SLD_OP_POOLING, &params, &x, 1);
}

void sld_onnx_gemm(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *in[3] = {sld_onnx_required(node, 0), sld_onnx_required(node, 1),
                        sld_onnx_input(node, 2)};
    if (!sld_onnx_ok(node)) {
        return;
    }
    if (sld_onnx_rank(in[0]) != 2 || sld_onnx_rank(in[1]) != 2) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "A has rank %d and B rank %d, both must have 2",
                      sld_onnx_rank(in[0]), sld_onnx_rank(in[1]));
    }
    const sld_matmul_params params = {.trans_a = sld_onnx_int(node, "transA", 0) != 0,
                                      .trans_b = sld_onnx_int(node, "transB", 0) != 0,
                                      .alpha = sld_onnx_float(node, "alpha", 1),
                                      .beta = sld_onnx_float(node, "beta", 1)};
    node->out[0] = sld_onnx_emit(node, SLD_OP_MATMUL, &params, in, 3);
}

sld_value *sld_onnx_product(sld_onnx_node *node, sld_matmul_params params, sld_value *a,
                            sld_value *b)
{
    int rank_a = sld_onnx_rank(a), rank_b = sld_onnx_rank(b);
    if (!sld_onnx_ok(node)) {
        return NULL;
    }
    if (rank_a == 0 || rank_b == 0) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "an input is a scalar");
    }
    if (rank_a == 1) {
        a = sld_onnx_reshape(node, a, (sld_onnx_dim_rule[]){sld_onnx_fixed(1), sld_onnx_keep(0)},
                             2);
        params.trans_a = 0;
    }
    if (rank_b == 1) {
        b = sld_onnx_reshape(node, b, (sld_onnx_dim_rule[]){sld_onnx_keep(0), sld_onnx_fixed(1)},
                             2);
        params.trans_b = 0;
    }
    sld_value *y = sld_onnx_emit(node, SLD_OP_MATMUL, &params, (sld_value *[]){a, b}, 2);
    int rank = sld_onnx_rank(y), kept = 0;
    sld_onnx_dim_rule rules[SOLDER_MAX_RANK];
    for (int i = 0; i < rank; i++) {
        bool promoted = (i == rank - 2 && rank_a == 1) || (i == rank - 1 && rank_b == 1);
        if (!promoted) {
            rules[kept++] = sld_onnx_keep(i);
        }
    }
    return kept == rank ? y : sld_onnx_reshape(node, y, rules, kept);
}

void sld_onnx_matmul(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *a = sld_onnx_required(node, 0), *b = sld_onnx_required(node, 1);
    node->out[0] = sld_onnx_product(node, (sld_matmul_params){.alpha = 1, .beta = 1}, a, b);
}
