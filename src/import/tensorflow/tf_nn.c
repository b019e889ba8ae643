/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions, pooling, normalisation, softmax. */
#include "import/tensorflow/tf_ops.h"

static const char *const formats[] = {"NHWC", "NCHW", "NDHWC", "NCDHW"};
static const char *const paddings[] = {"EXPLICIT", "SAME", "NONE", "VALID"}; /* sld_pad_mode */

/* Geometry of a window: what the attributes say, in the order of the spatial axes. */
typedef struct window {
    bool channels_first;
    int spatial;
    int32_t mode; /* sld_pad_mode */
    int32_t stride[SLD_MAX_SPATIAL], dilation[SLD_MAX_SPATIAL], size[SLD_MAX_SPATIAL];
    int32_t pad_begin[SLD_MAX_SPATIAL], pad_end[SLD_MAX_SPATIAL];
} window;

static int spatial_axis(const window *w, int i)
{
    return w->channels_first ? i + 2 : i + 1;
}

static void read_list(sld_tf_node *node, const window *w, const char *name, int32_t *out)
{
    int64_t values[SOLDER_MAX_RANK];
    size_t count = sld_tf_ints(node, name, values, SOLDER_MAX_RANK);
    for (int i = 0; i < SLD_MAX_SPATIAL; i++) {
        out[i] = 1;
    }
    if (count == 0) {
        return;
    }
    if (count != (size_t)w->spatial + 2) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "%s has %zu values, expected %d", name, count,
                    w->spatial + 2);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (values[i] < 1 || values[i] > INT32_MAX) {
            sld_tf_fail(node, SOLDER_ERROR_DATA, "%s[%zu] is %lld", name, i, (long long)values[i]);
            return;
        }
    }
    if (values[0] != 1 || values[w->channels_first ? 1 : w->spatial + 1] != 1) {
        sld_tf_unsupported(node, "%s along batch or channels", name);
    }
    for (int i = 0; i < w->spatial; i++) {
        out[i] = (int32_t)values[spatial_axis(w, i)];
    }
}

static void read_explicit(sld_tf_node *node, window *w)
{
    int64_t values[2 * SOLDER_MAX_RANK];
    size_t count = sld_tf_ints(node, "explicit_paddings", values, 2 * SOLDER_MAX_RANK);
    if (w->mode != SLD_PAD_EXPLICIT || !sld_tf_ok(node)) {
        return;
    }
    if (count != 2 * ((size_t)w->spatial + 2)) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "explicit_paddings has %zu values", count);
        return;
    }
    for (int i = 0; i < w->spatial; i++) {
        const int64_t *pads = &values[2 * spatial_axis(w, i)];
        if (pads[0] < 0 || pads[0] > INT32_MAX || pads[1] < 0 || pads[1] > INT32_MAX) {
            sld_tf_fail(node, SOLDER_ERROR_DATA, "an explicit padding is out of range");
            return;
        }
        w->pad_begin[i] = (int32_t)pads[0];
        w->pad_end[i] = (int32_t)pads[1];
    }
}

static window read_window(sld_tf_node *node, const sld_tf_tensor *x)
{
    window w = {.spatial = sld_tf_rank(x) - 2};
    w.channels_first = sld_tf_choice(node, "data_format", formats, 4, 0) % 2 == 1;
    w.mode = sld_tf_choice(node, "padding", paddings, 4, SLD_PAD_VALID);
    if (sld_tf_ok(node) && (w.spatial < 1 || w.spatial > SLD_MAX_SPATIAL)) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "an input of rank %d", w.spatial + 2);
        w.spatial = 1;
    }
    read_list(node, &w, "strides", w.stride);
    read_list(node, &w, "dilations", w.dilation);
    read_list(node, &w, "ksize", w.size);
    read_explicit(node, &w);
    return w;
}

