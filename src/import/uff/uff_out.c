/* SPDX-License-Identifier: Apache-2.0 */
#include "import/uff/uff_out.h"

#include <stdio.h>

#include "base/file.h"
#include "import/wire/wire.h"

void sld_uff_out_open(sld_uff_out *out, const sld_import *import, sld_arena *arena)
{
    *out = (sld_uff_out){.diag = import->diag, .allocator = import->allocator, .arena = arena};
    out->source = import->mapped ? &import->model : NULL;
    out->ids = sld_names_create(arena);
    out->order_keys = sld_names_create(arena);
    out->last = &out->weights;
    out->graph_id = SLD_UFF_MAIN;
    if (out->ids == NULL || out->order_keys == NULL) {
        out->status = sld_fail_memory(import->diag, sizeof *out);
    }
}

static void release(const sld_uff_out *out, sld_uff_buffer *buffer)
{
    sld_release(out->allocator, buffer->data, buffer->capacity);
    *buffer = (sld_uff_buffer){0};
}

void sld_uff_out_close(sld_uff_out *out)
{
    release(out, &out->graph);
    release(out, &out->fields);
    release(out, &out->orders);
    release(out, &out->inner);
}

/* ---- wire format ---- */

static uint8_t *grow(sld_uff_out *out, sld_uff_buffer *buffer, size_t size)
{
    size_t needed;
    void *data = buffer->data;
    if (out->status != SOLDER_OK) {
        return NULL;
    }
    if (!sld_size_add(buffer->size, size, &needed)) {
        out->status = sld_fail_memory(out->diag, size);
        return NULL;
    }
    out->status = sld_array_grow(out->allocator, out->diag, &data, &buffer->capacity, needed, 1);
    buffer->data = data;
    uint8_t *at = out->status == SOLDER_OK ? buffer->data + buffer->size : NULL;
    buffer->size = at != NULL ? needed : buffer->size;
    return at;
}

static void put_raw(sld_uff_out *out, sld_uff_buffer *buffer, const void *data, size_t size)
{
    uint8_t *at = grow(out, buffer, size);
    if (at != NULL && size != 0) {
        memcpy(at, data, size);
    }
}

static size_t varint_size(uint64_t value)
{
    size_t size = 1;
    for (; value >= 0x80; value >>= 7) {
        size++;
    }
    return size;
}

static void put_varint(sld_uff_out *out, sld_uff_buffer *buffer, uint64_t value)
{
    uint8_t bytes[10];
    size_t size = 0;
    for (; value >= 0x80; value >>= 7) {
        bytes[size++] = (uint8_t)(value | 0x80);
    }
    bytes[size++] = (uint8_t)value;
    put_raw(out, buffer, bytes, size);
}

static void put_tag(sld_uff_out *out, sld_uff_buffer *buffer, uint32_t field, sld_wire_type type)
{
    put_varint(out, buffer, (uint64_t)field << 3 | type);
}

static void put_block(sld_uff_out *out, sld_uff_buffer *buffer, uint32_t field, const void *data,
                      size_t size)
{
    put_tag(out, buffer, field, SLD_WIRE_BYTES);
    put_varint(out, buffer, size);
    put_raw(out, buffer, data, size);
}

static void put_text(sld_uff_out *out, sld_uff_buffer *buffer, uint32_t field, const char *text)
{
    put_block(out, buffer, field, text, strlen(text));
}

static void put_int(sld_uff_out *out, sld_uff_buffer *buffer, uint32_t field, int64_t value)
{
    put_tag(out, buffer, field, SLD_WIRE_VARINT);
    put_varint(out, buffer, (uint64_t)value);
}

/* Makes what was appended since `at` the body of a message field. */
static void wrap(sld_uff_out *out, sld_uff_buffer *buffer, size_t at, uint32_t field)
{
    size_t body = buffer->size - at;
    size_t head = varint_size((uint64_t)field << 3) + varint_size(body);
    if (grow(out, buffer, head) == NULL) {
        return;
    }
    memmove(buffer->data + at + head, buffer->data + at, body);
    buffer->size = at;
    put_tag(out, buffer, field, SLD_WIRE_BYTES);
    put_varint(out, buffer, body);
    buffer->size += body;
}

