/* SPDX-License-Identifier: Apache-2.0 */
/* Scatter: data with updates combined into the elements that indices name. */
#include "kernels/gather/gather.h"
#include "ops/content.h"

static const char *const kinds[] = {"elements", "nd"};
static const char *const reductions[SLD_SCATTER_REDUCTION_COUNT] = {"none", "add", "sub",
                                                                    "mul",  "min", "max"};

static const sld_attr attrs[] = {
    SLD_ATTR_NAMED(sld_scatter_params, kind, "kind", kinds, 0),
    SLD_ATTR(sld_scatter_params, axis, "axis", SLD_ATTR_I32, 0),
    SLD_ATTR_NAMED(sld_scatter_params, reduction, "reduction", reductions, 0),
};

/* Dimension `a` of input `first` against `b` of `second`, where both are known. */
static solder_status check_dims(const sld_infer *infer, uint32_t first, int a, uint32_t second,
                                int b, bool may_be_less)
{
    int64_t have;
    int64_t want;
    if (sld_infer_dim(infer, first, a, &have) && sld_infer_dim(infer, second, b, &want) &&
        have != want && !(may_be_less && have < want)) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA,
                              "dimension %d of input %u is %lld, dimension %d of input %u is %lld",
                              a, (unsigned)first, (long long)have, b, (unsigned)second,
                              (long long)want);
    }
    return SOLDER_OK;
}

static solder_status check_elements(const sld_infer *infer)
{
    sld_scatter_params *p = infer->params;
    int rank = infer->in[0].shape.rank;
    SLD_TRY(sld_infer_axis(infer, &p->axis, rank));
    SLD_TRY(sld_infer_rank(infer, 1, rank, rank));
    SLD_TRY(sld_infer_rank(infer, 2, rank, rank));
    for (int i = 0; i < rank; i++) {
        SLD_TRY(check_dims(infer, 2, i, 1, i, false));
        SLD_TRY(i != p->axis ? check_dims(infer, 1, i, 0, i, true) : SOLDER_OK);
    }
    return SOLDER_OK;
}

static solder_status check_tuples(const sld_infer *infer)
{
    int rank = infer->in[0].shape.rank;
    SLD_TRY(sld_infer_rank(infer, 1, 1, SOLDER_MAX_RANK));
    int last = infer->in[1].shape.rank - 1;
    int64_t tuple;
    if (!sld_infer_dim(infer, 1, last, &tuple)) {
        return sld_infer_fail(infer, SOLDER_ERROR_UNSUPPORTED,
                              "the last dimension of indices must be known");
    }
    if (tuple < 0 || tuple > rank) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA,
                              "the last dimension of indices is %lld, expected 0 to %d",
                              (long long)tuple, rank);
    }
    SLD_TRY(sld_infer_rank(infer, 2, last + rank - (int)tuple, last + rank - (int)tuple));
    for (int i = 0; i < last; i++) {
        SLD_TRY(check_dims(infer, 2, i, 1, i, false));
    }
    for (int i = (int)tuple; i < rank; i++) {
        SLD_TRY(check_dims(infer, 2, last + i - (int)tuple, 0, i, false));
    }
    return SOLDER_OK;
}

static solder_status infer_scatter(sld_infer *infer)
{
    const sld_scatter_params *p = infer->params;
    bool combines = p->reduction != SLD_SCATTER_SET;
    SLD_TRY(sld_infer_type(infer, 0, combines ? sld_type_number : sld_type_any,
                           combines ? "a number" : "any"));
    SLD_TRY(sld_infer_type(infer, 1, sld_type_index, "i32 or i64"));
    SLD_TRY(sld_infer_same_type(infer, 0, 2));
    SLD_TRY(sld_infer_rank(infer, 0, p->kind == SLD_SCATTER_ND ? 0 : 1, SOLDER_MAX_RANK));
    SLD_TRY(p->kind == SLD_SCATTER_ND ? check_tuples(infer) : check_elements(infer));
    sld_infer_set(infer, 0, infer->in[0].dtype, &infer->in[0].shape);
    return SOLDER_OK;
}

const sld_op_part sld_op_scatter = {attrs, SLD_ARRAY_LENGTH(attrs), infer_scatter};
