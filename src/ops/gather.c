/* SPDX-License-Identifier: Apache-2.0 */
/* Gather: elements of data picked by indices. */
#include "kernels/gather/gather.h"
#include "ops/content.h"

static const char *const kinds[] = {"axis", "elements", "nd"};

static const sld_attr attrs[] = {
    SLD_ATTR_NAMED(sld_gather_params, kind, "kind", kinds, 0),
    SLD_ATTR(sld_gather_params, axis, "axis", SLD_ATTR_I32, 0),
    SLD_ATTR(sld_gather_params, batch_dims, "batch_dims", SLD_ATTR_I32, 0),
};

static solder_status too_deep(const sld_infer *infer, int rank)
{
    return sld_infer_fail(infer, SOLDER_ERROR_UNSUPPORTED, "the result has rank %d, at most %d",
                          rank, SOLDER_MAX_RANK);
}

static solder_status infer_axis(sld_infer *infer, sld_shape *shape)
{
    sld_gather_params *p = infer->params;
    const sld_shape *data = &infer->in[0].shape;
    const sld_shape *indices = &infer->in[1].shape;
    SLD_TRY(sld_infer_rank(infer, 0, 1, SOLDER_MAX_RANK));
    SLD_TRY(sld_infer_axis(infer, &p->axis, data->rank));
    if (data->rank - 1 + indices->rank > SOLDER_MAX_RANK) {
        return too_deep(infer, data->rank - 1 + indices->rank);
    }
    shape->rank = 0;
    for (int i = 0; i < p->axis; i++) {
        shape->d[shape->rank++] = data->d[i];
    }
    for (int i = 0; i < indices->rank; i++) {
        shape->d[shape->rank++] = indices->d[i];
    }
    for (int i = p->axis + 1; i < data->rank; i++) {
        shape->d[shape->rank++] = data->d[i];
    }
    return SOLDER_OK;
}

static solder_status infer_elements(sld_infer *infer, sld_shape *shape)
{
    sld_gather_params *p = infer->params;
    const sld_shape *data = &infer->in[0].shape;
    SLD_TRY(sld_infer_rank(infer, 0, 1, SOLDER_MAX_RANK));
    SLD_TRY(sld_infer_axis(infer, &p->axis, data->rank));
    *shape = infer->in[1].shape;
    if (shape->rank != data->rank) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "indices have rank %d, data has rank %d",
                              (int)shape->rank, (int)data->rank);
    }
    for (int i = 0; i < data->rank; i++) {
        int64_t have;
        int64_t want;
        if (i != p->axis && sld_infer_dim(infer, 0, i, &have) &&
            sld_infer_dim(infer, 1, i, &want) && want > have) {
            return sld_infer_fail(infer, SOLDER_ERROR_DATA,
                                  "indices have %lld entries along axis %d, data has %lld",
                                  (long long)want, i, (long long)have);
        }
    }
    return SOLDER_OK;
}

static solder_status infer_nd(sld_infer *infer, sld_shape *shape)
{
    const sld_gather_params *p = infer->params;
    const sld_shape *data = &infer->in[0].shape;
    const sld_shape *indices = &infer->in[1].shape;
    SLD_TRY(sld_infer_rank(infer, 0, 1, SOLDER_MAX_RANK));
    SLD_TRY(sld_infer_rank(infer, 1, 1, SOLDER_MAX_RANK));
    int64_t tuple;
    if (!sld_infer_dim(infer, 1, indices->rank - 1, &tuple)) {
        return sld_infer_fail(infer, SOLDER_ERROR_UNSUPPORTED,
                              "the last dimension of indices must be known");
    }
    int smaller = data->rank < indices->rank ? data->rank : indices->rank;
    if (p->batch_dims < 0 || p->batch_dims >= smaller) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "batch_dims is %d, expected 0 to %d",
                              (int)p->batch_dims, smaller - 1);
    }
    if (tuple < 1 || tuple > data->rank - p->batch_dims) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA,
                              "the last dimension of indices is %lld, expected 1 to %d",
                              (long long)tuple, (int)(data->rank - p->batch_dims));
    }
    int first = p->batch_dims + (int)tuple;
    int rank = indices->rank - 1 + data->rank - first;
    if (rank > SOLDER_MAX_RANK) {
        return too_deep(infer, rank);
    }
    shape->rank = 0;
    for (int i = 0; i < indices->rank - 1; i++) {
        shape->d[shape->rank++] = indices->d[i];
    }
    for (int i = first; i < data->rank; i++) {
        shape->d[shape->rank++] = data->d[i];
    }
    return SOLDER_OK;
}

static solder_status propagate(sld_infer *infer)
{
    int data_count;
    int count;
    const sld_dim *data = sld_infer_content(infer, 0, &data_count);
    const sld_dim *indices = sld_infer_content(infer, 1, &count);
    if (data == NULL || indices == NULL || infer->in[0].shape.rank != 1) {
        return SOLDER_OK;
    }
    sld_dim *content;
    SLD_TRY(sld_content_make(infer, 0, &content));
    for (int i = 0; content != NULL && i < count; i++) {
        int64_t index;
        if (!sld_expr_is_const(infer->exprs, indices[i], &index)) {
            continue;
        }
        if (index < -data_count || index >= data_count) {
            return sld_infer_fail(infer, SOLDER_ERROR_DATA,
                                  "index %lld is out of range for %d elements", (long long)index,
                                  data_count);
        }
        content[i] = data[index < 0 ? index + data_count : index];
    }
    return SOLDER_OK;
}

static solder_status infer_gather(sld_infer *infer)
{
    const sld_gather_params *p = infer->params;
    SLD_TRY(sld_infer_type(infer, 0, sld_type_any, "any"));
    SLD_TRY(sld_infer_type(infer, 1, sld_type_index, "i32 or i64"));
    SLD_TRY(sld_infer_rank(infer, 1, 0, SOLDER_MAX_RANK));
    sld_shape shape = sld_shape_scalar();
    if (p->kind == SLD_GATHER_AXIS) {
        SLD_TRY(infer_axis(infer, &shape));
    } else if (p->kind == SLD_GATHER_ELEMENTS) {
        SLD_TRY(infer_elements(infer, &shape));
    } else {
        SLD_TRY(infer_nd(infer, &shape));
    }
    sld_infer_set(infer, 0, infer->in[0].dtype, &shape);
    return p->kind == SLD_GATHER_ND ? SOLDER_OK : propagate(infer);
}

const sld_op_part sld_op_gather = {attrs, SLD_ARRAY_LENGTH(attrs), infer_gather};
