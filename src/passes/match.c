/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/match.h"

#include <math.h>

bool sld_near(double a, double b)
{
    return fabs(a - b) <= SLD_MATCH_TOLERANCE * fabs(b);
}

sld_node *sld_match_unary(const sld_value *value, int32_t kind)
{
    sld_node *node = sld_producer(value, SLD_OP_UNARY);
    return node != NULL && ((const sld_unary_params *)node->params)->kind == kind ? node : NULL;
}

sld_node *sld_match_activation(const sld_value *value, int32_t kind)
{
    sld_node *node = sld_producer(value, SLD_OP_ACTIVATION);
    return node != NULL && ((const sld_activation_params *)node->params)->kind == kind ? node
                                                                                       : NULL;
}

sld_node *sld_match_binary(const sld_value *value, int32_t kind)
{
    sld_node *node = sld_producer(value, SLD_OP_ELEMENTWISE);
    return node != NULL && ((const sld_elementwise_params *)node->params)->kind == kind &&
                   sld_node_plain(node)
               ? node
               : NULL;
}

sld_node *sld_match_reduce(const sld_value *value, int32_t kind)
{
    sld_node *node = sld_producer(value, SLD_OP_REDUCE);
    if (node == NULL) {
        return NULL;
    }
    const sld_reduce_params *p = node->params;
    return p->kind == kind && p->keep_dims != 0 && p->scale == 1.0F ? node : NULL;
}

sld_value *sld_match_square(const sld_value *value)
{
    double power;
    sld_node *node = sld_match_unary(value, SLD_UNARY_SQUARE);
    if (node != NULL) {
        return node->in[0].value;
    }
    node = sld_match_binary(value, SLD_BINARY_POW);
    if (node != NULL && sld_constant_uniform(node->in[1].value, &power) && power == 2.0 &&
        sld_same_shape(node->in[0].value, value)) {
        return node->in[0].value;
    }
    node = sld_match_binary(value, SLD_BINARY_PROD);
    return node != NULL && node->in[0].value == node->in[1].value ? node->in[0].value : NULL;
}

sld_node *sld_match_product(const sld_value *value)
{
    sld_node *node = sld_match_binary(value, SLD_BINARY_PROD);
    return node != NULL && !sld_value_is_constant(node->in[0].value) &&
                   !sld_value_is_constant(node->in[1].value)
               ? node
               : NULL;
}

/* ---- a * x + b ---- */

static bool elementwise_step(const sld_node *node, sld_affine *step)
{
    const sld_elementwise_params *p = node->params;
    double c;
    int constant = sld_constant_uniform(node->in[1].value, &c)   ? 1
                   : sld_constant_uniform(node->in[0].value, &c) ? 0
                                                                 : -1;
    if (constant < 0 || !sld_node_plain(node)) {
        return false;
    }
    step->value = node->in[1 - constant].value;
    step->a = 1;
    step->b = 0;
    switch (p->kind) {
    case SLD_BINARY_SUM:
        step->b = c;
        return true;
    case SLD_BINARY_SUB:
        step->a = constant == 1 ? 1 : -1;
        step->b = constant == 1 ? -c : c;
        return true;
    case SLD_BINARY_PROD:
        step->a = c;
        return true;
    case SLD_BINARY_DIV:
        step->a = 1 / c;
        return constant == 1 && c != 0;
    default:
        return false;
    }
}

static bool scale_step(const sld_node *node, sld_affine *step)
{
    const sld_value *scale = sld_node_in(node, 1);
    const sld_value *shift = sld_node_in(node, 2);
    *step = (sld_affine){node->in[0].value, 1, 0};
    return sld_node_plain(node) && (scale == NULL || sld_constant_uniform(scale, &step->a)) &&
           (shift == NULL || sld_constant_uniform(shift, &step->b));
}

/* One step towards the inputs: value = a * step->value + b. */
static bool affine_step(const sld_value *value, sld_affine *step)
{
    bool found = false;
    if (value->kind != SLD_VALUE_NODE || !sld_dtype_is_float(value->dtype)) {
        return false;
    }
    const sld_node *node = value->producer;
    if (node->op == SLD_OP_ELEMENTWISE) {
        found = elementwise_step(node, step);
    } else if (node->op == SLD_OP_SCALE) {
        found = scale_step(node, step);
    } else if (sld_match_unary(value, SLD_UNARY_NEG) != NULL) {
        *step = (sld_affine){node->in[0].value, -1, 0};
        found = true;
    }
    return found && sld_same_shape(step->value, value);
}

int sld_affine_chain(sld_value *value, sld_affine chain[SLD_AFFINE_MAX])
{
    int count = 1;
    chain[0] = (sld_affine){value, 1, 0};
    sld_affine step;
    while (count < SLD_AFFINE_MAX && affine_step(chain[count - 1].value, &step)) {
        const sld_affine *last = &chain[count - 1];
        chain[count] = (sld_affine){step.value, last->a * step.a, last->a * step.b + last->b};
        count++;
    }
    return count;
}
