/* SPDX-License-Identifier: Apache-2.0 */
/* com.microsoft: elementwise operators with a bias, and what differs little from a standard one. */
#include "import/onnx/onnx_ops.h"

/* x + b; x if there is no b. */
static sld_value *plus(sld_onnx_node *node, sld_value *x, sld_value *b)
{
    return b != NULL ? sld_onnx_binary(node, SLD_BINARY_SUM, x, b) : x;
}

/* Gelu, FastGelu and BiasGelu: the bias may be absent. */
void sld_onnx_bias_gelu(sld_onnx_node *node, int kind)
{
    sld_value *x = plus(node, sld_onnx_required(node, 0), sld_onnx_input(node, 1));
    node->out[0] = sld_onnx_activation(node, (sld_act)kind, 0, 0, x);
}

void sld_onnx_quick_gelu(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0);
    node->out[0] =
        sld_onnx_activation(node, SLD_ACT_SWISH, sld_onnx_float(node, "alpha", 1.702f), 0, x);
}

/* The left half of x + bias times the GELU of the right one. */
void sld_onnx_bias_split_gelu(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = plus(node, sld_onnx_required(node, 0), sld_onnx_required(node, 1));
    int axis = sld_onnx_rank(x) - 1;
    int64_t size = 0;
    if (!sld_onnx_ok(node) || axis < 0) {
        return;
    }
    if (!sld_onnx_dim(node, x, axis, &size) || size % 2 != 0) {
        sld_onnx_unsupported(node, "a last dimension that is open or odd");
    }
    sld_value *left = sld_onnx_slice_axis(node, x, axis, 0, size / 2);
    sld_value *right = sld_onnx_slice_axis(node, x, axis, size / 2, size);
    right = sld_onnx_activation(node, SLD_ACT_GELU, 0, 0, right);
    node->out[0] = sld_onnx_binary(node, SLD_BINARY_PROD, left, right);
}

void sld_onnx_bias_add(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = plus(node, sld_onnx_required(node, 0), sld_onnx_required(node, 1));
    node->out[0] = plus(node, x, sld_onnx_required(node, 2));
}

/* Without training nothing is dropped, and the mask is all true. */
void sld_onnx_bias_dropout(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = plus(node, sld_onnx_required(node, 0), sld_onnx_required(node, 1));
    sld_value *training = sld_onnx_input(node, 4);
    double on = 0;
    (void)sld_onnx_int(node, "seed", 0);
    (void)sld_onnx_input(node, 3); /* the ratio */
    if (training != NULL && (!sld_onnx_known_real(training, &on) || on != 0)) {
        sld_onnx_unsupported(node, "training_mode that is not false");
    }
    node->out[0] = plus(node, x, sld_onnx_input(node, 2));
    if (node->out_count > 1 && node->wanted[1]) {
        const sld_fill_params kept = {.dtype = SOLDER_BOOL, .value = 1, .integer = 1};
        sld_value *shape = sld_onnx_shape(node, 0, sld_onnx_rank(x), x);
        node->out[1] = sld_onnx_emit(node, SLD_OP_FILL, &kept, &shape, 1);
    }
}

/* Softmax over the dimensions from axis on. The bias broadcasts as numpy says: the attribute
 * is_inner_broadcast repeats what its shape shows, if it has the rank of the data. */
void sld_onnx_bias_softmax(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0), *bias = sld_onnx_required(node, 1);
    bool inner = sld_onnx_bool(node, "is_inner_broadcast", false);
    int rank = sld_onnx_rank(x);
    int64_t given = sld_onnx_int(node, "axis", 1);
    int axis = sld_onnx_ok(node) ? sld_onnx_axis(node, given, rank) : 0;
    if (inner && sld_onnx_rank(bias) != rank) {
        sld_onnx_unsupported(node, "a bias of rank %d for data of rank %d", sld_onnx_rank(bias),
                             rank);
    }
    sld_value *sum = sld_onnx_binary(node, SLD_BINARY_SUM, x, bias), *flat = sum;
    sld_softmax_params params = {.axis = axis};
    if (axis != rank - 1) {
        flat = sld_onnx_reshape(node, sum,
                                (sld_onnx_dim_rule[]){{0, axis, 1, 1}, {axis, rank, 1, 1}}, 2);
        params.axis = 1;
    }
    sld_value *y = sld_onnx_emit(node, SLD_OP_SOFTMAX, &params, &flat, 1);
    node->out[0] = flat == sum ? y : sld_onnx_reshape_like(node, y, sum);
}

