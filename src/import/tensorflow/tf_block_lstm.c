/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BlockLSTM: all steps of an LSTM. Where only h is read it is the operator LSTM; otherwise a Loop
 * of the cell, whose x w + b of all steps is one product before it.
 */
#include "import/tensorflow/tf_lstm.h"
#include "import/tensorflow/tf_ops.h"
#include "import/tensorflow/tf_scope.h"
#include "kernels/control/control.h"

enum { CS = 1, H = 6 }; /* outputs */

/* ---- which outputs are read ---- */

/* Is `text` an output of the node before h? */
static bool is_other_output(sld_tf_node *node, const char *text)
{
    const char *name = node->name + strlen(node->scope->prefix);
    size_t length = strlen(name);
    sld_tf_ref ref;
    if (!sld_tf_ok(node) || strncmp(text, name, length) != 0 ||
        (text[length] != '\0' && text[length] != ':')) {
        return false;
    }
    node->status = sld_tf_resolve(node->tf, node->scope, text, &ref);
    return ref.entry != NULL && strcmp(ref.entry->proto->name, name) == 0 && ref.index != H;
}

static bool only_h_is_read(sld_tf_node *node)
{
    const sld_tf_scope *scope = node->scope;
    for (uint32_t i = 0; i < scope->count; i++) {
        const sld_tf_node_proto *p = scope->entries[i].proto;
        for (uint32_t j = 0; j < p->in_count; j++) {
            if (is_other_output(node, p->in[j])) {
                return false;
            }
        }
    }
    const sld_tf_function *f = scope->function;
    for (uint32_t i = 0; f != NULL && i < f->ret_value_count; i++) {
        if (is_other_output(node, f->ret_values[i])) {
            return false;
        }
    }
    const solder_import_options *options = node->tf->import->options;
    for (size_t i = 0; f == NULL && i < options->output_count; i++) {
        if (is_other_output(node, options->outputs[i])) {
            return false;
        }
    }
    return true;
}

/* ---- as the operator ---- */

/* Columns of one gate of w's rows [from, to) as [hidden, rows]. */
static sld_value *gate_rows(sld_tf_node *node, const sld_tf_lstm *s, int index, int64_t from,
                            int64_t to)
{
    sld_value *gate = sld_tf_slice(node, s->w, 1, index * s->hidden, (index + 1) * s->hidden);
    return sld_tf_transpose(node, (int32_t[]){1, 0}, sld_tf_slice(node, gate, 0, from, to));
}

/* [1, 4 hidden, rows] in the operator's order: input, output, forget, new content. */
static sld_value *gate_matrix(sld_tf_node *node, const sld_tf_lstm *s, int64_t from, int64_t to)
{
    sld_value *gates[4] = {gate_rows(node, s, 0, from, to), gate_rows(node, s, 3, from, to),
                           gate_rows(node, s, s->forget, from, to),
                           gate_rows(node, s, s->fresh, from, to)};
    return sld_tf_unsqueeze(node, sld_tf_concat(node, gates, 4, 0), 0, 1);
}

static sld_value *gate_bias(sld_tf_node *node, const sld_tf_lstm *s)
{
    static const int order[2] = {0, 3};
    sld_value *parts[5];
    for (int i = 0; i < 4; i++) {
        int64_t index = i < 2 ? order[i] : i == 2 ? s->forget : s->fresh;
        parts[i] = sld_tf_slice(node, s->b, 0, index * s->hidden, (index + 1) * s->hidden);
    }
    if (s->forget_bias != 0 && sld_tf_ok(node)) {
        parts[2] = sld_tf_binary(node, SLD_BINARY_SUM, parts[2],
                                 sld_tf_scalar(node, s->b->dtype, (double)s->forget_bias));
    }
    const sld_fill_params zeros = {
        .dtype = sld_tf_ok(node) ? (int32_t)s->b->dtype : 0, .rank = 1, .dims = {4 * s->hidden}};
    parts[4] = sld_tf_emit(node, SLD_OP_FILL, &zeros, NULL, 0);
    return sld_tf_unsqueeze(node, sld_tf_concat(node, parts, 5, 0), 0, 1);
}

/* Does the node say that all steps of x are to be run? */
static bool runs_all(sld_tf_node *node, const sld_value *steps, const sld_value *x)
{
    int64_t count, all;
    if (sld_tf_known_at(node, steps, 0, &count) &&
        sld_expr_is_const(&node->tf->graph->exprs, x->shape.d[0], &all)) {
        return count >= all;
    }
    return steps->content != NULL && steps->content[0] == x->shape.d[0];
}

