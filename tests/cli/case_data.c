/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the files that the recorded cases need and a shell cannot: case_data nested N | cyclic |
 * unknown | npy DTYPE DIMS VALUE | flip FILE BIT | poke FILE OFFSET HEX, on standard output.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "npy.h"
#include "parse.h"

/* Protobuf, built from the inside out. */
typedef struct message {
    uint8_t *data;
    size_t size;
} message;

static void append(message *m, const void *data, size_t size)
{
    uint8_t *larger = realloc(m->data, m->size + size + 1);
    if (larger == NULL) {
        exit(3);
    }
    if (size > 0) {
        memcpy(larger + m->size, data, size);
    }
    m->data = larger;
    m->size += size;
}

static void append_varint(message *m, uint64_t value)
{
    uint8_t bytes[10];
    size_t count = 0;
    for (; value >= 0x80; value >>= 7) {
        bytes[count++] = (uint8_t)(value | 0x80);
    }
    bytes[count++] = (uint8_t)value;
    append(m, bytes, count);
}

static void put_number(message *m, unsigned field, uint64_t value)
{
    append_varint(m, field << 3);
    append_varint(m, value);
}

static void put_bytes(message *m, unsigned field, const void *data, size_t size)
{
    append_varint(m, field << 3 | 2);
    append_varint(m, size);
    append(m, data, size);
}

static void put_text(message *m, unsigned field, const char *text)
{
    put_bytes(m, field, text, strlen(text));
}

/* Takes the child over. */
static void put(message *m, unsigned field, message child)
{
    put_bytes(m, field, child.data, child.size);
    free(child.data);
}

/* ValueInfoProto of a float tensor of four elements. */
static message value_info(const char *name)
{
    message dim = {0};
    message shape = {0};
    message tensor = {0};
    message type = {0};
    message info = {0};
    put_number(&dim, 1, 4);
    put(&shape, 1, dim);
    put_number(&tensor, 1, 1);
    put(&tensor, 2, shape);
    put(&type, 1, tensor);
    put_text(&info, 1, name);
    put(&info, 2, type);
    return info;
}

static message node(const char *op, const char *name, const char *a, const char *b, const char *out)
{
    message n = {0};
    put_text(&n, 1, a);
    if (b != NULL) {
        put_text(&n, 1, b);
    }
    put_text(&n, 2, out);
    put_text(&n, 3, name);
    put_text(&n, 4, op);
    return n;
}

static message model(message graph)
{
    message opset = {0};
    message m = {0};
    put_number(&m, 1, 8);
    put(&m, 7, graph);
    put_number(&opset, 2, 13);
    put(&m, 8, opset);
    return m;
}

/* x -> Add(x, q) = p -> Relu(p) = q: each waits for the other. */
static message cyclic(void)
{
    message graph = {0};
    put(&graph, 1, node("Add", "first", "x", "q", "p"));
    put(&graph, 1, node("Relu", "second", "p", NULL, "q"));
    put_text(&graph, 2, "loop");
    put(&graph, 11, value_info("x"));
    put(&graph, 12, value_info("q"));
    return model(graph);
}

/* Two operators that do not exist, and one that does. */
static message unknown(void)
{
    message graph = {0};
    put(&graph, 1, node("Frobnicate", "first", "x", NULL, "p"));
    put(&graph, 1, node("Relu", "second", "p", NULL, "q"));
    put(&graph, 1, node("Transmogrify", "third", "q", NULL, "r"));
    put_text(&graph, 2, "strange");
    put(&graph, 11, value_info("x"));
    put(&graph, 12, value_info("r"));
    return model(graph);
}

/* A graph in an attribute of a node of a graph, depth times. */
static message nested(int depth)
{
    message graph = {0};
    for (int i = 0; i < depth; i++) {
        message attribute = {0};
        message n = {0};
        message outer = {0};
        put(&attribute, 6, graph);
        put(&n, 5, attribute);
        put(&outer, 1, n);
        graph = outer;
    }
    return model(graph);
}

static int write_npy(const char *dtype, const char *dims, const char *value)
{
    cli_tensor t = {0};
    solder_dims parsed;
    if (!cli_parse_dims(dims, strlen(dims), &parsed) ||
        cli_tensor_create("case", SOLDER_F64, &parsed, &t) != CLI_DONE) {
        return 2;
    }
    for (size_t i = 0; i < t.size / 8; i++) {
        ((double *)t.data)[i] = strtod(value, NULL);
    }
    int status = 2;
    for (int i = SOLDER_F32; i <= SOLDER_BOOL; i++) {
        if (strcmp(dtype, solder_dtype_name((solder_dtype)i)) == 0 &&
            cli_tensor_convert("case", (solder_dtype)i, &t) == CLI_DONE) {
            status = cli_npy_write("-", &t);
        }
    }
    cli_tensor_free(&t);
    return status;
}

/* The file with one bit turned over, or with bytes replaced by a hex string. */
static int change(const char *path, size_t offset, int bit, const char *hex)
{
    uint8_t *data;
    size_t size;
    if (cli_file_read(path, &data, &size) != CLI_DONE) {
        return 3;
    }
    if (offset < size && hex == NULL) {
        data[offset] ^= (uint8_t)(1u << bit);
    }
    for (size_t i = 0; hex != NULL && hex[2 * i] != '\0' && offset + i < size; i++) {
        char two[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        data[offset + i] = (uint8_t)strtoul(two, NULL, 16);
    }
    int status = cli_file_write("-", data, size, NULL, 0);
    free(data);
    return status;
}

int main(int argc, char **argv)
{
    message m = {0};
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "cyclic") == 0) {
        m = cyclic();
    } else if (strcmp(what, "unknown") == 0) {
        m = unknown();
    } else if (strcmp(what, "nested") == 0 && argc == 3) {
        m = nested(atoi(argv[2]));
    } else if (strcmp(what, "npy") == 0 && argc == 5) {
        return write_npy(argv[2], argv[3], argv[4]);
    } else if (strcmp(what, "flip") == 0 && argc == 4) {
        size_t at = strtoul(argv[3], NULL, 10);
        return change(argv[2], at / 8, (int)(at % 8), NULL);
    } else if (strcmp(what, "poke") == 0 && argc == 5) {
        return change(argv[2], strtoul(argv[3], NULL, 10), 0, argv[4]);
    } else {
        return 2;
    }
    int status = cli_file_write("-", m.data, m.size, NULL, 0);
    free(m.data);
    return status;
}
