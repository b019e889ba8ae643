/* SPDX-License-Identifier: Apache-2.0 */
/* CombinedNonMaxSuppression: the best boxes of every image over all classes. */
#include "kernels/detection/detection.h"
#include "ops/content.h"

static const sld_attr attrs[] = {
    SLD_ATTR(sld_combined_nms_params, max_per_class, "max_per_class", SLD_ATTR_I32, 0),
    SLD_ATTR(sld_combined_nms_params, max_total, "max_total", SLD_ATTR_I32, 0),
    SLD_ATTR(sld_combined_nms_params, iou_threshold, "iou_threshold", SLD_ATTR_F32, 0.5),
    SLD_ATTR(sld_combined_nms_params, score_threshold, "score_threshold", SLD_ATTR_F32, 0),
    SLD_ATTR(sld_combined_nms_params, pad_per_class, "pad_per_class", SLD_ATTR_BOOL, 0),
    SLD_ATTR(sld_combined_nms_params, clip_boxes, "clip_boxes", SLD_ATTR_BOOL, 0),
};

static solder_status check_boxes(const sld_infer *infer)
{
    for (uint32_t i = 0; i < 2; i++) {
        SLD_TRY(sld_infer_rank(infer, i, i == 0 ? 4 : 3, i == 0 ? 4 : 3));
        if (infer->in[i].dtype != SOLDER_F32) {
            return sld_infer_fail(infer, SOLDER_ERROR_DATA, "input %u has type %s, expected f32",
                                  (unsigned)i, solder_dtype_name(infer->in[i].dtype));
        }
    }
    int64_t corners;
    int64_t sets;
    int64_t classes;
    if (sld_infer_dim(infer, 0, 3, &corners) && corners != 4) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "a box has %lld values, expected 4",
                              (long long)corners);
    }
    if (sld_infer_dim(infer, 0, 2, &sets) && sets != 1 && sld_infer_dim(infer, 1, 2, &classes) &&
        sets != classes) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "boxes for %lld classes, scores for %lld",
                              (long long)sets, (long long)classes);
    }
    for (int i = 0; i < 2; i++) {
        int64_t a;
        int64_t b;
        if (sld_infer_dim(infer, 0, i, &a) && sld_infer_dim(infer, 1, i, &b) && a != b) {
            return sld_infer_fail(infer, SOLDER_ERROR_DATA, "boxes have %lld %s, scores %lld",
                                  (long long)a, i == 0 ? "images" : "boxes", (long long)b);
        }
    }
    return SOLDER_OK;
}

static solder_status infer_combined_nms(sld_infer *infer)
{
    const sld_combined_nms_params *p = infer->params;
    SLD_TRY(check_boxes(infer));
    if (p->max_per_class < 0 || p->max_total < 0) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "at most %d boxes per class, %d in all",
                              (int)p->max_per_class, (int)p->max_total);
    }
    sld_expr_table *t = infer->exprs;
    sld_dim rows = sld_expr_const(t, p->max_total);
    if (p->pad_per_class != 0) {
        sld_dim most = sld_expr_mul_const(t, infer->in[1].shape.d[2], p->max_per_class);
        rows = sld_dim_min(t, rows, most);
    }
    sld_dim images = infer->in[0].shape.d[0];
    const sld_shape boxes = {.rank = 3, .d = {images, rows, sld_expr_const(t, 4)}};
    const sld_shape scores = {.rank = 2, .d = {images, rows}};
    const sld_shape counts = {.rank = 1, .d = {images}};
    sld_infer_set(infer, 0, SOLDER_F32, &boxes);
    sld_infer_set(infer, 1, SOLDER_F32, &scores);
    sld_infer_set(infer, 2, SOLDER_F32, &scores);
    sld_infer_set(infer, 3, SOLDER_I32, &counts);
    return SOLDER_OK;
}

const sld_op_part sld_op_combined_nms = {attrs, SLD_ARRAY_LENGTH(attrs), infer_combined_nms};
