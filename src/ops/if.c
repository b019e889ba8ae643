/* SPDX-License-Identifier: Apache-2.0 */
/* If: one of two bodies. Its outputs follow from the bodies (graph/control.c). */
#include "kernels/control/control.h"
#include "ops/op.h"

static const char *const refused[] = {"none", "then", "else"};

static const sld_attr attrs[] = {
    SLD_ATTR_NAMED(sld_if_params, refused, "refused", refused, SLD_REFUSED_NONE),
};

static solder_status infer_if(sld_infer *infer)
{
    return sld_infer_fail(infer, SOLDER_ERROR_DATA, "has no bodies");
}

const sld_op_part sld_op_if = {attrs, SLD_ARRAY_LENGTH(attrs), infer_if};
