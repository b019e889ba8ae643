/* SPDX-License-Identifier: Apache-2.0 */
/* What the Caffe tests share: importing from memory, writing caffemodels, evaluating, .npy files.
 */
#ifndef TESTS_IMPORT_CAFFE_CHECK_H
#define TESTS_IMPORT_CAFFE_CHECK_H

#include "check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "import/caffe/caffe.h"
#include "import/import.h"
#include "npy_check.h"

/* One import and what it said. */
typedef struct bench {
    solder_import_options options;
    solder_input_spec specs[4];
    const char *outputs[8];
    const solder_allocator *allocator;
    sld_diag diag;
    char log[2048];
    sld_import import;
    sld_graph *graph;
    sld_arena arena; /* results of evaluation */
    sld_tensor results[8];
    solder_status status;
} bench;

static inline void bench_log(void *user, solder_severity severity, const char *text)
{
    bench *b = user;
    if (severity != SOLDER_LOG_VERBOSE) {
        size_t used = strlen(b->log);
        (void)snprintf(b->log + used, sizeof b->log - used, "%s\n", text);
    }
}

static inline void bench_open(bench *b)
{
    memset(b, 0, sizeof *b);
    b->options.struct_size = sizeof b->options;
    b->options.inputs = b->specs;
    b->options.outputs = b->outputs;
}

static inline void bench_output(bench *b, const char *name)
{
    b->outputs[b->options.output_count++] = name;
}

static inline void bench_input(bench *b, const char *name, int rank, const int64_t *dims)
{
    solder_input_spec *spec = &b->specs[b->options.input_count++];
    spec->name = name;
    spec->dims.rank = rank;
    memcpy(spec->dims.d, dims, (size_t)rank * sizeof *dims);
}

/* model and weights are copied to blocks of their exact size, so that a sanitizer guards them. */
static inline solder_status bench_import(bench *b, const void *model, size_t model_size,
                                         const void *weights, size_t weights_size)
{
    sld_diag_init(&b->diag, &(solder_logger){b, bench_log});
    sld_arena_init(&b->arena, NULL, 0);
    b->import = (sld_import){.model_path = "m.prototxt",
                             .options = &b->options,
                             .diag = &b->diag,
                             .allocator = b->allocator};
    uint8_t *copy = test_malloc(model_size + 1);
    memcpy(copy, model, model_size);
    b->import.model = (sld_file){copy, model_size};
    if (weights != NULL) {
        uint8_t *w = test_malloc(weights_size + 1);
        memcpy(w, weights, weights_size);
        b->import.weights_path = "m.caffemodel";
        b->import.weights = (sld_file){w, weights_size};
    }
    b->status = sld_graph_create(b->allocator, &b->diag, &b->graph);
    if (b->status == SOLDER_OK) {
        b->import.graph = b->graph;
        b->status = sld_importer_caffe.import(&b->import);
    }
    return b->status;
}

static inline void bench_close(bench *b)
{
    sld_arena_free(&b->arena);
    sld_graph_destroy(b->graph);
    test_free((void *)(uintptr_t)b->import.model.data);
    if (b->import.weights_path != NULL) {
        test_free((void *)(uintptr_t)b->import.weights.data);
    }
}

static inline void bench_expect_ok(bench *b)
{
    if (b->status != SOLDER_OK) {
        fail_msg("%s", b->diag.message);
    }
    b->status = sld_graph_verify(b->graph);
    if (b->status != SOLDER_OK) {
        fail_msg("%s", b->diag.message);
    }
}

static inline void bench_expect_error(bench *b, solder_status status, const char *message)
{
    assert_string_equal(b->diag.message, message);
    assert_int_equal(b->status, status);
}

/* Evaluates with the inputs in the graph's order. */
static inline void bench_run(bench *b, const sld_tensor *inputs)
{
    solder_status status =
        sld_graph_evaluate(b->graph, &b->diag, NULL, inputs, &b->arena, b->results, NULL, NULL);
    if (status != SOLDER_OK) {
        fail_msg("%s", b->diag.message);
    }
}

/* ---- writing caffemodels ---- */

typedef struct wire_text {
    uint8_t data[65536];
    size_t size;
} wire_text;

static inline void put_varint(wire_text *w, uint64_t value)
{
    for (; value >= 0x80; value >>= 7) {
        w->data[w->size++] = (uint8_t)(value | 0x80);
    }
    w->data[w->size++] = (uint8_t)value;
}

static inline void put_bytes(wire_text *w, uint32_t field, const void *data, size_t size)
{
    put_varint(w, (uint64_t)field << 3 | 2);
    put_varint(w, size);
    assert_true(w->size + size <= sizeof w->data);
    memcpy(w->data + w->size, data, size);
    w->size += size;
}

static inline void put_number(wire_text *w, uint32_t field, uint64_t value)
{
    put_varint(w, (uint64_t)field << 3);
    put_varint(w, value);
}

/* A blob of the given shape into a layer. */
static inline void put_blob(wire_text *layer, uint32_t field, int rank, const int64_t *dims,
                            const float *values)
{
    static wire_text blob, shape, packed;
    size_t count = 1;
    blob.size = shape.size = packed.size = 0;
    for (int i = 0; i < rank; i++) {
        put_varint(&packed, (uint64_t)dims[i]);
        count *= (size_t)dims[i];
    }
    put_bytes(&shape, 1, packed.data, packed.size);
    put_bytes(&blob, 5, values, count * sizeof *values);
    put_bytes(&blob, 7, shape.data, shape.size);
    put_bytes(layer, field, blob.data, blob.size);
}

/* Layers are begun with model_layer and closed by model_end. */
typedef struct caffemodel {
    wire_text net, layer;
} caffemodel;

static inline void model_layer(caffemodel *m, const char *name)
{
    m->layer.size = 0;
    put_bytes(&m->layer, 1, name, strlen(name));
}

static inline void model_blob(caffemodel *m, int rank, const int64_t *dims, const float *values)
{
    put_blob(&m->layer, 7, rank, dims, values);
}

static inline void model_end(caffemodel *m)
{
    put_bytes(&m->net, 100, m->layer.data, m->layer.size);
}

#endif
