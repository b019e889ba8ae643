/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     x ------------> Prod --> y                             x --> Activation swish --> y
 *      \--> sigmoid -/                             ==>
 *
 *     x --> MatMul --> Sum --> y                             x --> MatMul --> y
 *              [bias] -/                           ==>   [bias] -/
 *
 * Formulas that exporters spell out become the operator they mean: sigmoid, swish, hard sigmoid,
 * hard swish, mish, GELU in both forms, softmax, layer norm, PReLU; a constant added to a MatMul
 * becomes its bias; what is left of arithmetic with one constant per channel becomes a Scale.
 * How a formula's constants are spread over its steps does not matter (match.h).
 */
#include "passes/match.h"
#include "passes/pass.h"

/* y = factor * x * (a f(g) + b), the form of every gated activation; g = inner_a x + inner_b. */
typedef struct gate {
    sld_node *f; /* Activation or Unary */
    sld_value *x;
    double a, b; /* factor included */
    double inner_a, inner_b;
} gate;

/* Finds x so that left = a x and inner = inner_a x + inner_b. */
static bool find_common(sld_value *left, sld_value *inner, gate *g)
{
    sld_affine l[SLD_AFFINE_MAX];
    sld_affine r[SLD_AFFINE_MAX];
    int lefts = sld_affine_chain(left, l);
    int rights = sld_affine_chain(inner, r);
    for (int i = 0; i < lefts; i++) {
        for (int j = 0; l[i].b == 0 && j < rights; j++) {
            if (l[i].value == r[j].value) {
                g->x = l[i].value;
                g->a *= l[i].a;
                g->b *= l[i].a;
                g->inner_a = r[j].a;
                g->inner_b = r[j].b;
                return true;
            }
        }
    }
    return false;
}

/* The first Activation or Unary that is no arithmetic along the chain of value. */
static sld_node *find_function(sld_value *value, double *a, double *b)
{
    sld_affine chain[SLD_AFFINE_MAX];
    int count = sld_affine_chain(value, chain);
    for (int i = 0; i < count; i++) {
        if (sld_producer(chain[i].value, SLD_OP_ACTIVATION) != NULL ||
            sld_match_unary(chain[i].value, SLD_UNARY_ERF) != NULL) {
            *a = chain[i].a;
            *b = chain[i].b;
            return chain[i].value->producer;
        }
    }
    return NULL;
}

/* x^3, or x (1 + c x^2) written out: the coefficients of x and x^3 in value. */
static bool match_cubic(sld_value *value, const sld_value *x, double *first, double *third);

static bool is_cube(const sld_value *value, const sld_value *x)
{
    double power;
    sld_node *node = sld_match_binary(value, SLD_BINARY_POW);
    if (node != NULL) {
        return node->in[0].value == x && sld_constant_uniform(node->in[1].value, &power) &&
               power == 3.0;
    }
    node = sld_match_binary(value, SLD_BINARY_PROD);
    return node != NULL && ((node->in[0].value == x && sld_match_square(node->in[1].value) == x) ||
                            (node->in[1].value == x && sld_match_square(node->in[0].value) == x));
}

/* value = a x + b for exactly that x. */
static bool affine_in(sld_value *value, const sld_value *x, double *a, double *b)
{
    sld_affine chain[SLD_AFFINE_MAX];
    int count = sld_affine_chain(value, chain);
    for (int i = 0; i < count; i++) {
        if (chain[i].value == x) {
            *a = chain[i].a;
            *b = chain[i].b;
            return true;
        }
    }
    return false;
}

/* value = a c(x) + b, c(x) the square or the cube of x. */
static bool affine_in_power(sld_value *value, const sld_value *x, int power, double *a, double *b)
{
    sld_affine chain[SLD_AFFINE_MAX];
    int count = sld_affine_chain(value, chain);
    for (int i = 0; i < count; i++) {
        if (power == 3 ? is_cube(chain[i].value, x) : sld_match_square(chain[i].value) == x) {
            *a = chain[i].a;
            *b = chain[i].b;
            return true;
        }
    }
    return false;
}

