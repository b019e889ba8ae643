/* SPDX-License-Identifier: Apache-2.0 */
/* Normalisations and the softmax family. */
#include "import/onnx/onnx_ops.h"

uint32_t sld_onnx_axes_from(int first, int rank)
{
    return (uint32_t)(((uint64_t)1 << rank) - ((uint64_t)1 << first));
}

void sld_onnx_batch_norm(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *in[5];
    for (uint32_t i = 0; i < 5; i++) {
        in[i] = sld_onnx_required(node, i);
    }
    const sld_batchnorm_params params = {.epsilon = sld_onnx_float(node, "epsilon", 1e-5f)};
    (void)sld_onnx_float(node, "momentum", 0.9f); /* only training uses it */
    if (node->version < 9 && !sld_onnx_bool(node, "spatial", true)) {
        sld_onnx_unsupported(node, "spatial 0");
    }
    if (node->version >= 14 && sld_onnx_bool(node, "training_mode", false)) {
        sld_onnx_unsupported(node, "training_mode 1");
    }
    node->out[0] = sld_onnx_emit(node, SLD_OP_BATCHNORM, &params, in, 5);
}

/* The kernels compute in at least float32 and round once; other stash types mean less. */
static void check_stash_type(sld_onnx_node *node)
{
    int64_t type = sld_onnx_int(node, "stash_type", 1);
    if (type != 1) {
        sld_onnx_unsupported(node, "stash_type %lld", (long long)type);
    }
}

static sld_value *normalize(sld_onnx_node *node, sld_normalization_params params, sld_value *x,
                            sld_value *scale, sld_value *bias)
{
    params.epsilon = sld_onnx_float(node, "epsilon", 1e-5f);
    params.normalize_variance = 1;
    return sld_onnx_emit(node, SLD_OP_NORMALIZATION, &params, (sld_value *[]){x, scale, bias}, 3);
}

void sld_onnx_instance_norm(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0), *scale = sld_onnx_required(node, 1);
    const sld_normalization_params params = {.axes = sld_onnx_axes_from(2, sld_onnx_rank(x)),
                                             .groups = 1,
                                             .channel_affine = 1,
                                             .subtract_mean = 1};
    if (sld_onnx_ok(node) && sld_onnx_rank(x) < 3) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "the input has rank %d, at least 3 are needed",
                      sld_onnx_rank(x));
    }
    node->out[0] = normalize(node, params, x, scale, sld_onnx_required(node, 2));
}

/* Before operator set 21 scale and bias had one element per group: repeat them per channel. */
static sld_value *per_channel(sld_onnx_node *node, sld_value *x, int64_t groups, sld_value *v)
{
    int64_t channels = 0;
    if (!sld_onnx_ok(node) || node->version >= 21) {
        return v;
    }
    if (!sld_onnx_dim(node, x, 1, &channels) || channels % groups != 0) {
        sld_onnx_unsupported(node, "%lld groups of an open number of channels", (long long)groups);
    }
    v = sld_onnx_reshape(node, v, (sld_onnx_dim_rule[]){sld_onnx_fixed(groups), sld_onnx_fixed(1)},
                         2);
    const sld_expand_params wide = {.rank = 2, .dims = {groups, channels / groups}};
    v = sld_onnx_emit(node, SLD_OP_EXPAND, &wide, &v, 1);
    return sld_onnx_reshape(node, v, (sld_onnx_dim_rule[]){sld_onnx_fixed(channels)}, 1);
}

void sld_onnx_group_norm(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0), *scale = sld_onnx_required(node, 1);
    sld_value *bias = sld_onnx_required(node, 2);
    const sld_normalization_params params = {
        .axes = sld_onnx_axes_from(2, sld_onnx_rank(x)),
        .groups = sld_onnx_int_in(node, "num_groups", 0, 1, INT32_MAX),
        .channel_affine = 1,
        .subtract_mean = 1};
    if (node->version >= 21) {
        check_stash_type(node);
    }
    if (sld_onnx_ok(node) && sld_onnx_rank(x) < 2) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "the input has rank %d, at least 2 are needed",
                      sld_onnx_rank(x));
    }
    scale = per_channel(node, x, params.groups, scale);
    bias = per_channel(node, x, params.groups, bias);
    node->out[0] = normalize(node, params, x, scale, bias);
}

