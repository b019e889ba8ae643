/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes small ONNX files. Attributes go before the node they belong to:
 *
 *     onnx_open(&f, 13);
 *     onnx_input(&f, "x", ONNX_FLOAT, 2, (int64_t[]){2, -1}, "N");
 *     onnx_int(&f, "axis", 1);
 *     onnx_node(&f, "Softmax", "soft", "x", "y");     names are separated by spaces, "-" is ""
 *     onnx_output(&f, "y", ONNX_FLOAT);
 *     onnx_close(&f);                                  f.file holds the bytes
 */
#ifndef TESTS_IMPORT_ONNX_WRITER_H
#define TESTS_IMPORT_ONNX_WRITER_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    ONNX_FLOAT = 1,
    ONNX_UINT8 = 2,
    ONNX_INT8 = 3,
    ONNX_UINT16 = 4,
    ONNX_INT32 = 6,
    ONNX_INT64 = 7,
    ONNX_STRING = 8,
    ONNX_BOOL = 9,
    ONNX_FLOAT16 = 10,
    ONNX_DOUBLE = 11,
    ONNX_UINT64 = 13,
    ONNX_BFLOAT16 = 16
};

typedef struct wire_buffer {
    uint8_t *data;
    size_t size, capacity;
} wire_buffer;

static inline void wire_raw(wire_buffer *b, const void *data, size_t size)
{
    if (b->size + size > b->capacity) {
        b->capacity = (b->size + size) * 2;
        b->data = realloc(b->data, b->capacity);
    }
    if (size != 0) {
        memcpy(b->data + b->size, data, size);
    }
    b->size += size;
}

static inline void wire_varint(wire_buffer *b, uint64_t value)
{
    do {
        uint8_t byte = (uint8_t)((value & 0x7f) | (value >= 0x80 ? 0x80 : 0));
        wire_raw(b, &byte, 1);
        value >>= 7;
    } while (value != 0);
}

static inline void wire_int(wire_buffer *b, unsigned field, int64_t value)
{
    wire_varint(b, field << 3);
    wire_varint(b, (uint64_t)value);
}

static inline void wire_bytes(wire_buffer *b, unsigned field, const void *data, size_t size)
{
    wire_varint(b, field << 3 | 2);
    wire_varint(b, size);
    wire_raw(b, data, size);
}

static inline void wire_text(wire_buffer *b, unsigned field, const char *text)
{
    wire_bytes(b, field, text, strlen(text));
}

static inline void wire_float(wire_buffer *b, unsigned field, float value)
{
    wire_varint(b, field << 3 | 5);
    wire_raw(b, &value, 4);
}

static inline void wire_free(wire_buffer *b)
{
    free(b->data);
    *b = (wire_buffer){0};
}

/* Appends inner as a message and frees it. */
static inline void wire_message(wire_buffer *b, unsigned field, wire_buffer *inner)
{
    wire_bytes(b, field, inner->data, inner->size);
    wire_free(inner);
}

typedef struct onnx_writer {
    wire_buffer file, graph, functions, attributes;
    wire_buffer *nodes; /* where nodes go: the graph, or a function's body */
    unsigned node_field;
    int64_t opset, ir;
} onnx_writer;

static inline void onnx_open(onnx_writer *f, int64_t opset)
{
    memset(f, 0, sizeof *f);
    f->opset = opset;
    f->ir = 8;
    f->nodes = &f->graph;
    f->node_field = 1;
    wire_text(&f->graph, 2, "test");
}

/* ---- tensors ---- */

static inline void onnx_dims(wire_buffer *tensor, int elem, int rank, const int64_t *dims)
{
    for (int i = 0; i < rank; i++) {
        wire_int(tensor, 1, dims[i]);
    }
    wire_int(tensor, 2, elem);
}

static inline wire_buffer onnx_raw_tensor(const char *name, int elem, int rank, const int64_t *dims,
                                          const void *data, size_t size)
{
    wire_buffer tensor = {0};
    onnx_dims(&tensor, elem, rank, dims);
    wire_text(&tensor, 8, name);
    wire_bytes(&tensor, 9, data, size);
    return tensor;
}

static inline void onnx_initializer(onnx_writer *f, const char *name, int elem, int rank,
                                    const int64_t *dims, const void *data, size_t size)
{
    wire_buffer tensor = onnx_raw_tensor(name, elem, rank, dims, data, size);
    wire_message(&f->graph, 5, &tensor);
}

/* A one-dimensional i64 initialiser. */
static inline void onnx_list(onnx_writer *f, const char *name, size_t count, const int64_t *values)
{
    onnx_initializer(f, name, ONNX_INT64, 1, &(int64_t){(int64_t)count}, values, count * 8);
}

#define ONNX_WRITTEN_OPEN INT64_MIN /* a dimension that the file says is -1 */

static inline void onnx_value_info(wire_buffer *graph, unsigned field, const char *name, int elem,
                                   int rank, const int64_t *dims, const char *symbol)
{
    wire_buffer info = {0}, type = {0}, tensor = {0}, shape = {0};
    for (int i = 0; i < rank; i++) {
        wire_buffer dim = {0};
        if (dims[i] >= 0 || symbol == NULL) {
            if (dims[i] != -1) {
                wire_int(&dim, 1, dims[i] == ONNX_WRITTEN_OPEN ? -1 : dims[i]);
            }
        } else {
            wire_text(&dim, 2, symbol);
        }
        wire_message(&shape, 1, &dim);
    }
    wire_int(&tensor, 1, elem);
    if (rank >= 0) {
        wire_message(&tensor, 2, &shape);
    }
    wire_message(&type, 1, &tensor);
    wire_text(&info, 1, name);
    wire_message(&info, 2, &type);
    wire_message(graph, field, &info);
}

