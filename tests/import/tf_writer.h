/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes small GraphDefs. Attributes go before the node they belong to:
 *
 *     tf_placeholder(&f, "x", 4, (int64_t[]){-1, 4, 4, 1});
 *     tf_floats(&f, "w", 4, (int64_t[]){2, 2, 1, 1}, values, 4);
 *     tf_text(&f, "padding", "SAME");
 *     tf_list(&f, "strides", 4, (int64_t[]){1, 1, 1, 1});
 *     tf_node(&f, "Conv2D", "conv", "x w");       f.file holds the bytes
 */
#ifndef TESTS_IMPORT_TF_WRITER_H
#define TESTS_IMPORT_TF_WRITER_H

#include "import/onnx_writer.h" /* the wire format */

enum { TF_FLOAT = 1, TF_INT32 = 3, TF_STRING = 7, TF_INT64 = 9, TF_BOOL = 10, TF_HALF = 19 };

typedef struct tf_writer {
    wire_buffer file, attributes;
    wire_buffer *nodes; /* NULL: the file; else a function's body */
} tf_writer;

static inline void tf_attribute(tf_writer *f, const char *name, wire_buffer *value)
{
    wire_buffer entry = {0};
    wire_text(&entry, 1, name);
    wire_message(&entry, 2, value);
    wire_message(&f->attributes, 5, &entry);
}

static inline void tf_text(tf_writer *f, const char *name, const char *text)
{
    wire_buffer value = {0};
    wire_text(&value, 2, text);
    tf_attribute(f, name, &value);
}

static inline void tf_number(tf_writer *f, const char *name, unsigned field, int64_t number)
{
    wire_buffer value = {0};
    wire_int(&value, field, number);
    tf_attribute(f, name, &value);
}

static inline void tf_int(tf_writer *f, const char *name, int64_t number)
{
    tf_number(f, name, 3, number);
}

static inline void tf_bool(tf_writer *f, const char *name, bool on)
{
    tf_number(f, name, 5, on);
}

static inline void tf_type(tf_writer *f, const char *name, int type)
{
    tf_number(f, name, 6, type);
}

static inline void tf_float(tf_writer *f, const char *name, float number)
{
    wire_buffer value = {0};
    wire_float(&value, 4, number);
    tf_attribute(f, name, &value);
}

static inline void tf_list(tf_writer *f, const char *name, int count, const int64_t *numbers)
{
    wire_buffer value = {0}, list = {0}, packed = {0};
    for (int i = 0; i < count; i++) {
        wire_varint(&packed, (uint64_t)numbers[i]);
    }
    wire_message(&list, 3, &packed);
    wire_message(&value, 1, &list);
    tf_attribute(f, name, &value);
}

static inline wire_buffer tf_shape(int rank, const int64_t *dims)
{
    wire_buffer shape = {0};
    for (int i = 0; i < rank; i++) {
        wire_buffer dim = {0};
        wire_int(&dim, 1, dims[i]);
        wire_message(&shape, 2, &dim);
    }
    if (rank < 0) {
        wire_int(&shape, 3, 1);
    }
    return shape;
}

static inline void tf_tensor_attribute(tf_writer *f, wire_buffer *tensor)
{
    wire_buffer value = {0};
    wire_message(&value, 8, tensor);
    tf_attribute(f, "value", &value);
}

/* in: names separated by spaces. */
static inline void tf_node(tf_writer *f, const char *op, const char *name, const char *in)
{
    wire_buffer node = {0};
    wire_text(&node, 1, name);
    wire_text(&node, 2, op);
    while (*in != '\0') {
        size_t length = strcspn(in, " ");
        wire_bytes(&node, 3, in, length);
        in += length + (in[length] == ' ');
    }
    wire_raw(&node, f->attributes.data, f->attributes.size);
    wire_free(&f->attributes);
    wire_message(f->nodes != NULL ? f->nodes : &f->file, f->nodes != NULL ? 3 : 1, &node);
}

static inline void tf_placeholder(tf_writer *f, const char *name, int rank, const int64_t *dims)
{
    wire_buffer value = {0}, shape = tf_shape(rank, dims);
    wire_message(&value, 7, &shape);
    tf_attribute(f, "shape", &value);
    tf_type(f, "dtype", TF_FLOAT);
    tf_node(f, "Placeholder", name, "");
}

/* A Const: field says where the bytes stand (4: as they are). */
static inline void tf_const(tf_writer *f, const char *name, int type, int rank, const int64_t *dims,
                            unsigned field, const void *data, size_t size)
{
    wire_buffer tensor = {0}, shape = tf_shape(rank, dims);
    wire_int(&tensor, 1, type);
    wire_message(&tensor, 2, &shape);
    wire_bytes(&tensor, field, data, size);
    tf_type(f, "dtype", type);
    tf_tensor_attribute(f, &tensor);
    tf_node(f, "Const", name, "");
}

static inline void tf_floats(tf_writer *f, const char *name, int rank, const int64_t *dims,
                             const float *values, size_t count)
{
    tf_const(f, name, TF_FLOAT, rank, dims, 4, values, count * sizeof *values);
}

static inline void tf_ints(tf_writer *f, const char *name, int count, const int32_t *values)
{
    tf_const(f, name, TF_INT32, 1, &(int64_t){count}, 4, values, (size_t)count * 4);
}

#endif
