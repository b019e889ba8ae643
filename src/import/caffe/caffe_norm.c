/* SPDX-License-Identifier: Apache-2.0 */
/* Normalisation, scaling, reductions. */
#include <math.h>

#include "import/caffe/caffe.h"

solder_status sld_caffe_lrn(sld_caffe *c, sld_caffe_layer *l)
{
    const Caffe__LRNParameter *p = l->param;
    sld_lrn_params params;
    sld_op_defaults(SLD_OP_LRN, &params);
    SLD_TRY(sld_caffe_i32(c, l, "local_size", p->local_size, 1, &params.size));
    if (params.size % 2 == 0) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "local_size %d is even", (int)params.size);
    }
    params.within = p->norm_region == CAFFE__LRNPARAMETER__NORM_REGION__WITHIN_CHANNEL;
    params.alpha = p->alpha;
    params.beta = p->beta;
    params.k = params.within ? 1 : p->k; /* Caffe has no k within a channel */
    sld_value *x = sld_caffe_in(l, 0), *y;
    SLD_TRY(sld_caffe_add(c, l, SLD_OP_LRN, &params, &x, 1, &y));
    sld_caffe_out(l, 0, y);
    return SOLDER_OK;
}

/* ---- BatchNorm ---- */

static solder_status batch_statistics(sld_caffe *c, sld_caffe_layer *l)
{
    const Caffe__BatchNormParameter *p = l->param;
    sld_value *x = sld_caffe_in(l, 0), *y;
    sld_normalization_params params;
    sld_op_defaults(SLD_OP_NORMALIZATION, &params);
    params.axes = ((1u << x->shape.rank) - 1u) & ~2u;
    params.epsilon = p->eps;
    SLD_TRY(sld_caffe_add(c, l, SLD_OP_NORMALIZATION, &params, &x, 1, &y));
    sld_caffe_out(l, 0, y);
    return SOLDER_OK;
}

/* A statistic of BVLC's three blobs is a sum still to be multiplied by 1 / factor. */
static solder_status load_statistic(sld_caffe *c, sld_caffe_layer *l, const sld_caffe_want *want,
                                    float scale, sld_value **out)
{
    const float *data = NULL;
    SLD_TRY(sld_caffe_load(c, l, want, &data));
    if (scale != 1) {
        size_t count = (size_t)want->dims[0];
        float *scaled = sld_arena_array(&c->graph->arena, count, sizeof *scaled);
        if (scaled == NULL) {
            return sld_fail_memory(c->diag, count * sizeof *scaled);
        }
        for (size_t i = 0; i < count; i++) {
            scaled[i] = data[i] * scale;
        }
        data = scaled;
    }
    return sld_caffe_constant(c, l, want, data, out);
}

static solder_status constant_vector(sld_caffe *c, sld_caffe_layer *l, sld_caffe_want want,
                                     float value, sld_value **out)
{
    float *data = sld_arena_array(&c->graph->arena, (size_t)want.dims[0], sizeof *data);
    if (data == NULL) {
        return sld_fail_memory(c->diag, (size_t)want.dims[0] * sizeof *data);
    }
    for (int64_t i = 0; i < want.dims[0]; i++) {
        data[i] = value;
    }
    return sld_caffe_constant(c, l, &want, data, out);
}

/* The moving-average factor: BVLC divides by it (0: all statistics are 0). */
static solder_status load_factor(sld_caffe *c, sld_caffe_layer *l, bool divide, float *scale)
{
    sld_caffe_want want = {.index = 2,
                           .what = "moving-average factor",
                           .fill = SLD_CAFFE_FILL_ONE,
                           .rank = 1,
                           .dims = {1}};
    const float *factor = NULL;
    SLD_TRY(sld_caffe_load(c, l, &want, &factor));
    *scale = !divide ? 1 : factor[0] == 0 ? 0 : 1 / factor[0];
    return SOLDER_OK;
}

static size_t stored_blobs(const sld_caffe *c, const sld_caffe_layer *l)
{
    const sld_caffe_stored *stored = c->stored != NULL ? sld_names_find(c->stored, l->name) : NULL;
    return stored != NULL ? stored->count : 0;
}

