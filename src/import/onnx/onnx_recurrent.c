/* SPDX-License-Identifier: Apache-2.0 */
/* LSTM, GRU and RNN; the batch-major layout by transposes around them. */
#include <strings.h>

#include "import/onnx/onnx_ops.h"

/* Activations a node may name, with what ONNX gives them without activation_alpha and _beta. */
static const struct {
    const char *name;
    int32_t kind;
    float alpha, beta;
    bool takes_alpha, takes_beta;
} activations[] = {
    {"Affine", SLD_ACT_AFFINE, 1, 0, true, true},
    {"Elu", SLD_ACT_ELU, 1, 0, true, false},
    {"HardSigmoid", SLD_ACT_HARD_SIGMOID, 0.2f, 0.5f, true, true},
    {"LeakyRelu", SLD_ACT_LEAKY_RELU, 0.01f, 0, true, false},
    {"Relu", SLD_ACT_RELU, 0, 0, false, false},
    {"ScaledTanh", SLD_ACT_SCALED_TANH, 1, 1, true, true},
    {"Sigmoid", SLD_ACT_SIGMOID, 0, 0, false, false},
    {"Softplus", SLD_ACT_SOFTPLUS, 0, 0, false, false},
    {"Softsign", SLD_ACT_SOFTSIGN, 0, 0, false, false},
    {"Tanh", SLD_ACT_TANH, 0, 0, false, false},
    {"ThresholdedRelu", SLD_ACT_THRESHOLDED_RELU, 1, 0, true, false},
};

/* One activation function after the other; those that take a number take the next one. */
typedef struct numbers {
    const float *alpha, *beta;
    size_t alpha_count, beta_count;
} numbers;

static float take(const float **values, size_t *count, bool takes, float absent)
{
    if (!takes || *count == 0) {
        return absent;
    }
    (*count)--;
    return *(*values)++;
}

static void set_activation(sld_onnx_node *node, sld_onnx_bytes name, numbers *left, int32_t *kind,
                           float *alpha, float *beta)
{
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(activations); i++) {
        if (strlen(activations[i].name) == name.size &&
            strncasecmp(activations[i].name, (const char *)name.data, name.size) == 0) {
            *kind = activations[i].kind;
            *alpha = take(&left->alpha, &left->alpha_count, activations[i].takes_alpha,
                          activations[i].alpha);
            *beta = take(&left->beta, &left->beta_count, activations[i].takes_beta,
                         activations[i].beta);
            return;
        }
    }
    sld_onnx_unsupported(node, "activation '%.*s'", (int)(name.size < 64 ? name.size : 64),
                         name.size != 0 ? (const char *)name.data : "");
}

/* activations lists f, g, h (as many as the cell has) of each direction. */
static void read_activations(sld_onnx_node *node, int gates, sld_recurrent_params *p)
{
    sld_onnx_bytes names[6];
    numbers left;
    int roles = gates == SLD_LSTM_GATES ? 3 : gates == SLD_GRU_GATES ? 2 : 1;
    int directions = p->direction == SLD_DIRECTION_BIDIRECTIONAL ? 2 : 1;
    size_t count = sld_onnx_strings(node, "activations", names, 6);
    left.alpha = sld_onnx_floats(node, "activation_alpha", &left.alpha_count);
    left.beta = sld_onnx_floats(node, "activation_beta", &left.beta_count);
    for (int d = 0; d < 2; d++) {
        p->f[d] = gates == SLD_RNN_GATES ? SLD_ACT_TANH : SLD_ACT_SIGMOID;
        p->g[d] = roles > 1 ? SLD_ACT_TANH : SLD_ACT_NONE;
        p->h[d] = roles > 2 ? SLD_ACT_TANH : SLD_ACT_NONE;
    }
    if (count == 0 || !sld_onnx_ok(node)) {
        return;
    }
    if (count != (size_t)(roles * directions)) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "activations has %zu names, expected %d", count,
                      roles * directions);
        return;
    }
    int32_t *const kinds[] = {p->f, p->g, p->h};
    float *const alphas[] = {p->f_alpha, p->g_alpha, p->h_alpha};
    float *const betas[] = {p->f_beta, p->g_beta, p->h_beta};
    for (int i = 0; i < roles * directions; i++) {
        int role = i % roles, d = i / roles;
        set_activation(node, names[i], &left, &kinds[role][d], &alphas[role][d], &betas[role][d]);
    }
}