static sld_value *image(sld_tf_node *node, const window *w, sld_tf_tensor *t)
{
    return w->channels_first ? sld_tf_plain(node, t) : sld_tf_first(node, t);
}

/* Zeros put around an image before become the convolution's own padding. */
static sld_value *take_padding(sld_tf_node *node, window *w, sld_tf_tensor *t)
{
    if (w->channels_first || w->mode != SLD_PAD_VALID || t->unpadded == NULL) {
        return image(node, w, t);
    }
    w->mode = SLD_PAD_EXPLICIT;
    memcpy(w->pad_begin, t->pad_begin, sizeof w->pad_begin);
    memcpy(w->pad_end, t->pad_end, sizeof w->pad_end);
    return t->unpadded;
}

/* A convolution of blocks moved to the batch may turn out to be a dilated one. */
static void follow_blocks(sld_tf_node *node, const window *w, const sld_tf_tensor *t,
                          sld_value *weight, int32_t groups)
{
    bool plain = w->mode == SLD_PAD_VALID && !w->channels_first && t->blocked != NULL &&
                 t->blocked->weight == NULL;
    for (int i = 0; i < w->spatial; i++) {
        plain = plain && w->stride[i] == 1 && w->dilation[i] == 1;
    }
    if (plain) {
        sld_tf_blocked after = *t->blocked;
        after.weight = weight;
        after.groups = groups;
        sld_tf_remember_blocked(node, &after);
    }
}

static sld_conv_params conv_params(const window *w)
{
    sld_conv_params params = {.spatial = w->spatial, .groups = 1, .pad_mode = w->mode};
    memcpy(params.stride, w->stride, sizeof params.stride);
    memcpy(params.dilation, w->dilation, sizeof params.dilation);
    memcpy(params.pad_begin, w->pad_begin, sizeof params.pad_begin);
    memcpy(params.pad_end, w->pad_end, sizeof params.pad_end);
    return params;
}

/* [window, a, b] to [b, a, window] */
static sld_value *turn_weight(sld_tf_node *node, sld_value *weight, int spatial)
{
    int32_t perm[SOLDER_MAX_RANK] = {spatial + 1, spatial};
    if (sld_tf_ok(node) && weight->shape.rank != spatial + 2) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "the filter has rank %d, the input %d",
                    weight->shape.rank, spatial + 2);
    }
    for (int i = 0; i < spatial; i++) {
        perm[i + 2] = i;
    }
    return sld_tf_transpose(node, perm, weight);
}

static int32_t group_count(sld_tf_node *node, const sld_value *x, const sld_value *weight)
{
    int64_t channels, taken;
    const sld_expr_table *exprs = &node->tf->graph->exprs;
    if (!sld_tf_ok(node) || !sld_expr_is_const(exprs, x->shape.d[1], &channels) ||
        !sld_expr_is_const(exprs, weight->shape.d[1], &taken)) {
        return 1;
    }
    if (taken < 1 || channels % taken != 0 || channels / taken > INT32_MAX || channels == 0) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "the filter takes %lld channels, the input has %lld",
                    (long long)taken, (long long)channels);
        return 1;
    }
    return (int32_t)(channels / taken);
}

void sld_tf_conv(sld_tf_node *node, int told)
{
    (void)told;
    sld_tf_tensor *t = sld_tf_in(node, 0);
    window w = read_window(node, t);
    sld_value *x = take_padding(node, &w, t);
    sld_value *weight = turn_weight(node, sld_tf_input(node, 1), w.spatial);
    sld_conv_params params = conv_params(&w);
    params.groups = group_count(node, x, weight);
    sld_value *y = sld_tf_emit(node, SLD_OP_CONVOLUTION, &params, (sld_value *[]){x, weight}, 2);
    sld_tf_set_form(node, 0, y, !w.channels_first);
    follow_blocks(node, &w, t, weight, params.groups);
}

