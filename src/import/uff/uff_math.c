/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise operators and reductions. */
#include "import/uff/uff.h"

/* A name, as field "func" has it, and the operator's kind. */
typedef struct function {
    const char *name;
    int kind;
} function;

/* NULL if it is missing, or not in the list: unsupported then. */
static const function *read_function(sld_tf_node *node, const function *list, size_t count)
{
    const sld_tf_attr *attr = sld_tf_attribute(node, "func", SLD_TF_STRING);
    if (attr == NULL) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "field 'func' is missing");
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        if (strlen(list[i].name) == attr->bytes.size &&
            memcmp(list[i].name, attr->bytes.data, attr->bytes.size) == 0) {
            return &list[i];
        }
    }
    sld_tf_unsupported(node, "func '%.*s'", (int)(attr->bytes.size % 64),
                       (const char *)attr->bytes.data);
    return NULL;
}

static const function unary[] = {
    {"neg", SLD_UNARY_NEG},       {"exp", SLD_UNARY_EXP},     {"log", SLD_UNARY_LOG},
    {"abs", SLD_UNARY_ABS},       {"sqrt", SLD_UNARY_SQRT},   {"rsqrt", SLD_UNARY_RSQRT},
    {"square", SLD_UNARY_SQUARE}, {"sin", SLD_UNARY_SIN},     {"cos", SLD_UNARY_COS},
    {"tan", SLD_UNARY_TAN},       {"sinh", SLD_UNARY_SINH},   {"cosh", SLD_UNARY_COSH},
    {"asin", SLD_UNARY_ASIN},     {"acos", SLD_UNARY_ACOS},   {"atan", SLD_UNARY_ATAN},
    {"asinh", SLD_UNARY_ASINH},   {"acosh", SLD_UNARY_ACOSH}, {"atanh", SLD_UNARY_ATANH},
    {"ceil", SLD_UNARY_CEIL},     {"floor", SLD_UNARY_FLOOR}, {"pow", -1}};

static const function binary[] = {{"min", SLD_BINARY_MIN},  {"max", SLD_BINARY_MAX},
                                  {"mul", SLD_BINARY_PROD}, {"sub", SLD_BINARY_SUB},
                                  {"div", SLD_BINARY_DIV},  {"add", SLD_BINARY_SUM},
                                  {"pow", SLD_BINARY_POW}};

static const function activation[] = {
    {"relu", SLD_ACT_RELU},         {"relu6", SLD_ACT_CLIP},       {"sigmoid", SLD_ACT_SIGMOID},
    {"tanh", SLD_ACT_TANH},         {"elu", SLD_ACT_ELU},          {"selu", SLD_ACT_SELU},
    {"softsign", SLD_ACT_SOFTSIGN}, {"softplus", SLD_ACT_SOFTPLUS}};

static const function reduction[] = {{"sum", SLD_REDUCE_SUM},
                                     {"prod", SLD_REDUCE_PROD},
                                     {"max", SLD_REDUCE_MAX},
                                     {"min", SLD_REDUCE_MIN},
                                     {"mean", SLD_REDUCE_MEAN}};

/* NVIDIA's converter made TensorFlow's Pow a Unary and left the exponent out. */
void sld_uff_unary(sld_tf_node *node, int told)
{
    (void)told;
    sld_uff_call call = sld_uff_call_open(node);
    const function *f = read_function(node, unary, SLD_ARRAY_LENGTH(unary));
    if (f == NULL) {
        return;
    }
    if (f->kind >= 0 && sld_uff_expect_inputs(node, 1)) {
        sld_uff_call_run(&call, sld_tf_unaries, f->kind);
    } else if (f->kind < 0 && node->in_count == 2) {
        sld_uff_call_run(&call, sld_tf_binaries, SLD_BINARY_POW);
    } else if (f->kind < 0) {
        sld_tf_unsupported(node, "pow without an exponent: the converter lost it");
    }
}

/* TensorFlow's BiasAdd, whose vector may have been laid along the channels of NCHW. */
static void add_bias(sld_tf_node *node, sld_uff_call *call)
{
    const sld_tf_attr *format = sld_tf_attribute(node, SLD_UFF_EXTRA "data_format", SLD_TF_STRING);
    if (format != NULL) {
        sld_uff_set_text(call, "data_format", "NCHW");
    }
    sld_value *bias = sld_tf_input(node, 1);
    if (sld_tf_ok(node) && bias->shape.rank != 1) {
        sld_uff_put_input(node, 1, sld_tf_reshape(node, (int64_t[]){-1}, 1, bias));
    }
    sld_uff_call_run(call, sld_tf_bias, 0);
}

void sld_uff_binary(sld_tf_node *node, int told)
{
    (void)told;
    sld_uff_call call = sld_uff_call_open(node);
    const function *f = read_function(node, binary, SLD_ARRAY_LENGTH(binary));
    const sld_tf_attr *was = sld_tf_attribute(node, SLD_UFF_EXTRA "op", SLD_TF_STRING);
    if (f == NULL || !sld_uff_expect_inputs(node, 2)) {
        return;
    }
    if (was != NULL && f->kind == SLD_BINARY_SUM) {
        add_bias(node, &call);
    } else {
        sld_uff_call_run(&call, sld_tf_binaries, f->kind);
    }
}

void sld_uff_activation(sld_tf_node *node, int told)
{
    (void)told;
    sld_uff_call call = sld_uff_call_open(node);
    const function *f = read_function(node, activation, SLD_ARRAY_LENGTH(activation));
    if (f != NULL && sld_uff_expect_inputs(node, 1)) {
        sld_uff_call_run(&call, sld_tf_activations, f->kind);
    }
}

/* Without the field dimensions are kept, as NVIDIA's parser always did. */
void sld_uff_reduce(sld_tf_node *node, int told)
{
    (void)told;
    sld_uff_call call = sld_uff_call_open(node);
    const function *f = read_function(node, reduction, SLD_ARRAY_LENGTH(reduction));
    int64_t axes[SOLDER_MAX_RANK];
    size_t count = sld_tf_ints(node, "axes", axes, SOLDER_MAX_RANK);
    if (f != NULL && sld_uff_expect_inputs(node, 1)) {
        sld_uff_set_bool(&call, "keep_dims", sld_tf_bool(node, "keepdims", true));
        sld_uff_put_ints(node, 1, axes, count);
        sld_uff_call_run(&call, sld_tf_reductions, f->kind);
    }
}

void sld_uff_argmax(sld_tf_node *node, int minimum)
{
    sld_uff_call call = sld_uff_call_open(node);
    const sld_tf_attr *type = sld_tf_attribute(node, SLD_UFF_EXTRA "output_type", SLD_TF_TYPE);
    int64_t axis = sld_uff_need_int(node, "axis");
    if (type != NULL) {
        sld_uff_set_type(&call, "output_type", (int)type->i);
    }
    if (sld_uff_expect_inputs(node, 1)) {
        sld_uff_put_ints(node, 1, &axis, 1);
        sld_uff_call_run(&call, sld_tf_argmax, minimum);
    }
}
