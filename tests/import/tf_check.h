/* SPDX-License-Identifier: Apache-2.0 */
/* A GraphDef written by a test, imported, and run by the evaluator. */
#ifndef TESTS_IMPORT_TF_CHECK_H
#define TESTS_IMPORT_TF_CHECK_H

#include "check.h"

#include <stdio.h>

#include "base/file.h"
#include "import/import.h"
#include "import/tf_writer.h"
#include "kernels/params.h"

typedef struct tf_bench {
    tf_writer f;
    solder_import_options options;
    solder_input_spec specs[2];
    const char *outputs[2];
    const char *path;
    const solder_allocator *allocator;
    sld_diag diag;
    sld_import import;
    sld_graph *graph;
    sld_arena arena;
    sld_tensor results[4];
    uint8_t *copy;
} tf_bench;

static inline void open_bench(tf_bench *b)
{
    memset(b, 0, sizeof *b);
    b->options.struct_size = sizeof b->options;
    b->options.inputs = b->specs;
    b->options.outputs = b->outputs;
    b->path = "net.pb";
}

static inline solder_status import_bytes(tf_bench *b, const void *data, size_t size)
{
    sld_diag_init(&b->diag, NULL);
    sld_arena_init(&b->arena, NULL, 0);
    b->copy = test_malloc(size + (size == 0));
    if (size != 0) {
        memcpy(b->copy, data, size);
    }
    b->import = (sld_import){.model_path = b->path,
                             .model = {b->copy, size},
                             .options = &b->options,
                             .diag = &b->diag,
                             .allocator = b->allocator};
    solder_status status = sld_graph_create(b->allocator, &b->diag, &b->graph);
    if (status == SOLDER_OK) {
        b->import.graph = b->graph;
        status = sld_importer_tensorflow.import(&b->import);
    }
    return status;
}

static inline void reset(tf_bench *b)
{
    sld_arena_free(&b->arena);
    sld_graph_destroy(b->graph);
    test_free(b->copy);
    b->graph = NULL;
}

static inline void close_bench(tf_bench *b)
{
    reset(b);
    wire_free(&b->f.file);
}

static inline void import_file(tf_bench *b)
{
    if (import_bytes(b, b->f.file.data, b->f.file.size) != SOLDER_OK ||
        sld_graph_verify(b->graph) != SOLDER_OK) {
        fail_msg("%s", b->diag.message);
    }
}

static inline void expect(tf_bench *b, solder_status status, const char *message)
{
    assert_int_equal(import_bytes(b, b->f.file.data, b->f.file.size), status);
    assert_string_equal(b->diag.message, message);
    close_bench(b);
}

static inline void run(tf_bench *b, const float *data, int rank, const int64_t *dims)
{
    sld_tensor x = sld_tensor_make((void *)(uintptr_t)data, SOLDER_F32, rank, dims);
    if (sld_graph_evaluate(b->graph, &b->diag, NULL, &x, &b->arena, b->results, NULL, NULL) !=
        SOLDER_OK) {
        fail_msg("%s", b->diag.message);
    }
}

static inline void result_is(const tf_bench *b, int i, int rank, const int64_t *dims,
                             const float *values)
{
    const sld_tensor *t = &b->results[i];
    assert_int_equal(t->rank, rank);
    for (int k = 0; k < rank; k++) {
        assert_int_equal(t->dim[k], dims[k]);
    }
    for (int64_t k = 0; k < sld_tensor_count(t); k++) {
        assert_float_equal(sld_at_f64(t, k), values[k], 1e-5);
    }
}

static inline int count_op(const tf_bench *b, sld_op op)
{
    int count = 0;
    for (const sld_node *n = b->graph->first; n != NULL; n = n->next) {
        count += n->op == op;
    }
    return count;
}

#define D(...)                                                                                     \
    (int64_t[])                                                                                    \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define F(...)                                                                                     \
    (float[])                                                                                      \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

/* ---- hostile surroundings ---- */

typedef struct failing {
    size_t left;
} failing;

static inline void *failing_alloc(void *user, size_t size, size_t align)
{
    failing *f = user;
    if (f->left == 0) {
        return NULL;
    }
    f->left--;
    return sld_libc_allocator.alloc(NULL, size, align);
}

static inline void failing_release(void *user, void *pointer, size_t size)
{
    (void)user;
    sld_libc_allocator.release(NULL, pointer, size);
}

/* Fails the n-th allocation for every n. */
static inline void every_allocation_fails(tf_bench *b)
{
    failing f;
    const solder_allocator allocator = {&f, failing_alloc, failing_release};
    b->allocator = &allocator;
    solder_status status = SOLDER_ERROR_MEMORY;
    for (size_t n = 0; status != SOLDER_OK; n++) {
        f.left = n;
        status = import_bytes(b, b->f.file.data, b->f.file.size);
        assert_true(status == SOLDER_OK || status == SOLDER_ERROR_MEMORY);
        if (status != SOLDER_OK) {
            reset(b);
        }
    }
    close_bench(b);
}

/* Every bit turned, every length cut: an error or a sound network. */
static inline void damage(tf_bench *b)
{
    for (size_t i = 0; i < b->f.file.size * 8; i++) {
        b->f.file.data[i / 8] ^= (uint8_t)(1u << (i % 8));
        if (import_bytes(b, b->f.file.data, b->f.file.size) == SOLDER_OK) {
            assert_int_equal(sld_graph_verify(b->graph), SOLDER_OK);
        }
        reset(b);
        b->f.file.data[i / 8] ^= (uint8_t)(1u << (i % 8));
    }
    for (size_t size = 0; size < b->f.file.size; size++) {
        if (import_bytes(b, b->f.file.data, size) != SOLDER_OK) {
            assert_true(strncmp(b->diag.message, "tensorflow: ", 12) == 0);
        }
        reset(b);
    }
}

/* ---- functions ---- */

/* A function in the making: its nodes are written between tf_begin and tf_end. */
typedef struct tf_function {
    wire_buffer body, signature;
} tf_function;

static inline void tf_function_arg(tf_function *f, unsigned field, const char *name)
{
    wire_buffer arg = {0};
    wire_text(&arg, 1, name);
    wire_message(&f->signature, field, &arg);
}

static inline void tf_begin(tf_writer *f, tf_function *function, const char *name, const char *args)
{
    *function = (tf_function){0};
    wire_text(&function->signature, 1, name);
    while (*args != '\0') {
        char arg[64];
        size_t length = strcspn(args, " ");
        assert_true(length < sizeof arg);
        memcpy(arg, args, length);
        arg[length] = '\0';
        tf_function_arg(function, 2, arg);
        args += length + (args[length] == ' ');
    }
    f->nodes = &function->body;
}

/* The next output: which tensor it is. */
static inline void tf_gives(tf_function *function, const char *name, const char *tensor)
{
    wire_buffer map = {0};
    tf_function_arg(function, 3, name);
    wire_text(&map, 1, name);
    wire_text(&map, 2, tensor);
    wire_message(&function->body, 4, &map);
}

static inline void tf_end(tf_writer *f, tf_function *function, wire_buffer *library)
{
    wire_message(&function->body, 1, &function->signature);
    wire_message(library, 1, &function->body);
    f->nodes = NULL;
}

static inline void tf_calls(tf_writer *f, const char *attribute, const char *function)
{
    wire_buffer call = {0}, value = {0};
    wire_text(&call, 1, function);
    wire_message(&value, 10, &call);
    tf_attribute(f, attribute, &value);
}

#endif
