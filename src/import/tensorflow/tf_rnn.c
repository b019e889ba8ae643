/* SPDX-License-Identifier: Apache-2.0 */
/* One step of a cell. */
#include "import/tensorflow/tf_lstm.h"
#include "import/tensorflow/tf_ops.h"

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

static sld_value *quarter(sld_tf_node *node, const sld_tf_lstm *s, sld_value *gates, int index)
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

void sld_tf_read_lstm(sld_tf_node *node, uint32_t first, sld_tf_lstm *s)
{
    sld_value **const in[] = {&s->x, &s->cs, &s->h, &s->w, &s->wci, &s->wcf, &s->wco, &s->b};
    for (uint32_t i = 0; i < SLD_ARRAY_LENGTH(in); i++) {
        *in[i] = sld_tf_input(node, first + i);
    }
    s->peephole = sld_tf_bool(node, "use_peephole", false);
    s->hidden = hidden_of(node, s->b, 4);
}

void sld_tf_lstm_cell(sld_tf_node *node, const sld_tf_lstm *s, sld_value *gates, sld_value **out)
{
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
    sld_value *const all[SLD_TF_LSTM_OUTPUTS] = {i, cs, f, o, ci, co, prod(node, co, o)};
    memcpy(out, all, sizeof all);
}

void sld_tf_lstm_block_cell(sld_tf_node *node, int told)
{
    (void)told;
    sld_tf_lstm s = {.forget = 2, .fresh = 1};
    sld_value *out[SLD_TF_LSTM_OUTPUTS];
    sld_tf_read_lstm(node, 0, &s);
    s.forget_bias = sld_tf_float(node, "forget_bias", 1);
    s.clip = sld_tf_float(node, "cell_clip", 3);
    sld_tf_lstm_cell(node, &s, dense(node, s.x, s.h, s.w, s.b), out);
    for (uint32_t i = 0; i < SLD_TF_LSTM_OUTPUTS; i++) {
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
