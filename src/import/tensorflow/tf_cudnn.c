/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CudnnRNN: layers of LSTM, GRU or RNN in one or both directions, each an operator. All weights
 * stand in one vector: of every layer and direction the gates' w, then their r, as [H, inputs];
 * behind those of all layers the biases, of w and then of r. Gates are LSTM: input, forget, cell,
 * output; GRU: reset, update, hidden.
 */
#include "import/tensorflow/tf_ops.h"

typedef struct kind {
    sld_op op;
    int gates, order[4]; /* where the operator's gates stand */
    int32_t f;           /* sld_act */
} kind;

static const kind kinds[] = {
    {SLD_OP_LSTM, SLD_LSTM_GATES, {0, 3, 1, 2}, SLD_ACT_SIGMOID},
    {SLD_OP_GRU, SLD_GRU_GATES, {1, 0, 2}, SLD_ACT_SIGMOID},
    {SLD_OP_RNN, SLD_RNN_GATES, {0}, SLD_ACT_TANH},
    {SLD_OP_RNN, SLD_RNN_GATES, {0}, SLD_ACT_RELU},
};

typedef struct stack {
    sld_tf_node *node;
    const kind *kind;
    sld_value *x, *params, *h, *c, *lengths; /* steps first */
    int64_t inputs, hidden, layers, directions;
    int64_t weight_at, bias_at; /* in params */
} stack;

static int64_t fixed(const stack *s, const sld_value *value, int axis)
{
    int64_t dim = 0;
    if (!sld_expr_is_const(&s->node->tf->graph->exprs, value->shape.d[axis], &dim) || dim < 1) {
        sld_tf_unsupported(s->node, "an open number of inputs, layers or units");
    }
    return dim;
}

static sld_value *batch_second(sld_tf_node *node, sld_value *x, bool time_major)
{
    return time_major ? x : sld_tf_transpose(node, (int32_t[]){1, 0, 2}, x);
}

/* What params must hold. False if that is too much. */
static bool count_params(const stack *s, int64_t *weights, int64_t *biases)
{
    int64_t rows, first, later;
    if (!sld_i64_mul(s->kind->gates, s->hidden, &rows) ||
        !sld_i64_mul(rows, s->directions, &rows) ||
        !sld_i64_mul(rows, s->inputs + s->hidden, &first) ||
        !sld_i64_mul(rows, (s->directions + 1) * s->hidden, &later) ||
        !sld_i64_mul(later, s->layers - 1, &later) || !sld_i64_mul(2 * rows, s->layers, biases)) {
        return false;
    }
    if (first > INT64_MAX / 4 || later > INT64_MAX / 4 || *biases > INT64_MAX / 4) {
        return false;
    }
    *weights = first + later;
    return true;
}

static void check_stack(stack *s, bool both)
{
    sld_tf_node *node = s->node;
    int64_t biases, states, have;
    if (!sld_tf_ok(node)) {
        return;
    }
    if (s->x->shape.rank != 3 || s->h->shape.rank != 3 || s->params->shape.rank != 1 ||
        (s->kind->op == SLD_OP_LSTM && s->c->shape.rank != 3)) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "ranks of its inputs do not fit");
        return;
    }
    s->directions = both ? 2 : 1;
    s->inputs = fixed(s, s->x, 2);
    states = fixed(s, s->h, 0);
    s->hidden = fixed(s, s->h, 2);
    have = fixed(s, s->params, 0);
    s->layers = states / s->directions;
    if (!sld_tf_ok(node)) {
        return;
    }
    if (states % s->directions != 0 || s->hidden > INT32_MAX || s->inputs > INT32_MAX ||
        states > INT32_MAX || !count_params(s, &s->bias_at, &biases) ||
        have != s->bias_at + biases) {
        sld_tf_fail(node, SOLDER_ERROR_DATA,
                    "%lld parameters are not those of %lld states of %lld units", (long long)have,
                    (long long)states, (long long)s->hidden);
    }
}

/* The next `blocks` x gates matrices of [H, columns], the gates in the operator's order, as
 * [1, blocks gates H, columns]; vectors if columns is 0. */
static sld_value *take(stack *s, int64_t *at, int64_t blocks, int64_t columns)
{
    sld_tf_node *node = s->node;
    int64_t order[4], gates = s->kind->gates, width = columns == 0 ? 1 : columns;
    int64_t size = blocks * gates * s->hidden * width;
    for (int i = 0; i < gates; i++) {
        order[i] = s->kind->order[i];
    }
    sld_value *part = sld_tf_slice(node, s->params, 0, *at, *at + size);
    *at += size;
    part = sld_tf_reshape(node, (int64_t[]){blocks, gates, s->hidden * width}, 3, part);
    part = sld_tf_gather(node, part, sld_tf_vector(node, order, (size_t)gates), 1);
    return sld_tf_reshape(node, (int64_t[]){1, blocks * gates * s->hidden, columns},
                          columns == 0 ? 2 : 3, part);
}

static sld_value *states(stack *s, sld_value *all, int64_t layer)
{
    return sld_tf_slice(s->node, all, 0, layer * s->directions, (layer + 1) * s->directions);
}

