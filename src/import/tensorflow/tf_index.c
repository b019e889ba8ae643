/* SPDX-License-Identifier: Apache-2.0 */
/* Elements named by indices: finding them and writing to them. */
#include "import/tensorflow/tf_ops.h"

void sld_tf_where(sld_tf_node *node, int told)
{
    (void)told;
    sld_value *x = sld_tf_input(node, 0);
    sld_tf_set(node, 0, sld_tf_emit(node, SLD_OP_NONZERO, NULL, &x, 1));
}

static sld_value *scatter(sld_tf_node *node, int reduction, sld_value *data, sld_value *indices,
                          sld_value *updates)
{
    const sld_scatter_params params = {.kind = SLD_SCATTER_ND, .reduction = reduction};
    sld_value *in[3] = {data, sld_tf_cast(node, SOLDER_I64, indices), updates};
    (void)sld_tf_attribute(node, "bad_indices_policy", SLD_TF_STRING);
    return sld_tf_emit(node, SLD_OP_SCATTER, &params, in, 3);
}

/* Updates of one element add up, on zeros. */
void sld_tf_scatter_nd(sld_tf_node *node, int told)
{
    (void)told;
    sld_value *indices = sld_tf_input(node, 0), *updates = sld_tf_input(node, 1);
    sld_value *shape = sld_tf_cast(node, SOLDER_I64, sld_tf_input(node, 2));
    if (!sld_tf_ok(node)) {
        return;
    }
    bool is_bool = updates->dtype == SOLDER_BOOL;
    const sld_fill_params zeros = {.dtype = (int32_t)updates->dtype};
    sld_value *data = sld_tf_emit(node, SLD_OP_FILL, &zeros, &shape, 1);
    sld_tf_set(node, 0,
               scatter(node, is_bool ? SLD_SCATTER_SET : SLD_SCATTER_ADD, data, indices, updates));
}

/* told is an sld_scatter_reduction. */
void sld_tf_tensor_scatter(sld_tf_node *node, int reduction)
{
    sld_value *data = sld_tf_input(node, 0), *indices = sld_tf_input(node, 1);
    sld_value *updates = sld_tf_input(node, 2);
    sld_tf_set(node, 0, scatter(node, reduction, data, indices, updates));
}
