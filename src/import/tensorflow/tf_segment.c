/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows put together by number: segments, sorted or in any order, also of rows that are looked up
 * first, as embeddings of several words are; and the different ones among values.
 */
#include <float.h>
#include <math.h>

#include "import/tensorflow/tf_ops.h"

/* What the conversions are told. */
enum { SUM, MEAN, ROOT_MEAN, PROD, MIN, MAX };

static const int32_t scatters[] = {SLD_SCATTER_ADD, SLD_SCATTER_ADD, SLD_SCATTER_ADD,
                                   SLD_SCATTER_MUL, SLD_SCATTER_MIN, SLD_SCATTER_MAX};

/* What changes nothing. */
static sld_fill_params neutral(solder_dtype dtype, int kind, double far)
{
    sld_fill_params p = {.dtype = (int32_t)dtype};
    bool wide = dtype == SOLDER_I64;
    if (kind == PROD) {
        p.value = 1;
        p.integer = 1;
    } else if (kind == MIN || kind == MAX) {
        p.value = kind == MIN ? far : -far;
        p.integer = kind == MIN ? (wide ? INT64_MAX : INT32_MAX) : (wide ? INT64_MIN : INT32_MIN);
    }
    return p;
}

/* data [ids.., ...], ids i64, count i64 [1] -> [count, ...] */
static sld_value *combined(sld_tf_node *node, int kind, double far, sld_value *data, sld_value *ids,
                           sld_value *count)
{
    const sld_scatter_params params = {.kind = SLD_SCATTER_ND, .reduction = scatters[kind]};
    if (!sld_tf_ok(node)) {
        return NULL;
    }
    if (data->shape.rank < ids->shape.rank) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "data has rank %d, segment_ids has %d",
                    data->shape.rank, ids->shape.rank);
        return NULL;
    }
    if ((kind == MIN || kind == MAX) && !sld_dtype_is_float(data->dtype) &&
        data->dtype != SOLDER_I32 && data->dtype != SOLDER_I64) {
        sld_tf_unsupported(node, "type %s", solder_dtype_name(data->dtype));
        return NULL;
    }
    const sld_shape_params inner = {.start = ids->shape.rank, .end = data->shape.rank};
    const sld_fill_params fill = neutral(data->dtype, kind, far);
    sld_value *dims = count;
    if (data->shape.rank > ids->shape.rank) {
        sld_value *rest = sld_tf_emit(node, SLD_OP_SHAPE, &inner, &data, 1);
        dims = sld_tf_concat(node, (sld_value *[]){count, rest}, 2, 0);
    }
    sld_value *in[3] = {sld_tf_emit(node, SLD_OP_FILL, &fill, &dims, 1),
                        sld_tf_unsqueeze(node, ids, ids->shape.rank, 1), data};
    return sld_tf_emit(node, SLD_OP_SCATTER, &params, in, 3);
}

/* Rows of each segment, [count, 1, ...] of data's rank and type. */
static sld_value *sizes(sld_tf_node *node, sld_value *data, sld_value *ids, sld_value *count)
{
    if (!sld_tf_ok(node)) {
        return NULL;
    }
    const sld_shape_params all = {.start = 0, .end = ids->shape.rank};
    const sld_fill_params one = {.dtype = (int32_t)data->dtype, .value = 1, .integer = 1};
    sld_value *dims = sld_tf_emit(node, SLD_OP_SHAPE, &all, &ids, 1);
    sld_value *ones = sld_tf_emit(node, SLD_OP_FILL, &one, &dims, 1);
    ones = combined(node, SUM, 0, ones, ids, count);
    return sld_tf_unsqueeze(node, ones, 1, data->shape.rank - ids->shape.rank);
}

/* Of sorted numbers: 0 for what no row belongs to, 1 for products. */
static sld_value *sorted_segments(sld_tf_node *node, int kind, sld_value *data, sld_value *ids,
                                  sld_value *count)
{
    const int64_t zero = 0;
    sld_value *negative = sld_tf_binary(node, SLD_BINARY_LESS, ids, sld_tf_vector(node, &zero, 1));
    ids = sld_tf_select(node, negative, count, ids); /* refused, not counted from the end */
    sld_value *y = combined(node, kind, INFINITY, data, ids, count);
    if (!sld_tf_ok(node) || kind == SUM || kind == PROD) {
        return y;
    }
    sld_value *rows = sizes(node, data, ids, count);
    if (kind == MIN || kind == MAX) {
        sld_value *none = sld_tf_scalar(node, data->dtype, 0);
        return sld_tf_select(node, sld_tf_binary(node, SLD_BINARY_GREATER, rows, none), y, none);
    }
    rows = sld_tf_binary(node, SLD_BINARY_MAX, rows, sld_tf_scalar(node, data->dtype, 1));
    rows = kind == ROOT_MEAN ? sld_tf_unary(node, SLD_UNARY_SQRT, rows) : rows;
    return sld_tf_binary(node, SLD_BINARY_DIV, y, rows);
}

/* Segments end with the last number; without any there are none. */
static sld_value *count_of(sld_tf_node *node, sld_value *ids)
{
    const int64_t none = -1, one = 1;
    int64_t known = 0;
    if (!sld_tf_ok(node)) {
        return NULL;
    }
    size_t size = solder_dtype_size(ids->dtype);
    if (sld_value_is_constant(ids) && ids->data_size >= size) {
        known = sld_load_i64(ids->dtype, (const char *)ids->data + (ids->data_size - size));
        if (known < 0 || known == INT64_MAX) {
            sld_tf_fail(node, SOLDER_ERROR_DATA, "segment %lld", (long long)known);
        }
        known = sld_tf_ok(node) ? known + 1 : 0;
        return sld_tf_vector(node, &known, 1);
    }
    sld_value *all[2] = {sld_tf_cast(node, SOLDER_I64, ids), sld_tf_vector(node, &none, 1)};
    sld_value *last = sld_tf_reduce(node, SLD_REDUCE_MAX, 1, sld_tf_concat(node, all, 2, 0));
    last = sld_tf_reshape(node, &one, 1, last);
    return sld_tf_binary(node, SLD_BINARY_SUM, last, sld_tf_vector(node, &one, 1));
}

