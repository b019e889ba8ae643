/* SPDX-License-Identifier: Apache-2.0 */
/* Constants, casts, choices, and what passes its input on. */
#include "import/onnx/onnx_ops.h"

void sld_onnx_identity(sld_onnx_node *node, int told)
{
    (void)told;
    node->out[0] = sld_onnx_required(node, 0);
}

static sld_value *fill_like(sld_onnx_node *node, solder_dtype dtype, int64_t value, sld_value *x)
{
    const sld_fill_params params = {
        .dtype = (int32_t)dtype, .value = (double)value, .integer = value};
    sld_value *shape = sld_onnx_shape(node, 0, sld_onnx_rank(x), x);
    return sld_onnx_emit(node, SLD_OP_FILL, &params, &shape, 1);
}

void sld_onnx_dropout(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0);
    double training = 0;
    if (node->version < 12) {
        (void)sld_onnx_float(node, "ratio", 0.5f); /* only training uses it */
    } else {
        (void)sld_onnx_int(node, "seed", 0);
        (void)sld_onnx_input(node, 1);
        sld_value *mode = sld_onnx_input(node, 2);
        if (mode != NULL && (!sld_onnx_known_real(mode, &training) || training != 0)) {
            sld_onnx_unsupported(node, "training_mode that is not false");
        }
    }
    node->out[0] = x;
    if (node->out_count > 1 && node->wanted[1]) {
        node->out[1] =
            fill_like(node, node->version < 10 && x != NULL ? x->dtype : SOLDER_BOOL, 1, x);
    }
}

/* ---- Constant ---- */

static sld_value *constant_tensor(sld_onnx_node *node, const sld_onnx_attr *attr, bool sparse)
{
    sld_value *value = NULL;
    solder_status status = sparse
                               ? sld_onnx_add_sparse(node->onnx, node->name, attr->bytes, &value)
                               : sld_onnx_add_tensor(node->onnx, node->name, attr->bytes, &value);
    if (status == SOLDER_ERROR_UNSUPPORTED) {
        sld_onnx_unsupported(node, "%s", node->onnx->diag->message);
    } else if (status != SOLDER_OK) {
        node->status = status;
    }
    return value;
}

static sld_value *constant_list(sld_onnx_node *node, const sld_onnx_attr *attr)
{
    size_t count = 0;
    if (attr->type == SLD_ONNX_INTS) {
        const int64_t *ints = sld_onnx_ints(node, attr->name, &count);
        return sld_onnx_vector(node, ints, count);
    }
    const float *floats = sld_onnx_floats(node, attr->name, &count);
    return sld_onnx_constant(node, SOLDER_F32, 1, &(int64_t){(int64_t)count}, floats);
}

void sld_onnx_constants(sld_onnx_node *node, int told)
{
    (void)told;
    static const struct {
        const char *name;
        sld_onnx_attr_type type;
        int since;
    } forms[] = {{"value", SLD_ONNX_TENSOR, 1},         {"sparse_value", SLD_ONNX_SPARSE, 11},
                 {"value_float", SLD_ONNX_FLOAT, 12},   {"value_int", SLD_ONNX_INT, 12},
                 {"value_floats", SLD_ONNX_FLOATS, 12}, {"value_ints", SLD_ONNX_INTS, 12}};
    const sld_onnx_attr *attr = node->attr_count == 1 ? &node->attrs[0] : NULL;
    for (size_t i = 0; attr != NULL && i < SLD_ARRAY_LENGTH(forms); i++) {
        if (strcmp(attr->name, forms[i].name) != 0 || attr->type != (int)forms[i].type ||
            node->version < forms[i].since) {
            continue;
        }
        node->attrs[0].used = true;
        switch (forms[i].type) {
        case SLD_ONNX_FLOAT:
            node->out[0] = sld_onnx_constant(node, SOLDER_F32, 0, NULL, &attr->f);
            return;
        case SLD_ONNX_INT:
            node->out[0] = sld_onnx_constant(node, SOLDER_I64, 0, NULL, &attr->i);
            return;
        case SLD_ONNX_FLOATS:
        case SLD_ONNX_INTS:
            node->out[0] = constant_list(node, attr);
            return;
        default:
            node->out[0] = constant_tensor(node, attr, forms[i].type == SLD_ONNX_SPARSE);
            return;
        }
    }
    if (attr == NULL) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "has %u attributes, expected its value alone",
                      (unsigned)node->attr_count);
    }
    sld_onnx_unsupported(node, "attribute '%s' of type %d", attr != NULL ? attr->name : "",
                         attr != NULL ? attr->type : 0);
}

