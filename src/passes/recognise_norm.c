/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     x ----------> Sub --> Div --> y                        x --> Normalization --> y
 *      \-> mean -/    \     /                      ==>
 *                      var + eps, sqrt
 *
 *     x --> exp --> Div --> y                                x --> SoftMax --> y
 *             \-> sum /                            ==>
 *
 * Part of recognise_patterns: formulas that contain a reduction, and PReLU.
 */
#include "passes/match.h"

static solder_status add(sld_graph *graph, sld_node *node, sld_op op, const void *params,
                         sld_value *const *in, uint32_t in_count, sld_value **fresh)
{
    sld_value *value;
    SLD_TRY(sld_graph_add(graph, node, op, node->name, params, in, in_count, &value));
    value->producer->source = node->source;
    *fresh = value;
    return SOLDER_OK;
}

/* The only axis of a mask, or -1. */
static int only_axis(uint32_t axes)
{
    for (int i = 0; i < SOLDER_MAX_RANK; i++) {
        if (axes == 1u << i) {
            return i;
        }
    }
    return -1;
}

/* exp(x - max x) / sum exp(x - max x), or the same without the maximum. */
static solder_status softmax(sld_graph *graph, sld_node *node, sld_value **fresh)
{
    sld_node *quotient = sld_match_binary(node->out[0], SLD_BINARY_DIV);
    sld_node *e = quotient != NULL ? sld_match_unary(node->in[0].value, SLD_UNARY_EXP) : NULL;
    sld_node *sum = e != NULL ? sld_match_reduce(node->in[1].value, SLD_REDUCE_SUM) : NULL;
    if (sum == NULL || sum->in[0].value != e->out[0]) {
        return SOLDER_OK;
    }
    uint32_t axes = ((const sld_reduce_params *)sum->params)->axes;
    sld_value *x = e->in[0].value;
    sld_node *shifted = sld_match_binary(x, SLD_BINARY_SUB);
    sld_node *max = shifted != NULL ? sld_match_reduce(shifted->in[1].value, SLD_REDUCE_MAX) : NULL;
    if (max != NULL && max->in[0].value == shifted->in[0].value &&
        ((const sld_reduce_params *)max->params)->axes == axes) {
        x = shifted->in[0].value;
    }
    sld_softmax_params params = {.axis = only_axis(axes)};
    return params.axis < 0 ? SOLDER_OK : add(graph, node, SLD_OP_SOFTMAX, &params, &x, 1, fresh);
}

static solder_status log_softmax(sld_graph *graph, sld_node *node, sld_value **fresh)
{
    sld_node *log = sld_match_unary(node->out[0], SLD_UNARY_LOG);
    sld_node *soft = log != NULL ? sld_producer(log->in[0].value, SLD_OP_SOFTMAX) : NULL;
    if (soft == NULL || ((const sld_softmax_params *)soft->params)->log != 0) {
        return SOLDER_OK;
    }
    sld_softmax_params params = *(const sld_softmax_params *)soft->params;
    params.log = 1;
    sld_value *x = soft->in[0].value;
    return add(graph, node, SLD_OP_SOFTMAX, &params, &x, 1, fresh);
}

/* x - mean(x): x and the axes. */
static sld_value *match_centred(const sld_value *value, uint32_t *axes)
{
    sld_node *sub = sld_match_binary(value, SLD_BINARY_SUB);
    sld_node *mean = sub != NULL ? sld_match_reduce(sub->in[1].value, SLD_REDUCE_MEAN) : NULL;
    if (mean == NULL || mean->in[0].value != sub->in[0].value) {
        return NULL;
    }
    *axes = ((const sld_reduce_params *)mean->params)->axes;
    return sub->in[0].value;
}

/* var(x) + epsilon over those axes. */
static bool match_variance(sld_value *value, const sld_value *x, uint32_t axes, double *epsilon)
{
    sld_affine chain[SLD_AFFINE_MAX];
    int count = sld_affine_chain(value, chain);
    for (int i = 0; i < count; i++) {
        sld_node *mean = sld_match_reduce(chain[i].value, SLD_REDUCE_MEAN);
        const sld_value *centred = mean != NULL ? sld_match_square(mean->in[0].value) : NULL;
        uint32_t inner;
        if (centred != NULL && chain[i].a == 1 && chain[i].b >= 0 &&
            match_centred(centred, &inner) == x && inner == axes &&
            ((const sld_reduce_params *)mean->params)->axes == axes) {
            *epsilon = chain[i].b;
            return true;
        }
    }
    return false;
}

/* What stands under the root if value is sqrt(v), or 1 / sqrt(v) where inverse. */
static sld_value *match_root(sld_value *value, bool inverse)
{
    double one;
    if (!inverse) {
        sld_node *root = sld_match_unary(value, SLD_UNARY_SQRT);
        return root != NULL ? root->in[0].value : NULL;
    }
    sld_node *node = sld_match_unary(value, SLD_UNARY_RSQRT);
    if (node != NULL) {
        return node->in[0].value;
    }
    node = sld_match_unary(value, SLD_UNARY_RECIP);
    if (node != NULL) {
        return match_root(node->in[0].value, false);
    }
    node = sld_match_binary(value, SLD_BINARY_DIV);
    return node != NULL && sld_constant_uniform(node->in[0].value, &one) && one == 1.0
               ? match_root(node->in[1].value, false)
               : NULL;
}

