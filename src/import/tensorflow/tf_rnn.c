/* SPDX-License-Identifier: Apache-2.0 */
/* Recurrent operators: one step of a cell, or all steps of BlockLSTM. */
#include "import/tensorflow/tf_ops.h"
#include "import/tensorflow/tf_scope.h"

/* One step of an LSTM. */
typedef struct lstm_step {
    sld_value *x, *cs, *h, *w, *wci, *wcf, *wco, *b;
    float forget_bias, clip;
    bool peephole;
    int forget, fresh; /* which quarter of w's columns: input 0, output 3, these two between */
    int64_t hidden;
} lstm_step;

static sld_value *prod(sld_tf_node *node, sld_value *a, sld_value *b)
{
    return sld_tf_binary(node, SLD_BINARY_PROD, a, b);
}

static sld_value *sum(sld_tf_node *node, sld_value *a, sld_value *b)
{
    return sld_tf_binary(node, SLD_BINARY_SUM, a, b);
}

/* [a, b] w + bias */
static sld_value *dense(sld_tf_node *node, sld_value *a, sld_value *b, sld_value *w,
                        sld_value *bias)
{
    const sld_matmul_params params = {.alpha = 1, .beta = 1};
    sld_value *both = sld_tf_concat(node, (sld_value *[]){a, b}, 2, 1);
    return sum(node, sld_tf_emit(node, SLD_OP_MATMUL, &params, (sld_value *[]){both, w}, 2), bias);
}

static sld_value *sigmoid(sld_tf_node *node, sld_value *x)
{
    return sld_tf_activation(node, SLD_ACT_SIGMOID, 0, 0, x);
}

static sld_value *tanh_of(sld_tf_node *node, sld_value *x)
{
    return sld_tf_activation(node, SLD_ACT_TANH, 0, 0, x);
}

static sld_value *quarter(sld_tf_node *node, const lstm_step *s, sld_value *gates, int index)
{
    return sld_tf_slice(node, gates, 1, index * s->hidden, (index + 1) * s->hidden);
}

/* The hidden size from a bias of that many gates. */
static int64_t hidden_of(sld_tf_node *node, const sld_value *bias, int gates)
{
    int64_t size;
    if (!sld_tf_ok(node)) {
        return 0;
    }
    if (bias->shape.rank != 1 ||
        !sld_expr_is_const(&node->tf->graph->exprs, bias->shape.d[0], &size) || size < gates ||
        size % gates != 0) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "its bias does not have %d parts", gates);
        return 0;
    }
    return size / gates;
}

static void read_lstm(sld_tf_node *node, uint32_t first, lstm_step *s)
{
    sld_value **const in[] = {&s->x, &s->cs, &s->h, &s->w, &s->wci, &s->wcf, &s->wco, &s->b};
    for (uint32_t i = 0; i < SLD_ARRAY_LENGTH(in); i++) {
        *in[i] = sld_tf_input(node, first + i);
    }
    s->peephole = sld_tf_bool(node, "use_peephole", false);
    s->hidden = hidden_of(node, s->b, 4);
}

/* input, cs, forget, output, new input, new output, h */
static void lstm_cell(sld_tf_node *node, const lstm_step *s, sld_value **out)
{
    sld_value *gates = dense(node, s->x, s->h, s->w, s->b);
    sld_value *i = quarter(node, s, gates, 0), *f = quarter(node, s, gates, s->forget);
    sld_value *ci = tanh_of(node, quarter(node, s, gates, s->fresh));
    sld_value *o = quarter(node, s, gates, 3);
    if (s->forget_bias != 0 && sld_tf_ok(node)) {
        f = sum(node, f, sld_tf_scalar(node, f->dtype, (double)s->forget_bias));
    }
    if (s->peephole) {
        i = sum(node, i, prod(node, s->cs, s->wci));
        f = sum(node, f, prod(node, s->cs, s->wcf));
    }
    i = sigmoid(node, i);
    f = sigmoid(node, f);
    sld_value *cs = sum(node, prod(node, ci, i), prod(node, s->cs, f));
    if (s->clip > 0) {
        cs = sld_tf_activation(node, SLD_ACT_CLIP, -s->clip, s->clip, cs);
    }
    o = sigmoid(node, s->peephole ? sum(node, o, prod(node, cs, s->wco)) : o);
    sld_value *co = tanh_of(node, cs);
    sld_value *const all[7] = {i, cs, f, o, ci, co, prod(node, co, o)};
    memcpy(out, all, sizeof all);
}