/* The filter is [h, w, channels, multiplier]. */
void sld_tf_depthwise(sld_tf_node *node, int told)
{
    (void)told;
    sld_tf_tensor *t = sld_tf_in(node, 0), *filter = sld_tf_in(node, 1);
    window w = read_window(node, t);
    sld_value *x = take_padding(node, &w, t), *weight = sld_tf_plain(node, filter);
    int64_t d[4];
    if (sld_tf_ok(node) &&
        (weight->shape.rank != 4 || !sld_value_static_dims(node->tf->graph, weight, d))) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "the filter must have four known dimensions");
    }
    if (!sld_tf_ok(node)) {
        return;
    }
    int64_t channels = 0;
    if (!sld_i64_mul(d[2], d[3], &channels) || d[2] > INT32_MAX) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "the filter is too large");
    }
    weight = sld_tf_transpose(node, (int32_t[]){2, 3, 0, 1}, weight);
    weight = sld_tf_reshape(node, (int64_t[]){channels, 1, d[0], d[1]}, 4, weight);
    sld_conv_params params = conv_params(&w);
    params.groups = (int32_t)d[2];
    sld_value *y = sld_tf_emit(node, SLD_OP_CONVOLUTION, &params, (sld_value *[]){x, weight}, 2);
    sld_tf_set_form(node, 0, y, !w.channels_first);
    follow_blocks(node, &w, t, weight, params.groups);
}

/* Pads and output padding of one axis that give exactly `out`. */
static void fit_output(sld_tf_node *node, sld_deconv_params *params, const window *w, int i,
                       const int64_t extents[3]) /* in, window, out */
{
    int64_t full = (extents[0] - 1) * w->stride[i] + (extents[1] - 1) * w->dilation[i] + 1;
    int64_t spare = full - extents[2];
    if (spare > INT32_MAX || spare < -INT32_MAX) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "input_sizes do not fit the input");
        return;
    }
    if (w->mode == SLD_PAD_EXPLICIT) {
        params->pad_begin[i] = w->pad_begin[i];
        params->pad_end[i] = w->pad_end[i];
        spare -= (int64_t)w->pad_begin[i] + w->pad_end[i];
    } else if (w->mode == SLD_PAD_SAME_UPPER && spare > 0) {
        params->pad_begin[i] = (int32_t)(spare / 2);
        params->pad_end[i] = (int32_t)(spare - spare / 2);
        spare = 0;
    }
    if (spare > 0) {
        params->pad_end[i] += (int32_t)spare; /* rows no window of the forward pass reached */
    } else {
        params->output_padding[i] = (int32_t)-spare;
    }
}

void sld_tf_deconv(sld_tf_node *node, int told)
{
    (void)told;
    sld_tf_tensor *t = sld_tf_in(node, 2);
    window w = read_window(node, t);
    const sld_value *sizes = sld_tf_input(node, 0);
    sld_value *x = image(node, &w, t);
    sld_value *weight = turn_weight(node, sld_tf_input(node, 1), w.spatial);
    sld_deconv_params params = {.spatial = w.spatial, .groups = 1};
    memcpy(params.stride, w.stride, sizeof params.stride);
    memcpy(params.dilation, w.dilation, sizeof params.dilation);
    size_t count;
    if (!sld_tf_ok(node)) {
        return;
    }
    if (!sld_tf_known_count(node, sizes, &count) ||
        (count != (size_t)w.spatial + 2 && count != (size_t)w.spatial)) {
        sld_tf_unsupported(node, "input_sizes that are not known");
        return;
    }
    for (int i = 0; i < w.spatial && sld_tf_ok(node); i++) {
        size_t at = count == (size_t)w.spatial ? (size_t)i : (size_t)spatial_axis(&w, i);
        int64_t extents[3];
        if (!sld_tf_known_at(node, sizes, at, &extents[2]) ||
            !sld_tf_dim(node, t, spatial_axis(&w, i), &extents[0]) ||
            !sld_expr_is_const(&node->tf->graph->exprs, weight->shape.d[i + 2], &extents[1])) {
            sld_tf_unsupported(node, "an open height or width");
            return;
        }
        if (extents[0] > INT32_MAX || extents[1] > INT32_MAX || extents[2] > INT32_MAX) {
            sld_tf_fail(node, SOLDER_ERROR_DATA, "input_sizes do not fit the input");
            return;
        }
        fit_output(node, &params, &w, i, extents);
    }
    sld_value *y = sld_tf_emit(node, SLD_OP_DECONVOLUTION, &params, (sld_value *[]){x, weight}, 2);
    sld_tf_set_form(node, 0, y, !w.channels_first);
}