/* Dimensions of -1 are open and, with a symbol, named so. rank -1: not given. */
static inline void onnx_input(onnx_writer *f, const char *name, int elem, int rank,
                              const int64_t *dims, const char *symbol)
{
    onnx_value_info(&f->graph, 11, name, elem, rank, dims, symbol);
}

static inline void onnx_output(onnx_writer *f, const char *name, int elem)
{
    onnx_value_info(&f->graph, 12, name, elem, -1, NULL, NULL);
}

/* ---- attributes of the next node ---- */

static inline void onnx_attribute(onnx_writer *f, const char *name, int type, wire_buffer *value)
{
    wire_buffer attribute = {0};
    wire_text(&attribute, 1, name);
    wire_raw(&attribute, value->data, value->size);
    wire_int(&attribute, 20, type);
    wire_free(value);
    wire_message(&f->attributes, 5, &attribute);
}

static inline void onnx_int(onnx_writer *f, const char *name, int64_t value)
{
    wire_buffer b = {0};
    wire_int(&b, 3, value);
    onnx_attribute(f, name, 2, &b);
}

static inline void onnx_float(onnx_writer *f, const char *name, float value)
{
    wire_buffer b = {0};
    wire_float(&b, 2, value);
    onnx_attribute(f, name, 1, &b);
}

static inline void onnx_string(onnx_writer *f, const char *name, const char *value)
{
    wire_buffer b = {0};
    wire_text(&b, 4, value);
    onnx_attribute(f, name, 3, &b);
}

static inline void onnx_ints(onnx_writer *f, const char *name, size_t count, const int64_t *values)
{
    wire_buffer b = {0};
    for (size_t i = 0; i < count; i++) {
        wire_int(&b, 8, values[i]);
    }
    onnx_attribute(f, name, 7, &b);
}

static inline void onnx_floats(onnx_writer *f, const char *name, size_t count, const float *values)
{
    wire_buffer b = {0};
    for (size_t i = 0; i < count; i++) {
        wire_float(&b, 7, values[i]);
    }
    onnx_attribute(f, name, 6, &b);
}

static inline void onnx_strings(onnx_writer *f, const char *name, size_t count,
                                const char *const *values)
{
    wire_buffer b = {0};
    for (size_t i = 0; i < count; i++) {
        wire_text(&b, 9, values[i]);
    }
    onnx_attribute(f, name, 8, &b);
}

static inline void onnx_tensor(onnx_writer *f, const char *name, wire_buffer *tensor)
{
    wire_buffer b = {0};
    wire_message(&b, 5, tensor);
    onnx_attribute(f, name, 4, &b);
}

/* A subgraph, written like a model's graph, which this frees. */
static inline void onnx_graph(onnx_writer *f, const char *name, onnx_writer *subgraph)
{
    wire_buffer b = {0};
    wire_message(&b, 6, &subgraph->graph);
    onnx_attribute(f, name, 5, &b);
}

/* The value of a function's attribute. */
static inline void onnx_reference(onnx_writer *f, const char *name, int type, const char *of)
{
    wire_buffer b = {0};
    wire_text(&b, 21, of);
    onnx_attribute(f, name, type, &b);
}

/* ---- nodes ---- */

static inline void onnx_names(wire_buffer *node, unsigned field, const char *names)
{
    while (*names != '\0') {
        size_t length = strcspn(names, " ");
        bool absent = length == 1 && names[0] == '-';
        wire_bytes(node, field, names, absent ? 0 : length);
        names += length + (names[length] == ' ');
    }
}

static inline void onnx_node_of(onnx_writer *f, const char *domain, const char *op,
                                const char *name, const char *in, const char *out)
{
    wire_buffer node = {0};
    onnx_names(&node, 1, in);
    onnx_names(&node, 2, out);
    wire_text(&node, 3, name);
    wire_text(&node, 4, op);
    wire_raw(&node, f->attributes.data, f->attributes.size);
    wire_text(&node, 7, domain);
    wire_free(&f->attributes);
    wire_message(f->nodes, f->node_field, &node);
}

static inline void onnx_node(onnx_writer *f, const char *op, const char *name, const char *in,
                             const char *out)
{
    onnx_node_of(f, "", op, name, in, out);
}

/* ---- functions: nodes between begin and end are the body ---- */

static inline void onnx_function_begin(onnx_writer *f, wire_buffer *body, const char *name,
                                       const char *in, const char *out)
{
    wire_buffer opset = {0};
    *body = (wire_buffer){0};
    wire_text(body, 1, name);
    wire_text(body, 10, "local");
    onnx_names(body, 4, in);
    onnx_names(body, 5, out);
    wire_int(&opset, 2, f->opset);
    wire_message(body, 9, &opset);
    f->nodes = body;
    f->node_field = 7;
}

static inline void onnx_function_end(onnx_writer *f, wire_buffer *body)
{
    wire_message(&f->functions, 25, body);
    f->nodes = &f->graph;
    f->node_field = 1;
}

static inline void onnx_close(onnx_writer *f)
{
    wire_buffer opset = {0}, local = {0};
    wire_int(&f->file, 1, f->ir);
    wire_int(&opset, 2, f->opset);
    wire_message(&f->file, 8, &opset);
    wire_text(&local, 1, "local");
    wire_int(&local, 2, 1);
    wire_message(&f->file, 8, &local);
    wire_raw(&f->file, f->functions.data, f->functions.size);
    wire_free(&f->functions);
    wire_message(&f->file, 7, &f->graph);
}

#endif