static bool cubic_sum(const sld_node *sum, const sld_value *x, double *first, double *third)
{
    for (uint32_t i = 0; i < 2; i++) {
        double b;
        double d;
        if (affine_in(sum->in[i].value, x, first, &b) && b == 0 &&
            affine_in_power(sum->in[1 - i].value, x, 3, third, &d) && d == 0) {
            return true;
        }
    }
    return false;
}

static bool cubic_product(const sld_node *product, const sld_value *x, double *first, double *third)
{
    for (uint32_t i = 0; i < 2; i++) {
        double a;
        double b;
        if (affine_in(product->in[i].value, x, &a, &b) && b == 0 &&
            affine_in_power(product->in[1 - i].value, x, 2, third, first)) {
            *first *= a;
            *third *= a;
            return true;
        }
    }
    return false;
}

static bool match_cubic(sld_value *value, const sld_value *x, double *first, double *third)
{
    sld_affine chain[SLD_AFFINE_MAX];
    int count = sld_affine_chain(value, chain);
    for (int i = 0; i < count; i++) {
        const sld_node *sum = sld_match_binary(chain[i].value, SLD_BINARY_SUM);
        const sld_node *product = sld_match_product(chain[i].value);
        if (chain[i].b == 0 && ((sum != NULL && cubic_sum(sum, x, first, third)) ||
                                (product != NULL && cubic_product(product, x, first, third)))) {
            *first *= chain[i].a;
            *third *= chain[i].a;
            return true;
        }
    }
    return false;
}

static bool activation_is(const sld_node *node, int32_t kind)
{
    return node->op == SLD_OP_ACTIVATION &&
           ((const sld_activation_params *)node->params)->kind == kind;
}

static void set_activation(sld_activation_params *out, int32_t kind, double alpha, double beta)
{
    *out = (sld_activation_params){.kind = kind, .alpha = (float)alpha, .beta = (float)beta};
}

/* a clip(inner, 0, h) with a h = 1 is a hard sigmoid of the clip's input times a. */
static bool unit_clip(const sld_node *f, double a)
{
    const sld_activation_params *p = f->params;
    return activation_is(f, SLD_ACT_CLIP) && p->alpha == 0.0F && a > 0 && sld_near(a * p->beta, 1);
}

/* Which activation a gate is, if x has been found. */
static bool name_gate(const gate *g, sld_activation_params *out)
{
    const sld_activation_params *p = g->f->params;
    bool plain = g->b == 0 && sld_near(g->a, 1);
    if (activation_is(g->f, SLD_ACT_SIGMOID) && plain && g->inner_b == 0) {
        set_activation(out, SLD_ACT_SWISH, g->inner_a, 0);
    } else if (activation_is(g->f, SLD_ACT_HARD_SIGMOID) && plain) {
        set_activation(out, SLD_ACT_HARD_SWISH, p->alpha * g->inner_a,
                       p->alpha * g->inner_b + p->beta);
    } else if (g->b == 0 && unit_clip(g->f, g->a)) {
        set_activation(out, SLD_ACT_HARD_SWISH, g->a * g->inner_a, g->a * g->inner_b);
    } else if (g->f->op == SLD_OP_UNARY && sld_near(g->a, 0.5) && sld_near(g->b, 0.5) &&
               g->inner_b == 0 && sld_near(g->inner_a, 0.70710678118654752)) {
        set_activation(out, SLD_ACT_GELU, 0, 0);
    } else {
        return false;
    }
    return true;
}

/* Gates around tanh: x stands deeper inside than an affine step can see. */
static bool name_tanh_gate(sld_value *left, gate *g, sld_activation_params *out)
{
    sld_affine l[SLD_AFFINE_MAX];
    int count = sld_affine_chain(left, l);
    sld_value *inner = g->f->in[0].value;
    const sld_node *softplus = sld_match_activation(inner, SLD_ACT_SOFTPLUS);
    for (int i = 0; i < count; i++) {
        double first;
        double third;
        g->x = l[i].value;
        if (l[i].b != 0) {
            continue;
        }
        if (softplus != NULL && softplus->in[0].value == g->x && g->b == 0 &&
            sld_near(g->a * l[i].a, 1)) {
            set_activation(out, SLD_ACT_MISH, 0, 0);
            return true;
        }
        if (sld_near(g->a * l[i].a, 0.5) && sld_near(g->b * l[i].a, 0.5) &&
            match_cubic(inner, g->x, &first, &third) && sld_near(first, 0.79788456080286536) &&
            sld_near(third, 0.79788456080286536 * 0.044715)) {
            set_activation(out, SLD_ACT_GELU_TANH, 0, 0);
            return true;
        }
    }
    return false;
}

