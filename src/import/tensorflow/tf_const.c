/* SPDX-License-Identifier: Apache-2.0 */
/* TensorProto to constants: bytes as they are, or typed values of which the last is repeated. */
#include "import/tensorflow/tf.h"
#include "import/wire/wire.h"

/* A tensor of one value repeated more often than this is filled when it runs. */
#define SPLAT_MAX ((size_t)1 << 16)

/* The field typed values of a type stand in. */
static uint32_t value_field(solder_dtype dtype)
{
    switch (dtype) {
    case SOLDER_F32:
        return 5;
    case SOLDER_F64:
        return 6;
    case SOLDER_I64:
        return 10;
    case SOLDER_BOOL:
        return 11;
    case SOLDER_F16:
    case SOLDER_BF16:
        return 13;
    case SOLDER_U32:
        return 16;
    case SOLDER_U64:
        return 17;
    default:
        return 7;
    }
}

typedef struct filling {
    solder_dtype dtype;
    uint8_t *out; /* NULL: only count */
    size_t count, room;
} filling;

static void put_bits(filling *f, uint64_t bits)
{
    if (f->out != NULL && f->count < f->room) {
        size_t size = solder_dtype_size(f->dtype);
        bits = f->dtype == SOLDER_BOOL ? bits != 0 : bits;
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
        for (size_t i = 0; f->out != NULL && i < n && f->count + i < f->room; i++) {
            memcpy(f->out + (f->count + i) * size, field->data + i * size, size);
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

static size_t fill_typed(const sld_tf_proto_tensor *tensor, void *out, size_t room)
{
    filling f = {.dtype = sld_tf_dtype(tensor->type), .out = out, .room = room};
    sld_wire wire = sld_wire_open(tensor->body.data, tensor->body.size);
    sld_wire_field field;
    while (sld_wire_next(&wire, &field) == SLD_WIRE_FIELD) {
        if (field.number == value_field(f.dtype)) {
            put_field(&f, &field);
        }
    }
    return f.count;
}

static sld_value *add(sld_tf_node *node, const sld_tf_proto_tensor *tensor, const void *data)
{
    sld_value *value = NULL;
    if (sld_tf_ok(node)) {
        node->status =
            sld_graph_add_constant(node->tf->graph, node->name, sld_tf_dtype(tensor->type),
                                   tensor->shape.rank, tensor->shape.dims, data, false, &value);
    }
    return value;
}

/* Borrowed where the bytes can be read in place. */
static sld_value *from_content(sld_tf_node *node, const sld_tf_proto_tensor *tensor, size_t bytes)
{
    solder_dtype dtype = sld_tf_dtype(tensor->type);
    if (tensor->content.size != bytes) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "it has %zu bytes of data, its shape needs %zu",
                    tensor->content.size, bytes);
        return NULL;
    }
    if (dtype != SOLDER_BOOL && (uintptr_t)tensor->content.data % solder_dtype_size(dtype) == 0) {
        return add(node, tensor, tensor->content.data);
    }
    uint8_t *copy = sld_arena_alloc(&node->tf->graph->arena, bytes);
    if (copy == NULL) {
        node->status = sld_fail_memory(node->tf->diag, bytes);
        return NULL;
    }
    memcpy(copy, tensor->content.data, bytes);
    for (size_t i = 0; dtype == SOLDER_BOOL && i < bytes; i++) {
        copy[i] = copy[i] != 0;
    }
    if (node->tf->import->mapped) {
        sld_file_drop(tensor->content.data, bytes);
    }
    return add(node, tensor, copy);
}

static sld_value *splat(sld_tf_node *node, const sld_tf_proto_tensor *tensor)
{
    uint8_t bytes[8] = {0};
    solder_dtype dtype = sld_tf_dtype(tensor->type);
    (void)fill_typed(tensor, bytes, 1);
    sld_fill_params params = {.dtype = (int32_t)dtype,
                              .rank = tensor->shape.rank,
                              .value = sld_load_f64(dtype, bytes),
                              .integer =
                                  sld_dtype_is_float(dtype) ? 0 : sld_load_i64(dtype, bytes)};
    memcpy(params.dims, tensor->shape.dims, sizeof params.dims);
    return sld_tf_emit(node, SLD_OP_FILL, &params, NULL, 0);
}

static sld_value *from_values(sld_tf_node *node, const sld_tf_proto_tensor *tensor, size_t bytes)
{
    size_t size = solder_dtype_size(sld_tf_dtype(tensor->type)), room = bytes / size;
    size_t count = fill_typed(tensor, NULL, 0);
    if (count > room) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "it has %zu values, its shape needs %zu", count, room);
        return NULL;
    }
    if (count <= 1 && room > SPLAT_MAX) {
        return splat(node, tensor);
    }
    if (count < room && room / 64 > SPLAT_MAX + count) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "it has %zu values for %zu elements", count, room);
        return NULL;
    }
    uint8_t *data = sld_arena_alloc(&node->tf->graph->arena, bytes);
    if (data == NULL) {
        node->status = sld_fail_memory(node->tf->diag, bytes);
        return NULL;
    }
    (void)fill_typed(tensor, data, room);
    for (size_t i = count; count != 0 && i < room; i++) { /* the last value stands for the rest */
        memcpy(data + i * size, data + (count - 1) * size, size);
    }
    return add(node, tensor, data);
}

sld_value *sld_tf_add_read_tensor(sld_tf_node *node, const sld_tf_proto_tensor *tensor)
{
    size_t size;
    if (!sld_tf_ok(node)) {
        return NULL;
    }
    solder_dtype dtype = sld_tf_dtype(tensor->type);
    if (dtype == SOLDER_NONE) {
        sld_tf_unsupported(node, "type %s (%d)", sld_tf_type_name(tensor->type), tensor->type);
        return NULL;
    }
    if (tensor->shape.rank < 0 ||
        !sld_dims_bytes(tensor->shape.dims, tensor->shape.rank, dtype, &size)) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "its shape is open or too large");
        return NULL;
    }
    return tensor->has_content ? from_content(node, tensor, size) : from_values(node, tensor, size);
}

sld_value *sld_tf_add_tensor(sld_tf_node *node, sld_tf_bytes bytes)
{
    sld_tf_proto_tensor tensor;
    if (sld_tf_ok(node) && !sld_tf_read_tensor(bytes, &tensor)) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "its shape is not possible");
    }
    return sld_tf_ok(node) ? sld_tf_add_read_tensor(node, &tensor) : NULL;
}
