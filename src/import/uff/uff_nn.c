/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions, pooling, normalisation, softmax. */
#include "import/uff/uff.h"

/* One value per spatial axis. */
typedef struct extents {
    int64_t value[SLD_MAX_SPATIAL];
    bool given;
} extents;

static extents read_extents(sld_tf_node *node, const char *name, int spatial, int64_t absent)
{
    extents e = {.given = false};
    int64_t values[SOLDER_MAX_RANK];
    size_t count = sld_tf_ints(node, name, values, SOLDER_MAX_RANK);
    if (sld_tf_ok(node) && (spatial < 1 || spatial > SLD_MAX_SPATIAL)) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "an input of rank %d", spatial + 2);
    }
    if (sld_tf_ok(node) && count != 0 && count != (size_t)spatial) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "%s has %zu values, expected %d", name, count,
                    spatial);
    }
    for (int i = 0; i < spatial && sld_tf_ok(node); i++) {
        e.value[i] = count != 0 ? values[i] : absent;
        if (e.value[i] < 0 || e.value[i] > INT32_MAX) {
            sld_tf_fail(node, SOLDER_ERROR_DATA, "%s[%d] is %lld", name, i, (long long)e.value[i]);
        }
    }
    e.given = count != 0;
    return e;
}

/* The list for all axes of an image. */
static void set_extents(sld_uff_call *call, const sld_uff_image *image, const char *name,
                        const extents *e)
{
    int64_t values[SOLDER_MAX_RANK];
    int spatial = image->order.rank - 2, at = image->format[1] == 'C' ? 2 : 1;
    if (!sld_tf_ok(call->node)) {
        return;
    }
    for (int i = 0; i < image->order.rank; i++) {
        values[i] = i >= at && i < at + spatial ? e->value[i - at] : 1;
    }
    sld_uff_set_ints(call, name, values, (size_t)image->order.rank);
}

static bool is_zero(const extents *e, int spatial)
{
    for (int i = 0; i < spatial && i < SLD_MAX_SPATIAL; i++) { /* a higher rank has failed */
        if (e->value[i] != 0) {
            return false;
        }
    }
    return true;
}

static bool implicit_same(sld_tf_node *node)
{
    static const char *const names[] = {"", "same"};
    return sld_tf_choice(node, "implicit_padding", names, 2, 0) == 1;
}

/* Padding on both sides alike. */
static void set_padding(sld_uff_call *call, const sld_uff_image *image)
{
    sld_tf_node *node = call->node;
    int spatial = image->order.rank - 2, at = image->format[1] == 'C' ? 2 : 1;
    const extents pad = read_extents(node, "padding", spatial, 0);
    bool same = implicit_same(node), none = is_zero(&pad, spatial);
    if (same && !none) {
        sld_tf_unsupported(node, "implicit_padding and padding");
    }
    if (!sld_tf_ok(node)) {
        return;
    }
    if (same || none) {
        sld_uff_set_text(call, "padding", same ? "SAME" : "VALID");
        return;
    }
    int64_t pads[2 * SOLDER_MAX_RANK] = {0};
    for (int i = 0; i < spatial; i++) {
        pads[2 * (at + i)] = pads[2 * (at + i) + 1] = pad.value[i];
    }
    sld_uff_set_text(call, "padding", "EXPLICIT");
    sld_uff_set_ints(call, "explicit_paddings", pads, 2 * (size_t)image->order.rank);
}

static void set_window(sld_uff_call *call, const sld_uff_image *image)
{
    int spatial = image->order.rank - 2;
    const extents stride = read_extents(call->node, "strides", spatial, 1);
    sld_uff_set_text(call, "data_format", image->format);
    set_extents(call, image, "strides", &stride);
}

static void set_dilation(sld_uff_call *call, const sld_uff_image *image)
{
    const extents dilation = read_extents(call->node, "dilation", image->order.rank - 2, 1);
    set_extents(call, image, "dilations", &dilation);
}

/* The converter gives a number of groups to depthwise convolutions only, one per channel, with
 * TensorFlow's filter [H, W, channels, multiplier]; else a filter takes its group's channels. */
static bool is_depthwise(sld_tf_node *node, const sld_uff_image *image, int64_t groups)
{
    int64_t channels, taken;
    sld_tf_tensor *x = sld_tf_in(node, 0), *filter = sld_tf_in(node, 1);
    int axis = image->format[1] == 'C' ? 1 : sld_tf_rank(x) - 1;
    return sld_tf_ok(node) && groups > 1 && sld_tf_rank(filter) == 4 &&
           sld_tf_dim(node, filter, 2, &taken) && taken == groups &&
           (!sld_tf_dim(node, x, axis, &channels) || channels == groups);
}

