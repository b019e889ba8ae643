/* SPDX-License-Identifier: Apache-2.0 */
/* Constants, what passes its input on, and what changes or asks for a shape. */
#include "import/tensorflow/tf_ops.h"

void sld_tf_const(sld_tf_node *node, int told)
{
    (void)told;
    const sld_tf_attr *attr = sld_tf_attribute(node, "value", SLD_TF_TENSOR);
    if (attr == NULL) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "its value is missing");
        return;
    }
    sld_tf_set(node, 0, sld_tf_add_tensor(node, attr->bytes));
}

void sld_tf_identity(sld_tf_node *node, int told)
{
    (void)told;
    sld_tf_outputs(node, node->in_count);
    for (uint32_t i = 0; i < node->in_count && sld_tf_ok(node); i++) {
        node->out[i] = sld_tf_in(node, i);
    }
}

/* Only the first input matters: CheckNumerics, PlaceholderWithDefault ... */
void sld_tf_pass(sld_tf_node *node, int told)
{
    (void)told;
    (void)sld_tf_attribute(node, "shape", SLD_TF_SHAPE);
    node->out[0] = sld_tf_in(node, 0);
    node->in_read = UINT64_MAX;
}

/* NoOp and Assert give nothing. */
void sld_tf_nothing(sld_tf_node *node, int told)
{
    (void)told;
    node->in_read = UINT64_MAX;
    sld_tf_outputs(node, 0);
}

/* ---- shapes ---- */

void sld_tf_shapes(sld_tf_node *node, int told)
{
    (void)told;
    solder_dtype to = sld_tf_type(node, "out_type", SOLDER_I32);
    sld_tf_outputs(node, node->in_count);
    for (uint32_t i = 0; i < node->in_count; i++) {
        sld_value *shape = sld_tf_shape_of(node, sld_tf_in(node, i));
        sld_tf_set(node, i, sld_tf_cast(node, to, shape));
    }
}

void sld_tf_size(sld_tf_node *node, int told)
{
    (void)told;
    solder_dtype to = sld_tf_type(node, "out_type", SOLDER_I32);
    sld_value *shape = sld_tf_shape_of(node, sld_tf_in(node, 0));
    const sld_reduce_params params = {.kind = SLD_REDUCE_PROD, .axes = 1, .scale = 1};
    sld_value *size = sld_tf_emit(node, SLD_OP_REDUCE, &params, &shape, 1);
    sld_tf_set(node, 0, sld_tf_cast(node, to, size));
}

void sld_tf_rank_of(sld_tf_node *node, int told)
{
    (void)told;
    int rank = sld_tf_rank(sld_tf_in(node, 0));
    sld_tf_set(node, 0, sld_tf_scalar(node, SOLDER_I32, rank));
}

/* [N, H, W, C] to [N, HWC] while the image stands in the first form. */
static bool flatten(sld_tf_node *node, sld_tf_tensor *t, const int64_t *dims, size_t count)
{
    int64_t d[3], area, size; /* C, H, W */
    if (count != 2 || t->first == NULL || t->plain != NULL || sld_tf_rank(t) != 4 ||
        !sld_tf_dim(node, t, 3, &d[0]) || !sld_tf_dim(node, t, 1, &d[1]) ||
        !sld_tf_dim(node, t, 2, &d[2]) || !sld_i64_mul(d[1], d[2], &area) ||
        !sld_i64_mul(area, d[0], &size) || size == 0) {
        return false;
    }
    int64_t batch;
    bool same = sld_tf_dim(node, t, 0, &batch) && batch == dims[0];
    if (!(dims[1] == size && (same || dims[0] == -1)) && !(same && dims[1] == -1)) {
        return false;
    }
    sld_value *flat = sld_tf_reshape(node, (int64_t[]){0, size}, 2, t->first);
    sld_tf_set(node, 0, flat);
    if (sld_tf_ok(node) && area != 1) {
        node->out[0]->plain = NULL;
        node->out[0]->flat = flat;
        memcpy(node->out[0]->flat_dims, d, sizeof d);
    }
    return true;
}

