/* SPDX-License-Identifier: Apache-2.0 */
/* com.microsoft: convolutions and products fused with what follows, and quantised weights. */
#include "import/onnx/onnx_ops.h"

/* ---- activations by name ---- */

/* Those that ONNX Runtime fuses, and how many numbers they take. */
#define FUSED_ACTIVATIONS(X)                                                                       \
    X("", NONE, 0)                                                                                 \
    X("Identity", NONE, 0)                                                                         \
    X("Relu", RELU, 0)                                                                             \
    X("Tanh", TANH, 0)                                                                             \
    X("Sigmoid", SIGMOID, 0)                                                                       \
    X("Softplus", SOFTPLUS, 0)                                                                     \
    X("Softsign", SOFTSIGN, 0)                                                                     \
    X("HardSwish", HARD_SWISH, 0)                                                                  \
    X("LeakyRelu", LEAKY_RELU, 1)                                                                  \
    X("Elu", ELU, 1)                                                                               \
    X("ThresholdedRelu", THRESHOLDED_RELU, 1)                                                      \
    X("HardSigmoid", HARD_SIGMOID, 2)                                                              \
    X("Clip", CLIP, 2)

#define NAME(name, kind, count) name,
static const char *const names[] = {FUSED_ACTIVATIONS(NAME)};
#define KIND(name, kind, count) SLD_ACT_##kind,
static const sld_act kinds[] = {FUSED_ACTIVATIONS(KIND)};
#define COUNT(name, kind, count) count,
static const size_t counts[] = {FUSED_ACTIVATIONS(COUNT)};

static int named_activation(sld_onnx_node *node)
{
    return sld_onnx_choice(node, "activation", names, SLD_ARRAY_LENGTH(names), 0);
}

static sld_value *activate(sld_onnx_node *node, int index, float alpha, float beta, sld_value *x)
{
    sld_act kind = kinds[index];
    if (kind == SLD_ACT_HARD_SWISH) {
        alpha = 1.0f / 6;
        beta = 0.5f;
    }
    return kind == SLD_ACT_NONE ? x : sld_onnx_activation(node, kind, alpha, beta, x);
}

/* Conv, then the sum with Z, then an activation with activation_params. */
void sld_onnx_fused_conv(sld_onnx_node *node, int told)
{
    int activation = named_activation(node);
    size_t count;
    const float *p = sld_onnx_floats(node, "activation_params", &count);
    if (count != counts[activation]) {
        sld_onnx_unsupported(node, "%zu activation_params for that activation", count);
    }
    sld_onnx_conv(node, told);
    sld_value *y = node->out[0], *z = sld_onnx_input(node, 3);
    y = z != NULL ? sld_onnx_binary(node, SLD_BINARY_SUM, y, z) : y;
    node->out[0] = activate(node, activation, count > 0 ? p[0] : 0, count > 1 ? p[1] : 0, y);
}

/* activation_alpha and activation_beta; those that need them must have them. */
static sld_value *activate_by_attributes(sld_onnx_node *node, sld_value *y)
{
    int activation = named_activation(node);
    size_t need = counts[activation];
    bool alpha = sld_onnx_attribute(node, "activation_alpha") != NULL;
    bool beta = sld_onnx_attribute(node, "activation_beta") != NULL;
    (void)sld_onnx_attribute(node, "activation_gamma"); /* of no activation that is known here */
    if ((need > 0 && !alpha) || (need > 1 && !beta)) {
        sld_onnx_unsupported(node, "an activation without its activation_alpha or _beta");
    }
    return activate(node, activation, sld_onnx_float(node, "activation_alpha", 0),
                    sld_onnx_float(node, "activation_beta", 0), y);
}

void sld_onnx_fused_gemm(sld_onnx_node *node, int told)
{
    sld_onnx_gemm(node, told);
    node->out[0] = activate_by_attributes(node, node->out[0]);
}

/* The first dimension moves to the last but one: a batch of columns becomes a batch of matrices. */
static sld_value *move_batch(sld_onnx_node *node, sld_value *x)
{
    int rank = sld_onnx_rank(x);
    int32_t perm[SOLDER_MAX_RANK];
    if (rank < 3) {
        return x;
    }
    for (int i = 0; i < rank - 2; i++) {
        perm[i] = i + 1;
    }
    perm[rank - 2] = 0;
    perm[rank - 1] = rank - 1;
    return sld_onnx_transpose(node, perm, x);
}

void sld_onnx_fused_matmul(sld_onnx_node *node, int activation)
{
    sld_value *a = sld_onnx_required(node, 0), *b = sld_onnx_required(node, 1);
    const sld_matmul_params params = {.trans_a = sld_onnx_int(node, "transA", 0) != 0,
                                      .trans_b = sld_onnx_int(node, "transB", 0) != 0,
                                      .alpha = sld_onnx_float(node, "alpha", 1),
                                      .beta = 1};
    a = sld_onnx_int(node, "transBatchA", 0) != 0 ? move_batch(node, a) : a;
    b = sld_onnx_int(node, "transBatchB", 0) != 0 ? move_batch(node, b) : b;
    sld_value *y = sld_onnx_product(node, params, a, b);
    node->out[0] = activation ? activate_by_attributes(node, y) : y;
}

void sld_onnx_gemm_fast_gelu(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *a = sld_onnx_required(node, 0), *b = sld_onnx_required(node, 1);
    sld_value *bias = sld_onnx_input(node, 2);
    sld_value *y = sld_onnx_product(node, (sld_matmul_params){.alpha = 1, .beta = 1}, a, b);
    y = bias != NULL ? sld_onnx_binary(node, SLD_BINARY_SUM, y, bias) : y;
    node->out[0] = sld_onnx_activation(node, SLD_ACT_GELU_TANH, 0, 0, y);
}

