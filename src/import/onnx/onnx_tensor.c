/* SPDX-License-Identifier: Apache-2.0 */
/* TensorProto to constants: raw, typed, external and sparse data. */
#include <math.h>

#include "import/onnx/onnx.h"
#include "import/wire/wire.h"

/* TensorProto.DataType, with the field typed data stands in. */
static const struct {
    const char *name;
    uint8_t dtype; /* SOLDER_NONE: not supported */
    uint8_t field;
} elems[] = {{"undefined", 0, 0},
             {"float", SOLDER_F32, 4},
             {"uint8", SOLDER_U8, 5},
             {"int8", SOLDER_I8, 5},
             {"uint16", SOLDER_U16, 5},
             {"int16", SOLDER_I16, 5},
             {"int32", SOLDER_I32, 5},
             {"int64", SOLDER_I64, 7},
             {"string", 0, 0},
             {"bool", SOLDER_BOOL, 5},
             {"float16", SOLDER_F16, 5},
             {"double", SOLDER_F64, 10},
             {"uint32", SOLDER_U32, 11},
             {"uint64", SOLDER_U64, 11},
             {"complex64", 0, 0},
             {"complex128", 0, 0},
             {"bfloat16", SOLDER_BF16, 5},
             {"float8e4m3fn", 0, 0},
             {"float8e4m3fnuz", 0, 0},
             {"float8e5m2", 0, 0},
             {"float8e5m2fnuz", 0, 0},
             {"uint4", 0, 0},
             {"int4", 0, 0},
             {"float4e2m1", 0, 0},
             {"float8e8m0", 0, 0},
             {"uint2", 0, 0},
             {"int2", 0, 0}};

solder_dtype sld_onnx_dtype(int elem)
{
    return elem > 0 && (size_t)elem < SLD_ARRAY_LENGTH(elems) ? (solder_dtype)elems[elem].dtype
                                                              : SOLDER_NONE;
}

const char *sld_onnx_elem_name(int elem)
{
    return elem >= 0 && (size_t)elem < SLD_ARRAY_LENGTH(elems) ? elems[elem].name : "unknown";
}

/* ---- typed data ---- */

typedef struct filling {
    solder_dtype dtype;
    uint8_t *out; /* NULL: only count */
    size_t count, room;
} filling;

static void put_bits(filling *f, uint64_t bits)
{
    if (f->out != NULL && f->count < f->room) {
        size_t size = solder_dtype_size(f->dtype);
        if (f->dtype == SOLDER_BOOL) {
            bits = bits != 0;
        }
        memcpy(f->out + f->count * size, &bits, size); /* little-endian: the low bytes */
    }
    f->count++;
}

static void put_field(filling *f, const sld_wire_field *field)
{
    if (field->type != SLD_WIRE_BYTES) {
        put_bits(f, field->value);
        return;
    }
    if (f->dtype == SOLDER_F32 || f->dtype == SOLDER_F64) {
        size_t size = solder_dtype_size(f->dtype), n = field->size / size;
        if (f->out != NULL && f->count <= f->room && n <= f->room - f->count && n != 0) {
            memcpy(f->out + f->count * size, field->data, n * size);
        }
        f->count += n;
        return;
    }
    sld_wire wire = sld_wire_open(field->data, field->size);
    uint64_t value;
    while (sld_wire_varint(&wire, &value) == SLD_WIRE_FIELD) {
        put_bits(f, value);
    }
}

static size_t fill_typed(const sld_onnx_tensor *tensor, void *out, size_t room)
{
    filling f = {.dtype = sld_onnx_dtype(tensor->elem), .out = out, .room = room};
    sld_wire wire = sld_wire_open(tensor->body.data, tensor->body.size);
    sld_wire_field field;
    while (sld_wire_next(&wire, &field) == SLD_WIRE_FIELD) {
        if (field.number == elems[tensor->elem].field) {
            put_field(&f, &field);
        }
    }
    return f.count;
}

static solder_status check_raw(sld_diag *diag, const sld_onnx_tensor *tensor, size_t bytes)
{
    if (tensor->raw.size != bytes) {
        return sld_fail(diag, SOLDER_ERROR_DATA,
                        "onnx: tensor '%s' has %zu bytes of data, its shape needs %zu",
                        tensor->name, tensor->raw.size, bytes);
    }
    return SOLDER_OK;
}

static void normalise_bools(uint8_t *data, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        data[i] = data[i] != 0;
    }
}

solder_status sld_onnx_tensor_data(sld_diag *diag, const sld_onnx_tensor *tensor, void *out,
                                   size_t bytes)
{
    solder_dtype dtype = sld_onnx_dtype(tensor->elem);
    if (tensor->has_raw) {
        SLD_TRY(check_raw(diag, tensor, bytes));
        if (bytes != 0) {
            memcpy(out, tensor->raw.data, bytes);
        }
        if (dtype == SOLDER_BOOL) {
            normalise_bools(out, bytes);
        }
        return SOLDER_OK;
    }
    size_t room = bytes / solder_dtype_size(dtype), count = fill_typed(tensor, out, room);
    if (count != room) {
        return sld_fail(diag, SOLDER_ERROR_DATA,
                        "onnx: tensor '%s' has %zu values, its shape needs %zu", tensor->name,
                        count, room);
    }
    return SOLDER_OK;
}