/* ---- standard operators in other words ---- */

void sld_onnx_contrib_range(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *in[3] = {sld_onnx_required(node, 0), sld_onnx_required(node, 1),
                        sld_onnx_input(node, 2)};
    for (int i = 0; i < 3; i++) {
        in[i] = in[i] != NULL ? sld_onnx_as_scalar(node, in[i]) : NULL;
    }
    if (in[2] == NULL && in[0] != NULL) {
        in[2] = sld_onnx_scalar(node, in[0]->dtype, 1);
    }
    node->out[0] = sld_onnx_emit(node, SLD_OP_RANGE, NULL, in, 3);
}

void sld_onnx_expand_dims(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0), *at = sld_onnx_required(node, 1);
    const int64_t *given;
    size_t count;
    if (!sld_onnx_known_ints(node, at, &given, &count) || count != 1) {
        sld_onnx_unsupported(node, "an axis that is not constant");
        return;
    }
    sld_onnx_dim_rule rules[SOLDER_MAX_RANK + 1];
    int rank = sld_onnx_rank(x) + 1, axis = sld_onnx_axis(node, *given, rank);
    for (int i = 0, from = 0; i < rank; i++) {
        rules[i] = i == axis ? sld_onnx_fixed(1) : sld_onnx_keep(from++);
    }
    node->out[0] = sld_onnx_reshape(node, x, rules, rank);
}

void sld_onnx_crop_and_resize(sld_onnx_node *node, int told)
{
    (void)told;
    static const char *const modes[] = {"bilinear", "nearest"};
    sld_value *in[4];
    const int64_t *size = (int64_t[]){1, 1};
    size_t count = 0;
    for (uint32_t i = 0; i < 4; i++) {
        in[i] = sld_onnx_required(node, i);
    }
    if (!sld_onnx_known_ints(node, in[3], &size, &count) || count != 2 || size[0] < 1 ||
        size[1] < 1 || size[0] > INT32_MAX || size[1] > INT32_MAX) {
        sld_onnx_unsupported(node, "a crop_size that is not two constant positive numbers");
        return;
    }
    const sld_crop_resize_params params = {.height = (int32_t)size[0],
                                           .width = (int32_t)size[1],
                                           .nearest = sld_onnx_choice(node, "mode", modes, 2, 0),
                                           .extrapolation =
                                               sld_onnx_float(node, "extrapolation_value", 0)};
    node->out[0] = sld_onnx_emit(node, SLD_OP_CROP_RESIZE, &params, in, 3);
}

static sld_value *square_lengths(sld_onnx_node *node, sld_value *x)
{
    return sld_onnx_reduce(node, SLD_REDUCE_SUM_SQUARE, 2, true, x);
}

/* Distances of all rows of a from all rows of b: a a - 2 a b + b b. */
void sld_onnx_cdist(sld_onnx_node *node, int told)
{
    (void)told;
    static const char *const metrics[] = {"sqeuclidean", "euclidean"};
    sld_value *a = sld_onnx_required(node, 0), *b = sld_onnx_required(node, 1);
    int metric = sld_onnx_choice(node, "metric", metrics, 2, 0);
    if (sld_onnx_ok(node) && (sld_onnx_rank(a) != 2 || sld_onnx_rank(b) != 2)) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "A has rank %d and B rank %d, both must have 2",
                      sld_onnx_rank(a), sld_onnx_rank(b));
    }
    if (!sld_onnx_ok(node)) {
        return;
    }
    const sld_matmul_params params = {.trans_b = 1, .alpha = -2, .beta = 1};
    sld_value *own = sld_onnx_transpose(node, (int32_t[]){1, 0}, square_lengths(node, b));
    sld_value *y = sld_onnx_emit(node, SLD_OP_MATMUL, &params, (sld_value *[]){a, b, own}, 3);
    y = sld_onnx_binary(node, SLD_BINARY_SUM, y, square_lengths(node, a));
    y = sld_onnx_binary(node, SLD_BINARY_MAX, y, sld_onnx_scalar(node, a->dtype, 0));
    node->out[0] = metric == 0 ? y : sld_onnx_unary(node, SLD_UNARY_SQRT, y);
}