static sld_pooling_params pooling_params(const window *w, int kind)
{
    sld_pooling_params params = {.kind = kind, .spatial = w->spatial, .pad_mode = w->mode};
    memcpy(params.window, w->size, sizeof params.window);
    memcpy(params.stride, w->stride, sizeof params.stride);
    memcpy(params.dilation, w->dilation, sizeof params.dilation);
    memcpy(params.pad_begin, w->pad_begin, sizeof params.pad_begin);
    memcpy(params.pad_end, w->pad_end, sizeof params.pad_end);
    return params;
}

/* Beside the largest where they stood, counted through [N, H, W, C] or [H, W, C]; the operator
 * counts through [N, C, H, W]. */
void sld_tf_max_pool_places(sld_tf_node *node, int told)
{
    (void)told;
    sld_tf_tensor *t = sld_tf_in(node, 0);
    window w = read_window(node, t);
    const sld_pooling_params params = pooling_params(&w, SLD_POOL_MAX);
    bool batch = sld_tf_bool(node, "include_batch_in_index", false);
    solder_dtype to = sld_tf_type(node, "Targmax", SOLDER_I64);
    int64_t d[3] = {0}, area = 0, all = 0; /* H, W, C */
    for (int i = 0; i < 3 && sld_tf_ok(node); i++) {
        if (w.spatial != 2 || w.channels_first || !sld_tf_dim(node, t, i + 1, &d[i])) {
            sld_tf_unsupported(node, "NCHW, or open height, width or channels");
        }
    }
    if (!sld_i64_mul(d[0], d[1], &area) || !sld_i64_mul(area, d[2], &all) || all < 1) {
        sld_tf_unsupported(node, "an input of that size");
    }
    sld_value *x = image(node, &w, t), *y[2] = {NULL, NULL};
    sld_tf_emit_many(node, SLD_OP_POOLING, &params, &x, 1, y, 2);
    sld_value *pixels = sld_tf_scalar(node, SOLDER_I64, (double)area);
    sld_value *channels = sld_tf_scalar(node, SOLDER_I64, (double)d[2]);
    sld_value *plane = sld_tf_binary(node, SLD_BINARY_DIV, y[1], pixels);
    sld_value *place = sld_tf_binary(node, SLD_BINARY_MOD, y[1], pixels);
    sld_value *channel = sld_tf_binary(node, SLD_BINARY_MOD, plane, channels);
    place = sld_tf_binary(node, SLD_BINARY_PROD, place, channels);
    place = sld_tf_binary(node, SLD_BINARY_SUM, place, channel);
    if (batch) {
        plane = sld_tf_binary(node, SLD_BINARY_SUB, plane, channel); /* N * C */
        plane = sld_tf_binary(node, SLD_BINARY_PROD, plane, pixels);
        place = sld_tf_binary(node, SLD_BINARY_SUM, place, plane);
    }
    sld_tf_set_first(node, 0, y[0]);
    sld_tf_set_first(node, 1, sld_tf_cast(node, to, place));
}

