/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/call_check.h"

const char *sld_check_nms(const sld_run *run)
{
    SLD_CHECK_TRY(sld_check_arity(run, 2, 5, 2));
    const sld_tensor *boxes = &run->in[0];
    const sld_tensor *scores = &run->in[1];
    const sld_tensor *y = &run->out[0];
    SLD_CHECK(boxes->dtype == SOLDER_F32 && scores->dtype == SOLDER_F32,
              "boxes and scores must be f32");
    SLD_CHECK(boxes->rank == 3 && scores->rank == 3 && boxes->dim[2] == 4 &&
                  boxes->dim[0] == scores->dim[0] && boxes->dim[1] == scores->dim[2],
              "dims of boxes and scores do not fit");
    SLD_CHECK(y->dtype == SOLDER_I64 && y->rank == 2 && y->dim[1] == 3, "the output does not fit");
    SLD_CHECK(run->out_count < 2 || !sld_tensor_present(&run->out[1]) ||
                  (run->out[1].dtype == SOLDER_F32 && run->out[1].rank == 1 &&
                   run->out[1].dim[0] == y->dim[0]),
              "the scores of the output do not fit");
    for (uint32_t i = 2; i < 5; i++) {
        SLD_CHECK(sld_check_scalar(run, i), "a limit is empty");
    }
    return NULL;
}

const char *sld_check_crop_resize(const sld_run *run)
{
    const sld_crop_resize_params *p = run->params;
    SLD_CHECK_TRY(sld_check_arity(run, 3, 3, 1));
    const sld_tensor *x = &run->in[0];
    const sld_tensor *boxes = &run->in[1];
    const sld_tensor *y = &run->out[0];
    SLD_CHECK(sld_dtype_is_float(x->dtype) && sld_dtype_is_float(boxes->dtype) &&
                  sld_dtype_is_integer(run->in[2].dtype) && y->dtype == x->dtype,
              "types do not fit");
    SLD_CHECK(x->rank == 4 && boxes->rank == 2 && boxes->dim[1] == 4 && run->in[2].rank == 1 &&
                  run->in[2].dim[0] == boxes->dim[0],
              "dims of images, boxes and their images do not fit");
    SLD_CHECK(y->rank == 4 && y->dim[0] == boxes->dim[0] && y->dim[1] == x->dim[1] &&
                  y->dim[2] == p->height && y->dim[3] == p->width && p->height > 0 && p->width > 0,
              "the output does not fit");
    SLD_CHECK(x->dim[2] < SLD_CHECK_LIMIT && x->dim[3] < SLD_CHECK_LIMIT, "images are too large");
    return NULL;
}

const char *sld_check_combined_nms(const sld_run *run)
{
    const sld_combined_nms_params *p = run->params;
    SLD_CHECK_TRY(sld_check_arity(run, 2, 2, 4));
    const sld_tensor *boxes = &run->in[0];
    const sld_tensor *scores = &run->in[1];
    SLD_CHECK(boxes->dtype == SOLDER_F32 && scores->dtype == SOLDER_F32,
              "boxes and scores must be f32");
    SLD_CHECK(boxes->rank == 4 && scores->rank == 3 && boxes->dim[3] == 4 &&
                  boxes->dim[0] == scores->dim[0] && boxes->dim[1] == scores->dim[1] &&
                  (boxes->dim[2] == 1 || boxes->dim[2] == scores->dim[2]),
              "dims of boxes and scores do not fit");
    SLD_CHECK(p->max_per_class >= 0 && p->max_total >= 0 && run->out_count == 4,
              "limits or outputs do not fit");
    for (uint32_t i = 0; i < 4; i++) {
        const sld_tensor *y = &run->out[i];
        SLD_CHECK(!sld_tensor_present(y) ||
                      (y->dtype == (i == 3 ? SOLDER_I32 : SOLDER_F32) &&
                       y->rank == (i == 0   ? 3
                                   : i == 3 ? 1
                                            : 2) &&
                       y->dim[0] == boxes->dim[0] && (i == 3 || y->dim[1] == run->out[0].dim[1]) &&
                       (i != 0 || y->dim[2] == 4)),
                  "an output does not fit");
    }
    return NULL;
}

const char *sld_check_roi_align(const sld_run *run)
{
    const sld_roi_align_params *p = run->params;
    SLD_CHECK_TRY(sld_check_arity(run, 3, 3, 1));
    const sld_tensor *x = &run->in[0];
    const sld_tensor *rois = &run->in[1];
    const sld_tensor *y = &run->out[0];
    SLD_CHECK(sld_dtype_is_float(x->dtype) && sld_dtype_is_float(rois->dtype) &&
                  sld_dtype_is_integer(run->in[2].dtype) && y->dtype == x->dtype,
              "types do not fit");
    SLD_CHECK(x->rank == 4 && rois->rank == 2 && rois->dim[1] == 4 && run->in[2].rank == 1 &&
                  run->in[2].dim[0] == rois->dim[0],
              "dims of images, regions and their images do not fit");
    SLD_CHECK(y->rank == 4 && y->dim[0] == rois->dim[0] && y->dim[1] == x->dim[1] &&
                  y->dim[2] == p->height && y->dim[3] == p->width && p->height > 0 && p->width > 0,
              "the output does not fit");
    SLD_CHECK(x->dim[2] < SLD_CHECK_LIMIT && x->dim[3] < SLD_CHECK_LIMIT && x->dim[2] > 0 &&
                  x->dim[3] > 0 && p->sampling_ratio >= 0,
              "images or sampling_ratio are out of range");
    return NULL;
}