/* ---- constants ---- */

static bool has_nan(solder_dtype dtype, const void *data, size_t count)
{
    size_t size = solder_dtype_size(dtype);
    for (size_t i = 0; sld_dtype_is_float(dtype) && i < count; i++) {
        if (isnan(sld_load_f64(dtype, (const char *)data + i * size))) {
            return true;
        }
    }
    return false;
}

/* The tensor's shape in bytes, after all checks that need no data. */
static solder_status check_tensor(const sld_onnx *onnx, const sld_onnx_tensor *tensor,
                                  size_t *bytes)
{
    solder_dtype dtype = sld_onnx_dtype(tensor->elem);
    if (dtype == SOLDER_NONE) {
        return sld_fail(onnx->diag, SOLDER_ERROR_UNSUPPORTED,
                        "onnx: tensor '%s': element type %s (%d) is not supported", tensor->name,
                        sld_onnx_elem_name(tensor->elem), tensor->elem);
    }
    if (tensor->has_segment) {
        return sld_fail(onnx->diag, SOLDER_ERROR_UNSUPPORTED,
                        "onnx: tensor '%s' is stored in segments", tensor->name);
    }
    for (int i = 0; i < tensor->rank; i++) {
        if (tensor->dims[i] < 0) {
            return sld_fail(onnx->diag, SOLDER_ERROR_DATA,
                            "onnx: tensor '%s': dimension %d is %lld", tensor->name, i,
                            (long long)tensor->dims[i]);
        }
    }
    if (!sld_dims_bytes(tensor->dims, tensor->rank, dtype, bytes)) {
        return sld_fail(onnx->diag, SOLDER_ERROR_DATA,
                        "onnx: tensor '%s': its dimensions are too large", tensor->name);
    }
    bool typed = fill_typed(tensor, NULL, 0) != 0;
    if ((tensor->has_raw && typed) || (tensor->external && (tensor->has_raw || typed))) {
        return sld_fail(onnx->diag, SOLDER_ERROR_DATA, "onnx: tensor '%s' holds its data twice",
                        tensor->name);
    }
    return SOLDER_OK;
}

static solder_status find_external(sld_onnx *onnx, sld_onnx_tensor *tensor, size_t bytes)
{
    sld_file file;
    if (tensor->length >= 0 && (uint64_t)tensor->length != bytes) {
        return sld_fail(onnx->diag, SOLDER_ERROR_DATA,
                        "onnx: tensor '%s': its external data has %lld bytes, its shape needs %zu",
                        tensor->name, (long long)tensor->length, bytes);
    }
    SLD_TRY(sld_onnx_external(onnx, tensor->name, tensor->location, &file));
    if ((uint64_t)tensor->offset > file.size || bytes > file.size - (size_t)tensor->offset) {
        return sld_fail(onnx->diag, SOLDER_ERROR_DATA,
                        "onnx: tensor '%s': its external data lies outside '%s' (%zu bytes)",
                        tensor->name, tensor->location, file.size);
    }
    tensor->raw = (sld_onnx_bytes){bytes == 0 ? NULL : file.data + tensor->offset, bytes};
    tensor->has_raw = true;
    return SOLDER_OK;
}

/* Borrows raw data where it can be read in place, else copies it into the graph. */
static solder_status place(sld_onnx *onnx, const sld_onnx_tensor *tensor, size_t bytes,
                           const void **data)
{
    solder_dtype dtype = sld_onnx_dtype(tensor->elem);
    if (tensor->has_raw && dtype != SOLDER_BOOL &&
        (uintptr_t)tensor->raw.data % solder_dtype_size(dtype) == 0) {
        *data = tensor->raw.data;
        return check_raw(onnx->diag, tensor, bytes);
    }
    size_t count = tensor->has_raw ? 0 : fill_typed(tensor, NULL, 0);
    if (!tensor->has_raw && count != bytes / solder_dtype_size(dtype)) {
        return sld_fail(onnx->diag, SOLDER_ERROR_DATA,
                        "onnx: tensor '%s' has %zu values, its shape needs %zu", tensor->name,
                        count, bytes / solder_dtype_size(dtype));
    }
    if (tensor->has_raw) {
        SLD_TRY(check_raw(onnx->diag, tensor, bytes));
    }
    void *copy = sld_arena_alloc(&onnx->graph->arena, bytes);
    if (copy == NULL) {
        return sld_fail_memory(onnx->diag, bytes);
    }
    SLD_TRY(sld_onnx_tensor_data(onnx->diag, tensor, copy, bytes));
    if (tensor->has_raw && (tensor->external || onnx->import->mapped)) {
        sld_file_drop(tensor->raw.data, tensor->raw.size);
    }
    *data = copy;
    return SOLDER_OK;
}

