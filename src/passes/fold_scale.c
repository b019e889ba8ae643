/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     x --> Convolution --> BatchNorm --> y     ==>     x --> Convolution --> y
 *     [w] -/               [5 vectors] -/               [w'] [bias'] -/
 *
 * BatchNorm with constants is a Scale; Scales in a row are one; and a Scale with constants moves
 * into the constant weights and bias of the convolution, deconvolution or matrix product before it,
 * or of the convolution after it (there only if it shifts nothing into the padding). Sums are made
 * in double. A Scale that holds an infinity or a NaN stays: 0 * infinity would appear in weights.
 */
#include <math.h>

#include "passes/pass.h"
#include "passes/rewrite.h"

/* y = x * s[c] + t[c], c of count channels along axis. */
typedef struct channels {
    double *s, *t;
    size_t count;
    int axis;
    bool shifts; /* some t is not 0 */
} channels;

typedef struct folder {
    sld_graph *graph;
    sld_arena scratch;
    bool changed;
} folder;

static solder_status make_channels(folder *f, int axis, size_t count, channels *c)
{
    *c = (channels){.axis = axis, .count = count};
    c->s = sld_arena_array(&f->scratch, count, sizeof *c->s);
    c->t = sld_arena_array(&f->scratch, count, sizeof *c->t);
    return c->s != NULL && c->t != NULL ? SOLDER_OK
                                        : sld_fail_memory(f->graph->diag, count * sizeof *c->s);
}

static bool all_finite(channels *c)
{
    c->shifts = false;
    for (size_t i = 0; i < c->count; i++) {
        if (!isfinite(c->s[i]) || !isfinite(c->t[i])) {
            return false;
        }
        c->shifts = c->shifts || c->t[i] != 0;
    }
    return true;
}

/* The vectors of a Scale along one axis; count 0 if it has no such form. */
static solder_status read_scale(folder *f, const sld_node *node, channels *c)
{
    const sld_value *scale = sld_node_in(node, 1);
    const sld_value *shift = sld_node_in(node, 2);
    const sld_value *any = scale != NULL ? scale : shift;
    *c = (channels){.count = 0};
    if (any == NULL || any->shape.rank != 1 || (scale != NULL && !sld_value_is_constant(scale)) ||
        (shift != NULL && !sld_value_is_constant(shift)) || !sld_dtype_foldable(any->dtype)) {
        return SOLDER_OK;
    }
    size_t count = sld_constant_count(any);
    SLD_TRY(make_channels(f, ((const sld_scale_params *)node->params)->axis, count, c));
    for (size_t i = 0; i < count; i++) {
        c->s[i] = scale != NULL ? sld_constant_at(scale, i) : 1;
        c->t[i] = shift != NULL ? sld_constant_at(shift, i) : 0;
    }
    c->count = all_finite(c) ? count : 0;
    return SOLDER_OK;
}

/* A Scale of x by those channels in node's place. */
static solder_status replace_by_scale(folder *f, sld_node *node, sld_value *x, const channels *c)
{
    sld_value *in[] = {x, NULL, NULL};
    sld_value *fresh;
    sld_scale_params params;
    sld_op_defaults(SLD_OP_SCALE, &params);
    params.axis = c->axis;
    if (node->op == SLD_OP_SCALE) {
        params.epilogue = *sld_node_epilogue(node);
    }
    SLD_TRY(sld_add_vector(f->graph, node->name, x->dtype, c->s, c->count, &in[1]));
    if (c->shifts) {
        SLD_TRY(sld_add_vector(f->graph, node->name, x->dtype, c->t, c->count, &in[2]));
    }
    SLD_TRY(sld_graph_add(f->graph, node, SLD_OP_SCALE, node->name, &params, in, 3, &fresh));
    fresh->producer->source = node->source;
    f->changed = true;
    SLD_TRY(sld_take_over(f->graph, node->out[0], fresh));
    sld_graph_remove_node(f->graph, node);
    return SOLDER_OK;
}