/* The one element to fill with; float 0 without the attribute. */
static void fill_value(sld_onnx_node *node, sld_fill_params *params)
{
    const sld_onnx_attr *attr = sld_onnx_attribute(node, "value");
    params->dtype = SOLDER_F32;
    if (attr == NULL) {
        return;
    }
    sld_value *value = constant_tensor(node, attr, false);
    if (value == NULL || value->data_size != solder_dtype_size(value->dtype)) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "value must be a tensor of one element");
        return;
    }
    params->dtype = (int32_t)value->dtype;
    params->value = sld_load_f64(value->dtype, value->data);
    params->integer = sld_load_i64(value->dtype, value->data);
}

void sld_onnx_constant_of_shape(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *shape = sld_onnx_required(node, 0);
    sld_fill_params params = {0};
    fill_value(node, &params);
    const int64_t *dims;
    size_t count;
    uint32_t inputs = 1;
    if (sld_onnx_known_ints(node, shape, &dims, &count)) {
        if (count > SOLDER_MAX_RANK) {
            sld_onnx_unsupported(node, "%zu dimensions", count);
            return;
        }
        params.rank = (int32_t)count;
        memcpy(params.dims, dims, count * sizeof dims[0]);
        inputs = 0;
    }
    node->out[0] = sld_onnx_emit(node, SLD_OP_FILL, &params, &shape, inputs);
}

void sld_onnx_range(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *in[3];
    for (uint32_t i = 0; i < 3; i++) {
        in[i] = sld_onnx_required(node, i);
        in[i] = in[i] != NULL ? sld_onnx_as_scalar(node, in[i]) : NULL;
    }
    if (node->version >= 27 && sld_onnx_int(node, "stash_type", 1) != 1) {
        sld_onnx_unsupported(node, "stash_type");
    }
    node->out[0] = sld_onnx_emit(node, SLD_OP_RANGE, NULL, in, 3);
}

/* ---- Cast ---- */

/* saturate and round_mode matter for 8-bit floats only, which are not supported. */
static void read_cast_options(sld_onnx_node *node)
{
    if (node->version >= 19) {
        (void)sld_onnx_bool(node, "saturate", true);
    }
    if (node->version >= 24) {
        (void)sld_onnx_attribute(node, "round_mode");
    }
}

static void cast(sld_onnx_node *node, solder_dtype to)
{
    sld_value *x = sld_onnx_required(node, 0);
    const sld_cast_params params = {.to = (int32_t)to, .saturate = 1};
    read_cast_options(node);
    node->out[0] = sld_onnx_emit(node, SLD_OP_CAST, &params, &x, 1);
}

void sld_onnx_casts(sld_onnx_node *node, int told)
{
    (void)told;
    int32_t to = sld_onnx_int_in(node, "to", 0, 0, INT32_MAX);
    if (sld_onnx_ok(node) && sld_onnx_dtype(to) == SOLDER_NONE) {
        sld_onnx_unsupported(node, "to %s (%d)", sld_onnx_elem_name(to), (int)to);
    }
    cast(node, sld_onnx_dtype(to));
}

void sld_onnx_cast_like(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *like = sld_onnx_required(node, 1);
    cast(node, like != NULL ? like->dtype : SOLDER_NONE);
}

/* ---- choices ---- */

void sld_onnx_where(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *in[3];
    for (uint32_t i = 0; i < 3; i++) {
        in[i] = sld_onnx_required(node, i);
    }
    node->out[0] = sld_onnx_emit(node, SLD_OP_SELECT, NULL, in, 3);
}

void sld_onnx_nms(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *in[5] = {sld_onnx_required(node, 0), sld_onnx_required(node, 1)};
    const sld_nms_params params = {.center_point_box =
                                       sld_onnx_bool(node, "center_point_box", false)};
    for (uint32_t i = 2; i < 5; i++) {
        sld_value *limit = sld_onnx_input(node, i);
        in[i] = limit != NULL ? sld_onnx_as_scalar(node, limit) : NULL;
    }
    node->out[0] = sld_onnx_emit(node, SLD_OP_NMS, &params, in, 5);
}

/* Element i of a vector, as a scalar. */
static sld_value *element(sld_onnx_node *node, sld_value *vector, int64_t i)
{
    sld_value *index = sld_onnx_constant(node, SOLDER_I64, 0, NULL, &i);
    const sld_gather_params params = {.kind = SLD_GATHER_AXIS};
    return sld_onnx_emit(node, SLD_OP_GATHER, &params, (sld_value *[]){vector, index}, 2);
}