void sld_tf_pool(sld_tf_node *node, int kind)
{
    sld_tf_tensor *t = sld_tf_in(node, 0);
    window w = read_window(node, t);
    if (node->in_count == 3) { /* the V2 operators have them as inputs */
        int64_t sizes[SOLDER_MAX_RANK] = {0}, strides[SOLDER_MAX_RANK] = {0};
        size_t a = sld_tf_constant_ints(node, 1, "ksize", sizes, SOLDER_MAX_RANK);
        size_t b = sld_tf_constant_ints(node, 2, "strides", strides, SOLDER_MAX_RANK);
        for (int i = 0; i < w.spatial && sld_tf_ok(node); i++) {
            int64_t size = sizes[spatial_axis(&w, i)], stride = strides[spatial_axis(&w, i)];
            if (a != b || size < 1 || size > INT32_MAX || stride < 1 || stride > INT32_MAX) {
                sld_tf_fail(node, SOLDER_ERROR_DATA, "ksize or strides are out of range");
                return;
            }
            w.size[i] = (int32_t)size;
            w.stride[i] = (int32_t)stride;
        }
    }
    const sld_pooling_params params = pooling_params(&w, kind);
    sld_value *x = image(node, &w, t);
    sld_value *y = sld_tf_emit(node, SLD_OP_POOLING, &params, &x, 1);
    sld_tf_set_form(node, 0, y, !w.channels_first);
}

void sld_tf_bias(sld_tf_node *node, int told)
{
    (void)told;
    sld_tf_tensor *t = sld_tf_in(node, 0);
    bool nchw = sld_tf_choice(node, "data_format", formats, 4, 0) % 2 == 1;
    int rank = sld_tf_rank(t);
    bool first = !nchw && rank >= 3 && t->first != NULL;
    sld_value *x = first ? sld_tf_first(node, t) : sld_tf_plain(node, t);
    sld_scale_params params = {.axis = first || (nchw && rank > 2) ? 1 : rank - 1};
    if (sld_tf_ok(node) && rank < 1) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "the input is a scalar");
    }
    sld_value *in[3] = {x, NULL, sld_tf_input(node, 1)};
    if (sld_tf_ok(node) && !sld_dtype_is_float(x->dtype)) {
        sld_tf_unsupported(node, "integers");
    }
    sld_tf_set_form(node, 0, sld_tf_emit(node, SLD_OP_SCALE, &params, in, 3), first);
}

void sld_tf_batch_norm(sld_tf_node *node, int told)
{
    (void)told;
    sld_tf_tensor *t = sld_tf_in(node, 0);
    const sld_batchnorm_params params = {.epsilon = sld_tf_float(node, "epsilon", 1e-4f)};
    bool nchw = sld_tf_choice(node, "data_format", formats, 4, 0) % 2 == 1;
    if (sld_tf_bool(node, "is_training", true)) {
        sld_tf_unsupported(node,
                           "is_training: freeze the graph for inference, or give the input that "
                           "decides, as phase_train:=false");
    }
    sld_value *in[5] = {nchw ? sld_tf_plain(node, t) : sld_tf_first(node, t)};
    for (uint32_t i = 1; i < 5; i++) {
        in[i] = sld_tf_input(node, i);
    }
    sld_tf_set_form(node, 0, sld_tf_emit(node, SLD_OP_BATCHNORM, &params, in, 5), !nchw);
}

/* TensorFlow 1's: inputs x, mean, variance, offset, scale. */
void sld_tf_batch_norm_global(sld_tf_node *node, int told)
{
    (void)told;
    sld_tf_tensor *t = sld_tf_in(node, 0);
    const sld_batchnorm_params params = {.epsilon = sld_tf_float(node, "variance_epsilon", 1e-3f)};
    sld_value *mean = sld_tf_input(node, 1), *variance = sld_tf_input(node, 2);
    sld_value *offset = sld_tf_input(node, 3), *scale = sld_tf_input(node, 4);
    if (!sld_tf_bool(node, "scale_after_normalization", true) && sld_tf_ok(node)) {
        const sld_fill_params ones = {.dtype = (int32_t)scale->dtype, .value = 1};
        const sld_shape_params all = {.start = 0, .end = 1};
        sld_value *dims = sld_tf_emit(node, SLD_OP_SHAPE, &all, &scale, 1);
        scale = sld_tf_emit(node, SLD_OP_FILL, &ones, &dims, 1);
    }
    sld_value *in[5] = {sld_tf_first(node, t), scale, offset, mean, variance};
    sld_tf_set_first(node, 0, sld_tf_emit(node, SLD_OP_BATCHNORM, &params, in, 5));
}

