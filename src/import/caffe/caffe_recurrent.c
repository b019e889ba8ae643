/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LSTM and RNN: steps along axis 0 of x [T, N, ...]. cont [T, N] scales the state before each step:
 * 0 where a sequence begins. What does not depend on the state is computed for all steps at once,
 * the rest is a Loop.
 */
#include "import/caffe/caffe.h"
#include "kernels/control/control.h"

typedef struct recurrent {
    bool lstm;
    int64_t gates, hidden, inputs;
    sld_value *x, *cont;      /* x: [T, N, gates hidden] once multiplied */
    sld_value *recurrence;    /* [gates hidden, hidden] */
    sld_value *first[2];      /* h and c [N, hidden] before the first step */
    sld_value *all, *last[2]; /* h of all steps [T, N, hidden]; what h and c are in the end */
    uint32_t blob;            /* the next weight */
} recurrent;

static solder_status weight(sld_caffe *c, sld_caffe_layer *l, recurrent *r, const char *what,
                            int64_t rows, int64_t columns, sld_value **value)
{
    sld_caffe_want want = {.index = r->blob++,
                           .what = what,
                           .fill = columns == 0 ? SLD_CAFFE_FILL_BIAS : SLD_CAFFE_FILL_WEIGHT,
                           .fan_in = columns,
                           .rank = columns == 0 ? 1 : 2,
                           .dims = {rows, columns}};
    return sld_caffe_weight(c, l, &want, value);
}

/* x w' + bias */
static solder_status product(sld_caffe *c, sld_caffe_layer *l, sld_value *x, sld_value *w,
                             sld_value *bias, sld_value **out)
{
    sld_matmul_params params;
    sld_op_defaults(SLD_OP_MATMUL, &params);
    params.trans_b = 1;
    sld_value *in[3] = {x, w, bias};
    return sld_caffe_add(c, l, SLD_OP_MATMUL, &params, in, 3, out);
}

static solder_status activation(sld_caffe *c, sld_caffe_layer *l, sld_act kind, sld_value *x,
                                sld_value **out)
{
    sld_activation_params params;
    sld_op_defaults(SLD_OP_ACTIVATION, &params);
    params.kind = (int32_t)kind;
    return sld_caffe_add(c, l, SLD_OP_ACTIVATION, &params, &x, 1, out);
}

/* The first axes as they are, the rest as one. */
static solder_status flatten(sld_caffe *c, sld_caffe_layer *l, sld_value *x, int axes,
                             int64_t *size, sld_value **out)
{
    sld_shape shape = {.rank = axes + 1};
    *size = 1;
    if (x->shape.rank < axes) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "its bottom '%s' has %d axes, it needs %d",
                              x->name, (int)x->shape.rank, axes);
    }
    for (int i = axes; i < x->shape.rank; i++) {
        int64_t dim;
        SLD_TRY(sld_caffe_dim(c, l, x, i, &dim));
        if (!sld_i64_mul(*size, dim, size)) {
            return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "its bottom is too large");
        }
    }
    memcpy(shape.d, x->shape.d, (size_t)axes * sizeof shape.d[0]);
    shape.d[axes] = sld_graph_dim(c->graph, *size);
    return sld_caffe_reshape(c, l, x, &shape, out);
}

/* Everything that the state has no part in. */
static solder_status before(sld_caffe *c, sld_caffe_layer *l, recurrent *r, sld_value *still)
{
    int64_t rows = r->gates * r->hidden, size;
    sld_value *w, *bias, *x, *more;
    SLD_TRY(flatten(c, l, sld_caffe_in(l, 0), 2, &r->inputs, &x));
    SLD_TRY(weight(c, l, r, "weight", rows, r->inputs, &w));
    SLD_TRY(weight(c, l, r, "bias", rows, 0, &bias));
    SLD_TRY(product(c, l, x, w, bias, &r->x));
    if (still != NULL) {
        SLD_TRY(flatten(c, l, still, 1, &size, &x));
        SLD_TRY(weight(c, l, r, "weight_static", rows, size, &w));
        SLD_TRY(product(c, l, x, w, NULL, &more));
        SLD_TRY(sld_caffe_binary(c, l, SLD_BINARY_SUM, r->x, more, &r->x));
    }
    return weight(c, l, r, "weight_recurrent", rows, r->hidden, &r->recurrence);
}