static solder_status fold_batchnorm(folder *f, sld_node *node)
{
    channels c;
    sld_value *x = node->in[0].value;
    for (uint32_t i = 1; i < 5; i++) {
        if (!sld_value_is_constant(node->in[i].value) ||
            !sld_dtype_foldable(node->in[i].value->dtype)) {
            return SOLDER_OK;
        }
    }
    double epsilon = ((const sld_batchnorm_params *)node->params)->epsilon;
    SLD_TRY(make_channels(f, x->shape.rank > 1 ? 1 : 0, sld_constant_count(node->in[1].value), &c));
    for (size_t i = 0; i < c.count; i++) {
        double variance = sld_constant_at(node->in[4].value, i);
        double mean = sld_constant_at(node->in[3].value, i);
        c.s[i] = sld_constant_at(node->in[1].value, i) / sqrt(variance + epsilon);
        c.t[i] = sld_constant_at(node->in[2].value, i) - mean * c.s[i];
    }
    return all_finite(&c) && sld_dtype_foldable(x->dtype) ? replace_by_scale(f, node, x, &c)
                                                          : SOLDER_OK;
}

/* Scale after Scale along one axis. */
static solder_status merge_scales(folder *f, sld_node *node, const channels *c)
{
    channels before;
    sld_node *first = node->in[0].value->producer;
    SLD_TRY(read_scale(f, first, &before));
    if (before.count != c->count || before.axis != c->axis) {
        return SOLDER_OK;
    }
    for (size_t i = 0; i < c->count; i++) {
        before.t[i] = before.t[i] * c->s[i] + c->t[i];
        before.s[i] *= c->s[i];
    }
    if (!all_finite(&before)) {
        return SOLDER_OK;
    }
    SLD_TRY(sld_join_source(f->graph, first, node));
    node->source = first->source;
    return replace_by_scale(f, node, first->in[0].value, &before);
}

/* ---- weights ---- */

/* Where the channels of a weight tensor stand: index / inner % extent, in each of `groups` blocks
 * along dim 0 of `block` elements when the channels of a group follow those of the one before. */
typedef struct weight_axis {
    size_t inner, extent, block;
} weight_axis;

static size_t channel_of(const weight_axis *a, size_t index)
{
    size_t group = a->block > 0 ? index / a->block : 0;
    return group * a->extent + index / a->inner % a->extent;
}

static bool scales(const channels *c)
{
    for (size_t i = 0; i < c->count; i++) {
        if (c->s[i] != 1.0) {
            return true;
        }
    }
    return false;
}

/* Weights with each element multiplied by its channel's s: a copy, unless every s is 1. */
static solder_status scaled_weights(folder *f, sld_value *weights, const weight_axis *axis,
                                    const channels *c, sld_value **out)
{
    if (!scales(c)) {
        *out = weights;
        return SOLDER_OK;
    }
    int64_t dims[SOLDER_MAX_RANK];
    size_t size = solder_dtype_size(weights->dtype);
    char *data = sld_arena_alloc(&f->graph->arena, weights->data_size);
    if (data == NULL || !sld_value_static_dims(f->graph, weights, dims)) {
        return sld_fail_memory(f->graph->diag, weights->data_size);
    }
    for (size_t i = 0; i < sld_constant_count(weights); i++) {
        sld_store_f64(weights->dtype, data + i * size,
                      sld_constant_at(weights, i) * c->s[channel_of(axis, i)]);
    }
    return sld_graph_add_constant(f->graph, weights->name, weights->dtype, weights->shape.rank,
                                  dims, data, false, out);
}

/* Product of the weights' dims from an index on. */
static size_t inner_count(const sld_graph *graph, const sld_value *weights, int from)
{
    int64_t dims[SOLDER_MAX_RANK];
    size_t product = 1;
    (void)sld_value_static_dims(graph, weights, dims);
    for (int i = from; i < weights->shape.rank; i++) {
        product *= (size_t)dims[i];
    }
    return product;
}