/* Three blobs (mean, variance, factor), or NVCaffe's five (.., .., unused, scale, bias). */
solder_status sld_caffe_batchnorm(sld_caffe *c, sld_caffe_layer *l)
{
    const Caffe__BatchNormParameter *p = l->param;
    sld_value *in[5] = {sld_caffe_in(l, 0)}, *y;
    if (p->has_use_global_stats && !p->use_global_stats) {
        return batch_statistics(c, l);
    }
    int64_t channels = 1;
    if (in[0]->shape.rank > 1) {
        SLD_TRY(sld_caffe_dim(c, l, in[0], 1, &channels));
    }
    bool five = p->scale_bias || stored_blobs(c, l) == 5;
    float scale;
    SLD_TRY(load_factor(c, l, !five, &scale));
    sld_caffe_want want = {
        .what = "mean", .fill = SLD_CAFFE_FILL_BIAS, .rank = 1, .dims = {channels}};
    SLD_TRY(load_statistic(c, l, &want, scale, &in[3]));
    want.index = 1;
    want.what = "variance";
    want.fill = SLD_CAFFE_FILL_POSITIVE;
    SLD_TRY(load_statistic(c, l, &want, scale, &in[4]));
    want.index = 3;
    want.what = "scale";
    SLD_TRY(five ? sld_caffe_weight(c, l, &want, &in[1]) : constant_vector(c, l, want, 1, &in[1]));
    want.index = 4;
    want.what = "bias";
    want.fill = SLD_CAFFE_FILL_BIAS;
    SLD_TRY(five ? sld_caffe_weight(c, l, &want, &in[2]) : constant_vector(c, l, want, 0, &in[2]));
    sld_batchnorm_params params;
    sld_op_defaults(SLD_OP_BATCHNORM, &params);
    params.epsilon = p->eps;
    SLD_TRY(sld_caffe_add(c, l, SLD_OP_BATCHNORM, &params, in, 5, &y));
    sld_caffe_out(l, 0, y);
    return SOLDER_OK;
}

/* ---- Scale and Bias ---- */

/* The dims that num_axes axes from axis on have: what a learned scale or bias covers. */
static solder_status covered_dims(const sld_caffe *c, const sld_caffe_layer *l, int axis,
                                  int32_t num_axes, sld_caffe_want *want)
{
    const sld_value *x = sld_caffe_in(l, 0);
    int rank = x->shape.rank;
    if (num_axes < -1 || num_axes > rank - axis) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA,
                              "num_axes %d from axis %d on exceeds %d axes", (int)num_axes, axis,
                              rank);
    }
    want->rank = num_axes < 0 ? rank - axis : num_axes;
    for (int i = 0; i < want->rank; i++) {
        SLD_TRY(sld_caffe_dim(c, l, x, axis + i, &want->dims[i]));
    }
    return SOLDER_OK;
}

static solder_status check_second(const sld_caffe *c, const sld_caffe_layer *l, int axis)
{
    const sld_shape *x = &sld_caffe_in(l, 0)->shape, *y = &sld_caffe_in(l, 1)->shape;
    bool fits = axis + y->rank <= x->rank;
    for (int i = 0; fits && i < y->rank; i++) {
        int64_t a, b;
        fits = !sld_expr_is_const(&c->graph->exprs, x->d[axis + i], &a) ||
               !sld_expr_is_const(&c->graph->exprs, y->d[i], &b) || a == b;
    }
    return fits ? SOLDER_OK
                : sld_caffe_fail(c, l, SOLDER_ERROR_DATA,
                                 "its bottom '%s' does not fit '%s' from axis %d on",
                                 l->p->bottom[1], l->p->bottom[0], axis);
}

/* x * scale + shift on the axes from axis on; either may be NULL. All of one rank. */
static solder_status add_scale(sld_caffe *c, sld_caffe_layer *l, int axis,
                               sld_value *const scale_shift[2])
{
    sld_value *y = sld_caffe_in(l, 0);
    sld_value *scale = scale_shift[0], *shift = scale_shift[1];
    int rank = scale != NULL ? scale->shape.rank : shift->shape.rank;
    if (rank == 0) { /* a number broadcasts by itself */
        if (scale != NULL) {
            SLD_TRY(sld_caffe_binary(c, l, SLD_BINARY_PROD, y, scale, &y));
        }
        if (shift != NULL) {
            SLD_TRY(sld_caffe_binary(c, l, SLD_BINARY_SUM, y, shift, &y));
        }
    } else {
        sld_scale_params params;
        sld_op_defaults(SLD_OP_SCALE, &params);
        params.axis = axis;
        SLD_TRY(
            sld_caffe_add(c, l, SLD_OP_SCALE, &params, (sld_value *[]){y, scale, shift}, 3, &y));
    }
    sld_caffe_out(l, 0, y);
    return SOLDER_OK;
}