static bool wanted(const sld_onnx_node *node, uint32_t out)
{
    return out < node->out_count && node->wanted[out];
}

/* 1 / sqrt(mean square + epsilon), in float32 as stash_type 1 says. */
static sld_value *inverse_deviation(sld_onnx_node *node, sld_value *distance, uint32_t axes,
                                    float epsilon)
{
    solder_dtype dtype = distance != NULL ? distance->dtype : SOLDER_F32;
    sld_value *square = sld_onnx_unary(node, SLD_UNARY_SQUARE, distance);
    sld_value *variance = sld_onnx_reduce(node, SLD_REDUCE_MEAN, axes, true, square);
    sld_value *sum = sld_onnx_binary(node, SLD_BINARY_SUM, variance,
                                     sld_onnx_scalar(node, dtype, (double)epsilon));
    return sld_onnx_cast(node, SOLDER_F32, sld_onnx_unary(node, SLD_UNARY_RSQRT, sum));
}

static sld_value *widened(sld_onnx_node *node, sld_value *x)
{
    bool wide = x != NULL && x->dtype == SOLDER_F64;
    return sld_onnx_cast(node, wide ? SOLDER_F64 : SOLDER_F32, x);
}

/* LayerNormalization's optional outputs. */
static void layer_statistics(sld_onnx_node *node, sld_value *x, uint32_t axes, float epsilon)
{
    if (!wanted(node, 1) && !wanted(node, 2)) {
        return;
    }
    x = widened(node, x);
    sld_value *mean = sld_onnx_reduce(node, SLD_REDUCE_MEAN, axes, true, x);
    if (wanted(node, 1)) {
        node->out[1] = sld_onnx_cast(node, SOLDER_F32, mean);
    }
    if (wanted(node, 2)) {
        sld_value *distance = sld_onnx_binary(node, SLD_BINARY_SUB, x, mean);
        node->out[2] = inverse_deviation(node, distance, axes, epsilon);
    }
}

void sld_onnx_layer_norm(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0), *scale = sld_onnx_required(node, 1);
    int rank = sld_onnx_rank(x);
    int axis = sld_onnx_ok(node) ? sld_onnx_axis(node, sld_onnx_int(node, "axis", -1), rank) : 0;
    check_stash_type(node);
    const sld_normalization_params params = {
        .axes = sld_onnx_axes_from(axis, rank), .groups = 1, .subtract_mean = 1};
    layer_statistics(node, x, params.axes, sld_onnx_float(node, "epsilon", 1e-5f));
    node->out[0] = normalize(node, params, x, scale, sld_onnx_input(node, 2));
}

/* simplified: ONNX Runtime's name for it, with a second output. */
void sld_onnx_rms_norm(sld_onnx_node *node, int simplified)
{
    sld_value *x = sld_onnx_required(node, 0), *scale = sld_onnx_required(node, 1);
    int rank = sld_onnx_rank(x);
    int axis = sld_onnx_ok(node) ? sld_onnx_axis(node, sld_onnx_int(node, "axis", -1), rank) : 0;
    check_stash_type(node);
    const sld_normalization_params params = {.axes = sld_onnx_axes_from(axis, rank), .groups = 1};
    node->out[0] = normalize(node, params, x, scale, NULL);
    if (simplified && wanted(node, 1)) {
        node->out[1] = inverse_deviation(node, widened(node, x), params.axes,
                                         sld_onnx_float(node, "epsilon", 1e-5f));
    }
}