/* ---- fields ---- */

enum { FIELDS = 4, EXTRA_FIELDS = 100, REFERENCED = 5 };

/* Fields of Data. */
enum {
    DATA_S = 1,
    DATA_S_LIST,
    DATA_D,
    DATA_D_LIST,
    DATA_B,
    DATA_B_LIST,
    DATA_I,
    DATA_I_LIST,
    DATA_BLOB,
    DATA_REF = 100,
    DATA_DTYPE,
    DATA_DTYPE_LIST,
    DATA_ORDERS_LIST = 104
};

/* An entry of map<string, Data>; what is put between open and close is the Data. */
typedef struct entry {
    size_t at, data;
} entry;

static entry open_entry(sld_uff_out *out, sld_uff_buffer *buffer, const char *key)
{
    entry e = {.at = buffer->size};
    put_text(out, buffer, 1, key);
    e.data = buffer->size;
    return e;
}

static void close_entry(sld_uff_out *out, sld_uff_buffer *buffer, entry e, uint32_t field)
{
    wrap(out, buffer, e.data, 2);
    wrap(out, buffer, e.at, field);
}

void sld_uff_out_text(sld_uff_out *out, const char *name, const void *text, size_t size)
{
    entry e = open_entry(out, &out->fields, name);
    put_block(out, &out->fields, DATA_S, text, size);
    close_entry(out, &out->fields, e, FIELDS);
}

static void put_number(sld_uff_out *out, const char *name, uint32_t kind, int64_t value)
{
    entry e = open_entry(out, &out->fields, name);
    put_int(out, &out->fields, kind, value);
    close_entry(out, &out->fields, e, FIELDS);
}

void sld_uff_out_int(sld_uff_out *out, const char *name, int64_t value)
{
    put_number(out, name, DATA_I, value);
}

void sld_uff_out_bool(sld_uff_out *out, const char *name, bool value)
{
    put_number(out, name, DATA_B, value);
}

void sld_uff_out_type(sld_uff_out *out, const char *name, int tf_type)
{
    put_number(out, name, DATA_DTYPE, sld_uff_type_from_tf(tf_type));
}

static void put_real(sld_uff_out *out, uint32_t field, double value)
{
    put_tag(out, &out->fields, field, SLD_WIRE_FIXED64);
    put_raw(out, &out->fields, &value, sizeof value);
}

void sld_uff_out_real(sld_uff_out *out, const char *name, double value)
{
    entry e = open_entry(out, &out->fields, name);
    put_real(out, DATA_D, value);
    close_entry(out, &out->fields, e, FIELDS);
}

void sld_uff_out_nothing(sld_uff_out *out, const char *name)
{
    entry e = open_entry(out, &out->fields, name);
    close_entry(out, &out->fields, e, FIELDS);
}

/* A packed ListInt64. */
static void put_ints(sld_uff_out *out, sld_uff_buffer *buffer, uint32_t field,
                     const int64_t *values, size_t count)
{
    size_t at = buffer->size;
    for (size_t i = 0; i < count; i++) {
        put_varint(out, buffer, (uint64_t)values[i]);
    }
    if (count != 0) {
        wrap(out, buffer, at, 1);
    }
    wrap(out, buffer, at, field);
}

void sld_uff_out_ints(sld_uff_out *out, const char *name, const int64_t *values, size_t count)
{
    entry e = open_entry(out, &out->fields, name);
    put_ints(out, &out->fields, DATA_I_LIST, values, count);
    close_entry(out, &out->fields, e, FIELDS);
}