void sld_tf_reshapes(sld_tf_node *node, int told)
{
    (void)told;
    sld_tf_tensor *t = sld_tf_in(node, 0);
    sld_value *shape = sld_tf_input(node, 1);
    sld_reshape_params params = {.allow_zero = 1};
    size_t count = 0, open = 0;
    bool known = sld_tf_known_count(node, shape, &count) && count <= SOLDER_MAX_RANK;
    for (size_t i = 0; known && i < count; i++) {
        if (!sld_tf_known_at(node, shape, i, &params.dims[i])) {
            params.dims[i] = -1;
        }
        open += params.dims[i] == -1;
    }
    if (!sld_tf_ok(node) || (known && open <= 1 && flatten(node, t, params.dims, count))) {
        return;
    }
    sld_value *in[2] = {sld_tf_plain(node, t), shape};
    if (known && open <= 1) {
        params.rank = (int32_t)count;
        sld_tf_set(node, 0, sld_tf_emit(node, SLD_OP_RESHAPE, &params, in, 1));
        return;
    }
    const sld_reshape_params by_input = {.allow_zero = 1};
    in[1] = sld_tf_cast(node, SOLDER_I64, shape);
    sld_tf_set(node, 0, sld_tf_emit(node, SLD_OP_RESHAPE, &by_input, in, 2));
}

static void drop_axes(sld_tf_node *node, sld_tf_tensor *t, const bool *dropped)
{
    int rank = sld_tf_rank(t), kept = 0;
    int from[SOLDER_MAX_RANK];
    bool first = t->first != NULL && !dropped[0] && !dropped[rank - 1];
    for (int i = 0; i < rank; i++) {
        bool drop = dropped[i];
        if (first) { /* position i of the first form holds this axis */
            drop = dropped[i == 0 ? 0 : i == 1 ? rank - 1 : i - 1];
        }
        if (!drop) {
            from[kept++] = i;
        }
    }
    first = first && kept >= 3;
    sld_value *x;
    if (first) {
        x = sld_tf_first(node, t);
    } else {
        x = sld_tf_plain(node, t);
        kept = 0;
        for (int i = 0; i < rank; i++) {
            if (!dropped[i]) {
                from[kept++] = i;
            }
        }
    }
    sld_tf_set_form(node, 0, sld_tf_rearrange(node, x, from, kept), first);
}

void sld_tf_squeeze(sld_tf_node *node, int told)
{
    (void)told;
    sld_tf_tensor *t = sld_tf_in(node, 0);
    int rank = sld_tf_rank(t);
    int64_t axes[SOLDER_MAX_RANK], dim;
    size_t count = sld_tf_ints(node, "squeeze_dims", axes, SOLDER_MAX_RANK);
    bool dropped[SOLDER_MAX_RANK] = {false};
    for (int i = 0; count == 0 && i < rank; i++) {
        if (!sld_tf_dim(node, t, i, &dim)) {
            sld_tf_unsupported(node, "no axes, and dimension %d is open", i);
        }
        dropped[i] = sld_tf_ok(node) && dim == 1;
    }
    for (size_t i = 0; i < count && sld_tf_ok(node); i++) {
        int axis = sld_tf_axis(node, axes[i], rank);
        if (sld_tf_ok(node) && sld_tf_dim(node, t, axis, &dim) && dim != 1) {
            sld_tf_fail(node, SOLDER_ERROR_DATA, "dimension %d is %lld, not 1", axis,
                        (long long)dim);
        }
        dropped[axis] = true;
    }
    if (sld_tf_ok(node) && rank > 0) {
        drop_axes(node, t, dropped);
    } else if (sld_tf_ok(node)) {
        node->out[0] = t;
    }
}

void sld_tf_expand_dims(sld_tf_node *node, int told)
{
    (void)told;
    sld_tf_tensor *t = sld_tf_in(node, 0);
    int rank = sld_tf_rank(t);
    int axis = sld_tf_axis(node, sld_tf_constant_int(node, 1, "axis"), rank + 1);
    bool first = t->first != NULL && axis > 0 && axis < rank;
    sld_value *x = first ? sld_tf_first(node, t) : sld_tf_plain(node, t);
    x = sld_tf_unsqueeze(node, x, first ? axis + 1 : axis, 1);
    sld_tf_set_form(node, 0, x, first);
}