static solder_status load(sld_onnx *onnx, sld_onnx_tensor *tensor, const void **data)
{
    size_t bytes;
    SLD_TRY(check_tensor(onnx, tensor, &bytes));
    if (tensor->external) {
        SLD_TRY(find_external(onnx, tensor, bytes));
    }
    SLD_TRY(place(onnx, tensor, bytes, data));
    solder_dtype dtype = sld_onnx_dtype(tensor->elem);
    if (has_nan(dtype, *data, bytes / solder_dtype_size(dtype))) {
        sld_log(onnx->diag, SOLDER_LOG_NOTICE, "onnx: tensor '%s' contains NaN", tensor->name);
    }
    return SOLDER_OK;
}

solder_status sld_onnx_add_tensor(sld_onnx *onnx, const char *name, sld_onnx_bytes bytes,
                                  sld_value **value)
{
    sld_onnx_tensor tensor;
    const void *data;
    SLD_TRY(sld_onnx_read_tensor(onnx->diag, &onnx->arena, bytes, &tensor));
    if (tensor.name[0] == '\0') {
        tensor.name = name;
    }
    SLD_TRY(load(onnx, &tensor, &data));
    return sld_graph_add_constant(onnx->graph, name, sld_onnx_dtype(tensor.elem), tensor.rank,
                                  tensor.dims, data, false, value);
}

/* ---- sparse ---- */

typedef struct sparse_parts {
    const char *name;
    sld_onnx_sparse proto;
    sld_onnx_tensor values, indices;
    const uint8_t *value_data;
    const uint8_t *index_data; /* i64, perhaps unaligned */
    size_t nonzeros;
} sparse_parts;

static solder_status read_parts(sld_onnx *onnx, sld_onnx_bytes bytes, sparse_parts *p)
{
    const void *values, *indices;
    SLD_TRY(sld_onnx_read_sparse(onnx->diag, bytes, &p->proto));
    SLD_TRY(sld_onnx_read_tensor(onnx->diag, &onnx->arena, p->proto.values, &p->values));
    SLD_TRY(sld_onnx_read_tensor(onnx->diag, &onnx->arena, p->proto.indices, &p->indices));
    p->values.name = p->indices.name = p->name;
    SLD_TRY(load(onnx, &p->values, &values));
    SLD_TRY(load(onnx, &p->indices, &indices));
    p->value_data = values;
    p->index_data = indices;
    bool linear = p->indices.rank == 1;
    bool good = p->values.rank == 1 && sld_onnx_dtype(p->indices.elem) == SOLDER_I64 &&
                (linear || (p->indices.rank == 2 && p->indices.dims[1] == p->proto.rank)) &&
                p->indices.dims[0] == p->values.dims[0];
    if (!good) {
        return sld_fail(onnx->diag, SOLDER_ERROR_DATA,
                        "onnx: sparse tensor '%s': values and indices do not fit together",
                        p->name);
    }
    p->nonzeros = (size_t)p->values.dims[0];
    return SOLDER_OK;
}

/* Position of nonzero i in the dense tensor, or SIZE_MAX if it lies outside. */
static size_t dense_position(const sparse_parts *p, size_t i, size_t count)
{
    int parts = p->indices.rank == 1 ? 1 : p->proto.rank;
    uint64_t position = 0;
    for (int k = 0; k < parts; k++) {
        int64_t index;
        memcpy(&index, p->index_data + (i * (size_t)parts + (size_t)k) * 8, 8);
        uint64_t limit = p->indices.rank == 1 ? count : (uint64_t)p->proto.dims[k];
        if (index < 0 || (uint64_t)index >= limit) {
            return SIZE_MAX;
        }
        position = p->indices.rank == 1 ? (uint64_t)index : position * limit + (uint64_t)index;
    }
    return (size_t)position;
}

solder_status sld_onnx_add_sparse(sld_onnx *onnx, const char *name, sld_onnx_bytes bytes,
                                  sld_value **value)
{
    sparse_parts p = {.name = name};
    SLD_TRY(read_parts(onnx, bytes, &p));
    solder_dtype dtype = sld_onnx_dtype(p.values.elem);
    size_t dense, element = solder_dtype_size(dtype);
    /* A few bytes may claim terabytes of zeros. */
    if (!sld_dims_bytes(p.proto.dims, p.proto.rank, dtype, &dense) ||
        dense / 64 > ((size_t)1 << 20) + onnx->import->model.size) {
        return sld_fail(onnx->diag, SOLDER_ERROR_DATA,
                        "onnx: sparse tensor '%s': its dimensions are too large", name);
    }
    uint8_t *data = sld_arena_alloc(&onnx->graph->arena, dense);
    if (data == NULL) {
        return sld_fail_memory(onnx->diag, dense);
    }
    for (size_t i = 0; i < p.nonzeros; i++) {
        size_t position = dense_position(&p, i, dense / element);
        if (position == SIZE_MAX) {
            return sld_fail(onnx->diag, SOLDER_ERROR_DATA,
                            "onnx: sparse tensor '%s': index %zu lies outside its shape", name, i);
        }
        memcpy(data + position * element, p.value_data + i * element, element);
    }
    return sld_graph_add_constant(onnx->graph, name, dtype, p.proto.rank, p.proto.dims, data, false,
                                  value);
}
