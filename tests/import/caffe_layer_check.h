/* SPDX-License-Identifier: Apache-2.0 */
/* One Caffe layer at a time: a net of it alone, imported, evaluated and compared. */
#ifndef TESTS_IMPORT_CAFFE_LAYER_CHECK_H
#define TESTS_IMPORT_CAFFE_LAYER_CHECK_H

#include "caffe_check.h"

/* One layer, its inputs x (and z), its weights. */
typedef struct layer_case {
    const char *type, *fields;
    int rank, z_rank;
    int64_t dims[5], z_dims[5];
    int blobs;
    int blob_rank[5];
    int64_t blob_dims[5][5];
} layer_case;

/* Element i of input or weight array n: small, of both signs, no two neighbours alike. */
static inline float element(int n, size_t i)
{
    return (float)((int)((i * 7 + (size_t)n * 3) % 11) - 5) * 0.5F;
}

static inline size_t fill(int n, int rank, const int64_t *dims, float *data)
{
    size_t count = 1;
    for (int i = 0; i < rank; i++) {
        count *= (size_t)dims[i];
    }
    for (size_t i = 0; i < count; i++) {
        data[i] = element(n, i);
    }
    return count;
}

static inline void print_shape(char *text, size_t size, int rank, const int64_t *dims)
{
    for (int i = 0; i < rank; i++) {
        size_t used = strlen(text);
        (void)snprintf(text + used, size - used, "dim: %lld ", (long long)dims[i]);
    }
}

static inline void write_net(const layer_case *k, char *text, size_t size)
{
    (void)snprintf(text, size, "input: 'x' input_shape { ");
    print_shape(text, size, k->rank, k->dims);
    if (k->z_rank >= 0) {
        strcat(text, "} input: 'z' input_shape { ");
        print_shape(text, size, k->z_rank, k->z_dims);
    }
    size_t used = strlen(text);
    (void)snprintf(text + used, size - used,
                   "} layer { name: 'l' type: '%s' bottom: 'x' %s "
                   "top: 'y' %s }",
                   k->type, k->z_rank >= 0 ? "bottom: 'z'" : "", k->fields);
}

/* Imports and evaluates; the results stay in b until bench_close. */
static inline void run_layer(bench *b, const layer_case *k)
{
    static char text[2048];
    static caffemodel m;
    static float values[4096];
    write_net(k, text, sizeof text);
    m.net.size = 0;
    model_layer(&m, "l");
    for (int i = 0; i < k->blobs; i++) {
        (void)fill(2 + i, k->blob_rank[i], k->blob_dims[i], values);
        model_blob(&m, k->blob_rank[i], k->blob_dims[i], values);
    }
    model_end(&m);
    bench_open(b);
    (void)bench_import(b, text, strlen(text), m.net.data, m.net.size);
    bench_expect_ok(b);
    static float x[4096], z[4096];
    (void)fill(0, k->rank, k->dims, x);
    (void)fill(1, k->z_rank < 0 ? 0 : k->z_rank, k->z_dims, z);
    sld_tensor inputs[2];
    for (size_t i = 0; i < b->graph->input_count; i++) {
        bool is_x = strcmp(b->graph->inputs[i]->name, "x") == 0;
        inputs[i] = is_x ? sld_tensor_make(x, SOLDER_F32, k->rank, k->dims)
                         : sld_tensor_make(z, SOLDER_F32, k->z_rank, k->z_dims);
    }
    bench_run(b, inputs);
}

static inline void expect_values(const bench *b, int rank, const int64_t *dims, const float *values)
{
    sld_tensor expected = sld_tensor_make((void *)(uintptr_t)values, SOLDER_F32, rank, dims);
    expect_close(&b->results[0], &expected);
}

static inline void check_layer(const layer_case *k, int rank, const int64_t *dims,
                               const float *values)
{
    bench b;
    run_layer(&b, k);
    expect_values(&b, rank, dims, values);
    bench_close(&b);
}

static inline void check_layer_error(const layer_case *k, const char *message)
{
    char text[2048];
    write_net(k, text, sizeof text);
    bench b;
    bench_open(&b);
    b.options.random_weights = true;
    (void)bench_import(&b, text, strlen(text), NULL, 0);
    assert_string_equal(b.diag.message, message);
    assert_true(b.status == SOLDER_ERROR_DATA || b.status == SOLDER_ERROR_UNSUPPORTED);
    bench_close(&b);
}

#define DIMS(...)                                                                                  \
    (int64_t[])                                                                                    \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define VALUES(...)                                                                                \
    (float[])                                                                                      \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

#endif
