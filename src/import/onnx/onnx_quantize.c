/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quantised operators, spelled out in floats: as exact as integers, since sums of products of small
 * whole numbers are whole floats, but no faster than the network in floats.
 */
#include "import/onnx/onnx_ops.h"
#include "import/onnx/onnx_quantize.h"

sld_value *sld_onnx_along(sld_onnx_node *node, sld_value *v, int axis, int rank)
{
    int64_t count = 0;
    sld_onnx_dim_rule rules[SOLDER_MAX_RANK];
    if (!sld_onnx_ok(node) || sld_onnx_rank(v) != 1) {
        return v;
    }
    if (sld_onnx_dim(node, v, 0, &count) && count == 1) {
        return sld_onnx_as_scalar(node, v);
    }
    axis = sld_onnx_axis(node, axis, rank);
    for (int i = 0; i < rank - axis; i++) {
        rules[i] = i == 0 ? sld_onnx_keep(0) : sld_onnx_fixed(1);
    }
    return sld_onnx_reshape(node, v, rules, rank - axis);
}

static bool is_zero(const sld_value *v)
{
    bool zero = v == NULL || sld_value_is_constant(v);
    for (size_t i = 0; v != NULL && zero && i < v->data_size; i++) {
        zero = ((const uint8_t *)v->data)[i] == 0;
    }
    return zero;
}

static sld_value *to_float(sld_onnx_node *node, sld_value *x)
{
    return sld_onnx_cast(node, SOLDER_F32, x);
}

sld_value *sld_onnx_centred(sld_onnx_node *node, sld_value *x, sld_value *zero, int axis)
{
    sld_value *y = to_float(node, x);
    if (is_zero(zero)) {
        return y;
    }
    zero = sld_onnx_along(node, to_float(node, zero), axis, sld_onnx_rank(x));
    return sld_onnx_binary(node, SLD_BINARY_SUB, y, zero);
}

sld_value *sld_onnx_rounded(sld_onnx_node *node, sld_value *x, sld_value *zero, solder_dtype dtype,
                            int axis)
{
    sld_value *y = sld_onnx_unary(node, SLD_UNARY_ROUND, x);
    if (!is_zero(zero)) {
        zero = sld_onnx_along(node, to_float(node, zero), axis, sld_onnx_rank(x));
        y = sld_onnx_binary(node, SLD_BINARY_SUM, y, zero);
    }
    bool is_signed = dtype == SOLDER_I8 || dtype == SOLDER_I16;
    float steps = (float)(1 << 8 * solder_dtype_size(dtype)), low = is_signed ? -steps / 2 : 0;
    y = sld_onnx_activation(node, SLD_ACT_CLIP, low, low + steps - 1, y);
    return sld_onnx_cast(node, dtype, y);
}

static bool check_step_type(sld_onnx_node *node, solder_dtype dtype)
{
    if (sld_onnx_ok(node) && dtype != SOLDER_U8 && dtype != SOLDER_I8 && dtype != SOLDER_U16 &&
        dtype != SOLDER_I16) {
        sld_onnx_unsupported(node, "steps of type %s", solder_dtype_name(dtype));
    }
    return sld_onnx_ok(node);
}

/* ---- QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear ---- */

typedef struct steps {
    sld_value *scale, *zero;
    int axis;
} steps;

/* v has one element per block of x along the axis: one per element. */
static sld_value *spread(sld_onnx_node *node, sld_value *v, const sld_value *x, int axis,
                         int64_t block)
{
    int64_t dim, blocks;
    if (!sld_onnx_dim(node, x, axis, &dim) || !sld_onnx_dim(node, v, axis, &blocks)) {
        sld_onnx_unsupported(node, "blocks of an open dimension");
        return NULL;
    }
    if (blocks != dim / block + (dim % block != 0)) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "%lld blocks of %lld for a dimension of %lld",
                      (long long)blocks, (long long)block, (long long)dim);
    }
    int64_t *indices = sld_onnx_ok(node) ? sld_onnx_made_room(node, SOLDER_I64, 1, &dim) : NULL;
    for (int64_t i = 0; indices != NULL && i < dim; i++) {
        indices[i] = i / block;
    }
    const sld_gather_params params = {.kind = SLD_GATHER_AXIS, .axis = axis};
    sld_value *in[] = {v,
                       indices != NULL ? sld_onnx_made(node, SOLDER_I64, 1, &dim, indices) : NULL};
    return sld_onnx_emit(node, SLD_OP_GATHER, &params, in, 2);
}