void sld_tf_lstm_block_cell(sld_tf_node *node, int told)
{
    (void)told;
    lstm_step s = {.forget = 2, .fresh = 1};
    sld_value *out[7];
    read_lstm(node, 0, &s);
    s.forget_bias = sld_tf_float(node, "forget_bias", 1);
    s.clip = sld_tf_float(node, "cell_clip", 3);
    lstm_cell(node, &s, out);
    for (uint32_t i = 0; i < 7; i++) {
        sld_tf_set(node, i, out[i]);
    }
}

/* r, u, c, h */
void sld_tf_gru_block_cell(sld_tf_node *node, int told)
{
    (void)told;
    sld_value *in[6];
    for (uint32_t i = 0; i < 6; i++) {
        in[i] = sld_tf_input(node, i);
    }
    sld_value *x = in[0], *h = in[1];
    int64_t hidden = hidden_of(node, in[4], 2);
    sld_value *gates = sigmoid(node, dense(node, x, h, in[2], in[4]));
    sld_value *r = sld_tf_slice(node, gates, 1, 0, hidden);
    sld_value *u = sld_tf_slice(node, gates, 1, hidden, 2 * hidden);
    sld_value *c = tanh_of(node, dense(node, x, prod(node, h, r), in[3], in[5]));
    sld_value *one = sld_tf_ok(node) ? sld_tf_scalar(node, u->dtype, 1) : NULL;
    sld_value *rest = sld_tf_binary(node, SLD_BINARY_SUB, one, u);
    sld_value *const out[4] = {r, u, c, sum(node, prod(node, u, h), prod(node, rest, c))};
    for (uint32_t i = 0; i < 4; i++) {
        sld_tf_set(node, i, out[i]);
    }
}

/* ---- BlockLSTM ---- */

/* Columns [quarter] of w's rows [from, to) as [hidden, rows]. */
static sld_value *gate_rows(sld_tf_node *node, const lstm_step *s, int index, int64_t from,
                            int64_t to)
{
    sld_value *part = sld_tf_slice(node, quarter(node, s, s->w, index), 0, from, to);
    return sld_tf_transpose(node, (int32_t[]){1, 0}, part);
}

/* [1, 4 hidden, rows] in the operator's order: input, output, forget, new content. */
static sld_value *gate_matrix(sld_tf_node *node, const lstm_step *s, int64_t from, int64_t to)
{
    sld_value *gates[4] = {gate_rows(node, s, 0, from, to), gate_rows(node, s, 3, from, to),
                           gate_rows(node, s, s->forget, from, to),
                           gate_rows(node, s, s->fresh, from, to)};
    return sld_tf_unsqueeze(node, sld_tf_concat(node, gates, 4, 0), 0, 1);
}

static sld_value *gate_bias(sld_tf_node *node, const lstm_step *s)
{
    static const int order[2] = {0, 3};
    sld_value *parts[5];
    for (int i = 0; i < 4; i++) {
        int64_t index = i < 2 ? order[i] : i == 2 ? s->forget : s->fresh;
        parts[i] = sld_tf_slice(node, s->b, 0, index * s->hidden, (index + 1) * s->hidden);
    }
    if (s->forget_bias != 0 && sld_tf_ok(node)) {
        parts[2] = sum(node, parts[2], sld_tf_scalar(node, s->b->dtype, (double)s->forget_bias));
    }
    const sld_fill_params zeros = {
        .dtype = sld_tf_ok(node) ? (int32_t)s->b->dtype : 0, .rank = 1, .dims = {4 * s->hidden}};
    parts[4] = sld_tf_emit(node, SLD_OP_FILL, &zeros, NULL, 0);
    return sld_tf_unsqueeze(node, sld_tf_concat(node, parts, 5, 0), 0, 1);
}

