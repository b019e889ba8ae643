/* SPDX-License-Identifier: Apache-2.0 */
/* The shape of ONNX's messages, and the walk that checks a whole file against it once. */
#include "import/onnx/onnx_read.h"
#include "import/wire/wire.h"

typedef enum field_kind {
    VARINT,
    VARINTS, /* one or packed */
    FLOAT,
    FLOATS,
    DOUBLES,
    STRING,
    MESSAGE,
    MESSAGES /* may be repeated */
} field_kind;

typedef enum message_kind {
    MODEL,
    GRAPH,
    NODE,
    ATTRIBUTE,
    TENSOR,
    SPARSE,
    SEGMENT,
    VALUE_INFO,
    TYPE,
    TYPE_TENSOR,
    TYPE_SEQUENCE,
    TYPE_MAP,
    TYPE_OPAQUE,
    SHAPE,
    DIMENSION,
    OPSET,
    FUNCTION,
    ENTRY,      /* StringStringEntryProto */
    ANNOTATION, /* does not change what the network computes: not looked into */
    MESSAGE_KINDS
} message_kind;

typedef struct schema_field {
    uint8_t number;
    uint8_t kind;
    uint8_t message;
} schema_field;

typedef struct schema_message {
    const char *name;
    schema_field fields[20];
} schema_message;