/* Where the output channels stand in the node's weights; false if the Scale lies elsewhere. */
static bool output_axis(const sld_graph *graph, const sld_node *node, const channels *c,
                        weight_axis *axis)
{
    const sld_value *w = node->in[1].value;
    int rank = w->shape.rank;
    if (node->op == SLD_OP_CONVOLUTION) {
        *axis = (weight_axis){inner_count(graph, w, 1), c->count, 0};
        return c->axis == 1;
    }
    if (node->op == SLD_OP_DECONVOLUTION) {
        size_t groups = (size_t)((const sld_deconv_params *)node->params)->groups;
        *axis = (weight_axis){inner_count(graph, w, 2), c->count / groups,
                              sld_constant_count(w) / groups};
        return c->axis == 1;
    }
    bool transposed = ((const sld_matmul_params *)node->params)->trans_b != 0;
    *axis = (weight_axis){transposed ? inner_count(graph, w, rank - 1) : 1, c->count, 0};
    return c->axis == node->out[0]->shape.rank - 1;
}

static bool weights_are_foldable(const sld_node *node)
{
    const sld_value *w = node->in[1].value;
    const sld_value *bias = sld_node_in(node, 2);
    return sld_value_is_constant(w) && sld_dtype_foldable(w->dtype) && w->data_size > 0 &&
           (bias == NULL || sld_value_is_constant(bias));
}

/* bias * s + t over the output channels; false if the bias is not one number per channel. */
static bool shifted_bias(const sld_node *node, const channels *c, double *bias)
{
    const sld_value *old = sld_node_in(node, 2);
    size_t count = old != NULL ? sld_constant_count(old) : 0;
    double beta = node->op == SLD_OP_MATMUL ? ((const sld_matmul_params *)node->params)->beta : 1;
    /* A MatMul bias [M, 1] has as many elements as one of [N] if M = N. */
    bool last = old == NULL || old->shape.rank == 1 || count == 1;
    for (size_t i = 0; i < c->count; i++) {
        double b = old != NULL && count > 0 ? sld_constant_at(old, count == 1 ? 0 : i % count) : 0;
        bias[i] = b * beta * c->s[i] + c->t[i];
    }
    return last && (old == NULL || count == 1 || count == c->count);
}

static solder_status install_weights(folder *f, sld_node *node, sld_value *weights,
                                     const double *bias, size_t count)
{
    sld_value *bias_value;
    SLD_TRY(sld_add_vector(f->graph, node->name, weights->dtype, bias, count, &bias_value));
    if (node->in_count < 3) {
        SLD_TRY(sld_graph_resize_inputs(f->graph, node, 3));
    }
    sld_graph_set_input(node, 1, weights);
    sld_graph_set_input(node, 2, bias_value);
    if (node->op == SLD_OP_MATMUL) {
        ((sld_matmul_params *)node->params)->beta = 1.0F;
    }
    f->changed = true;
    return sld_graph_infer_node(f->graph, node);
}

/* Convolution, deconvolution or matrix product, then Scale. */
static solder_status fold_after(folder *f, sld_node *node, const channels *c)
{
    sld_node *product = node->in[0].value->producer;
    weight_axis axis;
    if (!weights_are_foldable(product) || !output_axis(f->graph, product, c, &axis)) {
        return SOLDER_OK;
    }
    double *bias = sld_arena_array(&f->scratch, c->count, sizeof *bias);
    if (bias == NULL) {
        return sld_fail_memory(f->graph->diag, c->count * sizeof *bias);
    }
    if (!shifted_bias(product, c, bias)) {
        return SOLDER_OK;
    }
    sld_value *weights;
    SLD_TRY(scaled_weights(f, product->in[1].value, &axis, c, &weights));
    SLD_TRY(install_weights(f, product, weights, bias, c->count));
    *sld_node_epilogue(product) = *sld_node_epilogue(node);
    SLD_TRY(sld_join_source(f->graph, product, node));
    SLD_TRY(sld_take_over(f->graph, node->out[0], product->out[0]));
    sld_graph_remove_node(f->graph, node);
    return SOLDER_OK;
}