static solder_status first_states(sld_caffe *c, sld_caffe_layer *l, recurrent *r, size_t bottom)
{
    int states = r->lstm ? 2 : 1;
    for (int i = 0; i < states; i++) {
        const sld_shape shape = {.rank = 2,
                                 .d = {r->x->shape.d[1], sld_graph_dim(c->graph, r->hidden)}};
        if (bottom != 0) {
            SLD_TRY(
                sld_caffe_reshape(c, l, sld_caffe_in(l, bottom + (size_t)i), &shape, &r->first[i]));
            continue;
        }
        const sld_shape_params batch = {.start = 1, .end = 2};
        const sld_fill_params zeros = {.dtype = SOLDER_F32};
        const sld_concat_params join = {.axis = 0};
        sld_value *dims[2];
        SLD_TRY(sld_caffe_add(c, l, SLD_OP_SHAPE, &batch, &r->x, 1, &dims[0]));
        if (sld_graph_add_constant(c->graph, NULL, SOLDER_I64, 1, &(int64_t){1}, &r->hidden, true,
                                   &dims[1]) != SOLDER_OK) {
            return SOLDER_ERROR_MEMORY;
        }
        SLD_TRY(sld_caffe_add(c, l, SLD_OP_CONCAT, &join, dims, 2, &dims[0]));
        SLD_TRY(sld_caffe_add(c, l, SLD_OP_FILL, &zeros, dims, 1, &r->first[i]));
    }
    return SOLDER_OK;
}

/* ---- one step: c->graph is the body ---- */

static solder_status gate(sld_caffe *c, sld_caffe_layer *l, const recurrent *r, sld_value *gates,
                          int index, sld_act act, sld_value **out)
{
    sld_slice_params params;
    sld_op_defaults(SLD_OP_SLICE, &params);
    params.count = 1;
    params.axes[0] = 1;
    params.start[0] = index * r->hidden;
    params.end[0] = (index + 1) * r->hidden;
    params.step[0] = 1;
    SLD_TRY(sld_caffe_add(c, l, SLD_OP_SLICE, &params, &gates, 1, out));
    return activation(c, l, act, *out, out);
}

/* c' = cont f c + i g, h' = o tanh(c') */
static solder_status lstm_step(sld_caffe *c, sld_caffe_layer *l, const recurrent *r,
                               sld_value *gates, sld_value *cont, sld_value **state)
{
    sld_value *i, *f, *o, *g;
    SLD_TRY(gate(c, l, r, gates, 0, SLD_ACT_SIGMOID, &i));
    SLD_TRY(gate(c, l, r, gates, 1, SLD_ACT_SIGMOID, &f));
    SLD_TRY(gate(c, l, r, gates, 2, SLD_ACT_SIGMOID, &o));
    SLD_TRY(gate(c, l, r, gates, 3, SLD_ACT_TANH, &g));
    SLD_TRY(sld_caffe_binary(c, l, SLD_BINARY_PROD, f, cont, &f));
    SLD_TRY(sld_caffe_binary(c, l, SLD_BINARY_PROD, f, state[1], &f));
    SLD_TRY(sld_caffe_binary(c, l, SLD_BINARY_PROD, i, g, &i));
    SLD_TRY(sld_caffe_binary(c, l, SLD_BINARY_SUM, f, i, &state[1]));
    SLD_TRY(activation(c, l, SLD_ACT_TANH, state[1], &g));
    return sld_caffe_binary(c, l, SLD_BINARY_PROD, o, g, &state[0]);
}

static solder_status step(sld_caffe *c, sld_caffe_layer *l, const recurrent *r, sld_value **state,
                          sld_value *x, sld_value *cont)
{
    sld_value *w, *h, *gates;
    const sld_shape column = {.rank = 2, .d = {x->shape.d[0], sld_graph_dim(c->graph, 1)}};
    SLD_TRY(sld_graph_body_constant(c->graph, r->recurrence, &w));
    SLD_TRY(sld_caffe_reshape(c, l, cont, &column, &cont));
    SLD_TRY(sld_caffe_binary(c, l, SLD_BINARY_PROD, state[0], cont, &h));
    SLD_TRY(product(c, l, h, w, NULL, &gates));
    SLD_TRY(sld_caffe_binary(c, l, SLD_BINARY_SUM, gates, x, &gates));
    return r->lstm ? lstm_step(c, l, r, gates, cont, state)
                   : activation(c, l, SLD_ACT_TANH, gates, &state[0]);
}

