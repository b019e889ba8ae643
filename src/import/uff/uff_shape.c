/* SPDX-License-Identifier: Apache-2.0 */
/* Constants and what moves elements around. */
#include "import/uff/uff.h"

/* "(...36 bytes skipped...)": how NVIDIA's converter writes a text form for reading only. */
static bool is_skipped(sld_tf_bytes bytes)
{
    static const char start[] = "(...", end[] = " bytes skipped...)";
    const char *text = (const char *)bytes.data;
    size_t n = sizeof end - 1;
    return bytes.size > n && bytes.size < 48 && memcmp(text, start, sizeof start - 1) == 0 &&
           memcmp(text + bytes.size - n, end, n) == 0;
}

void sld_uff_const(sld_tf_node *node, int told)
{
    (void)told;
    int64_t dims[SOLDER_MAX_RANK];
    size_t rank = sld_tf_ints(node, "shape", dims, SOLDER_MAX_RANK);
    const sld_tf_attr *values = sld_tf_attribute(node, "values", SLD_TF_STRING);
    const sld_tf_attr *type = sld_tf_attribute(node, "dtype", SLD_TF_TYPE);
    if (values == NULL) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "field 'values' is missing");
        return;
    }
    if (is_skipped(values->bytes)) {
        sld_tf_fail(node, SOLDER_ERROR_DATA,
                    "this text form leaves its values out: give the binary .uff");
        return;
    }
    sld_tf_proto_tensor tensor = {
        .type = type != NULL ? (int)type->i : 1, .content = values->bytes, .has_content = true};
    tensor.shape.rank = (int)rank;
    memcpy(tensor.shape.dims, dims, rank * sizeof dims[0]);
    sld_tf_set(node, 0, sld_tf_add_read_tensor(node, &tensor));
}

void sld_uff_identity(sld_tf_node *node, int told)
{
    if (sld_uff_expect_inputs(node, 1)) {
        sld_tf_identity(node, told);
    }
}

void sld_uff_expand_dims(sld_tf_node *node, int told)
{
    (void)told;
    sld_uff_call call = sld_uff_call_open(node);
    int64_t axis = sld_uff_need_int(node, "axis");
    if (sld_uff_expect_inputs(node, 1)) {
        sld_uff_put_ints(node, 1, &axis, 1);
        sld_uff_call_run(&call, sld_tf_expand_dims, 0);
    }
}

void sld_uff_squeeze(sld_tf_node *node, int told)
{
    (void)told;
    sld_uff_call call = sld_uff_call_open(node);
    int64_t axes[SOLDER_MAX_RANK];
    size_t count = sld_tf_ints(node, "axes", axes, SOLDER_MAX_RANK);
    if (sld_uff_expect_inputs(node, 1)) {
        sld_uff_set_ints(&call, "squeeze_dims", axes, count);
        sld_uff_call_run(&call, sld_tf_squeeze, 0);
    }
}

void sld_uff_reshape(sld_tf_node *node, int told)
{
    (void)told;
    sld_uff_call call = sld_uff_call_open(node);
    if (sld_uff_expect_inputs(node, 2)) {
        sld_uff_call_run(&call, sld_tf_reshapes, 0);
    }
}

/* All but the batch; in the order TensorFlow's elements have. */
void sld_uff_flatten(sld_tf_node *node, int told)
{
    (void)told;
    sld_uff_call call = sld_uff_call_open(node);
    if (!sld_uff_expect_inputs(node, 1)) {
        return;
    }
    sld_tf_tensor *t = sld_tf_in(node, 0);
    int rank = sld_tf_rank(t);
    int64_t size = 1, dim;
    bool known = rank > 0;
    for (int i = 1; i < rank; i++) {
        known = known && sld_tf_dim(node, t, i, &dim) && sld_i64_mul(size, dim, &size);
    }
    if (sld_tf_ok(node) && rank < 1) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "the input is a scalar");
    }
    if (known && size != 0) {
        sld_uff_put_ints(node, 1, (int64_t[]){-1, size}, 2);
        sld_uff_call_run(&call, sld_tf_reshapes, 0);
    } else {
        sld_value *x = sld_tf_plain(node, t);
        sld_tf_set(node, 0, sld_tf_reshape(node, (int64_t[]){0, -1}, 2, x));
    }
}

void sld_uff_transpose(sld_tf_node *node, int told)
{
    (void)told;
    sld_uff_call call = sld_uff_call_open(node);
    int64_t perm[SOLDER_MAX_RANK];
    size_t count = sld_tf_ints(node, "permutation", perm, SOLDER_MAX_RANK);
    if (sld_uff_expect_inputs(node, 1)) {
        sld_uff_put_ints(node, 1, perm, count);
        sld_uff_call_run(&call, sld_tf_transposes, 0);
    }
}

void sld_uff_shape(sld_tf_node *node, int told)
{
    (void)told;
    sld_uff_call call = sld_uff_call_open(node);
    const sld_tf_attr *type = sld_tf_attribute(node, SLD_UFF_EXTRA "out_type", SLD_TF_TYPE);
    if (type != NULL) {
        sld_uff_set_type(&call, "out_type", (int)type->i);
    }
    if (sld_uff_expect_inputs(node, 1)) {
        sld_uff_call_run(&call, sld_tf_shapes, 0);
    }
}

void sld_uff_concat(sld_tf_node *node, int told)
{
    (void)told;
    sld_uff_call call = sld_uff_call_open(node);
    int64_t axis = sld_uff_need_int(node, "axis");
    sld_uff_put_ints(node, node->in_count, &axis, 1);
    sld_uff_call_run(&call, sld_tf_concats, 1);
}

void sld_uff_stack(sld_tf_node *node, int told)
{
    (void)told;
    sld_uff_call call = sld_uff_call_open(node);
    sld_uff_set_int(&call, "axis", sld_uff_need_int(node, "axis"));
    sld_uff_call_run(&call, sld_tf_pack, 0);
}

void sld_uff_strided_slice(sld_tf_node *node, int told)
{
    static const char *const masks[] = {"begin_mask", "end_mask", "shrink_axis_mask"};
    (void)told;
    sld_uff_call call = sld_uff_call_open(node);
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(masks); i++) {
        sld_uff_set_int(&call, masks[i], sld_tf_int(node, masks[i], 0));
    }
    if (sld_uff_expect_inputs(node, 4)) {
        sld_uff_call_run(&call, sld_tf_strided_slice, 0);
    }
}

void sld_uff_pad(sld_tf_node *node, int told)
{
    (void)told;
    sld_uff_call call = sld_uff_call_open(node);
    if (sld_uff_expect_inputs(node, 2)) {
        sld_uff_call_run(&call, sld_tf_pad, SLD_PADDING_CONSTANT);
    }
}

void sld_uff_gather(sld_tf_node *node, int has_axis)
{
    sld_uff_call call = sld_uff_call_open(node);
    int64_t axis = has_axis ? sld_tf_int(node, "axis", 0) : 0;
    (void)sld_tf_bool(node, "validate_indices", true);
    if (sld_uff_expect_inputs(node, 2)) {
        sld_uff_put_ints(node, 2, &axis, 1);
        sld_uff_call_run(&call, sld_tf_gathers, 0);
    }
}