/* One element, or packed ones, of a ListValue's field. */
static void put_element(sld_uff_out *out, const sld_wire_field *field)
{
    sld_uff_buffer *to = &out->fields;
    if (field->number == 2) {
        put_block(out, to, 1, field->data, field->size);
    } else if (field->number == 4) {
        size_t count = field->type == SLD_WIRE_BYTES ? field->size / 4 : 1;
        for (size_t i = 0; i < count; i++) {
            uint32_t bits = (uint32_t)field->value;
            if (field->type == SLD_WIRE_BYTES) {
                memcpy(&bits, field->data + 4 * i, 4);
            }
            float value;
            memcpy(&value, &bits, sizeof value);
            put_real(out, 1, (double)value);
        }
    } else if (field->type == SLD_WIRE_VARINT) {
        int64_t value = (int64_t)field->value;
        put_int(out, to, 1, field->number == 6 ? sld_uff_type_from_tf((int)value) : value);
    } else {
        sld_wire wire = sld_wire_open(field->data, field->size);
        uint64_t value;
        while (sld_wire_varint(&wire, &value) == SLD_WIRE_FIELD) {
            put_int(out, to, 1,
                    field->number == 6 ? sld_uff_type_from_tf((int)value) : (int64_t)value);
        }
    }
}

bool sld_uff_out_list(sld_uff_out *out, const char *name, sld_tf_bytes list)
{
    static const uint32_t kinds[] = {0,           0,           DATA_S_LIST,    DATA_I_LIST,
                                     DATA_D_LIST, DATA_B_LIST, DATA_DTYPE_LIST};
    uint32_t number = 3; /* an empty list has lost its type */
    sld_wire wire = sld_wire_open(list.data, list.size);
    sld_wire_field field;
    while (sld_wire_next(&wire, &field) == SLD_WIRE_FIELD) {
        if (field.number < 2 || field.number > 6) {
            return false;
        }
        number = field.number;
    }
    entry e = open_entry(out, &out->fields, name);
    wire = sld_wire_open(list.data, list.size);
    while (sld_wire_next(&wire, &field) == SLD_WIRE_FIELD) {
        put_element(out, &field);
    }
    wrap(out, &out->fields, e.data, kinds[number]);
    close_entry(out, &out->fields, e, FIELDS);
    return true;
}

void sld_uff_out_words(sld_uff_out *out, const char *name, const char *const *words, size_t count)
{
    entry e = open_entry(out, &out->fields, name);
    for (size_t i = 0; i < count; i++) {
        put_text(out, &out->fields, 1, words[i]);
    }
    wrap(out, &out->fields, e.data, DATA_S_LIST);
    close_entry(out, &out->fields, e, FIELDS);
}

static void put_extra(sld_uff_out *out, const char *name, entry *e)
{
    const char *key = sld_arena_printf(out->arena, "%s%s", SLD_UFF_EXTRA, name);
    if (key == NULL && out->status == SOLDER_OK) {
        out->status = sld_fail_memory(out->diag, strlen(name));
    }
    *e = open_entry(out, &out->fields, key != NULL ? key : "");
}

void sld_uff_out_extra_word(sld_uff_out *out, const char *name, const char *word)
{
    entry e;
    put_extra(out, name, &e);
    put_text(out, &out->fields, DATA_S, word);
    close_entry(out, &out->fields, e, EXTRA_FIELDS);
}

void sld_uff_out_extra_type(sld_uff_out *out, const char *name, int tf_type)
{
    entry e;
    put_extra(out, name, &e);
    put_int(out, &out->fields, DATA_DTYPE, sld_uff_type_from_tf(tf_type));
    close_entry(out, &out->fields, e, EXTRA_FIELDS);
}

/* ---- orders ---- */

/* Axes of a format in its own order: batch or output channels 0, channels 1, space from 2 up. */
static void put_format(sld_uff_out *out, const char *format)
{
    int64_t values[8];
    size_t count = 0, at = out->orders.size;
    for (const char *c = format; *c != '\0'; c++) {
        if (*c == '+') {
            values[count++] = 2;
            values[count++] = SLD_UFF_INCREMENT;
        } else {
            values[count++] = *c == 'C' ? 1 : 0;
        }
    }
    put_int(out, &out->orders, 1, SLD_UFF_SPECIAL);
    put_ints(out, &out->orders, 2, values, count);
    wrap(out, &out->orders, at, 1); /* the map's entry */
    wrap(out, &out->orders, at, 1); /* the list's element */
}

