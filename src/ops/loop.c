/* SPDX-License-Identifier: Apache-2.0 */
/* Loop: its body again and again. Its outputs follow from the body (graph/control.c). */
#include "kernels/control/control.h"
#include "ops/op.h"

static const char *const modes[] = {"stack", "concat"};

static const sld_attr attrs[] = {
    SLD_ATTR(sld_loop_params, carried_count, "carried", SLD_ATTR_I32, 0),
    SLD_ATTR(sld_loop_params, scanned_count, "scanned", SLD_ATTR_I32, 0),
    {.name = "scans",
     .kind = SLD_ATTR_ENUM,
     .offset = offsetof(sld_loop_params, scan_mode),
     .count = SLD_MAX_OUTPUTS,
     .length_offset = (int32_t)offsetof(sld_loop_params, scan_count),
     .names = modes,
     .name_count = (int32_t)SLD_ARRAY_LENGTH(modes)},
};

static solder_status infer_loop(sld_infer *infer)
{
    return sld_infer_fail(infer, SOLDER_ERROR_DATA, "has no body");
}

const sld_op_part sld_op_loop = {attrs, SLD_ARRAY_LENGTH(attrs), infer_loop};