solder_status sld_caffe_scale(sld_caffe *c, sld_caffe_layer *l)
{
    const Caffe__ScaleParameter *p = l->param;
    bool learned = l->p->n_bottom == 1;
    sld_value *in[2] = {NULL};
    int axis;
    sld_caffe_want want = {.what = "scale", .fill = SLD_CAFFE_FILL_POSITIVE};
    bool number = learned ? p->num_axes == 0 : sld_caffe_in(l, 1)->shape.rank == 0;
    int rank = sld_caffe_in(l, 0)->shape.rank;
    SLD_TRY(sld_caffe_axis(c, l, number ? 0 : p->axis, rank, &axis));
    if (learned) {
        SLD_TRY(covered_dims(c, l, axis, p->num_axes, &want));
        SLD_TRY(sld_caffe_weight(c, l, &want, &in[0]));
    } else {
        SLD_TRY(check_second(c, l, axis));
        in[0] = sld_caffe_in(l, 1);
        want.rank = in[0]->shape.rank;
    }
    if (p->bias_term) {
        SLD_TRY(covered_dims(c, l, axis, want.rank, &want));
        want.index = learned;
        want.what = "bias";
        want.fill = SLD_CAFFE_FILL_BIAS;
        SLD_TRY(sld_caffe_weight(c, l, &want, &in[1]));
    }
    return add_scale(c, l, axis, in);
}

solder_status sld_caffe_bias(sld_caffe *c, sld_caffe_layer *l)
{
    const Caffe__BiasParameter *p = l->param;
    bool learned = l->p->n_bottom == 1;
    bool number = learned ? p->num_axes == 0 : sld_caffe_in(l, 1)->shape.rank == 0;
    sld_value *in[2] = {NULL};
    int axis;
    SLD_TRY(sld_caffe_axis(c, l, number ? 0 : p->axis, sld_caffe_in(l, 0)->shape.rank, &axis));
    if (learned) {
        sld_caffe_want want = {.what = "bias", .fill = SLD_CAFFE_FILL_BIAS};
        SLD_TRY(covered_dims(c, l, axis, p->num_axes, &want));
        SLD_TRY(sld_caffe_weight(c, l, &want, &in[1]));
    } else {
        SLD_TRY(check_second(c, l, axis));
        in[1] = sld_caffe_in(l, 1);
    }
    return add_scale(c, l, axis, in);
}

/* ---- MVN, Softmax ---- */

solder_status sld_caffe_mvn(sld_caffe *c, sld_caffe_layer *l)
{
    const Caffe__MVNParameter *p = l->param;
    sld_value *x = sld_caffe_in(l, 0), *y;
    int first = p->across_channels ? 1 : 2;
    if (x->shape.rank <= first) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "its bottom has only %d axes",
                              (int)x->shape.rank);
    }
    sld_normalization_params params;
    sld_op_defaults(SLD_OP_NORMALIZATION, &params);
    params.axes = ((1u << x->shape.rank) - 1u) & ~((1u << first) - 1u);
    params.normalize_variance = p->normalize_variance != 0;
    params.epsilon_outside = 1;
    params.epsilon = p->eps;
    SLD_TRY(sld_caffe_add(c, l, SLD_OP_NORMALIZATION, &params, &x, 1, &y));
    sld_caffe_out(l, 0, y);
    return SOLDER_OK;
}

/* Also SoftmaxWithLoss, whose loss is of no use without labels: every top is the softmax. */
solder_status sld_caffe_softmax(sld_caffe *c, sld_caffe_layer *l)
{
    const Caffe__SoftmaxParameter *p = l->param;
    sld_value *x = sld_caffe_in(l, 0), *y;
    sld_softmax_params params;
    sld_op_defaults(SLD_OP_SOFTMAX, &params);
    int axis;
    SLD_TRY(sld_caffe_axis(c, l, p->axis, x->shape.rank, &axis));
    params.axis = axis;
    SLD_TRY(sld_caffe_add(c, l, SLD_OP_SOFTMAX, &params, &x, 1, &y));
    for (size_t i = 0; i < l->p->n_top; i++) {
        sld_caffe_out(l, i, y);
    }
    return SOLDER_OK;
}

/* ---- Reduction: always to the last axis ---- */

solder_status sld_caffe_reduction(sld_caffe *c, sld_caffe_layer *l)
{
    static const sld_reduce_kind kinds[] = {SLD_REDUCE_SUM, SLD_REDUCE_ABS_SUM,
                                            SLD_REDUCE_SUM_SQUARE, SLD_REDUCE_MEAN};
    const Caffe__ReductionParameter *p = l->param;
    sld_value *x = sld_caffe_in(l, 0), *y;
    int axis;
    SLD_TRY(sld_caffe_axis(c, l, p->axis, x->shape.rank, &axis));
    sld_reduce_params params;
    sld_op_defaults(SLD_OP_REDUCE, &params);
    params.kind = (int32_t)kinds[p->operation - CAFFE__REDUCTION_PARAMETER__REDUCTION_OP__SUM];
    params.axes = ((1u << x->shape.rank) - 1u) & ~((1u << axis) - 1u);
    params.keep_dims = 0;
    params.scale = p->coeff;
    SLD_TRY(sld_caffe_add(c, l, SLD_OP_REDUCE, &params, &x, 1, &y));
    sld_caffe_out(l, 0, y);
    return SOLDER_OK;
}