static bool match_gate(sld_value *left, sld_value *right, double factor, sld_value **x,
                       sld_activation_params *out)
{
    gate g = {0};
    g.f = find_function(right, &g.a, &g.b);
    if (g.f == NULL) {
        return false;
    }
    g.a *= factor;
    g.b *= factor;
    bool found = activation_is(g.f, SLD_ACT_TANH)
                     ? name_tanh_gate(left, &g, out)
                     : find_common(left, g.f->in[0].value, &g) && name_gate(&g, out);
    *x = g.x;
    return found;
}

static bool match_gates(sld_value *value, sld_value **x, sld_activation_params *out)
{
    sld_affine chain[SLD_AFFINE_MAX];
    int count = sld_affine_chain(value, chain);
    for (int i = 0; i < count; i++) {
        const sld_node *product = sld_match_product(chain[i].value);
        if (product == NULL || chain[i].b != 0) {
            continue;
        }
        sld_value *left = product->in[0].value;
        sld_value *right = product->in[1].value;
        return match_gate(left, right, chain[i].a, x, out) ||
               match_gate(right, left, chain[i].a, x, out);
    }
    return false;
}

/* clip(x + 3, 0, 6) / 6 and its like. */
static bool match_hard_sigmoid(sld_value *value, sld_value **x, sld_activation_params *out)
{
    double a;
    double b;
    sld_affine inner[SLD_AFFINE_MAX];
    const sld_node *f = find_function(value, &a, &b);
    if (f == NULL || b != 0 || !unit_clip(f, a)) {
        return false;
    }
    int count = sld_affine_chain(f->in[0].value, inner);
    const sld_affine *g = &inner[count > 1 ? 1 : 0];
    if (f->out[0] == value && count == 1) {
        return false; /* a clip to [0, 1] and nothing else */
    }
    *x = g->value;
    set_activation(out, SLD_ACT_HARD_SIGMOID, a * g->a, a * g->b);
    return true;
}

/* 1 / (1 + exp(-x)) */
static bool match_sigmoid(sld_value *value, sld_value **x, sld_activation_params *out)
{
    double one = 1;
    sld_affine sum[SLD_AFFINE_MAX];
    sld_affine inner[SLD_AFFINE_MAX];
    const sld_node *recip = sld_match_unary(value, SLD_UNARY_RECIP);
    const sld_node *quotient = sld_match_binary(value, SLD_BINARY_DIV);
    if (quotient != NULL && (!sld_constant_uniform(quotient->in[0].value, &one) || one != 1.0)) {
        return false;
    }
    if (recip == NULL && quotient == NULL) {
        return false;
    }
    int count = sld_affine_chain(recip != NULL ? recip->in[0].value : quotient->in[1].value, sum);
    for (int i = 0; i < count; i++) {
        const sld_node *e = sld_match_unary(sum[i].value, SLD_UNARY_EXP);
        if (e == NULL || sum[i].a != 1 || sum[i].b != 1) {
            continue;
        }
        int inners = sld_affine_chain(e->in[0].value, inner);
        if (inners > 1 && inner[1].a == -1 && inner[1].b == 0) {
            *x = inner[1].value;
            set_activation(out, SLD_ACT_SIGMOID, 0, 0);
            return sld_same_shape(*x, value);
        }
    }
    return false;
}

