/* SPDX-License-Identifier: Apache-2.0 */
/* NonMaxSuppression: the boxes that survive, as (batch, class, box). */
#include "kernels/detection/detection.h"
#include "ops/content.h"

static const sld_attr attrs[] = {
    SLD_ATTR(sld_nms_params, center_point_box, "center_point_box", SLD_ATTR_BOOL, 0),
    SLD_ATTR(sld_nms_params, iou_threshold, "iou_threshold", SLD_ATTR_F32, 0),
    SLD_ATTR(sld_nms_params, score_threshold, "score_threshold", SLD_ATTR_F32, 0),
    SLD_ATTR(sld_nms_params, has_score_threshold, "has_score_threshold", SLD_ATTR_BOOL, 0),
    SLD_ATTR(sld_nms_params, max_output_per_class, "max_output_per_class", SLD_ATTR_I64, 0),
    SLD_ATTR(sld_nms_params, soft_sigma, "soft_sigma", SLD_ATTR_F32, 0),
};

static solder_status check_scalar(const sld_infer *infer, uint32_t index, solder_dtype dtype)
{
    if (!sld_infer_has(infer, index)) {
        return SOLDER_OK;
    }
    if (infer->in[index].dtype != dtype) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "input %u has type %s, expected %s",
                              (unsigned)index, solder_dtype_name(infer->in[index].dtype),
                              solder_dtype_name(dtype));
    }
    return sld_infer_rank(infer, index, 0, 1);
}

static solder_status check_boxes(const sld_infer *infer)
{
    for (uint32_t i = 0; i < 2; i++) {
        SLD_TRY(sld_infer_rank(infer, i, 3, 3));
        if (infer->in[i].dtype != SOLDER_F32) {
            return sld_infer_fail(infer, SOLDER_ERROR_DATA, "input %u has type %s, expected f32",
                                  (unsigned)i, solder_dtype_name(infer->in[i].dtype));
        }
    }
    static const struct {
        int boxes, scores;
        const char *what;
    } same[] = {{0, 0, "batches"}, {1, 2, "boxes"}};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(same); i++) {
        int64_t a;
        int64_t b;
        if (sld_infer_dim(infer, 0, same[i].boxes, &a) &&
            sld_infer_dim(infer, 1, same[i].scores, &b) && a != b) {
            return sld_infer_fail(infer, SOLDER_ERROR_DATA, "boxes have %lld %s, scores %lld",
                                  (long long)a, same[i].what, (long long)b);
        }
    }
    int64_t corners;
    if (sld_infer_dim(infer, 0, 2, &corners) && corners != 4) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "a box has %lld values, expected 4",
                              (long long)corners);
    }
    return SOLDER_OK;
}

static solder_status infer_nms(sld_infer *infer)
{
    const sld_nms_params *p = infer->params;
    SLD_TRY(check_boxes(infer));
    SLD_TRY(check_scalar(infer, 2, SOLDER_I64));
    SLD_TRY(check_scalar(infer, 3, SOLDER_F32));
    SLD_TRY(check_scalar(infer, 4, SOLDER_F32));
    sld_expr_table *t = infer->exprs;
    sld_dim per_class = infer->in[1].shape.d[2];
    int64_t limit = p->max_output_per_class;
    if (!sld_infer_has(infer, 2) || sld_infer_constant_i64(infer, 2, 0, &limit)) {
        per_class = sld_dim_min(t, per_class, sld_expr_const(t, limit < 0 ? 0 : limit));
    }
    sld_dim bound = sld_expr_mul(t, sld_infer_product(infer, &infer->in[1].shape, 0, 2), per_class);
    sld_shape shape = {.rank = 2,
                       .d = {sld_expr_data_symbol(t, infer->name, bound), sld_expr_const(t, 3)}};
    const sld_shape scores = {.rank = 1, .d = {shape.d[0]}};
    sld_infer_set(infer, 0, SOLDER_I64, &shape);
    sld_infer_set(infer, 1, SOLDER_F32, &scores);
    return SOLDER_OK;
}

const sld_op_part sld_op_nms = {attrs, SLD_ARRAY_LENGTH(attrs), infer_nms};