static void check_groups(sld_tf_node *node, const sld_uff_image *image, int64_t groups)
{
    int64_t channels, taken;
    sld_tf_tensor *x = sld_tf_in(node, 0), *filter = sld_tf_in(node, 1);
    int axis = image->format[1] == 'C' ? 1 : sld_tf_rank(x) - 1;
    if (!sld_tf_ok(node) || !sld_tf_dim(node, x, axis, &channels) ||
        !sld_tf_dim(node, filter, sld_tf_rank(filter) - 2, &taken)) {
        return;
    }
    if (groups < 1 || (groups > 1 && (channels % groups != 0 || channels / groups != taken))) {
        sld_tf_fail(node, SOLDER_ERROR_DATA,
                    "%lld groups: the filter takes %lld channels, the input has %lld",
                    (long long)groups, (long long)taken, (long long)channels);
    }
}

void sld_uff_conv(sld_tf_node *node, int told)
{
    (void)told;
    sld_uff_call call = sld_uff_call_open(node);
    if (!sld_uff_expect_inputs(node, 2)) {
        return;
    }
    const sld_uff_image image = sld_uff_take_image(node, 0);
    sld_uff_turn_filter(node, 1, 1, 1, 0);
    int64_t groups = sld_tf_int(node, "number_groups", 1);
    set_window(&call, &image);
    set_dilation(&call, &image);
    set_padding(&call, &image);
    if (is_depthwise(node, &image, groups)) {
        sld_uff_call_run(&call, sld_tf_depthwise, 0);
    } else {
        check_groups(node, &image, groups);
        sld_uff_call_run(&call, sld_tf_conv, 0);
    }
    sld_uff_give_image(node, &image);
}

/* Inputs stand as image, filter, shape; TensorFlow has them the other way round. */
void sld_uff_deconv(sld_tf_node *node, int told)
{
    (void)told;
    sld_uff_call call = sld_uff_call_open(node);
    if (!sld_uff_expect_inputs(node, 3)) {
        return;
    }
    const sld_uff_image image = sld_uff_take_image(node, 0);
    sld_uff_turn_filter(node, 1, 1, 0, 1);
    if (sld_tf_int(node, "number_groups", 1) != 1) {
        sld_tf_unsupported(node, "groups");
    }
    if (image.turned) {
        sld_tf_unsupported(node, "orders that are neither NHWC nor NCHW");
    }
    set_window(&call, &image);
    set_dilation(&call, &image);
    set_padding(&call, &image);
    if (sld_tf_ok(node)) {
        sld_tf_tensor *first = node->in[0];
        node->in[0] = node->in[2];
        node->in[2] = first;
    }
    sld_uff_call_run(&call, sld_tf_deconv, 0);
}

/* Padding comes from a Pad before the window: its zeros are elements like any other. */
static void pad_with_zeros(sld_tf_node *node, const sld_uff_image *image, const extents *pad)
{
    int rank = image->order.rank, at = image->format[1] == 'C' ? 2 : 1;
    if (!sld_tf_ok(node)) {
        return;
    }
    sld_tf_tensor *t = sld_tf_in(node, 0);
    bool first = image->format[1] != 'C' && t->first != NULL;
    sld_pad_params params = {.kind = SLD_PADDING_CONSTANT};
    for (int i = 0; i < rank - 2; i++) {
        int axis = first ? i + 2 : at + i;
        params.begin[axis] = params.end[axis] = pad->value[i];
    }
    sld_value *x = first ? sld_tf_first(node, t) : sld_tf_plain(node, t);
    x = sld_tf_emit(node, SLD_OP_PAD, &params, &x, 1);
    sld_uff_put_input(node, 0, x);
    if (sld_tf_ok(node) && first) {
        node->in[0]->plain = NULL;
        node->in[0]->first = x;
    }
}

void sld_uff_pool(sld_tf_node *node, int told)
{
    static const char *const functions[] = {"max", "avg"};
    (void)told;
    sld_uff_call call = sld_uff_call_open(node);
    if (!sld_uff_expect_inputs(node, 1)) {
        return;
    }
    const sld_uff_image image = sld_uff_take_image(node, 0);
    int spatial = image.order.rank - 2;
    int kind = sld_tf_choice(node, "func", functions, 2, -1);
    if (kind < 0) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "field 'func' is missing");
    }
    const extents window = read_extents(node, "kernel", spatial, 1);
    const extents pad = read_extents(node, "padding", spatial, 0);
    bool same = implicit_same(node);
    set_window(&call, &image);
    set_extents(&call, &image, "ksize", &window);
    sld_uff_set_text(&call, "padding", same ? "SAME" : "VALID");
    if (sld_tf_ok(node) && same && !is_zero(&pad, spatial)) {
        sld_tf_unsupported(node, "implicit_padding and padding");
    }
    if (sld_tf_ok(node) && !is_zero(&pad, spatial)) {
        pad_with_zeros(node, &image, &pad);
    }
    sld_uff_call_run(&call, sld_tf_pool, kind == 0 ? SLD_POOL_MAX : SLD_POOL_AVERAGE);
    sld_uff_give_image(node, &image);
}