static solder_status normalise(sld_graph *graph, sld_node *node, sld_value *centred,
                               sld_value *under, sld_value **fresh)
{
    uint32_t axes = 0;
    double epsilon;
    sld_value *x = match_centred(centred, &axes);
    if (x == NULL || under == NULL || !match_variance(under, x, axes, &epsilon) ||
        !sld_same_shape(x, node->out[0])) {
        return SOLDER_OK;
    }
    sld_normalization_params params;
    sld_op_defaults(SLD_OP_NORMALIZATION, &params);
    params.axes = axes;
    params.groups = 1;
    params.channel_affine = 0;
    params.normalize_variance = 1;
    params.subtract_mean = 1;
    params.epsilon_outside = 0;
    params.epsilon = (float)epsilon;
    return add(graph, node, SLD_OP_NORMALIZATION, &params, &x, 1, fresh);
}

static solder_status layer_norm(sld_graph *graph, sld_node *node, sld_value **fresh)
{
    if (sld_match_binary(node->out[0], SLD_BINARY_DIV) != NULL) {
        return normalise(graph, node, node->in[0].value, match_root(node->in[1].value, false),
                         fresh);
    }
    if (sld_match_product(node->out[0]) == NULL) {
        return SOLDER_OK;
    }
    for (uint32_t i = 0; i < 2 && *fresh == NULL; i++) {
        SLD_TRY(normalise(graph, node, node->in[i].value, match_root(node->in[1 - i].value, true),
                          fresh));
    }
    return SOLDER_OK;
}

/* Normalization(x) * scale, Normalization(x) + bias. */
static solder_status norm_affine(sld_graph *graph, sld_node *node, sld_value **fresh)
{
    bool product = sld_match_binary(node->out[0], SLD_BINARY_PROD) != NULL;
    bool sum = sld_match_binary(node->out[0], SLD_BINARY_SUM) != NULL;
    for (uint32_t i = 0; (product || sum) && i < 2; i++) {
        sld_node *norm = sld_producer(node->in[i].value, SLD_OP_NORMALIZATION);
        sld_value *factor = node->in[1 - i].value;
        if (norm == NULL || !sld_value_is_constant(factor) || sld_node_in(norm, 2) != NULL ||
            (product && sld_node_in(norm, 1) != NULL) ||
            sld_value_single_user(norm->out[0]) != node ||
            ((const sld_normalization_params *)norm->params)->channel_affine != 0 ||
            !sld_same_shape(norm->out[0], node->out[0])) {
            continue;
        }
        sld_value *in[] = {norm->in[0].value, product ? factor : sld_node_in(norm, 1),
                           product ? NULL : factor};
        SLD_TRY(add(graph, node, SLD_OP_NORMALIZATION, norm->params, in, product ? 2 : 3, fresh));
        (*fresh)->producer->source = norm->source;
        return sld_join_source(graph, (*fresh)->producer, node);
    }
    return SOLDER_OK;
}

/* c * relu(-x): x, and the constant. */
static sld_value *match_negative_part(const sld_value *value, sld_value **slope)
{
    sld_node *product = sld_match_binary(value, SLD_BINARY_PROD);
    for (uint32_t i = 0; product != NULL && i < 2; i++) {
        sld_node *relu = sld_match_activation(product->in[i].value, SLD_ACT_RELU);
        sld_node *neg = relu != NULL ? sld_match_unary(relu->in[0].value, SLD_UNARY_NEG) : NULL;
        *slope = product->in[1 - i].value;
        if (neg != NULL && sld_value_is_constant(*slope) && sld_same_shape(relu->out[0], value)) {
            return neg->in[0].value;
        }
    }
    return NULL;
}

static solder_status negated(sld_graph *graph, const sld_value *value, sld_value **out)
{
    int64_t dims[SOLDER_MAX_RANK];
    size_t size = solder_dtype_size(value->dtype);
    char *data = sld_arena_alloc(&graph->arena, value->data_size);
    if (data == NULL || !sld_value_static_dims(graph, value, dims)) {
        return sld_fail_memory(graph->diag, value->data_size);
    }
    for (size_t i = 0; i < sld_constant_count(value); i++) {
        sld_store_f64(value->dtype, data + i * size, -sld_constant_at(value, i));
    }
    return sld_graph_add_constant(graph, value->name, value->dtype, value->shape.rank, dims, data,
                                  false, out);
}

/* relu(x) - slope * relu(-x), or + with the slope negated. */
static solder_status prelu(sld_graph *graph, sld_node *node, sld_value **fresh)
{
    bool sum = sld_match_binary(node->out[0], SLD_BINARY_SUM) != NULL;
    if (!sum && sld_match_binary(node->out[0], SLD_BINARY_SUB) == NULL) {
        return SOLDER_OK;
    }
    for (uint32_t i = 0; i < (sum ? 2u : 1u); i++) {
        sld_value *slope;
        sld_node *relu = sld_match_activation(node->in[i].value, SLD_ACT_RELU);
        sld_value *x = relu != NULL ? match_negative_part(node->in[1 - i].value, &slope) : NULL;
        if (x == NULL || relu->in[0].value != x) {
            continue;
        }
        if (sum) {
            SLD_TRY(negated(graph, slope, &slope));
        }
        return add(graph, node, SLD_OP_PRELU, NULL, (sld_value *[]){x, slope}, 2, fresh);
    }
    return SOLDER_OK;
}

solder_status sld_recognise_norm(sld_graph *graph, sld_node *node, sld_value **fresh)
{
    static solder_status (*const patterns[])(sld_graph *, sld_node *, sld_value **) = {
        softmax, log_softmax, layer_norm, norm_affine, prelu};
    for (size_t i = 0; *fresh == NULL && i < SLD_ARRAY_LENGTH(patterns); i++) {
        SLD_TRY(patterns[i](graph, node, fresh));
    }
    return SOLDER_OK;
}