/* Does a node read an output before h, which the operator LSTM does not give? */
static bool only_h_is_read(const sld_tf_node *node)
{
    const char *name = node->name + strlen(node->scope->prefix);
    size_t length = strlen(name);
    for (uint32_t i = 0; i < node->scope->count; i++) {
        const sld_tf_node_proto *p = node->scope->entries[i].proto;
        for (uint32_t j = 0; j < p->in_count; j++) {
            const char *in = p->in[j];
            if (strncmp(in, name, length) == 0 &&
                (in[length] == '\0' || (in[length] == ':' && strcmp(in + length, ":6") != 0 &&
                                        strcmp(in + length, ":h:0") != 0))) {
                return false;
            }
        }
    }
    return true;
}

/* As many steps for all sequences; nothing if it is all there are. */
static sld_value *lengths_of(sld_tf_node *node, sld_value *steps, sld_value *x)
{
    int64_t count, all;
    steps = sld_tf_as_scalar(node, steps);
    if (!sld_tf_ok(node)) {
        return NULL;
    }
    if (sld_tf_known_at(node, steps, 0, &count) &&
        sld_expr_is_const(&node->tf->graph->exprs, x->shape.d[0], &all) && count >= all) {
        return NULL;
    }
    if (steps->content != NULL && steps->content[0] == x->shape.d[0]) {
        return NULL;
    }
    const sld_shape_params one = {.start = 1, .end = 2};
    sld_value *batch = sld_tf_emit(node, SLD_OP_SHAPE, &one, &x, 1);
    return sld_tf_emit(node, SLD_OP_EXPAND, NULL, (sld_value *[]){steps, batch}, 2);
}

/* seq_len_max, then as LSTMBlockCell with x [T, N, I]; V2 has the gates in another order. */
void sld_tf_block_lstm(sld_tf_node *node, int v2)
{
    lstm_step s = {.forget = v2 ? 1 : 2, .fresh = v2 ? 2 : 1};
    sld_value *steps = sld_tf_input(node, 0);
    read_lstm(node, 1, &s);
    s.forget_bias = v2 ? 0 : sld_tf_float(node, "forget_bias", 1);
    s.clip = sld_tf_float(node, "cell_clip", v2 ? 0 : 3);
    if (s.clip > 0) {
        sld_tf_unsupported(node, "cell_clip %g", (double)s.clip);
    }
    if (sld_tf_ok(node) && !only_h_is_read(node)) {
        sld_tf_unsupported(node, "other outputs than h are read");
    }
    int64_t inputs;
    if (!sld_tf_ok(node)) {
        return;
    }
    if (s.x->shape.rank != 3 || s.w->shape.rank != 2 ||
        !sld_expr_is_const(&node->tf->graph->exprs, s.x->shape.d[2], &inputs)) {
        sld_tf_unsupported(node, "an open number of inputs");
        return;
    }
    sld_value *in[8] = {s.x, gate_matrix(node, &s, 0, inputs),
                        gate_matrix(node, &s, inputs, INT64_MAX), gate_bias(node, &s)};
    in[SLD_RECURRENT_LENGTHS] = lengths_of(node, steps, s.x);
    in[SLD_RECURRENT_H] = sld_tf_unsqueeze(node, s.h, 0, 1);
    in[SLD_RECURRENT_C] = sld_tf_unsqueeze(node, s.cs, 0, 1);
    if (s.peephole) {
        sld_value *weights[3] = {s.wci, s.wco, s.wcf};
        in[SLD_RECURRENT_PEEPHOLES] =
            sld_tf_unsqueeze(node, sld_tf_concat(node, weights, 3, 0), 0, 1);
    }
    const sld_recurrent_params params = {.f = {SLD_ACT_SIGMOID, SLD_ACT_SIGMOID},
                                         .g = {SLD_ACT_TANH, SLD_ACT_TANH},
                                         .h = {SLD_ACT_TANH, SLD_ACT_TANH}};
    sld_value *y = sld_tf_emit(node, SLD_OP_LSTM, &params, in, 8);
    sld_tf_set(node, 6, sld_tf_reshape(node, (int64_t[]){0, -1, s.hidden}, 3, y));
}