void sld_uff_out_orders(sld_uff_out *out, const char *image, const char *filter)
{
    const char *key = sld_arena_printf(out->arena, "orders_%s%s%s", image,
                                       filter != NULL ? "_" : "", filter != NULL ? filter : "");
    if (key == NULL || out->status != SOLDER_OK) {
        out->status = out->status != SOLDER_OK ? out->status : sld_fail_memory(out->diag, 16);
        return;
    }
    if (sld_names_find(out->order_keys, key) == NULL) {
        entry e = open_entry(out, &out->orders, key);
        put_format(out, image);
        if (filter != NULL) {
            put_format(out, filter);
        }
        wrap(out, &out->orders, e.data, DATA_ORDERS_LIST);
        close_entry(out, &out->orders, e, REFERENCED);
        if (!sld_names_add(out->order_keys, key, out)) {
            out->status = sld_fail_memory(out->diag, strlen(key));
        }
    }
    entry e = open_entry(out, &out->fields, "inputs_orders");
    put_text(out, &out->fields, DATA_REF, key);
    close_entry(out, &out->fields, e, FIELDS);
}

/* ---- nodes ---- */

void sld_uff_out_node(sld_uff_out *out, const char *op, const char *id, const char *const *in,
                      uint32_t count)
{
    if (out->status == SOLDER_OK && sld_names_find(out->ids, id) != NULL) {
        out->status =
            sld_fail(out->diag, SOLDER_ERROR_DATA, "uff: two nodes would have the name '%s'", id);
    }
    if (out->status != SOLDER_OK) {
        return;
    }
    const char *kept = sld_arena_strdup(out->arena, id);
    if (kept == NULL || !sld_names_add(out->ids, kept, out)) {
        out->status = sld_fail_memory(out->diag, strlen(id));
        return;
    }
    size_t at = out->graph.size;
    put_text(out, &out->graph, 1, id);
    for (uint32_t i = 0; i < count; i++) {
        put_text(out, &out->graph, 2, in[i]);
    }
    put_text(out, &out->graph, 3, op);
    put_raw(out, &out->graph, out->fields.data, out->fields.size);
    wrap(out, &out->graph, at, 2);
    out->fields.size = 0;
    out->node_count++;
    out->custom = out->custom || op[0] == '_';
}

void sld_uff_out_const(sld_uff_out *out, const char *id, int tf_type, int rank, const int64_t *dims,
                       const void *data, size_t size)
{
    sld_uff_weights *w = sld_arena_alloc(out->arena, sizeof *w);
    bool inner = strcmp(out->graph_id, SLD_UFF_MAIN) != 0;
    char *key = sld_arena_printf(out->arena, "weights_%s%s%s", inner ? out->graph_id : "",
                                 inner ? "#" : "", id);
    if (w == NULL || key == NULL) {
        out->status =
            out->status != SOLDER_OK ? out->status : sld_fail_memory(out->diag, sizeof *w);
        return;
    }
    *w = (sld_uff_weights){.key = key, .data = data, .size = size};
    *out->last = w;
    out->last = &w->next;
    sld_uff_out_ints(out, "shape", dims, (size_t)rank);
    sld_uff_out_type(out, "dtype", tf_type);
    entry e = open_entry(out, &out->fields, "values");
    put_text(out, &out->fields, DATA_REF, key);
    close_entry(out, &out->fields, e, FIELDS);
    sld_uff_out_node(out, "Const", id, NULL, 0);
}

void sld_uff_out_mark(sld_uff_out *out, const char *id)
{
    char *name = sld_arena_printf(out->arena, "MarkOutput_%u", (unsigned)out->output_count++);
    if (name == NULL) {
        out->status = out->status != SOLDER_OK ? out->status : sld_fail_memory(out->diag, 16);
        return;
    }
    sld_uff_out_node(out, "MarkOutput", name, &id, 1);
}

/* ---- graphs besides the first ---- */

void sld_uff_out_enter(sld_uff_out *out, sld_uff_outer *outer, const char *id)
{
    *outer = (sld_uff_outer){out->graph_id, out->graph, out->fields, out->ids, out->output_count};
    out->graph_id = id;
    out->graph = out->fields = (sld_uff_buffer){0};
    out->output_count = 0;
    out->ids = sld_names_create(out->arena);
    if (out->ids == NULL && out->status == SOLDER_OK) {
        out->status = sld_fail_memory(out->diag, sizeof *outer);
    }
}