static sld_value *ids_of(sld_tf_node *node, uint32_t index)
{
    sld_value *ids = sld_tf_input(node, index);
    if (sld_tf_ok(node) && ids->shape.rank != 1) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "segment_ids have rank %d", ids->shape.rank);
    }
    return ids;
}

void sld_tf_segments(sld_tf_node *node, int kind)
{
    sld_value *data = sld_tf_input(node, 0), *ids = ids_of(node, 1);
    sld_value *count = count_of(node, ids);
    ids = sld_tf_cast(node, SOLDER_I64, ids);
    sld_tf_set(node, 0, sorted_segments(node, kind, data, ids, count));
}

/* Rows of data at indices. */
void sld_tf_sparse_segments(sld_tf_node *node, int kind)
{
    sld_value *data = sld_tf_input(node, 0), *indices = sld_tf_input(node, 1);
    sld_value *ids = ids_of(node, 2), *count;
    (void)sld_tf_bool(node, "sparse_gradient", false);
    if (node->in_count > 3) {
        count = sld_tf_cast(node, SOLDER_I64, sld_tf_input(node, 3));
        count = sld_tf_reshape(node, (const int64_t[]){1}, 1, count);
    } else {
        count = count_of(node, ids);
    }
    ids = sld_tf_cast(node, SOLDER_I64, ids);
    data = sld_tf_gather(node, data, indices, 0);
    sld_tf_set(node, 0, sorted_segments(node, kind, data, ids, count));
}

/* What has a negative number is dropped: it goes to a row before the others. */
void sld_tf_unsorted_segments(sld_tf_node *node, int kind)
{
    sld_value *data = sld_tf_input(node, 0);
    sld_value *ids = sld_tf_cast(node, SOLDER_I64, sld_tf_input(node, 1));
    int64_t count = sld_tf_constant_int(node, 2, "num_segments");
    int64_t rows = 0;
    if (sld_tf_ok(node) && (count < 0 || !sld_i64_add(count, 1, &rows))) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "num_segments is %lld", (long long)count);
    }
    double far = sld_tf_ok(node) && data->dtype == SOLDER_F64   ? DBL_MAX
                 : sld_tf_ok(node) && data->dtype == SOLDER_F16 ? 65504
                                                                : (double)FLT_MAX;
    ids = sld_tf_binary(node, SLD_BINARY_MAX, ids, sld_tf_scalar(node, SOLDER_I64, -1));
    ids = sld_tf_binary(node, SLD_BINARY_SUM, ids, sld_tf_scalar(node, SOLDER_I64, 1));
    sld_value *y = combined(node, kind, far, data, ids, sld_tf_vector(node, &rows, 1));
    sld_tf_set(node, 0, sld_tf_slice(node, y, 0, 1, rows));
}

/* ---- different values ---- */

/* The first of each value in the order they come; which of those every element is; how many there
 * are of each. All pairs are compared. */
void sld_tf_unique(sld_tf_node *node, int counts)
{
    sld_value *x = sld_tf_input(node, 0);
    solder_dtype to = sld_tf_type(node, "out_idx", SOLDER_I32);
    if (sld_tf_ok(node) && x->shape.rank != 1) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "an input of rank %d", x->shape.rank);
    }
    const sld_argmax_params along = {.axis = 1};
    const sld_cumulative_params sum = {.axis = 0};
    const sld_gather_params nd = {.kind = SLD_GATHER_ND};
    sld_value *equal = sld_tf_binary(node, SLD_BINARY_EQUAL, sld_tf_unsqueeze(node, x, 1, 1),
                                     sld_tf_unsqueeze(node, x, 0, 1));
    equal = sld_tf_cast(node, SOLDER_I32, equal);
    sld_value *first = sld_tf_emit(node, SLD_OP_ARGMAX, &along, &equal, 1);
    sld_value *is_first =
        sld_tf_binary(node, SLD_BINARY_EQUAL, first, sld_tf_count_along(node, x, 0));
    sld_value *at = sld_tf_emit(node, SLD_OP_NONZERO, NULL, &is_first, 1);
    sld_value *y = sld_tf_emit(node, SLD_OP_GATHER, &nd, (sld_value *[]){x, at}, 2);
    sld_value *order = sld_tf_cast(node, SOLDER_I64, is_first);
    order = sld_tf_emit(node, SLD_OP_CUMULATIVE, &sum, &order, 1);
    order = sld_tf_binary(node, SLD_BINARY_SUB, order, sld_tf_scalar(node, SOLDER_I64, 1));
    order = sld_tf_gather(node, order, first, 0);
    sld_tf_set(node, 0, y);
    sld_tf_set(node, 1, sld_tf_cast(node, to, order));
    if (counts && sld_tf_ok(node)) {
        const sld_shape_params all = {.start = 0, .end = 1};
        sld_value *count = sld_tf_emit(node, SLD_OP_SHAPE, &all, &y, 1);
        sld_tf_set(node, 2, sld_tf_cast(node, to, sizes(node, order, order, count)));
    }
}
