/* SPDX-License-Identifier: Apache-2.0 */
/* Transpose: permutes dimensions. */
#include "kernels/shuffle/shuffle.h"
#include "ops/content.h"

/* No perm at all, every entry -1: reversed, as ONNX says. */
static const sld_attr attrs[] = {
    SLD_ATTR_ARRAY(sld_transpose_params, perm, "perm", SLD_ATTR_I32, SOLDER_MAX_RANK, -1),
};

static solder_status infer_transpose(sld_infer *infer)
{
    sld_transpose_params *p = infer->params;
    SLD_TRY(sld_infer_type(infer, 0, sld_type_any, "any"));
    SLD_TRY(sld_infer_rank(infer, 0, 0, SOLDER_MAX_RANK));
    const sld_shape *in = &infer->in[0].shape;
    bool reversed = true;
    for (int i = 0; i < in->rank; i++) {
        reversed = reversed && p->perm[i] == -1;
    }
    sld_shape shape = *in;
    uint32_t seen = 0;
    for (int i = 0; i < in->rank; i++) {
        int32_t from = reversed ? in->rank - 1 - i : p->perm[i];
        if (from < 0 || from >= in->rank || (seen & (1u << from)) != 0) {
            return sld_infer_fail(infer, SOLDER_ERROR_DATA,
                                  "perm[%d] is %d: no permutation of %d dimensions", i, (int)from,
                                  (int)in->rank);
        }
        seen |= 1u << from;
        p->perm[i] = from;
        shape.d[i] = in->d[from];
    }
    for (int i = in->rank; i < SOLDER_MAX_RANK; i++) {
        p->perm[i] = -1;
    }
    sld_infer_set(infer, 0, infer->in[0].dtype, &shape);
    sld_content_copy(infer, 0, 0);
    return SOLDER_OK;
}

const sld_op_part sld_op_transpose = {attrs, SLD_ARRAY_LENGTH(attrs), infer_transpose};