/* As many steps for all sequences; nothing if it is all there are. */
static sld_value *lengths_of(sld_tf_node *node, sld_value *steps, sld_value *x)
{
    if (!sld_tf_ok(node) || runs_all(node, steps, x)) {
        return NULL;
    }
    const sld_shape_params one = {.start = 1, .end = 2};
    sld_value *batch = sld_tf_emit(node, SLD_OP_SHAPE, &one, &x, 1);
    return sld_tf_emit(node, SLD_OP_EXPAND, NULL, (sld_value *[]){steps, batch}, 2);
}

static void as_operator(sld_tf_node *node, const sld_tf_lstm *s, sld_value *steps, int64_t inputs)
{
    sld_value *in[8] = {s->x, gate_matrix(node, s, 0, inputs),
                        gate_matrix(node, s, inputs, INT64_MAX), gate_bias(node, s)};
    in[SLD_RECURRENT_LENGTHS] = lengths_of(node, steps, s->x);
    in[SLD_RECURRENT_H] = sld_tf_unsqueeze(node, s->h, 0, 1);
    in[SLD_RECURRENT_C] = sld_tf_unsqueeze(node, s->cs, 0, 1);
    if (s->peephole) {
        sld_value *weights[3] = {s->wci, s->wco, s->wcf};
        in[SLD_RECURRENT_PEEPHOLES] =
            sld_tf_unsqueeze(node, sld_tf_concat(node, weights, 3, 0), 0, 1);
    }
    const sld_recurrent_params params = {.f = {SLD_ACT_SIGMOID, SLD_ACT_SIGMOID},
                                         .g = {SLD_ACT_TANH, SLD_ACT_TANH},
                                         .h = {SLD_ACT_TANH, SLD_ACT_TANH},
                                         .cell_clip = s->clip > 0 ? s->clip : 0};
    sld_value *y = sld_tf_emit(node, SLD_OP_LSTM, &params, in, 8);
    sld_tf_set(node, H, sld_tf_reshape(node, (int64_t[]){0, -1, s->hidden}, 3, y));
}

/* ---- as a Loop ---- */

/* What the Loop reads, and what stands for it in the body. */
typedef struct looping {
    sld_tf_node *node;
    sld_graph *body;
    sld_value *in[SLD_LOOP_FIRST + 8];
    uint32_t in_count;
} looping;

static sld_value *capture(looping *l, sld_value *outer)
{
    sld_value *inner = NULL;
    if (!sld_tf_ok(l->node)) {
        return NULL;
    }
    if (sld_value_is_constant(outer)) {
        sld_tf_keep(l->node, sld_graph_body_constant(l->body, outer, &inner));
        return inner;
    }
    sld_tf_keep(l->node, sld_graph_body_input(l->body, NULL, outer, &inner));
    l->in[l->in_count++] = outer;
    return inner;
}

static sld_value *carry(looping *l, sld_value *outer)
{
    sld_value *inner = NULL;
    if (sld_tf_ok(l->node)) {
        sld_tf_keep(l->node, sld_graph_body_carried(l->body, NULL, outer, 0, &inner));
        l->in[l->in_count++] = outer;
    }
    return inner;
}

static void give(looping *l, sld_value *value)
{
    if (sld_tf_ok(l->node)) {
        sld_tf_keep(l->node, sld_graph_body_output(l->body, value));
    }
}

/* The body: cs, h and a step of x w + b in, the outputs of a step out. */
static void fill_body(looping *l, const sld_tf_lstm *s, sld_value *gates, sld_value *r)
{
    const uint8_t yes = 1;
    const sld_matmul_params params = {.alpha = 1, .beta = 1};
    const sld_shape scalar = sld_shape_scalar();
    sld_tf_node *node = l->node;
    sld_tf_lstm step = *s;
    sld_value *iteration, *one = NULL, *out[SLD_TF_LSTM_OUTPUTS];
    sld_tf_keep(node, sld_graph_add_input(l->body, NULL, SOLDER_I64, &scalar, &iteration));
    step.cs = carry(l, s->cs);
    step.h = carry(l, s->h);
    if (sld_tf_ok(node)) {
        sld_tf_keep(node, sld_graph_body_slice(l->body, NULL, gates, &one));
        l->in[l->in_count++] = gates;
    }
    r = capture(l, r);
    if (s->peephole) {
        step.wci = capture(l, s->wci);
        step.wcf = capture(l, s->wcf);
        step.wco = capture(l, s->wco);
    }
    sld_value *product = sld_tf_emit(node, SLD_OP_MATMUL, &params, (sld_value *[]){step.h, r}, 2);
    sld_tf_lstm_cell(node, &step, sld_tf_binary(node, SLD_BINARY_SUM, one, product), out);
    give(l, sld_tf_constant(node, SOLDER_BOOL, 0, NULL, &yes));
    give(l, out[CS]);
    give(l, out[H]);
    for (int i = 0; i < SLD_TF_LSTM_OUTPUTS; i++) {
        give(l, out[i]);
    }
}