/* ---- weights of few bits ---- */

typedef struct nbits {
    int64_t n, k, block, blocks, blob; /* blob: bytes of a block */
    int bits;
    const uint8_t *packed;
    const sld_value *scales, *zeros; /* zeros may be NULL */
    int64_t zero_row;                /* bytes of a row of packed zeros */
} nbits;

static int packed_at(const uint8_t *row, int64_t i, int bits)
{
    int64_t bit = i * bits;
    return row[bit >> 3] >> (bit & 7) & ((1 << bits) - 1);
}

static bool constant_of(const sld_value *value, solder_dtype dtype, int64_t count)
{
    return sld_value_is_constant(value) && value->dtype == dtype &&
           value->data_size == (size_t)count * solder_dtype_size(dtype);
}

static double zero_of(const nbits *w, int64_t row, int64_t block)
{
    if (w->zeros == NULL) {
        return 1 << (w->bits - 1);
    }
    if (w->zeros->dtype == SOLDER_U8) {
        return packed_at((const uint8_t *)w->zeros->data + row * w->zero_row, block, w->bits);
    }
    size_t at = (size_t)(row * w->blocks + block) * solder_dtype_size(w->zeros->dtype);
    return sld_load_f64(w->zeros->dtype, (const char *)w->zeros->data + at);
}

static void unpack_row(const nbits *w, int64_t row, float *out)
{
    size_t size = solder_dtype_size(w->scales->dtype);
    for (int64_t k = 0; k < w->k; k++) {
        int64_t block = k / w->block, at = row * w->blocks + block;
        double scale =
            sld_load_f64(w->scales->dtype, (const char *)w->scales->data + (size_t)at * size);
        int q = packed_at(w->packed + at * w->blob, k % w->block, w->bits);
        out[k] = (float)((q - zero_of(w, row, block)) * scale);
    }
}

/* Reads attributes and constants; false after a failure. Sizes stay below 2^62: n, k < 2^31. */
static bool read_nbits(sld_onnx_node *node, const sld_value *a, nbits *w)
{
    sld_value *b = sld_onnx_required(node, 1);
    w->scales = sld_onnx_required(node, 2);
    w->zeros = sld_onnx_input(node, 3);
    w->n = sld_onnx_int_in(node, "N", 0, 1, INT32_MAX);
    w->k = sld_onnx_int_in(node, "K", 0, 1, INT32_MAX);
    w->block = sld_onnx_int_in(node, "block_size", 0, 16, 1 << 20);
    w->bits = sld_onnx_int_in(node, "bits", 4, 2, 8);
    (void)sld_onnx_int(node, "accuracy_level", 0); /* how far A may be rounded: not at all here */
    if (sld_onnx_int(node, "weight_prepacked", 0) != 0) {
        sld_onnx_unsupported(node, "weights packed for one machine");
    }
    if ((w->bits & (w->bits - 1)) != 0 || (w->block & (w->block - 1)) != 0) {
        sld_onnx_unsupported(node, "%d bits in blocks of %lld", w->bits, (long long)w->block);
    }
    w->blocks = (w->k + w->block - 1) / w->block;
    w->blob = w->block * w->bits / 8;
    w->zero_row = (w->blocks * w->bits + 7) / 8;
    if (!sld_onnx_ok(node)) {
        return false;
    }
    int64_t scales = w->n * w->blocks;
    bool zeros = w->zeros == NULL || constant_of(w->zeros, SOLDER_U8, w->n * w->zero_row) ||
                 constant_of(w->zeros, a->dtype, scales);
    if (!constant_of(b, SOLDER_U8, scales * w->blob) || !constant_of(w->scales, a->dtype, scales) ||
        !zeros) {
        sld_onnx_unsupported(node, "weights, scales or zero points that are not constants of "
                                   "the size that N, K and block_size ask for");
        return false;
    }
    w->packed = b->data;
    return true;
}

/* The weight [N, K] in full, then a product as any other. */
static sld_value *unpack(sld_onnx_node *node, const nbits *w)
{
    size_t bytes = 0;
    sld_value *value = NULL;
    if (!sld_size_mul((size_t)w->n, (size_t)w->k, &bytes) ||
        !sld_size_mul(bytes, sizeof(float), &bytes)) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "the weight is too large");
        return NULL;
    }
    float *data = sld_arena_alloc(&node->onnx->graph->arena, bytes);
    if (data == NULL) {
        node->status = sld_fail_memory(node->onnx->diag, bytes);
        return NULL;
    }
    for (int64_t row = 0; row < w->n; row++) {
        unpack_row(w, row, data + row * w->k);
    }
    solder_status status = sld_graph_add_constant(node->onnx->graph, node->name, SOLDER_F32, 2,
                                                  (int64_t[]){w->n, w->k}, data, false, &value);
    if (status != SOLDER_OK) {
        sld_onnx_keep_failure(node, status);
    }
    return value;
}

void sld_onnx_matmul_nbits(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *a = sld_onnx_required(node, 0), *bias = sld_onnx_input(node, 5);
    nbits w = {0};
    if (!read_nbits(node, a, &w)) {
        return;
    }
    const sld_matmul_params params = {.trans_b = 1, .alpha = 1, .beta = 1};
    sld_value *weight = sld_onnx_cast(node, a->dtype, unpack(node, &w));
    sld_value *y = sld_onnx_product(node, params, a, weight);
    node->out[0] = bias != NULL ? sld_onnx_binary(node, SLD_BINARY_SUM, y, bias) : y;
}