/* Inputs 1 and 2 and where they lie. */
static steps read_steps(sld_onnx_node *node, const sld_value *x)
{
    steps s = {to_float(node, sld_onnx_required(node, 1)), sld_onnx_input(node, 2), 0};
    int64_t block = node->version >= 21 ? sld_onnx_int(node, "block_size", 0) : 0;
    s.axis = node->version < 13
                 ? 0
                 : sld_onnx_int_in(node, "axis", 1, -SOLDER_MAX_RANK, SOLDER_MAX_RANK - 1);
    int rank = sld_onnx_ok(node) ? sld_onnx_rank(x) : 0;
    if (block != 0 && sld_onnx_ok(node)) {
        s.axis = sld_onnx_axis(node, s.axis, rank);
        if (block < 0 || sld_onnx_rank(s.scale) != rank ||
            (s.zero != NULL && sld_onnx_rank(s.zero) != rank)) {
            sld_onnx_fail(node, SOLDER_ERROR_DATA, "blocks that do not fit the input");
        }
        s.scale = sld_onnx_ok(node) ? spread(node, s.scale, x, s.axis, block) : NULL;
        s.zero =
            sld_onnx_ok(node) && s.zero != NULL ? spread(node, s.zero, x, s.axis, block) : s.zero;
    }
    s.scale = sld_onnx_along(node, s.scale, s.axis, rank);
    return s;
}

static solder_dtype read_type(sld_onnx_node *node, int since, solder_dtype absent)
{
    int32_t elem =
        node->version >= since ? sld_onnx_int_in(node, "output_dtype", 0, 0, INT32_MAX) : 0;
    if (elem != 0 && sld_onnx_dtype(elem) == SOLDER_NONE) {
        sld_onnx_unsupported(node, "output_dtype %s", sld_onnx_elem_name(elem));
    }
    return elem != 0 ? sld_onnx_dtype(elem) : absent;
}

void sld_onnx_quantize(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0), *zero = sld_onnx_input(node, 2);
    const steps s = read_steps(node, x);
    solder_dtype dtype = read_type(node, 21, SOLDER_U8);
    dtype = zero != NULL ? zero->dtype : dtype;
    if (node->version >= 19) {
        (void)sld_onnx_bool(node, "saturate", true); /* of 8-bit floats */
    }
    if (node->version >= 23 && sld_onnx_int(node, "precision", 0) > 1) {
        sld_onnx_unsupported(node, "precision other than float");
    }
    if (check_step_type(node, dtype)) {
        x = sld_onnx_binary(node, SLD_BINARY_DIV, to_float(node, x), s.scale);
        node->out[0] = sld_onnx_rounded(node, x, s.zero, dtype, s.axis);
    }
}

void sld_onnx_dequantize(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0), *scale = sld_onnx_required(node, 1);
    const steps s = read_steps(node, x);
    solder_dtype dtype = read_type(node, 23, scale != NULL ? scale->dtype : SOLDER_F32);
    sld_value *y = sld_onnx_centred(node, x, s.zero, s.axis);
    y = sld_onnx_binary(node, SLD_BINARY_PROD, y, s.scale);
    node->out[0] = sld_onnx_cast(node, dtype, y);
}

/* 256 steps from the least to the largest element, of which 0 is one. */
sld_onnx_steps sld_onnx_find_steps(sld_onnx_node *node, sld_value *x)
{
    sld_value *none = sld_onnx_scalar(node, SOLDER_F32, 0);
    sld_value *most = sld_onnx_scalar(node, SOLDER_F32, 255);
    uint32_t all = sld_onnx_axes_from(0, sld_onnx_rank(x));
    sld_value *low = sld_onnx_reduce(node, SLD_REDUCE_MIN, all, false, x);
    sld_value *high = sld_onnx_reduce(node, SLD_REDUCE_MAX, all, false, x);
    low = sld_onnx_binary(node, SLD_BINARY_MIN, low, none);
    high = sld_onnx_binary(node, SLD_BINARY_MAX, high, none);
    sld_value *range = sld_onnx_binary(node, SLD_BINARY_SUB, high, low);
    sld_value *scale = sld_onnx_binary(node, SLD_BINARY_DIV, range, most);
    scale = sld_onnx_select(node, sld_onnx_binary(node, SLD_BINARY_EQUAL, range, none),
                            sld_onnx_scalar(node, SOLDER_F32, 1), scale);
    sld_value *zero = sld_onnx_binary(node, SLD_BINARY_DIV, low, scale);
    zero = sld_onnx_rounded(node, sld_onnx_unary(node, SLD_UNARY_NEG, zero), NULL, SOLDER_U8, 0);
    x = sld_onnx_binary(node, SLD_BINARY_DIV, x, scale);
    return (sld_onnx_steps){sld_onnx_rounded(node, x, zero, SOLDER_U8, 0), scale, zero};
}