static bool has_no_padding(const sld_conv_params *p)
{
    if (p->pad_mode == SLD_PAD_VALID) {
        return true;
    }
    for (int i = 0; i < p->spatial; i++) {
        if (p->pad_begin[i] > 0 || p->pad_end[i] > 0) {
            return false;
        }
    }
    return p->pad_mode == SLD_PAD_EXPLICIT;
}

/* Scale, then Convolution: the shift reaches the bias through the weights. */
static solder_status fold_before(folder *f, sld_node *node, const channels *c)
{
    sld_node *conv = sld_value_single_user(node->out[0]);
    const sld_conv_params *p = conv->params;
    sld_value *w = conv->in[1].value;
    const sld_value *old = sld_node_in(conv, 2);
    if (c->axis != 1 || !weights_are_foldable(conv) || (c->shifts && !has_no_padding(p))) {
        return SOLDER_OK;
    }
    size_t groups = (size_t)p->groups;
    size_t elements = sld_constant_count(w);
    size_t per_output = inner_count(f->graph, w, 1);
    size_t outputs = elements / per_output;
    const weight_axis axis = {inner_count(f->graph, w, 2), c->count / groups, elements / groups};
    double *bias = sld_arena_array(&f->scratch, outputs, sizeof *bias);
    if (bias == NULL) {
        return sld_fail_memory(f->graph->diag, outputs * sizeof *bias);
    }
    for (size_t i = 0; i < outputs; i++) {
        bias[i] = old != NULL ? sld_constant_at(old, i) : 0;
    }
    for (size_t i = 0; i < elements; i++) {
        bias[i / per_output] += sld_constant_at(w, i) * c->t[channel_of(&axis, i)];
    }
    sld_value *weights;
    SLD_TRY(scaled_weights(f, w, &axis, c, &weights));
    SLD_TRY(install_weights(f, conv, weights, bias, outputs));
    SLD_TRY(sld_join_source(f->graph, node, conv));
    conv->source = node->source;
    sld_graph_set_input(conv, 0, node->in[0].value);
    sld_graph_remove_node(f->graph, node);
    return SOLDER_OK;
}

static solder_status fold_scale_node(folder *f, sld_node *node)
{
    channels c;
    sld_value *x = node->in[0].value;
    sld_node *before = x->kind == SLD_VALUE_NODE ? x->producer : NULL;
    SLD_TRY(read_scale(f, node, &c));
    if (c.count == 0) {
        return SOLDER_OK;
    }
    if (before != NULL && sld_value_single_user(x) == node && sld_node_plain(before)) {
        if (before->op == SLD_OP_SCALE) {
            return merge_scales(f, node, &c);
        }
        if (before->op == SLD_OP_CONVOLUTION || before->op == SLD_OP_DECONVOLUTION ||
            before->op == SLD_OP_MATMUL) {
            return fold_after(f, node, &c);
        }
    }
    const sld_node *after = sld_value_single_user(node->out[0]);
    return after != NULL && after->op == SLD_OP_CONVOLUTION && after->in[0].value == node->out[0] &&
                   sld_node_plain(node)
               ? fold_before(f, node, &c)
               : SOLDER_OK;
}

solder_status sld_pass_fold_scale(sld_graph *graph, const sld_pass_options *options, bool *changed)
{
    (void)options;
    folder f = {.graph = graph};
    sld_arena_init(&f.scratch, graph->allocator, 0);
    solder_status status = SOLDER_OK;
    for (sld_node *node = graph->first, *next; status == SOLDER_OK && node != NULL; node = next) {
        next = node->next;
        f.changed = false;
        if (node->op == SLD_OP_BATCHNORM) {
            status = fold_batchnorm(&f, node);
        } else if (node->op == SLD_OP_SCALE) {
            status = fold_scale_node(&f, node);
        }
        if (f.changed) { /* what stands in its place now may fold further */
            next = next != NULL ? next->previous : graph->last;
            *changed = true;
        }
    }
    sld_arena_free(&f.scratch);
    return status;
}