/* alpha is per element of the window here, over the whole window in SLD_OP_LRN. */
void sld_tf_lrn(sld_tf_node *node, int told)
{
    (void)told;
    sld_value *x = sld_tf_first(node, sld_tf_in(node, 0));
    int64_t radius = sld_tf_int(node, "depth_radius", 5);
    sld_lrn_params params = {.beta = sld_tf_float(node, "beta", 0.5f),
                             .k = sld_tf_float(node, "bias", 1)};
    if (radius < 0 || radius > 1 << 20) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "depth_radius is %lld", (long long)radius);
        return;
    }
    params.size = (int32_t)(2 * radius + 1);
    params.alpha = sld_tf_float(node, "alpha", 1) * (float)params.size;
    sld_tf_set_first(node, 0, sld_tf_emit(node, SLD_OP_LRN, &params, &x, 1));
}

void sld_tf_softmax(sld_tf_node *node, int logarithm)
{
    sld_tf_tensor *t = sld_tf_in(node, 0);
    bool first = t->first != NULL && t->plain == NULL;
    sld_value *x = first ? sld_tf_first(node, t) : sld_tf_plain(node, t);
    sld_softmax_params params = {.axis = first ? 1 : sld_tf_rank(t) - 1, .log = logarithm};
    if (sld_tf_ok(node) && sld_tf_rank(t) < 1) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "the input is a scalar");
    }
    sld_tf_set_form(node, 0, sld_tf_emit(node, SLD_OP_SOFTMAX, &params, &x, 1), first);
}

/* ---- matrix products ---- */

/* Rows of b, which stand in the order of [H, W, C], for a's order of [C, H, W]. */
static sld_value *turn_rows(sld_tf_node *node, const int64_t *d, sld_value *b)
{
    b = sld_tf_reshape(node, (int64_t[]){d[1], d[2], d[0], -1}, 4, b);
    b = sld_tf_transpose(node, (int32_t[]){2, 0, 1, 3}, b);
    return sld_tf_reshape(node, (int64_t[]){d[0] * d[1] * d[2], -1}, 2, b);
}

void sld_tf_matmul(sld_tf_node *node, int batch)
{
    sld_tf_tensor *a = sld_tf_in(node, 0);
    sld_value *b = sld_tf_input(node, 1), *x;
    sld_matmul_params params = {.alpha = 1, .beta = 1};
    params.trans_a = sld_tf_bool(node, batch ? "adj_x" : "transpose_a", false);
    params.trans_b = sld_tf_bool(node, batch ? "adj_y" : "transpose_b", false);
    if (!sld_tf_ok(node)) {
        return;
    }
    bool flat = a->flat != NULL && a->plain == NULL && !params.trans_a && !params.trans_b &&
                sld_value_is_constant(b) && b->shape.rank == 2 &&
                a->flat_dims[0] * a->flat_dims[1] * a->flat_dims[2] > 0;
    if (flat) {
        x = a->flat;
        b = turn_rows(node, a->flat_dims, b);
    } else {
        x = sld_tf_plain(node, a);
    }
    if (sld_tf_ok(node) && (x->shape.rank < 2 || b->shape.rank < 2)) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "the inputs have rank %d and %d", x->shape.rank,
                    b->shape.rank);
    }
    sld_tf_set(node, 0, sld_tf_emit(node, SLD_OP_MATMUL, &params, (sld_value *[]){x, b}, 2));
}