static const schema_message schema[MESSAGE_KINDS] = {
    [MODEL] = {"ModelProto",
               {{1, VARINT, 0},
                {2, STRING, 0},
                {3, STRING, 0},
                {4, STRING, 0},
                {5, VARINT, 0},
                {6, STRING, 0},
                {7, MESSAGE, GRAPH},
                {8, MESSAGES, OPSET},
                {14, MESSAGES, ENTRY},
                {20, MESSAGES, ANNOTATION},
                {25, MESSAGES, FUNCTION},
                {26, MESSAGES, ANNOTATION}}},
    [GRAPH] = {"GraphProto",
               {{1, MESSAGES, NODE},
                {2, STRING, 0},
                {5, MESSAGES, TENSOR},
                {10, STRING, 0},
                {11, MESSAGES, VALUE_INFO},
                {12, MESSAGES, VALUE_INFO},
                {13, MESSAGES, VALUE_INFO},
                {14, MESSAGES, ANNOTATION},
                {15, MESSAGES, SPARSE},
                {16, MESSAGES, ENTRY}}},
    [NODE] = {"NodeProto",
              {{1, STRING, 0},
               {2, STRING, 0},
               {3, STRING, 0},
               {4, STRING, 0},
               {5, MESSAGES, ATTRIBUTE},
               {6, STRING, 0},
               {7, STRING, 0},
               {8, STRING, 0},
               {9, MESSAGES, ENTRY},
               {10, MESSAGES, ANNOTATION}}},
    [ATTRIBUTE] = {"AttributeProto",
                   {{1, STRING, 0},
                    {2, FLOAT, 0},
                    {3, VARINT, 0},
                    {4, STRING, 0},
                    {5, MESSAGE, TENSOR},
                    {6, MESSAGE, GRAPH},
                    {7, FLOATS, 0},
                    {8, VARINTS, 0},
                    {9, STRING, 0},
                    {10, MESSAGES, TENSOR},
                    {11, MESSAGES, GRAPH},
                    {13, STRING, 0},
                    {14, MESSAGE, TYPE},
                    {15, MESSAGES, TYPE},
                    {20, VARINT, 0},
                    {21, STRING, 0},
                    {22, MESSAGE, SPARSE},
                    {23, MESSAGES, SPARSE}}},
    [TENSOR] = {"TensorProto",
                {{1, VARINTS, 0},
                 {2, VARINT, 0},
                 {3, MESSAGE, SEGMENT},
                 {4, FLOATS, 0},
                 {5, VARINTS, 0},
                 {6, STRING, 0},
                 {7, VARINTS, 0},
                 {8, STRING, 0},
                 {9, STRING, 0},
                 {10, DOUBLES, 0},
                 {11, VARINTS, 0},
                 {12, STRING, 0},
                 {13, MESSAGES, ENTRY},
                 {14, VARINT, 0},
                 {16, MESSAGES, ENTRY}}},
    [SPARSE] = {"SparseTensorProto", {{1, MESSAGE, TENSOR}, {2, MESSAGE, TENSOR}, {3, VARINTS, 0}}},
    [SEGMENT] = {"Segment", {{1, VARINT, 0}, {2, VARINT, 0}}},
    [VALUE_INFO] = {"ValueInfoProto",
                    {{1, STRING, 0}, {2, MESSAGE, TYPE}, {3, STRING, 0}, {4, MESSAGES, ENTRY}}},
    [TYPE] = {"TypeProto",
              {{1, MESSAGE, TYPE_TENSOR},
               {4, MESSAGE, TYPE_SEQUENCE},
               {5, MESSAGE, TYPE_MAP},
               {6, STRING, 0},
               {7, MESSAGE, TYPE_OPAQUE},
               {8, MESSAGE, TYPE_TENSOR},
               {9, MESSAGE, TYPE_SEQUENCE}}},
    [TYPE_TENSOR] = {"Tensor", {{1, VARINT, 0}, {2, MESSAGE, SHAPE}}},
    [TYPE_SEQUENCE] = {"Sequence", {{1, MESSAGE, TYPE}}},
    [TYPE_MAP] = {"Map", {{1, VARINT, 0}, {2, MESSAGE, TYPE}}},
    [TYPE_OPAQUE] = {"Opaque", {{1, STRING, 0}, {2, STRING, 0}}},
    [SHAPE] = {"TensorShapeProto", {{1, MESSAGES, DIMENSION}}},
    [DIMENSION] = {"Dimension", {{1, VARINT, 0}, {2, STRING, 0}, {3, STRING, 0}}},
    [OPSET] = {"OperatorSetIdProto", {{1, STRING, 0}, {2, VARINT, 0}}},
    [FUNCTION] = {"FunctionProto",
                  {{1, STRING, 0},
                   {2, VARINT, 0},
                   {3, VARINT, 0},
                   {4, STRING, 0},
                   {5, STRING, 0},
                   {6, STRING, 0},
                   {7, MESSAGES, NODE},
                   {8, STRING, 0},
                   {9, MESSAGES, OPSET},
                   {10, STRING, 0},
                   {11, MESSAGES, ATTRIBUTE},
                   {12, MESSAGES, VALUE_INFO},
                   {13, STRING, 0},
                   {14, MESSAGES, ENTRY}}},
    [ENTRY] = {"StringStringEntryProto", {{1, STRING, 0}, {2, STRING, 0}}},
};

static bool wire_type_fits(uint8_t kind, sld_wire_type type)
{
    switch (kind) {
    case VARINT:
        return type == SLD_WIRE_VARINT;
    case VARINTS:
        return type == SLD_WIRE_VARINT || type == SLD_WIRE_BYTES;
    case FLOAT:
        return type == SLD_WIRE_FIXED32;
    case FLOATS:
        return type == SLD_WIRE_FIXED32 || type == SLD_WIRE_BYTES;
    case DOUBLES:
        return type == SLD_WIRE_FIXED64 || type == SLD_WIRE_BYTES;
    default:
        return type == SLD_WIRE_BYTES;
    }
}

typedef struct walk {
    sld_diag *diag;
    const uint8_t *data;
} walk;