/* x of the next layer, [T, N, D H], and the layer's last states. */
static sld_value *emit_layer(stack *s, sld_value *x, int64_t layer, sld_value **h, sld_value **c)
{
    sld_tf_node *node = s->node;
    bool lstm = s->kind->op == SLD_OP_LSTM, two = s->directions == 2;
    int64_t inputs = layer == 0 ? s->inputs : s->directions * s->hidden;
    sld_value *w[2], *r[2], *bias[2], *in[8] = {x}, *out[3];
    for (int64_t d = 0; d < s->directions; d++) {
        w[d] = take(s, &s->weight_at, 1, inputs);
        r[d] = take(s, &s->weight_at, 1, s->hidden);
        bias[d] = take(s, &s->bias_at, 2, 0);
    }
    in[SLD_RECURRENT_W] = two ? sld_tf_concat(node, w, 2, 0) : w[0];
    in[SLD_RECURRENT_R] = two ? sld_tf_concat(node, r, 2, 0) : r[0];
    in[SLD_RECURRENT_BIAS] = two ? sld_tf_concat(node, bias, 2, 0) : bias[0];
    in[SLD_RECURRENT_LENGTHS] = s->lengths;
    in[SLD_RECURRENT_H] = states(s, s->h, layer);
    in[SLD_RECURRENT_C] = lstm ? states(s, s->c, layer) : NULL;
    const sld_recurrent_params params = {.hidden = (int32_t)s->hidden,
                                         .direction = two ? SLD_DIRECTION_BIDIRECTIONAL
                                                          : SLD_DIRECTION_FORWARD,
                                         .f = {s->kind->f, s->kind->f},
                                         .g = {SLD_ACT_TANH, SLD_ACT_TANH},
                                         .h = {SLD_ACT_TANH, SLD_ACT_TANH},
                                         .linear_before_reset = s->kind->op == SLD_OP_GRU};
    sld_tf_emit_many(node, s->kind->op, &params, in, lstm ? 8 : 6, out, lstm ? 3 : 2);
    *h = out[1];
    *c = lstm ? out[2] : NULL;
    sld_value *y = sld_tf_transpose(node, (int32_t[]){0, 2, 1, 3}, out[0]);
    return sld_tf_reshape(node, (int64_t[]){0, 0, s->directions * s->hidden}, 3, y);
}

#define MAX_LAYERS 64

static void emit_stack(stack *s, bool time_major)
{
    sld_tf_node *node = s->node;
    sld_value *x = s->x, *h[MAX_LAYERS], *c[MAX_LAYERS];
    if (sld_tf_ok(node) && s->layers > MAX_LAYERS) {
        sld_tf_unsupported(node, "%lld layers", (long long)s->layers);
    }
    for (int64_t i = 0; sld_tf_ok(node) && i < s->layers; i++) {
        x = emit_layer(s, x, i, &h[i], &c[i]);
    }
    if (!sld_tf_ok(node)) {
        return;
    }
    uint32_t layers = (uint32_t)s->layers;
    sld_tf_set(node, 0, batch_second(node, x, time_major));
    sld_tf_set(node, 1, batch_second(node, sld_tf_concat(node, h, layers, 0), time_major));
    if (s->kind->op == SLD_OP_LSTM) {
        sld_tf_set(node, 2, batch_second(node, sld_tf_concat(node, c, layers, 0), time_major));
    }
}

/* What differs from the plain linear network without dropout. */
static void read_modes(stack *s)
{
    static const char *const modes[] = {"linear_input", "skip_input", "auto_select"};
    sld_tf_node *node = s->node;
    int mode = sld_tf_choice(node, "input_mode", modes, 3, 0);
    bool training = sld_tf_bool(node, "is_training", true);
    float dropout = sld_tf_float(node, "dropout", 0);
    int64_t projection = sld_tf_int(node, "num_proj", 0);
    (void)sld_tf_int(node, "seed", 0);
    (void)sld_tf_int(node, "seed2", 0);
    if (training && dropout != 0) {
        sld_tf_unsupported(node, "dropout %g in training", (double)dropout);
    }
    if (projection != 0) {
        sld_tf_unsupported(node, "num_proj %lld", (long long)projection);
    }
    if (sld_tf_ok(node) && (mode == 1 || (mode == 2 && s->inputs == s->hidden))) {
        sld_tf_unsupported(node, "input_mode %s", modes[mode]);
    }
}

/* input, h, c, params; version 3: also sequence lengths */
void sld_tf_cudnn_rnn(sld_tf_node *node, int version)
{
    static const char *const names[] = {"lstm", "gru", "rnn_tanh", "rnn_relu"};
    static const char *const directions[] = {"unidirectional", "bidirectional"};
    stack s = {.node = node, .kind = &kinds[sld_tf_choice(node, "rnn_mode", names, 4, 0)]};
    bool both = sld_tf_choice(node, "direction", directions, 2, 0) == 1;
    bool time_major = version < 3 || sld_tf_bool(node, "time_major", true);
    s.x = batch_second(node, sld_tf_input(node, 0), time_major);
    s.h = batch_second(node, sld_tf_input(node, 1), time_major);
    s.c = sld_tf_input(node, 2); /* of an LSTM; anything otherwise */
    s.c = s.kind->op == SLD_OP_LSTM ? batch_second(node, s.c, time_major) : NULL;
    s.params = sld_tf_input(node, 3);
    s.lengths = version < 3 ? NULL : sld_tf_input(node, 4);
    check_stack(&s, both);
    read_modes(&s);
    emit_stack(&s, time_major);
}