void sld_onnx_dynamic_quantize(sld_onnx_node *node, int told)
{
    (void)told;
    const sld_onnx_steps s = sld_onnx_find_steps(node, sld_onnx_required(node, 0));
    sld_value *const out[] = {s.y, s.scale, s.zero};
    for (uint32_t i = 0; i < 3 && i < node->out_count; i++) {
        node->out[i] = out[i];
    }
}

/* ---- products ---- */

static sld_value *with_depth(sld_onnx_node *node, sld_value *x)
{
    return sld_onnx_reshape(node, x,
                            (sld_onnx_dim_rule[]){sld_onnx_keep(0), sld_onnx_keep(1),
                                                  sld_onnx_fixed(1), sld_onnx_keep(2),
                                                  sld_onnx_keep(3)},
                            5);
}

/* As one of volumes of depth 1, for which no kernel takes Winograd's transforms: they round. */
static sld_value *convolve_exactly(sld_onnx_node *node, const sld_conv_params *conv, sld_value *x,
                                   sld_value *w)
{
    sld_conv_params p = *conv;
    p.spatial = 3;
    p.stride[0] = p.dilation[0] = 1;
    p.pad_begin[0] = p.pad_end[0] = 0;
    for (int i = 0; i < 2; i++) {
        p.stride[i + 1] = conv->stride[i];
        p.dilation[i + 1] = conv->dilation[i];
        p.pad_begin[i + 1] = conv->pad_begin[i];
        p.pad_end[i + 1] = conv->pad_end[i];
    }
    sld_value *in[] = {with_depth(node, x), with_depth(node, w), NULL};
    sld_value *y = sld_onnx_emit(node, SLD_OP_CONVOLUTION, &p, in, 3);
    const sld_onnx_dim_rule rules[] = {sld_onnx_keep(0), sld_onnx_keep(1), sld_onnx_keep(3),
                                       sld_onnx_keep(4)};
    return sld_onnx_reshape(node, y, rules, 4);
}

/* A convolution, or with conv NULL a product of matrices. */
static sld_value *multiply(sld_onnx_node *node, const sld_conv_params *conv, sld_value *a,
                           sld_value *b)
{
    if (conv == NULL) {
        return sld_onnx_product(node, (sld_matmul_params){.alpha = 1, .beta = 1}, a, b);
    }
    return conv->spatial == 2
               ? convolve_exactly(node, conv, a, b)
               : sld_onnx_emit(node, SLD_OP_CONVOLUTION, conv, (sld_value *[]){a, b, NULL}, 3);
}

/* How many products a sum of the result has; false if it is not known. */
static bool count_products(const sld_onnx_node *node, bool conv, const sld_value *a,
                           const sld_value *b, int64_t *count)
{
    int rank = sld_onnx_rank(b);
    *count = 1;
    for (int i = 1; conv && i < rank; i++) {
        int64_t dim;
        if (!sld_onnx_dim(node, b, i, &dim) || !sld_i64_mul(*count, dim, count)) {
            return false;
        }
    }
    return conv || sld_onnx_dim(node, b, rank > 1 ? rank - 2 : 0, count) ||
           sld_onnx_dim(node, a, sld_onnx_rank(a) - 1, count);
}

/* Numbers within 8 bits and a sign as sums of that many parts: their largest, what one is worth. */
static const struct {
    int64_t largest, base;
} splits[] = {{255, 256}, {16, 16}, {8, 8}, {4, 4}};

/*
 * The product of whole numbers as i32. Floats hold whole numbers to 2^24: where sums may pass that,
 * a is multiplied in parts.
 */
static sld_value *exact_product(sld_onnx_node *node, const sld_conv_params *conv, sld_value *a,
                                sld_value *b, int64_t largest_b)
{
    int64_t count;
    int parts = 0;
    if (!sld_onnx_ok(node)) {
        return NULL;
    }
    if (!count_products(node, conv != NULL, a, b, &count)) {
        sld_onnx_unsupported(node, "an open number of products to sum");
        return NULL;
    }
    while (parts < (int)SLD_ARRAY_LENGTH(splits) &&
           count > ((int64_t)1 << 24) / (splits[parts].largest * largest_b)) {
        parts++;
    }
    if (parts == (int)SLD_ARRAY_LENGTH(splits)) {
        sld_onnx_unsupported(node, "sums of %lld products", (long long)count);
        return NULL;
    }
    double base = (double)splits[parts].base, worth = 1;
    sld_value *sum = NULL;
    for (int i = 0; i <= parts; i++) {
        sld_value *part = a;
        if (i < parts) { /* what is left over of whole bases */
            a = sld_onnx_binary(node, SLD_BINARY_PROD, part,
                                sld_onnx_scalar(node, SOLDER_F32, 1 / base));
            a = sld_onnx_unary(node, SLD_UNARY_FLOOR, a);
            part = sld_onnx_binary(
                node, SLD_BINARY_SUB, part,
                sld_onnx_binary(node, SLD_BINARY_PROD, a, sld_onnx_scalar(node, SOLDER_F32, base)));
        }
        part = sld_onnx_cast(node, SOLDER_I32, multiply(node, conv, part, b));
        if (i > 0) {
            part = sld_onnx_binary(node, SLD_BINARY_PROD, part,
                                   sld_onnx_scalar(node, SOLDER_I32, worth));
        }
        sum = sum == NULL ? part : sld_onnx_binary(node, SLD_BINARY_SUM, sum, part);
        worth *= base;
    }
    return sum;
}

