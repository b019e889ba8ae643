/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/call_check.h"

const char *sld_check_nms(const sld_run *run)
{
    SLD_CHECK_TRY(sld_check_arity(run, 2, 5, 1));
    const sld_tensor *boxes = &run->in[0];
    const sld_tensor *scores = &run->in[1];
    const sld_tensor *y = &run->out[0];
    SLD_CHECK(boxes->dtype == SOLDER_F32 && scores->dtype == SOLDER_F32,
              "boxes and scores must be f32");
    SLD_CHECK(boxes->rank == 3 && scores->rank == 3 && boxes->dim[2] == 4 &&
                  boxes->dim[0] == scores->dim[0] && boxes->dim[1] == scores->dim[2],
              "dims of boxes and scores do not fit");
    SLD_CHECK(y->dtype == SOLDER_I64 && y->rank == 2 && y->dim[1] == 3, "the output does not fit");
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