static solder_status recognise_activation(sld_graph *graph, sld_node *node, sld_value **fresh)
{
    sld_value *x;
    sld_activation_params params;
    sld_value *value = node->out[0];
    if (!sld_dtype_is_float(value->dtype) ||
        (node->op != SLD_OP_ELEMENTWISE && node->op != SLD_OP_UNARY && node->op != SLD_OP_SCALE &&
         node->op != SLD_OP_ACTIVATION) ||
        !sld_node_plain(node)) {
        return SOLDER_OK;
    }
    if (!match_gates(value, &x, &params) && !match_sigmoid(value, &x, &params) &&
        !match_hard_sigmoid(value, &x, &params)) {
        return SOLDER_OK;
    }
    if (!sld_same_shape(x, value)) {
        return SOLDER_OK;
    }
    SLD_TRY(sld_graph_add(graph, node, SLD_OP_ACTIVATION, node->name, &params, &x, 1, fresh));
    (*fresh)->producer->source = node->source;
    return SOLDER_OK;
}

/* ---- constants next to matrix products, and one constant per channel ---- */

static solder_status matmul_bias(sld_graph *graph, sld_node *node, sld_value **fresh)
{
    if (sld_match_binary(node->out[0], SLD_BINARY_SUM) == NULL) {
        return SOLDER_OK;
    }
    for (uint32_t i = 0; i < 2; i++) {
        sld_node *product = sld_producer(node->in[i].value, SLD_OP_MATMUL);
        sld_value *bias = node->in[1 - i].value;
        if (product == NULL || !sld_value_is_constant(bias) || sld_node_in(product, 2) != NULL ||
            !sld_node_plain(product) || sld_value_single_user(product->out[0]) != node ||
            !sld_same_shape(product->out[0], node->out[0])) {
            continue;
        }
        SLD_TRY(sld_graph_resize_inputs(graph, product, 3));
        sld_graph_set_input(product, 2, bias);
        ((sld_matmul_params *)product->params)->beta = 1.0F;
        SLD_TRY(sld_graph_infer_node(graph, product));
        *fresh = product->out[0];
        return sld_join_source(graph, product, node);
    }
    return SOLDER_OK;
}

/* The axis of x along which the constant varies and its extent there; false if several. */
static bool channel_axis(const sld_graph *graph, const sld_value *x, const sld_value *constant,
                         int *axis, int64_t *extent)
{
    int64_t dims[SOLDER_MAX_RANK];
    *axis = -1;
    *extent = 1;
    (void)sld_value_static_dims(graph, constant, dims);
    for (int i = 0; i < constant->shape.rank; i++) {
        if (dims[i] != 1) {
            if (*axis >= 0) {
                return false;
            }
            *axis = x->shape.rank - constant->shape.rank + i;
            *extent = dims[i];
        }
    }
    if (*axis >= 0) {
        return true;
    }
    /* One number: on the axis where it may meet weights. */
    *axis = sld_producer(x, SLD_OP_MATMUL) != NULL ? x->shape.rank - 1 : 1;
    return *axis > 0 && *axis < x->shape.rank &&
           sld_expr_is_const(&graph->exprs, x->shape.d[*axis], extent);
}

/* x op c as x * scale + shift; false if it is not. */
static bool scale_terms(int32_t kind, bool reversed, double c, double *scale, double *shift)
{
    *scale = 1;
    *shift = 0;
    switch (kind) {
    case SLD_BINARY_SUM:
        *shift = c;
        return true;
    case SLD_BINARY_SUB:
        *scale = reversed ? -1 : 1;
        *shift = reversed ? c : -c;
        return true;
    case SLD_BINARY_PROD:
        *scale = c;
        return true;
    case SLD_BINARY_DIV:
        *scale = 1 / c;
        return !reversed && c != 0;
    default:
        return false;
    }
}