static bool narrow(sld_onnx_node *node, const sld_value *v)
{
    if (sld_onnx_ok(node) && v->dtype != SOLDER_U8 && v->dtype != SOLDER_I8) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "an input is %s, needs int8 or uint8",
                      solder_dtype_name(v->dtype));
    }
    return sld_onnx_ok(node);
}

static sld_value *turned(sld_onnx_node *node, sld_value *x, bool turn)
{
    return turn ? sld_onnx_transpose(node, (int32_t[]){1, 0}, x) : x;
}

sld_value *sld_onnx_quantised_matmul(sld_onnx_node *node, const sld_onnx_operands *o)
{
    if (!narrow(node, o->a) || !narrow(node, o->b)) {
        return NULL;
    }
    sld_value *a = turned(node, o->a, o->trans_a), *b = turned(node, o->b, o->trans_b);
    a = sld_onnx_centred(node, a, o->a_zero, sld_onnx_rank(a) > 1 ? -2 : -1);
    b = sld_onnx_centred(node, b, o->b_zero, -1);
    return exact_product(node, NULL, a, b,
                         o->b->dtype == SOLDER_I8 && is_zero(o->b_zero) ? 128 : 255);
}

static sld_value *quantised_conv(sld_onnx_node *node, const sld_onnx_operands *o)
{
    sld_conv_params params;
    if (!sld_onnx_read_conv(node, o->a, o->b, &params) || !narrow(node, o->a) ||
        !narrow(node, o->b)) {
        return NULL;
    }
    return exact_product(node, &params, sld_onnx_centred(node, o->a, o->a_zero, 0),
                         sld_onnx_centred(node, o->b, o->b_zero, 0),
                         o->b->dtype == SOLDER_I8 && is_zero(o->b_zero) ? 128 : 255);
}

void sld_onnx_integer_product(sld_onnx_node *node, int conv)
{
    sld_onnx_operands o = {.a = sld_onnx_required(node, 0), .b = sld_onnx_required(node, 1)};
    o.a_zero = sld_onnx_input(node, 2);
    o.b_zero = sld_onnx_input(node, 3);
    node->out[0] = conv ? quantised_conv(node, &o) : sld_onnx_quantised_matmul(node, &o);
}

/* a, its scale and zero point, the same of b and of the result; the bias of a convolution. */
void sld_onnx_qlinear_product(sld_onnx_node *node, int conv)
{
    sld_value *in[8];
    for (uint32_t i = 0; i < 8; i++) {
        in[i] = sld_onnx_required(node, i);
    }
    sld_value *bias = conv ? sld_onnx_input(node, 8) : NULL;
    const sld_onnx_operands o = {.a = in[0], .a_zero = in[2], .b = in[3], .b_zero = in[5]};
    sld_value *sum = conv ? quantised_conv(node, &o) : sld_onnx_quantised_matmul(node, &o);
    int rank = sld_onnx_rank(sum);
    if (bias != NULL) {
        sum = sld_onnx_binary(node, SLD_BINARY_SUM, sum, sld_onnx_along(node, bias, 1, rank));
    }
    sld_value *a_scale =
        sld_onnx_along(node, to_float(node, in[1]), conv || rank < 2 ? 0 : -2, rank);
    sld_value *b_scale = sld_onnx_along(node, to_float(node, in[4]), conv ? 1 : -1, rank);
    sld_value *scale = sld_onnx_binary(node, SLD_BINARY_PROD, a_scale, b_scale);
    scale = sld_onnx_binary(node, SLD_BINARY_DIV, scale,
                            sld_onnx_along(node, to_float(node, in[6]), 0, rank));
    sld_value *y = sld_onnx_binary(node, SLD_BINARY_PROD, to_float(node, sum), scale);
    if (sld_onnx_ok(node) && check_step_type(node, in[7]->dtype)) {
        node->out[0] = sld_onnx_rounded(node, y, in[7], in[7]->dtype, conv ? 1 : -1);
    }
}