static solder_status fill_body(sld_caffe *c, sld_caffe_layer *l, const recurrent *r)
{
    static const char *const names[] = {"h", "c"};
    sld_graph *body = c->graph;
    const sld_shape scalar = sld_shape_scalar();
    const uint8_t yes = 1;
    sld_value *iteration, *state[2], *x, *cont, *again;
    int states = r->lstm ? 2 : 1;
    SLD_TRY(sld_graph_add_input(body, "iteration", SOLDER_I64, &scalar, &iteration));
    for (int i = 0; i < states; i++) {
        SLD_TRY(sld_graph_body_carried(body, names[i], r->first[i], 0, &state[i]));
    }
    SLD_TRY(sld_graph_body_slice(body, "x", r->x, &x));
    SLD_TRY(sld_graph_body_slice(body, "cont", r->cont, &cont));
    SLD_TRY(step(c, l, r, state, x, cont));
    SLD_TRY(sld_graph_add_constant(body, NULL, SOLDER_BOOL, 0, NULL, &yes, true, &again));
    SLD_TRY(sld_graph_body_output(body, again));
    for (int i = 0; i < states; i++) {
        SLD_TRY(sld_graph_body_output(body, state[i]));
    }
    return sld_graph_body_output(body, state[0]);
}

static solder_status loop(sld_caffe *c, sld_caffe_layer *l, recurrent *r)
{
    sld_graph *around = c->graph, *body;
    sld_node *node;
    uint32_t states = r->lstm ? 2 : 1, count = SLD_LOOP_FIRST;
    SLD_TRY(sld_graph_body_create(around, l->name, &body));
    c->graph = body;
    solder_status status = fill_body(c, l, r);
    c->graph = around;
    SLD_TRY(status);
    const sld_loop_params params = {.carried_count = (int32_t)states,
                                    .scanned_count = 2,
                                    .scan_count = 1,
                                    .scan_mode = {SLD_SCAN_STACK}};
    sld_value *in[SLD_LOOP_FIRST + 4] = {NULL};
    for (uint32_t i = 0; i < states; i++) {
        in[count++] = r->first[i];
    }
    in[count++] = r->x;
    in[count++] = r->cont;
    status = sld_graph_add_loop(around, NULL, l->name, &params, in, count, body, &node);
    if (status != SOLDER_OK) {
        return sld_fail_within(c->diag, status, "caffe: layer '%s' (%s)", l->name, l->type);
    }
    node->source = l->source;
    for (uint32_t i = 0; i < states; i++) {
        r->last[i] = node->out[i];
    }
    r->all = node->out[states];
    return SOLDER_OK;
}

/* ---- the layer ---- */

/* RNN: o = tanh(h w + b) of every step */
static solder_status after(sld_caffe *c, sld_caffe_layer *l, recurrent *r)
{
    sld_value *w, *bias, *y;
    SLD_TRY(weight(c, l, r, "weight_output", r->hidden, r->hidden, &w));
    SLD_TRY(weight(c, l, r, "bias_output", r->hidden, 0, &bias));
    SLD_TRY(product(c, l, r->all, w, bias, &y));
    return activation(c, l, SLD_ACT_TANH, y, &r->all);
}

solder_status sld_caffe_recurrent(sld_caffe *c, sld_caffe_layer *l)
{
    const Caffe__RecurrentParameter *p = l->param;
    recurrent r = {.lstm = strcmp(l->type, "LSTM") == 0};
    size_t states = r.lstm ? 2 : 1, exposed = p->expose_hidden ? states : 0;
    int32_t hidden;
    r.gates = r.lstm ? 4 : 1;
    SLD_TRY(sld_caffe_i32(c, l, "num_output", p->num_output, 1, &hidden));
    r.hidden = hidden;
    bool still = l->p->n_bottom == 3 + exposed;
    if ((l->p->n_bottom != 2 + exposed && !still) || l->p->n_top != 1 + exposed) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "has %zu bottoms and %zu tops",
                              l->p->n_bottom, l->p->n_top);
    }
    r.cont = sld_caffe_in(l, 1);
    if (r.cont->shape.rank != 2) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "its bottom '%s' has %d axes, not 2",
                              r.cont->name, (int)r.cont->shape.rank);
    }
    SLD_TRY(before(c, l, &r, still ? sld_caffe_in(l, 2) : NULL));
    SLD_TRY(first_states(c, l, &r, exposed != 0 ? l->p->n_bottom - exposed : 0));
    SLD_TRY(loop(c, l, &r));
    if (!r.lstm) {
        SLD_TRY(after(c, l, &r));
    }
    sld_caffe_out(l, 0, r.all);
    for (size_t i = 0; i < exposed; i++) {
        const sld_shape shape = {.rank = 3,
                                 .d = {sld_graph_dim(c->graph, 1), r.last[i]->shape.d[0],
                                       sld_graph_dim(c->graph, r.hidden)}};
        sld_value *top;
        SLD_TRY(sld_caffe_reshape(c, l, r.last[i], &shape, &top));
        sld_caffe_out(l, 1 + i, top);
    }
    return SOLDER_OK;
}