static void put_graph(sld_uff_out *out, sld_uff_buffer *to, const char *id)
{
    size_t at = to->size;
    put_text(out, to, 1, id);
    put_raw(out, to, out->graph.data, out->graph.size);
    wrap(out, to, at, 4);
}

void sld_uff_out_leave(sld_uff_out *out, sld_uff_outer *outer)
{
    put_graph(out, &out->inner, out->graph_id);
    release(out, &out->graph);
    release(out, &out->fields);
    out->graph_id = outer->graph_id;
    out->graph = outer->graph;
    out->fields = outer->fields;
    out->ids = outer->ids;
    out->output_count = outer->output_count;
}

/* ---- the file ---- */

static void put_descriptor(sld_uff_out *out, sld_uff_buffer *buffer, const char *id)
{
    size_t at = buffer->size;
    put_text(out, buffer, 1, id);
    put_int(out, buffer, 2, 1);
    wrap(out, buffer, at, 3);
}

/* Everything but the weights. */
static void put_head(sld_uff_out *out, sld_uff_buffer *head)
{
    put_int(out, head, 1, 1);
    put_int(out, head, 2, 1);
    put_descriptor(out, head, "tensorflow_extension");
    if (out->custom) {
        put_descriptor(out, head, "custom");
    }
    put_graph(out, head, SLD_UFF_MAIN);
    put_raw(out, head, out->inner.data, out->inner.size);
    put_raw(out, head, out->orders.data, out->orders.size);
}

/* Lengths are known beforehand: the bytes follow as they lie. */
static solder_status write_weights(sld_uff_out *out, sld_writer *file, const sld_uff_weights *w)
{
    sld_uff_buffer head = {0};
    size_t key = strlen(w->key);
    size_t data = 1 + varint_size(w->size) + w->size;
    size_t body = 1 + varint_size(key) + key + 1 + varint_size(data) + data;
    put_tag(out, &head, REFERENCED, SLD_WIRE_BYTES);
    put_varint(out, &head, body);
    put_text(out, &head, 1, w->key);
    put_tag(out, &head, 2, SLD_WIRE_BYTES);
    put_varint(out, &head, data);
    put_tag(out, &head, DATA_BLOB, SLD_WIRE_BYTES);
    put_varint(out, &head, w->size);
    solder_status status = out->status;
    if (status == SOLDER_OK) {
        status = sld_writer_write(file, head.data, head.size);
    }
    release(out, &head);
    SLD_TRY(status);
    return sld_writer_write(file, w->data, w->size);
}

/* Pages of the model's file that were written need not stay in memory. */
static void drop(const sld_uff_out *out, const sld_uff_weights *w)
{
    const sld_file *source = out->source;
    if (source != NULL && w->data >= source->data && w->data < source->data + source->size) {
        sld_file_drop(w->data, w->size);
    }
}

static solder_status write_all(sld_uff_out *out, sld_writer *file, const sld_uff_buffer *head,
                               bool text)
{
    if (text) {
        SLD_TRY(sld_uff_print(file, (sld_tf_bytes){head->data, head->size}));
    } else {
        SLD_TRY(sld_writer_write(file, head->data, head->size));
    }
    for (const sld_uff_weights *w = out->weights; w != NULL; w = w->next) {
        if (text) {
            SLD_TRY(sld_uff_print_weights(file, w->key, (sld_tf_bytes){w->data, w->size}));
        } else {
            SLD_TRY(write_weights(out, file, w));
        }
        drop(out, w);
    }
    return SOLDER_OK;
}

solder_status sld_uff_out_write(sld_uff_out *out, const char *path, bool text)
{
    sld_uff_buffer head = {0};
    sld_writer file;
    put_head(out, &head);
    solder_status status = out->status;
    if (status == SOLDER_OK) {
        status = sld_writer_open(out->allocator, out->diag, path, &file);
    }
    if (status == SOLDER_OK) {
        status = write_all(out, &file, &head, text);
        if (status == SOLDER_OK) {
            status = sld_writer_commit(&file);
        } else {
            sld_writer_abandon(&file);
        }
    }
    release(out, &head);
    return status;
}