void sld_tf_transposes(sld_tf_node *node, int told)
{
    (void)told;
    sld_value *x = sld_tf_input(node, 0);
    int64_t perm[SOLDER_MAX_RANK];
    int32_t order[SOLDER_MAX_RANK];
    size_t count = sld_tf_constant_ints(node, 1, "perm", perm, SOLDER_MAX_RANK);
    if (!sld_tf_ok(node)) {
        return;
    }
    if (count != (size_t)x->shape.rank) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "perm has %zu values, the input has rank %d", count,
                    x->shape.rank);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        order[i] = sld_tf_axis(node, perm[i], x->shape.rank);
    }
    sld_tf_set(node, 0, sld_tf_transpose(node, order, x));
}

/* ---- made from nothing ---- */

void sld_tf_fill(sld_tf_node *node, int told)
{
    (void)told;
    sld_value *dims = sld_tf_cast(node, SOLDER_I64, sld_tf_input(node, 0));
    sld_value *value = sld_tf_as_scalar(node, sld_tf_input(node, 1));
    if (sld_tf_ok(node) && !sld_value_is_constant(value)) {
        sld_tf_set(node, 0,
                   sld_tf_emit(node, SLD_OP_EXPAND, NULL, (sld_value *[]){value, dims}, 2));
        return;
    }
    if (!sld_tf_ok(node)) {
        return;
    }
    solder_dtype dtype = value->dtype;
    sld_fill_params params = {.dtype = (int32_t)dtype, .value = sld_load_f64(dtype, value->data)};
    params.integer = sld_dtype_is_float(dtype) ? 0 : sld_load_i64(dtype, value->data);
    sld_tf_set(node, 0, sld_tf_emit(node, SLD_OP_FILL, &params, &dims, 1));
}

void sld_tf_like(sld_tf_node *node, int value)
{
    sld_tf_tensor *t = sld_tf_in(node, 0);
    const sld_fill_params params = {
        .dtype = (int32_t)sld_tf_tensor_dtype(t), .value = value, .integer = value};
    sld_value *dims = sld_tf_shape_of(node, t);
    sld_tf_set(node, 0, sld_tf_emit(node, SLD_OP_FILL, &params, &dims, 1));
}

void sld_tf_range(sld_tf_node *node, int told)
{
    (void)told;
    sld_value *in[3];
    for (uint32_t i = 0; i < 3; i++) {
        in[i] = sld_tf_as_scalar(node, sld_tf_input(node, i));
    }
    sld_tf_set(node, 0, sld_tf_emit(node, SLD_OP_RANGE, NULL, in, 3));
}

void sld_tf_tile(sld_tf_node *node, int told)
{
    (void)told;
    sld_value *in[2] = {sld_tf_input(node, 0),
                        sld_tf_cast(node, SOLDER_I64, sld_tf_input(node, 1))};
    sld_tf_set(node, 0, sld_tf_emit(node, SLD_OP_TILE, NULL, in, 2));
}

void sld_tf_broadcast(sld_tf_node *node, int told)
{
    (void)told;
    sld_value *in[2] = {sld_tf_input(node, 0),
                        sld_tf_cast(node, SOLDER_I64, sld_tf_input(node, 1))};
    sld_tf_set(node, 0, sld_tf_emit(node, SLD_OP_EXPAND, NULL, in, 2));
}

/* The shape two shapes broadcast to, while both are known. */
void sld_tf_broadcast_args(sld_tf_node *node, int told)
{
    (void)told;
    int64_t d[2][SOLDER_MAX_RANK], out[SOLDER_MAX_RANK];
    size_t count[2];
    solder_dtype dtype = sld_tf_tensor_dtype(sld_tf_in(node, 0));
    for (uint32_t i = 0; i < 2; i++) {
        count[i] = sld_tf_constant_ints(node, i, "a shape", d[i], SOLDER_MAX_RANK);
    }
    if (!sld_tf_ok(node)) {
        return;
    }
    size_t rank = count[0] > count[1] ? count[0] : count[1];
    for (size_t i = 1; i <= rank; i++) {
        int64_t a = i <= count[0] ? d[0][count[0] - i] : 1;
        int64_t b = i <= count[1] ? d[1][count[1] - i] : 1;
        if (a != b && a != 1 && b != 1) {
            sld_tf_fail(node, SOLDER_ERROR_DATA, "%lld does not broadcast with %lld", (long long)a,
                        (long long)b);
            return;
        }
        out[rank - i] = a == 1 ? b : a;
    }
    sld_tf_set(node, 0, sld_tf_cast(node, dtype, sld_tf_vector(node, out, rank)));
}