static solder_status check_packed(const walk *w, const schema_field *known,
                                  const sld_wire_field *field)
{
    size_t offset = (size_t)(field->start - w->data);
    if (field->type != SLD_WIRE_BYTES) {
        return SOLDER_OK;
    }
    size_t element = known->kind == FLOATS ? 4 : known->kind == DOUBLES ? 8 : 1;
    if (field->size % element != 0) {
        return sld_fail(w->diag, SOLDER_ERROR_DATA, "onnx: the file is malformed (offset %zu)",
                        offset);
    }
    if (known->kind == VARINTS) {
        sld_wire wire = sld_wire_open(field->data, field->size);
        uint64_t value;
        sld_wire_step step;
        while ((step = sld_wire_varint(&wire, &value)) == SLD_WIRE_FIELD) {
        }
        if (step != SLD_WIRE_END) {
            return sld_fail(w->diag, SOLDER_ERROR_DATA, "onnx: the file is malformed (offset %zu)",
                            offset);
        }
    }
    return SOLDER_OK;
}

static solder_status check_message(const walk *w, message_kind kind, sld_onnx_bytes bytes,
                                   int depth);

static solder_status check_field(const walk *w, message_kind kind, const sld_wire_field *field,
                                 uint32_t *seen, int depth)
{
    const schema_message *message = &schema[kind];
    size_t offset = (size_t)(field->start - w->data);
    const schema_field *known = NULL;
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(message->fields) && known == NULL; i++) {
        if (message->fields[i].number == field->number) {
            known = &message->fields[i];
        }
    }
    if (known == NULL) {
        return sld_fail(w->diag, SOLDER_ERROR_DATA,
                        "onnx: field %u of %s is not known (offset %zu)", field->number,
                        message->name, offset);
    }
    if (!wire_type_fits(known->kind, field->type)) {
        return sld_fail(w->diag, SOLDER_ERROR_DATA,
                        "onnx: field %u of %s has wire type %d (offset %zu)", field->number,
                        message->name, (int)field->type, offset);
    }
    if (known->kind < STRING) {
        return check_packed(w, known, field);
    }
    uint32_t bit = (uint32_t)1 << (known - message->fields);
    if (known->kind == MESSAGE && (*seen & bit) != 0) {
        return sld_fail(w->diag, SOLDER_ERROR_DATA,
                        "onnx: field %u of %s is given twice (offset %zu)", field->number,
                        message->name, offset);
    }
    *seen |= bit;
    if (known->kind == STRING || known->message == ANNOTATION) {
        return SOLDER_OK;
    }
    return check_message(w, (message_kind)known->message,
                         (sld_onnx_bytes){field->data, field->size}, depth + 1);
}

static solder_status check_message(const walk *w, message_kind kind, sld_onnx_bytes bytes,
                                   int depth)
{
    if (depth > SLD_WIRE_MAX_DEPTH) {
        return sld_fail(w->diag, SOLDER_ERROR_DATA,
                        "onnx: messages nested more than %d deep (offset %zu)", SLD_WIRE_MAX_DEPTH,
                        (size_t)(bytes.data - w->data));
    }
    sld_wire wire = sld_wire_open(bytes.data, bytes.size);
    sld_wire_field field;
    sld_wire_step step;
    uint32_t seen = 0;
    while ((step = sld_wire_next(&wire, &field)) == SLD_WIRE_FIELD) {
        SLD_TRY(check_field(w, kind, &field, &seen, depth));
    }
    if (step != SLD_WIRE_END) {
        return sld_fail(w->diag, SOLDER_ERROR_DATA, "onnx: the file %s (offset %zu)",
                        sld_wire_step_text(step), (size_t)(wire.at - w->data));
    }
    return SOLDER_OK;
}

solder_status sld_onnx_check(sld_diag *diag, const uint8_t *data, size_t size)
{
    const walk w = {diag, data};
    return check_message(&w, MODEL, (sld_onnx_bytes){data, size}, 1);
}

solder_status sld_onnx_check_tensor(sld_diag *diag, const uint8_t *data, size_t size)
{
    const walk w = {diag, data};
    return check_message(&w, TENSOR, (sld_onnx_bytes){data, size}, 1);
}
