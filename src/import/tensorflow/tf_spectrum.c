/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Complex numbers as far as spectra need them: RFFT gives two real tensors, products with the
 * matrices of the transform, which Real, Imag and ComplexAbs read.
 */
#include <math.h>

#include "import/tensorflow/tf_ops.h"

/* Elements of one matrix, at most. */
#define MATRIX_MAX ((int64_t)1 << 23)

static float turn(int64_t step, int64_t length, bool sine)
{
    const double tau = 6.283185307179586476925;
    double angle = tau * (double)(step % length) / (double)length;
    return (float)(sine ? -sin(angle) : cos(angle));
}

/* x [..., n] by the matrix [n, bins] of what each sample adds to each bin. */
static sld_value *transform(sld_tf_node *node, sld_value *x, int64_t n, int64_t length, bool sine)
{
    int64_t dims[] = {n, length / 2 + 1};
    float *matrix = sld_arena_array(&node->tf->arena, (size_t)(n * dims[1]), sizeof *matrix);
    if (matrix == NULL) {
        node->status = sld_tf_ok(node) ? sld_fail_memory(node->tf->diag, (size_t)n) : node->status;
        return NULL;
    }
    for (int64_t t = 0; t < n; t++) {
        for (int64_t k = 0; k < dims[1]; k++) {
            matrix[t * dims[1] + k] = turn(t * k, length, sine);
        }
    }
    sld_value *m = sld_tf_constant(node, SOLDER_F32, 2, dims, matrix);
    int rank = sld_tf_ok(node) ? x->shape.rank : 0;
    x = rank == 1 ? sld_tf_reshape(node, (int64_t[]){1, n}, 2, x) : x;
    x = sld_tf_emit(node, SLD_OP_MATMUL, NULL, (sld_value *[]){x, m}, 2);
    return rank == 1 ? sld_tf_reshape(node, dims + 1, 1, x) : x;
}

void sld_tf_rfft(sld_tf_node *node, int told)
{
    (void)told;
    sld_value *x = sld_tf_input(node, 0);
    int64_t length = sld_tf_constant_int(node, 1, "fft_length"), n = 0;
    if (!sld_tf_ok(node)) {
        return;
    }
    int last = x->shape.rank - 1;
    if (last < 0 || !sld_expr_is_const(&node->tf->graph->exprs, x->shape.d[last], &n) ||
        x->dtype != SOLDER_F32) {
        sld_tf_unsupported(node, "a last dimension that is open, or another type than f32");
        return;
    }
    int64_t used = n < length ? n : length; /* the rest would be zeros */
    if (length < 1 || used < 1 || length > MATRIX_MAX || used > MATRIX_MAX / (length / 2 + 1)) {
        sld_tf_unsupported(node, "%lld samples of %lld", (long long)length, (long long)n);
        return;
    }
    x = used < n ? sld_tf_slice(node, x, last, 0, used) : x;
    sld_tf_tensor *t = sld_arena_alloc(&node->tf->arena, sizeof *t);
    if (t == NULL) {
        node->status = sld_fail_memory(node->tf->diag, sizeof *t);
        return;
    }
    t->real = transform(node, x, used, length, false);
    t->imaginary = transform(node, x, used, length, true);
    node->out[0] = t;
}

/* kind: which of the three */
void sld_tf_complex_part(sld_tf_node *node, int kind)
{
    const sld_tf_tensor *t = sld_tf_in(node, 0);
    sld_value *re = t->real, *im = t->imaginary;
    if (!sld_tf_ok(node)) {
        return;
    }
    if (re == NULL) {
        sld_tf_unsupported(node, "complex numbers that do not come from RFFT");
    } else if (kind == SLD_TF_COMPLEX_ABS) {
        re = sld_tf_binary(node, SLD_BINARY_PROD, re, re);
        im = sld_tf_binary(node, SLD_BINARY_PROD, im, im);
        re = sld_tf_binary(node, SLD_BINARY_SUM, re, im);
        sld_tf_set(node, 0, sld_tf_unary(node, SLD_UNARY_SQRT, re));
    } else {
        sld_tf_set(node, 0, kind == SLD_TF_REAL ? re : im);
    }
}
