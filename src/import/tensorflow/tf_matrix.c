/* SPDX-License-Identifier: Apache-2.0 */
/* Bands and diagonals of matrices in the last two axes. */
#include "import/tensorflow/tf_ops.h"

/* column - row of x's elements, as i64 that broadcasts against x. */
static sld_value *diagonal_index(sld_tf_node *node, sld_value *x)
{
    if (!sld_tf_ok(node)) {
        return NULL;
    }
    int rank = x->shape.rank;
    sld_value *row = sld_tf_unsqueeze(node, sld_tf_count_along(node, x, rank - 2), 1, 1);
    return sld_tf_binary(node, SLD_BINARY_SUB, sld_tf_count_along(node, x, rank - 1), row);
}

static sld_value *matrix(sld_tf_node *node, uint32_t index)
{
    sld_value *x = sld_tf_input(node, index);
    if (sld_tf_ok(node) && x->shape.rank < 2) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "a matrix of rank %d", x->shape.rank);
    }
    return sld_tf_ok(node) ? x : NULL;
}

/* What lies no more than `lower` below and `upper` above the diagonal; negative: all of that side.
 */
void sld_tf_band_part(sld_tf_node *node, int told)
{
    (void)told;
    sld_value *x = matrix(node, 0);
    int64_t lower = sld_tf_constant_int(node, 1, "num_lower");
    int64_t upper = sld_tf_constant_int(node, 2, "num_upper");
    sld_value *at = lower >= 0 || upper >= 0 ? diagonal_index(node, x) : NULL;
    sld_value *kept = NULL;
    if (lower >= 0) {
        kept = sld_tf_binary(node, SLD_BINARY_GREATER_EQUAL, at,
                             sld_tf_scalar(node, SOLDER_I64, (double)-lower));
    }
    if (upper >= 0) {
        sld_value *below = sld_tf_binary(node, SLD_BINARY_LESS_EQUAL, at,
                                         sld_tf_scalar(node, SOLDER_I64, (double)upper));
        kept = kept == NULL ? below : sld_tf_binary(node, SLD_BINARY_AND, kept, below);
    }
    if (sld_tf_ok(node) && kept != NULL) {
        x = sld_tf_select(node, kept, x, sld_tf_scalar(node, x->dtype, 0));
    }
    sld_tf_set(node, 0, x);
}

static sld_value *on_diagonal(sld_tf_node *node, sld_value *x)
{
    return sld_tf_binary(node, SLD_BINARY_EQUAL, diagonal_index(node, x),
                         sld_tf_scalar(node, SOLDER_I64, 0));
}

/* The newer forms may mean another diagonal: input index is k. */
static void main_diagonal(sld_tf_node *node, uint32_t index)
{
    int64_t k[2] = {0};
    size_t count = sld_tf_constant_ints(node, index, "k", k, 2);
    for (size_t i = 0; i < count && sld_tf_ok(node); i++) {
        if (k[i] != 0) {
            sld_tf_unsupported(node, "another diagonal than the main one");
        }
    }
    (void)sld_tf_attribute(node, "align", SLD_TF_STRING);
}

/* told: 1 for MatrixDiagV2 and V3. */
void sld_tf_matrix_diag(sld_tf_node *node, int told)
{
    sld_value *x = sld_tf_input(node, 0);
    sld_value *rest = NULL;
    if (told) {
        main_diagonal(node, 1);
        for (uint32_t i = 2; i < 4; i++) {
            int64_t given = sld_tf_constant_int(node, i, i == 2 ? "num_rows" : "num_cols"), n;
            if (sld_tf_ok(node) && given != -1 &&
                !(x->shape.rank > 0 &&
                  sld_expr_is_const(&node->tf->graph->exprs, x->shape.d[x->shape.rank - 1], &n) &&
                  n == given)) {
                sld_tf_unsupported(node, "a matrix that is not square");
            }
        }
        rest = sld_tf_as_scalar(node, sld_tf_input(node, 4));
    }
    if (!sld_tf_ok(node)) {
        return;
    }
    int rank = x->shape.rank;
    if (rank < 1) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "the diagonal is a scalar");
        return;
    }
    rest = rest != NULL ? rest : sld_tf_scalar(node, x->dtype, 0);
    sld_value *count = sld_tf_count_along(node, x, rank - 1);
    sld_value *hit =
        sld_tf_binary(node, SLD_BINARY_EQUAL, count, sld_tf_unsqueeze(node, count, 1, 1));
    sld_tf_set(node, 0, sld_tf_select(node, hit, sld_tf_unsqueeze(node, x, rank - 1, 1), rest));
}

/* Dims of the last two axes; unsupported if they are open. */
static bool matrix_dims(sld_tf_node *node, const sld_value *x, int64_t d[2])
{
    for (int i = 0; i < 2 && sld_tf_ok(node); i++) {
        if (!sld_expr_is_const(&node->tf->graph->exprs, x->shape.d[x->shape.rank - 2 + i], &d[i]) ||
            d[i] > INT32_MAX) {
            sld_tf_unsupported(node, "open or huge dimensions");
        }
    }
    return sld_tf_ok(node);
}

void sld_tf_matrix_diag_part(sld_tf_node *node, int told)
{
    sld_value *x = matrix(node, 0);
    int64_t d[2] = {0};
    if (told) {
        main_diagonal(node, 1);
        (void)sld_tf_input(node, 2);
    }
    if (!matrix_dims(node, x, d)) {
        return;
    }
    int64_t count = d[0] < d[1] ? d[0] : d[1], dims[SOLDER_MAX_RANK] = {0};
    int rank = x->shape.rank;
    sld_value *in[3] = {sld_tf_scalar(node, SOLDER_I64, 0),
                        sld_tf_scalar(node, SOLDER_I64, (double)(count * (d[1] + 1))),
                        sld_tf_scalar(node, SOLDER_I64, (double)(d[1] + 1))};
    sld_value *at = sld_tf_emit(node, SLD_OP_RANGE, NULL, in, 3);
    dims[rank - 2] = d[0] * d[1];
    x = sld_tf_reshape(node, dims, rank - 1, x);
    sld_tf_set(node, 0, sld_tf_gather(node, x, at, rank - 2));
}

void sld_tf_matrix_set_diag(sld_tf_node *node, int told)
{
    sld_value *x = matrix(node, 0), *diagonal = sld_tf_input(node, 1);
    int64_t d[2] = {0};
    if (told) {
        main_diagonal(node, 2);
    }
    if (!matrix_dims(node, x, d)) {
        return;
    }
    int rank = diagonal->shape.rank; /* as long as the shorter side */
    diagonal = sld_tf_unsqueeze(node, diagonal, d[1] <= d[0] ? rank - 1 : rank, 1);
    sld_tf_set(node, 0, sld_tf_select(node, on_diagonal(node, x), diagonal, x));
}
