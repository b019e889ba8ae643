/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes small UFF files. Fields go before the node they belong to:
 *
 *     uff_shape(&f, "shape", 2, (int64_t[]){-1, 4});
 *     uff_node(&f, "Input", "x", "");
 *     uff_text(&f, "func", "relu");
 *     uff_node(&f, "Activation", "y", "x");
 *     uff_close(&f);                                f.file holds the bytes
 */
#ifndef TESTS_IMPORT_UFF_WRITER_H
#define TESTS_IMPORT_UFF_WRITER_H

#include "import/onnx_writer.h" /* the wire format */

enum { UFF_INT8 = 0x10008, UFF_INT32 = 0x10020, UFF_FLOAT = 0x20020 };

typedef struct uff_writer {
    wire_buffer file, graph, references, fields;
} uff_writer;

static inline void uff_entry(wire_buffer *to, unsigned field, const char *key, wire_buffer *data)
{
    wire_buffer entry = {0};
    wire_text(&entry, 1, key);
    wire_message(&entry, 2, data);
    wire_message(to, field, &entry);
}

static inline void uff_text(uff_writer *f, const char *name, const char *text)
{
    wire_buffer data = {0};
    wire_text(&data, 1, text);
    uff_entry(&f->fields, 4, name, &data);
}

static inline void uff_number(uff_writer *f, const char *name, unsigned field, int64_t value)
{
    wire_buffer data = {0};
    wire_int(&data, field, value);
    uff_entry(&f->fields, 4, name, &data);
}

static inline void uff_int(uff_writer *f, const char *name, int64_t value)
{
    uff_number(f, name, 7, value);
}

static inline void uff_type(uff_writer *f, const char *name, int64_t value)
{
    uff_number(f, name, 101, value);
}

static inline void uff_reference(uff_writer *f, const char *name, const char *key)
{
    wire_buffer data = {0};
    wire_text(&data, 100, key);
    uff_entry(&f->fields, 4, name, &data);
}

static inline wire_buffer uff_list(int count, const int64_t *values)
{
    wire_buffer list = {0}, packed = {0};
    for (int i = 0; i < count; i++) {
        wire_varint(&packed, (uint64_t)values[i]);
    }
    wire_message(&list, 1, &packed);
    return list;
}

static inline void uff_shape(uff_writer *f, const char *name, int count, const int64_t *values)
{
    wire_buffer data = {0}, list = uff_list(count, values);
    wire_message(&data, 8, &list);
    uff_entry(&f->fields, 4, name, &data);
}

/* in: names separated by spaces. */
static inline void uff_node(uff_writer *f, const char *op, const char *name, const char *in)
{
    wire_buffer node = {0};
    wire_text(&node, 1, name);
    while (*in != '\0') {
        size_t length = strcspn(in, " ");
        wire_bytes(&node, 2, in, length);
        in += length + (in[length] == ' ');
    }
    wire_text(&node, 3, op);
    wire_raw(&node, f->fields.data, f->fields.size);
    wire_free(&f->fields);
    wire_message(&f->graph, 2, &node);
}

static inline void uff_input(uff_writer *f, const char *name, int rank, const int64_t *dims)
{
    uff_shape(f, "shape", rank, dims);
    uff_type(f, "dtype", UFF_FLOAT);
    uff_node(f, "Input", name, "");
}

static inline void uff_const(uff_writer *f, const char *name, int type, int rank,
                             const int64_t *dims, const void *bytes, size_t size)
{
    char key[64] = "weights_";
    wire_buffer data = {0};
    strncat(key, name, sizeof key - 9);
    wire_bytes(&data, 9, bytes, size);
    uff_entry(&f->references, 5, key, &data);
    uff_shape(f, "shape", rank, dims);
    uff_type(f, "dtype", type);
    uff_reference(f, "values", key);
    uff_node(f, "Const", name, "");
}

/* orders: of an image and, if it is not NULL, of a filter. */
static inline void uff_orders(uff_writer *f, const char *key, int count, const int64_t *image,
                              const int64_t *filter)
{
    wire_buffer data = {0}, lists = {0};
    for (int i = 0; i < (filter != NULL ? 2 : 1); i++) {
        wire_buffer entry = {0}, orders = {0}, list = uff_list(count, i == 0 ? image : filter);
        wire_int(&entry, 1, -1);
        wire_message(&entry, 2, &list);
        wire_message(&orders, 1, &entry);
        wire_message(&lists, 1, &orders);
    }
    wire_message(&data, 104, &lists);
    uff_entry(&f->references, 5, key, &data);
}

static inline void uff_close_version(uff_writer *f, int64_t version)
{
    wire_int(&f->file, 1, version);
    wire_int(&f->file, 2, 1);
    wire_message(&f->file, 4, &f->graph);
    wire_raw(&f->file, f->references.data, f->references.size);
    wire_free(&f->references);
}

static inline void uff_close(uff_writer *f)
{
    uff_close_version(f, 1);
}

#endif