/* indices, counted from the end where negative, with a new dimension of 1 at axis. */
static sld_value *one_hot_indices(sld_onnx_node *node, sld_value *indices, sld_value *depth,
                                  int axis)
{
    int rank = sld_onnx_rank(indices);
    sld_onnx_dim_rule rules[SOLDER_MAX_RANK + 1];
    indices = sld_onnx_cast(node, SOLDER_I64, indices);
    sld_value *negative =
        sld_onnx_binary(node, SLD_BINARY_LESS, indices, sld_onnx_scalar(node, SOLDER_I64, 0));
    sld_value *shifted = sld_onnx_binary(node, SLD_BINARY_SUM, indices, depth);
    indices =
        sld_onnx_emit(node, SLD_OP_SELECT, NULL, (sld_value *[]){negative, shifted, indices}, 3);
    for (int i = 0, from = 0; i <= rank; i++) {
        rules[i] = i == axis ? sld_onnx_fixed(1) : sld_onnx_keep(from++);
    }
    return sld_onnx_reshape(node, indices, rules, rank + 1);
}

void sld_onnx_one_hot(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *indices = sld_onnx_required(node, 0), *depth = sld_onnx_required(node, 1);
    sld_value *values = sld_onnx_required(node, 2);
    int rank = sld_onnx_rank(indices);
    int64_t given = sld_onnx_int(node, "axis", -1);
    if (!sld_onnx_ok(node)) {
        return;
    }
    int axis = sld_onnx_axis(node, given, rank + 1);
    depth = sld_onnx_cast(node, SOLDER_I64, sld_onnx_as_scalar(node, depth));
    indices = one_hot_indices(node, indices, depth, axis);
    sld_value *counted = sld_onnx_emit(node, SLD_OP_RANGE, NULL,
                                       (sld_value *[]){sld_onnx_scalar(node, SOLDER_I64, 0), depth,
                                                       sld_onnx_scalar(node, SOLDER_I64, 1)},
                                       3);
    sld_onnx_dim_rule rules[SOLDER_MAX_RANK + 1];
    for (int i = 0; i <= rank - axis; i++) {
        rules[i] = i == 0 ? sld_onnx_keep(0) : sld_onnx_fixed(1);
    }
    counted = sld_onnx_reshape(node, counted, rules, rank - axis + 1);
    sld_value *hit = sld_onnx_binary(node, SLD_BINARY_EQUAL, indices, counted);
    node->out[0] =
        sld_onnx_emit(node, SLD_OP_SELECT, NULL,
                      (sld_value *[]){hit, element(node, values, 1), element(node, values, 0)}, 3);
}

/* column - row of a matrix's elements, as i64 that broadcasts against x. */
static sld_value *diagonal_index(sld_onnx_node *node, sld_value *x)
{
    int rank = sld_onnx_rank(x);
    sld_value *column = sld_onnx_count_along(node, x, rank - 1);
    return sld_onnx_binary(node, SLD_BINARY_SUB, column, sld_onnx_count_along(node, x, rank - 2));
}

void sld_onnx_eye_like(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0);
    int32_t elem = sld_onnx_int_in(node, "dtype", 0, 0, INT32_MAX);
    int64_t k = sld_onnx_int(node, "k", 0);
    if (sld_onnx_ok(node) && sld_onnx_rank(x) != 2) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "the input has rank %d, expected 2",
                      sld_onnx_rank(x));
    }
    if (!sld_onnx_ok(node)) {
        return;
    }
    solder_dtype dtype = elem == 0 ? x->dtype : sld_onnx_dtype(elem);
    if (dtype == SOLDER_NONE) {
        sld_onnx_unsupported(node, "dtype %s", sld_onnx_elem_name(elem));
    }
    sld_value *hit = sld_onnx_binary(node, SLD_BINARY_EQUAL, diagonal_index(node, x),
                                     sld_onnx_constant(node, SOLDER_I64, 0, NULL, &k));
    node->out[0] = sld_onnx_cast(node, dtype, hit);
}

void sld_onnx_trilu(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0), *k = sld_onnx_input(node, 1);
    bool upper = sld_onnx_bool(node, "upper", true);
    if (sld_onnx_ok(node) && sld_onnx_rank(x) < 2) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "the input has rank %d, at least 2 are needed",
                      sld_onnx_rank(x));
    }
    if (!sld_onnx_ok(node)) {
        return;
    }
    k = k != NULL ? sld_onnx_as_scalar(node, k) : sld_onnx_scalar(node, SOLDER_I64, 0);
    sld_value *kept = sld_onnx_binary(
        node, upper ? SLD_BINARY_GREATER_EQUAL : SLD_BINARY_LESS_EQUAL, diagonal_index(node, x), k);
    sld_value *zero = sld_onnx_scalar(node, x->dtype, 0);
    node->out[0] = sld_onnx_emit(node, SLD_OP_SELECT, NULL, (sld_value *[]){kept, x, zero}, 3);
}
