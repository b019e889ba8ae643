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
