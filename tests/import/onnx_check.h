/* SPDX-License-Identifier: Apache-2.0 */
/* What the ONNX tests share: importing what onnx_writer.h wrote, evaluating, comparing. */
#ifndef TESTS_IMPORT_ONNX_CHECK_H
#define TESTS_IMPORT_ONNX_CHECK_H

#include "check.h"

#include <math.h>
#include <stdio.h>

#include "import/import.h"
#include "import/onnx_writer.h"

typedef struct onnx_bench {
    onnx_writer f;
    solder_import_options options;
    solder_input_spec specs[4];
    const char *outputs[4];
    const char *path;
    const solder_allocator *allocator;
    sld_file kept[4];
    size_t kept_count;
    sld_diag diag;
    char log[1024];
    sld_import import;
    uint8_t *copy;
    sld_graph *graph;
    sld_arena arena;
    sld_tensor results[8];
    solder_status status;
} onnx_bench;

static inline void onnx_log(void *user, solder_severity severity, const char *text)
{
    onnx_bench *b = user;
    size_t used = strlen(b->log);
    if (severity != SOLDER_LOG_VERBOSE) {
        (void)snprintf(b->log + used, sizeof b->log - used, "%s\n", text);
    }
}

static inline solder_status onnx_keep(sld_import *import, sld_file file)
{
    onnx_bench *b = import->keeper;
    b->kept[b->kept_count++] = file;
    return SOLDER_OK;
}

static inline void bench_open(onnx_bench *b, int64_t opset)
{
    memset(b, 0, sizeof *b);
    onnx_open(&b->f, opset);
    b->path = "m.onnx";
    b->options.struct_size = sizeof b->options;
    b->options.inputs = b->specs;
    b->options.outputs = b->outputs;
}

/* The file lies in a block of its exact size, so that a sanitizer guards its ends. */
static inline solder_status bench_import_bytes(onnx_bench *b, const void *data, size_t size)
{
    sld_diag_init(&b->diag, &(solder_logger){b, onnx_log});
    sld_arena_init(&b->arena, NULL, 0);
    b->copy = test_malloc(size + (size == 0));
    if (size != 0) {
        memcpy(b->copy, data, size);
    }
    b->import = (sld_import){.model_path = b->path,
                             .model = {b->copy, size},
                             .options = &b->options,
                             .diag = &b->diag,
                             .allocator = b->allocator,
                             .keep_file = onnx_keep,
                             .keeper = b};
    b->status = sld_graph_create(b->allocator, &b->diag, &b->graph);
    if (b->status == SOLDER_OK) {
        b->import.graph = b->graph;
        b->status = sld_importer_onnx.import(&b->import);
    }
    return b->status;
}

/* Frees what an import made; the written file stays. */
static inline void bench_reset(onnx_bench *b)
{
    sld_arena_free(&b->arena);
    sld_graph_destroy(b->graph);
    test_free(b->copy);
    for (size_t i = 0; i < b->kept_count; i++) {
        sld_file_unmap(&b->kept[i]);
    }
    b->graph = NULL;
    b->copy = NULL;
    b->kept_count = 0;
}

static inline void bench_close(onnx_bench *b)
{
    bench_reset(b);
    wire_free(&b->f.file);
}

static inline void bench_import(onnx_bench *b)
{
    onnx_close(&b->f);
    if (bench_import_bytes(b, b->f.file.data, b->f.file.size) != SOLDER_OK) {
        fail_msg("%s", b->diag.message);
    }
    if (sld_graph_verify(b->graph) != SOLDER_OK) {
        fail_msg("%s", b->diag.message);
    }
}

/* The whole import fails with this message; closes the bench. */
static inline void bench_expect(onnx_bench *b, solder_status status, const char *message)
{
    onnx_close(&b->f);
    (void)bench_import_bytes(b, b->f.file.data, b->f.file.size);
    assert_string_equal(b->diag.message, message);
    assert_int_equal(b->status, status);
    bench_close(b);
}

static inline void bench_run(onnx_bench *b, const sld_tensor *inputs)
{
    if (sld_graph_evaluate(b->graph, &b->diag, NULL, inputs, &b->arena, b->results, NULL, NULL) !=
        SOLDER_OK) {
        fail_msg("%s", b->diag.message);
    }
}

static inline sld_tensor floats(const float *data, int rank, const int64_t *dims)
{
    return sld_tensor_make((void *)(uintptr_t)data, SOLDER_F32, rank, dims);
}

/* Output i has these dims and values (of any type, within 1e-6). */
static inline void bench_check(onnx_bench *b, int i, int rank, const int64_t *dims,
                               const double *values)
{
    const sld_tensor *t = &b->results[i];
    assert_int_equal(t->rank, rank);
    for (int k = 0; k < rank; k++) {
        assert_int_equal(t->dim[k], dims[k]);
    }
    for (int64_t k = 0; k < sld_tensor_count(t); k++) {
        double got = sld_at_f64(t, k);
        if (!(fabs(got - values[k]) <= 1e-6 + 1e-6 * fabs(values[k]))) {
            fail_msg("element %d is %.9g, expected %.9g", (int)k, got, values[k]);
        }
    }
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
#define V(...)                                                                                     \
    (double[])                                                                                     \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

#endif
