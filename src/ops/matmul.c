/* SPDX-License-Identifier: Apache-2.0 */
/* MatMul: act(alpha op(A) op(B) + beta bias + residual); leading dimensions broadcast. */
#include "ops/epilogue.h"
#include "ops/nn.h"
#include "kernels/gemm/gemm.h"

static const sld_attr attrs[] = {
    SLD_ATTR(sld_matmul_params, trans_a, "trans_a", SLD_ATTR_BOOL, 0),
    SLD_ATTR(sld_matmul_params, trans_b, "trans_b", SLD_ATTR_BOOL, 0),
    SLD_ATTR(sld_matmul_params, alpha, "alpha", SLD_ATTR_F32, 1),
    SLD_ATTR(sld_matmul_params, beta, "beta", SLD_ATTR_F32, 1),
    SLD_ATTR_EPILOGUE(sld_matmul_params),
};

static solder_status check_bias(const sld_infer *infer, const sld_shape *out)
{
    if (!sld_infer_has(infer, 2)) {
        return SOLDER_OK;
    }
    SLD_TRY(sld_infer_rank(infer, 2, 0, out->rank));
    SLD_TRY(sld_nn_same_dtype(infer, 2));
    const sld_shape *bias = &infer->in[2].shape;
    for (int i = 0; i < bias->rank; i++) {
        int axis = out->rank - bias->rank + i;
        int64_t have = 0;
        int64_t need = 0;
        if (sld_infer_dim(infer, 2, i, &have) && have != 1 &&
            sld_expr_is_const(infer->exprs, out->d[axis], &need) && need != have) {
            return sld_infer_fail(infer, SOLDER_ERROR_DATA,
                                  "bias has %lld values along axis %d, the result %lld",
                                  (long long)have, axis, (long long)need);
        }
    }
    return SOLDER_OK;
}

static solder_status check_dtypes(const sld_infer *infer, const sld_matmul_params *p)
{
    solder_dtype dtype = infer->in[0].dtype;
    if (dtype == SOLDER_BOOL) {
        return sld_infer_fail(infer, SOLDER_ERROR_UNSUPPORTED, "does not take bool");
    }
    if (!sld_dtype_is_float(dtype) && p->epilogue.act != SLD_ACT_NONE) {
        return sld_infer_fail(infer, SOLDER_ERROR_UNSUPPORTED, "an activation does not take %s",
                              solder_dtype_name(dtype));
    }
    return sld_nn_same_dtype(infer, 1);
}

static solder_status infer(sld_infer *infer)
{
    const sld_matmul_params *p = infer->params;
    SLD_TRY(sld_infer_rank(infer, 0, 2, SOLDER_MAX_RANK));
    SLD_TRY(sld_infer_rank(infer, 1, 2, SOLDER_MAX_RANK));
    SLD_TRY(check_dtypes(infer, p));
    const sld_shape *a = &infer->in[0].shape;
    const sld_shape *b = &infer->in[1].shape;
    sld_dim inner_a = a->d[a->rank - (p->trans_a ? 2 : 1)];
    sld_dim inner_b = b->d[b->rank - (p->trans_b ? 1 : 2)];
    if (!sld_nn_dims_agree(infer, inner_a, inner_b)) {
        char have[64];
        char need[64];
        sld_expr_print(infer->exprs, inner_a, have, sizeof have);
        sld_expr_print(infer->exprs, inner_b, need, sizeof need);
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "inner dimensions differ: %s against %s",
                              have, need);
    }
    sld_shape batch_a = *a;
    sld_shape batch_b = *b;
    batch_a.rank -= 2;
    batch_b.rank -= 2;
    sld_shape out;
    SLD_TRY(sld_infer_broadcast(infer, &batch_a, &batch_b, &out));
    out.d[out.rank++] = a->d[a->rank - (p->trans_a ? 1 : 2)];
    out.d[out.rank++] = b->d[b->rank - (p->trans_b ? 2 : 1)];
    SLD_TRY(check_bias(infer, &out));
    SLD_TRY(sld_nn_epilogue(infer, &p->epilogue, 3, &out));
    sld_infer_set(infer, 0, infer->in[0].dtype, &out);
    return SOLDER_OK;
}

const sld_op_part sld_op_matmul = {attrs, SLD_ARRAY_LENGTH(attrs), infer};