/* ---- ArgMax ---- */

/* The k largest along axis: values and, as floats, indices. Of equals Caffe puts the last first. */
static solder_status top_k(sld_caffe *c, sld_caffe_layer *l, sld_value *x, const int axis_k[2],
                           sld_value *out[2])
{
    int axis = axis_k[0];
    int64_t size;
    SLD_TRY(sld_caffe_dim(c, l, x, axis, &size));
    if (axis_k[1] > size) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "top_k is %d of %lld values", axis_k[1],
                              (long long)size);
    }
    sld_slice_params reverse = {
        .count = 1, .axes = {axis}, .start = {-1}, .end = {INT64_MIN}, .step = {-1}};
    SLD_TRY(sld_caffe_add(c, l, SLD_OP_SLICE, &reverse, &x, 1, &x));
    sld_topk_params params = {.axis = axis, .largest = 1, .sorted = 1, .k = axis_k[1]};
    sld_node *node;
    solder_status status =
        sld_graph_add_node(c->graph, NULL, SLD_OP_TOPK, l->name, &params, &x, 1, 2, &node);
    if (status != SOLDER_OK) {
        return sld_fail_within(c->diag, status, "caffe: layer '%s' (%s)", l->name, l->type);
    }
    node->source = l->source;
    out[0] = node->out[0];
    sld_cast_params cast = {.to = SOLDER_F32};
    SLD_TRY(sld_caffe_add(c, l, SLD_OP_CAST, &cast, &node->out[1], 1, &out[1]));
    sld_value *last;
    SLD_TRY(sld_caffe_scalar(c, l, (float)(size - 1), &last));
    return sld_caffe_binary(c, l, SLD_BINARY_SUB, last, out[1], &out[1]);
}

/* Without an axis all but the first are one: [N, k] becomes [N, 1, k], with values [N, 2, k]. */
static solder_status argmax_flat(sld_caffe *c, sld_caffe_layer *l, int32_t k)
{
    const Caffe__ArgMaxParameter *p = l->param;
    sld_value *x = sld_caffe_in(l, 0), *both[2], *y;
    int rank = x->shape.rank < 3 ? 3 : x->shape.rank;
    sld_shape flat = {.rank = 2, .d = {x->shape.d[0], sld_caffe_product(c, x, 1, x->shape.rank)}};
    SLD_TRY(sld_caffe_reshape(c, l, x, &flat, &x));
    SLD_TRY(top_k(c, l, x, (int[]){1, k}, both));
    sld_shape shape = {.rank = rank};
    for (int i = 0; i < rank; i++) {
        shape.d[i] = i == 0 ? both[0]->shape.d[0] : sld_graph_dim(c->graph, i == 2 ? k : 1);
    }
    SLD_TRY(sld_caffe_reshape(c, l, both[1], &shape, &y));
    if (p->out_max_val) { /* indices first, then values */
        sld_value *pair[] = {y, NULL};
        SLD_TRY(sld_caffe_reshape(c, l, both[0], &shape, &pair[1]));
        sld_concat_params params = {.axis = 1};
        SLD_TRY(sld_caffe_add(c, l, SLD_OP_CONCAT, &params, pair, 2, &y));
    }
    sld_caffe_out(l, 0, y);
    return SOLDER_OK;
}

solder_status sld_caffe_argmax(sld_caffe *c, sld_caffe_layer *l)
{
    const Caffe__ArgMaxParameter *p = l->param;
    sld_value *x = sld_caffe_in(l, 0), *both[2];
    int32_t k;
    SLD_TRY(sld_caffe_i32(c, l, "top_k", p->top_k, 1, &k));
    if (x->shape.rank < 1) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "its bottom has no axes");
    }
    if (!p->has_axis) {
        return argmax_flat(c, l, k);
    }
    int axis;
    SLD_TRY(sld_caffe_axis(c, l, p->axis, x->shape.rank, &axis));
    SLD_TRY(top_k(c, l, x, (int[]){axis, k}, both));
    sld_caffe_out(l, 0, both[p->out_max_val ? 0 : 1]);
    return SOLDER_OK;
}