static void read_params(sld_onnx_node *node, int gates, sld_recurrent_params *p)
{
    static const char *const directions[] = {"forward", "reverse", "bidirectional"};
    p->hidden = sld_onnx_int_in(node, "hidden_size", 0, 0, INT32_MAX);
    p->direction = sld_onnx_choice(node, "direction", directions, 3, SLD_DIRECTION_FORWARD);
    read_activations(node, gates, p);
    p->clip = sld_onnx_float(node, "clip", 0);
    if (gates == SLD_LSTM_GATES) {
        p->input_forget = sld_onnx_bool(node, "input_forget", false);
    }
    if (gates == SLD_GRU_GATES) {
        p->linear_before_reset = sld_onnx_bool(node, "linear_before_reset", false);
    }
}

/* Swaps the first two axes. */
static sld_value *swapped(sld_onnx_node *node, sld_value *x)
{
    return x == NULL ? NULL : sld_onnx_transpose(node, (int32_t[]){1, 0, 2}, x);
}

static void convert(sld_onnx_node *node, int gates, sld_value **in)
{
    bool lstm = gates == SLD_LSTM_GATES;
    uint32_t inputs = lstm ? 8 : 6;
    uint32_t outputs = lstm ? 3 : 2;
    sld_value *out[3];
    sld_recurrent_params params = {0};
    read_params(node, gates, &params);
    bool batch_major = node->version >= 14 && sld_onnx_bool(node, "layout", false);
    if (batch_major) {
        in[SLD_RECURRENT_X] = swapped(node, in[SLD_RECURRENT_X]);
        in[SLD_RECURRENT_H] = swapped(node, in[SLD_RECURRENT_H]);
        in[SLD_RECURRENT_C] = swapped(node, in[SLD_RECURRENT_C]);
    }
    sld_op op = lstm ? SLD_OP_LSTM : gates == SLD_GRU_GATES ? SLD_OP_GRU : SLD_OP_RNN;
    sld_onnx_emit_many(node, op, &params, in, inputs, out, outputs);
    for (uint32_t i = 0; i < node->out_count && i < outputs; i++) {
        if (batch_major && node->wanted[i]) {
            out[i] = i == 0 ? sld_onnx_transpose(node, (int32_t[]){2, 0, 1, 3}, out[i])
                            : swapped(node, out[i]);
        }
        node->out[i] = out[i];
    }
}

void sld_onnx_recurrent(sld_onnx_node *node, int gates)
{
    sld_value *in[8] = {NULL};
    for (uint32_t i = 0; i < (gates == SLD_LSTM_GATES ? 8 : 6); i++) {
        in[i] = i < 3 ? sld_onnx_required(node, i) : sld_onnx_input(node, i);
    }
    convert(node, gates, in);
}

/* Weights [directions, inputs, 4 * hidden] of 8 bits; a scale and zero point each, or per column.
 */
static sld_value *float_weights(sld_onnx_node *node, sld_value *w, sld_value *scale,
                                sld_value *zero)
{
    sld_value *part[2] = {scale, zero};
    for (int i = 0; i < 2 && sld_onnx_ok(node); i++) {
        part[i] = sld_onnx_cast(node, SOLDER_F32, part[i]);
        const sld_onnx_dim_rule rules[] = {sld_onnx_keep(0), sld_onnx_fixed(1),
                                           sld_onnx_rank(part[i]) == 2 ? sld_onnx_keep(1)
                                                                       : sld_onnx_fixed(1)};
        part[i] = sld_onnx_reshape(node, part[i], rules, 3);
    }
    w = sld_onnx_binary(node, SLD_BINARY_SUB, sld_onnx_cast(node, SOLDER_F32, w), part[1]);
    w = sld_onnx_binary(node, SLD_BINARY_PROD, w, part[0]);
    return sld_onnx_transpose(node, (int32_t[]){0, 2, 1}, w);
}

/* As the LSTM it was made from: neither inputs nor the state are rounded. */
void sld_onnx_quantised_lstm(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *in[12];
    for (uint32_t i = 0; i < 12; i++) {
        in[i] = i < 3 || i > 7 ? sld_onnx_required(node, i) : sld_onnx_input(node, i);
    }
    in[1] = float_weights(node, in[1], in[8], in[9]);
    in[2] = float_weights(node, in[2], in[10], in[11]);
    convert(node, SLD_LSTM_GATES, in);
}