static solder_status add_scale(sld_graph *graph, sld_node *node, sld_value *x,
                               const sld_value *constant, sld_value **fresh)
{
    int axis;
    int64_t extent;
    int32_t kind = ((const sld_elementwise_params *)node->params)->kind;
    bool reversed = node->in[0].value == constant;
    if (!channel_axis(graph, x, constant, &axis, &extent) || extent < 1) {
        return SOLDER_OK;
    }
    size_t count = sld_constant_count(constant);
    double *terms = sld_arena_array(&graph->arena, (size_t)extent * 2, sizeof *terms);
    if (terms == NULL) {
        return sld_fail_memory(graph->diag, (size_t)extent * 2 * sizeof *terms);
    }
    for (size_t i = 0; i < (size_t)extent; i++) {
        double c = sld_constant_at(constant, count == 1 ? 0 : i);
        if (!scale_terms(kind, reversed, c, &terms[i], &terms[(size_t)extent + i])) {
            return SOLDER_OK;
        }
    }
    sld_value *in[] = {x, NULL, NULL};
    bool multiplies = kind != SLD_BINARY_SUM && (kind != SLD_BINARY_SUB || reversed);
    bool adds = kind == SLD_BINARY_SUM || kind == SLD_BINARY_SUB;
    if (multiplies) {
        SLD_TRY(sld_add_vector(graph, constant->name, x->dtype, terms, (size_t)extent, &in[1]));
    }
    if (adds) {
        SLD_TRY(sld_add_vector(graph, constant->name, x->dtype, terms + extent, (size_t)extent,
                               &in[2]));
    }
    sld_scale_params params;
    sld_op_defaults(SLD_OP_SCALE, &params);
    params.axis = axis;
    SLD_TRY(sld_graph_add(graph, node, SLD_OP_SCALE, node->name, &params, in, 3, fresh));
    (*fresh)->producer->source = node->source;
    return SOLDER_OK;
}

static solder_status elementwise_scale(sld_graph *graph, sld_node *node, sld_value **fresh)
{
    if (node->op != SLD_OP_ELEMENTWISE || !sld_node_plain(node) ||
        !sld_dtype_foldable(node->out[0]->dtype)) {
        return SOLDER_OK;
    }
    for (uint32_t i = 0; *fresh == NULL && i < 2; i++) {
        sld_value *x = node->in[i].value;
        const sld_value *constant = node->in[1 - i].value;
        if (sld_value_is_constant(constant) && !sld_value_is_constant(x) &&
            constant->dtype == x->dtype && sld_same_shape(x, node->out[0])) {
            SLD_TRY(add_scale(graph, node, x, constant, fresh));
        }
    }
    return SOLDER_OK;
}

/* x ^ 2; formulas with squares in them were looked for before. */
static solder_status square(sld_graph *graph, sld_node *node, sld_value **fresh)
{
    const sld_elementwise_params *p = node->params;
    if (node->op != SLD_OP_ELEMENTWISE || p->kind != SLD_BINARY_POW || !sld_node_plain(node)) {
        return SOLDER_OK;
    }
    sld_value *x = sld_match_square(node->out[0]);
    if (x == NULL || !sld_dtype_is_float(x->dtype)) {
        return SOLDER_OK;
    }
    const sld_unary_params params = {.kind = SLD_UNARY_SQUARE};
    SLD_TRY(sld_graph_add(graph, node, SLD_OP_UNARY, node->name, &params, &x, 1, fresh));
    (*fresh)->producer->source = node->source;
    return SOLDER_OK;
}

typedef solder_status (*recogniser)(sld_graph *graph, sld_node *node, sld_value **fresh);

static solder_status sweep(sld_graph *graph, const recogniser *recognisers, size_t count,
                           bool *changed)
{
    for (sld_node *node = graph->first, *next; node != NULL; node = next) {
        next = node->next;
        sld_value *fresh = NULL;
        if (node->out_count != 1 || (node->out[0]->use_count == 0 && !node->out[0]->is_output)) {
            continue;
        }
        for (size_t i = 0; fresh == NULL && i < count; i++) {
            SLD_TRY(recognisers[i](graph, node, &fresh));
        }
        if (fresh != NULL) {
            SLD_TRY(sld_take_over(graph, node->out[0], fresh));
            sld_graph_remove_node(graph, node);
            *changed = true;
        }
    }
    return SOLDER_OK;
}

solder_status sld_pass_recognise_patterns(sld_graph *graph, const sld_pass_options *options,
                                          bool *changed)
{
    static const recogniser formulas[] = {recognise_activation, sld_recognise_norm, matmul_bias};
    static const recogniser leftovers[] = {square, elementwise_scale};
    (void)options;
    SLD_TRY(sweep(graph, formulas, SLD_ARRAY_LENGTH(formulas), changed));
    return sweep(graph, leftovers, SLD_ARRAY_LENGTH(leftovers), changed);
}