void sld_onnx_mvn(sld_onnx_node *node, int told)
{
    (void)told;
    static const int64_t usual[] = {0, 2, 3};
    sld_value *x = sld_onnx_required(node, 0);
    size_t count;
    const int64_t *axes = sld_onnx_ints(node, "axes", &count);
    if (axes == NULL) {
        axes = usual;
        count = SLD_ARRAY_LENGTH(usual);
    }
    /* 1e-9 is the constant of the operator's definition, added to the deviation. */
    sld_normalization_params params = {.groups = 1,
                                       .subtract_mean = 1,
                                       .normalize_variance = 1,
                                       .epsilon_outside = 1,
                                       .epsilon = 1e-9f};
    for (size_t i = 0; i < count && sld_onnx_ok(node); i++) {
        params.axes |= (uint32_t)1 << sld_onnx_axis(node, axes[i], sld_onnx_rank(x));
    }
    node->out[0] = sld_onnx_emit(node, SLD_OP_NORMALIZATION, &params, &x, 1);
}

void sld_onnx_lp_norm(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0);
    sld_lpnorm_params params = {.p = sld_onnx_int_in(node, "p", 2, 1, 2)};
    int64_t axis = sld_onnx_int(node, "axis", -1);
    if (sld_onnx_ok(node)) {
        params.axis = sld_onnx_axis(node, axis, sld_onnx_rank(x));
    }
    node->out[0] = sld_onnx_emit(node, SLD_OP_LPNORM, &params, &x, 1);
}

void sld_onnx_lrn(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0);
    const sld_lrn_params params = {.size = sld_onnx_int_in(node, "size", 0, 1, INT32_MAX),
                                   .alpha = sld_onnx_float(node, "alpha", 1e-4f),
                                   .beta = sld_onnx_float(node, "beta", 0.75f),
                                   .k = sld_onnx_float(node, "bias", 1)};
    node->out[0] = sld_onnx_emit(node, SLD_OP_LRN, &params, &x, 1);
}

/* ---- softmax ---- */

/*
 * Before operator set 13 the family works on the input as a matrix cut at axis: *flat is that
 * matrix, and the axis to work along is returned.
 */
static int flatten_at_axis(sld_onnx_node *node, sld_value *x, sld_value **flat)
{
    int rank = sld_onnx_rank(x);
    bool old = node->version < 13;
    int64_t given = sld_onnx_int(node, "axis", old ? 1 : -1);
    *flat = x;
    if (!sld_onnx_ok(node)) {
        return 0;
    }
    int axis = old && given == rank ? rank : sld_onnx_axis(node, given, rank);
    if (!old || (axis == rank - 1 && axis >= 0)) {
        return axis;
    }
    *flat =
        sld_onnx_reshape(node, x, (sld_onnx_dim_rule[]){{0, axis, 1, 1}, {axis, rank, 1, 1}}, 2);
    return 1;
}

void sld_onnx_softmax(sld_onnx_node *node, int log)
{
    sld_value *x = sld_onnx_required(node, 0), *flat = NULL;
    const sld_softmax_params params = {.axis = flatten_at_axis(node, x, &flat), .log = log};
    sld_value *y = sld_onnx_emit(node, SLD_OP_SOFTMAX, &params, &flat, 1);
    node->out[0] = flat == x ? y : sld_onnx_reshape_like(node, y, x);
}

/* 1 where the index along axis is that of the first largest element. */
void sld_onnx_hardmax(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0), *flat = NULL;
    const sld_argmax_params params = {.axis = flatten_at_axis(node, x, &flat), .keep_dims = 1};
    sld_value *largest = sld_onnx_emit(node, SLD_OP_ARGMAX, &params, &flat, 1);
    sld_value *index = sld_onnx_count_along(node, flat, params.axis);
    sld_value *hit = sld_onnx_binary(node, SLD_BINARY_EQUAL, index, largest);
    sld_value *y = x != NULL ? sld_onnx_cast(node, x->dtype, hit) : NULL;
    node->out[0] = flat == x ? y : sld_onnx_reshape_like(node, y, x);
}