/* Rows and columns by orders: "NC" or "CN", and "CK" or "KC". An image is flattened. */
void sld_uff_fully_connected(sld_tf_node *node, int told)
{
    (void)told;
    sld_uff_call call = sld_uff_call_open(node);
    sld_uff_order a, b;
    if (!sld_uff_expect_inputs(node, 2)) {
        return;
    }
    int rank = sld_tf_rank(sld_tf_in(node, 0));
    if (rank > 2) {
        sld_value *x = sld_tf_input(node, 0);
        sld_uff_put_input(node, 0, sld_tf_reshape(node, (int64_t[]){0, -1}, 2, x));
    }
    if (sld_tf_ok(node) && (rank < 2 || sld_tf_rank(sld_tf_in(node, 1)) != 2)) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "the inputs have rank %d and %d", rank,
                    sld_tf_rank(sld_tf_in(node, 1)));
    }
    if (sld_uff_read_order(node, 0, 2, &a) && sld_uff_read_order(node, 1, 2, &b)) {
        sld_uff_set_bool(&call, "transpose_a", a.axis[0] == 1);
        sld_uff_set_bool(&call, "transpose_b", b.axis[0] == 0);
        sld_uff_call_run(&call, sld_tf_matmul, 0);
    }
}

/*
 * window_size is TensorFlow's depth_radius: the converter never scaled it. It also wrote "NC+" for
 * images that are NHWC, so the orders of the operators around decide.
 */
void sld_uff_lrn(sld_tf_node *node, int told)
{
    (void)told;
    sld_uff_call call = sld_uff_call_open(node);
    const sld_uff *uff = (const sld_uff *)node->tf;
    if (!sld_uff_expect_inputs(node, 1)) {
        return;
    }
    sld_uff_order order;
    sld_tf_tensor *t = sld_tf_in(node, 0);
    if (!sld_uff_read_order(node, 0, sld_tf_rank(t), &order)) {
        return;
    }
    bool first = sld_tf_rank(t) > 2 && order.axis[1] == 1 && !uff->channels_last;
    sld_uff_set_int(&call, "depth_radius", sld_uff_need_int(node, "window_size"));
    sld_uff_set_float(&call, "alpha", sld_tf_float(node, "alpha", 1));
    sld_uff_set_float(&call, "beta", sld_tf_float(node, "beta", 0.5f));
    sld_uff_set_float(&call, "bias", sld_tf_float(node, "k", 1));
    if (!first) {
        sld_uff_call_run(&call, sld_tf_lrn, 0);
        return;
    }
    sld_value *x = sld_tf_plain(node, t); /* NCHW, which sld_tf_lrn takes as the first form */
    sld_uff_put_input(node, 0, NULL);
    if (sld_tf_ok(node)) {
        node->in[0]->first = x;
        sld_uff_call_run(&call, sld_tf_lrn, 0);
    }
    if (sld_tf_ok(node) && node->out[0] != NULL) {
        sld_tf_set(node, 0, node->out[0]->first);
    }
}

/* Axis 0, which the converter writes for TensorFlow's Softmax, is the channels. */
void sld_uff_softmax(sld_tf_node *node, int told)
{
    (void)told;
    sld_uff_call call = sld_uff_call_open(node);
    if (!sld_uff_expect_inputs(node, 1)) {
        return;
    }
    sld_uff_order order;
    sld_tf_tensor *t = sld_tf_in(node, 0);
    int rank = sld_tf_rank(t), axis = rank - 1;
    int64_t given = sld_tf_int(node, "axis", 0);
    bool image = rank > 2 && sld_uff_read_order(node, 0, rank, &order);
    (void)sld_tf_attribute(node, "inputs_orders", SLD_TF_FOREIGN);
    for (int i = 0; given == 0 && image && i < rank; i++) {
        axis = order.axis[i] == 1 ? i : axis;
    }
    axis = given != 0 ? sld_tf_axis(node, given, rank) : axis;
    if (axis == rank - 1) {
        sld_uff_call_run(&call, sld_tf_softmax, 0);
        return;
    }
    const sld_softmax_params params = {.axis = axis};
    sld_value *x = sld_tf_plain(node, t);
    sld_tf_set(node, 0, sld_tf_emit(node, SLD_OP_SOFTMAX, &params, &x, 1));
}

void sld_uff_batch_norm(sld_tf_node *node, int told)
{
    (void)told;
    sld_uff_call call = sld_uff_call_open(node);
    if (!sld_uff_expect_inputs(node, 5)) {
        return;
    }
    const sld_uff_image image = sld_uff_take_image(node, 0);
    const sld_tf_attr *epsilon = sld_tf_attribute(node, "epsilon", SLD_TF_FLOAT);
    if (epsilon == NULL) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "field 'epsilon' is missing");
        return;
    }
    sld_uff_set_float(&call, "epsilon", epsilon->f);
    sld_uff_set_bool(&call, "is_training", false);
    sld_uff_set_text(&call, "data_format", image.format);
    sld_uff_call_run(&call, sld_tf_batch_norm, 0);
    sld_uff_give_image(node, &image);
}