/* Zeros for the steps that were not run. */
static sld_value *padded(sld_tf_node *node, sld_value *y, sld_value *x)
{
    const sld_shape_params first = {.start = 0, .end = 1}, rest = {.start = 1, .end = 3};
    const sld_fill_params zeros = {.dtype = sld_tf_ok(node) ? (int32_t)y->dtype : 0};
    sld_value *all = sld_tf_emit(node, SLD_OP_SHAPE, &first, &x, 1);
    sld_value *run = sld_tf_emit(node, SLD_OP_SHAPE, &first, &y, 1);
    sld_value *dims[2] = {sld_tf_binary(node, SLD_BINARY_SUB, all, run),
                          sld_tf_emit(node, SLD_OP_SHAPE, &rest, &y, 1)};
    sld_value *shape = sld_tf_concat(node, dims, 2, 0);
    sld_value *both[2] = {y, sld_tf_emit(node, SLD_OP_FILL, &zeros, &shape, 1)};
    return sld_tf_concat(node, both, 2, 0);
}

static void as_loop(sld_tf_node *node, const sld_tf_lstm *s, sld_value *steps, int64_t inputs)
{
    const sld_matmul_params params = {.alpha = 1, .beta = 1};
    const sld_loop_params shape = {
        .carried_count = 2, .scanned_count = 1, .scan_count = SLD_TF_LSTM_OUTPUTS};
    sld_graph *around = node->tf->graph;
    looping l = {.node = node, .in_count = SLD_LOOP_FIRST};
    sld_node *made = NULL;
    sld_value *w = sld_tf_slice(node, s->w, 0, 0, inputs);
    sld_value *r = sld_tf_slice(node, s->w, 0, inputs, INT64_MAX);
    sld_value *gates = sld_tf_emit(node, SLD_OP_MATMUL, &params, (sld_value *[]){s->x, w}, 2);
    gates = sld_tf_binary(node, SLD_BINARY_SUM, gates, s->b);
    bool all = sld_tf_ok(node) && runs_all(node, steps, s->x);
    l.in[SLD_LOOP_TRIP] = all ? NULL : steps;
    if (sld_tf_ok(node)) {
        sld_tf_keep(node, sld_graph_body_create(around, node->name, &l.body));
    }
    if (!sld_tf_ok(node)) {
        return;
    }
    node->tf->graph = l.body;
    fill_body(&l, s, gates, r);
    node->tf->graph = around;
    if (sld_tf_ok(node)) {
        sld_tf_keep(node, sld_graph_add_loop(around, NULL, node->name, &shape, l.in, l.in_count,
                                             l.body, &made));
    }
    for (uint32_t i = 0; i < SLD_TF_LSTM_OUTPUTS && sld_tf_ok(node); i++) {
        sld_value *y = made->out[2 + i];
        sld_tf_set(node, i, all ? y : padded(node, y, s->x));
    }
}

/* seq_len_max, then as LSTMBlockCell with x [T, N, I]; V2 has the gates in another order. */
void sld_tf_block_lstm(sld_tf_node *node, int v2)
{
    sld_tf_lstm s = {.forget = v2 ? 1 : 2, .fresh = v2 ? 2 : 1};
    int64_t inputs;
    sld_value *steps = sld_tf_cast(node, SOLDER_I64, sld_tf_input(node, 0));
    steps = sld_tf_as_scalar(node, steps);
    sld_tf_read_lstm(node, 1, &s);
    s.forget_bias = v2 ? 0 : sld_tf_float(node, "forget_bias", 1);
    s.clip = sld_tf_float(node, "cell_clip", v2 ? 0 : 3);
    bool plain = only_h_is_read(node);
    if (!sld_tf_ok(node)) {
        return;
    }
    if (s.x->shape.rank != 3 || s.w->shape.rank != 2 ||
        !sld_expr_is_const(&node->tf->graph->exprs, s.x->shape.d[2], &inputs)) {
        sld_tf_unsupported(node, "an open number of inputs");
    } else if (plain) {
        as_operator(node, &s, steps, inputs);
    } else {
        as_loop(node, &s, steps, inputs);
    }
}
